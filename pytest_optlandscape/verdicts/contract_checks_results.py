"""Checks of the contract on what an optimizer returns: the point, its value, what it says of itself."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.runs.run import feasible
from pytest_optlandscape.strategies.low_discrepancy import sobol_starts
from pytest_optlandscape.verdicts.contract_landscapes import nan_beyond
from pytest_optlandscape.verdicts.contract_trials import Complaint, Observed, Trial, require, trials_on

__all__ = [
    "check_claims_success_at_stationary_points",
    "check_never_claims_success_with_nan",
    "check_not_worse_than_best_seen",
    "check_not_worse_than_start",
    "check_reported_counts",
    "check_reported_value",
    "check_returns_finite_point",
    "check_survives_nan",
]

_SMALL_SLOPE = 1e-2
"""A projected gradient is small below this share of the median slope over the box. Gradient methods stop four decades
below it; methods that look at values alone end near 1e-3 on curved valleys."""


def check_returns_finite_point(optimizer: Any) -> None:
    """Check that from every start the optimizer returns a finite point of the right shape, without an exception."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | None:
        run = trial.observe().run
        if run.stop_reason in ("returned", "budget"):
            return None
        return Complaint(f"no usable result: {run.stop_reason} ({run.message})", run, trial, "r")

    require(optimizer, judge)


def check_reported_value(optimizer: Any) -> None:
    """Check that the value the optimizer reports is exactly the objective at the point it returns."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | None:
        seen = trial.observe()
        run = seen.run
        if not seen.ended_by_itself or run.reported_fun is None or run.reported_fun == run.fun:
            return None
        what = f"reports fun = {run.reported_fun!r}, but f(x) = {run.fun!r}"
        return Complaint(what, run, trial, f"r.fun, f({seen.point})")

    require(optimizer, judge)


def check_not_worse_than_best_seen(optimizer: Any) -> None:
    """Check that the returned point is not worse than the best feasible point that was evaluated."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | None:
        seen = trial.observe()
        run = seen.run
        box = run.bounds if trial.adapter.takes_bounds else np.array([[-np.inf, np.inf]] * run.landscape.dim)
        counts = np.isfinite(run.trace.fun) & feasible(run.trace.x, box, run.landscape)
        if not seen.ended_by_itself or not counts.any():
            return None
        best = float(run.trace.fun[counts].min())
        # One rounding of f: the value at the best point may have been computed in another order.
        if run.fun <= best + 4.0 * np.spacing(abs(best)):
            return None
        what = f"it saw f = {best:.6g}, but returned a point with f = {run.fun:.6g}"
        return Complaint(what, run, trial, f"min(f(x) for x in seen[:]), f({seen.point})")

    require(optimizer, judge)


def check_not_worse_than_start(optimizer: Any) -> None:
    """Check that the returned point is not worse than the start."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | None:
        seen = trial.observe()
        run, at_start = seen.run, float(trial.landscape(trial.x0))
        if not seen.ended_by_itself or run.fun <= at_start:
            return None
        what = f"f(x0) = {at_start:.6g}, but it returned a point with f = {run.fun:.6g}"
        return Complaint(what, run, trial, f"f({trial.x0.tolist()}), f({seen.point})")

    require(optimizer, judge)


def check_reported_counts(optimizer: Any) -> None:
    """Check that the evaluations an optimizer reports, ``nfev`` and ``njev``, are those that it made."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | None:
        seen = trial.observe()
        run = seen.run
        if not seen.ended_by_itself:
            return None
        for name, made in (("nfev", run.nfev), ("njev", run.njev)):
            reported = _count(getattr(seen.returned, name, None))
            if reported is not None and reported != made and (name == "nfev" or trial.adapter.uses_gradient):
                show = "r.nfev, len(seen)" if name == "nfev" else ""
                return Complaint(f"reports {name} = {reported}, but made {made}", run, trial, show, "count the calls")
        return None

    require(optimizer, judge)


def _count(reported: Any) -> int | None:
    try:
        return None if reported is None or isinstance(reported, bool) else int(np.asarray(reported).item())
    except (TypeError, ValueError, OverflowError):
        return None


def check_claims_success_at_stationary_points(optimizer: Any) -> None:
    """Check that where the optimizer claims success the projected gradient is small.

    Small is one hundredth of the median length of the gradient over the box.
    """
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | None:
        seen = trial.observe()
        run = seen.run
        if not seen.ended_by_itself or not run.claimed_success:
            return None
        gradients = trial.landscape.gradient(np.array(sobol_starts(trial.landscape, 64)))
        usual = float(np.median(np.linalg.norm(gradients, axis=1)))
        slope = _projected_slope(trial, seen)
        if slope <= _SMALL_SLOPE * usual:
            return None
        what = f"claims success where the projected gradient is {slope:.3g} long (median over the box {usual:.3g})"
        return Complaint(what, run, trial, f"r.success, r.x, g({seen.point})")

    require(optimizer, judge)


def _projected_slope(trial: Trial, seen: Observed) -> float:
    """Measure the gradient without what points out of the box."""
    gradient = trial.landscape.gradient(seen.run.x)
    if trial.adapter.takes_bounds:
        lower, upper = seen.run.bounds.T
        width = 1e-9 * (upper - lower)
        blocked = ((seen.run.x <= lower + width) & (gradient > 0)) | ((seen.run.x >= upper - width) & (gradient < 0))
        gradient = np.where(blocked, 0.0, gradient)
    return float(np.linalg.norm(gradient))


def _with_nan(adapter: Adapter) -> Iterator[Trial]:
    for name in ("sphere[2]", "rosenbrock[2]"):
        yield from trials_on(adapter, nan_beyond(name))


def check_never_claims_success_with_nan(optimizer: Any) -> None:
    """Check that where the objective is NaN beyond some line the optimizer does not claim success with NaN."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | None:
        seen = trial.observe()
        run = seen.run
        value = run.fun if run.reported_fun is None else run.reported_fun
        if not run.claimed_success or math.isfinite(value):
            return None
        return Complaint(f"claims success with fun = {value}", run, trial, f"r.success, f({seen.point})")

    require(optimizer, judge, _with_nan)


def check_survives_nan(optimizer: Any) -> None:
    """Check that where the objective is NaN beyond some line a finite start gives a finite point and value."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | None:
        seen = trial.observe()
        run = seen.run
        if not math.isfinite(trial.landscape(trial.x0)) or run.stop_reason == "budget":
            return None
        if run.stop_reason == "exception":
            return Complaint(f"no result: {run.message}", run, trial, "r")
        if run.stop_reason == "no-result" or (np.all(np.isfinite(run.x)) and math.isfinite(run.fun)):
            return None
        what = f"f(x0) is finite, but it returned {run.x.tolist()}, where f = {run.fun}"
        return Complaint(what, run, trial, f"f({trial.x0.tolist()}), {seen.point}, f({seen.point})")

    require(optimizer, judge, _with_nan)
