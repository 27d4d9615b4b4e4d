"""Compare an optimizer with its baseline over all landscapes of a suite.

One landscape that is worse makes the optimizer worse, however good the average: averages hide local damage. Two kinds
of loss show on no single landscape: a small loss everywhere, and a loss from starts on the bounds only. Therefore all
landscapes are also tested together.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pytest_optlandscape.comparison.criteria import METRICS, PROGRESS, SPEED, Metric
from pytest_optlandscape.comparison.findings import Finding, Verdict, gravest, moved_criteria, verdict_of, was_bought
from pytest_optlandscape.comparison.landscape_comparison import CHANGE_LEVEL, LEVEL, LandscapeComparison
from pytest_optlandscape.comparison.speed import SpeedChange, speed_change
from pytest_optlandscape.comparison.statistics import (
    any_nonzero,
    chance_of_as_many,
    holm,
    stratified_signed_rank,
    without_strongest_stratum,
)
from pytest_optlandscape.records.fingerprint import RoundingSensitivity
from pytest_optlandscape.suites.catalogue import is_on_bounds, kind_of_start
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["OptimizerComparison", "compare_optimizer", "drifts_tested", "landscapes_moved_with"]

SUITE_LEVEL = LEVEL / 4.0
"""For the suite as a whole, and again for its starts on bounds; the landscapes share the other half of the level."""

_SCATTER_LEVEL, _DRIFT_LEVEL = 0.4 * CHANGE_LEVEL, 0.1 * CHANGE_LEVEL
"""For cells that diverge on scattered landscapes, and for drifts; the landscapes share the other half of the level."""


@dataclass(frozen=True)
class OptimizerComparison:
    """The verdict on one optimizer over all landscapes that were run.

    Attributes
    ----------
    spec : str
    landscapes : tuple of LandscapeComparison
    verdict : Verdict
    findings : tuple of Finding
        Findings over the suite as a whole.
    unjudged : tuple of Finding
        Findings over the suite as a whole that do not count, because the session has no test of the whole suite.
    unjudged_verdict : Verdict or None
        The verdict that `unjudged` would give; None if the findings count.
    diverged : int
        Cells that diverge by more than rounding explains.
    expected : float
        Cells that rounding alone would make diverge, estimated from perturbed runs.
    drifts : tuple of Finding
        Criteria that moved by less than their gate, but in one direction on several landscapes, if there is no other
        sign of a change. Rounding has no direction.
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
        """The fingerprint of the landscape that differs most; None if none was compared."""
        seen = {comparison.fingerprint for comparison in self.landscapes}
        if self.verdict == Verdict.CHANGED and seen <= {"rounding", "identical"}:
            return "changed"
        order = ("nondeterministic", "changed", "rounding", "identical")
        return next((name for name in order if name in seen), None)

    def verdicts_as_one(self, tested: Collection[str]) -> set[Verdict]:
        """Return the verdicts that the test of the whole suite reports.

        Parameters
        ----------
        tested : collection of str
            Landscapes with a test of their own in this session, which reports their verdicts.

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
        """Return the verdict by single landscapes, for a session without a test of the whole suite."""
        if not self.compared:
            return self
        verdict = gravest({one.verdict for one in self.landscapes})
        return replace(self, verdict=verdict, findings=(), unjudged=self.findings, unjudged_verdict=self.verdict)

    @property
    def decisive(self) -> list[tuple[str, Finding]]:
        """The findings in the direction of the verdict, each with its landscape; "" means the whole suite.

        Findings over the suite come first. If the verdict is neither better nor worse, all findings are listed.
        """
        every = [("", one) for one in self.findings]
        every += [(one.now.landscape, finding) for one in self.landscapes for finding in one.findings]
        if self.verdict not in (Verdict.WORSE, Verdict.BETTER):
            return every
        return [(name, one) for name, one in every if one.is_worse == (self.verdict == Verdict.WORSE)]

    @property
    def compared(self) -> list[LandscapeComparison]:
        """The landscapes that were compared with a baseline."""
        return [comparison for comparison in self.landscapes if comparison.is_compared]

    @property
    def set_aside(self) -> int:
        """Number of cells without a usable fingerprint, because rounding makes them unpredictable."""
        return sum(comparison.set_aside for comparison in self.landscapes)

    @property
    def stopped(self) -> int:
        """Number of cells that are not compared because the time limit stopped them, before or now."""
        return sum(comparison.stopped for comparison in self.landscapes)

    @property
    def begins_otherwise(self) -> bool:
        """Whether at least half of the compared cells diverge within the first eight evaluations."""
        pairs = sum(len(comparison.pairs) for comparison in self.compared)
        return 0 < pairs <= 2 * sum(comparison.diverged_early for comparison in self.compared)

    @property
    def speed_ratio(self) -> float | None:
        """Speed relative to the baseline, over all compared landscapes; None if unknown."""
        return self.speed.ratio if self.speed else None

    @cached_property
    def speed(self) -> SpeedChange | None:
        """The change in speed; None if no cell was compared."""
        compared = [(comparison.differences, comparison.pairs) for comparison in self.compared if comparison.pairs]
        return speed_change(compared, SUITE_LEVEL) if compared else None


def compare_optimizer(
    spec: str, landscapes: Sequence[LandscapeComparison], calibration: RoundingSensitivity | None = None
) -> OptimizerComparison:
    """Reach a verdict on an optimizer over all its landscapes.

    Parameters
    ----------
    spec : str
    landscapes : sequence of LandscapeComparison
    calibration : RoundingSensitivity, optional
        The optimizer's rounding sensitivity over its whole baseline.

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
    found = moved_criteria(whole, SUITE_LEVEL, lambda metric: _gate(metric, whole[metric.name]))
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
        further = moved_criteria(part, SUITE_LEVEL, lambda metric: metric.gate_landscape, prefix, True)
        found += [finding for finding in further if finding.metric not in already]
    found += _at_call_limits(compared, whole, found)
    return found


