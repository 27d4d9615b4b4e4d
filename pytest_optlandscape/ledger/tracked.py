"""What tests of one's own track: one file beside the baselines of optimizers, one line for each entry.

.. code-block:: json

    {
     "schema": 1,
     "tracked": [
      {"test": "test_mine.py::test_time", "name": "time per step", "kind": "number", "value": 3.2, "unit": "ms"}
     ]
    }
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_optlandscape.ledger.files import alone_with, write_atomically
from pytest_optlandscape.ledger.stored import ADVICE, BaselineError, dumped, read_stored
from pytest_optlandscape.verdicts.tracked_comparison import is_record

__all__ = ["read_tracked", "tracked_path", "update_tracked"]

SCHEMA = 1

Entries = dict[tuple[str, str], dict[str, Any]]


def tracked_path(folder: Path) -> Path:
    """Name the file in the folder of the baselines; no optimizer's baseline has that name."""
    return folder / "tracked.json"


def read_tracked(path: Path) -> Entries:
    """Read what is accepted, by test and name.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict
        From the id of a test and a name to what `verdicts.tracked_comparison.Tracked.record` gave. Empty if there is no
        such file.

    Raises
    ------
    BaselineError
        If the file cannot be read, is truncated or damaged, or of a schema that is not known here; or if there is a
        file of the version before, which held widths alone.
    """
    widths = path.with_name("widths.json")
    if widths.exists():
        raise BaselineError(
            f"{widths} is of an earlier version of pytest-optlandscape; what tests track is now in {path.name}. Delete "
            "it, and accept the widths anew with --optlandscape-update."
        )
    content = read_stored(path, str(path), SCHEMA, {"tracked"}, "holds nothing that tests track")
    if content is None:
        return {}
    rows = content["tracked"]
    if content.keys() != {"schema", "tracked"} or not isinstance(rows, list):
        raise BaselineError(f"{path} is JSON, but holds nothing that tests track, of pytest-optlandscape. {ADVICE}")
    entries: Entries = {}
    for number, row in enumerate(rows, start=1):
        key, entry = _split(row)
        what = f"entry {number} ({key[1]!r} of {key[0]!r})" if key else f"entry {number}"
        if key is None or not is_record(entry):
            raise BaselineError(f"{path} is damaged: {what} is nothing that can be tracked. {ADVICE}")
        if key in entries:
            raise BaselineError(f"{path} is damaged: {what} is there twice. {ADVICE}")
        entries[key] = entry
    return entries


def _split(row: Any) -> tuple[tuple[str, str] | None, dict[str, Any]]:
    """Take what identifies an entry from a row; None if that is not there."""
    if not isinstance(row, dict) or not isinstance(row.get("test"), str) or not isinstance(row.get("name"), str):
        return None, {}
    return (row["test"], row["name"]), {key: value for key, value in row.items() if key not in ("test", "name")}


def update_tracked(path: Path, test: str, name: str, entry: Mapping[str, Any]) -> None:
    """Accept one entry; the others stay.

    Parameters
    ----------
    path : Path
    test, name : str
        Which entry.
    entry : mapping
        What `verdicts.tracked_comparison.Tracked.record` gives.

    Raises
    ------
    BaselineError
        If there is a file that cannot be read: it is not overwritten.
    OSError
        If the file cannot be written: the old one is untouched.
    """
    with alone_with(path):
        entries = sorted({**read_tracked(path), (test, name): dict(entry)}.items())
        rows = [f"  {dumped({'test': one[0], 'name': one[1], **kept})}" for one, kept in entries]
        lines = ["{", f' "schema": {SCHEMA},', ' "tracked": [', ",\n".join(rows), " ]", "}", ""]
        write_atomically(path, "\n".join(lines))
