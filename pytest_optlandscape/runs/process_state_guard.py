"""The guard of the process's state: it puts back, and reports, what an optimizer changed."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # see `process_state`
import contextlib
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from pytest_optlandscape.runs.process_state import EACH_LANDSCAPE, EACH_RUN, Essentials, Kept, glance
from pytest_optlandscape.runs.quiet_hooks import restore_thread_hook
from pytest_optlandscape.runs.raised_warnings import Warned, warned_of
from pytest_optlandscape.runs.refused_calls import Refusals

__all__ = ["ProcessStateGuard", "TimerWentOff"]


class TimerWentOff(BaseException):
    """Raised in an optimizer if a timer that it set goes off, whose signal it does not handle."""


class ProcessStateGuard:
    """Keeps the state of the process as it is, for the session and for the next run.

    Guarded are the working directory, the environment, the mask of permissions, limits of resources, standard streams
    and their descriptors, warning filters, how NumPy handles floating-point errors, the locale, the garbage collector,
    the recursion limit, signals and timers, the search path of modules, built-in functions, hooks, and the root logger;
    see `process_state`. Functions that would end the process are refused; see `refusals`.

    The global random state is not guarded here: a check of the contract reports a run that changes it.

    Examples
    --------
    >>> with ProcessStateGuard() as surroundings:
    ...     surroundings.prepare()
    ...     os.chdir("/")
    ...     surroundings.put_back(), surroundings.put_back()
    (((), ('changes the working directory',)), ((), ()))
    """

    def __enter__(self) -> ProcessStateGuard:
        self._undo = contextlib.ExitStack()
        self._streams = (sys.stdout, sys.stderr)
        self._closed: list[str] = []
        self._interrupts = 0
        self._rung: set[int] = set()
        self._is_running = self._is_finished = False
        self._is_main = threading.current_thread() is threading.main_thread()
        self._refusals = self._undo.enter_context(Refusals())
        for stream, name in zip(self._streams, ("stdout", "stderr"), strict=True):
            if self._guard(stream, name):
                self._undo.callback(_unguard, stream)
        self._descriptors = _Descriptors()
        if self._is_main:
            self._handle_signals()
        self._timers = _Timers()
        self._session_handlers = [_signal.getsignal(number) for number in _HANDLED]
        self.essentials = Essentials()
        self._glance = glance()
        self._each_run = Kept(EACH_RUN, self._glance)
        self._each_landscape = Kept(EACH_LANDSCAPE)
        self._catch_warnings()
        return self

    def __exit__(self, *details: object) -> None:
        self.put_back()
        self.finish()
        self._catching.__exit__(None, None, None)
        self._undo.close()

    def prepare(self) -> None:
        """Prepare for a run, which must not depend on the session's warning filters: -W error would end it early."""
        self._warned.clear()  # warnings since the last run are not this run's
        self._is_running = True

    def put_back(self) -> tuple[tuple[Warned, ...], tuple[str, ...]]:
        """Put back what matters to the next run; return the run's warnings, each once, and its changes."""
        self._is_running = False
        changes = [] if self._is_as_before() else self._each_run.put_back()
        warned = sorted(warned_of(self._warned), key=lambda one: (one.short, one)) if self._warned else ()
        if warnings.filters is not self._filters or warnings.showwarning is not self._show:
            self._catching.__exit__(None, None, None)
            self._catch_warnings()
        warnings.simplefilter("default")  # before those that the run may have set
        refused = self._refusals.take()
        if not (changes or warned or refused or self._closed):
            return (), ()
        closed = [f"closes {name}" for name in dict.fromkeys(self._closed)]
        self._closed.clear()
        return tuple(warned), (*closed, *changes, *refused)

    def finish(self) -> tuple[str, ...]:
        """Put back what is compared once for all runs; return what they changed."""
        if self._is_finished:
            return ()
        self._is_finished = True
        restore_thread_hook()
        return (*self._descriptors.put_back(), *self._timers.put_back(self._rung), *self._each_landscape.put_back())

    def is_of_session(self, error: BaseException) -> bool:
        """Return whether the session, not the optimizer, raised an exception.

        The session raises at Ctrl-C, and in signal handlers that were there before the run: a time limit for tests, or
        SIGTERM at the end of a job.
        """
        if isinstance(error, KeyboardInterrupt) and self.was_interrupted:
            return True
        codes = _codes_of(self._session_handlers)
        trace = error.__traceback__ if codes else None
        while isinstance(trace, TracebackType):
            if trace.tb_frame.f_code in codes:
                return True
            trace = trace.tb_next
        return False

    @property
    def was_interrupted(self) -> bool:
        """Whether somebody pressed Ctrl-C, even if the optimizer swallowed it."""
        return self._interrupts > 0

    def _is_as_before(self) -> bool:
        try:
            return glance() == self._glance
        except BaseException:  # such as that of a stream that refuses to be compared
            return False

    def _catch_warnings(self) -> None:
        self._catching = warnings.catch_warnings(record=True)
        warned = self._catching.__enter__()
        self._warned = [] if warned is None else warned
        self._filters, self._show = warnings.filters, warnings.showwarning
        warnings.simplefilter("default")

    def _guard(self, stream: Any, name: str) -> bool:
        """Note that a stream is to be closed, instead of closing it: it is needed later."""
        if "close" in getattr(stream, "__dict__", {"close": None}):
            return False
        closed = self._closed
        try:
            stream.close = lambda: closed.append(name)
        except AttributeError:
            return False
        return True

    def _handle_signals(self) -> None:
        """Note Ctrl-C, and raise in the optimizer if a timer of its own goes off, which would end the process."""
        previous = _signal.getsignal(_signal.SIGINT)
        if callable(previous):

            def note(number: int, frame: FrameType | None) -> None:
                self._interrupts += 1
                previous(number, frame)

            self._handle(_signal.SIGINT, note, previous)
        for number in _OF_TIMERS:
            handler = _signal.getsignal(number)
            if handler == _signal.SIG_DFL:
                self._handle(number, self._went_off, handler)
            elif callable(handler):
                self._handle(number, self._noting(handler), handler)

    def _noting(self, handler: Callable[[int, FrameType | None], Any]) -> Callable[[int, FrameType | None], Any]:
        """Note that a timer of the session went off, before the session's own handler is called."""

        def note(number: int, frame: FrameType | None) -> Any:
            self._rung.add(number)
            return handler(number, frame)

        return note

    def _handle(self, number: int, handler: Any, previous: Any) -> None:
        _signal.signal(number, handler)
        self._undo.callback(_signal.signal, number, previous)

    def _went_off(self, number: int, frame: FrameType | None) -> None:
        if self._is_running:
            raise TimerWentOff(f"{signal.Signals(number).name} came, which it does not handle")


