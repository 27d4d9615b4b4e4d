"""The classic landscapes of any dimension.

Formulas see the components of the point on the first axis; ``xp`` is described in `namespaces`.
"""

from __future__ import annotations

from typing import Any

from pytest_optlandscape.landscapes.minimizers import MinimizerList
from pytest_optlandscape.landscapes.namespaces import Value
from pytest_optlandscape.landscapes.registry import scalable


def _everywhere(value: float) -> Any:
    """One minimiser with the same value in every coordinate."""
    return lambda dim: MinimizerList([[value] * dim])


@scalable(
    bounds=(-5.12, 5.12),
    x0=3.0,
    minimizers=_everywhere(0.0),
    fmin=0.0,
    tags="smooth convex quadratic separable unimodal polynomial least-squares",
    source="De Jong (1975), function F1",
)
def sphere(x: Value, xp: Any) -> Value:
    """Σ xᵢ²."""
    return xp.sum(x * x)


@sphere.gradient
def _(x: Value, xp: Any) -> Value:
    return 2.0 * x


@scalable(
    bounds=(-5.0, 10.0),
    x0=lambda dim: [-1.2, 1.0] * (dim // 2) + [-1.2] * (dim % 2),
    minimizers=_everywhere(1.0),
    fmin=0.0,
    tags="smooth valley ill-conditioned least-squares polynomial",
    source="Rosenbrock (1960); chained form, Moré, Garbow & Hillstrom (1981), no. 1 for two coordinates",
)
def rosenbrock(x: Value, xp: Any) -> Value:
    """Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)²."""
    a, b = x[:-1], x[1:]
    return xp.sum(100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2)


@rosenbrock.gradient
def _(x: Value, xp: Any) -> Value:
    a, b = x[:-1], x[1:]
    rise = b - a * a
    return xp.pad(-400.0 * a * rise - 2.0 * (1.0 - a), 0, 1) + xp.pad(200.0 * rise, 1, 0)
