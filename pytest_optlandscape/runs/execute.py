"""Run an optimizer on a problem, and return a `Run` whatever the optimizer does.

`_call_optimizer` is the only function that calls an optimizer; one that wraps another, as in `lockstep`, is called here
too. The layers around the call are, from the outside in:

1. `execute_all` keeps the state of the process, and makes a `Run` of each problem.
2. `_run_supervised` tells the supervising process, if there is one, which run begins, and leaves out runs that hung.
3. `_run_guarded` starts the clock, has the state of the process put back, closes the problem, and reads the result.
4. `_call_within_time` has the watchdog interrupt the call when its time is up, and catches whatever is raised.
5. `_named_call` gives the call the optimizer's name, which faulthandler prints if the call hangs.

Reading a result may run the optimizer's code too: `_read_within_time` has the same time limit.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import math
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from types import CodeType, FunctionType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.runs import supervision
from pytest_optlandscape.runs.other_processes import REMEDY, ForeignProcessError, is_about_pickling
from pytest_optlandscape.runs.problem import Problem, value_at
from pytest_optlandscape.runs.process_state import TRACES, Essentials
from pytest_optlandscape.runs.process_state_guard import ProcessStateGuard
from pytest_optlandscape.runs.raised_warnings import Warned
from pytest_optlandscape.runs.results import Returned, described, returned_by, traceback_of
from pytest_optlandscape.runs.run import Run, contradiction, feasible
from pytest_optlandscape.runs.watchdog import BudgetExhausted, TimeExhausted, Watch, tell

__all__ = ["Optimizer", "execute", "execute_all", "plain", "revived", "warn_if_never_evaluated"]

FloatArray = NDArray[np.float64]

_MANY_EVALUATIONS = 5000
"""Evaluations after which runs are made of what has ended: before, they take several times as much memory."""

_MOST_ATTEMPTS = 3


class Optimizer(Protocol):
    """An object that can be run: it has a name, and minimises a `Problem`."""

    @property
    def spec(self) -> str:
        """The optimizer's name, as it is written in a configuration."""

    def minimize(self, problem: Problem) -> Any:
        """Run on a problem; return a point or an object with ``.x``."""


def execute(optimizer: Optimizer, problem: Problem) -> Run:
    """Run an optimizer on a fresh problem.

    At the end of the run the problem is closed: it refuses threads that the optimizer left behind.

    Parameters
    ----------
    optimizer : Optimizer
    problem : Problem
        A problem that was not used before.

    Returns
    -------
    Run
        If the optimizer raises, exits, ignores the budget, takes too long or returns nothing usable, the stop reason
        says so. Exceptions of the optimizer are not raised, not even pytest's, such as those of ``pytest.skip()``.

    Raises
    ------
    KeyboardInterrupt
        If somebody presses Ctrl-C, even if the optimizer swallows it.
    BaseException
        If a signal handler that was there before the run raises it, such as a time limit for tests.
    """
    return execute_all(optimizer, [problem])[0]


def execute_all(optimizer: Optimizer, problems: Iterable[Problem], *, gives_up: int | None = None) -> list[Run]:
    """Run an optimizer on one fresh problem after another, as `execute` does, but faster.

    Per-run bookkeeping meets cold caches, so it is batched.

    Parameters
    ----------
    optimizer : Optimizer
    problems : iterable of Problem
    gives_up : int, optional
        If this many first runs all hang, the others are not made (default: make all).

    Returns
    -------
    list of Run
        In the same order.

    Examples
    --------
    >>> from pytest_optlandscape import optimizers
    >>> runs = execute_all(optimizers.get("scipy:Powell"), [Problem("beale", seed=k) for k in range(3)])
    >>> [run.stop_reason for run in runs]
    ['returned', 'returned', 'returned']
    """
    runs: list[Run] = []
    ended: list[_EndedRun] = []
    evaluations = stalled = 0
    with ProcessStateGuard() as guard:
        for number, problem in enumerate(problems, start=1):
            ended.append(_run_supervised(optimizer, problem, guard))
            stalled += _has_stalled(ended[-1])
            if stalled == number == gives_up:
                break
            evaluations += _evaluations(problem)
            if evaluations > _MANY_EVALUATIONS:
                runs += _take_runs(optimizer, ended)
                evaluations = 0
        left_behind = guard.finish()
        runs += _take_runs(optimizer, ended)
        if guard.was_interrupted:
            raise KeyboardInterrupt
    if left_behind and runs:
        runs[-1] = dataclasses.replace(runs[-1], side_effects=(*runs[-1].side_effects, *left_behind))
    return runs


