"""Lines of values in a JSON text, for messages about a file that is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

__all__ = ["conflict_line", "line_of", "repeated_key"]

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
        Keys of objects and positions in lists, from the outside to the value.

    Returns
    -------
    int
        From 1; the line of the innermost object or list on the way that exists.

    Examples
    --------
    >>> line_of('{"a": 1,\n "b": [2,\n 3]}', ("b", 1))
    3
    """
    line, depth = 1, 0
    for path, at in _values(text):
        if depth < len(path) <= len(where) and path == where[: len(path)]:
            line, depth = at, len(path)
    return line


def repeated_key(text: str) -> tuple[tuple[Key, ...], int] | None:
    r"""Find the first key that occurs twice in one object.

    Returns
    -------
    tuple or None
        The keys that lead to it, and the line where it occurs for the second time.

    Examples
    --------
    >>> repeated_key('{"a": {"b": 1,\n "b": 2}}')
    (('a', 'b'), 2)
    """
    seen: set[tuple[Key, ...]] = set()
    for path, line in _values(text):
        if path in seen:
            return path, line
        seen.add(path)
    return None


def conflict_line(text: str) -> int | None:
    r"""Find the first line that git left for a conflict of a merge; None where there is none.

    Examples
    --------
    >>> conflict_line("{\n<<<<<<< HEAD\n")
    2
    """
    found = _CONFLICT.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else None


def _values(text: str) -> Iterator[tuple[tuple[Key, ...], int]]:
    """List the values of a JSON text in their order: the path of each, and the line of its key or of itself."""
    path: list[Key] = []
    is_key: list[bool] = []  # for each open object or list: whether its next string is a key
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
            yield tuple(path), line
        else:
            if path and not is_object[-1]:
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
