"""Coverage is computed exactly, by following the distribution of the successes from look to look."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pytest_optlandscape.records.sequential import Look, Plan, plan
from pytest_optlandscape.runs.rates import rate_interval
from pytest_optlandscape.suites.low_discrepancy import sobol


def endings(planned, rate):
    """Every way to end: probability, number of the look, successes, decision; exact for runs that are alike."""
    rate = 0.0 if rate < 1e-300 else rate  # the same to 290 digits, and SciPy 1.10 overflows there
    alive = np.array([1.0])
    before = 0
    found = []
    for look, each in enumerate(planned.looks):
        alive = np.convolve(alive, stats.binom.pmf(np.arange(each.trials - before + 1), each.trials - before, rate))
        before = each.trials
        for successes in np.flatnonzero(alive > 1e-15):
            decision = planned.decision(look, int(successes))
            if decision != "go on":
                found.append((alive[successes], look, int(successes), decision))
                alive[successes] = 0.0
    return found


def misses(planned, rate):
    below = above = 0.0
    for probability, look, successes, _ in endings(planned, rate):
        interval = planned.interval(look, successes)
        below += probability * (interval.upper < rate)
        above += probability * (interval.lower > rate)
    return below, above


@pytest.mark.parametrize(("required", "trials"), [(0.9, 44), (0.9, 100), (0.5, 60), (0.95, 212)])
@pytest.mark.parametrize("confidence", [0.99, 0.9])
def test_both_bounds_cover_whatever_made_it_stop(required, trials, confidence):
    planned = plan(required, trials, confidence)
    for rate in [*np.linspace(0.02, 0.98, 13), required - 1e-3, required, required + 1e-3, 0.999]:
        assert max(misses(planned, rate)) <= 1.0 - confidence + 1e-9


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    design=st.tuples(
        st.floats(0.05, 0.97), st.integers(1, 8), st.integers(1, 15), st.floats(0.5, 0.999), st.booleans()
    ),
    rate=st.floats(0.0, 1.0),
)
def test_any_plan_covers(design, rate):
    required, step, rounds, confidence, sequential = design
    planned = plan(required, step * rounds, confidence, step=step, sequential=sequential)
    assert [look.trials % step for look in planned.looks] == [0] * len(planned.looks)
    assert planned.looks[-1].trials == step * rounds
    assert sum(look.lower_error for look in planned.looks) <= 1.0 - confidence + 1e-12
    assert sum(look.upper_error for look in planned.looks) <= 1.0 - confidence + 1e-12
    found = endings(planned, rate)
    assert sum(probability for probability, *_ in found) == pytest.approx(1.0, abs=1e-9)
    assert max(misses(planned, rate)) <= 1.0 - confidence + 1e-9


def test_looking_without_paying_for_it_would_not_cover():
    planned = plan(0.9, 200, 0.99)
    looks = tuple(Look(look.trials, 0.01, 0.01) for look in planned.looks)
    assert misses(Plan(0.9, 0.99, looks), 0.899)[1] > 0.01 > misses(planned, 0.899)[1]


def test_it_costs_little_power_and_saves_many_runs():
    planned = plan(0.9, 300, 0.99)
    for rate, most_lost in [(0.95, 0.07), (0.97, 0.02), (0.99, 1e-3)]:
        fixed = sum(stats.binom.pmf(k, 300, rate) for k in range(301) if rate_interval(k, 300, 0.99).lower >= 0.9)
        shown = sum(probability for probability, *_, decision in endings(planned, rate) if decision == "shown")
        assert fixed - shown < most_lost

    def expected(rate):
        return sum(probability * planned.looks[look].trials for probability, look, *_ in endings(planned, rate))

    assert expected(1.0) < 100
    assert expected(0.5) < 30
    assert expected(0.8) < 150


def test_a_small_number_of_starts_keeps_its_whole_error_for_the_end():
    planned = plan(0.9, 44, 0.99)
    assert planned.decision(len(planned.looks) - 1, 44) == "shown"
    assert planned.decision(0, 0) == "refuted"


def test_runs_of_several_kinds_are_covered():
    """Equal numbers of each kind, whose rates differ: no more misses than stated, up to five sigma of a simulation."""
    planned = plan(0.8, 120, 0.9, step=4)
    decision, interval = functools.cache(planned.decision), functools.cache(planned.interval)
    rng = np.random.default_rng(0)
    for rates in [(1.0, 1.0, 1.0, 0.2), (0.9, 0.8, 0.7, 0.8), (0.95, 0.65, 0.95, 0.65)]:
        outcomes = rng.random((4000, 30, 4)) < np.array(rates)
        counts = outcomes.reshape(4000, 120).cumsum(axis=1)[:, [each.trials - 1 for each in planned.looks]].tolist()
        missed = [0, 0]
        for row in counts:
            look = next(k for k, successes in enumerate(row) if decision(k, successes) != "go on")
            missed[0] += interval(look, row[look]).lower > np.mean(rates)
            missed[1] += interval(look, row[look]).upper < np.mean(rates)
        assert max(missed) <= 4000 * 0.1 + 5 * np.sqrt(4000 * 0.09)


@pytest.mark.parametrize(
    ("succeeds", "rate"),
    [
        (lambda x: x[..., 0] + x[..., 1] < 1.4, 1 - 0.18),
        (lambda x: ((x - 0.5) ** 2).sum(-1) > 0.04, 1 - 0.04 * np.pi),
        (lambda x: np.modf(37.3 * x[..., 0] + 61.7 * x[..., 1])[0] < 0.9, None),
    ],
    ids=["half-plane", "disk", "fine stripes"],
)
def test_even_starts_only_make_the_bounds_safer(succeeds, rate):
    """Over random shifts of the Sobol' points; regions that alternate exactly with the lattice are another matter."""
    rng = np.random.default_rng(1)
    if rate is None:
        rate = float(succeeds(rng.random((10**6, 2))).mean())
    points = (sobol(100, 2) + rng.random((2000, 1, 2))) % 1.0
    counts = succeeds(points).sum(axis=1)
    for confidence in (0.9, 0.99):
        intervals = {k: rate_interval(int(k), 100, confidence) for k in set(counts.tolist())}
        assert np.mean([intervals[k].lower > rate for k in counts.tolist()]) <= 1 - confidence
        assert np.mean([intervals[k].upper < rate for k in counts.tolist()]) <= 1 - confidence
