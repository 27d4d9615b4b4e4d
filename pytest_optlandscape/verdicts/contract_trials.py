"""Holding an optimizer to one property, start by start, and finding the simplest start where it breaks.

A judge looks at one trial, an optimizer on a landscape from a start, and complains or does not. `require` goes through
the trials of a check in a fixed order. At the first complaint it lets Hypothesis look for the simplest start with the
same complaint, and raises `Breach` with a script that shows it.
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
from pytest_optlandscape.optimizers import Adapter, get
from pytest_optlandscape.runs import Problem, Run, execute
from pytest_optlandscape.strategies.low_discrepancy import sobol_starts
from pytest_optlandscape.verdicts.contract_landscapes import landscapes_for
from pytest_optlandscape.verdicts.contract_scripts import script

__all__ = ["Breach", "Complaint", "NotApplicable", "Observed", "Trial", "observe", "require", "trials", "trials_on"]

FloatArray = NDArray[np.float64]
Judge = Callable[["Trial"], "Complaint | None"]

MOST_EVALUATIONS = 10_000
"""The budget of a trial: well-known methods end by themselves within it on two variables."""

_EVALUATIONS_OF_THE_ENDLESS = 300
"""The budget of an optimizer that has no end of its own: its runs show in a few hundred steps what they will do, and in
10 000, of 0.2 ms each with a library of tensors, the contract would take minutes."""

_SEARCH_RUNS = 150
_SEARCH_EVALUATIONS = 30_000
"""Where the search for the simplest start ends, in runs and in evaluations. Counts, not seconds, so that every machine
finds the same start; Hypothesis needs some 50 runs where a start in fifty breaks, and few more to shrink it."""

_KEPT_OPTIMIZERS = 4
_FOR_GLOBAL = ("sphere[2]", "beale", "rastrigin[2]", "adjiman")
_GLOBAL_STARTS = 2
"""Global optimizers take thousands of evaluations a run, and make little of their start."""

_GRIDS = (1.0, 4.0, 16.0, 64.0, 256.0)


class Breach(AssertionError):  # noqa: N818 - it is a failed assertion, and is caught as one
    """An optimizer breaks a property of the contract; the message says where and how to see it."""


class NotApplicable(Exception):  # noqa: N818 - no error
    """A property cannot be asked of this optimizer; the message says why."""


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
    >>> observe(get("scipy:L-BFGS-B"), Problem("booth")).ended_by_itself
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
    """

    adapter: Adapter
    landscape: Landscape
    x0: FloatArray
    _spent: list[int] = field(default_factory=list, repr=False)
    _stopped: list[Run] = field(default_factory=list, repr=False)

    @property
    def spent(self) -> int:
        """Evaluations made so far on behalf of this trial."""
        return sum(self._spent)

    @property
    def stopped(self) -> Run | None:
        """A run of this trial that the time limit stopped; None if there is none."""
        return self._stopped[-1] if self._stopped else None

    def observe(self) -> Observed:
        """Run as usual; the same trial of another check is not run again."""
        kept = _kept_runs(self.adapter)
        key = (self.landscape.id, self.x0.tobytes())
        if key not in kept:
            kept[key] = self.observe_anew()
        self._note(kept[key])
        return kept[key]

    def _note(self, observed: Observed) -> None:
        if observed.run.stop_reason == "time":
            self._stopped.append(observed.run)

    def observe_anew(
        self,
        kind: Callable[..., Problem] = Problem,
        *,
        x0: ArrayLike | None = None,
        bounds: ArrayLike | None = None,
        seed: int = 0,
    ) -> Observed:
        """Run, on request from another start, in another box, with another seed, or on a problem of another kind."""
        start = self.x0 if x0 is None else x0
        budget = MOST_EVALUATIONS if self.adapter.ends_by_itself else _EVALUATIONS_OF_THE_ENDLESS
        problem = kind(self.landscape, start, bounds=bounds, budget=budget, seed=seed)
        observed = observe(self.adapter, problem)
        self._spent.append(observed.run.nfev + observed.run.njev)
        self._note(observed)
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
    >>> [trial.x0.tolist() for trial in trials(get("scipy:Powell"), ("booth",), starts=1)]
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