@dataclasses.dataclass(slots=True)
class _Terms:
    """The attributes of a problem before the optimizer could change them."""

    landscape: Landscape
    x0: FloatArray
    bounds: FloatArray
    budget: int
    seed: int
    time_limit: float | None


@dataclasses.dataclass(slots=True)
class _Result:
    """What an optimizer returned or raised, as values that the optimizer cannot change any more."""

    returned: Returned
    raised: str = ""
    traceback: str = ""


@dataclasses.dataclass(slots=True)
class _EndedRun:
    """A run that has ended, before it is made into a `Run`."""

    problem: Problem
    terms: _Terms
    watch: Watch
    wall_time: float = 0.0
    was_exhausted: bool = False
    asked_elsewhere: bool = False
    warned: tuple[Warned, ...] = ()
    side_effects: tuple[str, ...] = ()
    result: _Result = dataclasses.field(default_factory=lambda: _Result(Returned(None, "")))
    hangs_when_read: bool = False
    left_out: str = ""


def _run_supervised(optimizer: Optimizer, problem: Problem, guard: ProcessStateGuard) -> _EndedRun:
    """Run an optimizer; if the process is supervised, tell the supervisor, and leave out a run that hung before."""
    supervisor = supervision.current()
    if supervisor is None:
        return _run_guarded(optimizer, problem, guard)
    key = supervision.key_of(optimizer.spec, problem)
    reason = supervisor.reason_to_leave_out(key)
    terms = _terms_of(optimizer, problem)
    if reason:
        problem.close(_over)
        watch = Watch(lambda: _name(optimizer, terms), terms.time_limit, lambda: None)
        return _EndedRun(problem, terms, watch, left_out=reason)
    with supervisor.run(key, _name(optimizer, terms), terms.time_limit):
        return _run_guarded(optimizer, problem, guard)


def _run_guarded(optimizer: Optimizer, problem: Problem, guard: ProcessStateGuard) -> _EndedRun:
    """Call the optimizer under a clock; then put the state back, close the problem and read the result."""
    started = time.perf_counter()
    terms = _terms_of(optimizer, problem)
    watch = Watch(
        lambda: _name(optimizer, terms),
        terms.time_limit,
        lambda: problem.close(watch.exception),
        lambda: problem.nfev + problem.njev + problem.nhev + problem.constr_nfev,
    )
    around = getattr(optimizer, "around", None)
    guard.prepare()
    with problem.under_way(), around(problem) if around else contextlib.nullcontext():
        returned, error, essential = _call_within_time(_named_call(optimizer, problem), watch, guard.essentials)
    warned, side_effects = guard.put_back()
    side_effects = (*essential, *side_effects) if essential else side_effects
    wall_time = time.perf_counter() - started
    was_exhausted, asked_elsewhere = _close(problem)
    if guard.was_interrupted:
        raise KeyboardInterrupt
    if watch.was_told:
        supervision.hard_to_end.add(optimizer.spec)
    reading = Watch(lambda: f"reading the result of {_name(optimizer, terms)}", watch.seconds, lambda: None)
    if error is None and _is_plain(returned):
        try:
            result = _Result(returned_by(returned, problem))
        except Exception as refused:  # the problem has no dimension any more
            result = _unreadable_result(refused, reading, guard)
    else:

        def describe(raised: BaseException) -> tuple[str, str]:
            return _raised(raised, was_exhausted, watch, guard)

        result = _read_within_time(returned, error, problem, describe, reading=reading, guard=guard)
    error = None  # its traceback holds everything that the optimizer had in hand
    return _EndedRun(
        problem,
        terms,
        watch,
        wall_time,
        was_exhausted,
        asked_elsewhere,
        warned,
        side_effects,
        result,
        reading.has_expired,
    )


