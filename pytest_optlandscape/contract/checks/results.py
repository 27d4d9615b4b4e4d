"""Checks of the contract on results: the returned point, its value, the reported counts and the claim of success."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.contract.landscapes import SMALL, nan_beyond
from pytest_optlandscape.contract.search import Held
from pytest_optlandscape.contract.trials import Complaint, StoppedByTime, Trial, trials, trials_on
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.optimizers.profile import obstacle
from pytest_optlandscape.runs import Run
from pytest_optlandscape.runs.run import inside

__all__ = [
    "check_claims_success_at_stationary_points",
    "check_evaluates_start",
    "check_never_claims_success_with_nan",
    "check_not_worse_than_best_seen",
    "check_not_worse_than_start",
    "check_reported_counts",
    "check_reported_value",
    "check_returns_finite_point",
    "check_survives_nan",
]

FloatArray = NDArray[np.float64]

_LONG_STEP = 0.1
"""The longest projected gradient where success is claimed, as a share of the shortest side of the box. If f is strongly
curved, methods that use only values may rightly end at a twentieth. Runs that end on a wrong bound, or too early,
exceed a tenth."""


_ROUNDING = 1e-12
"""The tolerance for values, in units of f at the start. Points of finite differences are no candidates for the result.
They may be better by the curvature times their squared distance, 1e-16."""


_SAME_POINT, _SAME_POINT_IN_HALF = 1e-6, 1e-2
"""How far from the start its evaluation may lie, in units of the box, or of the start if that is larger. Scaling to a
unit box and back shifts a point by 1e-16, single precision by 1e-7, half precision by 1e-3."""

_HALF = ("float16", "bfloat16")

_FAR_AWAY = 1e3
"""How far a diverging run goes before it becomes NaN, in units of the farthest edge of the box. A 0/0 stays nearer."""


def check_returns_finite_point(held: Held) -> None:
    """Check that the optimizer returns a finite point of the right shape from every start, without an exception.

    An optimizer that never ends by itself may diverge, as gradient descent does with too long a step. A timeout is no
    breach if the run still evaluates: the machine may be slow. A run that hangs is a breach.
    """
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        try:
            run = trial.observe().run
        except StoppedByTime as stopped:
            run = stopped.run
            if not run.has_stalled:
                raise
        if run.stop_reason in ("returned", "budget") or _ran_away(trial, run):
            return None
        return Complaint(f"no usable result: {run.stop_reason} ({run.message})", run, trial, "r")

    held.to(judge)


def _ran_away(trial: Trial, run: Run) -> bool:
    """Return whether an optimizer that never ends by itself diverged far beyond the box, to a non-finite point."""
    if run.stop_reason != "non-finite" or trial.adapter.ends_by_itself:
        return False
    farthest = float(np.nan_to_num(np.abs(run.trace.x), nan=0.0).max(initial=0.0))
    return farthest > _FAR_AWAY * float(np.abs(run.bounds).max())


def check_reported_value(held: Held) -> None:
    """Check that the reported value is exactly the objective at the returned point."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        seen = trial.observe()
        run = seen.run
        if not seen.ended_by_itself or run.reported_fun is None or run.reported_fun == run.fun:
            return None
        what = f"reports fun = {run.reported_fun!r}, but f(x) = {run.fun!r}"
        return Complaint(what, run, trial, f"r.fun, f({seen.point})")

    held.to(judge)


def check_not_worse_than_best_seen(held: Held) -> None:
    """Check that the returned point is not worse than the best feasible point evaluated."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        seen = trial.observe()
        run = seen.run
        counts = np.isfinite(run.trace.fun)
        if trial.adapter.takes_bounds:
            counts &= inside(run.trace.x, run.bounds)
        if not seen.ended_by_itself or not counts.any():
            return None
        best = float(run.trace.fun[counts].min())
        if run.fun <= best + rounding_of(trial):
            return run.fun - best
        what = f"it saw f = {best:.6g}, but returned a point with f = {run.fun:.6g}"
        return Complaint(what, run, trial, f"min(f(x) for x in seen[:]), f({seen.point})")

    held.to(judge)


def rounding_of(trial: Trial) -> float:
    """Return the largest difference of values that counts as rounding."""
    return _ROUNDING * max(1.0, abs(float(trial.landscape(trial.x0))))


def check_not_worse_than_start(held: Held) -> None:
    """Check that the returned point is not worse than the start."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        seen = trial.observe()
        run, at_start = seen.run, float(trial.landscape(trial.x0))
        if not seen.ended_by_itself:
            return None
        if run.fun <= at_start + rounding_of(trial):
            return run.fun - at_start
        what = f"f(x0) = {at_start:.6g}, but it returned a point with f = {run.fun:.6g}"
        return Complaint(what, run, trial, f"f({trial.x0.tolist()}), f({seen.point})")

    held.to(judge, lambda adapter: trials(adapter, (*SMALL, "eggholder")))


