import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from landscape_cases import (
    FIXED,
    SCALABLE,
    SEARCHES,
    box_points,
    every_landscape,
    exact,
    exact_derivative,
    facts,
    few,
    having,
    ids,
    one_of_each_shape,
    random_points,
    rounding_of_gradient,
    rounding_of_residuals,
    rounding_of_value,
    unconstrained,
)
from mpmath import findroot, lu_solve, matrix, mp, mpf
from thorough import thorough

from pytest_optlandscape import landscapes
from pytest_optlandscape.landscapes.minimizers import MinimizerBox

EPS = np.finfo(float).eps
N_MINIMIZERS = facts("N_MINIMIZERS")
SINGLE = [n for n in FIXED + SCALABLE if n not in {key.partition("[")[0] for key in N_MINIMIZERS}]


def test_catalogue_is_in_order():
    assert len(FIXED) + len(SCALABLE) + len(SEARCHES) == len(landscapes.names()) >= 93
    assert landscapes.names()[:3] == ["beale", "booth", "himmelblau"]
    sphere = landscapes.names().index("sphere")
    assert landscapes.names()[sphere : sphere + 3] == ["sphere", "sum_squares", "rosenbrock"]


@pytest.mark.parametrize("name", every_landscape(ids()))
def test_minimum_is_taken_at_every_listed_minimizer(name):
    landscape = landscapes.get(name)
    for x in landscape.minimizers[:128]:
        beside = x + 1e-9 * np.where(x > landscape.bounds.mean(axis=1), -1, 1)
        slack = max(8, landscape.dim) * EPS * (abs(landscape.fmin) + np.abs(x) @ np.abs(landscape.gradient(beside)))
        slack += 8 * EPS * rounding_of_residuals(landscape, x)
        assert abs(landscape(x) - landscape.fmin) <= slack
        assert abs(exact(landscape, x) - landscape.fmin) <= slack + 1e-30


def newton_step(landscape, x, free):
    """Solve for the stationary point next to x, to some 25 digits, with the other coordinates held."""
    curvatures = matrix(len(free))
    for i, k in enumerate(free):
        for j, m in enumerate(free[: i + 1]):
            curvatures[i, j] = curvatures[j, i] = exact_derivative(landscape, x, k, m)
    for _ in range(3):
        slopes = matrix([exact_derivative(landscape, x, k) for k in free])
        with mp.workdps(40):
            step = lu_solve(curvatures, -slopes)
            x = [v + step[free.index(k)] if k in free else v for k, v in enumerate(x)]
    return x


LOCALLY_SMOOTH = ["cross_in_tray", "holder_table", "eggholder", "schwefel_226[2]", "schwefel_226[5]"]
LOCALLY_SMOOTH += ["lunacek_bi_rastrigin[2]", "lunacek_bi_rastrigin[5]", "alpine_2[2]", "alpine_2[5]"]
LOCALLY_SMOOTH += ["becker_lago", "pen_holder", "test_tube_holder", "carrom_table", "mgh_helical_valley"]
SINGULAR = [name for name in ids(largest=5) if name.partition("[")[0] in facts("SINGULAR")]
NOT_BY_NEWTON = {
    **facts("SINGULAR"),
    **dict.fromkeys(facts("CONTINUA"), "its minimisers are no points by themselves"),
    "deep_linear_1_1_1": "its minimisers form a surface",
    "mlp_tanh_teacher_2_2_1": "lowest where it is its teacher, by construction: 64 tanh for each number are too slow",
}
STATIONARY = [n for n in unconstrained(having("smooth", largest=6)) if landscapes.get(n).name not in NOT_BY_NEWTON]
STATIONARY += LOCALLY_SMOOTH
KINKED = ["quintic", "alpine_1[2]", "bukin_n6", "ackley[3]", "brown[3]", "happy_cat[3]", "salomon[3]"]
KINKED += ["xin_she_yang_2[3]", "xin_she_yang_4[3]", "different_powers[3]", "sharp_ridge[3]", "nonsmooth_rosenbrock[3]"]


