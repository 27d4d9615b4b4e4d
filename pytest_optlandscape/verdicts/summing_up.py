"""What is kept of a run: a cell's record, made of it."""

from __future__ import annotations

import functools
import hashlib

import numpy as np

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.runs import Run, feasible, inside
from pytest_optlandscape.strategies.low_discrepancy import sobol_starts
from pytest_optlandscape.verdicts.fingerprint import fingerprint_of
from pytest_optlandscape.verdicts.records import TARGETS, CellRecord

__all__ = ["record_of", "reference_gap"]


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


def record_of(run: Run, start: str) -> CellRecord:
    """Sum a run up.

    Numbers are rounded as they are stored, so that a fresh record and one that was read compare as equals.
    """
    reference = reference_gap(run.landscape)
    digest = hashlib.sha256(run.trace.x.tobytes() + run.trace.fun.tobytes() + run.x.tobytes())
    return CellRecord(
        start=start,
        nfev=run.nfev,
        njev=run.njev,
        stop_reason=run.stop_reason,
        gap=float(f"{run.result_gap:.4g}"),
        distance=float(f"{run.distance:.4g}"),
        hits=run.trace.hits([share * reference for share in TARGETS]),
        flags=_flags(run),
        trace=digest.hexdigest()[:8],
        fingerprint=fingerprint_of(run),
    )


def _flags(run: Run) -> frozenset[str]:
    does = {
        "o": not inside(run.trace.x, run.bounds).all(),
        "r": bool(np.all(np.isfinite(run.x))) and not inside(run.x, run.bounds),
        "m": run.start_was_changed,
    }
    return frozenset(letter for letter, true in does.items() if true)
