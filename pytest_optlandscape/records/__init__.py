"""Run the cells of landscapes, and keep a record of each run."""

from __future__ import annotations

from pytest_optlandscape.records.averages import with_further_runs
from pytest_optlandscape.records.build_records import record_of
from pytest_optlandscape.records.fingerprint import Fingerprint, RoundingSensitivity
from pytest_optlandscape.records.hyperparameter_map import HyperparameterMap
from pytest_optlandscape.records.landscape_record import CellRecord, LandscapeRecord
from pytest_optlandscape.records.measuring import definition_of, measure_suite, run_baseline, run_landscape
from pytest_optlandscape.records.robust_range import RobustRange, RobustWidth
from pytest_optlandscape.records.robustness import Robustness

__all__ = [
    "CellRecord",
    "Fingerprint",
    "HyperparameterMap",
    "LandscapeRecord",
    "RobustRange",
    "RobustWidth",
    "Robustness",
    "RoundingSensitivity",
    "definition_of",
    "measure_suite",
    "record_of",
    "run_baseline",
    "run_landscape",
    "with_further_runs",
]
