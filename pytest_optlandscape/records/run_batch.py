"""Concatenate the points of many runs into one array, so that their records need few calls of NumPy."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.runs import Run, inside
from pytest_optlandscape.runs.run import below_fmin, gaps_at

__all__ = ["RunBatch", "in_batches"]

FloatArray = NDArray[np.float64]

_TALLEST = 2**16
"""Coordinates after which a batch is closed: arrays of half a megabyte fit a processor's cache."""


class RunBatch:
    """The points of runs on one landscape. Each run's evaluated points are followed by its returned point.

    Parameters
    ----------
    runs : sequence of Run
        At least one, all on the same landscape and within the same bounds.

    Attributes
    ----------
    x : ndarray, shape (n, dim)
    fun : ndarray, shape (n,)
    starts, ends : ndarray of int, shape (runs,)
        The rows of each run's first evaluated point and of its returned point.
    number : ndarray of int, shape (n,)
        The index of each point within its run, from 0.
    returned : ndarray, shape (runs, dim)
    count : ndarray, shape (n,)
        The number of evaluations up to and including each point; inf at returned points.
    cost : ndarray, shape (n,)
        The cost of these evaluations; ``count`` where there is no fidelity.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self.landscape = runs[0].landscape
        self.bounds = runs[0].bounds
        x = np.concatenate([part for run in runs for part in (run.evaluated[0], run.x[np.newaxis])])
        self.x: FloatArray = np.asfortranarray(x)  # few long columns are faster than many short rows
        self.fun: FloatArray = np.concatenate([part for run in runs for part in (run.evaluated[1], [run.fun])])
        counts = np.array([len(run.evaluated[1]) for run in runs])
        self.ends = np.cumsum(counts + 1) - 1
        self.starts = self.ends - counts
        self.number = np.arange(len(self.fun)) - np.repeat(self.starts, counts + 1)
        self.returned: FloatArray = self.x[self.ends]
        self.count: FloatArray = self.number + 1.0
        self.count[self.ends] = np.inf
        self.cost: FloatArray = self._costs(runs) if any(run.costs is not None for run in runs) else self.count

    def _costs(self, runs: Sequence[Run]) -> FloatArray:
        costs = [
            self.count[start:end] if run.costs is None else run.costs
            for run, start, end in zip(runs, self.starts, self.ends, strict=True)
        ]
        return np.concatenate([part for one in costs for part in (one, [np.inf])])

    @functools.cached_property
    def inside(self) -> NDArray[np.bool_]:
        """Whether each point lies in the box, with slack for rounding; shape (n,)."""
        return inside(self.x, self.bounds)

    @functools.cached_property
    def is_strictly_inside(self) -> bool:
        """Whether all points lie in the box, without slack."""
        lower, upper = self.bounds.T
        return bool((self.x.min(axis=0) >= lower).all() and (self.x.max(axis=0) <= upper).all())

    @property
    def just_outside(self) -> NDArray[np.bool_]:
        """Whether each point lies outside the box, without slack; shape (n,)."""
        lower, upper = self.bounds.T
        outside: NDArray[np.bool_] = ((self.x < lower) | (self.x > upper)).any(axis=1)
        return outside

    @functools.cached_property
    def gaps(self) -> FloatArray:
        """The gap of each point; shape (n,). If a value of a run contradicts fmin, all gaps of the run are inf."""
        gaps = gaps_at(self.x, self.fun, self.bounds, self.landscape, self.inside)
        below = below_fmin(self.x, self.fun, self.bounds, self.landscape, self.inside)
        if below.any():
            for start, end in zip(self.starts, self.ends, strict=True):
                if below[start : end + 1].any():
                    gaps[start : end + 1] = np.inf
        return gaps


def in_batches(runs: Sequence[Run]) -> Iterator[Sequence[Run]]:
    """Split runs, in order, into groups that fit one batch."""
    first, size = 0, 0
    for k, run in enumerate(runs):
        size += run.evaluated[0].size
        if size > _TALLEST:
            yield runs[first : k + 1]
            first, size = k + 1, 0
    if first < len(runs):
        yield runs[first:]
