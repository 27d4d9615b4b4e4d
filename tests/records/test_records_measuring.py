import dataclasses
import math

import numpy as np
import pytest
from record_makers import descend, pattern_search, searching

from pytest_optlandscape import landscapes
from pytest_optlandscape.comparison import compare_landscape
from pytest_optlandscape.comparison.criteria import METRICS
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.records import RoundingSensitivity, run_baseline, run_landscape
from pytest_optlandscape.records.averages import BATCH, with_further_runs
from pytest_optlandscape.records.build_records import record_of
from pytest_optlandscape.records.measuring import PERTURBATIONS, STOCHASTIC_PERTURBATIONS, repeats_itself
from pytest_optlandscape.records.perturbation import DOUBLE, SINGLE, PerturbedProblem
from pytest_optlandscape.runs import Problem, execute
from pytest_optlandscape.suites.catalogue import cells, further_starts

BOOTH = landscapes.get("booth")
CELLS = len(cells(BOOTH))
BUDGET = 60


def random_search(fun, x0, bounds, rng, maxfev):
    lower, upper = np.transpose(bounds)
    best, value = x0, fun(x0)
    for _ in range(min(maxfev, 40) - 1):
        trial = np.clip(best + rng.normal(size=len(x0)), lower, upper)
        new = fun(trial)
        if new < value:
            best, value = trial, new
    return best


class Counting:
    """Counts the calls of an optimizer, and remembers the problems."""

    def __init__(self, function):
        self.function, self.problems = function, []

    def __call__(self, problem):
        self.problems.append(problem)
        return self.function(problem)


def draws(problem):
    problem(problem.x0)
    point = np.clip(problem.x0 + problem.rng.normal(size=problem.dim), *problem.bounds.T)
    problem(point)
    return point


def stochastic(function):
    return dataclasses.replace(get(function), is_stochastic=True)


def unsteady():
    """An optimizer whose runs depend on those before."""
    calls = iter(range(10**6))

    def drifting(problem):
        point = np.clip(problem.x0 * (1.0 - 1e-3 * next(calls)), *problem.bounds.T)
        problem(point)
        return point

    return drifting


CLEAN = ("start", "nfev", "njev", "stop_reason", "gap", "distance", "hits", "flags", "trace", "digits")


@pytest.mark.parametrize("optimizer", ["scipy:L-BFGS-B", "scipy:Nelder-Mead", descend, random_search])
def test_a_baseline_holds_the_runs_of_a_comparison(optimizer):
    adapter = get(optimizer)
    measured, plain = run_baseline(adapter, BOOTH, BUDGET), run_landscape(adapter, BOOTH, BUDGET)
    assert (measured.landscape, measured.definition, measured.errors) == (
        plain.landscape,
        plain.definition,
        plain.errors,
    )
    for one, other in zip(measured.cells, plain.cells, strict=True):
        assert [getattr(one, name) for name in CLEAN] == [getattr(other, name) for name in CLEAN]
        used = len(one.fingerprint.envelope)
        assert used == len(one.fingerprint.path)
        slack = [32.0 * envelope + 2.0**-48 for envelope in one.fingerprint.envelope]
        assert np.all(np.abs(np.subtract(one.fingerprint.path, other.fingerprint.path[:used])) <= slack)
        assert not other.fingerprint.is_measured
        assert other.average is None
    assert plain.rounding_sensitivity is None
    assert {measured.nondeterministic, plain.nondeterministic} == {False}
    assert compare_landscape(plain, measured, landscapes=1).fingerprint == "identical"


