"""The ill-conditioned landscapes, as the literature prints them, for mpmath: written apart from the package."""

from mpmath import fabs, mpf, power, sqrt

DIMS = {"hilbert_quadratic": (4, 5, 10, 32), "bent_cigar": (3, 5, 10, 40), "discus": (3, 5, 10, 40)}


def ellipsoid_1e6(v):
    return sum(power(10, mpf(6 * i) / (len(v) - 1)) * x**2 for i, x in enumerate(v))


def bent_cigar(v):
    return v[0] ** 2 + 10**6 * sum(x**2 for x in v[1:])


def discus(v):
    return 10**6 * v[0] ** 2 + sum(x**2 for x in v[1:])


def different_powers(v):
    return sqrt(sum(power(fabs(x), 2 + mpf(4 * i) / (len(v) - 1)) for i, x in enumerate(v)))


def sharp_ridge(v):
    return v[0] ** 2 + 100 * sqrt(sum(x**2 for x in v[1:]))


def hilbert_quadratic(v):
    return sum(x * y / (i + j + 1) for i, x in enumerate(v) for j, y in enumerate(v))


def rosenbrock_1e6(v):
    x, y = v
    return 10**6 * (y - x**2) ** 2 + (1 - x) ** 2
