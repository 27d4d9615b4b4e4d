"""Write the terminal's summary: a table of the optimizers, then the findings on each of them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence

from pytest_optlandscape.comparison import LandscapeComparison, OptimizerComparison, Verdict
from pytest_optlandscape.comparison.criteria import SPEED
from pytest_optlandscape.comparison.findings import Finding, was_bought
from pytest_optlandscape.comparison.speed import SpeedChange
from pytest_optlandscape.comparison.statistics import ShiftInterval
from pytest_optlandscape.records.landscape_record import ROUNDS_OUT
from pytest_optlandscape.report.before_and_now import before_and_now, records_of, speed_text
from pytest_optlandscape.report.errors import error_texts, indented
from pytest_optlandscape.report.layout import WIDTH, fitted, table, wrapped
from pytest_optlandscape.report.wording import BASELINE, Wording
from pytest_optlandscape.runs.run import SLACK
from pytest_optlandscape.texts.plurals import number_of, verb_of

__all__ = [
    "decision",
    "details",
    "landscape_rows",
    "speed_legend",
    "summary_blocks",
    "summary_lines",
    "table",
    "wrapped",
]

UNMOVED = "no criterion moved significantly and far enough"
BOUGHT = "and more evaluations bought a better result"

EQUIVALENT = 5.0
"""Per cent of speed within which a changed algorithm counts as equivalent: half of the gate on one landscape."""

_IN_SHORT = {
    "failure": "success",
    "constraint_evaluations": "constraints",
    "exceptions": "no result",
    "time": "own time",
}
"""Short names of metrics that differ from the metrics' own names."""


def summary_lines(
    comparisons: Sequence[OptimizerComparison], wording: Wording = BASELINE, width: int = WIDTH
) -> list[str]:
    """Return the table of optimizers before and now, with its legend."""
    lines = [line for block in summary_blocks(comparisons, wording, width=width) for line in block]
    return [*lines, *(line for text in speed_legend(lines, wording) for line in wrapped(text, "", width))]


def speed_legend(lines: Iterable[str], wording: Wording = BASELINE) -> list[str]:
    """Return the legend of the column ``speed``; empty if no line has a ratio."""
    if not any("×" in line for line in lines):
        return []
    return [f"speed: evaluations to the targets, {wording.there} / now; × 0.5 needs twice as many"]


def summary_blocks(
    comparisons: Sequence[OptimizerComparison],
    wording: Wording = BASELINE,
    *,
    configured: Sequence[int] = (),
    width: int = WIDTH,
) -> list[list[str]]:
    """Return the table of optimizers before and now.

    Parameters
    ----------
    comparisons : sequence of OptimizerComparison
    wording : Wording
    configured : sequence of int, optional
        The number of landscapes in each optimizer's suite (default: the number that was run).
    width : int, default 80

    Returns
    -------
    list of list of str
        The lines of the header and of each optimizer. The column ``compared`` shows the number of compared landscapes,
        and the number in the suite.
    """
    header = ["optimizer", "compared", "success", "digits", "evaluations", "speed", "verdict"]
    of_all = configured or [len(comparison.landscapes) for comparison in comparisons]
    for is_short in (False, True):
        rows = [
            _optimizer_row(comparison, count, is_short) for comparison, count in zip(comparisons, of_all, strict=True)
        ]
        blocks = fitted(header, rows, width)
        if max(len(block[-1]) for block in blocks) <= width:
            break
    return blocks


def _optimizer_row(comparison: OptimizerComparison, landscapes: int, is_short: bool) -> list[str]:
    return [
        comparison.spec,
        f"{len(comparison.compared)} of {max(landscapes, len(comparison.landscapes))}",
        *before_and_now(*records_of(comparison)),
        speed_text(comparison, is_short=is_short),
        str(comparison.verdict),
    ]


def landscape_rows(
    comparison: OptimizerComparison, wording: Wording = BASELINE, *, heading: bool = True, width: int = WIDTH
) -> list[str]:
    """Return the table of one optimizer's landscapes before and now, under the optimizer's name."""
    rows = landscapes_table("landscape", comparison.landscapes, width)
    return [*([comparison.spec] if heading else []), *rows]


def landscapes_table(title: str, landscapes: Sequence[LandscapeComparison], width: int = WIDTH) -> list[str]:
    """Return a table of landscapes before and now."""
    header = [f"  {title}", "success", "digits", "evaluations", "speed", "verdict"]
    for is_short in (False, True):
        rows = [
            [
                f"  {one.now.landscape}",
                *before_and_now(*records_of(one)),
                speed_text(one, is_short=is_short),
                str(one.verdict),
            ]
            for one in landscapes
        ]
        blocks = fitted(header, rows, width)
        if is_short or max(map(len, blocks)) == 1:
            break
    return [line for block in blocks for line in block]


