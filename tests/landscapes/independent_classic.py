"""The landscapes once more, as the literature prints them, for mpmath: written apart from the package."""

import numpy as np
from mpmath import cos, e, exp, fabs, log, mpf, pi, power, sin, sqrt

DIMS = {"powell_singular": (4, 8, 40)}
"""Dimensions that are tested where (2, 3, 5, 10, 40) will not do."""

N_MINIMIZERS = {
    "himmelblau": 4,
    "six_hump_camel": 2,
    "branin": 3,
    "cross_in_tray": 4,
    "holder_table": 4,
    "schaffer_n4": 4,
    "bird": 2,
    "parsopoulos": 12,
    "shubert": 18,
    "quintic": 9,
    "dixon_price[3]": 2,
    "alpine_1[2]": 64,
    "alpine_1[40]": 8**40,
    "qing[2]": 4,
    "qing[20]": 2**20,
    "vincent[1]": 6,
    "vincent[2]": 36,
}
"""With the dimension for which they are counted; 1 for all others."""

SINGULAR = {"powell_singular": "fourth powers"}
"""Where curvatures vanish at the minimiser, and why: Newton's method does not polish these."""

LOWER_OUTSIDE = {
    "mccormick": [-0.5471975511965977 - 2 * np.pi, -1.5471975511965979 - 2 * np.pi],
    "adjiman": [100.0, 0.0],
    "cross_in_tray": [350 * np.pi + np.pi / 2, np.pi / 2],
    "holder_table": [20.5 * np.pi, 0.0],
    "eggholder": [0.0, 2e3 * np.pi**2 + 11 * np.pi],
    "schwefel_226": [(12.5 * np.pi + 2 * np.pi) ** 2] * 2,
    "michalewicz_2": [7.9903132, np.pi / 2],
    "michalewicz_5": [7.9903132, np.pi / 2, 1.2849915705529245, 1.9230584698663629, 1.7204697725658413],
}
"""Points outside the bounds that lie below the minimum inside."""


def beale(v):
    x, y = v
    return (mpf("1.5") - x + x * y) ** 2 + (mpf("2.25") - x + x * y**2) ** 2 + (mpf("2.625") - x + x * y**3) ** 2


def booth(v):
    x, y = v
    return (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2


def himmelblau(v):
    x, y = v
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def three_hump_camel(v):
    x, y = v
    return 2 * x**2 - mpf("1.05") * x**4 + x**6 / 6 + x * y + y**2


def six_hump_camel(v):
    x, y = v
    return (4 - mpf("2.1") * x**2 + x**4 / 3) * x**2 + x * y + (-4 + 4 * y**2) * y**2


def branin(v):
    x, y = v
    b, c, t = mpf("5.1") / (4 * pi**2), 5 / pi, 1 / (8 * pi)
    return (y - b * x**2 + c * x - 6) ** 2 + 10 * (1 - t) * cos(x) + 10


def goldstein_price(v):
    x, y = v
    first = 1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)
    second = 30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
    return first * second


def mccormick(v):
    x, y = v
    return sin(x + y) + (x - y) ** 2 - mpf("1.5") * x + mpf("2.5") * y + 1


def easom(v):
    x, y = v
    return -cos(x) * cos(y) * exp(-((x - pi) ** 2) - (y - pi) ** 2)


def bukin_n6(v):
    x, y = v
    return 100 * sqrt(fabs(y - mpf("0.01") * x**2)) + mpf("0.01") * fabs(x + 10)


def cross_in_tray(v):
    x, y = v
    bell = exp(fabs(100 - sqrt(x**2 + y**2) / pi))
    return -mpf("0.0001") * power(fabs(sin(x) * sin(y) * bell) + 1, mpf("0.1"))


def holder_table(v):
    x, y = v
    return -fabs(sin(x) * cos(y) * exp(fabs(1 - sqrt(x**2 + y**2) / pi)))


def eggholder(v):
    x, y = v
    return -(y + 47) * sin(sqrt(fabs(y + x / 2 + 47))) - x * sin(sqrt(fabs(x - (y + 47))))


def drop_wave(v):
    x, y = v
    return -(1 + cos(12 * sqrt(x**2 + y**2))) / ((x**2 + y**2) / 2 + 2)


def levi_n13(v):
    x, y = v
    return sin(3 * pi * x) ** 2 + (x - 1) ** 2 * (1 + sin(3 * pi * y) ** 2) + (y - 1) ** 2 * (1 + sin(2 * pi * y) ** 2)


