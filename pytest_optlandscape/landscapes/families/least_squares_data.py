"""Sums of squares from Moré, Garbow & Hillstrom (1981), ACM TOMS 7(1): models fitted to measured or computed data.

The article states no bounds. If a model is a sum of terms of one form, every permutation of the terms inside the bounds
is another minimiser. Minimisers and minima without a closed form are rounded from 80 digits.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

from pytest_optlandscape.landscapes.definition import least_squares
from pytest_optlandscape.landscapes.families.least_squares import ARTICLE, FAMILY
from pytest_optlandscape.landscapes.formula.namespaces import Value
from pytest_optlandscape.landscapes.minimizer_sets import MinimizerFlat

__all__ = ["FAMILY"]

BARD = [0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39]


def _bard_ramps(x: Value, xp: Any) -> tuple[Value, Value, Value]:
    up = [float(i) for i in range(1, 16)]
    down = up[::-1]
    return xp.constant(up, x), xp.constant(down, x), xp.constant([*map(min, up, down)], x)


@least_squares(
    bounds=[(-0.25, 1.5), (0.01, 2.5), (0.01, 2.5)],
    x0=(1.0, 1.0, 1.0),
    minimizers=[(0.08241055974978893, 1.1330360920297216, 2.343695178642537)],
    fmin=0.008214877306578975,
    tags="smooth ill-conditioned",
    source=f"Bard (1970); {ARTICLE}, no. 8",
    dim=3,
)
def mgh_bard(x: Value, xp: Any) -> Value:
    """Σ (yᵢ − a − u/(bv + cw))², u = i, v = 16 − i, w = min(u, v), i = 1…15."""
    u, v, w = _bard_ramps(x, xp)
    return xp.constant(BARD, x) - x[0] - u / (x[1] * v + x[2] * w)


@mgh_bard.jacobian
def _(x: Value, xp: Any) -> Value:
    u, v, w = _bard_ramps(x, xp)
    bottom = x[1] * v + x[2] * w
    slope = u / (bottom * bottom)
    return 0.0 * slope - 1.0, slope * v, slope * w


GAUSSIAN = [0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521]
GAUSSIAN = [*GAUSSIAN, 0.3989, *GAUSSIAN[::-1]]


def _bell(x: Value, xp: Any) -> tuple[Value, Value]:
    away = xp.constant([3.5 - 0.5 * i for i in range(15)], x) - x[2]
    return away, xp.exp(-0.5 * x[1] * away * away)


@least_squares(
    bounds=[(0.3, 0.5), (0.5, 1.5), (-0.5, 0.5)],
    x0=(0.4, 1.0, 0.0),
    minimizers=[(0.39895613783875666, 1.0000190844878056, 0.0)],
    fmin=1.127932769618648e-08,
    tags="smooth",
    source=f"{ARTICLE}, no. 9",
    dim=3,
)
def mgh_gaussian(x: Value, xp: Any) -> Value:
    """Σ (a exp(−b (t − c)²/2) − yᵢ)², t = (8 − i)/2, i = 1…15."""
    return x[0] * _bell(x, xp)[1] - xp.constant(GAUSSIAN, x)


@mgh_gaussian.jacobian
def _(x: Value, xp: Any) -> Value:
    away, bell = _bell(x, xp)
    height = x[0] * bell
    return bell, -0.5 * (away * away) * height, x[1] * away * height


MEYER = [34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872]


@least_squares(
    bounds=[(0.0001, 1.0), (1000.0, 10_000.0), (100.0, 500.0)],
    x0=(0.02, 4000.0, 250.0),
    minimizers=[(0.005609636471028053, 6181.346346286372, 345.2236346241365)],
    fmin=87.94585517085112,
    tags="smooth valley ill-conditioned wide-range undefined-outside",
    source=f"Meyer (1970); {ARTICLE}, no. 10; NIST StRD, MGH10 (1995)",
    dim=3,
    version=2,
)
def mgh_meyer(x: Value, xp: Any) -> Value:
    """Σ (a exp(b/(t + c)) − yᵢ)², t = 45 + 5i, i = 1…16."""
    inverse = 1.0 / (xp.constant([45.0 + 5.0 * i for i in range(1, 17)], x) + x[2])
    return x[0] * xp.exp(x[1] * inverse) - xp.constant(MEYER, x)


@mgh_meyer.jacobian
def _(x: Value, xp: Any) -> Value:
    inverse = 1.0 / (xp.constant([45.0 + 5.0 * i for i in range(1, 17)], x) + x[2])
    growth = xp.exp(x[1] * inverse)
    along = x[0] * growth * inverse
    return growth, along, -x[1] * inverse * along


GULF_SHARES = [i / 100 for i in range(1, 100)]
GULF_TIMES = [25.0 + (-50.0 * math.log(share)) ** (2.0 / 3.0) for share in GULF_SHARES]


def _gulf_terms(x: Value, xp: Any) -> tuple[Value, Value, Value]:
    """Return the inverse of the signed distance y − b, the logarithm of |y − b|, and |y − b|ᶜ/a."""
    away = xp.constant(GULF_TIMES, x) - x[1]
    distance = xp.maximum(xp.abs(away), 1e-37)
    logarithm = xp.log(distance)
    return xp.sign(away) / distance, logarithm, xp.exp(x[2] * logarithm) / x[0]


# Only one minimiser has b < 25.6, below all data: the logarithms of two different powers agree in at most two points.
# The article prints y m i b for y − b, and that form has no minimum of 0. The formula here is that of its program.
@least_squares(
    bounds=[(0.1, 100.0), (0.0, 25.6), (0.0, 5.0)],
    x0=(5.0, 2.5, 0.15),
    minimizers=[(50.0, 25.0, 1.5)],
    fmin=0.0,
    tags="smooth flat ill-conditioned undefined-outside",
    source=f"Cox (1969); {ARTICLE}, no. 11, with 99 residuals",
    dim=3,
    version=2,
)
def mgh_gulf(x: Value, xp: Any) -> Value:
    """Σ (exp(−|y − b|ᶜ/a) − t)², t = i/100, y = 25 + (−50 ln t)^⅔, i = 1…99."""
    return xp.exp(-_gulf_terms(x, xp)[2]) - xp.constant(GULF_SHARES, x)


@mgh_gulf.jacobian
def _(x: Value, xp: Any) -> Value:
    inverse, logarithm, power = _gulf_terms(x, xp)
    slope = xp.exp(-power) * power
    return slope / x[0], slope * x[2] * inverse, -slope * logarithm


BOX_TIMES = [i / 10 for i in range(1, 11)]
BOX_CURVE = [math.exp(-t) - math.exp(-10.0 * t) for t in BOX_TIMES]


# The residuals vanish on the line a = b, c = 0 too. There are no more zeros: a sum of four exponentials has at most
# three.
@least_squares(
    bounds=[(-20.0, 20.0)] * 3,
    x0=(0.0, 10.0, 20.0),
    minimizers=MinimizerFlat(
        [[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]], [0.0, 0.0], [(1.0, 10.0, 1.0), (10.0, 1.0, -1.0), (1.0, 1.0, 0.0)]
    ),
    fmin=0.0,
    tags="smooth many-minimizers ill-conditioned wide-range",
    source=f"Box (1966); {ARTICLE}, no. 12",
    dim=3,
)
def mgh_box_3d(x: Value, xp: Any) -> Value:
    """Σ (exp(−at) − exp(−bt) − c (exp(−t) − exp(−10t)))², t = i/10, i = 1…10."""
    t = xp.constant(BOX_TIMES, x)
    return xp.exp(-x[0] * t) - xp.exp(-x[1] * t) - x[2] * xp.constant(BOX_CURVE, x)


@mgh_box_3d.jacobian
def _(x: Value, xp: Any) -> Value:
    t = xp.constant(BOX_TIMES, x)
    return -t * xp.exp(-x[0] * t), t * xp.exp(-x[1] * t), 0.0 * x[2] - xp.constant(BOX_CURVE, x)


KOWALIK_OSBORNE = [0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246]
KOWALIK_OSBORNE_DOSES = [4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625]


@least_squares(
    bounds=[(0.0, 0.42)] * 4,
    x0=(0.25, 0.39, 0.415, 0.39),
    minimizers=[(0.19280693457903786, 0.19128232873436696, 0.12305650692632066, 0.13606233068379484)],
    fmin=0.00030750560384923745,
    tags="smooth ill-conditioned",
    source=f"Kowalik & Osborne (1968); {ARTICLE}, no. 15",
    dim=4,
)
def mgh_kowalik_osborne(x: Value, xp: Any) -> Value:
    """Σ (yᵢ − a (u² + ub)/(u² + uc + d))², i = 1…11."""
    u = xp.constant(KOWALIK_OSBORNE_DOSES, x)
    return xp.constant(KOWALIK_OSBORNE, x) - x[0] * (u * (u + x[1])) / (u * (u + x[2]) + x[3])


@mgh_kowalik_osborne.jacobian
def _(x: Value, xp: Any) -> Value:
    u = xp.constant(KOWALIK_OSBORNE_DOSES, x)
    bottom = u * (u + x[2]) + x[3]
    ratio = u * (u + x[1]) / bottom
    share = x[0] / bottom
    return -ratio, -share * u, share * ratio * u, share * ratio


OSBORNE_1 = [
    *(0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751),
    *(0.718, 0.685, 0.658, 0.628, 0.603, 0.580, 0.558, 0.538, 0.522, 0.506, 0.490),
    *(0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.420, 0.414, 0.411, 0.406),
]
OSBORNE_1_TIMES = [10.0 * i for i in range(33)]


@least_squares(
    bounds=[(-1.0, 1.0), (-3.0, 3.0), (-3.0, 3.0), (0.0, 0.1), (0.0, 0.1)],
    x0=(0.5, 1.5, -1.0, 0.01, 0.02),
    minimizers=[
        (0.37541005210695205, 1.9358469127123674, -1.464687136613423, 0.012867534640057288, 0.02212269966167261),
        (0.37541005210695205, -1.464687136613423, 1.9358469127123674, 0.02212269966167261, 0.012867534640057288),
    ],
    fmin=5.464894697482907e-05,
    tags="smooth many-minimizers ill-conditioned",
    source=f"Osborne (1972); {ARTICLE}, no. 17",
    dim=5,
)
def mgh_osborne_1(x: Value, xp: Any) -> Value:
    """Σ (yᵢ − a − b exp(−dt) − c exp(−et))², t = 10 (i − 1), i = 1…33."""
    t = xp.constant(OSBORNE_1_TIMES, x)
    return xp.constant(OSBORNE_1, x) - x[0] - x[1] * xp.exp(-x[3] * t) - x[2] * xp.exp(-x[4] * t)


@mgh_osborne_1.jacobian
def _(x: Value, xp: Any) -> Value:
    t = xp.constant(OSBORNE_1_TIMES, x)
    first, second = xp.exp(-x[3] * t), xp.exp(-x[4] * t)
    return 0.0 * first - 1.0, -first, -second, x[1] * t * first, x[2] * t * second


BIGGS_TIMES = [i / 10 for i in range(1, 14)]
BIGGS = [math.exp(-t) - 5.0 * math.exp(-10.0 * t) + 3.0 * math.exp(-4.0 * t) for t in BIGGS_TIMES]


# A sum of six exponentials has at most five zeros. So the residuals are 0 only if the terms are those of the data. Two
# of their six permutations lie inside the bounds.
@least_squares(
    bounds=[(-2.0, 20.0)] * 6,
    x0=(1.0, 2.0, 1.0, 1.0, 1.0, 1.0),
    minimizers=[(1.0, 10.0, 1.0, 5.0, 4.0, 3.0), (4.0, 10.0, 3.0, 5.0, 1.0, 1.0)],
    fmin=0.0,
    tags="smooth multimodal many-minimizers ill-conditioned",
    source=f"Biggs (1971); {ARTICLE}, no. 18",
    dim=6,
)
def mgh_biggs_exp6(x: Value, xp: Any) -> Value:
    """Σ (c exp(−at) − d exp(−bt) + f exp(−et) − yᵢ)², t = i/10, y = exp(−t) − 5 exp(−10t) + 3 exp(−4t), i = 1…13."""
    t = xp.constant(BIGGS_TIMES, x)
    model = x[2] * xp.exp(-x[0] * t) - x[3] * xp.exp(-x[1] * t) + x[5] * xp.exp(-x[4] * t)
    return model - xp.constant(BIGGS, x)


@mgh_biggs_exp6.jacobian
def _(x: Value, xp: Any) -> Value:
    t = xp.constant(BIGGS_TIMES, x)
    first, second, third = xp.exp(-x[0] * t), xp.exp(-x[1] * t), xp.exp(-x[4] * t)
    return -x[2] * t * first, x[3] * t * second, first, -second, -x[5] * t * third, third


OSBORNE_2 = [
    *(1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608),
    *(0.655, 0.616, 0.606, 0.602, 0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661),
    *(0.612, 0.558, 0.533, 0.495, 0.500, 0.423, 0.395, 0.375, 0.372, 0.391, 0.396, 0.405, 0.428),
    *(0.429, 0.523, 0.562, 0.607, 0.653, 0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591, 0.559),
    *(0.597, 0.625, 0.739, 0.710, 0.729, 0.720, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054),
]
OSBORNE_2_TIMES = [i / 10 for i in range(65)]
OSBORNE_2_DECAY = (1.3099771546273005, 0.7541832263280113)
OSBORNE_2_PEAKS = [
    (0.4315537946029889, 0.9042885798596336, 2.3986848661317546),
    (0.633661698960724, 1.3658118352370285, 4.568874597667672),
    (0.5994305347859163, 4.8236988172271555, 5.6753414705806415),
]


def _osborne_2_point(peaks: tuple[tuple[float, float, float], ...]) -> tuple[float, ...]:
    heights, widths, middles = zip(*peaks, strict=True)
    return OSBORNE_2_DECAY[0], *heights, OSBORNE_2_DECAY[1], *widths, *middles


def _osborne_2_peaks(x: Value, xp: Any) -> list[tuple[Value, Value]]:
    aways = [xp.constant(OSBORNE_2_TIMES, x) - x[k + 7] for k in (1, 2, 3)]
    return [(away, xp.exp(-x[k + 4] * away * away)) for k, away in enumerate(aways, 1)]


@least_squares(
    bounds=[(-1.0, 10.0)] * 11,
    x0=(1.3, 0.65, 0.65, 0.7, 0.6, 3.0, 5.0, 7.0, 2.0, 4.5, 5.5),
    minimizers=[_osborne_2_point(peaks) for peaks in itertools.permutations(OSBORNE_2_PEAKS)],
    fmin=0.040137736293547735,
    tags="smooth many-minimizers ill-conditioned undefined-outside",
    source=f"Osborne (1972); {ARTICLE}, no. 19",
    dim=11,
)
def mgh_osborne_2(x: Value, xp: Any) -> Value:
    """Σ (yᵢ − x₁ exp(−x₅t) − Σ xₖ₊₁ exp(−xₖ₊₅ (t − xₖ₊₈)²))², k = 1…3, t = (i − 1)/10, i = 1…65."""
    decay = x[0] * xp.exp(-x[4] * xp.constant(OSBORNE_2_TIMES, x))
    (_, first), (_, second), (_, third) = _osborne_2_peaks(x, xp)
    return xp.constant(OSBORNE_2, x) - decay - x[1] * first - x[2] * second - x[3] * third


@mgh_osborne_2.jacobian
def _(x: Value, xp: Any) -> Value:
    t = xp.constant(OSBORNE_2_TIMES, x)
    decay = xp.exp(-x[4] * t)
    peaks = _osborne_2_peaks(x, xp)
    scaled = [(away, x[k] * bell) for k, (away, bell) in enumerate(peaks, 1)]
    return (
        -decay,
        *(-bell for _, bell in peaks),
        x[0] * t * decay,
        *(away * away * height for away, height in scaled),
        *(-2.0 * x[k + 4] * away * height for k, (away, height) in enumerate(scaled, 1)),
    )
