"""Run a landscape and compare it; run more of it if its runs differ from the baseline's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pytest_optlandscape.comparison.landscape_comparison import LandscapeComparison
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.records.averages import with_further_runs
from pytest_optlandscape.records.landscape_record import LandscapeRecord
from pytest_optlandscape.records.measuring import repeats_itself, run_landscape

__all__ = ["compare_with_reruns", "run_and_compare"]

MOST_REPEATED = 2
"""Cells of a landscape that are rerun if runs differ from the baseline's. Two are enough: an optimizer that is not
deterministic mostly differs in the first rerun."""

Compare = Callable[[LandscapeRecord], LandscapeComparison]


def run_and_compare(
    adapter: Adapter,
    landscape: Landscape,
    budget: int,
    compare: Compare,
    before: LandscapeRecord | None,
    *,
    starts: Sequence[str] | None = None,
) -> LandscapeComparison:
    """Run a landscape and compare it; if its runs differ from the baseline's, rerun some to detect nondeterminism.

    If the optimizer has changed, run it as often as the baseline did, with further seeds or starts.

    Parameters
    ----------
    adapter : Adapter
    landscape : Landscape
    budget : int
        Evaluations of each cell.
    compare : callable
        Compare a record with the baseline.
    before : LandscapeRecord or None
        The baseline.
    starts : sequence of str, optional
        The starts of the cells to run (default: those of all usual cells).

    Returns
    -------
    LandscapeComparison
        The comparison of the final record.
    """
    return compare_with_reruns(
        run_landscape(adapter, landscape, budget, before, starts),
        compare,
        lambda record, at: repeats_itself(adapter, record, budget, at),
        lambda record, over: with_further_runs(adapter, record, budget, over),
    )


def compare_with_reruns(
    record: LandscapeRecord,
    compare: Compare,
    repeats: Callable[[LandscapeRecord, list[int]], bool],
    average: Callable[[LandscapeRecord, str], LandscapeRecord],
) -> LandscapeComparison:
    """Compare a record; rerun cells that differ to detect nondeterminism, and average over further runs.

    Parameters
    ----------
    record : LandscapeRecord
    compare : callable
        Compare a record with the baseline.
    repeats : callable
        Rerun the cells with the given indices, and return whether each repeats itself.
    average : callable
        Average the criteria of a record over as many runs as the baseline does, with other seeds or other starts.

    Returns
    -------
    LandscapeComparison
        The comparison of the final record. A record is compared again only if further runs replaced it.
    """
    comparison = compare(record)
    if comparison.before is None or comparison.fingerprint in (None, "identical") or not comparison.pairs:
        return comparison
    diverged = {new.start for old, new in comparison.pairs if old.bits != new.bits}
    differing = [k for k, cell in enumerate(record.cells) if cell.start in diverged]
    if not repeats(record, differing[:MOST_REPEATED]):
        record = replace(record, nondeterministic=True)
    over = comparison.before.averaged_over
    if over and (record.nondeterministic or comparison.fingerprint == "changed"):
        record = average(record, over)
    return comparison if record is comparison.now else compare(record)
