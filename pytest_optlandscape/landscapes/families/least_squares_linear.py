"""Sums of squares from Moré, Garbow & Hillstrom (1981), ACM TOMS 7(1): the three linear ones, with m = 2d residuals.

If the residuals are cᵢ s − 1, with s a weighted sum of coordinates, the sum of squares is least on the plane s = Σ cᵢ /
Σ cᵢ².
"""

from __future__ import annotations

from typing import Any

from pytest_optlandscape.landscapes.definition import FROM_ONE, LARGEST_DIM, least_squares
from pytest_optlandscape.landscapes.families.least_squares import ARTICLE, FAMILY
from pytest_optlandscape.landscapes.formula.namespaces import Value
from pytest_optlandscape.landscapes.minimizer_sets import MinimizerFlat
from pytest_optlandscape.landscapes.minimizers import everywhere

__all__ = ["FAMILY"]


def _plane(weights: list[float], value: float) -> MinimizerFlat:
    """Return the plane on which a weighted sum has a value; its point nearest to the origin is listed."""
    share = value / sum(weight * weight for weight in weights)
    return MinimizerFlat([weights], [value], [[share * weight for weight in weights]])


@least_squares(
    bounds=lambda dim: [(-10.0, 10.0)] * dim,
    x0=lambda dim: [1.0] * dim,
    minimizers=everywhere(-1.0),
    fmin=float,
    tags="smooth convex quadratic polynomial separable unimodal",
    source=f"{ARTICLE}, no. 32",
    dim=5,
    dims=FROM_ONE,
)
def mgh_linear_full_rank(x: Value, xp: Any) -> Value:
    """Σ (xᵢ − s − 1)² + d (s + 1)², s the mean of x: as the columns are orthonormal, Σ (xᵢ + 1)² + d."""
    size = x.shape[0]
    return xp.pad(x, 0, size) - (xp.sum(x) / size + 1.0)


@mgh_linear_full_rank.gradient
def _(x: Value, xp: Any) -> Value:
    return 2.0 * (x + 1.0)


def _ramp(dim: int) -> list[float]:
    return [float(i) for i in range(1, dim + 1)]


@least_squares(
    bounds=lambda dim: [(-10.0, 10.0)] * dim,
    x0=lambda dim: [1.0] * dim,
    minimizers=lambda dim: _plane(_ramp(dim), 3.0 / (4.0 * dim + 1.0)),
    fmin=lambda dim: dim * (2.0 * dim - 1.0) / (4.0 * dim + 1.0),
    tags="smooth convex quadratic polynomial unimodal many-minimizers ill-conditioned",
    source=f"{ARTICLE}, no. 33",
    dim=5,
    dims=range(2, LARGEST_DIM + 1),
)
def mgh_linear_rank_1(x: Value, xp: Any) -> Value:
    """Σ (is − 1)², i = 1…2d, s = Σ j xⱼ, least on a plane."""
    return xp.constant(_ramp(2 * x.shape[0]), x) * xp.sum(xp.index(x) * x) - 1.0


@mgh_linear_rank_1.gradient
def _(x: Value, xp: Any) -> Value:
    i, m = xp.index(x), 2 * x.shape[0]
    return i * (m * (m + 1) * ((2 * m + 1) / 3.0 * xp.sum(i * x) - 1.0))


def _inner_ramp(dim: int) -> list[float]:
    """Return the weights 0, 2, 3, …, dim − 1, 0."""
    return [0.0, *map(float, range(2, dim)), 0.0]


@least_squares(
    bounds=lambda dim: [(-10.0, 10.0)] * dim,
    x0=lambda dim: [1.0] * dim,
    minimizers=lambda dim: _plane(_inner_ramp(dim), 3.0 / (4.0 * dim - 3.0)),
    fmin=lambda dim: (2.0 * dim * dim + 3.0 * dim - 3.0) / (4.0 * dim - 3.0),
    tags="smooth convex quadratic polynomial unimodal many-minimizers ill-conditioned",
    source=f"{ARTICLE}, no. 34",
    dim=5,
    dims=range(4, LARGEST_DIM + 1),
)
def mgh_linear_rank_1_zeros(x: Value, xp: Any) -> Value:
    """2 + Σ ((i − 1) s − 1)², i = 2…2d − 1, s = Σ j xⱼ without the first and the last coordinate."""
    size = x.shape[0]
    factors = [0.0, *_ramp(2 * size - 2), 0.0]
    return xp.constant(factors, x) * xp.sum(xp.constant(_inner_ramp(size), x) * x) - 1.0


@mgh_linear_rank_1_zeros.gradient
def _(x: Value, xp: Any) -> Value:
    weights, m = xp.constant(_inner_ramp(x.shape[0]), x), 2 * x.shape[0]
    return weights * ((m - 2) * (m - 1) * ((2 * m - 3) / 3.0 * xp.sum(weights * x) - 1.0))
