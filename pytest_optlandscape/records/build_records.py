"""What is kept of a run: a cell's record. A landscape's runs are summed up all at once: each alone is short."""

from __future__ import annotations

import functools
import hashlib
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.records.fingerprint import fingerprints_of, least_envelope
from pytest_optlandscape.records.landscape_record import FLAGS, HANGS, ROUNDS_OUT, TARGETS, CellRecord, Descent
from pytest_optlandscape.records.path_divergence import MULTIPLE
from pytest_optlandscape.records.perturbation import DOUBLE, SINGLE
from pytest_optlandscape.records.run_batch import RunBatch, in_stacks
from pytest_optlandscape.runs import Run, box_widths, feasible
from pytest_optlandscape.runs.run import distance_from
from pytest_optlandscape.suites.low_discrepancy import sobol_starts

__all__ = ["hash_of_path", "record_of", "records_of", "reference_gap"]

FloatArray = NDArray[np.float64]

_TARGETS = np.array(TARGETS)
_NOT_OF_THE_PATH = {"m", HANGS}
"""Flags that say more than what was evaluated and returned."""


@functools.lru_cache(maxsize=1024)
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


def records_of(
    runs: Sequence[Run], starts: Sequence[str], before: Mapping[str, CellRecord] | None = None
) -> tuple[CellRecord, ...]:
    """Sum up runs on one landscape within the same bounds.

    Parameters
    ----------
    runs : sequence of Run
    starts : sequence of str
        What is stored as their starts.
    before : mapping, optional
        Records of earlier runs by their starts, to the same targets. Those of runs that went the same way, bit by bit,
        are taken over: all that a record says follows from that.

    Returns
    -------
    tuple of CellRecord
    """
    same = [_if_the_same(run, (before or {}).get(start)) for run, start in zip(runs, starts, strict=True)]
    names = (start for start, known in zip(starts, same, strict=True) if known is None)
    others = [run for run, known in zip(runs, same, strict=True) if known is None]
    made = (record for stack in in_stacks(others) for record in _records(stack, names))
    return tuple(next(made) if known is None else known for known in same)


def _if_the_same(run: Run, before: CellRecord | None) -> CellRecord | None:
    """Give the record of a run before, where this one made the same evaluations and returned the same one of them."""
    if before is None or (run.nfev, run.njev, run.stop_reason) != (before.nfev, before.njev, before.stop_reason):
        return None
    if (run.constr_nfev, run.constr_njev) != (before.constr_nfev, before.constr_njev):
        return None
    if run.start_was_changed or not before.flags.isdisjoint(_NOT_OF_THE_PATH):
        return None
    points, _ = run.evaluated
    if before.returned is None or _path_of(run) != before.path:
        return None
    returned = points[before.returned[1] - 1 : before.returned[1]]
    return before if [run.x.tolist()] == returned.tolist() else None


def _records(runs: Sequence[Run], names: Iterator[str]) -> list[CellRecord]:
    stack = RunBatch(runs)
    every_hits = _hits(stack)
    found = zip(
        runs,
        stack.gaps[stack.ends].tolist(),
        distance_from(stack.returned, stack.landscape).tolist(),
        every_hits.tolist(),
        _descents(stack, runs, every_hits),
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
            descent=descent,
            constr_nfev=run.constr_nfev,
            constr_njev=run.constr_njev,
        )
        for run, gap, distance, hits, descent, flags, returned, fingerprint in found
    ]


def _hits(stack: RunBatch) -> FloatArray:
    """Count the evaluations of each run until the gap first falls to each target; shape (runs, targets)."""
    targets = _TARGETS * reference_gap(stack.landscape)
    counted = np.where(stack.gaps <= targets[:, np.newaxis], stack.count, np.inf)
    return np.minimum.reduceat(counted, stack.starts, axis=1).T


