"""A wall-clock limit for a run: the watchdog ends the run, not the session.

One thread watches all runs of a process. When the time of a run is up, the thread closes the problem, so that the next
evaluation is refused, and interrupts the optimizer's thread, which may not evaluate any more. In the main thread it
sends a signal, which also ends sleeping and waiting. Elsewhere and on Windows the interpreter raises an exception
between two lines of Python. An optimizer that swallows the exception is interrupted again, more and more often, in the
end while it still handles the last one. An import is not interrupted: it would leave half a library behind.

`ctypes` is needed twice. Signals reach the main thread only, so a run in another thread ends by
``PyThreadState_SetAsyncExc``. One signal raises once, so code that swallows exceptions in a loop needs a burst of
pending calls; ``benchmarks/swallowed_interrupts.py`` shows that signals alone do not end such loops. To end the process
would end the session's other tests too; only isolated runs are ended so.

Code that keeps the interpreter's lock keeps the watchdog from running. A timer of the operating system, which counts
the processor's time, interrupts it in the main thread if it looks for signals, as regular expressions do.

Code that does not return to the interpreter cannot be ended from inside the process. Where it has released the
interpreter's lock, the watchdog says on stderr what hangs; where it holds the lock, faulthandler prints where it is.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import math
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from pytest_optlandscape.runs import supervision
from pytest_optlandscape.runs.last_message import DeadMansSwitch
from pytest_optlandscape.runs.quiet_hooks import QuietHook
from pytest_optlandscape.runs.swallowed_interrupts import Insistence, is_insisting

__all__ = ["BudgetExhausted", "TimeExhausted", "Watch", "last_words", "tell", "tell_through"]

_SIGNAL = getattr(signal, "SIGURG", None) if hasattr(signal, "pthread_kill") else None
"""Ignored by default, so that one that comes late does no harm, and used by next to nobody. Timers are left alone."""

_LONGEST_PAUSE, _SHORTEST_PAUSE = 1.0, 0.01
"""Seconds between two interruptions of an optimizer that goes on: at first there is time to clean up; each pause is
half the last one."""

_PATIENCE = 3
"""Interruptions that come one by one. Later ones come in bursts: each of a burst is raised as soon as the last one was
caught, that is to say outside the ``try`` that swallowed it."""

_BURST = 8
"""As many layers of swallowing are broken through. The interpreter's queue has room for 32."""

_HOPELESS = 8
"""Interruptions after which they are raised while the last one is handled, where the interpreter allows that."""

IMPORT_SECONDS = 30.0
"""As long is a run that imports left alone beyond its time; then it is the import that hangs."""

_TIMER = getattr(signal, "SIGVTALRM", None) if _SIGNAL is not None else None
"""The signal of the timer that counts the processor's time; hardly anybody uses it."""

_BEFORE_ENDING = 5.0
"""Seconds of further interruptions, at least, before the process is ended with the run that cannot be."""

_IDLE = 3600.0
_DEBUGGERS = ("bdb", "pdb", "pydevd", "_pydevd_bundle", "debugpy", "IPython")


class BudgetExhausted(BaseException):
    """Raised from the objective when the budget is spent; it ends the run, not the test.

    It derives from BaseException so that an optimizer's ``except Exception`` does not take it for an error of the
    objective.
    """


class TimeExhausted(BudgetExhausted):
    """Raised from the objective or anywhere in the optimizer when the run's time is up; it ends the run, not the test.

    Attributes
    ----------
    watch : Watch or None
        Whose time is up: runs can be nested.
    """

    watch: Watch | None = None


_unraisable_hook = QuietHook(sys, "unraisablehook", lambda raised: issubclass(raised.exc_type, TimeExhausted))
"""An interruption may come in a finaliser or a callback of the collector; another one follows."""


