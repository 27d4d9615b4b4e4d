"""Show two traces of one cell side by side where they diverge, and the change in the optimizer's own time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.comparison.own_time import TIME_GATE, TimeRatios, median_interval
from pytest_optlandscape.report.layout import WIDTH, table
from pytest_optlandscape.runs import Trace, box_widths

__all__ = ["divergence_evaluation", "divergence_lines", "time_line"]

FloatArray = NDArray[np.float64]

APART = 1e-9
"""Share of the box beyond which the distance of two points is more than rounding."""

ROWS_BEFORE, ROWS_AFTER = 2, 4

SHOWN = ((9, 3), (9, 2), (7, 2), (6, 2), (5, 2))
"""Formats of a point (digits, coordinates), tried in order until the lines fit the terminal's width."""


def divergence_evaluation(before: Trace, now: Trace, bounds: FloatArray) -> int | None:
    """Return the first evaluation at which two traces diverge by more than rounding.

    Parameters
    ----------
    before, now : Trace
    bounds : ndarray, shape (dim, 2)

    Returns
    -------
    int or None
        Counted from 1. If one trace only ends earlier, its length plus 1; None if the traces do not diverge.
    """
    count = min(len(before), len(now))
    with np.errstate(invalid="ignore"):
        apart = np.abs(before.x[:count] - now.x[:count]) / box_widths(bounds) > APART
    apart |= np.isfinite(before.x[:count]) != np.isfinite(now.x[:count])
    first = np.flatnonzero(apart.any(axis=1))
    if first.size:
        return int(first[0]) + 1
    return count + 1 if len(before) != len(now) else None


def divergence_lines(cell_id: str, before: Trace, now: Trace, bounds: FloatArray) -> list[str]:
    """Return a table of the evaluations around the one at which two traces diverge.

    Parameters
    ----------
    cell_id : str
    before, now : Trace
    bounds : ndarray, shape (dim, 2)

    Returns
    -------
    list of str
    """
    divergence = divergence_evaluation(before, now, bounds)
    if divergence is None:
        return [f"  {cell_id}: no evaluation diverges by more than rounding"]
    marks = range(max(divergence - ROWS_BEFORE, 1), min(divergence + ROWS_AFTER, max(len(before), len(now))) + 1)
    every = [_lines_with(marks, divergence, (before, now), shown) for shown in SHOWN]
    narrow = (lines for lines in every if max(map(len, lines)) <= WIDTH)
    return [f"  {cell_id} diverges at evaluation {divergence}:", *next(narrow, every[-1])]


def _lines_with(
    marks: Iterable[int], divergence: int, traces: tuple[Trace, Trace], shown: tuple[int, int]
) -> list[str]:
    rows = []
    for mark in marks:
        points = (_point(trace, mark, *shown) for trace in traces)
        gaps = (_gap(trace, mark) for trace in traces)
        rows.append([f"  {mark}{' <' if mark == divergence else ''}", *points, *gaps, ""])
    return table(["  evaluation", "x before", "x now", "gap before", "gap now", ""], rows)


def _point(trace: Trace, mark: int, digits: int, coordinates: int) -> str:
    if mark > len(trace):
        return "(ended)"
    x = trace.x[mark - 1]
    shown = ", ".join(f"{value:.{digits}g}" for value in x[:coordinates])
    return f"({shown}{', …' if len(x) > coordinates else ''})"


def _gap(trace: Trace, mark: int) -> str:
    return f"{trace.gap[mark - 1]:.3g}" if mark <= len(trace) else "-"


def time_line(timed: Sequence[TimeRatios]) -> str:
    """Describe the change in own time per evaluation over all timed cells.

    Parameters
    ----------
    timed : sequence of TimeRatios

    Returns
    -------
    str
        The ratio with its interval and a conclusion; "" if there are too few cells for an interval.
    """
    changes = [change for ratios in timed for _, change in ratios.cells]
    interval = median_interval(changes) if changes else None
    if interval is None or interval.lower <= 0.0:
        return ""
    text = f"own time per evaluation × {interval.ratio:.3g} ({interval.lower:.3g} to {interval.upper:.3g}"
    text += " at 99 % confidence)"
    if interval.lower <= 1.0 <= interval.upper:
        return f"{text}: no difference shown"
    if 1.0 / TIME_GATE < interval.ratio < TIME_GATE:
        return f"{text}: below the gate, × {TIME_GATE:g}"
    return text
