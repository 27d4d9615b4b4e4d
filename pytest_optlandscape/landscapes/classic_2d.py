"""The classic landscapes of two dimensions.

Each entry: the facts, the formula f(x, y), its gradient. Values of minimisers and minima that have no closed form
are rounded from 40 digits.
"""

from __future__ import annotations

from typing import Any

from pytest_optlandscape.landscapes.namespaces import Value
from pytest_optlandscape.landscapes.registry import planar


@planar(
    bounds=[(-4.5, 4.5), (-4.5, 4.5)],
    x0=(1.0, 1.0),
    starts={"article": (4.0, 4.0)},
    minimizers=[(3.0, 0.5)],
    fmin=0.0,
    tags="smooth polynomial least-squares flat valley",
    source="Beale (1958); Moré, Garbow & Hillstrom (1981), no. 5",
)
def beale(x: Value, y: Value, xp: Any) -> Value:
    """(1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²."""
    y2 = y * y
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y2) ** 2 + (2.625 - x + x * (y2 * y)) ** 2


@beale.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    y2 = y * y
    y3 = y2 * y
    a, b, c = 1.5 - x + x * y, 2.25 - x + x * y2, 2.625 - x + x * y3
    return (
        2.0 * (a * (y - 1.0) + b * (y2 - 1.0) + c * (y3 - 1.0)),
        2.0 * x * (a + 2.0 * b * y + 3.0 * c * y2),
    )
