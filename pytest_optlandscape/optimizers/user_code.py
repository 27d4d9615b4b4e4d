"""Guards around user code: every exception during import or inspection becomes a ValueError."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["whatever_is_raised"]

_MOST_CHARACTERS = 300
"""Largest length of an exception's text in a message."""


@contextlib.contextmanager
def whatever_is_raised(doing: str, *, but: tuple[type[Exception], ...] = (), colon: str = ":") -> Iterator[None]:
    """Turn every exception of user code, such as SystemExit, into a ValueError that says what failed.

    Ctrl-C still ends the session. A KeyboardInterrupt raised by the code itself does not.

    Parameters
    ----------
    doing : str
        The failure, such as ``"importing 'solvers' failed"``.
    but : tuple of type, optional
        Exceptions that pass unchanged.
    colon : str, default ":"
        Text between ``doing`` and the exception.

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
    """Yield a function that tells whether Ctrl-C came; without signals, every KeyboardInterrupt counts as Ctrl-C."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:  # Ctrl-C cannot come, as in workers of pytest-xdist
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
    """Return an exception's type and text on one line, without the text if it cannot be read."""
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
