"""Where a landscape is lowest: its global minimisers, listed or, where they form a grid or a box, by rule."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["LONGEST_LIST", "MinimizerBox", "MinimizerGrid", "MinimizerList", "Minimizers", "everywhere"]

FloatArray = NDArray[np.float64]

LONGEST_LIST = 4096
"""More minimisers than this are not listed; counts and distances stay exact."""


class MinimizerList:
    """Finitely many minimisers, each given.

    Parameters
    ----------
    points : array_like, shape (m, dim)
        All global minimisers.

    Examples
    --------
    >>> MinimizerList([[0.0, 0.0], [3.0, 4.0]]).distance(np.array([3.0, 0.0]))
    3.0
    """

    def __init__(self, points: ArrayLike) -> None:
        self.points: FloatArray = np.array(points, dtype=np.float64, ndmin=2)
        self.points.flags.writeable = False
        self.count = len(self.points)
        self.listed_all = True

    def distance(self, x: FloatArray) -> float | FloatArray:
        """Measure from a point (dim,) or each of a batch (n, dim) to the nearest minimiser."""
        nearest = np.linalg.norm(x[..., np.newaxis, :] - self.points, axis=-1).min(axis=-1)
        return float(nearest) if x.ndim == 1 else nearest


class MinimizerGrid:
    """Minimisers that take, along each axis, any of a few values.

    Parameters
    ----------
    axes : sequence of array_like
        For each axis the values that a minimiser may have there.

    Examples
    --------
    >>> grid = MinimizerGrid([[-1.0, 1.0]] * 20)
    >>> grid.count
    1048576
    >>> grid.distance(np.full(20, 0.5))
    2.23606797749979
    """

    def __init__(self, axes: Sequence[ArrayLike]) -> None:
        self._axes = [np.sort(np.asarray(axis, dtype=np.float64)) for axis in axes]
        self.count = math.prod(len(axis) for axis in self._axes)
        self.listed_all = self.count <= LONGEST_LIST
        first = itertools.islice(itertools.product(*self._axes), LONGEST_LIST)
        self.points: FloatArray = np.array(list(first))
        self.points.flags.writeable = False

    def distance(self, x: FloatArray) -> float | FloatArray:
        """Measure from a point (dim,) or each of a batch (n, dim) to the nearest minimiser."""
        gaps = [np.abs(x[..., k, np.newaxis] - values).min(axis=-1) for k, values in enumerate(self._axes)]
        nearest = np.linalg.norm(np.stack(gaps, axis=-1), axis=-1)
        return float(nearest) if x.ndim == 1 else nearest


class MinimizerBox:
    """A continuum of minimisers: along each axis anything between two values, independently.

    Parameters
    ----------
    sides : array_like, shape (dim, 2)
        For each axis the least and the greatest value that a minimiser may have there; both are taken.

    Attributes
    ----------
    points : ndarray, shape (1, dim)
        The middle, which stands for all.
    count : float
        Infinity.

    Examples
    --------
    >>> plain = MinimizerBox([[-0.5, 0.5], [-0.5, 0.5]])
    >>> plain.distance(np.array([[0.2, -0.4], [3.5, 4.5]])).tolist()
    [0.0, 5.0]
    """

    def __init__(self, sides: ArrayLike) -> None:
        self._lower, self._upper = np.array(sides, dtype=np.float64).T
        self.count = math.inf
        self.listed_all = False
        self.points: FloatArray = (self._lower + 0.5 * (self._upper - self._lower))[np.newaxis]
        self.points.flags.writeable = False

    def distance(self, x: FloatArray) -> float | FloatArray:
        """Measure from a point (dim,) or each of a batch (n, dim) to the box; 0 inside."""
        nearest = np.linalg.norm(x - np.clip(x, self._lower, self._upper), axis=-1)
        return float(nearest) if x.ndim == 1 else nearest


Minimizers = MinimizerList | MinimizerGrid | MinimizerBox
"""Whichever describes them."""


def everywhere(value: float) -> Callable[[int], MinimizerList]:
    """Describe one minimiser with the same value in every coordinate, for each dimension.

    Examples
    --------
    >>> everywhere(1.0)(3).points.tolist()
    [[1.0, 1.0, 1.0]]
    """
    return lambda dim: MinimizerList([[value] * dim])
