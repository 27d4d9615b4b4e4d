"""Compare any two baselines of an optimizer, over all landscapes."""

from __future__ import annotations

from pytest_optlandscape.comparison import OptimizerComparison, compare_landscape, compare_optimizer
from pytest_optlandscape.store import Baseline

__all__ = ["compare_records"]


def compare_records(before: Baseline, now: Baseline, takes_bounds: bool = False) -> OptimizerComparison:
    """Compare two records of an optimizer, as a session compares it with its baseline.

    Parameters
    ----------
    before, now : Baseline
    takes_bounds : bool, default False
        Whether the optimizer is passed the bounds; then leaving them is a breach.

    Returns
    -------
    OptimizerComparison
        Landscapes that only ``now`` has are *new*.
    """
    differs = "" if before.setting == now.setting else f"setting {before.setting} is now {now.setting}"
    calibration = before.calibration
    landscapes = [
        compare_landscape(
            record,
            before.records.get(name),
            landscapes=len(now.records),
            calibration=calibration,
            takes_bounds=takes_bounds,
            setting_differs=differs,
        )
        for name, record in now.records.items()
    ]
    return compare_optimizer(now.optimizer, landscapes, calibration)
