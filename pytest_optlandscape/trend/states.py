"""Find states, steps and creep in a series of commits.

Consecutive commits whose records are equal, up to rounding, are one *state*; they raise no alarm. A state that is
better or worse than the state before is a *step*. Small changes can also add up: a state that is no step, but better or
worse than the reference, is *creep*. The reference is the last state that was accepted or reported.

The reference is never the best state so far: that would select a lucky one, and raise false alarms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_optlandscape.comparison import OptimizerComparison, Verdict
from pytest_optlandscape.comparison.criteria import METRICS
from pytest_optlandscape.comparison.findings import Finding
from pytest_optlandscape.store import Baseline, Triage
from pytest_optlandscape.trend.remembered import Compare, Remembered, comparer
from pytest_optlandscape.trend.series import Point, Series
from pytest_optlandscape.trend.shares import Share, shares_of

__all__ = ["Event", "State", "Trend", "find_trend", "open_creep", "versions_that_changed"]

Load = Callable[[str], Baseline | None]

_LEAST_SHARE_TO_CONTINUE = 0.1
"""A creep continues with a state that adds more than this share of the gate over a suite."""


@dataclass(frozen=True)
class State:
    """Consecutive commits whose records are equal.

    Attributes
    ----------
    points : tuple of Point
        Oldest first. The first point's record represents the state.
    comparison : OptimizerComparison or None
        The comparison with the state before; None for the first state.
    came_with : tuple of str
        Versions that changed with the state, such as ``scipy 1.15.3 → 1.16.0``.
    between : tuple of str
        Unmeasured commits between the state before and this one; any of them may have caused the change.
    """

    points: tuple[Point, ...]
    comparison: OptimizerComparison | None = None
    came_with: tuple[str, ...] = ()
    between: tuple[str, ...] = ()

    @property
    def first(self) -> Point:
        """The oldest point."""
        return self.points[0]

    @property
    def last(self) -> Point:
        """The newest point."""
        return self.points[-1]

    @property
    def digest(self) -> str:
        """The digest of the state's record."""
        return self.first.optimizer.record

    @property
    def verdict(self) -> Verdict:
        """The verdict compared with the state before."""
        return self.comparison.verdict if self.comparison else Verdict.NEW


@dataclass(frozen=True)
class Event:
    """A step or a creep, for the better or the worse.

    Attributes
    ----------
    kind : str
        ``step`` or ``creep``.
    since : State
        The reference state.
    states : tuple of State
        The states that contribute to the event, oldest first; one for a step.
    comparison : OptimizerComparison
        The comparison of the last state with ``since``.
    shares : tuple of Share
        The share of each state in the change; empty if unknown.
    triage : Triage or None
        A person's decision about the event.
    """

    kind: str
    since: State
    states: tuple[State, ...]
    comparison: OptimizerComparison
    shares: tuple[Share, ...] = ()
    triage: Triage | None = None

    @property
    def commit(self) -> str:
        """The commit at which the event shows: the first of its last state."""
        return self.states[-1].first.commit

    @property
    def is_worse(self) -> bool:
        """Whether the event is for the worse."""
        return self.comparison.verdict == Verdict.WORSE

    @property
    def findings(self) -> list[Finding]:
        """The findings in the direction of the verdict: over the suite, then on single landscapes."""
        return [found for _, found in self.comparison.decisive]


@dataclass(frozen=True)
class Trend:
    """One optimizer along the commits.

    Attributes
    ----------
    series : Series
    states : tuple of State
        Oldest first.
    events : tuple of Event
        In the order of their commits.
    not_run : tuple of Point
        Commits at which the optimizer could not be run.
    """

    series: Series
    states: tuple[State, ...]
    events: tuple[Event, ...]
    not_run: tuple[Point, ...] = ()


