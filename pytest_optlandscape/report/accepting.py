"""Show the changes that an update made to a baseline."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_optlandscape.report.trend import clean
from pytest_optlandscape.store import Baseline, BaselineChange
from pytest_optlandscape.store.baseline_layout import entry_of, row_of, totals_of
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["change_lines", "versions_text"]

_MOST = 50
"""Most landscapes to list; `git diff` shows all."""


def change_lines(change: BaselineChange) -> list[str]:
    """List the changes of an update, one line for each total, landscape, check and version.

    Parameters
    ----------
    change : BaselineChange

    Returns
    -------
    list of str
        Indented; empty if nothing changed.
    """
    if not change.is_written:
        return []
    now, before = change.now, change.before
    totals = totals_of(now.records.values(), now.contract)
    if before is None:
        return _columns({name: text for name, text in totals.items() if text != "0"})
    old = totals_of(before.records.values(), before.contract)
    told = {name: _arrow(old.get(name), text) for name, text in totals.items() if old.get(name) != text}
    rows = {name: _of_landscape(before, now, name) for name in now.records}
    moved = {clean(name, 60): row for name, row in rows.items() if row}
    told |= dict(list(moved.items())[:_MOST])
    for check, outcome in now.contract.items():
        if before.contract.get(check) != outcome:
            told[check] = _arrow(before.contract.get(check), outcome)
    lines = _columns(told)
    if not told:
        lines.append("  the file has the layout of this release now; its runs are the same")
    if len(moved) > _MOST:
        lines.append(f"  and {number_of(len(moved) - _MOST, 'landscape')} more; `git diff` shows all")
    unmoved = len(now.records) - len(moved)
    if unmoved:
        lines.append(f"  unchanged: {number_of(unmoved, 'landscape')}")
    return lines + _versions(before, now)


def _of_landscape(before: Baseline, now: Baseline, name: str) -> str:
    """Return the changes on one landscape in words; "" if its record is the same."""
    record = now.records[name]
    row = row_of(record)
    if name not in before.records:
        return f"new: {row}"
    old = before.records[name]
    if entry_of(old, None) == entry_of(record, None):
        return ""
    if old.definition != record.definition:
        return f"new definition; {_differences(row_of(old), row) or row}"
    differ = sum(a != b for a, b in zip(old.cells, record.cells, strict=False))
    return _differences(row_of(old), row) or (
        f"runs differ from {differ} of {number_of(len(record.cells), 'start')}; the totals are the same"
    )


def _differences(old: str, new: str) -> str:
    """Return the parts of a landscape's line that changed.

    Examples
    --------
    >>> _differences("success 16/22, digits 5.7, evaluations 20", "success 14/22, digits 5.7, evaluations 31")
    'success 16/22 → 14/22, evaluations 20 → 31'
    """
    before, now = _words(old), _words(new)
    return ", ".join(
        f"{name} {_arrow(before.get(name), now.get(name, 'none'))}".strip()
        for name in {**now, **before}
        if before.get(name) != now.get(name)
    )


def _words(row: str) -> dict[str, str]:
    pairs = (part.rpartition(" ")[::2] if " " in part else (part, "yes") for part in row.split(", "))
    return dict(pairs)


def _arrow(old: str | None, new: str) -> str:
    return f"{'none' if old is None else old} → {new}"


def _columns(told: Mapping[str, str]) -> list[str]:
    width = min(max(map(len, told), default=0), 24)
    return [f"  {name:<{width}}  {text}" for name, text in told.items()]


def _versions(before: Baseline, now: Baseline) -> list[str]:
    """List the changes of versions with which landscapes were written."""
    found: dict[str, None] = {}
    for name, record in now.records.items():
        if name in before.records and entry_of(record, None) != entry_of(before.records[name], None):
            found[versions_text(before.versions_of(name), now.versions_of(name))] = None
    return [f"  written with {text}" for text in found if text]


def versions_text(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Return the versions that differ, before and now.

    Examples
    --------
    >>> versions_text({"scipy": "1.16.0", "numpy": "2.3.1"}, {"scipy": "1.17.1", "numpy": "2.3.1"})
    'scipy 1.16.0 → 1.17.1'
    """
    names = [name for name in now if name in before and before[name] != now[name]]
    return ", ".join(f"{clean(name, 60)} {clean(before[name], 60)} → {clean(now[name], 60)}" for name in names)
