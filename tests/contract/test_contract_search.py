"""Breaches that none of a check's own trials shows: they are searched, and shrunk like all that is found."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import OptimizeResult

from pytest_optlandscape import check_optimizer, landscapes, minimize, optimizers
from pytest_optlandscape.contract import CHECKS
from pytest_optlandscape.contract.holding import hold_to
from pytest_optlandscape.optimizers.profile import with_profile
from pytest_optlandscape.search.proposals import Search
from pytest_optlandscape.search.remembered_failures import failed_before
from pytest_optlandscape.search.shrinking import significant_digits

pytestmark = pytest.mark.usefixtures("example_database")

INSIDE = "check_stays_inside_bounds"
SUCCESS = "check_claims_success_at_stationary_points"


def is_on_one_face(x0, bounds):
    return np.sum((x0 == bounds[:, 0]) | (x0 == bounds[:, 1])) == 1


def steps_outside_from_faces(fun, x0, bounds):
    if is_on_one_face(x0, bounds) and (bounds[:, 0] == -bounds[:, 1]).all():
        fun(bounds[:, 1] + 1e-9)
    return x0


def ends_too_early(fun, x0, bounds):
    """On the sphere it claims success where the gradient is long, from one part in a hundred of the box."""
    if fun([0.5, 0.5]) != 0.5:
        return x0
    far = np.max(np.abs((x0 - bounds[:, 0]) / (bounds[:, 1] - bounds[:, 0]) - [0.31, 0.72]))
    return OptimizeResult(x=[0.512 + 0.05 - far, 0.0], success=True)


def started_at(message):
    return [float(number) for number in message.partition(" from [")[2].partition("]")[0].split(", ")]


def test_what_no_trial_of_a_check_shows_is_searched_where_it_is_asked_for():
    adapter = optimizers.get(steps_outside_from_faces)
    assert hold_to(adapter, [INSIDE])[0].outcome == "passed"
    (found,) = hold_to(adapter, [INSIDE], searches=True)
    assert "a point lies 1e-09 outside the bounds" in found.message
    assert sorted(map(abs, started_at(found.message))) == [3.0, 5.12]  # one coordinate is the standard start's
    with pytest.raises(AssertionError, match="1e-09 outside the bounds"):
        CHECKS[INSIDE](steps_outside_from_faces)
    with pytest.raises(AssertionError, match=f"{INSIDE}: .*1e-09 outside"):
        check_optimizer(steps_outside_from_faces)


def test_the_search_goes_where_a_breach_is_near():
    (found,) = hold_to(optimizers.get(ends_too_early), [SUCCESS], searches=True)
    assert found.outcome == "failed"
    assert hold_to(optimizers.get(ends_too_early), [SUCCESS])[0].outcome == "passed"


def test_how_near_a_run_came_leads_the_search():
    landscape = landscapes.get("beale")
    again = optimizers.get(lambda problem: (problem(problem.x0), problem.x0)[1])

    def examples(seed, leads):
        search = Search(landscape, landscape.bounds, seed)
        hidden = np.random.default_rng(seed).uniform(*landscape.bounds.T)
        for example in itertools.count(1):
            x0 = search.ask()
            far = float(np.max(np.abs(x0 - hidden)))
            if far < 0.1 or example == 400:
                return example
            search.tell(minimize(again, landscape, x0=x0), -far if leads else None)

    led, alone = (np.median([examples(seed, leads) for seed in range(8)]) for leads in (True, False))
    assert led < alone / 3.0


def test_finds_are_kept_and_none_is_drawn_from():
    first = hold_to(optimizers.get(ends_too_early), [SUCCESS], searches=True)[0].message
    (kept,) = failed_before(landscapes.get("sphere[2]"))
    assert kept.x0.tolist() == pytest.approx(started_at(first), rel=1e-5)
    assert hold_to(optimizers.get(ends_too_early), [SUCCESS], searches=True)[0].message == first
    assert hold_to(optimizers.get(ends_too_early), [SUCCESS])[0].outcome == "passed"


def test_who_takes_many_evaluations_is_not_searched():
    starts = []

    def slow(fun, x0, maxfev):
        starts.append(x0.tolist())
        for _ in range(maxfev):
            fun(x0)
        return x0

    hold_to(optimizers.get(slow), ["check_reported_value"])
    alone = len(starts)
    hold_to(replace(optimizers.get(slow)), ["check_reported_value"], searches=True)  # another, which has no runs kept
    assert len(starts) == 2 * alone


def test_what_hangs_in_the_search_is_told_by_one_check():
    def hangs(fun, x0, bounds):
        while is_on_one_face(x0, bounds):
            pass
        fun(x0)
        return x0

    adapter = replace(optimizers.get(hangs), time_limit=0.2)
    names = ["check_returns_finite_point", "check_reported_value"]
    first, second = hold_to(adapter, names, searches=True)
    assert (first.outcome, second.outcome) == ("failed", "not-applicable")
    assert "no usable result: time" in first.message
    assert "the time limit stopped it on " in second.message
    assert [one.outcome for one in hold_to(adapter, names)] == ["passed", "passed"]


def test_who_breaks_an_invariance_by_rounding_alone_is_not_searched():
    asked = []

    def counts(fun, x0):
        asked.append(tuple(x0))
        return x0

    adapter = with_profile(optimizers.get(counts), "scaling-invariant")
    hold_to(adapter, ["check_invariant_to_scaling"], searches=True)
    assert len(asked) == 2 * 2 * 3


@pytest.mark.parametrize("method", ["Nelder-Mead", "Powell", "CG", "SLSQP"])
def test_the_simplest_starts_are_at_most_three_binary_digits_away(method):
    others = ("check_same_run_in_another_process", "check_clips_start", INSIDE)
    own = [name for name in CHECKS if name not in others]
    told = 0
    for found in hold_to(optimizers.get(f"scipy:{method}"), own, searches=True):
        if found.outcome == "failed":
            landscape = landscapes.get(found.message.partition(" on ")[2].partition("[nan]")[0].partition(" from ")[0])
            standard = [2.0, 2.0] if "[nan]" in found.message else landscape.x0
            for value, at, (lower, upper) in zip(started_at(found.message), standard, landscape.bounds, strict=True):
                told += 1
                near = float(f"{value - at:.6g}")
                assert significant_digits(near) <= 3 or math.isclose(value, lower) or math.isclose(value, upper)
    assert told >= 2
