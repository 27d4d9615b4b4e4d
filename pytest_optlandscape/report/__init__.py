"""Turn comparisons into text for people and tools; pure functions."""

from __future__ import annotations

from pytest_optlandscape.report.failures import failure_text, overall_failure_text
from pytest_optlandscape.report.layout import table
from pytest_optlandscape.report.outcome import outcome, outcome_text
from pytest_optlandscape.report.terminal import details, landscape_rows, summary_blocks, summary_lines
from pytest_optlandscape.report.traces import divergence_lines, time_line
from pytest_optlandscape.report.wording import BASELINE, Wording

__all__ = [
    "BASELINE",
    "Wording",
    "details",
    "divergence_lines",
    "failure_text",
    "landscape_rows",
    "outcome",
    "outcome_text",
    "overall_failure_text",
    "summary_blocks",
    "summary_lines",
    "table",
    "time_line",
]
