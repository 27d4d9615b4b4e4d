"""Let an optimizer loose on a problem and bring back a `Run`, whatever it does."""

from __future__ import annotations

import dataclasses
import functools
import math
import os
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Mapping
from types import CodeType, FunctionType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.runs import supervision
from pytest_optlandscape.runs.differentiable import as_array
from pytest_optlandscape.runs.other_processes import REMEDY, ForeignProcessError, is_about_pickling
from pytest_optlandscape.runs.problem import Problem, value_at
from pytest_optlandscape.runs.run import Run, contradiction, feasible
from pytest_optlandscape.runs.surroundings import Surroundings
from pytest_optlandscape.runs.watchdog import BudgetExhausted, TimeExhausted, Watch, tell

__all__ = ["Optimizer", "execute", "execute_all", "plain", "revived", "warn_if_never_evaluated"]

FloatArray = NDArray[np.float64]

_MANY_EVALUATIONS = 5000
"""Before they are summed up, evaluations take several times as much memory as after it."""


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
        stop reason says so. KeyboardInterrupt and pytest's own outcomes pass through.
    """
    return execute_all(optimizer, [problem])[0]


def execute_all(optimizer: Optimizer, problems: Iterable[Problem]) -> list[Run]:
    """Run an optimizer on one fresh problem after another, as `execute` does, but sooner.

    What is done once a run is done by a processor that has just had other things to do, which takes it several times
    as long. So it is kept short, and the runs are summed up together.

    Parameters
    ----------
    optimizer : Optimizer
    problems : iterable of Problem

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
    evaluations = 0
    with Surroundings() as surroundings:
        for problem in problems:
            ended.append(_ended(optimizer, problem, surroundings))
            evaluations += problem.nfev + problem.njev
            if evaluations > _MANY_EVALUATIONS:
                runs += _summed_up(optimizer, ended)
                evaluations = 0
        return runs + _summed_up(optimizer, ended)


@dataclasses.dataclass(slots=True)
class _Result:
    """What an optimizer returned or raised, as values that it may not change any more."""

    raised: str = ""
    x: FloatArray | None = None
    complaint: str = ""
    fun: float | None = None
    success: float | None = None
    message: str = ""
    gave_up: bool = False


@dataclasses.dataclass(slots=True)
class _Ended:
    """What is left of a run when it has ended."""

    problem: Problem
    watch: Watch
    wall_time: float
    was_exhausted: bool
    asked_elsewhere: bool
    warnings: tuple[str, ...]
    side_effects: tuple[str, ...]
    result: _Result
    hangs_when_read: bool
    left_out: str = ""


def _ended(optimizer: Optimizer, problem: Problem, surroundings: Surroundings) -> _Ended:
    """Run an optimizer; where the process is supervised, tell of it, and leave out what hung before."""
    supervisor = supervision.current()
    if supervisor is None:
        return _ended_here(optimizer, problem, surroundings)
    key = supervision.key_of(optimizer.spec, problem)
    reason = supervisor.reason_to_leave_out(key)
    if reason:
        problem.close(_over)
        watch = Watch(lambda: _name(optimizer, problem), _time_limit(optimizer, problem), lambda: None)
        return _Ended(problem, watch, 0.0, False, False, (), (), _Result(), False, reason)
    with supervisor.run(key, _name(optimizer, problem), _time_limit(optimizer, problem)):
        return _ended_here(optimizer, problem, surroundings)


def _ended_here(optimizer: Optimizer, problem: Problem, surroundings: Surroundings) -> _Ended:
    started = time.perf_counter()
    watch = Watch(
        lambda: _name(optimizer, problem),
        _time_limit(optimizer, problem),
        lambda: problem.close(watch.exception),
        lambda: problem.nfev + problem.njev + problem.nhev + problem.constr_nfev,
    )
    surroundings.prepare()
    with problem.under_way():
        returned, error = _watched(_named(optimizer, problem), watch)
    warned, side_effects = surroundings.put_back()
    wall_time = time.perf_counter() - started
    was_exhausted = problem.exhausted
    problem.close(_over)
    if watch.was_told:
        supervision.hard_to_end.add(optimizer.spec)
    asked_elsewhere = problem.was_asked_elsewhere()
    hangs_when_read = False
    if error is None and _is_plain(returned):
        result = _read(returned, error, problem, was_exhausted, watch)
    else:
        reading = Watch(lambda: f"reading the result of {_name(optimizer, problem)}", watch.seconds, lambda: None)
        result, refused = _watched(lambda: _read(returned, error, problem, was_exhausted, watch), reading)
        hangs_when_read = reading.has_expired
        if refused is not None:
            result = _unread(refused, reading)
    error = refused = None  # their tracebacks hold everything that the optimizer had in hand
    return _Ended(
        problem, watch, wall_time, was_exhausted, asked_elsewhere, warned, side_effects, result, hangs_when_read
    )


