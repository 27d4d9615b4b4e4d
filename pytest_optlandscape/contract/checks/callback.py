"""Checks of the contract on callbacks, for optimizers that call one after each iteration.

As in SciPy, the arguments may be the point, the point and more, or a result whose ``x`` is the point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.contract.search import Held
from pytest_optlandscape.contract.trials import Complaint, Trial, trials
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.runs import Problem, Run
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["check_calls_callback", "check_hands_callback_own_points", "check_stops_on_request"]

FloatArray = NDArray[np.float64]

_FEWEST_EVALUATIONS = 20
"""A run of at least this many evaluations must call its callback. A shorter run may end in its first iteration."""


def point_of(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """Find the point among a callback's arguments; None if there is none.

    Examples
    --------
    >>> import types
    >>> point_of(([1.0, 2.0], "state"), {}), point_of((), {"intermediate_result": types.SimpleNamespace(x=[3.0])})
    ([1.0, 2.0], [3.0])
    """
    told = keywords.get("intermediate_result", keywords.get("xk", keywords.get("x", next(iter(arguments), None))))
    return getattr(told, "x", told)


class _CallbackProblem(Problem):
    """A problem whose callback every adapter passes on."""

    asks_for_callback = True

    def callback(self, *arguments: Any, **keywords: Any) -> Any:
        super().callback()
        self.called(point_of(arguments, keywords))

    def called(self, point: Any) -> None:
        """Take the point of a call."""


class _ResultProblem(_CallbackProblem):
    """A problem whose callback takes ``intermediate_result``. SciPy looks for that name."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        take = super().callback

        def callback(intermediate_result: Any) -> None:
            take(intermediate_result)

        self.callback = callback  # type: ignore[method-assign]


class _Keeps(_CallbackProblem):
    """A problem whose callback keeps the points, each with a copy."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.kept: list[tuple[FloatArray, bytes]] = []

    def called(self, point: Any) -> None:
        if isinstance(point, np.ndarray):
            self.kept.append((point, point.tobytes()))

    @property
    def overwritten(self) -> int:
        """The number of points that differ from their copies."""
        return sum(point.tobytes() != copy for point, copy in self.kept)


class _KeepsOfResults(_ResultProblem, _Keeps):
    """A problem whose callback keeps the points of results, each with a copy."""


class _Writes(_CallbackProblem):
    """A problem whose callback moves the points to a corner of the box."""

    def called(self, point: Any) -> None:
        if isinstance(point, np.ndarray) and point.flags.writeable:
            point[...] = self.landscape.bounds[:, 1]


class _Stops(_CallbackProblem):
    """A problem whose callback ends the run, and notes the evaluations at its first call."""

    at_first = 0

    def called(self, point: Any) -> None:
        self.at_first = self.at_first or max(self.nfev, self.njev)
        raise StopIteration


def _trials(adapter: Adapter) -> Iterator[Trial]:
    return trials(adapter, ("beale",) if adapter.is_global else ("beale", "sphere[2]", "booth"), starts=1)


def _longer_trials(adapter: Adapter) -> Iterator[Trial]:
    """Yield the trials, and one that takes even fast optimizers many iterations."""
    yield from _trials(adapter)
    yield from trials(adapter, ("rosenbrock[2]",), starts=1)


def check_calls_callback(held: Held) -> None:
    """Check that the callback is called with points of the right shape."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        points: list[Any] = []

        class Notes(_CallbackProblem):
            def called(self, point: Any) -> None:
                points.append(point)

        seen = trial.observe_anew(Notes)
        for point in points:
            if np.shape(point) != (trial.landscape.dim,):
                what = f"it calls the callback with {point!r:.60}, which is no point of shape ({trial.landscape.dim},)"
                return Complaint(what, seen.run, trial, how="print what the callback is called with")
        if not points and seen.ended_by_itself and _evaluations(seen.run) >= _FEWEST_EVALUATIONS:
            what = f"it made {_evaluations(seen.run)} evaluations, and never called the callback"
            return Complaint(what, seen.run, trial, how="count the calls of the callback")
        return None

    held.to(judge, _longer_trials, everywhere=False)


def _evaluations(run: Run) -> int:
    return max(run.nfev, run.njev)


def check_hands_callback_own_points(held: Held) -> None:
    """Check that points passed to the callback are not overwritten, and that the callback may overwrite them."""
    __tracebackhide__ = True
    kinds: list[Callable[..., Problem]] = [_Keeps]
    if held.adapter.hands_results_to_callback:
        kinds.append(_KeepsOfResults)

    def judge(trial: Trial) -> Complaint | float | None:
        for kind in kinds:
            seen = trial.observe_anew(kind)
            assert isinstance(seen.problem, _Keeps)
            if seen.problem.overwritten:
                of = " as intermediate_result.x" if kind is _KeepsOfResults else ""
                what = (
                    f"it wrote into {seen.problem.overwritten} of {number_of(len(seen.problem.kept), 'point')} that it "
                    f"had handed to the callback{of}"
                )
                how = "keep the point itself in the callback, and compare it with a copy after the run"
                return Complaint(what, seen.run, trial, how=how)
        disturbed = trial.observe_anew(_Writes).run
        if _are_alike(trial.observe().run, disturbed):
            return None
        if _are_alike(trial.observe_anew(_CallbackProblem).run, disturbed):  # any callback changes this run
            return None
        how = "have the callback write into its point"
        return Complaint("it goes elsewhere where the callback writes into its point", disturbed, trial, how=how)

    held.to(judge, _trials, everywhere=False)


def _are_alike(one: Run, other: Run) -> bool:
    pairs = (one.trace.x, other.trace.x), (one.x, other.x)
    return all(np.array_equal(*pair, equal_nan=True) for pair in pairs)


def check_stops_on_request(held: Held) -> None:
    """Check that StopIteration, raised in the callback, ends the run without a claim of success."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        usual, seen = trial.observe().run, trial.observe_anew(_Stops)
        run, problem = seen.run, seen.problem
        assert isinstance(problem, _Stops)
        if not problem.callbacks:
            return None
        how = "have the callback raise StopIteration"
        if run.stop_reason == "exception" and run.message.startswith("StopIteration"):
            what = "StopIteration, raised in the callback, leaves it; its profile says 'unstoppable' if that is meant"
            return Complaint(what, run, trial, how=how)
        if problem.callbacks > 1:
            times = number_of(problem.callbacks - 1, "time")
            what = f"it called the callback {times} more after StopIteration was raised in it"
            return Complaint(what, run, trial, how=how)
        if seen.ended_by_itself and run.claimed_success:
            return Complaint("it claims success after StopIteration was raised in the callback", run, trial, how=how)
        if _evaluations(run) >= _evaluations(usual) > problem.at_first:
            what = f"after StopIteration was raised in the callback it went on, to {_evaluations(run)} evaluations"
            return Complaint(what, run, trial, how=how)
        return None

    held.to(judge, _trials, everywhere=False)
