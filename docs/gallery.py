"""Make the gallery of the catalogue: a card with a picture for each landscape, as HTML.

The page works without JavaScript. ``_static/gallery.js`` adds the fields that search the cards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape

import pictures

from pytest_optlandscape import landscapes
from pytest_optlandscape.landscapes.definition import DEFINITIONS


def gallery(names: Iterable[str], address: Callable[[str], str]) -> str:
    """Write a list of cards.

    Parameters
    ----------
    names : iterable of str
        Names of landscapes.
    address : callable
        Takes a landscape's name and returns the address of its section.

    Returns
    -------
    str
        HTML.
    """
    return f'<ul class="landscape-gallery">{"".join(_card(name, address(name)) for name in names)}</ul>'


def _card(name: str, address: str) -> str:
    landscape = landscapes.get(name)
    definition = DEFINITIONS[name]
    tags = sorted(landscape.tags)
    words = " ".join([name, definition.family, *tags, landscape.summary, landscape.source or ""]).lower()
    picture = pictures.picture(landscape) if landscape.space is None else '<span class="no-picture">search space</span>'
    return (
        f'<li data-words="{escape(words)}" data-tags="{escape(" ".join(tags))}" '
        f'data-dimensions="{_dimensions(definition)}">'
        f'<a href="{escape(address)}">{picture}<code>{escape(name)}</code></a>'
        f"<small>{escape(', '.join(tags))}</small></li>"
    )


def _dimensions(definition) -> str:
    """Write the dimensions as JavaScript reads them: numbers, or a range `2:1001:1` whose end is left out."""
    if not definition.is_scalable:
        return str(definition.dim)
    if isinstance(definition.dims, range):
        return f"{definition.dims.start}:{definition.dims.stop}:{definition.dims.step}"
    return " ".join(map(str, definition.dims))