def _at_call_limits(
    compared: Sequence[LandscapeComparison], whole: dict[str, list[list[float]]], found: Sequence[Finding]
) -> list[Finding]:
    """Test the cells with a call limit, which only the suite ``limits`` has, in a test with a level of its own.

    These cells are few, and no other cell shows what an optimizer does at its call limit.
    """
    masks = [np.array([kind_of_start(cell.start) == "limits" for _, cell in one.pairs]) for one in compared]
    if not any(mask.any() for mask in masks):
        return []
    part = {
        name: [np.array(one)[mask].tolist() for one, mask in zip(strata, masks, strict=True) if mask.any()]
        for name, strata in whole.items()
    }
    already = {finding.metric for finding in found}
    further = moved_criteria(part, SUITE_LEVEL, lambda metric: metric.gate_landscape, "at a call limit, ")
    return [finding for finding in further if finding.metric not in already]


def _drifts(compared: Sequence[LandscapeComparison]) -> list[Finding]:
    """Return criteria that moved significantly in one direction, without a gate."""
    return [one for one in drifts_tested(compared) if one.p_value < _DRIFT_LEVEL]


def drifts_tested(compared: Sequence[LandscapeComparison]) -> list[Finding]:
    """Test whether speed or progress moved in one direction, without a gate.

    Late in a run, rounding makes paths unpredictable and fingerprints useless. But rounding makes a run longer as often
    as shorter, so a common direction reveals a change. The landscape with the strongest effect is left out, because
    rounding may break a tie alike from many starts of one landscape. Other criteria are not tested: rounding may push
    the end of a run in one direction.

    Parameters
    ----------
    compared : sequence of LandscapeComparison

    Returns
    -------
    list of Finding
        One for each criterion that moved at all, with its p-value.
    """
    every = [(metric, [comparison.differences(metric) for comparison in compared]) for metric in (SPEED, PROGRESS)]
    tested = [(metric, strata) for metric, strata in every if any_nonzero(strata)]
    adjusted = holm([stratified_signed_rank(without_strongest_stratum(strata)) for _, strata in tested])
    found = []
    for (metric, strata), p_value in zip(tested, adjusted, strict=True):
        shift = metric.shift(strata)
        found.append(Finding(metric.name, shift, p_value, metric.describe(shift)))
    return found


def _gate(metric: Metric, strata: Sequence[Sequence[float]]) -> float:
    """Return the smallest shift over a suite that matters.

    A criterion that is not averaged over further runs moves in steps of one evaluation. A mean over n landscapes
    resolves it √n times as finely as one landscape; cells with an undefined difference do not count.
    """
    if metric.is_averaged:
        return metric.gate_suite
    informative = sum(float(np.mean(~np.isnan(np.asarray(one, dtype=np.float64)))) for one in strata if len(one))
    return max(metric.gate_suite, metric.gate_landscape / math.sqrt(max(informative, 1.0)))


def _masked_losses(
    compared: Sequence[LandscapeComparison], whole: dict[str, list[list[float]]], found: Sequence[Finding]
) -> list[Finding]:
    """Test for a loss on the landscapes that gained nothing, so that gains elsewhere cannot mask it.

    This test needs no share of the level. It is made only if a landscape gained, and the level of the landscapes
    already bounds the probability of a false gain.
    """
    has_gained = [any(not finding.is_worse for finding in comparison.findings) for comparison in compared]
    others = has_gained.count(False)
    if others < 2 or others == len(compared):  # a single landscape has its own test
        return []
    rest = {
        name: [of_one for of_one, gained in zip(strata, has_gained, strict=True) if not gained]
        for name, strata in whole.items()
    }
    prefix = f"on the {number_of(others, 'landscape')} that gained nothing, "
    already = set() if was_bought(found) else {finding.metric for finding in found if finding.is_worse}
    further = moved_criteria(rest, SUITE_LEVEL, lambda metric: _gate(metric, rest[metric.name]), prefix)
    if was_bought(further):
        return []
    return [replace(one, is_unpaid=True) for one in further if one.is_worse and one.metric not in already]


def _starts_on_bounds(comparison: LandscapeComparison) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array([is_on_bounds(cell.start) for _, cell in comparison.pairs])


def landscapes_moved_with(comparison: OptimizerComparison, finding: Finding) -> list[LandscapeComparison]:
    """List the landscapes that moved in the direction of a finding over the suite, the largest shift first.

    Parameters
    ----------
    comparison : OptimizerComparison
    finding : Finding

    Returns
    -------
    list of LandscapeComparison
        Empty if the finding's metric is not one of `METRICS`, such as time.
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
