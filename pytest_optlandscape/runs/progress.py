"""A progress bar on long work: tqdm's, where it is installed and somebody is looking."""

from __future__ import annotations

import importlib
import sys
from types import TracebackType
from typing import Any

__all__ = ["Progress"]

DELAY = 2.0
"""Seconds before a bar appears: what is over by then needs none."""


class Progress:
    """Count what is done, and draw a bar of it.

    Parameters
    ----------
    total : int
    unit : str
        What is counted.
    shown : bool or None
        None draws on a terminal only, after two seconds; True always, at once; False never. Without tqdm (extra
        ``progress``) nothing is drawn.
    file : file, optional
        Where it is drawn (default: stderr).

    Examples
    --------
    >>> with Progress(3, "run", False) as progress:
    ...     progress.advance(3)
    """

    def __init__(self, total: int, unit: str, shown: bool | None, file: Any = None) -> None:
        self._bar: Any = None
        self._file = file = file or sys.stderr
        if shown is False or (shown is None and not file.isatty()):
            return
        try:
            tqdm = importlib.import_module("tqdm")
        except ImportError:
            return
        self._bar = tqdm.tqdm(total=total, unit=unit, leave=False, delay=0.0 if shown else DELAY, file=file)

    def advance(self, count: int) -> None:
        """Say that so many more are done."""
        if self._bar is not None:
            self._bar.update(count)

    def say(self, line: str) -> None:
        """Write a line: above the bar, if there is one."""
        if self._bar is not None:
            self._bar.write(line, file=self._file)
        else:
            print(line, file=self._file, flush=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
