import numpy as np
import pytest
from hypothesis import given
from landscape_cases import (
    complex_step_gradient,
    every_landscape,
    exact_derivative,
    facts,
    few,
    generic_points,
    having,
    ids,
    in_box,
    one_of_each_shape,
    random_points,
    rounding_of_gradient,
    unconstrained,
)
from scipy.optimize import nnls
from thorough import thorough

from pytest_optlandscape import landscapes

STEP_ERROR = 1e-190
"""A derivative below 1e-208, times a step of 1e-100, is less than the smallest float."""


@pytest.mark.parametrize("name", one_of_each_shape(ids()))
def test_gradient_agrees_with_complex_step(name):
    landscape = landscapes.get(name)

    @few(60 if landscape.dim <= 5 else 15)
    @given(generic_points(landscape))
    def agrees(x):
        slack = 1e-12 * rounding_of_gradient(landscape, x) + STEP_ERROR
        assert np.max(np.abs(landscape.gradient(x) - complex_step_gradient(landscape, x))) <= slack

    agrees()


@pytest.mark.parametrize("examples", [10, *thorough(30)])
@pytest.mark.parametrize("name", every_landscape(ids()))
def test_gradient_agrees_with_the_literature(name, examples):
    landscape = landscapes.get(name)
    dim = landscape.dim
    coordinates = range(dim) if dim <= 5 else [0, 1, dim // 2, dim - 1]

    @few(examples if dim <= 5 else examples // 4 + 1)
    @given(generic_points(landscape))
    def agrees(x):
        slack = 1e-12 * rounding_of_gradient(landscape, x) + 1e-16
        gradient = landscape.gradient(x)
        assert all(abs(exact_derivative(landscape, x, k) - gradient[k]) <= slack for k in coordinates)

    agrees()


@pytest.mark.parametrize("name", every_landscape(name for name in ids(largest=5) if name not in having("nonsmooth")))
def test_hessian_agrees_with_the_literature(name):
    landscape = landscapes.get(name)
    for x in random_points(landscape, 5):
        hessian = landscape.hessian(x)
        assert np.array_equal(hessian, hessian.T)
        slack = 1e-9 * np.max(np.abs(hessian)) + 1e-12
        for k in range(landscape.dim):
            for m in range(k + 1):
                assert abs(exact_derivative(landscape, x, k, m) - hessian[k, m]) <= slack


@pytest.mark.parametrize("name", one_of_each_shape(ids(largest=5)))
def test_hessian_of_a_batch(name):
    landscape = landscapes.get(name)
    batch = random_points(landscape, 3)
    hessians = landscape.hessian(batch)
    assert hessians.shape == (3, landscape.dim, landscape.dim)
    assert all(np.array_equal(hessian, landscape.hessian(x)) for hessian, x in zip(hessians, batch, strict=True))


def interior_minimizers(landscape):
    lower, upper = landscape.bounds.T
    points = landscape.minimizers[:64]
    return points[np.all((points > lower) & (points < upper), axis=1)]


@pytest.mark.parametrize("name", every_landscape(unconstrained(having("smooth"))))
def test_interior_minimizers_are_stationary_and_curve_up(name):
    landscape = landscapes.get(name)
    for x in interior_minimizers(landscape):
        slack = 1e-14 * rounding_of_gradient(landscape, x)
        assert np.max(np.abs(landscape.gradient(x))) <= slack
        curvatures = np.linalg.eigvalsh(landscape.hessian(x))
        nothing = 1e-150  # the complex step of a Hessian that vanishes leaves 1e-200
        assert curvatures[0] >= -1e-10 * curvatures[-1] - nothing
        assert curvatures[-1] > nothing or landscape.name in facts("SINGULAR")


NOTHING_UPHILL = {
    "mifflin_1": "the literature's start lies on the kink: only some means of the limits point uphill there",
    "step_2": "the gradient is 0",
}


@pytest.mark.parametrize(
    "name", every_landscape(name for name in ids() if landscapes.get(name).name not in NOTHING_UPHILL)
)
def test_gradient_points_uphill(name):
    landscape = landscapes.get(name)
    if landscape.name in facts("FLAT_START"):
        assert not landscape.gradient(landscape.x0).any()
        return
    x = landscape.x0
    gradient = landscape.gradient(x)
    assert landscape(x - 1e-7 * gradient / np.linalg.norm(gradient)) < landscape(x)


@pytest.mark.parametrize("name", one_of_each_shape(ids()))
def test_kinks_give_numbers(name):
    landscape = landscapes.get(name)
    middles = [in_box(landscape, np.full(landscape.dim, share)) for share in (0.0, 0.5, 1.0)]
    axes = np.zeros((2, landscape.dim))
    axes[0, 0], axes[1, -1] = 1.0, -1.0
    special = np.vstack([*middles, np.clip(axes, *landscape.bounds.T), landscape.minimizers[:64], landscape.x0])
    assert np.all(np.isfinite(landscape(special)))
    assert np.all(np.isfinite(landscape.gradient(special)))
    assert np.all(np.isfinite([landscape(x) for x in special]))
    assert np.all(np.isfinite([landscape.gradient(x) for x in special]))


KINKS = [
    ("schwefel_220_abs[3]", [0.0, 2.0, 0.0]),
    ("schwefel_221_max[3]", [50.0, -50.0, 50.0]),
    ("schwefel_221_max[3]", [7.0, 3.0, -7.0]),
    ("schwefel_221_max[3]", [0.0, 0.0, 0.0]),
    ("schwefel_222[3]", [0.0, 3.0, 0.0]),
    ("cb2", [1.1390376519926626, 0.8995599383953928]),
    ("cb3", [1.0, 1.0]),
    ("dem", [0.0, -3.0]),
    ("dem", [0.0, -1.0]),
    ("dem", [1.0, 1.0]),
    ("ql", [1.2, 2.4]),
    ("ql", [2.0 / 7.0, 20.0 / 7.0]),
    ("lq", [0.6, 0.8]),
    ("mifflin_1", [0.8, 0.6]),
    ("mifflin_1", [1.0, 0.0]),
    ("mifflin_2", [1.0, 0.0]),
    ("wolfe_nonsmooth", [-2.0, 0.0]),
    ("wolfe_nonsmooth", [0.0, 0.0]),
    ("crescent", [1.0, 1.0]),
    ("crescent", [0.0, 0.0]),
    ("nonsmooth_rosenbrock[3]", [0.0, -1.0, 1.0]),
    ("nonsmooth_rosenbrock[3]", [1.0, 1.0, 1.0]),
    ("lunacek_bi_rastrigin[10]", [-0.5 * np.sqrt(2.0)] * 10),
]


@pytest.mark.parametrize(
    ("name", "kink"),
    [
        ("bukin_n6", [-10.0, 1.0]),
        ("ackley[3]", [0.0, 0.0, 0.0]),
        ("drop_wave", [0.0, 0.0]),
        ("cross_in_tray", [0.0, 0.0]),
        ("holder_table", [0.0, np.pi / 2]),
        ("alpine_1[2]", [0.0, 0.0]),
        ("eggholder", [0.0, -47.0]),
        ("schwefel_226[2]", [0.0, 0.0]),
        ("becker_lago", [0.0, 0.0]),
        ("pen_holder", [0.0, 0.0]),
        ("carrom_table", [0.0, 0.0]),
        ("test_tube_holder", [0.0, np.pi / 2]),
        *KINKS,
        ("brown[3]", [0.0, 0.0, 0.0]),
        ("happy_cat[2]", [1.0, 1.0]),
        ("happy_cat[3]", [-1.0, -1.0, -1.0]),
        ("salomon[3]", [0.0, 0.0, 0.0]),
        ("xin_she_yang_2[2]", [0.0, 2.0]),
        ("xin_she_yang_4[2]", [0.0, 2.0]),
        ("different_powers[3]", [0.0, 0.0, 0.0]),
        ("sharp_ridge[3]", [1.0, 0.0, 0.0]),
    ],
)
def test_gradient_at_a_kink_lies_between_its_limits(name, kink):
    landscape = landscapes.get(name)
    around = kink + 1e-6 * np.random.default_rng(0).standard_normal((200, len(kink)))
    limits = landscape.gradient(around)
    gradient = landscape.gradient(np.array(kink))
    widest = 1e-3 + 0.01 * np.ptp(limits, axis=0)
    assert np.all((gradient >= limits.min(axis=0) - widest) & (gradient <= limits.max(axis=0) + widest))


@pytest.mark.parametrize(("name", "kink"), [(name, kink) for name, kink in KINKS if name in having("convex")])
def test_gradient_at_a_kink_supports_what_is_convex(name, kink):
    landscape = landscapes.get(name)
    kink = np.array(kink)
    others = np.vstack([random_points(landscape, 500), kink + 1e-3 * (random_points(landscape, 500, seed=1) - kink)])
    plane = landscape(kink) + (others - kink) @ landscape.gradient(kink)
    assert np.all(landscape(others) >= plane - 1e-12 * (1 + np.abs(plane)))


@pytest.mark.parametrize("name", [name for name in having("convex", largest=5) if name in having("nonsmooth")])
def test_convex_kinks_have_their_minimum_where_slopes_add_up_to_nothing(name):
    landscape = landscapes.get(name)
    minimizer = landscape.minimizers[0]
    around = minimizer + 1e-9 * np.random.default_rng(0).standard_normal((200, landscape.dim))
    slopes = landscape.gradient(around)
    weights, rest = nnls(np.vstack([slopes.T, np.ones(200)]), np.append(np.zeros(landscape.dim), 1.0))
    assert rest <= 1e-7
    assert weights.sum() == pytest.approx(1)
