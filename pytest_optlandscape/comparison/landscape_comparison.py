"""Compare an optimizer with its baseline on one landscape, and reach a verdict.

Cells are paired by landscape, start and seed. The fingerprint comes first: if no more cells diverge than rounding
explains, the optimizer is the **same**. Then the criteria are tested: a shift that is significant and beyond its gate
is **better** or **worse**; any other difference is **changed**. Criteria are tested even if the fingerprints agree,
because fingerprints leave out the evaluations that rounding makes unpredictable.

The level is 0.001 for a whole suite. Half of it is split evenly among the landscapes, so that each can be judged by
itself. The other half is for the suite as a whole (`suite_comparison`). The fingerprint's level is split likewise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from pytest_optlandscape.comparison.criteria import METRICS, PRECISION, PROGRESS, SPEED, Metric
from pytest_optlandscape.comparison.findings import (
    Finding,
    Verdict,
    cannot_run,
    gravest_first,
    hang_findings,
    moved_criteria,
    new_defects,
    verdict_of,
)
from pytest_optlandscape.comparison.speed import SpeedChange, speed_change
from pytest_optlandscape.comparison.statistics import chance_of_as_many
from pytest_optlandscape.records.fingerprint import RoundingSensitivity, divergence, diverges_within
from pytest_optlandscape.records.landscape_record import HANGS, ROUNDS_OUT, CellRecord, LandscapeRecord
from pytest_optlandscape.suites.catalogue import is_on_bounds

__all__ = [
    "CHANGE_LEVEL",
    "LEVEL",
    "LandscapeComparison",
    "MovedCell",
    "compare_landscape",
    "differences",
    "divergence_of",
    "in_common",
]

LEVEL = 0.001
"""Probability of a false *better* or *worse* in a suite."""

CHANGE_LEVEL = 0.001
"""Probability of a false *changed* in a suite, if perturbed runs represent the effect of rounding."""

FEWEST_CELLS = 16
"""Fewest pairs with which the test on one landscape can reach its level."""

POOLED_RUNS = 50.0
"""Weight of all landscapes' jump rate in the estimate for one landscape, as a number of perturbed runs."""


_METRICS = {metric.name: metric for metric in METRICS}


class MovedCell(NamedTuple):
    """A cell before and now, and the shift of one criterion; positive is worse."""

    before: CellRecord
    now: CellRecord
    by: float


