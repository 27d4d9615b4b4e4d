"""More landscapes of two dimensions, as the literature prints them, for mpmath: written apart from the package."""

import numpy as np
from mpmath import cos, exp, fabs, mpf, pi, sin, sqrt

N_MINIMIZERS = {
    "keane": 2,
    "treccani": 2,
    "becker_lago": 4,
    "wayburn_seader_1": 2,
    "deckkers_aarts": 2,
    "pen_holder": 4,
    "test_tube_holder": 2,
    "carrom_table": 4,
    "price_4": 3,
}
"""1 for all others."""

SINGULAR = {"price_4": "at the origin"}
"""Landscapes whose Hessian is singular at their first minimiser."""

LOWER_OUTSIDE = {
    "hosaki": [4.0, -5.0],
    "pen_holder": [20 * np.pi, 0.0],
    "test_tube_holder": [2.5 * np.pi, 11 * np.pi],
    "carrom_table": [20 * np.pi, 0.0],
}
"""Points outside the bounds that lie below the minimum inside."""


def matyas(v):
    x, y = v
    return mpf("0.26") * (x**2 + y**2) - mpf("0.48") * x * y


def bohachevsky_2(v):
    x, y = v
    return x**2 + 2 * y**2 - mpf("0.3") * cos(3 * pi * x) * cos(4 * pi * y) + mpf("0.3")


def bohachevsky_3(v):
    x, y = v
    return x**2 + 2 * y**2 - mpf("0.3") * cos(3 * pi * x + 4 * pi * y) + mpf("0.3")


def leon(v):
    x, y = v
    return 100 * (y - x**3) ** 2 + (1 - x) ** 2


def hosaki(v):
    x, y = v
    return (1 - 8 * x + 7 * x**2 - mpf(7) / 3 * x**3 + mpf(1) / 4 * x**4) * y**2 * exp(-y)


def keane(v):
    x, y = v
    if not x and not y:
        return mpf(0)
    return -(sin(x - y) ** 2) * sin(x + y) ** 2 / sqrt(x**2 + y**2)


def zettl(v):
    x, y = v
    return (x**2 + y**2 - 2 * x) ** 2 + mpf("0.25") * x


def giunta(v):
    total = mpf("0.6")
    for x in v:
        t = mpf(16) / 15 * x - 1
        total += sin(t) + sin(t) ** 2 + mpf(1) / 50 * sin(4 * t)
    return total


def treccani(v):
    x, y = v
    return x**4 + 4 * x**3 + 4 * x**2 + y**2


def becker_lago(v):
    x, y = v
    return (fabs(x) - 5) ** 2 + (fabs(y) - 5) ** 2


def wayburn_seader_1(v):
    x, y = v
    return (x**6 + y**4 - 17) ** 2 + (2 * x + y - 4) ** 2


def deckkers_aarts(v):
    x, y = v
    return 10**5 * x**2 + y**2 - (x**2 + y**2) ** 2 + mpf(10) ** -5 * (x**2 + y**2) ** 4


def chichinadze(v):
    x, y = v
    waves = 10 * cos(pi * x / 2) + 8 * sin(5 * pi * x / 2)
    return x**2 - 12 * x + 11 + waves - sqrt(mpf(1) / 5) * exp(-((y - mpf("0.5")) ** 2) / 2)


def pen_holder(v):
    x, y = v
    height = fabs(exp(fabs(1 - sqrt(x**2 + y**2) / pi)) * cos(x) * cos(y))
    return -exp(-1 / height) if height else mpf(0)


def test_tube_holder(v):
    x, y = v
    return -4 * fabs(sin(x) * cos(y) * exp(fabs(cos(x**2 / 200 + y**2 / 200))))


def carrom_table(v):
    x, y = v
    return -((cos(x) * cos(y) * exp(fabs(1 - sqrt(x**2 + y**2) / pi))) ** 2) / 30


def trefethen(v):
    x, y = v
    waves = exp(sin(50 * x)) + sin(60 * exp(y)) + sin(70 * sin(x)) + sin(sin(80 * y)) - sin(10 * (x + y))
    return waves + (x**2 + y**2) / 4


def venter_sobiezcczanski(v):
    return sum(x**2 - 100 * cos(x) ** 2 - 100 * cos(x**2 / 30) for x in v)


def aluffi_pentini(v):
    x, y = v
    return x**4 / 4 - x**2 / 2 + x / 10 + y**2 / 2


def double_well_asym(v):
    x, y = v
    return (x**2 - 1) ** 2 + mpf("0.3") * x + y**2


def price_4(v):
    x, y = v
    return (2 * x**3 * y - y**3) ** 2 + (6 * x - y**2 + y) ** 2
