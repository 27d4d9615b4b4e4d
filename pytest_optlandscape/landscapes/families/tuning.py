"""Small problems over typed search spaces: discrete, mixed or conditional, each with a known minimum.

The tests prove the minima: they try all values of the discrete parameters, and polish the real ones for each.
Constraints are exact penalties. They are zero where the constraints hold, and so steep that the minimum is that of the
constrained problem.
"""

from __future__ import annotations

import math
from typing import Any

from pytest_optlandscape.landscapes.definition import searched
from pytest_optlandscape.landscapes.families.deceptive import HARTMANN_6
from pytest_optlandscape.landscapes.spaces.parameters import Choice, Float, Int, Ordinal
from pytest_optlandscape.landscapes.spaces.space import Space

FAMILY = "tuning"
Configuration = dict[str, Any]


@searched(
    space=Space(a=Int(0, 10), b=Float(-1, 1, step=0.1), c=Float(1e-5, 1e-2, log=True)),
    x0={"a": 0, "b": -1.0, "c": 1e-5},
    minimizers=[{"a": 4, "b": 1.0, "c": 1e-3}],
    fmin=-1.0,
    tags="",
    source="KerasTuner 1.4, test_distributed_optimization of its Bayesian oracle",
)
def kerastuner_mixed(configuration: Configuration) -> float:
    """−b + |a − 4| + 0.1 |3 + log₁₀ c|."""
    a, b, c = configuration["a"], configuration["b"], configuration["c"]
    return float(abs(a - 4.0) - b + 0.1 * abs(3.0 + math.log10(c)))


_RATES = {"sgd": -1.0, "rmsprop": -3.0, "adam": -3.0}
"""The decimal logarithm of the best learning rate, by optimizer."""


@searched(
    space=Space(
        optimizer=Choice("sgd", "rmsprop", "adam"),
        learning_rate=Float(1e-6, 1, log=True),
        momentum=Float(0, 0.99, when={"optimizer": "sgd"}),
        weight_decay=Float(1e-8, 1e-2, log=True),
        batch_size=Int(1, 1024, log=True),
    ),
    x0={"optimizer": "sgd", "learning_rate": 1.0, "momentum": 0.0, "weight_decay": 1e-2, "batch_size": 1},
    minimizers=[{"optimizer": "adam", "learning_rate": 1e-3, "weight_decay": 1e-5, "batch_size": 32}],
    fmin=0.0,
    tags="",
    source="this package's own: the scales on which rates of trainings are searched",
)
def optimizer_and_rates(configuration: Configuration) -> float:
    """(log₁₀ rate − r)² + ¼ (log₁₀ decay + 5)² + ⅒ (log₂ batch − 5)² + c, where r and c depend on the optimizer.

    r is −1 for SGD and −3 for the others; c is 0 for Adam, 0.3 for RMSprop, and 0.1 + (momentum − 0.9)² for SGD.
    """
    name = configuration["optimizer"]
    rates = (math.log10(configuration["learning_rate"]) - _RATES[name]) ** 2
    rates += 0.25 * (math.log10(configuration["weight_decay"]) + 5.0) ** 2
    batch = 0.1 * (math.log2(configuration["batch_size"]) - 5.0) ** 2
    of_optimizer = {"adam": 0.0, "rmsprop": 0.3}
    return float(rates + batch + of_optimizer.get(name, 0.1 + (configuration.get("momentum", 0.9) - 0.9) ** 2))


@searched(
    space=Space(
        x1=Int(0, 1),
        x2=Int(0, 1, when={"x1": 0}),
        x3=Int(0, 1, when={"x1": 1}),
        x4=Float(-1, 1, when={"x2": 0}),
        x5=Float(-1, 1, when={"x2": 1}),
        x6=Float(-1, 1, when={"x3": 0}),
        x7=Float(-1, 1, when={"x3": 1}),
        r8=Float(0, 1, when={"x1": 0}),
        r9=Float(0, 1, when={"x1": 1}),
    ),
    x0={"x1": 1, "x3": 1, "x7": 0.5, "r9": 0.5},
    minimizers=[{"x1": 0, "x2": 0, "x4": 0.0, "r8": 0.0}],
    fmin=0.1,
    tags="active-bounds",
    source="Jenatton, Archambeau, González & Seeger (2017), sec. 4.1",
)
def jenatton_tree(configuration: Configuration) -> float:
    """Leaf k = 4, 5, 6, 7 of a binary tree: xₖ² + 0.1 (k − 3) + r, with r₈ shared by leaves 4 and 5, r₉ by 6 and 7."""
    leaf = next(k for k in (4, 5, 6, 7) if f"x{k}" in configuration)
    shared = configuration["r8" if leaf < 6 else "r9"]
    return float(configuration[f"x{leaf}"] ** 2 + 0.1 * (leaf - 3) + shared)


@searched(
    space=Space(x1=Int(0, 3), x2=Int(0, 3), x3=Int(0, 19), x4=Int(0, 19), x5=Float(0, 1), x6=Float(0, 1)),
    x0={"x1": 2, "x2": 2, "x3": 10, "x4": 10, "x5": 0.5, "x6": 0.5},
    minimizers=[{"x1": 1, "x2": 0, "x3": 9, "x4": 5, "x5": 0.3098070582418386, "x6": 0.6587000849124638}],
    fmin=-2.8893836622444855,
    tags="",
    source="Daulton et al. (2022), discretised as in Ax, which lists −3.0 as a bound of the minimum",
)
def discrete_hartmann_6(configuration: Configuration) -> float:
    """Hartmann's function of (x₁/3, x₂/3, x₃/19, x₄/19, x₅, x₆)."""
    x = [value / step for value, step in zip(configuration.values(), (3, 3, 19, 19, 1, 1), strict=True)]
    return -sum(
        height * math.exp(-sum(a * (v - p) ** 2 for a, v, p in zip(steepness, x, centre, strict=True)))
        for height, steepness, centre in HARTMANN_6
    )