def schaffer_n2(v):
    x, y = v
    return mpf("0.5") + (sin(x**2 - y**2) ** 2 - mpf("0.5")) / (1 + mpf("0.001") * (x**2 + y**2)) ** 2


def schaffer_n4(v):
    x, y = v
    return mpf("0.5") + (cos(sin(fabs(x**2 - y**2))) ** 2 - mpf("0.5")) / (1 + mpf("0.001") * (x**2 + y**2)) ** 2


def bohachevsky_1(v):
    x, y = v
    return x**2 + 2 * y**2 - mpf("0.3") * cos(3 * pi * x) - mpf("0.4") * cos(4 * pi * y) + mpf("0.7")


def bird(v):
    x, y = v
    return sin(x) * exp((1 - cos(y)) ** 2) + cos(y) * exp((1 - sin(x)) ** 2) + (x - y) ** 2


def adjiman(v):
    x, y = v
    return cos(x) * sin(y) - x / (y**2 + 1)


def parsopoulos(v):
    x, y = v
    return cos(x) ** 2 + sin(y) ** 2


def shubert(v):
    x, y = v
    return sum(j * cos((j + 1) * x + j) for j in range(1, 6)) * sum(j * cos((j + 1) * y + j) for j in range(1, 6))


def rosenbrock_2(v):
    x, y = v
    return 100 * (y - x**2) ** 2 + (1 - x) ** 2


def quintic(v):
    return sum(fabs(x**5 - 3 * x**4 + 4 * x**3 + 2 * x**2 - 10 * x - 4) for x in v)


def sphere(v):
    return sum(x**2 for x in v)


def sum_squares(v):
    return sum(i * x**2 for i, x in enumerate(v, 1))


def rosenbrock(v):
    return sum(100 * (v[i + 1] - v[i] ** 2) ** 2 + (v[i] - 1) ** 2 for i in range(len(v) - 1))


def dixon_price(v):
    return (v[0] - 1) ** 2 + sum((i + 1) * (2 * v[i] ** 2 - v[i - 1]) ** 2 for i in range(1, len(v)))


def zakharov(v):
    weighted = sum(i * x / 2 for i, x in enumerate(v, 1))
    return sum(x**2 for x in v) + weighted**2 + weighted**4


def trid(v):
    return sum((x - 1) ** 2 for x in v) - sum(v[i] * v[i - 1] for i in range(1, len(v)))


def powell_singular(v):
    return sum(
        (v[k] + 10 * v[k + 1]) ** 2
        + 5 * (v[k + 2] - v[k + 3]) ** 2
        + (v[k + 1] - 2 * v[k + 2]) ** 4
        + 10 * (v[k] - v[k + 3]) ** 4
        for k in range(0, len(v), 4)
    )


def ackley(v):
    n = len(v)
    bell = -20 * exp(-mpf("0.2") * sqrt(sum(x**2 for x in v) / n))
    return bell - exp(sum(cos(2 * pi * x) for x in v) / n) + 20 + e


def rastrigin(v):
    return 10 * len(v) + sum(x**2 - 10 * cos(2 * pi * x) for x in v)


def griewank(v):
    product = mpf(1)
    for i, x in enumerate(v, 1):
        product *= cos(x / sqrt(i))
    return sum(x**2 for x in v) / 4000 - product + 1


def schwefel_226(v):
    return -sum(x * sin(sqrt(fabs(x))) for x in v)


def levy(v):
    w = [1 + (x - 1) / 4 for x in v]
    middle = sum((a - 1) ** 2 * (1 + 10 * sin(pi * a + 1) ** 2) for a in w[:-1])
    return sin(pi * w[0]) ** 2 + middle + (w[-1] - 1) ** 2 * (1 + sin(2 * pi * w[-1]) ** 2)


def styblinski_tang(v):
    return sum(x**4 - 16 * x**2 + 5 * x for x in v) / 2


def michalewicz(v):
    return -sum(sin(x) * sin(i * x**2 / pi) ** 20 for i, x in enumerate(v, 1))


michalewicz_2 = michalewicz_5 = michalewicz


def alpine_1(v):
    return sum(fabs(x * sin(x) + mpf("0.1") * x) for x in v)


def qing(v):
    return sum((x**2 - i) ** 2 for i, x in enumerate(v, 1))


def vincent(v):
    return -sum(sin(10 * log(x)) for x in v) / len(v)
