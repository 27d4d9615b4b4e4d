"""Tests of targets: shares of the typical gap and, over a search space, what random search reaches."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_optlandscape import Landscape, landscapes, minimize
from pytest_optlandscape.landscapes.spaces import Choice, Float, Int, Space
from pytest_optlandscape.optimizers import get as get_optimizer
from pytest_optlandscape.records import targets
from pytest_optlandscape.records.build_records import record_of
from pytest_optlandscape.records.measuring import run_landscape
from pytest_optlandscape.records.targets import RANDOM_TRIALS, TARGETS, reference_gap, success_gap, targets_of
from pytest_optlandscape.records.validation import checked_record

SPACE = Space(a=Float(0, 1), b=Int(0, 9), c=Choice("x", "y"))


def value(configuration):
    return configuration["a"] + configuration["b"] + (configuration["c"] == "y")


def searched(**more):
    best = {"a": 0.0, "b": 0, "c": "x"}
    return Landscape("searched", value, space=SPACE, x0={**best, "b": 9}, minimizers=[best], fmin=0.0, **more)


def random_search(problem):
    tried = [problem.space.decode(problem.rng.random(problem.space.dim)) for _ in range(problem.budget)]
    return min(tried, key=problem)


def test_on_a_box_they_are_shares():
    beale = landscapes.get("beale")
    assert targets_of(beale) == tuple(share * reference_gap(beale) for share in TARGETS)
    assert success_gap(beale) == 1e-6 * reference_gap(beale)


def test_random_search_reaches_each_of_them_half_of_the_time():
    landscape = searched()
    rng = np.random.default_rng(7)
    for trials, target in list(zip(RANDOM_TRIALS, targets_of(landscape), strict=True))[:6]:
        best = landscape(rng.random((400 * trials, 3))).reshape(400, trials).min(axis=1)
        assert 0.4 < np.mean(best <= target) < 0.62, trials


def test_they_descend():
    found = targets_of(searched())
    assert list(found) == sorted(found, reverse=True)
    assert success_gap(searched()) == found[RANDOM_TRIALS.index(100)]


def test_on_a_finite_space_the_best_value_is_a_target():
    space = Space(a=Int(0, 9), b=Int(0, 9))
    landscape = Landscape(
        "finite",
        lambda one: one["a"] / 3 + one["b"] / 7,
        space=space,
        x0={"a": 9, "b": 9},
        minimizers=[{"a": 0, "b": 0}],
        fmin=0.0,
    )
    values = {one["a"] / 3 + one["b"] / 7 for one in space.configurations()}
    for target in targets_of(landscape):
        assert min(abs(target - one) for one in values) < 0.01
        assert any(one <= target for one in values)
    assert targets_of(landscape)[-1] == 0.0


@given(st.floats(1e-300, 1e300))
def test_rounding_up_keeps_a_gap_below(gap):
    up = targets._rounded_up(gap)
    assert gap <= up <= gap * 1.0101
    assert float(f"{up:.3g}") == up


def test_records_know_their_targets():
    adapter = dataclasses.replace(get_optimizer(random_search), is_stochastic=True)
    record = run_landscape(adapter, searched(), 40)
    assert record.is_searched
    assert record.targets == pytest.approx(targets_of(searched()), rel=1e-2)
    assert checked_record(record) is record
    assert 0 < record.successes < len(record.cells) == 22
    hits = np.array([cell.hits for cell in record.cells])
    assert 1 <= np.median(hits[:, 1]) <= 12  # random search reaches it after five trials half of the time


@pytest.mark.parametrize("wrong", ["1 2", "a b c d e f g h", 3, "1 2 3 4 5 6 7 8", "8 7 6 5 4 3 2 -1", "nan"])
def test_impossible_targets_are_refused(wrong):
    record = run_landscape(get_optimizer(random_search), searched(), 5)
    broken = dataclasses.replace(record, definition={**record.definition, "targets": wrong})
    with pytest.raises(ValueError, match="definition: targets is"):
        checked_record(broken)


def test_success_of_one_run():
    run = minimize(random_search, searched(), budget=3000)
    assert run.gap <= success_gap(searched())
    assert record_of(run, "seed-00").hits[0] < 30
