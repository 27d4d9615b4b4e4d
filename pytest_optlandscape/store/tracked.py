"""The values that a user's tests track, in one file beside the baselines, one line for each entry.

.. code-block:: json

    {
     "schema": 2,
     "tracked": [
      {"test": "test_mine.py::test_time", "name": "time per step", "kind": "number", "value": 3.2, "unit": "ms",
       "better": "lower", "digest": "5a1fd1c5e0f14b2c"}
     ]
    }
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_optlandscape.comparison.tracked_comparison import is_record
from pytest_optlandscape.store.atomic_files import alone_with, write_atomically
from pytest_optlandscape.store.strict_json import (
    ADVICE,
    BaselineError,
    DamageError,
    Stored,
    digest_of,
    dumped,
    read_stored,
)

__all__ = ["accept_tracked", "read_tracked", "tracked_path", "update_tracked"]

SCHEMA = 2
_WITHOUT_DIGESTS = 1

Entries = dict[tuple[str, str], dict[str, Any]]


def tracked_path(folder: Path) -> Path:
    """Return the path of the file in the folder of baselines. No optimizer's baseline has its name."""
    return folder / "tracked.json"


def read_tracked(path: Path) -> Entries:
    """Read the accepted entries, by test and name.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict
        From the id of a test and a name to the result of `comparison.tracked_comparison.Tracked.record`. Empty if there
        is no such file.

    Raises
    ------
    BaselineError
        If the file cannot be read, is truncated or damaged, or has an unknown schema. Also if a file of the previous
        version exists, which held only widths.
    """
    widths = path.with_name("widths.json")
    if widths.exists():
        raise BaselineError(
            f"{widths} is of an earlier version of pytest-optlandscape; what tests track is now in {path.name}. Delete "
            "it, and accept the widths anew with --optlandscape-update."
        )
    stored = _read(path)
    if stored is None:
        return {}
    has_digests = stored.content["schema"] == SCHEMA
    return {key: entry for key, entry, _ in _entries(stored, has_digests)}


def _read(path: Path) -> Stored | None:
    kind = "holds nothing that tests track"
    stored = read_stored(path, str(path), (_WITHOUT_DIGESTS, SCHEMA), {"tracked"}, kind)
    if stored and (stored.content.keys() != {"schema", "tracked"} or not isinstance(stored.content["tracked"], list)):
        raise BaselineError(f"{path} is JSON, but {kind}, of pytest-optlandscape. {ADVICE}")
    return stored


def _entries(stored: Stored, has_digests: bool) -> list[tuple[tuple[str, str], dict[str, Any], bool]]:
    """List the entries of a file, each with whether it matches its digest.

    Raises
    ------
    BaselineError
        If an entry is impossible or occurs twice. With ``has_digests``, also if an entry differs from its digest.
    """
    entries: dict[tuple[str, str], tuple[dict[str, Any], bool]] = {}
    for number, row in enumerate(stored.content["tracked"]):
        where = ("tracked", number)
        key, entry = _split(row)
        what = f"entry {number + 1} ({key[1]!r:.80} of {key[0]!r:.200})" if key else f"entry {number + 1}"
        digest = entry.pop("digest", None)
        if key is None or not is_record(entry):
            stored.refuse(DamageError(f"{what} is nothing that can be tracked", where))
        if key in entries:
            stored.refuse(DamageError(f"{what} is there twice", where))
        is_as_written = digest == _digest(key, entry)
        if has_digests and not is_as_written:
            stored.refuse_edit(f"{what} is not the one that its digest says", where)
        entries[key] = entry, is_as_written
    return [(key, *found) for key, found in entries.items()]


def _digest(key: tuple[str, str], entry: Mapping[str, Any]) -> str:
    return digest_of([*key, dict(entry)])


def _split(row: Any) -> tuple[tuple[str, str] | None, dict[str, Any]]:
    """Split a row into the key of an entry and the rest. The key is None if the row has no test or name."""
    if not isinstance(row, dict) or not isinstance(row.get("test"), str) or not isinstance(row.get("name"), str):
        return None, {}
    return (row["test"], row["name"]), {key: value for key, value in row.items() if key not in ("test", "name")}


def update_tracked(path: Path, test: str, name: str, entry: Mapping[str, Any]) -> None:
    """Accept one entry. The others stay.

    Parameters
    ----------
    path : Path
    test, name : str
        The key of the entry.
    entry : mapping
        The result of `comparison.tracked_comparison.Tracked.record`.

    Raises
    ------
    BaselineError
        If the existing file cannot be read. It is not overwritten.
    OSError
        If the file cannot be written. The old file is unchanged.
    """
    with alone_with(path):
        entries = {**read_tracked(path), (test, name): dict(entry)}
        write_atomically(path, _text(entries))


def accept_tracked(path: Path) -> list[str]:
    """Accept entries that were edited by hand: write new digests.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of str
        The names of the edited entries, each with its test.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    BaselineError
        If the file cannot be read, or has impossible values.
    OSError
        If the file cannot be written. The old file is unchanged.
    """
    with alone_with(path):
        stored = _read(path)
        if stored is None:
            raise FileNotFoundError(f"there is no file {path}")
        found = _entries(stored, has_digests=False)
        text = _text({key: entry for key, entry, _ in found})
        if text != stored.text:
            write_atomically(path, text)
    return [f"{name} of {test}" for (test, name), _, is_as_written in found if not is_as_written]


def _text(entries: Entries) -> str:
    rows = [
        f"  {dumped({'test': key[0], 'name': key[1], **entry, 'digest': _digest(key, entry)})}"
        for key, entry in sorted(entries.items())
    ]
    return "\n".join(["{", f' "schema": {SCHEMA},', ' "tracked": [', ",\n".join(rows), " ]", "}", ""])