def _call_within_time(
    call: Callable[[], Any], watch: Watch, essentials: Essentials
) -> tuple[Any, BaseException | None, tuple[str, ...]]:
    """Call the optimizer, or its result's own code, until its time is up.

    The first line after the call, whichever way the call ended, tells the watchdog so. No function call and no jump
    comes before that line, hence the interpreter has no place there to raise for the watchdog.

    Returns
    -------
    returned : object
        None if the call raised.
    raised : BaseException or None
    changed : tuple of str
        The essentials of the process that the call changed; they are put back.
    """
    process = os.getpid()
    changed: tuple[str, ...] = ()
    returned: Any = None
    error: BaseException | None = None
    try:
        watch.start()
        returned = call()
        watch.is_over = True
    except BaseException as caught:
        watch.is_over = True
        error = caught
    attempts = 0
    while True:
        try:
            attempts += 1
            if sys.getrecursionlimit() < essentials.recursion_limit:  # what follows needs some levels more
                sys.setrecursionlimit(essentials.recursion_limit)
                changed = ("changes the recursion limit",)
            changed += essentials.put_back()
            watch.stop()
            break
        except TimeExhausted as late:  # it was on its way already
            if late.watch is not watch:
                raise
        except BaseException:  # of a function that traces or profiles: the interpreter drops one that raises
            if attempts > _MOST_ATTEMPTS:
                raise
            changed = (TRACES,)
    if os.getpid() != process:
        tell(f"{watch.name()} forks, and the child came back from it; the child is ended")
        os._exit(1)
    return returned, error, changed


def _named_call(optimizer: Optimizer, problem: Problem) -> Callable[[], Any]:
    """Return `_call_optimizer` under a name that says what is run: faulthandler prints nothing but names."""
    code = _named_code(f"{optimizer.spec} on {problem.landscape.id}")
    return functools.partial(FunctionType(code, globals()), optimizer, problem)


@functools.lru_cache(maxsize=64)
def _named_code(name: str) -> CodeType:
    return _call_optimizer.__code__.replace(co_name=name)


def _call_optimizer(optimizer: Optimizer, problem: Problem) -> Any:
    """Call the optimizer."""
    return optimizer.minimize(problem)


def _evaluations(problem: Problem) -> int:
    try:
        return problem.nfev + problem.njev
    except Exception:  # the optimizer tampered with it; `_run` says so
        return 0


def _has_stalled(ended: _EndedRun) -> bool:
    """Return whether the time limit stopped a run that had ceased to evaluate."""
    if not (ended.watch.has_stalled or ended.hangs_when_read or ended.left_out):
        return False
    return bool(_stopped_by_time(ended)) and ended.left_out in ("", supervision.HUNG)


def _close(problem: Problem) -> tuple[bool, bool]:
    """Close a problem; return whether its budget was exhausted, and whether another process asked for evaluations."""
    try:
        was_exhausted = problem.exhausted
        problem.close(_over)
        return was_exhausted, problem.was_asked_elsewhere()
    except Exception:  # as above
        return False, False


def _terms_of(optimizer: Optimizer, problem: Problem) -> _Terms:
    return _Terms(
        problem.landscape, problem.x0, problem.bounds, problem.budget, problem._seed, _time_limit(optimizer, problem)
    )


def _is_plain(returned: Any) -> bool:
    """Return whether reading a result runs no code of the optimizer's: nearly all are arrays or SciPy's results."""
    kind = type(returned)  # compared by identity: a class and its metaclass may be the optimizer's, too
    if kind is getattr(sys.modules.get("scipy.optimize"), "OptimizeResult", None):
        return all(map(_runs_no_code, map(returned.get, _NAMES)))
    return kind is np.ndarray and returned.dtype == np.float64


def _runs_no_code(value: Any) -> bool:
    kind = type(value)
    if kind is np.ndarray:
        return bool(value.dtype.kind != "O")
    return any(kind is plain for plain in _PLAIN)


_NAMES = ("x", "fun", "success", "message", "stop_reason")
_PLAIN = (float, bool, str, type(None), np.float64, np.bool_, int)


def _read_within_time(
    returned: Any,
    error: BaseException | None,
    problem: Problem,
    describe: Callable[[BaseException], tuple[str, str]],
    *,
    reading: Watch,
    guard: ProcessStateGuard,
) -> _Result:
    """Read what an optimizer returned or raised, until the time is up: that may run the optimizer's own code."""

    def read() -> _Result:
        if error is not None:
            return _Result(Returned(None, "it raised an exception"), *describe(error))
        return _Result(returned_by(returned, problem))

    result, refused, _ = _call_within_time(read, reading, guard.essentials)
    return result if refused is None else _unreadable_result(refused, reading, guard)


