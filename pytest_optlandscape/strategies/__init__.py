"""Where to start: Hypothesis strategies, evenly spread tables, suites.

Hypothesis is imported when one of its strategies is first asked for, because that takes a tenth of a second.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_optlandscape.strategies.basins import Basin, BasinMap, basin_map
    from pytest_optlandscape.strategies.box import Box
    from pytest_optlandscape.strategies.hunter import find_failing_start
    from pytest_optlandscape.strategies.hypothesis_boxes import bounds, boxes
    from pytest_optlandscape.strategies.hypothesis_hyperparameters import hyperparameters
    from pytest_optlandscape.strategies.hypothesis_strategies import instances, landscapes, starts
    from pytest_optlandscape.strategies.low_discrepancy import sobol, sobol_starts
    from pytest_optlandscape.strategies.named_starts import special_starts
    from pytest_optlandscape.strategies.suites import SUITES, Cell, cells, suite_landscapes

_HOMES = {
    "SUITES": "suites",
    "Basin": "basins",
    "BasinMap": "basins",
    "Box": "box",
    "Cell": "suites",
    "basin_map": "basins",
    "bounds": "hypothesis_boxes",
    "boxes": "hypothesis_boxes",
    "cells": "suites",
    "find_failing_start": "hunter",
    "hyperparameters": "hypothesis_hyperparameters",
    "instances": "hypothesis_strategies",
    "landscapes": "hypothesis_strategies",
    "sobol": "low_discrepancy",
    "sobol_starts": "low_discrepancy",
    "special_starts": "named_starts",
    "starts": "hypothesis_strategies",
    "suite_landscapes": "suites",
}

__all__ = [
    "SUITES",
    "Basin",
    "BasinMap",
    "Box",
    "Cell",
    "basin_map",
    "bounds",
    "boxes",
    "cells",
    "find_failing_start",
    "hyperparameters",
    "instances",
    "landscapes",
    "sobol",
    "sobol_starts",
    "special_starts",
    "starts",
    "suite_landscapes",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
