"""Sums of squares from Moré, Garbow & Hillstrom (1981), ACM TOMS 7(1), of any dimension.

The article states no bounds. The bounds here are chosen so that all minimisers inside are known. Minimisers without a
closed form come from `least_squares_roots`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes.definition import FROM_ONE, LARGEST_DIM, least_squares
from pytest_optlandscape.landscapes.families import least_squares_roots as known
from pytest_optlandscape.landscapes.families.least_squares import ARTICLE, FAMILY
from pytest_optlandscape.landscapes.formula.namespaces import Value
from pytest_optlandscape.landscapes.minimizers import MinimizerList, everywhere

__all__ = ["FAMILY"]


def _box(lower: float, upper: float) -> Callable[[int], list[tuple[float, float]]]:
    return lambda dim: [(lower, upper)] * dim


def _all(value: float) -> Callable[[int], list[float]]:
    return lambda dim: [value] * dim


def _appended(v: Value, last: Value, xp: Any) -> Value:
    """Append a number to the components."""
    return xp.pad(v, 0, 1) + xp.pad(xp.stack([last]), v.shape[0], 0)


@least_squares(
    bounds=_box(-5.0, 10.0),
    x0=lambda dim: [-1.2, 1.0] * (dim // 2),
    minimizers=everywhere(1.0),
    fmin=0.0,
    tags="smooth polynomial valley ill-conditioned",
    source=f"Spedicato (1975); {ARTICLE}, no. 21",
    dim=10,
    dims=range(4, LARGEST_DIM + 1, 2),  # in two dimensions it is `rosenbrock`
)
def mgh_extended_rosenbrock(x: Value, xp: Any) -> Value:
    """Σ 100 (b − a²)² + (1 − a)² over independent pairs a, b of coordinates, unlike `rosenbrock`."""
    a, b = x[0::2], x[1::2]
    return xp.interleave([10.0 * (b - a * a), 1.0 - a])


@mgh_extended_rosenbrock.gradient
def _(x: Value, xp: Any) -> Value:
    a, b = x[0::2], x[1::2]
    bend = 200.0 * (b - a * a)
    return xp.interleave([2.0 * (a - 1.0) - 2.0 * a * bend, bend])


PENALTY = 1e-5


@least_squares(
    bounds=lambda dim: [(-dim - 1.0, dim + 1.0)] * dim,
    x0=lambda dim: [float(i) for i in range(1, dim + 1)],
    minimizers=lambda dim: MinimizerList([[known.penalty_1(dim)[0]] * dim]),
    fmin=lambda dim: known.penalty_1(dim)[1],
    tags="smooth polynomial valley ill-conditioned",
    source=f"Gill, Murray & Pitfield (1972); {ARTICLE}, no. 23",
    dim=4,
    dims=FROM_ONE,
)
def mgh_penalty_1(x: Value, xp: Any) -> Value:
    """10⁻⁵ Σ (xᵢ − 1)² + (Σ xᵢ² − ¼)²."""
    return _appended(math.sqrt(PENALTY) * (x - 1.0), xp.sum(x * x) - 0.25, xp)


@mgh_penalty_1.gradient
def _(x: Value, xp: Any) -> Value:
    return 2.0 * PENALTY * (x - 1.0) + 4.0 * (xp.sum(x * x) - 0.25) * x


def _penalty_2_terms(x: Value, xp: Any) -> tuple[Value, Value, Value, Value, Value]:
    """Return the exponentials, residuals of pairs and single ones, weights, and the weighted sum of squares less 1."""
    size = x.shape[0]
    growth = xp.exp(0.1 * x)
    targets = xp.constant([math.exp(i / 10) + math.exp((i - 1) / 10) for i in range(2, size + 1)], x)
    pairs = growth[1:] + growth[:-1] - targets
    weights = size + 1.0 - xp.index(x)
    return growth, pairs, growth[1:] - math.exp(-0.1), weights, xp.sum(weights * (x * x)) - 1.0


@least_squares(
    bounds=_box(-5.0, 5.0),
    x0=_all(0.5),
    minimizers=lambda dim: MinimizerList([known.PENALTY_2[dim][0]]),
    fmin=lambda dim: known.PENALTY_2[dim][1],
    tags="smooth valley flat ill-conditioned",
    source=f"Gill, Murray & Pitfield (1972); {ARTICLE}, no. 24",
    dim=4,
    dims=range(4, 11, 6),
)
def mgh_penalty_2(x: Value, xp: Any) -> Value:
    """(x₁ − 0.2)² + (Σ (d + 1 − i) xᵢ² − 1)² + 10⁻⁵ Σ (eᵢ + eᵢ₋₁ − yᵢ)² + (eᵢ − exp(−0.1))², e = exp(x/10)."""
    size, scale = x.shape[0], math.sqrt(PENALTY)
    _, pairs, single, _, total = _penalty_2_terms(x, xp)
    inner = xp.pad(scale * pairs, 1, size - 1) + xp.pad(scale * single, size, 0)
    return _appended(xp.pad(x[:1] - 0.2, 0, 2 * size - 2) + inner, total, xp)


@mgh_penalty_2.gradient
def _(x: Value, xp: Any) -> Value:
    growth, pairs, single, weights, total = _penalty_2_terms(x, xp)
    exponential = xp.pad(growth[1:] * (pairs + single), 1, 0) + xp.pad(growth[:-1] * pairs, 0, 1)
    first = xp.pad(2.0 * (x[:1] - 0.2), 0, x.shape[0] - 1)
    return first + 0.2 * PENALTY * exponential + 4.0 * total * weights * x


@least_squares(
    bounds=_box(-10.0, 10.0),
    x0=lambda dim: [1.0 - i / dim for i in range(1, dim + 1)],
    minimizers=everywhere(1.0),
    fmin=0.0,
    tags="smooth polynomial convex unimodal wide-range",
    source=f"{ARTICLE}, no. 25",
    dim=5,
    dims=FROM_ONE,
)
def mgh_variably_dimensioned(x: Value, xp: Any) -> Value:
    """Σ (xᵢ − 1)² + s² + s⁴, s = Σ i (xᵢ − 1)."""
    away = x - 1.0
    total = xp.sum(xp.index(x) * away)
    return _appended(_appended(away, total, xp), total * total, xp)


@mgh_variably_dimensioned.gradient
def _(x: Value, xp: Any) -> Value:
    i, away = xp.index(x), x - 1.0
    total = xp.sum(i * away)
    return 2.0 * away + i * (total * (2.0 + 4.0 * (total * total)))


@least_squares(
    bounds=_box(-1.5, 1.5),
    x0=lambda dim: [1.0 / dim] * dim,
    minimizers=lambda dim: MinimizerList(known.trigonometric(dim)),
    fmin=0.0,
    tags="smooth multimodal many-minimizers",
    source=f"Spedicato (1975); {ARTICLE}, no. 26",
    dim=3,
    dims=range(1, 11),
)
def mgh_trigonometric(x: Value, xp: Any) -> Value:
    """Σ (d − Σ cos xⱼ + i (1 − cos xᵢ) − sin xᵢ)²."""
    height = 1.0 - xp.cos(x)
    return xp.sum(height) + xp.index(x) * height - xp.sin(x)


@mgh_trigonometric.gradient
def _(x: Value, xp: Any) -> Value:
    i, sine, cosine = xp.index(x), xp.sin(x), xp.cos(x)
    height = 1.0 - cosine
    residuals = xp.sum(height) + i * height - sine
    return 2.0 * (sine * xp.sum(residuals) + residuals * (i * sine - cosine))


@least_squares(
    bounds=lambda dim: [(-2.0 * dim, 2.0 * dim)] * dim,
    x0=_all(0.5),
    minimizers=lambda dim: MinimizerList(known.brown_almost_linear(dim)),
    fmin=0.0,
    tags="smooth polynomial multimodal many-minimizers wide-range",
    source=f"Brown (1969); {ARTICLE}, no. 27",
    dim=5,
    dims=range(2, 65),  # in more dimensions the square of the product overflows
)
def mgh_brown_almost_linear(x: Value, xp: Any) -> Value:
    """Σ (xᵢ + Σ xⱼ − d − 1)² + (Π xⱼ − 1)², i < d."""
    return _appended(x[:-1] + xp.sum(x) - (x.shape[0] + 1.0), xp.prod(x) - 1.0, xp)


@mgh_brown_almost_linear.gradient
def _(x: Value, xp: Any) -> Value:
    linear = 2.0 * (x[:-1] + xp.sum(x) - (x.shape[0] + 1.0))
    return xp.pad(linear, 0, 1) + xp.sum(linear) + 2.0 * (xp.prod(x) - 1.0) * xp.others(x)


def _grid_start(dim: int) -> list[float]:
    return [t * (t - 1.0) for t in known.grid(dim)]


# The matrix with 2 on the diagonal and −1 beside it is positive definite, and the cube rises. So the residuals are the
# gradient of a strictly convex function: they vanish once, and their derivatives are nowhere singular.
@least_squares(
    bounds=_box(-2.0, 2.0),
    x0=_grid_start,
    minimizers=lambda dim: MinimizerList([known.discrete_boundary_value(dim)]),
    fmin=0.0,
    tags="smooth polynomial unimodal",
    source=f"Moré & Cosnard (1979); {ARTICLE}, no. 28",
    dim=5,
    dims=range(1, 1001),
)
def mgh_discrete_boundary_value(x: Value, xp: Any) -> Value:
    """Σ (2xᵢ − xᵢ₋₁ − xᵢ₊₁ + h² (xᵢ + ih + 1)³/2)², h = 1/(d + 1)."""
    step = 1.0 / (x.shape[0] + 1.0)
    cube = (x + step * xp.index(x) + 1.0) ** 3
    return 2.0 * x - xp.pad(x[:-1], 1, 0) - xp.pad(x[1:], 0, 1) + 0.5 * step * step * cube


@mgh_discrete_boundary_value.gradient
def _(x: Value, xp: Any) -> Value:
    step = 1.0 / (x.shape[0] + 1.0)
    base = x + step * xp.index(x) + 1.0
    residuals = 2.0 * x - xp.pad(x[:-1], 1, 0) - xp.pad(x[1:], 0, 1) + 0.5 * step * step * (base * base * base)
    weights = 2.0 * residuals
    diagonal = 2.0 + 1.5 * step * step * (base * base)
    return weights * diagonal - xp.pad(weights[:-1], 1, 0) - xp.pad(weights[1:], 0, 1)


@functools.cache
def _green(dim: int) -> NDArray[np.float64]:
    """Return half of Green's function of the second derivative on the grid, times the step."""
    t = np.array(known.grid(dim))
    green: NDArray[np.float64] = 0.5 / (dim + 1) * np.minimum.outer(t, t) * (1.0 - np.maximum.outer(t, t))
    return green


