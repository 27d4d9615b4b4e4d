"""Run the cells of a landscape: once for a comparison, or with the reruns that a baseline needs."""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any, Never

import numpy as np

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.optimizers import get as get_optimizer
from pytest_optlandscape.optimizers.profile import obstacle
from pytest_optlandscape.records.averages import BATCH, with_further_runs
from pytest_optlandscape.records.best_seen import (
    as_in,
    best_point_text,
    landscape_of,
    notes_on_best,
    with_best_of,
)
from pytest_optlandscape.records.build_records import record_of, records_of
from pytest_optlandscape.records.fingerprint import Fingerprint, RoundingSensitivity, measured
from pytest_optlandscape.records.landscape_record import BEST_SEEN, HANGS, CellRecord, LandscapeRecord
from pytest_optlandscape.records.path_divergence import multiple_of
from pytest_optlandscape.records.perturbation import PerturbedProblem, precision_of
from pytest_optlandscape.records.targets import facts_of_targets, reference_gap
from pytest_optlandscape.records.unseeded_generators import note_of, unseeded_generators
from pytest_optlandscape.runs import Problem, Run, execute, execute_all, execute_in_lockstep, execute_together
from pytest_optlandscape.runs.campaign import in_order
from pytest_optlandscape.runs.lockstep import MOST
from pytest_optlandscape.runs.observers import observed
from pytest_optlandscape.runs.progress import Progress
from pytest_optlandscape.runs.supervision import MOST_HANGING, NOT_RUN
from pytest_optlandscape.suites.catalogue import (
    Cell,
    cell_budget,
    cells,
    find_cell,
    suite_budget_per_dimension,
)
from pytest_optlandscape.suites.low_discrepancy import SOBOL_VERSION
from pytest_optlandscape.suites.selection import in_early_order, read_selection
from pytest_optlandscape.texts.keywords import refuse_keywords
from pytest_optlandscape.texts.plurals import number_of, verb_of

__all__ = [
    "chosen_cells",
    "definition_of",
    "measure_suite",
    "run_baseline",
    "run_cell",
    "run_landscape",
    "runs_of_baseline",
    "with_hanging_flagged",
]

PERTURBATIONS = 5, 2
"""Perturbed runs of each cell in a baseline: by one unit in the last place, and by the largest allowed deviation. Five
runs miss a tie that rounding breaks at random with probability 1/32."""

STOCHASTIC_PERTURBATIONS = 3, 1
"""Perturbed runs for a stochastic optimizer: fewer, to leave time for averages over seeds."""

_FORMAT = 3

_HANGING = MOST_HANGING
"""If the first so many cells of a landscape hang, the others are not run."""

_LONG_BEFORE = 10.0
"""A stopped run hangs if each other run on the landscape took less than a tenth of the time limit; no machine is so
uneven."""


