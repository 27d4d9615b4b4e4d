"""Let an optimizer loose on a problem and bring back a `Run`, whatever it does."""

from __future__ import annotations

import dataclasses
import time
import traceback
import warnings
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.runs.problem import BudgetExhausted, Problem, value_at
from pytest_optlandscape.runs.run import Run, feasible, make_trace

__all__ = ["Optimizer", "execute", "plain", "revived"]

FloatArray = NDArray[np.float64]


class Optimizer(Protocol):
    """What can be run: a name, and a function from a `Problem` to a point or an object with ``.x``."""

    @property
    def spec(self) -> str:
        """How the optimizer is written down."""

    def minimize(self, problem: Problem) -> Any:
        """Run on a problem; return a point or an object with ``.x``."""


def execute(optimizer: Optimizer, problem: Problem) -> Run:
    """Run an optimizer on a fresh problem.

    Parameters
    ----------
    optimizer : Optimizer
    problem : Problem
        Not used before.

    Returns
    -------
    Run
        Also where the optimizer raises, exits, ignores the budget or returns nothing usable: then the
        stop reason says so. KeyboardInterrupt and pytest's own outcomes pass through.
    """
    started = time.perf_counter()
    returned: Any = None
    stop_reason, message = "returned", ""
    with warnings.catch_warnings(record=True) as warned:
        # What a run does must not depend on the warning filters of the session: -W error would end it early.
        warnings.simplefilter("default")
        try:
            returned = optimizer.minimize(problem)
        except BudgetExhausted:
            if not problem.exhausted:  # another problem's budget: not ours to end
                raise
        except (Exception, SystemExit) as error:
            stop_reason, message = "exception", _describe(error)
    wall_time = time.perf_counter() - started
    start_was_changed = problem.start_was_changed
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # reading the result is no doing of the optimizer's
        x, complaint = _as_point(getattr(returned, "x", returned), problem.dim)
        points, values = problem.evaluated()
        result = _best_point(points, values, problem) if x is None else x
        fun = value_at(problem.landscape, result)
        reported_fun = _number(getattr(returned, "fun", None))
        claimed_success = _number(getattr(returned, "success", None))
    if problem.exhausted or getattr(returned, "stop_reason", None) == "budget":
        stop_reason, message = "budget", f"the budget of {problem.budget} evaluations was spent"
    elif stop_reason == "returned" and x is None:
        stop_reason, message = "no-result", complaint
    elif stop_reason == "returned" and x is not None and not np.all(np.isfinite(x)):
        stop_reason, message = "non-finite", f"the optimizer returned {x.tolist()}"
    return Run(
        landscape=problem.landscape,
        optimizer=optimizer.spec,
        x0=problem.x0,
        bounds=problem.bounds,
        budget=problem.budget,
        seed=problem.seed,
        x=result,
        fun=fun,
        nfev=problem.nfev,
        njev=problem.njev,
        nhev=problem.nhev,
        trace=make_trace(points, values, problem.bounds, problem.landscape),
        stop_reason=stop_reason,
        message=message or str(getattr(returned, "message", "")),
        claimed_success=None if claimed_success is None else bool(claimed_success),
        reported_fun=reported_fun,
        wall_time=wall_time,
        start_was_changed=start_was_changed,
        warnings=tuple(sorted({f"{w.category.__name__}: {w.message}" for w in warned})),
        _again=lambda run: execute(optimizer, _same_problem(run)),
    )


def plain(run: Run) -> dict[str, Any]:
    """Take a run apart into what travels between processes: all but its landscape and its optimizer."""
    left_out = ("landscape", "_again")
    return {part.name: getattr(run, part.name) for part in dataclasses.fields(run) if part.name not in left_out}


def revived(parts: dict[str, Any], landscape: Landscape, optimizer: Optimizer) -> Run:
    """Put a run together again that `plain` took apart, so that it can be replayed."""
    return Run(landscape=landscape, **parts, _again=lambda run: execute(optimizer, _same_problem(run)))


def _same_problem(run: Run) -> Problem:
    return Problem(run.landscape, run.x0, bounds=run.bounds, budget=run.budget, seed=run.seed)


def _as_point(x: Any, dim: int) -> tuple[FloatArray | None, str]:
    """Read what an optimizer returned as a point, or say why it is none."""
    if x is None:
        return None, "the optimizer returned nothing; return the point, or an object with .x"
    try:
        if hasattr(x, "detach"):
            x = x.detach().cpu()
        array = np.asarray(x)
        if array.dtype.kind not in "fiubO":
            raise TypeError(f"{array.dtype} is no real number")
        point = np.array(array, dtype=np.float64)
    except Exception:
        return None, f"the optimizer returned {x!r:.120}, which is no point"
    if point.shape == () and dim == 1:
        point = point.reshape(1)
    if point.shape != (dim,):
        return None, f"the optimizer returned an array of shape {point.shape}; a point has shape ({dim},)"
    return point, ""


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
        return None if reported is None else float(np.asarray(reported, dtype=np.float64).item())
    except (TypeError, ValueError):
        return None


def _describe(error: BaseException) -> str:
    """Name the exception and the place in the optimizer that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"