def _unreadable_result(refused: BaseException, reading: Watch, guard: ProcessStateGuard) -> _Result:
    """Return a result that says why it could not be read, or raise what is not the optimizer's."""
    if isinstance(refused, TimeExhausted) and refused.watch is reading:
        return _Result(Returned(None, ""))
    if isinstance(refused, BudgetExhausted) and str(refused) == _OVER:
        why = "what the optimizer returned evaluates the objective when it is read, after the run"
        return _Result(Returned(None, why))
    if isinstance(refused, BudgetExhausted) or guard.is_of_session(refused):
        raise refused
    return _Result(Returned(None, f"what the optimizer returned or raised cannot be read: {described(refused)}"))


_OVER = "the run is over"


def _over() -> BaseException:
    return BudgetExhausted(_OVER)


def _raised(error: BaseException, was_exhausted: bool, watch: Watch, guard: ProcessStateGuard) -> tuple[str, str]:
    """Describe what an optimizer raised, with its traceback; return "" for the end of its budget or time.

    Whatever is not the optimizer's is raised again: Ctrl-C, and the budget or time limit of another problem, for an
    optimizer may run others.
    """
    if isinstance(error, BudgetExhausted):
        if not _is_own(error, was_exhausted, watch):
            raise error
        return "", ""
    if guard.is_of_session(error):
        raise error
    said = described(error)
    if is_about_pickling(error) and REMEDY not in said:
        said = f"{said}; {REMEDY}"
    return said, traceback_of(error)


def _time_limit(optimizer: Optimizer, problem: Problem) -> float | None:
    return problem.time_limit or getattr(optimizer, "time_limit", None)


def _take_runs(optimizer: Optimizer, ended: list[_EndedRun]) -> list[Run]:
    """Make runs of what has ended, and empty the list."""
    runs = []
    for one in ended:
        try:
            runs.append(_run(optimizer, one))
        except Exception as error:
            runs.append(_unreadable_run(optimizer, one, error))
    ended.clear()
    return runs


def _unreadable_run(optimizer: Optimizer, ended: _EndedRun, error: Exception) -> Run:
    """Return a run of which nothing is known, because the optimizer tampered with what counts its evaluations."""
    terms = ended.terms
    return Run(
        landscape=terms.landscape,
        optimizer=optimizer.spec,
        x0=terms.x0,
        bounds=terms.bounds,
        budget=terms.budget,
        seed=terms.seed,
        x=terms.x0,
        fun=math.nan,
        nfev=0,
        njev=0,
        nhev=0,
        evaluated=(np.empty((0, len(terms.x0))), np.empty(0)),
        stop_reason="exception",
        message=f"what it left of its problem cannot be read: {ended.result.raised or described(error)}",
        claimed_success=None,
        reported_fun=None,
        wall_time=ended.wall_time,
        side_effects=ended.side_effects,
        warned=ended.warned,
        traceback=ended.result.traceback,
        time_limit=terms.time_limit,
        **_written(optimizer),
        _again=lambda run: execute(optimizer, _same_problem(run)),
    )


def _run(optimizer: Optimizer, ended: _EndedRun) -> Run:
    problem, terms = ended.problem, ended.terms
    points, values = problem.evaluated()
    if points.shape != (len(values), len(terms.x0)):
        raise ValueError(f"{len(points)} points and {len(values)} values were counted")
    returned = ended.result.returned
    result = _best_point(points, values, terms) if returned.x is None else returned.x
    stop_reason, message = _why(ended)
    fun = value_at(terms.landscape, result)
    wrong = contradiction(points, values, terms.bounds, terms.landscape)
    return Run(
        landscape=terms.landscape,
        optimizer=optimizer.spec,
        x0=terms.x0,
        bounds=terms.bounds,
        budget=terms.budget,
        seed=terms.seed,
        x=result,
        fun=fun,
        nfev=min(problem.nfev, len(values)),
        njev=problem.njev,
        nhev=problem.nhev,
        evaluated=(points, values),
        stop_reason=stop_reason,
        message="; ".join(filter(None, (message or returned.message, wrong))),
        claimed_success=returned.success,
        reported_fun=returned.fun,
        wall_time=ended.wall_time,
        start_was_changed=problem.start_was_changed,
        warnings=tuple(dict.fromkeys(one.short for one in ended.warned)) if ended.warned else (),
        side_effects=ended.side_effects,
        time_limit=None if ended.left_out == supervision.NOT_RUN else terms.time_limit,
        has_stalled=_has_stalled(ended),
        constr_nfev=problem.constr_nfev,
        constr_njev=problem.constr_njev,
        constr_nhev=problem.constr_nhev,
        warned=ended.warned,
        traceback=ended.result.traceback if stop_reason == "exception" else "",
        levels=problem.levels(),
        **_written(optimizer),
        _again=lambda run: execute(optimizer, _same_problem(run)),
    )


