"""Sets of global minimisers: all permutations of a point's coordinates, and flats such as lines and planes."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes.frozen import immutable
from pytest_optlandscape.landscapes.minimizers import LONGEST_LIST, MinimizerList, Minimizers

__all__ = ["MinimizerFlat", "MinimizerPermutations"]

FloatArray = NDArray[np.float64]


class MinimizerPermutations(Minimizers):
    """All points whose coordinates are a permutation of one point's.

    Parameters
    ----------
    point : array_like, shape (dim,)
        One of the minimisers.
    offset : array_like, shape (dim,), optional
        Vector added to each of them (default: 0).

    Examples
    --------
    >>> exchanged = MinimizerPermutations([0.0, 0.5, 0.5])
    >>> exchanged.points.tolist()
    [[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]]
    >>> exchanged.distance(np.array([0.5, 0.5, 2.0]))
    1.5811388300841898
    """

    def __init__(self, point: ArrayLike, offset: ArrayLike | None = None) -> None:
        self._sorted = np.sort(np.asarray(point, dtype=np.float64))
        self._offset = np.zeros(len(self._sorted)) if offset is None else np.asarray(offset, dtype=np.float64)
        repeated = Counter(self._sorted.tolist())
        self.count = math.factorial(len(self._sorted)) // math.prod(map(math.factorial, repeated.values()))
        self.listed_all = self.count <= LONGEST_LIST
        self.points = (
            np.array(list(itertools.islice(_arrangements(self._sorted.tolist()), LONGEST_LIST))) + self._offset
        )
        self.points = immutable(self.points)

    def distance(self, x: FloatArray) -> float | FloatArray:
        """Return the distance of a point (dim,), or of each in a batch (n, dim), to the nearest minimiser.

        The nearest one has its coordinates in the same order as ``x`` (rearrangement inequality: Hardy, Littlewood &
        Pólya 1934, th. 368).
        """
        nearest = np.linalg.norm(np.sort(x - self._offset, axis=-1) - self._sorted, axis=-1)
        return float(nearest) if x.ndim == 1 else nearest

    def stretched(self, factors: FloatArray, offset: FloatArray) -> Minimizers:
        """Return the images under x → factors · x + offset; if the factors differ, only of listed minimisers."""
        if np.all(factors == factors[0]):
            return MinimizerPermutations(factors * self._sorted, factors * self._offset + offset)
        return MinimizerList(factors * self.points + offset, self.listed_all)

    def permuted(self, order: Sequence[int]) -> Minimizers:
        """Return the images under the permutation x → x[order]."""
        return MinimizerPermutations(self._sorted, self._offset[list(order)])


def _arrangements(values: list[float]) -> Iterator[list[float]]:
    """Yield every distinct permutation of sorted values once, in lexicographic order."""
    if not values:
        yield []
    for k, value in enumerate(values):
        if k == 0 or value != values[k - 1]:
            for rest in _arrangements(values[:k] + values[k + 1 :]):
                yield [value, *rest]


class MinimizerFlat(Minimizers):
    """A continuum of minimisers that solve linear equations, and possibly single ones besides.

    The flat includes its part outside the landscape's bounds.

    Parameters
    ----------
    matrix : array_like, shape (k, dim)
        The equations' coefficients; the rows are linearly independent.
    values : array_like, shape (k,)
        The equations' right-hand sides.
    points : array_like, shape (m, dim)
        Listed minimisers: some points of the flat and all single ones.

    Examples
    --------
    >>> line = MinimizerFlat([[1.0, 1.0]], [2.0], [[1.0, 1.0], [5.0, 5.0]])
    >>> line.distance(np.array([[0.0, 2.0], [5.0, 6.0], [2.0, 2.0]])).round(3).tolist()
    [0.0, 1.0, 1.414]
    """

    def __init__(self, matrix: ArrayLike, values: ArrayLike, points: ArrayLike) -> None:
        self._matrix = np.array(matrix, dtype=np.float64, ndmin=2)
        self._values = np.array(values, dtype=np.float64)
        self._across = np.linalg.pinv(self._matrix)
        self._listed = MinimizerList(points, complete=False)
        self.points = self._listed.points
        self.count = math.inf
        self.listed_all = False

    def distance(self, x: FloatArray) -> float | FloatArray:
        """Return the distance of a point (dim,), or of each in a batch (n, dim), to the nearest minimiser."""
        to_flat = np.linalg.norm((x @ self._matrix.T - self._values) @ self._across.T, axis=-1)
        nearest = np.minimum(to_flat, self._listed.distance(x))
        return float(nearest) if x.ndim == 1 else nearest

    def stretched(self, factors: FloatArray, offset: FloatArray) -> Minimizers:
        """Return the images under x → factors · x + offset, coordinate by coordinate."""
        matrix = self._matrix / factors
        return MinimizerFlat(matrix, self._values + matrix @ offset, factors * self.points + offset)

    def permuted(self, order: Sequence[int]) -> Minimizers:
        """Return the images under the permutation x → x[order]."""
        return MinimizerFlat(self._matrix[:, list(order)], self._values, self.points[:, list(order)])
