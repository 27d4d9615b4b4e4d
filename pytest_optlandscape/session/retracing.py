"""Run the worst cells again for their paths: a picture needs the points of a run, but records do not keep them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pytest_optlandscape.comparison import LandscapeComparison
from pytest_optlandscape.optimizers import parse_spec
from pytest_optlandscape.records.landscape_record import CellRecord, LandscapeRecord
from pytest_optlandscape.report.page import Change, PathPair, Trajectories
from pytest_optlandscape.runs import Trace
from pytest_optlandscape.runs.run import make_trace
from pytest_optlandscape.session.reference.installed import installed_copies
from pytest_optlandscape.session.reference.revision_client import RevisionClient, RevisionError, client_of_revision
from pytest_optlandscape.session.reference.worktree import WorktreeError, make_worktree
from pytest_optlandscape.session.replay import find_cell
from pytest_optlandscape.session.settings import Settings
from pytest_optlandscape.store import run_git

__all__ = [
    "RETRACED",
    "as_recorded",
    "client_of_commit",
    "configured_specs",
    "due_landscapes",
    "is_of_the_project",
    "retrace_commits",
]

RETRACED = 4
"""The number of landscapes of each optimizer whose worst cell is run again, the gravest verdict first."""


def due_landscapes(change: Change) -> list[LandscapeComparison]:
    """Return the landscapes that moved most: their worst cells are run again."""
    return [one for one in change.moved if one.is_compared][:RETRACED]


def as_recorded(trace: Trace, record: LandscapeRecord, start: str) -> str:
    """Return how a repeated run differs from its record; "" if it hits all targets as recorded.

    Parameters
    ----------
    trace : Trace
    record : LandscapeRecord
    start : str

    Returns
    -------
    str
    """
    known: CellRecord | None = record.single_runs.get(start)
    hits = trace.hits(record.targets)
    return (
        ""
        if known is None or hits == known.hits
        else "when run again, it hit targets at other evaluations than recorded"
    )


def retrace_commits(rootpath: Path, settings: Settings, changes: Iterable[Change]) -> Trajectories:
    """Run the worst cells of changed landscapes again, before and now, each at its commit in its own worktree.

    Parameters
    ----------
    rootpath : Path
        The project's folder.
    settings : Settings
    changes : iterable of Change

    Returns
    -------
    Trajectories
        The paths, and the reasons for missing ones.
    """
    configured = configured_specs(settings)
    wanted = [
        _Wanted(change.comparison.spec, one, one.worst_cell["cell"], change, change.comparison.spec in configured)
        for change in changes
        for one in due_landscapes(change)
    ]
    pairs = {
        one.key: PathPair(one.cell)
        if one.is_configured
        else PathPair(one.cell, why_not=(f"{one.spec} is not in optlandscape_optimizers, so it is not run again",))
        for one in wanted
    }
    for when in ("before", "now"):
        commits = {one.commit(when) for one in wanted if one.is_configured}
        for commit in sorted(commits):
            with client_of_commit(rootpath, settings, commit) as process:
                for one in wanted:
                    if one.is_configured and one.commit(when) == commit:
                        pairs[one.key] = _with_path(pairs[one.key], when, one, process)
    return Trajectories(pairs, "only the landscapes that moved most are run again to draw their paths")


def configured_specs(settings: Settings) -> frozenset[str]:
    """Return the specs of the configuration, as written and as recorded."""
    return frozenset([*settings.optimizers, *(str(parse_spec(one)) for one in settings.optimizers)])


@dataclass(frozen=True)
class _Wanted:
    """A cell to run again."""

    spec: str
    comparison: LandscapeComparison
    cell: str
    change: Change
    is_configured: bool

    @property
    def key(self) -> tuple[str, str]:
        """The spec and the landscape that identify the cell on the page."""
        return self.spec, self.comparison.now.landscape

    def commit(self, when: str) -> str:
        """Return the commit before the change, or the present one."""
        return self.change.before_commit if when == "before" else self.change.now_commit


@contextlib.contextmanager
def client_of_commit(rootpath: Path, settings: Settings, commit: str) -> Iterator[RevisionClient | str]:
    """Yield the client of a server that runs a commit, or the reason why none can be started."""
    with contextlib.ExitStack() as stack:
        given: RevisionClient | str
        try:
            if not is_of_the_project(rootpath, commit):
                raise WorktreeError(
                    f"{commit[:10]} is not an ancestor of HEAD, a branch, origin or a tag, so its code is not run: "
                    "a history must not choose whose code runs here"
                )
            worktree = make_worktree(rootpath, commit)
            stack.callback(worktree.remove)
            copies = installed_copies(worktree, configured_specs(settings))
            given = client_of_revision(worktree, settings, copies)
            stack.callback(given.close)
        except (WorktreeError, OSError) as error:
            given = str(error)
        yield given


def is_of_the_project(rootpath: Path, commit: str) -> bool:
    """Return whether a commit belongs to the project: a commit from a fork, for example, does not."""
    if run_git(rootpath, "merge-base", "--is-ancestor", commit, "HEAD").returncode == 0:
        return True
    places = ("refs/heads", "refs/tags", "refs/remotes/origin")
    return bool(run_git(rootpath, "for-each-ref", "--count=1", f"--contains={commit}", *places).stdout.strip())


def _with_path(pair: PathPair, when: str, one: _Wanted, process: RevisionClient | str) -> PathPair:
    name = one.change.before if when == "before" else one.change.now
    try:
        if isinstance(process, str):
            raise RevisionError(process)
        loaded = process.load(one.spec)
        if "missing" in loaded or "incomparable" in loaded:
            raise RevisionError(str(loaded.get("missing") or loaded["incomparable"]))
        record = one.comparison.before if when == "before" else one.comparison.now
        assert record is not None
        cell = find_cell(one.cell)
        told = process.get("trace", one.spec, cell=one.cell, budget=record.budget)
        points = np.array(told["x"], dtype=np.float64).reshape(-1, cell.landscape.dim)
        trace = make_trace(points, np.array(told["fun"], dtype=np.float64), cell.landscape.bounds, cell.landscape)
    except (RevisionError, ValueError, TypeError, KeyError) as error:
        last = str(error).strip().rpartition("\n")[2]
        return replace(pair, why_not=(*pair.why_not, f"{name} could not be run again: {last}"))
    differs = as_recorded(trace, record, cell.start)
    remarks = (*pair.why_not, *([f"{name}: {differs}"] if differs else []))
    if when == "before":
        return replace(pair, before=trace, why_not=remarks)
    return replace(pair, now=trace, why_not=remarks)
