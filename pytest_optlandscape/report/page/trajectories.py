"""Paths of single runs: what a record does not keep, so that a run must be made again for a picture."""

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
    """One cell, run again on both sides.

    Attributes
    ----------
    cell : str
        Such as ``beale/sobol-03``.
    before, now : Trace or None
        None where that side could not be run again.
    why_not : tuple of str
        For each side that is missing, why.
    """

    cell: str
    before: Trace | None = None
    now: Trace | None = None
    why_not: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trajectories:
    """The paths that are at hand.

    Attributes
    ----------
    pairs : mapping of (str, str) to PathPair
        By spec and landscape.
    why_none : str
        Why no run was made again, where none was.
    """

    pairs: Mapping[tuple[str, str], PathPair] = field(default_factory=dict)
    why_none: str = "a record keeps no points, and no run was made again"


def two_coordinates(pair: PathPair, bounds: FloatArray) -> tuple[int, int]:
    """Choose the two coordinates that moved most, in units of the box.

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
    """Find the evaluation, counted from 1, at which the two paths of a cell part; None where neither does."""
    if pair.before is None or pair.now is None:
        return None
    return divergence_evaluation(pair.before, pair.now, bounds)
