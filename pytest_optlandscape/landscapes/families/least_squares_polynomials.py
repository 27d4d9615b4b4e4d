"""Sums of squares from Moré, Garbow & Hillstrom (1981), ACM TOMS 7(1): two that fit polynomials.

Watson's polynomials solve a differential equation. Chebyquad's points are nodes whose mean of Chebyshev polynomials
equals the integral. Minimisers are rounded from 80 digits, in a few dimensions for each.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes.definition import least_squares
from pytest_optlandscape.landscapes.families.least_squares import ARTICLE, FAMILY
from pytest_optlandscape.landscapes.formula.namespaces import Value
from pytest_optlandscape.landscapes.minimizer_sets import MinimizerPermutations

__all__ = ["FAMILY"]


@functools.cache
def _watson_matrices(dim: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Evaluate a polynomial and its derivative at i/29, given its coefficients."""
    powers = np.array([[(i / 29) ** j for j in range(dim)] for i in range(1, 30)])
    slopes = np.array([[j * (i / 29) ** (j - 1) for j in range(1, dim)] for i in range(1, 30)])
    return powers, slopes


def _watson(x: Value, xp: Any) -> Value:
    powers, slopes = _watson_matrices(x.shape[0])
    value = xp.dot(powers, x)
    at_zero = xp.stack([x[0], x[1] - x[0] * x[0] - 1.0])
    return xp.pad(xp.dot(slopes, x[1:]) - value * value - 1.0, 0, 2) + xp.pad(at_zero, 29, 0)


def _watson_gradient(x: Value, xp: Any) -> Value:
    powers, slopes = _watson_matrices(x.shape[0])
    value, last = xp.dot(powers, x), 2.0 * (x[1] - x[0] * x[0] - 1.0)
    weights = 2.0 * (xp.dot(slopes, x[1:]) - value * value - 1.0)
    at_zero = xp.stack([2.0 * x[0] - 2.0 * x[0] * last, last])
    inner = xp.pad(xp.dot(slopes.T, weights), 1, 0) - 2.0 * xp.dot(powers.T, value * weights)
    return inner + xp.pad(at_zero, 0, x.shape[0] - 2)


WATSON_SOURCE = f"Kowalik & Osborne (1968); {ARTICLE}, no. 20"


@least_squares(
    bounds=[(-5.0, 5.0)] * 6,
    x0=[0.0] * 6,
    minimizers=[
        (
            *(-0.015725086401458456, 1.0124348693691099, -0.2329916259567377),
            *(1.2604300877996084, -1.5137289227222797, 0.9929964324311346),
        )
    ],
    fmin=0.0022876700535524363,
    tags="smooth polynomial ill-conditioned wide-range",
    source=WATSON_SOURCE,
    dim=6,
)
def mgh_watson_6(x: Value, xp: Any) -> Value:
    """Σ (p′(i/29) − p(i/29)² − 1)² + x₁² + (x₂ − x₁² − 1)², i = 1…29, p the polynomial Σ xⱼ tʲ⁻¹."""
    return _watson(x, xp)


@least_squares(
    bounds=[(-10.0, 10.0)] * 9,
    x0=[0.0] * 9,
    minimizers=[
        (
            *(-1.5307036521394342e-05, 0.9997897039319483, 0.014763963693556958),
            *(0.14634232829936222, 1.0008211030047092, -2.617731140519015),
            *(4.104403164478857, -3.1436122785564424, 1.0526264080101668),
        )
    ],
    fmin=1.39976013809902e-06,
    tags="smooth polynomial ill-conditioned wide-range",
    source=WATSON_SOURCE,
    dim=9,
)
def mgh_watson_9(x: Value, xp: Any) -> Value:
    """Σ (p′(i/29) − p(i/29)² − 1)² + x₁² + (x₂ − x₁² − 1)², i = 1…29, p the polynomial Σ xⱼ tʲ⁻¹."""
    return _watson(x, xp)


