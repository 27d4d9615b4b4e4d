"""The catalogue's families: one file each, one entry for each landscape."""

from __future__ import annotations

import importlib

__all__ = ["FAMILIES"]

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
        "bbob_mixint",
        "tuning",
        "pseudo_boolean",
        "multi_fidelity",
        "cross_validated",
    )
)
"""The family modules in the catalogue's order; importing one adds its landscapes."""
