import dataclasses
import fractions

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_optlandscape import Landscape, landscapes, minimize
from pytest_optlandscape.comparison import Verdict
from pytest_optlandscape.comparison.tracked_comparison import Terms, compare_tracked, is_record, tracked
from pytest_optlandscape.records.robustness import Robustness
from pytest_optlandscape.runs import rate_interval

OPPOSITE = {Verdict.WORSE: Verdict.BETTER, Verdict.BETTER: Verdict.WORSE}


def number(value, **keywords):
    return tracked(value, "x", **keywords).record()


def rate(successes, trials):
    return tracked(rate_interval(successes, trials), "x").record()


@pytest.mark.parametrize(
    ("before", "now", "better", "verdict"),
    [
        (1.0, 1.1, "lower", Verdict.SAME),  # the gate itself is not beyond it
        (1.0, 1.11, "lower", Verdict.WORSE),
        (1.0, 1.11, "higher", Verdict.BETTER),
        (1.0, 1.11, "none", Verdict.CHANGED),
        (1.0, 0.89, "lower", Verdict.BETTER),
        (-1.0, -1.2, "lower", Verdict.BETTER),
        (-1.0, -0.8, "higher", Verdict.BETTER),
        (0.0, 1e-9, "lower", Verdict.WORSE),  # any move from 0 is beyond a share of it
        (0.0, 0.0, "lower", Verdict.SAME),
        (1e6, 1e6 + 0.4, "lower", Verdict.SAME),  # six digits are stored
    ],
)
def test_numbers_have_a_gate_and_a_direction(before, now, better, verdict):
    found = compare_tracked(number(now), number(before), Terms(better))
    assert found.verdict == verdict
    assert ("no test of significance" in found.text) == (verdict != Verdict.SAME)


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.floats(1e-3, 1e3))
def test_an_absolute_gate_is_the_same_both_ways(before, now, gate):
    for better, other in (("lower", "higher"), ("none", "none")):
        forth = compare_tracked(number(now), number(before), Terms(better, gate, True)).verdict
        assert compare_tracked(number(before), number(now), Terms(better, gate, True)).verdict == OPPOSITE.get(
            forth, forth
        )
        assert compare_tracked(number(now), number(before), Terms(other, gate, True)).verdict == OPPOSITE.get(
            forth, forth
        )


def test_units_and_kinds_are_not_compared_with_others():
    found = compare_tracked(number(1.0, unit="s"), number(1000.0, unit="ms"), Terms("lower"))
    assert (found.verdict, found.text) == (Verdict.NOT_COMPARABLE, "1 s, not compared: unit ms is now s")
    found = compare_tracked(rate(3, 4), number(0.75))
    assert (found.verdict, found.text) == (Verdict.NOT_COMPARABLE, "3 of 4, not compared: a number is now a rate")


@pytest.mark.parametrize("value", [3, np.float32(3.0), np.int64(3), np.array(3.0), fractions.Fraction(3)])
def test_real_numbers_of_all_kinds(value):
    assert number(value)["value"] == 3.0


@pytest.mark.parametrize("value", [True, np.True_, 3j, None, "3", [3.0], np.array([3.0])])
def test_what_is_no_real_number(value):
    with pytest.raises(TypeError, match=r"track takes what assert_robust or assert_tunable returns, a Run, .*; got "):
        number(value)


@pytest.mark.parametrize(
    ("now", "before", "verdict", "said"),
    [
        ((40, 40), (40, 40), Verdict.SAME, "40 of 40, the same rate"),
        ((20, 20), (40, 40), Verdict.SAME, "20 of 20, the same rate"),
        ((24, 40), (40, 40), Verdict.WORSE, "24 of 40, before 40 of 40: -40 points"),
        ((40, 40), (24, 40), Verdict.BETTER, "+40 points"),
        ((8, 10), (10, 10), Verdict.CHANGED, "-20 points (p = 0.47, Fisher's exact test), changed"),
        ((920, 1000), (1000, 1000), Verdict.CHANGED, "-8 points"),  # significant, but below the gate
    ],
)
def test_rates_have_a_test_and_a_gate(now, before, verdict, said):
    found = compare_tracked(rate(*now), rate(*before), Terms("higher"))
    assert found.verdict == verdict
    assert said in found.text
    turned = compare_tracked(rate(*now), rate(*before), Terms("lower")).verdict
    assert turned == OPPOSITE.get(verdict, verdict)


def test_what_assert_robust_returns_is_a_rate():
    made = tracked(Robustness(rate_interval(9, 10), 0.5, ()), "x")
    assert (made.kind, made.record()["successes"], made.terms) == ("rate", 9, Terms("higher"))