@least_squares(
    bounds=[(-20.0, 20.0)] * 12,
    x0=[0.0] * 12,
    minimizers=[
        (
            *(-6.638060464520687e-09, 1.000001644117862, -0.0005639322103423058),
            *(0.34782054050404243, -0.15673150409616513, 1.0528151772071777),
            *(-3.2472711534596677, 7.288434897938061, -10.271848241321724),
            *(9.074113647075317, -4.541375466692512, 1.0120118885528104),
        )
    ],
    fmin=4.722381105891757e-10,
    tags="smooth polynomial ill-conditioned wide-range",
    source=WATSON_SOURCE,
    dim=12,
)
def mgh_watson_12(x: Value, xp: Any) -> Value:
    """Σ (p′(i/29) − p(i/29)² − 1)² + x₁² + (x₂ − x₁² − 1)², i = 1…29, p the polynomial Σ xⱼ tʲ⁻¹."""
    return _watson(x, xp)


for _watson_of_any_dimension in (mgh_watson_6, mgh_watson_9, mgh_watson_12):
    _watson_of_any_dimension.gradient(_watson_gradient)


def _chebyquad(x: Value, xp: Any) -> Value:
    size = x.shape[0]
    u = 2.0 * x - 1.0
    before, now, means = 1.0, u, [xp.sum(u) / size]
    for _ in range(2, size + 1):
        before, now = now, 2.0 * u * now - before
        means.append(xp.sum(now) / size)
    return tuple(mean if i % 2 else mean + 1.0 / (i * i - 1.0) for i, mean in enumerate(means, 1))


def _chebyquad_gradient(x: Value, xp: Any) -> Value:
    u = 2.0 * x - 1.0
    residuals = _chebyquad(x, xp)
    before, now, slope_before, slope = 1.0, u, 0.0, 2.0
    total = residuals[0] * slope
    for residual in residuals[1:]:
        slope_before, slope = slope, 4.0 * now + 2.0 * u * slope - slope_before
        before, now = now, 2.0 * u * now - before
        total = total + residual * slope
    return 2.0 / x.shape[0] * total


CHEBYQUAD_SOURCE = f"Fletcher (1965); {ARTICLE}, no. 35"


def _evenly(dim: int) -> list[float]:
    return [i / (dim + 1) for i in range(1, dim + 1)]


@least_squares(
    bounds=[(0.0, 1.0)] * 5,
    x0=_evenly(5),
    minimizers=lambda dim: MinimizerPermutations(
        [0.08375125649950906, 0.31272929522320947, 0.5, 0.6872707047767905, 0.9162487435004909]
    ),
    fmin=0.0,
    tags="smooth polynomial many-minimizers",
    source=CHEBYQUAD_SOURCE,
    dim=5,
)
def mgh_chebyquad_5(x: Value, xp: Any) -> Value:
    """Σᵢ (mean of Tᵢ(xⱼ) − ∫ Tᵢ)², i = 1…5, T the Chebyshev polynomials of [0, 1]."""
    return _chebyquad(x, xp)


@least_squares(
    bounds=[(0.0, 1.0)] * 8,
    x0=_evenly(8),
    minimizers=lambda dim: MinimizerPermutations(
        [
            *(0.04315276015101663, 0.1930908403841861, 0.26632870689027294, 0.5),
            *(0.5, 0.7336712931097271, 0.8069091596158139, 0.9568472398489833),
        ]
    ),
    fmin=0.0035168737256779316,
    tags="smooth polynomial many-minimizers",
    source=CHEBYQUAD_SOURCE,
    dim=8,
)
def mgh_chebyquad_8(x: Value, xp: Any) -> Value:
    """Σᵢ (mean of Tᵢ(xⱼ) − ∫ Tᵢ)², i = 1…8, T the Chebyshev polynomials of [0, 1]."""
    return _chebyquad(x, xp)


mgh_chebyquad_5.gradient(_chebyquad_gradient)
mgh_chebyquad_8.gradient(_chebyquad_gradient)
