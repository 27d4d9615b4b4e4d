"""Recorded trainings that a test tracks, compared with what was accepted."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_optlandscape.comparison import Verdict
from pytest_optlandscape.comparison.tracked_comparison import compare_tracked, is_record, tracked
from pytest_optlandscape.runs import record_training

PLAN = 40


def training(epochs=PLAN, *, rate=0.1, fmin=0.3, planned=PLAN, result=None, error=None, factor=1.0):
    """The losses of a gradient descent on x², which starts at 16 + fmin."""
    recorder = record_training(fmin, budget=planned, name="square", optimizer="descent")
    with recorder:
        x = 4.0
        for _ in range(epochs):
            recorder.step((x * x) * factor + fmin)
            x -= 2.0 * rate * x
        recorder.result(x * x + fmin if result is None else result)
    if error:
        recorder.finish(error)
    return recorder.run


def record(*arguments, **keywords):
    return tracked(training(*arguments, **keywords)).record()


BEFORE = record()


@pytest.mark.parametrize(
    ("arguments", "verdict", "said"),
    [
        ({}, Verdict.SAME, "40 evaluations, gap 2.83e-07, the same"),
        ({"factor": 1.0 + 1e-7}, Verdict.SAME, "the same"),
        ({"rate": 0.07}, Verdict.WORSE, "more evaluations to the same gap"),
        ({"rate": 0.13}, Verdict.BETTER, "fewer evaluations to the same gap"),
        ({"rate": 0.09}, Verdict.WORSE, "before 40 evaluations, gap"),
        ({"result": 0.31}, Verdict.WORSE, "digits less precise (one training, no test of significance), worse"),
        ({"epochs": 39}, Verdict.CHANGED, "no criterion moved beyond its gate"),
        ({"epochs": 20}, Verdict.WORSE, "less precise"),
        ({"error": ArithmeticError("no")}, Verdict.WORSE, "raises an exception, and did not before"),
    ],
)
def test_trainings_are_judged_like_runs(arguments, verdict, said):
    found = compare_tracked(record(**arguments), BEFORE)
    assert found.verdict == verdict, found
    assert said in found.text
    assert (found.before, found.unit) == (40, "evaluations")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"fmin": 0.2}, "fmin 0.3 is now 0.2"),
        ({"planned": 50}, "budget 40 is now 50"),
        ({"planned": None}, "budget 40 is now None"),
    ],
)
def test_another_task_is_not_comparable(arguments, said):
    found = compare_tracked(record(**arguments), BEFORE)
    assert found.verdict == Verdict.NOT_COMPARABLE
    assert said in found.text


def test_without_a_plan_the_evaluations_may_differ():
    found = compare_tracked(record(80, planned=None, rate=0.05), record(planned=None))
    assert found.verdict == Verdict.WORSE
    assert "more evaluations in all" in found.text
    assert compare_tracked(record(planned=None), record(planned=None)).verdict == Verdict.SAME


def test_a_gap_that_is_rounding_is_none():
    """With fmin 0.3, single precision cannot tell gaps of 1e-9 and 2e-8 apart."""
    found = compare_tracked(record(result=0.3 + 1e-9), record(result=0.3 + 2e-8))
    assert found.verdict == Verdict.SAME


def test_measures_that_are_maximised_are_compared():
    def accuracies(rate):
        run = training(fmin=0.0, rate=rate)
        loss = dataclasses.replace(run.landscape, fmin=-math.inf, fmax=1.0)
        trace = dataclasses.replace(run.trace, fun=1.0 - run.trace.fun / 16.0)
        return tracked(dataclasses.replace(run, landscape=loss, trace=trace, fun=1.0 - run.fun / 16.0)).record()

    before, now = accuracies(0.1), accuracies(0.07)
    assert before["conditions"]["fmax"] == 1.0
    assert "fmin" not in before["conditions"]
    assert compare_tracked(now, before).verdict == Verdict.WORSE
    found = compare_tracked(now, record(fmin=0.0))
    assert "fmin 0.0 is now None; fmax None is now 1.0" in found.text


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (training(0), "no loss was recorded"),
        (training(fmin=0.3, factor=-1.0), "below fmin = 0.3"),
        (dataclasses.replace(training(), fun=None), "the loss of the final weights is not known"),
        (dataclasses.replace(training(), stop_reason="unfinished"), "the training has not ended"),
    ],
)
def test_a_training_that_says_nothing_is_not_tracked(run, said):
    with pytest.raises(ValueError, match=f"^track: descent on square: .*{said}"):
        tracked(run)


def test_the_name_is_that_of_optimizer_and_loss():
    assert (tracked(training()).name, tracked(training(), "mine").name) == ("descent on square", "mine")
    with pytest.raises(TypeError, match="is a training, which has gates of its own; better does not apply"):
        tracked(training(), better="lower")


@given(st.lists(st.floats(0.0, 1e6, width=32) | st.just(math.nan), min_size=1, max_size=40), st.integers(1, 50))
def test_records_of_all_losses_are_records_and_the_same_as_themselves(losses, planned):
    recorder = record_training(budget=planned)
    with recorder:
        for loss in losses:
            recorder.step(loss)
    made = tracked(recorder.run).record()
    assert is_record(made)
    assert compare_tracked(made, made).verdict == Verdict.SAME
    other = compare_tracked({**made, "losses": "00000000"}, made)
    assert other.verdict == Verdict.SAME or math.isnan(np.array(losses)).all() or made["gap"] is None, other


@pytest.mark.parametrize(
    "change",
    [
        {"stop": "time"},
        {"gap": -1.0},
        {"gap": math.nan},
        {"evaluations": 0},
        {"evaluations": 1.5},
        {"descent": "v1"},
        {"descent": 3},
        {"conditions": {}},
        {"conditions": {**BEFORE["conditions"], "fmax": 1.0}},
        {"conditions": {**BEFORE["conditions"], "budget": 0}},
        {"conditions": {**BEFORE["conditions"], "fmin": "0"}},
        {"more": 1},
    ],
)
def test_other_values_are_no_record(change):
    assert is_record(BEFORE)
    assert not is_record({**BEFORE, **change})
