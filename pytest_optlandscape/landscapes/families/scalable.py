"""The classic landscapes of any dimension: bowls and valleys.

The first axis of ``x`` holds the components of a point; `namespaces` documents ``xp``.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

from pytest_optlandscape.landscapes.definition import FROM_ONE, LARGEST_DIM, scalable
from pytest_optlandscape.landscapes.formula.namespaces import Value
from pytest_optlandscape.landscapes.minimizers import MinimizerList, everywhere

FAMILY = "scalable"


def _in_turn(*values: float) -> Any:
    """Repeat values in turn, one for each coordinate."""
    return lambda dim: [*itertools.islice(itertools.cycle(values), dim)]


@scalable(
    bounds=(-5.12, 5.12),
    x0=3.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="smooth convex quadratic separable unimodal polynomial least-squares",
    source="De Jong (1975), function F1",
    dims=FROM_ONE,
)
def sphere(x: Value, xp: Any) -> Value:
    """Σ xᵢ²."""
    return xp.sum(x * x)


@sphere.residuals
def _(x: Value, xp: Any) -> Value:
    return x


@sphere.gradient
def _(x: Value, xp: Any) -> Value:
    return 2.0 * x


@scalable(
    bounds=(-10.0, 10.0),
    x0=5.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="smooth convex quadratic separable unimodal polynomial least-squares",
    source="Surjanovic & Bingham (2013)",
)
def sum_squares(x: Value, xp: Any) -> Value:
    """Σ i xᵢ²."""
    return xp.sum(xp.index(x) * (x * x))


@sum_squares.residuals
def _(x: Value, xp: Any) -> Value:
    return xp.sqrt(xp.index(x)) * x


@sum_squares.gradient
def _(x: Value, xp: Any) -> Value:
    return 2.0 * xp.index(x) * x


@scalable(
    bounds=(-5.0, 10.0),
    x0=_in_turn(-1.2, 1.0),
    minimizers=everywhere(1.0),
    fmin=0.0,
    tags="smooth valley ill-conditioned least-squares polynomial",
    source="Rosenbrock (1960); chained form, Moré, Garbow & Hillstrom (1981), no. 1 for two coordinates",
)
def rosenbrock(x: Value, xp: Any) -> Value:
    """Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)²."""
    a, b = x[:-1], x[1:]
    return xp.sum(100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2)


@rosenbrock.residuals
def _(x: Value, xp: Any) -> Value:
    a, b = x[:-1], x[1:]
    return xp.interleave([10.0 * (b - a * a), 1.0 - a])


@rosenbrock.gradient
def _(x: Value, xp: Any) -> Value:
    a, b = x[:-1], x[1:]
    rise = b - a * a
    return xp.pad(-400.0 * a * rise - 2.0 * (1.0 - a), 0, 1) + xp.pad(200.0 * rise, 1, 0)


def _dixon_price_minimizers(dim: int) -> MinimizerList:
    point = [2.0 ** (2.0 ** (1 - i) - 1.0) for i in range(1, dim + 1)]
    return MinimizerList([point, [*point[:-1], -point[-1]]])


@scalable(
    bounds=(-10.0, 10.0),
    x0=5.0,
    minimizers=_dixon_price_minimizers,
    fmin=0.0,
    tags="smooth polynomial multimodal many-minimizers valley least-squares",
    source="Dixon & Price (1989)",
)
def dixon_price(x: Value, xp: Any) -> Value:
    """(x₁ − 1)² + Σ i (2xᵢ² − xᵢ₋₁)², i = 2…d."""
    a, b = x[:-1], x[1:]
    return (x[0] - 1.0) ** 2 + xp.sum(xp.index(x)[1:] * (2.0 * (b * b) - a) ** 2)


@dixon_price.residuals
def _(x: Value, xp: Any) -> Value:
    a, b = x[:-1], x[1:]
    return xp.pad(x[:1] - 1.0, 0, x.shape[0] - 1) + xp.pad(xp.sqrt(xp.index(x)[1:]) * (2.0 * (b * b) - a), 1, 0)


@dixon_price.gradient
def _(x: Value, xp: Any) -> Value:
    a, b = x[:-1], x[1:]
    weighted = 2.0 * xp.index(x)[1:] * (2.0 * (b * b) - a)
    return xp.pad(2.0 * (x[:1] - 1.0), 0, x.shape[0] - 1) - xp.pad(weighted, 0, 1) + xp.pad(4.0 * b * weighted, 1, 0)


@scalable(
    bounds=(-5.0, 10.0),
    x0=5.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="smooth convex polynomial unimodal wide-range least-squares",
    source="Zakharov (1975); Jamil & Yang (2013), no. 173",
    dims=FROM_ONE,
)
def zakharov(x: Value, xp: Any) -> Value:
    """Σ xᵢ² + (Σ i xᵢ/2)² + (Σ i xᵢ/2)⁴."""
    square = (0.5 * xp.sum(xp.index(x) * x)) ** 2
    return xp.sum(x * x) + square * (1.0 + square)


@zakharov.residuals
def _(x: Value, xp: Any) -> Value:
    mean = 0.5 * xp.sum(xp.index(x) * x)
    return xp.pad(x, 0, 2) + xp.pad(xp.stack([mean, mean * mean]), x.shape[0], 0)


@zakharov.gradient
def _(x: Value, xp: Any) -> Value:
    i = xp.index(x)
    mean = 0.5 * xp.sum(i * x)
    return 2.0 * x + i * (mean * (1.0 + 2.0 * (mean * mean)))


@scalable(
    bounds=lambda dim: [(-float(dim * dim), float(dim * dim))] * dim,
    x0=0.0,
    minimizers=lambda dim: MinimizerList([[i * (dim + 1.0 - i) for i in range(1, dim + 1)]]),
    fmin=lambda dim: -dim * (dim + 4) * (dim - 1) / 6,
    tags="smooth convex quadratic polynomial unimodal",
    source="Neumaier (2003), no. 3; Surjanovic & Bingham (2013)",
)
def trid(x: Value, xp: Any) -> Value:
    """Σ (xᵢ − 1)² − Σ xᵢ xᵢ₋₁."""
    return xp.sum((x - 1.0) ** 2) - xp.sum(x[1:] * x[:-1])


@trid.gradient
def _(x: Value, xp: Any) -> Value:
    return 2.0 * (x - 1.0) - xp.pad(x[:-1], 1, 0) - xp.pad(x[1:], 0, 1)


@scalable(
    bounds=(-4.0, 5.0),
    x0=_in_turn(3.0, -1.0, 0.0, 1.0),
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="smooth convex polynomial unimodal ill-conditioned least-squares",
    source="Powell (1962); Moré, Garbow & Hillstrom (1981), no. 13 and, extended, no. 22",
    dim=4,
    dims=range(4, LARGEST_DIM + 1, 4),
)
def powell_singular(x: Value, xp: Any) -> Value:
    """Σ (a + 10b)² + 5 (c − d)² + (b − 2c)⁴ + 10 (a − d)⁴ over groups a, b, c, d of four coordinates."""
    a, b, c, d = x[0::4], x[1::4], x[2::4], x[3::4]
    inner, outer = (b - 2.0 * c) ** 2, (a - d) ** 2
    return xp.sum((a + 10.0 * b) ** 2 + 5.0 * (c - d) ** 2 + inner * inner + 10.0 * (outer * outer))


@powell_singular.residuals
def _(x: Value, xp: Any) -> Value:
    a, b, c, d = x[0::4], x[1::4], x[2::4], x[3::4]
    inner, outer = b - 2.0 * c, a - d
    return xp.interleave([a + 10.0 * b, math.sqrt(5.0) * (c - d), inner * inner, math.sqrt(10.0) * (outer * outer)])


@powell_singular.gradient
def _(x: Value, xp: Any) -> Value:
    a, b, c, d = x[0::4], x[1::4], x[2::4], x[3::4]
    p, q, r, s = 2.0 * (a + 10.0 * b), 10.0 * (c - d), b - 2.0 * c, a - d
    r, s = 4.0 * (r * r * r), 40.0 * (s * s * s)
    return xp.interleave([p + s, 10.0 * p + r, q - 2.0 * r, -q - s])
