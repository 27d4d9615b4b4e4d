"""Parsing of optimizer specs ``library:Name(key=literal, …)``."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

__all__ = ["Spec", "parse_spec", "shown_spec"]

_MOST_CHARACTERS = 200
"""Largest length of a spec in a message."""


@dataclass(frozen=True)
class Spec:
    """A parsed spec string.

    Attributes
    ----------
    library : str
        A known library, or the dotted name of a module.
    name : str
        The optimizer's name in it.
    arguments : dict
        Keyword arguments, each a literal.
    """

    library: str
    name: str
    arguments: dict[str, Any]

    def __str__(self) -> str:
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.arguments.items())
        return f"{self.library}:{self.name}" + (f"({arguments})" if arguments else "")


def parse_spec(text: str) -> Spec:
    """Parse a spec string; `ast.literal_eval` reads its arguments, and nothing is evaluated.

    Parameters
    ----------
    text : str
        For example ``"scipy:L-BFGS-B"`` or ``"keras:Adam(learning_rate=0.05)"``.

    Returns
    -------
    Spec

    Raises
    ------
    ValueError
        If the text has another form; the message says what is wrong.

    Examples
    --------
    >>> parse_spec("keras:Adam(learning_rate=0.05)").arguments
    {'learning_rate': 0.05}
    """
    library, colon, rest = text.strip().partition(":")
    name, bracket, inside = rest.partition("(")
    if not (library and colon and name.strip()):
        raise ValueError(
            f"optimizer {shown_spec(text)!r} is not of the form 'library:Name' or 'library:Name(key=value)', "
            "such as 'scipy:L-BFGS-B' or 'mypackage.solvers:minimize(tolerance=1e-8)'"
        )
    if bracket and not rest.endswith(")"):
        raise ValueError(f"optimizer {shown_spec(text)!r}: the bracket after {shown_spec(name)!r} is not closed")
    if not f"{library}{name}".isprintable():
        raise ValueError(f"optimizer {shown_spec(text)!r}: a module and a name must not have control characters")
    arguments = _parse_arguments(inside.removesuffix(")"), text) if bracket else {}
    return Spec(library.strip(), name.strip(), arguments)


def shown_spec(spec: Spec | str) -> str:
    """Return a spec for a message, shortened if it is very long.

    Examples
    --------
    >>> shown_spec(parse_spec("scipy:Powell"))
    'scipy:Powell'
    """
    text = str(spec)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"


def _parse_arguments(inside: str, text: str) -> dict[str, Any]:
    shown = shown_spec(text)
    try:
        call = ast.parse(f"f({inside}\n)", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        why = error.msg if isinstance(error, SyntaxError) else str(error) or "they are nested too deeply"
        raise ValueError(f"optimizer {shown!r}: cannot read the arguments ({why})") from None
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
        raise ValueError(f"optimizer {shown!r}: expected one pair of brackets around all arguments")
    if call.args or any(word.arg is None for word in call.keywords):
        raise ValueError(f"optimizer {shown!r}: arguments must be written key=value")
    arguments: dict[str, Any] = {}
    for word in call.keywords:
        if word.arg in arguments:
            raise ValueError(f"optimizer {shown!r}: {word.arg} is given twice")
        arguments[str(word.arg)] = _literal(word, shown)
    return arguments


def _literal(word: ast.keyword, shown: str) -> Any:
    """Return the value of an argument, which must survive a round trip through `Spec.__str__`."""
    try:
        value = ast.literal_eval(word.value)
    except (ValueError, TypeError, RecursionError, MemoryError):
        raise ValueError(
            f"optimizer {shown!r}: {word.arg}={_unparsed(word.value)} is not a literal (a number, a string, "
            "True, None, a tuple, list or dict of these)"
        ) from None
    try:
        survives = value is not ... and bool(ast.literal_eval(repr(value)) == value)
    except (ValueError, TypeError, RecursionError, MemoryError, SyntaxError):
        survives = False
    if not survives:
        raise ValueError(
            f"optimizer {shown!r}: {word.arg}={_unparsed(word.value)} cannot be stored in a baseline and read "
            "back; give a finite number, a string, True, None, or a tuple, list or dict of these"
        )
    return value


def _unparsed(node: ast.expr) -> str:
    try:
        return shown_spec(ast.unparse(node))
    except (RecursionError, ValueError):
        return "…"
