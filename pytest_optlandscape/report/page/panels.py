"""Make the panel of one optimizer from its trend or from one comparison."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pytest_optlandscape.comparison import LandscapeComparison, Verdict
from pytest_optlandscape.comparison.landscape_comparison import divergence_of
from pytest_optlandscape.records.landscape_record import CellRecord
from pytest_optlandscape.report.page import pictures
from pytest_optlandscape.report.page.changes import Change, log_speed, runtimes_of
from pytest_optlandscape.report.page.content import (
    CellRow,
    Command,
    Fact,
    LandscapeDetail,
    LandscapeRow,
    OverviewRow,
    Panel,
    StateDetail,
    StateRow,
)
from pytest_optlandscape.report.page.trajectories import Trajectories
from pytest_optlandscape.report.page.wording import (
    command_line,
    count_of_verdicts,
    day_of,
    gap_text,
    median_text,
    moved_in_full,
    moved_on,
    moved_title,
    point_text,
    reached_text,
    replay_command,
    speed_text,
    success_text,
)
from pytest_optlandscape.report.trend import clean
from pytest_optlandscape.store import Baseline, Triage
from pytest_optlandscape.texts.plurals import number_of
from pytest_optlandscape.trend import State, Trend, compare_records

__all__ = ["Subject", "accepted_state", "change_of", "overview_row", "panel_of"]

Load = Callable[[str], Baseline | None]

OPENED = 6
"""Most landscapes whose pictures are readable without scripts; pictures of others are in compressed blocks."""

MOST_DRAWN, MOST_STATES = 24, 40
"""Most landscapes and states in the pictures that are readable without scripts."""

MOST_STATES_OF_ALL = 120
"""Most states in the heat map of all landscapes."""

MOST_TOLD, MOST_CHOSEN = 100, 60
"""Most states in the table of the history, and most of these that can be chosen for a comparison; the newest."""

MOST_ROWS = 60
"""Most landscapes in the table of one state."""


@dataclass(frozen=True)
class Subject:
    """An optimizer on the page.

    Attributes
    ----------
    number : int
        The optimizer's number on the page, from 1.
    title, suite : str
    change : Change or None
        The comparison that the pictures show; None if nothing was measured.
    trend : Trend or None
        None if the page has no history of the optimizer.
    facts : tuple of Fact
        Further facts, such as the contract of a session.
    trajectories : Trajectories
        Paths of cells that were rerun for the pictures.
    """

    number: int
    title: str
    suite: str
    change: Change | None
    trend: Trend | None = None
    facts: tuple[Fact, ...] = ()
    trajectories: Trajectories = field(default_factory=Trajectories)

    @property
    def anchor(self) -> str:
        """The anchor of the optimizer's panel."""
        return f"optimizer-{self.number}"


def accepted_state(trend: Trend, triages: Mapping[str, Triage]) -> int:
    """Return the index of the state that was last accepted, by triage or as the baseline; 0 if none was.

    Parameters
    ----------
    trend : Trend
        A trend with at least one state.
    triages : mapping of str to Triage
        Triages by commit.

    Returns
    -------
    int
    """
    for k in range(len(trend.states) - 1, 0, -1):
        for point in trend.states[k].points:
            word = triages.get(point.commit)
            if point.optimizer.verdict == "same" or (word is not None and word.word in ("accepted", "expected")):
                return k
    return 0


def change_of(trend: Trend, load: Load, triages: Mapping[str, Triage]) -> Change | None:
    """Compare the last state with the accepted state or, if it is accepted itself, with the state before.

    Parameters
    ----------
    trend : Trend
    load : callable
        Return the record of a digest, or None if there is no usable one.
    triages : mapping of str to Triage

    Returns
    -------
    Change or None
        None if nothing was measured. A single state is compared with itself.
    """
    if not trend.states:
        return None
    last = len(trend.states) - 1
    before = accepted_state(trend, triages)
    before = before if before < last else max(last - 1, 0)
    old, new = trend.states[before], trend.states[last]
    comparison = new.comparison if before == last - 1 else None
    if comparison is None:
        records = load(old.digest), load(new.digest)
        if records[0] is None or records[1] is None:
            return None
        comparison = compare_records(records[0], records[1], new.first.optimizer.takes_bounds)
    return Change(comparison, old.last.entry.short, new.last.entry.short, old.last.commit, new.last.commit)


