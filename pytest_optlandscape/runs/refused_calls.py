"""Functions that would end or replace the process are refused while an optimizer runs.

``os._exit(0)`` would end a session with status 0 after half of its tests, and nobody would know. Here it raises
`EndsProcess` in the optimizer instead, as do ``os.abort``, ``os.exec…``, and deadly signals to the process itself.
Children that the optimizer forks, and threads that were there before it, such as those of pytest-xdist, are not
refused anything, and neither is compiled code that ends the process without Python.
"""

from __future__ import annotations

import _thread
import contextlib
import functools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["EndsProcess", "Refusals", "refuse_for_good", "refusing"]


class EndsProcess(SystemExit):
    """Raised where an optimizer calls a function that would end or replace the process of the session."""


class Refusals:
    """Refuse these functions, within the context, to the optimizer that runs in this thread.

    Examples
    --------
    >>> with Refusals() as refusals:
    ...     try:
    ...         os._exit(0)
    ...     except EndsProcess as error:
    ...         print(error)
    it called os._exit(0), which would end the session's process
    >>> refusals.take()
    ['calls os._exit(0), which is refused: it would end the process']
    """

    def __init__(self) -> None:
        self._told: list[str] = []
        self._holding = contextlib.ExitStack()

    def __enter__(self) -> Refusals:
        self._holding.enter_context(refusing())
        self._process = os.getpid()
        self._thread = threading.get_ident()
        self._others = set(sys._current_frames()) - {self._thread}
        _running.append(self)
        return self

    def __exit__(self, *details: object) -> None:
        # Runs inside this one may have been interrupted before they left.
        for one in reversed(_running[_running.index(self) :]):
            if one._thread == self._thread:
                _running.remove(one)
                one._holding.close()

    def take(self) -> list[str]:
        """Return the calls that were refused since the last time, each once, and forget them."""
        if not self._told:
            return []
        told = list(dict.fromkeys(self._told))
        self._told.clear()
        return told

    @property
    def is_of_caller(self) -> bool:
        """Whether the calling thread is this run's."""
        return self._process == os.getpid() and threading.get_ident() == self._thread

    @property
    def may_have_begun_caller(self) -> bool:
        """Whether the calling thread began after this run."""
        return self._process == os.getpid() and threading.get_ident() not in self._others

    def refuse(self, call: str) -> None:
        """Raise `EndsProcess`, and remember the call."""
        self._told.append(f"calls {call}, which is refused: it would end the process")
        raise EndsProcess(f"it called {call}, which would end the session's process")


_running: list[Refusals] = []
_originals: list[tuple[Any, str, Any]] = []
_holders: list[object] = []
_lock = threading.Lock()


def refuse_for_good() -> None:
    """Check every call of these functions until the process ends."""
    _hold(object())


def _hold(holder: object) -> None:
    with _lock:
        _holders.append(holder)
        if len(_holders) == 1:
            for module, name, title in _LOOKED_AT:
                original = getattr(module, name)
                _originals.append((module, name, original))
                setattr(module, name, _looked_at(original, name, title))


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """Check every call of these functions within the context; calls outside of runs are not refused.

    A module that is imported in the meantime, with ``from os import _exit``, gets the function that is checked.
    """
    holder = object()
    _hold(holder)
    try:
        yield
    finally:
        with _lock:
            _holders.remove(holder)
            if not _holders:
                for module, name, original in _originals:
                    setattr(module, name, original)
                _originals.clear()


_LOOKED_AT = [
    *(
        (module, name, f"os.{name}")
        for module in filter(None, (os, sys.modules.get("posix"), sys.modules.get("nt")))
        for name in ("_exit", "abort", "execv", "execve", "kill", "killpg")
        if hasattr(module, name)
    ),
    (signal, "raise_signal", "signal.raise_signal"),
    (_thread, "interrupt_main", "_thread.interrupt_main"),
]


def _run_of_caller() -> Refusals | None:
    """Return the run to which the calling thread belongs: that of the thread, or one that began before the thread.

    Runs may go on in several threads. A thread that was there when one of them began is not refused anything.
    """
    running = _running[::-1]
    own = next((one for one in running if one.is_of_caller), None)
    if own is None and running and all(one.may_have_begun_caller for one in running):
        return running[0]
    return own


@functools.cache
def _looked_at(original: Any, name: str, title: str) -> Callable[..., Any]:
    is_deadly: Callable[..., bool] = _DEADLY.get(name, _always)

    @functools.wraps(original)
    def looked_at(*arguments: Any, **keywords: Any) -> Any:
        concerned = _run_of_caller()
        if concerned is not None and is_deadly(*arguments):
            concerned.refuse(f"{title}({', '.join(_shown(one) for one in arguments)})")
        return original(*arguments, **keywords)

    return looked_at


def _shown(argument: Any) -> str:
    return f"{argument:d}" if isinstance(argument, int) else "…"


def _always(*arguments: Any) -> bool:
    return True


def _kills(pid: Any = 0, number: Any = 0, *further: Any) -> bool:
    """Return whether a signal would reach this process, its group or its parent, and end it."""
    return pid in (os.getpid(), os.getppid(), 0, -1, -os.getpgrp()) and _ends(number)


def _kills_group(group: Any = 0, number: Any = 0, *further: Any) -> bool:
    return group in (os.getpgrp(), 0) and _ends(number)


def _ends(number: Any = 0, *further: Any) -> bool:
    """Return whether a signal ends or stops a process, or interrupts pytest."""
    harmless = {0} | {
        int(getattr(signal, name)) for name in ("SIGCHLD", "SIGURG", "SIGWINCH", "SIGCONT") if hasattr(signal, name)
    }
    if number in harmless:
        return False
    try:
        handler = signal.getsignal(number)
    except (ValueError, TypeError, OSError):
        return True
    return handler in (signal.SIG_DFL, None, signal.default_int_handler) or number == signal.SIGINT


_DEADLY: dict[str, Callable[..., bool]] = {
    "kill": _kills,
    "killpg": _kills_group,
    "raise_signal": _ends,
    "interrupt_main": lambda number=signal.SIGINT, *further: _ends(number),
}
"""By the name of a function, the calls that are refused; of other functions all calls are."""
