"""The criteria on which an optimizer is judged: speed, precision, success, cost, and evaluations of constraints.

A new one is one entry here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from pytest_optlandscape.verdicts.records import CellRecord, LandscapeRecord

__all__ = ["METRICS", "PRECISION", "SPEED", "Metric", "metrics_on"]


def _everywhere(record: LandscapeRecord) -> bool:
    """Serve as the condition of criteria that exist on every landscape."""
    return True


@dataclass(frozen=True)
class Metric:
    """One criterion.

    Attributes
    ----------
    name : str
    value : callable
        Of a cell's record and its landscape's; higher is worse.
    gate_landscape, gate_suite : float
        The smallest mean change that matters on one landscape, and over a suite.
    describe : callable
        Says a change in words.
    exists_on : callable
        Whether there is anything to judge on a landscape, by its record (default: on every landscape).
    """

    name: str
    value: Callable[[LandscapeRecord, CellRecord], float]
    gate_landscape: float
    gate_suite: float
    describe: Callable[[float], str]
    exists_on: Callable[[LandscapeRecord], bool] = _everywhere

    def difference(self, record: LandscapeRecord, before: CellRecord, now: CellRecord) -> float:
        """Subtract: positive is worse. Averages are taken where both cells have them, over the same."""
        if before.average and now.average and before.average.over == now.average.over:
            return float(getattr(now.average, self.name) - getattr(before.average, self.name))
        return self.value(record, now) - self.value(record, before)


def _speed(record: LandscapeRecord, cell: CellRecord) -> float:
    """Mean log₁₀ of the evaluations to each target; a missed one counts as twice the budget."""
    return float(np.mean([math.log10(min(hit, 2.0 * record.budget)) for hit in cell.hits]))


def _precision(record: LandscapeRecord, cell: CellRecord) -> float:
    """log₁₀ of the final gap as a share of the reference, not below what rounding leaves of f."""
    share = max(cell.gap, record.noise) / record.reference
    return math.log10(min(share, 1e3))  # an infeasible or missing result counts as a thousand typical gaps


def _failure(record: LandscapeRecord, cell: CellRecord) -> float:
    return 0.0 if record.succeeded(cell) else 1.0


def _cost(record: LandscapeRecord, cell: CellRecord) -> float:
    """log₁₀ of all evaluations made; a run that used up its budget has no less cost for being cut off."""
    if max(cell.nfev, cell.njev) >= record.budget:
        kinds = (cell.nfev > 0) + (cell.njev > 0)
        return math.log10(kinds * record.budget)
    return math.log10(max(cell.nfev + cell.njev, 1))


def _constraint_evaluations(record: LandscapeRecord, cell: CellRecord) -> float:
    """log₁₀ of all evaluations of constraints, functions and Jacobians together."""
    return math.log10(max(cell.constr_nfev + cell.constr_njev, 1))


def _percent(what: str) -> Callable[[float], str]:
    def describe(effect: float) -> str:
        change = 100.0 * (10.0**effect - 1.0)
        return f"{abs(change):.3g} % {'more' if change > 0 else 'fewer'} evaluations {what}"

    return describe


def _digits(effect: float) -> str:
    return f"{abs(effect):.2g} digits {'less' if effect > 0 else 'more'} precise"


def _points(effect: float) -> str:
    return f"{100 * abs(effect):.3g} points {'less' if effect > 0 else 'more'} success"


SPEED = Metric("speed", _speed, math.log10(1.10), math.log10(1.02), _percent("to the targets"))
PRECISION = Metric("precision", _precision, 0.3, 0.1, _digits)

METRICS = (
    SPEED,
    PRECISION,
    Metric("failure", _failure, 0.10, 0.02, _points),
    Metric("cost", _cost, math.log10(1.10), math.log10(1.02), _percent("in all")),
    Metric(
        "constraint_evaluations",
        _constraint_evaluations,
        math.log10(1.10),
        math.log10(1.02),
        _percent("of constraints"),
        exists_on=lambda record: record.has_constraints,
    ),
)
"""Effects of 9 % are seen with power 0.9, smaller ones need more seeds than a suite has (EVIDENCE E2)."""


def metrics_on(records: Iterable[LandscapeRecord]) -> list[Metric]:
    """List the criteria that exist on some of these landscapes: those that there is anything to judge of."""
    several = list(records)
    return [metric for metric in METRICS if any(map(metric.exists_on, several))]