_BITS = range(1, 11)
_REALS = range(11, 14)


@searched(
    space=Space(**{f"x{k}": Int(0, 1) for k in _BITS}, **{f"x{k}": Float(-1, 1) for k in _REALS}),
    x0={**{f"x{k}": 1 for k in _BITS}, **{f"x{k}": 0.5 for k in _REALS}},
    minimizers=[{**{f"x{k}": 0 for k in _BITS}, **{f"x{k}": 0.0 for k in _REALS}}],
    fmin=0.0,
    tags="",
    source="Daulton et al. (2022); Bliek, Verwer & de Weerdt (2021) with 50 bits",
)
def ackley_13(configuration: Configuration) -> float:
    """−20 exp(−0.2 √(Σ xᵢ²/13)) − exp(Σ cos(2πxᵢ)/13) + 20 + e, with ten bits and three real numbers."""
    x = list(configuration.values())
    root = math.sqrt(sum(v * v for v in x) / len(x))
    waves = sum(1.0 - math.cos(2.0 * math.pi * v) for v in x) / len(x)
    return -20.0 * math.expm1(-0.2 * root) - math.e * math.expm1(-waves)


_VESSEL_PENALTY = 1e5
"""Dollars for a constraint that is missed by 100 %; the steepest multiplier is below 1e4."""


@searched(
    space=Space(
        shell=Float(0.0625, 6.1875, step=0.0625),
        head=Float(0.0625, 6.1875, step=0.0625),
        radius=Float(10, 200),
        length=Float(10, 200),
    ),
    x0={"shell": 3.125, "head": 3.125, "radius": 100.0, "length": 100.0},
    minimizers=[{"shell": 0.8125, "head": 0.4375, "radius": 42.09844559585492, "length": 176.63659584243945}],
    fmin=6059.714335048436,
    tags="wide-range",
    source="Sandgren (1990), pressure vessel; Kannan & Kramer (1994)",
)
def pressure_vessel(configuration: Configuration) -> float:
    """0.6224 T_s R L + 1.7781 T_h R² + 3.1661 T_s² L + 19.84 T_s² R, cost of a vessel with penalties.

    T_s ≥ 0.0193 R, T_h ≥ 0.00954 R, and the volume π R² L + 4/3 π R³ is at least 1296000 cubic inches. The thicknesses
    of shell and head are multiples of 1/16 inch. L ≤ 240 holds in the space.
    """
    shell, head = configuration["shell"], configuration["head"]
    radius, length = configuration["radius"], configuration["length"]
    square = radius * radius
    cost = (
        0.6224 * shell * radius * length + 1.7781 * head * square + shell * shell * (3.1661 * length + 19.84 * radius)
    )
    volume = math.pi * square * (length + 4.0 / 3.0 * radius)
    missed = (0.0193 * radius / shell - 1.0, 0.00954 * radius / head - 1.0, 1.0 - volume / 1296000.0)
    return float(cost + _VESSEL_PENALTY * sum(max(0.0, by) for by in missed))


WIRES = (0.207, 0.225, 0.244, 0.263, 0.283, 0.307, 0.331, 0.362, 0.394, 0.4375, 0.5)
"""Diameters of music wire, in inches, from the least that is allowed, 0.2, to the greatest of the standard."""
_SPRING_PENALTY = 100.0
"""Cubic inches for a constraint that is missed by 100 %; the steepest multiplier is below 1."""
_COIL = (11.5e6 * 0.283**4 / (8.0 * 9 * 560.0)) ** (1.0 / 3.0)


@searched(
    space=Space(wire=Ordinal(*WIRES), turns=Int(1, 30), coil=Float(0.6, 3)),
    x0={"wire": 0.394, "turns": 15, "coil": 1.8},
    minimizers=[{"wire": 0.283, "turns": 9, "coil": _COIL}],
    fmin=0.25 * math.pi**2 * _COIL * 0.283**2 * 11,
    tags="wide-range",
    source="Sandgren (1990), coil compression spring; Lampinen & Zelinka (1999), whose 2.65856 it is",
)
def coil_spring(configuration: Configuration) -> float:
    """¼ π² D d² (N + 2), volume of the wire of a spring with penalties.

    The wire is d thick, and the N turns have the diameter D. The spring takes 1000 pounds at 189000 psi of shear
    stress, is at most 14 inches long without load, yields at most 6 inches to a load of 300 pounds and at least 1.25
    inches more to 1000, and D is at least 3 d. The literature's constraint on the length under load holds always.
    """
    wire, turns, coil = configuration["wire"], configuration["turns"], configuration["coil"]
    index = coil / wire
    curvature = (4.0 * index - 1.0) / (4.0 * index - 4.0) + 0.615 / index
    rate = 11.5e6 * wire**4 / (8.0 * turns * coil**3)
    free = 1000.0 / rate + 1.05 * (turns + 2) * wire
    missed = (
        8.0 * curvature * 1000.0 * coil / (math.pi * wire**3) / 189000.0 - 1.0,
        free / 14.0 - 1.0,
        300.0 / rate / 6.0 - 1.0,
        1.0 - 700.0 / rate / 1.25,
        1.0 - index / 3.0,
    )
    volume = 0.25 * math.pi**2 * coil * wire**2 * (turns + 2)
    return float(volume + _SPRING_PENALTY * sum(max(0.0, by) for by in missed))