@pytest.mark.parametrize("name", every_landscape(STATIONARY))
def test_minimizers_are_correctly_rounded(name):
    landscape = landscapes.get(name)
    for x in landscape.minimizers[: 20 if landscape.dim <= 5 else 1]:
        free = [k for k in range(landscape.dim) if x[k] not in landscape.bounds[k]]
        polished = newton_step(landscape, [mpf(v) for v in x], free) if free else [mpf(v) for v in x]
        assert all(abs(p - v) <= 0.5 * np.spacing(abs(v)) + 1e-20 for p, v in zip(polished, x, strict=True))
        ulps = 0.5 * landscape.dim if "[" in name else 0.5
        assert abs(exact(landscape, polished) - landscape.fmin) <= ulps * np.spacing(abs(landscape.fmin)) + 1e-30


@pytest.mark.parametrize("name", KINKED + SINGULAR)
def test_kinked_and_singular_minimizers_are_correctly_rounded(name):
    landscape = landscapes.get(name)
    for x in landscape.minimizers:
        for k, value in enumerate(x):
            for towards in landscape.bounds[k]:
                beside = x.copy()
                beside[k] = np.nextafter(value, towards) if value else np.copysign(1e-25, towards)
                assert exact(landscape, beside) > exact(landscape, x)


def test_cb2_is_correctly_rounded_where_its_first_two_are_equal_and_their_slopes_opposite():
    landscape = landscapes.get("cb2")

    def conditions(x, y):
        return x**2 + y**4 - (2 - x) ** 2 - (2 - y) ** 2, x * (2 - y) - 2 * y**3 * (2 - x)

    with mp.workdps(40):
        x, y = findroot(conditions, landscape.minimizers[0].tolist())
        assert landscape.minimizers.tolist() == [[float(x), float(y)]]
        assert landscape.fmin == float(x**2 + y**4)


def test_steps_are_as_wide_as_they_should_be():
    landscape = landscapes.get("step_2")
    inside, outside = np.nextafter(0.5, 0), np.nextafter(-0.5, -1)
    assert landscape([-0.5, inside]) == landscape.distance([-0.5, inside]) == 0
    assert landscape([0.5, 0.0]) == landscape([0.0, outside]) == 1
    assert landscape.distance([0.5, 0.0]) > 0
    assert landscape.distance([[3.5, 4.5], [0.1, -0.2]]).tolist() == pytest.approx([5.0, 0.0])


def test_box_of_minimizers_moves_with_the_landscape():
    box = MinimizerBox([[0.0, 1.0], [2.0, 4.0]])
    assert (box.count, box.listed_all, box.points.tolist()) == (np.inf, False, [[0.5, 3.0]])
    assert box.distance(np.array([4.0, 8.0])) == 5.0
    assert box.permuted([1, 0]).distance(np.array([8.0, 4.0])) == 5.0
    turned = box.stretched(np.array([-1.0, 2.0]), np.array([0.0, 1.0]))  # to [−1, 0] × [5, 9]
    assert turned.distance(np.array([[-1.0, 5.0], [0.0, 9.0], [3.0, 13.0]])).tolist() == [0.0, 0.0, 5.0]
    moved = landscapes.get("step_2").shift(3.0)
    assert moved.distance([3.25, 2.75]) == moved([3.25, 2.75]) == 0
    assert moved.distance([3.5, 5.5]) == pytest.approx(2)


@pytest.mark.parametrize("dim", [2, 7, 100, 512])
@pytest.mark.parametrize("name", ["alpine_2", "cosine_mixture", "exponential", "xin_she_yang_4", "wavy", "happy_cat"])
def test_fmin_is_correctly_rounded_in_every_dimension(name, dim):
    landscape = landscapes.get(name, dim)
    minimum = exact(landscape, landscape.minimizers[0])
    assert abs(minimum - landscape.fmin) <= (0.5 + 1e-9) * np.spacing(abs(landscape.fmin)) + 1e-30


