"""Write the failure message of a suite's test: the findings, the worst cells, and commands to continue with."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pytest_optlandscape.comparison import LandscapeComparison, OptimizerComparison, Verdict
from pytest_optlandscape.comparison.criteria import METRICS
from pytest_optlandscape.comparison.findings import Finding, gravest_first, was_bought
from pytest_optlandscape.comparison.landscape_comparison import MovedCell
from pytest_optlandscape.comparison.suite_comparison import landscapes_moved_with
from pytest_optlandscape.configuration.profiles import said_of
from pytest_optlandscape.landscapes import get
from pytest_optlandscape.report.errors import cannot_run_text
from pytest_optlandscape.report.layout import WIDTH, table, wrapped
from pytest_optlandscape.report.terminal import BOUGHT, UNMOVED, decision, how_it_shows, is_open, landscapes_table
from pytest_optlandscape.report.wording import BASELINE, Wording
from pytest_optlandscape.suites.catalogue import find_cell
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["failure_text", "overall_failure_text"]

_ROWS = 5
_METRICS = {metric.name: metric for metric in METRICS}


def failure_text(
    comparison: LandscapeComparison,
    spec: str,
    wording: Wording = BASELINE,
    *,
    in_python: bool = True,
    shown_on: str = "",
) -> str:
    """Return the failure message of one landscape's test.

    Parameters
    ----------
    comparison : LandscapeComparison
    spec : str
        The optimizer.
    wording : Wording
    in_python : bool, default True
        Whether to add a line of Python that repeats the worst cell.
    shown_on : str, optional
        A landscape on which the same traceback was already shown; then it is not repeated.

    Returns
    -------
    str
        The findings, losses first; the cells that moved most in the criteria that failed; and commands.
    """
    name = comparison.now.landscape
    if comparison.verdict == Verdict.NOT_COMPARABLE:
        text = f"{spec} on {name} cannot be compared with {wording.reference}: {comparison.reason}"
        return "\n".join(wrapped(text, ""))
    if comparison.verdict == Verdict.NEW:
        return "\n".join([*wrapped(f"{spec} on {name} has no baseline", ""), "", *wording.accept(f"{spec}::{name}")])
    if comparison.cannot_run:  # no command to accept, because there is no result
        lines = cannot_run_text(comparison.now, spec, comparison.before, wording, shown_on)
        alone = ["  run this landscape alone:", f"    {wording.run_alone(f'{spec}::{name}')}"]
        again = _replay(comparison, spec, comparison.now.cells[0].start, wording, in_python)
        return "\n".join([*lines, "", *again, *alone])
    lines = wrapped(f"{spec} on {name} {_headline(comparison.verdict, comparison.findings, wording)}", "")
    lines += _finding_lines(comparison.findings)
    if comparison.diverged:
        start, where = comparison.diverged[0]
        count = f"{len(comparison.diverged)} of {number_of(len(comparison.now.cells), 'cell')}"
        lines += wrapped(f"paths diverge in {count}, {start} first, at {where}", "  ")
    if comparison.speed and comparison.fingerprint != "identical":
        lines += wrapped(decision(comparison.speed, not comparison.findings), "  ")
    shown = _shown(comparison)
    if comparison.findings and not any(map(comparison.moved_with, comparison.findings)):
        lines.append("  this shows in averages over further runs only, not in a cell's own run")
    moved = _cells_table(comparison, shown)
    lines += ["", *moved] if moved else []
    cell = shown[0].now.start if shown else comparison.worst_cell["cell"].rpartition("/")[2]
    lines += ["", *_replay(comparison, spec, cell, wording, in_python)]
    lines += wording.again(f"{spec}::{name}", "landscape")
    return "\n".join(lines)


def _headline(verdict: Verdict, findings: Sequence[Finding], wording: Wording) -> str:
    """Return the heading for a list of findings: the verdict in words."""
    if verdict in (Verdict.WORSE, Verdict.BETTER):
        return f"is {verdict} than {wording.what_was}:"
    if was_bought(findings):
        return f"has changed since {wording.reference}, {BOUGHT}:"
    return f"has changed since {wording.reference}: {UNMOVED}"


def _finding_lines(findings: Sequence[Finding]) -> list[str]:
    """Return the findings as lines: losses first, the gravest at the top, then gains."""
    several = gravest_first(findings)
    is_mixed = any(one.is_worse for one in several)
    return [
        line
        for finding in several
        for line in wrapped(f"{'but ' if is_mixed and not finding.is_worse else ''}{finding}", "  ")
    ]


def _shown(comparison: LandscapeComparison) -> list[MovedCell]:
    """Return the cells that moved most in the criterion that failed; if none moved, cells whose paths diverge."""
    for finding in gravest_first(comparison.findings):
        moved = comparison.moved_with(finding)
        if moved:
            return moved[:_ROWS]
    apart = dict(comparison.diverged)
    return [MovedCell(old, new, 0.0) for old, new in comparison.pairs if new.start in apart][:_ROWS]


def _cells_table(comparison: LandscapeComparison, shown: Sequence[MovedCell]) -> list[str]:
    """Return a table of cells before and now: the failed criteria, and others as far as the terminal is wide."""
    if not shown:
        return []
    failed = [one for one in gravest_first(comparison.findings) if comparison.moved_with(one)]
    failed = [one for one in failed if one.is_worse] or failed
    columns = [_column(comparison, one, shown) for one in failed]
    if not failed:
        where = dict(comparison.diverged)
        columns.append(["diverge at", *(where[cell.now.start] for cell in shown)])
    names = [one.metric for one in failed]
    further = [metric for metric in (*("cost", "precision"), "speed") if metric not in names]
    columns += [_metric_column(comparison, metric, shown) for metric in further]
    columns.append(["ended", *(_arrow(cell.before.stop_reason, cell.now.stop_reason) for cell in shown)])
    title = "cells that diverge" if not failed else ("worst cells" if failed[0].is_worse else "cells that gained most")
    kept: list[Sequence[str]] = [[f"  {title}", *(f"  {comparison.now.landscape}/{cell.now.start}" for cell in shown)]]
    for column in _without_repeated(columns):
        lines = table(*_turned([*kept, column, ["", *("" for _ in shown)]]))
        if len(kept) == 1 or max(map(len, lines)) <= WIDTH:
            kept.append(column)
    return table(*_turned([*kept, ["", *("" for _ in shown)]]))


def _without_repeated(columns: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Drop columns with a repeated heading."""
    kept: dict[str, Sequence[str]] = {}
    for column in columns:
        kept.setdefault(column[0], column)
    return list(kept.values())