def overview_row(subject: Subject) -> OverviewRow:
    """Return the row of an optimizer in the overview."""
    trend, change = subject.trend, subject.change
    history = ""
    if trend is not None:
        commits = sum(len(state.points) for state in trend.states)
        history = f"{number_of(len(trend.states), 'state')}, {number_of(commits, 'commit')}"
    if change is None:
        return OverviewRow(subject.anchor, subject.title, subject.suite, "new", "–", "–", "–", "–", "–", history)
    records = [one.now for one in change.comparison.landscapes]
    return OverviewRow(
        subject.anchor,
        subject.title,
        subject.suite,
        str(change.comparison.verdict),
        _compared(change),
        speed_text(change.comparison),
        success_text(records),
        median_text((record.digits for record in records), 1),
        median_text((record.evaluations for record in records), 0),
        history,
    )


def _compared(change: Change) -> str:
    if change.is_single:
        return f"{change.now}, the only state"
    return f"{change.before} → {change.now}"


def panel_of(subject: Subject, load: Load, triages: Mapping[str, Triage]) -> Panel:
    """Return the panel of one optimizer.

    Parameters
    ----------
    subject : Subject
    load : callable
        Return the record of a digest, or None if there is no usable one.
    triages : mapping of str to Triage

    Returns
    -------
    Panel
    """
    trend, change = subject.trend, subject.change
    paths = subject.trajectories
    heat_map, all_heat_map = None, None
    means: list[float] = []
    if trend is not None and trend.states:
        heat_map, all_heat_map, means = _heat_maps(trend, load, accepted_state(trend, triages), subject.anchor)
    facts = (*subject.facts, *(_facts(trend) if trend is not None else ()))
    if change is None:
        why = "this optimizer was not measured"
        return Panel(subject.anchor, subject.title, subject.suite, "new", why, "", facts=facts)
    landscapes = change.landscapes
    moved = [one for one in landscapes if one.verdict not in (Verdict.SAME, Verdict.NEW)]
    is_single = change.is_single
    runtimes = None if is_single else runtimes_of(landscapes)
    profiles, rho = pictures.profiles(runtimes, change, subject.anchor) if runtimes is not None else ((), "")
    drawn = pictures.effects(landscapes, change, f"{subject.anchor}-effects", MOST_DRAWN)
    return Panel(
        anchor=subject.anchor,
        title=subject.title,
        suite=subject.suite,
        verdict=str(change.comparison.verdict),
        sentence=_sentence(change),
        compared=_compared(change),
        heat_map=heat_map,
        all_heat_map=all_heat_map,
        effects=None if is_single else drawn,
        all_effects=(
            pictures.effects(landscapes, change, f"{subject.anchor}-all-effects")
            if len(landscapes) > MOST_DRAWN and not is_single
            else None
        ),
        time_line=pictures.time_line(trend, means, f"{subject.anchor}-time")
        if trend is not None and len(trend.states) > 1
        else None,
        profiles=profiles,
        rho=rho,
        landscapes=tuple(_landscape_row(change.comparison.spec, one) for one in landscapes),
        details=[
            functools.partial(_landscape_detail, one, change, paths, f"{subject.anchor}-{k}")
            for k, one in enumerate(landscapes, start=1)
        ],
        opened=min(OPENED, len(moved)),
        states=tuple(map(_state_row, trend.states[: -MOST_TOLD - 1 : -1])) if trend is not None else (),
        all_states=len(trend.states) if trend is not None else 0,
        state_details=_state_details(trend, subject.anchor) if trend is not None else (),
        facts=facts,
    )


def _sentence(change: Change) -> str:
    comparison = change.comparison
    if change.is_single:
        return f"One state so far, {change.now}: there is nothing to compare it with."
    counts = count_of_verdicts(str(one.verdict) for one in comparison.landscapes)
    total = number_of(len(comparison.landscapes), "landscape")
    return f"{change.now} against {change.before}: {moved_title(comparison, 3)}. Of {total}: {counts}."


