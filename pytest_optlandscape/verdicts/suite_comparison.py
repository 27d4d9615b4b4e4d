"""The verdict on an optimizer over all landscapes of a suite.

A landscape that is worse makes the optimizer worse, however good the average: averages hide local damage. A small loss
everywhere shows on no single landscape, and one that only starts on the bounds suffer shows on none either: for these
the landscapes are tested as one.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pytest_optlandscape.landscapes import get
from pytest_optlandscape.strategies.suites import cells
from pytest_optlandscape.verdicts.comparison import CHANGE_LEVEL, LEVEL, LandscapeComparison
from pytest_optlandscape.verdicts.findings import Finding, Verdict, criteria_that_moved, verdict_of
from pytest_optlandscape.verdicts.fingerprint import Stability
from pytest_optlandscape.verdicts.metrics import SPEED, metrics_on
from pytest_optlandscape.verdicts.statistics import MeanInterval, chance_of_as_many, mean_interval

__all__ = ["OptimizerComparison", "compare_optimizer"]

SUITE_LEVEL = LEVEL / 4.0
"""For the suite as one, and the same again for its starts on bounds; the other half belongs to the landscapes."""


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
    parted : int
        Cells that part by more than rounding explains.
    expected : float
        How many cells rounding alone would part, as dithered runs tell.
    """

    spec: str
    landscapes: tuple[LandscapeComparison, ...]
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    parted: int = 0
    expected: float = 0.0

    @property
    def fingerprint(self) -> str | None:
        """The weakest of the landscapes' fingerprints; None if none was compared."""
        seen = {comparison.fingerprint for comparison in self.landscapes}
        if self.verdict == Verdict.CHANGED and seen <= {"rounding", "identical"}:
            return "changed"
        order = ("nondeterministic", "changed", "rounding", "identical")
        return next((name for name in order if name in seen), None)

    @property
    def as_one(self) -> Verdict:
        """The verdict without what stands at single landscapes, each of which has a test of its own."""
        if self.findings:
            return verdict_of(self.findings)
        is_told_elsewhere = any(c.verdict == self.verdict for c in self.landscapes)
        return Verdict.SAME if is_told_elsewhere else self.verdict

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
    def speed_ratio(self) -> float | None:
        """How many times as fast as the baseline, over all landscapes compared."""
        return 10.0**-self.speed.mean if self.speed else None

    @cached_property
    def speed(self) -> MeanInterval | None:
        """What is known of the change in speed, as log₁₀ of evaluations; None where nothing was compared."""
        strata = [comparison.differences(SPEED) for comparison in self.compared]
        hypotheses = len(metrics_on(comparison.now for comparison in self.compared))
        return mean_interval(strata, SUITE_LEVEL / hypotheses) if strata else None


def compare_optimizer(
    spec: str, landscapes: Sequence[LandscapeComparison], calibration: Stability | None = None
) -> OptimizerComparison:
    """Judge an optimizer over all its landscapes.

    Parameters
    ----------
    spec : str
    landscapes : sequence of LandscapeComparison
    calibration : Stability, optional
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
    known = calibration or Stability(0, 0)
    parted = sum(len(comparison.parted) for comparison in compared)
    count = sum(len(comparison.pairs) for comparison in compared)
    expected = count * known.jumps / known.trials if known.trials else 0.0
    findings: list[Finding] = []
    if any(comparison.fingerprint != "identical" for comparison in compared):
        findings = _findings(compared)
    verdict = verdict_of(findings) if findings else Verdict.SAME
    for candidate in (Verdict.WORSE, Verdict.BETTER, Verdict.CHANGED):
        if verdict == Verdict.SAME and candidate in verdicts:
            verdict = candidate
    if Verdict.WORSE in verdicts:
        verdict = Verdict.WORSE
    chance = chance_of_as_many(parted, count, known.jumps, known.trials)
    if verdict == Verdict.SAME and chance < CHANGE_LEVEL / 2.0:
        verdict = Verdict.CHANGED
    return OptimizerComparison(spec, tuple(landscapes), verdict, tuple(findings), parted, expected)


def _findings(compared: Sequence[LandscapeComparison]) -> list[Finding]:
    metrics = metrics_on(c.now for c in compared)
    on = {metric.name: [metric.exists_on(c.now) for c in compared] for metric in metrics}
    every = {metric.name: [c.differences(metric) for c in compared] for metric in metrics}
    whole = {name: list(itertools.compress(differences, on[name])) for name, differences in every.items()}
    found = criteria_that_moved(whole, SUITE_LEVEL, lambda metric: metric.gate_suite)
    on_bounds = [_starts_on_bounds(comparison) for comparison in compared]
    if any(mask.any() for mask in on_bounds):
        part = {
            name: [
                np.array(differences)[mask].tolist()
                for differences, mask, exists in zip(several, on_bounds, on[name], strict=True)
                if exists and mask.any()
            ]
            for name, several in every.items()
        }
        already = {finding.metric for finding in found}
        prefix = "from starts on the bounds, "
        further = criteria_that_moved(part, SUITE_LEVEL, lambda metric: metric.gate_landscape, prefix)
        found += [finding for finding in further if finding.metric not in already]
    return found


def _starts_on_bounds(comparison: LandscapeComparison) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    kinds = {cell.start: cell.is_on_bounds for cell in cells(get(comparison.now.landscape))}
    return np.array([kinds.get(cell.start, False) for _, cell in comparison.pairs])
