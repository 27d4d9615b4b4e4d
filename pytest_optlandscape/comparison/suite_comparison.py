"""The verdict on an optimizer over all landscapes of a suite.

A landscape that is worse makes the optimizer worse, however good the average: averages hide local damage. A small loss
everywhere shows on no single landscape, and one that only starts on the bounds suffer shows on none either: for these
the landscapes are tested as one.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pytest_optlandscape.comparison.criteria import METRICS, PROGRESS, SPEED, Metric
from pytest_optlandscape.comparison.findings import Finding, Verdict, criteria_that_moved, gravest, verdict_of
from pytest_optlandscape.comparison.landscape_comparison import CHANGE_LEVEL, LEVEL, LandscapeComparison
from pytest_optlandscape.comparison.speed import SpeedChange, speed_change
from pytest_optlandscape.comparison.statistics import (
    chance_of_as_many,
    has_moved,
    holm,
    stratified_signed_rank,
    without_strongest_stratum,
)
from pytest_optlandscape.records.fingerprint import RoundingSensitivity
from pytest_optlandscape.suites.catalogue import is_on_bounds, kind_of_start
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["OptimizerComparison", "compare_optimizer", "drifts_tested", "landscapes_moved_with"]

SUITE_LEVEL = LEVEL / 4.0
"""For the suite as one, and the same again for its starts on bounds; the other half belongs to the landscapes."""

_SCATTER_LEVEL, _DRIFT_LEVEL = 0.4 * CHANGE_LEVEL, 0.1 * CHANGE_LEVEL
"""For cells that diverge here and there, and for drifts; the other half belongs to the landscapes."""


@dataclass(frozen=True)
class OptimizerComparison:
    """The verdict on one optimizer over all landscapes that were run.

    Attributes
    ----------
    spec : str
    landscapes : tuple of LandscapeComparison
    verdict : Verdict
    findings : tuple of Finding
        Of the suite as one.
    unjudged : tuple of Finding
        Findings of the suite as one that no test stands for, so that they do not count for the verdict.
    unjudged_verdict : Verdict or None
        The verdict with the suite as one, where no test stands for that.
    diverged : int
        Cells that part by more than rounding explains.
    expected : float
        How many cells rounding alone would part, as perturbed runs tell.
    drifts : tuple of Finding
        Criteria that moved by less than their gate, in one direction on several landscapes, where nothing else tells
        of a change: rounding has no direction.
    """

    spec: str
    landscapes: tuple[LandscapeComparison, ...]
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    unjudged: tuple[Finding, ...] = ()
    unjudged_verdict: Verdict | None = None
    diverged: int = 0
    expected: float = 0.0
    drifts: tuple[Finding, ...] = ()

    @property
    def fingerprint(self) -> str | None:
        """The weakest of the landscapes' fingerprints; None if none was compared."""
        seen = {comparison.fingerprint for comparison in self.landscapes}
        if self.verdict == Verdict.CHANGED and seen <= {"rounding", "identical"}:
            return "changed"
        order = ("nondeterministic", "changed", "rounding", "identical")
        return next((name for name in order if name in seen), None)

    def verdicts_as_one(self, tested: Collection[str]) -> set[Verdict]:
        """List the verdicts that the test of the suite as one stands for.

        Parameters
        ----------
        tested : collection of str
            Landscapes that have a test of their own in this session: it stands for their verdicts.

        Returns
        -------
        set of Verdict
        """
        verdicts = {one.verdict for one in self.landscapes if one.now.landscape not in tested}
        if self.findings:
            return verdicts | {verdict_of(self.findings)}
        is_told_elsewhere = any(one.verdict == self.verdict for one in self.landscapes)
        return verdicts if is_told_elsewhere else verdicts | {self.verdict}

    def by_landscapes(self) -> OptimizerComparison:
        """Judge by the landscapes alone, where no test stands for the suite as one."""
        if not self.compared:
            return self
        verdict = gravest({one.verdict for one in self.landscapes})
        return replace(self, verdict=verdict, findings=(), unjudged=self.findings, unjudged_verdict=self.verdict)

    @property
    def compared(self) -> list[LandscapeComparison]:
        """The landscapes that had something to be compared with."""
        return [comparison for comparison in self.landscapes if comparison.is_compared]

    @property
    def set_aside(self) -> int:
        """Cells of which the fingerprint can tell nothing, because rounding makes them unpredictable."""
        return sum(comparison.set_aside for comparison in self.landscapes)

    @property
    def stopped(self) -> int:
        """Cells that the time limit stopped, before or now, and that are therefore not compared."""
        return sum(comparison.stopped for comparison in self.landscapes)

    @property
    def begins_otherwise(self) -> bool:
        """Whether at least half of the cells that were compared part within the first evaluations."""
        pairs = sum(len(comparison.pairs) for comparison in self.compared)
        return 0 < pairs <= 2 * sum(comparison.diverged_early for comparison in self.compared)

    @property
    def speed_ratio(self) -> float | None:
        """How many times as fast as the baseline, over all landscapes compared; None where the speed is unknown."""
        return self.speed.ratio if self.speed else None

    @cached_property
    def speed(self) -> SpeedChange | None:
        """What is known of the change in speed; None where no cell was compared."""
        compared = [(comparison.differences, comparison.pairs) for comparison in self.compared if comparison.pairs]
        return speed_change(compared, SUITE_LEVEL) if compared else None


