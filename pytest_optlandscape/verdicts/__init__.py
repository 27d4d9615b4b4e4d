"""What it means: assertions, the contract, comparisons and their verdicts."""

from __future__ import annotations

from pytest_optlandscape.runs.rates import RateInterval, rate_interval
from pytest_optlandscape.verdicts.assertions import assert_converges, assert_precise, assert_stays_feasible
from pytest_optlandscape.verdicts.averaging import with_further_runs
from pytest_optlandscape.verdicts.comparison import LandscapeComparison, compare_landscape
from pytest_optlandscape.verdicts.contract import (
    CHECKS,
    CheckOutcome,
    ContractWarning,
    check_optimizer,
    parametrize_with_checks,
)
from pytest_optlandscape.verdicts.equivalence import Equivalence, assert_equivalent
from pytest_optlandscape.verdicts.findings import Finding, Verdict
from pytest_optlandscape.verdicts.fingerprint import Fingerprint, Stability
from pytest_optlandscape.verdicts.hyperparameters import RobustRange, RobustWidth
from pytest_optlandscape.verdicts.measuring import definition_of, measure_suite, run_baseline, run_landscape
from pytest_optlandscape.verdicts.records import CellRecord, LandscapeRecord
from pytest_optlandscape.verdicts.robust_assertion import assert_robust
from pytest_optlandscape.verdicts.robustness import Robustness
from pytest_optlandscape.verdicts.suite_comparison import OptimizerComparison, compare_optimizer
from pytest_optlandscape.verdicts.summing_up import record_of

__all__ = [
    "CHECKS",
    "CellRecord",
    "CheckOutcome",
    "ContractWarning",
    "Equivalence",
    "Finding",
    "Fingerprint",
    "LandscapeComparison",
    "LandscapeRecord",
    "OptimizerComparison",
    "RateInterval",
    "RobustRange",
    "RobustWidth",
    "Robustness",
    "Stability",
    "Verdict",
    "assert_converges",
    "assert_equivalent",
    "assert_precise",
    "assert_robust",
    "assert_stays_feasible",
    "check_optimizer",
    "compare_landscape",
    "compare_optimizer",
    "definition_of",
    "measure_suite",
    "parametrize_with_checks",
    "rate_interval",
    "record_of",
    "run_baseline",
    "run_landscape",
    "with_further_runs",
]
