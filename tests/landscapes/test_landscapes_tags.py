import numpy as np
import pytest
from landscape_cases import (
    BOXES,
    every_landscape,
    exact,
    facts,
    having,
    ids,
    in_box,
    random_points,
    unconstrained,
)
from mpmath import binomial, mp, mpf
from scipy.linalg import hilbert

from pytest_optlandscape import landscapes

SMALL = ids(largest=4)
LOWER_OUTSIDE = facts("LOWER_OUTSIDE")


@pytest.mark.parametrize("name", every_landscape(ids(largest=5)))
def test_every_landscape_says_what_it_is(name):
    landscape = landscapes.get(name)
    assert len(landscape.tags & {"smooth", "nonsmooth"}) == 1
    assert len(landscape.tags & {"unimodal", "multimodal"}) <= 1
    assert not ("convex" in landscape.tags and "multimodal" in landscape.tags)
    assert ("[" in name) == ("scalable" in landscape.tags)
    assert landscape.summary.endswith(".")
    assert any(year.isdigit() for year in landscape.source.replace("(", " ").replace(")", " ").split())


def curves_up_everywhere(landscape):
    shares = np.random.default_rng(7).random((2000, landscape.dim))
    shares[:200] = np.round(shares[:200])
    curvatures = np.linalg.eigvalsh(landscape.hessian(in_box(landscape, shares)))
    return np.all(curvatures[:, 0] >= -1e-9 * np.abs(curvatures[:, -1]))


BENT_ON_ITS_RIDGE_ONLY = "bbob_f12_bent_cigar[2]"


@pytest.mark.parametrize(
    "name", every_landscape(name for name in unconstrained(SMALL) if name != BENT_ON_ITS_RIDGE_ONLY)
)
def test_convex(name):
    landscape = landscapes.get(name)
    a, b = random_points(landscape, 5000, seed=1), random_points(landscape, 5000, seed=2)
    zoom = 10.0 ** -np.random.default_rng(3).uniform(0, 4, (5000, 1))
    near = landscape.minimizers.mean(axis=0)
    a, b = np.vstack([near + zoom * (a - near), a]), np.vstack([near + zoom * (b - near), a + zoom * (b - a)])
    ends = (landscape(a) + landscape(b)) / 2
    slack = 1e-12 * np.abs(ends) + 1e-14 * abs(landscape.fmin)
    convex = np.all(landscape((a + b) / 2) <= ends + slack)
    if convex and "smooth" in landscape.tags:
        convex = curves_up_everywhere(landscape)
    assert convex == ("convex" in landscape.tags)


@pytest.mark.parametrize("name", every_landscape(unconstrained(SMALL)))
def test_separable(name):
    landscape = landscapes.get(name)
    a, b = random_points(landscape, 200, seed=1), random_points(landscape, 200, seed=2)
    if name == "easom":  # almost everywhere 0
        a, b = a / 100 + np.pi, b / 100 + np.pi
    a_with_b, b_with_a = a.copy(), b.copy()
    a_with_b[:, -1], b_with_a[:, -1] = b[:, -1], a[:, -1]
    values = np.array([landscape(points) for points in (a, b, a_with_b, b_with_a)])
    mixed = values[0] + values[1] - values[2] - values[3]
    separable = np.all(np.abs(mixed) <= 1e-11 * np.abs(values).max())
    only_this_one = name == "sharp_ridge[2]"  # in more dimensions, the root takes several coordinates together
    assert separable == ("separable" in landscape.tags or only_this_one)


ONE_ON_EITHER_SIDE = "bbob_f13_sharp_ridge[2]"


@pytest.mark.parametrize("name", every_landscape(name for name in SMALL if name != ONE_ON_EITHER_SIDE))
def test_polynomial(name):
    landscape = landscapes.get(name)
    shares = np.random.default_rng(3).uniform(0, 0.25, (2, landscape.dim))
    start, end = in_box(landscape, shares[0]), in_box(landscape, 1 - shares[1])  # kinks are often in the middle
    if "nonsmooth" in landscape.tags:  # across a kink: away from it there may be polynomials
        end = start + 16 / 6 * (landscape.minimizers[0] - start)
    if name == "mgh_gulf":  # almost everywhere constant
        start, end = landscape.minimizers[0] - 0.5, landscape.minimizers[0] + 0.5
    line = [start + k / 16 * (end - start) for k in range(17)]
    with mp.workdps(40):
        moved = [[mpf(s) + mpf(k) / 16 * (mpf(e) - mpf(s)) for s, e in zip(start, end, strict=True)] for k in range(17)]
        sixteenth = sum((-1) ** k * binomial(16, k) * exact(landscape, x) for k, x in enumerate(moved))
        size = max(abs(exact(landscape, x)) for x in line)
        assert (abs(sixteenth) <= mpf(10) ** -30 * size) == ("polynomial" in landscape.tags)


