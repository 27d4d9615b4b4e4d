"""What is remembered: baselines, written atomically and merged."""

from __future__ import annotations

from pytest_optlandscape.ledger.baseline import (
    Baseline,
    baseline_path,
    read_baseline,
    update_baseline,
)
from pytest_optlandscape.ledger.files import check_writable, write_atomically
from pytest_optlandscape.ledger.stored import BaselineError
from pytest_optlandscape.ledger.widths import read_widths, update_widths, widths_path

__all__ = [
    "Baseline",
    "BaselineError",
    "baseline_path",
    "check_writable",
    "read_baseline",
    "read_widths",
    "update_baseline",
    "update_widths",
    "widths_path",
    "write_atomically",
]
