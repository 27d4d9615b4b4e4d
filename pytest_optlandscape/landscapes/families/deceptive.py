"""Landscapes with several wells, the lowest of which is narrow or hardly lower than the next.

For some, the literature gives different constants. The landscapes use those of Dixon & Szegő (1978); variants use the
others.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from pytest_optlandscape.landscapes.definition import Definition, enter, planar, scalable
from pytest_optlandscape.landscapes.formula.evaluation import FormulaFunction
from pytest_optlandscape.landscapes.formula.namespaces import Value
from pytest_optlandscape.landscapes.minimizers import MinimizerList, everywhere

FAMILY = "deceptive"

PI = math.pi
HOLES = (-32.0, -16.0, 0.0, 16.0, 32.0)


def _sixth_powers(t: Value) -> list[Value]:
    cubes = [(t - hole) * (t - hole) * (t - hole) for hole in HOLES]
    return [cube * cube for cube in cubes]


@planar(
    bounds=[(-65.536, 65.536), (-65.536, 65.536)],
    x0=(4.0, 4.0),  # on the slope of the hole in the middle
    minimizers=[(-31.97833483565697, -31.978334837300796)],
    fmin=0.9980038377944502,
    tags="smooth multimodal flat",
    source="De Jong (1975), function F5, after Shekel (1971)",
)
def shekel_foxholes(x: Value, y: Value, xp: Any) -> Value:
    """1/(0.002 + Σ 1/(j + (x − aⱼ)⁶ + (y − bⱼ)⁶)), j = 1…25, with holes at multiples of 16 from −32 to 32."""
    across, along = _sixth_powers(x), _sixth_powers(y)
    depth: Value = 0.002
    for j in range(25):
        depth = depth + 1.0 / (along[j // 5] + (across[j % 5] + (j + 1.0)))
    return 1.0 / depth


@shekel_foxholes.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    across, along = _sixth_powers(x), _sixth_powers(y)
    depth: Value = 0.002
    pull_x: list[Value] = [0.0] * 5
    pull_y: list[Value] = [0.0] * 5
    for j in range(25):
        hole = 1.0 / (along[j // 5] + (across[j % 5] + (j + 1.0)))
        depth = depth + hole
        square = hole * hole
        pull_x[j % 5] = pull_x[j % 5] + square
        pull_y[j // 5] = pull_y[j // 5] + square
    scale = 6.0 / (depth * depth)
    return scale * _fifth_powers(x, pull_x), scale * _fifth_powers(y, pull_y)


def _fifth_powers(t: Value, weights: list[Value]) -> Value:
    total: Value = 0.0
    for hole, weight in zip(HOLES, weights, strict=True):
        gap = t - hole
        square = gap * gap
        total = total + weight * (square * square * gap)
    return total


Wells = Sequence[tuple[float, Sequence[float]]]
"""For each well, the constant cᵢ and the centre aᵢ."""

SHEKEL: Wells = (
    (0.1, (4.0, 4.0, 4.0, 4.0)),
    (0.2, (1.0, 1.0, 1.0, 1.0)),
    (0.2, (8.0, 8.0, 8.0, 8.0)),
    (0.4, (6.0, 6.0, 6.0, 6.0)),
    (0.4, (3.0, 7.0, 3.0, 7.0)),
    (0.6, (2.0, 9.0, 2.0, 9.0)),
    (0.3, (5.0, 5.0, 3.0, 3.0)),
    (0.7, (8.0, 1.0, 8.0, 1.0)),
    (0.5, (6.0, 2.0, 6.0, 2.0)),
    (0.5, (7.0, 3.6, 7.0, 3.6)),
)
SHEKEL_OF_LIBRARY: Wells = (*SHEKEL[:6], (0.3, (5.0, 3.0, 5.0, 3.0)), *SHEKEL[7:])
"""Wells of Surjanovic & Bingham: the middle coordinates of the seventh centre are exchanged."""


def _shekel(name: str, wells: Wells) -> tuple[FormulaFunction, FormulaFunction]:
    def value(x: Value, xp: Any) -> Value:
        """−Σ 1/(cᵢ + |x − aᵢ|²)."""
        total: Value = 0.0
        for depth, centre in wells:
            gap = x - xp.constant(centre, x)
            total = total - 1.0 / (depth + xp.sum(gap * gap))
        return total

    def slope(x: Value, xp: Any) -> Value:
        total: Value = 0.0
        for depth, centre in wells:
            gap = x - xp.constant(centre, x)
            width = depth + xp.sum(gap * gap)
            total = total + (2.0 / (width * width)) * gap
        return total

    value.__name__ = name
    return value, slope


def _shekel_landscape(count: int, minimizer: Sequence[float], fmin: float) -> Definition:
    value, slope = _shekel(f"shekel_{count}", SHEKEL[:count])
    definition = scalable(
        bounds=(0.0, 10.0),
        x0=5.0,
        minimizers=lambda dim: MinimizerList([minimizer]),
        fmin=fmin,
        tags="smooth multimodal",
        source=f"Shekel (1971); Dixon & Szegő (1978), S{count}",
        dim=4,
        dims=range(4, 5),
    )(value)
    definition.gradient(slope)
    return definition


shekel_5 = _shekel_landscape(
    5,
    minimizer=(4.000037152819676, 4.00013327659156, 4.000037152819676, 4.00013327659156),
    fmin=-10.153199679058227,
)
shekel_7 = _shekel_landscape(
    7,
    minimizer=(4.000572916185823, 4.000689366185305, 3.9994897088591506, 3.9996061588586316),
    fmin=-10.40294056681866,
)
shekel_10 = _shekel_landscape(
    10,
    minimizer=(4.000746531592046, 4.000592934138532, 3.9996633980403224, 3.9995098005868077),
    fmin=-10.536409816692043,
)

Bells = Sequence[tuple[float, Sequence[float], Sequence[float]]]
"""For each bell, the height αᵢ, the steepness aᵢⱼ along each coordinate and the centre pᵢ."""

HARTMANN_3: Bells = (
    (1.0, (3.0, 10.0, 30.0), (0.3689, 0.1170, 0.2673)),
    (1.2, (0.1, 10.0, 35.0), (0.4699, 0.4387, 0.7470)),
    (3.0, (3.0, 10.0, 30.0), (0.1091, 0.8732, 0.5547)),
    (3.2, (0.1, 10.0, 35.0), (0.03815, 0.5743, 0.8828)),
)
HARTMANN_3_OF_LIBRARY: Bells = (*HARTMANN_3[:3], (3.2, (0.1, 10.0, 35.0), (0.0381, 0.5743, 0.8828)))
"""Bells of Surjanovic & Bingham: the last centre begins with 0.0381 instead of 0.03815."""

HARTMANN_6: Bells = (
    (1.0, (10.0, 3.0, 17.0, 3.5, 1.7, 8.0), (0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886)),
    (1.2, (0.05, 10.0, 17.0, 0.1, 8.0, 14.0), (0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991)),
    (3.0, (3.0, 3.5, 1.7, 10.0, 17.0, 8.0), (0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650)),
    (3.2, (17.0, 8.0, 0.05, 10.0, 0.1, 14.0), (0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381)),
)


def _hartmann(name: str, bells: Bells) -> tuple[FormulaFunction, FormulaFunction]:
    def value(x: Value, xp: Any) -> Value:
        """−Σ αᵢ exp(−Σ aᵢⱼ (xⱼ − pᵢⱼ)²)."""
        total: Value = 0.0
        for height, steepness, centre in bells:
            gap = x - xp.constant(centre, x)
            total = total - height * xp.exp(-xp.sum(xp.constant(steepness, x) * (gap * gap)))
        return total

    def slope(x: Value, xp: Any) -> Value:
        total: Value = 0.0
        for height, steepness, centre in bells:
            gap = x - xp.constant(centre, x)
            steep = xp.constant(steepness, x) * gap
            total = total + (2.0 * height) * xp.exp(-xp.sum(steep * gap)) * steep
        return total

    value.__name__ = name
    return value, slope


def _hartmann_landscape(dim: int, bells: Bells, minimizer: Sequence[float], fmin: float) -> Definition:
    value, slope = _hartmann(f"hartmann_{dim}", bells)
    definition = scalable(
        bounds=(0.0, 1.0),
        x0=0.5,
        minimizers=lambda dim: MinimizerList([minimizer]),
        fmin=fmin,
        tags="smooth multimodal",
        source=f"Hartman (1973); Dixon & Szegő (1978), H{dim}",
        dim=dim,
        dims=range(dim, dim + 1),
    )(value)
    definition.gradient(slope)
    return definition


hartmann_3 = _hartmann_landscape(
    3,
    HARTMANN_3,
    minimizer=(0.11461433858967197, 0.5556488499718569, 0.8525469535208657),
    fmin=-3.8627821478207554,
)
hartmann_6 = _hartmann_landscape(
    6,
    HARTMANN_6,
    minimizer=(
        0.20168951100670543,
        0.15001069182345797,
        0.476873974221897,
        0.2753324304940561,
        0.31165161660011326,
        0.6573005340656203,
    ),
    fmin=-3.3223680114155147,
)


def _of_library(
    original: Definition, formulas: tuple[FormulaFunction, FormulaFunction], minimizer: Sequence[float], fmin: float
) -> None:
    """Add a variant with the constants of a widely copied library; those of `shekel_5` are the same."""
    variant = dataclasses.replace(
        original,
        name=f"{original.name}:surjanovic_bingham",
        formula=formulas[0],
        gradient_formula=formulas[1],
        minimizers=lambda dim: MinimizerList([minimizer]),
        fmin=lambda dim: fmin,
        source="Surjanovic & Bingham (2013)",
    )
    enter(variant)


_of_library(
    hartmann_3,
    _hartmann("hartmann_3", HARTMANN_3_OF_LIBRARY),
    minimizer=(0.11458887665506896, 0.55564889461693, 0.8525469846866774),
    fmin=-3.8627797873326624,
)
_of_library(
    shekel_7,
    _shekel("shekel_7", SHEKEL_OF_LIBRARY[:7]),
    minimizer=(4.000572819251117, 3.9996062096096887, 4.000572819251117, 3.9996062096096887),
    fmin=-10.402915336777744,
)
_of_library(
    shekel_10,
    _shekel("shekel_10", SHEKEL_OF_LIBRARY),
    minimizer=(4.000746868270634, 3.9995094800857736, 4.000746868270634, 3.9995094800857736),
    fmin=-10.536443153483528,
)

NEAR = 2.5


def _far_funnel(dim: int) -> tuple[float, float]:
    """Return the curvature and the centre of the wide funnel."""
    curvature = 1.0 - 1.0 / (2.0 * math.sqrt(dim + 20.0) - 8.2)
    return curvature, -math.sqrt((NEAR * NEAR - 1.0) / curvature)


@scalable(
    bounds=(-5.0, 5.0),
    x0=-2.0,
    minimizers=everywhere(NEAR),
    fmin=0.0,
    tags="nonsmooth multimodal deceptive",
    # two dimensions or more: in one, the wide funnel would open downwards
    source="Lunacek, Whitley & Sutton (2008); core of Hansen, Finck, Ros & Auger (2009), f24",
)
def lunacek_bi_rastrigin(x: Value, xp: Any) -> Value:
    """min(Σ (xᵢ − 2.5)², d + s Σ (xᵢ + √(5.25/s))²) + 10 Σ (1 − cos 2π(xᵢ − 2.5)), s = 1 − 1/(2√(d + 20) − 8.2)."""
    dim = x.shape[0]
    curvature, far = _far_funnel(dim)
    u, v = x - NEAR, x - far
    funnels = xp.minimum(xp.sum(u * u), dim + curvature * xp.sum(v * v))
    return funnels + 10.0 * xp.sum(1.0 - xp.cos(2.0 * PI * u))


@lunacek_bi_rastrigin.gradient
def _(x: Value, xp: Any) -> Value:
    dim = x.shape[0]
    curvature, far = _far_funnel(dim)
    u, v = x - NEAR, x - far
    is_near = xp.sum(u * u) <= dim + curvature * xp.sum(v * v)
    return 2.0 * xp.where(is_near, u, curvature * v) + 20.0 * PI * xp.sin(2.0 * PI * u)