def details(
    comparison: OptimizerComparison,
    wording: Wording = BASELINE,
    *,
    told: Collection[str] = (),
    heading: bool = True,
    width: int = WIDTH,
) -> list[str]:
    """Return the findings on an optimizer by verdict, its changes, and the limitations of the comparison.

    Parameters
    ----------
    comparison : OptimizerComparison
    wording : Wording
    told : collection of str, optional
        Landscapes whose findings were already printed, and ``overall`` if those of the suite were; they are only named.
    heading : bool, default True
        Whether to begin with the optimizer's name.
    width : int, default 80

    Returns
    -------
    list of str
        Empty if there is nothing to report.
    """
    texts = [
        *_over_the_suite(comparison, told),
        *_moved(comparison, told),
        *_changes(comparison, told),
        *_without_a_verdict(comparison, told),
        *_rounding_outside(comparison),
        *_limitations(comparison, wording),
    ]
    lines = [line for text in texts for line in wrapped(text, "  ", width)]
    broken = (one.now.traceback for one in comparison.landscapes if one.cannot_run and not _is_reported(one, told))
    lines += indented(next(broken, ""))
    return [comparison.spec, *lines] if heading and lines else lines


def _over_the_suite(comparison: OptimizerComparison, told: Collection[str]) -> list[str]:
    texts = []
    if comparison.findings and "overall" not in told:
        bought = f", {BOUGHT}" if was_bought(comparison.findings) else ""
        texts.append(f"over the suite{bought}: {_findings(comparison.findings)}")
    elif comparison.findings:
        texts.append(f"over the suite: {_in_short(comparison.findings)}, as said above")
    if comparison.unjudged_verdict not in (None, comparison.verdict):
        found = _findings(comparison.unjudged) or how_it_shows(comparison)
        texts.append(f"not judged, as the test `overall` was not run: over these landscapes {found}")
    return texts


def _moved(comparison: OptimizerComparison, told: Collection[str]) -> list[str]:
    """Report the landscapes that got worse or better; those already printed in short."""
    texts = []
    for verdict in (Verdict.WORSE, Verdict.BETTER):
        moved = [one for one in comparison.landscapes if one.verdict == verdict and not one.cannot_run]
        above = [one for one in moved if one.now.landscape in told]
        if above:
            names = ", ".join(f"{one.now.landscape} ({_in_short(one.findings)})" for one in above)
            texts.append(f"{verdict}, as said above, on {names}")
        texts += [f"{verdict} on {one.now.landscape}: {_findings(one.findings)}" for one in moved if one not in above]
    if comparison.verdict == Verdict.BETTER and comparison.begins_otherwise:
        early = sum(one.diverged_early for one in comparison.compared)
        of_all = number_of(sum(len(one.pairs) for one in comparison.compared), "cell")
        texts.append(
            f"better, but on a different path from the first evaluations, in {early} of {of_all}: in a refactor or a "
            "pinned release this is a defect; set `optlandscape_fail_on = different` to fail on it"
        )
    return texts


def _is_reported(one: LandscapeComparison, told: Collection[str]) -> bool:
    """Return whether the errors of a landscape are already printed, or are part of a finding."""
    has_finding = any(finding.metric == "exceptions" for finding in one.findings)
    return has_finding and (not one.cannot_run or one.now.landscape in told)


def _with_findings(comparison: OptimizerComparison) -> list[str]:
    """Return the landscapes whose findings are printed one by one, with their errors."""
    return [one.now.landscape for one in comparison.landscapes if not one.cannot_run]


def _in_short(findings: Iterable[Finding]) -> str:
    """Name the criteria that got worse; if none did, those that got better."""
    several = list(findings)
    worse = [one for one in several if one.is_worse]
    return ", ".join(dict.fromkeys(_IN_SHORT.get(one.metric, one.metric) for one in worse or several))


def _without_a_verdict(comparison: OptimizerComparison, told: Collection[str]) -> list[str]:
    """Report landscapes that were not compared or gave no result, and the notes of runs."""
    texts = []
    reasons = {c.reason for c in comparison.landscapes if c.verdict == Verdict.NOT_COMPARABLE}
    for reason in sorted(reasons):
        names = [c.now.landscape for c in comparison.landscapes if c.reason == reason]
        texts.append(f"not compared on {', '.join(names)}: {reason}")
    texts += error_texts(
        [one for one in comparison.landscapes if not _is_reported(one, [*told, *_with_findings(comparison)])]
    )
    above = [one.now.landscape for one in comparison.landscapes if one.cannot_run and _is_reported(one, told)]
    if above:
        texts.append(f"no result from any start, as said above, on {', '.join(above)}")
    for note in dict.fromkeys(note for c in comparison.landscapes for note in c.now.notes):
        where = ", ".join(c.now.landscape for c in comparison.landscapes if note in c.now.notes)
        texts.append(f"{note}, on {where}")
    return texts