# The matrix is the inverse of the boundary value problem's. So both have the same root, and no other for the same
# reason.
@least_squares(
    bounds=_box(-2.0, 2.0),
    x0=_grid_start,
    minimizers=lambda dim: MinimizerList([known.discrete_boundary_value(dim)]),
    fmin=0.0,
    tags="smooth polynomial unimodal",
    source=f"Moré & Cosnard (1979); {ARTICLE}, no. 29",
    dim=5,
    dims=range(2, 1001),
)
def mgh_discrete_integral_equation(x: Value, xp: Any) -> Value:
    """Σ (xᵢ + h/2 Σ tₖ (1 − tₘ) (xⱼ + tⱼ + 1)³)², t = ih, h = 1/(d + 1), k the less and m the greater of i and j."""
    base = x + xp.constant(known.grid(x.shape[0]), x) + 1.0
    return x + xp.dot(_green(x.shape[0]), base * base * base)


@mgh_discrete_integral_equation.gradient
def _(x: Value, xp: Any) -> Value:
    matrix = _green(x.shape[0])
    base = x + xp.constant(known.grid(x.shape[0]), x) + 1.0
    square = base * base
    residuals = x + xp.dot(matrix, square * base)
    return 2.0 * residuals + 6.0 * square * xp.dot(matrix, residuals)


