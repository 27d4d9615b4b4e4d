"""Report runs without a result: each error once, with all landscapes where it occurred."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_optlandscape.comparison import LandscapeComparison
from pytest_optlandscape.records.landscape_record import NO_RESULT, LandscapeRecord
from pytest_optlandscape.report.wording import BASELINE, Wording
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["cannot_run_text", "error_texts", "indented"]

_MOST_NAMED = 6


def error_texts(landscapes: Sequence[LandscapeComparison]) -> list[str]:
    """Return one text for each error, with the number of starts and the landscapes.

    Errors that the baseline had as well are counted in one text for all landscapes.
    """
    groups: dict[str, list[LandscapeRecord]] = {}
    known: list[LandscapeRecord] = []
    for one in landscapes:
        failed = _without_result(one.now)
        if failed and one.before is not None and failed <= _without_result(one.before):
            known.append(one.now)
        elif failed:
            groups.setdefault(one.now.errors[0] if one.now.errors else "", []).append(one.now)
    texts = [_counted(records) + (f": {error}" if error else "") for error, records in groups.items()]
    if known:
        texts.append(f"as in the baseline, {_counted(known)}")
    return texts


def indented(traceback: str, indent: str = "    ") -> list[str]:
    """Return the indented lines of a traceback, not wrapped, because they name files.

    Examples
    --------
    >>> indented("Traceback (most recent call last):")
    ['    Traceback (most recent call last):']
    """
    return [f"{indent}{line}" for line in traceback.splitlines()]


def cannot_run_text(
    record: LandscapeRecord,
    spec: str,
    before: LandscapeRecord | None = None,
    wording: Wording = BASELINE,
    shown_on: str = "",
) -> list[str]:
    """Report that an optimizer gives no result from any start of a landscape, with the error and its traceback.

    Parameters
    ----------
    record : LandscapeRecord
    spec : str
    before : LandscapeRecord, optional
        The record to compare with; the text says how many of its starts had a result.
    wording : Wording, optional
    shown_on : str, optional
        A landscape on which the same traceback was already shown; then it is not repeated.

    Returns
    -------
    list of str
    """
    why = record.errors[0] if record.errors else "the time limit stopped every run"
    lines = [f"{spec} gives no result on {record.landscape}: {why}"]
    if before is not None:
        had = len(before.cells) - len(_without_result(before))
        there = f"at {wording.revision}" if wording.revision else "in its baseline"
        lines.append(f"  it cannot run from any of {len(record.cells)} starts, {had} of which had a result {there}")
    if record.traceback and shown_on:
        return [*lines, f"  the traceback is the same as on {shown_on}"]
    return [*lines, *(["", *indented(record.traceback, "  ")] if record.traceback else [])]


def _without_result(record: LandscapeRecord) -> set[str]:
    return {cell.start for cell in record.cells if cell.stop_reason in NO_RESULT}


def _counted(records: Sequence[LandscapeRecord]) -> str:
    failed = sum(len(_without_result(record)) for record in records)
    shown = records if len(records) <= _MOST_NAMED else records[: _MOST_NAMED - 1]
    names = ", ".join(record.landscape for record in shown)
    more = f" and {number_of(len(records) - len(shown), 'more landscape')}" if len(shown) < len(records) else ""
    return f"no result from {failed} of {sum(len(record.cells) for record in records)} starts on {names}{more}"
