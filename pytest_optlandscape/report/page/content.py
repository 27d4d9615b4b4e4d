"""Define the content of the page as values, without markup and layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pytest_optlandscape.figures import Figure

__all__ = [
    "Card",
    "CellRow",
    "Command",
    "Fact",
    "LandscapeDetail",
    "LandscapeRow",
    "OverviewRow",
    "Panel",
    "Picture",
    "Share",
    "StateDetail",
    "StateRow",
]


@dataclass(frozen=True)
class Picture:
    """A figure, or a sentence that explains why there is none.

    Attributes
    ----------
    name : str
        The subject of the picture.
    figure : Figure or None
    caption : str
        Explains the drawing, and what could not be drawn.
    """

    name: str
    figure: Figure | None
    caption: str = ""


@dataclass(frozen=True)
class Command:
    """A command for a reader to copy into a shell.

    Attributes
    ----------
    purpose : str
    text : str
    """

    purpose: str
    text: str


@dataclass(frozen=True)
class Fact:
    """A heading with its lines of text."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Share:
    """A commit's share in a creep, as text."""

    commit: str
    share: str
    change: str
    subject: str


@dataclass(frozen=True)
class Card:
    """A finding that needs attention.

    Attributes
    ----------
    kind : str
        ``worse``, ``creep``, ``contract``, ``not-run``, ``not-comparable``, ``changed``, ``better`` or ``damaged``.
    optimizer, anchor : str
        The optimizer, and the anchor of its panel on the page.
    title : str
        The finding in short.
    where : str
        The commit or the range of commits.
    notes : tuple of str
    shares : tuple of Share
    pictures : tuple of Picture
    commands : tuple of Command
    triage : str
        A person's decision about the finding; "" if there is none.
    """

    kind: str
    optimizer: str
    anchor: str
    title: str
    where: str = ""
    notes: tuple[str, ...] = ()
    shares: tuple[Share, ...] = ()
    pictures: tuple[Picture, ...] = ()
    commands: tuple[Command, ...] = ()
    triage: str = ""


@dataclass(frozen=True)
class OverviewRow:
    """One optimizer in the table at the top."""

    anchor: str
    optimizer: str
    suite: str
    verdict: str
    compared: str
    speed: str
    success: str
    digits: str
    evaluations: str
    history: str


@dataclass(frozen=True)
class LandscapeRow:
    """One landscape in an optimizer's table.

    Attributes
    ----------
    name, verdict : str
    speed : str
        The text; rows are sorted by ``speed_value``.
    what : str
        The findings on the landscape.
    cell, command : str
        The cell that lost most, and the command that replays it.
    """

    name: str
    verdict: str
    speed: str
    speed_value: float
    success_before: str
    success: str
    success_value: int
    digits: str
    digits_value: float
    evaluations: str
    evaluations_value: float
    what: str
    cell: str
    command: str


@dataclass(frozen=True)
class CellRow:
    """One cell before and now."""

    cell: str
    evaluations_before: str
    evaluations: str
    gap_before: str
    gap: str
    targets_before: str
    targets: str
    ended: str
    parts_at: str
    command: str


@dataclass(frozen=True)
class LandscapeDetail:
    """The details that open under a landscape's row."""

    name: str
    sentence: str
    pictures: tuple[Picture, ...]
    cells: tuple[CellRow, ...]
    has_before: bool


@dataclass(frozen=True)
class StateRow:
    """One state in the table of the history."""

    commits: str
    since: str
    number: int
    verdict: str
    speed: str
    what: str


@dataclass(frozen=True)
class StateDetail:
    """The comparison of a state with the state before, shown when a reader chooses it."""

    label: str
    title: str
    where: str
    notes: tuple[str, ...]
    pictures: tuple[Picture, ...]
    landscapes: tuple[tuple[str, str, str, str], ...]
    left_out: int
    commands: tuple[Command, ...]


@dataclass(frozen=True)
class Panel:
    """The part of the page about one optimizer.

    Attributes
    ----------
    anchor, title, suite : str
    verdict : str
    sentence : str
        A summary in one sentence.
    compared : str
        The names of both sides in the pictures.
    heat_map, effects, time_line : Picture or None
        None if there is no history, or nothing was compared.
    all_effects, all_heat_map : Picture or None
        The same pictures with all landscapes and states, if the others show only some.
    profiles : tuple of Picture
    rho : str
        The performance profile in words.
    landscapes : tuple of LandscapeRow
    details : tuple of callable
        Return the details of each landscape. They are made one at a time, because there may be hundreds.
    opened : int
        The number of landscapes, from the first, whose details are open on the page.
    states : tuple of StateRow
        Newest first; only the newest if there are hundreds.
    all_states : int
        The number of all states.
    state_details : tuple of callable
    facts : tuple of Fact
        Contract, widths, environment and provenance.
    """

    anchor: str
    title: str
    suite: str
    verdict: str
    sentence: str
    compared: str
    heat_map: Picture | None = None
    all_heat_map: Picture | None = None
    effects: Picture | None = None
    all_effects: Picture | None = None
    time_line: Picture | None = None
    profiles: tuple[Picture, ...] = ()
    rho: str = ""
    landscapes: tuple[LandscapeRow, ...] = ()
    details: Sequence[Callable[[], LandscapeDetail]] = ()
    opened: int = 0
    states: tuple[StateRow, ...] = ()
    all_states: int = 0
    state_details: Sequence[Callable[[], StateDetail]] = ()
    facts: tuple[Fact, ...] = field(default=())
