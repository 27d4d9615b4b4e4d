"""Build the records of a landscape's runs, all in one batch, because a single run is too short for NumPy to be fast."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.records.fingerprint import fingerprints_of, least_envelope
from pytest_optlandscape.records.landscape_record import FLAGS, HANGS, ROUNDS_OUT, CellRecord, Descent
from pytest_optlandscape.records.path_divergence import MULTIPLE
from pytest_optlandscape.records.perturbation import DOUBLE, SINGLE
from pytest_optlandscape.records.run_batch import RunBatch, in_batches
from pytest_optlandscape.records.targets import reference_gap, targets_of
from pytest_optlandscape.runs import Run, box_widths
from pytest_optlandscape.runs.run import distance_from

__all__ = ["descent_of", "hash_of_path", "record_of", "records_of"]

FloatArray = NDArray[np.float64]

_FLAGS_BEYOND_PATH = {"m", HANGS}
"""Flags that do not follow from the evaluations and the returned point."""


def record_of(run: Run, start: str) -> CellRecord:
    """Build the record of one run.

    Numbers are rounded as for storage, so that a fresh record equals the same record read from a file.
    """
    return records_of([run], [start])[0]


def records_of(
    runs: Sequence[Run], starts: Sequence[str], before: Mapping[str, CellRecord] | None = None
) -> tuple[CellRecord, ...]:
    """Build the records of runs on one landscape within the same bounds.

    Parameters
    ----------
    runs : sequence of Run
    starts : sequence of str
        The names of their starts.
    before : mapping, optional
        Records of earlier runs with the same targets, by start. The record of a run that is identical bit by bit is
        reused, to save time.

    Returns
    -------
    tuple of CellRecord
    """
    same = [_reused(run, (before or {}).get(start)) for run, start in zip(runs, starts, strict=True)]
    names = (start for start, known in zip(starts, same, strict=True) if known is None)
    others = [run for run, known in zip(runs, same, strict=True) if known is None]
    made = (record for batch in in_batches(others) for record in _records(batch, names))
    return tuple(next(made) if known is None else known for known in same)


def _reused(run: Run, before: CellRecord | None) -> CellRecord | None:
    """Return the earlier record if this run made and returned the same evaluations, else None."""
    if before is None or (run.nfev, run.njev, run.stop_reason) != (before.nfev, before.njev, before.stop_reason):
        return None
    if (run.constr_nfev, run.constr_njev) != (before.constr_nfev, before.constr_njev):
        return None
    if run.start_was_changed or not before.flags.isdisjoint(_FLAGS_BEYOND_PATH):
        return None
    points, _ = run.evaluated
    if before.returned is None or _path_of(run) != before.path:
        return None
    returned = points[before.returned[1] - 1 : before.returned[1]]
    return before if [run.x.tolist()] == returned.tolist() else None


def _records(runs: Sequence[Run], names: Iterator[str]) -> list[CellRecord]:
    batch = RunBatch(runs)
    every_hits = _hits(batch)
    found = zip(
        runs,
        batch.gaps[batch.ends].tolist(),
        distance_from(batch.returned, batch.landscape).tolist(),
        every_hits.tolist(),
        _descents(batch, runs, every_hits),
        _flags(batch, runs),
        _returned(batch),
        fingerprints_of(batch),
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
            hits=tuple(hit if hit == math.inf else _rounded(hit) for hit in hits),
            flags=flags,
            trace=_trace(run, returned),
            fingerprint=fingerprint,
            descent=descent,
            constr_nfev=run.constr_nfev,
            constr_njev=run.constr_njev,
            cost=None if run.levels is None else _rounded(run.cost),
        )
        for run, gap, distance, hits, descent, flags, returned, fingerprint in found
    ]


def _rounded(count: float) -> float:
    """Round a number of evaluations, or their cost, as for storage."""
    return int(count) if count == int(count) else float(f"{count:.6g}")


def _hits(batch: RunBatch) -> FloatArray:
    """Return the cost of each run until its gap first reaches each target; shape (runs, targets)."""
    targets = np.array(targets_of(batch.landscape))
    counted = np.where(batch.gaps <= targets[:, np.newaxis], batch.cost, np.inf)
    return np.minimum.reduceat(counted, batch.starts, axis=1).T


def _descents(batch: RunBatch, runs: Sequence[Run], hits: FloatArray) -> list[Descent | None]:
    """Return the descent of each run that reached no target after its first evaluation, else None."""
    reached_none = np.logical_not(np.any((hits > 1.0) & np.isfinite(hits), axis=1))
    return [
        descent_of(_by_cost(batch.gaps[start:end], run), reference_gap(batch.landscape), run.budget) if is_due else None
        for run, start, end, is_due in zip(runs, batch.starts, batch.ends, reached_none.tolist(), strict=True)
    ]


def _by_cost(gaps: FloatArray, run: Run) -> FloatArray:
    """Return the best gap after each evaluation; with a fidelity, after a cost of 1, 2, 3 and so on."""
    if run.costs is None or not len(gaps):
        return gaps
    whole = np.arange(1, math.ceil(run.cost) + 1)
    best: FloatArray = np.minimum.accumulate(gaps)[np.searchsorted(run.costs, whole, side="right") - 1]
    return best


def descent_of(gaps: FloatArray, reference: float, budget: int) -> Descent | None:
    """Return the descent of the best gap; None if it never falls.

    Examples
    --------
    >>> descent_of(np.array([10.0, 3.0, 1.0]), 1.0, budget=8)
    Descent(top=1.0, depth=1.0, end=3, thousandths=(0, 523))
    """
    if not np.isfinite(gaps).any():
        return None
    best = np.minimum.accumulate(gaps)
    first = int(np.argmax(np.isfinite(best)))
    top = best[first]
    if not 0.0 < best[-1] < top:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        slightly = -np.log1p((best - top) / top)  # accurate if the gap hardly moves
        fallen = np.where(best > 0.5 * top, slightly, np.log(top / best)) / math.log(10.0)
    depth = float(f"{fallen[-1]:.4g}")
    if depth <= 0.0:
        return None
    end = int(np.argmax(best == best[-1])) + 1
    at = [int(evaluations) for evaluations in Descent.grid(budget) if int(evaluations) < end]
    thousandths = [round(1000.0 * fallen[n - 1] / fallen[-1]) if n > first else 0 for n in at]
    return Descent(float(f"{math.log10(top / reference):.6g}"), depth, end, tuple(thousandths))


def _flags(batch: RunBatch, runs: Sequence[Run]) -> list[frozenset[str]]:
    changes_start = [run.start_was_changed for run in runs]
    if not any(changes_start) and batch.is_strictly_inside:
        return [frozenset()] * len(runs)
    outside = ~batch.inside
    leaves = np.logical_or.reduceat(batch.just_outside & ~outside, batch.starts) & ~np.logical_or.reduceat(
        outside, batch.starts
    )
    returns_outside = outside[batch.ends] & np.isfinite(batch.returned).all(axis=1)
    outside[batch.ends] = False
    evaluates_outside = np.logical_or.reduceat(outside, batch.starts)
    does = zip(evaluates_outside.tolist(), returns_outside.tolist(), changes_start, leaves.tolist(), strict=True)
    return [frozenset(itertools.compress((*FLAGS, ROUNDS_OUT), one)) for one in does]


def _returned(batch: RunBatch) -> list[list[float]]:
    """Return the number of the first evaluation that equals each returned point, up to rounding and exactly.

    Evaluations are counted from 1; inf means that none is equal.
    """
    counts = batch.ends - batch.starts + 1
    returned = np.repeat(batch.returned, counts, axis=0)
    with np.errstate(all="ignore"):
        apart = np.abs(batch.x - returned)
        is_single = np.logical_and.reduceat(np.all(batch.x.astype(np.float32) == batch.x, axis=1), batch.starts)
    allowed = MULTIPLE * np.where(is_single, least_envelope(SINGLE), least_envelope(DOUBLE))
    is_near = np.all(apart <= np.repeat(allowed, counts)[:, np.newaxis] * box_widths(batch.bounds), axis=1)
    is_it = np.all(batch.x == returned, axis=1)
    found = np.where([is_near | is_it, is_it], batch.count, np.inf)
    first: list[list[float]] = np.minimum.reduceat(found, batch.starts, axis=1).T.tolist()
    return first


def _trace(run: Run, returned: Sequence[float]) -> str:
    near, exactly = returned
    if exactly == math.inf:
        which = f"x{_hash(run.x)[:4]}"
    else:
        which = f"{exactly:.0f}" if near == exactly else f"{near:.0f}-{exactly:.0f}"
    return f"{_path_of(run)}.{which}"


def _path_of(run: Run) -> str:
    points, values = run.evaluated
    return hash_of_path(points, values) if run.levels is None else _hash(points, values, run.levels)[:8]


def hash_of_path(points: FloatArray, values: FloatArray) -> str:
    """Hash the evaluations of a run, in the form of `CellRecord.path`."""
    return _hash(points, values)[:8]


def _hash(*arrays: FloatArray) -> str:
    return hashlib.sha256(b"".join([array.tobytes() for array in arrays])).hexdigest()
