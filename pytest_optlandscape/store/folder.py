"""A history in a folder. Its files are written whole or not at all, and never changed."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from pytest_optlandscape.store.entries import most_bytes

__all__ = ["Files", "FolderFiles"]


class Files(Protocol):
    """A store for the files of a history. No file is ever changed, so no lock is needed."""

    def names(self) -> list[str]:
        """List the names of all files, sorted, with slashes. Foreign files are included."""

    def stream(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Read files one by one. Leave out files that do not exist or do not belong to a history."""

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        """Read files at once. Leave out the files that `stream` leaves out."""

    def why_not(self, name: str) -> str:
        """Return why `stream` leaves a file out, as the rest of a sentence; "" if the file does not exist."""

    def add(self, files: Mapping[str, bytes]) -> None:
        """Write new files, in the given order. They are stored when this returns."""

    def remove(self, names: Iterable[str]) -> None:
        """Remove files. Ignore files that do not exist."""

    def move(self, names: Mapping[str, str]) -> None:
        """Rename files of any kind. The new names must not exist. An interruption loses nothing."""

    def left_over(self) -> list[str]:
        """List the unfinished files of killed writers, if the store can have any."""


class FolderFiles:
    """The files of a history in a folder.

    Parameters
    ----------
    folder : Path
        It is made with the first file. Its ``.gitignore`` keeps it out of commits.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __str__(self) -> str:
        return str(self.folder)

    def names(self) -> list[str]:
        """List the names of all files, sorted, with slashes. Foreign files are included."""
        return sorted(_below(str(self.folder)))

    def stream(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Read files one by one. Leave out files that do not exist or do not belong to a history."""
        for name in names:
            with contextlib.suppress(OSError, ValueError):  # `why_not` says why
                data = _content(f"{self.folder}/{name}", most_bytes(name))
                if data is not None:
                    yield name, data

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        """Read files at once. Leave out the files that `stream` leaves out."""
        return dict(self.stream(names))

    def why_not(self, name: str) -> str:
        """Return why `stream` leaves a file out; "" if the file does not exist."""
        path = f"{self.folder}/{name}"
        try:
            facts = os.lstat(path)
            if stat.S_ISLNK(facts.st_mode):
                return "is a symbolic link, which is not followed"
            if stat.S_ISDIR(facts.st_mode):
                os.scandir(path).close()
            elif not stat.S_ISREG(facts.st_mode):
                return "is no regular file"
            elif facts.st_size > most_bytes(name):
                return f"has {facts.st_size} bytes, more than any file of its kind"
            else:
                _content(path, most_bytes(name))
        except (FileNotFoundError, NotADirectoryError):
            return ""
        except (OSError, ValueError) as error:
            return f"cannot be read: {getattr(error, 'strerror', None) or error}"
        return ""

    def add(self, files: Mapping[str, bytes]) -> None:
        """Write new files. They are stored when this returns.

        Raises
        ------
        OSError
            If a file cannot be written. Files written before it stay.
        """
        self._prepare()
        for name, data in files.items():
            path = self.folder / name
            if not _holds(path, data):
                _write_whole(path, data)

    def remove(self, names: Iterable[str]) -> None:
        """Remove files. Ignore files that do not exist."""
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    def move(self, names: Mapping[str, str]) -> None:
        """Rename files of any kind. The new names must not exist."""
        for name, new in names.items():
            (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                os.rename(self.folder / name, self.folder / new)

    def left_over(self) -> list[str]:
        """List unfinished files older than an hour. Younger files may belong to a running writer."""
        long_ago = time.time() - 3600.0
        return sorted(name for name in _below(str(self.folder), unfinished=True) if self._age(name) < long_ago)

    def _age(self, name: str) -> float:
        try:
            return os.lstat(self.folder / name).st_mtime
        except OSError:
            return time.time()

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        ignore = self.folder / ".gitignore"
        if not ignore.exists():
            _write_whole(ignore, b"*\n")


_UNFINISHED = ".unfinished"


_READ = os.O_RDONLY
for _flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):  # as far as the system has them
    _READ |= getattr(os, _flag, 0)
"""The flags for opening a file: follow no link, and do not wait for the writer of a pipe."""


def _content(path: str, most: int) -> bytes | None:
    """Read a regular file; None if it is another kind of file, or larger than ``most`` bytes."""
    with open(os.open(path, _READ), "rb") as file:
        facts = os.fstat(file.fileno())
        return file.read() if stat.S_ISREG(facts.st_mode) and facts.st_size <= most else None


def _below(folder: str, unfinished: bool = False) -> Iterator[str]:
    """List the files below a folder, with slashes. A folder that cannot be read is listed itself."""
    due = [""]
    while due:
        prefix = due.pop()
        try:
            with os.scandir(f"{folder}/{prefix}") as found:
                entries = list(found)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            if not prefix:
                raise
            yield prefix.rstrip("/")
            continue
        for entry in entries:
            name = f"{prefix}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                due.append(f"{name}/")
            elif name != ".gitignore" and entry.name.endswith(_UNFINISHED) == unfinished:
                yield name


def _holds(path: Path, data: bytes) -> bool:
    """Return whether a file exists with this content. A file that a failing disk truncated is written again."""
    try:
        return _content(str(path), len(data)) == data
    except OSError:
        return False


def _write_whole(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:24]}.", suffix=_UNFINISHED, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