def test_alpine_2_is_lowest_at_the_crest_of_every_factor():
    t = np.linspace(0, 10, 100_001)
    factor = np.sqrt(t) * np.sin(t)
    assert t[np.argmax(factor)] == pytest.approx(landscapes.get("alpine_2").minimizers[0, 0], abs=1e-4)
    assert -factor.min() < 0.8 * factor.max()  # two negative factors are no match for two positive ones


@pytest.mark.parametrize("name", every_landscape(ids()))
def test_minimizers_and_starts_are_inside(name):
    landscape = landscapes.get(name)
    assert landscape.contains(landscape.minimizers).all()
    assert landscape.contains(landscape.x0)
    assert landscape(landscape.x0) > landscape.fmin or not landscape.is_feasible(landscape.x0)
    assert np.all(np.isfinite(landscape.gradient(landscape.x0)))


@pytest.mark.parametrize(("name", "count"), [*N_MINIMIZERS.items(), *[(name, 1) for name in SINGLE]])
def test_number_of_minimizers(name, count):
    landscape = landscapes.get(name)
    assert landscape.n_minimizers == count
    if count == np.inf:  # a continuum, of which some stand for all
        assert not landscape.minimizers_complete
        return
    assert len(np.unique(landscape.minimizers, axis=0)) == min(count, 4096)
    assert landscape.minimizers_complete == (count <= 4096 and name not in facts("NOT_ALL_LISTED"))


