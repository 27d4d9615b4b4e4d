"""Format numbers of an optimizer before and now, side by side."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace

from pytest_optlandscape.comparison import LandscapeComparison, OptimizerComparison
from pytest_optlandscape.records import LandscapeRecord

__all__ = ["before_and_now", "records_of", "speed_text"]


def before_and_now(before: Sequence[LandscapeRecord], now: Sequence[LandscapeRecord]) -> list[str]:
    """Format success, digits and evaluations before and now, or once if they are equal.

    Parameters
    ----------
    before : sequence of LandscapeRecord
        Empty if nothing was compared.
    now : sequence of LandscapeRecord

    Returns
    -------
    list of str
        Three texts, such as ``205 → 197/337``, ``5.9`` and ``45 → 61``: successful cells, and medians over the
        landscapes of correct decimal places and of evaluations.
    """

    def texts(records: Sequence[LandscapeRecord]) -> tuple[list[str], int]:
        cells = sum(len(record.cells) for record in records)
        digits = statistics.median(record.digits for record in records)
        return [
            f"{sum(record.successes for record in records)}",
            f"{round(digits, 1) + 0.0:.1f}",
            f"{statistics.median(record.evaluations for record in records):.0f}",
        ], cells

    are, cells = texts(now)
    were, cells_before = texts(before) if before else (are, cells)
    of_all = [f"/{cells}", "", ""]
    if cells_before != cells:
        were[0] += f"/{cells_before}"
    return [
        (new if old == new else f"{old} → {new}") + further for old, new, further in zip(were, are, of_all, strict=True)
    ]


def records_of(
    comparison: OptimizerComparison | LandscapeComparison,
) -> tuple[list[LandscapeRecord], list[LandscapeRecord]]:
    """Return the records before and now, of the same cells.

    Parameters
    ----------
    comparison : OptimizerComparison or LandscapeComparison

    Returns
    -------
    list of LandscapeRecord
        The records before, without cells that were not run now; empty if any landscape was not compared.
    list of LandscapeRecord
        All records of now.
    """
    every = comparison.landscapes if isinstance(comparison, OptimizerComparison) else (comparison,)
    before = [_with_cells_of(one.before, one.now) for one in every if one.before is not None and one.is_compared]
    now = [one.now for one in every]
    return (before if len(before) == len(now) else []), now


def _with_cells_of(before: LandscapeRecord, now: LandscapeRecord) -> LandscapeRecord:
    starts = {cell.start for cell in now.cells}
    cells = tuple(cell for cell in before.cells if cell.start in starts)
    return before if len(cells) == len(before.cells) else replace(before, cells=cells)


def speed_text(comparison: OptimizerComparison | LandscapeComparison, *, is_short: bool = False) -> str:
    """Format the change in speed: ``× 0.95``, ``identical``, ``equal up to rounding``, ``unknown``, or a dash.

    Parameters
    ----------
    comparison : OptimizerComparison or LandscapeComparison
    is_short : bool, default False
        Whether to shorten ``equal up to rounding`` to ``rounding``.
    """
    if comparison.speed is None:
        return "-"
    if comparison.fingerprint in ("changed", "nondeterministic"):
        ratio = comparison.speed_ratio
        return "unknown" if ratio is None else f"× {ratio:.3g}"
    if comparison.fingerprint == "identical":
        return "identical"
    return "rounding" if is_short else "equal up to rounding"
