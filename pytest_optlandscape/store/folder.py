"""A history in a folder: files that are written whole or not at all, and never changed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

__all__ = ["Files", "FolderFiles"]


class Files(Protocol):
    """Where the files of a history are. No file is ever changed, so nobody needs a lock."""

    def names(self) -> list[str]:
        """List the names of all files, in order, with slashes; foreign ones among them."""

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        """Read files; those that do not exist are left out."""

    def add(self, files: Mapping[str, bytes]) -> None:
        """Write files that are not there yet; when this returns they are stored, those that are named last at last."""

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; those that do not exist are left out."""


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
        return sorted(_below(str(self.folder), ""))

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        """Read files; those that do not exist are left out."""
        found = {}
        for name in names:
            with (
                contextlib.suppress(FileNotFoundError, NotADirectoryError),
                open(f"{self.folder}/{name}", "rb") as file,
            ):
                found[name] = file.read()
        return found

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

    def left_over(self) -> list[Path]:
        """List what writers that were killed have left; a writer that is at work has one, too."""
        return sorted(self.folder.rglob(f"*{_UNFINISHED}"))

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        ignore = self.folder / ".gitignore"
        if not ignore.exists():
            _write_whole(ignore, b"*\n")


_UNFINISHED = ".unfinished"


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _below(folder: str, prefix: str) -> Iterable[str]:
    try:
        with os.scandir(folder) as found:
            entries = list(found)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        name = f"{prefix}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _below(entry.path, f"{name}/")
        elif name != ".gitignore" and not entry.name.endswith(_UNFINISHED):
            yield name


def _holds(path: Path, data: bytes) -> bool:
    """Tell whether a file is there with this content: one that a failing disk cut off is written again."""
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except (FileNotFoundError, NotADirectoryError):
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
