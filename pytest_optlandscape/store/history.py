"""The history: the measurements of every commit, in files that are written once and merged by union."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_optlandscape.store.baseline import Baseline, baseline_of
from pytest_optlandscape.store.baseline_layout import RECORD_SCHEMA, record_text
from pytest_optlandscape.store.branch import BranchFiles
from pytest_optlandscape.store.entries import (
    CommitEntry,
    NewerError,
    StoreError,
    Triage,
    checked_json,
    clipped,
    digest_of,
    kind_of,
    record_name,
)
from pytest_optlandscape.store.folder import Files, FolderFiles
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["DEFAULT_LOCATION", "History", "open_history"]

DEFAULT_LOCATION = ".optlandscape/history"

_AT_ONCE = 1 << 24
"""The bytes that a merge collects before it stores them."""

ASIDE = "damaged/"
"""The folder of damaged files."""


def open_history(location: str, folder: Path) -> History:
    """Open a history. Nothing is written until an entry is added.

    Parameters
    ----------
    location : str
        A folder, relative to the project's folder; or ``git:BRANCH``; or a URL that fsspec knows, such as ``s3://…``.
        "" means ``.optlandscape/history``.
    folder : Path
        The project's folder.

    Returns
    -------
    History

    Raises
    ------
    StoreError
        If the location is invalid.
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
    """The measurements of every commit.

    Parameters
    ----------
    files : Files
        The store of its files.

    Attributes
    ----------
    problems : list of str
        One sentence for each file that could not be read. Such files are left unchanged, and all others are used.
    newer : list of str
        The names of files that a newer version of this package wrote, as far as `check` has found them.
    """

    def __init__(self, files: Files) -> None:
        self.files = files
        self.problems: list[str] = []
        self.newer: list[str] = []
        self._record = functools.lru_cache(maxsize=64)(self._read_record)
        self._is_checked = False

    def __str__(self) -> str:
        return str(self.files)

    @property
    def folder(self) -> Path | None:
        """The folder of the history; None if the history is on a branch or at a URL."""
        return self.files.folder if isinstance(self.files, FolderFiles) else None

    def releases(self) -> list[CommitEntry]:
        """Read the entries of libraries' releases, sorted by name."""
        return [entry for entry in self._every_entry() if entry.release]

    def entries(self) -> list[CommitEntry]:
        """Read the entries of all commits, sorted by name.

        Returns
        -------
        list of CommitEntry
            The usable entries. The others are reported in `problems`.
        """
        return [entry for entry in self._every_entry() if not entry.release]

    def _every_entry(self) -> list[CommitEntry]:
        found = []
        shared: dict[bytes, Any] = {}
        for name, data in self._all("commits"):
            try:
                found.append(CommitEntry.read(name, data, shared))
            except StoreError as error:
                self._complain(str(error))
        return found

    def triages(self) -> dict[str, Triage]:
        """Read the latest triage of each commit."""
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
        """Read the measured record of an optimizer.

        Parameters
        ----------
        digest : str
            The record's digest in an entry.

        Returns
        -------
        Baseline

        Raises
        ------
        StoreError
            If the record does not exist or cannot be used. The message says why.
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

    def check_place(self) -> None:
        """Check that the place is a history or still empty, before anything is written or moved there.

        A mistyped place may be a project's folder, or a branch with its sources. A README is no obstacle.

        Raises
        ------
        StoreError
            If there are files, and none of them is a file of a history.
        """
        if self._is_checked:
            return
        names = self.files.names()
        foreign = [name for name in names if not name.lower().startswith(("readme", ASIDE))]
        if foreign and not any(map(kind_of, names)):
            raise StoreError(
                f"{self} is no history: it has {number_of(len(foreign), 'file')}, such as {_shown(foreign[0])}, and "
                "none of a history; name another place, or an empty one for a new history"
            )
        self._is_checked = True

    def add(self, entry: CommitEntry, records: Iterable[Baseline] = ()) -> None:
        """Store a commit's entry with the records it names. They are stored when this returns.

        The records are written first, so that no kill leaves an entry without its records. Existing files are not
        written again.

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
        self.check_place()
        self.files.add({**files, entry.name: entry.data})

    def add_triage(self, triage: Triage) -> None:
        """Store a triage."""
        self.check_place()
        self.files.add({triage.name: triage.data})

    def merge(self, other: History) -> dict[str, int]:
        """Copy the files of another history that this history lacks.

        Every file is validated first. Unusable files are reported in `problems` and not copied.

        Parameters
        ----------
        other : History

        Returns
        -------
        dict
            The numbers of new ``commits``, ``records`` and ``triage``.

        Raises
        ------
        StoreError
            If one of the two places is no history.
        """
        self.check_place()
        other.check_place()
        mine = set(self.files.names())
        theirs = [name for name in other.files.names() if not name.startswith(ASIDE)]
        added = {"commits": 0, "records": 0, "triage": 0}
        for kind in ("records", "triage", "commits"):  # entries last: none may name a missing record
            good: dict[str, bytes] = {}
            for name, data in other._read([one for one in theirs if kind_of(one) == kind and one not in mine]):
                problem = problem_with(name, data)
                if problem:
                    self._complain(f"{other}: {problem}; not merged")
                else:
                    good[name] = data
                    added[kind] += 1
                if sum(map(len, good.values())) > _AT_ONCE:
                    self.files.add(good)
                    good = {}
            if good:
                self.files.add(good)
        for problem in other.problems:
            self._complain(f"{other}: {problem}; not merged")
        for name in theirs:
            if kind_of(name) is None:
                self._complain(f"{other}: {name!r:.120} is no file of a history; not merged")
        return added

    def check(self) -> tuple[list[str], list[str], list[str]]:
        """Check every file.

        Files of a newer version are not damaged; they are listed in `newer`.

        Returns
        -------
        damaged : list of str
            The names of files that cannot be used.
        missing : list of str
            The names of records that an entry needs, but that do not exist or cannot be used.
        unused : list of str
            The names of records that no entry needs; none if entries of a newer version may need them.

        Raises
        ------
        StoreError
            If the place is no history.
        """
        self.check_place()
        self.problems.clear()
        self.newer.clear()
        names = [name for name in self.files.names() if not name.startswith(ASIDE)]
        damaged: list[str] = []
        read = set()
        for name, data in self._read(names):
            read.add(name)
            try:
                _check_whole(name, data)
            except StoreError as error:
                (self.newer if isinstance(error, NewerError) else damaged).append(name)
                self._complain(str(error))
        damaged = sorted([*damaged, *(name for name in names if name not in read and self.files.why_not(name))])
        good = set(names) - set(damaged)
        used = {
            record_name(one.record) for entry in self._every_entry() for one in entry.optimizers.values() if one.record
        }
        missing = sorted(used - good)
        for name in missing:
            if name not in damaged:
                self._complain(
                    f"{name} is missing: merge the history that has it, or measure its commits again "
                    "with `optlandscape backfill`"
                )
        unused = sorted(name for name in good - used if kind_of(name) == "records")
        return damaged, missing, [] if any(kind_of(name) == "commits" for name in self.newer) else unused

    def put_aside(self, names: Iterable[str]) -> list[str]:
        """Move files into the history's folder ``damaged``, where nothing reads them.

        Returns
        -------
        list of str
            Their new names.
        """
        taken = {name for name in self.files.names() if name.startswith(ASIDE)}
        moves: dict[str, str] = {}
        for name in names:
            if _is_harmless(name):
                new = free = f"{ASIDE}{name.replace('/', '-')}"
                k = 1
                while free in taken:
                    k += 1
                    free = f"{new}.{k}"
                taken.add(free)
                moves[name] = free
        self.files.move(moves)
        return sorted(moves.values())

    def _all(self, kind: str) -> Iterator[tuple[str, bytes]]:
        return self._read([name for name in self.files.names() if name.startswith(f"{kind}/")])

    def _read(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Read files. Report existing files that cannot be read in `problems`."""
        left_out = set(names)
        for name, data in self.files.stream(names):
            left_out.discard(name)
            yield name, data
        for name in sorted(left_out):
            why = self.files.why_not(name)
            if why:
                self._complain(f"{_shown(name)} {why}")

    def _complain(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


def _shown(name: str) -> str:
    return name if kind_of(name) else f"{name!r:.120}"


def _is_harmless(name: str) -> bool:
    return ".." not in name.split("/") and not name.startswith("/")


def data_of(record: Baseline) -> bytes:
    """Return a record as stored bytes: a baseline without versions."""
    return record_text(record).encode()


def record_of(name: str, data: bytes) -> Baseline:
    """Read a record, or raise StoreError with the reason why it cannot be used."""
    content = checked_json(name, data, RECORD_SCHEMA)
    if content["schema"] < RECORD_SCHEMA:
        raise StoreError(
            f"{name} has schema {content['schema']}, this version of pytest-optlandscape reads {RECORD_SCHEMA}: "
            "measure its commits again with backfill, or use the version that wrote it"
        )
    try:
        return baseline_of(content, in_any_form=True)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError, OverflowError, RecursionError) as error:
        raise StoreError(f"{name} is damaged: {type(error).__name__}: {clipped(str(error))}") from None


def _check_whole(name: str, data: bytes) -> None:
    """Raise StoreError if a file cannot be used."""
    readers: Mapping[str | None, object] = {"commits": CommitEntry.read, "triage": Triage.read, "records": record_of}
    readers.get(kind_of(name), checked_json)(name, data)  # type: ignore[operator]


def problem_with(name: str, data: bytes) -> str:
    """Return why a file cannot be used; "" if it can."""
    try:
        _check_whole(name, data)
    except StoreError as error:
        return str(error)
    return ""


def digest_of_record(record: Baseline) -> str:
    """Return the digest of a record's content."""
    return digest_of(data_of(record))
