"""Random numbers and transformations of the BBOB suite.

The suite has its own generator, so that all implementations draw the same optimum, rotations and peaks. Section numbers
are those of its report.

References
----------
N. Hansen, S. Finck, R. Ros, A. Auger: Real-Parameter Black-Box Optimization Benchmarking 2009: Noiseless Functions
Definitions, INRIA research report RR-6829 (2009).
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes.formula.namespaces import Value

__all__ = [
    "Case",
    "asymmetric",
    "asymmetric_with_slope",
    "gaussian",
    "oscillate",
    "oscillate_back",
    "oscillate_with_slope",
    "penalty",
    "penalty_slope",
    "rotation",
    "uniform",
]

FloatArray = NDArray[np.float64]

_MODULUS = 2**31 - 1
_MULTIPLIER = 16807
_TABLE = 32
_WARM_UP = 8  # draws discarded before the table is filled
_SHARE = 67108865  # 2³¹/32 + 1: maps numbers up to the modulus to table entries
_NEVER_ZERO = 1e-99

_TINY = 1e-37
"""Replaces 0 before a logarithm; it is normal in single precision too."""


def uniform(count: int, seed: int) -> list[float]:
    """Draw numbers between 0 and 1 by a multiplicative generator with a shuffle table.

    Parameters
    ----------
    count : int
        Number of draws.
    seed : int
        At least 1.

    Returns
    -------
    list of float

    References
    ----------
    S. K. Park, K. W. Miller: Random Number Generators: Good Ones Are Hard to Find, Commun. ACM 31 (1988).
    C. Bays, S. D. Durham: Improving a Poor Random Number Generator, ACM TOMS 2 (1976).

    Examples
    --------
    >>> [round(u, 6) for u in uniform(3, seed=10001)]
    [0.531634, 0.355405, 0.409568]
    """
    state = max(abs(seed), 1)
    table = [0] * _TABLE
    for k in reversed(range(_TABLE + _WARM_UP)):
        state = _MULTIPLIER * state % _MODULUS
        if k < _TABLE:
            table[k] = state
    drawn, numbers = table[0], []
    for _ in range(count):
        state = _MULTIPLIER * state % _MODULUS
        place = drawn // _SHARE
        drawn, table[place] = table[place], state
        numbers.append(drawn / float(_MODULUS) or _NEVER_ZERO)
    return numbers


def gaussian(count: int, seed: int) -> list[float]:
    """Draw normally distributed numbers by the method of Box & Muller.

    References
    ----------
    G. E. P. Box, M. E. Muller: A Note on the Generation of Random Normal Deviates, Ann. Math. Statist. 29 (1958).
    """
    numbers = uniform(2 * count, seed)
    return [
        math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v) or _NEVER_ZERO
        for u, v in zip(numbers[:count], numbers[count:], strict=True)
    ]


def rotation(dim: int, seed: int) -> FloatArray:
    """Draw a rotation: normally distributed columns, orthonormalised in order.

    Parameters
    ----------
    dim : int
        At least 1.
    seed : int
        Seed of `gaussian`.

    Returns
    -------
    ndarray, shape (dim, dim)
        Orthogonal up to rounding. Sums run in the order of all implementations. For nearly parallel columns, another
        order would change the third digit from the end.
    """
    columns = np.array(gaussian(dim * dim, seed)).reshape(dim, dim)
    for i, column in enumerate(columns):
        for earlier in columns[:i]:
            np.subtract(column, _ordered_sum(column * earlier) * earlier, out=column)
        np.divide(column, math.sqrt(_ordered_sum(column * column)), out=column)
    return np.ascontiguousarray(columns.T)


def _ordered_sum(terms: FloatArray) -> float:
    return float(np.add.accumulate(terms)[-1])


class Case:
    """A BBOB function in one dimension and instance: seed, optimum, rotations and scales.

    Parameters
    ----------
    function : int
        1 to 24.
    dim : int
        Number of coordinates.
    instance : int
        At least 1.
    """

    def __init__(self, function: int, dim: int, instance: int) -> None:
        self.dim = dim
        self.instance = instance
        self.seed = {4: 3, 18: 17}.get(function, function) + 10_000 * instance

    @functools.cached_property
    def f_opt(self) -> float:
        """The minimum: a ratio of two normal draws, rounded to hundredths and limited to ±1000 (sec. 0.2)."""
        (above,), (below,) = gaussian(1, self.seed), gaussian(1, self.seed + 1)
        return min(1000.0, max(-1000.0, math.floor(100.0 * 100.0 * above / below + 0.5) / 100.0))

    def drawn_optimum(self, offset: int = 0) -> FloatArray:
        """Draw the optimum: multiples of 0.0008 in [−4, 4) other than 0."""
        drawn = [8.0 * math.floor(1e4 * u) / 1e4 - 4.0 for u in uniform(self.dim, self.seed + offset)]
        return np.array([value or -1e-5 for value in drawn])

    def drawn_normals(self) -> list[float]:
        """Draw a normally distributed number for each coordinate."""
        return gaussian(self.dim, self.seed)

    @functools.cached_property
    def first_rotation(self) -> FloatArray:
        """The rotation R."""
        return rotation(self.dim, self.seed + 1_000_000)

    @functools.cached_property
    def second_rotation(self) -> FloatArray:
        """The rotation Q."""
        return rotation(self.dim, self.seed)

    @property
    def shares(self) -> FloatArray:
        """The shares (i − 1)/(d − 1), from 0 for the first coordinate to 1 for the last."""
        return np.arange(self.dim) / (self.dim - 1.0)

    def scales(self, condition: float) -> FloatArray:
        """Return the diagonal of Λ, from 1 to the root of the condition number."""
        diagonal: FloatArray = math.sqrt(condition) ** self.shares
        return diagonal

    def mixing(self, condition: float) -> FloatArray:
        """Return the matrix R Λ Q."""
        return self.first_rotation @ (self.scales(condition)[:, np.newaxis] * self.second_rotation)


def oscillate(z: Value, xp: Any) -> Value:
    """Return T_osz(z), which adds waves that are self-similar about 0."""
    _, _, first, second = _phases(z, xp)
    return z * xp.exp(0.049 * (xp.sin(first) + xp.sin(second)))


def oscillate_with_slope(z: Value, xp: Any) -> tuple[Value, Value]:
    """Return the values of `oscillate` and their derivatives."""
    fast, slow, first, second = _phases(z, xp)
    factor = xp.exp(0.049 * (xp.sin(first) + xp.sin(second)))
    return z * factor, factor * (1.0 + 0.049 * (fast * xp.cos(first) + slow * xp.cos(second)))


def _phases(z: Value, xp: Any) -> tuple[Value, Value, Value, Value]:
    sign, size = xp.sign(z), xp.log(xp.maximum(xp.abs(z), _TINY))
    fast, slow = 7.75 + 2.25 * sign, 5.5 + 2.4 * sign  # 10 and 7.9 if z > 0, 5.5 and 3.1 if z < 0
    return fast, slow, fast * size, slow * size


def oscillate_back(values: FloatArray) -> FloatArray:
    """Return the inverse of `oscillate` by bisection; it rises everywhere."""
    low, high = np.minimum(0.9 * values, 1.11 * values), np.maximum(0.9 * values, 1.11 * values)
    for _ in range(60):
        middle = 0.5 * (low + high)
        below = oscillate(middle, np) < values
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return high


def asymmetric(z: Value, strengths: ArrayLike, xp: Any) -> Value:
    """Return T_asy(z): positive components raised to the power 1 + strength √z."""
    steepness, size = _steepness(z, strengths, xp)
    return z * xp.exp(steepness * size)


def asymmetric_with_slope(z: Value, strengths: ArrayLike, xp: Any) -> tuple[Value, Value]:
    """Return the values of `asymmetric` and their derivatives."""
    steepness, size = _steepness(z, strengths, xp)
    factor = xp.exp(steepness * size)
    return z * factor, factor * (1.0 + steepness * (1.0 + 0.5 * size))


def _steepness(z: Value, strengths: ArrayLike, xp: Any) -> tuple[Value, Value]:
    positive = xp.maximum(z, _TINY)
    return xp.constant(strengths, z) * xp.sqrt(positive), xp.log(positive)


def penalty(x: Value, xp: Any) -> Value:
    """Return the sum of squared distances of the coordinates from [−5, 5]."""
    outside = xp.maximum(xp.abs(x) - 5.0, 0.0)
    return xp.sum(outside * outside)


def penalty_slope(x: Value, xp: Any) -> Value:
    """Differentiate `penalty`."""
    return 2.0 * xp.maximum(xp.abs(x) - 5.0, 0.0) * xp.sign(x)
