"""Hold the paths of reruns for pictures, because records do not store paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.report.traces import divergence_evaluation
from pytest_optlandscape.runs import Trace, box_widths

__all__ = ["PathPair", "Trajectories", "first_divergence", "two_coordinates"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class PathPair:
    """The paths of one cell that was rerun before and now.

    Attributes
    ----------
    cell : str
        The cell's id, such as ``beale/sobol-03``.
    before, now : Trace or None
        None if that side could not be rerun.
    why_not : tuple of str
        The reason for each missing side.
    """

    cell: str
    before: Trace | None = None
    now: Trace | None = None
    why_not: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trajectories:
    """The available paths.

    Attributes
    ----------
    pairs : mapping of (str, str) to PathPair
        Paths by spec and landscape.
    why_none : str
        Why no cell was rerun, if none was.
    """

    pairs: Mapping[tuple[str, str], PathPair] = field(default_factory=dict)
    why_none: str = "records store no points, and no run was repeated"


def two_coordinates(pair: PathPair, bounds: FloatArray) -> tuple[int, int]:
    """Return the two coordinates that moved most, in units of the box.

    Parameters
    ----------
    pair : PathPair
    bounds : ndarray, shape (dim, 2)

    Returns
    -------
    tuple of int
        In ascending order; both 0 in one dimension.
    """
    if len(bounds) < 2:
        return 0, 0
    ranges = np.zeros(len(bounds))
    for trace in (pair.before, pair.now):
        if trace is not None and len(trace):
            points = np.where(np.isfinite(trace.x), trace.x, trace.x[0])
            ranges = np.maximum(ranges, np.ptp(points, axis=0) / box_widths(bounds))
    first, second = sorted(np.argsort(-ranges, kind="stable")[:2].tolist())
    return first, second


def first_divergence(pair: PathPair, bounds: FloatArray) -> int | None:
    """Return the evaluation, counted from 1, at which the paths of a cell diverge; None if they do not."""
    if pair.before is None or pair.now is None:
        return None
    return divergence_evaluation(pair.before, pair.now, bounds)
