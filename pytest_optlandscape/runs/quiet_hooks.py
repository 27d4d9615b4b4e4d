"""The hooks for exceptions that nobody can catch: those that end a run are dropped, all others are passed on.

The interpreter hands what is raised in a finaliser to ``sys.unraisablehook``, and what ends a thread to
``threading.excepthook``. Each gets one quiet hook at most, however many runs go on in however many threads: it is put
there when it is first needed, and taken away when nobody needs it any more. The guard of the process's state looks
beneath it.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from types import ModuleType
from typing import Any

__all__ = ["QuietHook", "beneath", "end_quietly", "put_beneath", "restore_thread_hook"]


class QuietHook:
    """Puts a hook on top of a session's, and takes it away again.

    Parameters
    ----------
    module : module
        Whose attribute the hook is.
    name : str
        The attribute.
    is_quiet : callable
        Takes what the interpreter hands to the hook; tells whether it is dropped.

    Examples
    --------
    >>> import sys
    >>> before = sys.unraisablehook
    >>> hook = QuietHook(sys, "unraisablehook", lambda unraisable: True)
    >>> hook.install(), hook.install(), hook.remove()
    (None, None, None)
    >>> sys.unraisablehook is before
    True
    """

    def __init__(self, module: ModuleType, name: str, is_quiet: Callable[[Any], bool]) -> None:
        self._module = module
        self._name = name
        self._is_quiet = is_quiet
        self._on_top: _OnTop | None = None

    def install(self) -> None:
        """Put the hook on top, unless it is there."""
        current = getattr(self._module, self._name)
        if self._on_top is None or current is not self._on_top:
            # A new one: somebody's hook may pass on to the last one. An old one is on top if somebody put it back.
            self._on_top = _OnTop(beneath(current), self._is_quiet)
            setattr(self._module, self._name, self._on_top)

    def remove(self) -> None:
        """Take the hook away; where somebody has put another one on top of it, that stays."""
        on_top, self._on_top = self._on_top, None
        current = getattr(self._module, self._name, None)
        if type(current) is _OnTop and current is on_top:
            setattr(self._module, self._name, current.before)


class _OnTop:
    """A hook that drops some exceptions and passes on the others."""

    def __init__(self, before: Callable[[Any], object], is_quiet: Callable[[Any], bool]) -> None:
        self.before = before
        self._is_quiet = is_quiet

    def __call__(self, raised: Any) -> None:
        if not self._is_quiet(raised):
            self.before(raised)


def beneath(hook: Any) -> Any:
    """Return the session's hook that lies beneath a quiet one; any other object as it is."""
    return hook.before if type(hook) is _OnTop else hook


def put_beneath(module: ModuleType, name: str, value: Any) -> None:
    """Set an attribute of a module; where a quiet hook is on top, set what lies beneath it."""
    current = getattr(module, name, None)
    if type(current) is _OnTop:
        current.before = value
    else:
        setattr(module, name, value)


_ending: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
_thread_hook = QuietHook(threading, "excepthook", lambda raised: raised.thread in _ending)


def end_quietly(thread: threading.Thread) -> None:
    """End a thread of the optimizer without a traceback, of which pytest would make an error."""
    _ending.add(thread)
    _thread_hook.install()


def restore_thread_hook() -> None:
    """Take the hook of threads away, unless a thread that is to end quietly has not ended yet."""
    if not any(thread.is_alive() for thread in tuple(_ending)):
        _thread_hook.remove()
