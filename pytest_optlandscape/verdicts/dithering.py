"""What rounding does to a run: the same problem, off by one unit in the last place everywhere."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.runs import Problem, Run

__all__ = ["DOUBLE", "SINGLE", "DitheredProblem", "precision_of"]

FloatArray = NDArray[np.float64]

DOUBLE, SINGLE = 2.0**-52, 2.0**-23
"""The spacing of floats near 1, in double and in single precision."""

_SIGNS = 4096  # drawn once per problem and gone through again and again: enough to have no pattern
_FEW = 128  # made floats of at a time: a short run needs no more


def precision_of(runs: list[Run]) -> float:
    """Tell in which precision an optimizer moves, by its points.

    Parameters
    ----------
    runs : list of Run
        Best from starts that are no short binary fractions themselves.

    Returns
    -------
    float
        `SINGLE` if every point after the start is a single-precision number, else `DOUBLE`.

    Examples
    --------
    >>> from pytest_optlandscape import minimize
    >>> precision_of([minimize("scipy:L-BFGS-B", "beale", x0=[0.1, 0.2])]) == DOUBLE
    True
    """
    moved = [run.trace.x[1:] for run in runs if len(run.trace) > 1]
    if not moved:
        return DOUBLE
    points = np.concatenate(moved)
    with np.errstate(over="ignore"):
        return SINGLE if np.array_equal(points, points.astype(np.float32), equal_nan=True) else DOUBLE


class DitheredProblem(Problem):
    """A problem whose start, values and gradients are off by one unit in the last place, at random.

    Zeros and infinities stay: no rounding turns one into a number, and optimizers branch on them.

    Parameters
    ----------
    problem : Problem
        The one to dither.
    rng : numpy.random.Generator
        Which way each number is off.
    precision : float
        `DOUBLE` or `SINGLE`: whose last place.
    units : int, default 1
        By how many units in the last place.
    """

    def __init__(self, problem: Problem, rng: np.random.Generator, precision: float = DOUBLE, units: int = 1) -> None:
        few_at_a_time = itertools.cycle(rng.choice([-1.0, 1.0], (_SIGNS // _FEW, _FEW)))
        self._signs: Iterator[float] = itertools.chain.from_iterable(map(np.ndarray.tolist, few_at_a_time))
        self._rng = rng
        self._precision = precision
        self._by_one = precision == DOUBLE and units == 1
        self._share = units * precision
        x0 = self._array_off(problem.x0)
        super().__init__(
            problem.landscape,
            np.clip(x0, problem.bounds[:, 0], problem.bounds[:, 1]),
            bounds=problem.bounds,
            budget=problem.budget,
            seed=problem.seed,
            time_limit=problem.time_limit,
        )

    def _off(self, value: float) -> float:
        sign = next(self._signs)
        if value == 0.0 or math.isinf(value):
            return value
        if self._by_one:
            return math.nextafter(value, sign * math.inf)
        return value * (1.0 + sign * self._share)

    def _array_off(self, values: FloatArray) -> FloatArray:
        signs = self._rng.choice([-1.0, 1.0], np.shape(values))
        if self._by_one:
            return np.where(values == 0.0, values, np.nextafter(values, signs * np.inf))
        return np.asarray(values * (1.0 + signs * self._share))

    @functools.cached_property
    def rng(self) -> np.random.Generator:
        """A random generator made from the seed, whose real numbers are dithered too."""
        return _DitheredGenerator(self.seed, self._array_off)

    def _objective(self) -> Callable[[list[float]], float]:
        exact, off = super()._objective(), self._off
        return lambda values: off(exact(values))

    def _derivative(self) -> Callable[[list[float]], list[float]]:
        exact, off = super()._derivative(), self._off
        return lambda values: list(map(off, exact(values)))


class _DitheredGenerator(np.random.Generator):
    """The same real random numbers, each off by one unit in the last place; whole numbers are left alone.

    What an optimizer makes of its random numbers alone, such as a covariance of ranked steps, no other dither reaches.
    """

    def __init__(self, seed: int, off: Callable[[FloatArray], FloatArray]) -> None:
        super().__init__(np.random.default_rng(seed).bit_generator)
        self._off = off

    def random(self, *arguments: Any, **keywords: Any) -> Any:
        return self._dithered(super().random(*arguments, **keywords), 0.0, 1.0)

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        return self._dithered(super().uniform(low, high, size), low, high)

    def standard_normal(self, *arguments: Any, **keywords: Any) -> Any:
        return self._dithered(super().standard_normal(*arguments, **keywords))

    def normal(self, *arguments: Any, **keywords: Any) -> Any:
        return self._dithered(super().normal(*arguments, **keywords))

    def standard_cauchy(self, size: Any = None) -> Any:
        return self._dithered(super().standard_cauchy(size))

    def _dithered(self, drawn: Any, low: Any = -np.inf, high: Any = np.inf) -> Any:
        moved = self._off(np.asarray(drawn, dtype=np.float64))
        inside = np.where((moved >= low) & (moved < high), moved, drawn)
        return inside if np.ndim(drawn) else float(inside)
