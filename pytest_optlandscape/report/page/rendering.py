"""Render the page as one HTML file from templates, a style sheet and a script.

The most important parts are plain HTML and SVG, readable without scripts. Further parts are made by the same functions,
but are compressed in blocks; the script inflates a block when a reader first opens one of its parts.
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
"""Most characters of a block before compression; it inflates in less than 0.05 s."""


NARROW = 420.0
"""Wider pictures are scrolled in a narrow window instead of shrunk."""


@dataclass(frozen=True)
class Heading:
    """The top of the page.

    Attributes
    ----------
    title : str
    as_of : str
        The commit and its time. The time of writing is omitted, so that the same history gives the same page.
    sentence : str
        The summary of the page.
    problems : tuple of str
        Unusable files of the history.
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
    """Render an optimizer's part of the page.

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
    """Collects parts in blocks that inflate quickly."""

    def __init__(self, anchor: str) -> None:
        self._anchor = anchor
        self._parts: list[list[str]] = [[]]
        self._size = 0

    def add(self, markup: str) -> str:
        """Add a part, and return its address."""
        if self._size and self._size + len(markup) > MOST_IN_A_BLOCK:
            self._parts.append([])
            self._size = 0
        self._parts[-1].append(markup)
        self._size += len(markup)
        return f"{self._anchor}-data-{len(self._parts)}/{len(self._parts[-1]) - 1}"

    def compressed(self) -> Iterator[Block]:
        """Yield the compressed blocks."""
        for number, parts in enumerate(self._parts, start=1):
            if parts:
                text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
                packed = gzip.compress(text.encode("utf-8", "replace"), 9, mtime=0)
                yield Block(f"{self._anchor}-data-{number}", base64.b64encode(packed).decode())


def render_page(
    heading: Heading, cards: Sequence[Card], overview: Sequence[OverviewRow], panels: Iterable[RenderedPanel]
) -> str:
    """Render the whole page.

    Parameters
    ----------
    heading : Heading
    cards : sequence of Card
        The findings that need attention, in order.
    overview : sequence of OverviewRow
    panels : iterable of RenderedPanel

    Returns
    -------
    str
        An HTML document that loads nothing and makes no request.

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
    """Join the style sheets of the page and of the pictures, with the colours that a reader can choose."""
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
    """Return whether a picture is too wide to be shrunk into a narrow window."""
    found = re.search(r'viewBox="\S+ \S+ ([\d.]+) ', figure.bare_svg[:500])
    return found is not None and float(found[1]) > NARROW


def _safe(value: Any) -> Any:
    """Remove control characters and marks of direction from text; leave the package's own markup unchanged."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return "\N{NO-BREAK SPACE}".join(clean(part, 2000) for part in value.split("\N{NO-BREAK SPACE}"))
    return value
