"""Holding an optimizer to one property at one start after the other.

A trial is an optimizer on a landscape from a start. A judge looks at one and complains, or says how near it came to a
complaint. `contract_search` goes through the trials of a check.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.runs import Problem, Run, execute
from pytest_optlandscape.strategies.low_discrepancy import sobol_starts
from pytest_optlandscape.verdicts.contract_landscapes import landscapes_for

__all__ = [
    "Breach",
    "Complaint",
    "Judge",
    "NotApplicable",
    "Observed",
    "StoppedByTime",
    "Trial",
    "numbers",
    "observe",
    "trials",
    "trials_on",
]

FloatArray = NDArray[np.float64]
Judge = Callable[["Trial"], "Complaint | float | None"]
"""From a trial to a complaint; or to how near it came to one, more being nearer; or None where that has no size."""

MOST_EVALUATIONS = 10_000
"""The budget of a trial: well-known methods end by themselves within it on two variables."""

_EVALUATIONS_OF_THE_ENDLESS = 300
"""The budget of an optimizer that has no end of its own: its runs show in a few hundred steps what they will do, and in
10 000, of 0.2 ms each with a library of tensors, the contract would take minutes."""

_KEPT_OPTIMIZERS = 4
_FOR_GLOBAL = ("sphere[2]", "beale", "rastrigin[2]", "adjiman")
_GLOBAL_STARTS = 2
"""Global optimizers take thousands of evaluations a run, and make little of their start."""


class Breach(AssertionError):  # noqa: N818 - it is a failed assertion, and is caught as one
    """An optimizer breaks a property of the contract; the message says where and how to see it."""


class NotApplicable(Exception):  # noqa: N818 - no error
    """A property cannot be asked of this optimizer; the message says why."""


class StoppedByTime(NotApplicable):
    """The time limit stopped a run: where it was by then depends on the machine, so nothing else is asked of it."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"the time limit stopped it on {run.landscape.id} from {numbers(run.x0)}")
        self.run = run


@dataclass(frozen=True, eq=False)
class Observed:
    """A run, and the very object that the optimizer returned."""

    run: Run
    returned: Any
    problem: Problem

    @property
    def point(self) -> str:
        """The point in what was returned, where that is called ``r``."""
        return "r.x" if hasattr(self.returned, "x") else "r"

    @property
    def ended_by_itself(self) -> bool:
        """Whether the result is the optimizer's own."""
        return self.run.stop_reason == "returned"

    @property
    def refused(self) -> bool:
        """Whether it turned the problem down with an exception before it evaluated anything."""
        return self.run.stop_reason == "exception" and self.run.nfev == self.run.njev == 0


@dataclass(frozen=True, eq=False)
class _Watched:
    """An optimizer whose returned object is kept."""

    adapter: Adapter
    kept: list[Any] = field(default_factory=list)

    @property
    def spec(self) -> str:
        return self.adapter.spec

    @property
    def time_limit(self) -> float | None:
        return self.adapter.time_limit

    def minimize(self, problem: Problem) -> Any:
        returned = self.adapter.minimize(problem)
        self.kept.append(returned)
        return returned


def observe(adapter: Adapter, problem: Problem) -> Observed:
    """Run an optimizer once on a fresh problem.

    Examples
    --------
    >>> from pytest_optlandscape import optimizers
    >>> observe(optimizers.get("scipy:L-BFGS-B"), Problem("booth")).ended_by_itself
    True
    """
    watched = _Watched(adapter)
    run = execute(watched, problem)
    return Observed(run, watched.kept[-1] if watched.kept else None, problem)


