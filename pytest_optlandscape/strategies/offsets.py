"""Codes for the offsets of a start from the standard start: smaller codes are offsets that are easier to read.

A code is an integer. Its binary digits in reverse are those of the offset behind the binary point, as in van der
Corput's sequence [1]_. So the codes 1 to 7 are offsets of at most three binary digits, codes drawn evenly are offsets
spread evenly, and a code modulo 2^k is the offset cut to k digits. When Hypothesis makes an integer simpler, the offset
gets shorter.

References
----------
.. [1] van der Corput (1935), Verteilungsfunktionen.
"""

from __future__ import annotations

import math

__all__ = ["DIGITS", "decoded", "short"]

DIGITS = 20
"""Binary digits of the longest offset: starts differ by at least a millionth of the box."""

_SHORT = 3


def decoded(code: int, digits: int, below: float, above: float) -> float:
    """Return the offset of a code.

    Parameters
    ----------
    code : int
        Between −2^20 and 2^20; its sign is that of the offset.
    digits : int
        Binary digits, at most 20, to which the offset is cut.
    below, above : float
        The room below and above the standard start.

    Returns
    -------
    float
        Between −below and above. If one side has no room, the offset is on the other side.

    Examples
    --------
    >>> [decoded(code, 20, 5.5, 3.5) for code in (0, 1, 2, 3, 7, -1, -3)]
    [0.0, 2.0, 1.0, 3.0, 3.5, -4.0, -2.0]
    """
    room = above if code >= 0 else below
    sign = 1.0 if code >= 0 else -1.0
    if room <= 0.0:
        room, sign = max(below, above), (-1.0 if above <= 0.0 else 1.0)
    if room <= 0.0:
        return 0.0
    cut = abs(code) & ((1 << digits) - 1)
    share = int(f"{cut:0{DIGITS}b}"[::-1], 2) / float(1 << DIGITS)
    largest = math.ldexp(1.0, math.frexp(room)[1])  # the power of two above the room
    offset = largest * share
    if offset > room:
        offset -= largest / 2.0
    return sign * offset


def short(offset: float) -> float:
    """Cut an offset to three significant binary digits, towards 0.

    Examples
    --------
    >>> [short(offset) for offset in (0.0, 1.0, 15.9, -0.3)]
    [0.0, 1.0, 14.0, -0.25]
    """
    mantissa, exponent = math.frexp(offset)
    return math.ldexp(math.trunc(mantissa * (1 << _SHORT)), exponent - _SHORT)
