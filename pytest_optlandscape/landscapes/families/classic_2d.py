"""The classic landscapes of two dimensions; `classic_2d_waves` continues them.

Each entry has facts, a formula f(x, y) and its gradient. Minimisers and minima without a closed form are rounded from
40 digits.
"""

from __future__ import annotations

import math
from typing import Any

from pytest_optlandscape.landscapes.definition import planar
from pytest_optlandscape.landscapes.formula.namespaces import Value

FAMILY = "classic-2d"
PI = math.pi


@planar(
    bounds=[(-4.5, 4.5), (-4.5, 4.5)],
    x0=(1.0, 1.0),
    starts={"article": (4.0, 4.0)},
    minimizers=[(3.0, 0.5)],
    fmin=0.0,
    tags="smooth polynomial least-squares flat valley",
    source="Beale (1958); Moré, Garbow & Hillstrom (1981), no. 5",
)
def beale(x: Value, y: Value, xp: Any) -> Value:
    """(1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²."""
    y2 = y * y
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y2) ** 2 + (2.625 - x + x * (y2 * y)) ** 2


@beale.residuals
def _(x: Value, y: Value, xp: Any) -> Value:
    y2 = y * y
    return 1.5 - x + x * y, 2.25 - x + x * y2, 2.625 - x + x * (y2 * y)


@beale.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    y2 = y * y
    y3 = y2 * y
    a, b, c = 1.5 - x + x * y, 2.25 - x + x * y2, 2.625 - x + x * y3
    return (
        2.0 * (a * (y - 1.0) + b * (y2 - 1.0) + c * (y3 - 1.0)),
        2.0 * x * (a + 2.0 * b * y + 3.0 * c * y2),
    )


@planar(
    bounds=[(-10.0, 10.0), (-10.0, 10.0)],
    x0=(0.0, 0.0),
    minimizers=[(1.0, 3.0)],
    fmin=0.0,
    tags="smooth convex quadratic polynomial unimodal least-squares",
    source="Jamil & Yang (2013), no. 20",
)
def booth(x: Value, y: Value, xp: Any) -> Value:
    """(x + 2y − 7)² + (2x + y − 5)²."""
    return (x + 2.0 * y - 7.0) ** 2 + (2.0 * x + y - 5.0) ** 2


@booth.residuals
def _(x: Value, y: Value, xp: Any) -> Value:
    return x + 2.0 * y - 7.0, 2.0 * x + y - 5.0


@booth.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    a, b = x + 2.0 * y - 7.0, 2.0 * x + y - 5.0
    return 2.0 * a + 4.0 * b, 4.0 * a + 2.0 * b


@planar(
    bounds=[(-6.0, 6.0), (-6.0, 6.0)],
    x0=(0.0, 0.0),
    minimizers=[
        (3.0, 2.0),
        (-2.805118086952745, 3.131312518250573),
        (-3.779310253377747, -3.2831859912861696),
        (3.5844283403304917, -1.8481265269644036),
    ],
    fmin=0.0,
    tags="smooth polynomial multimodal many-minimizers least-squares",
    source="Himmelblau (1972); Jamil & Yang (2013), no. 65",
)
def himmelblau(x: Value, y: Value, xp: Any) -> Value:
    """(x² + y − 11)² + (x + y² − 7)²."""
    return (x * x + y - 11.0) ** 2 + (x + y * y - 7.0) ** 2


@himmelblau.residuals
def _(x: Value, y: Value, xp: Any) -> Value:
    return x * x + y - 11.0, x + y * y - 7.0


@himmelblau.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    a, b = x * x + y - 11.0, x + y * y - 7.0
    return 4.0 * x * a + 2.0 * b, 2.0 * a + 4.0 * y * b


@planar(
    bounds=[(-5.0, 5.0), (-5.0, 5.0)],
    x0=(2.0, 2.0),
    minimizers=[(0.0, 0.0)],
    fmin=0.0,
    tags="smooth polynomial multimodal",
    source="Jamil & Yang (2013), no. 29",
)
def three_hump_camel(x: Value, y: Value, xp: Any) -> Value:
    """2x² − 1.05x⁴ + x⁶/6 + xy + y²."""
    x2 = x * x
    return x2 * (2.0 + x2 * (x2 / 6.0 - 1.05)) + y * (x + y)


@three_hump_camel.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    x2 = x * x
    return x * (4.0 + x2 * (x2 - 4.2)) + y, x + 2.0 * y


@planar(
    bounds=[(-3.0, 3.0), (-2.0, 2.0)],
    x0=(-1.0, -1.0),
    minimizers=[(0.08984201310031806, -0.7126564030207396), (-0.08984201310031806, 0.7126564030207396)],
    fmin=-1.0316284534898774,
    tags="smooth polynomial multimodal many-minimizers",
    source="Dixon & Szegő (1978); Jamil & Yang (2013), no. 30",
)
def six_hump_camel(x: Value, y: Value, xp: Any) -> Value:
    """(4 − 2.1x² + x⁴/3) x² + xy + (4y² − 4) y²."""
    x2, y2 = x * x, y * y
    return x2 * (4.0 + x2 * (x2 / 3.0 - 2.1)) + x * y + 4.0 * y2 * (y2 - 1.0)


