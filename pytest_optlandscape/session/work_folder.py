"""Make temporary folders that are removed even after a kill: each new folder first removes the abandoned ones.

The process that makes a folder locks a file in it for as long as it lives. So a folder without a locked file is
abandoned. Other users can make folders with such names, too. Therefore only folders that belong to this user, and are
not links, are opened.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

fcntl: Any = None
with contextlib.suppress(ImportError):  # Windows has no fcntl: there, a kill leaves the folder behind
    fcntl = importlib.import_module("fcntl")

__all__ = ["make_work_folder", "remove_work_folder"]

PREFIX = "optlandscape-work-"
LOCK = ".lock"
_YOUNG_SECONDS = 60.0
"""A younger folder without a lock may be about to get one, so it stays."""

_held: dict[Path, int] = {}
"""Descriptors of the locks that this process holds, by folder."""


def make_work_folder() -> Path:
    """Make a temporary folder, and remove the folders of killed processes.

    Returns
    -------
    Path
        The folder, for `remove_work_folder` at the end.
    """
    _remove_abandoned(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
    if fcntl is not None:
        descriptor = os.open(folder / "lock.new", os.O_RDWR | os.O_CREAT, 0o600)
        with contextlib.suppress(OSError):  # without locks, nobody removes a folder as abandoned, either
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            os.rename(folder / "lock.new", folder / LOCK)  # locked before it is visible under its name
        _held[folder] = descriptor
    return folder


def remove_work_folder(folder: Path) -> None:
    """Remove a temporary folder; a second call does nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    descriptor = _held.pop(folder, None)
    if descriptor is not None:
        os.close(descriptor)


def _remove_abandoned(place: Path) -> None:
    for folder in place.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # another process may be removing it
            if not _is_own(folder):
                continue
            if (folder / LOCK).exists():
                _remove_if_unlocked(folder)
            elif time.time() - folder.stat().st_mtime > _YOUNG_SECONDS:
                (folder / "lock.new").unlink(missing_ok=True)
                folder.rmdir()


def _is_own(folder: Path) -> bool:
    """Return whether the folder belongs to this user; on Windows, only this user can write to the temporary folder."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and (not hasattr(os, "getuid") or found.st_uid == os.getuid())


def _remove_if_unlocked(folder: Path) -> None:
    if fcntl is None:
        return
    descriptor = os.open(folder / LOCK, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for checkout in folder.glob("*/.git"):
            _make_git_forget(checkout)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


def _make_git_forget(pointer: Path) -> None:
    """Make git remove a worktree, whose file ``.git`` names its folder in the repository."""
    text = pointer.read_text(encoding="utf-8", errors="replace") if pointer.is_file() else ""
    known = Path(text.removeprefix("gitdir:").strip())
    program = shutil.which("git")
    if program is not None and known.parent.name == "worktrees":
        arguments = ["--git-dir", str(known.parent.parent), "worktree", "remove", "--force", "--force"]
        subprocess.run([program, *arguments, str(pointer.parent)], capture_output=True, check=False)
