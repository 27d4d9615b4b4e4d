"""Checks of the contract on arrays: who owns them, who may write to them, and which kinds a start may have."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.contract.search import Held
from pytest_optlandscape.contract.trials import Complaint, Trial, trials
from pytest_optlandscape.runs import Problem

__all__ = [
    "check_copies_gradients",
    "check_hands_out_own_points",
    "check_keeps_start_unchanged",
    "check_takes_any_start",
]

FloatArray = NDArray[np.float64]


def check_keeps_start_unchanged(held: Held) -> None:
    """Check that the optimizer does not write into the array passed as the start."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        run = trial.observe().run
        if not run.start_was_changed:
            return None
        how = "keep the array x0, and compare it with a copy after the run"
        return Complaint("it wrote into the array x0 that it was handed", run, trial, how=how)

    held.to(judge)


def check_hands_out_own_points(held: Held) -> None:
    """Check that arrays passed to the objective are not overwritten later: the objective may keep them."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        overwritten, handed = trial.overwritten()
        if not overwritten:
            return None
        what = f"it wrote into {overwritten} of {handed} arrays that it had handed to f"
        how = "keep x itself in f, and compare it with a copy after the run"
        return Complaint(what, trial.seen[-1].run, trial, how=how)

    held.to(judge)


class _ReusingProblem(Problem):
    """A problem that returns every gradient in the same array."""

    def gradient(self, x: ArrayLike) -> FloatArray:
        fresh = super().gradient(x)
        if not hasattr(self, "_buffer"):
            self._buffer = np.empty_like(fresh)
        self._buffer[:] = fresh
        return self._buffer


def check_copies_gradients(held: Held) -> None:
    """Check that the run is the same if the gradient function overwrites and returns one array."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        usual, run = trial.observe().run, trial.observe_anew(_ReusingProblem).run
        if np.array_equal(usual.trace.x, run.trace.x, equal_nan=True):
            return None
        how = "have the gradient function write into one array, and return that every time"
        return Complaint("it relies on gradients that it did not copy", run, trial, how=how)

    held.to(judge, lambda adapter: trials(adapter, starts=1), everywhere=False)


class _IntegerStart(Problem):
    """A problem whose start is an array of integers."""

    kind = "an integer array"

    def watched_x0(self) -> Any:
        return self._as(super().watched_x0())

    @staticmethod
    def _as(x0: FloatArray) -> Any:
        return x0.astype(np.int64)


class _ListStart(_IntegerStart):
    """A problem whose start is a list."""

    kind = "a list"

    @staticmethod
    def _as(x0: FloatArray) -> Any:
        return x0.tolist()


class _SinglePrecisionStart(_IntegerStart):
    """A problem whose start has single precision."""

    kind = "a float32 array"

    @staticmethod
    def _as(x0: FloatArray) -> Any:
        return x0.astype(np.float32)


def check_takes_any_start(held: Held) -> None:
    """Check that a start may be an integer array, a list or a float32 array. Only its numbers count."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        x0 = np.round(trial.x0)
        usual = trial.observe() if np.array_equal(x0, trial.x0) else trial.observe_anew(x0=x0)
        if not usual.ended_by_itself:
            return None
        for kind in (_IntegerStart, _ListStart, _SinglePrecisionStart):
            run = trial.observe_anew(kind, x0=x0).run
            if run.stop_reason != "returned":
                what = f"it does not take {kind.kind} for a start: {run.message or run.stop_reason}"
                return Complaint(what, run, trial, how=f"hand it x0 as {kind.kind}")
            # In single precision a run may end a little earlier.
            if run.fun > usual.run.fun + 1e-3 * abs(float(trial.landscape(x0)) - usual.run.fun):
                what = f"from {kind.kind} it ends at f = {run.fun:.6g}, from floats at {usual.run.fun:.6g}"
                return Complaint(what, run, trial, how=f"hand it x0 as {kind.kind}")
        return None

    held.to(judge, lambda adapter: trials(adapter, ("booth", "beale"), starts=2), everywhere=False)
