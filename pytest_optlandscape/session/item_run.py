"""Run one item of the suite in another process; the arguments and the result are plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pytest_optlandscape.comparison import compare_landscape
from pytest_optlandscape.comparison.rerun import run_and_compare
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.records import LandscapeRecord, RoundingSensitivity, run_baseline
from pytest_optlandscape.session.item_guard import global_random_states, with_notes_on

__all__ = ["run_item"]


@dataclass(frozen=True)
class _Known:
    """A known record of one landscape, with its optimizer's sensitivity to rounding."""

    records: dict[str, LandscapeRecord]
    calibration: RoundingSensitivity

    @classmethod
    def from_plain(cls, plain: Sequence[Any], accepted: LandscapeRecord | None) -> _Known:
        """Read a record and its calibration; the baseline's record is passed in, because it is already read."""
        record = accepted or LandscapeRecord.from_plain(plain[0])
        return cls({record.landscape: record}, RoundingSensitivity(*plain[1]))


def run_item(
    adapter: Adapter,
    landscape: Landscape,
    budget: int,
    *,
    update: bool,
    before: dict[str, Any] | None,
    calibration: Sequence[int] | None,
    setting_differs: str,
    landscapes: int,
    known: Sequence[Any] | None,
    starts: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Run a landscape in this process exactly as an item of the suite does in the session's process.

    Parameters
    ----------
    adapter : Adapter
    landscape : Landscape
    budget : int
        Evaluations of each cell.
    update : bool
        Whether the record becomes a baseline.
    before : dict or None
        The baseline's record.
    calibration : sequence of int or None
        Jumps and trials of the whole baseline.
    setting_differs : str
    landscapes : int
        The number of landscapes of this optimizer.
    known : sequence or None
        Records of the baseline and the history, each with its calibration; None if nothing is recorded.
    starts : sequence of str, optional
        The starts of the cells to run (default: those of all usual cells).

    Returns
    -------
    dict
        The record of the landscape; ``recorded`` is the record for the history.
    """
    accepted = LandscapeRecord.from_plain(before) if before else None
    compare = partial(
        compare_landscape,
        before=accepted,
        landscapes=landscapes,
        calibration=RoundingSensitivity(*calibration) if calibration else None,
        takes_bounds=adapter.takes_bounds,
        setting_differs=setting_differs,
    )
    comparison = None
    with global_random_states() as changed:
        if update:
            record = run_baseline(adapter, landscape, budget, starts)
        else:
            comparison = run_and_compare(adapter, landscape, budget, compare, accepted, starts=starts)
            record = comparison.now
    record = with_notes_on(record, changed)
    answer = record.to_plain()
    if known is not None:
        from pytest_optlandscape.session.recording import recorded_for

        is_baseline = [not setting_differs and list(one) == [before, calibration] for one in known]
        several = (
            _Known.from_plain(one, accepted if same else None) for one, same in zip(known, is_baseline, strict=True)
        )
        recorded = recorded_for(
            adapter, landscape, record, several, landscapes=landscapes, is_full=update, compared=comparison
        )
        answer["recorded"] = recorded.to_plain()
    return answer
