"""Read stored files: strict JSON with a schema. Reject damaged files with file, line and advice.

A file in a repository may be truncated, badly merged, edited by hand, or sent by a stranger. So it is used only if all
of it is valid.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import shlex
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from pytest_optlandscape.store.json_positions import DEEPEST, Key, conflict_line, line_of, repeated_key, unusable_value

__all__ = [
    "ADVICE",
    "MOST_BYTES",
    "BaselineError",
    "DamageError",
    "Stored",
    "clipped",
    "digest_of",
    "dumped",
    "parsed",
    "read_regular",
    "read_stored",
    "words_of",
]

ADVICE = "It was left as it is; restore it from version control, or delete it to accept a new one."

EDIT = "To accept the edit:"

MOST_BYTES = 1 << 24
"""The largest size of a file. A baseline of the suite `full` has less than a hundredth of this."""

_READ = os.O_RDONLY
for _flag in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):  # as far as the system has them
    _READ |= getattr(os, _flag, 0)
"""The flags for opening a file: do not wait for the writer of a pipe."""


class BaselineError(ValueError):
    """A baseline file cannot be used. It is left unchanged."""


_LONGEST_REASON = 400


class DamageError(ValueError):
    """A value in a stored file is impossible.

    Parameters
    ----------
    reason : str
        What is wrong, as a clause after a colon. Control characters of the file are replaced.
    where : tuple of str or int
        The keys and positions that lead to the value.
    """

    def __init__(self, reason: str, where: tuple[Key, ...] = ()) -> None:
        self.reason = "".join(one if one.isprintable() else "�" for one in reason)[:_LONGEST_REASON]
        super().__init__(self.reason)
        self.where = where


@dataclass(frozen=True)
class Stored:
    """A stored file that is valid JSON.

    Attributes
    ----------
    path : Path
    name : str
        Its name in messages.
    text : str
    content : dict
    """

    path: Path
    name: str
    text: str
    content: dict[str, Any]

    def refuse(self, damage: DamageError, advice: str = ADVICE) -> NoReturn:
        """Raise BaselineError with the line of a damage, and advice."""
        line = line_of(self.text, damage.where)
        raise BaselineError(f"{self.name} is damaged: line {line}: {damage.reason}. {advice}") from None

    def refuse_edit(self, reason: str, where: tuple[Key, ...]) -> NoReturn:
        """Raise BaselineError for a part that is valid, but was edited. Its message says how to accept the edit."""
        command = f"optlandscape baseline accept {_argument(self.path)}"
        self.refuse(
            DamageError(f"{reason}: it was edited by hand or merged badly", where), f"{ADVICE} {EDIT} {command}"
        )


def read_stored(path: Path, name: str, schemas: Collection[int], keys: set[str], kind: str) -> Stored | None:
    """Read a file that holds an object with a schema.

    Parameters
    ----------
    path : Path
    name : str
        The file's name in messages.
    schemas : collection of int
        The known schemas, the newest last.
    keys : set of str
        The required keys besides ``schema``.
    kind : str
        A text for messages about another kind of file, such as ``no baseline``.

    Returns
    -------
    Stored or None
        None if there is no such file.

    Raises
    ------
    BaselineError
        If the file cannot be read, is no regular file, is truncated, repeats a key, lacks a key, or has another schema.
        The message says what to do.
    """
    try:
        text = read_regular(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise BaselineError(f"{name} cannot be read: {error}. {ADVICE}") from error
    try:
        content = parsed(text)
    except DamageError as error:
        raise BaselineError(f"{name} is damaged or truncated: {error.reason}. {ADVICE}") from None
    if not isinstance(content, dict) or not {"schema", *keys} <= content.keys():
        raise BaselineError(f"{path} is JSON, but {kind} of pytest-optlandscape. {ADVICE}")
    schema = content["schema"]
    if type(schema) is not int or schema not in schemas:
        known = list(schemas)[-1]
        raise BaselineError(
            f"{name} has schema {clipped(repr(schema))}, this version reads schema {known}. Use the version of "
            "pytest-optlandscape that wrote it, or delete the file and accept a new one with --optlandscape-update."
        )
    return Stored(path, name, text, content)


def read_regular(path: Path, most: int = MOST_BYTES) -> str:
    """Read a regular file as UTF-8. Never wait for a pipe, and never read a device.

    Parameters
    ----------
    path : Path
        Symbolic links are followed.
    most : int
        The largest size of the file, in bytes.

    Returns
    -------
    str

    Raises
    ------
    OSError, ValueError
        If the file does not exist, is no regular file, is too large, or is not UTF-8.
    """
    with open(os.open(path, _READ), "rb") as file:
        facts = os.fstat(file.fileno())
        if stat.S_ISDIR(facts.st_mode):
            raise IsADirectoryError("it is a folder")
        if not stat.S_ISREG(facts.st_mode):
            raise ValueError("it is no regular file (a pipe, a socket or a device)")
        if facts.st_size > most:
            raise ValueError(f"it has {facts.st_size} bytes, more than any file of its kind")
        return file.read(most).decode("utf-8")


def parsed(text: str) -> Any:
    """Parse strict JSON: no repeated key, no NaN, no number that overflows, no half of a surrogate pair.

    Parameters
    ----------
    text : str

    Returns
    -------
    object

    Raises
    ------
    DamageError
        If the text is not strict JSON. The message has the line if it is known.

    Examples
    --------
    >>> parsed('{"a": 1, "a": 2}')
    Traceback (most recent call last):
        ...
    pytest_optlandscape.store.strict_json.DamageError: line 1: the key 'a' occurs twice
    """
    try:
        found = json.loads(text, object_pairs_hook=_unique, parse_constant=_refused, parse_float=_finite)
        if "\\" in text:
            json.dumps(found, ensure_ascii=False).encode()  # fails for halves of surrogate pairs
        if text.count("[") + text.count("{") >= DEEPEST and _is_too_deep(found):
            raise ValueError("nested too deeply")
        return found
    except json.JSONDecodeError as error:
        conflict = conflict_line(text)
        if conflict is not None:
            reason = f"line {conflict} was left by git for a conflict: the merge is not finished"
        else:
            reason = f"line {error.lineno} is no valid JSON ({error.msg})"
        raise DamageError(reason) from None
    except (RecursionError, ValueError) as error:
        unusable = unusable_value(text)
        if unusable is not None:
            raise DamageError(f"line {unusable[0]} is no valid JSON ({unusable[1]})") from None
        repeated = repeated_key(text)
        if repeated is not None:
            raise DamageError(f"line {repeated[1]}: the key {repeated[0][-1]!r:.80} occurs twice") from None
        raise DamageError(f"no valid JSON ({clipped(str(error))})") from None


def _is_too_deep(found: object) -> bool:
    """Return whether objects and lists are nested too deeply; the parsers of some versions of Python do not mind."""
    level = [found]
    for _ in range(DEEPEST - 1):
        inner = (one.values() if isinstance(one, dict) else one for one in level if isinstance(one, (dict, list)))
        level = [child for children in inner for child in children if isinstance(child, (dict, list))]
        if not level:
            return False
    return True


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{clipped(number)} is too large")
    return value


def clipped(text: str) -> str:
    r"""Shorten a foreign text to one line of a message.

    Examples
    --------
    >>> clipped("two\nlines"), len(clipped("a" * 1000))
    ('two lines', 100)
    """
    plain = " ".join(text[:1000].split())
    plain = "".join(one if one.isprintable() else "�" for one in plain)
    return plain if len(plain) <= 100 else plain[:99] + "…"


def _argument(path: Path) -> str:
    """Return a path to paste into a shell, relative to the current folder if it is inside."""
    relative = os.path.relpath(path)
    text = str(path) if relative.startswith("..") else relative
    if re.fullmatch(r"[\w@+=:,./-]+", text, re.ASCII):
        return text
    return shlex.quote(text) if re.search(r'["$`!\\%]', text) else f'"{text}"'


def dumped(value: Any) -> str:
    """Return plain values as one line of JSON."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def digest_of(value: Any) -> str:
    """Return a digest of plain values, 16 hexadecimal digits, that reveals changed values.

    It protects against accidents, not against attackers: anybody can compute it.

    Examples
    --------
    >>> digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1}) != digest_of({"a": 1, "b": 3})
    True
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def words_of(value: Any, what: str, where: tuple[Key, ...]) -> dict[str, str]:
    """Check that a value is an object of texts.

    Raises
    ------
    DamageError
        If the value is not an object of texts.
    """
    if not isinstance(value, Mapping) or not all(isinstance(one, str) for one in value.values()):
        raise DamageError(f"{what} is {clipped(repr(value))}, not an object of texts", where)
    return dict(value)
