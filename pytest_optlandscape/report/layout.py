"""Lay out tables and wrapped sentences for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

__all__ = ["WIDTH", "fitted", "table", "wrapped"]

WIDTH = 80
"""The default width in columns. Commands may be longer, because they stay on one line."""

_TIGHT = "\N{NO-BREAK SPACE}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    r"""Return the lines of a table; the first and the last column are left-aligned, the others right-aligned.

    Examples
    --------
    >>> print("\n".join(table(["name", "runs", "verdict"], [["a", "10", "same"], ["bcd", "5", "worse"]])))
    name  runs  verdict
    a       10  same
    bcd      5  worse
    """
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[k]) for line in lines) for k in range(len(header))]
    last = len(header) - 1

    def cell(k: int, text: str) -> str:
        return text.ljust(widths[k]) if k in (0, last) else text.rjust(widths[k])

    return ["  ".join(cell(k, text) for k, text in enumerate(line)).rstrip() for line in lines]


def fitted(header: Sequence[str], rows: Sequence[Sequence[str]], width: int = WIDTH) -> list[list[str]]:
    r"""Return a table; if it is too wide, each name gets a line of its own above its numbers.

    Parameters
    ----------
    header : sequence of str
    rows : sequence of sequence of str
        Each begins with a name.
    width : int, default 80

    Returns
    -------
    list of list of str
        The lines of the header and of each row.

    Examples
    --------
    >>> print("\n".join(sum(fitted(["name", "runs", "verdict"], [["solver", "10", "same"]], width=16), [])))
    name
      runs  verdict
    solver
        10  same
    """
    lines = table(header, rows)
    if max(map(len, lines)) <= width:
        return [[line] for line in lines]
    lines = table(["", *header[1:]], [["", *row[1:]] for row in rows])
    return [[name, line] for (name, *_), line in zip([header, *rows], lines, strict=True)]


def wrapped(text: str, indent: str, width: int = WIDTH) -> list[str]:
    """Wrap text between words only, without splitting paths, ids, or a number from its unit or name."""
    for apart in (" %", "p = ", "× "):
        text = text.replace(apart, apart.replace(" ", _TIGHT))
    wrapper = textwrap.TextWrapper(
        width,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_TIGHT, " ") for line in wrapper.wrap(text)] or [indent]