@dataclass(frozen=True)
class LandscapeComparison:
    """The verdict on one landscape.

    Attributes
    ----------
    verdict : Verdict
    now : LandscapeRecord
    before : LandscapeRecord or None
        The baseline, if there is one.
    fingerprint : str or None
        ``identical``: all evaluations agree bit by bit; ``rounding``: no more cells diverge than rounding explains;
        ``changed``; ``nondeterministic``: two runs of the same code differ. None if nothing was compared.
    findings : tuple of Finding
    diverged : tuple of (str, str)
        Starts whose runs diverge by more than rounding explains, and where.
    set_aside : int
        Cells whose path rounding makes unpredictable from the beginning.
    level : float
        The level of the tests of all criteria together.
    reason : str
        Why the records cannot be compared; "" if they can.
    """

    verdict: Verdict
    now: LandscapeRecord
    before: LandscapeRecord | None = None
    fingerprint: str | None = None
    findings: tuple[Finding, ...] = ()
    diverged: tuple[tuple[str, str], ...] = ()
    set_aside: int = 0
    level: float = LEVEL
    reason: str = ""

    @property
    def is_compared(self) -> bool:
        """Whether there was a baseline with the same definition."""
        return self.fingerprint is not None

    @cached_property
    def pairs(self) -> list[tuple[CellRecord, CellRecord]]:
        """Cells before and now, without those that the time limit stopped; empty if the optimizer cannot run."""
        return _pairs(self.before, self.now) if self.before and self.is_compared and not self.cannot_run else []

    @property
    def cannot_run(self) -> bool:
        """Whether no start gives a result now, though some did before; then no criterion is compared."""
        return self.before is not None and self.is_compared and cannot_run(self.before, self.now) is not None

    @property
    def stopped(self) -> int:
        """Number of cells that the time limit stopped, now or in the baseline compared with."""
        before, now = self.before, self.now
        if before is not None and self.is_compared:
            before, now = in_common(before, now)
        cells = (*(before.cells if before and self.is_compared else ()), *now.cells)
        return len({cell.start for cell in cells if cell.was_stopped_by_time})

    @property
    def not_run(self) -> int:
        """Number of cells in the baseline that were not run now."""
        return self._lacking(self.before, self.now)

    @property
    def not_known(self) -> int:
        """Number of cells that were run now and are missing from the baseline."""
        return self._lacking(self.now, self.before)

    def _lacking(self, one: LandscapeRecord | None, other: LandscapeRecord | None) -> int:
        if one is None or other is None or not self.is_compared:
            return 0
        return len({cell.start for cell in one.cells} - {cell.start for cell in other.cells})

    @property
    def diverged_early(self) -> int:
        """Number of cells that diverge within the first eight evaluations."""
        return sum(diverges_within(where, 8) for _, where in self.diverged)

    def differences(self, metric: Metric) -> list[float]:
        """Return now minus before for each pair; positive is worse, nan is undefined."""
        if metric.name not in self._differences:
            self._differences[metric.name] = [metric.difference(self.now, old, new) for old, new in self.pairs]
        return self._differences[metric.name]

    @cached_property
    def _differences(self) -> dict[str, list[float]]:
        """Cache of `differences`; the verdict over the suite needs them several times."""
        return {}

    @property
    def speed_ratio(self) -> float | None:
        """Speed relative to the baseline: 2.0 needs half the evaluations to the targets; None if unknown."""
        return self.speed.ratio if self.speed else None

    @cached_property
    def speed(self) -> SpeedChange | None:
        """The change in speed; None if no cell was compared."""
        return speed_change([(self.differences, self.pairs)], self.level) if self.pairs else None

    def moved_with(self, finding: Finding) -> list[MovedCell]:
        """List the cells that moved in the direction of a finding, the largest shift first.

        Only the cells' own runs count, because those can be replayed; a finding from averages alone may have no cell.
        Cells that differ by no more than rounding are left out if others moved.
        """
        before = {cell.start: cell for cell in self.before.cells} if self.before and self.is_compared else {}
        now = {cell.start: cell for cell in self.now.cells}
        metric = _METRICS.get(finding.metric)
        moved = list(finding.cells)
        if metric:
            moved = [(new.start, metric.difference_of_runs(self.now, old, new)) for old, new in self.pairs]
        sign = math.copysign(1.0, finding.effect)
        found = [
            MovedCell(before[start], now[start], by)
            for start, by in moved
            if sign * by > 0.0 and start in before and is_on_bounds(start) >= finding.on_bounds
        ]
        apart = dict(self.diverged)
        by_more_than_rounding = [one for one in found if metric and one.now.start in apart]
        return sorted(by_more_than_rounding or found, key=lambda one: -sign * one.by)

    @cached_property
    def losses(self) -> list[float]:
        """The loss of each cell in the criterion that got worst; without a baseline, the imprecision of each cell.

        If no criterion got worse, or no single run shows it, the losses in speed, progress and precision are summed.
        Only the cells' own runs count, because those can be replayed.
        """
        if self.is_compared and not self.pairs:
            return []
        if self.is_compared:
            for finding in gravest_first(self.findings):
                lost_by = {cell.now.start: cell.by for cell in self.moved_with(finding)}
                if finding.is_worse and lost_by:
                    return [lost_by.get(now.start, 0.0) for _, now in self.pairs]
            lost = [
                [metric.difference_of_runs(self.now, old, new) for metric in (SPEED, PROGRESS, PRECISION)]
                for old, new in self.pairs
            ]
            return np.nansum(lost, axis=1).tolist()  # type: ignore[no-any-return]
        return [PRECISION.value_of(self.now, cell) for cell in self.now.cells]

    @property
    def worst_cell(self) -> dict[str, Any]:
        """The cell with the largest of the `losses`; the first that hangs if the time limit stopped every cell."""
        before: CellRecord | None = None
        worse = (one for one in gravest_first(self.findings) if one.is_worse)
        moved = next((cells for cells in map(self.moved_with, worse) if cells), [])
        if moved:
            before, cell = moved[0].before, moved[0].now
        elif self.is_compared and not self.pairs:
            cell = next((cell for cell in self.now.cells if HANGS in cell.flags), self.now.cells[0])
            before = next((old for old in self.before.cells if old.start == cell.start), None) if self.before else None
        else:
            worst = int(np.argmax(self.losses))
            before, cell = self.pairs[worst] if self.is_compared else (None, self.now.cells[worst])
        described: dict[str, Any] = {
            "cell": f"{self.now.landscape}/{cell.start}",
            "stop_reason": cell.stop_reason,
            "evaluations": max(cell.evaluations, cell.njev),
            "gap": _finite_or_none(cell.gap),
        }
        if before is not None:
            described["baseline_evaluations"] = max(before.evaluations, before.njev)
            described["baseline_gap"] = _finite_or_none(before.gap)
            described["parts_at"] = dict(self.diverged).get(cell.start)
        return described


