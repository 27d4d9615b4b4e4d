"""Ill-conditioned landscapes: curvatures differ by orders of magnitude between directions.

The first axis of ``x`` holds the components of a point; `namespaces` documents ``xp``. A landscape whose minimiser is a
kink has no curvatures to compare, so it lacks the tag ``ill-conditioned``.
"""

from __future__ import annotations

import functools
import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes.definition import LARGEST_DIM, planar, scalable
from pytest_optlandscape.landscapes.formula.namespaces import Value
from pytest_optlandscape.landscapes.minimizers import everywhere

FloatArray = NDArray[np.float64]

FAMILY = "ill-conditioned"
BBOB = "Hansen, Finck, Ros & Auger (2009)"


@functools.lru_cache(maxsize=16)
def _ellipsoid_weights(dim: int) -> FloatArray:
    weights: FloatArray = 10.0 ** (6.0 * np.arange(dim) / (dim - 1))
    return weights


@scalable(
    bounds=(-5.0, 5.0),
    x0=3.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="smooth convex quadratic polynomial separable unimodal ill-conditioned least-squares",
    source=f"{BBOB}, f2, neither shifted nor made uneven",
)
def ellipsoid_1e6(x: Value, xp: Any) -> Value:
    """Σ 10^(6 (i − 1)/(d − 1)) xᵢ²."""
    return xp.sum(xp.constant(_ellipsoid_weights(x.shape[0]), x) * (x * x))


@ellipsoid_1e6.residuals
def _(x: Value, xp: Any) -> Value:
    return xp.constant(np.sqrt(_ellipsoid_weights(x.shape[0])), x) * x


@ellipsoid_1e6.gradient
def _(x: Value, xp: Any) -> Value:
    return 2.0 * (xp.constant(_ellipsoid_weights(x.shape[0]), x) * x)


@scalable(
    bounds=(-5.0, 5.0),
    x0=3.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="smooth convex quadratic polynomial separable unimodal ill-conditioned least-squares valley",
    source=f"{BBOB}, f12, neither shifted, turned nor made uneven",
    dim=3,
    dims=range(3, LARGEST_DIM + 1),  # in two dimensions it is the ellipsoid
)
def bent_cigar(x: Value, xp: Any) -> Value:
    """x₁² + 10⁶ Σ xᵢ², i = 2…d."""
    return x[0] * x[0] + 1e6 * xp.sum(x[1:] * x[1:])


@bent_cigar.residuals
def _(x: Value, xp: Any) -> Value:
    return xp.pad(x[:1], 0, x.shape[0] - 1) + xp.pad(1e3 * x[1:], 1, 0)


@bent_cigar.gradient
def _(x: Value, xp: Any) -> Value:
    return xp.pad(2.0 * x[:1], 0, x.shape[0] - 1) + xp.pad(2e6 * x[1:], 1, 0)


@scalable(
    bounds=(-5.0, 5.0),
    x0=3.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="smooth convex quadratic polynomial separable unimodal ill-conditioned least-squares",
    source=f"{BBOB}, f11, neither shifted, turned nor made uneven",
    dim=3,
    dims=range(3, LARGEST_DIM + 1),  # in two dimensions it is the ellipsoid
)
def discus(x: Value, xp: Any) -> Value:
    """10⁶ x₁² + Σ xᵢ², i = 2…d."""
    return 1e6 * (x[0] * x[0]) + xp.sum(x[1:] * x[1:])


@discus.residuals
def _(x: Value, xp: Any) -> Value:
    return xp.pad(1e3 * x[:1], 0, x.shape[0] - 1) + xp.pad(x[1:], 1, 0)


@discus.gradient
def _(x: Value, xp: Any) -> Value:
    return xp.pad(2e6 * x[:1], 0, x.shape[0] - 1) + xp.pad(2.0 * x[1:], 1, 0)


def _exponents(x: Value, xp: Any) -> Value:
    """Return exponents from 2 for the first coordinate to 6 for the last, evenly spaced."""
    return 2.0 + (4.0 / (x.shape[0] - 1)) * (xp.index(x) - 1.0)


# Convex, as a Euclidean norm of the convex functions |xᵢ|^(pᵢ/2).
@scalable(
    bounds=(-5.0, 5.0),
    x0=3.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="nonsmooth convex unimodal",
    source=f"{BBOB}, f14, neither shifted nor turned",
)
def different_powers(x: Value, xp: Any) -> Value:
    """√Σ |xᵢ|^(2 + 4 (i − 1)/(d − 1))."""
    total = xp.sum(xp.power(xp.abs(x), _exponents(x, xp)))
    return xp.where(total > 0.0, xp.safe_sqrt(total), total)


