"""Compare the optimizer's own time per evaluation, without the objective's, between two revisions.

Times are comparable only if both revisions ran on one machine in one session. The revisions take turns (old, new, new,
old, …), so that other load falls on both. The quickest repetition of a cell counts, because other load only adds time.
The objective's time is measured afterwards, by evaluating the same points again: a clock in every evaluation would
take longer than a cheap objective.

Significance is decided by a sign test: on one landscape over the pairs of repetitions, over a suite over the cells.
A gate decides whether the difference matters; it is far above the difference between two processes of the same code.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy

from pytest_optlandscape.comparison.findings import Finding, Verdict, verdict_of
from pytest_optlandscape.comparison.landscape_comparison import LandscapeComparison
from pytest_optlandscape.comparison.speed import SpeedChange
from pytest_optlandscape.comparison.suite_comparison import OptimizerComparison
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.runs import Problem, Run, execute
from pytest_optlandscape.suites.catalogue import Cell

__all__ = [
    "TIME_GATE",
    "MedianInterval",
    "TimeRatios",
    "TimedRun",
    "judge_landscape_by_time",
    "judge_suite_by_time",
    "median_interval",
    "sign_test",
    "time_alternately",
    "timed_cells",
    "timed_run",
]

TIME_LEVEL = 0.001
"""Probability of a false finding of time in a suite: half for the landscapes, half for the suite as a whole."""

TIME_GATE = 1.25
"""The smallest ratio over a suite that matters. Two processes of the same code, sharing two cores with fourteen
others, differed by less than 1.03. On one landscape in eight suites they differed by 1.9, with 12 signs each way."""

LANDSCAPE_TIME_GATE = 2.0
"""The smallest ratio on one landscape that matters; on a busy machine, the same code gave a ratio of 0.6."""

CELLS = 3
"""Cells of a landscape that are timed: the standard start and the first Sobol' points."""

REPETITIONS = 8
"""Pairs of timed runs of each cell. Three cells give 24 signs; the test still rejects if two of them differ."""

FIRST_LOOK = 3
"""Pairs after which timing stops if the ratio is clearly within the gate."""

LONGEST = 20.0
"""Seconds of timed runs after which a landscape is done: long runs vary little, so few are enough."""

SMALLEST_SHARE = 0.1
"""Least share of the wall time that counts as the optimizer's own; a smaller difference of two times is noise."""


_ROUNDING = 1e-3  # difference in speed between two runs that agree up to rounding


@dataclass(frozen=True)
class TimedRun:
    """The times of one run.

    Attributes
    ----------
    wall : float
        Seconds of the whole run, objective included.
    objective : float
        Seconds that the evaluations take by themselves.
    evaluations : int
        Evaluations of objective, gradient and Hessian together.
    """

    wall: float
    objective: float
    evaluations: int


def timed_run(adapter: Adapter, cell: Cell, budget: int) -> TimedRun:
    """Time the run of a cell, then its evaluations by themselves."""
    with _no_garbage_collection():
        run = execute(adapter, Problem(cell.landscape, cell.x0, budget=budget, seed=cell.seed))
        return TimedRun(run.wall_time, _objective_time(run), run.nfev + run.njev + run.nhev)


def _objective_time(run: Run) -> float:
    """Time the run's evaluations again, with counting, so that counting is not charged to the optimizer."""
    problem = Problem(run.landscape, run.x0, bounds=run.bounds, budget=run.budget, seed=run.seed)
    points = list(run.trace.x)
    kinds = ((problem.fun, run.nfev), (problem.gradient, run.njev), (problem.hessian, run.nhev))
    started = time.perf_counter()
    for function, count in kinds:
        for x in itertools.islice(itertools.cycle(points), count):
            with contextlib.suppress(Exception):  # a point that raised in the run raises again
                function(x)
    return time.perf_counter() - started


@contextlib.contextmanager
def _no_garbage_collection() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass(frozen=True)
class TimeRatios:
    """The own times of two revisions on one landscape, as ratios.

    Attributes
    ----------
    cells : tuple of (str, float)
        For each start, log₁₀ of the ratio of own times, new to old.
    slower, faster : int
        The number of pairs of repetitions in which the new revision was slower, and faster.
    """

    cells: tuple[tuple[str, float], ...]
    slower: int
    faster: int

    @property
    def ratio(self) -> float:
        """The median ratio over the cells: 1.8 takes 1.8 times as long per evaluation."""
        return float(10.0 ** np.median([change for _, change in self.cells]))

    def to_plain(self) -> dict[str, Any]:
        """Return dicts, lists, strings and numbers, to send to another process."""
        return {"cells": [list(cell) for cell in self.cells], "slower": self.slower, "faster": self.faster}

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> TimeRatios:
        """Read the values that `to_plain` returned."""
        cells = tuple((str(start), float(change)) for start, change in plain["cells"])
        return cls(cells, plain["slower"], plain["faster"])


