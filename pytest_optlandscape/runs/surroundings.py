"""What an optimizer may change around itself is put back after its run, and told."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from typing import Any

import numpy as np

__all__ = ["Surroundings"]


class Surroundings:
    """The working directory, warning filters, NumPy's handling of floating-point errors, stdout and stderr.

    They are kept for the session, and for the next run. The global random state is not: a run that seeds it has told
    something of itself, which a check of the contract reports.

    Examples
    --------
    >>> with Surroundings() as surroundings:
    ...     surroundings.prepare()
    ...     os.chdir("/")
    ...     surroundings.put_back(), surroundings.put_back()
    (((), ('changes the working directory',)), ((), ()))
    """

    def __enter__(self) -> Surroundings:
        self._folder = _working_directory()
        self._errors = np.geterr()
        self._streams = (sys.stdout, sys.stderr)
        self._closed: list[str] = []
        self._guarded = [
            stream
            for stream, name in zip(self._streams, ("stdout", "stderr"), strict=True)
            if self._guard(stream, name)
        ]
        self._catch_warnings()
        return self

    def __exit__(self, *details: object) -> None:
        self.put_back()
        self._catching.__exit__(None, None, None)
        for stream in self._guarded:
            del stream.close

    def prepare(self) -> None:
        """Make ready for a run: what it does must not depend on the session's filters; -W error would end it early."""
        self._warned.clear()
        warnings.simplefilter("default")

    def put_back(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Put back what a run has changed; give what it warned of, each once, and what it changed."""
        warned: tuple[str, ...] = ()
        if self._warned:
            warned = tuple(sorted({f"{one.category.__name__}: {one.message}" for one in self._warned}))
        if warnings.filters is not self._filters or warnings.showwarning is not self._show:
            self._catching.__exit__(None, None, None)
            self._catch_warnings()
        warnings.simplefilter("ignore")  # reading a result is no doing of the optimizer's
        return warned, self._changes()

    def _catch_warnings(self) -> None:
        self._catching = warnings.catch_warnings(record=True)
        warned = self._catching.__enter__()
        self._warned = [] if warned is None else warned
        self._filters, self._show = warnings.filters, warnings.showwarning

    def _changes(self) -> tuple[str, ...]:
        changes = [f"closes {name}" for name in dict.fromkeys(self._closed)]
        self._closed.clear()
        if (sys.stdout, sys.stderr) != self._streams:
            changes.append("replaces stdout or stderr")
            sys.stdout, sys.stderr = self._streams
        if np.geterr() != self._errors:
            changes.append("changes NumPy's handling of floating-point errors")
            np.seterr(**self._errors)
        if self._folder and _working_directory() != self._folder:
            changes.append("changes the working directory")
            with contextlib.suppress(OSError):
                os.chdir(self._folder)
        return tuple(changes)

    def _guard(self, stream: Any, name: str) -> bool:
        """Have a stream take note of being closed instead of closing: it is needed afterwards."""
        if "close" in getattr(stream, "__dict__", {"close": None}):
            return False
        closed = self._closed
        try:
            stream.close = lambda: closed.append(name)
        except AttributeError:
            return False
        return True


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError:  # somebody removed it
        return ""
