"""The training losses once more, for mpmath: point by point, from the data as they are listed."""

from mpmath import exp, log, mpf, tanh

DIMS = {}

N_MINIMIZERS = dict.fromkeys(("moons_mlp_mse", "moons_mlp_cross_entropy", "moons_mlp_squared_hinge"), 48)

LOWER_OUTSIDE = {}

UPPER_MOON = """
    0.6 -0.14  0.48 -0.16  0.33 0.22  0.16 0.18  0.37 0.54  0.16 0.48  -0.06 0.8  -0.3 0.7  -0.15 0.57  -0.4 0.83
    -0.66 0.65  -0.91 0.86  -0.76 0.64  -1.0 0.79  -1.22 0.53  -1.43 0.25  -1.22 0.35  -1.39 0.04  -1.54 0.11
    -1.66 -0.21"""
LOWER_MOON = """
    -0.36 0.36  -0.43 0.03  -0.48 -0.29  -0.51 -0.2  -0.11 -0.5  -0.1 -0.38  -0.07 -0.65  -0.03 -0.49  0.42 -0.71
    0.48 -0.91  0.54 -0.68  0.6 -0.83  1.05 -0.55  1.09 -0.65  1.12 -0.33  1.13 -0.39  1.52 -0.44  1.5 -0.07
    1.45 -0.09  1.37 0.29"""


def answers(v):
    for label, moon in ((1, UPPER_MOON), (-1, LOWER_MOON)):
        numbers = [mpf(number) for number in moon.split()]
        for a, b in zip(numbers[::2], numbers[1::2], strict=True):
            hidden = [tanh(v[2 * k] * a + v[2 * k + 1] * b + v[6 + k]) for k in range(3)]
            yield label, sum(v[9 + k] * hidden[k] for k in range(3)) + v[12]


def with_decay(v, costs):
    costs = list(costs)
    return sum(costs) / len(costs) + sum(t * t for t in v) / 1000


def moons_mlp_mse(v):
    return with_decay(v, ((o - y) ** 2 for y, o in answers(v)))


def moons_mlp_cross_entropy(v):
    probability = ((y, 1 / (1 + exp(-o))) for y, o in answers(v))
    return with_decay(v, (-log(p if y == 1 else 1 - p) for y, p in probability))


def moons_mlp_squared_hinge(v):
    return with_decay(v, (max(mpf(0), 1 - y * o) ** 2 for y, o in answers(v)))
