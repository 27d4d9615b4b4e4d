"""Landscapes with a fidelity: cheap levels whose minimum lies elsewhere, and a known minimum at the full level.

The level is a resource from 1 to 27, of which s is the share.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pytest_optlandscape.landscapes.definition import searched
from pytest_optlandscape.landscapes.families.classic_2d import BRANIN_B, BRANIN_C, BRANIN_S
from pytest_optlandscape.landscapes.families.deceptive import HARTMANN_3, HARTMANN_6, Bells
from pytest_optlandscape.landscapes.spaces.fidelity import Fidelity
from pytest_optlandscape.landscapes.spaces.parameters import Float
from pytest_optlandscape.landscapes.spaces.space import Space

FAMILY = "multi-fidelity"
Configuration = dict[str, Any]

RESOURCE = Fidelity("resource", 1, 27, log=True)


def _share(resource: float) -> float:
    return resource / RESOURCE.high


def _missing(resource: float) -> float:
    """Return the part of the resource that is missing: 1 at the cheapest level, exactly 0 at the full level."""
    return (RESOURCE.high - resource) / (RESOURCE.high - RESOURCE.low)


@searched(
    space=Space(x=Float(0, 1)),
    x0={"x": 0.2},
    minimizers=[{"x": 0.757248757841856}],
    fmin=-6.0207400557670825,
    tags="smooth multimodal",
    source="Forrester, Sóbester & Keane (2007), two levels, here joined by a line",
    fidelity=RESOURCE,
)
def forrester_fidelity(configuration: Configuration, resource: float) -> float:
    """(6x − 2)² sin(12x − 4); half of it + 10 (x − ½) − 5 at the cheapest level, and a mixture of both between."""
    x: float = configuration["x"]
    exact = (6.0 * x - 2.0) ** 2 * math.sin(12.0 * x - 4.0)
    cheap = 0.5 * exact + 10.0 * (x - 0.5) - 5.0
    return exact + _missing(resource) * (cheap - exact)


@searched(
    space=Space(x=Float(-5, 10), y=Float(0, 15)),
    x0={"x": 2.5, "y": 7.5},
    minimizers=[{"x": -math.pi, "y": 12.275}, {"x": math.pi, "y": 2.275}, {"x": 3.0 * math.pi, "y": 2.475}],
    fmin=0.3978873577297383,
    tags="smooth multimodal many-minimizers",
    source="Branin (1972); Wu, Toscano-Palmerin, Frazier & Wilson (2019), with the fidelity pinned to 1 for fmin",
    fidelity=RESOURCE,
)
def branin_fidelity(configuration: Configuration, resource: float) -> float:
    """(y − (5.1/(4π²) − 0.1 (1 − s)) x² + 5x/π − 6)² + 10 (1 − 1/(8π)) cos x + 10, with the share s of the resource."""
    x, y = configuration["x"], configuration["y"]
    curvature = BRANIN_B - 0.1 * (1.0 - _share(resource))
    return float((y - x * (curvature * x - BRANIN_C) - 6.0) ** 2 + (BRANIN_S * math.cos(x) + 10.0))


def _bells(x: Sequence[float], bells: Bells, lost: Sequence[float]) -> float:
    """Return −Σ (αᵢ − lostᵢ) exp(−Σ aᵢⱼ (xⱼ − pᵢⱼ)²)."""
    return -sum(
        (height - less) * math.exp(-sum(a * (v - p) ** 2 for a, v, p in zip(steepness, x, centre, strict=True)))
        for (height, steepness, centre), less in zip(bells, lost, strict=True)
    )


@searched(
    space=Space(**{f"x{k}": Float(0, 1) for k in range(1, 4)}),
    x0={f"x{k}": 0.5 for k in range(1, 4)},
    minimizers=[{"x1": 0.11461433858967197, "x2": 0.5556488499718569, "x3": 0.8525469535208657}],
    fmin=-3.8627821478207554,
    tags="smooth multimodal",
    source="Kandasamy, Dasarathy, Oliva, Schneider & Póczos (2016), whose three levels are here joined by a line",
    fidelity=RESOURCE,
)
def hartmann_3_fidelity(configuration: Configuration, resource: float) -> float:
    """Hartmann's function of three numbers, whose heights lose 2 (0.01, −0.01, −0.1, 0.1) at the cheapest level."""
    missing = 2.0 * _missing(resource)
    return _bells(list(configuration.values()), HARTMANN_3, [missing * d for d in (0.01, -0.01, -0.1, 0.1)])


@searched(
    space=Space(**{f"x{k}": Float(0, 1) for k in range(1, 7)}),
    x0={f"x{k}": 0.5 for k in range(1, 7)},
    minimizers=[
        {
            "x1": 0.20168951100670543,
            "x2": 0.15001069182345797,
            "x3": 0.476873974221897,
            "x4": 0.2753324304940561,
            "x5": 0.31165161660011326,
            "x6": 0.6573005340656203,
        }
    ],
    fmin=-3.3223680114155147,
    tags="smooth multimodal",
    source="Wu, Toscano-Palmerin, Frazier & Wilson (2019)",
    fidelity=RESOURCE,
)
def hartmann_6_fidelity(configuration: Configuration, resource: float) -> float:
    """Hartmann's function of six numbers, whose first height is less by 0.1 (1 − s); s is the share of the resource."""
    return _bells(list(configuration.values()), HARTMANN_6, [0.1 * (1.0 - _share(resource)), 0.0, 0.0, 0.0])
