"""Export a table as comma-separated values (RFC 4180), in UTF-8."""

from __future__ import annotations

import csv as writer
import io
from collections.abc import Iterable
from typing import Any

from pytest_optlandscape.report.exporters.common import Options, Pieces, plain
from pytest_optlandscape.trend.rows import Row

__all__ = ["csv"]

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "|", "%")


def csv(rows: Iterable[Row], options: Options) -> Pieces:
    """Write a header, then one line for each row.

    Text is on one line, without control characters. Text that a spreadsheet would take for a formula is prefixed with
    an apostrophe. Numbers are in Python's notation; missing numbers are empty.
    """
    empty = Row("", "", "", "", "", 0, "", "", "", "")
    yield "", _line(empty.to_plain())
    for row in rows:
        yield "", _line([_cell(value) for value in row.to_plain().values()])


def _line(cells: Iterable[Any]) -> str:
    file = io.StringIO()
    writer.writer(file, lineterminator="\n").writerow(cells)
    return file.getvalue()


def _cell(value: Any) -> Any:
    r"""Return a cell's value, with text that cannot be taken for a formula.

    Examples
    --------
    >>> _cell("=HYPERLINK(1)"), _cell(-1.5), _cell("a\nb")
    ("'=HYPERLINK(1)", -1.5, 'a b')
    """
    if not isinstance(value, str):
        return value
    text = plain(value, 4000)
    return f"'{text}" if text.startswith(_BEGINS_A_FORMULA) else text
