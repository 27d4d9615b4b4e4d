"""Which start to try next, judging by how suspicious the runs so far were.

Half of the starts are scrambled Sobol' points, half of these with a coordinate where much breaks. The other half lie in
the neighbourhood of the start whose run showed most of one sign of trouble, the signs taking turns. The neighbourhood
is that start's Voronoi cell, which narrows by itself as starts are tried in it (Kim et al. 2020, Voronoi optimistic
optimization): there is no step size to tune.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.runs import Run

__all__ = ["Search", "signs_of_trouble"]

FloatArray = NDArray[np.float64]

_EVEN_AT_FIRST = 8
"""Examples before neighbourhoods are searched: fewer have no worst one worth the name."""

_CONVERGED = 1e-12
"""Gaps below this share of |f| at the start are all the same: what differs is rounding."""

_HUGE = 1e300
"""Stands for a gap that is not finite: worse than any other."""

_DIAGONAL_SHARE = 0.2
"""Of the special points: on a line where two coordinates are equal, the symmetry of many landscapes."""

_TRIES, _TRIES_A_SCALE = 200, 20
"""Draws until one falls into the cell, and until the draws come from closer around its centre."""


def signs_of_trouble(run: Run) -> tuple[float, float, float, float]:
    """Say how suspicious a run that did not fail was, in four ways; larger is more suspicious.

    Returns
    -------
    tuple of float
        Log gap of the result; log evaluations and gradients to the end; log of the gap that was left of the one at
        the start; the farthest evaluation from the centre of the box, 1 being its edge.

    Examples
    --------
    >>> from pytest_optlandscape import minimize
    >>> near, far = (minimize("scipy:L-BFGS-B", "beale", x0=x0) for x0 in ([3.0, 0.4], [-4.0, 4.0]))
    >>> [a < b for a, b in zip(signs_of_trouble(near), signs_of_trouble(far))][1]
    True
    """
    start = float(run.trace.fun[0]) - run.landscape.fmin if len(run.trace) else _HUGE
    at_start = start if math.isfinite(start) else _HUGE
    result = run.result_gap if math.isfinite(run.result_gap) else _HUGE
    smallest = _CONVERGED * max(abs(at_start), abs(run.landscape.fmin), 1e-288)
    gap, before = math.log10(max(result, smallest)), math.log10(max(at_start, smallest))
    return gap, math.log10(1 + run.nfev + run.njev), gap - before, _reach(run)


def _reach(run: Run) -> float:
    lower, upper = run.bounds.T
    if not len(run.trace) or not np.all(np.isfinite(run.bounds)):
        return 0.0
    half = np.where(upper > lower, (upper - lower) / 2.0, 1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        shares = np.abs((run.trace.x - (lower + upper) / 2.0) / half)
    return float(np.max(np.nan_to_num(shares, nan=_HUGE, posinf=_HUGE)))


@dataclass
class Search:
    """Ask for the next start, tell what came of it.

    Attributes
    ----------
    landscape : Landscape
    box : ndarray, shape (dim, 2)
        Finite bounds of the starts.
    seed : int
    """

    landscape: Landscape
    box: FloatArray
    seed: int
    asked: int = 0
    _points: list[FloatArray] = field(default_factory=list)  # in the unit box, as all points here
    _signs: list[tuple[float, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng([self.seed, 4])
        self._sobol = qmc.Sobol(len(self.box), seed=np.random.default_rng([self.seed, 5]))
        self._batch: list[FloatArray] = []
        self._even = self._turn = 0
        lower, width = self.box[:, 0], np.ptp(self.box, axis=1)
        self._width = np.where(width > 0.0, width, 1.0)
        standard = np.clip((self.landscape.x0 - lower) / self._width, 0.0, 1.0)
        zero = np.clip(-lower / self._width, 0.0, 1.0)
        self._special = np.stack([zero, standard, np.zeros_like(zero), np.ones_like(zero)])
        distinct = dict.fromkeys(tuple(point) for point in self._special[[1, 2, 3, 0]].tolist())
        self._first = [np.array(point) for point in distinct]
        self._point = standard

    def ask(self) -> FloatArray:
        """Give the next start: the standard one, two corners and the origin come first."""
        self.asked += 1
        if self._first:
            self._point = self._first.pop(0)
        elif self._points and self.asked > _EVEN_AT_FIRST and self.asked % 2:
            self._point = self._near_the_worst()
        else:
            self._point = self._even_point()
        lower, upper = self.box.T
        start: FloatArray = np.clip(lower + self._point * self._width, lower, upper)
        return start

    def tell(self, run: Run) -> None:
        """Learn from a run that did not fail."""
        self._points.append(self._point)
        self._signs.append(signs_of_trouble(run))

    def _even_point(self) -> FloatArray:
        if not self._batch:
            self._batch = list(self._sobol.random(64))
        point = self._batch.pop(0)
        self._even += 1
        if self._even % 2 == 0:
            self._make_special(point)
        return point

    def _make_special(self, point: FloatArray) -> None:
        """Move one coordinate to 0, a bound, the standard start's, or another coordinate's value."""
        axis = int(self._rng.integers(len(point)))
        if len(point) > 1 and self._rng.random() < _DIAGONAL_SHARE:
            other = (axis + 1) % len(point)
            value = self.box[other, 0] + point[other] * self._width[other]
            point[axis] = np.clip((value - self.box[axis, 0]) / self._width[axis], 0.0, 1.0)
        else:
            point[axis] = self._special[int(self._rng.integers(len(self._special))), axis]

    def _near_the_worst(self) -> FloatArray:
        """Draw from the Voronoi cell of the most suspicious start."""
        points, signs = np.array(self._points), np.array(self._signs)
        sign = signs[:, self._turn % signs.shape[1]]
        self._turn += 1
        worst = int(self._rng.choice(np.flatnonzero(sign == sign.max())))
        centre = points[worst]
        apart = np.max(np.abs(points - centre), axis=1)
        scale = 4.0 * float(np.min(apart[apart > 0.0], initial=1.0))
        candidate: FloatArray = centre
        for k in range(_TRIES):
            moved = centre + scale * self._rng.uniform(-1.0, 1.0, len(centre))
            candidate = np.clip(moved, 0.0, 1.0)  # what falls outside lies on the bound: edges are searched as well
            distances = np.sum((points - candidate) ** 2, axis=1)
            if 0.0 < distances[worst] <= distances.min():
                break
            if k % _TRIES_A_SCALE == _TRIES_A_SCALE - 1:
                scale /= 1.5
        return candidate
