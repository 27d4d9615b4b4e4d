"""Many runs of one optimizer, step by step together where that gives the same runs, bit by bit.

A step of a library of tensors takes about as long for two hundred numbers as for two: the time goes on the way through
the library. So optimizers of such libraries can offer to step many runs at once, each from its own start and on its own
problem, as the parts of one point. That is right only if the optimizer treats these parts apart. Nothing tells but
trying: two checks are made each time, and where one fails, all runs are made one by one.

* before, the first steps of a few runs are compared with the first steps of the same runs alone: this finds clipping
  by a norm over all variables, random numbers for each variable, and arithmetic that rounds otherwise;
* afterwards, a few whole runs, among the longest, are compared with the same runs alone: what one run does to all
  others at one time, such as a norm that is clipped now and then, or a step that is skipped because one gradient is
  infinite, shows in each of them.
"""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from pytest_optlandscape.runs.execute import Optimizer, execute, execute_all
from pytest_optlandscape.runs.observers import observed, tell_of
from pytest_optlandscape.runs.problem import Problem
from pytest_optlandscape.runs.run import Run

__all__ = ["MOST", "execute_in_lockstep", "execute_together"]

FEWEST, MOST = 4, 64
"""Runs that are stepped together. More than these share little more, and one that differs spoils them all."""

FIRST_STEPS = 16
"""Steps that are compared before; runs of less than four times as many are made one by one."""

WHOLE_RUNS = 32
"""Of so many runs one is compared with the whole run alone, and one of what is left."""

_LARGEST = 2.0**27
"""Bytes that the evaluations of runs take together: about 80 for each, and 8 for each coordinate."""

_SHARE_OF_TIME_LIMIT = 0.25
"""Share of the time limit of one run that runs together are let take, as far as their first steps tell."""

Way = Callable[[Sequence[Problem]], Sequence[Any]]


def execute_together(optimizer: Optimizer, problems: Iterable[Problem]) -> list[Run]:
    """Run an optimizer on fresh problems, as `execute_all` does, but many step by step together where it offers to.

    The runs are those of `execute_all`, bit by bit, but for the time that each took, which is its share.

    Parameters
    ----------
    optimizer : Optimizer
        One that can step several runs together has a method ``in_lockstep()``; see `optimizers.Adapter`.
    problems : iterable of Problem

    Returns
    -------
    list of Run
        In the same order.

    Examples
    --------
    >>> from pytest_optlandscape import optimizers
    >>> runs = execute_together(optimizers.get("scipy:Powell"), [Problem("beale", seed=k) for k in range(3)])
    >>> [run.stop_reason for run in runs]
    ['returned', 'returned', 'returned']
    """
    if not _ways(optimizer):
        return execute_all(optimizer, problems)
    runs: list[Run] = []
    for group in _groups(problems):
        runs += execute_in_lockstep(optimizer, group) or execute_all(optimizer, observed(one.again() for one in group))
    return runs


def execute_in_lockstep(optimizer: Optimizer, problems: Iterable[Problem]) -> list[Run]:
    """Run as `execute_together` does, but return no run at all if these cannot be stepped together.

    Parameters
    ----------
    optimizer : Optimizer
    problems : iterable of Problem

    Returns
    -------
    list of Run
        In the same order; empty where the optimizer does not offer to step several runs, or would make other runs of
        them than alone, or the problems are few or short.
    """
    ways = _ways(optimizer)
    runs: list[Run] = []
    for group in _groups(problems) if ways else ():
        if len(group) < FEWEST or min(problem.budget for problem in group) < 4 * FIRST_STEPS:
            return []
        made = next(filter(None, (_run_in(way, optimizer, group) for way in ways)), None)
        if made is None:
            return []
        runs += made
    return runs


def _ways(optimizer: Optimizer) -> tuple[Way, ...]:
    ways: tuple[Way, ...] = getattr(optimizer, "in_lockstep", tuple)()
    return ways


def _groups(problems: Iterable[Problem]) -> Iterator[list[Problem]]:
    """Split problems, in order, into groups on one landscape, which are not too large to be kept."""
    group: list[Problem] = []
    size = 0.0
    for problem in problems:
        cost = problem.budget * (80.0 + 8.0 * problem.dim)
        if group and (problem.landscape is not group[0].landscape or size + cost > _LARGEST or len(group) == MOST):
            yield group
            group, size = [], 0.0
        group.append(problem)
        size += cost
    if group:
        yield group


def _run_in(way: Way, optimizer: Optimizer, problems: Sequence[Problem]) -> list[Run]:
    """Run in a way, as many runs at a time as there is time for; give none if that gives other runs than alone."""
    first_steps = _first_steps(optimizer, way, problems)
    if not first_steps:
        return []
    at_once = _as_many_as_end_in_time(optimizer, problems, first_steps)
    if at_once < FEWEST:
        return []
    runs: list[Run] = []
    for start in range(0, len(problems), at_once):
        made = _whole_runs(optimizer, way, problems[start : start + at_once], first_steps[0].warnings)
        if not made:
            return []
        runs += made
    return runs


