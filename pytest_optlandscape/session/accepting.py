"""What ``--optlandscape-update`` writes into a baseline: what changed, and nothing else.

A landscape that is the *same* keeps its record, so that the diff of a baseline shows changes only, and so that small
drifts cannot creep into it one update after another.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_optlandscape.comparison import LandscapeComparison, OptimizerComparison, Verdict
from pytest_optlandscape.comparison.suite_comparison import compare_optimizer
from pytest_optlandscape.records import LandscapeRecord
from pytest_optlandscape.store import BaselineChange, update_baseline

if TYPE_CHECKING:
    from pytest_optlandscape.session.suite import SuiteRun

__all__ = ["accept", "keeps_its_record", "records_to_accept"]


def accept(suite: SuiteRun, spec: str, comparison: OptimizerComparison | None, path: Path) -> BaselineChange | None:
    """Write what came of an optimizer into its baseline.

    Parameters
    ----------
    suite : SuiteRun
    spec : str
    comparison : OptimizerComparison or None
        Of the landscapes that were run; None if none was.
    path : Path

    Returns
    -------
    BaselineChange or None
        None if there is nothing to accept.

    Raises
    ------
    BaselineError, OSError
        As `update_baseline`.
    """
    with_result = [one for one in comparison.landscapes if suite.has_result(one.now)] if comparison else []
    contract = suite.contract.accepted(spec)
    if not with_result and not (contract and path.exists()):
        return None
    records = records_to_accept(spec, with_result, suite)
    return update_baseline(path, suite.adapters[spec], records, contract)


def records_to_accept(spec: str, landscapes: list[LandscapeComparison], suite: SuiteRun) -> list[LandscapeRecord]:
    """Choose the landscapes whose records are written anew.

    If the optimizer has changed over the suite as one, though on no landscape by itself, all landscapes are written
    that are not identical bit by bit: otherwise the same change would be found again after it was accepted.

    Parameters
    ----------
    spec : str
    landscapes : list of LandscapeComparison
        What is to be accepted, each with the record before.
    suite : SuiteRun

    Returns
    -------
    list of LandscapeRecord
    """
    kept = [keeps_its_record(one) for one in landscapes]
    afterwards = [
        one if is_kept else LandscapeComparison(Verdict.SAME, one.now, one.now, "identical")
        for one, is_kept in zip(landscapes, kept, strict=True)
    ]
    if any(kept) and compare_optimizer(spec, afterwards, suite.calibration(spec)).verdict != Verdict.SAME:
        kept = [is_kept and one.fingerprint == "identical" for one, is_kept in zip(landscapes, kept, strict=True)]
    return [one.now for one, is_kept in zip(landscapes, kept, strict=True) if not is_kept]


def keeps_its_record(comparison: LandscapeComparison) -> bool:
    """Tell whether the record that was accepted before says as much as the one that was made now, of the same cells."""
    before, now = comparison.before, comparison.now
    if comparison.verdict != Verdict.SAME or before is None or comparison.not_known or comparison.not_run:
        return False
    return (
        before.nondeterministic == now.nondeterministic
        and (before.rounding_sensitivity is None) == (now.rounding_sensitivity is None)
        and before.averaged_over == now.averaged_over
        and not any(cell.was_stopped_by_time for cell in before.cells)
    )
