"""The part of a history that one commit measured, to merge a stranger's history safely."""

from __future__ import annotations

from typing import Any, cast

from pytest_optlandscape.store.entries import CommitEntry, StoreError, record_name
from pytest_optlandscape.store.folder import Files
from pytest_optlandscape.store.history import History

__all__ = ["of_commit"]


class _Selected:
    """The files of a history that have given names."""

    def __init__(self, files: Files, names: list[str]) -> None:
        self._files = files
        self._names = names

    def names(self) -> list[str]:
        """List the names."""
        return self._names

    def __str__(self) -> str:
        return str(self._files)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._files, name)


def of_commit(history: History, commit: str) -> tuple[History, int]:
    """Select the entries of one commit and the records that they name.

    So a fork's history cannot change other commits, and cannot bring triages.

    Parameters
    ----------
    history : History
    commit : str
        The full hash.

    Returns
    -------
    selected : History
        It includes unusable entries, so that `History.merge` says why they are unusable.
    left_out : int
        The number of files left out.
    """
    every = history.files.names()
    chosen = [name for name in every if name.startswith(f"commits/{commit}-")]
    records = set()
    for name, data in history.files.read(chosen).items():
        try:
            entry = CommitEntry.read(name, data)
        except StoreError:
            continue
        records |= {record_name(one.record) for one in entry.optimizers.values() if one.record}
    names = [name for name in every if name in records or name in set(chosen)]
    return History(cast(Files, _Selected(history.files, names))), len(every) - len(names)
