"""Find the longest range of successful values of a hyperparameter, with its ends refined by bisection."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

__all__ = ["longest_range"]


def longest_range(
    grid: Sequence[float], reached: Sequence[bool], works: Callable[[float], bool], halvings: int
) -> tuple[float, float, bool]:
    """Return the ends of the longest range of successes, and whether it reaches an end of the grid.

    Each end is refined by bisection between the last success and the first failure. Without a success, both ends are
    nan.
    """
    best: tuple[int, int] | None = None
    first: int | None = None
    for k, success in enumerate([*reached, False]):
        if success and first is None:
            first = k
        elif not success and first is not None:
            if best is None or grid[k - 1] / grid[first] > grid[best[1]] / grid[best[0]]:
                best = (first, k - 1)
            first = None
    if best is None:
        return math.nan, math.nan, False
    low, high = best
    lower, upper = grid[low], grid[high]
    if low > 0:
        lower = _bisected(works, lower, grid[low - 1], halvings)
    if high < len(grid) - 1:
        upper = _bisected(works, upper, grid[high + 1], halvings)
    return lower, upper, low == 0 or high == len(grid) - 1


def _bisected(works: Callable[[float], bool], success: float, failure: float, halvings: int) -> float:
    for _ in range(halvings):
        middle = float(f"{math.sqrt(success * failure):.12g}")
        if works(middle):
            success = middle
        else:
            failure = middle
    return success