def timed_cells(cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells of a landscape that are timed."""
    return [cell for cell in cells if cell.start == "standard" or cell.is_spread][:CELLS]


Clock = Callable[[Cell], TimedRun]


def time_alternately(before: Clock, now: Clock, cells: Sequence[Cell]) -> TimeRatios | None:
    """Time two revisions in turns.

    Parameters
    ----------
    before, now : callable
        Time the run of a cell, each revision in its own process.
    cells : sequence of Cell

    Returns
    -------
    TimeRatios or None
        None if no cell makes an evaluation on both sides.
    """
    before_runs: dict[str, list[TimedRun]] = {cell.start: [before(cell)] for cell in cells}
    now_runs: dict[str, list[TimedRun]] = {cell.start: [now(cell)] for cell in cells}
    cells = [cell for cell in cells if before_runs[cell.start][0].evaluations and now_runs[cell.start][0].evaluations]
    if not cells:
        return None
    for cell in cells:  # drop the first runs, whose time includes compiling and filling caches
        before_runs[cell.start].clear()
        now_runs[cell.start].clear()
    ratios = None
    for repetition in range(1, REPETITIONS + 1):
        for cell in cells:
            turns = [(before, before_runs), (now, now_runs)]
            for clock, runs in turns if repetition % 2 else reversed(turns):
                runs[cell.start].append(clock(cell))
        ratios = _ratios([(cell.start, before_runs[cell.start], now_runs[cell.start]) for cell in cells])
        is_clear = repetition == FIRST_LOOK and abs(math.log(ratios.ratio)) < math.log(TIME_GATE) / 2.0
        if is_clear or _seconds(before_runs) + _seconds(now_runs) > LONGEST:
            break
    return ratios


def _seconds(timed: dict[str, list[TimedRun]]) -> float:
    return sum(run.wall for runs in timed.values() for run in runs)


def _ratios(timed: Sequence[tuple[str, list[TimedRun], list[TimedRun]]]) -> TimeRatios:
    cells, slower, faster = [], 0, 0
    for start, before, now in timed:
        cells.append((start, _change(_quickest(before), _quickest(now))))
        least_before, least_now = (min(run.objective for run in runs) for runs in (before, now))
        for old, new in zip(before, now, strict=True):
            change = _change(replace(old, objective=least_before), replace(new, objective=least_now))
            slower += change > 0.0
            faster += change < 0.0
    return TimeRatios(tuple(cells), slower, faster)


def _quickest(runs: Sequence[TimedRun]) -> TimedRun:
    quickest = min(runs, key=lambda run: run.wall / max(run.evaluations, 1))
    return replace(quickest, objective=min(run.objective for run in runs))


def _change(before: TimedRun, now: TimedRun) -> float:
    """Return log₁₀ of the ratio of own times, per evaluation or per run, whichever is nearer to 0.

    If the two differ in sign, the result is 0. A run has fixed costs, so a revision that needs fewer evaluations seems
    to take longer for each; that is no fault.
    """
    per_run = math.log10(_own(now) / _own(before))
    per_evaluation = per_run - math.log10(max(now.evaluations, 1) / max(before.evaluations, 1))
    if per_run * per_evaluation <= 0.0:
        return 0.0
    return math.copysign(min(abs(per_run), abs(per_evaluation)), per_run)


def _own(run: TimedRun) -> float:
    return max(run.wall - run.objective, SMALLEST_SHARE * run.wall, 1e-9)


def sign_test(positive: int, negative: int) -> float:
    """Return the two-sided p-value of a sign test.

    Examples
    --------
    >>> sign_test(5, 0)
    0.0625
    """
    count = positive + negative
    return float(scipy.stats.binomtest(positive, count, 0.5).pvalue) if count else 1.0


@dataclass(frozen=True)
class MedianInterval:
    """A median ratio and its confidence interval.

    Attributes
    ----------
    ratio, lower, upper : float
        The median and its limits, as ratios; with too few values the limits are 0 and inf.
    p_value : float
        The p-value of the hypothesis that the ratio is 1.
    """

    ratio: float
    lower: float
    upper: float
    p_value: float


def median_interval(changes: Sequence[float], confidence: float = 0.99) -> MedianInterval:
    """Bound the median ratio by order statistics, exactly for any distribution.

    `scipy.stats.quantile_test` finds the same limits and the same p-value, but SciPy 1.10 does not have it.

    Parameters
    ----------
    changes : sequence of float
        log₁₀ of ratios.
    confidence : float, default 0.99

    Returns
    -------
    MedianInterval

    References
    ----------
    W. R. Thompson, On confidence ranges for the median and other expectation distributions for populations of unknown
    distribution form, 1936, Ann. Math. Statist. 7(3).

    Examples
    --------
    >>> interval = median_interval([0.1] * 9 + [2.0])
    >>> round(interval.ratio, 2), round(interval.lower, 2), round(interval.upper, 2)
    (1.26, 1.26, 100.0)
    """
    values = np.sort(np.asarray(changes, dtype=np.float64))
    left_out = int(scipy.stats.binom.ppf((1.0 - confidence) / 2.0, values.size, 0.5)) - 1
    lower, upper = (values[left_out], values[-1 - left_out]) if left_out >= 0 else (-np.inf, np.inf)
    p_value = sign_test(int((values > 0.0).sum()), int((values < 0.0).sum()))
    return MedianInterval(float(10.0 ** np.median(values)), float(10.0**lower), float(10.0**upper), p_value)


def judge_landscape_by_time(
    comparison: LandscapeComparison, timed: TimeRatios | None, landscapes: int
) -> LandscapeComparison:
    """Add the finding on time to the verdict on a landscape.

    Parameters
    ----------
    comparison : LandscapeComparison
    timed : TimeRatios or None
    landscapes : int
        The number of landscapes that share the level.

    Returns
    -------
    LandscapeComparison
    """
    if timed is None or not comparison.is_compared:
        return comparison
    p_value = sign_test(timed.slower, timed.faster)
    found = _finding(timed.ratio, p_value, TIME_LEVEL / 2.0 / landscapes, LANDSCAPE_TIME_GATE, timed.cells)
    if found is None or (timed.ratio > 1.0) != (timed.slower > timed.faster):
        return comparison
    if not _holds_to_the_targets(found, comparison.speed):
        return comparison
    findings = (*comparison.findings, found)
    return replace(comparison, findings=findings, verdict=verdict_of(findings))


def judge_suite_by_time(comparison: OptimizerComparison, timed: Sequence[TimeRatios]) -> OptimizerComparison:
    """Add the finding on time over all landscapes to the verdict on an optimizer.

    Parameters
    ----------
    comparison : OptimizerComparison
    timed : sequence of TimeRatios

    Returns
    -------
    OptimizerComparison
    """
    if not timed:
        return comparison
    interval = median_interval([change for ratios in timed for _, change in ratios.cells])
    found = _finding(interval.ratio, interval.p_value, TIME_LEVEL / 2.0, TIME_GATE)
    if found is None or not _holds_to_the_targets(found, comparison.speed):
        return comparison
    findings = (*comparison.findings, found)
    verdict = Verdict.WORSE if comparison.verdict == Verdict.WORSE else verdict_of(findings)
    return replace(comparison, findings=findings, verdict=verdict)


def _holds_to_the_targets(found: Finding, speed: SpeedChange | None) -> bool:
    """Return whether the own time to the targets (or to the same gaps) moved beyond the gate, too.

    Time per evaluation alone misleads: an optimizer that saves every other evaluation takes longer for each, and an
    optimizer that makes each evaluation twice seems faster.
    """
    known = speed and (speed.to_targets or speed.to_same_gaps)
    moved = known.shift if known else 0.0
    return math.copysign(1.0, found.effect) * (found.effect + moved) >= math.log10(TIME_GATE) - _ROUNDING


def _finding(
    ratio: float, p_value: float, level: float, gate: float, cells: tuple[tuple[str, float], ...] = ()
) -> Finding | None:
    if p_value >= level or abs(math.log(ratio)) < math.log(gate):
        return None
    return Finding("time", math.log10(ratio), p_value, f"own time per evaluation × {ratio:.2g}", cells)