@six_hump_camel.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    x2 = x * x
    return x * (8.0 + x2 * (2.0 * x2 - 8.4)) + y, x + y * (16.0 * (y * y) - 8.0)


BRANIN_B, BRANIN_C, BRANIN_S = 5.1 / (4.0 * PI * PI), 5.0 / PI, 10.0 - 1.25 / PI


@planar(
    bounds=[(-5.0, 10.0), (0.0, 15.0)],
    x0=(2.5, 7.5),
    minimizers=[(-PI, 12.275), (PI, 2.275), (9.42477796076938, 2.475)],
    fmin=0.3978873577297383,
    tags="smooth multimodal many-minimizers",
    source="Branin (1972); Dixon & Szegő (1978)",
)
def branin(x: Value, y: Value, xp: Any) -> Value:
    """(y − 5.1x²/(4π²) + 5x/π − 6)² + 10 (1 − 1/(8π)) cos x + 10."""
    return (y - x * (BRANIN_B * x - BRANIN_C) - 6.0) ** 2 + (BRANIN_S * xp.cos(x) + 10.0)


@branin.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    slope = 2.0 * (y - x * (BRANIN_B * x - BRANIN_C) - 6.0)
    return slope * (BRANIN_C - 2.0 * BRANIN_B * x) - BRANIN_S * xp.sin(x), slope


@planar(
    bounds=[(-2.0, 2.0), (-2.0, 2.0)],
    x0=(-1.0, 1.0),
    minimizers=[(0.0, -1.0)],
    fmin=3.0,
    tags="smooth polynomial multimodal wide-range",
    source="Goldstein & Price (1971); Dixon & Szegő (1978)",
)
def goldstein_price(x: Value, y: Value, xp: Any) -> Value:
    """(1 + (v + 1)² (3v² − 14v + 19)) (30 + u² (3u² − 16u + 18)) with u = 2x − 3y, v = x + y."""
    u, v = 2.0 * x - 3.0 * y, x + y
    first = 1.0 + (v + 1.0) ** 2 * (v * (3.0 * v - 14.0) + 19.0)
    return first * (30.0 + u * u * (u * (3.0 * u - 16.0) + 18.0))


@goldstein_price.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    u, v = 2.0 * x - 3.0 * y, x + y
    first = 1.0 + (v + 1.0) ** 2 * (v * (3.0 * v - 14.0) + 19.0)
    second = 30.0 + u * u * (u * (3.0 * u - 16.0) + 18.0)
    along_u = first * (12.0 * u * (u - 1.0) * (u - 3.0))
    along_v = second * (12.0 * (v + 1.0) * (v - 1.0) * (v - 2.0))
    return along_v + 2.0 * along_u, along_v - 3.0 * along_u


@planar(
    bounds=[(-1.5, 4.0), (-3.0, 4.0)],
    x0=(0.0, 0.0),
    minimizers=[(-0.5471975511965977, -1.5471975511965979)],  # 1/2 − π/3, −1/2 − π/3
    fmin=-1.9132229549810364,  # −√3/2 − π/3
    tags="smooth multimodal unbounded-below",
    source="McCormick (1976); Jamil & Yang (2013), no. 72",
)
def mccormick(x: Value, y: Value, xp: Any) -> Value:
    """sin(x + y) + (x − y)² − 1.5x + 2.5y + 1."""
    return xp.sin(x + y) + (x - y) ** 2 - 1.5 * x + 2.5 * y + 1.0


@mccormick.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    wave, slope = xp.cos(x + y), 2.0 * (x - y)
    return wave + slope - 1.5, wave - slope + 2.5


@planar(
    bounds=[(-100.0, 100.0), (-100.0, 100.0)],
    x0=(5.0, 5.0),
    minimizers=[(PI, PI)],
    fmin=-1.0,
    tags="smooth multimodal flat",
    source="Easom (1990); Jamil & Yang (2013), no. 50",
)
def easom(x: Value, y: Value, xp: Any) -> Value:
    """−cos x cos y exp(−(x − π)² − (y − π)²)."""
    a, b = x - PI, y - PI
    return -xp.cos(x) * xp.cos(y) * xp.exp(-(a * a + b * b))


@easom.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    a, b = x - PI, y - PI
    cos_x, cos_y, bell = xp.cos(x), xp.cos(y), xp.exp(-(a * a + b * b))
    return (
        bell * cos_y * (xp.sin(x) + 2.0 * a * cos_x),
        bell * cos_x * (xp.sin(y) + 2.0 * b * cos_y),
    )


@planar(
    bounds=[(-15.0, -5.0), (-3.0, 3.0)],
    x0=(-7.0, -1.0),
    minimizers=[(-10.0, 1.0)],
    fmin=0.0,
    tags="nonsmooth unimodal valley",
    source="Bukin (1997); Jamil & Yang (2013), no. 28",
)
def bukin_n6(x: Value, y: Value, xp: Any) -> Value:
    """100 √|y − x²/100| + |x + 10|/100."""
    height = xp.abs(y - 0.01 * (x * x))
    return 100.0 * (height / xp.safe_sqrt(height)) + 0.01 * xp.abs(x + 10.0)


@bukin_n6.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    height = y - 0.01 * (x * x)
    slope = 50.0 * xp.sign(height) / xp.safe_sqrt(xp.abs(height))
    return 0.01 * xp.sign(x + 10.0) - 0.02 * x * slope, slope
