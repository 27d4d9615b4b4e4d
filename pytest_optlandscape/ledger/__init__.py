"""What is remembered: baselines, written atomically and merged."""

from __future__ import annotations

from pytest_optlandscape.ledger.baseline import (
    Baseline,
    BaselineChange,
    baseline_path,
    read_baseline,
    update_baseline,
)
from pytest_optlandscape.ledger.files import check_writable, write_atomically
from pytest_optlandscape.ledger.stored import BaselineError
from pytest_optlandscape.ledger.tracked import read_tracked, tracked_path, update_tracked

__all__ = [
    "Baseline",
    "BaselineChange",
    "BaselineError",
    "baseline_path",
    "check_writable",
    "read_baseline",
    "read_tracked",
    "tracked_path",
    "update_baseline",
    "update_tracked",
    "write_atomically",
]
