"""Let an optimizer loose on a problem and bring back a `Run`, whatever it does."""

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
"""Before they are summed up, evaluations take several times as much memory as after it."""


_MOST_ATTEMPTS = 3


class Optimizer(Protocol):
    """What can be run: a name, and a function from a `Problem` to a point or an object with ``.x``."""

    @property
    def spec(self) -> str:
        """How the optimizer is written down."""

    def minimize(self, problem: Problem) -> Any:
        """Run on a problem; return a point or an object with ``.x``."""


def execute(optimizer: Optimizer, problem: Problem) -> Run:
    """Run an optimizer on a fresh problem.

    When it has ended, the problem is closed: threads that the optimizer left behind are refused.

    Parameters
    ----------
    optimizer : Optimizer
    problem : Problem
        Not used before.

    Returns
    -------
    Run
        Also where the optimizer raises, exits, ignores the budget, takes too long or returns nothing usable: then the
        stop reason says so. Whatever it raises is its own, pytest's outcomes such as ``pytest.skip()`` too. Ctrl-C
        passes through, also where the optimizer swallows it, and so does what a handler of a signal raises that was
        there before, such as a time limit for tests.
    """
    return execute_all(optimizer, [problem])[0]


def execute_all(optimizer: Optimizer, problems: Iterable[Problem], *, gives_up: int | None = None) -> list[Run]:
    """Run an optimizer on one fresh problem after another, as `execute` does, but sooner.

    What is done once a run is done by a processor that has just had other things to do, which takes it several times
    as long. So it is kept short, and the runs are summed up together.

    Parameters
    ----------
    optimizer : Optimizer
    problems : iterable of Problem
    gives_up : int, optional
        If the first so many runs all hang, no other one is made (default: all are).

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
    ended: list[_Ended] = []
    evaluations = stalled = 0
    with ProcessStateGuard() as surroundings:
        for number, problem in enumerate(problems, start=1):
            ended.append(_ended(optimizer, problem, surroundings))
            stalled += _has_stalled(ended[-1])
            if stalled == number == gives_up:
                break
            evaluations += _evaluations(problem)
            if evaluations > _MANY_EVALUATIONS:
                runs += _summed_up(optimizer, ended)
                evaluations = 0
        left_behind = surroundings.finish()
        runs += _summed_up(optimizer, ended)
        if surroundings.was_interrupted:
            raise KeyboardInterrupt
    if left_behind and runs:
        runs[-1] = dataclasses.replace(runs[-1], side_effects=(*runs[-1].side_effects, *left_behind))
    return runs


@dataclasses.dataclass(slots=True)
class _Terms:
    """What a problem was before the optimizer had it in hand."""

    landscape: Landscape
    x0: FloatArray
    bounds: FloatArray
    budget: int
    seed: int
    time_limit: float | None


@dataclasses.dataclass(slots=True)
class _Read:
    """What an optimizer returned or raised, as values that it may not change any more."""

    returned: Returned
    raised: str = ""
    traceback: str = ""


@dataclasses.dataclass(slots=True)
class _Ended:
    """What is left of a run when it has ended."""

    problem: Problem
    terms: _Terms
    watch: Watch
    wall_time: float = 0.0
    was_exhausted: bool = False
    asked_elsewhere: bool = False
    warned: tuple[Warned, ...] = ()
    side_effects: tuple[str, ...] = ()
    read: _Read = dataclasses.field(default_factory=lambda: _Read(Returned(None, "")))
    hangs_when_read: bool = False
    left_out: str = ""


def _ended(optimizer: Optimizer, problem: Problem, surroundings: ProcessStateGuard) -> _Ended:
    """Run an optimizer; where the process is supervised, tell of it, and leave out what hung before."""
    supervisor = supervision.current()
    if supervisor is None:
        return _ended_here(optimizer, problem, surroundings)
    key = supervision.key_of(optimizer.spec, problem)
    reason = supervisor.reason_to_leave_out(key)
    terms = _terms_of(optimizer, problem)
    if reason:
        problem.close(_over)
        watch = Watch(lambda: _name(optimizer, terms), terms.time_limit, lambda: None)
        return _Ended(problem, terms, watch, left_out=reason)
    with supervisor.run(key, _name(optimizer, terms), terms.time_limit):
        return _ended_here(optimizer, problem, surroundings)


def _ended_here(optimizer: Optimizer, problem: Problem, surroundings: ProcessStateGuard) -> _Ended:
    started = time.perf_counter()
    terms = _terms_of(optimizer, problem)
    watch = Watch(
        lambda: _name(optimizer, terms),
        terms.time_limit,
        lambda: problem.close(watch.exception),
        lambda: problem.nfev + problem.njev + problem.nhev + problem.constr_nfev,
    )
    around = getattr(optimizer, "around", None)
    surroundings.prepare()
    with problem.under_way(), around(problem) if around else contextlib.nullcontext():
        returned, error, essential = _watched(_named(optimizer, problem), watch, surroundings.essentials)
    warned, side_effects = surroundings.put_back()
    side_effects = (*essential, *side_effects) if essential else side_effects
    wall_time = time.perf_counter() - started
    was_exhausted, asked_elsewhere = _closed(problem)
    if surroundings.was_interrupted:
        raise KeyboardInterrupt
    if watch.was_told:
        supervision.hard_to_end.add(optimizer.spec)
    reading = Watch(lambda: f"reading the result of {_name(optimizer, terms)}", watch.seconds, lambda: None)
    refused: BaseException | None = None
    if error is None and _is_plain(returned):
        try:
            read = _Read(returned_by(returned, problem))
        except Exception as why:  # the problem has no dimension any more
            refused = why
    else:
        read, refused, _ = _watched(
            lambda: _read(returned, error, problem, lambda raised: _raised(raised, was_exhausted, watch, surroundings)),
            reading,
            surroundings.essentials,
        )
    if refused is not None:
        read = _unread(refused, reading, surroundings)
    error = refused = None  # their tracebacks hold everything that the optimizer had in hand
    return _Ended(
        problem,
        terms,
        watch,
        wall_time,
        was_exhausted,
        asked_elsewhere,
        warned,
        side_effects,
        read,
        reading.has_expired,
    )


def _evaluations(problem: Problem) -> int:
    try:
        return problem.nfev + problem.njev
    except Exception:  # the optimizer laid hands on it; `_run` says so
        return 0


def _has_stalled(ended: _Ended) -> bool:
    """Tell whether the time limit stopped a run that made no evaluation any more."""
    if not (ended.watch.has_stalled or ended.hangs_when_read or ended.left_out):
        return False
    return bool(_stopped_by_time(ended)) and ended.left_out in ("", supervision.HUNG)


def _closed(problem: Problem) -> tuple[bool, bool]:
    """Close a problem, and tell whether its budget was exhausted before, and whether another process asked it."""
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
    """Tell whether reading a result runs no code of the optimizer's: it is an array or SciPy's, as nearly always."""
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


def _read(
    returned: Any,
    error: BaseException | None,
    problem: Problem,
    told: Callable[[BaseException], tuple[str, str]],
) -> _Read:
    """Read what an optimizer returned or raised: its own code may run, so a time limit holds here, too."""
    if error is not None:
        return _Read(Returned(None, "it raised an exception"), *told(error))
    return _Read(returned_by(returned, problem))


def _unread(refused: BaseException, reading: Watch, surroundings: ProcessStateGuard) -> _Read:
    """Stand for a result that could not be read, or raise what is not for us."""
    if isinstance(refused, TimeExhausted) and refused.watch is reading:
        return _Read(Returned(None, ""))
    if isinstance(refused, BudgetExhausted) and str(refused) == _OVER:
        why = "what the optimizer returned evaluates the objective when it is read, after the run"
        return _Read(Returned(None, why))
    if isinstance(refused, BudgetExhausted) or surroundings.is_of_session(refused):
        raise refused
    return _Read(Returned(None, f"what the optimizer returned or raised cannot be read: {described(refused)}"))


_OVER = "the run is over"


def _over() -> BaseException:
    return BudgetExhausted(_OVER)


def _raised(
    error: BaseException, was_exhausted: bool, watch: Watch, surroundings: ProcessStateGuard
) -> tuple[str, str]:
    """Describe what an optimizer raised, with its traceback; raise what is not for us; give "" for what ended its run.

    A budget or a time limit may be another problem's: an optimizer may run others.
    """
    if isinstance(error, BudgetExhausted):
        if not _is_own(error, was_exhausted, watch):
            raise error
        return "", ""
    if surroundings.is_of_session(error):
        raise error
    said = described(error)
    if is_about_pickling(error) and REMEDY not in said:
        said = f"{said}; {REMEDY}"
    return said, traceback_of(error)


def _time_limit(optimizer: Optimizer, problem: Problem) -> float | None:
    return problem.time_limit or getattr(optimizer, "time_limit", None)


def _summed_up(optimizer: Optimizer, ended: list[_Ended]) -> list[Run]:
    """Sum up what has ended, and forget it."""
    runs = []
    for one in ended:
        try:
            runs.append(_run(optimizer, one))
        except Exception as error:
            runs.append(_unreadable(optimizer, one, error))
    ended.clear()
    return runs


def _unreadable(optimizer: Optimizer, ended: _Ended, error: Exception) -> Run:
    """Stand for a run of which nothing can be told, because the optimizer laid hands on what counts its evaluations."""
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
        message=f"what it left of its problem cannot be read: {ended.read.raised or described(error)}",
        claimed_success=None,
        reported_fun=None,
        wall_time=ended.wall_time,
        side_effects=ended.side_effects,
        warned=ended.warned,
        traceback=ended.read.traceback,
        time_limit=terms.time_limit,
        _again=lambda run: execute(optimizer, _same_problem(run)),
    )


def _run(optimizer: Optimizer, ended: _Ended) -> Run:
    problem, terms = ended.problem, ended.terms
    points, values = problem.evaluated()
    if points.shape != (len(values), len(terms.x0)):
        raise ValueError(f"{len(points)} points and {len(values)} values were counted")
    returned = ended.read.returned
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
        traceback=ended.read.traceback if stop_reason == "exception" else "",
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


def _why(ended: _Ended) -> tuple[str, str]:
    """Give the stop reason, and a message where there is one of ours."""
    stopped = _stopped_by_time(ended)
    if stopped:
        return "time", stopped
    returned, raised = ended.read.returned, ended.read.raised
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


def _stopped_by_time(ended: _Ended) -> str:
    """Say what was stopped by the time limit; "" where nothing was."""
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


def _watched(
    call: Callable[[], Any], watch: Watch, essentials: Essentials
) -> tuple[Any, BaseException | None, tuple[str, ...]]:
    """Call the optimizer, or its result's own code.

    Give what it returned, what it raised, and what it changed of the essentials.

    The first line after the call, whichever way it ended, tells the watchdog so: there is no function call and no
    jump before it, hence no place where the interpreter would raise for the watchdog.
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


