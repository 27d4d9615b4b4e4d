"""A feasible value below fmin shows that the minimum is wrong: it is told, and nothing counts as reached."""

import math

import numpy as np
import pytest

from pytest_optlandscape import Landscape, assert_converges, assert_precise, assert_robust, landscapes, minimize
from pytest_optlandscape.landscapes.frozen import set_attributes
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.records.measuring import run_landscape
from pytest_optlandscape.runs import Problem, execute
from pytest_optlandscape.search.basins import basin_map

SAID = r"f\(x\) = .* at x = \[.*\] is below fmin = 0\.5: the minimum of (bowl|bowl:.*) is wrong"


def bowl(fmin=0.5, **changes):
    facts = {"bounds": [(-2, 2)] * 2, "x0": [1.5, -1.0], "minimizers": [[0.0, 0.0]], "validate": False}
    return Landscape("bowl", lambda x: float(x @ x), fmin=fmin, **{**facts, **changes})


def visiting(*points):
    def walk(problem):
        for point in points:
            problem(np.array(point))
        return np.array(points[-1])

    return walk


def test_a_run_that_goes_below_says_so_and_reaches_nothing():
    run = minimize("scipy:Nelder-Mead", bowl(), budget=200)
    assert math.isinf(run.gap)
    assert math.isinf(run.result_gap)
    assert math.isinf(run.hit(10.0))
    assert "is below fmin = 0.5: the minimum of bowl is wrong" in str(run)
    assert run.message.endswith(run.fmin_contradiction)
    assert "Optimization terminated" in run.message


def test_all_assertions_refuse_it():
    run = minimize("scipy:Nelder-Mead", bowl(), budget=200)
    for refuse in (
        lambda: assert_converges(run, gap=10.0),
        lambda: assert_precise(run, digits=1),
        lambda: assert_robust("scipy:Nelder-Mead", bowl(), gap=10.0),
        lambda: basin_map("scipy:Nelder-Mead", bowl(), n_starts=2),
        run.check_fmin,
    ):
        with pytest.raises(ValueError, match=SAID):
            refuse()


@pytest.mark.filterwarnings("ignore:Benchmark fixture was not used")
def test_it_is_not_timed(benchmark_minimize):
    with pytest.raises(ValueError, match=SAID):
        benchmark_minimize("scipy:Nelder-Mead", bowl())


def test_a_point_on_the_way_is_enough():
    run = minimize(visiting([0.1, 0.1], [1.0, 1.0]), bowl())
    assert (run.fun, run.gap, run.result_gap) == (2.0, math.inf, math.inf)
    assert "f(x) = 0.02" in run.fmin_contradiction


def test_a_record_of_it_has_no_hits_and_a_note():
    record = run_landscape(get("scipy:Nelder-Mead"), bowl(), 100)
    assert all(math.isinf(hit) for cell in record.cells for hit in cell.hits)
    assert sum(math.isinf(cell.gap) for cell in record.cells) > 10
    assert record.successes == 0
    assert [note for note in record.notes if "is below fmin = 0.5" in note] == list(record.notes)
    assert len(record.notes) == 1


def test_runs_above_stay_as_they_are():
    run = minimize(visiting([1.0, 1.0], [1.5, 0.0]), bowl())
    assert (run.gap, run.result_gap, run.fmin_contradiction) == (1.5, 1.75, "")


@pytest.mark.parametrize("name", ["ackley[10]", "branin", "hartmann_6", "eggholder", "bbob_f03_rastrigin_separable[5]"])
def test_rounding_is_no_contradiction(name):
    landscape = landscapes.get(name)
    run = minimize(visiting(*landscape.minimizers, *np.nextafter(landscape.minimizers, landscape.x0)), landscape)
    assert run.fmin_contradiction == ""
    assert run.gap <= landscape.fmin_tolerance
    below = Landscape.renamed(landscape, name, made_by=None)
    set_attributes(below, fmin=landscape.fmin + 3.0 * landscape.fmin_tolerance)
    assert minimize(visiting(*landscape.minimizers), below).fmin_contradiction


def test_what_is_infeasible_may_be_lower():
    disk = {"type": "ineq", "fun": lambda x: x @ x - 1.0}
    outside = bowl(1.0, constraints=disk, minimizers=[[1.0, 0.0]])
    assert minimize(visiting([0.5, 0.5], [1.0, 1.0]), outside).gap == 1.0
    assert minimize(visiting([1.0 - 4e-7, 0.0]), outside).gap == 0.0  # breaks the constraint by less than 1e-6
    assert minimize(visiting([3.0, 0.0]), bowl(10.0)).fmin_contradiction == ""  # outside the bounds
    wrong = bowl(1.5, constraints=disk, minimizers=[[1.0, 0.0]])
    assert minimize(visiting([1.1, 0.0]), wrong).fmin_contradiction
    assert minimize(visiting([1.0 - 4e-7, 0.0]), wrong).fmin_contradiction


@pytest.mark.parametrize("name", ["hs071", "g06", "g11", "rosenbrock_disk", "three_bar_truss"])
@pytest.mark.parametrize("spec", ["scipy:SLSQP", "scipy:COBYLA"])
def test_what_constrained_methods_leave_open_is_no_contradiction(name, spec):
    run = minimize(spec, name, x0=landscapes.get(name).minimizers[0], budget=300)
    assert run.fmin_contradiction == ""


def test_noise_is_no_contradiction():
    noisy = landscapes.get("booth").noisy("additive", seed=1)
    assert minimize("scipy:Nelder-Mead", noisy, budget=200).fmin_contradiction == ""
    rng = np.random.default_rng(0)
    own = Landscape(
        "own", lambda x: float(x @ x + rng.normal()), bounds=[(-2, 2)] * 2, x0=[1, 1], minimizers=[[0, 0]], fmin=0.0
    )
    assert minimize("scipy:Nelder-Mead", own, budget=300).fmin_contradiction == ""


def test_where_fmin_is_not_known_nothing_contradicts_it():
    part = landscapes.get("beale").within([(0, 2), (0, 1)])
    run = execute(get("scipy:Nelder-Mead"), Problem(part, budget=60))
    assert (run.gap, run.fmin_contradiction) == (math.inf, "")


def test_an_expensive_objective_is_called_once_more_at_most():
    calls = []
    costly = Landscape(
        "costly", lambda x: calls.append(1) or float(x @ x), bounds=[(-2, 2)], x0=[1], minimizers=[[0]], fmin=0.5,
        validate=False,
    )  # fmt: skip
    run = minimize(visiting([0.1], [0.2]), costly)
    assert run.fmin_contradiction
    assert len(calls) <= run.nfev + 2
