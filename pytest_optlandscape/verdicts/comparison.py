"""The verdict: what became of an optimizer since its baseline.

Cells are paired: same landscape, start and seed. Where every number agrees the optimizer is the **same**. Where one
differs, speed, precision, success and cost are tested by exact signed ranks. Only what is both significant and
beyond a practical gate is **better** or **worse**; what else differs is **changed**.

The level, 0.001 for a whole suite, is shared: half for the landscapes, split evenly among them so that each can be
judged by itself, half for the suite as one.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pytest_optlandscape.verdicts.records import CellRecord, LandscapeRecord
from pytest_optlandscape.verdicts.statistics import holm, stratified_signed_rank

__all__ = ["Finding", "LandscapeComparison", "OptimizerComparison", "Verdict", "compare_landscape", "compare_optimizer"]

LEVEL = 0.001
"""Probability of any false better or worse in a suite."""

FEWEST_CELLS = 16
"""With fewer pairs one landscape by itself cannot reach the level."""


class Verdict(enum.StrEnum):
    """What became of an optimizer."""

    SAME = "same"
    CHANGED = "changed"
    BETTER = "better"
    WORSE = "worse"
    NEW = "new"
    NOT_COMPARABLE = "not-comparable"


@dataclass(frozen=True)
class _Metric:
    """One criterion: the value of a cell, higher being worse, and the smallest change that matters."""

    name: str
    value: Callable[[LandscapeRecord, CellRecord], float]
    gate_landscape: float
    gate_suite: float
    describe: Callable[[float], str]


def _speed(record: LandscapeRecord, cell: CellRecord) -> float:
    """Mean log₁₀ of the evaluations to each target; a missed one counts as twice the budget."""
    return float(np.mean([math.log10(min(hit, 2.0 * record.budget)) for hit in cell.hits]))


def _precision(record: LandscapeRecord, cell: CellRecord) -> float:
    """log₁₀ of the final gap as a share of the reference, not below what rounding leaves of f."""
    share = max(cell.gap, record.noise) / record.reference
    return math.log10(min(share, 1e3))  # an infeasible or missing result counts as a thousand typical gaps


def _failure(record: LandscapeRecord, cell: CellRecord) -> float:
    return 0.0 if record.succeeded(cell) else 1.0


def _cost(record: LandscapeRecord, cell: CellRecord) -> float:
    """log₁₀ of all evaluations made; a run that used up its budget has no less cost for being cut off."""
    if max(cell.nfev, cell.njev) >= record.budget:
        kinds = (cell.nfev > 0) + (cell.njev > 0)
        return math.log10(kinds * record.budget)
    return math.log10(max(cell.nfev + cell.njev, 1))


def _percent(what: str) -> Callable[[float], str]:
    def describe(effect: float) -> str:
        change = 100.0 * (10.0**effect - 1.0)
        return f"{abs(change):.3g} % {'more' if change > 0 else 'fewer'} evaluations {what}"

    return describe


_METRICS = (
    _Metric("speed", _speed, math.log10(1.10), math.log10(1.02), _percent("to the targets")),
    _Metric("precision", _precision, 0.3, 0.1, lambda e: f"{abs(e):.2g} digits {'less' if e > 0 else 'more'} precise"),
    _Metric(
        "success",
        _failure,
        0.10,
        0.02,
        lambda e: f"{100 * abs(e):.3g} points {'less' if e > 0 else 'more'} success",
    ),
    _Metric("cost", _cost, math.log10(1.10), math.log10(1.02), _percent("in all")),
)


@dataclass(frozen=True)
class Finding:
    """One criterion that moved, significantly and beyond the gate.

    Attributes
    ----------
    metric : str
        speed, precision, success, cost or exceptions.
    effect : float
        Positive is worse.
    p_value : float
        After correction for the number of criteria.
    text : str
        What moved, in words.
    """

    metric: str
    effect: float
    p_value: float
    text: str

    @property
    def is_worse(self) -> bool:
        """Which way it moved."""
        return self.effect > 0.0

    def __str__(self) -> str:
        return self.text if self.metric == "exceptions" else f"{self.text} (p = {self.p_value:.1e})"


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
        ``identical``: every evaluation, bit by bit; ``rounding``: every stored number; ``changed``; None where
        nothing was compared.
    findings : tuple of Finding
    reason : str
        Why the records cannot be compared, where they cannot.
    """

    verdict: Verdict
    now: LandscapeRecord
    before: LandscapeRecord | None = None
    fingerprint: str | None = None
    findings: tuple[Finding, ...] = ()
    reason: str = ""

    @property
    def is_compared(self) -> bool:
        """Whether a baseline with the same definition was there."""
        return self.fingerprint is not None

    @property
    def pairs(self) -> list[tuple[CellRecord, CellRecord]]:
        """Cells before and now."""
        return list(zip(self.before.cells, self.now.cells, strict=True)) if self.before and self.is_compared else []

    @property
    def metrics(self) -> tuple[_Metric, ...]:
        """The criteria, speed and precision first."""
        return _METRICS

    def differences(self, metric: _Metric) -> list[float]:
        """Now minus before, cell by cell; positive is worse."""
        return [metric.value(self.now, now) - metric.value(self.now, before) for before, now in self.pairs]

    @property
    def speed_ratio(self) -> float | None:
        """How many times as fast as the baseline: 2.0 needs half the evaluations to the targets."""
        return 10.0 ** -float(np.mean(self.differences(_METRICS[0]))) if self.is_compared else None

    @property
    def worst_cell(self) -> dict[str, Any]:
        """The cell that lost most against the baseline or, without one, the one that ended farthest away."""
        if self.is_compared:
            losses = np.sum([self.differences(metric) for metric in _METRICS[:2]], axis=0)
        else:
            losses = np.array([_precision(self.now, cell) for cell in self.now.cells])
        worst = int(np.argmax(losses))
        cell = self.now.cells[worst]
        described: dict[str, Any] = {
            "cell": f"{self.now.landscape}/{cell.start}",
            "stop_reason": cell.stop_reason,
            "evaluations": max(cell.nfev, cell.njev),
            "gap": _plain(cell.gap),
        }
        if self.before and self.is_compared:
            before = self.before.cells[worst]
            described["baseline_evaluations"] = max(before.nfev, before.njev)
            described["baseline_gap"] = _plain(before.gap)
        return described


