"""The page as one file: templates, style sheet and script put together; data that waits is compressed.

What is readable without scripts stands in the page as HTML and SVG. Everything else is HTML and SVG, too, made here by
the same functions, but compressed in blocks that the script inflates when a reader first looks at one of their parts.
"""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from pytest_optlandscape.figures import STYLE
from pytest_optlandscape.report.page.availability import NOT_INSTALLED
from pytest_optlandscape.report.page.content import Card, OverviewRow, Panel
from pytest_optlandscape.report.trend import clean

__all__ = ["Block", "Heading", "RenderedPanel", "render_page", "render_panel"]

MOST_IN_A_BLOCK = 1 << 20
"""Characters of a block before it is compressed: less than a twentieth of a second to inflate."""


NARROW = 420.0
"""Pictures that are wider are not shrunk to less than they can be read in."""


@dataclass(frozen=True)
class Heading:
    """What stands at the top.

    Attributes
    ----------
    title : str
    as_of : str
        The commit and its time; never the time at which the page was made, so that the same history gives the same
        page.
    sentence : str
        The page in one sentence.
    problems : tuple of str
        Files of the history that could not be used.
    """

    title: str
    as_of: str
    sentence: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Block:
    """Compressed parts of the page."""

    name: str
    data: str


@dataclass(frozen=True)
class RenderedPanel:
    """An optimizer's part of the page, and its blocks."""

    anchor: str
    title: str
    markup: str
    blocks: tuple[Block, ...]


def render_panel(panel: Panel) -> RenderedPanel:
    """Write an optimizer's part of the page.

    Parameters
    ----------
    panel : Panel

    Returns
    -------
    RenderedPanel

    Raises
    ------
    ImportError
        If Jinja2 is not installed: it comes with the extra ``report``.
    """
    macros: Any = _environment().get_template("macros.html.j2").module
    blocks = _Blocks(panel.anchor)
    landscapes = [
        (row, None if k < panel.opened else blocks.add(str(macros.landscape_detail(panel.details[k]()))))
        for k, row in enumerate(panel.landscapes)
    ]
    opened = [detail() for detail in panel.details[: panel.opened]]
    states = [
        (detail.label, blocks.add(str(macros.state_detail(detail))))
        for detail in (make() for make in panel.state_details)
    ]
    wide = {
        name: blocks.add(str(macros.picture(picture))) if picture else None
        for name, picture in (("effects", panel.all_effects), ("heat_map", panel.all_heat_map))
    }
    markup = (
        _environment()
        .get_template("panel.html.j2")
        .render(panel=panel, landscapes=landscapes, opened=opened, states=states, wide=wide)
    )
    return RenderedPanel(panel.anchor, panel.title, markup, tuple(blocks.compressed()))


class _Blocks:
    """Sorts parts into blocks of a size that is soon inflated."""

    def __init__(self, anchor: str) -> None:
        self._anchor = anchor
        self._parts: list[list[str]] = [[]]
        self._size = 0

    def add(self, markup: str) -> str:
        """Keep a part; return its address."""
        if self._size and self._size + len(markup) > MOST_IN_A_BLOCK:
            self._parts.append([])
            self._size = 0
        self._parts[-1].append(markup)
        self._size += len(markup)
        return f"{self._anchor}-data-{len(self._parts)}/{len(self._parts[-1]) - 1}"

    def compressed(self) -> Iterator[Block]:
        """Give the blocks."""
        for number, parts in enumerate(self._parts, start=1):
            if parts:
                text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
                packed = gzip.compress(text.encode("utf-8", "replace"), 9, mtime=0)
                yield Block(f"{self._anchor}-data-{number}", base64.b64encode(packed).decode())


def render_page(
    heading: Heading, cards: Sequence[Card], overview: Sequence[OverviewRow], panels: Iterable[RenderedPanel]
) -> str:
    """Write the whole page.

    Parameters
    ----------
    heading : Heading
    cards : sequence of Card
        What to look at, in order.
    overview : sequence of OverviewRow
    panels : iterable of RenderedPanel

    Returns
    -------
    str
        An HTML document that needs nothing else: no request leaves it.

    Raises
    ------
    ImportError
        If Jinja2 is not installed: it comes with the extra ``report``.
    """
    style, script = _style(), _resource("page.js")
    open_cards = [card for card in cards if card.kind != "better" and not card.triage]
    other_cards = [card for card in cards if card.kind == "better" or card.triage]
    return str(
        _environment()
        .get_template("page.html.j2")
        .render(
            heading=heading,
            cards=open_cards,
            other_cards=other_cards,
            overview=overview,
            panels=list(panels),
            style=style,
            script=script,
            style_hash=_csp_hash(style),
            script_hash=_csp_hash(script),
        )
    )


def _csp_hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _style() -> str:
    """Join the page's style sheet and that of the pictures, which follows the page's choice of colours."""
    light, dark = (
        re.search(pattern, STYLE)
        for pattern in (r"^\.optlandscape\{([^}]*)\}", r"prefers-color-scheme:dark\)\{\.optlandscape\{([^}]*)\}")
    )
    chosen = "".join(
        f":root[data-theme={name}] .optlandscape{{{found[1]}}}"
        for name, found in (("light", light), ("dark", dark))
        if found
    )
    return _resource("page.css") + STYLE + chosen


@functools.cache
def _resource(name: str) -> str:
    return files("pytest_optlandscape.report.page").joinpath("templates", name).read_text(encoding="utf-8")


@functools.cache
def _environment() -> Any:
    try:
        import jinja2
        import markupsafe
    except ImportError as error:
        raise ImportError(NOT_INSTALLED) from error
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_resource),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_safe,
    )
    environment.filters["drawn"] = markupsafe.Markup
    environment.filters["is_wide"] = _is_wide
    return environment


def _is_wide(figure: Any) -> bool:
    """Tell whether a picture would be too small to read in a narrow window: it is scrolled there instead."""
    found = re.search(r'viewBox="\S+ \S+ ([\d.]+) ', figure.bare_svg[:500])
    return found is not None and float(found[1]) > NARROW


def _safe(value: Any) -> Any:
    """Take control characters and marks of direction out of names; markup of our own is left as it is."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return "\N{NO-BREAK SPACE}".join(clean(part, 2000) for part in value.split("\N{NO-BREAK SPACE}"))
    return value
