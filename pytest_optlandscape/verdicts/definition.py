"""What the numbers of a landscape's cells depend on besides the optimizer: only where it agrees are they compared."""

from __future__ import annotations

import functools
import hashlib
from typing import Any

import numpy as np

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.runs import feasible
from pytest_optlandscape.strategies.low_discrepancy import SOBOL_VERSION, sobol_starts
from pytest_optlandscape.strategies.suites import cells

__all__ = ["definition_of", "reference_gap"]

_FORMAT = 2


@functools.cache
def reference_gap(landscape: Landscape) -> float:
    """Give the median gap over 1024 evenly spread points of the box, to three significant digits.

    Rounded, because targets are shares of it, and a target must not move with the last bit of a machine's sine. On a
    constrained landscape the feasible ones among the points count; where there are none, it is the median distance of
    all values from fmin, on either side.

    Examples
    --------
    >>> from pytest_optlandscape import landscapes
    >>> reference_gap(landscapes.get("sphere"))
    16.5
    """
    points = sobol_starts(landscape, 1024)
    kept = feasible(points, landscape.bounds, landscape)
    gaps = np.abs(landscape(points[kept] if kept.any() else points) - landscape.fmin)
    return float(f"{np.median(gaps[np.isfinite(gaps)]):.3g}")


@functools.cache
def definition_of(landscape: Landscape, budget: int) -> dict[str, Any]:
    """Say what the numbers of a landscape's cells depend on, besides the optimizer.

    Parameters
    ----------
    landscape : Landscape
    budget : int
        Of each cell.

    Returns
    -------
    dict
        Plain values; records are compared only where all of them agree.
    """
    facts = np.concatenate([landscape.bounds.ravel(), *(c.x0 for c in cells(landscape))])
    seeds = [cell.seed for cell in cells(landscape)]
    digest = hashlib.sha256(np.array([f"{fact:.12g}" for fact in facts]).tobytes() + repr(seeds).encode())
    return {
        "format": _FORMAT,
        "version": landscape.version,
        "budget": budget,
        "fmin": landscape.fmin,
        "reference": reference_gap(landscape),
        "starts": f"sobol-v{SOBOL_VERSION}-{digest.hexdigest()[:8]}",
    }
