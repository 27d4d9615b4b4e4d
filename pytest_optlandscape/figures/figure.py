"""The class `Figure`: a picture as SVG, with a description and a table of its numbers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_optlandscape.figures.style import STYLE
from pytest_optlandscape.figures.wording import escape

__all__ = ["Figure", "html_table"]

_MOST_ROWS = 500
_PAGE = (
    ":root{color-scheme:light dark}body{font:15px/1.45 system-ui,sans-serif;max-width:60rem;margin:2rem auto;"
    "padding:0 1rem;background:#fff;color:#1c2128}@media (prefers-color-scheme:dark){body{background:#14171c;"
    "color:#e4e7eb}}table{border-collapse:collapse}th,td{padding:.15rem .6rem;text-align:right}"
    "th:first-child,td:first-child{text-align:left}figure{margin:0}"
)


@dataclass(frozen=True)
class Figure:
    """A picture with a description and its numbers.

    Notebooks show the picture, its caption, and its numbers in a table that opens on a click.

    Attributes
    ----------
    svg : str
        The picture, self-contained with its style, and with title and description for screen readers. It follows the
        viewer's light or dark colour scheme.
    title : str
        The subject of the picture.
    description : str
        The content of the picture in words.
    columns : tuple of str
        Names of the table's columns.
    rows : tuple of tuple
        The drawn numbers or words.
    caption : str, default ""
        A remark on the picture.

    Examples
    --------
    >>> from pytest_optlandscape import figures
    >>> figure = figures.performance_profile(before=[10, 20, 40], now=[12, 20, float("inf")])
    >>> figure.title
    'Performance profile'
    >>> figure.rows[0]
    ('1', '100 %', '33.3 %')
    """

    svg: str
    title: str
    description: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    caption: str = ""

    @property
    def bare_svg(self) -> str:
        """The picture without its style, for a page that includes `STYLE` once."""
        return self.svg.replace(f"<style>{STYLE}</style>", "")

    @property
    def table(self) -> str:
        """The table as HTML; at most 500 rows."""
        return html_table(self.columns, self.rows)

    def to_html(self, *, full_html: bool = True) -> str:
        """Return the picture, its caption and its table as HTML.

        Parameters
        ----------
        full_html : bool, default True
            Whether to return a whole document, or only the content of its body.

        Returns
        -------
        str
        """
        caption = f"<strong>{escape(self.title)}</strong>" + (f" {escape(self.caption)}" if self.caption else "")
        inside = (
            f'<figure class="optlandscape-figure">{self.svg}<figcaption>{caption}</figcaption>'
            f"<details><summary>Numbers</summary><p>{escape(self.description)}</p>{self.table}</details></figure>"
        )
        if not full_html:
            return inside
        return (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>{escape(self.title)}</title><style>{_PAGE}</style></head>\n<body>{inside}</body></html>\n"
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file.

        Parameters
        ----------
        path : str or path-like
            A name that ends with ``.svg`` (the picture) or ``.html`` (a page with picture, caption and table).

        Raises
        ------
        ValueError
            If it has another ending.
        """
        path = Path(path)
        texts = {".svg": self.svg + "\n", ".html": self.to_html()}
        text = texts.get(path.suffix.lower())
        if text is None:
            raise ValueError(f"a figure can be saved as .svg or .html, got {path.name!r}")
        path.write_text(text, encoding="utf-8", newline="\n")

    def _repr_html_(self) -> str:
        return self.to_html(full_html=False)

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<Figure: {self.title}>"


def html_table(columns: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    """Return a table as HTML; at most 500 rows.

    Parameters
    ----------
    columns : sequence
        Names of the columns; empty for a table without a header.
    rows : sequence of sequence
        The cells, as text; markup is escaped.

    Returns
    -------
    str

    Examples
    --------
    >>> html_table([], [("name", "<b>")])
    '<table><tbody><tr><td>name</td><td>&lt;b&gt;</td></tr></tbody></table>'
    """
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows[:_MOST_ROWS])
    more = f"<caption>The first {_MOST_ROWS} of {len(rows)} rows</caption>" if len(rows) > _MOST_ROWS else ""
    return f"<table>{more}" + (f"<thead><tr>{head}</tr></thead>" if head else "") + f"<tbody>{body}</tbody></table>"