def _is_plain(returned: Any) -> bool:
    """Tell whether reading a result runs no code of the optimizer's: it is an array or SciPy's, as nearly always."""
    kind = returned.__class__
    if kind.__name__ == "OptimizeResult" and kind.__module__.startswith("scipy."):
        return set(map(type, (returned.get(name) for name in _READ))) <= _PLAIN
    return kind is np.ndarray and returned.dtype == np.float64


_READ = ("x", "fun", "success", "message", "stop_reason")
_PLAIN = {np.ndarray, np.float64, np.bool_, float, int, bool, str, type(None)}


def _read(returned: Any, error: BaseException | None, problem: Problem, was_exhausted: bool, watch: Watch) -> _Result:
    """Read what an optimizer returned or raised: its own code may run, so a time limit holds here, too."""
    if error is not None:
        return _Result(_raised(error, was_exhausted, watch), complaint="it raised an exception")
    return _Result(
        "",
        *_as_point(_attribute(returned, "x", returned), problem),
        _number(_attribute(returned, "fun")),
        _number(_attribute(returned, "success")),
        _text(_attribute(returned, "message", "")),
        _attribute(returned, "stop_reason") == "budget",
    )


def _unread(refused: BaseException, reading: Watch) -> _Result:
    """Stand for a result that could not be read, or raise what is not for us."""
    if isinstance(refused, TimeExhausted) and refused.watch is reading:
        return _Result()
    if isinstance(refused, BudgetExhausted) and str(refused) == _OVER:
        return _Result(complaint="what the optimizer returned evaluates the objective when it is read, after the run")
    raise refused


_OVER = "the run is over"


def _over() -> BaseException:
    return BudgetExhausted(_OVER)


def _raised(error: BaseException, was_exhausted: bool, watch: Watch) -> str:
    """Describe what an optimizer raised, raise what is not for us, or give "" for what ended its run."""
    if isinstance(error, BudgetExhausted):
        if not _is_own(error, was_exhausted, watch):  # another problem's budget: not ours to end
            raise error
        return ""
    if isinstance(error, (Exception, SystemExit)):
        described = _describe(error)
        return f"{described}; {REMEDY}" if is_about_pickling(error) and REMEDY not in described else described
    raise error


def _time_limit(optimizer: Optimizer, problem: Problem) -> float | None:
    return problem.time_limit or getattr(optimizer, "time_limit", None)


def _summed_up(optimizer: Optimizer, ended: list[_Ended]) -> list[Run]:
    """Sum up what has ended, and forget it."""
    runs = [_run(optimizer, one) for one in ended]
    ended.clear()
    return runs


