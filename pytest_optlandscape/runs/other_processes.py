"""Evaluations in other processes cannot be counted: they are refused there and reported here.

A forked process has a copy of the problem, with counters of its own. A fork during a run makes one byte that both
processes share. An evaluation in the child is refused and sets the byte, whatever becomes of the child. Pickling a
problem is refused at once.
"""

from __future__ import annotations

import contextlib
import mmap
import os
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

from pytest_optlandscape.texts.printable import text_of

__all__ = ["REMEDY", "ForeignProcessError", "has_asked_elsewhere", "is_about_pickling", "refuse_to_travel", "under_way"]

REMEDY = (
    "evaluations in another process cannot be counted: have the optimizer evaluate in this process or in threads of "
    "it, for instance with workers=1 or a ThreadPoolExecutor"
)


class ForeignProcessError(RuntimeError):
    """Raised if a problem is evaluated in another process, or pickled to be sent to one.

    It derives from Exception, so that pools of processes bring it home.
    """

    def __init__(self, text: str = REMEDY) -> None:
        super().__init__(text)


class _Closable(Protocol):
    def close(self, refusal: Callable[[], BaseException]) -> None: ...


_under_way: list[_Closable] = []
_marks: dict[int, mmap.mmap] = {}
"""By the identity of a limit that is under way: one shared byte, from the first fork on."""


class under_way:  # noqa: N801 - a context manager; one by a generator takes three times as long
    """Mark a limit as one of a run that is under way, within the context."""

    def __init__(self, limit: _Closable) -> None:
        self._limit = limit

    def __enter__(self) -> None:
        _under_way.append(self._limit)

    def __exit__(self, *details: object) -> None:
        _under_way.remove(self._limit)


def has_asked_elsewhere(limit: object) -> bool:
    """Return, once, whether a forked process asked for an evaluation under a limit."""
    mark = _marks.pop(id(limit), None)
    if mark is None:
        return False
    asked = mark[0] != 0
    mark.close()
    return asked


def is_about_pickling(error: BaseException) -> bool:
    """Return whether an exception, or one that it was raised from, says that a counted function cannot be pickled."""
    one: BaseException | None = error
    for _ in range(_LONGEST_CHAIN):
        if one is None:
            break
        text = text_of(one, 10_000)
        if REMEDY in text or (_COUNTED in text and type(one).__module__ in ("builtins", "_pickle", "pickle")):
            return True
        one = one.__cause__ or one.__context__
    return False


_COUNTED = "counted.<locals>"
"""In the name of a counted function, which the pickle module cites."""

_LONGEST_CHAIN = 10


def refuse_to_travel(thing: object, protocol: Any = None) -> NoReturn:
    """Refuse to be pickled: the ``__reduce_ex__`` of objects that must stay in their process."""
    raise ForeignProcessError


def _before_fork() -> None:
    for limit in _under_way:
        if id(limit) not in _marks:
            with contextlib.suppress(OSError):  # no memory left to share: the child is refused all the same
                _marks[id(limit)] = mmap.mmap(-1, 1)


def _after_fork_in_child() -> None:
    for limit in _under_way:
        limit.close(_Refusal(_marks.get(id(limit))))


class _Refusal:
    """Closes a limit in a forked process: evaluations are refused and leave the mark."""

    def __init__(self, mark: mmap.mmap | None) -> None:
        self._mark = mark

    def __call__(self) -> BaseException:
        if self._mark is not None:
            self._mark[0] = 1
        return ForeignProcessError()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_after_fork_in_child)