def check_evaluates_start(held: Held) -> None:
    """Check that the optimizer evaluates its start.

    An optimizer that never reads the start is not judged.
    """
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        seen = trial.observe()
        run = seen.run
        if not seen.ended_by_itself or not trial.start_was_read:
            return None
        share = _SAME_POINT_IN_HALF if trial.adapter.setting.get("dtype", "") in _HALF else _SAME_POINT
        away = np.abs(run.trace.x - trial.x0).max(axis=1)
        far = float(np.nan_to_num(away, nan=np.inf).min(initial=math.inf))
        if far <= share * max(float(np.ptp(run.bounds, axis=1).max()), float(np.abs(trial.x0).max())):
            return None
        what = f"never evaluates the start; the nearest point that it evaluates is {far:.3g} away"
        show = f"min(max(abs(a - b) for a, b in zip(x, {trial.x0.tolist()})) for x in seen)"
        return Complaint(what, run, trial, show)

    held.to(judge, everywhere=False)


def check_reported_counts(held: Held) -> None:
    """Check that the reported ``nfev`` and ``njev`` equal the evaluations made."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
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

    held.to(judge)


def _count(reported: Any) -> int | None:
    try:
        return None if reported is None or isinstance(reported, bool) else int(np.asarray(reported).item())
    except (TypeError, ValueError, OverflowError):
        return None


def check_claims_success_at_stationary_points(held: Held) -> None:
    """Check that the projected gradient is small if the optimizer claims success.

    The projected gradient is the step from x to x - gradient, clipped to the box. It may be as long as a tenth of the
    shortest side of the box.
    """
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        seen = trial.observe()
        run = seen.run
        if not seen.ended_by_itself or not run.claimed_success:
            return None
        step = _projected_gradient(trial, run.x)
        if step <= _LONG_STEP * float(np.ptp(run.bounds, axis=1).min()):
            return step
        what = f"claims success at {run.x}, where the projected gradient is {step:.3g} long"
        return Complaint(what, run, trial, f"r.success, r.x, g({seen.point})")

    held.to(judge)


def _projected_gradient(trial: Trial, x: FloatArray) -> float:
    """Return the largest coordinate of the step from x to x - gradient, clipped to the box."""
    there = x - trial.landscape.gradient(x)
    if trial.adapter.takes_bounds:
        there = np.clip(there, *trial.landscape.bounds.T)
    return float(np.abs(there - x).max())


def _with_nan(adapter: Adapter) -> Iterator[Trial]:
    for name in ("sphere[2]", "rosenbrock[2]"):
        landscape = nan_beyond(name)
        if not obstacle(adapter, landscape):
            yield from trials_on(adapter, landscape)


def check_never_claims_success_with_nan(held: Held) -> None:
    """Check that the optimizer never claims success with NaN if the objective is NaN beyond a line."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        seen = trial.observe()
        run = seen.run
        value = run.fun if run.reported_fun is None else run.reported_fun
        if not run.claimed_success or math.isfinite(value):
            return None
        return Complaint(f"claims success with fun = {value}", run, trial, f"r.success, f({seen.point})")

    held.to(judge, _with_nan)


def check_survives_nan(held: Held) -> None:
    """Check that a finite start leads to a finite point and value if the objective is NaN beyond a line.

    An optimizer with ``refuses-nan`` in its profile may raise an exception instead.
    """
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        seen = trial.observe()
        run = seen.run
        if not math.isfinite(trial.landscape(trial.x0)) or run.stop_reason == "budget":
            return None
        if run.stop_reason == "exception" and trial.adapter.refuses_nan:
            return None
        if run.stop_reason == "exception":
            what = f"no result: {run.message}; its profile says 'refuses-nan' if that is documented"
            return Complaint(what, run, trial, "r")
        if run.stop_reason == "no-result" or (np.all(np.isfinite(run.x)) and math.isfinite(run.fun)):
            return None
        what = f"f(x0) is finite, but it returned {run.x.tolist()}, where f = {run.fun}"
        return Complaint(what, run, trial, f"f({trial.x0.tolist()}), {seen.point}, f({seen.point})")

    held.to(judge, _with_nan)
