"""The expectations of the stochastic landscapes, for mpmath."""

import itertools

from mpmath import fabs, mpf

DIMS = {"minibatch_least_squares": (2, 3, 5, 10, 32)}

SINGULAR = {"noisy_quartic": "fourth powers"}
"""Minimisers without a curvature, and why."""


def noisy_sphere(v):
    return sum(x**2 for x in v)


cauchy_noise_sphere = noisy_sphere


def noisy_rosenbrock(v):
    return sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in itertools.pairwise(v))


def noisy_quartic(v):
    return sum(i * x**4 for i, x in enumerate(v, 1))


def walsh(row, number):
    return -1 if bin(row & number).count("1") % 2 else 1


def minibatch_least_squares(v):
    total = mpf(0)
    for row in range(64):
        numbers = [walsh(row, k) + mpf(walsh(row, k + 1)) / 2 for k in range(1, len(v) + 1)]
        answer = sum(numbers) + mpf(walsh(row, 63)) / 2
        total += (sum(a * x for a, x in zip(numbers, v, strict=True)) - answer) ** 2
    return total / 64


def xin_she_yang_1(v):
    return sum(fabs(x) ** i for i, x in enumerate(v, 1)) / 2
