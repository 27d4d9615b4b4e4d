"""Write the baselines during the session, so that an update that ends early keeps the finished landscapes.

An update of a slow optimizer may take an hour. Ctrl-C, SIGTERM or the time limit of a pipeline may end it after 25
minutes. Only the main process writes, even if workers run the items.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.records import LandscapeRecord
from pytest_optlandscape.store import Baseline, BaselineChange, update_baseline

__all__ = ["BaselineWriter", "end_on_sigterm"]

SHARE = 0.2
"""The share of the time that writing may take: a large file is not written after every short item. So a landscape that
was finished a few tenths of a second ago may wait for the next item or the end of the session."""


class BaselineWriter:
    """Write accepted records into the baselines; keep the baselines from before the session.

    Parameters
    ----------
    before : mapping of str to Baseline or None
        By spec, the baselines as they were read at the start of the session.
    clock : callable, optional
        Returns seconds.

    Attributes
    ----------
    saved : dict of str to list of str
        By spec, the landscapes that `add` has written.
    errors : list of str
        The errors of `add`, which does not write again after one.
    """

    def __init__(self, before: Mapping[str, Baseline | None], clock: Callable[[], float] = time.monotonic) -> None:
        self.saved: defaultdict[str, list[str]] = defaultdict(list)
        self.errors: list[str] = []
        self._before = before
        self._clock = clock
        self._waiting: dict[Path, tuple[Adapter, list[LandscapeRecord]]] = {}
        self._not_before = -float("inf")

    def add(self, path: Path, adapter: Adapter, record: LandscapeRecord) -> None:
        """Write a record: at once, or together with the next record if recent writes took long.

        Parameters
        ----------
        path : Path
            The baseline file.
        adapter : Adapter
        record : LandscapeRecord
        """
        self._waiting.setdefault(path, (adapter, []))[1].append(record)
        if self._clock() >= self._not_before:
            self.flush()

    def flush(self) -> None:
        """Write all waiting records."""
        started = self._clock()
        waiting, self._waiting = self._waiting, {}
        for path, (adapter, records) in waiting.items():
            if self.errors:
                continue
            try:
                self.write(path, adapter, records)
            except (OSError, ValueError) as error:
                self.errors.append(f"{path} was not written: {error}")
            else:
                self.saved[adapter.spec] += [record.landscape for record in records]
        taken = self._clock() - started
        self._not_before = self._clock() + taken * (1.0 / SHARE - 1.0)

    def write(
        self,
        path: Path,
        adapter: Adapter,
        records: Iterable[LandscapeRecord],
        contract: Mapping[str, str] | None = None,
    ) -> BaselineChange:
        """Write records and outcomes of checks into a baseline now.

        Parameters
        ----------
        path : Path
        adapter : Adapter
        records : iterable of LandscapeRecord
        contract : mapping of str to str, optional
            By check, the outcome.

        Returns
        -------
        BaselineChange
            The change since the start of the session, with the records that `add` wrote.

        Raises
        ------
        BaselineError, OSError
            As in `update_baseline`.
        """
        change = update_baseline(path, adapter, records, contract)
        is_written = change.is_written or bool(self.saved[adapter.spec])
        return replace(change, before=self._before[adapter.spec], is_written=is_written)


def end_on_sigterm() -> Callable[[], None]:
    """Make SIGTERM end the session like Ctrl-C: pytest prints the summary, and finished work is written.

    Nothing changes outside the main thread, or if the project or another plugin handles SIGTERM.

    Returns
    -------
    callable
        Restores the handler.
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
