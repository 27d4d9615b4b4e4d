"""Minimisers without a closed form for sums of squares of any dimension, computed in decimals and rounded."""

from __future__ import annotations

import decimal
import functools
import math
from collections.abc import Callable, Sequence
from decimal import Decimal

from pytest_optlandscape.landscapes.families.roots import arctan, band_root, fifty_digits, root

__all__ = [
    "PENALTY_2",
    "brown_almost_linear",
    "broyden_banded",
    "broyden_tridiagonal",
    "discrete_boundary_value",
    "grid",
    "penalty_1",
    "trigonometric",
]

PENALTY_2 = {
    4: (
        (0.1999993333503804, 0.19131670099277245, 0.48010148533262315, 0.5188454043902005),
        9.376293007355442e-06,
    ),
    10: (
        (
            *(0.1999836051978236, 0.010350648471292297, 0.019604934480438402, 0.03208906722068565),
            *(0.049932677399641294, 0.07651399515399361, 0.11862407286950417, 0.19214487233557667),
            *(0.34732058694184365, 0.3691643741593508),
        ),
        0.00029366053745674594,
    ),
}
"""Minimiser and minimum by dimension, rounded from 80 digits."""


def grid(dim: int) -> list[float]:
    """Return the grid points that divide (0, 1) evenly."""
    return [i / (dim + 1) for i in range(1, dim + 1)]


@functools.cache
def penalty_1(dim: int) -> tuple[float, float]:
    """Return the minimiser's coordinates, which are all equal, and the minimum.

    They are equal because they solve the same linear equation for a given Σ xᵢ². Their value is the largest root of
    10⁻⁵ (x − 1) + 2x (d x² − ¼).
    """
    with decimal.localcontext(fifty_digits()):
        small, quarter = Decimal("1e-5"), Decimal("0.25")
        x = root(
            lambda x: (small * (x - 1) + 2 * x * (dim * x * x - quarter), small + 6 * dim * x * x - 2 * quarter),
            1.0 / math.sqrt(dim),
        )
        return float(x), float(small * dim * (x - 1) ** 2 + (dim * x * x - quarter) ** 2)


def brown_almost_linear(dim: int) -> list[list[float]]:
    """Return all roots: the last coordinate is d + 1 − dα, the others α, where d αᵈ − (d + 1) αᵈ⁻¹ + 1 = 0.

    Besides α = 1, the equation has a root in (0, 1) and, for odd d > 1, one in (−1, 0). There are no more, because the
    derivative vanishes only at 0 and at 1 − 1/d².
    """
    points = [[1.0] * dim]
    with decimal.localcontext(fifty_digits()):
        # start on the side where the polynomial is convex or concave: Newton's method is monotone there
        inner = [_brown_root(dim, _crossing(dim, 0.0, 1.0 - 1.0 / dim**2))]
        if dim % 2:
            inner.append(_brown_root(dim, _crossing(dim, -1.0, 0.0)))
        points += [[float(alpha)] * (dim - 1) + [float(dim + 1 - dim * alpha)] for alpha in inner]
    return points


def _brown_root(dim: int, start: float) -> Decimal:
    return root(
        lambda a: (
            (dim * a - (dim + 1)) * a ** (dim - 1) + 1,
            (dim * dim * a - (dim * dim - 1)) * a ** (dim - 2),
        ),
        start,
    )


def _crossing(dim: int, lower: float, upper: float) -> float:
    """Bisect an interval with a change of sign."""

    def is_positive(a: float) -> bool:
        return (dim * a - (dim + 1)) * a ** (dim - 1) + 1 > 0

    above = is_positive(upper)
    for _ in range(50):
        middle = 0.5 * (lower + upper)
        lower, upper = (lower, middle) if is_positive(middle) == above else (middle, upper)
    return 0.5 * (lower + upper)


@functools.cache
def discrete_boundary_value(dim: int) -> list[float]:
    """Return the root of 2xᵢ − xᵢ₋₁ − xᵢ₊₁ + h² (xᵢ + ih + 1)³/2, h = 1/(d + 1)."""
    with decimal.localcontext(fifty_digits()):
        step = 1 / Decimal(dim + 1)

        def value(x: Sequence[Decimal], k: int) -> Decimal:
            return 2 * x[k] + step * step * (x[k] + (k + 1) * step + 1) ** 3 / 2

        def slope(x: Sequence[Decimal], k: int) -> Decimal:
            return 2 + 3 * step * step * (x[k] + (k + 1) * step + 1) ** 2 / 2

        return [*map(float, _tridiagonal_root(dim, value, slope, (-1, -1), [t * (t - 1.0) for t in grid(dim)]))]


_CORE = 256
"""In more dimensions the middle coordinate is repeated: the ends' influence shrinks by a factor of 0.4 or less with
each coordinate, and is far below the last digit there."""


