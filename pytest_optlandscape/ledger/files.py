"""Writing files so that a crash at any moment leaves the old one or the new one, never half of either."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["alone_with", "check_writable", "write_atomically"]


@contextlib.contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """Keep other processes of this machine that use this from a file, while it is read, changed and written.

    The lock belongs to the process: the system frees it, however the process ends. It is on the file's folder, so that
    nothing is left behind; where folders cannot be locked, on an empty file among the temporary ones, which stays.

    Parameters
    ----------
    path : Path
        The file; it need not exist. Its folder is made if there is none.
    """
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        if not _lock_folder(path.parent, stack):
            _lock_stand_in(path, stack)
        yield


def _lock_folder(folder: Path, stack: contextlib.ExitStack) -> bool:
    """Wait for the lock on a folder; tell whether there is one: not on Windows, nor on some network file systems."""
    if sys.platform == "win32":
        return False
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    stack.callback(os.close, descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        return False
    return True


def _lock_stand_in(path: Path, stack: contextlib.ExitStack) -> None:
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:24]
    stand_in = Path(tempfile.gettempdir()) / f"optlandscape-{digest}.lock"
    lock = stack.enter_context(stand_in.open("a+b"))
    if sys.platform == "win32":
        import msvcrt

        lock.seek(0)
        msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)
    else:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX)


def write_atomically(path: Path, text: str) -> None:
    """Replace a file's content at once.

    Parameters
    ----------
    path : Path
        Its folder is made if there is none; a link stays one, what it points to is replaced.
    text : str

    Raises
    ------
    OSError
        If the folder cannot be written to; the old file is untouched.
    """
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        os.chmod(temporary, mode)  # mkstemp makes files that only their owner can read
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def check_writable(path: Path) -> None:
    """Try whether a file can be written, before minutes of work depend on it.

    Raises
    ------
    OSError
        If it cannot.
    """
    path = path.resolve()
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder")
    if path.exists() and not path.is_file():  # a device such as /dev/stdout would be replaced
        raise OSError(f"{path} is no ordinary file")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=path.parent):
        pass


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
