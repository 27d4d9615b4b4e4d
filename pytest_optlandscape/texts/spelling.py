"""Messages for unknown names, with the nearest known name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["unknown_name"]

_MOST_CHARACTERS = 200
"""Largest length of a name in a message."""


def unknown_name(kind: str, name: str, known: Iterable[str], advice: str = "") -> str:
    """Return a message that a name is unknown, with the nearest known name and advice.

    Parameters
    ----------
    kind : str
        The kind of the name, such as ``"landscape"``.
    name : str
        The given name.
    known : iterable of str
        The valid names.
    advice : str, optional
        A sentence for the end of the message.

    Returns
    -------
    str
        One line to raise or print.

    Examples
    --------
    >>> unknown_name("landscape", "beal", ["beale", "booth"])
    "unknown landscape 'beal'; did you mean 'beale'?"
    """
    names = sorted(one for one in known if isinstance(one, str))
    shown = name if len(name) <= _MOST_CHARACTERS else f"{name[:_MOST_CHARACTERS]}…"
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if not near:
        by_lower_case = {candidate.lower(): candidate for candidate in names}
        near = [
            by_lower_case[match] for match in difflib.get_close_matches(name.lower(), by_lower_case, n=1, cutoff=0.6)
        ]
    if near:
        hint = f"did you mean {near[0]!r}?"
    elif len(names) <= 24:
        hint = "known: " + ", ".join(names)
    else:
        hint = f"{len(names)} are known" + ("." if advice else "")
    return " ".join(part for part in (f"unknown {kind} {shown!r}; {hint}", advice) if part)
