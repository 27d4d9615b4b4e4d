"""What is minimised: landscapes with known minima.

>>> from pytest_optlandscape import landscapes
>>> beale = landscapes.get("beale")
>>> beale([4.0, 4.0])
68891.203125
>>> beale.gradient([1.0, 1.0])
array([ 0.  , 27.75])
"""

from __future__ import annotations

import importlib

from pytest_optlandscape.landscapes.expressions import select_by_text
from pytest_optlandscape.landscapes.landscape import Landscape
from pytest_optlandscape.landscapes.registry import families, get, names, register, select, shipped_names, variants
from pytest_optlandscape.landscapes.tags import TAGS

__all__ = [
    "TAGS",
    "Landscape",
    "families",
    "get",
    "names",
    "register",
    "select",
    "select_by_text",
    "shipped_names",
    "variants",
]

FAMILIES = tuple(
    importlib.import_module(f"{__name__}.{name}")
    for name in (
        "classic_2d",
        "classic_2d_waves",
        "classic_2d_valleys",
        "classic_2d_tables",
        "scalable",
        "scalable_waves",
        "scalable_bowls",
        "scalable_ripples",
        "one_dimensional",
        "ill_conditioned",
        "nonsmooth",
        "deceptive",
        "plateaus",
        "least_squares",
        "least_squares_data",
        "least_squares_polynomials",
        "least_squares_scalable",
        "least_squares_linear",
        "constrained",
        "constrained_design",
        "bbob",
        "bbob_multimodal",
        "networks",
        "stochastic",
        "training",
    )
)
"""The family modules in the catalogue's order: importing one enters its landscapes."""
