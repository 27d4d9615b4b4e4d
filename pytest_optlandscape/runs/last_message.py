"""What is said of code that keeps the interpreter's lock, so that nothing of Python can run any more.

faulthandler's thread needs no lock. It is told to print where every thread is, unless the watchdog tells it to wait
longer before the time is up, which it can do as long as Python runs.
"""

from __future__ import annotations

import contextlib
import faulthandler

__all__ = ["DeadMansSwitch"]


class DeadMansSwitch:
    """Prints tracebacks when it is not put off in time; off until `enable` says where to.

    faulthandler has one timer in a process. Where pytest's ``faulthandler_timeout`` uses it, leave this off.
    """

    def __init__(self) -> None:
        self._descriptor: int | None = None
        self.ends = False
        self.is_set = False

    def enable(self, descriptor: int, *, ends: bool = False) -> None:
        """Set where tracebacks go, and whether the process is ended then, with status 1."""
        self._descriptor = descriptor
        self.ends = ends

    def disable(self) -> None:
        """Be of no effect."""
        self.put_away()
        self._descriptor, self.ends = None, False

    @property
    def is_enabled(self) -> bool:
        """Whether it may print."""
        return self._descriptor is not None

    def put_off(self, seconds: float) -> None:
        """Print after so many seconds, unless called again before."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError, RuntimeError, ValueError, OverflowError):
                faulthandler.dump_traceback_later(seconds, file=self._descriptor, exit=self.ends)
                self.is_set = True

    def put_away(self) -> None:
        """Print nothing."""
        if self.is_set:
            self.is_set = False
            faulthandler.cancel_dump_traceback_later()
