"""The part of a suite that is run: words name its landscapes, starts, cells and budget.

A selection depends on its words, the optimizer's profile and the budget, never on the speed of a machine. A cell is the
same in every selection, so a small selection can be compared with the baseline of a larger one.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pytest_optlandscape.landscapes import Landscape, get, names, select
from pytest_optlandscape.landscapes.tags import parse_tags
from pytest_optlandscape.suites.catalogue import (
    SMOKE_STEPS,
    SUITE_VERSIONS,
    SUITES,
    Cell,
    cell_budget,
    cells,
    kind_of_start,
    limit_cells,
    suite_ids,
)
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["KINDS_OF_STARTS", "Selection", "in_early_order", "read_selection"]

KINDS_OF_STARTS = ("standard", "others", "sobol", "corners", "faces", "limits", "seeds")
"""The kinds of starts that ``starts=`` may name."""

_NUMBERS = {
    "cells": "cells of each landscape",
    "steps": "evaluations",
    "budget": "evaluations per dimension",
    "trials": "evaluations over a search space",
}
"""The words that take a number, and the unit of each."""

_WORDS = ("starts", "tags", "dim")
"""The options that take words or dimensions, separated by commas."""

_Value = TypeVar("_Value", int, frozenset[str])

_EARLY = (
    "standard", "sobol-00", "face-lower", "limit-sobol-00", "sobol-01", "corner-upper", "sobol-02", "face-upper",
    "sobol-03", "corner-lower", "limit-standard", "limit-face-lower",
)  # fmt: skip
"""The first cells in the order in which a change shows early. The kinds of starts alternate: a change that one cell
does not show is often invisible in all cells of its kind."""


@dataclass(frozen=True)
class Selection:
    """The part of a suite that is run.

    Attributes
    ----------
    text : str
        The words, as records have them.
    landscapes : tuple of Landscape
        In the order of the suites.
    starts : frozenset of str
        The kinds of starts; empty for all.
    most_cells : int or None
        Most cells of each landscape, in the order of `in_early_order`.
    most_steps : int or None
        Most evaluations of all cells together; each landscape has at least one cell.
    budget : int or None
        Evaluations per dimension of each cell, in place of `suite_budget_per_dimension`.
    trials : int or None
        Evaluations of each cell over a search space, in place of `catalogue.TRIALS`.
    has_limits : bool
        Whether there are cells that end at a call limit.
    """

    text: str
    landscapes: tuple[Landscape, ...]
    starts: frozenset[str] = frozenset()
    most_cells: int | None = None
    most_steps: int | None = None
    budget: int | None = None
    trials: int | None = None
    has_limits: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether every landscape is run with all of its usual cells."""
        return not self.starts and self.most_cells is None and self.most_steps is None and not self.has_limits

    def budget_of(self, landscape: Landscape, per_dimension: int) -> int:
        """Return the budget of a landscape's usual cells, given the evaluations per dimension where no word says so."""
        return cell_budget(landscape, self.budget or per_dimension, self.trials)

    def with_at_most(self, count: int) -> Selection:
        """Return the selection with at most this number of cells of each landscape."""
        fewer = count if self.most_cells is None else min(count, self.most_cells)
        words = [word for word in self.text.split() if not word.startswith("cells=")]
        return replace(self, most_cells=fewer, text=" ".join([*words, f"cells={fewer}"]))

    def cells_of(self, landscape: Landscape) -> tuple[Cell, ...]:
        """List the cells of one landscape, in their usual order, before ``steps=`` is applied."""
        every = (*cells(landscape), *(limit_cells(landscape) if self.has_limits else ()))
        kept = [cell for cell in every if not self.starts or kind_of_start(cell.start) in self.starts]
        if self.most_cells is not None:
            first = {cell.start for cell in in_early_order(kept)[: self.most_cells]}
            kept = [cell for cell in kept if cell.start in first]
        return tuple(kept)

    def cells(self, budget: Callable[[Landscape], int], wanted: Sequence[Landscape]) -> dict[str, tuple[Cell, ...]]:
        """Choose the cells of several landscapes.

        With ``steps=``, cells are taken round by round, the first cell of each landscape, then the second of each,
        until a cell does not fit any more.

        Parameters
        ----------
        budget : callable
            Returns the budget of the usual cells of a landscape.
        wanted : sequence of Landscape
            The landscapes on which the optimizer can be judged.

        Returns
        -------
        dict of str to tuple of Cell
            By the landscape's id.
        """
        chosen = {landscape.id: self.cells_of(landscape) for landscape in wanted}
        if self.most_steps is None:
            return chosen
        rounds = itertools.zip_longest(*(in_early_order(chosen[landscape.id]) for landscape in wanted))
        queue = [cell for cells_of_round in rounds for cell in cells_of_round if cell is not None]
        taken: set[Cell] = set()
        spent = 0
        for cell in queue:
            spent += cell.budget(budget(cell.landscape))
            is_first = not any(one.landscape is cell.landscape for one in taken)
            if spent > self.most_steps and not is_first:
                break
            taken.add(cell)
        return {one: tuple(cell for cell in kept if cell in taken) for one, kept in chosen.items()}


