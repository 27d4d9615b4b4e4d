"""The change in speed, from the targets that runs reach. Where hardly any is reached, it stays unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_optlandscape.comparison.criteria import METRICS, PROGRESS, SPEED, Metric, targets_reached
from pytest_optlandscape.comparison.statistics import ShiftInterval, has_moved, shift_interval
from pytest_optlandscape.records.landscape_record import CellRecord

__all__ = ["SpeedChange", "speed_change"]

Pair = tuple[CellRecord, CellRecord]
Differences = Callable[[Metric], list[float]]

FEWEST_CELLS = 6
"""Cells that reach a target, below which nothing is said of the speed."""

LEAST_SHARE = 0.05
"""Share of the targets that are reached, below which nothing is said of the speed."""


@dataclass(frozen=True)
class SpeedChange:
    """What is known of a change in speed.

    Attributes
    ----------
    reached, targets : int
        Targets that at least one run of each pair reached after its first evaluation, of how many.
    to_targets : ShiftInterval or None
        Of log₁₀ of the evaluations to the targets; None where hardly any is reached.
    to_same_gaps : ShiftInterval or None
        Of log₁₀ of the evaluations to the same gaps, from cells where no target is reached; None where there are none.
    """

    reached: int
    targets: int
    to_targets: ShiftInterval | None
    to_same_gaps: ShiftInterval | None

    @property
    def ratio(self) -> float | None:
        """How many times as fast: 2.0 needs half the evaluations to the targets; None where the speed is unknown."""
        return 10.0**-self.to_targets.shift if self.to_targets else None


def speed_change(landscapes: Sequence[tuple[Differences, Sequence[Pair]]], level: float) -> SpeedChange:
    """Estimate the change in speed from paired cells.

    Parameters
    ----------
    landscapes : sequence of (callable, sequence of pairs)
        Of each landscape a function that gives the differences in a metric, and the pairs of cells, before and now.
    level : float
        At which all criteria are tested together.

    Returns
    -------
    SpeedChange
    """
    strata = {metric.name: [differences(metric) for differences, _ in landscapes] for metric in METRICS}
    level /= max(sum(has_moved(of_metric) for of_metric in strata.values()), 1)
    every = [pair for _, pairs in landscapes for pair in pairs]
    reached, targets = targets_reached(every)
    telling = _telling(strata[SPEED.name])
    is_known = (telling >= FEWEST_CELLS and reached >= LEAST_SHARE * targets) or _are_identical(every)
    falling = _telling(strata[PROGRESS.name])
    return SpeedChange(
        reached,
        targets,
        shift_interval(strata[SPEED.name], level) if is_known else None,
        shift_interval(strata[PROGRESS.name], level) if falling >= FEWEST_CELLS else None,
    )


def _telling(strata: Sequence[Sequence[float]]) -> int:
    return sum(difference == difference for differences in strata for difference in differences)  # noqa: PLR0124 - nan


def _are_identical(pairs: Sequence[Pair]) -> bool:
    return all(old.bits == new.bits for old, new in pairs)