def test_cost_of_a_baseline_in_runs():
    counting = Counting(draws)
    made = run_baseline(get(counting), BOOTH, BUDGET)
    further = (BATCH["starts"] - 1) * len(further_starts(BOOTH, 1))
    assert len(counting.problems) == CELLS * (1 + sum(PERTURBATIONS)) + 2 + further <= 10 * CELLS
    assert made.rounding_sensitivity == RoundingSensitivity(0, sum(PERTURBATIONS) * CELLS)
    counting = Counting(draws)
    made = run_baseline(stochastic(counting), BOOTH, BUDGET)
    assert len(counting.problems) == CELLS * (1 + sum(STOCHASTIC_PERTURBATIONS) + BATCH["seeds"] - 1) + 2 <= 10 * CELLS
    assert made.rounding_sensitivity == RoundingSensitivity(0, sum(STOCHASTIC_PERTURBATIONS) * CELLS)
    counting = Counting(unsteady())
    made = run_baseline(get(counting), BOOTH, BUDGET)
    assert made.nondeterministic
    assert len(counting.problems) == CELLS * BATCH["seeds"] + 2 + 2  # two with the global generators seeded
    counting = Counting(draws)
    run_landscape(stochastic(counting), BOOTH, BUDGET)
    assert len(counting.problems) == CELLS


def test_perturbed_problems_are_those_of_the_cells():
    counting = Counting(draws)
    run_baseline(get(counting), BOOTH, BUDGET)
    perturbed = [problem for problem in counting.problems if isinstance(problem, PerturbedProblem)]
    assert len(perturbed) == sum(PERTURBATIONS) * CELLS
    for k, cell in enumerate(cells(BOOTH)):
        own = perturbed[k * sum(PERTURBATIONS) : (k + 1) * sum(PERTURBATIONS)]
        assert {problem.seed for problem in own} == {cell.seed}
        assert {problem.budget for problem in own} == {BUDGET}
        assert all(problem.x0 == pytest.approx(cell.x0, rel=1e-15) for problem in own[: PERTURBATIONS[0]])
        assert all(problem.x0 == pytest.approx(cell.x0, rel=3e-13) for problem in own)
        if cell.is_spread:
            assert len({tuple(problem.x0) for problem in own}) > 1


def test_a_baseline_is_the_same_every_time():
    for optimizer in (descend, random_search):
        assert run_baseline(get(optimizer), BOOTH, BUDGET) == run_baseline(get(optimizer), BOOTH, BUDGET)


def test_averages_are_those_of_further_seeds():
    made = run_baseline(get(random_search), BOOTH, BUDGET)
    for cell, kept in zip(cells(BOOTH), made.cells, strict=True):
        problems = [Problem(BOOTH, cell.x0, budget=BUDGET, seed=cell.seed + k) for k in range(BATCH["seeds"])]
        records = [record_of(execute(get(random_search), problem), cell.start) for problem in problems]
        assert kept.average.runs == BATCH["seeds"]
        for metric in filter(lambda one: one.is_averaged, METRICS):
            values = [metric.value_of(made, one) for one in records]
            assert getattr(kept.average, metric.name) == pytest.approx(np.mean(values), rel=5e-3, abs=1e-9)
    assert len({cell.average for cell in made.cells}) > CELLS // 2


def test_more_seeds_are_the_same_ones_every_time():
    adapter = get(random_search)
    plain, made = run_landscape(adapter, BOOTH, BUDGET), run_baseline(adapter, BOOTH, BUDGET)
    more = with_further_runs(adapter, plain, BUDGET, "seeds")
    assert [cell.average for cell in more.cells] == [cell.average for cell in made.cells]
    assert [cell.fingerprint for cell in more.cells] == [cell.fingerprint for cell in plain.cells]
    for metric in METRICS:
        assert set(np.nan_to_num(compare_landscape(more, made, landscapes=1).differences(metric))) == {0.0}


def test_averages_are_used_where_both_sides_have_them():
    adapter = get(random_search)
    plain, made = run_landscape(adapter, BOOTH, BUDGET), run_baseline(adapter, BOOTH, BUDGET)
    averaged = with_further_runs(adapter, plain, BUDGET, "seeds")
    slower = dataclasses.replace(averaged.cells[0].average, speed=9.0)
    averaged = dataclasses.replace(
        averaged, cells=(dataclasses.replace(averaged.cells[0], average=slower), *averaged.cells[1:])
    )
    speed = METRICS[0]
    before = made.cells[0].average  # of the eight targets those count that some run reached
    assert speed.difference(made, made.cells[0], averaged.cells[0]) == (9.0 - before.speed) * 8 / before.reached
    assert speed.difference(made, made.cells[0], plain.cells[0]) == 0.0
    assert speed.difference(made, plain.cells[0], averaged.cells[0]) == 0.0


