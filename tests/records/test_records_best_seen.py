"""Landscapes whose minimum is not known are compared by the best point of the baseline."""

import functools
import math
import pickle

import numpy as np
import pytest
from forgetting import forgetting_landscapes

from pytest_optlandscape import Landscape, landscapes, optimizers
from pytest_optlandscape.comparison import compare_landscape
from pytest_optlandscape.records import LandscapeRecord
from pytest_optlandscape.records.best_seen import landscape_of, with_best_of
from pytest_optlandscape.records.landscape_record import BEST_SEEN
from pytest_optlandscape.records.measuring import run_baseline, run_cell, run_landscape


@pytest.fixture(scope="module")
def ripples():
    name = "ripples_whose_minimum_is_not_known"
    made = Landscape(name, lambda x: float(np.sin(9.0 * x @ x) + x @ x), bounds=[(-1, 1)] * 2, x0=[1, 1])
    with forgetting_landscapes():
        yield landscapes.register(made)


@functools.cache
def searching(waste=0, bias=0.0):
    """Make a pattern search that evaluates each point again so many times, and returns a point beside its best."""

    def minimize(problem):
        x, step = problem.x0, 0.3
        value = problem(x)
        while problem.remaining > 4 * (1 + waste) and step > 1e-7:
            for direction in (*np.eye(len(x)), *-np.eye(len(x))):
                candidate = np.clip(x + step * direction, *problem.bounds.T)
                for _ in range(1 + waste):
                    found = problem(candidate)
                if found < value:
                    x, value = candidate, found
                    break
            else:
                step /= 2.0
        return x + bias

    return optimizers.get(minimize)


@pytest.fixture(scope="module")
def before(ripples):
    return run_baseline(searching(), ripples, 400)


def test_the_best_value_of_the_baseline_stands_for_the_minimum(ripples, before):
    stand_in = landscape_of(before)
    assert stand_in.minimum_is_known
    assert stand_in.minimum_is_seen
    assert not ripples.minimum_is_known
    assert stand_in.fmin == before.definition["fmin"] == ripples(stand_in.minimizers[0])
    assert min(cell.gap for cell in before.cells) == 0.0
    assert before.reference > 0.0
    assert any("the minimum is not known; the best value in the baseline" in note for note in before.notes)
    again = pickle.loads(pickle.dumps(stand_in))
    assert (again.fmin, again.minimum_is_seen, again.id) == (stand_in.fmin, True, ripples.id)


def test_the_same_code_is_identical_also_after_the_record_was_stored(ripples, before):
    stored = LandscapeRecord.from_plain(before.to_plain())
    now = run_landscape(searching(), ripples, 400, stored)
    found = compare_landscape(now, stored, landscapes=1)
    assert (str(found.verdict), found.fingerprint) == ("same", "identical")
    assert now.definition == stored.definition


@pytest.mark.parametrize(("change", "metric"), [({"waste": 1}, "speed"), ({"bias": 1e-2}, "precision")])
def test_what_got_worse_is_worse(ripples, before, change, metric):
    now = run_landscape(searching(**change), ripples, 400, before)
    found = compare_landscape(now, before, landscapes=1, calibration=before.rounding_sensitivity)
    assert str(found.verdict) == "worse"
    assert metric in {finding.metric for finding in found.findings}


def test_a_lower_value_is_no_contradiction_and_is_told(ripples):
    poor = optimizers.get(lambda problem: [problem(problem.x0), problem.x0][1])
    before = run_baseline(poor, ripples, 400)
    now = run_landscape(searching(), ripples, 400, before)
    assert now.definition == before.definition
    assert any(" was found, below the best value in the baseline" in note for note in now.notes)
    assert not any("is wrong" in note for note in now.notes)
    assert now.successes > before.successes


def test_cells_are_those_of_the_landscape(ripples, before):
    from pytest_optlandscape.suites.catalogue import cells

    stand_in = landscape_of(before)
    pairs = list(zip(cells(ripples), cells(stand_in), strict=True))
    assert all((one.id, one.seed, one.x0.tolist()) == (two.id, two.seed, two.x0.tolist()) for one, two in pairs)
    run = run_cell(searching(), pairs[0][1], 400)
    assert math.isfinite(run.gap)


def test_nothing_feasible_and_finite_leaves_the_start(ripples):
    assert with_best_of(ripples, []).fmin == ripples(ripples.x0)


def test_a_known_minimum_needs_no_stand_in():
    beale = landscapes.get("beale")
    record = run_landscape(searching(), beale, 400)
    assert landscape_of(record) is beale
    assert BEST_SEEN not in record.definition