def _descents(stack: RunBatch, runs: Sequence[Run], hits: FloatArray) -> list[Descent | None]:
    """Follow the gap of each run that reached no target after its first evaluation."""
    reached_none = np.logical_not(np.any((hits > 1.0) & np.isfinite(hits), axis=1))
    return [
        _descent(stack.gaps[start:end], reference_gap(stack.landscape), run.budget) if is_due else None
        for run, start, end, is_due in zip(runs, stack.starts, stack.ends, reached_none.tolist(), strict=True)
    ]


def _descent(gaps: FloatArray, reference: float, budget: int) -> Descent | None:
    """Follow the best of some gaps; None where it never falls."""
    if not np.isfinite(gaps).any():
        return None
    best = np.minimum.accumulate(gaps)
    first = int(np.argmax(np.isfinite(best)))
    top = best[first]
    if not 0.0 < best[-1] < top:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        slightly = -np.log1p((best - top) / top)  # exact where the gap hardly moves
        fallen = np.where(best > 0.5 * top, slightly, np.log(top / best)) / math.log(10.0)
    depth = float(f"{fallen[-1]:.4g}")
    if depth <= 0.0:
        return None
    end = int(np.argmax(best == best[-1])) + 1
    at = [int(evaluations) for evaluations in Descent.grid(budget) if int(evaluations) < end]
    thousandths = [round(1000.0 * fallen[n - 1] / fallen[-1]) if n > first else 0 for n in at]
    return Descent(float(f"{math.log10(top / reference):.6g}"), depth, end, tuple(thousandths))


def _flags(stack: RunBatch, runs: Sequence[Run]) -> list[frozenset[str]]:
    changes_start = [run.start_was_changed for run in runs]
    if not any(changes_start) and stack.is_strictly_inside:
        return [frozenset()] * len(runs)
    outside = ~stack.inside
    leaves = np.logical_or.reduceat(stack.just_outside & ~outside, stack.starts) & ~np.logical_or.reduceat(
        outside, stack.starts
    )
    returns_outside = outside[stack.ends] & np.isfinite(stack.returned).all(axis=1)
    outside[stack.ends] = False
    evaluates_outside = np.logical_or.reduceat(outside, stack.starts)
    does = zip(evaluates_outside.tolist(), returns_outside.tolist(), changes_start, leaves.tolist(), strict=True)
    return [frozenset(itertools.compress((*FLAGS, ROUNDS_OUT), one)) for one in does]


def _returned(stack: RunBatch) -> list[list[float]]:
    """Find the first evaluated point of each run that is the returned one up to rounding, and to the last bit.

    Counted from 1; inf where there is none.
    """
    counts = stack.ends - stack.starts + 1
    returned = np.repeat(stack.returned, counts, axis=0)
    with np.errstate(all="ignore"):
        apart = np.abs(stack.x - returned)
        is_single = np.logical_and.reduceat(np.all(stack.x.astype(np.float32) == stack.x, axis=1), stack.starts)
    allowed = MULTIPLE * np.where(is_single, least_envelope(SINGLE), least_envelope(DOUBLE))
    is_near = np.all(apart <= np.repeat(allowed, counts)[:, np.newaxis] * box_widths(stack.bounds), axis=1)
    is_it = np.all(stack.x == returned, axis=1)
    found = np.where([is_near | is_it, is_it], stack.count, np.inf)
    first: list[list[float]] = np.minimum.reduceat(found, stack.starts, axis=1).T.tolist()
    return first


def _trace(run: Run, returned: Sequence[float]) -> str:
    near, exactly = returned
    if exactly == math.inf:
        which = f"x{_hash(run.x)[:4]}"
    else:
        which = f"{exactly:.0f}" if near == exactly else f"{near:.0f}-{exactly:.0f}"
    return f"{_path_of(run)}.{which}"


def _path_of(run: Run) -> str:
    return hash_of_path(*run.evaluated)


def hash_of_path(points: FloatArray, values: FloatArray) -> str:
    """Hash the evaluations of a run, as `CellRecord.path` has it."""
    return _hash(points, values)[:8]


def _hash(*arrays: FloatArray) -> str:
    return hashlib.sha256(b"".join([array.tobytes() for array in arrays])).hexdigest()