def compare_optimizer(
    spec: str, landscapes: Sequence[LandscapeComparison], calibration: RoundingSensitivity | None = None
) -> OptimizerComparison:
    """Judge an optimizer over all its landscapes.

    Parameters
    ----------
    spec : str
    landscapes : sequence of LandscapeComparison
    calibration : RoundingSensitivity, optional
        How rounding treats this optimizer, over its whole baseline.

    Returns
    -------
    OptimizerComparison
    """
    compared = [comparison for comparison in landscapes if comparison.is_compared]
    verdicts = {comparison.verdict for comparison in landscapes}
    if not compared:
        verdict = Verdict.NOT_COMPARABLE if Verdict.NOT_COMPARABLE in verdicts else Verdict.NEW
        return OptimizerComparison(spec, tuple(landscapes), verdict)
    known = calibration or RoundingSensitivity(0, 0)
    diverged = sum(len(comparison.diverged) for comparison in compared)
    count = sum(len(comparison.pairs) for comparison in compared)
    expected = count * known.jumps / known.trials if known.trials else 0.0
    findings: list[Finding] = []
    if any(comparison.fingerprint != "identical" for comparison in compared):
        findings = _findings(compared)
    verdict = verdict_of(findings) if findings and Verdict.WORSE not in verdicts else gravest(verdicts)
    chance = chance_of_as_many(diverged, count, known.jumps, known.trials)
    drifts: list[Finding] = []
    if verdict == Verdict.SAME and chance < _SCATTER_LEVEL:
        verdict = Verdict.CHANGED
    elif verdict == Verdict.SAME and any(comparison.fingerprint == "rounding" for comparison in compared):
        drifts = _drifts(compared)
        verdict = Verdict.CHANGED if drifts else verdict
    return OptimizerComparison(
        spec, tuple(landscapes), verdict, tuple(findings), diverged=diverged, expected=expected, drifts=tuple(drifts)
    )


def _findings(compared: Sequence[LandscapeComparison]) -> list[Finding]:
    whole = {metric.name: [c.differences(metric) for c in compared] for metric in METRICS}
    found = criteria_that_moved(whole, SUITE_LEVEL, lambda metric: _gate(metric, whole[metric.name]))
    found += _masked_losses(compared, whole, found)
    on_bounds = [_starts_on_bounds(comparison) for comparison in compared]
    if any(mask.any() for mask in on_bounds):
        part = {
            metric.name: [
                np.array(differences)[mask].tolist()
                for differences, mask in zip(whole[metric.name], on_bounds, strict=True)
                if mask.any()
            ]
            for metric in METRICS
        }
        already = {finding.metric for finding in found}
        prefix = "from starts on the bounds, "
        further = criteria_that_moved(part, SUITE_LEVEL, lambda metric: metric.gate_landscape, prefix, True)
        found += [finding for finding in further if finding.metric not in already]
    found += _at_call_limits(compared, whole, found)
    return found


def _at_call_limits(
    compared: Sequence[LandscapeComparison], whole: dict[str, list[list[float]]], found: Sequence[Finding]
) -> list[Finding]:
    """Test the cells that end at a call limit by themselves: only the suite ``limits`` has them.

    They are few, and what an optimizer does when it may not evaluate any more shows in no other cell. The level of this
    test is its own.
    """
    masks = [np.array([kind_of_start(cell.start) == "limits" for _, cell in one.pairs]) for one in compared]
    if not any(mask.any() for mask in masks):
        return []
    part = {
        name: [np.array(one)[mask].tolist() for one, mask in zip(strata, masks, strict=True) if mask.any()]
        for name, strata in whole.items()
    }
    already = {finding.metric for finding in found}
    further = criteria_that_moved(part, SUITE_LEVEL, lambda metric: metric.gate_landscape, "at a call limit, ")
    return [finding for finding in further if finding.metric not in already]


