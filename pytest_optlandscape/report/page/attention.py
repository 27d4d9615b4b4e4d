"""Make the cards of findings that need attention, each with a sentence, a picture and a command to replay it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_optlandscape.comparison import OptimizerComparison, Verdict
from pytest_optlandscape.report.page import pictures
from pytest_optlandscape.report.page.changes import Change, by_gravity
from pytest_optlandscape.report.page.content import Card, Command, Share
from pytest_optlandscape.report.page.panels import Subject, notes_of
from pytest_optlandscape.report.page.wording import command_line, moved_in_full, moved_title, point_text, replay_command
from pytest_optlandscape.report.trend import clean
from pytest_optlandscape.texts.plurals import number_of
from pytest_optlandscape.trend import Event, Point, Trend

__all__ = ["cards_of", "in_order_of_attention", "summary_of"]

_KINDS = ("worse", "creep", "contract", "not-run", "not-comparable", "changed", "damaged", "better")

MOST_PICTURES = 12
"""Most cards with pictures; further cards have none."""

_DRAWN = 10
"""Most landscapes in the picture of a card."""


def cards_of(subject: Subject) -> list[Card]:
    """Return the cards of one optimizer.

    Parameters
    ----------
    subject : Subject

    Returns
    -------
    list of Card
        Newest first.
    """
    cards = []
    if subject.trend is not None:
        cards += [
            _event_card(subject, event, f"{subject.anchor}-event-{k}")
            for k, event in reversed(list(enumerate(subject.trend.events, start=1)))
        ]
        cards += _not_run_cards(subject, subject.trend)
        cards += _contract_cards(subject, subject.trend)
    change = subject.change
    if change is not None and not _is_told(subject, change):
        cards.append(_change_card(subject, change))
    return [card for card in cards if card.kind]


def _is_told(subject: Subject, change: Change) -> bool:
    """Return whether the present change needs no card, because nothing changed or an event has a card for it."""
    verdict = change.comparison.verdict
    if verdict in (Verdict.SAME, Verdict.NEW) or change.is_single:
        return True
    if subject.trend is None:
        return False
    events = [event for event in subject.trend.events if str(event.comparison.verdict) == str(verdict)]
    return verdict in (Verdict.WORSE, Verdict.BETTER) and bool(events)


def _event_card(subject: Subject, event: Event, identifier: str) -> Card:
    comparison, last = event.comparison, event.states[-1]
    if event.kind == "step":
        where = f"Step at {point_text(last.first)}"
    else:
        first = event.states[0].first.entry.short
        where = (
            f"Creep over {number_of(len(event.states), 'state')}, from {first} to {last.first.entry.short}, "
            f"against {event.since.last.entry.short}"
        )
    notes = [note for state in event.states for note in notes_of(state)]
    subjects = {state.first.commit: state.first.entry for state in event.states}
    shares = tuple(
        Share(subjects[one.commit].short, f"{one.permille / 10:.1f} %", one.text, subjects[one.commit].subject)
        for one in event.shares
        if event.kind == "creep"
    )
    commit = last.first.entry.short
    commands = [
        *_replay(comparison),
        Command("show the full verdict", command_line("optlandscape", "compare", event.since.last.entry.short, commit)),
    ]
    if event.is_worse and event.triage is None:
        commands.append(
            Command("if it is intended", command_line("optlandscape", "triage", commit, "expected", "because …"))
        )
    triage = ""
    if event.triage is not None:
        triage = f"{event.triage.word} by {clean(event.triage.who, 40)}: {clean(event.triage.why, 400)}"
    kind = "better" if not event.is_worse else "creep" if event.kind == "creep" else "worse"
    return Card(
        kind=kind,
        optimizer=subject.title,
        anchor=subject.anchor,
        title=moved_title(comparison),
        where=where,
        notes=(*_in_full(comparison), *dict.fromkeys(notes)),
        shares=shares,
        pictures=_pictures(Change(comparison, event.since.last.entry.short, last.first.entry.short), identifier),
        commands=tuple(commands),
        triage=triage,
    )


def _change_card(subject: Subject, change: Change) -> Card:
    verdict = change.comparison.verdict
    kinds = {Verdict.WORSE: "worse", Verdict.BETTER: "better", Verdict.CHANGED: "changed"}
    return Card(
        kind=kinds.get(verdict, "not-comparable"),
        optimizer=subject.title,
        anchor=subject.anchor,
        title=moved_title(change.comparison),
        where=f"{change.now} against {change.before}",
        notes=_in_full(change.comparison),
        pictures=() if verdict == Verdict.NOT_COMPARABLE else _pictures(change, f"{subject.anchor}-now"),
        commands=() if verdict == Verdict.NOT_COMPARABLE else tuple(_replay(change.comparison)),
    )


def _in_full(comparison: OptimizerComparison) -> tuple[str, ...]:
    """Return the findings with their p-values, which the title omits."""
    return (moved_in_full(comparison),) if comparison.decisive else ()


def _pictures(change: Change, identifier: str) -> tuple[pictures.Picture, ...]:
    drawn = pictures.effects(change.moved, change, identifier, _DRAWN)
    return (drawn,) if drawn is not None and change.moved else ()


def _replay(comparison: OptimizerComparison) -> list[Command]:
    """Return the command that replays the worst cell of the worst landscape."""
    moved = [one for one in by_gravity(comparison.landscapes) if one.is_compared and one.fingerprint != "identical"]
    if not moved:
        return []
    return [Command("replay the worst cell", replay_command(comparison.spec, moved[0].worst_cell["cell"]))]


def _not_run_cards(subject: Subject, trend: Trend) -> list[Card]:
    """Return a card if the optimizer could not be run at its last commit."""
    if not trend.not_run:
        return []
    point = trend.not_run[-1]
    measured = [one.commit for state in trend.states for one in state.points]
    place = {commit: k for k, commit in enumerate(trend.series.commits)}
    if measured and place.get(measured[-1], -1) > place.get(point.commit, -1):
        return []
    return [
        Card(
            kind="not-run",
            optimizer=subject.title,
            anchor=subject.anchor,
            title=f"could not be run: {clean(point.optimizer.missing, 300)}",
            where=f"At {point_text(point)}",
        )
    ]


def _contract_cards(subject: Subject, trend: Trend) -> list[Card]:
    """Return a card for each check that is broken at the last commit, but was not at the first."""
    points: list[Point] = [point for state in trend.states for point in state.points]
    if not points:
        return []
    cards = []
    for check in points[-1].optimizer.broken:
        since = next(point for point in points if check in point.optimizer.broken)
        if since is not points[0]:
            only = ("--optlandscape-only", f"{trend.series.spec}::contract::{check}")
            cards.append(
                Card(
                    kind="contract",
                    optimizer=subject.title,
                    anchor=subject.anchor,
                    title=f"breaks {check} of the contract",
                    where=f"First recorded at {point_text(since)}",
                    commands=(Command("run this check", command_line("pytest", "--optlandscape", *only)),),
                )
            )
    return cards


def in_order_of_attention(cards: Iterable[Card]) -> list[Card]:
    """Sort cards: those without triage first, then from worse to better.

    Only the first dozen keep their pictures.
    """
    ordered = sorted(cards, key=lambda card: (bool(card.triage), _KINDS.index(card.kind)))
    kept: list[Card] = []
    drawn = 0
    for card in ordered:
        drawn += bool(card.pictures)
        if drawn > MOST_PICTURES and card.pictures:
            kept.append(Card(**{**vars(card), "pictures": ()}))
        else:
            kept.append(card)
    return kept


def summary_of(cards: Iterable[Card], optimizers: int) -> str:
    """Summarise the page in one sentence.

    Examples
    --------
    >>> summary_of([], 2)
    'Nothing to look at: none of 2 optimizers is worse than before.'
    """
    words: Mapping[str, str] = {
        "worse": "worse",
        "creep": "creeping worse",
        "contract": "breaking the contract",
        "not-run": "not run",
        "not-comparable": "not comparable",
        "changed": "changed",
    }
    open_kinds = [card.kind for card in cards if not card.triage]
    parts = [f"{open_kinds.count(kind)} {text}" for kind, text in words.items() if kind in open_kinds]
    if not parts:
        none = f"none of {optimizers} optimizers" if optimizers > 1 else "no optimizer"
        return f"Nothing to look at: {none} is worse than before."
    return f"To look at: {', '.join(parts)}."
