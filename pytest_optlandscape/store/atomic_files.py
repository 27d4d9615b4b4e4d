"""Write files so that a crash at any moment leaves the old file or the new one, never half of either."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from pytest_optlandscape.runs.watchdog import tell

__all__ = ["alone_with", "check_writable", "new_file", "remove_left_over", "write_atomically"]

WAIT_BEFORE_A_WORD = 2.0
"""Seconds that a session waits silently for a lock: writing takes a fraction of a second."""

LONGEST_WAIT = 60.0
"""Seconds after which a session gives up: writing never takes so long."""

TEMPORARY_FOLDER = ".optlandscape-tmp"
"""The folder of unfinished files, beside the written file. It has a .gitignore, and is removed when empty, so that it
remains only after a kill."""

_LEFT_OVER = re.compile(r"\..+\.[a-z0-9_]{8}\.tmp")
_HELD = (PermissionError, BlockingIOError) if sys.platform == "win32" else (BlockingIOError,)
"""The errors that a system raises if another process holds a lock."""

_given_up: set[Path] = set()
"""Folders whose lock was not freed in time. The next baseline of the session does not wait for them again."""

_STAND_IN = "lock"
_MOST_ATTEMPTS = 100
_T = TypeVar("_T")

_STALE = 60.0  # seconds after which an unfinished file of another name counts as left over


@contextlib.contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """Lock a file against other sessions on this machine, while it is read, changed and written.

    The process owns the lock, and the system frees it when the process ends in any way. The lock is on the file's
    folder, so that no lock file remains. If folders cannot be locked, the lock is on an empty file in
    `TEMPORARY_FOLDER`, which remains. No lock is in a shared temporary folder, where any user could hold it or replace
    it by a link.

    Parameters
    ----------
    path : Path
        The file. It need not exist. Its folder is made if it does not exist.

    Raises
    ------
    TimeoutError
        If another process holds the lock for a minute.
    """
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        if not _lock_folder(path.parent, stack):
            _lock_stand_in(path.parent, stack)
        remove_left_over(path.parent, path.name)
        yield


def _lock_folder(folder: Path, stack: contextlib.ExitStack) -> bool:
    """Wait for the lock on a folder. Return False if folders cannot be locked: Windows, some network file systems."""
    if sys.platform == "win32":
        return False
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    stack.callback(os.close, descriptor)
    try:
        _wait_for(folder, lambda: fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB))
    except TimeoutError:
        raise
    except OSError:
        return False
    return True


def _lock_stand_in(folder: Path, stack: contextlib.ExitStack) -> None:
    """Wait for the lock on an empty file that stands in for its folder."""
    lock = stack.enter_context(_in_temporary_folder(folder, lambda inner: (inner / _STAND_IN).open("a+b")))
    if sys.platform == "win32":
        import msvcrt

        def take() -> None:
            lock.seek(0)
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)

    else:
        import fcntl

        def take() -> None:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    _wait_for(folder, take)


def _wait_for(folder: Path, take: Callable[[], object]) -> None:
    """Try to take a lock until it is free. Print a line if that takes long, and give up in the end."""
    begun = time.monotonic()
    longest = LONGEST_WAIT if folder not in _given_up else min(WAIT_BEFORE_A_WORD, LONGEST_WAIT)
    is_told = False
    pause = 0.005
    while True:
        try:
            take()
            return
        except _HELD:
            waited = time.monotonic() - begun
        if waited > longest:
            _given_up.add(folder)
            raise TimeoutError(
                f"another process has held the lock on {folder} for {LONGEST_WAIT:g} s or longer; nothing was written. "
                "End that process, or wait until it has ended, and run this again"
            )
        if waited > WAIT_BEFORE_A_WORD and not is_told:
            tell(f"waiting for another process that holds the lock on {folder}, for {LONGEST_WAIT:g} s at most")
            is_told = True
        time.sleep(pause)
        pause = min(2.0 * pause, 0.2)


def write_atomically(path: Path, text: str) -> None:
    """Replace a file's content at once.

    Parameters
    ----------
    path : Path
        Its folder is made if it does not exist. If the path is a link, its target is replaced.
    text : str

    Raises
    ------
    OSError
        If the folder cannot be written to. The old file is unchanged.
    """
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = _temporary_beside(path)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            os.chmod(temporary, path.stat().st_mode & 0o777)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    finally:
        _tidy(path.parent / TEMPORARY_FOLDER)


def _temporary_beside(path: Path) -> tuple[int, str]:
    """Make an unfinished file in a folder that git ignores; if that fails, in the file's own folder."""
    prefix = _prefix(path.name)
    try:
        return _in_temporary_folder(path.parent, lambda inner: new_file(inner, prefix, ".tmp"))
    except (PermissionError, FileExistsError, NotADirectoryError, FileNotFoundError):
        return new_file(path.parent, prefix, ".tmp")


