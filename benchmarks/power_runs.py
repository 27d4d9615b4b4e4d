"""Runs as they were, kept beside whatever the package makes of them: for the rules of today and for what is visible."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.optimizers.callables import from_callable
from pytest_optlandscape.records.targets import TARGETS, reference_gap
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.runs.problem import value_at
from pytest_optlandscape.runs.run import feasible, make_trace

__all__ = ["PlainRun", "Recorded", "mutates_start", "parts_visibly", "recorded"]

FloatArray = NDArray[np.float64]
_ROUNDING = 1e-9
"""Relative differences up to this are no visible effect of a defect."""


@dataclass(frozen=True)
class PlainRun:
    """What one run did.

    Attributes
    ----------
    landscape : str
    points, values : ndarray
        Every evaluation.
    result : ndarray or None
        What was returned; None if nothing usable was.
    gap : float
        At the result, or at the best point evaluated where the budget ended the run; inf outside the bounds.
    cost : int
        Evaluations of the objective or the gradient.
    speed : float
        Mean log₁₀ of the evaluations to each target, a missed one counting as twice the budget.
    """

    landscape: str
    points: FloatArray
    values: FloatArray
    result: FloatArray | None
    gap: float
    cost: int
    speed: float


@dataclass(frozen=True)
class Recorded(Adapter):
    """An adapter that keeps what its first run on every plain problem did."""

    inner: Adapter | None = None
    runs: dict[tuple[str, bytes, int], PlainRun] = field(default_factory=dict)

    def minimize(self, problem: Problem) -> Any:
        """Run once, and remember."""
        assert self.inner is not None
        key = (problem.landscape.id, problem.x0.tobytes(), problem.seed)
        if type(problem) is not Problem or key in self.runs:
            return self.inner.minimize(problem)
        returned: Any = None
        try:
            returned = self.inner.minimize(problem)
            return returned
        finally:
            self.runs[key] = _plain(problem, getattr(returned, "x", returned))


def recorded(function: Callable[..., Any], spec: str) -> Recorded:
    """Make the adapter of a callable that keeps its runs."""
    inner = from_callable(function, spec)
    return Recorded(
        spec,
        uses_gradient=inner.uses_gradient,
        takes_bounds=inner.takes_bounds,
        is_stochastic=inner.is_stochastic,
        setting=inner.setting,
        inner=inner,
    )


def _plain(problem: Problem, returned: Any) -> PlainRun:
    points, values = problem.evaluated()
    trace = make_trace(points, values, problem.bounds, problem.landscape)
    reference = reference_gap(problem.landscape)
    hits = np.array(trace.hits([share * reference for share in TARGETS]))
    result = None if returned is None else np.array(returned, dtype=np.float64)
    if result is None or not np.all(np.isfinite(result)):
        gap = float(trace.gap[-1]) if problem.exhausted and len(trace) else np.inf
    elif feasible(result, problem.bounds, problem.landscape):
        gap = max(value_at(problem.landscape, result) - problem.landscape.fmin, 0.0)
    else:
        gap = np.inf
    return PlainRun(
        problem.landscape.id,
        points,
        values,
        result,
        gap,
        max(problem.nfev, problem.njev),
        float(np.mean(np.log10(np.minimum(hits, 2.0 * problem.budget)))),
    )


def parts_visibly(before: PlainRun, now: PlainRun) -> bool:
    """Tell whether two runs of a cell differ by more than rounding: in a point, a value, a count or the result."""
    if before.points.shape != now.points.shape or (before.result is None) != (now.result is None):
        return True
    if before.result is not None and now.result is not None and not _close(before.result, now.result):
        return True
    return not (_close(before.points, now.points) and _close(before.values, now.values))


def _close(one: FloatArray, other: FloatArray) -> bool:
    scale = max(float(np.abs(one[np.isfinite(one)]).max(initial=0.0)), 1.0)
    return bool(np.allclose(one, other, rtol=_ROUNDING, atol=1e-15 * scale, equal_nan=True))


def mutates_start(adapter: Recorded, problem: Problem) -> bool:
    """Tell whether an optimizer changes the start it is handed."""
    start = problem.x0
    problem_start = start.copy()

    class Handed(Problem):
        """A problem that hands out always the same array."""

        x0 = property(lambda self: start)  # type: ignore[assignment]

    assert adapter.inner is not None
    handed = Handed(problem.landscape, problem_start, budget=problem.budget, seed=problem.seed)
    try:
        adapter.inner.minimize(handed)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
    return not np.array_equal(start, problem_start)