@different_powers.gradient
def _(x: Value, xp: Any) -> Value:
    size, exponents = xp.abs(x), _exponents(x, xp)
    powers = xp.power(size, exponents - 1.0)
    return xp.sign(x) * exponents * powers * (0.5 / xp.safe_sqrt(xp.sum(size * powers)))


@scalable(
    bounds=(-5.0, 5.0),
    x0=3.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="nonsmooth convex unimodal valley",
    source=f"{BBOB}, f13, neither shifted nor turned",
)
def sharp_ridge(x: Value, xp: Any) -> Value:
    """x₁² + 100 √Σ xᵢ², i = 2…d."""
    square = xp.sum(x[1:] * x[1:])
    return x[0] * x[0] + 100.0 * xp.where(square > 0.0, xp.safe_sqrt(square), square)


@sharp_ridge.gradient
def _(x: Value, xp: Any) -> Value:
    others = x[1:]
    steep = (100.0 / xp.safe_sqrt(xp.sum(others * others))) * others
    return xp.pad(2.0 * x[:1], 0, x.shape[0] - 1) + xp.pad(steep, 1, 0)


@functools.lru_cache(maxsize=64)
def _hilbert_root(dim: int) -> FloatArray:
    """Return Lᵀ, upper triangular, where L Lᵀ is the Hilbert matrix: coefficients of Legendre polynomials."""
    factor = math.factorial
    root = np.zeros((dim, dim))
    for j in range(1, dim + 1):
        for i in range(j, dim + 1):
            ratio = Fraction(factor(i - 1) ** 2, factor(i - j) * factor(i + j - 1))
            root[j - 1, i - 1] = math.sqrt(2 * j - 1) * float(ratio)
    return root


def _weighted_sum(weights: FloatArray, v: Value, xp: Any) -> Value:
    return xp.sum(xp.constant(weights, v) * v)


def _hilbert_residuals(x: Value, xp: Any) -> Value:
    """Return Lᵀ x without the zeros of Lᵀ, because 0 · inf would be nan."""
    root = _hilbert_root(x.shape[0])
    return xp.stack([_weighted_sum(row[k:], x[k:], xp) for k, row in enumerate(root)])


# From 12 coordinates on, the Hilbert matrix is singular in double precision, but its triangular root is not. So the
# facts follow from the root's diagonal. Its last element squared is 1e-37 for 32 coordinates, still a normal number in
# single precision. With fewer than 4 coordinates, curvatures differ by a factor of at most 524.
@scalable(
    bounds=(-1.0, 1.0),
    x0=0.9,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="smooth convex quadratic polynomial unimodal ill-conditioned least-squares valley",
    source="Hilbert (1894); HILBERTA of Gould, Orban & Toint (2015)",
    dim=5,
    dims=range(4, 33),
)
def hilbert_quadratic(x: Value, xp: Any) -> Value:
    """Σ Σ xᵢ xⱼ/(i + j − 1)."""
    return xp.sum(_hilbert_residuals(x, xp) ** 2)


@hilbert_quadratic.residuals
def _(x: Value, xp: Any) -> Value:
    return _hilbert_residuals(x, xp)


@hilbert_quadratic.gradient
def _(x: Value, xp: Any) -> Value:
    residuals = _hilbert_residuals(x, xp)
    columns = _hilbert_root(x.shape[0]).T
    return 2.0 * xp.stack([_weighted_sum(column[: k + 1], residuals[: k + 1], xp) for k, column in enumerate(columns)])


@planar(
    bounds=[(-5.0, 10.0), (-5.0, 10.0)],
    x0=(-1.2, 1.0),
    minimizers=[(1.0, 1.0)],
    fmin=0.0,
    tags="smooth polynomial unimodal valley ill-conditioned least-squares wide-range",
    source="Rosenbrock (1960), with a weight of 10⁶ in place of 100",
)
def rosenbrock_1e6(x: Value, y: Value, xp: Any) -> Value:
    """10⁶ (y − x²)² + (1 − x)²."""
    return 1e6 * (y - x * x) ** 2 + (1.0 - x) ** 2


@rosenbrock_1e6.residuals
def _(x: Value, y: Value, xp: Any) -> Value:
    return 1e3 * (y - x * x), 1.0 - x


@rosenbrock_1e6.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    rise = 2e6 * (y - x * x)
    return -2.0 * x * rise - 2.0 * (1.0 - x), rise
