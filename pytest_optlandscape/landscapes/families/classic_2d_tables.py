"""More classic landscapes of two dimensions: ripples, tables and holders.

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


def _corners(value: float) -> list[tuple[float, float]]:
    """Return the points (±value, ±value)."""
    return [(value, value), (value, -value), (-value, value), (-value, -value)]


@planar(
    bounds=[(-100.0, 100.0), (-100.0, 100.0)],
    x0=(50.0, 50.0),
    minimizers=[(0.0, 0.0)],
    fmin=0.0,
    tags="smooth multimodal",
    source="Bohachevsky, Johnson & Stein (1986); Jamil & Yang (2013), no. 18",
)
def bohachevsky_2(x: Value, y: Value, xp: Any) -> Value:
    """x² + 2y² − 0.3 cos(3πx) cos(4πy) + 0.3."""
    return x * x + 2.0 * (y * y) + 0.3 * (1.0 - xp.cos(3.0 * PI * x) * xp.cos(4.0 * PI * y))


@bohachevsky_2.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    a, b = 3.0 * PI * x, 4.0 * PI * y
    return 2.0 * x + 0.9 * PI * xp.sin(a) * xp.cos(b), 4.0 * y + 1.2 * PI * xp.cos(a) * xp.sin(b)


@planar(
    bounds=[(-100.0, 100.0), (-100.0, 100.0)],
    x0=(50.0, 50.0),
    minimizers=[(0.0, 0.0)],
    fmin=0.0,
    tags="smooth multimodal",
    source="Bohachevsky, Johnson & Stein (1986); Jamil & Yang (2013), no. 19",
)
def bohachevsky_3(x: Value, y: Value, xp: Any) -> Value:
    """x² + 2y² − 0.3 cos(3πx + 4πy) + 0.3."""
    return x * x + 2.0 * (y * y) + 0.3 * (1.0 - xp.cos(3.0 * PI * x + 4.0 * PI * y))


@bohachevsky_3.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    wave = 0.3 * PI * xp.sin(3.0 * PI * x + 4.0 * PI * y)
    return 2.0 * x + 3.0 * wave, 4.0 * (y + wave)


@planar(
    bounds=[(0.0, 10.0), (0.0, 10.0)],
    x0=(3.0, 5.0),  # on the diagonal the gradient vanishes
    minimizers=[(0.0, 1.3932490753255886), (1.3932490753255886, 0.0)],
    fmin=-0.6736675211468547,
    tags="smooth multimodal many-minimizers active-bounds",
    source="Jamil & Yang (2013), no. 69, with its sign turned",
)
def keane(x: Value, y: Value, xp: Any) -> Value:
    """−sin²(x − y) sin²(x + y)/√(x² + y²)."""
    wave = xp.sin(x - y) * xp.sin(x + y)
    return -(wave * wave) / xp.safe_sqrt(x * x + y * y)


@keane.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    radius = xp.safe_sqrt(x * x + y * y)
    height = xp.sin(x - y) * xp.sin(x + y) / radius
    pull = height / radius
    return height * (pull * x - 2.0 * xp.sin(2.0 * x)), height * (pull * y + 2.0 * xp.sin(2.0 * y))


@planar(
    bounds=[(-1.0, 1.0), (-1.0, 1.0)],
    x0=(-0.9, 0.9),
    minimizers=[(0.4673200253979606, 0.4673200253979606)],
    fmin=0.06447042053690565,
    tags="smooth separable",
    source="Jamil & Yang (2013), no. 57",
)
def giunta(x: Value, y: Value, xp: Any) -> Value:
    """0.6 + g(16x/15 − 1) + g(16y/15 − 1) with g(t) = sin t + sin² t + sin(4t)/50."""
    s, t = 16.0 / 15.0 * x - 1.0, 16.0 / 15.0 * y - 1.0
    sin_s, sin_t = xp.sin(s), xp.sin(t)
    return 0.6 + sin_s * (1.0 + sin_s) + sin_t * (1.0 + sin_t) + 0.02 * (xp.sin(4.0 * s) + xp.sin(4.0 * t))


@giunta.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    s, t = 16.0 / 15.0 * x - 1.0, 16.0 / 15.0 * y - 1.0
    return (
        16.0 / 15.0 * (xp.cos(s) + xp.sin(2.0 * s) + 0.08 * xp.cos(4.0 * s)),
        16.0 / 15.0 * (xp.cos(t) + xp.sin(2.0 * t) + 0.08 * xp.cos(4.0 * t)),
    )


CHICHINADZE_DEPTH = math.sqrt(0.2)


@planar(
    bounds=[(-30.0, 30.0), (-30.0, 30.0)],
    x0=(0.0, 0.0),
    minimizers=[(6.18986658698431, 0.5)],
    fmin=-42.94438701899097,  # the literature's −43.3159 belongs to sin(5πx)
    tags="smooth multimodal separable flat ill-conditioned",
    source="Jamil & Yang (2013), no. 33",
)
def chichinadze(x: Value, y: Value, xp: Any) -> Value:
    """x² − 12x + 11 + 10 cos(πx/2) + 8 sin(5πx/2) − exp(−(y − 1/2)²/2)/√5."""
    b = y - 0.5
    waves = 10.0 * xp.cos(0.5 * PI * x) + 8.0 * xp.sin(2.5 * PI * x)
    return x * (x - 12.0) + 11.0 + waves - CHICHINADZE_DEPTH * xp.exp(-0.5 * (b * b))


@chichinadze.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    b = y - 0.5
    waves = 20.0 * PI * xp.cos(2.5 * PI * x) - 5.0 * PI * xp.sin(0.5 * PI * x)
    return 2.0 * x - 12.0 + waves, CHICHINADZE_DEPTH * b * xp.exp(-0.5 * (b * b))


LOWEST_PEN = 1e-3
"""Below this height, exp(−1/height) is 0 in double precision."""


@planar(
    bounds=[(-11.0, 11.0), (-11.0, 11.0)],
    x0=(3.0, 3.0),
    minimizers=_corners(9.646167670410366),
    fmin=-0.9635348327265058,
    tags="nonsmooth multimodal many-minimizers unbounded-below",
    source="Mishra (2006); Jamil & Yang (2013), no. 86",
)
def pen_holder(x: Value, y: Value, xp: Any) -> Value:
    """−exp(−1/|cos x cos y exp|1 − √(x² + y²)/π||)."""
    rise = xp.exp(xp.abs(1.0 - xp.safe_sqrt(x * x + y * y) / PI))
    height = xp.abs(xp.cos(x) * xp.cos(y)) * rise
    return -xp.exp(-1.0 / xp.maximum(height, LOWEST_PEN))


@pen_holder.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    radius = xp.safe_sqrt(x * x + y * y)
    tilt = 1.0 - radius / PI
    cos_x, cos_y = xp.cos(x), xp.cos(y)
    product, rise = cos_x * cos_y, xp.exp(xp.abs(tilt))
    height = xp.maximum(xp.abs(product) * rise, LOWEST_PEN)
    scale = xp.exp(-1.0 / height) * rise / (height * height)
    side, pull = xp.sign(product), xp.abs(product) * xp.sign(tilt) / (PI * radius)
    return (
        scale * (side * xp.sin(x) * cos_y + pull * x),
        scale * (side * cos_x * xp.sin(y) + pull * y),
    )


@planar(
    bounds=[(-10.0, 10.0), (-10.0, 10.0)],
    x0=(3.0, 3.0),
    minimizers=[(-1.5706026141658023, 0.0), (1.5706026141658023, 0.0)],
    fmin=-10.872300105622745,
    tags="nonsmooth multimodal many-minimizers unbounded-below",
    source="Mishra (2006); Jamil & Yang (2013), no. 148",
)
def test_tube_holder(x: Value, y: Value, xp: Any) -> Value:
    """−4 |sin x cos y exp|cos((x² + y²)/200)||."""
    bell = xp.exp(xp.abs(xp.cos(0.005 * (x * x + y * y))))
    return -4.0 * xp.abs(xp.sin(x) * xp.cos(y)) * bell


@test_tube_holder.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    phase = 0.005 * (x * x + y * y)
    wave, sin_x, cos_y = xp.cos(phase), xp.sin(x), xp.cos(y)
    product = sin_x * cos_y
    scale = 4.0 * xp.exp(xp.abs(wave))
    side, pull = xp.sign(product), 0.01 * xp.abs(product) * xp.sign(wave) * xp.sin(phase)
    return scale * (pull * x - side * xp.cos(x) * cos_y), scale * (pull * y + side * sin_x * xp.sin(y))


@planar(
    bounds=[(-10.0, 10.0), (-10.0, 10.0)],
    x0=(3.0, 3.0),
    minimizers=_corners(9.646167670410366),
    fmin=-24.15681554739119,
    tags="nonsmooth multimodal many-minimizers unbounded-below",
    source="Mishra (2006); Jamil & Yang (2013), no. 147",
)
def carrom_table(x: Value, y: Value, xp: Any) -> Value:
    """−(cos x cos y exp|1 − √(x² + y²)/π|)²/30."""
    rise = xp.exp(xp.abs(1.0 - xp.safe_sqrt(x * x + y * y) / PI))
    return (xp.cos(x) * xp.cos(y) * rise) ** 2 / -30.0


@carrom_table.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    radius = xp.safe_sqrt(x * x + y * y)
    tilt = 1.0 - radius / PI
    rise, cos_x, cos_y = xp.exp(xp.abs(tilt)), xp.cos(x), xp.cos(y)
    scale = cos_x * cos_y * (rise * rise) / 15.0
    pull = cos_x * cos_y * xp.sign(tilt) / (PI * radius)
    return scale * (xp.sin(x) * cos_y + pull * x), scale * (cos_x * xp.sin(y) + pull * y)


@planar(
    bounds=[(-10.0, 10.0), (-10.0, 10.0)],
    x0=(1.0, 1.0),
    minimizers=[(-0.024403079694375173, 0.21061242715535577)],
    fmin=-3.306868647475237,
    tags="smooth multimodal",
    source="Trefethen (2002), the hundred-digit challenge, problem 4; Jamil & Yang (2013), no. 152",
)
def trefethen(x: Value, y: Value, xp: Any) -> Value:
    """exp(sin 50x) + sin(60 exp y) + sin(70 sin x) + sin(sin 80y) − sin(10 (x + y)) + (x² + y²)/4."""
    waves_x = xp.exp(xp.sin(50.0 * x)) + xp.sin(70.0 * xp.sin(x))
    waves_y = xp.sin(60.0 * xp.exp(y)) + xp.sin(xp.sin(80.0 * y))
    return waves_x + waves_y - xp.sin(10.0 * (x + y)) + 0.25 * (x * x + y * y)


@trefethen.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    a, b, c = 50.0 * x, 80.0 * y, 60.0 * xp.exp(y)
    both = 10.0 * xp.cos(10.0 * (x + y))
    waves_x = 50.0 * xp.cos(a) * xp.exp(xp.sin(a)) + 70.0 * xp.cos(x) * xp.cos(70.0 * xp.sin(x))
    waves_y = c * xp.cos(c) + 80.0 * xp.cos(b) * xp.cos(xp.sin(b))
    return waves_x - both + 0.5 * x, waves_y - both + 0.5 * y


@planar(
    bounds=[(-50.0, 50.0), (-50.0, 50.0)],
    x0=(20.0, 20.0),
    minimizers=[(0.0, 0.0)],
    fmin=-400.0,
    tags="smooth multimodal separable",
    source="Jamil & Yang (2013), no. 160",
)
def venter_sobiezcczanski(x: Value, y: Value, xp: Any) -> Value:
    """x² − 100 cos² x − 100 cos(x²/30) + y² − 100 cos² y − 100 cos(y²/30)."""
    x2, y2 = x * x, y * y
    waves = xp.cos(x) ** 2 + xp.cos(y) ** 2 + xp.cos(x2 / 30.0) + xp.cos(y2 / 30.0)
    return x2 + y2 - 100.0 * waves


@venter_sobiezcczanski.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    return (
        x * (2.0 + 20.0 / 3.0 * xp.sin(x * x / 30.0)) + 100.0 * xp.sin(2.0 * x),
        y * (2.0 + 20.0 / 3.0 * xp.sin(y * y / 30.0)) + 100.0 * xp.sin(2.0 * y),
    )
