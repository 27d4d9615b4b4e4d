"""More landscapes of any dimension: bowls, from round to flat, and a bent ridge.

The first axis of ``x`` holds the components of a point; `namespaces` documents ``xp``.
"""

from __future__ import annotations

from typing import Any

from pytest_optlandscape.landscapes.definition import scalable
from pytest_optlandscape.landscapes.formula.namespaces import Value
from pytest_optlandscape.landscapes.minimizers import everywhere

FAMILY = "scalable"
LARGEST_EXPONENTIAL_DIM = 512
"""Largest dimension: exp(−d/2), the value in the corners of the box, becomes subnormal at d = 1417."""

_TINY = 1e-37  # a normal number in single precision too


def _running_sums(x: Value, xp: Any) -> Value:
    """Return the cumulative sums of the components in log₂ d rounds; each round doubles the number of summands."""
    size, reach, sums = x.shape[0], 1, x
    while reach < size:
        sums = sums + xp.pad(sums[:-reach], reach, 0)
        reach *= 2
    return sums


def _running_sums_from_the_end(x: Value, xp: Any) -> Value:
    size, reach, sums = x.shape[0], 1, x
    while reach < size:
        sums = sums + xp.pad(sums[reach:], 0, reach)
        reach *= 2
    return sums


@scalable(
    bounds=(-65.536, 65.536),
    x0=30.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="smooth convex quadratic polynomial unimodal least-squares",
    source="Schwefel (1981), no. 1.2",
)
def rotated_hyper_ellipsoid(x: Value, xp: Any) -> Value:
    """Σ (x₁ + … + xᵢ)²."""
    sums = _running_sums(x, xp)
    return xp.sum(sums * sums)


@rotated_hyper_ellipsoid.residuals
def _(x: Value, xp: Any) -> Value:
    return _running_sums(x, xp)


@rotated_hyper_ellipsoid.gradient
def _(x: Value, xp: Any) -> Value:
    return 2.0 * _running_sums_from_the_end(_running_sums(x, xp), xp)


@scalable(
    bounds=(-1.0, 1.0),
    x0=0.7,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="smooth convex separable unimodal ill-conditioned",
    source="Surjanovic & Bingham (2013)",
)
def sum_different_powers(x: Value, xp: Any) -> Value:
    """Σ |xᵢ|ⁱ⁺¹."""
    return xp.sum(xp.power(xp.abs(x), xp.index(x) + 1.0))


@sum_different_powers.gradient
def _(x: Value, xp: Any) -> Value:
    i = xp.index(x)
    return xp.sign(x) * (i + 1.0) * xp.power(xp.abs(x), i)


@scalable(
    bounds=(-100.0, 100.0),
    x0=50.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="smooth convex polynomial unimodal ill-conditioned least-squares",
    source="Chung & Reynolds (1998); Jamil & Yang (2013), no. 34",
)
def chung_reynolds(x: Value, xp: Any) -> Value:
    """(Σ xᵢ²)²."""
    return xp.sum(x * x) ** 2


@chung_reynolds.residuals
def _(x: Value, xp: Any) -> Value:
    return xp.stack([xp.sum(x * x)])


@chung_reynolds.gradient
def _(x: Value, xp: Any) -> Value:
    return (4.0 * xp.sum(x * x)) * x


@scalable(
    bounds=(-1.0, 1.0),
    x0=0.8,
    minimizers=everywhere(0.0),
    fmin=-1.0,
    tags="smooth unimodal",
    source="Rahnamayan, Tizhoosh & Salama (2007); Jamil & Yang (2013), no. 54",
    dims=range(1, LARGEST_EXPONENTIAL_DIM + 1),
)
def exponential(x: Value, xp: Any) -> Value:
    """−exp(−Σ xᵢ²/2)."""
    return -xp.exp(-0.5 * xp.sum(x * x))


@exponential.gradient
def _(x: Value, xp: Any) -> Value:
    return x * xp.exp(-0.5 * xp.sum(x * x))


def _brown_pairs(x: Value, xp: Any) -> tuple[Value, Value, Value, Value, Value, Value]:
    """Return a = xᵢ², b = xᵢ₊₁², their logarithms, aᵇ and bᵃ for each pair of neighbours."""
    square = x * x
    log = xp.log(xp.maximum(square, _TINY))
    a, b, log_a, log_b = square[:-1], square[1:], log[:-1], log[1:]
    return a, b, log_a, log_b, xp.exp(b * log_a), xp.exp(a * log_b)


# The second derivative in x is 2 along (x, 0) and 0 along (0, y), so it has no limit at the minimiser.
# Each pair has one minimum: with a = xᵢ² and b = xᵢ₊₁², its slope away from 0 is positive,
# 2 aᵇ⁺¹ (1 + b + b ln a) + 2 bᵃ⁺¹ (1 + a + a ln b).
@scalable(
    bounds=(-1.0, 4.0),
    x0=2.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="nonsmooth unimodal wide-range",
    source="Brown (1966); Jamil & Yang (2013), no. 25",
)
def brown(x: Value, xp: Any) -> Value:
    """Σ (xᵢ²)^(xᵢ₊₁² + 1) + (xᵢ₊₁²)^(xᵢ² + 1)."""
    a, b, _, _, a_to_b, b_to_a = _brown_pairs(x, xp)
    return xp.sum(a * a_to_b + b * b_to_a)


@brown.gradient
def _(x: Value, xp: Any) -> Value:
    a, b, log_a, log_b, a_to_b, b_to_a = _brown_pairs(x, xp)
    by_a = (b + 1.0) * a_to_b + b * log_b * b_to_a
    by_b = (a + 1.0) * b_to_a + a * log_a * a_to_b
    return 2.0 * x * (xp.pad(by_a, 0, 1) + xp.pad(by_b, 1, 0))


def _happy_cat_root(x: Value, xp: Any) -> tuple[Value, Value]:
    """Return Σ xᵢ² − d, exactly 0 at the minimiser, and the fourth root of its absolute value."""
    excess = xp.sum((x + 1.0) * (x - 1.0))
    return excess, xp.sqrt(xp.safe_sqrt(xp.abs(excess)))


# One dimension has a second local minimum at 1. In two or more, that point is a crest of the ridge Σ xᵢ² = d.
@scalable(
    bounds=(-2.0, 2.0),
    x0=1.5,
    minimizers=everywhere(-1.0),
    fmin=0.0,
    tags="nonsmooth unimodal valley",
    source="Beyer & Finck (2012), exponent 1/8",
)
def happy_cat(x: Value, xp: Any) -> Value:
    """((Σ xᵢ² − d)²)^(1/8) + (Σ xᵢ²/2 + Σ xᵢ)/d + 1/2."""
    excess, root = _happy_cat_root(x, xp)
    size = xp.abs(excess)
    return xp.where(size > 0.0, root, size) + (0.5 / x.shape[0]) * xp.sum((x + 1.0) ** 2)


@happy_cat.gradient
def _(x: Value, xp: Any) -> Value:
    excess, root = _happy_cat_root(x, xp)
    return (0.5 * xp.sign(excess) / (root * root * root)) * x + (x + 1.0) / x.shape[0]