def compare_landscape(
    now: LandscapeRecord,
    before: LandscapeRecord | None,
    *,
    landscapes: int,
    calibration: RoundingSensitivity | None = None,
    takes_bounds: bool = False,
    setting_differs: str = "",
    looks: int = 1,
) -> LandscapeComparison:
    """Compare one landscape with its baseline.

    Parameters
    ----------
    now : LandscapeRecord
    before : LandscapeRecord or None
        The baseline.
    landscapes : int
        The number of landscapes in the suite; they share the level.
    calibration : RoundingSensitivity, optional
        The optimizer's rounding sensitivity over its whole baseline (default: on this landscape).
    takes_bounds : bool, default False
        Whether the optimizer is passed the bounds; then leaving them is a breach.
    setting_differs : str, optional
        Why nothing of this optimizer can be compared, if so.
    looks : int, default 1
        How often the criteria are tested as runs are added; these tests share the level.

    Returns
    -------
    LandscapeComparison
    """
    if before is None:
        return LandscapeComparison(Verdict.NEW, now)
    reason = setting_differs or _definition_difference(before, now)
    if reason:
        return LandscapeComparison(Verdict.NOT_COMPARABLE, now, before, reason=reason)
    whole = before, now
    before, now = in_common(before, now)
    hangs = hang_findings(before, now)
    stopped_short = cannot_run(before, now)
    before, now = _without_stopped(before, now)
    if stopped_short is not None or (not now.cells and hangs):
        found = hangs if stopped_short is None else [stopped_short]
        return LandscapeComparison(verdict_of(found), whole[1], whole[0], "changed", tuple(found))
    if not now.cells:
        reason = "the time limit stopped every cell, before or now"
        return LandscapeComparison(Verdict.NOT_COMPARABLE, whole[1], whole[0], reason=reason)
    if not hangs and all(_is_identical(*pair) for pair in zip(before.cells, now.cells, strict=True)):
        return LandscapeComparison(Verdict.SAME, whole[1], whole[0], "identical")
    diverged, set_aside = _diverged(before, now)
    has_changed = _chance_of_divergence(len(diverged), before, calibration) < CHANGE_LEVEL / 2.0 / landscapes
    findings = [*hangs, *new_defects(before, now, takes_bounds)]
    level = LEVEL / 2.0 / landscapes / looks
    if len(now.cells) >= FEWEST_CELLS:
        pairs = list(zip(before.cells, now.cells, strict=True))
        strata = {m.name: [[d for old, new in pairs for d in m.differences(now, old, new)]] for m in METRICS}
        findings += moved_criteria(strata, level, lambda metric: metric.gate_landscape)
    if before.nondeterministic or now.nondeterministic:
        fingerprint = "nondeterministic"
        unmoved = Verdict.SAME if before.nondeterministic else Verdict.CHANGED
    else:
        fingerprint = "changed" if has_changed or findings else "rounding"
        unmoved = Verdict.CHANGED if has_changed else Verdict.SAME
    verdict = verdict_of(findings) if findings else unmoved
    return LandscapeComparison(verdict, whole[1], whole[0], fingerprint, tuple(findings), diverged, set_aside, level)


def differences(before: LandscapeRecord, now: LandscapeRecord, metric: Metric) -> list[float]:
    """Return now minus before for each pair of cells; positive is worse."""
    return [metric.difference(now, old, new) for old, new in _pairs(before, now)]


