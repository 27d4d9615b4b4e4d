"""What a baseline says of runs that have not changed is taken over, and of no others."""

import dataclasses

import numpy as np
import pytest
from thorough import thorough

from pytest_optlandscape import landscapes
from pytest_optlandscape.comparison import compare_landscape
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.records import build_records as summing_up
from pytest_optlandscape.records import run_baseline, run_landscape
from pytest_optlandscape.suites.catalogue import cells

BOOTH = landscapes.get("booth")
BUDGET = 60


def plain(record):
    """All that a record says but for how far rounding moves a run, which a baseline alone knows."""
    return [dataclasses.replace(cell, fingerprint=None) for cell in record.cells]


def both(optimizer, before, landscape=BOOTH, budget=BUDGET):
    """Run with a baseline at hand and without; give the first, after checking that they say the same."""
    adapter = get(optimizer)
    with_it, without = (run_landscape(adapter, landscape, budget, known) for known in (before, None))
    assert plain(with_it) == plain(without)
    for one, other in zip(with_it.cells, without.cells, strict=True):
        assert (one.average, one.batches) == (None, ())
        assert one.fingerprint.is_measured or one.fingerprint == other.fingerprint
    assert str(compare_landscape(with_it, before, landscapes=1).fingerprint) == str(
        compare_landscape(without, before, landscapes=1).fingerprint
    )
    return with_it


def taken_over(record):
    """Count the cells that only a baseline can say this of."""
    return sum(cell.fingerprint.is_measured for cell in record.cells)


@pytest.mark.parametrize("name", ["booth", "noisy_quartic[2]", *thorough("rosenbrock_disk", "sphere[10]")])
@pytest.mark.parametrize("spec", ["scipy:SLSQP", "scipy:differential_evolution(maxiter=2, popsize=5)"])
def test_runs_that_repeat_themselves(spec, name):
    landscape = landscapes.get(name)
    before = run_baseline(get(spec), landscape, 100)
    assert any(cell.average for cell in before.cells)
    now = both(spec, before, landscape, 100)
    assert taken_over(now) == taken_over(before)


def halving(problem, *, careful=lambda problem: False, returns=-1, writes=False):
    """Go towards the middle of the box."""
    points = [problem.x0]
    problem(problem.x0)
    for _ in range(8):
        points.append(points[-1] * (0.5 if not careful(problem) else 0.75))
        problem(points[-1])
    if writes:
        problem.watched_x0()[0] += 1.0
    return points[returns] if returns is not None else points[-1] + 1e-3


def of(**changed):
    return lambda problem: halving(problem, **changed)


def test_where_some_runs_have_changed_the_others_are_taken_over():
    before = run_baseline(get(of()), BOOTH, BUDGET)
    now = both(of(careful=lambda problem: problem.x0[0] > 0.0), before)
    right = sum(cell.x0[0] > 0.0 for cell in cells(BOOTH))
    assert 0 < right < len(now.cells)
    assert taken_over(now) == len(now.cells) - right


@pytest.mark.parametrize("changed", [{"returns": -2}, {"returns": None}, {"writes": True}])
def test_the_same_evaluations_are_not_all(changed):
    before = run_baseline(get(of()), BOOTH, BUDGET)
    now = both(of(**changed), before)
    standing_still = sum(not np.any(cell.x0) for cell in cells(BOOTH))
    assert taken_over(now) <= (0 if "writes" in changed else standing_still)


def test_a_result_that_was_never_evaluated_is_looked_at_again():
    before = run_baseline(get(of(returns=None)), BOOTH, BUDGET)
    assert taken_over(both(of(returns=None), before)) == 0


def test_other_targets_are_not_those_of_the_baseline():
    before = run_baseline(get(of()), BOOTH, BUDGET)
    other = dataclasses.replace(before, definition={**before.definition, "reference": 1.0})
    assert taken_over(run_landscape(get(of()), BOOTH, BUDGET, other)) == 0


def test_what_is_taken_over_is_not_worked_out(monkeypatch):
    before = run_baseline(get(of()), BOOTH, BUDGET)
    monkeypatch.setattr(summing_up, "RunBatch", None)
    assert taken_over(run_landscape(get(of()), BOOTH, BUDGET, before)) == len(before.cells)


def test_an_evaluation_that_there_is_none_of():
    before = run_baseline(get(of()), BOOTH, BUDGET)
    wrong = tuple(dataclasses.replace(cell, trace=f"{cell.path}.{cell.nfev + 7}") for cell in before.cells)
    assert taken_over(run_landscape(get(of()), BOOTH, BUDGET, dataclasses.replace(before, cells=wrong))) == 0
