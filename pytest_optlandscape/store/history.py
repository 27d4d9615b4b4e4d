"""The history: what every commit measured, in files that are written once and merged by union."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pytest_optlandscape.ledger.baseline import SCHEMA as RECORD_SCHEMA
from pytest_optlandscape.ledger.baseline import Baseline, baseline_of
from pytest_optlandscape.store.branch import BranchFiles
from pytest_optlandscape.store.entries import (
    CommitEntry,
    StoreError,
    Triage,
    checked_json,
    digest_of,
    kind_of,
    record_name,
)
from pytest_optlandscape.store.folder import Files, FolderFiles

__all__ = ["DEFAULT_LOCATION", "History", "open_history"]

DEFAULT_LOCATION = ".optlandscape/history"

ASIDE = "damaged/"
"""Where damaged files are put."""


def open_history(location: str, folder: Path) -> History:
    """Open a history; nothing is written before something is added.

    Parameters
    ----------
    location : str
        A folder, relative to the project's; or ``git:BRANCH``; or a URL that fsspec knows, such as ``s3://…``.
        "" is ``.optlandscape/history``.
    folder : Path
        The project's.

    Returns
    -------
    History

    Raises
    ------
    StoreError
        If there can be no history at that place.
    """
    location = location or DEFAULT_LOCATION
    if location.startswith("git:"):
        return History(BranchFiles(folder, location.removeprefix("git:")))
    if "://" in location:
        from pytest_optlandscape.store.remote import RemoteFiles

        return History(RemoteFiles(location))
    path = folder / location
    if path.exists() and not path.is_dir():
        raise StoreError(f"history {path} is a file, not a folder")
    return History(FolderFiles(path))


class History:
    """What every commit measured.

    Parameters
    ----------
    files : Files
        Where it is stored.

    Attributes
    ----------
    problems : list of str
        What could not be read, one sentence for each file; it is left as it is, and everything else is used.
    """

    def __init__(self, files: Files) -> None:
        self.files = files
        self.problems: list[str] = []
        self._record = functools.lru_cache(maxsize=64)(self._read_record)

    def __str__(self) -> str:
        return str(self.files)

    @property
    def folder(self) -> Path | None:
        """The folder that holds it; None if it is on a branch or at a URL."""
        return self.files.folder if isinstance(self.files, FolderFiles) else None

    def releases(self) -> list[CommitEntry]:
        """Read the entries of releases of libraries, in the order of their names."""
        return [entry for entry in self._every_entry() if entry.release]

    def entries(self) -> list[CommitEntry]:
        """Read the entries of all commits, in the order of their names.

        Returns
        -------
        list of CommitEntry
            Without those that cannot be used: these are told in `problems`.
        """
        return [entry for entry in self._every_entry() if not entry.release]

    def _every_entry(self) -> list[CommitEntry]:
        found = []
        for name, data in self._all("commits"):
            try:
                found.append(CommitEntry.read(name, data))
            except StoreError as error:
                self._complain(str(error))
        return found

    def triages(self) -> dict[str, Triage]:
        """Read the latest word on each commit."""
        latest: dict[str, Triage] = {}
        for name, data in self._all("triage"):
            try:
                one = Triage.read(name, data)
            except StoreError as error:
                self._complain(str(error))
                continue
            known = latest.get(one.commit)
            if known is None or (one.time, one.name) > (known.time, known.name):
                latest[one.commit] = one
        return latest

    def record(self, digest: str) -> Baseline:
        """Read what was measured of an optimizer.

        Parameters
        ----------
        digest : str
            As an entry names it.

        Returns
        -------
        Baseline

        Raises
        ------
        StoreError
            If it is not there or cannot be used; the message says why.
        """
        return self._record(digest)

    def _read_record(self, digest: str) -> Baseline:
        name = record_name(digest)
        data = self.files.read([name]).get(name)
        if data is None:
            raise StoreError(
                f"{name} is not in the history {self}: merge the history that has it, or measure the commit again"
            )
        return record_of(name, data)

    def add(self, entry: CommitEntry, records: Iterable[Baseline] = ()) -> None:
        """Store a commit's entry with the records it names; when this returns they are safe.

        The records are written first, so that a kill at any moment leaves no entry without its records. What is there
        already is not written again.

        Parameters
        ----------
        entry : CommitEntry
        records : iterable of Baseline

        Raises
        ------
        OSError, StoreError
            If they cannot be stored.
        """
        files = {}
        for record in records:
            data = data_of(record)
            files[record_name(digest_of(data))] = data
        self.files.add({**files, entry.name: entry.data})

    def add_triage(self, triage: Triage) -> None:
        """Store a person's word."""
        self.files.add({triage.name: triage.data})

    def merge(self, other: History) -> dict[str, int]:
        """Take over what another history has and this one has not.

        Every file is validated first; those that cannot be used are told in `problems` and stay where they are.

        Parameters
        ----------
        other : History

        Returns
        -------
        dict
            How many ``commits``, ``records`` and ``triage`` were new.
        """
        mine = set(self.files.names())
        added = {"commits": 0, "records": 0, "triage": 0}
        for kind in ("records", "triage", "commits"):  # entries last: none may name a record that is not there
            names = [name for name in other.files.names() if kind_of(name) == kind and name not in mine]
            good = {}
            for name, data in other.files.read(names).items():
                problem = problem_with(name, data)
                if problem:
                    self._complain(f"{other}: {problem}; not merged")
                else:
                    good[name] = data
            if good:
                self.files.add(good)
            added[kind] = len(good)
        for name in other.files.names():
            if kind_of(name) is None and not name.startswith(ASIDE):
                self._complain(f"{other}: {name!r:.120} is no file of a history; not merged")
        return added

    def check(self) -> tuple[list[str], list[str], list[str]]:
        """Look at every file.

        Returns
        -------
        damaged : list of str
            Names of files that cannot be used.
        missing : list of str
            Names of records that entries name and that are not there or cannot be used.
        unused : list of str
            Names of records that no entry names.
        """
        self.problems.clear()
        names = [name for name in self.files.names() if not name.startswith(ASIDE)]
        damaged = []
        for start in range(0, len(names), 256):
            for name, data in self.files.read(names[start : start + 256]).items():
                problem = problem_with(name, data)
                if problem:
                    damaged.append(name)
                    self._complain(problem)
        good = set(names) - set(damaged)
        used = {
            record_name(one.record) for entry in self._every_entry() for one in entry.optimizers.values() if one.record
        }
        missing = sorted(used - good)
        for name in missing:
            if name not in damaged:
                self._complain(f"{name} is missing: merge the history that has it, or measure its commits again")
        return damaged, missing, sorted(name for name in good - used if kind_of(name) == "records")

    def put_aside(self, names: Iterable[str]) -> list[str]:
        """Move files into the folder ``damaged`` of the history, where nothing reads them.

        Returns
        -------
        list of str
            Their new names.
        """
        found = self.files.read(names)
        moved = {f"{ASIDE}{name.replace('/', '-')}": data for name, data in found.items() if _is_harmless(name)}
        self.files.add(moved)
        self.files.remove(name for name in found if _is_harmless(name))
        return sorted(moved)

    def _all(self, kind: str) -> Iterator[tuple[str, bytes]]:
        names = [name for name in self.files.names() if name.startswith(f"{kind}/")]
        for start in range(0, len(names), 512):
            yield from self.files.read(names[start : start + 512]).items()

    def _complain(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


def _is_harmless(name: str) -> bool:
    return ".." not in name.split("/") and not name.startswith("/")


def data_of(record: Baseline) -> bytes:
    """Lay a record out as it is stored: a baseline that does not say with which versions it was made."""
    return Baseline(record.optimizer, dict(sorted(record.setting.items())), {}, record.records).to_text().encode()


def record_of(name: str, data: bytes) -> Baseline:
    """Read a record, or raise StoreError with why it cannot be used."""
    content = checked_json(name, data, RECORD_SCHEMA)
    if content["schema"] != RECORD_SCHEMA:
        raise StoreError(
            f"{name} has schema {content['schema']}, this version of pytest-optlandscape reads {RECORD_SCHEMA}: "
            "measure its commits again with backfill, or use the version that wrote it"
        )
    try:
        return baseline_of(content)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise StoreError(f"{name} is damaged: {type(error).__name__}: {error}") from None


def problem_with(name: str, data: bytes) -> str:
    """Say why a file cannot be used; "" where it can."""
    readers: Mapping[str | None, object] = {"commits": CommitEntry.read, "triage": Triage.read, "records": record_of}
    read = readers.get(kind_of(name), checked_json)
    try:
        read(name, data)  # type: ignore[operator]
    except StoreError as error:
        return str(error)
    return ""


def digest_of_record(record: Baseline) -> str:
    """Name a record by its content."""
    return digest_of(data_of(record))
