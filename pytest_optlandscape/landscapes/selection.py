"""Selection of landscapes by a line of text, for ``--optlandscape-list``."""

from __future__ import annotations

import re

from pytest_optlandscape.landscapes.catalogue import families, names, select
from pytest_optlandscape.landscapes.definition import DEFINITIONS
from pytest_optlandscape.landscapes.landscape import Landscape
from pytest_optlandscape.landscapes.tags import TAGS
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["select_by_text"]


def select_by_text(text: str) -> list[Landscape]:
    """Choose landscapes by words.

    Parameters
    ----------
    text : str
        Words separated by spaces or commas: names and ids (any of them), tags (all of them), families (any of them),
        ``dim=2``. A word with a minus in front excludes a name or tag. Without words, the whole catalogue.

    Returns
    -------
    list of Landscape

    Raises
    ------
    ValueError
        If a word is unknown; the message names the nearest known one.

    Examples
    --------
    >>> [landscape.id for landscape in select_by_text("classic-2d convex")]
    ['booth', 'matyas']
    >>> [landscape.id for landscape in select_by_text("rosenbrock sphere dim=10 -separable")]
    ['rosenbrock[10]']
    """
    ids: list[str] = []
    tags: list[str] = []
    chosen_families: list[str] = []
    excluded: list[str] = []
    dims: list[int] = []
    for word in re.findall(r"(?:\([^()]*\)|[^\s,])+", text):
        dim = re.fullmatch(r"dim=(\d+)", word)
        if dim:
            dims.append(int(dim[1]))
        elif word.startswith("-"):
            excluded.append(word[1:])
        elif word in TAGS:
            tags.append(word)
        elif word in families():
            chosen_families.append(word)
        elif re.split(r"[\[:]", word)[0] in DEFINITIONS:
            ids.append(word)
        else:
            known = [*TAGS, *families(), *DEFINITIONS, "dim=2"]
            raise ValueError(unknown_name("name, tag or family", word, known))
    if not ids:  # families have landscapes over search spaces, too
        ids = [name for name in names() if DEFINITIONS[name].family in chosen_families]
    found = select(*(ids or names()), tags=tags, dim=dims or None, exclude=excluded)
    return [one for one in found if not chosen_families or one.family in chosen_families]
