"""Further runs of each cell, over which its criteria are averaged: one run tells little of a small change.

Where random numbers are drawn, the further runs have other seeds. Where none are, the same start would give the same
run again: they start from further points of the same kind, that is, other Sobol' points, inside or on the same face.
The literature's starts and the corners have no further ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pytest_optlandscape.landscapes import get
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.runs import Problem, execute_all
from pytest_optlandscape.strategies.suites import Cell, cells, further_starts
from pytest_optlandscape.verdicts.metrics import METRICS
from pytest_optlandscape.verdicts.records import Average, CellRecord, LandscapeRecord
from pytest_optlandscape.verdicts.summing_up import records_of

__all__ = ["BATCH", "with_further_runs"]

BATCH = {"seeds": 5, "starts": 3}
"""Runs over which the criteria of a cell are averaged, and averaged again, by what they differ in: as many as the cost
of a baseline, ten comparisons, leaves beside dithered runs."""


def with_further_runs(
    adapter: Adapter, record: LandscapeRecord, budget: int, over: str, batches: int = 1
) -> LandscapeRecord:
    """Average the criteria of each cell over further runs, the same ones every time.

    Parameters
    ----------
    adapter : Adapter
    record : LandscapeRecord
        Averages that it has already are gone on with.
    budget : int
        Evaluations of each run.
    over : str
        What the runs differ in: ``seeds`` or ``starts``.
    batches : int, default 1
        How many averages of `BATCH` runs each there are to be; the first one takes the cell's own run in.

    Returns
    -------
    LandscapeRecord
    """
    averaged = []
    for cell, kept in zip(cells(get(record.landscape)), record.cells, strict=True):
        known = list(kept.batches or ([kept.average] if kept.average else []))
        for number in range(len(known), batches):
            problems = _problems(cell, budget, over, number)
            several = [kept] if number == 0 else []
            runs = execute_all(adapter, problems)
            several += records_of(runs, [cell.start] * len(runs))
            if len(several) < BATCH[over] or any(one.was_stopped_by_time for one in several):
                break
            means = [float(np.mean([metric.value(record, one) for one in several])) for metric in METRICS]
            known.append(_average(BATCH[over], means, over))
        averaged.append(_with_average(kept, tuple(known)) if known else kept)
    return replace(record, cells=tuple(averaged))


def _problems(cell: Cell, budget: int, over: str, number: int) -> list[Problem]:
    """List the further problems of a batch, none where the cell's start has no others of its kind."""
    numbers = range(max(number * BATCH[over], 1), (number + 1) * BATCH[over])
    if over == "seeds":
        return [Problem(cell.landscape, cell.x0, budget=budget, seed=cell.seed + k) for k in numbers]
    starts = [further_starts(cell.landscape, k).get(cell.start) for k in numbers]
    return [Problem(cell.landscape, x0, budget=budget, seed=cell.seed) for x0 in starts if x0 is not None]


def _with_average(cell: CellRecord, batches: tuple[Average, ...]) -> CellRecord:
    if len(batches) == 1:
        return replace(cell, average=batches[0])
    means = [float(np.mean([getattr(batch, metric.name) for batch in batches])) for metric in METRICS]
    return replace(
        cell, average=_average(sum(batch.runs for batch in batches), means, batches[0].over), batches=batches
    )


def _average(runs: int, means: Sequence[float], over: str) -> Average:
    """Round as it is stored, so that a fresh record and one that was read compare as equals."""
    speed, precision, failure, cost = means
    return Average.from_text(Average(runs, speed, precision, failure, cost, over).to_text())
