"""What a change is: a named substitution in the text of an optimizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["KINDS", "Change", "copying", "defect", "rounding", "stream"]

KINDS = ("defect", "rounding", "copying", "random-stream")
"""A mistake; other last bits; other code, same bits; other random numbers of the same distribution."""


@dataclass(frozen=True)
class Change:
    """One commit, as it were.

    Attributes
    ----------
    name : str
        Unique among the changes of an optimizer.
    old, new : str
        What is replaced, occurring exactly once, and by what.
    kind : str
        One of `KINDS`.
    note : str
        What happened, in words.
    visible : bool
        Whether any cell of the suite can show it.
    """

    name: str
    old: str
    new: str
    kind: str
    note: str
    visible: bool = True

    def apply(self, source: str) -> str:
        """Substitute.

        Raises
        ------
        ValueError
            If the text to be replaced does not occur exactly once.
        """
        if source.count(self.old) != 1:
            raise ValueError(f"change {self.name!r}: {self.old!r} occurs {source.count(self.old)} times, not once")
        return source.replace(self.old, self.new)


def defect(name: str, old: str, new: str, note: str, **options: Any) -> Change:
    """Make a mistake."""
    return Change(name, old, new, "defect", note, **options)


def rounding(name: str, old: str, new: str, note: str) -> Change:
    """Make a refactor that moves last bits."""
    return Change(name, old, new, "rounding", note)


def copying(name: str, old: str, new: str, note: str) -> Change:
    """Make a refactor that moves no bit."""
    return Change(name, old, new, "copying", note)


def stream(name: str, old: str, new: str, note: str) -> Change:
    """Make a refactor that draws other random numbers of the same distribution."""
    return Change(name, old, new, "random-stream", note)
