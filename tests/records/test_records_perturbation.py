import math

import numpy as np
import pytest

from pytest_optlandscape import Problem, landscapes, minimize
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.records.perturbation import DOUBLE, SINGLE, PerturbedProblem, precision_of
from pytest_optlandscape.runs import execute
from pytest_optlandscape.suites.catalogue import cells, suite_landscapes

START = [0.3, -1.7]


def perturbed(landscape="beale", x0=START, *, seed=0, precision=DOUBLE, **keywords):
    return PerturbedProblem(Problem(landscape, x0, **keywords), np.random.default_rng(seed), precision)


def units_off(value, exact):
    """By how many doubles a number is off."""
    return (value - exact) / math.ulp(exact)


def is_off(value, exact):
    """By one double or two, in the units of the smaller one."""
    return abs(value - exact) / math.ulp(min(abs(value), abs(exact))) in (1.0, 2.0)


POINTS = np.random.default_rng(3).uniform(-4.0, 4.0, size=(40, 2))


def test_every_value_and_slope_is_off_by_a_double_or_two_either_way():
    problem, exact = perturbed(), Problem("beale", START)
    ways = {"fun": set(), "jac": set()}
    for point in POINTS:
        value, true = problem(point), exact(point)
        assert is_off(value, true)
        ways["fun"].add(value > true)
        for slope, true_slope in zip(problem.gradient(point), exact.gradient(point), strict=True):
            assert is_off(slope, true_slope)
            ways["jac"].add(slope > true_slope)
    assert ways == {"fun": {True, False}, "jac": {True, False}}
    assert (problem.nfev, problem.njev) == (len(POINTS), len(POINTS))


def test_single_precision_is_off_by_its_last_place():
    problem, exact = perturbed(precision=SINGLE), Problem("beale", START)
    ways = set()
    for point in POINTS:
        numbers = [problem(point), *problem.gradient(point)]
        true = [exact(point), *exact.gradient(point)]
        shares = np.array(numbers) / np.array(true) - 1.0
        assert np.abs(shares) == pytest.approx([2.0**-23] * 3, rel=1e-6)
        steps = np.abs(np.float32(numbers).view(np.int32) - np.float32(true).view(np.int32))
        assert set(steps) <= {1, 2}
        ways.update(np.sign(shares))
    assert ways == {-1.0, 1.0}


@pytest.mark.parametrize("precision", [DOUBLE, SINGLE])
def test_start_is_off_in_every_coordinate_and_stays_in_the_box(precision):
    landscape = landscapes.get("sphere[10]")
    inside = np.random.default_rng(4).uniform(-4.0, 4.0, size=10)
    ways = set()
    for seed in range(20):
        moved = perturbed(landscape, inside, seed=seed, precision=precision).x0
        shares = np.abs(moved - inside) / np.abs(inside)
        assert np.all((shares > 0.49 * precision) & (shares < 1.51 * precision))
        ways.update(np.sign(moved - inside))
        for edge in landscape.bounds.T:
            on_edge = perturbed(landscape, edge, seed=seed, precision=precision).x0
            assert np.all((on_edge >= landscape.bounds[:, 0]) & (on_edge <= landscape.bounds[:, 1]))
            assert 0 < np.count_nonzero(on_edge != edge) < 10
    assert ways == {-1.0, 1.0}


def evaluations(problem):
    found = [(problem(point), *problem.gradient(point)) for point in POINTS]
    return [problem.x0.tolist(), found]


def test_the_generator_decides_alone():
    first = evaluations(perturbed(seed=5))
    assert evaluations(perturbed(seed=5)) == first
    assert evaluations(perturbed(seed=6)) != first
    rng = np.random.default_rng(5)
    one, two = (evaluations(PerturbedProblem(Problem("beale", START), rng)) for _ in range(2))
    assert one == first
    assert one != two


