"""Find what changed between paired cells: tested criteria, and defects that need no statistics."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from pytest_optlandscape.comparison.criteria import METRICS, Metric
from pytest_optlandscape.comparison.statistics import any_nonzero, holm, signed_rank_balance, stratified_signed_rank
from pytest_optlandscape.records.landscape_record import FLAGS, HANGS, NO_RESULT, LandscapeRecord
from pytest_optlandscape.suites.catalogue import kind_of_start
from pytest_optlandscape.texts.plurals import number_of

__all__ = [
    "HARD",
    "Finding",
    "Verdict",
    "cannot_run",
    "gravest",
    "gravest_first",
    "hang_findings",
    "moved_criteria",
    "new_defects",
    "verdict_of",
    "was_bought",
]

_GATES = {metric.name: metric.gate_landscape for metric in METRICS}

HARD = ("exceptions", "contract", "hang")
"""Metrics of findings that need no statistics."""


class Verdict(enum.StrEnum):
    """The outcome of a comparison."""

    SAME = "same"
    CHANGED = "changed"
    BETTER = "better"
    WORSE = "worse"
    NEW = "new"
    NOT_COMPARABLE = "not-comparable"


@dataclass(frozen=True)
class Finding:
    """A criterion that moved significantly and beyond its gate, or a new defect.

    Attributes
    ----------
    metric : str
        The name of one of `METRICS`, one of `HARD`, or time.
    effect : float
        Positive is worse.
    p_value : float
        Corrected for the number of criteria.
    text : str
        The change in words.
    cells : tuple of (str, float), default ()
        The starts that moved and by how much (positive is worse), if the metric is not one of `METRICS`.
    on_bounds : bool, default False
        Whether only starts on the bounds were tested.
    is_unpaid : bool, default False
        Whether only landscapes that gained nothing were tested; then no gain elsewhere pays for a loss.
    """

    metric: str
    effect: float
    p_value: float
    text: str
    cells: tuple[tuple[str, float], ...] = ()
    on_bounds: bool = False
    is_unpaid: bool = False

    @property
    def is_worse(self) -> bool:
        """Whether the effect is for the worse."""
        return self.effect > 0.0

    @property
    def weight(self) -> float:
        """The effect as a multiple of the gate of one landscape; infinite for `HARD` findings."""
        if self.metric in HARD:
            return math.inf
        return abs(self.effect) / _GATES.get(self.metric, min(_GATES.values()))

    def __str__(self) -> str:
        return self.text if self.metric in HARD else f"{self.text} (p = {self.p_value:.1e})"


def moved_criteria(
    strata: dict[str, list[list[float]]],
    level: float,
    gate: Callable[[Metric], float],
    prefix: str = "",
    on_bounds: bool = False,
) -> list[Finding]:
    """Test each criterion's paired differences, and return those that moved beyond their gate.

    Criteria whose differences are all zero are neither tested nor counted in Holm's correction.

    Parameters
    ----------
    strata : dict
        The differences on each landscape, by criterion; positive is worse, nan is undefined.
    level : float
        The level of all criteria together.
    gate : callable
        Return the smallest shift of a criterion that matters.
    prefix : str, optional
        Text to put before each finding.
    on_bounds : bool, default False
        Whether the differences are those of starts on the bounds.

    Returns
    -------
    list of Finding
    """
    tested = [metric for metric in METRICS if any_nonzero(strata.get(metric.name, []))]
    adjusted = holm([stratified_signed_rank(strata[metric.name]) for metric in tested])
    found = []
    for metric, p_value in zip(tested, adjusted, strict=True):
        shift = metric.shift(strata[metric.name])
        points_as_tested = shift * signed_rank_balance(strata[metric.name]) > 0.0
        if p_value < level and abs(shift) >= gate(metric) and points_as_tested:
            found.append(Finding(metric.name, shift, p_value, prefix + metric.describe(shift), on_bounds=on_bounds))
    return found


def new_defects(before: LandscapeRecord, now: LandscapeRecord, takes_bounds: bool) -> list[Finding]:
    """Find new exceptions and mended ones, new breaches of the contract and overruns of call limits.

    Parameters
    ----------
    before, now : LandscapeRecord
        Records of the same cells.
    takes_bounds : bool
        Whether the optimizer is passed the bounds; if not, leaving them is no breach.

    Returns
    -------
    list of Finding
    """
    return [*_exceptions(before, now), *_breaches(before, now, takes_bounds), *_overruns(before, now)]


def hang_findings(before: LandscapeRecord, now: LandscapeRecord) -> list[Finding]:
    """Find runs that hang on one side only. Other runs that a time limit stopped are ignored.

    Parameters
    ----------
    before, now : LandscapeRecord
        Records of the same cells.
    """
    pairs = list(zip(before.cells, now.cells, strict=True))
    new = [now.start for old, now in pairs if HANGS in now.flags and not old.was_stopped_by_time]
    gone = [now.start for old, now in pairs if HANGS in old.flags and not now.was_stopped_by_time]
    found = []
    for starts, effect, text in (
        (new, 1.0, "hangs until the time limit from {} of {}, and ended before"),
        (gone, -1.0, "ends from {} of {}, and hung until the time limit before"),
    ):
        if starts:
            said = f"{text.format(len(starts), number_of(len(pairs), 'start'))}, {starts[0]} first"
            cells = tuple((start, effect) for start in starts)
            found.append(Finding("hang", effect * len(starts), 0.0, said, cells))
    return found


def _exceptions(before: LandscapeRecord, now: LandscapeRecord) -> list[Finding]:
    """Find starts without a result that had one before, and starts with a result that had none before."""
    pairs = [
        (new.start, old.stop_reason in NO_RESULT, new.stop_reason in NO_RESULT)
        for old, new in zip(before.cells, now.cells, strict=True)
    ]
    broken = [start for start, failed_before, fails_now in pairs if fails_now and not failed_before]
    mended = [start for start, failed_before, fails_now in pairs if failed_before and not fails_now]
    found = []
    for starts, effect, text, errors in (
        (broken, 1.0, "no result from {} that had one", now.errors),
        (mended, -1.0, "a result from {} that had none", before.errors),
    ):
        if starts:
            said = f": {errors[0]}" if errors else ""
            said = f"{text.format(_of_starts(starts, now))}, {starts[0]} first{said}"
            cells = tuple((start, effect) for start in starts)
            found.append(Finding("exceptions", effect * len(starts), 0.0, said, cells))
    return found


def cannot_run(before: LandscapeRecord, now: LandscapeRecord) -> Finding | None:
    """Return a finding if no start gives a result now, though some did before.

    Parameters
    ----------
    before, now : LandscapeRecord
        Records of the same cells.
    """
    had = sum(cell.stop_reason not in (*NO_RESULT, "time") for cell in before.cells)
    if not now.gives_no_result or not had:
        return None
    said = f": {now.errors[0]}" if now.errors else ""
    text = f"cannot run: no result from any of {len(now.cells)} starts, {had} of which had one before{said}"
    return Finding("exceptions", float(had), 0.0, text)


def _breaches(before: LandscapeRecord, now: LandscapeRecord, takes_bounds: bool) -> list[Finding]:
    found = []
    for letter, does in FLAGS.items():
        concerns_bounds = letter != "m"
        if concerns_bounds and not takes_bounds:
            continue
        starts = [cell.start for cell in now.cells if letter in cell.flags]
        if starts and not any(letter in cell.flags for cell in before.cells):
            text = f"{does} from {_of_starts(starts, now)} and from none before, {starts[0]} first"
            cells = tuple((start, 1.0) for start in starts)
            found.append(Finding("contract", float(len(starts)), 0.0, text, cells))
    return found


def _overruns(before: LandscapeRecord, now: LandscapeRecord) -> list[Finding]:
    """Find call-limit cells that are now cut off at the budget, where the optimizer used to stop by itself."""
    pairs = [pair for pair in zip(before.cells, now.cells, strict=True) if kind_of_start(pair[1].start) == "limits"]
    starts = [new.start for _, new in pairs if new.stop_reason == "budget"]
    if not starts or any(old.stop_reason == "budget" for old, _ in pairs):
        return []
    count = f"{len(starts)} of {number_of(len(pairs), 'start')}"
    text = f"passes its call limit from {count} and from none before, {starts[0]} first"
    return [Finding("contract", float(len(starts)), 0.0, text)]


def _of_starts(starts: Sequence[str], now: LandscapeRecord) -> str:
    return f"{len(starts)} of {number_of(len(now.cells), 'start')}"


def gravest_first(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings: losses before gains, then by weight."""
    return sorted(findings, key=lambda one: (not one.is_worse, -one.weight))


