"""Run trials: a trial is an optimizer on a landscape, from a start, with a seed.

A judge takes a trial. It returns a complaint, or how near the trial came to a complaint. `contract.search` goes
through the trials of a check.

Every trial has its own seed, so that errors with only some random numbers are found. The k-th start of the j-th
landscape of `contract.landscapes.FORMULAS` has the seed 5 j + k in every check, so that checks share runs.
"""

from __future__ import annotations

import contextlib
import dataclasses
import decimal
import gc
import random
import sys
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.contract.landscapes import FORMULAS, landscapes_for, unround_boxes
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.runs import Problem, Run, execute
from pytest_optlandscape.suites.low_discrepancy import sobol_starts

__all__ = [
    "FIRST_FURTHER_SEED",
    "SEEDS",
    "Breach",
    "Complaint",
    "Judge",
    "NotApplicable",
    "Observed",
    "SlightBreach",
    "StoppedByTime",
    "Trial",
    "further_trials",
    "numbers",
    "observe",
    "trials",
    "trials_on",
]

FloatArray = NDArray[np.float64]
Judge = Callable[["Trial"], "Complaint | float | None"]
"""Takes a trial. Returns a complaint; or how near the trial came to a complaint (larger is nearer); or None if the
nearness cannot be measured."""

MOST_EVALUATIONS = 10_000
"""The budget of a trial. Well-known methods end by themselves within it on two variables."""

_EVALUATIONS_OF_THE_ENDLESS = 300
"""The budget of an optimizer that never ends by itself. A few hundred steps show its behaviour. With 10 000 steps of
0.2 ms each, as tensor libraries take, the contract would need minutes."""

SEEDS = 40
"""The least number of seeds for an optimizer that reads its seed. A breach that shows with a fifth of the seeds is then
missed with probability 0.8⁴⁰ = 1.3e-4; a breach that shows with half of them, with probability 1e-12."""

FIRST_FURTHER_SEED = 100
"""The first seed of the trials that are added to reach `SEEDS`."""

_EVALUATIONS_WITH_FURTHER_SEEDS = 100
"""The budget of such a trial if the optimizer never ends by itself."""

_KEPT_OPTIMIZERS = 4
_FOR_GLOBAL = ("sphere[2]", "beale", "rastrigin[2]", "adjiman")
_GLOBAL_STARTS = 2
"""Global optimizers take thousands of evaluations per run, and depend little on their start."""


class Breach(AssertionError):  # noqa: N818 - it is a failed assertion, and is caught as such
    """An optimizer breaks a property of the contract. The message says where, and how to see it."""


class SlightBreach(Breach):
    """An optimizer breaks a property, but only by rounding. It is warned, not failed."""


class NotApplicable(Exception):  # noqa: N818 - no error
    """A check does not apply to this optimizer. The message says why."""


class StoppedByTime(NotApplicable):
    """The time limit stopped a run. Its end depends on the machine, so no other check judges it."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"the time limit stopped it on {run.landscape.id} from {numbers(run.x0)}")
        self.run = run


@dataclass(frozen=True, eq=False)
class Observed:
    """A run, and the object that the optimizer returned.

    Attributes
    ----------
    run : Run
    returned : object
    problem : Problem
    touched : tuple of str
        The global random states that the run changed.
    left : tuple of str
        The other process-wide settings that the optimizer left changed.
    """

    run: Run
    returned: Any
    problem: Problem
    touched: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def point(self) -> str:
        """The expression for the returned point, where ``r`` is the returned object."""
        return "r.x" if hasattr(self.returned, "x") else "r"

    @property
    def ended_by_itself(self) -> bool:
        """Whether the result is the optimizer's own."""
        return self.run.stop_reason == "returned"

    @property
    def refused(self) -> bool:
        """Whether the optimizer raised an exception before its first evaluation."""
        return self.run.stop_reason == "exception" and self.run.nfev == self.run.njev == 0


@dataclass(frozen=True, eq=False)
class _Watched:
    """An adapter that keeps the returned objects."""

    adapter: Adapter
    kept: list[Any] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.adapter, name)

    @property
    def spec(self) -> str:
        return self.adapter.spec

    @contextlib.contextmanager
    def around(self, problem: Problem) -> Iterator[None]:
        """Compare the process before and after the optimizer, before the session restores it."""
        before = _process_state()
        with self.adapter.around(problem):
            yield
        self.left.extend(name for name, state in _process_state().items() if before[name] != state)

    def minimize(self, problem: Problem) -> Any:
        returned = self.adapter.minimize(problem)
        self.kept.append(returned)
        return returned


