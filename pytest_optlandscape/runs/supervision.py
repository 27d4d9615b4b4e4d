"""Runs in a supervised process: it tells the supervisor which run begins, and leaves out runs that hung before.

The supervisor ends the process if a run takes too long, and has another process do the remaining runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_optlandscape.runs.problem import Problem

__all__ = ["HUNG", "MOST_HANGING", "NOT_RUN", "Supervision", "current", "hard_to_end", "key_of", "supervised"]

MOST_HANGING = 3
"""Runs that hang before all further runs of the same task are left out."""

HUNG = "it was still running long after its time limit, and its process had to be ended"
NOT_RUN = "not run, because the runs before it hung"

hard_to_end: set[str] = set()
"""The specs of optimizers that ran in this process long after their time limit."""


class Supervision:
    """Tells a supervisor about runs, and knows which runs are left out.

    Parameters
    ----------
    tell : callable
        Takes a message of plain values.
    hanging : collection of str
        The keys of runs that hung before.
    """

    def __init__(self, tell: Callable[[dict[str, Any]], None], hanging: Collection[str] = ()) -> None:
        self._tell = tell
        self._hanging = frozenset(hanging)
        self._left_out: set[str] = set()
        self._lock = threading.Lock()
        self._depth = 0

    def reason_to_leave_out(self, key: str) -> str:
        """Return why a run is left out, `HUNG` or `NOT_RUN`; "" if it is made."""
        if key in self._hanging:
            self._left_out.add(key)
            return HUNG
        return NOT_RUN if len(self._left_out) >= MOST_HANGING else ""

    @contextlib.contextmanager
    def run(self, key: str, name: str, seconds: float | None) -> Iterator[None]:
        """Report to the supervisor when the outermost run begins, and when it ends with the context."""
        self._depth += 1
        try:
            if self._depth == 1:
                self._say({"begins": key, "name": name, "seconds": seconds})
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._say({"ends": key})

    def waits(self, seconds: float) -> None:
        """Report to the supervisor, from any thread, that the run gets more time."""
        self._say({"waits": seconds})

    def _say(self, what: dict[str, Any]) -> None:
        with self._lock:
            self._tell(what)


_current: list[Supervision] = []


def current() -> Supervision | None:
    """Return the supervision of this process; None if nobody supervises it."""
    return _current[-1] if _current else None


@contextlib.contextmanager
def supervised(supervision: Supervision) -> Iterator[None]:
    """Report the runs within the context to a supervisor."""
    _current.append(supervision)
    try:
        yield
    finally:
        _current.remove(supervision)


def key_of(spec: str, problem: Problem) -> str:
    """Return a name of a run; the same problem always gets the same name."""
    told = (spec, type(problem).__name__, *problem.terms())
    return hashlib.sha256(repr(told).encode("utf-8", "replace")).hexdigest()[:24]
