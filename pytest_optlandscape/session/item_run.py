"""One item of the suite, run in a process of its own: what crosses the border is plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pytest_optlandscape.comparison import compare_landscape
from pytest_optlandscape.comparison.rerun import run_and_look_closely
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.records import LandscapeRecord, RoundingSensitivity, run_baseline
from pytest_optlandscape.session.item_guard import with_random_states_put_back

__all__ = ["run_item"]


@dataclass(frozen=True)
class _Known:
    """A known record of one landscape, with how rounding treats its optimizer."""

    records: dict[str, LandscapeRecord]
    calibration: RoundingSensitivity

    @classmethod
    def from_plain(cls, plain: Sequence[Any]) -> _Known:
        record = LandscapeRecord.from_plain(plain[0])
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
    """Do in a process of its own what an item of the suite does in the session's.

    Parameters
    ----------
    adapter : Adapter
    landscape : Landscape
    budget : int
        Evaluations of each cell.
    update : bool
        Whether to run as a baseline.
    before : dict or None
        The baseline's record.
    calibration : sequence of int or None
        Jumps and trials over the whole baseline.
    setting_differs : str
    landscapes : int
        How many landscapes the suite has for this optimizer.
    known : sequence or None
        Records of the history, each with its calibration; None if nothing is recorded.
    starts : sequence of str, optional
        The starts of the cells that are run (default: of all usual cells).

    Returns
    -------
    dict
        A landscape's record; ``recorded`` is that for the history.
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
    if update:
        measure = partial(run_baseline, adapter, landscape, budget, starts)
    else:
        measure = partial(run_and_look_closely, adapter, landscape, budget, compare, accepted, starts=starts)
    record = with_random_states_put_back(measure)
    answer = record.to_plain()
    if known is not None:
        from pytest_optlandscape.session.recording import recorded_for

        several = map(_Known.from_plain, known)
        recorded = recorded_for(adapter, landscape, record, several, landscapes=landscapes, is_full=update)
        answer["recorded"] = recorded.to_plain()
    return answer
