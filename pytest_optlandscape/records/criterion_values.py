"""The number that a run has for each criterion; higher is worse."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from pytest_optlandscape.records.landscape_record import CellRecord, LandscapeRecord

__all__ = ["AVERAGED", "constraint_evaluations", "cost", "failure", "mean_log_hit", "precision"]


def mean_log_hit(record: LandscapeRecord, cell: CellRecord) -> float:
    """Mean log₁₀ of the evaluations to each target; a missed one counts as twice the budget."""
    return float(np.mean([math.log10(min(hit, 2.0 * record.budget)) for hit in cell.hits]))


def precision(record: LandscapeRecord, cell: CellRecord) -> float:
    """log₁₀ of the final gap as a share of the reference, not below what rounding leaves of f."""
    share = max(cell.gap, record.noise) / record.reference
    return math.log10(min(share, 1e3))  # an infeasible or missing result counts as a thousand typical gaps


def failure(record: LandscapeRecord, cell: CellRecord) -> float:
    """0 where the run succeeded, else 1."""
    return 0.0 if record.succeeded(cell) else 1.0


def cost(record: LandscapeRecord, cell: CellRecord) -> float:
    """log₁₀ of all evaluations made; a run that used up its budget has no less cost for being cut off."""
    if max(cell.nfev, cell.njev) >= record.budget:
        kinds = (cell.nfev > 0) + (cell.njev > 0)
        return math.log10(kinds * record.budget)
    return math.log10(max(cell.nfev + cell.njev, 1))


def constraint_evaluations(record: LandscapeRecord, cell: CellRecord) -> float:
    """log₁₀ of all evaluations of constraints, functions and Jacobians together."""
    return math.log10(max(cell.constr_nfev + cell.constr_njev, 1))


AVERAGED: dict[str, Callable[[LandscapeRecord, CellRecord], float]] = {
    "speed": mean_log_hit,
    "precision": precision,
    "failure": failure,
    "cost": cost,
    "constraint_evaluations": constraint_evaluations,
}
"""The criteria that are averaged over further runs of a cell, by name, in the order of `Average`'s attributes."""
