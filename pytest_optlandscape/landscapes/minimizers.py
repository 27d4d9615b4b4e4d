"""Sets of global minimisers: lists, grids and boxes."""

from __future__ import annotations

import abc
import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes.formula.evaluation import real_points
from pytest_optlandscape.landscapes.frozen import immutable

__all__ = [
    "LONGEST_LIST",
    "MinimizerBox",
    "MinimizerGrid",
    "MinimizerList",
    "Minimizers",
    "MovedMinimizers",
    "NoMinimizers",
    "everywhere",
]

FloatArray = NDArray[np.float64]

LONGEST_LIST = 4096
"""At most this many minimisers are listed; counts and distances stay exact."""


class Minimizers(abc.ABC):
    """The set of a landscape's global minimisers.

    Attributes
    ----------
    points : ndarray, shape (m, dim)
        The listed global minimisers.
    count : int or float
        Number of all global minimisers; inf for a continuum or if they are not counted.
    listed_all : bool
        Whether ``points`` are all of them.
    """

    points: FloatArray
    count: float
    listed_all: bool

    @abc.abstractmethod
    def distance(self, x: FloatArray) -> float | FloatArray:
        """Return the distance of a point (dim,), or of each in a batch (n, dim), to the nearest minimiser."""

    @abc.abstractmethod
    def stretched(self, factors: FloatArray, offset: FloatArray) -> Minimizers:
        """Return the images under x → factors · x + offset, coordinate by coordinate."""

    @abc.abstractmethod
    def permuted(self, order: Sequence[int]) -> Minimizers:
        """Return the images under the permutation x → x[order]."""

    def within(self, lower: FloatArray, upper: FloatArray) -> Minimizers | None:
        """Return the minimisers inside a box, edges included; None if no listed one is inside.

        If all are listed, distances are to those inside; else to the nearest of all.
        """
        kept = self.points[np.all((self.points >= lower) & (self.points <= upper), axis=1)]
        return MovedMinimizers(self, kept, _unmoved, self.listed_all) if len(kept) else None


class MinimizerList(Minimizers):
    """A finite list of minimisers.

    Parameters
    ----------
    points : array_like, shape (m, dim)
        Global minimisers.
    complete : bool, default True
        Whether these are all. If not, they represent a continuum, and returned distances are upper bounds.

    Examples
    --------
    >>> MinimizerList([[0.0, 0.0], [3.0, 4.0]]).distance(np.array([3.0, 0.0]))
    3.0
    """

    def __init__(self, points: ArrayLike, complete: bool = True) -> None:
        self.points = immutable(np.array(real_points(points), ndmin=2))
        self.count = len(self.points) if complete else math.inf
        self.listed_all = complete

    def distance(self, x: FloatArray) -> float | FloatArray:
        """Return the distance of a point (dim,), or of each in a batch (n, dim), to the nearest minimiser."""
        nearest = np.linalg.norm(x[..., np.newaxis, :] - self.points, axis=-1).min(axis=-1)
        return float(nearest) if x.ndim == 1 else nearest

    def stretched(self, factors: FloatArray, offset: FloatArray) -> Minimizers:
        """Return the images under x → factors · x + offset, coordinate by coordinate."""
        return MinimizerList(factors * self.points + offset, self.listed_all)

    def permuted(self, order: Sequence[int]) -> Minimizers:
        """Return the images under the permutation x → x[order]."""
        return MinimizerList(self.points[:, list(order)], self.listed_all)


