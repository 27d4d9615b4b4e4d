"""Put recorded commits into order, and collect the measurements of each optimizer along them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pytest_optlandscape.store import CommitEntry, OptimizerEntry

__all__ = ["Point", "Series", "in_order", "series_of"]


@dataclass(frozen=True, slots=True)  # a long history has many
class Point:
    """One optimizer at one commit.

    Attributes
    ----------
    entry : CommitEntry
    optimizer : OptimizerEntry
    """

    entry: CommitEntry
    optimizer: OptimizerEntry

    @property
    def commit(self) -> str:
        """The commit's full hash."""
        return self.entry.commit

    @property
    def versions(self) -> dict[str, str]:
        """The versions of Python, libraries and tools."""
        return {**self.entry.versions, **self.optimizer.versions}


@dataclass(frozen=True)
class Series:
    """One optimizer with one setting and suite along the commits, oldest first.

    Attributes
    ----------
    spec : str
    setting : tuple of (str, str)
    suite : str
    path : str
        The project's folder within its repository.
    commits : tuple of str
        All known commits in order, recorded or not.
    points : mapping of str to tuple of Point
        The measurements of each commit; several if it was measured on several machines.
    """

    spec: str
    setting: tuple[tuple[str, str], ...]
    suite: str
    path: str
    commits: tuple[str, ...]
    points: dict[str, tuple[Point, ...]]

    @property
    def title(self) -> str:
        """The spec and, if there is any, the setting."""
        setting = ", ".join(f"{key} {value}" for key, value in self.setting)
        return f"{self.spec} ({setting})" if setting else self.spec


def in_order(entries: Iterable[CommitEntry], first_parents: Sequence[str] | None = None) -> list[str]:
    """Return commits in order, oldest first.

    Parameters
    ----------
    entries : iterable of CommitEntry
    first_parents : sequence of str, optional
        The commits of git's line of first parents, oldest first (default: the line is reconstructed from the newest
        entry through recorded first parents; if a parent was not recorded, it goes on with the next older entry).

    Returns
    -------
    list of str
        ``first_parents`` if given, else the recorded commits of the line.
    """
    if first_parents is not None:
        return list(first_parents)
    known = {entry.commit: entry for entry in entries}
    line: list[str] = []
    on_the_line: set[str] = set()
    left_out = _merged(known)
    for entry in sorted(known.values(), key=_time, reverse=True):
        if entry.commit in on_the_line or entry.commit in left_out:
            continue
        chain, ends_on_the_line = _chain(entry, known, on_the_line)
        if ends_on_the_line:  # the chain is a side branch
            left_out.update(chain)
        else:
            line += chain
            on_the_line.update(chain)
    return line[::-1]


def _time(entry: CommitEntry) -> tuple[int, int, str]:
    return entry.commit_time, entry.author_time, entry.commit


def _chain(entry: CommitEntry, known: dict[str, CommitEntry], seen: set[str]) -> tuple[list[str], bool]:
    """Return the chain of recorded first parents, and whether it leads to a commit in `seen`."""
    chain: list[str] = []
    at: CommitEntry | None = entry
    while at is not None and at.commit not in seen and at.commit not in chain[-1:]:
        chain.append(at.commit)
        at = known.get(at.parents[0]) if at.parents else None
    return chain, at is not None


def _merged(known: dict[str, CommitEntry]) -> set[str]:
    """Return the commits that are reachable only through second parents."""
    children: dict[str, set[str]] = defaultdict(set)
    for entry in known.values():
        for parent in entry.parents[:1]:
            children[parent].add(entry.commit)
    found: set[str] = set()
    due = [parent for entry in known.values() for parent in entry.parents[1:]]
    while due:
        commit = due.pop()
        if commit in known and commit not in found and children[commit] <= found:
            found.add(commit)
            due += known[commit].parents[:1]
    return found


def series_of(entries: Iterable[CommitEntry], commits: Sequence[str]) -> list[Series]:
    """Group measurements by optimizer, setting, suite and path.

    Parameters
    ----------
    entries : iterable of CommitEntry
        Entries of work trees with changed files are left out.
    commits : sequence of str
        The commits to include, oldest first.

    Returns
    -------
    list of Series
    """
    on_the_line = set(commits)
    found: dict[tuple[str, tuple[tuple[str, str], ...], str, str], dict[str, list[Point]]]
    found = defaultdict(lambda: defaultdict(list))
    settings: dict[tuple[str, str, str], set[tuple[tuple[str, str], ...]]] = defaultdict(set)
    missing: list[tuple[str, str, str, Point]] = []
    for entry in sorted(entries, key=lambda one: one.name):
        if entry.is_dirty or entry.commit not in on_the_line:
            continue
        for spec, optimizer in entry.optimizers.items():
            point = Point(entry, optimizer)
            if optimizer.missing:
                missing.append((spec, entry.suite, entry.path, point))
                continue
            setting = tuple(sorted(optimizer.setting.items()))
            settings[spec, entry.suite, entry.path].add(setting)
            found[spec, setting, entry.suite, entry.path][entry.commit].append(point)
    for spec, suite, path, point in missing:
        for setting in settings[spec, suite, path] or {()}:
            found[spec, setting, suite, path][point.commit].append(point)
    return [
        Series(spec, setting, suite, path, tuple(commits), {one: tuple(several) for one, several in points.items()})
        for (spec, setting, suite, path), points in sorted(found.items())
    ]
