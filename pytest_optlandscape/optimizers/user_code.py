"""Code of the user's: whatever it raises while it is imported or asked becomes a ValueError."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["whatever_is_raised"]

_MOST_CHARACTERS = 300
"""Of the text of an exception that a user's module raises."""


@contextlib.contextmanager
def whatever_is_raised(doing: str, *, but: tuple[type[Exception], ...] = (), colon: str = ":") -> Iterator[None]:
    """Turn whatever a user's code raises, such as SystemExit, into a ValueError that says what was done.

    Ctrl-C ends the session as always; a KeyboardInterrupt that the code itself raises does not.

    Parameters
    ----------
    doing : str
        What fails, such as ``"importing 'solvers' failed"``.
    but : tuple of type, optional
        Exceptions that are let through.
    colon : str, default ":"
        What stands between that and the exception.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> with whatever_is_raised("reading the answer failed"):
    ...     raise SystemExit("goodbye")
    Traceback (most recent call last):
        ...
    ValueError: reading the answer failed: SystemExit: goodbye
    """
    with _interrupts_counted() as was_interrupted:
        try:
            yield
        except but:
            raise
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and was_interrupted():
                raise
            raise ValueError(f"{doing}{colon} {_said(error)}") from error


@contextlib.contextmanager
def _interrupts_counted() -> Iterator[Callable[[], bool]]:
    """Note whether Ctrl-C comes; where signals cannot be watched, every KeyboardInterrupt is taken for one."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:  # as in the workers of pytest-xdist: it cannot come
        yield lambda: False
        return
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield lambda: True
        return
    came: list[int] = []

    def note(number: int, frame: Any) -> None:
        came.append(number)
        before(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(came)
    finally:
        if signal.getsignal(signal.SIGINT) is note:
            signal.signal(signal.SIGINT, before)


def _said(error: BaseException) -> str:
    """Return the type and the text of an exception on one line; a text that cannot be had is left out."""
    name = type(error).__name__
    try:
        text = " ".join(str(error)[:10_000].split())
    except BaseException:
        return f"{name}, whose text cannot be read"
    text = "".join(one if one.isprintable() else "�" for one in text)
    text = text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
    if isinstance(error, ModuleNotFoundError) and text:
        return text
    return f"{name}: {text}" if text else name
