"""List the remarks of a session on its optimizers, the worst first.

Annotations, Markdown and the code quality report are made from the same remarks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_optlandscape.comparison import LandscapeComparison, OptimizerComparison, Verdict
from pytest_optlandscape.comparison.findings import Finding, gravest_first, verdict_of
from pytest_optlandscape.comparison.suite_comparison import landscapes_moved_with
from pytest_optlandscape.contract import CheckOutcome
from pytest_optlandscape.report.terminal import BOUGHT, decision, is_open
from pytest_optlandscape.report.trend import clean, what_moved
from pytest_optlandscape.report.wording import BASELINE, Wording
from pytest_optlandscape.texts.plurals import number_of, verb_of
from pytest_optlandscape.trend import Event, Trend

__all__ = ["Place", "Remark", "SessionReport", "creep_at", "remarks_of"]

_GRAVITY = ("failed", "worse", "creep", "changed", "not-comparable", "new", "better")
"""The verdicts of remarks, the gravest first."""


@dataclass(frozen=True)
class Place:
    """A line of a file in the repository.

    Attributes
    ----------
    path : str
        Relative to the top of the repository, with slashes.
    line : int or None
        Counted from 1.
    """

    path: str
    line: int | None = None


@dataclass(frozen=True)
class Remark:
    """A remark on an optimizer.

    Attributes
    ----------
    verdict : str
        worse, changed, better, new or not-comparable; ``creep``; ``failed`` for a test that gave no verdict.
    spec : str
        The optimizer; for a tracked value, the id of the user's test.
    where : str
        The landscape, the check of the contract, ``overall``, or a commit.
    text : str
        The remark on one line.
    fails : bool
        Whether it makes a test fail.
    weight : float
        Gravity among remarks with the same verdict; larger is graver.
    cell : str
        The cell that lost most, to be replayed; "" if there is none.
    landscapes : tuple of str
        The landscapes concerned, if there are several.
    """

    verdict: str
    spec: str
    where: str
    text: str
    fails: bool = False
    weight: float = 0.0
    cell: str = ""
    landscapes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Verdict, optimizer and landscape on one line, without control characters."""
        return f"{self.verdict}: {clean(self.spec, 100)}" + (f", {clean(self.where, 100)}" if self.where else "")

    @property
    def level(self) -> str:
        """The level of an annotation: ``error`` if a test fails, ``notice`` for a gain, else ``warning``."""
        if self.fails:
            return "error"
        return "notice" if self.verdict == "better" else "warning"


@dataclass(frozen=True)
class SessionReport:
    """The results of a session, or of the comparison of two commits.

    Attributes
    ----------
    suite : str
    comparisons : sequence of OptimizerComparison
    wording : Wording
        Names the baseline or the revision to compare with.
    contracts : mapping of str to sequence of (CheckOutcome, Verdict)
        The outcomes of the contract, by spec.
    tracked : sequence of mapping
        The values that users' tests track: ``test``, ``name``, ``verdict`` and ``text`` of each.
    trends : sequence of Trend
        The optimizers along the history; empty without a history.
    crept : sequence of (str, Event)
        Specs, each with the creep that makes the session fail.
    commit : str
        The commit that was run; "" if unknown.
    failures : mapping of (str, str) to str
        The first line of each failure of the suite's tests, by spec and name.
    notes : sequence of str
        Further sentences, such as why something was not recorded.
    """

    suite: str
    comparisons: Sequence[OptimizerComparison]
    wording: Wording = BASELINE
    contracts: Mapping[str, Sequence[tuple[CheckOutcome, Verdict]]] = field(default_factory=dict)
    tracked: Sequence[Mapping[str, str]] = ()
    trends: Sequence[Trend] = ()
    crept: Sequence[tuple[str, Event]] = ()
    commit: str = ""
    failures: Mapping[tuple[str, str], str] = field(default_factory=dict)
    notes: Sequence[str] = ()


