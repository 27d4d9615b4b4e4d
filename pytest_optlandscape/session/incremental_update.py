"""Saving a baseline while it is being made: what one item has run is in the file before the next one is waited for.

An update of a slow optimizer may take an hour, and whoever ends it after 25 minutes, by Ctrl-C, by SIGTERM or by the
time limit of a pipeline, keeps what was done. Only the main process saves, also where workers run the items.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.records import LandscapeRecord
from pytest_optlandscape.store import update_baseline

__all__ = ["Saving", "end_on_sigterm"]

SHARE = 0.2
"""Share of the time that saving may take: a large file is not written after every item that takes milliseconds. So what
was done within a few tenths of a second may wait for the next item, or for the end of the session."""


class Saving:
    """Accept records one after another.

    Parameters
    ----------
    clock : callable, optional
        Returns seconds.

    Attributes
    ----------
    saved : dict of str to list of str
        By spec, the landscapes that are in the file.
    errors : list of str
        Why saving failed; it is not tried again before the session's end.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.saved: defaultdict[str, list[str]] = defaultdict(list)
        self.errors: list[str] = []
        self._clock = clock
        self._waiting: dict[Path, tuple[Adapter, list[LandscapeRecord]]] = {}
        self._not_before = -float("inf")

    def add(self, path: Path, adapter: Adapter, record: LandscapeRecord) -> None:
        """Save a record: at once, or with the next one if saving has taken long lately.

        Parameters
        ----------
        path : Path
            The baseline's file.
        adapter : Adapter
        record : LandscapeRecord
        """
        self._waiting.setdefault(path, (adapter, []))[1].append(record)
        if self._clock() >= self._not_before:
            self.flush()

    def flush(self) -> None:
        """Save all records that wait."""
        started = self._clock()
        waiting, self._waiting = self._waiting, {}
        for path, (adapter, records) in waiting.items():
            if self.errors:
                continue
            try:
                update_baseline(path, adapter, records)
            except (OSError, ValueError) as error:
                self.errors.append(f"{path} was not written: {error}")
            else:
                self.saved[adapter.spec] += [record.landscape for record in records]
        taken = self._clock() - started
        self._not_before = self._clock() + taken * (1.0 / SHARE - 1.0)


def end_on_sigterm() -> Callable[[], None]:
    """Have SIGTERM end the session as Ctrl-C does, so that the summary is printed and what was done is written.

    Returns
    -------
    callable
        Puts back what was there before. Nothing is changed outside the main thread, or where the project or another
        plugin handles SIGTERM already.
    """
    handled = threading.current_thread() is threading.main_thread() and hasattr(signal, "SIGTERM")
    if not handled or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return lambda: None

    def end(number: int, frame: FrameType | None) -> Any:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # an optimizer may swallow the first, not the second
        raise KeyboardInterrupt("SIGTERM")

    signal.signal(signal.SIGTERM, end)

    def put_back() -> None:
        if signal.getsignal(signal.SIGTERM) is end:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    return put_back
