"""Find the lines of values in a JSON text, for messages about rejected files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

__all__ = ["DEEPEST", "conflict_line", "line_of", "repeated_key", "unusable_value"]

Key = str | int

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+|\n')
_CONFLICT = re.compile(r"^(<{7} |>{7} |={7}$|\|{7} )", re.MULTILINE)


def line_of(text: str, where: tuple[Key, ...]) -> int:
    r"""Find the line of a value.

    Parameters
    ----------
    text : str
        Valid JSON.
    where : tuple of str or int
        The keys of objects and positions in lists that lead to the value.

    Returns
    -------
    int
        The line, from 1. If the value does not exist: the line of the innermost existing object or list on the way.

    Examples
    --------
    >>> line_of('{"a": 1,\n "b": [2,\n 3]}', ("b", 1))
    3
    """
    line, depth = 1, 0
    for path, at in _values(text, len(where)):
        if depth < len(path) <= len(where) and path == where[: len(path)]:
            line, depth = at, len(path)
    return line


def repeated_key(text: str) -> tuple[tuple[Key, ...], int] | None:
    r"""Find the first key that occurs twice in one object.

    Returns
    -------
    tuple or None
        The keys that lead to it, and the line of its second occurrence.

    Examples
    --------
    >>> repeated_key('{"a": {"b": 1,\n "b": 2}}')
    (('a', 'b'), 2)
    """
    seen: dict[int, set[Key]] = {}  # by depth: the keys of the open object
    for path, line in _values(text, DEEPEST):
        depth = len(path)
        if path[-1] in seen.setdefault(depth, set()):
            return path, line
        seen[depth].add(path[-1])
        seen[depth + 1] = set()
    return None


def unusable_value(text: str) -> tuple[int, str] | None:
    r"""Find the first value that Python can read, but that standard JSON or this package forbids.

    Returns
    -------
    tuple or None
        The line, and the reason.

    Examples
    --------
    >>> unusable_value('[1,\n NaN]')
    (2, 'NaN is no number')
    >>> unusable_value('["\\ud800"]')
    (1, 'half of a surrogate pair')
    """
    line = depth = 1
    for found in _TOKEN.finditer(text):
        token = found.group()
        line += token == "\n"
        depth += (token in ("{", "[")) - (token in ("}", "]"))
        reason = _reason_against(token)
        if depth > DEEPEST:
            reason = "nested too deeply"
        if reason:
            return line, reason
    return None


DEEPEST = 100
"""The deepest nesting of objects and lists. This package's files have five levels."""


def _reason_against(token: str) -> str:
    if token[0] == '"':
        with_halves = "\\u" in token and any("\ud800" <= one <= "\udfff" for one in _name(token))
        return "half of a surrogate pair" if with_halves else ""
    if token in ("NaN", "Infinity", "-Infinity"):
        return f"{token} is no number"
    if token[0] in "-0123456789" and len(token) > _LONGEST_NUMBER:
        return f"a number of {len(token)} characters"
    try:
        return f"{token} is too large" if token[-1].isdigit() and abs(float(token)) == float("inf") else ""
    except ValueError:
        return ""


_LONGEST_NUMBER = 400
"""The most characters of a number. A double needs 24. No double can hold a whole number of more than 400 digits."""


def conflict_line(text: str) -> int | None:
    r"""Find the first line with git's conflict marker; None if there is none.

    Examples
    --------
    >>> conflict_line("{\n<<<<<<< HEAD\n")
    2
    """
    found = _CONFLICT.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else None


def _values(text: str, deepest: int) -> Iterator[tuple[tuple[Key, ...], int]]:
    """List the values of a JSON text in order: the path of each, and the line of its key, or of a value without key.

    Values nested deeper than ``deepest`` are left out: their paths could be as long as the text.
    """
    path: list[Key] = []
    is_key: list[bool] = []  # whether the next string is a key, for each open object or list
    is_object: list[bool] = []
    line = 1
    for found in _TOKEN.finditer(text):
        token = found.group()
        if token == "\n":
            line += 1
        elif token in ("}", "]"):
            if not path:
                return
            path.pop(), is_object.pop(), is_key.pop()
        elif token == "," and path:
            is_key[-1] = is_object[-1]
            if not is_object[-1]:
                path[-1] = int(path[-1]) + 1
        elif token == ":":
            continue
        elif is_key and is_key[-1]:
            path[-1], is_key[-1] = _name(token), False
            if len(path) <= deepest:
                yield tuple(path), line
        else:
            if path and not is_object[-1] and len(path) <= deepest:
                yield tuple(path), line
            if token in ("{", "["):
                path.append("" if token == "{" else 0)
                is_object.append(token == "{")
                is_key.append(token == "{")


def _name(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        return token
