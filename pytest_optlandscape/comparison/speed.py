"""Estimate the change in speed from the targets that runs reach; it is unknown if they reach hardly any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_optlandscape.comparison.criteria import METRICS, PROGRESS, SPEED, Metric, targets_reached
from pytest_optlandscape.comparison.statistics import ShiftInterval, any_nonzero, shift_interval
from pytest_optlandscape.records.landscape_record import CellRecord

__all__ = ["SpeedChange", "speed_change"]

Pair = tuple[CellRecord, CellRecord]
Differences = Callable[[Metric], list[float]]

FEWEST_CELLS = 6
"""Fewest cells that must reach a target for the speed to be known."""

LEAST_SHARE = 0.05
"""Least share of the targets that must be reached for the speed to be known."""


@dataclass(frozen=True)
class SpeedChange:
    """The change in speed.

    Attributes
    ----------
    reached, targets : int
        The number of targets that either run of a pair reached after its first evaluation, and of all targets.
    to_targets : ShiftInterval or None
        The shift of log₁₀ evaluations to the targets; None if hardly any is reached.
    to_same_gaps : ShiftInterval or None
        The shift of log₁₀ evaluations to the same gaps, in cells that reach no target; None if there are too few.
    """

    reached: int
    targets: int
    to_targets: ShiftInterval | None
    to_same_gaps: ShiftInterval | None

    @property
    def ratio(self) -> float | None:
        """The speed relative to before: 2.0 needs half the evaluations to the targets; None if unknown."""
        return 10.0**-self.to_targets.shift if self.to_targets else None


def speed_change(landscapes: Sequence[tuple[Differences, Sequence[Pair]]], level: float) -> SpeedChange:
    """Estimate the change in speed from paired cells.

    Parameters
    ----------
    landscapes : sequence of (callable, sequence of pairs)
        For each landscape, a function that returns the differences in a metric, and the pairs of cells before and now.
    level : float
        The level of the tests of all criteria together.

    Returns
    -------
    SpeedChange
    """
    strata = {metric.name: [differences(metric) for differences, _ in landscapes] for metric in METRICS}
    level /= max(sum(any_nonzero(of_metric) for of_metric in strata.values()), 1)
    every = [pair for _, pairs in landscapes for pair in pairs]
    reached, targets = targets_reached(every)
    informative = _count_informative(strata[SPEED.name])
    is_known = (informative >= FEWEST_CELLS and reached >= LEAST_SHARE * targets) or _are_identical(every)
    falling = _count_informative(strata[PROGRESS.name])
    return SpeedChange(
        reached,
        targets,
        shift_interval(strata[SPEED.name], level) if is_known else None,
        shift_interval(strata[PROGRESS.name], level) if falling >= FEWEST_CELLS else None,
    )


def _count_informative(strata: Sequence[Sequence[float]]) -> int:
    return sum(difference == difference for differences in strata for difference in differences)  # noqa: PLR0124 - nan


def _are_identical(pairs: Sequence[Pair]) -> bool:
    return all(old.bits == new.bits for old, new in pairs)
