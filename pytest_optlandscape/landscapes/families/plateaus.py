"""Landscapes with flat regions: steps, plateaus, saddles and a bottom without curvature.

Those without a ``source`` are our own. A comment beside each proves that no minimisers are missing.
"""

from __future__ import annotations

import math
from typing import Any

from pytest_optlandscape.landscapes.definition import FROM_ONE, planar, scalable
from pytest_optlandscape.landscapes.formula.namespaces import Value
from pytest_optlandscape.landscapes.minimizers import MinimizerBox, everywhere

FAMILY = "plateau-flat"

OWN = "pytest-optlandscape (2026)"


def _step(x: Value, xp: Any) -> Value:
    """Return ⌊x + ½⌋, without the rounding error of x + ½."""
    return xp.floor(0.5 * (xp.floor(2.0 * x) + 1.0))


@scalable(
    bounds=(-100.0, 100.0),
    x0=50.0,
    # −½ ≤ xᵢ < ½
    minimizers=lambda dim: MinimizerBox([[-0.5, math.nextafter(0.5, 0.0)]] * dim),
    fmin=0.0,
    tags="nonsmooth separable flat many-minimizers least-squares",
    source="Bäck (1996); Jamil & Yang (2013), no. 139",
    dims=FROM_ONE,
)
def step_2(x: Value, xp: Any) -> Value:
    """Σ ⌊xᵢ + ½⌋²."""
    step = _step(x, xp)
    return xp.sum(step * step)


@step_2.residuals
def _(x: Value, xp: Any) -> Value:
    return _step(x, xp)


@step_2.gradient
def _(x: Value, xp: Any) -> Value:
    return 0.0 * x


@scalable(
    bounds=(-1.28, 1.28),
    x0=1.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="smooth convex polynomial separable unimodal flat ill-conditioned",
    source="De Jong (1975), function F4 without its noise; Jamil & Yang (2013), no. 101",
    dims=FROM_ONE,
)
def quartic_flat(x: Value, xp: Any) -> Value:
    """Σ i xᵢ⁴."""
    square = x * x
    return xp.sum(xp.index(x) * (square * square))


@quartic_flat.gradient
def _(x: Value, xp: Any) -> Value:
    return 4.0 * xp.index(x) * (x * x * x)


@scalable(
    bounds=(-10.0, 10.0),
    x0=-4.0,  # |gradient| < 1e-7 in every dimension: less than most methods' tolerance
    # depends only on the distance from (2, …, 2), and rises with it
    minimizers=everywhere(2.0),
    fmin=0.0,
    tags="smooth unimodal flat",
    source=OWN,
    dims=FROM_ONE,
)
def saturating_gaussian_well(x: Value, xp: Any) -> Value:
    """1 − exp(−Σ (xᵢ − 2)²/(2d))."""
    u = x - 2.0
    return 1.0 - xp.exp((-0.5 / x.shape[0]) * xp.sum(u * u))


@saturating_gaussian_well.gradient
def _(x: Value, xp: Any) -> Value:
    u, share = x - 2.0, 1.0 / x.shape[0]
    return (share * xp.exp(-0.5 * share * xp.sum(u * u))) * u


def _logistic(t: Value, xp: Any) -> Value:
    return 1.0 / (1.0 + xp.exp(-t))


FIRST_TARGET = 1.0 / (1.0 + math.exp(-1.5))
SECOND_TARGET = 1.0 / (1.0 + math.exp(-0.5))


@planar(
    bounds=[(-40.0, 40.0), (-40.0, 40.0)],  # σ keeps its slope in single precision too
    x0=(-17.0, 1.0),  # |gradient| is about 1e-7
    # a sum of a term in x + y and a term in x − y; each falls strictly to its zero, then rises strictly
    minimizers=[(1.0, 0.5)],
    fmin=0.0,
    tags="smooth unimodal flat least-squares",
    source=OWN,
)
def sigmoid_plateau(x: Value, y: Value, xp: Any) -> Value:
    """½ (σ(x + y) − σ(1.5))² + ½ (σ(x − y) − σ(0.5))², σ(t) = 1/(1 + e^−t): a saturated neuron and two samples."""
    return 0.5 * ((_logistic(x + y, xp) - FIRST_TARGET) ** 2 + (_logistic(x - y, xp) - SECOND_TARGET) ** 2)


@sigmoid_plateau.residuals
def _(x: Value, y: Value, xp: Any) -> Value:
    share = math.sqrt(0.5)
    return share * (_logistic(x + y, xp) - FIRST_TARGET), share * (_logistic(x - y, xp) - SECOND_TARGET)


@sigmoid_plateau.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    s, d = x + y, x - y
    first, second = _logistic(s, xp), _logistic(d, xp)
    along = (first - FIRST_TARGET) * first * _logistic(-s, xp)
    across = (second - SECOND_TARGET) * second * _logistic(-d, xp)
    return along + across, along - across


@planar(
    bounds=[(-3.0, 3.0), (-3.0, 3.0)],
    x0=(0.0, 1.0),
    # The landscape is ¼ (x² − 1)² + ½ y² − ¼. The start lies on the line x = 0, where the gradient leads to the saddle
    # at the origin.
    minimizers=[(-1.0, 0.0), (1.0, 0.0)],
    fmin=-0.25,
    tags="smooth polynomial multimodal many-minimizers separable",
    source=OWN,
)
def saddle_escape(x: Value, y: Value, xp: Any) -> Value:
    """¼ x⁴ − ½ x² + ½ y²."""
    x2 = x * x
    return 0.25 * (x2 * (x2 - 2.0)) + 0.5 * (y * y)


@saddle_escape.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    return x * (x * x - 1.0), 1.0 * y


@planar(
    bounds=[(-3.0, 3.0), (-3.0, 3.0)],
    x0=(0.01, 0.02),
    # r³ cos 3θ + r⁴ in polar coordinates: lowest at cos 3θ = −1, where r⁴ − r³ has its minimum at r = ¾
    minimizers=[
        (-0.75, 0.0),
        (0.375, -0.375 * math.sqrt(3.0)),
        (0.375, 0.375 * math.sqrt(3.0)),
    ],
    fmin=-27.0 / 256.0,
    tags="smooth polynomial multimodal many-minimizers",
    source=OWN,
)
def monkey_saddle_bounded(x: Value, y: Value, xp: Any) -> Value:
    """x³ − 3xy² + (x² + y²)²."""
    x2, y2 = x * x, y * y
    return x * (x2 - 3.0 * y2) + (x2 + y2) ** 2


@monkey_saddle_bounded.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    x2, y2 = x * x, y * y
    pull = 4.0 * (x2 + y2)
    return 3.0 * (x2 - y2) + pull * x, y * (pull - 6.0 * x)