def _heat_maps(
    trend: Trend, load: Load, accepted: int, anchor: str
) -> tuple[pictures.Picture | None, pictures.Picture | None, list[float]]:
    """Return the heat map of landscapes that moved, that of all landscapes if there are more, and each state's mean."""
    reference = load(trend.states[accepted].digest)
    if reference is None:
        return None, None, []
    columns: list[dict[str, float | None]] = []
    for state in trend.states:
        record = load(state.digest)
        found = record.records if record is not None else {}
        columns.append({name: log_speed(reference.records.get(name), one) for name, one in found.items()})
    names = list(dict.fromkeys(name for column in columns for name in column))
    means = []
    for column in columns:
        known = [value for value in column.values() if value is not None]
        means.append(math.fsum(known) / len(known) if known else math.nan)
    if len(trend.states) < 2:
        return None, None, means

    def extent(name: str) -> float:
        return max((abs(value) for column in columns if (value := column.get(name)) is not None), default=0.0)

    ordered = sorted(names, key=lambda name: (-extent(name), name))
    moved = [name for name in ordered if extent(name) > 0.0][:MOST_DRAWN] or ordered[:MOST_DRAWN]
    short = pictures.heat_map(
        trend.states, columns, moved, accepted, MOST_STATES, identifier=f"{anchor}-heat", total=len(names)
    )
    if len(names) == len(moved) and len(trend.states) <= MOST_STATES:
        return short, None, means
    every = pictures.heat_map(
        trend.states, columns, sorted(names), accepted, MOST_STATES_OF_ALL, identifier=f"{anchor}-all-heat"
    )
    return short, every, means


def _landscape_row(spec: str, one: LandscapeComparison) -> LandscapeRow:
    worst = one.worst_cell["cell"]
    ratio = one.speed_ratio if one.is_compared else None
    record = one.now
    return LandscapeRow(
        name=record.landscape,
        verdict=str(one.verdict),
        speed=speed_text(one),
        speed_value=ratio if ratio is not None else math.inf,
        success_before=f"{one.before.successes}/{len(one.before.cells)}" if one.before else "–",
        success=f"{record.successes}/{len(record.cells)}",
        success_value=record.successes,
        digits=f"{record.digits:.1f}",
        digits_value=record.digits,
        evaluations=f"{record.evaluations:.0f}",
        evaluations_value=record.evaluations,
        what=moved_on(one),
        cell=worst,
        command=replay_command(spec, worst),
    )


def _landscape_detail(
    one: LandscapeComparison, change: Change, paths: Trajectories, identifier: str
) -> LandscapeDetail:
    name = one.now.landscape
    pair = paths.pairs.get((change.comparison.spec, name))
    has_before = one.is_compared and not change.is_single
    drawn = [
        pictures.contour(one, change, pair, paths.why_none, f"{identifier}-paths"),
        pictures.gaps(one, change, f"{identifier}-gaps"),
        pictures.basins(one, change, f"{identifier}-basins"),
    ]
    said = moved_on(one) or ("nothing moved" if has_before else "nothing to compare with")
    losses = one.losses
    before = {cell.start: cell for cell in one.before.cells} if has_before and one.before else {}
    order = list(range(len(one.now.cells)))
    if has_before and len(losses) == len(order):
        order.sort(key=lambda k: -losses[k])
    return LandscapeDetail(
        name=name,
        sentence=f"{one.verdict}: {said}",
        pictures=tuple(picture for picture in drawn if picture is not None),
        cells=tuple(
            _cell_row(change.comparison.spec, name, before.get(cell.start), cell)
            for cell in (one.now.cells[k] for k in order)
        ),
        has_before=has_before,
    )


def _cell_row(spec: str, landscape: str, before: CellRecord | None, now: CellRecord) -> CellRow:
    cell = f"{landscape}/{now.start}"
    identical = before is not None and before.bits == now.bits
    parts = (
        "" if before is None else ("identical" if identical else divergence_of(before, now) or "equal up to rounding")
    )
    return CellRow(
        cell=cell,
        evaluations_before=str(max(before.nfev, before.njev)) if before else "–",
        evaluations=str(max(now.nfev, now.njev)),
        gap_before=gap_text(before.gap) if before else "–",
        gap=gap_text(now.gap),
        targets_before=reached_text(before) if before else "–",
        targets=reached_text(now),
        ended=now.stop_reason,
        parts_at=parts,
        command=replay_command(spec, cell),
    )


