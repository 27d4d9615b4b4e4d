"""Targets of the gap: shares of a landscape's typical gap or, over a search space, what random search reaches.

References
----------
N. Hansen, A. Auger, R. Ros, O. Mersmann, T. Tušar and D. Brockhoff, COCO: a platform for comparing continuous
optimizers in a black-box setting, 2021, Optim. Methods Softw. 36(1).

J. Bergstra and Y. Bengio, Random search for hyper-parameter optimization, 2012, J. Mach. Learn. Res. 13.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.runs import feasible
from pytest_optlandscape.suites.low_discrepancy import sobol_starts

__all__ = [
    "OF_SEARCH",
    "RANDOM_TRIALS",
    "SUCCESS_TARGET",
    "TARGETS",
    "facts_of_targets",
    "read_targets",
    "reference_gap",
    "success_among",
    "success_gap",
    "targets_of",
]

TARGETS = tuple(10.0**-k for k in range(1, 9))
"""Targets of the gap as shares of the reference gap, like COCO's ladder of targets (Hansen et al. 2021)."""

SUCCESS_TARGET = 1e-6
"""A run succeeds if the gap of its returned point is at most this share of the reference gap. The share separates
Griewank's global minimum from its neighbours, and is within reach of single precision."""

RANDOM_TRIALS = (3, 5, 10, 20, 30, 100, 300, 1000)
"""Over a search space, the targets are the gaps that random search reaches after these numbers of trials, each with
probability 1/2. Shares such as 1e-8 are out of the reach of a tuner with its few trials (Bergstra & Bengio 2012)."""

SUCCESS_TRIALS = 100
"""Over a search space, a run succeeds if it is as good as random search after this number of trials."""

OF_SEARCH = "targets"
"""The key of a definition that holds the targets, if the landscape is over a search space."""

_POINTS = 1024
_POINTS_OF_SPACE = 4096


@functools.lru_cache(maxsize=1024)
def reference_gap(landscape: Landscape) -> float:
    """Return the median gap over 1024 Sobol' points of the box, to three significant digits.

    It is rounded so that the targets, which are shares of it, are the same on every machine. On a constrained landscape
    only the feasible points count. If there are none, it is the median of abs(f - fmin) over all points.

    Examples
    --------
    >>> from pytest_optlandscape import landscapes
    >>> reference_gap(landscapes.get("sphere"))
    16.5
    """
    points = sobol_starts(landscape, _POINTS)
    kept = feasible(points, landscape.bounds, landscape)
    gaps = np.abs(landscape(points[kept] if kept.any() else points) - landscape.fmin)
    return float(f"{np.median(gaps[np.isfinite(gaps)]):.3g}")


@functools.lru_cache(maxsize=1024)
def targets_of(landscape: Landscape) -> tuple[float, ...]:
    """Return the targets of the gap on a landscape, from the largest to the smallest.

    Over a search space, they come from the gaps of Sobol' points: 4096 for landscapes of the catalogue, else 1024.
    Each is rounded up to three significant digits, so that a value of a finite space that is a target is reached.

    Examples
    --------
    >>> from pytest_optlandscape import landscapes
    >>> targets_of(landscapes.get("sphere"))[:2]
    (1.6500000000000001, 0.165)
    """
    if landscape.space is None:
        reference = reference_gap(landscape)
        return tuple(share * reference for share in TARGETS)
    points = sobol_starts(landscape, _POINTS_OF_SPACE if landscape.family else _POINTS)
    gaps = np.maximum(landscape(points) - landscape.fmin, 0.0)
    gaps = np.where(np.isfinite(gaps), gaps, np.inf)
    shares = [1.0 - 0.5 ** (1.0 / trials) for trials in RANDOM_TRIALS]
    return tuple(_rounded_up(gap) for gap in np.quantile(gaps, shares, method="inverted_cdf").tolist())


def success_gap(landscape: Landscape) -> float:
    """Return the gap of the returned point at which a run succeeds."""
    if landscape.space is None:
        return SUCCESS_TARGET * reference_gap(landscape)
    return success_among(targets_of(landscape))


def success_among(targets: Sequence[float]) -> float:
    """Return the target over a search space that a run must reach to succeed."""
    return targets[RANDOM_TRIALS.index(SUCCESS_TRIALS)]


def facts_of_targets(landscape: Landscape) -> dict[str, str]:
    """Return the targets over a search space as a fact of a record's definition; nothing for a box.

    On a box they follow from the reference gap. `read_targets` reads them.
    """
    if landscape.space is None:
        return {}
    return {OF_SEARCH: " ".join(f"{gap:.3g}" for gap in targets_of(landscape))}


def read_targets(text: str) -> tuple[float, ...]:
    """Read the targets that `facts_of_targets` wrote.

    Examples
    --------
    >>> read_targets("2.5 1 0.5 0.2 0.1 0.05 0.01 0")[:2]
    (2.5, 1.0)
    """
    return tuple(map(float, text.split(" ")))


def _rounded_up(gap: float) -> float:
    if not 0.0 < gap < math.inf:
        return gap
    unit = 10.0 ** (math.floor(math.log10(gap)) - 2)
    up = float(f"{math.ceil(gap / unit * (1.0 - 1e-12)) * unit:.3g}")
    return up if up >= gap else float(f"{up + unit:.3g}")