def stepping(steps, length=0.1):
    def optimizer(problem):
        x = problem.x0
        for _ in range(steps):
            x = x - length * problem.gradient(x)
            problem(x)
        return x

    return optimizer


def run_record(optimizer, **keywords):
    run = minimize(optimizer, "sphere[2]", **{"budget": 300, **keywords})
    return tracked(dataclasses.replace(run, optimizer="mine:step"), None).record()


BEFORE = run_record(stepping(60))


@pytest.mark.parametrize(
    ("optimizer", "verdict", "said"),
    [
        (stepping(60), Verdict.SAME, "60 evaluations, gap 4.23e-11, the same"),
        (stepping(60, 0.1 * (1 + 1e-15)), Verdict.SAME, "the same"),
        (stepping(61), Verdict.CHANGED, "no criterion moved beyond its gate (one run, no test of significance)"),
        (stepping(60, 0.05), Verdict.WORSE, "more evaluations to the targets"),
        (stepping(40), Verdict.WORSE, "less precise"),
        (stepping(10), Verdict.WORSE, "fails, and succeeded before"),
        (stepping(60, 0.2), Verdict.BETTER, "fewer evaluations to the targets"),
    ],
)
def test_runs_are_judged_by_the_suites_criteria(optimizer, verdict, said):
    found = compare_tracked(run_record(optimizer), BEFORE)
    assert found.verdict == verdict
    assert said in found.text
    assert (found.before, found.unit) == (60, "evaluations")


def test_a_run_that_raises_is_worse():
    def raises(problem):
        stepping(60)(problem)
        raise ArithmeticError

    found = compare_tracked(run_record(raises), BEFORE)
    assert found.verdict == Verdict.WORSE
    assert "ends without a result (exception), had one before" in found.text


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"budget": 400}, "budget 300 is now 400"),
        ({"seed": 3}, "seed 0 is now 3"),
        ({"x0": [1.0, 2.0]}, "start 3 is now 1,2"),
        ({"bounds": [(-4, 4)] * 2}, "bounds -5.12,5.12,-5.12,5.12 is now -4,4,-4,4"),
    ],
)
def test_runs_under_other_conditions_are_not_compared(keywords, said):
    found = compare_tracked(run_record(stepping(60), **keywords), BEFORE)
    assert found.verdict == Verdict.NOT_COMPARABLE
    assert found.text.endswith(f"not compared: {said}")


def test_a_run_whose_minimum_is_not_known_cannot_be_tracked():
    cut = landscapes.get("beale").within([(0, 2), (0, 1)])
    with pytest.raises(ValueError, match="is not known"):
        tracked(minimize("scipy:Powell", cut, budget=50))


def test_a_run_without_a_typical_gap_cannot_be_tracked():
    flat = Landscape("flat", lambda x: 0.0, bounds=[(-1, 1)], x0=[0.5], minimizers=[[0]], fmin=0.0)
    with pytest.raises(ValueError, match="a run on flat cannot be judged: the median of f over its box"):
        tracked(minimize("scipy:Powell", flat, budget=50))


def test_evaluations_of_constraints_of_a_run_count():
    def looking(times):
        def optimizer(problem):
            for _ in range(times):
                problem.constraints[0].fun(problem.x0)
            return stepping(20, 1e-4)(problem)

        run = minimize(optimizer, "rosenbrock_disk", budget=100)
        return tracked(dataclasses.replace(run, optimizer="mine:look")).record()

    found = compare_tracked(looking(50), looking(20))
    assert (found.verdict, "150 % more evaluations of constraints" in found.text) == (Verdict.WORSE, True)


RECORDS = {"number": number(1.5, unit="ms"), "rate": rate(3, 4), "run": BEFORE}


@pytest.mark.parametrize("kind", RECORDS)
def test_records_are_told_from_what_is_damaged(kind):
    record = RECORDS[kind]
    assert is_record(record)
    for key in record:
        assert not is_record({name: value for name, value in record.items() if name != key})
        assert not is_record({**record, key: [None]})
    assert not is_record({**record, "more": 1})
    for key, value in {"trials": 0, "successes": -1, "value": float("nan"), "better": "less", "cell": "x"}.items():
        if key in record:
            assert not is_record({**record, key: value})


def test_an_unknown_keyword_is_refused_by_the_name_of_the_fixture():
    with pytest.raises(TypeError, match=r'track\(\) takes no keyword \'direction\'; use better, which is "lower"'):
        tracked(1.0, "time", direction="lower")
    with pytest.raises(TypeError, match=r"track\(\): unknown keyword 'units'; did you mean 'unit'\?"):
        tracked(1.0, "time", units="s")
