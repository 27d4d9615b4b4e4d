"""Which points of a run break constraints that say ``keep_feasible=True``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pytest_optlandscape.landscapes.constraints import broken_though_kept
from pytest_optlandscape.runs import Run

__all__ = ["InfeasiblePoints", "infeasible_points"]


@dataclass(frozen=True)
class InfeasiblePoints:
    """The points of a run that break such constraints.

    Attributes
    ----------
    first : str
        The first of them: ``evaluation 3``, or ``the returned point``.
    point : list of float
        Its coordinates.
    excess : float
        By how much it breaks a constraint, in the constraint's units.
    count : int
        How many evaluations break one.
    most : float
        By how much at most.
    """

    first: str
    point: list[float]
    excess: float
    count: int
    most: float


def infeasible_points(run: Run) -> InfeasiblePoints | None:
    """Find the evaluations, and the returned point, that break such constraints; None if there are none."""
    points = np.vstack([run.trace.x, run.x])
    broken = broken_though_kept(run.landscape.own_constraints, points)
    if not broken.any():
        return None
    where = int(np.argmax(broken > 0.0))
    return InfeasiblePoints(
        f"evaluation {where + 1}" if where < len(run.trace) else "the returned point",
        points[where].tolist(),
        float(broken[where]),
        int(np.count_nonzero(broken[: len(run.trace)])),
        float(broken.max()),
    )
