"""Sums of squares from Moré, Garbow & Hillstrom (1981), ACM TOMS 7(1): those of fixed dimension.

Fits to data are in `least_squares_data`, polynomials in `least_squares_polynomials`, problems of any dimension in
`least_squares_scalable`. The article states no bounds. The bounds here contain its start and all known minimisers
nearby. Minimisers and minima without a closed form are rounded from 80 digits.

References
----------
J. J. Moré, B. S. Garbow, K. E. Hillstrom: Testing Unconstrained Optimization Software, ACM TOMS 7 (1981).
"""

from __future__ import annotations

import math
from typing import Any

from pytest_optlandscape.landscapes.definition import least_squares
from pytest_optlandscape.landscapes.formula.namespaces import Value

FAMILY = "least-squares"
ARTICLE = "Moré, Garbow & Hillstrom (1981)"

NUMBERS: dict[int, tuple[str, ...]] = {
    1: ("rosenbrock",),
    2: ("mgh_freudenstein_roth",),
    3: ("mgh_powell_badly_scaled",),
    4: ("mgh_brown_badly_scaled",),
    5: ("beale",),
    6: ("mgh_jennrich_sampson",),
    7: ("mgh_helical_valley",),
    8: ("mgh_bard",),
    9: ("mgh_gaussian",),
    10: ("mgh_meyer",),
    11: ("mgh_gulf",),
    12: ("mgh_box_3d",),
    13: ("powell_singular",),
    14: ("mgh_wood",),
    15: ("mgh_kowalik_osborne",),
    16: ("mgh_brown_dennis",),
    17: ("mgh_osborne_1",),
    18: ("mgh_biggs_exp6",),
    19: ("mgh_osborne_2",),
    20: ("mgh_watson_6", "mgh_watson_9", "mgh_watson_12"),
    21: ("mgh_extended_rosenbrock",),
    22: ("powell_singular",),
    23: ("mgh_penalty_1",),
    24: ("mgh_penalty_2",),
    25: ("mgh_variably_dimensioned",),
    26: ("mgh_trigonometric",),
    27: ("mgh_brown_almost_linear",),
    28: ("mgh_discrete_boundary_value",),
    29: ("mgh_discrete_integral_equation",),
    30: ("mgh_broyden_tridiagonal",),
    31: ("mgh_broyden_banded",),
    32: ("mgh_linear_full_rank",),
    33: ("mgh_linear_rank_1",),
    34: ("mgh_linear_rank_1_zeros",),
    35: ("mgh_chebyquad_5", "mgh_chebyquad_8"),
}
"""The article's 35 problems by number; number 22 is number 13 in more than four dimensions."""


@least_squares(
    bounds=[(-20.0, 20.0), (-20.0, 20.0)],
    x0=(0.5, -2.0),
    minimizers=[(5.0, 4.0)],
    fmin=0.0,
    tags="smooth polynomial multimodal valley ill-conditioned",
    source=f"Freudenstein & Roth (1963); {ARTICLE}, no. 2",
    dim=2,
)
def mgh_freudenstein_roth(x: Value, xp: Any) -> Value:
    """(x − 13 + ((5 − y) y − 2) y)² + (x − 29 + ((y + 1) y − 14) y)²."""
    a, b = x[0], x[1]
    return a - 13.0 + ((5.0 - b) * b - 2.0) * b, a - 29.0 + ((b + 1.0) * b - 14.0) * b


@mgh_freudenstein_roth.jacobian
def _(x: Value, xp: Any) -> Value:
    b = x[1]
    one = 1.0 + 0.0 * b
    return (one, one), ((10.0 - 3.0 * b) * b - 2.0, (3.0 * b + 2.0) * b - 14.0)


@least_squares(
    bounds=[(-1.0, 12.0), (-1.0, 12.0)],
    x0=(0.0, 1.0),
    minimizers=[
        (1.0981593296998175e-05, 9.106146739866524),
        (9.106146739866524, 1.0981593296998175e-05),
    ],
    fmin=0.0,
    tags="smooth flat valley many-minimizers ill-conditioned wide-range",
    source=f"Powell (1970); {ARTICLE}, no. 3",
    dim=2,
)
def mgh_powell_badly_scaled(x: Value, xp: Any) -> Value:
    """(10⁴ xy − 1)² + (exp(−x) + exp(−y) − 1.0001)²."""
    a, b = x[0], x[1]
    return 1e4 * a * b - 1.0, xp.exp(-a) + xp.exp(-b) - 1.0001


@mgh_powell_badly_scaled.jacobian
def _(x: Value, xp: Any) -> Value:
    a, b = x[0], x[1]
    return (1e4 * b, -xp.exp(-a)), (1e4 * a, -xp.exp(-b))


@least_squares(
    bounds=[(-10.0, 2e6), (-10.0, 10.0)],
    x0=(1.0, 1.0),
    minimizers=[(1e6, 2e-6)],
    fmin=0.0,
    tags="smooth polynomial valley ill-conditioned wide-range",
    source=f"Brown; {ARTICLE}, no. 4",
    dim=2,
)
def mgh_brown_badly_scaled(x: Value, xp: Any) -> Value:
    """(x − 10⁶)² + (y − 2·10⁻⁶)² + (xy − 2)²."""
    a, b = x[0], x[1]
    return a - 1e6, b - 2e-6, a * b - 2.0


@mgh_brown_badly_scaled.gradient
def _(x: Value, xp: Any) -> Value:
    a, b = x[0], x[1]
    product = a * b - 2.0
    return 2.0 * (a - 1e6 + b * product), 2.0 * (b - 2e-6 + a * product)