@functools.lru_cache(maxsize=1024)
def definition_of(landscape: Landscape, budget: int) -> dict[str, Any]:
    """Return the facts on which the numbers of a landscape's cells depend, besides the optimizer.

    Parameters
    ----------
    landscape : Landscape
    budget : int
        Evaluations of each cell.

    Returns
    -------
    dict
        Plain values; records are compared only if all of them agree.
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
        **facts_of_targets(landscape),
        **({"constraints": len(landscape.own_constraints)} if landscape.own_constraints else {}),
        **({} if landscape.structure.is_plain else {"structure": str(landscape.structure)}),
        **({BEST_SEEN: best_point_text(landscape)} if landscape.minimum_is_seen else {}),
    }


def chosen_cells(landscape: Landscape, starts: Sequence[str] | None = None) -> tuple[Cell, ...]:
    """Return the cells of a landscape with the given starts, or all usual cells if `starts` is None."""
    return cells(landscape) if starts is None else tuple(find_cell(landscape, start) for start in starts)


def run_landscape(
    adapter: Adapter,
    landscape: Landscape,
    budget: int,
    before: LandscapeRecord | None = None,
    starts: Sequence[str] | None = None,
) -> LandscapeRecord:
    """Run the cells of a landscape once, in an order that shows a change early.

    Parameters
    ----------
    adapter : Adapter
    landscape : Landscape
    budget : int
        Evaluations of each cell.
    before : LandscapeRecord, optional
        The baseline. Its records are reused for runs that are identical bit by bit. If the first three cells hang now
        and did not hang in the baseline, the others are not run, and a note counts them.
    starts : sequence of str, optional
        The starts of the cells to run (default: those of all usual cells).

    Returns
    -------
    LandscapeRecord
    """
    landscape = _with_a_minimum(adapter, as_in(landscape, before), budget, starts)
    chosen = chosen_cells(landscape, starts)
    runs = _run_until_it_hangs(adapter, chosen, budget, before) if before else _run_all(adapter, chosen, budget)
    known = before.single_runs if before and before.definition == definition_of(landscape, budget) else None
    return _landscape_record(landscape, budget, runs, known, chosen)


@dataclass(frozen=True)
class _Suite:
    """The landscapes of a suite, with their budgets and starts, as numbered tasks for an executor."""

    optimizer: Any
    landscapes: tuple[tuple[Landscape, int, tuple[str, ...]], ...]

    def __call__(self, numbers: range) -> list[LandscapeRecord]:
        adapter = get_optimizer(self.optimizer)
        chosen = [self.landscapes[number] for number in numbers]
        return [run_landscape(adapter, landscape, budget, starts=starts) for landscape, budget, starts in chosen]


def measure_suite(
    optimizer: Any,
    suite: str = "quick",
    *,
    budget_per_dimension: int | None = None,
    executor: Executor | None = None,
    progress: bool | None = None,
    **others: Never,
) -> tuple[LandscapeRecord, ...]:
    """Run every cell of a suite once, outside pytest, on any executor.

    Within pytest, pytest-xdist distributes the suite.

    Parameters
    ----------
    optimizer : str, callable, class or object
        Any argument of `optimizers.get`.
    suite : str, default "quick"
        Words of `suites.selection.read_selection`, such as ``smoke`` or ``quick cells=6``.
    budget_per_dimension : int, optional
        Evaluations of each cell, divided by the landscape's dimension (default: the suites' rule, see
        `suites.suite_budget_per_dimension`).
    executor : concurrent.futures.Executor, optional
        Runs one task per landscape. The records do not depend on it.
    progress : bool, optional
        Whether to show a progress bar on stderr (default: on a terminal, after two seconds).

    Returns
    -------
    tuple of LandscapeRecord
        One for each landscape on which the optimizer can be judged, in the order of the suite.

    Raises
    ------
    ValueError, TypeError, MissingLibrary
        If the suite or the optimizer is unknown, or cannot be sent to the executor.

    Examples
    --------
    >>> [record.landscape for record in measure_suite("scipy:L-BFGS-B", budget_per_dimension=10)][:2]
    ['beale', 'himmelblau']
    """
    refuse_keywords(
        measure_suite, others, {"budget": "budget_per_dimension: the landscapes of a suite differ in dimension"}
    )
    adapter = get_optimizer(optimizer)
    selection = read_selection(suite)
    per_dimension = budget_per_dimension or selection.budget or suite_budget_per_dimension(adapter.is_global)

    def budget_of(landscape: Landscape) -> int:
        return cell_budget(landscape, per_dimension, selection.trials)

    wanted = [landscape for landscape in selection.landscapes if not obstacle(adapter, landscape)]
    cells_of = selection.cells(budget_of, wanted)
    chosen = tuple(
        (landscape, budget_of(landscape), tuple(cell.start for cell in cells_of[landscape.id]))
        for landscape in wanted
        if cells_of[landscape.id]
    )
    records: list[LandscapeRecord] = []
    with Progress(len(chosen), "landscape", progress) as bar:
        for numbers, several in in_order(_Suite(optimizer, chosen), len(chosen), executor, longest=1):
            records += several
            bar.advance(len(numbers))
    return tuple(records)


def run_baseline(
    adapter: Adapter, landscape: Landscape, budget: int, starts: Sequence[str] | None = None
) -> LandscapeRecord:
    """Run the cells of a landscape for a baseline.

    Each cell is run once unchanged, and several times with all numbers off by one unit in the last place of the
    optimizer's own precision. Two cells are run again unchanged, to detect nondeterminism; the standard start alone
    may be the origin or a minimiser, where little can differ. Criteria are averaged over further runs (`averages`).

    Parameters
    ----------
    adapter, landscape, budget, starts
        As for `run_landscape`.

    Returns
    -------
    LandscapeRecord
    """
    landscape = _with_a_minimum(adapter, landscape, budget, starts)
    chosen = chosen_cells(landscape, starts)
    runs = _run_all(adapter, chosen, budget)
    record = _landscape_record(landscape, budget, runs, None, chosen)
    if repeats_itself(adapter, record, budget, at=[0, len(runs) // 2]):
        spread = [run for run, cell in zip(runs, chosen, strict=True) if cell.is_spread] or runs
        precision = precision_of(spread, adapter.setting.get("dtype", ""))
        record = _with_envelopes(adapter, record, runs, precision)
    else:
        draws_from = unseeded_generators(adapter, _problem(cells(landscape)[len(runs) // 2], budget))
        advice = (note_of(draws_from),) if draws_from else ()
        record = replace(record, nondeterministic=True, notes=(*record.notes, *advice))
    draws = adapter.is_stochastic or record.nondeterministic
    return with_further_runs(adapter, record, budget, "seeds" if draws else "starts")


def _with_envelopes(
    adapter: Adapter, record: LandscapeRecord, runs: Sequence[Run], precision: float
) -> LandscapeRecord:
    rounding_sensitivity = RoundingSensitivity(0, 0)
    fine, coarse = STOCHASTIC_PERTURBATIONS if adapter.is_stochastic else PERTURBATIONS
    units = [1] * fine + [round(multiple_of(precision))] * coarse
    whole = [run for run, cell in zip(runs, record.cells, strict=True) if not cell.was_stopped_by_time]
    every_perturbed = _perturbed_runs(adapter, whole, precision, units)
    records = []
    for run, cell in zip(runs, record.cells, strict=True):
        if cell.was_stopped_by_time:
            records.append(cell)
            continue
        perturbed = next(every_perturbed)
        if any(one.stop_reason == "time" for one in perturbed):  # stopped by the time limit, not by rounding
            records.append(cell)
            continue
        fingerprint, found = measured(run, perturbed[:fine], precision, perturbed[fine:])
        rounding_sensitivity += found
        records.append(replace(cell, fingerprint=Fingerprint.from_text(fingerprint.to_text())))
    return replace(record, cells=tuple(records), rounding_sensitivity=rounding_sensitivity)


def runs_of_baseline(adapter: Adapter, chosen: Sequence[Cell]) -> int:
    """Estimate the number of runs that `run_baseline` makes for some cells of a landscape."""
    perturbations = sum(STOCHASTIC_PERTURBATIONS if adapter.is_stochastic else PERTURBATIONS)
    over = "seeds" if adapter.is_stochastic else "starts"
    further = sum(adapter.is_stochastic or cell.is_spread for cell in chosen) * (BATCH[over] - 1)
    return len(chosen) * (1 + perturbations) + 2 + further


def _perturbed_runs(
    adapter: Adapter, runs: Sequence[Run], precision: float, units: Sequence[int]
) -> Iterator[list[Run]]:
    """Rerun each run's problem, perturbed by each number of units; several problems in lockstep if that saves time."""
    at_once = max(MOST // len(units), 1) if adapter.in_lockstep() else 1
    for start in range(0, len(runs), at_once):
        some = runs[start : start + at_once]
        made = execute_together(adapter, observed(one for run in some for one in _perturbed(run, precision, units)))
        yield from (made[k * len(units) : (k + 1) * len(units)] for k in range(len(some)))


def _perturbed(run: Run, precision: float, units: Sequence[int]) -> Iterator[PerturbedProblem]:
    rng = np.random.default_rng([run.seed, 1])
    problem = Problem(run.landscape, run.x0, budget=run.budget, seed=run.seed)
    return (PerturbedProblem(problem, rng, precision, so_many) for so_many in units)


def repeats_itself(adapter: Adapter, record: LandscapeRecord, budget: int, at: Iterable[int]) -> bool:
    """Rerun the cells at the given indices, and return whether all repeat themselves; stopped runs are ignored."""
    landscape = landscape_of(record)
    for k in at:
        if record.cells[k].was_stopped_by_time:
            continue
        cell = find_cell(landscape, record.cells[k].start)
        again = record_of(run_cell(adapter, cell, budget), cell.start)
        if not again.was_stopped_by_time and again.bits != record.cells[k].bits:
            return False
    return True


def _with_a_minimum(adapter: Adapter, landscape: Landscape, budget: int, starts: Sequence[str] | None) -> Landscape:
    """Return the landscape, with the best point of all cells' runs as its minimum if none is known."""
    if landscape.minimum_is_known:
        return landscape
    return with_best_of(landscape, _run_all(adapter, chosen_cells(landscape, starts), budget))


def _landscape_record(
    landscape: Landscape,
    budget: int,
    runs: Sequence[Run],
    known: Mapping[str, CellRecord] | None,
    chosen: Sequence[Cell],
) -> LandscapeRecord:
    return LandscapeRecord(
        landscape.id,
        dict(definition_of(landscape, budget)),
        with_hanging_flagged(runs, records_of(runs, [cell.start for cell in chosen], known)),
        _distinct(run.message for run in runs if run.stop_reason in ("exception", "no-result")),
        notes=_distinct(
            _skipped_note(runs)
            + [_side_effect_note(effect) for run in runs for effect in run.side_effects]
            + [run.fmin_contradiction for run in runs if run.fmin_contradiction][:1]
            + notes_on_best(landscape, runs)
        ),
        traceback=next((run.traceback for run in runs if run.traceback), ""),
        warnings=tuple(dict.fromkeys(one for run in runs for one in run.warned if one.is_of_optimizer)),
    )


def _side_effect_note(effect: str) -> str:
    return effect if "is refused" in effect else f"{effect}, which is put back after each run"


def with_hanging_flagged(runs: Sequence[Run], records: Sequence[CellRecord]) -> tuple[CellRecord, ...]:
    """Flag the records of runs that hang; a slow machine alone is not enough.

    A run hangs if the time limit stopped it, and either it made no evaluation in the second half of its time, or all
    other runs on the landscape ended long before the limit.
    """
    longest = max((run.wall_time for run in runs if run.stop_reason != "time"), default=math.inf)

    def hangs(run: Run) -> bool:
        ended_early = run.time_limit is not None and longest < run.time_limit / _LONG_BEFORE
        return run.stop_reason == "time" and (run.has_stalled or ended_early)

    return tuple(
        replace(record, flags=record.flags | {HANGS}) if hangs(run) else record
        for run, record in zip(runs, records, strict=True)
    )


def run_cell(adapter: Adapter, cell: Cell, budget: int) -> Run:
    """Run one cell."""
    return execute(adapter, _problem(cell, budget))


def _run_all(adapter: Adapter, chosen: Sequence[Cell], budget: int) -> list[Run]:
    early = in_early_order(chosen)
    runs = execute_together(adapter, observed(_problem(cell, budget) for cell in early))
    return _in_usual_order(chosen, early, runs)


def _run_until_it_hangs(adapter: Adapter, chosen: Sequence[Cell], budget: int, before: LandscapeRecord) -> list[Run]:
    """Run the cells, but skip the rest if the first few hang and did not before: then the verdict is known."""
    early = in_early_order(chosen)
    known = {cell.start: cell for cell in before.cells}
    if any(cell.start not in known or known[cell.start].was_stopped_by_time for cell in early[:_HANGING]):
        return _run_all(adapter, chosen, budget)
    runs = execute_in_lockstep(adapter, (_problem(cell, budget) for cell in early))
    if runs:
        return _in_usual_order(chosen, early, runs)
    runs = execute_all(adapter, observed(_problem(cell, budget) for cell in early), gives_up=_HANGING)
    runs += [_not_run(runs[0], cell) for cell in early[len(runs) :]]
    return _in_usual_order(chosen, early, runs)


def _in_usual_order(chosen: Sequence[Cell], early: Sequence[Cell], runs: Sequence[Run]) -> list[Run]:
    by_start = {cell.start: run for cell, run in zip(early, runs, strict=True)}
    return [by_start[cell.start] for cell in chosen]


def _not_run(other: Run, cell: Cell) -> Run:
    """Return a placeholder for a skipped run: stopped by the time limit before its first evaluation."""
    nothing = (np.empty((0, len(cell.x0))), np.empty(0))
    return replace(
        other,
        x0=cell.x0,
        seed=cell.seed,
        x=cell.x0,
        fun=math.nan,
        evaluated=nothing,
        message=NOT_RUN,
        wall_time=0.0,
        time_limit=None,
        has_stalled=False,
        side_effects=(),
        warned=(),
        warnings=(),
        nfev=0,
        njev=0,
        nhev=0,
        constr_nfev=0,
        constr_njev=0,
        constr_nhev=0,
        levels=None,
    )


def _skipped_note(runs: Sequence[Run]) -> list[str]:
    """Return a note with the number of skipped runs, if there are any."""
    count = sum(run.message == NOT_RUN for run in runs)
    others = f"{number_of(count, 'start')} {verb_of(count, 'was', 'were')} not run"
    return [f"given up after the first {_HANGING} starts hung: {others}"] if count else []


def _problem(cell: Cell, budget: int) -> Problem:
    return Problem(cell.landscape, cell.x0, budget=cell.budget(budget), seed=cell.seed)


def _distinct(messages: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(messages))
