"""Landscapes with constraints besides the bounds.

The tags describe the whole problem: ``convex`` needs a convex feasible set too, and local minima are those among
feasible points. Minimisers solve the Karush-Kuhn-Tucker equations to 40 digits, then are rounded. So they keep active
constraints only up to rounding.
"""

from __future__ import annotations

import math
from typing import Any

from pytest_optlandscape.landscapes.definition import planar, scalable
from pytest_optlandscape.landscapes.formula.namespaces import Value
from pytest_optlandscape.landscapes.minimizers import MinimizerList

FAMILY = "constrained"
INF = math.inf
PI = math.pi
ROOT_2 = math.sqrt(2.0)


def _rosenbrock(x: Value, y: Value) -> Value:
    return 100.0 * (y - x * x) ** 2 + (1.0 - x) ** 2


def _rosenbrock_slope(x: Value, y: Value, xp: Any) -> Value:
    rise = y - x * x
    return -400.0 * x * rise - 2.0 * (1.0 - x), 200.0 * rise


@planar(
    bounds=[(-1.5, 1.5), (-1.5, 1.5)],
    x0=(0.0, 0.0),
    minimizers=[(1.0, 1.0)],
    fmin=0.0,
    tags="constrained smooth polynomial unimodal valley",
    source="Rosenbrock (1960), confined to a disk whose edge runs through the minimiser",
)
def rosenbrock_disk(x: Value, y: Value, xp: Any) -> Value:
    """100 (y − x²)² + (1 − x)², where x² + y² ≤ 2."""
    return _rosenbrock(x, y)


rosenbrock_disk.gradient(_rosenbrock_slope)


@rosenbrock_disk.constraint(-INF, 2.0)
def _(x: Value, y: Value, xp: Any) -> Value:
    return x * x + y * y


@planar(
    bounds=[(-1.5, 1.5), (-0.5, 2.5)],
    x0=(0.0, 1.0),
    minimizers=[(1.0, 1.0)],
    fmin=0.0,
    tags="constrained smooth polynomial multimodal deceptive valley",
    source="Simionescu & Beale (2002)",
)
def rosenbrock_cubic_line(x: Value, y: Value, xp: Any) -> Value:
    """100 (y − x²)² + (1 − x)², where (x − 1)³ − y + 1 ≤ 0 and x + y ≤ 2."""
    return _rosenbrock(x, y)


rosenbrock_cubic_line.gradient(_rosenbrock_slope)


@rosenbrock_cubic_line.constraint(-INF, 0.0)
def _(x: Value, y: Value, xp: Any) -> Value:
    a = x - 1.0
    return a * a * a - y + 1.0


@rosenbrock_cubic_line.constraint(-INF, 2.0)
def _(x: Value, y: Value, xp: Any) -> Value:
    return x + y


@planar(
    bounds=[(-10.0, 0.0), (-6.5, 0.0)],
    x0=(-5.0, -3.0),
    minimizers=[(-3.1302468034546562, -1.5821421769300335)],
    fmin=-106.76453674926468,
    tags="constrained smooth multimodal",
    source="Mishra (2006), confined to a disk; the landscape bird with its coordinates exchanged",
)
def mishra_bird_disk(x: Value, y: Value, xp: Any) -> Value:
    """(x − y)² + sin y exp((1 − cos x)²) + cos x exp((1 − sin y)²), where (x + 5)² + (y + 5)² ≤ 25."""
    sin_y, cos_x = xp.sin(y), xp.cos(x)
    return sin_y * xp.exp((1.0 - cos_x) ** 2) + cos_x * xp.exp((1.0 - sin_y) ** 2) + (x - y) ** 2


@mishra_bird_disk.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    sin_x, cos_x, sin_y, cos_y = xp.sin(x), xp.cos(x), xp.sin(y), xp.cos(y)
    a, b, slope = 1.0 - cos_x, 1.0 - sin_y, 2.0 * (x - y)
    exp_a, exp_b = xp.exp(a * a), xp.exp(b * b)
    return (
        sin_x * (2.0 * a * sin_y * exp_a - exp_b) + slope,
        cos_y * (exp_a - 2.0 * b * cos_x * exp_b) - slope,
    )


@mishra_bird_disk.constraint(-INF, 25.0)
def _(x: Value, y: Value, xp: Any) -> Value:
    return (x + 5.0) ** 2 + (y + 5.0) ** 2


@planar(
    bounds=[(-1.0, 0.75), (-1.0, 1.0)],
    x0=(0.5, 0.5),
    minimizers=[(0.08984201310031806, -0.7126564030207396)],
    fmin=-1.0316284534898774,
    tags="constrained smooth polynomial multimodal",
    source="Gómez & Levy (1982); Simionescu (2014)",
)
def gomez_levy(x: Value, y: Value, xp: Any) -> Value:
    """4x² − 2.1x⁴ + x⁶/3 + xy − 4y² + 4y⁴, where 2 sin²(2πy) − sin(4πx) ≤ 1.5."""
    x2, y2 = x * x, y * y
    return x2 * (4.0 + x2 * (x2 / 3.0 - 2.1)) + x * y + 4.0 * y2 * (y2 - 1.0)


@gomez_levy.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    x2 = x * x
    return x * (8.0 + x2 * (2.0 * x2 - 8.4)) + y, x + y * (16.0 * (y * y) - 8.0)


