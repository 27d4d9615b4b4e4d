"""The landscapes of one dimension, as the literature prints them, for mpmath: written apart from the package."""

import numpy as np
from mpmath import mpf, pi, sin

LOWER_OUTSIDE = {
    "forrester": [1.3],
    "gramacy_lee_1d": [0.15],
    "problem02_1d": [3.45 * np.pi],
}
"""Points outside the bounds that lie below the minimum inside."""


def forrester(v):
    (x,) = v
    return (6 * x - 2) ** 2 * sin(12 * x - 4)


def gramacy_lee_1d(v):
    (x,) = v
    return sin(10 * pi * x) / (2 * x) + (x - 1) ** 4


def problem02_1d(v):
    (x,) = v
    return sin(x) + sin(mpf(10) / 3 * x)
