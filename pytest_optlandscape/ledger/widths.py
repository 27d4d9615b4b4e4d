"""The accepted widths of hyperparameters: one file beside the baselines of optimizers, one line for each width.

.. code-block:: json

    {
     "schema": 1,
     "widths": {
      "tests/test_rates.py::test_adam my:adam learning_rate": {"optimizer": "my:adam", "decades": 1.4, "ranges": {}}
     }
    }
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from pytest_optlandscape.ledger.files import alone_with, write_atomically
from pytest_optlandscape.ledger.stored import ADVICE, BaselineError, dumped, read_stored

__all__ = ["read_widths", "update_widths", "widths_path"]

SCHEMA = 1

_PARTS = {"optimizer", "hyperparameter", "conditions", "decades", "ranges"}


def widths_path(folder: Path) -> Path:
    """Name the file in the folder of the baselines; no optimizer's baseline has that name."""
    return folder / "widths.json"


def read_widths(path: Path) -> dict[str, dict[str, Any]]:
    """Read the accepted widths, by test, optimizer and hyperparameter.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict
        Empty if there is no such file.

    Raises
    ------
    BaselineError
        If the file cannot be read, is truncated or damaged, or of a schema that is not known here.
    """
    content = read_stored(path, str(path), SCHEMA, {"widths"}, "holds no widths")
    if content is None:
        return {}
    if content.keys() != {"schema", "widths"}:
        raise BaselineError(f"{path} is JSON, but holds no widths of pytest-optlandscape. {ADVICE}")
    widths = content["widths"]
    for key, entry in widths.items() if isinstance(widths, dict) else [("widths", None)]:
        if not _is_width(entry):
            raise BaselineError(f"{path} is damaged: {key!r} is no width. {ADVICE}")
    return dict(widths)


def _is_width(entry: Any) -> bool:
    """Whether this is what `verdicts.width_comparison.width_record` gives."""
    return (
        isinstance(entry, dict)
        and entry.keys() == _PARTS
        and isinstance(entry["conditions"], dict)
        and isinstance(entry["ranges"], dict)
        and _is_number(entry["decades"])
        and all(ends is None or _is_range(ends) for ends in entry["ranges"].values())
    )


def _is_range(ends: Any) -> bool:
    return isinstance(ends, list) and len(ends) == 2 and all(_is_number(end) and end > 0.0 for end in ends)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def update_widths(path: Path, key: str, entry: dict[str, Any]) -> None:
    """Accept a width; the others stay.

    Parameters
    ----------
    path : Path
    key : str
    entry : dict
        What `verdicts.width_comparison.width_record` gives.

    Raises
    ------
    BaselineError
        If there is a file that cannot be read: it is not overwritten.
    OSError
        If the file cannot be written: the old one is untouched.
    """
    with alone_with(path):
        widths = sorted({**read_widths(path), key: entry}.items())
        rows = [f"  {dumped(name)}: {dumped(width)}" for name, width in widths]
        lines = ["{", f' "schema": {SCHEMA},', ' "widths": {', ",\n".join(rows), " }", "}", ""]
        write_atomically(path, "\n".join(lines))