def in_early_order(chosen: Sequence[Cell]) -> list[Cell]:
    """Sort cells so that a change of the optimizer shows early: the kinds of starts alternate.

    Examples
    --------
    >>> from pytest_optlandscape import landscapes
    >>> [cell.start for cell in in_early_order(cells(landscapes.get("beale")))][:4]
    ['standard', 'sobol-00', 'face-lower', 'sobol-01']
    """
    rank = {start: k for k, start in enumerate(_EARLY)}
    return sorted(chosen, key=lambda cell: rank.get(cell.start, len(rank)))  # the others keep their order


def read_selection(text: str, default: str = "", own: Mapping[str, str] | None = None) -> Selection:
    """Read the words of a selection.

    ==================  ==============================================================================
    ``quick``           a suite; ``quick@3`` insists on its version
    ``rosenbrock[10]``  a landscape
    ``-ackley[5]``      without this landscape, or without those of a suite
    ``cells=6``         at most 6 cells of each landscape, in the order in which a change shows early
    ``steps=5000``      as many cells as 5000 evaluations allow, at least one of each landscape
    ``starts=sobol``    only these kinds of starts, separated by commas
    ``budget=60``       60 evaluations per dimension for each cell
    ``trials=60``       60 evaluations for each cell over a search space
    ``tags=smooth``     only landscapes with all of these tags, separated by commas
    ``dim=2,5``         only these dimensions; scalable landscapes in each of them
    ==================  ==============================================================================

    Parameters
    ----------
    text : str
        Words separated by spaces.
    default : str, optional
        The words that name landscapes where the text names none.
    own : mapping of str to str, optional
        The words of further suites, by name. A suite may name the others.

    Returns
    -------
    Selection

    Raises
    ------
    ValueError
        If a word is unknown, a number cannot be read, a suite has another version, or no landscape is left.

    Examples
    --------
    >>> selection = read_selection("smoke beale -bukin_n6 cells=2")
    >>> [landscape.id for landscape in selection.landscapes]
    ['rosenbrock_2', 'ellipsoid_1e6[5]', 'adjiman', 'himmelblau', 'beale']
    >>> [cell.start for cell in selection.cells_of(selection.landscapes[0])]
    ['standard', 'sobol-00']
    >>> valleys = {"valleys": "quick tags=smooth,valley dim=2,10 cells=4"}
    >>> [landscape.id for landscape in read_selection("valleys -beale", own=valleys).landscapes]
    ['rosenbrock_2', 'rosenbrock[10]', 'rosenbrock_disk', 'noisy_rosenbrock[2]', 'noisy_rosenbrock[10]']
    """
    own = own or {}
    words = text.split()
    options = dict(word.split("=", 1) for word in words if _is_option(word))
    if len(options) < sum(map(_is_option, words)):
        raise ValueError(f"the suite {text!r} repeats a word with a number; give each of them once")
    if not any(not word.startswith("-") and not _is_option(word) for word in words):
        words = [*default.split(), *words]
        options = {**dict(word.split("=", 1) for word in words if _is_option(word)), **options}
    listed: dict[str, Landscape] = {}
    without: set[str] = set()
    suites = []
    parts = []
    for word in words:
        if word.startswith("-"):
            without |= {landscape.id for landscape in _named(word[1:], own).landscapes}
        elif not _is_option(word):
            parts.append(_named(word, own))
            listed |= {landscape.id: landscape for landscape in parts[-1].landscapes}
            suites.append(word.partition("@")[0])
    if not suites:
        raise ValueError(unknown_name("suite", text, [*SUITES, *own]))
    for name in sorted(without - set(listed)):
        raise ValueError(f"the suite {text!r} leaves out {name}, which is not in it")
    numbers = _read_options(options)
    chosen = _kept((landscape for one, landscape in listed.items() if one not in without), options)
    if not chosen:
        raise ValueError(f"the suite {text!r} leaves no landscape")
    kinds = _starts_of(options)
    if set(suites) == {"smoke"}:
        numbers.setdefault("steps", SMOKE_STEPS)
    recorded = [word for word in words if not _is_option(word)] + [f"{key}={value}" for key, value in options.items()]
    return Selection(
        " ".join(recorded),
        chosen,
        kinds or _agreed(text, "starts", [part.starts or None for part in parts]) or frozenset(),
        numbers.get("cells") or _agreed(text, "cells", [part.most_cells for part in parts]),
        numbers.get("steps") or _agreed(text, "steps", [part.most_steps for part in parts]),
        numbers.get("budget") or _agreed(text, "budget", [part.budget for part in parts]),
        numbers.get("trials") or _agreed(text, "trials", [part.trials for part in parts]),
        any(part.has_limits for part in parts),
    )


