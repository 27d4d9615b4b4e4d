"""Format numbers and names for the page."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable

import numpy as np

from pytest_optlandscape.comparison import LandscapeComparison, OptimizerComparison, Verdict
from pytest_optlandscape.records.landscape_record import CellRecord, LandscapeRecord
from pytest_optlandscape.report import wording
from pytest_optlandscape.report.trend import clean, over_suite, what_moved
from pytest_optlandscape.texts.plurals import number_of
from pytest_optlandscape.trend import Point

__all__ = [
    "command_line",
    "count_of_verdicts",
    "day_of",
    "gap_text",
    "median_text",
    "moved_in_full",
    "moved_on",
    "moved_title",
    "point_text",
    "reached_text",
    "replay_command",
    "speed_text",
    "success_text",
    "what_moved",
]


def command_line(*words: str) -> str:
    """Return a command for a shell, quoted as needed and without control characters."""
    return wording.command_line(*(clean(word, 400) for word in words))


def replay_command(spec: str, cell: str) -> str:
    """Return the command that replays one cell of one optimizer."""
    return wording.replay_command(clean(spec, 400), clean(cell, 400))


def day_of(seconds: int) -> str:
    """Return the day of a time in UTC; "?" if the time is out of range.

    Examples
    --------
    >>> day_of(0), day_of(10**18)
    ('1970-01-01', '?')
    """
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d")
    except (ValueError, OverflowError, OSError):
        return "?"


def point_text(point: Point) -> str:
    """Return the name of a commit with its day, author and subject."""
    entry = point.entry
    who = f", {clean(entry.author, 40)}" if entry.author else ""
    subject = f": {clean(entry.subject, 100)}" if entry.subject else ""
    return f"{entry.short} ({day_of(entry.commit_time)}{who}){subject}"


def speed_text(comparison: OptimizerComparison | LandscapeComparison | None) -> str:
    """Format a change in speed: ``× 0.95``, ``identical``, ``equal`` (up to rounding), ``unknown``, or a dash."""
    if comparison is None or comparison.speed is None:
        return "–"
    if comparison.fingerprint == "identical":
        return "identical"
    if comparison.fingerprint == "rounding" and comparison.verdict == Verdict.SAME:
        return "equal"
    ratio = comparison.speed_ratio
    return "unknown" if ratio is None else f"× {ratio:.3g}"


def gap_text(gap: float) -> str:
    """Format a gap with three digits."""
    return f"{gap:.3g}" if math.isfinite(gap) else "∞"


def reached_text(cell: CellRecord) -> str:
    """Format the number of targets that a cell reached."""
    return f"{sum(hit != math.inf for hit in cell.hits)}/{len(cell.hits)}"


def success_text(records: Iterable[LandscapeRecord]) -> str:
    """Format the number of successful cells."""
    several = list(records)
    cells = sum(len(record.cells) for record in several)
    successes = sum(record.successes for record in several)
    return f"{successes}/{cells} ({100 * successes / cells:.0f} %)" if cells else "–"


def median_text(values: Iterable[float], digits: int) -> str:
    """Format the median of some numbers."""
    return f"{float(np.median(list(values))):.{digits}f}"


def moved_on(comparison: LandscapeComparison) -> str:
    """Describe in one line what moved on a landscape."""
    if comparison.verdict == Verdict.NOT_COMPARABLE:
        return clean(comparison.reason, 300)
    if comparison.findings:
        return "; ".join(clean(one.text, 300) for one in comparison.findings)
    if comparison.verdict == Verdict.CHANGED:
        return f"{number_of(len(comparison.diverged), 'path')} diverge; nothing significant and far enough"
    return ""


def moved_title(comparison: OptimizerComparison, most: int = 2) -> str:
    """Describe the first findings without p-values, for a heading."""
    found = [("", one) for one in over_suite(comparison)] or comparison.decisive
    if comparison.verdict == Verdict.NOT_COMPARABLE or not found:
        return _unbroken(what_moved(comparison))
    texts = [clean(f"{where}: {one.text}" if where else one.text, 300) for where, one in found]
    return "; ".join([*texts[:most], *([f"and {len(texts) - most} more"] if len(texts) > most else [])])


def moved_in_full(comparison: OptimizerComparison) -> str:
    """Describe all findings with p-values that are not broken at the end of a line."""
    return _unbroken(what_moved(comparison))


def _unbroken(text: str) -> str:
    return re.sub(r"\(p = ([\d.]+)e-(\d+)\)", "(p\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}\\1e\N{MINUS SIGN}\\2)", text)


def count_of_verdicts(verdicts: Iterable[str]) -> str:
    """Format the counts of verdicts, the gravest first.

    Examples
    --------
    >>> count_of_verdicts(["same", "worse", "same"])
    '1 worse, 2 same'
    """
    several = list(verdicts)
    order = ["worse", "not-comparable", "changed", "better", "new", "same"]
    return ", ".join(f"{several.count(one)} {one}" for one in order if one in several)