# If no coordinate is positive, the matrix of derivatives is diagonally dominant, so there is only one such root.
@least_squares(
    bounds=_box(-2.0, 0.0),
    x0=_all(-1.0),
    minimizers=lambda dim: MinimizerList([known.broyden_tridiagonal(dim)]),
    fmin=0.0,
    tags="smooth polynomial",
    source=f"Broyden (1965); {ARTICLE}, no. 30",
    dim=5,
    dims=FROM_ONE,
)
def mgh_broyden_tridiagonal(x: Value, xp: Any) -> Value:
    """Σ ((3 − 2xᵢ) xᵢ − xᵢ₋₁ − 2xᵢ₊₁ + 1)²."""
    return (3.0 - 2.0 * x) * x + 1.0 - xp.pad(x[:-1], 1, 0) - 2.0 * xp.pad(x[1:], 0, 1)


@mgh_broyden_tridiagonal.gradient
def _(x: Value, xp: Any) -> Value:
    weights = 2.0 * ((3.0 - 2.0 * x) * x + 1.0 - xp.pad(x[:-1], 1, 0) - 2.0 * xp.pad(x[1:], 0, 1))
    return weights * (3.0 - 4.0 * x) - xp.pad(weights[1:], 0, 1) - 2.0 * xp.pad(weights[:-1], 1, 0)


def _banded_residuals(x: Value, xp: Any) -> Value:
    bends, size = x * (1.0 + x), x.shape[0]
    before = sum(xp.pad(bends[:-k], k, 0) for k in range(1, min(6, size)))
    return x * (2.0 + 5.0 * (x * x)) + 1.0 - before - xp.pad(bends[1:], 0, 1)


# x (1 + x) ≥ −1/4 puts every root without a positive coordinate between −0.63 and −0.42. The columns of the matrix of
# derivatives are diagonally dominant there, so there is only one root.
@least_squares(
    bounds=_box(-2.0, 0.0),
    x0=_all(-1.0),
    minimizers=lambda dim: MinimizerList([known.broyden_banded(dim)]),
    fmin=0.0,
    tags="smooth polynomial",
    source=f"Broyden (1971); {ARTICLE}, no. 31",
    dim=5,
    dims=FROM_ONE,
)
def mgh_broyden_banded(x: Value, xp: Any) -> Value:
    """Σ (xᵢ (2 + 5xᵢ²) + 1 − Σ xⱼ (1 + xⱼ))², i − 5 ≤ j ≤ i + 1, j ≠ i."""
    return _banded_residuals(x, xp)


@mgh_broyden_banded.gradient
def _(x: Value, xp: Any) -> Value:
    weights = 2.0 * _banded_residuals(x, xp)
    after = sum(xp.pad(weights[k:], 0, k) for k in range(1, min(6, x.shape[0])))
    return weights * (2.0 + 15.0 * (x * x)) - (1.0 + 2.0 * x) * (after + xp.pad(weights[:-1], 1, 0))