def _powers(base: Value, count: int) -> list[Value]:
    powers = [base]
    for _ in range(count - 1):
        powers.append(powers[-1] * base)
    return powers


@least_squares(
    bounds=[(-1.0, 1.0), (-1.0, 1.0)],
    x0=(0.3, 0.4),
    minimizers=[(0.2578252136703641, 0.2578252136703641)],
    fmin=124.36218235561485,
    tags="smooth wide-range",
    source=f"Jennrich & Sampson (1968); {ARTICLE}, no. 6",
    dim=2,
)
def mgh_jennrich_sampson(x: Value, xp: Any) -> Value:
    """Σ (2 + 2i − exp(ix) − exp(iy))², i = 1…10."""
    pairs = zip(_powers(xp.exp(x[0]), 10), _powers(xp.exp(x[1]), 10), strict=True)
    return tuple(2.0 * i + 2.0 - (a + b) for i, (a, b) in enumerate(pairs, 1))


@mgh_jennrich_sampson.jacobian
def _(x: Value, xp: Any) -> Value:
    return tuple(tuple(-float(i) * a for i, a in enumerate(_powers(xp.exp(x[k]), 10), 1)) for k in (0, 1))


_NEAR_THE_AXIS = 1e-30


@least_squares(
    bounds=[(-10.0, 10.0)] * 3,
    x0=(-1.0, 0.0, 0.0),
    minimizers=[(1.0, 0.0, 0.0)],
    fmin=0.0,
    tags="nonsmooth valley",
    source=f"Fletcher & Powell (1963); {ARTICLE}, no. 7",
    dim=3,
)
def mgh_helical_valley(x: Value, xp: Any) -> Value:
    """100 (z − 10θ)² + 100 (√(x² + y²) − 1)² + z², θ the angle of (x, y) in turns: a jump where x = 0 and y < 0."""
    a, b, c = x[0], x[1], x[2]
    across = xp.where(xp.abs(a) < _NEAR_THE_AXIS, _NEAR_THE_AXIS, a)
    turn = xp.arctan(b / across) / (2.0 * math.pi) + (0.25 - 0.25 * xp.sign(across))
    return 10.0 * (c - 10.0 * turn), 10.0 * (xp.safe_sqrt(a * a + b * b) - 1.0), c


@mgh_helical_valley.jacobian
def _(x: Value, xp: Any) -> Value:
    a, b = x[0], x[1]
    radius = xp.safe_sqrt(a * a + b * b)
    along = 50.0 / math.pi / (radius * radius)
    return (along * b, 10.0 * a / radius, 0.0), (-along * a, 10.0 * b / radius, 0.0), (10.0, 0.0, 1.0)


@least_squares(
    bounds=[(-10.0, 10.0)] * 4,
    x0=(-3.0, -1.0, -3.0, -1.0),
    minimizers=[(1.0, 1.0, 1.0, 1.0)],
    fmin=0.0,
    tags="smooth polynomial valley ill-conditioned",
    source=f"Colville (1968); {ARTICLE}, no. 14",
    dim=4,
)
def mgh_wood(x: Value, xp: Any) -> Value:
    """100 (b − a²)² + (1 − a)² + 90 (d − c²)² + (1 − c)² + 10 (b + d − 2)² + (b − d)²/10."""
    a, b, c, d = x[0], x[1], x[2], x[3]
    return (
        10.0 * (b - a * a),
        1.0 - a,
        math.sqrt(90.0) * (d - c * c),
        1.0 - c,
        math.sqrt(10.0) * (b + d - 2.0),
        math.sqrt(0.1) * (b - d),
    )


@mgh_wood.gradient
def _(x: Value, xp: Any) -> Value:
    a, b, c, d = x[0], x[1], x[2], x[3]
    first, second = 200.0 * (b - a * a), 180.0 * (d - c * c)
    total, difference = 20.0 * (b + d - 2.0), 0.2 * (b - d)
    return (
        2.0 * (a - 1.0) - 2.0 * a * first,
        first + total + difference,
        2.0 * (c - 1.0) - 2.0 * c * second,
        second + total - difference,
    )


BROWN_DENNIS_TIMES = [i / 5 for i in range(1, 21)]


@least_squares(
    bounds=[(-100.0, 100.0)] * 4,
    x0=(25.0, 5.0, -5.0, -1.0),
    minimizers=[(-11.594439904762165, 13.203630051207204, -0.40343948817685954, 0.2367787744557363)],
    fmin=85822.20162635634,
    tags="smooth polynomial convex unimodal wide-range",
    source=f"Brown & Dennis (1971); {ARTICLE}, no. 16",
    dim=4,
)
def mgh_brown_dennis(x: Value, xp: Any) -> Value:
    """Σ ((a + tb − exp t)² + (c + d sin t − cos t)²)², t = i/5, i = 1…20."""
    line, wave = _line_and_wave(x, xp)
    return line * line + wave * wave


def _line_and_wave(x: Value, xp: Any) -> tuple[Value, Value]:
    t, exponential, sine, cosine = (
        xp.constant([function(t) for t in BROWN_DENNIS_TIMES], x) for function in (float, math.exp, math.sin, math.cos)
    )
    return x[0] + t * x[1] - exponential, x[2] + sine * x[3] - cosine


@mgh_brown_dennis.jacobian
def _(x: Value, xp: Any) -> Value:
    line, wave = _line_and_wave(x, xp)
    t, sine = (xp.constant([function(t) for t in BROWN_DENNIS_TIMES], x) for function in (float, math.sin))
    return 2.0 * line, 2.0 * t * line, 2.0 * wave, 2.0 * sine * wave