@dataclass(frozen=True, eq=False)
class Trial:
    """One optimizer on one landscape from one start.

    Attributes
    ----------
    adapter : Adapter
    landscape : Landscape
    x0 : ndarray, shape (dim,)
    runs : list of Run
        Those made so far on behalf of this trial.
    """

    adapter: Adapter
    landscape: Landscape
    x0: FloatArray
    runs: list[Run] = field(default_factory=list, repr=False)

    @property
    def spent(self) -> int:
        """Evaluations of its runs, also of those that were made for another check."""
        return sum(run.nfev + run.njev for run in self.runs)

    def observe(self) -> Observed:
        """Run as usual; the same trial of another check is not run again.

        Raises
        ------
        StoppedByTime
            If the time limit stops the run.
        """
        kept = _kept_runs(self.adapter)
        key = (self.landscape.id, self.x0.tobytes())
        if key not in kept:
            kept[key] = self._run()
        return self._noted(kept[key])

    def observe_anew(
        self,
        kind: Callable[..., Problem] = Problem,
        *,
        x0: ArrayLike | None = None,
        bounds: ArrayLike | None = None,
        seed: int = 0,
    ) -> Observed:
        """Run, on request from another start, in another box, with another seed, or on a problem of another kind.

        Raises
        ------
        StoppedByTime
            If the time limit stops the run.
        """
        return self._noted(self._run(kind, x0, bounds=bounds, seed=seed))

    def _run(self, kind: Callable[..., Problem] = Problem, x0: ArrayLike | None = None, **options: Any) -> Observed:
        budget = MOST_EVALUATIONS if self.adapter.ends_by_itself else _EVALUATIONS_OF_THE_ENDLESS
        start = self.x0 if x0 is None else x0
        return observe(self.adapter, kind(self.landscape, start, budget=budget, **options))

    def _noted(self, observed: Observed) -> Observed:
        self.runs.append(observed.run)
        if observed.run.stop_reason == "time":
            raise StoppedByTime(observed.run)
        return observed

    def with_adapter(self, adapter: Adapter) -> Trial:
        """Give the same trial of another optimizer."""
        return dataclasses.replace(self, adapter=adapter)


_RUNS: OrderedDict[int, tuple[Adapter, dict[Any, Observed]]] = OrderedDict()
"""Usual runs of the last few optimizers, by the adapter's identity; the adapter is kept so that this stays its own."""


def _kept_runs(adapter: Adapter) -> dict[Any, Observed]:
    if id(adapter) not in _RUNS:
        _RUNS[id(adapter)] = (adapter, {})
    _RUNS.move_to_end(id(adapter))
    while len(_RUNS) > _KEPT_OPTIMIZERS:
        _RUNS.popitem(last=False)
    return _RUNS[id(adapter)][1]


@dataclass(frozen=True, eq=False)
class Complaint:
    """What a judge found.

    Attributes
    ----------
    what : str
        What is wrong, in words.
    run : Run
        Where.
    trial : Trial
        Whose optimizer made the run.
    show : str
        What to print to see it: an expression in ``r``, the result, ``f``, the objective, and ``seen``, the points
        evaluated. "" where no script can show it.
    how : str
        What to do to see it where no script can show it.
    """

    what: str
    run: Run
    trial: Trial
    show: str = ""
    how: str = ""


def trials(adapter: Adapter, ids: tuple[str, ...] | None = None, starts: int = 5) -> Iterator[Trial]:
    """Go through landscapes and starts, the standard start first, then two corners and two others.

    Examples
    --------
    >>> from pytest_optlandscape import optimizers
    >>> [trial.x0.tolist() for trial in trials(optimizers.get("scipy:Powell"), ("booth",), starts=1)]
    [[0.0, 0.0]]
    """
    if adapter.is_global:
        ids, starts = ids or _FOR_GLOBAL, min(starts, _GLOBAL_STARTS)
    for landscape in landscapes_for(adapter, ids):
        yield from trials_on(adapter, landscape, starts)


def trials_on(adapter: Adapter, landscape: Landscape, starts: int = 5) -> Iterator[Trial]:
    """Go through the starts on one landscape."""
    points = [landscape.x0, *landscape.bounds.T, *sobol_starts(landscape, 2)]
    for x0 in points[:starts]:
        yield Trial(adapter, landscape, np.array(x0))


def numbers(x: FloatArray) -> str:
    """Write a point with six digits.

    Examples
    --------
    >>> numbers(np.array([1.0, 1.0 / 3.0]))
    '[1, 0.333333]'
    """
    return "[" + ", ".join(f"{value:.6g}" for value in x) + "]"