_NEVER_EVALUATED = (
    "the optimizer never called the objective, so nothing was counted; call problem(x) or fun(x), inside JAX, torch "
    "and TensorFlow too, and not problem.landscape(x)"
)


def warn_if_never_evaluated(run: Run) -> None:
    """Warn the caller's caller of a run that ended without a single evaluation."""
    if run.message == _NEVER_EVALUATED:
        warnings.warn(f"{run.optimizer} on {run.landscape.id}: {run.message}", RuntimeWarning, stacklevel=3)


def _why(ended: _EndedRun) -> tuple[str, str]:
    """Return the stop reason, and our message or ""."""
    stopped = _stopped_by_time(ended)
    if stopped:
        return "time", stopped
    returned, raised = ended.result.returned, ended.result.raised
    if ended.asked_elsewhere and not raised:
        raised = f"{ForeignProcessError.__name__}: {REMEDY}"
    is_evaluated = bool(ended.problem.nfev or ended.problem.njev or ended.problem.nhev)
    if ended.was_exhausted or (returned.gave_up and is_evaluated):
        return ("exception", raised) if ended.asked_elsewhere else ("budget", ended.problem.spent)
    if raised:
        return "exception", raised
    x = returned.x
    if x is not None and not all(map(math.isfinite, x.tolist())):
        because = f": {returned.message}" if returned.message else ""
        return "non-finite", f"the optimizer returned {x.tolist()}{because}"
    complaint = returned.complaint if x is None else "" if is_evaluated else _NEVER_EVALUATED
    return ("no-result" if complaint else "returned"), complaint


def _stopped_by_time(ended: _EndedRun) -> str:
    """Describe what the time limit stopped; "" if it stopped nothing."""
    watch = ended.watch
    if ended.left_out:
        return ended.left_out
    if watch.has_expired:
        spent = f", although {ended.problem.spent}" if ended.was_exhausted else ""
        remedy = f"; {REMEDY}" if ended.asked_elsewhere else ""
        return f"it was still running when its {watch.seconds:g} s were over{spent}{remedy}"
    if ended.hangs_when_read:
        return (
            f"what it returned or raised could not be read within {watch.seconds:g} s: its own code is run for it, "
            "and does not end"
        )
    return ""


def _name(optimizer: Optimizer, terms: _Terms) -> str:
    return f"{optimizer.spec} on {terms.landscape.id} from {terms.x0.tolist()}"


def _is_own(error: BudgetExhausted, was_exhausted: bool, watch: Watch) -> bool:
    """Return whether this run's budget or time ended: an optimizer may run other problems."""
    return error.watch is watch if isinstance(error, TimeExhausted) else was_exhausted or watch.has_expired


def plain(run: Run) -> dict[str, Any]:
    """Return the parts of a run that travel between processes: all but its landscape and its optimizer."""
    left_out = ("landscape", "_again")
    return {part.name: getattr(run, part.name) for part in dataclasses.fields(run) if part.name not in left_out}


def revived(parts: dict[str, Any], landscape: Landscape, optimizer: Optimizer) -> Run:
    """Make a run of the parts that `plain` returned, so that it can be replayed."""
    return Run(landscape=landscape, **parts, _again=lambda run: execute(optimizer, _same_problem(run)))


def _written(optimizer: Optimizer) -> dict[str, Any]:
    """Return what the user said of the optimizer, for the command that repeats the run."""
    return {f"_{name}": getattr(optimizer, f"written_{name}", "") for name in ("declaration", "profile")}


def _same_problem(run: Run) -> Problem:
    return Problem(
        run.landscape, run.x0, bounds=run.bounds, budget=run.budget, seed=run.seed, time_limit=run.time_limit
    )


def _best_point(points: FloatArray, values: FloatArray, terms: _Terms) -> FloatArray:
    allowed = feasible(points, terms.bounds, terms.landscape) & np.isfinite(values)
    if not allowed.any():
        allowed = np.isfinite(values) & np.all(np.isfinite(points), axis=1)
    if not allowed.any():
        return terms.x0
    best: FloatArray = points[np.argmin(np.where(allowed, values, np.inf))]
    return best
