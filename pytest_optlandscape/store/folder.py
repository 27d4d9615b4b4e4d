"""A history in a folder: files that are written whole or not at all, and never changed."""

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
    """Where the files of a history are. No file is ever changed, so nobody needs a lock."""

    def names(self) -> list[str]:
        """List the names of all files, in order, with slashes; foreign ones among them."""

    def stream(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Read files one after the other; those that do not exist or are no files of a history are left out."""

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        """Read files at once; those that `stream` leaves out are left out."""

    def why_not(self, name: str) -> str:
        """Return why a file is left out, to follow its name in a sentence; "" if it does not exist."""

    def add(self, files: Mapping[str, bytes]) -> None:
        """Write files that are not there yet; when this returns they are stored, those that are named last at last."""

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; those that do not exist are left out."""

    def move(self, names: Mapping[str, str]) -> None:
        """Rename files, whatever they are, to names that do not exist yet; an interruption loses nothing."""

    def left_over(self) -> list[str]:
        """List what writers that were killed have left behind, if they can."""


class FolderFiles:
    """The files of a history in a folder.

    Parameters
    ----------
    folder : Path
        It is made with the first file, with a ``.gitignore`` that keeps it out of commits.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __str__(self) -> str:
        return str(self.folder)

    def names(self) -> list[str]:
        """List the names of all files, in order, with slashes; foreign ones among them."""
        return sorted(_below(str(self.folder)))

    def stream(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Read files one after the other; those that do not exist or are no files of a history are left out."""
        for name in names:
            with contextlib.suppress(OSError, ValueError):  # `why_not` says why
                data = _content(f"{self.folder}/{name}", most_bytes(name))
                if data is not None:
                    yield name, data

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        """Read files at once; those that `stream` leaves out are left out."""
        return dict(self.stream(names))

    def why_not(self, name: str) -> str:
        """Return why a file is left out; "" if it does not exist."""
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
        """Write files that are not there yet; when this returns they are stored.

        Raises
        ------
        OSError
            If a file cannot be written. What was written before stays.
        """
        self._prepare()
        for name, data in files.items():
            path = self.folder / name
            if not _holds(path, data):
                _write_whole(path, data)

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; those that do not exist are left out."""
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    def move(self, names: Mapping[str, str]) -> None:
        """Rename files, whatever they are, to names that do not exist yet."""
        for name, new in names.items():
            (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                os.rename(self.folder / name, self.folder / new)

    def left_over(self) -> list[str]:
        """List what writers that were killed more than an hour ago have left: a writer at work has a file, too."""
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
"""How a file is opened: no link is followed, and a pipe does not make us wait for somebody who writes into it."""


def _content(path: str, most: int) -> bytes | None:
    """Read a regular file; None if it is something else, or larger than it may be."""
    with open(os.open(path, _READ), "rb") as file:
        facts = os.fstat(file.fileno())
        return file.read() if stat.S_ISREG(facts.st_mode) and facts.st_size <= most else None


def _below(folder: str, unfinished: bool = False) -> Iterator[str]:
    """List files below a folder, with slashes; a folder that cannot be read stands for itself."""
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
    """Return whether a file is there with this content: one that a failing disk cut off is written again."""
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
