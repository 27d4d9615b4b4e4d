"""Suites: the landscapes, cells, starts and budgets that are run."""

from __future__ import annotations

from pytest_optlandscape.suites.box import Box
from pytest_optlandscape.suites.catalogue import SUITES, Cell, cells, suite_budget_per_dimension, suite_landscapes
from pytest_optlandscape.suites.low_discrepancy import sobol, sobol_starts
from pytest_optlandscape.suites.named_starts import special_starts

__all__ = [
    "SUITES",
    "Box",
    "Cell",
    "cells",
    "sobol",
    "sobol_starts",
    "special_starts",
    "suite_budget_per_dimension",
    "suite_landscapes",
]
