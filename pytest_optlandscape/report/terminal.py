"""What stands in the terminal: a table of the optimizers, then what moved and what to do."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence

from pytest_optlandscape.landscapes import get
from pytest_optlandscape.report.errors import cannot_run_text, error_texts, indented
from pytest_optlandscape.report.wording import BASELINE, Wording, number_of
from pytest_optlandscape.runs.run import SLACK
from pytest_optlandscape.strategies.suites import cells
from pytest_optlandscape.verdicts import LandscapeComparison, OptimizerComparison, Verdict
from pytest_optlandscape.verdicts.findings import Finding, was_bought
from pytest_optlandscape.verdicts.metrics import SPEED
from pytest_optlandscape.verdicts.records import ROUNDS_OUT
from pytest_optlandscape.verdicts.speed import SpeedChange
from pytest_optlandscape.verdicts.statistics import ShiftInterval

__all__ = ["failure_text", "landscape_rows", "overall_failure_text", "summary_lines", "table", "wrapped"]

_WIDTH = 110

_UNMOVED = "no criterion moved significantly and far enough"
_BOUGHT = "and more evaluations bought a better result"

EQUIVALENT = 5.0
"""Per cent of speed within which a changed algorithm counts as equivalent: half of what matters on one landscape."""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    r"""Lay out rows under a header; the first column to the left, numbers to the right, the last to the left.

    Examples
    --------
    >>> print("\n".join(table(["name", "runs", "verdict"], [["a", "10", "same"], ["bcd", "5", "worse"]])))
    name  runs  verdict
    a       10  same
    bcd      5  worse
    """
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[k]) for line in lines) for k in range(len(header))]
    last = len(header) - 1

    def cell(k: int, text: str) -> str:
        return text.ljust(widths[k]) if k in (0, last) else text.rjust(widths[k])

    return ["  ".join(cell(k, text) for k, text in enumerate(line)).rstrip() for line in lines]


def summary_lines(comparisons: Sequence[OptimizerComparison], wording: Wording = BASELINE) -> list[str]:
    """Draw the table of optimizers."""
    header = ["optimizer", "landscapes", "success", "digits", "evaluations", wording.column, "verdict"]
    return table(header, [_optimizer_row(comparison) for comparison in comparisons])


def _optimizer_row(comparison: OptimizerComparison) -> list[str]:
    records = [landscape.now for landscape in comparison.landscapes]
    cells = sum(len(record.cells) for record in records)
    successes = sum(record.successes for record in records)
    return [
        comparison.spec,
        str(len(records)),
        f"{successes}/{cells} ({100 * successes / cells:.0f} %)",
        f"{_median([record.digits for record in records]):.1f}",
        f"{_median([record.evaluations for record in records]):.0f}",
        _against(comparison),
        str(comparison.verdict),
    ]


def landscape_rows(comparison: OptimizerComparison, wording: Wording = BASELINE) -> list[str]:
    """Draw the table of one optimizer's landscapes."""
    header = [comparison.spec, "success", "digits", "evaluations", wording.column, "verdict"]
    rows = [
        [
            f"  {c.now.landscape}",
            f"{c.now.successes}/{len(c.now.cells)}",
            f"{c.now.digits:.1f}",
            f"{c.now.evaluations:.0f}",
            _against(c),
            str(c.verdict),
        ]
        for c in comparison.landscapes
    ]
    return table(header, rows)


def _against(comparison: OptimizerComparison | LandscapeComparison) -> str:
    if comparison.speed is None:
        return "-"
    if comparison.fingerprint in ("changed", "nondeterministic"):
        ratio = comparison.speed_ratio
        return "speed unknown" if ratio is None else f"speed × {ratio:.3g}"
    return "identical" if comparison.fingerprint == "identical" else "equal up to rounding"