def require(
    optimizer: Any,
    judge: Judge,
    among: Callable[[Adapter], Iterator[Trial]] = trials,
    *,
    takes_time_for_breach: bool = False,
) -> None:
    """Hold an optimizer to what a judge asks.

    Parameters
    ----------
    optimizer : str, callable, class or object
    judge : callable
        From a `Trial` to a `Complaint`, or None.
    among : callable
        From an adapter to the trials.
    takes_time_for_breach : bool
        Whether a run that the time limit stopped is judged: where it was by then depends on the machine.

    Raises
    ------
    Breach
        At the first complaint, with the simplest start that was found.
    NotApplicable
        If no landscape of the check is made for the optimizer, or the time limit stops a run: of an optimizer that
        hangs, one check tells.
    """
    __tracebackhide__ = True
    chosen = list(among(get(optimizer)))
    if not chosen:
        raise NotApplicable("none of this check's landscapes is made for it")
    for trial in chosen:
        complaint = judge(trial)
        if trial.stopped and not takes_time_for_breach:
            where = f"{trial.stopped.landscape.id} from {_numbers(trial.stopped.x0)}"
            raise NotApplicable(f"the time limit stopped it on {where}")
        if complaint is not None:
            raise Breach(_text(complaint if trial.stopped else _simplest(judge, trial, complaint)))


def _text(complaint: Complaint) -> str:
    run = complaint.run
    lines = [f"{run.optimizer} on {run.landscape.id} from {_numbers(run.x0)}: {complaint.what}"]
    written = script(complaint.trial.adapter, run, complaint.show) if complaint.show else None
    if written:
        lines += ["  without this package:", *(f"    {line}" for line in written)]
    elif complaint.how:
        lines += [f"  to see it: {complaint.how}"]
    lines += [f"  replay: {run.command()}"]
    return "\n".join(lines)


def _numbers(x: FloatArray) -> str:
    return "[" + ", ".join(f"{value:.6g}" for value in x) + "]"


def _simplest(judge: Judge, trial: Trial, complaint: Complaint) -> Complaint:
    """Find a simpler start: by Hypothesis, or, where few starts break, by shortening the numbers of the one known."""
    search = _Search(judge, trial)
    if trial.x0.tobytes() == trial.landscape.x0.tobytes():
        return complaint
    found = search.by_hypothesis()
    if found is None:
        coarser = (np.round(trial.x0 * grid) / grid for grid in _GRIDS)
        found = next((c for x0 in coarser if (c := search.complaint_at(x0)) is not None), None)
    return found or complaint


class _Search:
    """Asks a judge at other starts, until enough was run."""

    def __init__(self, judge: Judge, trial: Trial) -> None:
        self._judge = judge
        self._trial = trial
        self._answers: dict[bytes, Complaint | None] = {}
        self._evaluations = 0

    def complaint_at(self, x0: FloatArray) -> Complaint | None:
        key = x0.tobytes()
        if key not in self._answers:
            if len(self._answers) >= _SEARCH_RUNS or self._evaluations >= _SEARCH_EVALUATIONS:
                return None
            trial = Trial(self._trial.adapter, self._trial.landscape, np.clip(x0, *self._trial.landscape.bounds.T))
            self._answers[key] = self._judge(trial)
            self._evaluations += trial.spent
        return self._answers[key]

    def by_hypothesis(self) -> Complaint | None:
        from hypothesis import HealthCheck, Phase, find, settings
        from hypothesis.errors import NoSuchExample

        from pytest_optlandscape.strategies import starts

        quiet = settings(
            max_examples=_SEARCH_RUNS // 2,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        try:
            x0 = find(starts(self._trial.landscape), lambda x: self.complaint_at(x) is not None, settings=quiet)
        except NoSuchExample:
            return None
        return self.complaint_at(x0)
