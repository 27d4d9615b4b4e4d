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

import json
from pathlib import Path
from typing import Any

from pytest_optlandscape.ledger.baseline import BaselineError
from pytest_optlandscape.ledger.files import alone_with, write_atomically

__all__ = ["read_widths", "update_widths", "widths_path"]

SCHEMA = 1

_ADVICE = "It was left as it is; restore it from version control, or delete it to accept a new one."
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
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise BaselineError(f"{path} cannot be read: {error}. {_ADVICE}") from error
    except json.JSONDecodeError as error:
        raise BaselineError(
            f"{path} is damaged or truncated: line {error.lineno} is no valid JSON ({error.msg}). {_ADVICE}"
        ) from None
    if not isinstance(content, dict) or content.keys() != {"schema", "widths"}:
        raise BaselineError(f"{path} is JSON, but holds no widths of pytest-optlandscape. {_ADVICE}")
    if content["schema"] != SCHEMA:
        raise BaselineError(
            f"{path} has schema {content['schema']!r}, this version reads schema {SCHEMA}. Use the version of "
            "pytest-optlandscape that wrote it, or delete the file and accept a new one with --optlandscape-update."
        )
    widths = content["widths"]
    for key, entry in widths.items() if isinstance(widths, dict) else [("widths", None)]:
        if not isinstance(entry, dict) or entry.keys() != _PARTS:
            raise BaselineError(f"{path} is damaged: {key!r} is no width. {_ADVICE}")
    return dict(widths)


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
        rows = [f"  {_dump(name)}: {_dump(width)}" for name, width in widths]
        lines = ["{", f' "schema": {SCHEMA},', ' "widths": {', ",\n".join(rows), " }", "}", ""]
        write_atomically(path, "\n".join(lines))


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