def remarks_of(report: SessionReport, is_failure: Callable[[Verdict, str], bool] | None = None) -> list[Remark]:
    """List the remarks of a session, the worst first.

    Parameters
    ----------
    report : SessionReport
    is_failure : callable, optional
        Return whether a verdict makes a test fail, given the optimizer's spec, or "" for a user's own test (default:
        *worse* does).

    Returns
    -------
    list of Remark
        One for each landscape that is worse. For each optimizer, one for all landscapes that changed, one for all that
        are better, and so on. Failures come first; then remarks are sorted by verdict and by loss.
    """
    fails = is_failure or (lambda verdict, _: verdict == Verdict.WORSE)
    found: list[Remark] = []
    for comparison in report.comparisons:
        found += _of_optimizer(comparison, fails)
    for spec, judged in report.contracts.items():
        found += _of_contract(spec, judged, fails)
    found += [remark for one in report.tracked for remark in _of_tracked(one, fails)]
    found += [_of_creep(spec, event, fails=True) for spec, event in report.crept]
    crept = {spec for spec, _ in report.crept}
    found += [
        _of_creep(trend.series.spec, event)
        for trend in report.trends
        if trend.series.spec not in crept
        for event in creep_at(trend, report)
    ]
    found = _with_failures(found, report.failures)
    return sorted(found, key=lambda one: (not one.fails, _GRAVITY.index(one.verdict), -one.weight))


def creep_at(trend: Trend, report: SessionReport) -> list[Event]:
    """List the creep without triage that shows at the commit of a session."""
    return [
        event
        for event in trend.events
        if event.kind == "creep"
        and event.triage is None
        and event.states[-1] is trend.states[-1]
        and any(point.commit == report.commit for point in event.states[-1].points)
    ]


def _of_optimizer(comparison: OptimizerComparison, fails: Callable[[Verdict, str], bool]) -> list[Remark]:
    spec = comparison.spec
    by_verdict: dict[Verdict, list[LandscapeComparison]] = {}
    for one in comparison.landscapes:
        by_verdict.setdefault(one.verdict, []).append(one)
    over_the_suite = verdict_of(comparison.findings) if comparison.findings else None

    def remark(verdict: Verdict, where: str, text: str, **further: Any) -> Remark:
        return Remark(str(verdict), spec, where, text, fails(verdict, spec), **further)

    def of_several(verdict: Verdict, text: str, **further: Any) -> Remark:
        names = tuple(one.now.landscape for one in by_verdict.get(verdict, ()))
        return remark(verdict, "", text, landscapes=names, **further)

    found = [
        remark(
            Verdict.WORSE,
            one.now.landscape,
            "; ".join(map(str, one.findings)),
            weight=_weight(one.findings),
            cell=one.worst_cell["cell"],
        )
        for one in by_verdict.get(Verdict.WORSE, ())
        if not one.cannot_run
    ]
    stopped_short = [one for one in by_verdict.get(Verdict.WORSE, ()) if one.cannot_run]
    if stopped_short:
        names, error = _names(stopped_short), next((one.now.errors[0] for one in stopped_short if one.now.errors), "")
        text = f"cannot run on {names}" + (f": {error}" if error else "")
        cell = stopped_short[0].worst_cell["cell"]
        told = tuple(one.now.landscape for one in stopped_short)
        where = told[0] if len(told) == 1 else ""
        found.append(remark(Verdict.WORSE, where, text, weight=math.inf, cell=cell, landscapes=told))
    over = f"over the suite: {'; '.join(map(str, comparison.findings))}"
    if over_the_suite == Verdict.WORSE:
        weight, cell = _weight(comparison.findings), _worst_cell_over(comparison)
        found.append(remark(Verdict.WORSE, "overall", over, weight=weight, cell=cell))
    if by_verdict.get(Verdict.BETTER) or over_the_suite == Verdict.BETTER:
        several = by_verdict.get(Verdict.BETTER, [])
        texts = [f"{one.now.landscape}: {'; '.join(map(str, one.findings))}" for one in several[:3]]
        texts += [f"and {number_of(len(several) - 3, 'more landscape')}"] if len(several) > 3 else []
        is_another = comparison.verdict == Verdict.BETTER and comparison.begins_otherwise
        texts += ["on a different path from the first evaluations"] if is_another else []
        found.append(
            of_several(Verdict.BETTER, "; ".join([*([over] if over_the_suite == Verdict.BETTER else []), *texts]))
        )
    changed = by_verdict.get(Verdict.CHANGED, [])
    if changed or Verdict.CHANGED in (comparison.verdict, over_the_suite):
        text = f"{number_of(comparison.diverged, 'cell')} of the suite now "
        text += f"{verb_of(comparison.diverged, 'takes', 'take')} a different path"
        text = f"{_names(changed)}: {text}" if changed else text
        bought = [f"{one.now.landscape}: {'; '.join(map(str, one.findings))}" for one in changed if one.findings][:3]
        bought = [over, *bought] if over_the_suite == Verdict.CHANGED else bought
        text += f"; {BOUGHT}: {'; '.join(bought)}" if bought else ""
        text += f"; {decision(comparison.speed, is_open(comparison))}" if comparison.speed else ""
        found.append(of_several(Verdict.CHANGED, text, cell=_worst_cell(changed or comparison.compared)))
    for verdict, what in ((Verdict.NOT_COMPARABLE, "cannot be compared"), (Verdict.NEW, "nothing to compare with")):
        several = by_verdict.get(verdict, [])
        if several:
            reason = next((f": {one.reason}" for one in several if one.reason), "")
            found.append(of_several(verdict, f"{what} on {_names(several)}{reason}"))
    return found


