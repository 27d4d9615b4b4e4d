"""Choose by words with ``and``, ``or``, ``not`` and parentheses, like pytest's ``-k``.

pytest's own parser of such expressions is private.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["read_expression"]

_TOKEN = re.compile(r"\s*(?:([()])|([^\s()]+))")

Matches = Callable[[str], bool]
"""Return whether a text in lower case is chosen."""


def read_expression(text: str) -> Matches:
    """Read an expression.

    Adjacent words must all occur, as if joined by ``and``. Case does not matter.

    Parameters
    ----------
    text : str
        "" chooses everything.

    Returns
    -------
    callable
        Returns whether a text is chosen.

    Raises
    ------
    ValueError
        If the text is not an expression. The message names the place.

    Examples
    --------
    >>> chooses = read_expression("solver and not (beale or booth)")
    >>> chooses("solver:minimize::rosenbrock"), chooses("solver:minimize::beale")
    (True, False)
    """
    reader = _Reader(text)
    if not reader.tokens:
        return lambda _: True
    found = reader.disjunction()
    if reader.tokens:
        raise reader.mistake(f"unexpected {reader.tokens[0]!r}")
    return lambda name: found(name.lower())


class _Reader:
    """Parse from the left; `tokens` are the remaining tokens."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [bracket or word for bracket, word in _TOKEN.findall(text)]

    def mistake(self, what: str) -> ValueError:
        return ValueError(f"-k {self.text!r}: {what}; write words with and, or, not and parentheses")

    def disjunction(self) -> Matches:
        parts = [self.conjunction()]
        while self._is_next("or"):
            self.tokens.pop(0)
            parts.append(self.conjunction())
        return lambda name: any(part(name) for part in parts)

    def conjunction(self) -> Matches:
        parts = [self.negation()]
        while self.tokens and not self._is_next("or", ")"):
            if self._is_next("and"):
                self.tokens.pop(0)
            parts.append(self.negation())
        return lambda name: all(part(name) for part in parts)

    def negation(self) -> Matches:
        if not self.tokens:
            raise self.mistake("a word is missing at the end")
        token = self.tokens.pop(0)
        if token.lower() == "not":
            inner = self.negation()
            return lambda name: not inner(name)
        if token == "(":
            inner = self.disjunction()
            if not self._is_next(")"):
                raise self.mistake("a parenthesis is not closed")
            self.tokens.pop(0)
            return inner
        if token.lower() in ("and", "or", ")"):
            raise self.mistake(f"unexpected {token!r}")
        word = token.lower()
        return lambda name: word in name

    def _is_next(self, *tokens: str) -> bool:
        return bool(self.tokens) and self.tokens[0].lower() in tokens