def details(comparison: OptimizerComparison, wording: Wording = BASELINE) -> list[str]:
    """Say what moved, per verdict, what merely changed, and what could not be told."""
    lines: list[str] = []
    if comparison.findings:
        lines += wrapped(f"over the suite: {_findings(comparison.findings)}", "  ")
    if comparison.unjudged_verdict not in (None, comparison.verdict):
        found = _findings(comparison.unjudged) or _how_it_shows(comparison)
        text = f"not judged, as the test `overall` was not run: over these landscapes {found}"
        lines += wrapped(text, "  ")
    for verdict in (Verdict.WORSE, Verdict.BETTER):
        for landscape in comparison.landscapes:
            if landscape.verdict == verdict and not landscape.cannot_run:  # of which the errors below tell
                lines += wrapped(f"{verdict} on {landscape.now.landscape}: {_findings(landscape.findings)}", "  ")
    lines += _changes(comparison)
    reasons = {c.reason for c in comparison.landscapes if c.verdict == Verdict.NOT_COMPARABLE}
    for reason in sorted(reasons):
        names = [c.now.landscape for c in comparison.landscapes if c.reason == reason]
        lines += wrapped(f"not compared on {', '.join(names)}: {reason}", "  ")
    for text in error_texts(comparison.landscapes):
        lines += wrapped(text, "  ")
    lines += indented(next((c.now.traceback for c in comparison.landscapes if c.cannot_run), ""))
    for note in dict.fromkeys(note for c in comparison.landscapes for note in c.now.notes):
        where = ", ".join(c.now.landscape for c in comparison.landscapes if note in c.now.notes)
        lines += wrapped(f"{note}, on {where}", "  ")
    return lines + _rounding_outside(comparison) + _what_was_not_told(comparison, wording)


def _rounding_outside(comparison: OptimizerComparison) -> list[str]:
    """Say where runs leave the bounds by rounding, and where they did not before."""
    leaves = [c for c in comparison.landscapes if any(ROUNDS_OUT in cell.flags for cell in c.now.cells)]
    if not leaves:
        return []
    new = [c for c in leaves if c.before and not any(ROUNDS_OUT in cell.flags for cell in c.before.cells)]
    is_new = f"; new on {', '.join(c.now.landscape for c in new)}" if new else ""
    where = ", ".join(c.now.landscape for c in leaves)
    text = f"leaves the bounds by rounding, at most {SLACK:g} units in the last place, on {where}{is_new}"
    return wrapped(text, "  ")


def _changes(comparison: OptimizerComparison) -> list[str]:
    """Say where paths part, and what remains possible for the speed."""
    changed = [c for c in comparison.landscapes if c.verdict == Verdict.CHANGED]
    lines: list[str] = []
    for landscape in changed:
        if landscape.findings:
            text = f"changed on {landscape.now.landscape}, {_BOUGHT}: {_findings(landscape.findings)}"
            lines += wrapped(text, "  ")
    unmoved = [c.now.landscape for c in changed if not c.findings]
    if unmoved:
        lines += wrapped(f"changed on {', '.join(unmoved)}: {_UNMOVED}", "  ")
    parted = [(c.now.landscape, *first) for c in changed for first in c.parted[:1]]
    if comparison.verdict == Verdict.CHANGED and not changed and not comparison.findings:
        parted = [(c.now.landscape, *first) for c in comparison.landscapes for first in c.parted[:1]]
        text = f"changed: {_how_it_shows(comparison)}"
        lines += wrapped(text, "  ")
    if parted:
        landscape_id, start, where = parted[0]
        lines += wrapped(f"paths part, for instance on {landscape_id}/{start} at {where}", "  ")
    if comparison.fingerprint in ("changed", "nondeterministic") and comparison.speed:
        is_open = not comparison.findings and not any(c.findings for c in comparison.landscapes)
        lines += wrapped(decision(comparison.speed, is_open), "  ")
    return lines


