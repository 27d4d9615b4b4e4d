"""Show the accepted baselines of an optimizer as text and as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_optlandscape.report.terminal import table
from pytest_optlandscape.report.trend import clean, date_of, what_moved
from pytest_optlandscape.store import Baseline
from pytest_optlandscape.texts.plurals import number_of
from pytest_optlandscape.trend.accepted import Accepted

__all__ = ["accepted_lines", "accepted_plain"]


def accepted_lines(spec: str, states: Sequence[Accepted]) -> list[str]:
    """Return a table of an optimizer's accepted states, newest first.

    Parameters
    ----------
    spec : str
    states : sequence of Accepted
        Oldest first.

    Returns
    -------
    list of str
    """
    rows = []
    for one in reversed(states):
        verdict, moved = "-", "written in a format that this release cannot read"
        if one.baseline is not None:
            verdict = str(one.comparison.verdict) if one.comparison else "new"
            moved = what_moved(one.comparison) if one.comparison else "the first baseline"
        rows.append(
            [one.commit[:10], date_of(one.time), clean(one.author, 24), verdict, _change(one, _success),
             _change(one, _digits), moved]
        )  # fmt: skip
    heading = f"{clean(spec, 200)}: {number_of(len(states), 'accepted state')}"
    return [heading, *table(["commit", "since", "by", "verdict", "success", "digits", "what moved"], rows)]


def accepted_plain(found: Mapping[str, Sequence[Accepted]]) -> dict[str, Any]:
    """Return accepted states as plain values, for other tools."""
    return {
        "schema": 1,
        "accepted": [
            {
                "spec": spec,
                "states": [
                    {
                        "commit": one.commit,
                        "author": one.author,
                        "time": one.time,
                        "subject": one.subject,
                        "verdict": str(one.comparison.verdict) if one.comparison else "new",
                        "what_moved": what_moved(one.comparison) if one.comparison else "",
                        "success": _success(one.baseline) if one.baseline else None,
                    }
                    for one in states
                ],
            }
            for spec, states in found.items()
        ],
    }


def _change(one: Accepted, value: Any) -> str:
    if one.baseline is None:
        return "-"
    now = value(one.baseline)
    return f"{value(one.before)} → {now}" if one.before is not None else str(now)


def _success(baseline: Baseline) -> str:
    successes = sum(record.successes for record in baseline.records.values())
    cells = sum(len(record.cells) for record in baseline.records.values())
    return f"{successes}/{cells}"


def _digits(baseline: Baseline) -> str:
    digits = sorted(record.digits for record in baseline.records.values())
    return f"{digits[len(digits) // 2]:.1f}" if digits else "-"