def test_problem_keeps_what_it_is_of():
    tight = np.array([[-1.0, 3.5], [-2.0, 1.0]])
    problem = perturbed(bounds=tight, budget=7, seed=3)
    assert (problem.budget, problem.landscape.id) == (7, "beale")
    assert problem.bounds.tolist() == tight.tolist()
    original = Problem("beale", START, seed=11)
    copy = PerturbedProblem(original, np.random.default_rng(0))
    assert copy.seed == 11
    assert copy.rng.random() == pytest.approx(original.rng.random(), rel=3e-16)
    assert copy.rng.permutation(20).tolist() == original.rng.permutation(20).tolist()
    assert original.nfev == original.njev == 0
    run = execute(get("scipy:L-BFGS-B"), problem)
    assert (run.stop_reason, run.nfev) == ("budget", 7)


def constant(value, slope=0.0):
    return Landscape(
        "constant",
        lambda x: value,
        bounds=[(-1.0, 1.0)] * 2,
        x0=[0.5, 0.25],
        minimizers=[[0.0, 0.0]],
        fmin=0.0,
        gradient=lambda x: np.full(2, slope),
        validate=False,
    )


@pytest.mark.parametrize("precision", [DOUBLE, SINGLE])
@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 0.0])
def test_what_rounding_cannot_move_stays(value, precision):
    problem = perturbed(constant(value, value), [0.0, -0.0], precision=precision)
    for _ in range(20):
        found = [problem(problem.x0), *problem.gradient(problem.x0)]
        assert np.array_equal(found, [value] * 3, equal_nan=True)
    assert problem.x0.tolist() == [0.0, 0.0]


def test_numbers_of_any_size_are_moved():
    for value in (1e-300, -1e-300, 1e300, -1e300, 1.0, -2.0, math.nextafter(4.0, 0.0)):
        problem = perturbed(constant(value), [0.5, 0.25])
        found = {problem(problem.x0) for _ in range(50)}
        assert len(found) == 2
        assert min(found) < value < max(found)
        assert all(is_off(one, value) for one in found)


@pytest.mark.parametrize("precision", [DOUBLE, SINGLE])
def test_long_points(precision):
    landscape = landscapes.get("rosenbrock[40]")
    exact = Problem(landscape, budget=100)
    problem = PerturbedProblem(exact, np.random.default_rng(0), precision)
    point = np.linspace(-1.0, 1.1, 40)
    true = np.array([exact(point), *exact.gradient(point)])
    found = np.array([problem(point), *problem.gradient(point)])
    expected = np.spacing(np.abs(true)) if precision == DOUBLE else np.abs(true) * SINGLE
    assert np.abs(found - true) == pytest.approx(expected, rel=1e-6)
    assert set(np.sign(found - true)) == {-1.0, 1.0}
    run = execute(get("scipy:L-BFGS-B"), problem)
    assert run.landscape.dim == 40
    assert run.nfev == run.njev > 2


def test_noise_is_the_same_and_comes_on_top():
    noisy = landscapes.get("beale").noisy(level=0.1, seed=3)
    problem, exact = perturbed(noisy, seed=1), Problem(noisy, START)
    for point in POINTS:
        seen, true = problem(point), exact(point)
        assert seen == pytest.approx(true, rel=1e-12)
        assert seen != pytest.approx(noisy(point), rel=1e-12)
        assert problem.gradient(point) == pytest.approx(exact.gradient(point), rel=1e-10, abs=1e-10)
    values, exact_values = problem.evaluated()[1], [noisy(point) for point in POINTS]
    assert all(is_off(value, true) for value, true in zip(values, exact_values, strict=True))


def test_landscapes_without_a_gradient():
    bowl = Landscape("bowl", lambda x: float(x @ x), bounds=[(-2, 2)] * 2, x0=[1, 1], minimizers=[[0, 0]], fmin=0)
    run = execute(get("scipy:Nelder-Mead"), perturbed(bowl, [1.0, 0.5], budget=100))
    assert run.gap < 1e-6


