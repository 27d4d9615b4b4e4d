"""More classic landscapes of two dimensions: waves and ripples, Rosenbrock and Quintic.

Each entry has facts, a formula f(x, y) and its gradient. Minimisers and minima without a closed form are rounded from
40 digits.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

from pytest_optlandscape.landscapes.definition import planar
from pytest_optlandscape.landscapes.formula.namespaces import Value

FAMILY = "classic-2d"
PI = math.pi


def _corners(x: float, y: float) -> list[tuple[float, float]]:
    """Return the points (±x, ±y)."""
    return [(x, y), (x, -y), (-x, y), (-x, -y)]


@planar(
    bounds=[(-10.0, 10.0), (-10.0, 10.0)],
    x0=(3.0, 3.0),
    minimizers=_corners(1.3494066171539107, 1.3494066171539107),
    fmin=-2.062611870822737,
    tags="nonsmooth multimodal many-minimizers unbounded-below",
    source="Mishra (2006)",
)
def cross_in_tray(x: Value, y: Value, xp: Any) -> Value:
    """−0.0001 (|sin x sin y exp|100 − √(x² + y²)/π|| + 1)^0.1."""
    # take half of the exponential, up to e^100, out of the power: no overflow in single precision
    root = xp.exp(0.05 * xp.abs(100.0 - xp.safe_sqrt(x * x + y * y) / PI))
    fourth = (root * root) ** 2
    half = fourth * fourth * (root * root)
    wave = xp.abs(xp.sin(x) * xp.sin(y)) * half + 1.0 / half
    return -1e-4 * (xp.power(wave, 0.1) * root)


@cross_in_tray.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    radius = xp.safe_sqrt(x * x + y * y)
    tilt = 100.0 - radius / PI
    root = xp.exp(0.05 * xp.abs(tilt))
    fourth = (root * root) ** 2
    half = fourth * fourth * (root * root)
    sin_x, sin_y = xp.sin(x), xp.sin(y)
    product = sin_x * sin_y
    height = xp.abs(product)
    wave = height * half + 1.0 / half
    scale = -1e-5 * (xp.power(wave, 0.1) * root) * half / wave
    side, pull = xp.sign(product), height * xp.sign(tilt) / (PI * radius)
    return scale * (side * xp.cos(x) * sin_y - pull * x), scale * (side * sin_x * xp.cos(y) - pull * y)


@planar(
    bounds=[(-10.0, 10.0), (-10.0, 10.0)],
    x0=(3.0, 3.0),
    minimizers=_corners(8.055023475736563, 9.664590019241272),
    fmin=-19.208502567886732,
    tags="nonsmooth multimodal many-minimizers unbounded-below",
    source="Mishra (2006)",
)
def holder_table(x: Value, y: Value, xp: Any) -> Value:
    """−|sin x cos y exp|1 − √(x² + y²)/π||."""
    rise = xp.abs(1.0 - xp.safe_sqrt(x * x + y * y) / PI)
    return -xp.abs(xp.sin(x) * xp.cos(y)) * xp.exp(rise)


@holder_table.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    radius = xp.safe_sqrt(x * x + y * y)
    tilt = 1.0 - radius / PI
    sin_x, cos_y = xp.sin(x), xp.cos(y)
    product = sin_x * cos_y
    bell = xp.exp(xp.abs(tilt))
    side, pull = xp.sign(product), xp.abs(product) * xp.sign(tilt) / (PI * radius)
    return (
        bell * (pull * x - side * xp.cos(x) * cos_y),
        bell * (pull * y + side * sin_x * xp.sin(y)),
    )


@planar(
    bounds=[(-512.0, 512.0), (-512.0, 512.0)],
    x0=(0.0, 0.0),
    minimizers=[(512.0, 404.2318051137578)],
    fmin=-959.6406627208509,
    tags="nonsmooth multimodal deceptive active-bounds unbounded-below",
    source="Jamil & Yang (2013), no. 53",
)
def eggholder(x: Value, y: Value, xp: Any) -> Value:
    """−(y + 47) sin √|x/2 + y + 47| − x sin √|x − y − 47|."""
    z = y + 47.0
    first, second = xp.safe_sqrt(xp.abs(0.5 * x + z)), xp.safe_sqrt(xp.abs(x - z))
    return -z * xp.sin(first) - x * xp.sin(second)


@eggholder.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    z = y + 47.0
    u, v = 0.5 * x + z, x - z
    first, second = xp.safe_sqrt(xp.abs(u)), xp.safe_sqrt(xp.abs(v))
    along_u = z * xp.cos(first) * xp.sign(u) / (2.0 * first)
    along_v = x * xp.cos(second) * xp.sign(v) / (2.0 * second)
    return -0.5 * along_u - along_v - xp.sin(second), along_v - along_u - xp.sin(first)


@planar(
    bounds=[(-5.12, 5.12), (-5.12, 5.12)],
    x0=(2.0, 2.0),
    minimizers=[(0.0, 0.0)],
    fmin=-1.0,
    tags="smooth multimodal",
    source="Surjanovic & Bingham (2013)",
)
def drop_wave(x: Value, y: Value, xp: Any) -> Value:
    """−(1 + cos(12 √(x² + y²)))/((x² + y²)/2 + 2)."""
    square = x * x + y * y
    return -(1.0 + xp.cos(12.0 * xp.safe_sqrt(square))) / (0.5 * square + 2.0)


@drop_wave.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    square = x * x + y * y
    radius, bowl = xp.safe_sqrt(square), 0.5 * square + 2.0
    phase = 12.0 * radius
    slope = (12.0 * xp.sin(phase) / radius * bowl + xp.cos(phase) + 1.0) / (bowl * bowl)
    return slope * x, slope * y


@planar(
    bounds=[(-10.0, 10.0), (-10.0, 10.0)],
    x0=(-4.0, 4.0),
    minimizers=[(1.0, 1.0)],
    fmin=0.0,
    tags="smooth multimodal",
    source="Lévy & Montalvo (1985), no. 13",
)
def levi_n13(x: Value, y: Value, xp: Any) -> Value:
    """sin²(3πx) + (x − 1)² (1 + sin²(3πy)) + (y − 1)² (1 + sin²(2πy))."""
    a, b = x - 1.0, y - 1.0  # differs from x and y by whole periods, and is exactly 0 at the minimiser
    across = 1.0 + xp.sin(3.0 * PI * b) ** 2
    return xp.sin(3.0 * PI * a) ** 2 + a * a * across + b * b * (1.0 + xp.sin(2.0 * PI * b) ** 2)


@levi_n13.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    a, b = x - 1.0, y - 1.0
    sin_3, sin_2 = xp.sin(3.0 * PI * b), xp.sin(2.0 * PI * b)
    waves = 3.0 * (a * a) * xp.sin(6.0 * PI * b) + 2.0 * (b * b) * xp.sin(4.0 * PI * b)
    return (
        3.0 * PI * xp.sin(6.0 * PI * a) + 2.0 * a * (1.0 + sin_3 * sin_3),
        PI * waves + 2.0 * b * (1.0 + sin_2 * sin_2),
    )


@planar(
    bounds=[(-100.0, 100.0), (-100.0, 100.0)],
    x0=(20.0, 30.0),
    minimizers=[(0.0, 0.0)],
    fmin=0.0,
    tags="smooth multimodal",
    source="Jamil & Yang (2013), no. 113",
)
def schaffer_n2(x: Value, y: Value, xp: Any) -> Value:
    """0.5 + (sin²(x² − y²) − 0.5)/(1 + 0.001 (x² + y²))²."""
    x2, y2 = x * x, y * y
    return 0.5 + (xp.sin(x2 - y2) ** 2 - 0.5) / (1.0 + 0.001 * (x2 + y2)) ** 2


@schaffer_n2.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    x2, y2 = x * x, y * y
    phase, bowl = x2 - y2, 1.0 + 0.001 * (x2 + y2)
    pull = 0.004 * (xp.sin(phase) ** 2 - 0.5)
    wave, cube = 2.0 * xp.sin(2.0 * phase) * bowl, bowl * bowl * bowl
    return x * (wave - pull) / cube, -y * (wave + pull) / cube


@planar(
    bounds=[(-100.0, 100.0), (-100.0, 100.0)],
    x0=(20.0, 30.0),
    minimizers=[
        (0.0, 1.2531318314637332),
        (0.0, -1.2531318314637332),
        (1.2531318314637332, 0.0),
        (-1.2531318314637332, 0.0),
    ],
    fmin=0.29257863203598056,
    tags="smooth multimodal many-minimizers ill-conditioned",
    source="Jamil & Yang (2013), no. 115",
)
def schaffer_n4(x: Value, y: Value, xp: Any) -> Value:
    """0.5 + (cos²(sin|x² − y²|) − 0.5)/(1 + 0.001 (x² + y²))²."""
    x2, y2 = x * x, y * y  # cos² is even, so |x² − y²| needs no absolute value
    return 0.5 + (xp.cos(xp.sin(x2 - y2)) ** 2 - 0.5) / (1.0 + 0.001 * (x2 + y2)) ** 2


@schaffer_n4.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    x2, y2 = x * x, y * y
    phase, bowl = x2 - y2, 1.0 + 0.001 * (x2 + y2)
    inner = xp.sin(phase)
    pull = 0.004 * (xp.cos(inner) ** 2 - 0.5)
    wave, cube = -2.0 * xp.sin(2.0 * inner) * xp.cos(phase) * bowl, bowl * bowl * bowl
    return x * (wave - pull) / cube, -y * (wave + pull) / cube


@planar(
    bounds=[(-100.0, 100.0), (-100.0, 100.0)],
    x0=(50.0, 50.0),
    minimizers=[(0.0, 0.0)],
    fmin=0.0,
    tags="smooth multimodal separable",
    source="Bohachevsky, Johnson & Stein (1986); Jamil & Yang (2013), no. 17",
)
def bohachevsky_1(x: Value, y: Value, xp: Any) -> Value:
    """x² + 2y² − 0.3 cos(3πx) − 0.4 cos(4πy) + 0.7."""
    return x * x + 2.0 * (y * y) + 0.3 * (1.0 - xp.cos(3.0 * PI * x)) + 0.4 * (1.0 - xp.cos(4.0 * PI * y))


@bohachevsky_1.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    return 2.0 * x + 0.9 * PI * xp.sin(3.0 * PI * x), 4.0 * y + 1.6 * PI * xp.sin(4.0 * PI * y)


@planar(
    bounds=[(-2.0 * PI, 2.0 * PI), (-2.0 * PI, 2.0 * PI)],
    x0=(0.0, 0.0),
    minimizers=[(4.701043130249553, 3.15293850372493), (-1.5821421769300335, -3.1302468034546562)],
    fmin=-106.76453674926468,
    tags="smooth multimodal many-minimizers",
    source="Mishra (2006); Jamil & Yang (2013), no. 16",
)
def bird(x: Value, y: Value, xp: Any) -> Value:
    """(x − y)² + sin x exp((1 − cos y)²) + cos y exp((1 − sin x)²)."""
    sin_x, cos_y = xp.sin(x), xp.cos(y)
    return sin_x * xp.exp((1.0 - cos_y) ** 2) + cos_y * xp.exp((1.0 - sin_x) ** 2) + (x - y) ** 2


@bird.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    sin_x, cos_x, sin_y, cos_y = xp.sin(x), xp.cos(x), xp.sin(y), xp.cos(y)
    a, b, slope = 1.0 - cos_y, 1.0 - sin_x, 2.0 * (x - y)
    exp_a, exp_b = xp.exp(a * a), xp.exp(b * b)
    return (
        cos_x * (exp_a - 2.0 * b * cos_y * exp_b) + slope,
        sin_y * (2.0 * a * sin_x * exp_a - exp_b) - slope,
    )


@planar(
    bounds=[(-1.0, 2.0), (-1.0, 1.0)],
    x0=(0.0, 0.0),
    minimizers=[(2.0, 0.1057834694517169)],
    fmin=-2.021806783359787,
    tags="smooth active-bounds unbounded-below",
    source="Adjiman, Dallwig, Floudas & Neumaier (1998); Jamil & Yang (2013), no. 5",
)
def adjiman(x: Value, y: Value, xp: Any) -> Value:
    """−x/(y² + 1) + cos x sin y."""
    return xp.cos(x) * xp.sin(y) - x / (y * y + 1.0)


@adjiman.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    bowl = y * y + 1.0
    return -xp.sin(x) * xp.sin(y) - 1.0 / bowl, xp.cos(x) * xp.cos(y) + 2.0 * x * y / (bowl * bowl)


@planar(
    bounds=[(-5.0, 5.0), (-5.0, 5.0)],
    x0=(1.0, 1.0),
    minimizers=[*itertools.product([-1.5 * PI, -0.5 * PI, 0.5 * PI, 1.5 * PI], [-PI, 0.0, PI])],
    fmin=0.0,
    tags="smooth multimodal many-minimizers separable least-squares",
    source="Parsopoulos & Vrahatis (2002); Jamil & Yang (2013), no. 85",
)
def parsopoulos(x: Value, y: Value, xp: Any) -> Value:
    """cos² x + sin² y."""
    return xp.cos(x) ** 2 + xp.sin(y) ** 2


@parsopoulos.residuals
def _(x: Value, y: Value, xp: Any) -> Value:
    return xp.cos(x), xp.sin(y)


@parsopoulos.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    return -xp.sin(2.0 * x), xp.sin(2.0 * y)


SHUBERT_HIGH = [-7.0835064076515595, -0.8003211004719731, 5.482864206707613]
SHUBERT_LOW = [-7.708313735499347, -1.425128428319761, 4.858056878859825]


def _shubert(t: Value, xp: Any) -> Value:
    return (
        xp.cos(2.0 * t + 1.0)
        + 2.0 * xp.cos(3.0 * t + 2.0)
        + 3.0 * xp.cos(4.0 * t + 3.0)
        + 4.0 * xp.cos(5.0 * t + 4.0)
        + 5.0 * xp.cos(6.0 * t + 5.0)
    )


def _shubert_slope(t: Value, xp: Any) -> Value:
    return -(
        2.0 * xp.sin(2.0 * t + 1.0)
        + 6.0 * xp.sin(3.0 * t + 2.0)
        + 12.0 * xp.sin(4.0 * t + 3.0)
        + 20.0 * xp.sin(5.0 * t + 4.0)
        + 30.0 * xp.sin(6.0 * t + 5.0)
    )


@planar(
    bounds=[(-10.0, 10.0), (-10.0, 10.0)],
    x0=(0.0, 0.0),
    minimizers=[
        *itertools.product(SHUBERT_HIGH, SHUBERT_LOW),
        *itertools.product(SHUBERT_LOW, SHUBERT_HIGH),
    ],
    fmin=-186.73090883102384,
    tags="smooth multimodal many-minimizers",
    source="Shubert (1972); Jamil & Yang (2013), no. 133",
)
def shubert(x: Value, y: Value, xp: Any) -> Value:
    """g(x) g(y) with g(t) = Σ j cos((j + 1) t + j), j = 1…5."""
    return _shubert(x, xp) * _shubert(y, xp)


@shubert.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    return _shubert_slope(x, xp) * _shubert(y, xp), _shubert(x, xp) * _shubert_slope(y, xp)


@planar(
    bounds=[(-5.0, 10.0), (-5.0, 10.0)],
    x0=(-1.2, 1.0),
    minimizers=[(1.0, 1.0)],
    fmin=0.0,
    tags="smooth polynomial unimodal valley ill-conditioned least-squares",
    source="Rosenbrock (1960); Moré, Garbow & Hillstrom (1981), no. 1",
    same_as="rosenbrock",
)
def rosenbrock_2(x: Value, y: Value, xp: Any) -> Value:
    """100 (y − x²)² + (1 − x)²."""
    return 100.0 * (y - x * x) ** 2 + (1.0 - x) ** 2


@rosenbrock_2.residuals
def _(x: Value, y: Value, xp: Any) -> Value:
    return 10.0 * (y - x * x), 1.0 - x


@rosenbrock_2.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    rise = y - x * x
    return -400.0 * x * rise - 2.0 * (1.0 - x), 200.0 * rise


def _quintic(t: Value) -> Value:
    return ((((t - 3.0) * t + 4.0) * t + 2.0) * t - 10.0) * t - 4.0


def _quintic_slope(t: Value, xp: Any) -> Value:
    return xp.sign(_quintic(t)) * ((((5.0 * t - 12.0) * t + 12.0) * t + 4.0) * t - 10.0)


@planar(
    bounds=[(-10.0, 10.0), (-10.0, 10.0)],
    x0=(0.0, 5.0),
    minimizers=[*itertools.product([-1.0, -0.4026279411861238, 2.0], repeat=2)],
    fmin=0.0,
    tags="nonsmooth multimodal many-minimizers separable",
    source="Jamil & Yang (2013), no. 101",
)
def quintic(x: Value, y: Value, xp: Any) -> Value:
    """|q(x)| + |q(y)| with q(t) = t⁵ − 3t⁴ + 4t³ + 2t² − 10t − 4."""
    return xp.abs(_quintic(x)) + xp.abs(_quintic(y))


@quintic.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    return _quintic_slope(x, xp), _quintic_slope(y, xp)
