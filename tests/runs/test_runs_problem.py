import numpy as np
import pytest
from runs_helpers import Bowl, bowl

from pytest_optlandscape import landscapes, minimize
from pytest_optlandscape.runs import Problem, as_landscape

LONG = "rosenbrock[40]"  # above the dimension up to which points are kept as lists


@pytest.mark.parametrize("landscape", ["beale", LONG])
def test_points_of_any_kind(landscape):
    problem = Problem(landscape)
    point = [1] * problem.dim
    kinds = [point, tuple(point), np.array(point), np.array(point, dtype=np.float32), np.array(point, dtype=bool)]
    values = [problem(x) for x in [*kinds, np.ones(problem.dim), np.ones(2 * problem.dim)[::2]]]
    assert set(values) == {problem.landscape(np.ones(problem.dim))}
    assert all(type(value) is float for value in values)
    points, traced = problem.evaluated()
    assert np.array_equal(points, np.ones((7, problem.dim)))
    assert traced.tolist() == values


@pytest.mark.parametrize("landscape", ["beale", LONG])
@pytest.mark.parametrize("ask", [Problem.__call__, Problem.gradient, Problem.hessian])
def test_what_is_no_point(landscape, ask):
    problem = Problem(landscape)
    dim = problem.dim
    batches = [] if ask is Problem.__call__ else [np.ones((1, dim)), np.ones((dim, dim))]
    for x in (np.ones(dim + 1), [], *batches, np.ones((2, dim + 1)), np.ones((1, 1, dim)), 1.0):
        with pytest.raises(ValueError, match="shape"):
            ask(problem, x)
    for x in (np.ones(dim, dtype=complex), [1j] * dim, "abc", ["a"] * dim, None, [None] * dim):
        with pytest.raises(ValueError, match="a point is an array of real numbers"):
            ask(problem, x)
    assert (problem.nfev, problem.njev) == (0, 0)


def test_nan_and_infinite_points_are_evaluated_and_count():
    problem = Problem("sphere[2]")
    assert np.isnan(problem([np.nan, 1.0]))
    assert problem([-np.inf, 0.5]) == np.inf
    assert problem.nfev == 2


def test_trace_survives_an_optimizer_that_reuses_its_array():
    def reuses(problem):
        x = problem.x0
        for k in range(4):
            x[:] = k / 4
            problem(x)
            x[:] = 99.0
            problem.gradient(x)[:] = 98.0
        return x * 0.0

    for landscape in ("beale", LONG):
        run = minimize(reuses, landscape)
        assert run.trace.x.tolist() == [[k / 4] * run.landscape.dim for k in range(4)]


def test_start_handed_out_is_a_copy():
    problem = Problem("beale")
    x0 = problem.x0
    x0[:] = 9.0
    assert problem.x0.tolist() == [1.0, 1.0]
    assert problem.x0.flags.writeable
    given = np.array([1.0, 2.0])
    problem = Problem("beale", given)
    given[:] = 0.0
    assert problem.x0.tolist() == [1.0, 2.0]


def test_objective_gets_an_array_of_its_own():
    def overwrites(x):
        value = float(x @ x)
        x[:] = 0.0
        return value

    x = np.array([3.0, 4.0])
    assert Problem(bowl(overwrites))(x) == 25.0
    assert x.tolist() == [3.0, 4.0]


def test_derivatives_are_those_of_the_landscape_and_counted():
    problem = Problem("rosenbrock")
    x = np.array([0.5, -1.0])
    assert np.array_equal(problem.gradient(x), problem.landscape.gradient(x))
    assert np.array_equal(problem.hessian(x), problem.landscape.hessian(x))
    assert (problem.nfev, problem.njev, problem.nhev, problem.remaining) == (0, 1, 1, problem.budget - 1)


def test_start_by_name():
    assert Problem("beale", "article").x0.tolist() == [4.0, 4.0]
    assert Problem("beale", "standard").x0.tolist() == [1.0, 1.0]
    with pytest.raises(ValueError, match="unknown start of beale 'artcle'; did you mean 'article'"):
        Problem("beale", "artcle")


@pytest.mark.parametrize("x0", [[1.0], [[1.0, 1.0]], 1.0, [np.nan, 0.0], [np.inf, 0.0]])
def test_what_is_no_start(x0):
    with pytest.raises(ValueError, match="start"):
        Problem("beale", x0)


def test_default_start_is_moved_into_the_bounds_and_a_given_one_is_not():
    box = [(2, 4), (0, 1)]
    assert Problem("beale", bounds=box).x0.tolist() == [2.0, 1.0]
    assert Problem("beale", [-1, 3], bounds=box).x0.tolist() == [-1.0, 3.0]


def test_bounds():
    assert Problem("beale", bounds=[(3, 3), (0, 1)]).bounds.tolist() == [[3, 3], [0, 1]]
    with pytest.raises(ValueError, match=r"contain no global minimiser of beale.*take bounds around one of \[\[3.0"):
        Problem("beale", bounds=[(-1, 1), (-1, 1)])
    with pytest.raises(ValueError, match=r"bounds for beale have shape \(2, 2\), got \(1, 2\)"):
        Problem("beale", bounds=[(-1, 1)])
    with pytest.raises(ValueError, match="a lower bound lies above its upper bound"):
        Problem("beale", bounds=[(4, 2), (0, 1)])
    for edge in (np.inf, np.nan):
        with pytest.raises(ValueError, match="bounds must be finite"):
            Problem("beale", bounds=[(-4, edge), (0, 1)])


def test_bounds_are_a_frozen_copy():
    given = np.array([[2.0, 4.0], [0.0, 1.0]])
    problem = Problem("beale", bounds=given)
    given[:] = 0.0
    assert problem.bounds.tolist() == [[2, 4], [0, 1]]
    with pytest.raises(ValueError, match="read-only"):
        problem.bounds[0, 0] = 1.0


def test_seed_makes_the_generator():
    first, again, other = (Problem("beale", seed=seed).rng.random() for seed in (3, 3, 4))
    assert first == again != other


def test_landscape_or_its_id():
    beale = landscapes.get("beale")
    assert as_landscape(beale) is as_landscape("beale") is Problem(beale).landscape
    with pytest.raises(TypeError, match="expected a Landscape or its id, got int"):
        Problem(3)
    with pytest.raises(ValueError, match="did you mean 'beale'"):
        Problem("beal")


def test_gradient_of_a_landscape_without_one():
    problem = Problem(Bowl().landscape(gradient=None, hessian=None))
    with pytest.raises(ValueError, match="bowl has no gradient"):
        problem.gradient(problem.x0)
    assert problem.njev == 0
    assert problem([1.0, 1.0]) == 2.0