def in_common(before: LandscapeRecord, now: LandscapeRecord) -> tuple[LandscapeRecord, LandscapeRecord]:
    """Return both records with only the cells that they share."""
    if [cell.start for cell in before.cells] == [cell.start for cell in now.cells]:
        return before, now
    known = {cell.start: cell for cell in before.cells}
    cells = tuple(cell for cell in now.cells if cell.start in known)
    return replace(before, cells=tuple(known[cell.start] for cell in cells)), replace(now, cells=cells)


def _pairs(before: LandscapeRecord, now: LandscapeRecord) -> list[tuple[CellRecord, CellRecord]]:
    """Pair the cells, without those that the time limit stopped on either side."""
    before, now = in_common(before, now)
    pairs = zip(before.cells, now.cells, strict=True)
    return [pair for pair in pairs if not any(cell.was_stopped_by_time for cell in pair)]


def _without_stopped(before: LandscapeRecord, now: LandscapeRecord) -> tuple[LandscapeRecord, LandscapeRecord]:
    """Leave out the cells that the time limit stopped, before or now."""
    pairs = _pairs(before, now)
    return replace(before, cells=tuple(old for old, _ in pairs)), replace(now, cells=tuple(new for _, new in pairs))


def _definition_difference(before: LandscapeRecord, now: LandscapeRecord) -> str:
    differing = [
        f"{key} {before.definition.get(key)} is now {value}"
        for key, value in {**dict.fromkeys(before.definition), **now.definition}.items()
        if before.definition.get(key) != value
    ]
    if not differing and {c.start for c in before.cells}.isdisjoint(c.start for c in now.cells):
        return "no start is in both records"
    return "; ".join(differing)


def _is_identical(before: CellRecord, now: CellRecord) -> bool:
    ignored = {ROUNDS_OUT}  # follows from the bits; earlier releases did not record it
    return (before.bits, _end(before), before.flags - ignored) == (now.bits, _end(now), now.flags - ignored)


def _end(cell: CellRecord) -> tuple[int, int, str]:
    return cell.nfev, cell.njev, cell.stop_reason


def divergence_of(before: CellRecord, now: CellRecord) -> str:
    """Return where two runs of a cell diverge by more than rounding explains; "" if they do not."""
    if before.bits[:2] == now.bits[:2] and before.bits != now.bits:
        return "the evaluations of constraints"
    if _returns_differ(before, now):
        return "the result"
    return divergence(before.fingerprint, _end(before), now.fingerprint, _end(now))


def _returns_differ(before: CellRecord, now: CellRecord) -> bool:
    """Return whether two runs with identical evaluations return clearly different ones.

    Evaluations that agree up to rounding count as the same: rounding decides which of them is nearest to the result,
    for example to a mean of the last points.
    """
    if before.path != now.path or before.returned is None or now.returned is None:
        return False
    (near_before, exactly_before), (near_now, exactly_now) = before.returned, now.returned
    return exactly_before < near_now or exactly_now < near_before


def _diverged(before: LandscapeRecord, now: LandscapeRecord) -> tuple[tuple[tuple[str, str], ...], int]:
    """List the cells that diverge, and count those without a usable fingerprint."""
    diverged, set_aside = [], 0
    for old, new in zip(before.cells, now.cells, strict=True):
        if _is_identical(old, new):
            continue
        if len(old.fingerprint.envelope) < 2 and old.fingerprint.spread < 0:
            set_aside += 1
        where = divergence_of(old, new)
        if where:
            diverged.append((old.start, where))
    return tuple(diverged), set_aside


def _chance_of_divergence(diverged: int, before: LandscapeRecord, calibration: RoundingSensitivity | None) -> float:
    """Return the probability that rounding alone makes at least so many cells of this landscape diverge."""
    own = before.rounding_sensitivity or RoundingSensitivity(0, 0)
    jumps, trials = float(own.jumps), float(own.trials)
    if calibration and calibration.trials:
        jumps += POOLED_RUNS * calibration.jumps / calibration.trials
        trials += POOLED_RUNS
    return chance_of_as_many(diverged, len(before.cells), jumps, trials)


def _finite_or_none(gap: float) -> float | None:
    return gap if math.isfinite(gap) else None
