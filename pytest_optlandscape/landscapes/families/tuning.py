"""Small problems over typed search spaces: discrete, mixed or conditional, each with a known minimum."""

from __future__ import annotations

from typing import Any

from pytest_optlandscape.landscapes.definition import searched
from pytest_optlandscape.landscapes.spaces.parameters import Float, Int
from pytest_optlandscape.landscapes.spaces.space import Space

FAMILY = "tuning"
Configuration = dict[str, Any]


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
    tags="",
    source="Jenatton, Archambeau, González & Seeger (2017), sec. 4.1",
)
def jenatton_tree(configuration: Configuration) -> float:
    """Leaf k = 4, 5, 6, 7 of a binary tree: xₖ² + 0.1 (k − 3) + r, with r₈ shared by leaves 4 and 5, r₉ by 6 and 7."""
    leaf = next(k for k in (4, 5, 6, 7) if f"x{k}" in configuration)
    shared = configuration["r8" if leaf < 6 else "r9"]
    return float(configuration[f"x{leaf}"] ** 2 + 0.1 * (leaf - 3) + shared)