def _first_steps(optimizer: Optimizer, way: Way, problems: Sequence[Problem]) -> list[Run]:
    """Make the first steps together; give none if a few runs differ from those alone."""
    short = [problem.again(FIRST_STEPS) for problem in problems]
    runs = _stepped(optimizer, way, short)
    chosen = sorted({0, 1, len(runs) // 2, len(runs) - 1})
    return runs if runs and _are_alike(optimizer, runs, short, chosen) else []


def _as_many_as_end_in_time(optimizer: Optimizer, problems: Sequence[Problem], first_steps: Sequence[Run]) -> int:
    limit = problems[0].time_limit or getattr(optimizer, "time_limit", None)
    count = len(problems)
    if limit is None:
        return count
    longest = max(problem.budget for problem in problems)
    seconds = sum(run.wall_time for run in first_steps) / FIRST_STEPS * longest
    return int(min(count, count * _SHARE_OF_TIME_LIMIT * limit / max(seconds, 1e-9)))


def _whole_runs(optimizer: Optimizer, way: Way, problems: Sequence[Problem], warned: tuple[str, ...]) -> list[Run]:
    """Run together; give none if a few runs differ from those alone, or later steps warn of something else."""
    stepped = [problem.again() for problem in problems]
    runs = _stepped(optimizer, way, stepped)
    if not runs or runs[0].warnings != warned:
        return []
    longest = max(run.nfev for run in runs)
    long = [k for k, run in enumerate(runs) if run.nfev == longest]
    rotated = zlib.crc32(problems[0].landscape.id.encode()) % len(long)  # other runs on other landscapes
    wanted = -(-len(runs) // WHOLE_RUNS)
    chosen = (long[rotated:] + long[:rotated])[:: max(len(long) // wanted, 1)][:wanted]
    if not _are_alike(optimizer, runs, problems, chosen):
        return []
    tell_of(stepped)
    return runs


def _are_alike(optimizer: Optimizer, runs: list[Run], problems: Sequence[Problem], chosen: Sequence[int]) -> bool:
    alone = execute_all(optimizer, (problems[k].again() for k in chosen))
    return all(_bits(runs[k]) == _bits(one) for k, one in zip(chosen, alone, strict=True))


def _bits(run: Run) -> tuple[Any, ...]:
    """Return the parts of a run that are the same in every repetition: its time is not, nor is how it is repeated."""
    points, values = run.evaluated
    numbers = (run.nfev, run.njev, run.nhev, run.constr_nfev, run.constr_njev, run.constr_nhev)
    texts = (run.stop_reason, run.message, run.claimed_success, run.start_was_changed, run.warnings, run.side_effects)
    return points.tobytes(), values.tobytes(), run.x.tobytes(), str(run.fun), str(run.reported_fun), *numbers, *texts


def _stepped(optimizer: Optimizer, way: Way, problems: Sequence[Problem]) -> list[Run]:
    """Run together; give none where not all of them end as runs of their own would.

    Nobody can tell which run it was that warned of something, or changed something around it. What was warned of is
    taken to be that of each; the runs alone, with which some are compared, tell whether it is.
    """
    together = _Together(optimizer, way, problems)
    first = execute(together, problems[0])
    if not together.have_ended or first.side_effects or first.stop_reason == "time":
        return []
    runs = [first, *execute_all(together, problems[1:])]
    share = first.wall_time / len(problems)
    return [dataclasses.replace(run, wall_time=share, warnings=first.warnings, warned=first.warned) for run in runs]


class _Together:
    """An optimizer that runs on all of some problems when it is run on the first of them.

    When it is run on the others, it gives what came out. On any other problem it is the optimizer itself.
    """

    def __init__(self, optimizer: Optimizer, way: Way, problems: Sequence[Problem]) -> None:
        self._optimizer = optimizer
        self._way = way
        self._due = list(problems)
        self._outcomes: dict[int, Any] = {}
        self.have_ended = False
        """Whether all of the problems have been run on."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._optimizer, name)

    @property
    def spec(self) -> str:
        """How the optimizer is written down."""
        return self._optimizer.spec

    def minimize(self, problem: Problem) -> Any:
        """Run on a problem."""
        if self._due and problem is self._due[0]:
            problems, self._due = self._due, []
            outcomes = self._way(problems)
            self._outcomes = {id(one): outcome for one, outcome in zip(problems, outcomes, strict=True)}
            self.have_ended = True
        if id(problem) in self._outcomes:
            return self._outcomes.pop(id(problem))
        return self._optimizer.minimize(problem)