@gomez_levy.constraint(-INF, 1.5)
def _(x: Value, y: Value, xp: Any) -> Value:
    return 2.0 * xp.sin(2.0 * PI * y) ** 2 - xp.sin(4.0 * PI * x)


@planar(
    bounds=[(-1.25, 1.25), (-1.25, 1.25)],
    x0=(0.5, 0.0),
    minimizers=[(0.6 * ROOT_2, -0.6 * ROOT_2), (-0.6 * ROOT_2, 0.6 * ROOT_2)],
    fmin=-0.072,
    tags="constrained smooth quadratic polynomial multimodal many-minimizers",
    source="Simionescu (2014)",
)
def simionescu(x: Value, y: Value, xp: Any) -> Value:
    """xy/10, where x² + y² ≤ (1 + cos(8 arctan(x/y))/5)²."""
    return 0.1 * (x * y)


@simionescu.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    return 0.1 * y, 0.1 * x


@simionescu.constraint()
def _(x: Value, y: Value, xp: Any) -> Value:
    """With t = cos(2 arctan(x/y)), defined at y = 0 too, the cosine is T₄(t) = 8t⁴ − 8t² + 1."""
    x2, y2 = x * x, y * y
    r2 = x2 + y2
    t = (y2 - x2) / xp.where(r2 > 0.0, r2, 1.0)
    t2 = t * t
    return (1.2 + 1.6 * t2 * (t2 - 1.0)) ** 2 - r2


@scalable(
    bounds=(1.0, 5.0),
    x0=lambda dim: (1.0, 5.0, 5.0, 1.0),
    minimizers=lambda dim: MinimizerList([(1.0, 4.742999637264417, 3.8211499841848737, 1.3794082931726723)]),
    fmin=17.014017289156303,
    tags="constrained smooth polynomial active-bounds unbounded-below",
    source="Hock & Schittkowski (1981), no. 71",
    dim=4,
    dims=range(4, 5),
)
def hs071(x: Value, xp: Any) -> Value:
    """x₁x₄ (x₁ + x₂ + x₃) + x₃, where x₁x₂x₃x₄ ≥ 25 and Σ xᵢ² = 40."""
    return x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2]


@hs071.gradient
def _(x: Value, xp: Any) -> Value:
    both, total = x[0] * x[3], x[0] + x[1] + x[2]
    return x[3] * (x[0] + total), both, both + 1.0, x[0] * total


@hs071.constraint(25.0, INF)
def _(x: Value, xp: Any) -> Value:
    return x[0] * x[1] * x[2] * x[3]


@hs071.constraint(40.0, 40.0)
def _(x: Value, xp: Any) -> Value:
    return xp.sum(x * x)


@planar(
    bounds=[(13.0, 100.0), (0.0, 100.0)],
    x0=(20.1, 5.84),
    minimizers=[(14.095, 0.8429607892154782)],
    fmin=-6961.813875580139,
    tags="constrained smooth polynomial unimodal",
    source="Floudas & Pardalos (1987); Liang et al. (2006), g06",
)
def g06(x: Value, y: Value, xp: Any) -> Value:
    """(x − 10)³ + (y − 20)³, where (x − 5)² + (y − 5)² ≥ 100 and (x − 6)² + (y − 5)² ≤ 82.81."""
    a, b = x - 10.0, y - 20.0
    return a * a * a + b * b * b


@g06.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    return 3.0 * (x - 10.0) ** 2, 3.0 * (y - 20.0) ** 2


@g06.constraint(100.0, INF)
def _(x: Value, y: Value, xp: Any) -> Value:
    return (x - 5.0) ** 2 + (y - 5.0) ** 2


@g06.constraint(-INF, 82.81)
def _(x: Value, y: Value, xp: Any) -> Value:
    return (x - 6.0) ** 2 + (y - 5.0) ** 2


@planar(
    bounds=[(1e-5, 10.0), (1e-5, 10.0)],  # the article's bounds begin at 0, where f has no value
    x0=(1.6, 4.4),
    minimizers=[(1.2279713527638443, 4.245373366458418)],
    fmin=-0.09582504141803581,
    tags="constrained smooth multimodal",
    source="Schoenauer & Xanthakis (1993); Liang et al. (2006), g08",
)
def g08(x: Value, y: Value, xp: Any) -> Value:
    """−sin³(2πx) sin(2πy) / (x³ (x + y)), where x² − y + 1 ≤ 0 and 1 − x + (y − 4)² ≤ 0."""
    a = xp.sin(2.0 * PI * x) / x
    return -(a * a * a) * xp.sin(2.0 * PI * y) / (x + y)


@g08.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    total = x + y
    a, b = xp.sin(2.0 * PI * x) / x, xp.sin(2.0 * PI * y) / total
    slope_a = (2.0 * PI * xp.cos(2.0 * PI * x) - a) / x
    slope_b = (2.0 * PI * xp.cos(2.0 * PI * y) - b) / total
    a2 = a * a
    return -a2 * (3.0 * slope_a - a / total) * b, -a2 * a * slope_b


@g08.constraint(-INF, 0.0)
def _(x: Value, y: Value, xp: Any) -> Value:
    return x * x - y + 1.0


@g08.constraint(-INF, 0.0)
def _(x: Value, y: Value, xp: Any) -> Value:
    return 1.0 - x + (y - 4.0) ** 2
