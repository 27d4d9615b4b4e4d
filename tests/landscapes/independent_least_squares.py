"""The problems of Moré, Garbow & Hillstrom (1981) once more, as printed there, for mpmath: written apart.

Each is the sum of squares of its residuals, in the order of the article.
"""

import functools
import math

from mpmath import atan, cos, exp, log, mp, mpf, pi, sign, sin, sqrt

DIMS = {
    "mgh_penalty_2": (4, 10),
    "mgh_extended_rosenbrock": (4, 10, 40),
    "mgh_penalty_1": (3, 5, 10, 40),
    "mgh_discrete_boundary_value": (5, 10, 40),
    "mgh_discrete_integral_equation": (5, 10, 40),
    "mgh_trigonometric": (2, 3, 5, 10),
    "mgh_linear_rank_1_zeros": (5, 10, 40),
}

N_MINIMIZERS = {
    "mgh_powell_badly_scaled": 2,
    "mgh_box_3d": math.inf,
    "mgh_osborne_1": 2,
    "mgh_biggs_exp6": 2,
    "mgh_osborne_2": 6,
    "mgh_chebyquad_5": math.factorial(5),
    "mgh_chebyquad_8": math.factorial(8) // 2,
    "mgh_trigonometric[2]": 2,
    "mgh_trigonometric[5]": 4,
    "mgh_trigonometric[10]": 10,
    "mgh_brown_almost_linear[2]": 2,
    "mgh_brown_almost_linear[5]": 3,
    "mgh_brown_almost_linear[40]": 2,
    "mgh_linear_rank_1[5]": math.inf,
    "mgh_linear_rank_1_zeros[5]": math.inf,
}

CONTINUA = {
    "mgh_box_3d": "the line x = y, z = 0",
    "mgh_linear_rank_1": "a plane",
    "mgh_linear_rank_1_zeros": "a plane",
}
"""Where minimisers form a continuum, so that Newton's method has no single one to go to."""

KOWALIK_OSBORNE = """
    0.1957 4       0.1947 2       0.1735 1       0.1600 0.5     0.0844 0.25    0.0627 0.167
    0.0456 0.125   0.0342 0.1     0.0323 0.0833  0.0235 0.0714  0.0246 0.0625
"""

OSBORNE_1 = """
    0.844 0.908 0.932 0.936 0.925 0.908 0.881 0.850 0.818 0.784 0.751
    0.718 0.685 0.658 0.628 0.603 0.580 0.558 0.538 0.522 0.506 0.490
    0.478 0.467 0.457 0.448 0.438 0.431 0.424 0.420 0.414 0.411 0.406
"""

OSBORNE_2 = """
    1.366 1.191 1.112 1.013 0.991 0.885 0.831 0.847 0.786 0.725 0.746 0.679 0.608 0.655 0.616 0.606 0.602
    0.626 0.651 0.724 0.649 0.649 0.694 0.644 0.624 0.661 0.612 0.558 0.533 0.495 0.500 0.423 0.395 0.375
    0.372 0.391 0.396 0.405 0.428 0.429 0.523 0.562 0.607 0.653 0.672 0.708 0.633 0.668 0.645 0.632 0.591
    0.559 0.597 0.625 0.739 0.710 0.729 0.720 0.636 0.581 0.428 0.292 0.162 0.098 0.054
"""


def numbers(text):
    return [mpf(word) for word in text.split()]


def squares(residuals):
    return sum(r * r for r in residuals)


def mgh_freudenstein_roth(v):
    x, y = v
    return squares([-13 + x + ((5 - y) * y - 2) * y, -29 + x + ((y + 1) * y - 14) * y])


def mgh_powell_badly_scaled(v):
    x, y = v
    return squares([10**4 * x * y - 1, exp(-x) + exp(-y) - mpf("1.0001")])


def mgh_brown_badly_scaled(v):
    x, y = v
    return squares([x - 10**6, y - mpf("2e-6"), x * y - 2])


def mgh_jennrich_sampson(v):
    x, y = v
    return squares(2 + 2 * i - (exp(i * x) + exp(i * y)) for i in range(1, 11))


