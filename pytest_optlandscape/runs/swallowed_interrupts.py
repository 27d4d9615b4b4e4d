"""Interruptions of code that swallows every one, from Python 3.12 on: they are raised while the code handles the last.

CPython 3.12 takes an exception that is raised where a handler jumps back for one of the guarded block, which handles it
again. So interruptions are raised while the handler is at work: its cleanup is not guarded any more.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

__all__ = ["Insistence", "is_insisting"]

_NAME = "optlandscape"
_TOOL = 4
"""The identity for `sys.monitoring`. Debuggers, coverage and profilers have their own; Hypothesis takes 3 while it
explains a failure, and warns where it finds 3 taken."""

_STANDARD_LIBRARY = os.path.dirname(os.__file__)
_OWN = os.path.dirname(__file__)
_SWALLOWS = "contextlib.py"
"""The only module of the standard library that swallows exceptions for others. All other modules are left alone, so
that they give back their locks."""


class Insistence:
    """Raises again and again in a thread that handles an exception of ours.

    Parameters
    ----------
    thread : int
        Its identity.
    find : callable
        Returns what to raise while the thread handles an exception, or None.
    """

    def __init__(self, thread: int, find: Callable[[BaseException], type[BaseException] | None]) -> None:
        self._thread = thread
        self._find = find

    def begin(self) -> None:
        """Begin to raise, or go on; without effect before Python 3.12, or if another tool has taken the identity.

        Only the interpreter keeps whether the identity is ours. So an interrupted call leaves nothing that `end` does
        not find. If another thread has just given the identity back, the next call takes it again.
        """
        monitoring: Any = getattr(sys, "monitoring", None)
        if monitoring is None:
            return
        _at_work.add(self)
        with contextlib.suppress(ValueError):
            monitoring.use_tool_id(_TOOL, _NAME)
            atexit.register(_stop_watching)  # a thread that never ends is no reason to watch the interpreter's shutdown
        if monitoring.get_tool(_TOOL) == _NAME:
            events = monitoring.events
            for event in (events.LINE, events.PY_START):
                monitoring.register_callback(_TOOL, event, _at)
            monitoring.set_events(_TOOL, events.LINE | events.PY_START)

    def end(self) -> None:
        """Stop raising."""
        if self in _at_work:
            _at_work.discard(self)
            if not _at_work:
                _stop_watching()

    def raise_in_place_of(self, handled: BaseException) -> None:
        """Raise in this thread if it is the one, and handles an exception that was to end its run."""
        raised = self._find(handled) if threading.get_ident() == self._thread else None
        if raised is not None:
            raise raised


_at_work: set[Insistence] = set()


def _stop_watching() -> None:
    """Give the identity back."""
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
    if monitoring.get_tool(_TOOL) == _NAME:
        monitoring.set_events(_TOOL, monitoring.events.NO_EVENTS)
        for event in (monitoring.events.LINE, monitoring.events.PY_START):
            monitoring.register_callback(_TOOL, event, None)
        monitoring.free_tool_id(_TOOL)
    atexit.unregister(_stop_watching)


def _at(code: Any, place: int) -> None:
    """Raise before a line or a function that is executed while an exception of ours is handled."""
    handled = sys.exc_info()[1]
    if handled is None:
        return
    folder, name = os.path.split(code.co_filename)
    if folder == _OWN or (folder == _STANDARD_LIBRARY and name != _SWALLOWS):
        return
    for insistence in tuple(_at_work):
        insistence.raise_in_place_of(handled)


def is_insisting(frame: FrameType | None) -> bool:
    """Return whether a frame looks for an exception to raise, or was called by such a frame."""
    for _ in range(_DEEPEST):
        if frame is None:
            return False
        if frame.f_code is _at.__code__:
            return True
        frame = frame.f_back
    return False


_DEEPEST = 5
