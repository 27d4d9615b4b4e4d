"""Whether the corpus is what it says: defects show, refactors that copy move no bit, those that round move some.

Nothing is judged here, so that both parts may be looked at. Each change stops at the first cell that shows it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from power_corpus import Change, changed, changes_of, reference
from power_runs import PlainRun, Recorded, mutates_start, parts_visibly, recorded

from pytest_optlandscape.landscapes import get
from pytest_optlandscape.runs import Problem, execute
from pytest_optlandscape.suites.catalogue import EVALUATIONS_PER_DIMENSION, Cell, cells

__all__ = ["check_corpus"]

_BEGIN = 40
"""Evaluations within which rounding does not grow to anything visible, except beside a kink; it takes more than the
first generation to see a mistake in a refactor of a population method."""


def check_corpus(optimizers: Sequence[str], landscape_ids: Sequence[str], workers: int) -> None:
    """Print every change that is not what it says."""
    with ProcessPoolExecutor(workers) as pool:
        found = [line for lines in pool.map(_check, optimizers, [landscape_ids] * len(optimizers)) for line in lines]
    print("\n".join(found) or "every change is what it says")


def _check(optimizer: str, landscape_ids: Sequence[str]) -> list[str]:
    warnings.simplefilter("ignore")
    found = []
    before = recorded(reference(optimizer), optimizer)
    for change in changes_of(optimizer):
        complaint = _complaint(before, recorded(changed(optimizer, change), optimizer), change, landscape_ids)
        if complaint:
            found.append(f"  {optimizer}/{change.name} ({change.kind}): {complaint}")
    return found


def _complaint(before: Recorded, now: Recorded, change: Change, landscape_ids: Sequence[str]) -> str:
    if change.kind == "defect":
        shows = _first(before, now, landscape_ids, parts_visibly)
        if shows or mutates_start(now, Problem(landscape_ids[0], budget=20)):
            return "" if change.visible else f"shows on {shows}, but is said to be invisible"
        return "shows nowhere" if change.visible else ""
    moved = _first(before, now, landscape_ids, _differ)
    if change.kind == "copying":
        return f"moves bits on {moved}" if moved else ""
    if not moved:
        return "moves no bit"
    if change.kind == "rounding":
        diverged = _first(before, now, landscape_ids, _begin_apart)
        return f"more than rounding on {diverged}" if diverged else ""
    return ""


def _first(before: Recorded, now: Recorded, landscape_ids: Sequence[str], differ: object) -> str:
    """Name the first cell where two optimizers differ."""
    for landscape_id in landscape_ids:
        for cell in cells(get(landscape_id)):
            if differ(_run(before, cell), _run(now, cell)):  # type: ignore[operator]
                return cell.id
    return ""


def _run(adapter: Recorded, cell: Cell) -> PlainRun:
    key = (cell.landscape.id, cell.x0.tobytes(), cell.seed)
    if key not in adapter.runs:
        budget = EVALUATIONS_PER_DIMENSION * cell.landscape.dim
        execute(adapter, Problem(cell.landscape, cell.x0, budget=budget, seed=cell.seed))
    return adapter.runs[key]


def _differ(before: PlainRun, now: PlainRun) -> bool:
    if (before.result is None) != (now.result is None):
        return True
    same_result = before.result is None or np.array_equal(before.result, now.result, equal_nan=True)
    return not (same_result and np.array_equal(before.points, now.points, equal_nan=True))


def _begin_apart(before: PlainRun, now: PlainRun) -> bool:
    one, other = before.points[:_BEGIN], now.points[:_BEGIN]
    return one.shape != other.shape or not np.allclose(one, other, rtol=1e-4, atol=1e-6, equal_nan=True)