def find_trend(
    series: Series,
    load: Load,
    triages: Mapping[str, Triage] | None = None,
    *,
    events: bool = True,
    remembered: Remembered | None = None,
) -> Trend:
    """Find the states of an optimizer, and the steps and creep between them.

    Parameters
    ----------
    series : Series
    load : callable
        Return the record of a digest, or None if it is unusable; then its commit counts as not measured.
    triages : mapping of str to Triage, optional
        Triages by commit. A state that was accepted or expected becomes the reference for later states.
    events : bool, default True
        Whether to look for steps and creep; False saves half of the comparisons if only the states are needed.
    remembered : Remembered, optional
        The cache of comparisons (default: none).

    Returns
    -------
    Trend
    """
    compare = comparer(load, remembered)
    states, not_run = _states(series, load, compare)
    found = _events(states, load, compare, triages or {}) if events else []
    return Trend(series, tuple(states), tuple(found), tuple(not_run))


def open_creep(
    trend: Trend,
    load: Load,
    triages: Mapping[str, Triage] | None = None,
    *,
    remembered: Remembered | None = None,
) -> Event | None:
    """Return the creep for the worse that is still open at the last state.

    Parameters
    ----------
    trend : Trend
        A trend with its events.
    load : callable
        As for `find_trend`.
    triages : mapping of str to Triage, optional
    remembered : Remembered, optional
        As for `find_trend`.

    Returns
    -------
    Event or None
        The creep, if it has no triage and the last state is still worse than the reference.
    """
    event = trend.events[-1] if trend.events else None
    if event is None or event.kind != "creep" or not event.is_worse or event.triage is not None:
        return None
    later = trend.states[trend.states.index(event.states[-1]) :]
    settled = any(
        _is_accepted(one, triages or {}) or one.verdict in (Verdict.WORSE, Verdict.NOT_COMPARABLE) for one in later
    )
    if settled:
        return None
    last = later[-1]
    if len(later) == 1:
        return event
    total = _compare(event.since, last.first, comparer(load, remembered))
    return event if total.verdict == Verdict.WORSE else None


def _states(series: Series, load: Load, compare: Compare) -> tuple[list[State], list[Point]]:
    states: list[State] = []
    members: list[list[Point]] = []
    equal: set[str] = set()  # digests of records that belong to the last state
    not_run: list[Point] = []
    unknown: list[str] = []
    for commit in series.commits:
        points = series.points.get(commit, ())
        unchanged = next((one for one in points if one.optimizer.record in equal), None)
        if unchanged is not None:  # by far the most frequent case
            members[-1].append(unchanged)
            unknown = []
            continue
        could_run = [point for point in points if not point.optimizer.missing]
        if points and not could_run:
            not_run.append(points[0])
        usable = [point for point in could_run if load(point.optimizer.record) is not None]
        if not usable:
            unknown.append(commit)
            continue
        point, comparison = _chosen(usable, states[-1] if states else None, load, compare)
        if comparison is not None and _is_same_state(states[-1], comparison, load):
            members[-1].append(point)
            equal.add(point.optimizer.record)
        else:
            equal = {point.optimizer.record}
            came_with = _came_with(members[-1][-1], point, series, usable) if states else ()
            states.append(State((point,), comparison, came_with, tuple(unknown) if states else ()))
            members.append([point])
        unknown = []
    return [replace(state, points=tuple(some)) for state, some in zip(states, members, strict=True)], not_run


def _chosen(
    points: Sequence[Point], state: State | None, load: Load, compare: Compare
) -> tuple[Point, OptimizerComparison | None]:
    """Choose one of several measurements of a commit: one that equals the state before, else with its versions.

    If the commit equals the state before on one machine, the code did not change, and only the machines differ. The
    comparison is None for the first state.
    """
    if state is None:
        return points[0], None
    compared = [(point, _compare(state, point, compare)) for point in points]
    equal = [one for one in compared if _is_same_state(state, one[1], load)]
    alike = [one for one in compared if one[0].versions == state.first.versions]
    return (equal or alike or compared)[0]


