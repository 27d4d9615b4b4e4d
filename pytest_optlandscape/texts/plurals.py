"""Numbers with noun and verb in agreement."""

from __future__ import annotations

__all__ = ["number_of", "verb_of"]


def number_of(count: float, noun: str, plural: str = "") -> str:
    """Return a count with its noun, singular for 1.

    Parameters
    ----------
    count : float
    noun : str
        The singular. If it has several words, the last takes the s.
    plural : str, optional
        The plural (default: the noun with an s).

    Examples
    --------
    >>> number_of(1, "landscape"), number_of(0, "landscape"), number_of(2, "box", "boxes")
    ('1 landscape', '0 landscapes', '2 boxes')
    """
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def verb_of(count: int, singular: str, plural: str) -> str:
    """Return the form of a verb or another word that agrees with a count.

    Examples
    --------
    >>> [f"{number_of(count, 'cell')} {verb_of(count, 'was', 'were')} stopped" for count in (1, 2)]
    ['1 cell was stopped', '2 cells were stopped']
    """
    return singular if count == 1 else plural
