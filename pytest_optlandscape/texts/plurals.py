"""How texts count: a number with its noun and verb in agreement."""

from __future__ import annotations

__all__ = ["number_of", "verb_of"]


def number_of(count: int, noun: str, plural: str = "") -> str:
    """Return a count with its noun, in the singular for one.

    Parameters
    ----------
    count : int
    noun : str
        In the singular; it may be several words, of which the last takes the s.
    plural : str, optional
        Where it is not the noun with an s (default).

    Examples
    --------
    >>> number_of(1, "landscape"), number_of(0, "landscape"), number_of(2, "box", "boxes")
    ('1 landscape', '0 landscapes', '2 boxes')
    """
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def verb_of(count: int, singular: str, plural: str) -> str:
    """Return the form of a verb, or of another word, that goes with a count.

    Examples
    --------
    >>> [f"{number_of(count, 'cell')} {verb_of(count, 'was', 'were')} stopped" for count in (1, 2)]
    ['1 cell was stopped', '2 cells were stopped']
    """
    return singular if count == 1 else plural
