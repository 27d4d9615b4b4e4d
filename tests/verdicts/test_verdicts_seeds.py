import dataclasses

import numpy as np
import pytest

from pytest_optlandscape import landscapes
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.verdicts import (
    LandscapeRecord,
    compare_landscape,
    run_baseline,
    run_landscape,
    with_more_seeds,
)
from pytest_optlandscape.verdicts.comparison import LEVEL

BEALE = landscapes.get("beale")


def search(fun, bounds, rng, stream=0, evaluations=30):
    rng = np.random.default_rng([rng.integers(2**32), stream])
    points = rng.uniform(*np.transpose(bounds), size=(evaluations, 2))
    return points[np.argmin([fun(x) for x in points])]


def other_search(fun, bounds, rng):
    return search(fun, bounds, rng, stream=1)


def short_search(fun, bounds, rng):
    return search(fun, bounds, rng, stream=1, evaluations=22)


def record(optimizer, seeds):
    return with_more_seeds(get(optimizer), run_landscape(get(optimizer), BEALE, 40), 40, seeds)


def test_going_on_gives_what_starting_over_gives():
    adapter = get(search)
    in_steps = record(search, 5)
    for seeds in (10, 20):
        in_steps = with_more_seeds(adapter, in_steps, 40, seeds)
    assert in_steps == record(search, 20)
    assert {(cell.average.seeds, len(cell.batches)) for cell in in_steps.cells} == {(20, 4)}


def test_as_many_seeds_as_there_are_change_nothing():
    known = record(search, 10)
    assert with_more_seeds(get(search), known, 40, 5) == known


def test_a_baseline_has_one_average_and_no_batches():
    baseline = run_baseline(get(search), BEALE, 40)
    assert {(cell.average.seeds, cell.batches) for cell in baseline.cells} == {(5, ())}


def test_batches_cross_a_process_border():
    known = record(search, 10)
    assert LandscapeRecord.from_plain(known.to_plain()) == known


@pytest.mark.parametrize("looks", [1, 3])
def test_looks_share_the_level(looks):
    before, now = record(search, 5), record(other_search, 5)
    assert compare_landscape(now, before, landscapes=16, looks=looks).level == LEVEL / 2.0 / 16 / looks


def test_batches_find_what_averages_of_as_many_cells_cannot():
    before, now = record(search, 20), record(short_search, 20)
    found = compare_landscape(now, before, landscapes=200, looks=3).findings
    assert "cost" in {finding.metric for finding in found}

    def without(record):
        return dataclasses.replace(record, cells=tuple(dataclasses.replace(c, batches=()) for c in record.cells))

    assert compare_landscape(without(now), without(before), landscapes=200, looks=3).findings == ()
