"""Use the best point of a baseline as the minimum of a landscape whose minimum is not known."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np

from pytest_optlandscape.landscapes import Landscape, get
from pytest_optlandscape.landscapes.frozen import set_attributes
from pytest_optlandscape.landscapes.minimizers import MinimizerList
from pytest_optlandscape.records.landscape_record import BEST_SEEN, LandscapeRecord
from pytest_optlandscape.runs import Run, feasible

__all__ = ["as_in", "best_point_text", "landscape_of", "notes_on_best", "with_best_of"]


def landscape_of(record: LandscapeRecord) -> Landscape:
    """Return the landscape of a record, with the record's best point as minimum if none is known."""
    return as_in(get(record.landscape), record)


def as_in(landscape: Landscape, record: LandscapeRecord | None) -> Landscape:
    """Return a landscape whose minimum is the best point of a record.

    Parameters
    ----------
    landscape : Landscape
    record : LandscapeRecord or None
        The baseline.

    Returns
    -------
    Landscape
        The landscape itself if its minimum is known or the record has no best point.
    """
    text = record.definition.get(BEST_SEEN) if record is not None else None
    if landscape.minimum_is_known or record is None or len(str(text or "").split()) != landscape.dim:
        return landscape
    return _with_minimum(landscape, str(text), float(record.definition["fmin"]))


def with_best_of(landscape: Landscape, runs: Sequence[Run]) -> Landscape:
    """Return a landscape whose minimum is the best feasible point of some runs.

    Parameters
    ----------
    landscape : Landscape
        A landscape whose minimum is not known.
    runs : sequence of Run

    Returns
    -------
    Landscape
        Its minimum is the standard start if no evaluated point was feasible with a finite value.
    """
    best, where = math.inf, landscape.x0
    for run in runs:
        points, values = run.evaluated
        allowed = feasible(points, run.bounds, landscape) & np.isfinite(values)
        if allowed.any() and (lowest := float(values[allowed].min())) < best:
            best, where = lowest, points[allowed][int(np.argmin(values[allowed]))]
    if best == math.inf:
        best = float(landscape(where))
    return _with_minimum(landscape, " ".join(map(repr, where.tolist())), best if math.isfinite(best) else 0.0)


def best_point_text(landscape: Landscape) -> str:
    """Format the best point seen, as a definition stores it; "" if the minimum is known."""
    return " ".join(map(repr, landscape.minimizers[0].tolist())) if landscape.minimum_is_seen else ""


def notes_on_best(landscape: Landscape, runs: Sequence[Run]) -> list[str]:
    """Return notes: that the baseline's best value is used as the minimum, and that a run found a lower one."""
    if not landscape.minimum_is_seen:
        return []
    notes = [f"the minimum is not known; the best value in the baseline, f = {landscape.fmin:.6g}, is used instead"]
    lowest = min((run.best_fun for run in runs), default=math.inf)
    if lowest < landscape.fmin - landscape.fmin_tolerance:
        notes.append(f"f = {lowest:.6g} was found, below the best value in the baseline; update the baseline to use it")
    return notes


@functools.lru_cache(maxsize=256)
def _with_minimum(landscape: Landscape, point: str, fmin: float) -> Landscape:
    known = landscape.renamed(landscape.id, made_by=(_with_minimum, (landscape, point, fmin)))
    minimizer = [float(word) for word in point.split()]
    set_attributes(
        known,
        written=landscape.written,
        fmin=fmin,
        all_minimizers=MinimizerList([minimizer], False),
        minimizers_complete=False,
        minimum_is_seen=True,
    )
    known._fmin_tolerance = None
    return known