def decision(speed: SpeedChange, is_open: bool = True) -> str:
    """Say what is known of a change in speed and, where no criterion moved, what would have been seen.

    Parameters
    ----------
    speed : SpeedChange
    is_open : bool, default True
        Whether no criterion moved significantly.

    Returns
    -------
    str
        Such as ``speed × 0.99 (0.98 to 1.01 at 99 % confidence): equivalent within 2 %; a slowdown of 1.5 % …``.
    """
    if speed.to_targets:
        share = f" by {speed.reached} of {speed.targets} targets" if speed.reached < speed.targets / 2 else ""
        return f"speed{share} × {_interval(speed.to_targets, is_open)}"
    text = f"speed unknown: {speed.reached} of {speed.targets} targets reached"
    if not speed.to_same_gaps:
        return text
    return f"{text}; where none is reached, speed to the same gaps × {_interval(speed.to_same_gaps, is_open)}"


def _interval(speed: ShiftInterval, is_open: bool) -> str:
    fastest, slowest = 10.0**-speed.lower, 10.0**-speed.upper
    text = f"{10.0**-speed.shift:.3g} ({slowest:.3g} to {fastest:.3g} at 99 % confidence)"
    if not is_open:
        return text
    if speed.detectable == math.inf:
        return f"{text}: not decided; no slowdown would have been seen in so few cells"
    within = 100.0 * (10.0 ** max(abs(speed.lower), abs(speed.upper)) - 1.0)
    text += f": equivalent within {within:.2g} %" if within <= EQUIVALENT else ": not decided"
    seen = 100.0 * (10.0 ** max(speed.detectable, SPEED.gate_suite) - 1.0)
    return f"{text}; a slowdown of {seen:.2g} % would have been seen with 90 % power"


def _what_was_not_told(comparison: OptimizerComparison, wording: Wording) -> list[str]:
    """Count aloud what the fingerprint could not judge."""
    lines: list[str] = []
    restless = [c.now.landscape for c in comparison.landscapes if c.fingerprint == "nondeterministic"]
    if restless:
        names = ", ".join(restless)
        text = f"nondeterministic on {names}: two runs of the same code differ, so only criteria are compared"
        lines += wrapped(text, "  ")
    if comparison.stopped:
        count = number_of(comparison.stopped, "cell")
        names = ", ".join(c.now.landscape for c in comparison.landscapes if c.stopped)
        lines += wrapped(f"{count} stopped by the time limit, and therefore not compared, on {names}", "  ")
    if comparison.set_aside:
        text = f"{comparison.set_aside} cells set aside by the fingerprint: rounding makes their paths unpredictable"
        lines += wrapped(text, "  ")
    is_same = comparison.verdict == Verdict.SAME and comparison.unjudged_verdict in (None, Verdict.SAME)
    if is_same and comparison.parted and not restless:
        text = (
            f"{_cells_part(comparison)} from {wording.its_cells}; {comparison.expected:.1f} are expected of rounding, "
            "and so few are no proof of a change"
        )
        lines += wrapped(text, "  ")
    return lines


def _how_it_shows(comparison: OptimizerComparison) -> str:
    """Say what tells of a change that shows on no landscape by itself."""
    if comparison.drifts:
        return f"{_findings(comparison.drifts)}; this is below the gate, but rounding has no direction"
    return _more_cells_part(comparison)


def _more_cells_part(comparison: OptimizerComparison) -> str:
    return f"{_cells_part(comparison)}, where rounding explains {comparison.expected:.1f}"


def _cells_part(comparison: OptimizerComparison) -> str:
    return f"{comparison.parted} cells part" if comparison.parted != 1 else "1 cell parts"


