"""From runs to a verdict on one landscape: what is run, what is run again because something differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pytest_optlandscape.comparison.landscape_comparison import LandscapeComparison
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.records.averages import with_further_runs
from pytest_optlandscape.records.landscape_record import LandscapeRecord
from pytest_optlandscape.records.measuring import repeats_itself, run_landscape

__all__ = ["look_closely", "run_and_look_closely"]

MOST_REPEATED = 2
"""Cells of a landscape that are run again where runs differ from the baseline's: whatever differs between two runs of
one commit mostly does at once."""

Compare = Callable[[LandscapeRecord], LandscapeComparison]


def run_and_look_closely(
    adapter: Adapter,
    landscape: Landscape,
    budget: int,
    compare: Compare,
    before: LandscapeRecord | None,
    *,
    starts: Sequence[str] | None = None,
) -> LandscapeComparison:
    """Run a landscape; where runs differ from the baseline's, find out whether they differ from themselves too.

    An optimizer that has changed is run as often as its baseline averages over, with further seeds or starts.

    Parameters
    ----------
    adapter : Adapter
    landscape : Landscape
    budget : int
        Evaluations of each cell.
    compare : callable
        Judges a record against the baseline.
    before : LandscapeRecord or None
        The baseline.
    starts : sequence of str, optional
        The starts of the cells that are run (default: of all usual cells).

    Returns
    -------
    LandscapeComparison
        Of the record as it is in the end.
    """
    return look_closely(
        run_landscape(adapter, landscape, budget, before, starts),
        compare,
        lambda record, at: repeats_itself(adapter, record, budget, at),
        lambda record, over: with_further_runs(adapter, record, budget, over),
    )


def look_closely(
    record: LandscapeRecord,
    compare: Compare,
    repeats: Callable[[LandscapeRecord, list[int]], bool],
    average: Callable[[LandscapeRecord, str], LandscapeRecord],
) -> LandscapeComparison:
    """Find out, where runs differ from those before, whether they differ from themselves; run more.

    Parameters
    ----------
    record : LandscapeRecord
    compare : callable
        Judges a record against the one before.
    repeats : callable
        Runs some cells of a record, given by their numbers, once more and tells whether each does the same again.
    average : callable
        Averages the criteria of a record over as many runs as a baseline does, which differ in what it is told.

    Returns
    -------
    LandscapeComparison
        Of the record as it is in the end: the record is compared again only if further runs replaced it.
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