class Watch:
    """One run's time, from entering the context to leaving it.

    Parameters
    ----------
    name : callable
        Gives what is run, for a line on stderr.
    seconds : float or None
        Its time; None for no limit.
    close : callable
        Called without arguments, in another thread, when the time is up.
    evaluations : callable, optional
        Counts the evaluations so far; called in another thread, at half the time and at its end.

    Attributes
    ----------
    is_over : bool
        Set, by whoever holds the optimizer's call, as soon as that has ended: from then on nothing is raised.
    has_expired : bool
    has_stalled : bool
        Whether it expired, and made no evaluation in the second half of its time: a slow machine makes few.
    was_told : bool
        Whether it went on for so long after its time that it was told on stderr: it may be one that cannot be ended.
    insistence : Insistence
        At work where interruptions are swallowed.
    """

    def __init__(
        self,
        name: Callable[[], str],
        seconds: float | None,
        close: Callable[[], None],
        evaluations: Callable[[], int] | None = None,
    ) -> None:
        self.name = name
        self.seconds = math.inf if seconds is None else seconds
        self.is_over = False
        self.has_expired = False
        self.has_stalled = False
        self.next = math.inf
        self._close = close
        self._evaluations = evaluations
        self._at_half: int | None = None
        self._interruptions = 0
        self._deadline = self._given = math.inf
        self.was_told = False
        self._thread = threading.get_ident()
        self._previous_handler: Any = None
        self._takes_signals = False
        self._previous_timer: Any = None
        self._has_timer = False
        self.insistence = Insistence(self._thread, _raised_instead_of)
        self._called_by: CodeType | None = None
        self._processed = math.inf

    @functools.cached_property
    def exception(self) -> type[TimeExhausted]:
        """The class that is raised when the time is up: the interpreter raises classes only."""
        return type("TimeExhausted", (TimeExhausted,), {"watch": self})

    @property
    def takes_signals(self) -> bool:
        """Whether the run is in the main thread, where signals are handled."""
        return self._takes_signals

    def start(self) -> None:
        """Start the clock, in the thread of the optimizer."""
        if self.seconds == math.inf:
            return
        self._called_by = sys._getframe(1).f_code
        self._processed = time.process_time()
        if _SIGNAL is not None and threading.current_thread() is threading.main_thread():
            self._previous_handler = signal.getsignal(_SIGNAL)
            if self._previous_handler is not None:  # None: set by somebody's C code, and not ours to restore
                self._takes_signals = True
                signal.signal(_SIGNAL, _on_signal)
        now = time.monotonic()
        self._deadline = self._given = now + self.seconds
        self.next = self._deadline if self._evaluations is None else now + self.seconds / 2.0
        _watchdog.add(self)
        if self._takes_signals:
            self._start_timer()

    def _start_timer(self) -> None:
        """Send a signal shortly after the time is up, and every second from then on, unless others use the timer."""
        if _TIMER is None or signal.getitimer(signal.ITIMER_VIRTUAL)[0]:
            return
        self._previous_timer = signal.getsignal(_TIMER)
        if self._previous_timer is not None:
            self._has_timer = True
            signal.signal(_TIMER, _on_timer)
            signal.setitimer(signal.ITIMER_VIRTUAL, self.seconds + min(self.seconds, 1.0), 1.0)

    def stop(self) -> None:
        """Stop the clock; in a thread other than the main one, take back an exception that is still on its way."""
        self.is_over = True
        if self.seconds == math.inf:
            return
        _watchdog.remove(self)
        if self._has_timer and _TIMER is not None:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
            signal.signal(_TIMER, self._previous_timer)
        if self._takes_signals and _SIGNAL is not None:
            signal.signal(_SIGNAL, self._previous_handler)
        elif self.has_expired:
            _take_back()

    def expire(self, now: float) -> None:
        """Interrupt the run, or count at half its time; called by the watchdog, which holds its lock."""
        if now < self._deadline and self._evaluations is not None:
            self._at_half = self._evaluations()
            self.next = self._deadline
            return
        frame = sys._current_frames().get(self._thread)
        if frame is None:
            self.next = math.inf
            return
        if _is_in_debugger(frame):
            self.next = now + self.seconds
            return
        if not self.has_expired and self.waits_for_import(frame, now):
            self._deadline = self.next = now + self.seconds
            supervisor = supervision.current()
            if supervisor is not None:
                supervisor.waits(self.seconds)
            return
        self.close()
        self.insist()
        self.next = now + max(_LONGEST_PAUSE * 0.5 ** (self._interruptions - 1), _SHORTEST_PAUSE)
        if not self.was_told and now >= self._deadline + max(self.seconds, 1.0):
            self.was_told = True
            stack = "".join(traceback.format_stack(frame, limit=5))
            tell(
                f"{self.name()} is over its time limit of {self.seconds:g} s and cannot be ended from here, in\n{stack}"
            )
        if last_words.ends and now >= self._deadline + _slack(self):
            tell(f"{self.name()} cannot be ended, so its process is")
            os._exit(1)
        if self._takes_signals and _SIGNAL is not None:
            signal.pthread_kill(self._thread, _SIGNAL)
        else:
            _raise_in(self._thread, self.exception)

    def waits_for_import(self, frame: FrameType | None, now: float | None = None) -> bool:
        """Return whether the run is importing a module, and is left alone: an interrupted import leaves half a module.

        Imports around the run do not count.
        """
        if (time.monotonic() if now is None else now) >= self._given + IMPORT_SECONDS:
            return False
        while frame is not None and frame.f_code is not self._called_by:
            if frame.f_code.co_filename == _IMPORT_MACHINERY:
                return True
            frame = frame.f_back
        return False

    def is_due(self, now: float) -> bool:
        """Return whether the time of a run that goes on is up."""
        return now >= self._deadline and not self.is_over

    def close(self) -> None:
        """Take note that the time is up, and have further evaluations refused."""
        if self.has_expired:
            return
        self.has_expired = True
        if self._evaluations is not None:
            if self._at_half is not None:
                self.has_stalled = self._evaluations() == self._at_half
            else:  # the watchdog could not run although the processor was at work, so no optimizer's Python could
                self.has_stalled = time.process_time() - self._processed >= self.seconds / 2.0
        self._close()

    def insist(self) -> None:
        """Count an interruption, and prepare for one that is swallowed as those before."""
        self._interruptions += 1
        if self._interruptions >= _HOPELESS:  # the timer and the watchdog may count at once, and miss a number
            self.insistence.begin()
        if self._takes_signals and self._interruptions > _PATIENCE:
            _queue_burst()


