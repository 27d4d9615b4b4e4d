"""What exporters have in common: how they are called, and how rows are named."""

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
    """What a user may choose; each exporter looks at what it knows.

    Attributes
    ----------
    direction : str, default "smaller"
        ``smaller`` or ``bigger``: criteria of which that is better.
    last : bool, default False
        The last commit only.
    locations : mapping of str to (str, int)
        By spec, the file, relative to the repository, and the line where the optimizer is defined.
    nowhere : (str, int)
        The location of optimizers that are not among them, such as those of a library: the configuration file.
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
        Given rows and options, yields pairs of a file's name and a piece of its text.
    commits : str, default "all"
        ``all``, or ``last`` for a format that describes one commit.
    needs_numbers : bool, default True
        Whether a history without any number cannot be written.
    is_folder : bool, default False
        Whether several files are written.
    takes : frozenset of str
        The options that it looks at.
    merge : callable, optional
        Given a file's name, the text that is there already and the new one, gives the text to write.
    """

    write: Callable[[Iterable[Row], Options], Pieces]
    commits: Literal["all", "last"] = "all"
    needs_numbers: bool = True
    is_folder: bool = False
    takes: frozenset[str] = frozenset()
    merge: Callable[[str, str, str], str] | None = None


@functools.lru_cache(maxsize=4096)  # the same few names stand in every row
def plain(text: str, length: int = 1000) -> str:
    r"""Put text from elsewhere on one line, without control characters.

    Examples
    --------
    >>> plain("a\nb\x00")
    'a b�'
    """
    return clean(text, length)


def label(row: Row) -> str:
    """Name what a row is about, without its commit: path, optimizer, suite and landscape.

    Examples
    --------
    >>> label(Row("scipy:BFGS", "", "quick", "", "0" * 40, 0, "", "", "beale", "same"))
    'scipy:BFGS / quick / beale'
    """
    parts = [plain(row.title, 400), plain(row.suite, 60), plain(row.landscape, 200)]
    path = [plain(row.path, 300)] if row.path else []
    return " / ".join(part or "?" for part in [*path, *parts])


def unique(name: str, taken: Mapping[str, Any] | set[str]) -> str:
    """Add a number to a name that is taken: two names may read alike once control characters are gone.

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
    """Write JSON that is valid everywhere: ASCII, no NaN."""
    return json.dumps(value, indent=1, ensure_ascii=True, allow_nan=False) + "\n"
