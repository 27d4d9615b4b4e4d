"""Turn a history into a table with one row for each optimizer, commit and landscape.

The numbers are for people and other tools. Verdicts do not use them: they come from pairs of cells.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_optlandscape.comparison import LandscapeComparison, OptimizerComparison, Verdict
from pytest_optlandscape.comparison.criteria import METRICS, Metric
from pytest_optlandscape.store import Baseline, History
from pytest_optlandscape.trend.reading import loader, trends_of
from pytest_optlandscape.trend.series import Point
from pytest_optlandscape.trend.shares import mean_of
from pytest_optlandscape.trend.states import Event, Load, State, Trend

if TYPE_CHECKING:
    import pandas

__all__ = ["CRITERIA", "NOT_RUN", "OVERALL", "Criterion", "Row", "rows_of", "to_dataframe", "to_rows"]

OVERALL = "overall"
"""The landscape of a row about the whole suite."""

NOT_RUN = "not-run"
"""The verdict on a commit at which the optimizer could not be run."""


@dataclass(frozen=True)
class Criterion:
    """A number by which an optimizer is described.

    Attributes
    ----------
    name : str
        The name of the column.
    metric : str
        The name of the metric in `comparison.criteria`.
    unit : str
        ``evaluations``, ``digits`` or ``share`` (a number from 0 to 1).
    smaller_is_better : bool
    about : str
        Its definition in one line.
    of_mean : callable
        Convert the metric's mean over cells into the number of the column.
    """

    name: str
    metric: str
    unit: str
    smaller_is_better: bool
    about: str
    of_mean: Callable[[float], float]

    @property
    def direction(self) -> str:
        """``smaller is better`` or ``bigger is better``."""
        return f"{'smaller' if self.smaller_is_better else 'bigger'} is better"


def _power_of_ten(mean: float) -> float:
    return float(10.0**mean)


CRITERIA = (
    Criterion(
        "evaluations_to_targets",
        "speed",
        "evaluations",
        True,
        "geometric mean of the evaluations to each target; a missed target counts as twice the budget",
        _power_of_ten,
    ),
    Criterion(
        "precision",
        "precision",
        "digits",
        False,
        "mean of -log10 of the final gap, as a share of the landscape's reference gap",
        lambda mean: -mean,
    ),
    Criterion(
        "success", "failure", "share", False, "share of the runs that reach the minimum", lambda mean: 1.0 - mean
    ),
    Criterion("evaluations", "cost", "evaluations", True, "geometric mean of all evaluations of a run", _power_of_ten),
    Criterion(
        "constraint_evaluations",
        "constraint_evaluations",
        "evaluations",
        True,
        "geometric mean of all evaluations of constraints; empty for landscapes without constraints",
        _power_of_ten,
    ),
)
"""The numbers of each row. All landscapes have the same weight, and so have all runs on a landscape."""

_METRICS: dict[str, Metric] = {metric.name: metric for metric in METRICS}


@dataclass(frozen=True)
class Row:
    """One optimizer at one commit, on one landscape or over the suite.

    Attributes
    ----------
    optimizer : str
        The spec.
    setting : str
        Other facts on which its numbers depend, such as ``backend jax``; mostly "".
    suite, path : str
        The suite, and the project's folder within its repository.
    commit : str
        The full hash; without git, ``t`` and microseconds since 1970.
    seconds : int
        The commit's time, in seconds since 1970.
    author, subject : str
    landscape : str
        The landscape's id; ``overall`` for the whole suite.
    verdict : str
        The verdict compared with the commit recorded before: ``new``, ``same``, ``changed``, ``better``, ``worse`` or
        ``not-comparable``; or ``not-run``.
    state : str
        ``sha256:`` and the first 16 characters of the digest of the state's record, the same for all commits of a
        state; "" if the optimizer could not be run.
    speed_ratio : float or None
        The speed relative to the state before (2.0: half the evaluations to the targets); None if nothing changed or
        the speed is unknown.
    values : mapping of str to float or None
        Values of `CRITERIA` by name, with six significant digits; empty if the optimizer could not be run.
    what_moved : str
        The findings in words.
    event : str
        For the whole suite: ``worse step``, ``better creep`` and so on, at the commit that shows it.
    triage : str
        The triage of the event: ``accepted``, ``expected`` or ``fixed``.
    note : str
        Versions that changed with the state, commits before it that were not measured, or why it could not be run.
    broken : tuple of str
        For the whole suite: the checks of the contract that fail.
    """

    optimizer: str
    setting: str
    suite: str
    path: str
    commit: str
    seconds: int
    author: str
    subject: str
    landscape: str
    verdict: str
    state: str = ""
    speed_ratio: float | None = None
    values: Mapping[str, float | None] = field(default_factory=dict)
    what_moved: str = ""
    event: str = ""
    triage: str = ""
    note: str = ""
    broken: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The spec and, if there is any, the setting."""
        return f"{self.optimizer} ({self.setting})" if self.setting else self.optimizer

    @property
    def series(self) -> tuple[str, str, str]:
        """The key that all rows of one series share: path, title and suite."""
        return self.path, self.title, self.suite

    @property
    def time(self) -> str:
        """The commit's time as ISO 8601 in UTC; "" if it is out of range."""
        try:
            return datetime.datetime.fromtimestamp(self.seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        except (ValueError, OverflowError, OSError):
            return ""

    def to_plain(self) -> dict[str, Any]:
        """Return the columns of a table, in order, as text and numbers."""
        return {
            "optimizer": self.optimizer,
            "setting": self.setting,
            "suite": self.suite,
            "path": self.path,
            "commit": self.commit,
            "time": self.time,
            "author": self.author,
            "subject": self.subject,
            "landscape": self.landscape,
            "verdict": self.verdict,
            "state": self.state,
            "speed_ratio": self.speed_ratio,
            **{criterion.name: self.values.get(criterion.name) for criterion in CRITERIA},
            "what_moved": self.what_moved,
            "event": self.event,
            "triage": self.triage,
            "note": self.note,
            "broken_checks": ", ".join(self.broken),
        }


def to_rows(
    history: History, first_parents: Sequence[str] | None = None, words: str = "", landscapes: bool = True
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a history's table.

    Parameters
    ----------
    history : History
        A history opened by `store.open_history`. Unusable files are listed in its ``problems``.
    first_parents : sequence of str, optional
        The commits to include, oldest first, as `store.first_parents` lists them (default: the line of first parents
        that leads to the newest recorded commit).
    words : str, optional
        Keep only optimizers whose names contain all these words.
    landscapes : bool, default True
        Whether to add rows for single landscapes to those for the whole suite.

    Yields
    ------
    dict
        The columns of `Row.to_plain`. Rows are sorted by optimizer, then by commit, oldest first; the whole suite comes
        before its landscapes.

    Raises
    ------
    ValueError
        If the history has no optimizer with these words; the message names the nearest.

    Examples
    --------
    >>> from pathlib import Path
    >>> from pytest_optlandscape.store import open_history
    >>> list(to_rows(open_history("nothing/yet", Path("."))))
    []
    """
    found = trends_of(history, first_parents, words)
    return (row.to_plain() for row in rows_of(found, loader(history), landscapes))


def to_dataframe(
    history: History, first_parents: Sequence[str] | None = None, words: str = "", landscapes: bool = True
) -> pandas.DataFrame:
    """Return a history as a pandas data frame.

    Parameters
    ----------
    history, first_parents, words, landscapes
        As for `to_rows`.

    Returns
    -------
    pandas.DataFrame
        The columns of `to_rows`; ``time`` has a time zone (UTC), missing numbers are NaN. ``frame.attrs["units"]`` and
        ``frame.attrs["directions"]`` hold the unit and the direction of each criterion.

    Raises
    ------
    ImportError
        If pandas is not installed: ``pip install "pytest-optlandscape[dataframe]"``.
    ValueError
        As `to_rows`.
    """
    try:
        import pandas as pd
    except ModuleNotFoundError as error:
        raise ImportError(
            'to_dataframe needs pandas: pip install "pytest-optlandscape[dataframe]"; to_rows works without it'
        ) from error
    columns = list(Row("", "", "", "", "", 0, "", "", "", "").to_plain())
    frame = pd.DataFrame(list(to_rows(history, first_parents, words, landscapes)), columns=columns)
    frame["time"] = pd.to_datetime(frame["time"], utc=True, errors="coerce", format="%Y-%m-%dT%H:%M:%SZ")
    numbers = ["speed_ratio", *(criterion.name for criterion in CRITERIA)]
    frame[numbers] = frame[numbers].astype(float)
    frame.attrs["units"] = {criterion.name: criterion.unit for criterion in CRITERIA}
    frame.attrs["directions"] = {criterion.name: criterion.direction for criterion in CRITERIA}
    return frame


def rows_of(trends: Iterable[Trend], load: Load, landscapes: bool = True) -> Iterator[Row]:
    """Yield the rows of trends.

    Parameters
    ----------
    trends : iterable of Trend
    load : callable
        Return the record of a digest, or None if there is no usable one.
    landscapes : bool, default True
        Whether to add rows for single landscapes.

    Yields
    ------
    Row
        Sorted by optimizer, then by commit, oldest first; the whole suite comes before its landscapes, which are sorted
        by name.
    """
    for trend in trends:
        events = {event.commit: event for event in trend.events}
        position = {commit: k for k, commit in enumerate(trend.series.commits)}
        not_run = sorted(trend.not_run, key=lambda point: position[point.commit])
        due = 0
        for state in trend.states:
            measured = _Measured(state, load(state.digest), landscapes)
            for point in state.points:
                while due < len(not_run) and position[not_run[due].commit] < position[point.commit]:
                    yield _not_run(trend, not_run[due])
                    due += 1
                yield from measured.rows(trend, point, events.get(point.commit))
        yield from (_not_run(trend, point) for point in not_run[due:])


class _Measured:
    """The numbers that all commits of a state share, computed once."""

    def __init__(self, state: State, record: Baseline | None, landscapes: bool) -> None:
        self.state = state
        names = sorted(record.records) if record and landscapes else []
        self.values = {name: values_of(record, [name]) for name in names} if record else {}
        self.overall = values_of(record, list(record.records)) if record else {}
        comparison = state.comparison
        self.compared = {one.now.landscape: one for one in comparison.landscapes} if comparison else {}

    def rows(self, trend: Trend, point: Point, event: Event | None) -> Iterator[Row]:
        state, comparison = self.state, self.state.comparison
        is_first = point.commit == state.first.commit
        facts = {**_facts(trend, point), "state": f"sha256:{state.digest[:16]}"}
        same = str(Verdict.SAME)
        yield Row(
            **facts,
            landscape=OVERALL,
            verdict=str(state.verdict) if is_first else same,
            speed_ratio=_rounded(comparison.speed_ratio) if comparison and is_first else None,
            values=self.overall,
            what_moved=_moved(comparison) if is_first else "",
            event=f"{event.comparison.verdict} {event.kind}" if event else "",
            triage=event.triage.word if event and event.triage else "",
            note=_note(state) if is_first else "",
            broken=tuple(map(_text, point.optimizer.broken)),
        )
        for name, values in self.values.items():
            one = self.compared.get(name) if is_first else None
            yield Row(
                **facts,
                landscape=_text(name),
                verdict=str(one.verdict) if one else str(Verdict.NEW) if is_first else same,
                speed_ratio=_rounded(one.speed_ratio) if one else None,
                values=values,
                what_moved=_moved(one),
            )


def values_of(record: Baseline, landscapes: Sequence[str]) -> dict[str, float | None]:
    """Compute the criteria over some landscapes of a record, with the same weight for each landscape.

    Returns
    -------
    dict of str to float or None
        Values of `CRITERIA` by name, with six significant digits; None if no landscape has the criterion.
    """
    found: dict[str, float | None] = {}
    for criterion in CRITERIA:
        metric = _METRICS[criterion.metric]
        names = [name for name in landscapes if metric.exists_on(record.records[name])]
        mean = mean_of(metric, record, names, False) if names else None
        found[criterion.name] = None if mean is None else _rounded(criterion.of_mean(mean))
    return found


def _facts(trend: Trend, point: Point) -> dict[str, Any]:
    series, entry = trend.series, point.entry
    return {
        "optimizer": _text(series.spec),
        "setting": _text(", ".join(f"{key} {value}" for key, value in series.setting)),
        "suite": _text(series.suite),
        "path": _text(series.path),
        "commit": entry.commit,
        "seconds": entry.commit_time,
        "author": _text(entry.author),
        "subject": _text(entry.subject),
    }


def _not_run(trend: Trend, point: Point) -> Row:
    return Row(**_facts(trend, point), landscape=OVERALL, verdict=NOT_RUN, note=_text(point.optimizer.missing))


def _moved(comparison: OptimizerComparison | LandscapeComparison | None) -> str:
    if comparison is None:
        return ""
    reason = comparison.reason if isinstance(comparison, LandscapeComparison) else ""
    findings = comparison.findings
    if comparison.verdict == Verdict.WORSE and not any(one.is_worse for one in findings):
        findings = ()  # the rows of single landscapes say where it is worse; gains over the suite do not explain it
    return _text("; ".join([*map(str, findings), *([reason] if reason else [])]))


def _note(state: State) -> str:
    notes = [f"{', '.join(state.came_with)} came with it"] if state.came_with else []
    if state.between:
        notes.append(f"not measured before it: {', '.join(state.between)}")
    return _text("; ".join(notes))


def _text(text: str) -> str:
    """Replace lone surrogates, which cannot be encoded in files and data frames."""
    return text.encode("utf-8", "replace").decode()


def _rounded(value: float | None) -> float | None:
    """Round to six significant digits: enough to read, and the same on every machine."""
    return None if value is None else float(f"{value:.6g}") + 0.0
