"""What it means: assertions, the contract, comparisons and their verdicts."""

from __future__ import annotations

from pytest_optlandscape.verdicts.assertions import (
    Robustness,
    assert_converges,
    assert_precise,
    assert_robust,
)
from pytest_optlandscape.verdicts.comparison import (
    Finding,
    LandscapeComparison,
    OptimizerComparison,
    Verdict,
    compare_landscape,
    compare_optimizer,
)
from pytest_optlandscape.verdicts.contract import CHECKS, check_optimizer, parametrize_with_checks
from pytest_optlandscape.verdicts.equivalence import assert_equivalent
from pytest_optlandscape.verdicts.records import (
    CellRecord,
    LandscapeRecord,
    definition_of,
    record_of,
    run_landscape,
)
from pytest_optlandscape.verdicts.statistics import RateInterval, rate_interval

__all__ = [
    "CHECKS",
    "CellRecord",
    "Finding",
    "LandscapeComparison",
    "LandscapeRecord",
    "OptimizerComparison",
    "RateInterval",
    "Robustness",
    "Verdict",
    "assert_converges",
    "assert_equivalent",
    "assert_precise",
    "assert_robust",
    "check_optimizer",
    "compare_landscape",
    "compare_optimizer",
    "definition_of",
    "parametrize_with_checks",
    "rate_interval",
    "record_of",
    "run_landscape",
]