@pytest.mark.parametrize("name", every_landscape(name for name in SMALL if "smooth" in landscapes.get(name).tags))
def test_quadratic(name):
    landscape = landscapes.get(name)
    hessians = landscape.hessian(in_box(landscape, np.random.default_rng(4).uniform(0.45, 0.55, (5, landscape.dim))))
    curved = np.abs(hessians).max()
    constant = curved > 0 and np.ptp(hessians, axis=0).max() <= 1e-9 * curved
    assert constant == ("quadratic" in landscape.tags)


def worst_condition(landscape):
    curvatures = np.linalg.eigvalsh(landscape.hessian(landscape.minimizers))
    smallest = np.maximum(np.abs(curvatures[:, 0]), 1e-300)
    vanishing = 1e-150  # a complex step of 1e-100 leaves some 1e-200 of what is 0
    return np.max(np.where(smallest > vanishing, curvatures[:, -1] / smallest, np.inf))


@pytest.mark.parametrize("name", ids(largest=2))
def test_ill_conditioned(name):
    landscape = landscapes.get(name)
    if landscape.name in facts("CONDITIONS"):
        assert condition_by_values(landscape) == pytest.approx(facts("CONDITIONS")[landscape.name], rel=0.5)
        assert "ill-conditioned" in landscape.tags
        return
    if "smooth" not in landscape.tags or landscape.tags & {"active-bounds", "constrained"}:
        assert "ill-conditioned" not in landscape.tags
        return
    all_vanish = np.abs(landscape.hessian(landscape.minimizers)).max() < 1e-100
    assert (worst_condition(landscape) >= 1000 or all_vanish) == ("ill-conditioned" in landscape.tags)


def condition_by_values(landscape):
    """How much steeper the steepest direction from the minimiser in the plane is than the flattest."""
    angles = np.linspace(0, np.pi, 100_001)
    circle = 1e-3 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    heights = landscape(landscape.minimizers[0] + circle) - landscape.fmin
    return heights.max() / heights.min()


@pytest.mark.parametrize("name", [name for name in having("ill-conditioned") if landscapes.get(name).dim > 2])
def test_ill_conditioned_in_every_dimension(name):
    assert worst_condition(landscapes.get(name)) >= 1000


@pytest.mark.parametrize("name", facts("SINGULAR"))
def test_singular_ones_lack_a_curvature(name):
    landscape = landscapes.get(name)
    curvatures = np.linalg.eigvalsh(landscape.hessian(landscape.minimizers[0]))
    assert curvatures[0] == pytest.approx(0, abs=1e-12)
    assert "ill-conditioned" in landscape.tags


def test_ellipsoids_have_the_condition_they_are_named_for():
    for name in ("ellipsoid_1e6", "bent_cigar", "discus"):
        for dim in (3, 10, 40):
            assert worst_condition(landscapes.get(name, dim)) == pytest.approx(1e6)


def test_hilbert_quadratic_has_the_curvatures_of_the_hilbert_matrix():
    for dim, condition in [(4, 15513.738738929103), (5, 476607.25024100044)]:
        landscape = landscapes.get("hilbert_quadratic", dim)
        np.testing.assert_allclose(landscape.hessian(landscape.x0), 2 * hilbert(dim), rtol=1e-14)
        assert worst_condition(landscape) == pytest.approx(condition, rel=1e-9)


@pytest.mark.parametrize("name", every_landscape(SMALL))
def test_active_bounds_and_many_minimizers(name):
    landscape = landscapes.get(name)
    on_bounds = (landscape.minimizers[:, :, np.newaxis] == landscape.bounds).any()
    assert on_bounds == ("active-bounds" in landscape.tags)
    several = landscape.n_minimizers > 1 or not landscape.minimizers_complete
    assert several == ("many-minimizers" in landscape.tags)


@pytest.mark.parametrize("name", BOXES)
def test_unbounded_below(name):
    landscape = landscapes.get(name)
    assert ("unbounded-below" in landscape.tags) == (name in LOWER_OUTSIDE)
    if name in LOWER_OUTSIDE:
        point = LOWER_OUTSIDE[name]
        assert not landscape.contains(point)
        assert landscape.violation(point) <= 1e-12
        assert landscape(point) < landscape.fmin
        return
    for factor in (1.5, 5, 50):
        shares = np.random.default_rng(5).random((20000, landscape.dim))
        lower, upper = landscape.bounds.T
        middle, reach = (lower + upper) / 2, factor * (upper - lower)
        points = middle + (shares - 0.5) * reach
        values = landscape(points[landscape.violation(points) == 0])
        assert np.nanmin(values, initial=np.inf) >= landscape.fmin - 1e-12 * (1 + abs(landscape.fmin))


@pytest.mark.parametrize("name", BOXES)
def test_undefined_outside(name):
    landscape = landscapes.get(name)
    lower, upper = landscape.bounds.T
    shares = np.random.default_rng(6).uniform(-1, 2, (1000, landscape.dim))
    undefined = not np.isfinite(landscape(lower + shares * (upper - lower))).all()
    assert undefined == ("undefined-outside" in landscape.tags)
