"""Let an optimizer loose on a problem and bring back a `Run`, whatever it does."""

from __future__ import annotations

import dataclasses
import math
import os
import sys
import time
import warnings
from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.runs.problem import Problem, value_at
from pytest_optlandscape.runs.process_state import TRACES, Essentials
from pytest_optlandscape.runs.reading import Returned, described, returned_by, traceback_of
from pytest_optlandscape.runs.run import Run, contradiction, feasible
from pytest_optlandscape.runs.surroundings import Surroundings
from pytest_optlandscape.runs.warned import Warned
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
class _Ended:
    """What is left of a run when it has ended; of what the optimizer returned only what it may not change any more."""

    problem: Problem
    terms: _Terms
    watch: Watch
    wall_time: float
    was_exhausted: bool
    raised: str
    traceback: str
    warned: tuple[Warned, ...]
    side_effects: tuple[str, ...]
    returned: Returned


def _ended(optimizer: Optimizer, problem: Problem, surroundings: Surroundings) -> _Ended:
    started = time.perf_counter()
    terms = _Terms(
        problem.landscape, problem.x0, problem.bounds, problem.budget, problem._seed, _time_limit(optimizer, problem)
    )
    watch = Watch(
        lambda: _name(optimizer, terms),
        terms.time_limit,
        lambda: problem.close(watch.exception),
        lambda: problem.nfev + problem.njev + problem.nhev + problem.constr_nfev,
    )
    surroundings.prepare()
    returned, error, essential = _watched(optimizer, problem, watch, surroundings.essentials)
    warned, side_effects = surroundings.put_back()
    side_effects = (*essential, *side_effects) if essential else side_effects
    wall_time = time.perf_counter() - started
    was_exhausted = _closed(problem)
    if surroundings.was_interrupted:
        raise KeyboardInterrupt
    raised, trace = "", ""
    if error is not None:
        raised, trace = _raised(error, was_exhausted, watch, surroundings)
    error = None  # its traceback holds everything that the optimizer had in hand
    return _Ended(
        problem,
        terms,
        watch,
        wall_time,
        was_exhausted,
        raised,
        trace,
        warned,
        side_effects,
        returned_by(returned, problem),
    )


def _evaluations(problem: Problem) -> int:
    try:
        return problem.nfev + problem.njev
    except Exception:  # the optimizer laid hands on it; `_run` says so
        return 0


def _closed(problem: Problem) -> bool:
    """Close a problem, and tell whether its budget was exhausted before."""
    try:
        was_exhausted = problem.exhausted
        problem.close(_over)
    except Exception:  # as above
        return False
    return was_exhausted


def _over() -> BaseException:
    return BudgetExhausted("the run is over")


def _raised(error: BaseException, was_exhausted: bool, watch: Watch, surroundings: Surroundings) -> tuple[str, str]:
    """Describe what an optimizer raised, with its traceback; raise what is not for us; give "" for what ended its run.

    A budget or a time limit may be another problem's: an optimizer may run others.
    """
    if isinstance(error, BudgetExhausted):
        if not _is_own(error, was_exhausted, watch):
            raise error
        return "", ""
    if surroundings.is_of_session(error):
        raise error
    return described(error), traceback_of(error)


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
        message=f"what it left of its problem cannot be read: {ended.raised or described(error)}",
        claimed_success=None,
        reported_fun=None,
        wall_time=ended.wall_time,
        side_effects=ended.side_effects,
        warned=ended.warned,
        traceback=ended.traceback,
        time_limit=terms.time_limit,
        _again=lambda run: execute(optimizer, _same_problem(run)),
    )


def _run(optimizer: Optimizer, ended: _Ended) -> Run:
    problem, terms = ended.problem, ended.terms
    points, values = problem.evaluated()
    if points.shape != (len(values), len(terms.x0)):
        raise ValueError(f"{len(points)} points and {len(values)} values were counted")
    returned = ended.returned
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
        time_limit=terms.time_limit,
        has_stalled=stop_reason == "time" and ended.watch.has_stalled,
        constr_nfev=problem.constr_nfev,
        constr_njev=problem.constr_njev,
        constr_nhev=problem.constr_nhev,
        warned=ended.warned,
        traceback=ended.traceback if stop_reason == "exception" else "",
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
    watch, x = ended.watch, ended.returned.x
    if watch.has_expired:
        spent = f", although {ended.problem.spent}" if ended.was_exhausted else ""
        return "time", f"it was still running when its {watch.seconds:g} s were over{spent}"
    if ended.was_exhausted:
        return "budget", ended.problem.spent
    if ended.raised:
        return "exception", ended.raised
    is_evaluated = bool(ended.problem.nfev or ended.problem.njev or ended.problem.nhev)
    if ended.returned.gave_up and is_evaluated:
        return "budget", ended.problem.spent
    if x is not None and not all(map(math.isfinite, x.tolist())):
        because = f": {ended.returned.message}" if ended.returned.message else ""
        return "non-finite", f"the optimizer returned {x.tolist()}{because}"
    complaint = ended.returned.complaint if x is None else "" if is_evaluated else _NEVER_EVALUATED
    return ("no-result" if complaint else "returned"), complaint


def _watched(
    optimizer: Optimizer, problem: Problem, watch: Watch, essentials: Essentials
) -> tuple[Any, BaseException | None, tuple[str, ...]]:
    """Call the optimizer; give what it returned, what it raised, and what it changed of the essentials.

    The first line after the call, whichever way it ended, tells the watchdog so: there is no function call and no
    jump before it, hence no place where the interpreter would raise for the watchdog.
    """
    process = os.getpid()
    changed: tuple[str, ...] = ()
    returned: Any = None
    error: BaseException | None = None
    try:
        watch.start()
        returned = optimizer.minimize(problem)
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
