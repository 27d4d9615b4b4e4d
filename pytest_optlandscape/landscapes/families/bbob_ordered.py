"""Three BBOB functions with every sum in COCO's order.

Their waves have phases of 10⁵ and more. A sum in another order changes the last digit of a phase, and so the eleventh
digit of the value. Coordinates lie in [−5, 5], so there is no penalty.

References
----------
N. Hansen, S. Finck, R. Ros, A. Auger: Real-Parameter Black-Box Optimization Benchmarking 2009: Noiseless Functions
Definitions, INRIA research report RR-6829 (2009).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes.families.bbob_transforms import Case

__all__ = ["ordered_optimum", "ordered_value"]

FloatArray = NDArray[np.float64]
Function = Callable[[FloatArray], float]


def ordered_value(number: int, dim: int, instance: int) -> Function | None:
    """Return f16, f19 or f23 as a function of a point; None for the other functions.

    Parameters
    ----------
    number : int
        1 to 24.
    dim, instance : int
    """
    make = {16: _weierstrass, 19: _griewank_rosenbrock, 23: _katsuura}.get(number)
    return make and make(Case(number, dim, instance))


def ordered_optimum(number: int, optimum: FloatArray, instance: int) -> FloatArray:
    """Return the optimum as COCO rounds it; the value is the same there up to rounding.

    Parameters
    ----------
    number : int
        1 to 24.
    optimum : ndarray, shape (dim,)
        The optimum to all digits.
    instance : int
    """
    if number == 20:
        return np.copysign(420.96874633 / 200.0, optimum)
    if number in (9, 19):
        return _sums(0.5 * Case(number, len(optimum), instance).second_rotation.T)
    return optimum


def _sums(rows: FloatArray) -> FloatArray:
    """Return the sum of each row, from left to right."""
    last: FloatArray = np.add.accumulate(rows, axis=-1)[..., -1]
    return last


def _mixing(case: Case, base: float) -> FloatArray:
    """Return R Λ Q; Λ goes from 1 to ``base``."""
    scales = np.array([math.pow(base, share) for share in case.shares])
    return _sums((case.first_rotation * scales)[:, np.newaxis, :] * case.second_rotation.T[np.newaxis, :, :])


def _oscillate(value: float) -> float:
    if value == 0.0:
        return 0.0
    size = math.log(abs(value)) / 0.1
    first, second = (1.0, 0.79) if value > 0.0 else (0.55, 0.31)
    base = math.exp(size + 0.49 * (math.sin(first * size) + math.sin(second * size)))
    return math.copysign(math.pow(base, 0.1), value)


def _weierstrass(case: Case) -> Function:
    optimum, turn, matrix = case.drawn_optimum(), case.first_rotation, _mixing(case, 1.0 / math.sqrt(100.0))
    heights, frequencies = 0.5 ** np.arange(12.0), 3.0 ** np.arange(12.0)
    least = float(_sums(heights * np.cos(2.0 * math.pi * frequencies * 0.5)))

    def value(x: FloatArray) -> float:
        waved = np.array([_oscillate(one) for one in _sums(turn * (x - optimum)).tolist()])
        phases = 2.0 * math.pi * (_sums(matrix * waved) + 0.5)
        total = float(_sums((np.cos(phases[:, np.newaxis] * frequencies) * heights).ravel()))
        return 10.0 * math.pow(total / case.dim - least, 3.0) + case.f_opt

    return value


def _griewank_rosenbrock(case: Case) -> Function:
    turn = case.second_rotation

    def value(x: FloatArray) -> float:
        z = _sums(turn * x) + 0.5
        bend, rest = z[:-1] * z[:-1] - z[1:], 1.0 - z[:-1]
        terms = 100.0 * bend * bend + rest * rest
        total = float(_sums(terms / 4000.0 - np.cos(terms)))
        return 10.0 + 10.0 * total / (case.dim - 1.0) + case.f_opt

    return value


def _katsuura(case: Case) -> Function:
    optimum, matrix = case.drawn_optimum(), _mixing(case, math.sqrt(100.0))
    octaves, places = 2.0 ** np.arange(1.0, 33.0), np.arange(1.0, case.dim + 1.0)
    size, power = 10.0 / case.dim / case.dim, 10.0 / math.pow(case.dim, 1.2)

    def value(x: FloatArray) -> float:
        fine = _sums(matrix * (x - optimum))[:, np.newaxis] * octaves
        factors = 1.0 + places * _sums(np.abs(fine - np.floor(fine + 0.5)) / octaves)
        product = float(np.multiply.accumulate(factors)[-1])
        return size * (-1.0 + math.pow(product, power)) + case.f_opt

    return value
