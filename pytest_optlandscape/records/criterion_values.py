"""Compute a run's value in each criterion; higher is worse.

References
----------
N. Hansen et al., COCO: performance assessment, 2016, arXiv:1605.03560.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from pytest_optlandscape.records.landscape_record import CellRecord, LandscapeRecord

__all__ = ["AVERAGED", "constraint_evaluations", "cost", "failure", "mean_log_hit", "precision"]


def mean_log_hit(record: LandscapeRecord, cell: CellRecord) -> float:
    """Return the mean log₁₀ evaluations to the targets; a missed target counts as twice the budget."""
    return float(np.mean([math.log10(min(hit, 2.0 * record.budget)) for hit in cell.hits]))


def precision(record: LandscapeRecord, cell: CellRecord) -> float:
    """Return log₁₀ of the final gap as a share of the reference gap, not below the noise of rounding."""
    share = max(cell.gap, record.noise) / record.reference
    return math.log10(min(share, 1e3))  # an infeasible or missing result counts as a thousand reference gaps


def failure(record: LandscapeRecord, cell: CellRecord) -> float:
    """Return 0 if the run succeeded, else 1."""
    return 0.0 if record.succeeded(cell) else 1.0


def cost(record: LandscapeRecord, cell: CellRecord) -> float:
    """Return log₁₀ of all evaluations, of values and gradients; a run that reaches its budget costs all of it."""
    if max(cell.evaluations, cell.njev) >= record.budget:
        kinds = (cell.nfev > 0) + (cell.njev > 0)
        return math.log10(kinds * record.budget)
    least = 1 if cell.cost is None else 1.0 / record.budget
    return math.log10(max(cell.evaluations + cell.njev, least))


def constraint_evaluations(record: LandscapeRecord, cell: CellRecord) -> float:
    """Return log₁₀ of all evaluations of constraints, functions and Jacobians together."""
    return math.log10(max(cell.constr_nfev + cell.constr_njev, 1))


AVERAGED: dict[str, Callable[[LandscapeRecord, CellRecord], float]] = {
    "speed": mean_log_hit,
    "precision": precision,
    "failure": failure,
    "cost": cost,
    "constraint_evaluations": constraint_evaluations,
}
"""The criteria that are averaged over further runs of a cell, by name, in the order of `Average`'s attributes."""
