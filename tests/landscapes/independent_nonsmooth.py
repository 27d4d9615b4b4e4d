"""The landscapes with kinks once more, as the literature prints them, for mpmath: written apart from the package."""

from mpmath import exp, fabs, mpf, sqrt


def schwefel_220_abs(v):
    return sum(fabs(x) for x in v)


def schwefel_221_max(v):
    return max(fabs(x) for x in v)


def schwefel_222(v):
    product = mpf(1)
    for x in v:
        product *= fabs(x)
    return sum(fabs(x) for x in v) + product


def cb2(v):
    x, y = v
    return max(x**2 + y**4, (2 - x) ** 2 + (2 - y) ** 2, 2 * exp(-x + y))


def cb3(v):
    x, y = v
    return max(x**4 + y**2, (2 - x) ** 2 + (2 - y) ** 2, 2 * exp(-x + y))


def dem(v):
    x, y = v
    return max(5 * x + y, -5 * x + y, x**2 + y**2 + 4 * y)


def ql(v):
    x, y = v
    bowl = x**2 + y**2
    return max(bowl, bowl + 10 * (-4 * x - y + 4), bowl + 10 * (-x - 2 * y + 6))


def lq(v):
    x, y = v
    return max(-x - y, -x - y + (x**2 + y**2 - 1))


def mifflin_1(v):
    x, y = v
    return -x + 20 * max(x**2 + y**2 - 1, 0)


def mifflin_2(v):
    x, y = v
    return -x + 2 * (x**2 + y**2 - 1) + mpf("1.75") * fabs(x**2 + y**2 - 1)


def wolfe_nonsmooth(v):
    x, y = v
    if x >= fabs(y):
        return 5 * sqrt(9 * x**2 + 16 * y**2)
    if x > 0:
        return 9 * x + 16 * fabs(y)
    return 9 * x + 16 * fabs(y) - x**9


def crescent(v):
    x, y = v
    return max(x**2 + (y - 1) ** 2 + y - 1, -(x**2) - (y - 1) ** 2 + y + 1)


def nonsmooth_rosenbrock(v):
    return fabs(v[0] - 1) / 4 + sum(fabs(v[i + 1] - 2 * fabs(v[i]) + 1) for i in range(len(v) - 1))
