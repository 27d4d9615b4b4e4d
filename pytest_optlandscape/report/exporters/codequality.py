"""Export to GitLab's code quality report, which merge requests show beside the lines of code."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pytest_optlandscape.comparison import Verdict
from pytest_optlandscape.report.codequality import codequality_text, issue
from pytest_optlandscape.report.exporters.common import Options, Pieces
from pytest_optlandscape.texts.plurals import number_of
from pytest_optlandscape.trend.rows import NOT_RUN, OVERALL, Row

__all__ = ["codequality"]


def codequality(rows: Iterable[Row], options: Options) -> Pieces:
    """Write the losses and changes in the state of each optimizer's last commit.

    The findings of a state are those of its first commit, so that all its commits report the same issues. Events with
    a triage are left out.
    """
    yield "", codequality_text(one for last in _last_states(rows) for one in _issues(last, options))


def _issues(last: _Last, options: Options) -> Iterator[dict[str, Any]]:
    overall = last.began[0]
    path, line = options.locations.get(overall.optimizer, options.nowhere)

    def made(check: str, place: str, severity: str, text: str) -> dict[str, Any]:
        description = f"{overall.title} {text}"
        return issue(check, overall.title, place, description, severity=severity, path=path, line=line)

    since = f" since commit {overall.commit[:10]}"
    if last.not_run:
        yield made(NOT_RUN, OVERALL, "critical", f"could not be run: {last.not_run.note}")
        return
    for check in last.broken:
        yield made("contract", check, "major", f"breaks the contract: {check}")
    if last.triage:
        return
    if overall.event == f"{Verdict.WORSE} creep":
        yield made("creep", OVERALL, "major", f"became worse in small steps{since}")
    worse = [row for row in last.began[1:] if row.verdict == Verdict.WORSE]
    if overall.verdict == Verdict.WORSE and (overall.what_moved or not worse):
        worse.insert(0, overall)
    for row in worse:
        where = "" if row is overall else f" on {row.landscape}"
        moved = f": {row.what_moved}" if row.what_moved else ""
        yield made(row.verdict, row.landscape, "major", f"is worse{where}{since}{moved}")
    if overall.verdict == Verdict.CHANGED:
        changed = sum(row.verdict == Verdict.CHANGED for row in last.began[1:])
        on = f" on {number_of(changed, 'landscape')}" if changed else ""
        yield made(overall.verdict, OVERALL, "info", f"takes a different path{on}{since}, neither better nor worse")


@dataclass
class _Last:
    """The last state of an optimizer: the rows of its first commit, the suite's first, and facts of later commits."""

    began: list[Row]
    broken: tuple[str, ...] = ()
    triage: str = ""
    not_run: Row | None = None


def _last_states(rows: Iterable[Row]) -> list[_Last]:
    found: dict[tuple[str, str, str], _Last] = {}
    for _, of_commit in itertools.groupby(rows, key=lambda row: (row.series, row.commit)):
        several = list(of_commit)
        overall = several[0]
        last = found.get(overall.series)
        if last is not None and overall.verdict == NOT_RUN:
            last.not_run = overall
            continue
        if last is None or last.began[0].state != overall.state or overall.verdict != Verdict.SAME:
            last = found[overall.series] = _Last(several)
        last.not_run = overall if overall.verdict == NOT_RUN else None
        last.broken = overall.broken
        last.triage = last.triage or overall.triage
    return list(found.values())
