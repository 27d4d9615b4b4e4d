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
_TOOLS = (3, 4)
"""Identities that `sys.monitoring` reserves for nobody; debuggers, coverage and profilers have their own."""

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
        self._tool: int | None = None

    def begin(self) -> None:
        """Begin to raise; without effect before Python 3.12, or if other tools have taken all identities."""
        monitoring: Any = getattr(sys, "monitoring", None)
        if monitoring is None or self._tool is not None:
            return
        for tool in _TOOLS:
            with contextlib.suppress(ValueError):
                monitoring.use_tool_id(tool, _NAME)
                self._tool = tool
                break
        else:
            return
        events = monitoring.events
        for event in (events.LINE, events.PY_START):
            monitoring.register_callback(self._tool, event, self._at)
        monitoring.set_events(self._tool, events.LINE | events.PY_START)
        atexit.register(self.end)  # a thread that never ends is no reason to watch the interpreter's shutdown

    def end(self) -> None:
        """Stop raising."""
        atexit.unregister(self.end)
        if self._tool is not None:
            monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
            monitoring.set_events(self._tool, monitoring.events.NO_EVENTS)
            monitoring.free_tool_id(self._tool)
            self._tool = None

    def _at(self, code: Any, place: int) -> None:
        """Raise before a line or a function that is executed while an exception of ours is handled."""
        handled = sys.exc_info()[1]
        if handled is None or threading.get_ident() != self._thread:
            return
        folder, name = os.path.split(code.co_filename)
        if folder == _OWN or (folder == _STANDARD_LIBRARY and name != _SWALLOWS):
            return
        raised = self._find(handled)
        if raised is not None:
            raise raised


def is_insisting(frame: FrameType | None) -> bool:
    """Return whether a frame is an `Insistence` at work, or was called by one."""
    for _ in range(_DEEPEST):
        if frame is None:
            return False
        if frame.f_code is Insistence._at.__code__:
            return True
        frame = frame.f_back
    return False


_DEEPEST = 4