def compare_landscape(
    now: LandscapeRecord, before: LandscapeRecord | None, *, landscapes: int, setting_differs: str = ""
) -> LandscapeComparison:
    """Judge one landscape.

    Parameters
    ----------
    now : LandscapeRecord
    before : LandscapeRecord or None
        The baseline.
    landscapes : int
        How many landscapes the suite has: they share the level.
    setting_differs : str, optional
        Why nothing of this optimizer can be compared, if so.

    Returns
    -------
    LandscapeComparison
    """
    if before is None:
        return LandscapeComparison(Verdict.NEW, now)
    reason = setting_differs or _definition_difference(before, now)
    if reason:
        return LandscapeComparison(Verdict.NOT_COMPARABLE, now, before, reason=reason)
    fingerprint = _fingerprint(before, now)
    if fingerprint != "changed":
        return LandscapeComparison(Verdict.SAME, now, before, fingerprint)
    comparison = LandscapeComparison(Verdict.CHANGED, now, before, fingerprint)
    findings = [*_exceptions(before, now)]
    if len(now.cells) >= FEWEST_CELLS:
        level = LEVEL / 2.0 / landscapes
        findings += _findings([comparison], level, lambda metric: metric.gate_landscape)
    return LandscapeComparison(_verdict_of(findings), now, before, fingerprint, tuple(findings))


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
    """

    spec: str
    landscapes: tuple[LandscapeComparison, ...]
    verdict: Verdict
    findings: tuple[Finding, ...] = ()

    @property
    def fingerprint(self) -> str | None:
        """The weakest of the landscapes' fingerprints; None if none was compared."""
        seen = {comparison.fingerprint for comparison in self.landscapes}
        return next((name for name in ("changed", "rounding", "identical") if name in seen), None)

    @property
    def speed_ratio(self) -> float | None:
        """How many times as fast as the baseline, over all landscapes compared."""
        ratios = [c.speed_ratio for c in self.landscapes if c.speed_ratio is not None]
        return float(np.exp(np.mean(np.log(ratios)))) if ratios else None


