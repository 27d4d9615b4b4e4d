"""Perturb a problem by one unit in the last place everywhere, to measure the effect of rounding on a run."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.runs import Problem, Run

__all__ = ["BFLOAT", "DOUBLE", "HALF", "SINGLE", "PerturbedProblem", "precision_of"]

FloatArray = NDArray[np.float64]

DOUBLE, SINGLE, HALF, BFLOAT = 2.0**-52, 2.0**-23, 2.0**-10, 2.0**-7
"""The spacing near 1 of float64, float32, float16 and bfloat16."""

_STATED = {"float64": DOUBLE, "float32": SINGLE, "float16": HALF, "bfloat16": BFLOAT}

_LAST_BITS = {HALF: 11, BFLOAT: 8}
"""Significant bits of a number, including the leading one."""

_LEAST_ODD, _LEAST_NUMBERS = 1 / 3, 8
"""Least share of numbers that use their last bit, and fewest numbers to judge by. Numbers of a half-precision optimizer
use it in half of all cases; points on a grid of binary fractions in less than a quarter."""

_FACTORS = 4096  # drawn once per problem, then repeated; enough to leave no pattern
_FEW = 128  # factors converted to floats at a time; a short run needs no more


def precision_of(runs: list[Run], stated: str = "") -> float:
    """Detect the floating-point precision of an optimizer from its points.

    Parameters
    ----------
    runs : list of Run
        Runs whose starts should not be short binary fractions.
    stated : str, optional
        The dtype that the optimizer's adapter states. If it is a half precision, the points are not examined.

    Returns
    -------
    float
        `HALF` or `BFLOAT` if all coordinates after the start are of float16 or bfloat16 and use their last bits;
        `SINGLE` if all are of float32; else `DOUBLE`.

    Examples
    --------
    >>> from pytest_optlandscape import minimize
    >>> precision_of([minimize("scipy:L-BFGS-B", "beale", x0=[0.1, 0.2])]) == DOUBLE
    True
    """
    if _STATED.get(stated, DOUBLE) > SINGLE:
        return _STATED[stated]
    moved = [run.trace.x[1:].ravel() for run in runs if len(run.trace) > 1]
    if not moved:
        return DOUBLE
    points = np.concatenate(moved)
    with np.errstate(over="ignore"):
        if not np.array_equal(points, points.astype(np.float32), equal_nan=True):
            return DOUBLE
    return SINGLE if stated in _STATED else next(filter(functools.partial(_is_used, points), (BFLOAT, HALF)), SINGLE)


def _is_used(points: FloatArray, precision: float) -> bool:
    """Return whether all numbers fit the significant bits of a precision, and many use the last bit."""
    numbers = np.unique(np.abs(points[np.isfinite(points) & (points != 0.0)]))
    bits = np.ldexp(np.frexp(numbers)[0], _LAST_BITS[precision])  # integers, if the numbers fit the precision
    whole = bits.astype(np.int64)
    is_odd = whole % 2 == 1
    return bool(len(numbers) >= _LEAST_NUMBERS and np.all(bits == whole) and np.mean(is_odd) >= _LEAST_ODD)


class PerturbedProblem(Problem):
    """A problem with random perturbations of one unit in the last place in its start, values and gradients.

    Each number is multiplied by 1 + ε or 1 - ε, where ε is the spacing of floats near 1. This moves it by one or two
    floats. Zeros and infinities stay: rounding does not change them, and optimizers branch on them.

    Parameters
    ----------
    problem : Problem
        The problem to perturb.
    rng : numpy.random.Generator
        Draws the sign of each perturbation.
    precision : float
        ε: `DOUBLE`, `SINGLE`, `HALF` or `BFLOAT`.
    units : int, default 1
        The size of a perturbation, in ε.
    """

    def __init__(self, problem: Problem, rng: np.random.Generator, precision: float = DOUBLE, units: int = 1) -> None:
        self._exact = problem
        self._rng_before = type(rng.bit_generator), rng.bit_generator.state
        self._perturb = precision, units
        self._choices = np.array([1.0 - units * precision, 1.0 + units * precision])
        self._rng = rng
        ways = np.unpackbits(np.frombuffer(rng.bytes(_FACTORS // 8), np.uint8)).reshape(-1, _FEW)
        few_at_a_time = (self._choices[some].tolist() for some in itertools.cycle(ways))
        self._factors: Iterator[float] = itertools.chain.from_iterable(few_at_a_time)
        x0 = self._off(problem.x0)
        super().__init__(
            problem.landscape,
            np.minimum(np.maximum(x0, problem.bounds[:, 0]), problem.bounds[:, 1]),
            bounds=None if problem.bounds is problem.landscape.bounds else problem.bounds,
            budget=problem.budget,
            seed=problem.seed,
            time_limit=problem.time_limit,
        )

    def again(self, budget: int | None = None) -> PerturbedProblem:
        """Return a fresh copy of the problem with the same perturbations."""
        kind, state = self._rng_before
        rng = np.random.Generator(kind(0))
        rng.bit_generator.state = state
        return PerturbedProblem(self._exact.again(budget), rng, *self._perturb)

    def _off(self, values: FloatArray) -> FloatArray:
        factors: FloatArray = self._choices[self._rng.integers(0, 2, np.shape(values), dtype=np.int8)]
        return values * factors

    @functools.cached_property
    def rng(self) -> np.random.Generator:
        """A random generator made from the seed, whose real numbers are perturbed, too."""
        return _PerturbedGenerator(self.seed, self._off)

    def _objective(self) -> Callable[[list[float]], float]:
        exact, factors = super()._objective(), self._factors
        return lambda values: exact(values) * next(factors)

    def _leveled(self) -> Callable[[list[float], float], float]:
        exact, factors = super()._leveled(), self._factors
        return lambda values, level: exact(values, level) * next(factors)

    def _derivative(self) -> Callable[[list[float]], list[float]]:
        exact, factors = super()._derivative(), self._factors
        return lambda values: list(map(operator.mul, exact(values), factors))


class _PerturbedGenerator(np.random.Generator):
    """A generator whose real numbers are off by one unit in the last place; its integers are exact.

    It perturbs state that an optimizer computes from random numbers alone, such as a covariance of ranked steps.
    """

    def __init__(self, seed: int, off: Callable[[FloatArray], FloatArray]) -> None:
        super().__init__(np.random.default_rng(seed).bit_generator)
        self._off = off

    def random(self, *arguments: Any, **keywords: Any) -> Any:
        return self._perturbed(super().random(*arguments, **keywords), 0.0, 1.0)

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        return self._perturbed(super().uniform(low, high, size), low, high)

    def standard_normal(self, *arguments: Any, **keywords: Any) -> Any:
        return self._perturbed(super().standard_normal(*arguments, **keywords))

    def normal(self, *arguments: Any, **keywords: Any) -> Any:
        return self._perturbed(super().normal(*arguments, **keywords))

    def standard_cauchy(self, size: Any = None) -> Any:
        return self._perturbed(super().standard_cauchy(size))

    def _perturbed(self, drawn: Any, low: Any = -np.inf, high: Any = np.inf) -> Any:
        moved = self._off(np.asarray(drawn, dtype=np.float64))
        inside = np.where((moved >= low) & (moved < high), moved, drawn)
        return inside if np.ndim(drawn) else float(inside)
