"""Where a start lies as seen from the standard start: offsets that are coded so that smaller codes read easier.

A code is an integer. Its binary digits, the last one first, are those of the offset behind the point, the first one
first, as in van der Corput's sequence (1935). So the codes 1 to 7 are the offsets of at most three binary digits on
the coarsest grids, codes drawn evenly are offsets spread evenly, and code modulo 2^k is the offset cut to k digits:
what Hypothesis does to integers to make them simpler makes the offsets shorter.
"""

from __future__ import annotations

import math

__all__ = ["DIGITS", "decoded", "short"]

DIGITS = 20
"""Binary digits of the longest offset: a millionth of the box tells starts apart."""

_SHORT = 3


def decoded(code: int, digits: int, below: float, above: float) -> float:
    """Read the code of an offset.

    Parameters
    ----------
    code : int
        Between −2^20 and 2^20; its sign is that of the offset.
    digits : int
        To how many binary digits, at most 20, the offset is cut.
    below, above : float
        How much room there is on either side of the standard start.

    Returns
    -------
    float
        Between −below and above. Where one side has no room, it is on the other.

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
