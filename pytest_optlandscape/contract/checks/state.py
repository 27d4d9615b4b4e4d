"""Checks of the contract on state: the optimizer's own, which can be saved, and the process's, which others share."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.contract.checks.repetition import run_hash
from pytest_optlandscape.contract.search import Held
from pytest_optlandscape.contract.trials import Complaint, NotApplicable, Trial, trials
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.optimizers.protocol import Interruption
from pytest_optlandscape.runs import Problem, Run
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["check_restores_state_after_exception", "check_resumes_from_saved_state"]

FloatArray = NDArray[np.float64]

_AFTER = (1, 10, 57)
"""A run is interrupted after so many evaluations: at the first step, soon after it, and when averages have settled."""


_COMPARED = 50
"""The number of evaluations compared after an interruption. In later evaluations rounding grows too large."""

_ROUNDING = 1e-5
"""The tolerance, in units of the path length since the interruption. Casting the state to single precision first moves
a run by 1e-7 of that length. Losing a part of the state moves it by at least a thousandth."""


def check_resumes_from_saved_state(held: Held) -> None:
    """Check that a run stays the same if its state is saved and a fresh optimizer loads it and continues.

    Differences of rounding are accepted: libraries cast the numbers that they load.
    """
    __tracebackhide__ = True
    if held.adapter.interrupted(Interruption(1)) is None:
        raise NotApplicable("its runs cannot be interrupted: no state of it can be saved in between")

    def judge(trial: Trial) -> Complaint | float | None:
        usual = trial.observe_anew()
        interruptions = [Interruption(after) for after in _AFTER]
        for interruption in interruptions:
            complaint = _complaint(trial, usual.run, interruption)
            if complaint is not None:
                return complaint
        if not any(interruption.happened for interruption in interruptions):
            raised = f" by an exception: {usual.run.message}" if usual.run.stop_reason == "exception" else ""
            raise NotApplicable(f"its run ended before it could be interrupted{raised}")
        return None

    def among(adapter: Adapter) -> Iterator[Trial]:
        return itertools.islice(trials(adapter, ("beale", "booth"), starts=1), 1)  # Beale's is too high for float16

    held.to(judge, among, everywhere=False)


def _complaint(trial: Trial, usual: Run, interruption: Interruption) -> Complaint | None:
    interrupted = trial.adapter.interrupted(interruption)
    assert interrupted is not None
    run = trial.with_adapter(interrupted).observe_anew().run
    if interruption.refusal:
        raise NotApplicable(interruption.refusal)
    if run_hash(run) == run_hash(usual):
        return None
    at = interruption.after
    divergence = _divergence(usual.trace.x, run.trace.x, at)
    if run.stop_reason == "exception" and usual.stop_reason != "exception":
        what = f"after {number_of(at, 'evaluation')} its state could not be saved and loaded: {run.message}"
    elif run_hash(trial.observe_anew().run) != run_hash(usual):
        return None  # it never repeats a run: another check says so
    elif divergence is None:
        return None
    else:
        where = f"from evaluation {divergence} on"
        what = f"after {number_of(at, 'evaluation')} a fresh optimizer loaded its state, and went elsewhere {where}"
    after = f"after {number_of(at, 'evaluation')} ({interruption.means})"
    how = f"save its state {after}, load it into a new optimizer, go on with that"
    return Complaint(what, run, trial, how=how)


def _divergence(usual: FloatArray, points: FloatArray, after: int) -> int | None:
    """Return the first evaluation, from 1, that differs from the usual run by more than rounding; None if none does.

    Parameters
    ----------
    usual, points : ndarray, shapes (n, dim) and (m, dim)
        The points of the two runs.
    after : int
        Evaluations before the interruption.
    """
    first = max(after - 1, 0)
    last = min(first + _COMPARED, len(usual), len(points))
    steps = np.abs(np.diff(usual[first:last], axis=0)).max(axis=1, initial=0.0)
    way = np.concatenate([[0.0], np.cumsum(steps)])
    with np.errstate(invalid="ignore"):
        apart = np.abs(points[first:last] - usual[first:last]).max(axis=1, initial=0.0)
        differs = ~((apart <= _ROUNDING * way) | np.all(points[first:last] == usual[first:last], axis=1))
    differs &= ~(np.isnan(points[first:last]) & np.isnan(usual[first:last])).all(axis=1)
    if differs.any():
        return first + int(np.argmax(differs)) + 1
    shortest, longest = sorted((len(usual), len(points)))
    return shortest + 1 if shortest < longest and shortest <= last else None


_RAISES_IN = (1, 3, 10)
"""The evaluations in which the objective raises: the first, an early one, and one on the way."""


class ObjectiveError(ArithmeticError):
    """The error that the objective raises on purpose."""


class _RaisingProblem(Problem):
    """A problem whose objective raises in a given evaluation."""

    def __init__(self, *arguments: Any, raises_in: int, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._calls_left = raises_in
        inner = self.fun

        def fun(x: Any) -> Any:
            self._raise_when_due()
            return inner(x)

        self.fun = fun

    def residuals(self, x: ArrayLike) -> FloatArray:
        self._raise_when_due()
        return super().residuals(x)

    def _raise_when_due(self) -> None:
        self._calls_left -= 1
        if self._calls_left == 0:
            raise ObjectiveError("the objective raises here, to see what is left behind")


def check_restores_state_after_exception(held: Held) -> None:
    """Check that the process is unchanged after the objective raises, and after the budget ends the run.

    The check compares NumPy's error handling and print options, the warning filters, the decimal context, the recursion
    limit, the garbage collector, and everything else that the session restores after a run. It compares the global
    random state if an ordinary run does not change it.
    """
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        usual = trial.observe()
        for k in _RAISES_IN:
            if usual.run.nfev <= k:
                break
            raising = trial.observe_anew(functools.partial(_RaisingProblem, raises_in=k))
            stopped = dataclasses.replace(trial, budget=k).observe_anew()
            for seen, when in (
                (raising, f"the objective raises in evaluation {k}"),
                (stopped, f"a budget of {k} evaluations ends its run"),
            ):
                states = [f"the global state of {name}" for name in seen.touched if name not in usual.touched]
                left = [*(seen.left or seen.run.side_effects), *states]
                if left:
                    what = f"where {when}, it leaves changed behind: {', '.join(left)}"
                    return Complaint(what, seen.run, trial, how=f"have f raise, and look at {left[0]} before and after")
        return None

    held.to(judge, lambda adapter: trials(adapter, ("booth", "rosenbrock[2]"), starts=2), everywhere=False)
