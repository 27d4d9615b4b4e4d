import numpy as np
import pytest
from hypothesis import given
from landscape_cases import (
    FIXED,
    SCALABLE,
    box_points,
    exact,
    exact_derivative,
    facts,
    few,
    having,
    ids,
    random_points,
    rounding_of_residuals,
    rounding_of_value,
)
from mpmath import lu_solve, matrix, mp, mpf

from pytest_optlandscape import landscapes

EPS = np.finfo(float).eps
N_MINIMIZERS = facts("N_MINIMIZERS")
SINGLE = [n for n in FIXED + SCALABLE if n not in {key.partition("[")[0] for key in N_MINIMIZERS}]


def test_catalogue_is_in_order():
    assert len(FIXED) >= 26
    assert len(SCALABLE) >= 16
    assert landscapes.names()[:3] == ["beale", "booth", "himmelblau"]
    sphere = landscapes.names().index("sphere")
    assert landscapes.names()[sphere : sphere + 3] == ["sphere", "sum_squares", "rosenbrock"]


@pytest.mark.parametrize("name", ids())
def test_minimum_is_taken_at_every_listed_minimizer(name):
    landscape = landscapes.get(name)
    for x in landscape.minimizers[:128]:
        beside = x + 1e-9 * np.where(x > landscape.bounds.mean(axis=1), -1, 1)
        slack = 8 * EPS * (abs(landscape.fmin) + np.abs(x) @ np.abs(landscape.gradient(beside)))
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
LOCALLY_SMOOTH += ["mgh_helical_valley"]
SINGULAR = {"powell_singular", *facts("CONTINUA")}
STATIONARY = [n for n in having("smooth", largest=5) if landscapes.get(n).name not in SINGULAR] + LOCALLY_SMOOTH


@pytest.mark.parametrize("name", STATIONARY)
def test_minimizers_are_correctly_rounded(name):
    landscape = landscapes.get(name)
    for x in landscape.minimizers[: 20 if landscape.dim <= 5 else 1]:
        free = [k for k in range(landscape.dim) if x[k] not in landscape.bounds[k]]
        polished = newton_step(landscape, [mpf(v) for v in x], free)
        assert all(abs(p - v) <= 0.5 * np.spacing(abs(v)) + 1e-20 for p, v in zip(polished, x, strict=True))
        ulps = 0.5 * landscape.dim if "[" in name else 0.5
        assert abs(exact(landscape, polished) - landscape.fmin) <= ulps * np.spacing(abs(landscape.fmin)) + 1e-30


@pytest.mark.parametrize("name", ["quintic", "alpine_1[2]", "bukin_n6", "ackley[3]"])
def test_kinked_minimizers_are_correctly_rounded(name):
    landscape = landscapes.get(name)
    for x in landscape.minimizers:
        for k, value in enumerate(x):
            for towards in landscape.bounds[k]:
                beside = x.copy()
                beside[k] = np.nextafter(value, towards) if value else np.copysign(1e-25, towards)
                assert exact(landscape, beside) > exact(landscape, x)


@pytest.mark.parametrize("name", ids())
def test_minimizers_and_starts_are_inside(name):
    landscape = landscapes.get(name)
    assert landscape.contains(landscape.minimizers).all()
    assert landscape.contains(landscape.x0)
    assert landscape(landscape.x0) > landscape.fmin
    assert np.all(np.isfinite(landscape.gradient(landscape.x0)))


@pytest.mark.parametrize(("name", "count"), [*N_MINIMIZERS.items(), *[(name, 1) for name in SINGLE]])
def test_number_of_minimizers(name, count):
    landscape = landscapes.get(name)
    assert landscape.n_minimizers == count
    if count == np.inf:  # a continuum, of which some stand for all
        assert not landscape.minimizers_complete
        return
    assert len(np.unique(landscape.minimizers, axis=0)) == min(count, 4096)
    assert landscape.minimizers_complete == (count <= 4096)


@pytest.mark.parametrize("name", ids())
def test_value_agrees_with_the_literature(name):
    landscape = landscapes.get(name)

    @few(60 if landscape.dim <= 5 else 15)
    @given(box_points(landscape))
    def agrees(x):
        slack = 1e-13 * (rounding_of_value(landscape, x) + 1e-3) * (1 + np.log(landscape.dim))
        assert abs(exact(landscape, x) - landscape(x)) <= slack

    agrees()


@pytest.mark.parametrize("name", ids())
def test_batch_agrees_with_points(name):
    landscape = landscapes.get(name)
    batch = random_points(landscape, 50)
    scale = np.array([rounding_of_value(landscape, x) for x in batch])
    assert landscape(batch).shape == (50,)
    assert np.all(np.abs(landscape(batch) - [landscape(x) for x in batch]) <= 1e-13 * scale)
    one_by_one = np.array([landscape.gradient(x) for x in batch])
    assert landscape.gradient(batch).shape == batch.shape
    largest = np.abs(one_by_one).max(axis=1, keepdims=True)
    assert np.all(np.abs(landscape.gradient(batch) - one_by_one) <= 1e-12 * largest + 1e-300)


@pytest.mark.parametrize("name", ["beale", "levy[3]", "powell_singular[8]"])
def test_long_batch_is_put_together_from_its_blocks(name):
    landscape = landscapes.get(name)
    batch = random_points(landscape, 5000)
    np.testing.assert_allclose(landscape(batch)[4096:], landscape(batch[4096:]), rtol=1e-12)
    np.testing.assert_allclose(landscape.gradient(batch)[4096:], landscape.gradient(batch[4096:]), rtol=1e-9)
    assert landscape(batch[:0]).shape == (0,)
    assert landscape.gradient(batch[:0]).shape == (0, landscape.dim)


@pytest.mark.parametrize("name", ids(largest=5))
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


@pytest.mark.parametrize("name", ids())
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


@pytest.mark.parametrize("name", ids(largest=5))
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


@pytest.mark.parametrize("name", ids(largest=10))
def test_distance_is_to_the_nearest_minimizer(name):
    landscape = landscapes.get(name)
    batch = random_points(landscape, 5)
    distances = landscape.distance(batch)
    assert distances.tolist() == pytest.approx([landscape.distance(x) for x in batch])
    assert landscape.distance(landscape.minimizers[-1]) == 0
    if landscape.minimizers_complete:
        nearest = [min(np.linalg.norm(landscape.minimizers - x, axis=1)) for x in batch]
        assert distances.tolist() == pytest.approx(nearest)