class _Watchdog:
    """The thread that watches, and the runs it watches."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew: in a forked process there is no such thread, and its lock may be held for ever."""
        self.watches: list[Watch] = []
        # The lock itself is compiled, so that no interruption comes between taking it and giving it back.
        self._lock = threading.RLock()
        self._condition = threading.Condition(self._lock)
        self._thread: threading.Thread | None = None
        self._wakes_at = -math.inf  # not asleep

    def add(self, watch: Watch) -> None:
        """Watch a run. The thread is woken only where it would sleep too long, so that short runs cost nothing."""
        with self._lock:
            self.watches.append(watch)
            _unraisable_hook.install()
            if last_words.is_enabled and not last_words.is_set:
                last_words.put_off(watch.next - time.monotonic() + _slack(watch))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._watch, name="optlandscape-watchdog", daemon=True)
                self._thread.start()
            elif watch.next < self._wakes_at:
                self._wakes_at = watch.next
                self._condition.notify()

    def remove(self, watch: Watch) -> None:
        """Watch a run no longer."""
        with self._lock:
            watch.insistence.end()
            if watch in self.watches:
                self.watches.remove(watch)
            if not self.watches:
                _unraisable_hook.remove()

    def _watch(self) -> None:
        with self._lock:
            while True:
                now = time.monotonic()
                for watch in [watch for watch in self.watches if watch.is_over]:  # interrupted by a run around it
                    watch.insistence.end()
                    self.watches.remove(watch)
                for watch in self.watches:
                    if watch.next <= now:
                        watch.expire(now)
                # A time once set is kept, although its run may be over: the next runs need not wake the thread then.
                planned = self._wakes_at if self._wakes_at > now else now + _IDLE
                self._wakes_at = min([planned, *(watch.next for watch in self.watches)])
                self._put_off(self._wakes_at - now)
                self._condition.wait(max(self._wakes_at - time.monotonic(), 0.0))

    def _put_off(self, seconds: float) -> None:
        """Have faulthandler print a traceback if this thread does not wake up in time while it watches runs."""
        if self.watches:
            last_words.put_off(seconds + min(map(_slack, self.watches)))
        else:
            last_words.put_away()