def mgh_helical_valley(v):
    x, y, z = v
    turn = atan(y / x) / (2 * pi) if x else sign(y) / 4  # at the jump, the limit from the right
    if x < 0:
        turn += mpf("0.5")
    return squares([10 * (z - 10 * turn), 10 * (sqrt(x**2 + y**2) - 1), z])


def mgh_bard(v):
    data = numbers("0.14 0.18 0.22 0.25 0.29 0.32 0.35 0.39 0.37 0.58 0.73 0.96 1.34 2.10 4.39")
    return squares(y - (v[0] + u / ((16 - u) * v[1] + min(u, 16 - u) * v[2])) for u, y in enumerate(data, 1))


def mgh_gaussian(v):
    half = numbers("0.0009 0.0044 0.0175 0.0540 0.1295 0.2420 0.3521")
    data = [*half, mpf("0.3989"), *reversed(half)]
    return squares(v[0] * exp(-v[1] * (mpf(8 - i) / 2 - v[2]) ** 2 / 2) - y for i, y in enumerate(data, 1))


def mgh_meyer(v):
    data = numbers("34780 28610 23650 19630 16370 13720 11540 9744 8261 7030 6005 5147 4427 3820 3307 2872")
    return squares(v[0] * exp(v[1] / (45 + 5 * i + v[2])) - y for i, y in enumerate(data, 1))


@functools.cache
def gulf_data(digits):
    shares = [mpf(i) / 100 for i in range(1, 100)]
    return [(t, 25 + (-50 * log(t)) ** (mpf(2) / 3)) for t in shares]


def mgh_gulf(v):
    return squares(exp(-(abs(y - v[1]) ** v[2]) / v[0]) - t for t, y in gulf_data(mp.dps))


def mgh_box_3d(v):
    return squares(
        exp(-t * v[0]) - exp(-t * v[1]) - v[2] * (exp(-t) - exp(-10 * t)) for t in [mpf(i) / 10 for i in range(1, 11)]
    )


def mgh_wood(v):
    a, b, c, d = v
    return (
        100 * (b - a**2) ** 2
        + (1 - a) ** 2
        + 90 * (d - c**2) ** 2
        + (1 - c) ** 2
        + 10 * (b + d - 2) ** 2
        + (b - d) ** 2 / mpf(10)
    )


def mgh_kowalik_osborne(v):
    words = numbers(KOWALIK_OSBORNE)
    return squares(
        y - v[0] * (u**2 + u * v[1]) / (u**2 + u * v[2] + v[3]) for y, u in zip(words[::2], words[1::2], strict=True)
    )


def mgh_brown_dennis(v):
    return squares(
        (v[0] + t * v[1] - exp(t)) ** 2 + (v[2] + v[3] * sin(t) - cos(t)) ** 2
        for t in [mpf(i) / 5 for i in range(1, 21)]
    )


def mgh_osborne_1(v):
    return squares(
        y - (v[0] + v[1] * exp(-10 * i * v[3]) + v[2] * exp(-10 * i * v[4])) for i, y in enumerate(numbers(OSBORNE_1))
    )


def mgh_biggs_exp6(v):
    times = [mpf(i) / 10 for i in range(1, 14)]
    return squares(
        v[2] * exp(-t * v[0])
        - v[3] * exp(-t * v[1])
        + v[5] * exp(-t * v[4])
        - (exp(-t) - 5 * exp(-10 * t) + 3 * exp(-4 * t))
        for t in times
    )


def mgh_osborne_2(v):
    residuals = []
    for i, y in enumerate(numbers(OSBORNE_2)):
        t = mpf(i) / 10
        peaks = sum(v[k] * exp(-((t - v[k + 7]) ** 2) * v[k + 4]) for k in (1, 2, 3))
        residuals.append(y - v[0] * exp(-t * v[4]) - peaks)
    return squares(residuals)


def watson(v):
    residuals = [v[0], v[1] - v[0] ** 2 - 1]
    for i in range(1, 30):
        t = mpf(i) / 29
        slope = sum(j * x * t ** (j - 1) for j, x in enumerate(v) if j)
        residuals.append(slope - sum(x * t**j for j, x in enumerate(v)) ** 2 - 1)
    return squares(residuals)


mgh_watson_6 = mgh_watson_9 = mgh_watson_12 = watson


