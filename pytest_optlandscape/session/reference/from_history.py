"""Use the records of another revision from the history instead of new runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from pytest_optlandscape.landscapes import get
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.records import LandscapeRecord
from pytest_optlandscape.records.measuring import chosen_cells, definition_of
from pytest_optlandscape.session.recording import machine_versions
from pytest_optlandscape.session.settings import Settings
from pytest_optlandscape.store import CommitEntry, OptimizerEntry, StoreError, ask_git, facts_of_commit, open_history

__all__ = ["RecordedRevision"]


class RecordedRevision:
    """The records of a revision, as far as a new run would give the same records.

    These must be the same: the files on which the optimizers depend, the suite, the definitions of the landscapes, the
    versions of all libraries, the optimizer's setting, and whether the optimizer receives the bounds.

    Parameters
    ----------
    settings : Settings
    rootpath : Path
        The project's folder.
    commit : str
        The full hash.

    Raises
    ------
    StoreError
        If the configured place cannot hold a history.
    """

    def __init__(self, settings: Settings, rootpath: Path, commit: str) -> None:
        self._settings = settings
        self._rootpath = rootpath
        self._commit = commit
        self._history = None if settings.history is None else open_history(settings.history, rootpath)

    def find(
        self, adapter: Adapter, landscape: str, budget: int, starts: Sequence[str] | None = None
    ) -> tuple[LandscapeRecord, str] | None:
        """Find the record of a landscape.

        Parameters
        ----------
        adapter : Adapter
            The present optimizer.
        landscape : str
        budget : int
        starts : sequence of str, optional
            The starts of the needed cells (default: those of all usual cells).

        Returns
        -------
        record : LandscapeRecord
        commit : str
            A readable name of the recorded commit: the revision, or a commit with the same files.
        """
        for entry in self._entries:
            optimizer = entry.optimizers.get(adapter.spec)
            if self._history is None or optimizer is None or not _is_alike(optimizer, adapter):
                continue
            try:
                record = self._history.record(optimizer.record).records.get(landscape)
            except StoreError:
                continue
            if (
                record is not None
                and record.budget == budget
                and record.definition == definition_of(get(landscape), budget)
                and {one.start for one in chosen_cells(get(landscape), starts)} <= {one.start for one in record.cells}
            ):
                return record, entry.short
        return None

    @cached_property
    def _entries(self) -> list[CommitEntry]:
        """Return the entries with the same files, suite and versions; those of the revision itself come first."""
        if self._history is None:
            return []
        prefix = ask_git(self._rootpath, "rev-parse", "--show-prefix")
        facts = facts_of_commit(self._rootpath, self._commit, prefix, self._settings.paths)
        machine = machine_versions()
        wanted = (facts.tree, facts.path, self._settings.suite)
        found = [
            entry
            for entry in self._history.entries()
            if (entry.tree, entry.path, entry.suite) == wanted and not entry.is_dirty and entry.versions == machine
        ]
        return sorted(found, key=lambda entry: (entry.commit != facts.commit, entry.name))


def _is_alike(optimizer: OptimizerEntry, adapter: Adapter) -> bool:
    versions: Mapping[str, str] = adapter.versions()
    return (
        bool(optimizer.record)
        and optimizer.setting == adapter.setting
        and optimizer.versions == versions
        and optimizer.takes_bounds == adapter.takes_bounds
    )