def _is_option(word: str) -> bool:
    return re.match(r"[A-Za-z_]+=", word) is not None


def _agreed(text: str, key: str, given: Sequence[_Value | None]) -> _Value | None:
    """Return the value that the suites of a selection have in common; None if they have none."""
    values = {value for value in given if value is not None}
    if len(values) > 1:
        raise ValueError(f"the suite {text!r} adds up suites with different {key}=; give {key}= here, too")
    return next(iter(values), None)


def _kept(landscapes: Iterable[Landscape], options: Mapping[str, str]) -> tuple[Landscape, ...]:
    """Return the landscapes that have the tags and dimensions that the options ask for."""
    tags = parse_tags(options.get("tags", ""))
    found = [landscape for landscape in landscapes if tags <= landscape.tags]
    if "dim" in options:
        dims = _dims(options["dim"])
        kept = [landscape for landscape in found if landscape.dim in dims]
        plain = [landscape.name for landscape in found if ":" not in landscape.id]
        found = [*kept, *(select(*plain, dim=dims) if plain else ())]
        unique: dict[object, Landscape] = {}
        for one in found:  # rosenbrock_2 is rosenbrock[2]
            unique.setdefault(one.id if ":" in one.id else (one.name, one.dim), one)
        found = list(unique.values())
    return tuple(found)


def _dims(text: str) -> list[int]:
    if not re.fullmatch(r"[1-9][0-9]{0,4}(,[1-9][0-9]{0,4})*", text):
        raise ValueError(f"dim={text}: dimensions were expected, separated by commas")
    return [int(dim) for dim in text.split(",")]


def _named(word: str, own: Mapping[str, str]) -> Selection:
    """Return a suite, or the landscape that a word names, as a selection."""
    if word in own:
        others = {name: words for name, words in own.items() if name != word}
        try:
            return read_selection(own[word], own=others)
        except ValueError as error:
            raise ValueError(f"the suite {word}: {error}") from None
    return Selection(word, tuple(_shipped(word, own)), has_limits=word.partition("@")[0] == "limits")


def _shipped(word: str, own: Mapping[str, str]) -> list[Landscape]:
    name, at, version = word.partition("@")
    if name in SUITES:
        if at and version != str(SUITE_VERSIONS[name]):
            raise ValueError(
                f"{word}: this release has version {SUITE_VERSIONS[name]} of the suite {name}; write "
                f"{name}@{SUITE_VERSIONS[name]}, then look at what changed. Landscapes that both versions have are "
                "compared all the same"
            )
        return [get(one) for one in suite_ids(name)]
    try:
        return [get(word)]
    except ValueError as error:
        if str(error).startswith("unknown landscape"):
            known = [*SUITES, *own, *names()]
            advice = "A suite or a landscape was expected."
            raise ValueError(unknown_name("suite", word, known, advice)) from None
        raise


def _read_options(options: Mapping[str, str]) -> dict[str, int]:
    """Read the options that are numbers, by name."""
    numbers: dict[str, int] = {}
    for key, value in options.items():
        if key in _WORDS:
            continue
        if key not in _NUMBERS:
            raise ValueError(unknown_name("word of a suite", key, [*_NUMBERS, *_WORDS]))
        if not (value.isascii() and value.isdecimal() and len(value) <= 12 and int(value) > 0):
            raise ValueError(f"{key}={value}: a whole number of {_NUMBERS[key]} was expected, 1 or more")
        numbers[key] = int(value)
    return numbers


def _starts_of(options: Mapping[str, str]) -> frozenset[str]:
    kinds = options["starts"].split(",") if "starts" in options else []
    for kind in kinds:
        if kind not in KINDS_OF_STARTS:
            raise ValueError(unknown_name("kind of starts", kind, KINDS_OF_STARTS))
    return frozenset(kinds)
