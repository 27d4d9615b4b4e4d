"""Compare paths: how far apart rounding alone may move them, and where they diverge.

A path is a series of numbers, or of deviations at its points, in units of the box. The envelope is the distance by
which perturbed runs moved each of them from the unperturbed run. It never decreases along the path. Two paths diverge
where their distance exceeds a multiple of the envelope. Parts with an envelope beyond the largest useful value are not
compared.

`fingerprint` compares the few numbers of a fingerprint in this way. `assertions.equivalence` compares whole paths.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "END_MULTIPLE",
    "LARGEST_ENVELOPE",
    "MULTIPLE",
    "apart",
    "distances",
    "envelope_of",
    "first_beyond",
    "greatest_of_others",
    "largest_envelope",
    "multiple_of",
]

FloatArray = NDArray[np.float64]

MULTIPLE = 1000.0
"""Deviations up to this multiple of the envelope are rounding. Refactors stay below 10. Changes exceed 1000, and mostly
10¹². `benchmarks/power.py` measures both."""

LARGEST_ENVELOPE = 1e-6
"""The largest envelope in use, as a share of the box: 1000 times this is a thousandth of the box."""

_COARSE_MULTIPLE = 8.0
"""The multiple in float16 and bfloat16. There, 1000 units in the last place would be the whole number."""

_LARGEST_COARSE_ENVELOPE = 2.0**-5
"""The largest envelope in float16 and bfloat16: eight times this is a quarter of the box."""

END_MULTIPLE = 4
"""Ends that move by up to this multiple of the perturbed runs' largest move are rounding. The time that a run spends
within rounding noise has no typical scale."""

_FINE = 1e-6
"""Near 1, single and double precision are finer than this."""


def multiple_of(precision: float) -> float:
    """Return the multiple of an envelope up to which deviations are rounding, for the optimizer's precision.

    Examples
    --------
    >>> multiple_of(2.0**-52), multiple_of(2.0**-10)
    (1000.0, 8.0)
    """
    return MULTIPLE if precision <= _FINE else _COARSE_MULTIPLE


def largest_envelope(precision: float) -> float:
    """Return the largest envelope in use, for the optimizer's precision.

    Examples
    --------
    >>> largest_envelope(2.0**-52), largest_envelope(2.0**-10)
    (1e-06, 0.03125)
    """
    return LARGEST_ENVELOPE if precision <= _FINE else _LARGEST_COARSE_ENVELOPE


def apart(a: float, b: float) -> float:
    """Return the distance of two numbers: 0 from NaN to NaN, and inf from NaN to any other number."""
    if math.isnan(a) and math.isnan(b):
        return 0.0
    distance = abs(a - b)
    return math.inf if math.isnan(distance) else distance


def distances(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the distances of pairs of numbers, as `apart` does. Equal infinite numbers have distance 0.

    Examples
    --------
    >>> distances(np.array([1.0, np.nan, np.nan, np.inf]), np.array([1.5, np.nan, 0.0, np.inf])).tolist()
    [0.5, 0.0, inf, 0.0]
    """
    with np.errstate(all="ignore"):
        distance = np.abs(a - b)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.where(same, 0.0, np.where(np.isnan(distance), np.inf, distance))


def envelope_of(moved: FloatArray, floor: float) -> FloatArray:
    """Return how far rounding moves each part of a path.

    Parameters
    ----------
    moved : ndarray, shape (runs, parts)
        The distances of perturbed runs from the unperturbed run; NaN after the end of a run.
    floor : float
        The least envelope.

    Returns
    -------
    ndarray, shape (parts,)
        The envelope. It never decreases. It is NaN for a part that some run lacks.

    Examples
    --------
    >>> envelope_of(np.array([[0.0, 3e-12, 1e-12], [1e-13, 0.0, 0.0]]), 1e-14).tolist()
    [1e-13, 3e-12, 3e-12]
    """
    return np.maximum.accumulate(moved.max(axis=0, initial=floor))


def first_beyond(deviation: FloatArray, envelope: FloatArray, multiple: float) -> int | None:
    """Return the index of the first part of a path that deviates by more than a multiple of the envelope.

    Examples
    --------
    >>> first_beyond(np.array([0.0, 2e-9]), np.array([1e-15, 1e-12]), 1000.0)
    1
    """
    beyond = deviation > multiple * envelope
    return int(np.argmax(beyond)) if beyond.any() else None


def greatest_of_others(values: NDArray[Any]) -> NDArray[Any]:
    """Return, for each row, the greatest values of the other rows, at least 0.

    Examples
    --------
    >>> greatest_of_others(np.array([1.0, 5.0, 2.0])).tolist()
    [5.0, 2.0, 5.0]
    """
    others = np.repeat(values[np.newaxis], len(values), axis=0)
    others[np.diag_indices(len(values))] = 0
    return np.asarray(others.max(axis=1, initial=0))
