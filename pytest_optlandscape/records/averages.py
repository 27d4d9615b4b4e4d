"""Average the criteria of each cell over further runs, because a single run hardly shows a small change.

The further runs of a stochastic optimizer have other seeds. Those of a deterministic optimizer have other starts of the
same kind: other Sobol' points, inside the box or on the same face. Standard starts and corners have no further runs.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.records.best_seen import landscape_of
from pytest_optlandscape.records.build_records import records_of
from pytest_optlandscape.records.criterion_values import AVERAGED
from pytest_optlandscape.records.landscape_record import Average, CellRecord, LandscapeRecord
from pytest_optlandscape.runs import Problem, execute_together
from pytest_optlandscape.runs.observers import observed
from pytest_optlandscape.suites.catalogue import Cell, find_cell, further_starts

__all__ = ["BATCH", "with_further_runs"]

FloatArray = NDArray[np.float64]

BATCH = {"seeds": 5, "starts": 3}
"""Runs in each average of a cell, by what the runs differ in. With the perturbed runs, they make a baseline cost as
much as ten comparisons."""


def with_further_runs(
    adapter: Adapter, record: LandscapeRecord, budget: int, over: str, batches: int = 1
) -> LandscapeRecord:
    """Average the criteria of each cell over further runs, whose seeds and starts are fixed.

    Parameters
    ----------
    adapter : Adapter
    record : LandscapeRecord
        Averages that it already has are kept.
    budget : int
        Evaluations of each run.
    over : str
        What the runs differ in: ``seeds`` or ``starts``.
    batches : int, default 1
        The number of averages, each over `BATCH` runs; the first includes the cell's own run.

    Returns
    -------
    LandscapeRecord
    """
    landscape = landscape_of(record)
    every = [find_cell(landscape, kept.start) for kept in record.cells]
    known = [list(kept.batches or ([kept.average] if kept.average else [])) for kept in record.cells]
    for number in range(batches):
        due = [k for k, averages in enumerate(known) if len(averages) == number]
        further = [_further(every[k], over, number) for k in due]
        problems = (
            Problem(landscape, x0, budget=every[k].budget(budget), seed=seed)
            for k, some in zip(due, further, strict=True)
            for x0, seed in some
        )
        starts = [every[k].start for k, some in zip(due, further, strict=True) for _ in some]
        made = iter(records_of(execute_together(adapter, observed(problems)), starts))
        for k, some in zip(due, further, strict=True):
            several = [*([record.cells[k]] if number == 0 else []), *itertools.islice(made, len(some))]
            if len(several) == BATCH[over] and not any(one.was_stopped_by_time for one in several):
                means = [float(np.mean([value(record, one) for one in several])) for value in AVERAGED.values()]
                reached = max(sum(np.isfinite(one.hits)) for one in several)
                known[k].append(_average(BATCH[over], means, over, reached))
    averaged = [
        _with_average(kept, tuple(averages)) if averages else kept
        for kept, averages in zip(record.cells, known, strict=True)
    ]
    return replace(record, cells=tuple(averaged))


def _further(cell: Cell, over: str, number: int) -> list[tuple[FloatArray, int]]:
    """List the starts and seeds of a batch's further runs; empty if there are no other starts of the cell's kind."""
    numbers = range(max(number * BATCH[over], 1), (number + 1) * BATCH[over])
    if over == "seeds":
        return [(cell.x0, cell.seed + k) for k in numbers]
    starts = [further_starts(cell.landscape, k).get(cell.start) for k in numbers]
    return [(x0, cell.seed) for x0 in starts if x0 is not None]


def _with_average(cell: CellRecord, batches: tuple[Average, ...]) -> CellRecord:
    if len(batches) == 1:
        return replace(cell, average=batches[0])
    means = [float(np.mean([getattr(batch, name) for batch in batches])) for name in AVERAGED]
    runs, reached = sum(batch.runs for batch in batches), max(batch.reached for batch in batches)
    return replace(cell, average=_average(runs, means, batches[0].over, reached), batches=batches)


def _average(runs: int, means: Sequence[float], over: str, reached: int) -> Average:
    """Round as for storage, so that a fresh record equals the same record read from a file."""
    criteria = dict(zip(AVERAGED, means, strict=True))
    return Average.from_text(Average(runs, **criteria, over=over, reached=reached).to_text())
