"""The baseline: the accepted cells of an optimizer, in a text file that is reviewed like code.

`store.baseline_layout` lays the file out. `store.baseline_names` names it.
"""

from __future__ import annotations

import dataclasses
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy
import scipy

import pytest_optlandscape
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.records import LandscapeRecord, RoundingSensitivity
from pytest_optlandscape.records.validation import checked_cell, checked_record
from pytest_optlandscape.store.atomic_files import alone_with, write_atomically
from pytest_optlandscape.store.baseline_layout import (
    AS_A_WHOLE,
    OUTCOMES,
    RECORD_SCHEMA,
    SCHEMA,
    baseline_text,
    edited_parts,
)
from pytest_optlandscape.store.baseline_names import baseline_path
from pytest_optlandscape.store.strict_json import (
    ADVICE,
    BaselineError,
    DamageError,
    Stored,
    clipped,
    read_stored,
    words_of,
)

__all__ = [
    "Baseline",
    "BaselineChange",
    "baseline_of",
    "baseline_path",
    "known_schemas",
    "read_baseline",
    "update_baseline",
]

_ENTRY = {"summary", "definition", "rounding", "nondeterministic", "cells", "digest", "written_with"}
_KEYS = {
    RECORD_SCHEMA: {"schema", "optimizer", "setting", "written_with", "contract", "landscapes"},
    SCHEMA: {
        "schema", "optimizer", "setting", "written_with", "totals", "landscapes", "contract", "records", "digest",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Baseline:
    """The accepted records of one optimizer.

    Attributes
    ----------
    optimizer : str
    setting : dict
        Other settings that change the numbers, such as Keras' backend.
    written_with : dict
        The versions of Python and libraries that wrote the records, by name.
    records : dict
        `LandscapeRecord` by the landscape's id.
    contract : dict
        The accepted outcome of each check of the contract, by name; empty if the contract was not checked.
    written_apart : dict
        The versions of landscapes that other versions than ``written_with`` wrote, by id.
    """

    optimizer: str
    setting: dict[str, str] = field(default_factory=dict)
    written_with: dict[str, str] = field(default_factory=dict)
    records: dict[str, LandscapeRecord] = field(default_factory=dict)
    contract: dict[str, str] = field(default_factory=dict)
    written_apart: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def calibration(self) -> RoundingSensitivity:
        """The optimizer's rounding sensitivity, over all landscapes."""
        return sum(
            (record.rounding_sensitivity for record in self.records.values() if record.rounding_sensitivity),
            RoundingSensitivity(0, 0),
        )

    def to_text(self) -> str:
        """Return the text of the file, sorted."""
        return baseline_text(self)

    def versions_of(self, landscape: str) -> dict[str, str]:
        """Return the versions that wrote the record of a landscape."""
        return self.written_apart.get(landscape, self.written_with)


@dataclass(frozen=True)
class BaselineChange:
    """The change of a baseline file by an update.

    Attributes
    ----------
    path : Path
    before : Baseline or None
        None if there was no file.
    now : Baseline
    is_written : bool
        Whether the file was written. It is not written if its content is the same.
    """

    path: Path
    before: Baseline | None
    now: Baseline
    is_written: bool


def known_schemas() -> tuple[int, ...]:
    """Return the readable schemas of baseline files, the newest last."""
    return tuple(sorted(_KEYS))


def read_baseline(path: Path, adapter: Adapter) -> Baseline | None:
    """Read an optimizer's baseline.

    Parameters
    ----------
    path : Path
    adapter : Adapter
        The optimizer that the baseline must belong to.

    Returns
    -------
    Baseline or None
        None if there is no such file.

    Raises
    ------
    BaselineError
        If the file cannot be read, is truncated, is no baseline, belongs to another optimizer, has an unknown schema,
        has impossible values, or differs from its digests. The message says what to do.
    """
    stored = read_file(path)
    if stored is None:
        return None
    owner = stored.content["optimizer"]
    if owner != adapter.spec:
        raise BaselineError(
            f"baseline {path} belongs to {owner!r:.200}, not to {adapter.spec!r}. {ADVICE} If the optimizer was "
            "renamed, move its baseline: optlandscape baseline move OLD NEW"
        )
    return checked_baseline(stored)


def read_file(path: Path) -> Stored | None:
    """Read a baseline file as plain values; None if there is no file. `checked_baseline` validates them."""
    return read_stored(path, f"baseline {path}", known_schemas(), {"optimizer", "landscapes"}, "no baseline")


def checked_baseline(stored: Stored) -> Baseline:
    """Convert a file's content to a baseline.

    Raises
    ------
    BaselineError
        If a value is impossible, or differs from its digest.
    """
    try:
        found = baseline_of(stored.content)
        if stored.content["schema"] == SCHEMA:
            _check_rows(stored.content, found.records)
    except DamageError as damage:
        stored.refuse(damage)
    for part in edited_parts(stored.content):
        if part == AS_A_WHOLE:
            stored.refuse_edit(f"{part} are not those that the digest says", ("digest",))
        stored.refuse_edit(f"the entry of {part:.80} is not the one that its digest says", ("records", part))
    return found


def baseline_of(content: dict[str, Any], *, in_any_form: bool = False) -> Baseline:
    """Convert the content of a baseline file or a history's record, without checking digests, lines and totals.

    Parameters
    ----------
    content : dict
    in_any_form : bool, default False
        Whether numbers may be formatted differently. In a history they may: its files are named by their content, so
        nobody edits them.

    Raises
    ------
    DamageError
        If a value is missing or impossible.
    """
    schema = content.get("schema")
    if type(schema) is not int or schema not in _KEYS:
        raise DamageError(f"the schema is {clipped(repr(schema))}", ("schema",))
    for key in content.keys() - _KEYS[schema]:
        raise DamageError(f"the key {key!r:.80} is unknown", (key,))
    where = "records" if schema == SCHEMA else "landscapes"
    entries = content.get(where)
    if not isinstance(entries, dict):
        raise DamageError(f"there is no object {where!r}", (where,))
    if not isinstance(content.get("optimizer"), str) or not content["optimizer"]:
        raise DamageError("the optimizer is no text", ("optimizer",))
    records, apart = {}, {}
    for name, entry in entries.items():
        records[name] = _record(name, entry, (where, name), in_any_form)
        if "written_with" in entry:
            apart[name] = words_of(entry["written_with"], "written_with", (where, name, "written_with"))
    return Baseline(
        content["optimizer"],
        words_of(content.get("setting", {}), "setting", ("setting",)),
        words_of(content.get("written_with", {}), "written_with", ("written_with",)),
        records,
        _contract(content.get("contract", {})),
        apart,
    )


def _record(name: str, entry: Any, where: tuple[str, ...], in_any_form: bool) -> LandscapeRecord:
    """Read a landscape's entry."""
    if not isinstance(entry, dict):
        raise DamageError(f"{name:.80} is no object", where)
    for key in entry.keys() - _ENTRY:
        raise DamageError(f"{name:.80}: the key {key!r:.80} is unknown", (*where, key))
    lines, cells = entry.get("cells"), []
    if not isinstance(lines, list) or not lines:
        raise DamageError(f"{name:.80} has no cells", (*where, "cells"))
    for number, line in enumerate(lines):
        try:
            cells.append(checked_cell(line, in_any_form=in_any_form))
        except (ValueError, OverflowError) as error:
            raise DamageError(f"{name:.80}: {error}", (*where, "cells", number)) from None
    if type(entry.get("nondeterministic", True)) is not bool or entry.get("nondeterministic") is False:
        raise DamageError(f"{name:.80}: nondeterministic is true or is not there", (*where, "nondeterministic"))
    rounding_sensitivity = (
        _rounding_sensitivity(name, entry["rounding"], (*where, "rounding")) if "rounding" in entry else None
    )
    try:
        return checked_record(
            LandscapeRecord(
                name,
                entry.get("definition", {}),
                tuple(cells),
                rounding_sensitivity=rounding_sensitivity,
                nondeterministic=bool(entry.get("nondeterministic", False)),
            )
        )
    except ValueError as error:
        raise DamageError(f"{name:.80}: {error}", (*where, "definition")) from None


def _rounding_sensitivity(name: str, entry: Any, where: tuple[str, ...]) -> RoundingSensitivity:
    told = f"{name:.80}: rounding is {clipped(repr(entry))}, not jumps of so many trials"
    if not isinstance(entry, dict) or entry.keys() != {"jumps", "trials"}:
        raise DamageError(told, where)
    jumps, trials = entry["jumps"], entry["trials"]
    if type(jumps) is not int or type(trials) is not int or not 0 <= jumps <= trials < 1 << 53:
        raise DamageError(told, where)
    return RoundingSensitivity(jumps, trials)


def _contract(entry: Any) -> dict[str, str]:
    if not isinstance(entry, dict):
        raise DamageError("the contract is no object", ("contract",))
    for name, outcome in entry.items():
        if outcome not in OUTCOMES:
            raise DamageError(
                f"contract: {name:.80} is {clipped(repr(outcome))}, not {', '.join(OUTCOMES)}", ("contract", name)
            )
    return dict(entry)


def _check_rows(content: dict[str, Any], records: Mapping[str, LandscapeRecord]) -> None:
    """Check that each landscape has a line and a record."""
    rows = words_of(content.get("landscapes"), "landscapes", ("landscapes",))
    words_of(content.get("totals", {}), "totals", ("totals",))
    for name in rows.keys() ^ records.keys():
        missing, there = ("record", "landscapes") if name in rows else ("line", "records")
        raise DamageError(f"{name:.80} has no {missing}", (there, name))


def update_baseline(
    path: Path, adapter: Adapter, records: Iterable[LandscapeRecord], contract: Mapping[str, str] | None = None
) -> BaselineChange:
    """Accept records and outcomes of checks. They replace those of the same name. The others stay.

    Parameters
    ----------
    path : Path
    adapter : Adapter
    records : iterable of LandscapeRecord
    contract : mapping of str to str, optional
        Outcomes of checks of the contract, by name.

    Returns
    -------
    BaselineChange

    Raises
    ------
    BaselineError
        If the existing file cannot be read. It is not overwritten.
    OSError
        If the file cannot be written, or another process holds its lock. The old file is unchanged.
    """
    with alone_with(path):
        before = read_baseline(path, adapter)
        now = _merged(before, adapter, {record.landscape: record for record in records}, contract or {})
        is_written = write_baseline(path, now)
    return BaselineChange(path, before, now, is_written)


def _merged(
    before: Baseline | None, adapter: Adapter, new: Mapping[str, LandscapeRecord], contract: Mapping[str, str]
) -> Baseline:
    versions = versions_now(adapter)
    old = before or Baseline(adapter.spec, written_with=versions)
    records = dict(sorted({**old.records, **new}.items()))
    apart = {name: kept for name, kept in old.written_apart.items() if name not in new}
    if versions != old.written_with:
        apart |= dict.fromkeys(new, versions)
    written_with = old.written_with
    if records.keys() == apart.keys() and all(one == versions for one in apart.values()):
        written_with, apart = versions, {}
    return dataclasses.replace(
        old,
        setting=dict(sorted(adapter.setting.items())),
        written_with=written_with,
        records=records,
        contract={**old.contract, **contract},
        written_apart=apart,
    )


def write_baseline(path: Path, baseline: Baseline) -> bool:
    """Write a baseline unless the file has the same content. Return whether it was written."""
    text = baseline.to_text()
    if path.exists() and path.read_bytes() == text.encode():
        return False
    write_atomically(path, text)
    return True


def versions_now(adapter: Adapter) -> dict[str, str]:
    """Return the versions that an optimizer's numbers depend on, and the platform, sorted by name."""
    return dict(
        sorted(
            {
                "numpy": numpy.__version__,
                "platform": f"{platform.system()} {platform.machine()}",
                "pytest-optlandscape": pytest_optlandscape.__version__,
                "python": ".".join(map(str, sys.version_info[:3])),
                "scipy": scipy.__version__,
                **adapter.versions(),
            }.items()
        )
    )
