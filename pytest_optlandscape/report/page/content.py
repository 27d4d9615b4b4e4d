"""What stands on the page, as values: no markup, and nothing of how it is laid out."""

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
    """A figure, or a sentence that says why there is none.

    Attributes
    ----------
    name : str
        What it shows.
    figure : Figure or None
    caption : str
        How it was drawn, and what could not be drawn.
    """

    name: str
    figure: Figure | None
    caption: str = ""


@dataclass(frozen=True)
class Command:
    """A line that a reader copies into a shell.

    Attributes
    ----------
    purpose : str
    text : str
    """

    purpose: str
    text: str


@dataclass(frozen=True)
class Fact:
    """A name and what there is to say under it."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Share:
    """A commit's part of a creep, in words."""

    commit: str
    share: str
    change: str
    subject: str


@dataclass(frozen=True)
class Card:
    """Something to look at.

    Attributes
    ----------
    kind : str
        ``worse``, ``creep``, ``contract``, ``not-run``, ``not-comparable``, ``changed``, ``better`` or ``damaged``.
    optimizer, anchor : str
        Whose it is, and where that stands on the page.
    title : str
        What moved.
    where : str
        At which commit.
    notes : tuple of str
    shares : tuple of Share
    pictures : tuple of Picture
    commands : tuple of Command
    triage : str
        A person's word on it; "" where there is none.
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
        As text; ``speed_value`` is what it is sorted by.
    what : str
        What moved there.
    cell, command : str
        The cell that lost most, and how to replay it.
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
    """What opens under a landscape's row."""

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
    """What is shown when a reader chooses a state to compare with the one before."""

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
    """All of one optimizer.

    Attributes
    ----------
    anchor, title, suite : str
    verdict : str
    sentence : str
        What became of it.
    compared : str
        Which two sides the pictures show.
    heat_map, effects, time_line : Picture or None
        None where the page has no history, or nothing was compared.
    all_effects, all_heat_map : Picture or None
        The same with every landscape and state, where the others were cut.
    profiles : tuple of Picture
    rho : str
        What the performance profile says, in words.
    landscapes : tuple of LandscapeRow
    details : tuple of callable
        For each of the landscapes, gives what opens under its row: made only when it is written, as there may be
        hundreds.
    opened : int
        Of how many landscapes, from the first, the details stand on the page itself.
    states : tuple of StateRow
        Newest first; of hundreds the last.
    all_states : int
        How many there are.
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
