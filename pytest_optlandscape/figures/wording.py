"""Text in pictures: safe names, short numbers, estimated widths."""

from __future__ import annotations

import math
import unicodedata
from html import escape as _escape

__all__ = ["counted", "escape", "percent", "plain", "power_of_ten", "shorten", "significant", "width_of"]

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_NARROW = frozenset("iljtfrI.,:;'|!()[]{} -")
_WIDE = frozenset("mwMW@%—…")


def plain(text: object) -> str:
    r"""Return text of one line without control characters, marks of direction and lone surrogates.

    Examples
    --------
    >>> plain("a\x1b[31m\u202eb\n c")
    'a[31mb c'
    """
    kept = []
    for character in str(text):
        if character.isspace():
            kept.append(" ")
        elif unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Cn"):
            kept.append(character)
    return " ".join("".join(kept).split())


def escape(text: object) -> str:
    """Return plain text, escaped for XML and HTML, in attributes too.

    Examples
    --------
    >>> escape('<script>"')
    '&lt;script&gt;&quot;'
    """
    return _escape(plain(text))


def width_of(text: str, size: float = 12.0) -> float:
    """Return an upper estimate of the width of one line of text, in units of the font's size."""
    ems = 0.0
    for character in text:
        if character in _NARROW:
            ems += 0.36
        elif character in _WIDE or unicodedata.east_asian_width(character) in ("W", "F"):
            ems += 1.0
        else:
            ems += 0.7 if character.isupper() else 0.58
    return ems * size


def shorten(text: str, most: float, size: float = 12.0) -> str:
    """Return the text, with its middle replaced by "…" if it is wider than ``most``.

    Both ends stay: names of landscapes begin with the function and end with the dimension.

    Examples
    --------
    >>> shorten("rosenbrock[10]", 200.0), shorten("a_very_long_name_of_a_landscape[10]", 100.0)
    ('rosenbrock[10]', 'a_very_…pe[10]')
    """
    if width_of(text, size) <= most:
        return text
    lower, upper = 0, len(text)  # bisect the largest number of characters that fits
    while lower < upper:
        middle = (lower + upper + 1) // 2
        if width_of(_ends(text, middle), size) <= most:
            lower = middle
        else:
            upper = middle - 1
    return _ends(text, lower)


def _ends(text: str, kept: int) -> str:
    tail = kept // 2
    return text[: kept - tail].rstrip() + "…" + text[len(text) - tail :].lstrip()


def significant(value: float, digits: int = 3) -> str:
    """Write a number with a few significant digits, a true minus sign, "∞" for infinity and "–" for NaN.

    Examples
    --------
    >>> significant(-0.000123456), significant(1234567.0), significant(float("inf"))
    ('−1.23e−4', '1.23e6', '∞')
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{digits}g}"
    if "e" in text or (value and abs(value) < 1e-3):
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        if "." in mantissa:
            mantissa = mantissa.rstrip("0").rstrip(".")
        text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", "−")


def power_of_ten(exponent: int) -> str:
    """Write a power of ten with superscript digits.

    Examples
    --------
    >>> power_of_ten(-8)
    '10⁻⁸'
    """
    return "10" + str(exponent).translate(_SUPERSCRIPTS)


def percent(share: float) -> str:
    """Write a share as a percentage; only exact shares are 0 % or 100 %.

    Examples
    --------
    >>> percent(0.5), percent(0.9999), percent(1.0), percent(0.0001)
    ('50 %', '99.9 %', '100 %', '0.1 %')
    """
    if 0.0 < share < 1.0:
        share = min(max(share, 0.001), 0.999)
    return f"{100.0 * share:.3g} %"


def counted(number: int, singular: str, plural: str = "") -> str:
    """Write a number with its noun.

    Examples
    --------
    >>> counted(1, "cell"), counted(2696, "pair")
    ('1 cell', '2696 pairs')
    """
    return f"{number} {singular if number == 1 else plural or singular + 's'}"