class MinimizerGrid(Minimizers):
    """A grid of minimisers: along each axis, each has one of a few values.

    Parameters
    ----------
    axes : sequence of array_like
        For each axis, the values that a minimiser may have.

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
        self.points = np.array(list(first))
        self.points = immutable(self.points)

    def distance(self, x: FloatArray) -> float | FloatArray:
        """Return the distance of a point (dim,), or of each in a batch (n, dim), to the nearest minimiser."""
        gaps = [np.abs(x[..., k, np.newaxis] - values).min(axis=-1) for k, values in enumerate(self._axes)]
        nearest = np.linalg.norm(np.stack(gaps, axis=-1), axis=-1)
        return float(nearest) if x.ndim == 1 else nearest

    def stretched(self, factors: FloatArray, offset: FloatArray) -> Minimizers:
        """Return the images under x → factors · x + offset, coordinate by coordinate."""
        moved = zip(factors, self._axes, offset, strict=True)
        return MinimizerGrid([factor * axis + start for factor, axis, start in moved])

    def permuted(self, order: Sequence[int]) -> Minimizers:
        """Return the images under the permutation x → x[order]."""
        return MinimizerGrid([self._axes[k] for k in order])

    def within(self, lower: FloatArray, upper: FloatArray) -> Minimizers | None:
        """Return the minimisers inside a box, listed or not, edges included; None if there are none."""
        kept = [axis[(axis >= a) & (axis <= b)] for axis, a, b in zip(self._axes, lower, upper, strict=True)]
        return MinimizerGrid(kept) if all(map(len, kept)) else None


class MinimizerBox(Minimizers):
    """A box of minimisers: along each axis, any value between two limits.

    Only the middle of the box is listed.

    Parameters
    ----------
    sides : array_like, shape (dim, 2)
        For each axis, the least and the greatest value of a minimiser.

    Examples
    --------
    >>> plain = MinimizerBox([[-0.5, 0.5], [-0.5, 0.5]])
    >>> plain.distance(np.array([[0.2, -0.4], [3.5, 4.5]])).tolist()
    [0.0, 5.0]
    """

    def __init__(self, sides: ArrayLike) -> None:
        self._lower, self._upper = np.array(sides, dtype=np.float64).T
        self.points = (self._lower + 0.5 * (self._upper - self._lower))[np.newaxis]
        self.points = immutable(self.points)
        self.count = math.inf
        self.listed_all = False

    def distance(self, x: FloatArray) -> float | FloatArray:
        """Return the distance of a point (dim,), or of each in a batch (n, dim), to the box; 0 inside."""
        nearest = np.linalg.norm(x - np.clip(x, self._lower, self._upper), axis=-1)
        return float(nearest) if x.ndim == 1 else nearest

    def stretched(self, factors: FloatArray, offset: FloatArray) -> Minimizers:
        """Return the image under x → factors · x + offset, coordinate by coordinate."""
        ends = np.stack([factors * self._lower + offset, factors * self._upper + offset], axis=1)
        return MinimizerBox(np.sort(ends, axis=1))

    def permuted(self, order: Sequence[int]) -> Minimizers:
        """Return the image under the permutation x → x[order]."""
        return MinimizerBox(np.stack([self._lower, self._upper], axis=1)[list(order)])

    def within(self, lower: FloatArray, upper: FloatArray) -> Minimizers | None:
        """Return the intersection with a box; None if it is empty."""
        sides = np.stack([np.maximum(self._lower, lower), np.minimum(self._upper, upper)], axis=1)
        return MinimizerBox(sides) if np.all(sides[:, 0] <= sides[:, 1]) else None


class MovedMinimizers(Minimizers):
    """Minimisers after an isometry.

    Parameters
    ----------
    before : Minimizers
        The minimisers before the isometry; some images may lie outside the bounds.
    points : ndarray, shape (m, dim)
        Images of the listed minimisers.
    back : callable
        The inverse isometry, of a point (dim,) or a batch (n, dim).
    complete : bool
        Whether ``points`` are all minimisers.
    """

    def __init__(
        self, before: Minimizers, points: FloatArray, back: Callable[[FloatArray], FloatArray], complete: bool
    ) -> None:
        self._before = before
        self._back = back
        self.points = np.array(points, dtype=np.float64)
        self.points = immutable(self.points)
        self.count = len(points) if complete else math.inf
        self.listed_all = complete

    def distance(self, x: FloatArray) -> float | FloatArray:
        """Return the distance of a point (dim,), or of each in a batch (n, dim), to the nearest minimiser."""
        if self.listed_all:
            return MinimizerList(self.points).distance(x)
        return self._before.distance(self._back(x))

    def stretched(self, factors: FloatArray, offset: FloatArray) -> Minimizers:
        """Return the images under x → factors · x + offset, only of listed minimisers."""
        return MinimizerList(factors * self.points + offset, self.listed_all)

    def permuted(self, order: Sequence[int]) -> Minimizers:
        """Return the images under the permutation x → x[order], only of listed minimisers."""
        return MinimizerList(self.points[:, list(order)], self.listed_all)


class NoMinimizers(Minimizers):
    """The empty set, for an unknown minimum.

    Parameters
    ----------
    dim : int

    Examples
    --------
    >>> NoMinimizers(2).distance(np.zeros(2)), NoMinimizers(2).count
    (inf, nan)
    """

    def __init__(self, dim: int) -> None:
        self.points = np.empty((0, dim))
        self.count = math.nan
        self.listed_all = False

    def distance(self, x: FloatArray) -> float | FloatArray:
        """Return inf for every point."""
        return math.inf if x.ndim == 1 else np.full(len(x), np.inf)

    def stretched(self, factors: FloatArray, offset: FloatArray) -> Minimizers:
        """Return itself."""
        return self

    def permuted(self, order: Sequence[int]) -> Minimizers:
        """Return itself."""
        return self


def _unmoved(x: FloatArray) -> FloatArray:
    return x


def everywhere(value: float) -> Callable[[int], MinimizerList]:
    """Return a function from a dimension to the one minimiser with the same value in every coordinate.

    Examples
    --------
    >>> everywhere(1.0)(3).points.tolist()
    [[1.0, 1.0, 1.0]]
    """
    return lambda dim: MinimizerList([[value] * dim])
