"""What goes wrong from some starts only: at corners, and where steps are too long or an optimizer hangs."""

import time
from dataclasses import replace

import contract_breakers as breakers
import numpy as np
import pytest

from pytest_optlandscape import optimizers
from pytest_optlandscape.contract import CHECKS
from pytest_optlandscape.contract.holding import hold_to
from pytest_optlandscape.optimizers.profile import with_profile

OTHER_PROCESS = "check_same_run_in_another_process"


def is_corner(x0, bounds):
    lower, upper = np.transpose(bounds)
    return bool(((x0 == lower) | (x0 == upper)).all() and (lower < upper).all())


def steps_outside(fun, x0, bounds, rng):
    if is_corner(x0, bounds):
        fun(np.array(x0) * 1.001)
    return breakers.search(fun, x0, bounds, rng).x


def raises(fun, x0, bounds, rng):
    if is_corner(x0, bounds):
        raise ArithmeticError("the trust region is empty")
    return breakers.search(fun, x0, bounds, rng).x


def changes_its_start(fun, x0, bounds, rng):
    found = breakers.search(fun, x0, bounds, rng).x
    if is_corner(x0, bounds):
        x0[:] = found
    return found


def reuses_its_array(fun, x0, bounds, rng):
    return (breakers.reuses_its_array if is_corner(x0, bounds) else breakers.search)(fun, x0, bounds, rng).x


def draws_globally(fun, x0, bounds, rng):
    if is_corner(x0, bounds):
        np.random.random()
    return breakers.search(fun, x0, bounds, rng).x


@pytest.mark.parametrize(
    ("optimizer", "names", "said"),
    [
        (steps_outside, ["check_stays_inside_bounds"], "outside the bounds"),
        (raises, ["check_returns_finite_point", "check_survives_nan"], "ArithmeticError: the trust region is empty"),
        (changes_its_start, ["check_keeps_start_unchanged"], "it wrote into the array x0"),
        (reuses_its_array, ["check_hands_out_own_points"], "arrays that it had handed to f"),
        (draws_globally, ["check_leaves_global_random_state"], r"touched \(numpy.random\)"),
    ],
)
def test_what_is_wrong_at_corners_alone_is_seen(optimizer, names, said):
    failed = [one for one in hold_to(optimizers.get(optimizer), set(CHECKS) - {OTHER_PROCESS}) if one.is_breach]
    assert sorted(one.check for one in failed) == sorted(names)
    for one in failed:
        with pytest.raises(AssertionError, match=said):
            raise AssertionError(one.message)


def hangs(fun, x0, bounds):
    while is_corner(x0, bounds):
        pass
    fun(np.clip(x0, *np.transpose(bounds)))
    return np.clip(x0, *np.transpose(bounds))


def test_an_optimizer_that_hangs_is_told_once_and_judged_no_further():
    found = {one.check: one for one in hold_to(replace(optimizers.get(hangs), time_limit=0.2))}
    assert [name for name, one in found.items() if one.outcome == "failed"] == ["check_returns_finite_point"]
    assert "no usable result: time" in found["check_returns_finite_point"].message
    assert "the time limit stopped it on " in found["check_stays_inside_bounds"].message


def evaluates_slowly(fun, x0, maxfev):
    for _ in range(maxfev):
        time.sleep(0.01)
        fun(x0)
    return x0


def test_a_slow_machine_breaks_nothing():
    (found,) = hold_to(replace(optimizers.get(evaluates_slowly), time_limit=0.2), ["check_returns_finite_point"])
    assert found.outcome == "not-applicable"
    assert "the time limit stopped it on " in found.message


def descends(fun, x0, jac, maxfev, step=0.02):
    """Gradient descent whose step is the user's."""
    x = np.array(x0, dtype=float)
    for _ in range(maxfev):
        fun(x)
        with np.errstate(all="ignore"):
            x = x - step * jac(x)
    return x


def divides_by_zero(fun, x0, jac, maxfev):
    """It makes NaN of a gradient of 0, close by."""
    x = np.array(x0, dtype=float)
    for _ in range(maxfev):
        fun(x)
        gradient = jac(x)
        with np.errstate(all="ignore"):
            x = x - np.minimum(0.1, np.abs(gradient)) * gradient / np.abs(gradient)
    return x


def test_who_has_no_end_may_run_away_and_nothing_else():
    name = "check_returns_finite_point"
    endless, ending = (with_profile(optimizers.get(descends), word) for word in ("endless", "ending"))
    assert hold_to(endless, [name])[0].outcome == "passed"
    assert hold_to(ending, [name])[0].outcome == "failed"
    assert hold_to(with_profile(optimizers.get(divides_by_zero), "endless"), [name])[0].outcome == "failed"


def test_who_has_no_end_is_given_few_evaluations():
    longest = []

    def counts(problem):
        longest.append(problem.remaining)
        return problem.x0

    hold_to(with_profile(optimizers.get(counts), "endless"), ["check_reported_value"])
    hold_to(optimizers.get(counts), ["check_reported_value"])
    assert set(longest) == {300, 10_000}
