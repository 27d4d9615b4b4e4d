"""Further landscapes of any dimension, as the literature prints them, for mpmath: written apart from the package."""

import itertools

import numpy as np
from independent_classic import michalewicz
from mpmath import cos, exp, fabs, mpf, pi, power, sin, sqrt

LOWER_OUTSIDE = {
    "alpine_2": [14.207, 7.917],
    "michalewicz_10": [7.9903132, np.pi / 2, 1.285, 1.923, 1.7204, np.pi / 2, 1.4544, 1.756, 1.6557, np.pi / 2],
}

SINGULAR = {
    "sum_different_powers": "only the first coordinate is a square",
    "chung_reynolds": "the square of a square",
    "csendes": "sixth powers",
}

michalewicz_10 = michalewicz


def rotated_hyper_ellipsoid(v):
    return sum(sum(v[: i + 1]) ** 2 for i in range(len(v)))


def sum_different_powers(v):
    return sum(fabs(x) ** (i + 1) for i, x in enumerate(v, 1))


def chung_reynolds(v):
    return sum(x**2 for x in v) ** 2


def exponential(v):
    return -exp(-sum(x**2 for x in v) / 2)


def brown(v):
    return sum(power(x**2, y**2 + 1) + power(y**2, x**2 + 1) for x, y in itertools.pairwise(v))


def happy_cat(v):
    square = sum(x**2 for x in v)
    return power((square - len(v)) ** 2, mpf(1) / 8) + (square / 2 + sum(v)) / len(v) + mpf("0.5")


def salomon(v):
    radius = sqrt(sum(x**2 for x in v))
    return 1 - cos(2 * pi * radius) + radius / 10


def alpine_2(v):
    product = mpf(1)
    for x in v:
        product *= sqrt(x) * sin(x)
    return -product


def cosine_mixture(v):
    return sum(x**2 for x in v) - sum(cos(5 * pi * x) for x in v) / 10


def xin_she_yang_2(v):
    return sum(fabs(x) for x in v) * exp(-sum(sin(x**2) for x in v))


def xin_she_yang_4(v):
    bracket = sum(sin(x) ** 2 for x in v) - exp(-sum(x**2 for x in v))
    return bracket * exp(-sum(sin(sqrt(fabs(x))) ** 2 for x in v))


def wavy(v):
    return 1 - sum(cos(10 * x) * exp(-(x**2) / 2) for x in v) / len(v)


def csendes(v):
    return sum(x**6 * (2 + sin(1 / x)) for x in v if x != 0)
