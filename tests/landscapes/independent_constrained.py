"""The constrained landscapes once more, as the literature prints them, for mpmath: written apart from the package."""

import math

from mpmath import atan, cos, exp, mpf, pi, sin, sqrt

N_MINIMIZERS = {"simionescu": 2, "g11": 2}

LOWER_OUTSIDE = {
    "hs071": [math.sqrt(10), -math.sqrt(10), -math.sqrt(10), math.sqrt(10)],
    "g24": [-1.0, 20.0],
    "three_bar_truss": [-1.0, -1.0],
}
"""Points outside the bounds that keep the constraints and lie below the minimum inside."""


def rosenbrock_disk(v):
    x, y = v
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


rosenbrock_cubic_line = rosenbrock_disk


def mishra_bird_disk(v):
    x, y = v
    return sin(y) * exp((1 - cos(x)) ** 2) + cos(x) * exp((1 - sin(y)) ** 2) + (x - y) ** 2


def gomez_levy(v):
    x, y = v
    return 4 * x**2 - mpf("2.1") * x**4 + x**6 / 3 + x * y - 4 * y**2 + 4 * y**4


def simionescu(v):
    return v[0] * v[1] / 10


def hs071(v):
    a, b, c, d = v
    return a * d * (a + b + c) + c


def g06(v):
    return (v[0] - 10) ** 3 + (v[1] - 20) ** 3


def g08(v):
    x, y = v
    return -(sin(2 * pi * x) ** 3) * sin(2 * pi * y) / (x**3 * (x + y))


def g09(v):
    a, b, c, d, e, f, g = v
    return (
        (a - 10) ** 2
        + 5 * (b - 12) ** 2
        + c**4
        + 3 * (d - 11) ** 2
        + 10 * e**6
        + 7 * f**2
        + g**4
        - 4 * f * g
        - 10 * f
        - 8 * g
    )


def g11(v):
    return v[0] ** 2 + (v[1] - 1) ** 2


def g24(v):
    return -v[0] - v[1]


def three_bar_truss(v):
    return (2 * sqrt(2) * v[0] + v[1]) * 100


def _g09(v):
    a, b, c, d, e, f, g = v
    return [
        -127 + 2 * a**2 + 3 * b**4 + c + 4 * d**2 + 5 * e,
        -282 + 7 * a + 3 * b + 10 * c**2 + d - e,
        -196 + 23 * a + b**2 + 6 * f**2 - 8 * g,
        4 * a**2 + b**2 - 3 * a * b + 2 * c**2 + 5 * f - 11 * g,
    ]


def _three_bar_truss(v):
    a, b = v
    long = sqrt(2) * a**2 + 2 * a * b
    return [(sqrt(2) * a + b) / long * 2 - 2, b / long * 2 - 2, 1 / (sqrt(2) * b + a) * 2 - 2]


INEQUALITIES = {
    "rosenbrock_disk": lambda v: [v[0] ** 2 + v[1] ** 2 - 2],
    "rosenbrock_cubic_line": lambda v: [(v[0] - 1) ** 3 - v[1] + 1, v[0] + v[1] - 2],
    "mishra_bird_disk": lambda v: [(v[0] + 5) ** 2 + (v[1] + 5) ** 2 - 25],
    "gomez_levy": lambda v: [-sin(4 * pi * v[0]) + 2 * sin(2 * pi * v[1]) ** 2 - mpf("1.5")],
    "simionescu": lambda v: [v[0] ** 2 + v[1] ** 2 - (1 + mpf("0.2") * cos(8 * atan(v[0] / v[1]))) ** 2],
    "hs071": lambda v: [25 - v[0] * v[1] * v[2] * v[3]],
    "g06": lambda v: [
        -((v[0] - 5) ** 2) - (v[1] - 5) ** 2 + 100,
        (v[0] - 6) ** 2 + (v[1] - 5) ** 2 - mpf("82.81"),
    ],
    "g08": lambda v: [v[0] ** 2 - v[1] + 1, 1 - v[0] + (v[1] - 4) ** 2],
    "g09": _g09,
    "g11": lambda v: [],
    "g24": lambda v: [
        -2 * v[0] ** 4 + 8 * v[0] ** 3 - 8 * v[0] ** 2 + v[1] - 2,
        -4 * v[0] ** 4 + 32 * v[0] ** 3 - 88 * v[0] ** 2 + 96 * v[0] + v[1] - 36,
    ],
    "three_bar_truss": _three_bar_truss,
}
"""Functions that are at most 0 at feasible points, in the order of the landscape's constraints."""

EQUALITIES = {
    "hs071": lambda v: [v[0] ** 2 + v[1] ** 2 + v[2] ** 2 + v[3] ** 2 - 40],
    "g11": lambda v: [v[1] - v[0] ** 2],
}
"""Functions that are 0 at feasible points; they come after the inequalities."""