def _unguard(stream: Any) -> None:
    with contextlib.suppress(AttributeError):
        del stream.close


def _codes_of(handlers: list[Any]) -> set[Any]:
    """Collect the code of the functions that handle signals; Python's own and those of this module have none."""
    codes = {getattr(getattr(handler, "__func__", handler), "__code__", None) for handler in handlers}
    return codes - {None, ProcessStateGuard._went_off.__code__}


_HANDLED = [
    int(getattr(signal, name))
    for name in ("SIGALRM", "SIGHUP", "SIGPROF", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGVTALRM", "SIGXCPU")
    if hasattr(signal, name)
]
_OF_TIMERS = [int(getattr(signal, name)) for name in ("SIGALRM", "SIGVTALRM", "SIGPROF") if hasattr(signal, name)]
_KINDS = [
    int(getattr(signal, name)) for name in ("ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF") if hasattr(signal, name)
]
"""The kinds of timers, in the order of the signals that they send."""


class _Timers:
    """The timers that send signals: one that an optimizer leaves behind would end the session later."""

    def __init__(self) -> None:
        self._before = self._now()
        self._read = time.monotonic()

    def put_back(self, rung: set[int]) -> list[str]:
        """Stop timers that were not set before, and set those again that were, unless they rang once and are over."""
        changed = False
        elapsed = time.monotonic() - self._read
        for kind, number, (left, interval), now in zip(_KINDS, _OF_TIMERS, self._before, self._now(), strict=True):
            is_over = left == 0.0 or (interval == 0.0 and number in rung)
            is_as_before = now[0] == 0.0 if is_over else 0.0 < now[0] <= max(left, interval) and now[1] == interval
            if not is_as_before:
                changed = True
                signal.setitimer(kind, 0.0 if is_over else max(left - elapsed, 1e-3), interval)
        return ["sets a timer"] if changed else []

    @staticmethod
    def _now() -> list[tuple[float, float]]:
        return [signal.getitimer(kind) for kind in _KINDS]


_copies: dict[int, tuple[tuple[int, int], int]] = {}
"""By the number of a standard descriptor, what it was and a copy of it, kept for the next landscapes."""


class _Descriptors:
    """The descriptors 0, 1 and 2: copies bring them back when somebody closes them or puts others in their place."""

    def __init__(self) -> None:
        self._before = [_identity(number) for number in range(3)]
        for number, identity in enumerate(self._before):
            known = _copies.get(number)
            if identity is not None and (known is None or known[0] != identity or _identity(known[1]) != identity):
                if known is not None and _identity(known[1]) == known[0]:
                    os.close(known[1])
                _copies[number] = identity, _copy(number)

    def put_back(self) -> list[str]:
        """Bring back what is gone."""
        now = [_identity(number) for number in range(3)]
        if now == self._before:
            return []
        for number, before in enumerate(self._before):
            if before is not None and now[number] != before:
                with contextlib.suppress(OSError):
                    os.dup2(_copies[number][1], number)
        return ["closes or replaces the descriptors of standard streams"]


def _identity(number: int) -> tuple[int, int] | None:
    try:
        found = os.fstat(number)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _copy(number: int) -> int:
    """Copy a descriptor to a high number, where a loop that closes the first ones does not find it."""
    if fcntl is not None:
        with contextlib.suppress(OSError):  # so many may not be allowed
            return fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 500)
    return os.dup(number)
