"""Hypothesis strategies: starts, bounds, configurations, instances, landscapes and hyperparameters.

The names of `suites` and `search` can be imported from here, too. Hypothesis is imported when a strategy is first used,
because the import takes a tenth of a second.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_optlandscape.search.basins import Basin, BasinMap, basin_map
    from pytest_optlandscape.search.failing_starts import find_failing_start
    from pytest_optlandscape.strategies.hypothesis_boxes import bounds, boxes
    from pytest_optlandscape.strategies.hypothesis_configurations import configurations
    from pytest_optlandscape.strategies.hypothesis_hyperparameters import hyperparameters
    from pytest_optlandscape.strategies.hypothesis_strategies import instances, landscapes, starts
    from pytest_optlandscape.suites.box import Box
    from pytest_optlandscape.suites.catalogue import SUITES, Cell, cells, suite_landscapes
    from pytest_optlandscape.suites.low_discrepancy import sobol, sobol_starts
    from pytest_optlandscape.suites.named_starts import special_starts

_HOMES = {
    "SUITES": "suites.catalogue",
    "Basin": "search.basins",
    "BasinMap": "search.basins",
    "Box": "suites.box",
    "Cell": "suites.catalogue",
    "basin_map": "search.basins",
    "bounds": "strategies.hypothesis_boxes",
    "boxes": "strategies.hypothesis_boxes",
    "cells": "suites.catalogue",
    "configurations": "strategies.hypothesis_configurations",
    "find_failing_start": "search.failing_starts",
    "hyperparameters": "strategies.hypothesis_hyperparameters",
    "instances": "strategies.hypothesis_strategies",
    "landscapes": "strategies.hypothesis_strategies",
    "sobol": "suites.low_discrepancy",
    "sobol_starts": "suites.low_discrepancy",
    "special_starts": "suites.named_starts",
    "starts": "strategies.hypothesis_strategies",
    "suite_landscapes": "suites.catalogue",
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
    "configurations",
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
    value = getattr(importlib.import_module(f"pytest_optlandscape.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
