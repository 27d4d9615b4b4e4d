"""Landscapes with random values; calls and gradients return the exact expectation.

A `Problem` adds the landscape's noise to the values that an optimizer sees; see `noise`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes.definition import FROM_ONE, scalable
from pytest_optlandscape.landscapes.formula.namespaces import Value, numpy_namespace
from pytest_optlandscape.landscapes.landscape import Landscape
from pytest_optlandscape.landscapes.minimizers import everywhere
from pytest_optlandscape.landscapes.noise import Additive, Cauchy, Minibatch, Move, Multiplicative, Noise, Observer

FAMILY = "stochastic"


@scalable(
    bounds=(-5.0, 5.0),
    x0=3.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="smooth convex quadratic separable unimodal polynomial noisy",
    source="De Jong (1975), function F1, with additive noise",
    dims=FROM_ONE,
    noise=Additive(0.01),
)
def noisy_sphere(x: Value, xp: Any) -> Value:
    """Σ xᵢ², to which normal noise is added."""
    return xp.sum(x * x)


@noisy_sphere.gradient
def _(x: Value, xp: Any) -> Value:
    return 2.0 * x


@scalable(
    bounds=(-5.0, 5.0),
    x0=3.0,
    minimizers=everywhere(1.0),
    fmin=0.0,
    tags="smooth valley ill-conditioned polynomial noisy",
    source="Hansen, Finck, Ros & Auger (2009), noisy functions, after f104",
    noise=Multiplicative(0.01),
)
def noisy_rosenbrock(x: Value, xp: Any) -> Value:
    """Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)², times log-normal noise."""
    a, b = x[:-1], x[1:]
    return xp.sum(100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2)


@noisy_rosenbrock.gradient
def _(x: Value, xp: Any) -> Value:
    a, b = x[:-1], x[1:]
    rise = 200.0 * (b - a * a)
    return xp.pad(2.0 * (a - 1.0) - 2.0 * a * rise, 0, 1) + xp.pad(rise, 1, 0)


@scalable(
    bounds=(-1.28, 1.28),
    x0=1.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="smooth convex separable unimodal polynomial flat ill-conditioned noisy",
    source="De Jong (1975), function F4",
    dims=FROM_ONE,
    noise=Additive(1.0, absolute=True),
)
def noisy_quartic(x: Value, xp: Any) -> Value:
    """Σ i xᵢ⁴, to which a standard normal number is added."""
    square = x * x
    return xp.sum(xp.index(x) * (square * square))


@noisy_quartic.gradient
def _(x: Value, xp: Any) -> Value:
    return 4.0 * xp.index(x) * (x * x * x)


@scalable(
    bounds=(-5.0, 5.0),
    x0=3.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="smooth convex quadratic separable unimodal polynomial noisy",
    source="Hansen, Finck, Ros & Auger (2009), noisy functions, after f103",
    dims=FROM_ONE,
    noise=Cauchy(0.01),
)
def cauchy_noise_sphere(x: Value, xp: Any) -> Value:
    """Σ xᵢ², to which one time in five Cauchy noise is added; the median is exact."""
    return xp.sum(x * x)


@cauchy_noise_sphere.gradient
def _(x: Value, xp: Any) -> Value:
    return 2.0 * x


_ROWS = 64
_MOST_COLUMNS = 32  # more columns would share a Walsh function with the errors


def _walsh(number: int) -> NDArray[np.float64]:
    """Return a Walsh function at rows 0, …, 63: −1 if row and number share an odd number of bits, else 1."""
    return np.array([(-1.0) ** (row & number).bit_count() for row in range(_ROWS)])


def _design(dim: int) -> NDArray[np.float64]:
    """Return the data, each row divided by 8, the root of their number.

    A column is a Walsh function plus half of the next. Neighbouring columns are correlated, distant ones are not.
    """
    return np.column_stack([_walsh(k) + 0.5 * _walsh(k + 1) for k in range(1, dim + 1)]) / 8.0


_ERRORS = _walsh(_ROWS - 1) / 16.0  # ½ and −½, divided by 8; orthogonal to every column


@scalable(
    bounds=(-5.0, 5.0),
    x0=3.0,
    minimizers=everywhere(1.0),
    fmin=0.25,
    tags="smooth convex quadratic unimodal polynomial least-squares noisy",
    source="This project (2026), with the functions of Walsh (1923)",
    dims=range(1, _MOST_COLUMNS + 1),
    noise=Minibatch(8),
)
def minibatch_least_squares(x: Value, xp: Any) -> Value:
    """Mean squared error of a linear model, seen in eight of 64 rows at a time."""
    # Walsh functions are orthogonal, also to the errors. So the mean of squares over all rows is ¼ plus the squared
    # coefficients of the Walsh functions.
    shares = _shares(x, xp)
    return 0.25 + xp.sum(shares * shares)


def _shares(x: Value, xp: Any) -> Value:
    excess = x - 1.0
    return xp.pad(excess, 0, 1) + xp.pad(0.5 * excess, 1, 0)


@minibatch_least_squares.residuals
def _(x: Value, xp: Any) -> Value:
    return xp.dot(_design(x.shape[0]), x - 1.0) - xp.constant(_ERRORS, x)


@minibatch_least_squares.jacobian
def _(x: Value, xp: Any) -> Value:
    columns = _design(x.shape[0]).T
    return tuple(xp.constant(column, x) + 0.0 * x[0] for column in columns)


@minibatch_least_squares.gradient
def _(x: Value, xp: Any) -> Value:
    shares = _shares(x, xp)
    return 2.0 * shares[:-1] + shares[1:]


@dataclass(frozen=True)
class RandomCoefficients(Noise):
    """The random coefficients ε of `xin_she_yang_1`, new for each evaluation; value k and gradient k share them.

    Parameters
    ----------
    level : float, default 1
        The coefficients are uniform between ½ (1 − level) and ½ (1 + level).
    seed : int, default 0
    moves : tuple, optional
        The maps of the instance, in order of application.
    """

    level: float = 1.0
    moves: tuple[Move, ...] = ()

    def check(self, landscape: Landscape) -> None:
        """Raise ValueError for another landscape, or a level above 1."""
        if landscape.name != "xin_she_yang_1":
            raise ValueError(f"{landscape.id} has no random coefficients; only xin_she_yang_1 has")
        if not self.level <= 1.0:
            raise ValueError(f"the level of random coefficients must be at most 1, got {self.level!r}")

    def moved(self, move: Move) -> Noise:
        """Return the noise of an instance."""
        return replace(self, moves=(*self.moves, move))

    def observer(self, landscape: Landscape, seed: int = 0) -> Observer:
        """Return the observer that disturbs values and gradients for a run with this seed."""
        xp = numpy_namespace()
        level, moves, dim = self.level, self.moves, landscape.dim
        draw = self._stream(seed, 0, lambda rng, n: 0.5 * (1.0 + level * rng.uniform(-1.0, 1.0, (n, dim))), dim)

        def original(x: list[float]) -> NDArray[np.float64]:
            point = np.array(x)
            for move in reversed(moves):
                point = move.to_original(point, xp)
            return point

        def value(x: list[float], exact: float, index: int) -> float:
            return float(draw(index) @ _powers(original(x), xp))

        def gradient(x: list[float], exact: list[float], index: int) -> list[float]:
            slopes = draw(index) * _slopes(original(x), xp)
            for move in moves:
                slopes = move.gradient_back(slopes, xp)
            return list(slopes.tolist())

        return Observer(value, gradient)


@scalable(
    bounds=(-5.0, 5.0),
    x0=3.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="nonsmooth convex separable unimodal wide-range noisy",
    source="Yang (2010); Jamil & Yang (2013), no. 168",
    dims=range(1, 101),  # 5¹⁰⁰ is a number of 70 digits
    noise=RandomCoefficients(),
)
def xin_she_yang_1(x: Value, xp: Any) -> Value:
    """Σ εᵢ |xᵢ|ⁱ with εᵢ uniform in 0 to 1; the expectation is ½ Σ |xᵢ|ⁱ."""
    return 0.5 * xp.sum(_powers(x, xp))


def _powers(x: Value, xp: Any) -> Value:
    size = xp.abs(x)
    return xp.stack([size[k] ** (k + 1) for k in range(x.shape[0])])


def _slopes(x: Value, xp: Any) -> Value:
    size, side = xp.abs(x), xp.sign(x)
    return xp.stack([side[0], *((k + 1.0) * side[k] * size[k] ** k for k in range(1, x.shape[0]))])


@xin_she_yang_1.gradient
def _(x: Value, xp: Any) -> Value:
    return 0.5 * _slopes(x, xp)
