"""Show states, steps and creep as text and as plain values."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from pytest_optlandscape.comparison import OptimizerComparison, Verdict
from pytest_optlandscape.comparison.findings import Finding, gravest_first
from pytest_optlandscape.report.terminal import table, wrapped
from pytest_optlandscape.texts.plurals import number_of
from pytest_optlandscape.texts.printable import clean
from pytest_optlandscape.trend import Event, Point, State, Trend

__all__ = ["clean", "date_of", "event_lines", "history_lines", "over_suite", "trend_lines", "trend_plain", "what_moved"]


def history_lines(trend: Trend) -> list[str]:
    """Return a table of an optimizer's states, newest first.

    Parameters
    ----------
    trend : Trend

    Returns
    -------
    list of str
    """
    commits = sum(len(state.points) for state in trend.states)
    noun = _noun(trend)
    heading = f"{_title(trend)}: {number_of(len(trend.states), 'state')} over {number_of(commits, f'recorded {noun}')}"
    if trend.not_run:
        heading += f"; {number_of(len(trend.not_run), noun)} could not be run"
    rows = []
    for state in reversed(trend.states):
        first, last = state.first, state.last
        span = first.entry.short if first is last else f"{first.entry.short} … {last.entry.short}"
        what = [_in_short(state.comparison)] if state.comparison else ["the first state"]
        what += [f"with {clean(', '.join(state.came_with), 200)}"] if state.came_with else []
        rows.append(
            [span, _date(first), str(len(state.points)), str(state.verdict), _speed(state.comparison), "; ".join(what)]
        )
    return [heading, *table([f"{noun}s", "since", "number", "verdict", "speed", "what moved"], rows)]


def _noun(trend: Trend) -> str:
    """Return ``release`` or ``commit``, whichever was measured."""
    points = [*(state.first for state in trend.states), *trend.not_run]
    return "release" if any(one.entry.release for one in points) else "commit"


def _title(trend: Trend) -> str:
    return clean(f"{trend.series.title}, suite {trend.series.suite}", 200)


def _in_short(comparison: OptimizerComparison) -> str:
    """Describe the first finding, without its p-value; the commands `trend` and `show` print everything."""
    found = [("", one) for one in over_suite(comparison) or comparison.drifts] or comparison.decisive
    if not found or comparison.verdict == Verdict.NOT_COMPARABLE:
        return what_moved(comparison)
    where, first = found[0]
    others = f", and {len(found) - 1} more" if len(found) > 1 else ""
    others += ", below the gate" if comparison.drifts else ""
    return clean(f"{where}: {first.text}" if where else first.text) + others


def over_suite(comparison: OptimizerComparison) -> list[Finding]:
    """Return the findings over the suite, losses first; none if the suite gained and single landscapes are worse."""
    found = sorted(comparison.findings, key=lambda one: not one.is_worse)
    return found if comparison.verdict != Verdict.WORSE or any(one.is_worse for one in found) else []


def what_moved(comparison: OptimizerComparison) -> str:
    """Describe in one line what moved: over the suite, else on the first two landscapes that decided the verdict."""
    if comparison.verdict == Verdict.NOT_COMPARABLE:
        return clean(next(one.reason for one in comparison.landscapes if one.reason))
    if found := over_suite(comparison):
        return "; ".join(map(str, found))
    decided = {name for name, _ in comparison.decisive}
    moved = [one for one in comparison.landscapes if one.now.landscape in decided]
    if moved:
        texts = [f"{one.now.landscape}: {'; '.join(map(str, gravest_first(one.findings)))}" for one in moved[:2]]
        texts += [f"and {number_of(len(moved) - 2, 'more landscape')}"] if len(moved) > 2 else []
        gains = ", ".join(map(str, comparison.findings))
        return "; ".join([*texts, *([f"but over the suite {gains}"] if gains else [])])
    if comparison.drifts:
        return f"{'; '.join(map(str, comparison.drifts))}, below the gate"
    new = sum(one.verdict == Verdict.NEW for one in comparison.landscapes)
    others = f"; {number_of(new, 'landscape')} new" if new else ""
    changed = "other paths; nothing significant and far enough"
    return (changed if comparison.verdict == Verdict.CHANGED else "nothing") + others


def trend_lines(trend: Trend) -> list[str]:
    """Describe every step and creep of an optimizer, oldest first.

    Parameters
    ----------
    trend : Trend

    Returns
    -------
    list of str
    """
    name = _title(trend)
    if not trend.events:
        commits = sum(len(state.points) for state in trend.states)
        return [f"{name}: nothing better or worse over {number_of(commits, f'recorded {_noun(trend)}')}"]
    lines = [f"{name}:"]
    for event in trend.events:
        lines += event_lines(event)
    return lines


def event_lines(event: Event) -> list[str]:
    """Describe a step or a creep: the findings, changed versions, shares and triage."""
    verdict = str(event.comparison.verdict)
    state = event.states[-1]
    if event.kind == "step":
        head = f"{verdict}: step at {_named(state.first)}"
    else:
        head = (
            f"{verdict}: creep over {number_of(len(event.states), 'state')}, from "
            f"{event.states[0].first.entry.short} to {state.first.entry.short}, against {event.since.last.entry.short}"
        )
    lines = [*wrapped(head, "  "), *wrapped(what_moved(event.comparison), "    ")]
    for one in event.states:
        where = "" if event.kind == "step" else f"{one.first.entry.short}: "
        if one.came_with:
            lines += wrapped(f"{where}{clean(', '.join(one.came_with), 400)} came with it", "    ")
        if one.between:
            named = ", ".join(commit[:10] for commit in one.between[:5]) + (" …" if len(one.between) > 5 else "")
            which = f"one of {number_of(len(one.between), 'commit')} before it that were not measured"
            which = which if one.between[1:] else "the commit before it, which was not measured"
            lines += wrapped(f"{where}or {which}: {named}", "    ")
    if event.kind == "creep" and event.shares:
        subjects = {one.first.commit: one.first.entry for one in event.states}
        rows = [
            [
                f"    {subjects[one.commit].short}",
                f"{one.permille / 10:.1f} %",
                one.text,
                clean(subjects[one.commit].subject, 48),
            ]
            for one in event.shares
        ]
        lines += table(["    commit", "share", "change of the mean", ""], rows)
    if event.triage:
        word = event.triage
        lines += wrapped(f"{word.word} by {clean(word.who, 40)}: {clean(word.why, 400)}", "    ")
    return lines


def _named(point: Point) -> str:
    if point.entry.release:
        return point.entry.release
    who = f", {clean(point.entry.author, 40)}" if point.entry.author else ""
    subject = f": {clean(point.entry.subject)}" if point.entry.subject else ""
    return f"{point.entry.short} ({_date(point)}{who}){subject}"


def trend_plain(trends: Iterable[Trend]) -> dict[str, Any]:
    """Return trends as plain values, for other tools.

    Parameters
    ----------
    trends : iterable of Trend

    Returns
    -------
    dict
        ``speed_ratio`` is the speed relative to the state before. The ``share`` values of an event add up to 1.
        ``releases`` and ``release`` name releases of a library; they are empty for commits.
    """
    return {"schema": 1, "optimizers": [_trend(trend) for trend in trends]}


def _trend(trend: Trend) -> dict[str, Any]:
    return {
        "spec": trend.series.spec,
        "setting": dict(trend.series.setting),
        "suite": trend.series.suite,
        "path": trend.series.path,
        "states": [_state(state) for state in trend.states],
        "events": [_event(event) for event in trend.events],
        "not_run": [
            {"commit": one.commit, "release": one.entry.release, "why": one.optimizer.missing} for one in trend.not_run
        ],
    }


def _state(state: State) -> dict[str, Any]:
    return {
        "commits": [point.commit for point in state.points],
        "releases": [point.entry.release for point in state.points if point.entry.release],
        "time": state.first.entry.commit_time,
        "record": state.digest,
        "verdict": str(state.verdict),
        "speed_ratio": _ratio(state.comparison),
        "what_moved": what_moved(state.comparison) if state.comparison else "",
        "came_with": list(state.came_with),
        "not_measured_before": list(state.between),
        "means": dict(state.first.optimizer.means),
    }


def _event(event: Event) -> dict[str, Any]:
    triage = event.triage
    return {
        "kind": event.kind,
        "verdict": str(event.comparison.verdict),
        "commit": event.commit,
        "commits": [one.first.commit for one in event.states],
        "against": event.since.last.commit,
        "speed_ratio": _ratio(event.comparison),
        "what_moved": what_moved(event.comparison),
        "shares": [{"commit": one.commit, "share": one.permille / 1000, "change": one.change} for one in event.shares],
        "triage": {"word": triage.word, "why": triage.why, "who": triage.who} if triage else None,
    }


def _ratio(comparison: OptimizerComparison | None) -> float | None:
    ratio = comparison.speed_ratio if comparison else None
    return None if ratio is None else float(f"{ratio:.6g}")


def _speed(comparison: OptimizerComparison | None) -> str:
    ratio = _ratio(comparison)
    return "-" if ratio is None else f"× {ratio:.3g}"


def _date(point: Point) -> str:
    return "-" if point.entry.release else date_of(point.entry.commit_time)


def date_of(seconds: int) -> str:
    """Return the day of a time in seconds since 1970; "?" if it is out of range."""
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d")
    except (ValueError, OverflowError, OSError):
        return "?"