def _run(optimizer: Optimizer, ended: _Ended) -> Run:
    problem = ended.problem
    points, values = problem.evaluated()
    read = ended.result
    result = _best_point(points, values, problem) if read.x is None else read.x
    stop_reason, message = _why(ended)
    fun = value_at(problem.landscape, result)
    wrong = contradiction(points, values, problem.bounds, problem.landscape)
    return Run(
        landscape=problem.landscape,
        optimizer=optimizer.spec,
        x0=problem.x0,
        bounds=problem.bounds,
        budget=problem.budget,
        seed=problem.seed,
        x=result,
        fun=fun,
        nfev=min(problem.nfev, len(values)),
        njev=problem.njev,
        nhev=problem.nhev,
        evaluated=(points, values),
        stop_reason=stop_reason,
        message="; ".join(filter(None, (message or read.message, wrong))),
        claimed_success=None if read.success is None else bool(read.success),
        reported_fun=read.fun,
        wall_time=ended.wall_time,
        start_was_changed=problem.start_was_changed,
        warnings=ended.warnings,
        side_effects=ended.side_effects,
        time_limit=None if ended.left_out == supervision.NOT_RUN else _time_limit(optimizer, problem),
        has_stalled=stop_reason == "time"
        and (ended.watch.has_stalled or ended.hangs_when_read or ended.left_out == supervision.HUNG),
        constr_nfev=problem.constr_nfev,
        constr_njev=problem.constr_njev,
        constr_nhev=problem.constr_nhev,
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
    read = ended.result
    raised = read.raised
    if ended.asked_elsewhere and not raised:
        raised = f"{ForeignProcessError.__name__}: {REMEDY}"
    is_evaluated = bool(ended.problem.nfev or ended.problem.njev or ended.problem.nhev)
    if ended.was_exhausted or (read.gave_up and is_evaluated):
        return ("exception", raised) if ended.asked_elsewhere else ("budget", ended.problem.spent)
    if raised:
        return "exception", raised
    if read.x is not None and not all(map(math.isfinite, read.x.tolist())):
        because = f": {read.message}" if read.message else ""
        return "non-finite", f"the optimizer returned {read.x.tolist()}{because}"
    complaint = read.complaint if read.x is None else "" if is_evaluated else _NEVER_EVALUATED
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


def _watched(call: Callable[[], Any], watch: Watch) -> tuple[Any, BaseException | None]:
    """Call the optimizer, or its result's own code; give what it returned and what it raised.

    The first line after the call, whichever way it ended, tells the watchdog so: there is no function call and no
    jump before it, hence no place where the interpreter would raise for the watchdog.
    """
    process = os.getpid()
    returned: Any = None
    error: BaseException | None = None
    try:
        watch.start()
        returned = call()
        watch.is_over = True
    except BaseException as caught:
        watch.is_over = True
        error = caught
    while True:
        try:
            watch.stop()
            break
        except TimeExhausted as late:  # it was on its way already
            if late.watch is not watch:
                raise
    if os.getpid() != process:
        tell(f"{watch.name()} forks, and the child came back from it; the child is ended")
        os._exit(1)
    return returned, error


def _named(optimizer: Optimizer, problem: Problem) -> Callable[[], Any]:
    """Give the optimizer's call under a name that tells what is run: faulthandler prints no more than names."""
    code = _named_code(f"{optimizer.spec} on {problem.landscape.id}")
    return functools.partial(FunctionType(code, globals()), optimizer, problem)


@functools.lru_cache(maxsize=64)
def _named_code(name: str) -> CodeType:
    return _minimize.__code__.replace(co_name=name)


def _minimize(optimizer: Optimizer, problem: Problem) -> Any:
    return optimizer.minimize(problem)


def _name(optimizer: Optimizer, problem: Problem) -> str:
    return f"{optimizer.spec} on {problem.landscape.id} from {problem.x0.tolist()}"


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


def _attribute(thing: Any, name: str, default: Any = None) -> Any:
    """Read an attribute of a result, which may be a property that raises."""
    try:
        return getattr(thing, name, default)
    except Exception:
        return None


def _text(thing: Any) -> str:
    try:
        return str(thing)
    except Exception:
        return ""


def _as_point(x: Any, problem: Problem) -> tuple[FloatArray | None, str]:
    """Read what an optimizer returned as a point, or as a mapping of its parts, or say why it is none."""
    dim = problem.dim
    if x.__class__ is np.ndarray and x.dtype == np.float64 and x.shape == (dim,):  # nearly always
        return x.copy(), ""
    if x is None:
        return None, "the optimizer returned nothing; return the point, or an object with .x"
    try:
        if isinstance(x, Mapping):
            x = problem.structure.join({name: as_array(part) for name, part in x.items()})
        array = as_array(x)
        if array.dtype.kind not in "fiubO":
            raise TypeError(f"{array.dtype} is no real number")
        point = np.array(array, dtype=np.float64)
    except Exception:
        return None, f"the optimizer returned {_shown(x)}, which is no point"
    if point.shape == () and dim == 1:
        point = point.reshape(1)
    if point.shape != (dim,):
        return None, f"the optimizer returned an array of shape {point.shape}; a point has shape ({dim},)"
    return point, ""


def _shown(x: Any) -> str:
    try:
        return f"{x!r:.120}"
    except Exception:
        return f"an object of type {type(x).__name__}"


def _best_point(points: FloatArray, values: FloatArray, problem: Problem) -> FloatArray:
    allowed = feasible(points, problem.bounds, problem.landscape) & np.isfinite(values)
    if not allowed.any():
        allowed = np.isfinite(values) & np.all(np.isfinite(points), axis=1)
    if not allowed.any():
        return problem.x0
    best: FloatArray = points[np.argmin(np.where(allowed, values, np.inf))]
    return best


def _number(reported: Any) -> float | None:
    """Read what an optimizer says of itself, a number or an array of one; None if it is neither."""
    try:
        if isinstance(reported, float | int):  # needs no array
            return float(reported)
        return None if reported is None else float(np.asarray(reported, dtype=np.float64).item())
    except (TypeError, ValueError, OverflowError):
        return None


def _describe(error: BaseException) -> str:
    """Name the exception and the place in the optimizer that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"
