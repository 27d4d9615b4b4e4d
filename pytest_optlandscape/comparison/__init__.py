"""Compare two records of a landscape or a suite, and reach a verdict."""

from __future__ import annotations

from pytest_optlandscape.comparison.findings import Finding, Verdict
from pytest_optlandscape.comparison.landscape_comparison import LandscapeComparison, compare_landscape
from pytest_optlandscape.comparison.suite_comparison import OptimizerComparison, compare_optimizer

__all__ = [
    "Finding",
    "LandscapeComparison",
    "OptimizerComparison",
    "Verdict",
    "compare_landscape",
    "compare_optimizer",
]
