"""Define the interface of exporters, and name rows for them."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pytest_optlandscape.report.trend import clean
from pytest_optlandscape.trend.rows import Row

__all__ = ["Exporter", "Options", "Pieces", "json_text", "label", "plain", "unique"]

Pieces = Iterator[tuple[str, str]]
"""Names of files, each with a piece of its text."""


@dataclass(frozen=True)
class Options:
    """The user's options; each exporter reads those in its `Exporter.takes`.

    Attributes
    ----------
    direction : str, default "smaller"
        Export the criteria for which ``smaller`` or ``bigger`` is better.
    last : bool, default False
        Whether to export the last commit only.
    locations : mapping of str to (str, int)
        The file, relative to the repository, and the line of each optimizer's definition, by spec.
    nowhere : (str, int)
        The location of all other optimizers, such as those of a library: the configuration file.
    """

    direction: Literal["smaller", "bigger"] = "smaller"
    last: bool = False
    locations: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    nowhere: tuple[str, int] = ("pyproject.toml", 1)


@dataclass(frozen=True)
class Exporter:
    """A format.

    Attributes
    ----------
    write : callable
        Yield pairs of a file's name and a piece of its text, given rows and options.
    commits : str, default "all"
        ``all``, or ``last`` for a format that describes one commit.
    needs_numbers : bool, default True
        Whether the format needs at least one number.
    is_folder : bool, default False
        Whether it writes several files.
    takes : frozenset of str
        The names of the `Options` that it reads, besides those that every exporter may read.
    merge : callable, optional
        Return the text to write, given a file's name, its existing text and the new text.
    """

    write: Callable[[Iterable[Row], Options], Pieces]
    commits: Literal["all", "last"] = "all"
    needs_numbers: bool = True
    is_folder: bool = False
    takes: frozenset[str] = frozenset()
    merge: Callable[[str, str, str], str] | None = None


@functools.lru_cache(maxsize=4096)  # the same few names occur in every row
def plain(text: str, length: int = 1000) -> str:
    r"""Return text on one line, without control characters.

    Examples
    --------
    >>> plain("a\nb\x00")
    'a b�'
    """
    return clean(text, length)


def label(row: Row) -> str:
    """Return the name of a row without its commit: path, optimizer, suite and landscape.

    Examples
    --------
    >>> label(Row("scipy:BFGS", "", "quick", "", "0" * 40, 0, "", "", "beale", "same"))
    'scipy:BFGS / quick / beale'
    """
    parts = [plain(row.title, 400), plain(row.suite, 60), plain(row.landscape, 200)]
    path = [plain(row.path, 300)] if row.path else []
    return " / ".join(part or "?" for part in [*path, *parts])


def unique(name: str, taken: Mapping[str, Any] | set[str]) -> str:
    """Return a name that is not taken, by adding a number; names may collide once control characters are removed.

    Examples
    --------
    >>> unique("a", {"a", "a (2)"})
    'a (3)'
    """
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name} ({number})"
    return found


def json_text(value: Any) -> str:
    """Return JSON that every reader accepts: ASCII, no NaN."""
    return json.dumps(value, indent=1, ensure_ascii=True, allow_nan=False) + "\n"
