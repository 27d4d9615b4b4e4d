"""The flat landscapes once more, as their sources print them, for mpmath: written apart from the package."""

import math

from mpmath import exp, floor, mpf

N_MINIMIZERS = {
    "step_2": math.inf,
    "step_2[5]": math.inf,
    "saddle_escape": 2,
    "monkey_saddle_bounded": 3,
}
"""With the dimension for which they are counted; infinity for a continuum; 1 for all others."""


def step_2(v):
    return sum(floor(x + mpf("0.5")) ** 2 for x in v)


def quartic_flat(v):
    return sum(i * x**4 for i, x in enumerate(v, 1))


def saturating_gaussian_well(v):
    return 1 - exp(-sum((x - 2) ** 2 for x in v) / (2 * len(v)))


def sigmoid_plateau(v):
    def sigma(t):
        return 1 / (1 + exp(-t))

    x, y = v
    return ((sigma(x + y) - sigma(mpf("1.5"))) ** 2 + (sigma(x - y) - sigma(mpf("0.5"))) ** 2) / 2


def saddle_escape(v):
    x, y = v
    return x**4 / 4 - x**2 / 2 + y**2 / 2


def monkey_saddle_bounded(v):
    x, y = v
    return x**3 - 3 * x * y**2 + (x**2 + y**2) ** 2