def _weight(findings: Iterable[Finding]) -> float:
    """Return the largest loss as a multiple of its gate; infinite for findings that need no statistics."""
    return max((one.weight for one in findings if one.is_worse), default=0.0)


def _worst_cell(several: Iterable[LandscapeComparison]) -> str:
    worst = max(several, key=lambda one: max(one.losses, default=-math.inf), default=None)
    return str(worst.worst_cell["cell"]) if worst else ""


def _worst_cell_over(comparison: OptimizerComparison) -> str:
    """Return the worst cell of the landscape that lost most in the criterion that failed over the suite."""
    for finding in gravest_first(comparison.findings):
        moved = landscapes_moved_with(comparison, finding)
        if finding.is_worse and moved:
            cells = moved[0].moved_with(finding)
            return f"{moved[0].now.landscape}/{cells[0].now.start}" if cells else str(moved[0].worst_cell["cell"])
    return _worst_cell(comparison.compared)


def _names(several: Sequence[LandscapeComparison]) -> str:
    names = [one.now.landscape for one in several]
    more = [f"and {number_of(len(names) - 4, 'more landscape')}"] if len(names) > 5 else []
    return ", ".join(names[:4] if more else names) + " ".join(["", *more])


def _of_contract(
    spec: str, judged: Sequence[tuple[CheckOutcome, Verdict]], fails: Callable[[Verdict, str], bool]
) -> list[Remark]:
    words = {
        Verdict.WORSE: "newly broken",
        Verdict.NEW: "broken, with nothing accepted yet",
        Verdict.BETTER: "no longer broken",
    }
    return [
        Remark(str(verdict), spec, found.check, f"contract: {words[verdict]}", fails(verdict, spec), math.inf)
        for found, verdict in judged
        if verdict in words
    ]


def _of_tracked(one: Mapping[str, str], fails: Callable[[Verdict, str], bool]) -> list[Remark]:
    verdict = Verdict(one["verdict"])
    is_reported = verdict in (Verdict.WORSE, Verdict.CHANGED, Verdict.BETTER)
    return (
        [Remark(str(verdict), one["test"], one["name"], one["text"], True)]
        if fails(verdict, "")
        else ([Remark(str(verdict), one["test"], one["name"], one["text"])] if is_reported else [])
    )


def _of_creep(spec: str, event: Event, fails: bool = False) -> Remark:
    since, first = event.since.last.entry.short, event.states[0].first.entry.short
    text = (
        f"{event.comparison.verdict} by small changes over {number_of(len(event.states), 'state')} since {since}, the "
        f"first of them {first}: {what_moved(event.comparison)}"
    )
    verdict = "creep" if event.is_worse else "better"
    return Remark(verdict, spec, event.states[-1].first.entry.short, text, fails)


def _with_failures(found: Sequence[Remark], failures: Mapping[tuple[str, str], str]) -> list[Remark]:
    """Add a remark for each failed test that no other remark covers, such as a test that could not be run."""
    told = {(one.spec, where) for one in found if one.fails for where in (one.where, *one.landscapes)}
    told |= {(one.spec, "overall") for one in found if one.fails}  # `overall` fails for landscapes without a test
    return [
        *found,
        *(Remark("failed", *key, text, True) for key, text in failures.items() if key not in told),
    ]
