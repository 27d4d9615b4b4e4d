"""What all stored files have in common: JSON with a schema, refused with advice where it cannot be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["ADVICE", "BaselineError", "dumped", "read_stored"]

ADVICE = "It was left as it is; restore it from version control, or delete it to accept a new one."


class BaselineError(ValueError):
    """A baseline file cannot be used; it is left as it is."""


def read_stored(path: Path, name: str, schema: int, keys: set[str], kind: str) -> dict[str, Any] | None:
    """Read a file that holds an object with a schema.

    Parameters
    ----------
    path : Path
    name : str
        What messages call the file.
    schema : int
        The only one that is known.
    keys : set of str
        What it must have besides ``schema``.
    kind : str
        What it is otherwise not, for messages.

    Returns
    -------
    dict or None
        None if there is no such file.

    Raises
    ------
    BaselineError
        If it cannot be read, is truncated, lacks a key or is of another schema. The message says what to do.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BaselineError(f"{name} cannot be read: {error}. {ADVICE}") from error
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise BaselineError(
            f"{name} is damaged or truncated: line {error.lineno} is no valid JSON ({error.msg}). {ADVICE}"
        ) from None
    if not isinstance(content, dict) or not {"schema", *keys} <= content.keys():
        raise BaselineError(f"{path} is JSON, but {kind} of pytest-optlandscape. {ADVICE}")
    if content["schema"] != schema:
        raise BaselineError(
            f"{name} has schema {content['schema']!r}, this version reads schema {schema}. Use the version of "
            "pytest-optlandscape that wrote it, or delete the file and accept a new one with --optlandscape-update."
        )
    return content


def dumped(value: Any) -> str:
    """Write plain values on one line."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
