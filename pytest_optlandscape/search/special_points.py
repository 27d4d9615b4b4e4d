"""Points where optimizers often fail: on axes, bounds and diagonals, in corners, close to minimisers and saddles.

Optimizers fail at points that evenly spread points miss: exact zeros, equal coordinates, bounds, points within rounding
of a bound, points near a zero of the gradient. These kinds take turns, so none is missed by chance. The origin comes
first: most failures at a fixed point are there, and plain Hypothesis begins there.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes.saddles import saddles
from pytest_optlandscape.runs import box_widths

__all__ = ["SpecialPoints"]

FloatArray = NDArray[np.float64]

_CLOSEST = 4.0
"""Points lie close to a minimiser at distances of all orders down to 10⁻⁴ of the box."""

_NEAREST = 12.0
"""Points lie near a bound at distances of all orders from 10⁻¹ down to 10⁻¹² of the box."""


class SpecialPoints:
    """Draw special points of a box, in units of the box.

    Parameters
    ----------
    landscape : Landscape
    box : ndarray, shape (dim, 2)
        Finite bounds.
    rng : numpy.random.Generator

    Attributes
    ----------
    first : list of ndarray, shape (dim,)
        The first points: the origin, the standard start, the lowest and the highest corner, and two corners where lower
        and upper bounds alternate.

    Examples
    --------
    >>> from pytest_optlandscape import landscapes
    >>> beale = landscapes.get("beale")
    >>> points = SpecialPoints(beale, beale.bounds, np.random.default_rng(0))
    >>> [point.tolist() for point in points.first[::2]]
    [[0.5, 0.5], [0.0, 0.0], [0.0, 1.0]]
    >>> points.draw().shape
    (2,)
    """

    def __init__(self, landscape: Landscape, box: FloatArray, rng: np.random.Generator) -> None:
        self._rng = rng
        self._lower, self._width = box[:, 0], box_widths(box)
        self._dim = len(box)
        standard, zero = self._in_units(landscape.x0), self._in_units(np.zeros(self._dim))
        middle, mixed = np.full(self._dim, 0.5), np.arange(self._dim) % 2.0
        self._middles = (zero, middle)
        self._centres = [middle, standard]
        for points in (landscape.minimizers, saddles(landscape)):
            self._centres += [self._in_units(point) for point in points]
        corners = (np.zeros(self._dim), np.ones(self._dim))
        first = (zero, standard, *corners, mixed, 1.0 - mixed)
        self.first = [np.array(point) for point in dict.fromkeys(tuple(point.tolist()) for point in first)]
        self._kinds = itertools.cycle(
            (
                self._on_an_axis,
                self._close_by,
                self._near_a_bound,
                self._on_an_axis,
                self._in_a_corner,
                self._on_a_bound,
                self._close_by,
                self._on_the_diagonal,
            )
        )

    def _in_units(self, point: FloatArray) -> FloatArray:
        units: FloatArray = np.clip((point - self._lower) / self._width, 0.0, 1.0)
        return units

    def draw(self) -> FloatArray:
        """Return a point of the next kind, shape (dim,)."""
        point: FloatArray = np.clip(next(self._kinds)(self._rng.random(self._dim)), 0.0, 1.0)
        return point

    def _axis(self) -> int:
        return int(self._rng.integers(self._dim))

    def _on_an_axis(self, point: FloatArray) -> FloatArray:
        axis = self._axis()
        point[axis] = self._middles[int(self._rng.integers(2))][axis]
        return point

    def _on_a_bound(self, point: FloatArray) -> FloatArray:
        point[self._axis()] = float(self._rng.integers(2))
        return point

    def _near_a_bound(self, point: FloatArray) -> FloatArray:
        near = 10.0 ** self._rng.uniform(-_NEAREST, -1.0)
        point[self._axis()] = near if self._rng.random() < 0.5 else 1.0 - near
        return point

    def _in_a_corner(self, point: FloatArray) -> FloatArray:
        return np.round(point)

    def _close_by(self, point: FloatArray) -> FloatArray:
        centre = self._centres[int(self._rng.integers(len(self._centres)))]
        reach = 10.0 ** self._rng.uniform(-_CLOSEST, 0.0)
        close: FloatArray = centre + reach * (2.0 * point - 1.0)
        return close

    def _on_the_diagonal(self, point: FloatArray) -> FloatArray:
        """Set all coordinates to one value, as far as the box allows it."""
        value = self._lower[0] + point[0] * self._width[0]
        return self._in_units(np.full(self._dim, value))
