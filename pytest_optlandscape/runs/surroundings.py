"""What an optimizer may change around itself is put back after its run, and told."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

import numpy as np

__all__ = ["Surroundings"]


class Surroundings:
    """The working directory, NumPy's handling of floating-point errors, stdout and stderr, kept for the session.

    Warning filters are restored too, by `execute`. The global random state is not: a run that seeds it has told
    something of itself, which a check of the contract reports.

    Attributes
    ----------
    changes : tuple of str
        After the context, what was changed in it and is put back.
    """

    def __enter__(self) -> Surroundings:
        self.changes: tuple[str, ...] = ()
        self._folder = _working_directory()
        self._errors = np.geterr()
        self._streams = (sys.stdout, sys.stderr)
        self._closed: list[str] = []
        self._guarded = [
            stream
            for stream, name in zip(self._streams, ("stdout", "stderr"), strict=True)
            if self._guard(stream, name)
        ]
        return self

    def __exit__(self, *details: object) -> None:
        changes = [f"closes {name}" for name in dict.fromkeys(self._closed)]
        for stream in self._guarded:
            del stream.close
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
        self.changes = tuple(changes)

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