def _turned(columns: Sequence[Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    header, *rows = (list(row) for row in zip(*columns, strict=True))
    return header, rows


def _column(comparison: LandscapeComparison, finding: Finding, shown: Sequence[MovedCell]) -> list[str]:
    if finding.metric == "time":
        by = {cell.now.start: cell.by for cell in comparison.moved_with(finding)}
        times = (f"× {10.0 ** by[cell.now.start]:.2g}" if cell.now.start in by else "" for cell in shown)
        return ["own time", *times]
    if finding.metric in _METRICS:
        return _metric_column(comparison, finding.metric, shown)
    return ["ended", *(_arrow(cell.before.stop_reason, cell.now.stop_reason) for cell in shown)]


def _metric_column(comparison: LandscapeComparison, name: str, shown: Sequence[MovedCell]) -> list[str]:
    metric = _METRICS[name]
    return [metric.heading, *(_arrow(*metric.show(comparison.now, cell.before, cell.now)) for cell in shown)]


def _arrow(before: str, now: str) -> str:
    return now if before == now else f"{before} → {now}"


def _replay(comparison: LandscapeComparison, spec: str, start: str, wording: Wording, in_python: bool) -> list[str]:
    landscape = get(comparison.now.landscape)
    cell = find_cell(landscape, start)
    which = "worst " if comparison.verdict == Verdict.WORSE else ""
    lines = [f"  replay the {which}cell:" if which else "  replay the first of these cells:"]
    lines.append(f"    {wording.replay(spec, cell.id)}")
    if in_python:
        budget = cell.budget(comparison.now.budget)
        where = f"{landscape!r}, x0={cell.x0.tolist()}, budget={budget}, seed={cell.seed}"
        call = f"minimize({spec!r}, {where}{said_of(spec)})"
        lines += ["  the same in Python:", f"    {wording.in_python(call)}"]
    return lines


def overall_failure_text(
    comparison: OptimizerComparison, wording: Wording = BASELINE, *, tested: Collection[str] = ()
) -> str:
    """Return the failure message of the whole suite's test.

    Parameters
    ----------
    comparison : OptimizerComparison
    wording : Wording
    tested : collection of str, optional
        Landscapes with a test of their own, which reports their findings.

    Returns
    -------
    str
        The findings over the suite and on landscapes without a test; the landscapes that moved most; and commands.
    """
    over = number_of(len(comparison.landscapes), "landscape")
    spec = comparison.spec
    bought = f", {BOUGHT}" if was_bought(comparison.findings) else ""
    became = {
        Verdict.CHANGED: f"has changed since {wording.reference}{bought}",
        Verdict.NEW: "has no baseline",
        Verdict.NOT_COMPARABLE: f"cannot be compared with {wording.reference}",
    }.get(comparison.verdict, f"is {comparison.verdict} than {wording.what_was}")
    lines = wrapped(f"{spec} {became}, over {over}", "")
    lines += _finding_lines(comparison.findings)
    if comparison.verdict == Verdict.CHANGED and not comparison.findings:
        lines += wrapped(how_it_shows(comparison), "  ")
    if comparison.speed and comparison.fingerprint in ("changed", "nondeterministic"):
        lines += wrapped(decision(comparison.speed, is_open(comparison)), "  ")
    for one in comparison.landscapes:
        if one.now.landscape not in tested and (one.findings or one.reason):
            found = one.reason or "; ".join(map(str, gravest_first(one.findings)))
            lines += wrapped(f"{one.verdict} on {one.now.landscape}: {found}", "  ")
    moved = next(
        filter(None, (landscapes_moved_with(comparison, one) for one in gravest_first(comparison.findings))), []
    )
    if moved:
        lines += ["", *landscapes_table("moved most", moved[:_ROWS])]
    is_new = comparison.verdict == Verdict.NEW
    again = wording.accept(spec) if is_new else wording.again(f"{spec}::overall", "test", accepted=spec)
    return "\n".join([*lines, "", *again])