def failure_text(comparison: LandscapeComparison, spec: str, wording: Wording = BASELINE, shown_on: str = "") -> str:
    """Say why the test of one landscape fails; a traceback that was shown on another one is not repeated."""
    name = comparison.now.landscape
    if comparison.verdict == Verdict.NOT_COMPARABLE:
        return f"{spec} on {name} cannot be compared with {wording.reference}: {comparison.reason}"
    if comparison.verdict == Verdict.NEW:
        return f"{spec} on {name} has no baseline; accept one with --optlandscape-update"
    if comparison.cannot_run:
        lines = cannot_run_text(comparison.now, spec, comparison.before, wording, shown_on)
        ways_on = [line for line in _ways_on(comparison, spec, wording) if not _accepts(line)]
        return "\n".join([*lines, "", *ways_on])
    lines = [f"{spec} on {name} {_what_became(comparison.verdict, comparison.findings, wording)}"]
    lines += [f"  {finding}" for finding in comparison.findings]
    if comparison.parted:
        start, where = comparison.parted[0]
        count = f"{len(comparison.parted)} of {len(comparison.now.cells)} cells"
        lines.append(f"  paths part in {count}, {name}/{start} first at {where}")
    if comparison.speed:
        lines.append(f"  {decision(comparison.speed, not comparison.findings)}")
    if comparison.pairs:
        lines += ["", *_cells_table(comparison)]
    lines += ["", *_ways_on(comparison, spec, wording)]
    return "\n".join(lines)


def _accepts(line: str) -> bool:
    """Whether a line says how to accept what was measured: of what cannot run there is nothing to accept."""
    return "accept what" in line or "commit the baseline" in line


def _what_became(verdict: Verdict, findings: Sequence[Finding], wording: Wording) -> str:
    """Head a list of findings: the verdict in words that agree with them."""
    if verdict in (Verdict.WORSE, Verdict.BETTER):
        return f"is {verdict} than {wording.what_was}:"
    if was_bought(findings):
        return f"has changed since {wording.reference}, {_BOUGHT}:"
    return f"has changed since {wording.reference}: {_UNMOVED}"


def _cells_table(comparison: LandscapeComparison) -> list[str]:
    """Show the cells that lost most, before and now."""
    losses = comparison.losses
    order = sorted(range(len(losses)), key=lambda k: -losses[k])[:5]
    rows = []
    for k in order:
        before, now = comparison.pairs[k]
        reached = [share for share, hit in enumerate(now.hits, start=1) if hit != float("inf")]
        rows.append(
            [
                f"  {comparison.now.landscape}/{now.start}",
                f"{before.gap:.3g}",
                f"{now.gap:.3g}",
                f"{max(before.nfev, before.njev)}",
                f"{max(now.nfev, now.njev)}",
                f"{len(reached)} of {len(now.hits)} targets, {now.stop_reason}",
            ]
        )
    header = ["  worst cells", "gap before", "now", "evaluations before", "now", ""]
    return table(header, rows)


def _ways_on(comparison: LandscapeComparison, spec: str, wording: Wording) -> list[str]:
    worst = comparison.worst_cell["cell"]
    landscape = get(comparison.now.landscape)
    cell = next(cell for cell in cells(landscape) if cell.id == worst)
    budget = comparison.now.budget
    return [
        "  replay the worst cell, in Python:",
        f"    minimize({spec!r}, {landscape!r}, x0={cell.x0.tolist()}, budget={budget}, seed={cell.seed})",
        *wording.again(f"{spec}::{landscape.id}", "landscape"),
    ]


def overall_failure_text(comparison: OptimizerComparison, wording: Wording = BASELINE) -> str:
    """Say why the test of the suite as one fails."""
    over = number_of(len(comparison.landscapes), "landscape")
    is_now = "has changed" if comparison.verdict == Verdict.CHANGED else f"is {comparison.verdict}"
    lines = [f"{comparison.spec} {is_now} over {over}"]
    return "\n".join([*lines, *details(comparison, wording)])


def _findings(findings: Iterable[object]) -> str:
    return "; ".join(map(str, findings))


def wrapped(text: str, indent: str) -> list[str]:
    """Wrap between words only, so that paths and ids stay whole."""
    wrapper = textwrap.TextWrapper(
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return wrapper.wrap(text) or [indent]


def _median(values: Sequence[float]) -> float:
    import numpy as np

    return float(np.median(values))
