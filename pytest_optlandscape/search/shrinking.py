"""Shrink a failing start, until it differs from the standard start by offsets of few binary digits.

Hypothesis shrinks only its own draws, and the search does not draw its starts with Hypothesis. Of the seven cases of
``benchmarks/shrinking.py`` this shrinker leaves fewer binary digits in four, as many in two, and takes fewer runs in
four. Property tests with `strategies.starts` are shrunk by Hypothesis.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.runs import box_widths

__all__ = ["LONGEST", "MOST_RUNS", "MOST_SEEDS", "shrunk", "significant_digits", "smallest_seed"]

FloatArray = NDArray[np.float64]

LONGEST = 3
"""Significant binary digits of an offset that a person reads at a glance, such as 1.75, 24 and 0.375."""

MOST_RUNS = 600
"""Starts that are tried: some seconds for a usual optimizer."""

MOST_SEEDS = 40
"""Smaller seeds that are tried: if one in five fails, all of them miss it with a probability of 1e-4."""


def significant_digits(value: float) -> int:
    """Count the binary digits of a number between its first and its last 1; 0 for 0.

    Examples
    --------
    >>> [significant_digits(value) for value in (0.0, 8.0, 1.75, 0.1)]
    [0, 1, 3, 52]
    """
    numerator = abs(value).as_integer_ratio()[0]
    return (numerator // (numerator & -numerator)).bit_length() if numerator else 0


def shrunk(
    landscape: Landscape,
    box: FloatArray,
    found: FloatArray,
    fails: Callable[[FloatArray], bool],
    most: int = MOST_RUNS,
) -> FloatArray:
    """Simplify a failing start.

    Up to two thirds of the starts that are tried lie near the one found, in two rounds. If none of them fails with
    short offsets, the rest are short offsets anywhere.

    Parameters
    ----------
    landscape : Landscape
        Offsets are counted from its standard start.
    box : ndarray, shape (dim, 2)
        The box of the starts.
    found : ndarray, shape (dim,)
        A start that fails.
    fails : callable
        Runs from a start and returns whether it fails.
    most : int, optional
        Number of starts that are tried.

    Returns
    -------
    ndarray, shape (dim,)
        A start that fails; ``found`` itself if no simpler one does.
    """
    lower, upper = box.T
    centre = np.clip(landscape.x0, lower, upper)
    tried: dict[bytes, bool] = {found.tobytes(): True}

    def still_fails(x0: FloatArray) -> bool:
        key = x0.tobytes()
        if key not in tried:
            if len(tried) >= most or np.any(x0 < lower) or np.any(x0 > upper):
                return False
            tried[key] = fails(x0)
        return tried[key]

    best, offsets = found, found - centre
    for third in (1, 2, 3):
        for short in _near_and_short(offsets, box) if third < 3 else _short_anywhere(centre, box):
            if len(tried) >= most * third / 3:
                break
            if still_fails(centre + short):
                best, offsets = centre + short, short
                break
        best, offsets = _simpler_one_by_one(centre, best, offsets, still_fails)
        if all(significant_digits(offset) <= LONGEST for offset in offsets.tolist()):
            break
    return best


def smallest_seed(found: int, fails: Callable[[int], bool], most: int = MOST_SEEDS) -> int:
    """Look for the smallest seed that fails, counting up from 0.

    Parameters
    ----------
    found : int
        A seed that fails.
    fails : callable
        Runs with a seed and returns whether it fails.
    most : int, optional
        Number of seeds that are tried.

    Returns
    -------
    int
        The first of 0, 1, 2, ... that fails; ``found`` itself if no smaller seed that was tried does.

    Examples
    --------
    >>> smallest_seed(29, lambda seed: seed % 6 == 5)
    5
    """
    return next(filter(fails, range(min(found, most))), found)


def _near_and_short(offsets: FloatArray, box: FloatArray) -> Iterator[FloatArray]:
    """Yield short offsets, those nearest to the ones found first; offsets that are short already stay."""
    width = box_widths(box)
    listed = offsets.tolist()
    long = max(sum(significant_digits(offset) > LONGEST for offset in listed), 1)
    most = max(int(3000 ** (1.0 / long)), 2)
    nearest = [[o] if significant_digits(o) <= LONGEST else _nearest_short(o, most) for o in listed]
    short = np.array(list(itertools.islice(itertools.product(*nearest), 5000)))
    yield from short[np.argsort(np.max(np.abs(short - offsets) / width, axis=1), kind="stable")]


def _short_anywhere(centre: FloatArray, box: FloatArray) -> Iterator[FloatArray]:
    """Draw offsets of at most three binary digits that stay in the box; half of the coordinates are 0."""
    axes = []
    for at, (lower, upper) in zip(centre.tolist(), box.tolist(), strict=True):
        largest = math.frexp(max(upper - at, at - lower, 0.0))[1]
        sizes = _short_sizes(largest)
        axes.append([o for o in (*sizes, *(-size for size in sizes)) if lower <= at + o <= upper] or [0.0])
    rng = np.random.default_rng(0)
    for _ in range(MOST_RUNS):
        yield np.array([axis[rng.integers(len(axis))] if rng.random() < 0.5 else 0.0 for axis in axes])


def _short_sizes(exponent: int) -> list[float]:
    """List the numbers of at most three binary digits between a thirty-second of a power of two and that power."""
    return [math.ldexp(mantissa, exponent + shift) for shift in (-7, -6, -5, -4, -3) for mantissa in (4, 5, 6, 7)]


def _nearest_short(offset: float, most: int) -> list[float]:
    """List 0 and numbers of at most three binary digits around an offset, nearest first."""
    if offset == 0.0:
        return [0.0]
    sizes = _short_sizes(math.frexp(offset)[1] + 2)
    same_side = [math.copysign(size, offset) for size in sizes]
    short = [0.0, *same_side, *(-value for value in same_side[:4])]
    return sorted(short, key=lambda value: abs(value - offset))[:most]


def _simpler_one_by_one(
    centre: FloatArray, start: FloatArray, offsets: FloatArray, still_fails: Callable[[FloatArray], bool]
) -> tuple[FloatArray, FloatArray]:
    """Set coordinates to the standard start, or shorten or halve their offsets, as long as the start fails.

    The offsets are carried along, because the difference of two points has more digits than the offset that was added.
    """
    best, offsets = start, offsets.copy()
    improved = True
    while improved:
        improved = False
        for k in range(len(best)):
            for simpler in _simpler(float(offsets[k])):
                candidate = best.copy()
                candidate[k] = centre[k] + simpler
                if still_fails(candidate):
                    best, improved = candidate, True
                    offsets[k] = simpler
                    break
    return best, offsets


def _simpler(offset: float) -> Iterator[float]:
    """Yield simpler offsets: 0, offsets of fewer binary digits, half the offset."""
    if offset == 0.0:
        return
    yield 0.0
    mantissa, exponent = math.frexp(offset)
    for digits in range(1, min(significant_digits(offset), 12)):
        unit = math.ldexp(1.0, exponent - digits)
        for rounded in (math.floor(offset / unit) * unit, math.ceil(offset / unit) * unit):
            if rounded and significant_digits(rounded) < significant_digits(offset):
                yield rounded
    if significant_digits(offset) <= LONGEST and abs(offset) > 2.0**-4:
        yield math.copysign(math.ldexp(abs(mantissa), exponent - 1), offset)