def observe(adapter: Adapter, problem: Problem) -> Observed:
    """Run an optimizer once on a fresh problem, and observe what it changes.

    Examples
    --------
    >>> from pytest_optlandscape import optimizers
    >>> observe(optimizers.get("scipy:L-BFGS-B"), Problem("booth")).ended_by_itself
    True
    """
    watched = _Watched(adapter)
    before = _global_states()
    run = execute(watched, problem)
    touched = tuple(name for name, state in _global_states().items() if before.get(name, state) != state)
    return Observed(run, watched.kept[-1] if watched.kept else None, problem, touched, tuple(watched.left))


_SHARED = ("builtins", "numpy")
"""Packages whose warnings concern everybody. A filter for another package's own warnings affects nobody else."""


def _process_state() -> dict[str, Any]:
    """Read the process-wide settings that an optimizer may change."""
    decimals = decimal.getcontext()
    return {
        "numpy.seterr": np.geterr(),
        "numpy.seterrcall": np.geterrcall(),
        "numpy.set_printoptions": np.get_printoptions(),
        "the warning filters": [one for one in warnings.filters if one[2].__module__.partition(".")[0] in _SHARED],
        "warnings.showwarning": warnings.showwarning,
        "the decimal context": (decimals.prec, decimals.rounding, decimals.Emin, decimals.Emax),
        "the recursion limit": sys.getrecursionlimit(),
        "whether the garbage collector runs": gc.isenabled(),
    }


def _global_states() -> dict[str, bytes]:
    # Read through the legacy functions on purpose: they are the global state.
    numpys = np.random.get_state(legacy=False)
    keys = numpys["state"].pop("key")
    states = {"random": repr(random.getstate()).encode(), "numpy.random": keys.tobytes() + repr(numpys).encode()}
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_rng_state"):
        states["torch"] = torch.get_rng_state().numpy().tobytes()
    return states


class _KeepingProblem(Problem):
    """A problem that keeps the arrays passed to its objective and gradient, each with a copy.

    Attributes
    ----------
    configurations : list of dict
        Copies of the configurations passed to the objective, on a landscape over a search space.
    handed : int
        The number of arrays passed in.
    overwritten : int
        The number of them that differed from their copies at the end of the run.
    start_was_read : bool
        Whether the optimizer read the start.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.handed = self.overwritten = 0
        self.start_was_read = False
        self.configurations: list[dict[str, Any]] = []
        self._kept: list[tuple[Any, bytes]] = []
        inner, kept, configurations = self.fun, self._kept, self.configurations

        def fun(x: Any) -> Any:
            if x.__class__ is np.ndarray:
                kept.append((x, x.tobytes()))
            elif isinstance(x, Mapping):
                configurations.append(dict(x))
            return inner(x)

        self.fun = fun

    @property
    def x0(self) -> FloatArray:
        self._note_start()
        return super().x0

    def watched_x0(self) -> FloatArray:
        self._note_start()
        return super().watched_x0()

    def _note_start(self) -> None:
        if self._limit.refusal is None:  # before the run ends, only the optimizer reads it
            self.start_was_read = True

    def gradient(self, x: ArrayLike) -> FloatArray:
        if isinstance(x, np.ndarray):
            self._kept.append((x, x.tobytes()))
        return super().gradient(x)

    def close(self, refusal: Callable[[], BaseException]) -> None:
        super().close(refusal)
        self.handed += len(self._kept)
        self.overwritten += sum(x.tobytes() != copy for x, copy in self._kept)
        self._kept.clear()


@dataclass(frozen=True, eq=False)
class Trial:
    """An optimizer on a landscape, from a start, with a seed.

    Attributes
    ----------
    adapter : Adapter
    landscape : Landscape
    x0 : ndarray, shape (dim,)
    seed : int
    budget : int or None
        Evaluations (default: 10 000, or 300 if the optimizer never ends by itself).
    seen : list of Observed
        The runs that this trial has used so far.
    """

    adapter: Adapter
    landscape: Landscape
    x0: FloatArray
    seed: int = 0
    budget: int | None = None
    seen: list[Observed] = field(default_factory=list, repr=False)

    @property
    def spent(self) -> int:
        """The evaluations of its runs, including runs made for another check."""
        return sum(one.run.nfev + one.run.njev for one in self.seen)

    @property
    def depends_on_the_seed(self) -> bool:
        """Whether another seed may change the run: the optimizer is stochastic, or read its seed."""
        return self.adapter.is_stochastic or any(one.problem.seed_was_read for one in self.seen)

    def observe(self) -> Observed:
        """Run as usual. Checks share the run of equal trials.

        Raises
        ------
        StoppedByTime
            If the time limit stops the run.
        """
        kept = _kept_runs(self.adapter)
        key = (self.landscape.id, self.x0.tobytes(), self.seed, self.budget)
        if key not in kept:
            kept[key] = self._run(_KeepingProblem)
        return self._noted(kept[key])

    @property
    def start_was_read(self) -> bool:
        """Whether the optimizer read the start in the usual run."""
        problem = self.observe().problem
        assert isinstance(problem, _KeepingProblem)
        return problem.start_was_read

    def configurations(self) -> list[dict[str, Any]]:
        """Return the configurations passed to the objective in the usual run, as they were passed."""
        problem = self.observe().problem
        assert isinstance(problem, _KeepingProblem)
        return problem.configurations

    def overwritten(self) -> tuple[int, int]:
        """Count the arrays passed to the objective in the usual run: those overwritten later, and all."""
        problem = self.observe().problem
        assert isinstance(problem, _KeepingProblem)
        return problem.overwritten, problem.handed

    def observe_anew(
        self,
        kind: Callable[..., Problem] = Problem,
        *,
        x0: ArrayLike | None = None,
        bounds: ArrayLike | None = None,
    ) -> Observed:
        """Run again, optionally from another start, in another box or on another kind of problem.

        Raises
        ------
        StoppedByTime
            If the time limit stops the run.
        """
        return self._noted(self._run(kind, x0, bounds=bounds))

    def _run(self, kind: Callable[..., Problem] = Problem, x0: ArrayLike | None = None, **options: Any) -> Observed:
        usual = MOST_EVALUATIONS if self.adapter.ends_by_itself else _EVALUATIONS_OF_THE_ENDLESS
        start = self.x0 if x0 is None else x0
        problem = kind(self.landscape, start, budget=self.budget or usual, seed=self.seed, **options)
        return observe(self.adapter, problem)

    def _noted(self, observed: Observed) -> Observed:
        self.seen.append(observed)
        if observed.run.stop_reason == "time":
            raise StoppedByTime(observed.run)
        return observed

    def with_adapter(self, adapter: Adapter) -> Trial:
        """Return the same trial for another optimizer."""
        return dataclasses.replace(self, adapter=adapter)


_RUNS: OrderedDict[int, tuple[Adapter, dict[Any, Observed]]] = OrderedDict()
"""The usual runs of the last few optimizers, by the adapter's id. The adapter is kept, so that its id is not reused."""


