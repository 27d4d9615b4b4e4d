import dataclasses

import numpy as np
import pytest

from pytest_optlandscape import landscapes
from pytest_optlandscape.comparison import compare_landscape
from pytest_optlandscape.comparison.criteria import METRICS
from pytest_optlandscape.comparison.landscape_comparison import LEVEL
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.records import LandscapeRecord, run_baseline, run_landscape, with_further_runs
from pytest_optlandscape.records.averages import BATCH

BEALE = landscapes.get("beale")


def search(fun, bounds, rng, stream=0, evaluations=30):
    rng = np.random.default_rng([rng.integers(2**32), stream])
    points = rng.uniform(*np.transpose(bounds), size=(evaluations, 2))
    return points[np.argmin([fun(x) for x in points])]


def other_search(fun, bounds, rng):
    return search(fun, bounds, rng, stream=1)


def short_search(fun, bounds, rng):
    return search(fun, bounds, rng, stream=1, evaluations=22)


def record(optimizer, batches, over="seeds"):
    return with_further_runs(get(optimizer), run_landscape(get(optimizer), BEALE, 40), 40, over, batches)


@pytest.mark.parametrize("over", ["seeds", "starts"])
def test_going_on_gives_what_starting_over_gives(over):
    adapter = get(search)
    in_steps = record(search, 1, over)
    for batches in (2, 4):
        in_steps = with_further_runs(adapter, in_steps, 40, over, batches)
    assert in_steps == record(search, 4, over)
    made = {(cell.average.runs, cell.average.over, len(cell.batches)) for cell in in_steps.cells if cell.average}
    assert made == {(4 * BATCH[over], over, 4)}


def test_as_many_runs_as_there_are_change_nothing():
    known = record(search, 2)
    assert with_further_runs(get(search), known, 40, "seeds", 1) == known


def test_further_starts_are_other_points_of_the_same_kind():
    seen = []

    def stay(problem):
        seen.append(problem.x0)
        problem(problem.x0)
        return problem.x0

    made = with_further_runs(get(stay), run_landscape(get(stay), BEALE, 40), 40, "starts", 2)
    averaged = {cell.start for cell in made.cells if cell.average}
    assert averaged == {f"sobol-{k:02}" for k in range(16)} | {"face-lower", "face-upper"}
    assert len(np.unique(seen, axis=0)) == len(seen)
    lower, upper = BEALE.bounds.T
    assert sum(x0[0] == lower[0] and x0[1] != lower[1] for x0 in seen) == 2 * BATCH["starts"]
    assert all(np.all((x0 >= lower) & (x0 <= upper)) for x0 in seen)


def test_averages_over_starts_and_over_seeds_are_not_compared():
    starts, seeds = record(search, 1, "starts"), record(search, 1, "seeds")
    for metric in METRICS:
        own = [metric.difference_of_runs(starts, *pair) for pair in zip(starts.cells, seeds.cells, strict=True)]
        np.testing.assert_equal(compare_landscape(seeds, starts, landscapes=1).differences(metric), own)
        assert set(np.nan_to_num(own)) == {0.0}


def test_a_baseline_has_one_average_and_no_batches():
    baseline = run_baseline(get(search), BEALE, 40)
    assert {(cell.average.runs, cell.batches) for cell in baseline.cells} == {(5, ())}


def test_batches_cross_a_process_border():
    known = record(search, 2)
    assert LandscapeRecord.from_plain(known.to_plain()) == known


@pytest.mark.parametrize("looks", [1, 3])
def test_looks_share_the_level(looks):
    before, now = record(search, 1), record(other_search, 1)
    assert compare_landscape(now, before, landscapes=16, looks=looks).level == LEVEL / 2.0 / 16 / looks


def test_batches_find_what_averages_of_as_many_cells_cannot():
    before, now = record(search, 4), record(short_search, 4)
    found = compare_landscape(now, before, landscapes=200, looks=3).findings
    assert "cost" in {finding.metric for finding in found}

    def without(record):
        return dataclasses.replace(record, cells=tuple(dataclasses.replace(c, batches=()) for c in record.cells))

    assert compare_landscape(without(now), without(before), landscapes=200, looks=3).findings == ()
