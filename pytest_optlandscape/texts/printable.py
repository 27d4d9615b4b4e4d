"""Sanitising of untrusted texts, such as an optimizer's messages: shortened and safe to print.

Every text of an optimizer passes `clean` or `printable` before it is stored: texts of exceptions, messages of results,
warnings, file names in tracebacks. Such texts may contain control sequences, lone surrogates (which cannot be written
to files or sent to processes) or millions of characters. Even reading one may raise.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

__all__ = ["clean", "printable", "text_of", "type_name", "without_addresses"]

_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]{4,}")

_READ = 16
"""Number of characters to read for each character of the result, because runs of blanks become one."""


def clean(text: str, length: int = 72, *, both_ends: bool = False) -> str:
    r"""Return text on one line, without control characters, shortened.

    Parameters
    ----------
    text : str
    length : int, default 72
        Largest number of characters.
    both_ends : bool, default False
        Keep the end of a long text too: libraries put the cause of an error there.

    Returns
    -------
    str

    Examples
    --------
    >>> clean("Fix \x1b[31mall\nof it")
    'Fix �[31mall of it'
    >>> clean("a lone surrogate: \ud800"), clean("x" * 1000, 10)
    ('a lone surrogate: �', 'xxxxxxxxx…')
    >>> clean("begins" + " and goes on" * 100 + " ends", 30, both_ends=True)
    'begins and goes on …s on ends'
    """
    if both_ends and len(text) > length:
        end = clean(text[-_READ * length :][::-1], length // 3)[::-1].lstrip("…")
        return f"{clean(text, length - length // 3)}{end}"
    beginning = text[: _READ * length]
    plain = " ".join(beginning.split())
    plain = plain if plain.isprintable() else "".join(map(_shown, plain))
    is_whole = len(beginning) == len(text) and len(plain) <= length
    return plain if is_whole else plain[: length - 1] + "…"


def printable(text: str, length: int = 20_000) -> str:
    r"""Return text with its lines, without control characters, its end cut off if it is long.

    Parameters
    ----------
    text : str
    length : int, default 20_000
        Largest number of characters.

    Returns
    -------
    str

    Examples
    --------
    >>> printable("two\n\tlines \x07")
    'two\n\tlines �'
    """
    beginning = text[:length]
    if not beginning.isprintable():
        beginning = "".join(one if one in "\n\t" else _shown(one) for one in beginning)
    return beginning if len(beginning) == len(text) else beginning[: length - 1] + "…"


def text_of(thing: Any, length: int = 500) -> str:
    """Return an object of an optimizer as one line of text without addresses; never raises.

    Parameters
    ----------
    thing : object
    length : int, default 500
        Largest number of characters.

    Returns
    -------
    str

    Examples
    --------
    >>> class Mute(Exception):
    ...     def __str__(self):
    ...         raise TypeError("no")
    >>> text_of(Mute())
    '(its __str__ raises TypeError)'
    >>> text_of(b"no descent")
    "b'no descent'"
    """
    if type(thing) is str and len(thing) <= length and thing.isprintable() and "  " not in thing and "0x" not in thing:
        return thing  # the usual case
    try:
        return without_addresses(
            clean(str.__str__(thing if isinstance(thing, str) else str(thing)), length, both_ends=True)
        )
    except BaseException as error:  # __str__ of user code may raise anything
        return f"(its __str__ raises {type_name(error)})"


def without_addresses(text: str) -> str:
    """Remove memory addresses, which differ in each run.

    Examples
    --------
    >>> without_addresses("<solver.Result object at 0x7f52f845ad10>")
    '<solver.Result object>'
    """
    return _ADDRESS.sub("", text)


def type_name(thing: Any) -> str:
    """Return the name of an object's class, whatever its metaclass does.

    Examples
    --------
    >>> type_name(1.5)
    'float'
    """
    try:
        return clean(str(type.__dict__["__name__"].__get__(type(thing))), 100)
    except BaseException:
        return "an object"


def _shown(character: str) -> str:
    return "\N{REPLACEMENT CHARACTER}" if unicodedata.category(character)[0] == "C" else character