def _with_core(dim: int, find: Callable[[int], list[Decimal]]) -> list[float]:
    core = min(dim, _CORE)
    x = [float(value) for value in find(core)]
    return x[: core // 2] + [x[core // 2]] * (dim - core) + x[core // 2 :]


@functools.cache
def broyden_tridiagonal(dim: int) -> list[float]:
    """Return the root of (3 − 2xᵢ) xᵢ − xᵢ₋₁ − 2xᵢ₊₁ + 1 that has no positive coordinate."""

    def value(x: Sequence[Decimal], k: int) -> Decimal:
        return (3 - 2 * x[k]) * x[k] + 1

    def slope(x: Sequence[Decimal], k: int) -> Decimal:
        return 3 - 4 * x[k]

    return _with_core(dim, lambda core: _tridiagonal_root(core, value, slope, (-1, -2), [-0.7] * core))


def _tridiagonal_root(
    dim: int,
    value: Callable[[Sequence[Decimal], int], Decimal],
    slope: Callable[[Sequence[Decimal], int], Decimal],
    beside: tuple[int, int],
    start: Sequence[float],
) -> list[Decimal]:
    def equation(x: Sequence[Decimal], k: int) -> tuple[Decimal, dict[int, Decimal]]:
        total, slopes = value(x, k), {k: slope(x, k)}
        for other, factor in zip((k - 1, k + 1), beside, strict=True):
            if 0 <= other < dim:
                total += factor * x[other]
                slopes[other] = Decimal(factor)
        return total, slopes

    return band_root(lambda x: [equation(x, k) for k in range(dim)], start)


@functools.cache
def broyden_banded(dim: int) -> list[float]:
    """Return the root of xᵢ (2 + 5xᵢ²) + 1 − Σ xⱼ (1 + xⱼ) that has no positive coordinate."""

    def equation(x: Sequence[Decimal], k: int) -> tuple[Decimal, dict[int, Decimal]]:
        others = [j for j in range(max(0, k - 5), min(len(x), k + 2)) if j != k]
        value = x[k] * (2 + 5 * x[k] ** 2) + 1 - sum((x[j] * (1 + x[j]) for j in others), Decimal(0))
        return value, {k: 2 + 15 * x[k] ** 2, **{j: -1 - 2 * x[j] for j in others}}

    def find(core: int) -> list[Decimal]:
        return band_root(lambda x: [equation(x, k) for k in range(core)], [-0.5] * core)

    return _with_core(dim, find)


_TRIGONOMETRIC: dict[int, list[tuple[set[int], float]]] = {
    1: [({1}, 0.4)],
    2: [({2}, 0.2112829)],
    3: [({3}, 0.1286171)],
    4: [({4}, 0.0850885)],
    5: [({5}, 0.0598094), ({4}, 0.0940605), ({4}, 0.0988979)],
    6: [({6}, 0.0440712), ({5}, 0.0628166), ({5, 6}, 0.0779301)],
    7: [({7}, 0.0337079), ({6}, 0.0455213), ({6, 7}, 0.061529)],
    8: [({8}, 0.0265623), ({7}, 0.034499), ({7, 8}, 0.0495307), ({6}, 0.0475532), ({6, 8}, 0.0583391)],
    9: [
        *[({9}, 0.0214446), ({8}, 0.0270305), ({8, 9}, 0.0405929), ({7}, 0.0354705), ({7, 9}, 0.0469872)],
        *[({7, 8}, 0.0520756), ({7, 8, 9}, 0.0548529), ({6}, 0.0516333), ({6}, 0.0553826)],
    ],
    10: [
        *[({10}, 0.0176619), ({9}, 0.0217392), ({9, 10}, 0.033798), ({8}, 0.0275702), ({8, 10}, 0.0384877)],
        *[({8, 9}, 0.0420285), ({8, 9, 10}, 0.0467461), ({7}, 0.0367481), ({7, 10}, 0.0453977)],
    ],
}
"""All roots but 0 by dimension: the coordinates that take the larger of two values, and the approximate sum."""


@functools.cache
def trigonometric(dim: int) -> list[list[float]]:
    """Return all roots between −1.5 and 1.5 of s + i (1 − cos xᵢ) − sin xᵢ, s = Σ 1 − cos xⱼ.

    For a given s, each coordinate has two possible values: the tangent t of its half solves (2i + s) t² − 2t + s = 0.
    Each choice leaves one equation for s. The table above comes from a search of all choices.
    """
    return [[0.0] * dim, *(_trigonometric_point(dim, greater, about) for greater, about in _TRIGONOMETRIC[dim])]


def _trigonometric_point(dim: int, greater: set[int], about: float) -> list[float]:
    with decimal.localcontext(fifty_digits()):
        signs = [1 if i in greater else -1 for i in range(1, dim + 1)]

        def tangents(s: Decimal) -> list[tuple[Decimal, Decimal]]:
            """Return the tangent of each half coordinate and its derivative."""
            pairs = []
            for i, sign in enumerate(signs, 1):
                width = 2 * i + s
                radical = sign * (1 - s * width).sqrt()
                t = (1 + radical) / width
                pairs.append((t, -((i + s) / radical + t) / width))
            return pairs

        def excess(s: Decimal) -> tuple[Decimal, Decimal]:
            pairs = tangents(s)
            value = sum((2 * t * t / (1 + t * t) for t, _ in pairs), -s)
            slope = sum((4 * t * dt / (1 + t * t) ** 2 for t, dt in pairs), Decimal(-1))
            return value, slope

        return [float(2 * arctan(t)) for t, _ in tangents(root(excess, about))]
