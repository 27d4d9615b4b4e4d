"""What is kept of a run: a cell's record. A landscape's runs are summed up all at once: each alone is short."""

from __future__ import annotations

import functools
import hashlib
import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.runs import Run, feasible
from pytest_optlandscape.runs.run import distance_from
from pytest_optlandscape.strategies.low_discrepancy import sobol_starts
from pytest_optlandscape.verdicts.fingerprint import fingerprints_of
from pytest_optlandscape.verdicts.records import FLAGS, TARGETS, CellRecord
from pytest_optlandscape.verdicts.stacked import StackedRuns, in_stacks

__all__ = ["record_of", "records_of", "reference_gap"]

FloatArray = NDArray[np.float64]

_TARGETS = np.array(TARGETS)


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
    return records_of([run], [start])[0]


def records_of(runs: Sequence[Run], starts: Sequence[str]) -> tuple[CellRecord, ...]:
    """Sum up runs on one landscape within the same bounds."""
    names = iter(starts)
    return tuple(record for stack in in_stacks(runs) for record in _records(stack, names))


def _records(runs: Sequence[Run], names: Iterator[str]) -> list[CellRecord]:
    stack = StackedRuns(runs)
    found = zip(
        runs,
        stack.gaps[stack.ends].tolist(),
        distance_from(stack.returned, stack.landscape).tolist(),
        _hits(stack).tolist(),
        _flags(stack, runs),
        _returned(stack),
        fingerprints_of(stack),
        strict=True,
    )
    return [
        CellRecord(
            start=next(names),
            nfev=run.nfev,
            njev=run.njev,
            stop_reason=run.stop_reason,
            gap=float(f"{gap:.4g}"),
            distance=float(f"{distance:.4g}"),
            hits=tuple(hit if hit == math.inf else int(hit) for hit in hits),
            flags=flags,
            trace=_trace(run, returned),
            fingerprint=fingerprint,
        )
        for run, gap, distance, hits, flags, returned, fingerprint in found
    ]


def _hits(stack: StackedRuns) -> FloatArray:
    """Count the evaluations of each run until the gap first falls to each target; shape (runs, targets)."""
    targets = _TARGETS * reference_gap(stack.landscape)
    counted = np.where(stack.gaps <= targets[:, np.newaxis], stack.count, np.inf)
    return np.minimum.reduceat(counted, stack.starts, axis=1).T


def _flags(stack: StackedRuns, runs: Sequence[Run]) -> list[frozenset[str]]:
    changes_start = [run.start_was_changed for run in runs]
    if not any(changes_start) and stack.inside.all():
        return [frozenset()] * len(runs)
    outside = ~stack.inside
    returns_outside = outside[stack.ends] & np.isfinite(stack.returned).all(axis=1)
    outside[stack.ends] = False
    evaluates_outside = np.logical_or.reduceat(outside, stack.starts)
    does = zip(evaluates_outside.tolist(), returns_outside.tolist(), changes_start, strict=True)
    return [frozenset(itertools.compress(FLAGS, one)) for one in does]


def _returned(stack: StackedRuns) -> list[float]:
    """Find the first evaluated point of each run that is the returned one to the last bit, from 1; inf if none is."""
    counts = stack.ends - stack.starts + 1
    is_returned = np.all(stack.x == np.repeat(stack.returned, counts, axis=0), axis=1)
    first: list[float] = np.minimum.reduceat(np.where(is_returned, stack.count, np.inf), stack.starts).tolist()
    return first


def _trace(run: Run, returned: float) -> str:
    which = f"{returned:.0f}" if returned < math.inf else f"x{_hash(run.x)[:4]}"
    return f"{_hash(*run.evaluated)[:8]}.{which}"


def _hash(*arrays: FloatArray) -> str:
    return hashlib.sha256(b"".join([array.tobytes() for array in arrays])).hexdigest()