def _slack(watch: Watch) -> float:
    """Return the seconds for which a run may keep the interpreter's lock after the watchdog should have woken up."""
    return 2.0 * watch.seconds + (_BEFORE_ENDING if last_words.ends else 1.0)


def _on_signal(number: int, frame: FrameType | None) -> None:
    _raise_where_due(frame)


def _on_timer(number: int, frame: FrameType | None) -> None:
    """Do in the main thread, which the watchdog may be waiting for, what the watchdog would do."""
    now = time.monotonic()
    for watch in tuple(_watchdog.watches):
        if watch.takes_signals and watch.is_due(now) and not watch.waits_for_import(frame):
            watch.close()
            watch.insist()
    _raise_where_due(frame)


def _raise_where_due(frame: FrameType | None) -> None:
    """Raise in the main thread for the outermost run whose time is up; an import is left alone for a while."""
    if is_insisting(frame):  # it was about to raise, or is called where a run is left
        return
    for watch in tuple(_watchdog.watches):
        is_due = watch.has_expired and not watch.is_over and watch.takes_signals
        if is_due and not watch.waits_for_import(frame):
            raise watch.exception


def _raised_instead_of(handled: BaseException) -> type[TimeExhausted] | None:
    """Return the class to raise while a run handles an exception that was to end it; None if the run has ended."""
    watch = handled.watch if isinstance(handled, TimeExhausted) else None
    return None if watch is None or watch.is_over else watch.exception


class _Alarm:
    """Raises where a run's time is up when it is asked whether it is true: that is what a pending call can be."""

    def __bool__(self) -> bool:
        _raise_where_due(sys._getframe(1))
        return False


_alarm = _Alarm()


def _queue_burst() -> None:
    """Queue several calls by which the interpreter asks the alarm in the main thread.

    Pending calls are made between two lines of Python, one after another; where one raises, the others wait until the
    exception has been caught.
    """
    is_true = ctypes.cast(ctypes.pythonapi.PyObject_IsTrue, ctypes.c_void_p)
    for _ in range(_BURST):
        ctypes.pythonapi.Py_AddPendingCall(is_true, ctypes.c_void_p(id(_alarm)))


def _raise_in(thread: int, exception: type[BaseException]) -> int:
    """Have the interpreter raise in another thread; return the number of threads found."""
    return int(ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(exception)))


class _TakenBack(BaseException):
    """Takes the place of an exception that is on its way in this thread, and is caught at once."""


def _take_back() -> None:
    """Take back an exception that is on its way to this thread.

    The interpreter can be told to forget an exception, but goes on to look for one for ever, at every call; and where
    something traces, CPython 3.11 never gets beyond looking.
    """
    try:
        on_its_way = _raise_in(threading.get_ident(), _TakenBack)
        while on_its_way:
            pass
    except _TakenBack:
        pass


def _is_in_debugger(frame: FrameType | None) -> bool:
    """Return whether somebody is at a breakpoint: that time is not the optimizer's."""
    while frame is not None:
        if str(frame.f_globals.get("__name__")).partition(".")[0] in _DEBUGGERS:
            return True
        frame = frame.f_back
    return False


_IMPORT_MACHINERY = "<frozen importlib._bootstrap>"

last_words = DeadMansSwitch()
"""Speaks where the watchdog cannot run; a session enables it."""

_stderr: list[int] = []


def tell(text: str) -> None:
    """Write a line on stderr at once: what is told here may be the last that the process says."""
    with contextlib.suppress(OSError):
        os.write(_stderr[-1] if _stderr else 2, f"optlandscape: {text}\n".encode())


@contextlib.contextmanager
def tell_through(descriptor: int) -> Any:
    """Within the context, write to another file descriptor: pytest keeps what is written on stderr to itself."""
    _stderr.append(descriptor)
    try:
        yield
    finally:
        _stderr.remove(descriptor)


_watchdog = _Watchdog()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_watchdog.reset)
