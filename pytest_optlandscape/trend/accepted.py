"""List the accepted baselines of each optimizer from the git log; no history is needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from pytest_optlandscape.comparison import OptimizerComparison
from pytest_optlandscape.store import Baseline, GitError, run_git
from pytest_optlandscape.store.baseline import baseline_of
from pytest_optlandscape.store.git import read_objects
from pytest_optlandscape.store.strict_json import parsed
from pytest_optlandscape.trend.comparing import compare_records

__all__ = ["Accepted", "accepted_states"]

MOST_BYTES = 1 << 26


@dataclass(frozen=True)
class Accepted:
    """A baseline that was committed.

    Attributes
    ----------
    commit, author, subject : str
    time : int
        Seconds since 1970.
    baseline : Baseline or None
        None if this release cannot read the file.
    comparison : OptimizerComparison or None
        The comparison with the baseline accepted before; None for the first readable one.
    before : Baseline or None
        The baseline accepted before.
    """

    commit: str
    author: str
    time: int
    subject: str
    baseline: Baseline | None
    comparison: OptimizerComparison | None = None
    before: Baseline | None = None


def accepted_states(folder: Path) -> dict[str, list[Accepted]]:
    """Read the git log of the baselines in a folder.

    Parameters
    ----------
    folder : Path
        The folder of the baselines; it may be missing, or outside a repository.

    Returns
    -------
    dict of str to list of Accepted
        The accepted baselines of each optimizer, oldest first. Renamed files are followed.
    """
    found: dict[str, list[Accepted]] = {}
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        states = _compared(_log(path))
        named = [one.baseline.optimizer for one in states if one.baseline]
        if named:
            found.setdefault(named[-1], []).extend(states)
    return found


def _log(path: Path) -> list[Accepted]:
    """List the committed versions of a file, oldest first."""
    told = ("log", "--follow", "--first-parent", "-m", "--name-only", "-z", "--diff-filter=AMR")
    try:
        logged = run_git(path.parent, *told, "--format=%x01%H%x02%an%x02%at%x02%s%x02", "--", path.name)
    except GitError:
        return []
    versions = []
    for text in logged.stdout.decode("utf-8", "replace").split("\x01")[1:]:
        commit, author, seconds, subject, names = text.split("\x02", 4)
        name = names.strip("\0\n").split("\0")[-1].strip("\n")
        if name and "\n" not in name and seconds.isdecimal():
            versions.append((commit, author, int(seconds), subject, name))
    versions.reverse()
    contents = read_objects(path.parent, [f"{one[0]}:{one[4]}" for one in versions], [MOST_BYTES] * len(versions))
    return [Accepted(*one[:4], _read(data)) for one, data in zip(versions, contents, strict=True)]


def _read(data: bytes | None) -> Baseline | None:
    try:
        return baseline_of(parsed((data or b"").decode()))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError):
        return None


def _compared(versions: list[Accepted]) -> list[Accepted]:
    states: list[Accepted] = []
    before: Baseline | None = None
    for one in versions:
        if one.baseline is None or before is None:
            states.append(one)
        elif one.baseline.records != before.records:
            comparison = compare_records(before, one.baseline)
            states.append(replace(one, comparison=comparison, before=before))
        before = one.baseline or before
    return states
