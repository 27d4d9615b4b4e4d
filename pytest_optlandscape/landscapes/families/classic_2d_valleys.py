"""More classic landscapes of two dimensions: bowls, wells and valleys, most of them polynomials.

Each entry has facts, a formula f(x, y) and its gradient. Minimisers and minima without a closed form are rounded from
40 digits.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from pytest_optlandscape.landscapes.definition import enter, planar
from pytest_optlandscape.landscapes.formula.namespaces import Value

FAMILY = "classic-2d"


@planar(
    bounds=[(-10.0, 10.0), (-10.0, 10.0)],
    x0=(5.0, -5.0),
    minimizers=[(0.0, 0.0)],
    fmin=0.0,
    tags="smooth convex quadratic polynomial unimodal",
    source="Jamil & Yang (2013), no. 71",
)
def matyas(x: Value, y: Value, xp: Any) -> Value:
    """0.26 (x² + y²) − 0.48xy."""
    return 0.26 * (x * x + y * y) - 0.48 * x * y


@matyas.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    return 0.52 * x - 0.48 * y, 0.52 * y - 0.48 * x


@planar(
    bounds=[(-1.2, 1.2), (-1.2, 1.2)],
    x0=(-1.2, 1.0),
    minimizers=[(1.0, 1.0)],
    fmin=0.0,
    tags="smooth polynomial unimodal valley ill-conditioned least-squares",
    source="Leon (1966); Jamil & Yang (2013), no. 70, print x², which is Rosenbrock's function",
    version=2,
)
def leon(x: Value, y: Value, xp: Any) -> Value:
    """100 (y − x³)² + (1 − x)²."""
    return 100.0 * (y - x * x * x) ** 2 + (1.0 - x) ** 2


@leon.residuals
def _(x: Value, y: Value, xp: Any) -> Value:
    return 10.0 * (y - x * x * x), 1.0 - x


@leon.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    x2 = x * x
    rise = y - x2 * x
    return -600.0 * x2 * rise - 2.0 * (1.0 - x), 200.0 * rise


enter(
    dataclasses.replace(
        leon,
        name="cube",
        same_as="leon",
        bounds=lambda dim: [(-10.0, 10.0), (-10.0, 10.0)],
        source="Jamil & Yang (2013), no. 41",
        version=1,
    )
)


@planar(
    bounds=[(-5.0, 10.0), (-5.0, 10.0)],
    x0=(2.0, 2.0),
    minimizers=[(-0.029895985050660382, 0.0)],
    fmin=-0.003791237220468898,
    tags="smooth polynomial unimodal valley",
    source="Jamil & Yang (2013), no. 174",
)
def zettl(x: Value, y: Value, xp: Any) -> Value:
    """(x² + y² − 2x)² + x/4: along a circle, slightly downhill."""
    return (x * (x - 2.0) + y * y) ** 2 + 0.25 * x


@zettl.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    slope = 4.0 * (x * (x - 2.0) + y * y)
    return slope * (x - 1.0) + 0.25, slope * y


@planar(
    bounds=[(-5.0, 5.0), (-5.0, 5.0)],
    x0=(3.0, 3.0),
    minimizers=[(-2.0, 0.0), (0.0, 0.0)],
    fmin=0.0,
    tags="smooth polynomial multimodal many-minimizers separable least-squares",
    source="Jamil & Yang (2013), no. 149",
)
def treccani(x: Value, y: Value, xp: Any) -> Value:
    """x⁴ + 4x³ + 4x² + y²."""
    return (x * (x + 2.0)) ** 2 + y * y


@treccani.residuals
def _(x: Value, y: Value, xp: Any) -> Value:
    return x * (x + 2.0), y


@treccani.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    return 4.0 * x * (x + 1.0) * (x + 2.0), 2.0 * y


@planar(
    bounds=[(-10.0, 10.0), (-10.0, 10.0)],
    x0=(1.0, 2.0),
    minimizers=[(5.0, 5.0), (5.0, -5.0), (-5.0, 5.0), (-5.0, -5.0)],
    fmin=0.0,
    tags="nonsmooth multimodal many-minimizers separable least-squares",
    source="Price (1977); Ali, Khompatraporn & Zabinsky (2005); Jamil & Yang (2013), no. 94",
)
def becker_lago(x: Value, y: Value, xp: Any) -> Value:
    """(|x| − 5)² + (|y| − 5)²."""
    return (xp.abs(x) - 5.0) ** 2 + (xp.abs(y) - 5.0) ** 2


@becker_lago.residuals
def _(x: Value, y: Value, xp: Any) -> Value:
    return xp.abs(x) - 5.0, xp.abs(y) - 5.0


@becker_lago.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    return 2.0 * (x - 5.0 * xp.sign(x)), 2.0 * (y - 5.0 * xp.sign(y))


@planar(
    bounds=[(-5.0, 5.0), (-5.0, 5.0)],
    x0=(0.0, 0.0),
    minimizers=[(1.0, 2.0), (1.5968041538769333, 0.8063916922461333)],
    fmin=0.0,
    tags="smooth polynomial multimodal many-minimizers least-squares ill-conditioned wide-range",
    source="Wayburn & Seader (1987); Jamil & Yang (2013), no. 162",
)
def wayburn_seader_1(x: Value, y: Value, xp: Any) -> Value:
    """(x⁶ + y⁴ − 17)² + (2x + y − 4)²."""
    return (x**6 + y**4 - 17.0) ** 2 + (2.0 * x + y - 4.0) ** 2


@wayburn_seader_1.residuals
def _(x: Value, y: Value, xp: Any) -> Value:
    return x**6 + y**4 - 17.0, 2.0 * x + y - 4.0


@wayburn_seader_1.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    x2, y2 = x * x, y * y
    x4 = x2 * x2
    a, b = 4.0 * (x4 * x2 + y2 * y2 - 17.0), 2.0 * (2.0 * x + y - 4.0)
    return 3.0 * (x4 * x) * a + 2.0 * b, 2.0 * (y2 * y) * a + b


@planar(
    bounds=[(-20.0, 20.0), (-20.0, 20.0)],
    x0=(5.0, 5.0),
    minimizers=[(0.0, 14.945112151891959), (0.0, -14.945112151891959)],
    fmin=-24776.51834231769,
    tags="smooth polynomial multimodal many-minimizers valley",
    source="Dekkers & Aarts (1991); Jamil & Yang (2013), no. 45",
)
def deckkers_aarts(x: Value, y: Value, xp: Any) -> Value:
    """10⁵x² + y² − (x² + y²)² + 10⁻⁵ (x² + y²)⁴."""
    x2, y2 = x * x, y * y
    square = (x2 + y2) ** 2
    return 1e5 * x2 + y2 + square * (1e-5 * square - 1.0)


@deckkers_aarts.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    radius2 = x * x + y * y
    slope = radius2 * (8e-5 * (radius2 * radius2) - 4.0)
    return x * (2e5 + slope), y * (2.0 + slope)


@planar(
    bounds=[(-10.0, 10.0), (-10.0, 10.0)],
    x0=(2.0, 2.0),
    minimizers=[(-1.0466805318046022, 0.0)],
    fmin=-0.35238607380003645,
    tags="smooth polynomial multimodal separable",
    source="Aluffi-Pentini, Parisi & Zirilli (1985); Jamil & Yang (2013), no. 175",
)
def aluffi_pentini(x: Value, y: Value, xp: Any) -> Value:
    """x⁴/4 − x²/2 + x/10 + y²/2."""
    return x * (0.1 + x * (0.25 * (x * x) - 0.5)) + 0.5 * (y * y)


@aluffi_pentini.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    return x * (x * x - 1.0) + 0.1, y


@planar(
    bounds=[(-2.0, 2.0), (-2.0, 2.0)],
    x0=(0.9, 0.5),
    minimizers=[(-1.0355787140888537, 0.0)],
    fmin=-0.30542848374391596,
    tags="smooth polynomial multimodal separable",
    source="pytest-optlandscape (2026)",
)
def double_well_asym(x: Value, y: Value, xp: Any) -> Value:
    """(x² − 1)² + 0.3x + y²: the start lies in the well that is not the deepest."""
    return (x * x - 1.0) ** 2 + 0.3 * x + y * y


@double_well_asym.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    return 4.0 * x * (x * x - 1.0) + 0.3, 2.0 * y


@planar(
    bounds=[(-10.0, 10.0), (-10.0, 10.0)],
    x0=(5.0, 5.0),
    minimizers=[(0.0, 0.0), (2.0, 4.0), (1.4643521196636984, -2.5060127607816622)],
    fmin=0.0,
    tags="smooth polynomial multimodal many-minimizers least-squares ill-conditioned wide-range",
    source="Price (1977); Jamil & Yang (2013), no. 97",
)
def price_4(x: Value, y: Value, xp: Any) -> Value:
    """(2x³y − y³)² + (6x − y² + y)²."""
    y2 = y * y
    return (y * (2.0 * (x * x * x) - y2)) ** 2 + (6.0 * x - y2 + y) ** 2


@price_4.residuals
def _(x: Value, y: Value, xp: Any) -> Value:
    return y * (2.0 * (x * x * x) - y * y), 6.0 * x - y * y + y


@price_4.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    x2, y2 = x * x, y * y
    x3 = 2.0 * (x2 * x)
    a, b = 2.0 * y * (x3 - y2), 2.0 * (6.0 * x - y2 + y)
    return 6.0 * (a * (x2 * y) + b), a * (x3 - 3.0 * y2) + b * (1.0 - 2.0 * y)


@planar(
    bounds=[(0.0, 5.0), (0.0, 6.0)],
    x0=(1.0, 1.0),
    minimizers=[(4.0, 2.0)],
    fmin=-2.3458115761012865,  # −(52/3) e⁻²
    tags="smooth multimodal unbounded-below",
    source="Jamil & Yang (2013), no. 66",
)
def hosaki(x: Value, y: Value, xp: Any) -> Value:
    """(1 − 8x + 7x² − 7x³/3 + x⁴/4) y² exp(−y)."""
    a = x - 4.0  # expand the quartic about its minimum, to avoid cancellation
    quartic = a * a * (3.0 + a * (5.0 / 3.0 + 0.25 * a)) - 13.0 / 3.0
    return quartic * (y * y) * xp.exp(-y)


@hosaki.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    a = x - 4.0
    quartic = a * a * (3.0 + a * (5.0 / 3.0 + 0.25 * a)) - 13.0 / 3.0
    scale = y * xp.exp(-y)
    return a * (x - 1.0) * (x - 2.0) * (y * scale), quartic * (2.0 - y) * scale