def _in_temporary_folder(folder: Path, make: Callable[[Path], _T]) -> _T:
    """Make a file in the folder of unfinished files. Make the folder if it does not exist.

    Raises
    ------
    OSError
        If the folder cannot be made.
    """
    inner = folder / TEMPORARY_FOLDER
    for attempt in range(_MOST_ATTEMPTS):
        try:
            inner.mkdir(exist_ok=True)
            ignore = inner / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
            return make(inner)
        except FileNotFoundError:  # another process has just removed the empty folder
            if attempt == _MOST_ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def new_file(folder: Path, prefix: str, suffix: str) -> tuple[int, str]:
    """Make a file with a new name and the system's default permissions.

    Only the owner can read a file of `tempfile.mkstemp`. To open it to others takes the process's umask, which can be
    read only by changing it, while other threads use it.

    Parameters
    ----------
    folder : Path
    prefix, suffix : str
        The start and the end of the name. Eight random characters are between them.

    Returns
    -------
    handle : int
        A file descriptor, open for writing.
    path : str

    Raises
    ------
    OSError
        If the folder cannot be written to.
    """
    for _ in range(_MOST_ATTEMPTS):
        path = folder / f"{prefix}{secrets.token_hex(4)}{suffix}"
        with contextlib.suppress(FileExistsError):
            return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666), str(path)
    raise FileExistsError(f"no new name for a file was found in {folder}")


def _prefix(name: str) -> str:
    """Return the prefix of an unfinished file's name, short enough for the 255 bytes of most file systems."""
    return f".{os.fsencode(name)[:100].decode(errors='ignore')}."


def _tidy(folder: Path) -> None:
    """Remove the folder of unfinished files if it is empty."""
    with contextlib.suppress(OSError):
        if os.listdir(folder) == [".gitignore"]:
            (folder / ".gitignore").unlink()
            folder.rmdir()


def remove_left_over(folder: Path, name: str = "") -> list[str]:
    """Remove unfinished files of killed writers.

    Parameters
    ----------
    folder : Path
        The folder of the written files.
    name : str, optional
        A file whose lock we hold. Its unfinished files are removed at once, others only if older than a minute.

    Returns
    -------
    list of str
        The names of the files that were removed.
    """
    removed = []
    for place in (folder, folder / TEMPORARY_FOLDER):
        try:
            found = [one for one in os.listdir(place) if _LEFT_OVER.fullmatch(one)]
        except OSError:
            continue
        for one in found:
            path = place / one
            with contextlib.suppress(OSError):
                is_ours = bool(name) and one.startswith(_prefix(name))
                if is_ours or time.time() - path.lstat().st_mtime > _STALE:
                    path.unlink()
                    removed.append(one)
    _tidy(folder / TEMPORARY_FOLDER)
    return removed


def check_writable(path: Path) -> None:
    """Check that a file can be written, before minutes of work depend on it.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    path = Path(os.path.realpath(path))
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        path.stat()  # from Python 3.14 on, is_dir does not raise for a name that is too long
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder")
    if path.exists() and not path.is_file():  # writing would replace a device such as /dev/stdout
        raise OSError(f"{path} is no ordinary file")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=path.parent):
        pass
