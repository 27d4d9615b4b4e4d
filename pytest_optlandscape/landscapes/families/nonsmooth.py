"""Landscapes with a minimiser on a kink: sums of absolute values, and maxima of several functions.

At a kink the gradient is one of its limits or a mean of them, so it is a subgradient of a convex landscape. The nine
from `cb2` to `crescent` are small problems from the collection of Lukšan & Vlček (2000).

References
----------
L. Lukšan, J. Vlček: Test Problems for Nonsmooth Unconstrained and Linearly Constrained Optimization, Technical Report
798, Institute of Computer Science, Prague (2000).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pytest_optlandscape.landscapes.definition import FROM_ONE, planar, scalable
from pytest_optlandscape.landscapes.formula.namespaces import Value
from pytest_optlandscape.landscapes.minimizers import everywhere

FAMILY = "nonsmooth"


@scalable(
    bounds=(-100.0, 100.0),
    x0=50.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="nonsmooth convex separable unimodal",
    source="Schwefel (1981), no. 2.20; Jamil & Yang (2013), no. 122",
    dims=FROM_ONE,
)
def schwefel_220_abs(x: Value, xp: Any) -> Value:
    """Σ |xᵢ|."""
    return xp.sum(xp.abs(x))


@schwefel_220_abs.gradient
def _(x: Value, xp: Any) -> Value:
    return xp.sign(x)


@scalable(
    bounds=(-100.0, 100.0),
    x0=50.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="nonsmooth convex unimodal",
    source="Schwefel (1981), no. 2.21; Jamil & Yang (2013), no. 123",
)
def schwefel_221_max(x: Value, xp: Any) -> Value:
    """Largest |xᵢ|."""
    return xp.max(xp.abs(x))


@schwefel_221_max.gradient
def _(x: Value, xp: Any) -> Value:
    height = xp.abs(x)
    is_top = 1.0 + xp.sign(height - xp.max(height))
    return is_top / xp.sum(is_top) * xp.sign(x)


@scalable(
    bounds=(-10.0, 10.0),
    x0=5.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="nonsmooth unimodal",
    source="Schwefel (1981), no. 2.22; Jamil & Yang (2013), no. 124",
    dims=range(2, 301),  # the product is finite in the whole box, up to 10^300
)
def schwefel_222(x: Value, xp: Any) -> Value:
    """Σ |xᵢ| + Π |xᵢ|."""
    height = xp.abs(x)
    return xp.sum(height) + xp.prod(height)


@schwefel_222.gradient
def _(x: Value, xp: Any) -> Value:
    return xp.sign(x) * (1.0 + xp.others(xp.abs(x)))


def _shares_of_largest(heights: Sequence[Value], xp: Any) -> list[Value]:
    """Return weights: 1 for the largest and 0 for the others; ties share the 1."""
    top = heights[0]
    for height in heights[1:]:
        top = xp.maximum(top, height)
    is_top = [1.0 + xp.sign(height - top) for height in heights]
    ties = sum(is_top[1:], start=is_top[0])
    return [one / ties for one in is_top]


def _charalambous_bandler(first: Value, x: Value, y: Value, xp: Any) -> list[Value]:
    return [first, (2.0 - x) ** 2 + (2.0 - y) ** 2, 2.0 * xp.exp(y - x)]


def _charalambous_bandler_slope(
    heights: list[Value], slope_of_first: tuple[Value, Value], x: Value, y: Value, xp: Any
) -> tuple[Value, Value]:
    first, second, third = _shares_of_largest(heights, xp)
    rise = third * heights[2]
    return (
        first * slope_of_first[0] - 2.0 * second * (2.0 - x) - rise,
        first * slope_of_first[1] - 2.0 * second * (2.0 - y) + rise,
    )


@planar(
    bounds=[(-5.0, 5.0), (-5.0, 5.0)],
    x0=(1.0, -0.1),
    # the first two are equal there, with opposite slopes: x (2 − y) = 2y³ (2 − x)
    minimizers=[(1.1390376519926626, 0.8995599383953928)],
    fmin=1.952224493870659,
    tags="nonsmooth convex unimodal",
    source="Charalambous & Bandler (1976); Lukšan & Vlček (2000), CB2",
)
def cb2(x: Value, y: Value, xp: Any) -> Value:
    """Largest of x² + y⁴, (2 − x)² + (2 − y)² and 2 exp(y − x)."""
    y2 = y * y
    first, second, third = _charalambous_bandler(x * x + y2 * y2, x, y, xp)
    return xp.maximum(xp.maximum(first, second), third)


@cb2.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    y2 = y * y
    heights = _charalambous_bandler(x * x + y2 * y2, x, y, xp)
    return _charalambous_bandler_slope(heights, (2.0 * x, 4.0 * (y2 * y)), x, y, xp)


@planar(
    bounds=[(-5.0, 5.0), (-5.0, 5.0)],
    x0=(2.0, 2.0),
    minimizers=[(1.0, 1.0)],
    fmin=2.0,
    tags="nonsmooth convex unimodal",
    source="Charalambous & Bandler (1976); Lukšan & Vlček (2000), CB3",
)
def cb3(x: Value, y: Value, xp: Any) -> Value:
    """Largest of x⁴ + y², (2 − x)² + (2 − y)² and 2 exp(y − x)."""
    x2 = x * x
    first, second, third = _charalambous_bandler(x2 * x2 + y * y, x, y, xp)
    return xp.maximum(xp.maximum(first, second), third)


@cb3.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    x2 = x * x
    heights = _charalambous_bandler(x2 * x2 + y * y, x, y, xp)
    return _charalambous_bandler_slope(heights, (4.0 * (x2 * x), 2.0 * y), x, y, xp)


@planar(
    bounds=[(-5.0, 5.0), (-5.0, 5.0)],
    x0=(1.0, 1.0),
    minimizers=[(0.0, -3.0)],
    fmin=-3.0,
    tags="nonsmooth convex unimodal",
    source="Demyanov & Malozemov (1974); Lukšan & Vlček (2000), DEM",
)
def dem(x: Value, y: Value, xp: Any) -> Value:
    """Largest of 5x + y, −5x + y and x² + y² + 4y."""
    return y + xp.maximum(5.0 * xp.abs(x), x * x + y * (y + 3.0))


@dem.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    cone, bowl = _shares_of_largest([5.0 * xp.abs(x), x * x + y * (y + 3.0)], xp)
    return 5.0 * cone * xp.sign(x) + 2.0 * bowl * x, 1.0 + bowl * (2.0 * y + 3.0)


@planar(
    bounds=[(-10.0, 10.0), (-10.0, 10.0)],
    x0=(-1.0, 5.0),
    minimizers=[(1.2, 2.4)],
    fmin=7.2,
    tags="nonsmooth convex unimodal",
    source="Lukšan & Vlček (2000), QL",
)
def ql(x: Value, y: Value, xp: Any) -> Value:
    """x² + y² + 10 max(0, 4 − 4x − y, 6 − x − 2y)."""
    excess = xp.maximum(4.0 - 4.0 * x - y, 6.0 - x - 2.0 * y)
    return x * x + y * y + 10.0 * xp.maximum(excess, 0.0 * x)


@ql.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    steep, gentle, _ = _shares_of_largest([4.0 - 4.0 * x - y, 6.0 - x - 2.0 * y, 0.0 * x], xp)
    return 2.0 * x - 10.0 * (4.0 * steep + gentle), 2.0 * y - 10.0 * (steep + 2.0 * gentle)


@planar(
    bounds=[(-5.0, 5.0), (-5.0, 5.0)],
    x0=(-0.5, -0.5),
    minimizers=[(math.sqrt(0.5), math.sqrt(0.5))],
    fmin=-math.sqrt(2.0),
    tags="nonsmooth convex unimodal",
    source="Lukšan & Vlček (2000), LQ",
)
def lq(x: Value, y: Value, xp: Any) -> Value:
    """−x − y + max(0, x² + y² − 1)."""
    excess = x * x + y * y - 1.0
    return 0.5 * (excess + xp.abs(excess)) - x - y


@lq.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    outside = 1.0 + xp.sign(x * x + y * y - 1.0)
    return outside * x - 1.0, outside * y - 1.0


@planar(
    bounds=[(-5.0, 5.0), (-5.0, 5.0)],
    x0=(0.8, 0.6),
    minimizers=[(1.0, 0.0)],
    fmin=-1.0,
    tags="nonsmooth convex unimodal",
    source="Lukšan & Vlček (2000), Mifflin1",
)
def mifflin_1(x: Value, y: Value, xp: Any) -> Value:
    """−x + 20 max(0, x² + y² − 1)."""
    excess = x * x + y * y - 1.0
    return 10.0 * (excess + xp.abs(excess)) - x


@mifflin_1.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    outside = 20.0 * (1.0 + xp.sign(x * x + y * y - 1.0))
    return outside * x - 1.0, outside * y


@planar(
    bounds=[(-5.0, 5.0), (-5.0, 5.0)],
    x0=(-1.0, -1.0),
    minimizers=[(1.0, 0.0)],
    fmin=-1.0,
    # convex, as the larger of −x + 0.25 (x² + y² − 1) and −x + 3.75 (x² + y² − 1)
    tags="nonsmooth convex unimodal",
    source="Lukšan & Vlček (2000), Mifflin2",
)
def mifflin_2(x: Value, y: Value, xp: Any) -> Value:
    """−x + 2 (x² + y² − 1) + 1.75 |x² + y² − 1|."""
    excess = x * x + y * y - 1.0
    return 2.0 * excess + 1.75 * xp.abs(excess) - x


@mifflin_2.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    steepness = 4.0 + 3.5 * xp.sign(x * x + y * y - 1.0)
    return steepness * x - 1.0, steepness * y


@planar(
    bounds=[(-3.0, 3.0), (-3.0, 3.0)],
    x0=(3.0, 2.0),
    minimizers=[(-1.0, 0.0)],
    fmin=-8.0,
    tags="nonsmooth convex unimodal",
    source="Wolfe (1975); Lukšan & Vlček (2000), Wolfe",
)
def wolfe_nonsmooth(x: Value, y: Value, xp: Any) -> Value:
    """5 √(9x² + 16y²) for x ≥ |y|, else 9x + 16 |y| − min(x, 0)⁹: steepest descent ends too early, at the origin."""
    height, left = xp.abs(y), xp.minimum(x, 0.0 * y)
    cube = left * left * left
    steep = 9.0 * x + 16.0 * height - cube * cube * cube
    return xp.where(x >= height, 5.0 * xp.safe_sqrt(9.0 * (x * x) + 16.0 * (y * y)), steep)


@wolfe_nonsmooth.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    right = x > xp.abs(y)  # not at the origin, where (9, 0) is a subgradient
    radius = xp.safe_sqrt(9.0 * (x * x) + 16.0 * (y * y))
    fourth = (xp.minimum(x, 0.0 * y) ** 2) ** 2
    return (
        xp.where(right, 45.0 * x / radius, 9.0 - 9.0 * (fourth * fourth)),
        xp.where(right, 80.0 * y / radius, 16.0 * xp.sign(y)),
    )


@planar(
    bounds=[(-5.0, 5.0), (-5.0, 5.0)],
    x0=(-1.5, 2.0),
    # Unimodal: on the circle |(x, y − 1)| = 1 it is y, inside it is concave and above y, outside it falls only towards
    # the circle.
    minimizers=[(0.0, 0.0)],
    fmin=0.0,
    tags="nonsmooth unimodal valley",
    source="Kiwiel (1985); Lukšan & Vlček (2000), Crescent",
)
def crescent(x: Value, y: Value, xp: Any) -> Value:
    """Larger of x² + (y − 1)² + y − 1 and −x² − (y − 1)² + y + 1, which is y + |x² + y² − 2y|."""
    return y + xp.abs(x * x + y * (y - 2.0))


@crescent.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    twice = 2.0 * xp.sign(x * x + y * (y - 2.0))
    return twice * x, 1.0 + twice * (y - 1.0)


@scalable(
    bounds=(-2.0, 2.0),
    x0=lambda dim: [(-1.2, 1.0)[k % 2] for k in range(dim)],
    minimizers=everywhere(1.0),
    fmin=0.0,
    # 2^(d − 1) points are Clarke stationary, but only one is a local minimiser. From any other point a descending path
    # exists: it brings the terms of the sum to 0 one by one, from the first on, and moves later coordinates so that
    # their terms do not change. Then it leads x₁ to 1 with all terms at 0.
    tags="nonsmooth unimodal valley",
    source="Gürbüzbalaban & Overton (2012), the second nonsmooth variant of Nesterov's Chebyshev–Rosenbrock function",
)
def nonsmooth_rosenbrock(x: Value, xp: Any) -> Value:
    """|x₁ − 1|/4 + Σ |xᵢ₊₁ − 2 |xᵢ| + 1|."""
    return 0.25 * xp.abs(x[0] - 1.0) + xp.sum(xp.abs(x[1:] - 2.0 * xp.abs(x[:-1]) + 1.0))


@nonsmooth_rosenbrock.gradient
def _(x: Value, xp: Any) -> Value:
    side = xp.sign(x[1:] - 2.0 * xp.abs(x[:-1]) + 1.0)
    first = xp.pad(0.25 * xp.sign(x[:1] - 1.0), 0, x.shape[0] - 1)
    return first - xp.pad(2.0 * side * xp.sign(x[:-1]), 0, 1) + xp.pad(side, 1, 0)
