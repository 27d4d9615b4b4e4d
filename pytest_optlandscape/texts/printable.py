"""Texts that come from elsewhere, such as an optimizer: read without trust, shortened, fit to be printed anywhere.

Every text of an optimizer goes through `clean` or `printable` before it is kept: what an exception says, a message of a
result, a warning, a file's name in a traceback. Such texts may hold control sequences, lone surrogates, which no file
and no other process can be sent, or millions of characters; and reading one may raise.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

__all__ = ["clean", "printable", "text_of", "type_name", "without_addresses"]

_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]{4,}")

_READ = 16
"""Of a text that is cut to some length, so many times this length is looked at: runs of blanks become one."""


def clean(text: str, length: int = 72, *, both_ends: bool = False) -> str:
    r"""Make text from elsewhere fit to be printed: on one line, without control characters, not longer than a line.

    Parameters
    ----------
    text : str
    length : int, default 72
        Most characters of the result.
    both_ends : bool, default False
        Of a text that is too long, keep the end, too: libraries put the cause of an error there.

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
    r"""Make text of several lines fit to be printed: lines stay, control characters go, the end is cut off.

    Parameters
    ----------
    text : str
    length : int, default 20_000
        Most characters of the result.

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
    """Read an object of an optimizer as a text on one line, whatever its ``__str__`` does; without addresses.

    Parameters
    ----------
    thing : object
    length : int, default 500
        Most characters of the result.

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
        return thing  # nearly always
    try:
        return without_addresses(
            clean(str.__str__(thing if isinstance(thing, str) else str(thing)), length, both_ends=True)
        )
    except BaseException as error:  # whatever it is, it is not what was asked for
        return f"(its __str__ raises {type_name(error)})"


def without_addresses(text: str) -> str:
    """Leave out where objects are in memory, which is elsewhere in each run.

    Examples
    --------
    >>> without_addresses("<solver.Result object at 0x7f52f845ad10>")
    '<solver.Result object>'
    """
    return _ADDRESS.sub("", text)


def type_name(thing: Any) -> str:
    """Name the class of an object, whatever its metaclass does.

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