def _came_with(before: Point, now: Point, series: Series, usable: Sequence[Point]) -> tuple[str, ...]:
    """Return the versions that changed between two commits; none if both were also measured with equal versions."""
    earlier = [one.versions for one in series.points[before.commit] if not one.optimizer.missing]
    if any(one.versions in earlier for one in usable):
        return ()
    return versions_that_changed(before.versions, now.versions)


def _compare(state: State, point: Point, compare: Compare) -> OptimizerComparison:
    return compare(state.digest, point.optimizer.record, point.optimizer.takes_bounds)


def _is_same_state(state: State, comparison: OptimizerComparison, load: Load) -> bool:
    """Return whether both have the same landscapes, and all of these are the same up to rounding."""
    before = load(state.digest)
    assert before is not None
    landscapes = {one.now.landscape for one in comparison.landscapes}
    unmoved = {one.verdict for one in comparison.landscapes} == {Verdict.SAME}
    return comparison.verdict == Verdict.SAME and unmoved and landscapes == set(before.records)


def versions_that_changed(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Return the versions that differ, before and now.

    Examples
    --------
    >>> versions_that_changed({"scipy": "1.15", "numpy": "2.3"}, {"scipy": "1.16", "numpy": "2.3"})
    ('scipy 1.15 → 1.16',)
    """
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return tuple(f"{name} {before.get(name, 'absent')} → {now.get(name, 'absent')}" for name in sorted(names))


def _events(states: Sequence[State], load: Load, compare: Compare, triages: Mapping[str, Triage]) -> list[Event]:
    found: list[Event] = []
    reference = 0
    creep: Event | None = None
    for k in range(1, len(states)):
        step = states[k].comparison
        assert step is not None
        if step.verdict in (Verdict.WORSE, Verdict.BETTER):
            found.append(_event("step", states[k - 1], states[k : k + 1], step, load=load, triages=triages))
            reference, creep = k, None
        elif step.verdict == Verdict.NOT_COMPARABLE:
            reference, creep = k, None
        elif k > reference + 1:
            total = _compare(states[reference], states[k].first, compare)
            if total.verdict in (Verdict.WORSE, Verdict.BETTER):
                event = _event(
                    "creep", states[reference], states[reference + 1 : k + 1], total, load=load, triages=triages
                )
                if creep is None or creep.is_worse != event.is_worse:
                    creep = event
                    found.append(creep)
                elif _continues(creep, event):
                    creep = found[-1] = event
        if _is_accepted(states[k], triages):
            reference, creep = k, None
    return found


def _event(
    kind: str,
    since: State,
    states: Sequence[State],
    comparison: OptimizerComparison,
    *,
    load: Load,
    triages: Mapping[str, Triage],
) -> Event:
    records = [record for record in (load(one.digest) for one in (since, *states)) if record is not None]
    commits = [one.first.commit for one in states]
    shares: tuple[Share, ...] = ()
    for landscape, finding in comparison.decisive:
        shares = shares_of(finding.metric, commits, records, landscape)
        if shares and (sum(one.change for one in shares) > 0.0) == finding.is_worse:
            break
        shares = ()
    every = [*reversed(commits), *(point.commit for one in reversed(states) for point in one.points)]
    triage = next((triages[one] for one in every if one in triages), None)
    return Event(kind, since, tuple(states), comparison, shares, triage)


def _continues(creep: Event, event: Event) -> bool:
    """Return whether a creep continues up to the last state of a longer event with the same beginning."""
    new = event.shares[len(creep.states) :]
    if not new:
        return False
    gate = next(one.gate_suite for one in METRICS if any(found.metric == one.name for found in event.findings))
    change = sum(share.change for share in new)
    return (change if event.is_worse else -change) > _LEAST_SHARE_TO_CONTINUE * gate


def _is_accepted(state: State, triages: Mapping[str, Triage]) -> bool:
    """Return whether a state was accepted, by triage or as the baseline."""
    words = {triages[point.commit].word for point in state.points if point.commit in triages}
    return bool(words & {"accepted", "expected"}) or any(one.optimizer.verdict == "same" for one in state.points)