def compare_optimizer(spec: str, landscapes: Sequence[LandscapeComparison]) -> OptimizerComparison:
    """Judge an optimizer over all its landscapes.

    A landscape that is worse makes the optimizer worse, however good the average: averages hide local damage.
    """
    compared = [comparison for comparison in landscapes if comparison.is_compared]
    verdicts = {comparison.verdict for comparison in landscapes}
    if not compared:
        verdict = Verdict.NOT_COMPARABLE if Verdict.NOT_COMPARABLE in verdicts else Verdict.NEW
        return OptimizerComparison(spec, tuple(landscapes), verdict)
    findings: list[Finding] = []
    if verdicts - {Verdict.SAME, Verdict.NEW, Verdict.NOT_COMPARABLE}:
        findings = _findings(compared, LEVEL / 2.0, lambda metric: metric.gate_suite)
    verdict = _verdict_of(findings) if findings else Verdict.SAME
    for candidate in (Verdict.WORSE, Verdict.BETTER, Verdict.CHANGED):
        if verdict == Verdict.SAME and candidate in verdicts:
            verdict = candidate
    if Verdict.WORSE in verdicts:
        verdict = Verdict.WORSE
    return OptimizerComparison(spec, tuple(landscapes), verdict, tuple(findings))


def _definition_difference(before: LandscapeRecord, now: LandscapeRecord) -> str:
    differing = [
        f"{key} {before.definition.get(key)} is now {value}"
        for key, value in now.definition.items()
        if before.definition.get(key) != value
    ]
    if not differing and [c.start for c in before.cells] != [c.start for c in now.cells]:
        return "the cells are others"
    return "; ".join(differing)


def _fingerprint(before: LandscapeRecord, now: LandscapeRecord) -> str:
    pairs = list(zip(before.cells, now.cells, strict=True))
    if all(old.to_text() == new.to_text() for old, new in pairs):
        return "identical"
    return "rounding" if all(_agree(old, new, now) for old, new in pairs) else "changed"


def _agree(old: CellRecord, new: CellRecord, record: LandscapeRecord) -> bool:
    """Tell whether two runs of a cell agree in everything but the last digits."""
    if (old.hits, old.nfev, old.njev, old.stop_reason) != (new.hits, new.nfev, new.njev, new.stop_reason):
        return False
    if not np.allclose(old.early, new.early, rtol=1e-6, atol=1e-9 * record.reference, equal_nan=True):
        return False
    negligible = max(np.finfo(float).eps * record.reference, record.noise)
    return max(old.gap, new.gap) <= negligible or math.isclose(old.gap, new.gap, rel_tol=0.02)


def _exceptions(before: LandscapeRecord, now: LandscapeRecord) -> list[Finding]:
    """Find exceptions where there was a result: that needs no statistics."""
    broken = ("exception", "no-result")
    raised = [
        new.start
        for old, new in zip(before.cells, now.cells, strict=True)
        if new.stop_reason in broken and old.stop_reason not in broken
    ]
    if not raised:
        return []
    said = f": {now.errors[0]}" if now.errors else ""
    text = f"no result from {len(raised)} of {len(now.cells)} starts that had one, {raised[0]} first{said}"
    return [Finding("exceptions", float(len(raised)), 0.0, text)]


def _findings(
    comparisons: Sequence[LandscapeComparison], level: float, gate: Callable[[_Metric], float]
) -> list[Finding]:
    strata = {metric.name: [comparison.differences(metric) for comparison in comparisons] for metric in _METRICS}
    adjusted = holm([stratified_signed_rank(strata[metric.name]) for metric in _METRICS])
    findings = []
    for metric, p_value in zip(_METRICS, adjusted, strict=True):
        effect = float(np.mean([np.mean(differences) for differences in strata[metric.name]]))
        if p_value < level and abs(effect) >= gate(metric):
            findings.append(Finding(metric.name, effect, p_value, metric.describe(effect)))
    return findings


def _verdict_of(findings: Sequence[Finding]) -> Verdict:
    """Worse if anything got worse, except where more evaluations in all bought precision or success."""
    worse = {finding.metric for finding in findings if finding.is_worse}
    better = {finding.metric for finding in findings if not finding.is_worse}
    if worse == {"cost"} and better & {"precision", "success"}:
        return Verdict.CHANGED
    if worse:
        return Verdict.WORSE
    return Verdict.BETTER if better else Verdict.CHANGED


def _plain(gap: float) -> float | None:
    return gap if math.isfinite(gap) else None