def _drifts(compared: Sequence[LandscapeComparison]) -> list[Finding]:
    """Find criteria that moved in one direction, however little."""
    return [one for one in drifts_tested(compared) if one.p_value < _DRIFT_LEVEL]


def drifts_tested(compared: Sequence[LandscapeComparison]) -> list[Finding]:
    """Test whether criteria moved in one direction, however little.

    Late in a run, rounding makes paths unpredictable, and the fingerprint can tell nothing. But rounding makes a run
    longer as often as shorter. So the evaluations to the targets, and to the same gaps, are tested without a gate. The
    landscape that tells most is left out: what happens on one landscape alone may be a tie that rounding decides alike
    from many starts. Other criteria are not tested: at the end of a run, rounding may have a direction.

    Parameters
    ----------
    compared : sequence of LandscapeComparison

    Returns
    -------
    list of Finding
        Of each criterion that moved at all, with its p-value.
    """
    every = [(metric, [comparison.differences(metric) for comparison in compared]) for metric in (SPEED, PROGRESS)]
    tested = [(metric, strata) for metric, strata in every if has_moved(strata)]
    adjusted = holm([stratified_signed_rank(without_strongest_stratum(strata)) for _, strata in tested])
    found = []
    for (metric, strata), p_value in zip(tested, adjusted, strict=True):
        shift = metric.shift(strata)
        found.append(Finding(metric.name, shift, p_value, metric.describe(shift)))
    return found


def _gate(metric: Metric, strata: Sequence[Sequence[float]]) -> float:
    """Choose the smallest shift over a suite that matters.

    A criterion that is not averaged over further runs moves by whole evaluations. A mean over n landscapes resolves it
    √n times as finely as one landscape does; cells that tell nothing do not count.
    """
    if metric.is_averaged:
        return metric.gate_suite
    telling = sum(float(np.mean(~np.isnan(np.asarray(one, dtype=np.float64)))) for one in strata if len(one))
    return max(metric.gate_suite, metric.gate_landscape / math.sqrt(max(telling, 1.0)))


def _masked_losses(
    compared: Sequence[LandscapeComparison], whole: dict[str, list[list[float]]], found: Sequence[Finding]
) -> list[Finding]:
    """Test for a loss on the landscapes that gained nothing by themselves: those that did must not pay for it.

    This test spends nothing of the level: where nothing moved, a landscape gains only with the probability that the
    level of the landscapes allows, and without such a landscape there is no further test.
    """
    has_gained = [any(not finding.is_worse for finding in comparison.findings) for comparison in compared]
    others = has_gained.count(False)
    if others < 2 or others == len(compared):  # one landscape speaks for itself
        return []
    rest = {
        name: [of_one for of_one, gained in zip(strata, has_gained, strict=True) if not gained]
        for name, strata in whole.items()
    }
    prefix = f"on the {number_of(others, 'landscape')} that gained nothing, "
    already = {finding.metric for finding in found if finding.is_worse}
    further = criteria_that_moved(rest, SUITE_LEVEL, lambda metric: _gate(metric, rest[metric.name]), prefix)
    return [finding for finding in further if finding.is_worse and finding.metric not in already]


def _starts_on_bounds(comparison: LandscapeComparison) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array([is_on_bounds(cell.start) for _, cell in comparison.pairs])


def landscapes_moved_with(comparison: OptimizerComparison, finding: Finding) -> list[LandscapeComparison]:
    """List the landscapes that moved as a finding of the suite as one says, the one that moved farthest first.

    Parameters
    ----------
    comparison : OptimizerComparison
    finding : Finding
        Of a criterion.

    Returns
    -------
    list of LandscapeComparison
        Empty where the finding is of no criterion, such as one of time.
    """
    metric = next((one for one in METRICS if one.name == finding.metric), None)
    if metric is None:
        return []
    moved = []
    for one in comparison.compared:
        differences = np.asarray(one.differences(metric), dtype=np.float64)
        if finding.on_bounds:
            differences = differences[_starts_on_bounds(one)]
        if not np.isnan(differences).all():
            by = math.copysign(1.0, finding.effect) * metric.shift([differences])
            moved.append((by, one))
    return [one for by, one in sorted(moved, key=lambda pair: -pair[0]) if by > 0.0]
