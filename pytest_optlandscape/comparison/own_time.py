"""The optimizer's own time per evaluation: what it takes beside the objective, compared between two revisions.

Times compare only where both revisions ran on one machine in one go. They are run in turns, old, new, new, old, …, so
that whatever else the machine is doing falls on both. Of the repetitions of a cell the quickest counts, because other
work only ever adds. What the objective took is measured afterwards, by evaluating the same points once more: a clock
in every evaluation would take longer than a cheap objective.

Whether a difference is significant is a question of signs: of the pairs of repetitions on one landscape, of the cells
over a suite. Whether it matters is a gate, far above what two processes of one code differ by.
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
"""Probability of a false finding of time in a suite: half for the landscapes, half for the suite as one."""

TIME_GATE = 1.25
"""The smallest ratio that matters. Two processes of one code, on two cores that fourteen others shared, differed by
less than 1.03 over a suite. On one landscape in eight suites they differed by 1.9, with twelve signs either way."""

LANDSCAPE_TIME_GATE = 2.0
"""The smallest ratio that matters on one landscape by itself: on a busy machine one code against itself gave 0.6."""

CELLS = 3
"""Cells of a landscape that are timed: the standard start and the first Sobol' points."""

REPETITIONS = 8
"""Pairs of timed runs of each cell: with three cells 24 signs, of which two may be wrong."""

FIRST_LOOK = 3
"""Pairs after which timing ends where it is clear that nothing will be found."""

LONGEST = 20.0
"""Seconds of timed runs after which no more are made on a landscape: long runs are steady, and few of them tell."""

SMALLEST_SHARE = 0.1
"""Share of the wall time that counts as the optimizer's own at least: a smaller difference of two times is noise."""


_ROUNDING = 1e-3  # of the speeds of two runs that are equal up to rounding


@dataclass(frozen=True)
class TimedRun:
    """One run against the clock.

    Attributes
    ----------
    wall : float
        Seconds in the optimizer, objective included.
    objective : float
        Seconds that the same evaluations take by themselves.
    evaluations : int
        Of objective, gradient and Hessian together.
    """

    wall: float
    objective: float
    evaluations: int


def timed_run(adapter: Adapter, cell: Cell, budget: int) -> TimedRun:
    """Run a cell against the clock, then its evaluations by themselves."""
    with _no_garbage_collection():
        run = execute(adapter, Problem(cell.landscape, cell.x0, budget=budget, seed=cell.seed))
        return TimedRun(run.wall_time, _objective_time(run), run.nfev + run.njev + run.nhev)


def _objective_time(run: Run) -> float:
    """Evaluate the run's points again, counted as they were, so that counting is no time of the optimizer's."""
    problem = Problem(run.landscape, run.x0, bounds=run.bounds, budget=run.budget, seed=run.seed)
    points = list(run.trace.x)
    kinds = ((problem.fun, run.nfev), (problem.gradient, run.njev), (problem.hessian, run.nhev))
    started = time.perf_counter()
    for function, count in kinds:
        for x in itertools.islice(itertools.cycle(points), count):
            with contextlib.suppress(Exception):  # a point that raised in the run raises here
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
    """What timing two revisions on one landscape gave.

    Attributes
    ----------
    cells : tuple of (str, float)
        Starts, and log₁₀ of how many times as long the new revision's own time is.
    slower, faster : int
        Pairs of repetitions in which the new one took longer, and in which it did not.
    """

    cells: tuple[tuple[str, float], ...]
    slower: int
    faster: int

    @property
    def ratio(self) -> float:
        """The median over the cells: 1.8 takes 1.8 times as long per evaluation."""
        return float(10.0 ** np.median([change for _, change in self.cells]))

    def to_plain(self) -> dict[str, Any]:
        """Turn into dicts, lists, strings and numbers, which may cross a process border."""
        return {"cells": [list(cell) for cell in self.cells], "slower": self.slower, "faster": self.faster}

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> TimeRatios:
        """Read what `to_plain` gave."""
        cells = tuple((str(start), float(change)) for start, change in plain["cells"])
        return cls(cells, plain["slower"], plain["faster"])


def timed_cells(cells: Sequence[Cell]) -> list[Cell]:
    """Choose the cells of a landscape that are timed."""
    return [cell for cell in cells if cell.start == "standard" or cell.is_spread][:CELLS]


Clock = Callable[[Cell], TimedRun]


def time_alternately(before: Clock, now: Clock, cells: Sequence[Cell]) -> TimeRatios | None:
    """Time two revisions in turns.

    Parameters
    ----------
    before, now : callable
        Run a cell against the clock, each revision in a process of its own.
    cells : sequence of Cell

    Returns
    -------
    TimeRatios or None
        None where no cell makes an evaluation on both sides.
    """
    before_runs: dict[str, list[TimedRun]] = {cell.start: [before(cell)] for cell in cells}
    now_runs: dict[str, list[TimedRun]] = {cell.start: [now(cell)] for cell in cells}
    cells = [cell for cell in cells if before_runs[cell.start][0].evaluations and now_runs[cell.start][0].evaluations]
    if not cells:
        return None
    for cell in cells:  # the first runs warm up: what is compiled or cached at first use is no time per evaluation
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
    """Give log₁₀ of the ratio of own times: per evaluation, but no more than per run, and 0 where the two disagree.

    Setting up and returning is shared by a run's evaluations. A revision that needs fewer of them seems to take longer
    for each, which is no fault.
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
    """A median of logarithms of ratios with what is known of it.

    Attributes
    ----------
    ratio, lower, upper : float
        As ratios; the limits are 0 and inf where there are too few values to know any.
    p_value : float
        Of there being no difference.
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
    """Add to the verdict on a landscape what timing says.

    Parameters
    ----------
    comparison : LandscapeComparison
    timed : TimeRatios or None
    landscapes : int
        How many share the level.

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
    """Add to the verdict on an optimizer what timing says over all landscapes.

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
    """Tell whether the own time until the targets, or the same gaps, are reached moved beyond the gate, too.

    An optimizer that saves every other evaluation takes longer for each, and one that makes each twice seems faster.
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