def mgh_extended_rosenbrock(v):
    return sum(100 * (y - x**2) ** 2 + (1 - x) ** 2 for x, y in zip(v[::2], v[1::2], strict=True))


def mgh_penalty_1(v):
    return sum((x - 1) ** 2 for x in v) / mpf(10) ** 5 + (sum(x**2 for x in v) - mpf(1) / 4) ** 2


def mgh_penalty_2(v):
    n, tenth = len(v), mpf(1) / 10
    pairs = sum((exp(v[i] / 10) + exp(v[i - 1] / 10) - exp((i + 1) * tenth) - exp(i * tenth)) ** 2 for i in range(1, n))
    single = sum((exp(v[i] / 10) - exp(-tenth)) ** 2 for i in range(1, n))
    total = sum((n - j) * x**2 for j, x in enumerate(v)) - 1
    return (v[0] - mpf("0.2")) ** 2 + (pairs + single) / mpf(10) ** 5 + total**2


def mgh_variably_dimensioned(v):
    total = sum(j * (x - 1) for j, x in enumerate(v, 1))
    return sum((x - 1) ** 2 for x in v) + total**2 + total**4


def mgh_trigonometric(v):
    n = len(v)
    total = sum(cos(x) for x in v)
    return squares(n - total + i * (1 - cos(x)) - sin(x) for i, x in enumerate(v, 1))


def mgh_brown_almost_linear(v):
    n, product = len(v), mpf(1)
    for x in v:
        product *= x
    return squares([x + sum(v) - (n + 1) for x in v[:-1]] + [product - 1])


def neighbours(v):
    return zip([0, *v[:-1]], v, [*v[1:], 0], strict=True)


def mgh_discrete_boundary_value(v):
    h = mpf(1) / (len(v) + 1)
    return squares(
        2 * x - before - after + h**2 * (x + i * h + 1) ** 3 / 2
        for i, (before, x, after) in enumerate(neighbours(v), 1)
    )


def mgh_discrete_integral_equation(v):
    n = len(v)
    h = mpf(1) / (n + 1)
    t = [h * (i + 1) for i in range(n)]
    cubes = [(x + s + 1) ** 3 for x, s in zip(v, t, strict=True)]
    below, above = mpf(0), sum((1 - s) * c for s, c in zip(t, cubes, strict=True))
    residuals = []
    for i in range(n):
        below += t[i] * cubes[i]
        above -= (1 - t[i]) * cubes[i]
        residuals.append(v[i] + h * ((1 - t[i]) * below + t[i] * above) / 2)
    return squares(residuals)


def mgh_broyden_tridiagonal(v):
    return squares((3 - 2 * x) * x - before - 2 * after + 1 for before, x, after in neighbours(v))


def mgh_broyden_banded(v):
    n = len(v)
    return squares(
        v[i] * (2 + 5 * v[i] ** 2)
        + 1
        - sum(v[j] * (1 + v[j]) for j in range(max(0, i - 5), min(n - 1, i + 1) + 1) if j != i)
        for i in range(n)
    )


def mgh_linear_full_rank(v):
    n = len(v)
    m = 2 * n
    mean = 2 * sum(v) / mpf(m)
    return squares([x - mean - 1 for x in v] + [-mean - 1] * (m - n))


def mgh_linear_rank_1(v):
    total = sum(j * x for j, x in enumerate(v, 1))
    return squares(i * total - 1 for i in range(1, 2 * len(v) + 1))


def mgh_linear_rank_1_zeros(v):
    n = len(v)
    total = sum((j + 1) * v[j] for j in range(1, n - 1))
    return 2 + squares((i - 1) * total - 1 for i in range(2, 2 * n))


def chebyquad(v):
    n = len(v)
    residuals = []
    before, now = [mpf(1)] * n, [2 * x - 1 for x in v]
    for i in range(1, n + 1):
        residuals.append(sum(now) / n - (mpf(-1) / (i * i - 1) if i % 2 == 0 else 0))
        before, now = now, [2 * (2 * x - 1) * t - s for x, t, s in zip(v, now, before, strict=True)]
    return squares(residuals)


mgh_chebyquad_5 = mgh_chebyquad_8 = chebyquad