@pytest.mark.parametrize("examples", [20, *thorough(60)])
@pytest.mark.parametrize("name", every_landscape(ids()))
def test_value_agrees_with_the_literature(name, examples):
    landscape = landscapes.get(name)

    @few(examples if landscape.dim <= 5 else examples // 4)
    @given(box_points(landscape))
    def agrees(x):
        slack = 1e-13 * (rounding_of_value(landscape, x) + 1e-3) * (1 + np.log(landscape.dim))
        assert abs(exact(landscape, x) - landscape(x)) <= slack

    agrees()


@pytest.mark.parametrize("name", one_of_each_shape(ids()))
def test_batch_agrees_with_points(name):
    landscape = landscapes.get(name)
    batch = random_points(landscape, 50)
    scale = np.array([rounding_of_value(landscape, x) for x in batch])
    assert landscape(batch).shape == (50,)
    assert np.all(np.abs(landscape(batch) - [landscape(x) for x in batch]) <= 1e-13 * scale)
    one_by_one = np.array([landscape.gradient(x) for x in batch])
    assert landscape.gradient(batch).shape == batch.shape
    scale = np.array([[rounding_of_gradient(landscape, x)] for x in batch])
    assert np.all(np.abs(landscape.gradient(batch) - one_by_one) <= 1e-13 * scale + 1e-300)


@pytest.mark.parametrize("name", ["beale", "levy[3]", "powell_singular[8]"])
def test_long_batch_is_put_together_from_its_blocks(name):
    landscape = landscapes.get(name)
    batch = random_points(landscape, 5000)
    np.testing.assert_allclose(landscape(batch)[4096:], landscape(batch[4096:]), rtol=1e-12)
    np.testing.assert_allclose(landscape.gradient(batch)[4096:], landscape.gradient(batch[4096:]), rtol=1e-9)
    assert landscape(batch[:0]).shape == (0,)
    assert landscape.gradient(batch[:0]).shape == (0, landscape.dim)


@pytest.mark.parametrize("name", one_of_each_shape(ids(largest=5)))
def test_lists_integers_and_single_precision(name):
    landscape = landscapes.get(name)
    whole = np.ceil(landscape.bounds[:, 0]) + 1
    assert isinstance(landscape(whole), float)
    assert landscape(whole.tolist()) == landscape(whole)
    assert landscape(whole.astype(int)) == landscape(whole)
    assert landscape([int(v) for v in whole]) == landscape(whole)
    np.testing.assert_array_equal(landscape.gradient(whole.astype(int).tolist()), landscape.gradient(whole))
    single = landscape(np.array([whole], dtype=np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, landscape(whole), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", one_of_each_shape(ids()))
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e200])
def test_impossible_points_give_no_exception(name, bad):
    landscape = landscapes.get(name)
    for k in {0, landscape.dim - 1}:
        x = landscape.x0.copy()
        x[k] = bad
        values = [landscape(x), landscape(x.tolist()), landscape(x[np.newaxis])[0]]
        np.testing.assert_allclose(values, values[0], rtol=1e-9)
        assert not np.isnan(bad) or np.isnan(values[0])
        assert landscape.gradient(x).shape == landscape.gradient([x])[0].shape == x.shape
        assert not np.isnan(bad) or np.isnan(landscape.gradient(x)).any()


@pytest.mark.parametrize("name", one_of_each_shape(ids(largest=5)))
def test_wrong_shapes_are_named(name):
    landscape = landscapes.get(name)
    dim = landscape.dim
    for shape in [(), (dim + 1,), (dim - 1,), (3, dim + 1), (1, 1, dim)]:
        for call in (landscape, landscape.gradient, landscape.hessian, landscape.distance):
            with pytest.raises(ValueError, match=str(shape).replace("(", r"\(").replace(")", r"\)")):
                call(np.zeros(shape))
    with pytest.raises(ValueError, match="numbers"):
        landscape(["a"] * dim)
    with pytest.raises(ValueError, match="numbers"):
        landscape([[1.0], [1.0, 2.0]])


NOT_POINTS = st.one_of(
    st.none(),
    st.text(max_size=3),
    st.dictionaries(st.text(max_size=1), st.floats(), max_size=2),
    st.lists(st.text(max_size=2), min_size=1, max_size=3),
    st.lists(st.none(), min_size=1, max_size=3),
    st.datetimes(),
    st.just([[1.0], [1.0, 2.0]]),
    st.just(np.ma.masked_array([1.0, 2.0], mask=[False, True])),
    st.just(np.array([object(), object()])),
)


@pytest.mark.parametrize("name", ["beale", "rosenbrock[5]", "ackley[40]"])
def test_what_is_no_array_of_numbers_is_refused(name):
    landscape = landscapes.get(name)

    @few(60)
    @given(NOT_POINTS)
    def refused(x):
        for call in (landscape, landscape.gradient, landscape.hessian, landscape.distance, landscape.residuals):
            if call == landscape.residuals and not landscape.has_residuals:
                continue
            with pytest.raises(ValueError, match=r"numbers|points of shape"):
                call(x)

    refused()


def test_complex_points_are_for_values_and_gradients_only():
    beale = landscapes.get("beale")
    point = np.array([1.0 + 0j, 1.0])
    assert beale(point) == beale([1.0, 1.0])
    for call in (beale.hessian, beale.distance, beale.jacobian, beale.violation):
        with pytest.raises(ValueError, match="real numbers"):
            call(point)


@pytest.mark.parametrize("name", one_of_each_shape(ids(largest=10)))
def test_distance_is_to_the_nearest_minimizer(name):
    landscape = landscapes.get(name)
    batch = random_points(landscape, 5)
    distances = landscape.distance(batch)
    assert distances.tolist() == pytest.approx([landscape.distance(x) for x in batch])
    assert landscape.distance(landscape.minimizers[-1]) == 0
    if landscape.minimizers_complete:
        nearest = [min(np.linalg.norm(landscape.minimizers - x, axis=1)) for x in batch]
        assert distances.tolist() == pytest.approx(nearest)