def _state_row(state: State) -> StateRow:
    first, last = state.first.entry.short, state.last.entry.short
    what = [moved_title(state.comparison, 3)] if state.comparison else ["the first state"]
    what += [f"{', '.join(state.came_with)} came with it"] if state.came_with else []
    return StateRow(
        commits=first if first == last else f"{first} … {last}",
        since=day_of(state.first.entry.commit_time),
        number=len(state.points),
        verdict=str(state.verdict),
        speed=speed_text(state.comparison),
        what=clean("; ".join(what), 500),
    )


def _state_details(trend: Trend, anchor: str) -> list[Callable[[], StateDetail]]:
    states = trend.states
    return [
        functools.partial(_state_detail, states[k - 1], states[k], f"{anchor}-state-{k}")
        for k in range(len(states) - 1, 0, -1)[:MOST_CHOSEN]
    ]


def _state_detail(before: State, state: State, identifier: str) -> StateDetail:
    comparison = state.comparison
    assert comparison is not None
    change = Change(comparison, before.last.entry.short, state.first.entry.short)
    moved = change.moved
    drawn = pictures.effects(moved, change, identifier, MOST_DRAWN)
    return StateDetail(
        label=f"{state.first.entry.short} ({day_of(state.first.entry.commit_time)}): {state.verdict}",
        title=moved_title(comparison),
        where=f"{point_text(state.first)}, against {before.last.entry.short}",
        notes=(moved_in_full(comparison), *notes_of(state)),
        pictures=(drawn,) if drawn is not None and moved else (),
        landscapes=tuple(
            (one.now.landscape, str(one.verdict), speed_text(one), moved_on(one)) for one in moved[:MOST_ROWS]
        ),
        left_out=max(len(moved) - MOST_ROWS, 0),
        commands=(
            Command(
                "show the full verdict",
                command_line("optlandscape", "compare", before.last.entry.short, state.first.entry.short),
            ),
        ),
    )


def notes_of(state: State) -> tuple[str, ...]:
    """Return notes on a state: versions that changed with it, and unmeasured commits that may have caused it."""
    notes = [f"{', '.join(state.came_with)} came with it"] if state.came_with else []
    if state.between:
        named = ", ".join(commit[:10] for commit in state.between[:5]) + (" …" if len(state.between) > 5 else "")
        which = f"one of {number_of(len(state.between), 'commit')} before it that were not measured"
        which = which if state.between[1:] else "the commit before it, which was not measured"
        notes.append(f"or {which}: {named}")
    return tuple(notes)


def _facts(trend: Trend) -> tuple[Fact, ...]:
    """Return contract, environment and provenance of the last recorded commit."""
    facts = []
    if trend.states:
        last = trend.states[-1].last
        entry, optimizer = last.entry, last.optimizer
        broken = tuple(f"{check} is broken" for check in optimizer.broken)
        facts.append(Fact("Contract at the last commit", broken or ("no check is recorded as broken",)))
        versions = tuple(f"{name} {version}" for name, version in sorted(last.versions.items()))
        facts.append(Fact("Versions", versions))
        facts.append(Fact("Platform", (entry.platform or "not recorded",)))
        if optimizer.setting:
            facts.append(Fact("Setting", tuple(f"{key} {value}" for key, value in sorted(optimizer.setting.items()))))
        commits = sum(len(state.points) for state in trend.states)
        budget = f"{number_of(entry.budget, 'evaluation')} per dimension" if entry.budget else "the suite's own"
        provenance = [
            f"last commit {entry.commit}",
            f"record {optimizer.record}",
            *([f"files {entry.tree}"] if entry.tree else []),
            f"{number_of(commits, 'recorded commit')} in {number_of(len(trend.states), 'state')}",
            f"suite {entry.suite}, budget {budget}",
            *([f"path {entry.path}"] if entry.path else []),
        ]
        facts.append(Fact("Provenance", tuple(provenance)))
    if trend.not_run:
        lines = [f"{point_text(one)}: {clean(one.optimizer.missing, 300)}" for one in trend.not_run[-20:]]
        earlier = [f"and {len(trend.not_run) - 20} earlier"] if len(trend.not_run) > 20 else []
        facts.append(Fact("Commits that could not be run", (*lines, *earlier)))
    return tuple(facts)