def test_nondeterministic_optimizers_are_found():
    made = run_baseline(get(unsteady()), BOOTH, BUDGET)
    assert made.nondeterministic
    assert made.rounding_sensitivity is None
    assert not any(cell.fingerprint.is_measured for cell in made.cells)
    assert all(cell.average and cell.average.runs == BATCH["seeds"] for cell in made.cells)


def test_repeats_itself_looks_at_the_cells_it_is_told():
    def late(problem):
        """Draws from its own generator where it starts from a corner."""
        x = problem.x0
        problem(x)
        if np.array_equal(x, problem.bounds[:, 0]):
            x = np.clip(x + own.uniform(size=problem.dim), *problem.bounds.T)
            problem(x)
        return x

    own = np.random.default_rng(0)
    adapter = get(late)
    made = run_landscape(adapter, BOOTH, BUDGET)
    corner = [cell.start for cell in cells(BOOTH)].index("corner-lower")
    assert repeats_itself(adapter, made, BUDGET, at=[0, 1])
    assert repeats_itself(adapter, made, BUDGET, at=[])
    assert not repeats_itself(adapter, made, BUDGET, at=[corner])
    assert not repeats_itself(adapter, made, BUDGET, at=[0, corner])


def in_single_precision(problem):
    x = np.float32(problem.x0)
    for _ in range(20):
        x = x - np.float32(0.01) * np.float32(problem.gradient(x))
        problem(x)
    return x


def test_precision_is_the_optimizers_own():
    for optimizer, least, unit in [(in_single_precision, SINGLE / 8.0, SINGLE), (descend, 2.0**-48, DOUBLE)]:
        counting = Counting(optimizer)
        made = run_baseline(get(counting), BOOTH, BUDGET)
        moved = {
            (p.x0 / cells(BOOTH)[1].x0 - 1.0)[0]
            for p in counting.problems[CELLS + 2 + sum(PERTURBATIONS) :][: PERTURBATIONS[0]]
        }
        assert max(map(abs, moved)) == pytest.approx(unit, rel=0.6)
        envelopes = [cell.fingerprint.envelope for cell in made.cells]
        assert min(min(envelope) for envelope in envelopes if envelope) == least
        assert DOUBLE < least < SINGLE


def test_ties_show_as_jumps_and_are_then_allowed():
    ackley = landscapes.get("ackley[2]")
    before = run_baseline(get(pattern_search), ackley, 200)
    assert 0 < before.rounding_sensitivity.jumps < before.rounding_sensitivity.trials / 20
    assert any(len(cell.fingerprint.envelope) < 4 for cell in before.cells)
    now = run_landscape(get(searching(reordered=True)), ackley, 200)
    comparison = compare_landscape(now, before, landscapes=16, calibration=before.rounding_sensitivity)
    assert (comparison.verdict, comparison.fingerprint) == ("same", "rounding")
    changed = run_landscape(get(searching(shrink=2.5)), ackley, 200)
    comparison = compare_landscape(changed, before, landscapes=16, calibration=before.rounding_sensitivity)
    assert comparison.fingerprint == "changed"


def gives_up(problem):
    """Raises from some starts before any evaluation, and from others returns nothing of use."""
    if problem.x0[0] > 0.0:
        raise ValueError("positive")
    if problem.x0[1] > 0.0:
        return None
    problem(problem.x0)
    return [math.nan, math.nan]


def test_optimizers_that_fail_have_a_baseline():
    made = run_baseline(get(gives_up), BOOTH, BUDGET)
    assert {cell.stop_reason for cell in made.cells} == {"exception", "no-result", "non-finite"}
    assert made.rounding_sensitivity == RoundingSensitivity(0, sum(PERTURBATIONS) * CELLS)
    now = run_landscape(get(gives_up), BOOTH, BUDGET)
    assert compare_landscape(now, made, landscapes=1).fingerprint == "identical"