def _rounding_outside(comparison: OptimizerComparison) -> list[str]:
    """Report where runs leave the bounds by rounding, and where this is new."""
    leaves = [c for c in comparison.landscapes if any(ROUNDS_OUT in cell.flags for cell in c.now.cells)]
    if not leaves:
        return []
    new = [c for c in leaves if c.before and not any(ROUNDS_OUT in cell.flags for cell in c.before.cells)]
    is_new = f"; new on {', '.join(c.now.landscape for c in new)}" if new else ""
    where = ", ".join(c.now.landscape for c in leaves)
    return [f"leaves the bounds by rounding, at most {SLACK:g} units in the last place, on {where}{is_new}"]


def _changes(comparison: OptimizerComparison, told: Collection[str]) -> list[str]:
    """Report where paths diverge, and the interval of the speed."""
    changed = [c for c in comparison.landscapes if c.verdict == Verdict.CHANGED]
    texts: list[str] = []
    for landscape in changed:
        if landscape.findings:
            found = _in_short(landscape.findings) + ", as said above"
            found = found if landscape.now.landscape in told else _findings(landscape.findings)
            texts.append(f"changed on {landscape.now.landscape}, {BOUGHT}: {found}")
    unmoved = [c.now.landscape for c in changed if not c.findings]
    if unmoved:
        texts.append(f"changed on {', '.join(unmoved)}: {UNMOVED}")
    diverged = [(c.now.landscape, *first) for c in changed for first in c.diverged[:1]]
    if comparison.verdict == Verdict.CHANGED and not changed and not comparison.findings:
        diverged = [(c.now.landscape, *first) for c in comparison.landscapes for first in c.diverged[:1]]
        texts.append(f"changed: {how_it_shows(comparison)}")
    if diverged:
        landscape_id, start, where = diverged[0]
        texts.append(f"paths diverge, for instance on {landscape_id}/{start} at {where}")
    if "overall" not in told and comparison.fingerprint in ("changed", "nondeterministic") and comparison.speed:
        texts.append(decision(comparison.speed, is_open(comparison)))
    return texts


def is_open(comparison: OptimizerComparison) -> bool:
    """Return whether no criterion moved, on any landscape or over the suite; then the power of the test is reported."""
    moved = [comparison.findings, comparison.unjudged, *(one.findings for one in comparison.landscapes)]
    return not any(moved)


def decision(speed: SpeedChange, is_open: bool = True) -> str:
    """Describe a change in speed and, if no criterion moved, the slowdown that would have been detected.

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
        share = (
            f" by {speed.reached} of {number_of(speed.targets, 'target')}" if speed.reached < speed.targets / 2 else ""
        )
        return f"speed{share} × {_interval(speed.to_targets, is_open)}"
    text = f"speed unknown: {speed.reached} of {number_of(speed.targets, 'target')} reached"
    if not speed.to_same_gaps:
        return text
    return f"{text}; where none is reached, progress to the same gaps × {_interval(speed.to_same_gaps, is_open)}"


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


def _limitations(comparison: OptimizerComparison, wording: Wording) -> list[str]:
    """Report cells that could not be compared, and diverging cells that are too few to count as a change."""
    texts: list[str] = []
    restless = [c.now.landscape for c in comparison.landscapes if c.fingerprint == "nondeterministic"]
    if restless:
        names = ", ".join(restless)
        texts.append(f"nondeterministic on {names}: two runs of the same code differ, so only criteria are compared")
    if comparison.stopped:
        count = number_of(comparison.stopped, "cell")
        names = ", ".join(c.now.landscape for c in comparison.landscapes if c.stopped)
        texts.append(f"{count} stopped by the time limit, and therefore not compared, on {names}")
    if comparison.set_aside:
        count, their = number_of(comparison.set_aside, "cell"), verb_of(comparison.set_aside, "its path", "their paths")
        texts.append(f"{count} without a fingerprint: rounding makes {their} unpredictable")
    is_same = comparison.verdict == Verdict.SAME and comparison.unjudged_verdict in (None, Verdict.SAME)
    if is_same and comparison.diverged and not restless:
        texts.append(
            f"{_diverging_cells(comparison)} from {wording.its_cells}; rounding explains {comparison.expected:.1f}, "
            "and so few are no proof of a change"
        )
    return texts


def how_it_shows(comparison: OptimizerComparison) -> str:
    """Describe the evidence for a change that shows on no single landscape."""
    if comparison.drifts:
        return f"{_findings(comparison.drifts)}; this is below the gate, but rounding has no direction"
    return f"{_diverging_cells(comparison)}, where rounding explains {comparison.expected:.1f}"


def _diverging_cells(comparison: OptimizerComparison) -> str:
    return f"{number_of(comparison.diverged, 'cell')} {verb_of(comparison.diverged, 'diverges', 'diverge')}"


def _findings(findings: Iterable[object]) -> str:
    return "; ".join(map(str, findings))
