"""Detect small changes of past commits that add up in this session: ``optlandscape_fail_on = creep``."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pytest_optlandscape.session.recording import Recording
from pytest_optlandscape.store import Baseline, CommitEntry, GitError, StoreError, first_parents
from pytest_optlandscape.trend import (
    CACHE,
    Event,
    Point,
    Remembered,
    Series,
    find_trend,
    in_order,
    open_creep,
    series_of,
)

__all__ = ["Crept", "find_creep"]


@dataclass(frozen=True)
class Crept:
    """An optimizer that many small changes have made worse.

    Attributes
    ----------
    series : Series
    event : Event
        The creep: its states, and their shares.
    recorded : str
        The commit that a person can triage; "" if this session is not recorded.
    """

    series: Series
    event: Event
    recorded: str = ""


def find_creep(recording: Recording) -> list[Crept]:
    """Find optimizers that are worse than the accepted state, although no single commit made a step.

    The session counts as the newest commit, even if it is not recorded.

    Parameters
    ----------
    recording : Recording
        The recording of this session, after it was written.

    Returns
    -------
    list of Crept
        In the order of the configuration.

    Raises
    ------
    StoreError, GitError
        If the history or the git repository cannot be read.
    """
    history, present = recording.history, recording.entry
    if present is None:
        return []
    entries = [one for one in history.entries() if one.name != present.name]
    line = [one for one in _line(recording, entries) if one != present.commit or present.is_dirty]
    triages = history.triages()
    if present.is_dirty:
        present = replace(present, commit=present.short, dirty_since=0)

    def load(digest: str) -> Baseline | None:
        if digest in recording.whole:
            return recording.whole[digest]
        try:
            return history.record(digest)
        except StoreError:
            return None

    every = series_of([*(one for one in entries if one.commit != present.commit), present], [*line, present.commit])
    remembered = Remembered(recording.rootpath / CACHE)
    found = []
    for spec, optimizer in present.optimizers.items():
        for series in every:
            if series.spec != spec or Point(present, optimizer) not in series.points.get(present.commit, ()):
                continue
            trend = find_trend(series, load, triages, remembered=remembered)
            event = open_creep(trend, load, triages, remembered=remembered)
            if event is not None:
                found.append(Crept(series, event, present.commit if recording.is_kept else ""))
    return found


def _line(recording: Recording, entries: list[CommitEntry]) -> list[str]:
    """Return the commits before this session, oldest first."""
    line = None
    if recording.facts is not None:
        try:
            line = first_parents(recording.rootpath, "HEAD")
        except GitError:
            line = None
    return in_order(entries, line)