def _kept_runs(adapter: Adapter) -> dict[Any, Observed]:
    if id(adapter) not in _RUNS:
        _RUNS[id(adapter)] = (adapter, {})
    _RUNS.move_to_end(id(adapter))
    while len(_RUNS) > _KEPT_OPTIMIZERS:
        _RUNS.popitem(last=False)
    return _RUNS[id(adapter)][1]


@dataclass(frozen=True, eq=False)
class Complaint:
    """A breach that a judge found.

    Attributes
    ----------
    what : str
        What is wrong, in words.
    run : Run
        The run that shows it.
    trial : Trial
        The trial whose optimizer made the run.
    show : str
        An expression that a script prints to show the breach. It may use ``r``, the result, ``f``, the objective, and
        ``seen``, the points evaluated. "" if no script can show it.
    how : str
        How to see the breach if no script can show it.
    is_slight : bool
        Whether the breach is only rounding. The optimizer is then warned.
    """

    what: str
    run: Run
    trial: Trial
    show: str = ""
    how: str = ""
    is_slight: bool = False


def trials(adapter: Adapter, ids: tuple[str, ...] | None = None, starts: int = 5) -> Iterator[Trial]:
    """Yield trials by landscape and start: the standard start, two corners, two other points.

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
    """Yield the trials on one landscape, by start."""
    points = [landscape.x0, *landscape.bounds.T, *sobol_starts(landscape, 2)]
    first = _first_seed(landscape, len(points))
    for k, x0 in enumerate(points[:starts]):
        yield Trial(adapter, landscape, np.array(x0), first + k)


def _first_seed(landscape: Landscape, starts: int) -> int:
    order = [*FORMULAS, *(f"{name}[nan]" for name in FORMULAS)]
    return starts * order.index(landscape.id) if landscape.id in order else 0


def further_trials(adapter: Adapter) -> Iterator[Trial]:
    """Yield trials with further seeds, in sub-boxes whose edges are long binary fractions.

    The minimum lies on an edge. An optimizer without bounds gets the whole landscapes. The starts are the upper corner,
    the lower corner and the standard start in turn.

    Examples
    --------
    >>> from pytest_optlandscape import optimizers
    >>> [trial.seed for trial in further_trials(optimizers.get("scipy:Powell"))][:3]
    [100, 101, 102]
    """
    budget = None if adapter.ends_by_itself else _EVALUATIONS_WITH_FURTHER_SEEDS
    for k, part in enumerate(unround_boxes(adapter, SEEDS)):
        box = part.bounds
        x0 = (box[:, 1], box[:, 0], part.x0)[k % 3]
        yield Trial(adapter, part, np.array(x0), FIRST_FURTHER_SEED + k, budget)


def numbers(x: FloatArray) -> str:
    """Write a point with six digits.

    Examples
    --------
    >>> numbers(np.array([1.0, 1.0 / 3.0]))
    '[1, 0.333333]'
    """
    return "[" + ", ".join(f"{value:.6g}" for value in x) + "]"
