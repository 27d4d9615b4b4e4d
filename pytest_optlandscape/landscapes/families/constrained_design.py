"""More landscapes with constraints besides the bounds: design problems and curved feasible sets."""

from __future__ import annotations

import math
from typing import Any

from pytest_optlandscape.landscapes.definition import planar, scalable
from pytest_optlandscape.landscapes.formula.namespaces import Value
from pytest_optlandscape.landscapes.minimizers import MinimizerList

FAMILY = "constrained"
INF = math.inf
ROOT_2 = math.sqrt(2.0)


@scalable(
    bounds=(-10.0, 10.0),
    x0=lambda dim: (1.0, 2.0, 0.0, 4.0, 0.0, 1.0, 1.0),
    minimizers=lambda dim: MinimizerList(
        [
            (
                2.33049937287957,
                1.951372372896889,
                -0.4775413923888716,
                4.36572623365581,
                -0.6244869705268175,
                1.0381310186079584,
                1.5942267116118685,
            )
        ]
    ),
    fmin=680.6300573744021,
    tags="constrained smooth polynomial",
    source="Hock & Schittkowski (1981), no. 100; Liang et al. (2006), g09",
    dim=7,
    dims=range(7, 8),
)
def g09(x: Value, xp: Any) -> Value:
    """(x₁ − 10)² + 5 (x₂ − 12)² + x₃⁴ + 3 (x₄ − 11)² + 10x₅⁶ + 7x₆² + x₇⁴ − 4x₆x₇ − 10x₆ − 8x₇, four constraints."""
    a, b, c, d = x[0] - 10.0, x[1] - 12.0, x[2] * x[2], x[3] - 11.0
    e, u, v = x[4] * x[4], x[5], x[6]
    v2 = v * v
    squares = a * a + 5.0 * b * b + c * c + 3.0 * d * d + 10.0 * e * e * e
    return squares + u * (7.0 * u - 4.0 * v - 10.0) + v2 * v2 - 8.0 * v


@g09.gradient
def _(x: Value, xp: Any) -> Value:
    c, e, u, v = x[2], x[4], x[5], x[6]
    e2 = e * e
    return (
        2.0 * x[0] - 20.0,
        10.0 * x[1] - 120.0,
        4.0 * c * c * c,
        6.0 * x[3] - 66.0,
        60.0 * e2 * e2 * e,
        14.0 * u - 4.0 * v - 10.0,
        4.0 * v * v * v - 4.0 * u - 8.0,
    )


@g09.constraint(-INF, 127.0)
def _(x: Value, xp: Any) -> Value:
    b2 = x[1] * x[1]
    return 2.0 * x[0] * x[0] + 3.0 * b2 * b2 + x[2] + 4.0 * x[3] * x[3] + 5.0 * x[4]


@g09.constraint(-INF, 282.0)
def _(x: Value, xp: Any) -> Value:
    return 7.0 * x[0] + 3.0 * x[1] + 10.0 * x[2] * x[2] + x[3] - x[4]


@g09.constraint(-INF, 196.0)
def _(x: Value, xp: Any) -> Value:
    return 23.0 * x[0] + x[1] * x[1] + 6.0 * x[5] * x[5] - 8.0 * x[6]


@g09.constraint(-INF, 0.0)
def _(x: Value, xp: Any) -> Value:
    return x[0] * (4.0 * x[0] - 3.0 * x[1]) + x[1] * x[1] + 2.0 * x[2] * x[2] + 5.0 * x[5] - 11.0 * x[6]


@planar(
    bounds=[(-1.0, 1.0), (-1.0, 1.0)],
    x0=(0.5, 0.5),
    minimizers=[(ROOT_2 / 2.0, 0.5), (-ROOT_2 / 2.0, 0.5)],
    fmin=0.75,
    tags="constrained smooth quadratic polynomial multimodal many-minimizers",
    source="Maa & Shanblatt (1992); Liang et al. (2006), g11",
)
def g11(x: Value, y: Value, xp: Any) -> Value:
    """x² + (y − 1)², where y = x²."""
    return x * x + (y - 1.0) ** 2


@g11.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    return 2.0 * x, 2.0 * y - 2.0


@g11.constraint(0.0, 0.0)
def _(x: Value, y: Value, xp: Any) -> Value:
    return y - x * x


@planar(
    bounds=[(0.0, 3.0), (0.0, 4.0)],
    x0=(1.0, 1.0),
    minimizers=[(2.3295201974776054, 3.1784930741176685)],
    fmin=-5.508013271595274,
    tags="constrained smooth polynomial multimodal unbounded-below",
    source="Floudas & Pardalos (1990); Liang et al. (2006), g24",
)
def g24(x: Value, y: Value, xp: Any) -> Value:
    """−x − y, where y ≤ 2x⁴ − 8x³ + 8x² + 2 and y ≤ 4x⁴ − 32x³ + 88x² − 96x + 36."""
    return -x - y


@g24.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    return xp.stack([0.0 * x - 1.0, 0.0 * y - 1.0])


@g24.constraint(-INF, 2.0)
def _(x: Value, y: Value, xp: Any) -> Value:
    a = x * (x - 2.0)
    return y - 2.0 * a * a


@g24.constraint(-INF, 36.0)
def _(x: Value, y: Value, xp: Any) -> Value:
    return y - x * (x * (x * (4.0 * x - 32.0) + 88.0) - 96.0)


@planar(
    bounds=[(1e-6, 1.0), (1e-6, 1.0)],  # cross sections are positive; the stress is infinite at 0
    x0=(0.5, 0.5),
    minimizers=[(0.7886751345948129, 0.408248290463863)],  # ((3 + √3)/6, 1/√6)
    fmin=50.0 * (2.0 * ROOT_2 + math.sqrt(6.0)),
    tags="constrained smooth convex polynomial unimodal unbounded-below",
    source="Nowacki (1973); Ray & Saini (2001); minimiser in closed form",
)
def three_bar_truss(x: Value, y: Value, xp: Any) -> Value:
    """100 (2√2 x + y), the volume of bars whose three stresses 2 (√2 x + y)/(√2 x² + 2xy), … are at most 2."""
    return 100.0 * (2.0 * ROOT_2 * x + y)


@three_bar_truss.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    return xp.stack([0.0 * x + 200.0 * ROOT_2, 0.0 * y + 100.0])


@three_bar_truss.constraint(-INF, 2.0)
def _(x: Value, y: Value, xp: Any) -> Value:
    return 2.0 * (ROOT_2 * x + y) / (x * (ROOT_2 * x + 2.0 * y))


@three_bar_truss.constraint(-INF, 2.0)
def _(x: Value, y: Value, xp: Any) -> Value:
    return 2.0 * y / (x * (ROOT_2 * x + 2.0 * y))


@three_bar_truss.constraint(-INF, 2.0)
def _(x: Value, y: Value, xp: Any) -> Value:
    return 2.0 / (x + ROOT_2 * y)