def _named(optimizer: Optimizer, problem: Problem) -> Callable[[], Any]:
    """Give the optimizer's call under a name that tells what is run: faulthandler prints no more than names."""
    code = _named_code(f"{optimizer.spec} on {problem.landscape.id}")
    return functools.partial(FunctionType(code, globals()), optimizer, problem)


@functools.lru_cache(maxsize=64)
def _named_code(name: str) -> CodeType:
    return _minimize.__code__.replace(co_name=name)


def _minimize(optimizer: Optimizer, problem: Problem) -> Any:
    return optimizer.minimize(problem)


def _name(optimizer: Optimizer, terms: _Terms) -> str:
    return f"{optimizer.spec} on {terms.landscape.id} from {terms.x0.tolist()}"


def _is_own(error: BudgetExhausted, was_exhausted: bool, watch: Watch) -> bool:
    """Tell whether it was this run's budget or time: an optimizer may run others."""
    return error.watch is watch if isinstance(error, TimeExhausted) else was_exhausted or watch.has_expired


def plain(run: Run) -> dict[str, Any]:
    """Take a run apart into what travels between processes: all but its landscape and its optimizer."""
    left_out = ("landscape", "_again")
    return {part.name: getattr(run, part.name) for part in dataclasses.fields(run) if part.name not in left_out}


def revived(parts: dict[str, Any], landscape: Landscape, optimizer: Optimizer) -> Run:
    """Put a run together again that `plain` took apart, so that it can be replayed."""
    return Run(landscape=landscape, **parts, _again=lambda run: execute(optimizer, _same_problem(run)))


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