def gravest(verdicts: Collection[Verdict]) -> Verdict:
    """Return the first of *worse*, *better* and *changed* that occurs, else *same*.

    Examples
    --------
    >>> str(gravest([Verdict.SAME, Verdict.BETTER, Verdict.WORSE]))
    'worse'
    """
    return next((one for one in (Verdict.WORSE, Verdict.BETTER, Verdict.CHANGED) if one in verdicts), Verdict.SAME)


def was_bought(findings: Sequence[Finding]) -> bool:
    """Return whether only the cost got worse, and precision, success or the number of results improved in exchange.

    Evaluations of constraints are part of that cost, as far as they rose with those of the objective. A cost that also
    rose on the landscapes that gained nothing was not bought.
    """
    if any(finding.is_unpaid for finding in findings):
        return False
    worse = {finding.metric: finding.effect for finding in findings if finding.is_worse}
    better = {finding.metric for finding in findings if not finding.is_worse}
    cost, of_constraints = worse.pop("cost", 0.0), worse.pop("constraint_evaluations", 0.0)
    is_in_step = of_constraints <= cost + _GATES["constraint_evaluations"]
    return cost > 0.0 and is_in_step and not worse and bool(better & {"precision", "failure", "exceptions"})


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """Return *worse* if any criterion got worse, else *better*; *changed* without findings or if `was_bought`."""
    if was_bought(findings) or not findings:
        return Verdict.CHANGED
    return Verdict.WORSE if any(finding.is_worse for finding in findings) else Verdict.BETTER