def test_a_run_under_rounding_is_another_one_close_by():
    clean = minimize("scipy:L-BFGS-B", "rosenbrock[10]", budget=300)
    runs = [
        execute(
            get("scipy:L-BFGS-B"), PerturbedProblem(Problem("rosenbrock[10]", budget=300), np.random.default_rng(k))
        )
        for k in range(3)
    ]
    starts = [run.trace.x[0].tolist() for run in (clean, *runs)]
    assert len(set(map(tuple, starts))) == 4
    for run in runs:
        assert run.trace.x[:3] == pytest.approx(clean.trace.x[:3], abs=1e-12)
        assert run.x == pytest.approx(clean.x, abs=1e-3)


def in_single_precision(problem):
    x = np.float32(problem.x0)
    for _ in range(10):
        with np.errstate(all="ignore"):
            x = x - np.float32(0.001) * np.float32(problem.gradient(x))
        problem(x)
    return x


def search(problem):
    x, step, best = problem.x0, 0.5, problem(problem.x0)
    for _ in range(20):
        for k in range(problem.dim):
            for sign in (step, -step):
                trial = x + sign * np.eye(problem.dim)[k]
                value = problem(trial)
                if value < best:
                    x, best = trial, value
        step /= 2.0
    return x


@pytest.mark.parametrize(
    ("optimizer", "precision"),
    [
        (in_single_precision, SINGLE),
        (search, DOUBLE),
        ("scipy:Nelder-Mead", DOUBLE),
        ("scipy:L-BFGS-B", DOUBLE),
        (lambda problem: problem(problem.x0), DOUBLE),
    ],
)
def test_precision_is_told_by_the_points(optimizer, precision):
    runs = [minimize(optimizer, "beale", x0=cell.x0, budget=60) for cell in cells(landscapes.get("beale"))[2:8]]
    assert precision_of(runs) == precision


def test_nan_and_infinity_do_not_hide_single_precision():
    def wild(problem):
        problem(problem.x0)
        for x in ([math.nan, 1.0], [math.inf, 0.5], [1e300, 2.0] if problem.seed else [1.0, 2.0]):
            problem(np.array(x))
        return problem.x0

    assert precision_of([minimize(wild, "beale")]) == SINGLE
    assert precision_of([minimize(wild, "beale", seed=1)]) == DOUBLE
    assert precision_of([]) == DOUBLE


def test_spread_starts_are_no_single_precision_numbers():
    """An optimizer that only adds short steps to its start must not be taken for one in single precision."""
    for landscape in suite_landscapes("full"):
        for cell in cells(landscape):
            if cell.is_spread:
                assert not np.array_equal(cell.x0, np.float32(cell.x0)), cell.id


def test_random_numbers_are_off_by_a_unit_or_two_and_stay_in_their_range():
    original, copy = Problem("beale", seed=3), PerturbedProblem(Problem("beale", seed=3), np.random.default_rng(0))
    for draw in (
        lambda rng: rng.random(500),
        lambda rng: rng.standard_normal((50, 10)),
        lambda rng: rng.normal(2.0, 3.0, 500),
        lambda rng: rng.uniform(-1.0, 2.0, 500),
        lambda rng: rng.standard_cauchy(500),
    ):
        exact, moved = draw(original.rng), draw(copy.rng)
        units = np.abs(moved - exact) / np.spacing(np.minimum(np.abs(moved), np.abs(exact)))
        assert set(units.ravel()) <= {1.0, 2.0}
        assert len(set(np.sign(moved - exact).ravel())) == 2
    assert isinstance(copy.rng.random(), float)


def test_random_numbers_next_to_an_end_of_their_range_stay_inside():
    copy = PerturbedProblem(Problem("beale"), np.random.default_rng(0))
    highest = np.nextafter(1.0, 0.0)
    assert np.all(copy.rng._perturbed(np.full(100, highest), 0.0, 1.0) < 1.0)


def test_coarse_perturbations_are_off_by_as_many_units():
    problem = PerturbedProblem(Problem("beale", [1.0, 1.0]), np.random.default_rng(0), units=1000)
    shares = [problem([1.0, 1.0]) / 14.203125 - 1.0 for _ in range(20)]
    assert {round(abs(share) / 2.0**-52) for share in shares} == {1000}
