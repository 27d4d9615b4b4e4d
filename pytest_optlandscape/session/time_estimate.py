"""Estimate the time of a slow optimizer's suite, and print its progress.

Both are lines on stderr, so that the log of a pipeline has them, too. They do not affect the runs.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_optlandscape.runs import Problem
from pytest_optlandscape.runs.observers import observing
from pytest_optlandscape.runs.watchdog import tell
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["Pace", "Work", "duration"]

WORTH_SAYING = 60.0
"""The shortest time of an optimizer's suite in seconds for which an estimate is printed."""

FIRST_CELLS, FIRST_SECONDS, LONG_CELL = 3, 2.0, 10.0
"""The estimate uses the first three cells if they take two seconds, or fewer cells that take ten."""

FIRST_LINE, LONGEST_SILENCE = 10.0, 60.0
"""Seconds until the first line of progress on an item, and the most seconds between later lines."""


@dataclass(frozen=True)
class Work:
    """The runs that an optimizer needs in a session.

    Attributes
    ----------
    spec : str
    runs : dict of str to int
        By landscape, the number of runs of its item.
    steps : dict of str to int
        By landscape, the number of evaluations that these runs may make.
    smoke_steps : int
        The evaluations of the same session with the suite smoke; 0 if these are not fewer.
    is_update : bool
        Whether a baseline is made, so that the command line cannot make the suite smaller.
    """

    spec: str
    runs: Mapping[str, int]
    steps: Mapping[str, int]
    smoke_steps: int = 0
    is_update: bool = False


@dataclass
class Pace:
    """Watch the runs of a session.

    Parameters
    ----------
    say : callable, optional
        Takes a line (default: stderr, past pytest's capturing).
    clock : callable, optional
        Returns seconds.
    workers : int, default 1
        Processes that share the work.
    shared : Path or None
        A folder that these processes share, so that only one of them prints an estimate.
    """

    say: Callable[[str], None] = tell
    clock: Callable[[], float] = time.monotonic
    workers: int = 1
    shared: Path | None = None
    _estimated: set[str] = field(default_factory=set)

    @contextlib.contextmanager
    def item(self, work: Work, landscape: str, paths: Mapping[int, str] | None = None) -> Iterator[None]:
        """Watch the runs on one landscape.

        Parameters
        ----------
        work : Work
        landscape : str
        paths : mapping of int to str, optional
            By the seed of a cell, the hash of its path in the baseline.
        """
        watched = _Item(self, work, landscape, paths or {}, self.clock())
        with observing(watched.ended):
            yield
        watched.is_over()

    def estimate(self, work: Work, seconds: float, steps: int) -> None:
        """Print the expected time of an optimizer's suite, once and only if it is long.

        Parameters
        ----------
        work : Work
        seconds : float
            The time spent so far.
        steps : int
            The number of evaluations that the runs so far were allowed to make.
        """
        if work.spec in self._estimated or not steps:
            return
        whole = sum(work.steps.values())
        expected = seconds * whole / steps / max(min(self.workers, len(work.steps)), 1)
        self._estimated.add(work.spec)
        if expected < WORTH_SAYING or not self._is_first(work.spec):
            return
        text = (
            f"{work.spec} will take about {duration(expected)}: {number_of(len(work.steps), 'landscape')}, "
            f"{number_of(sum(work.runs.values()), 'run')}, judging by the first runs"
        )
        if self.workers > 1:
            text += f", on {self.workers} workers"
        self.say(text)
        if work.is_update:
            self.say(
                "  to shorten: cells= or budget= in optlandscape_suites (--optlandscape-fit=MINUTES prints a line)"
            )
        elif 0 < work.smoke_steps < whole / 2:
            less = expected * work.smoke_steps / whole
            self.say(
                f"  to shorten: --optlandscape-suite smoke (about {duration(less)}), --optlandscape-cells=N, or a "
                "line in optlandscape_suites (--optlandscape-fit=MINUTES prints it)"
            )

    def _is_first(self, spec: str) -> bool:
        if self.shared is None:
            return True
        mark = self.shared / f"estimate-{spec.encode().hex()[:100]}"
        try:
            mark.touch(exist_ok=False)
        except OSError:
            return False
        return True


@dataclass
class _Item:
    """The runs on one landscape."""

    pace: Pace
    work: Work
    landscape: str
    paths: Mapping[int, str]
    began: float
    runs: int = 0
    steps: int = 0
    differing: int = 0
    told: int = 0
    next_line: float = 0.0

    def __post_init__(self) -> None:
        self.next_line = self.began + FIRST_LINE

    def ended(self, problem: Problem) -> None:
        """Count a run; print the progress from time to time."""
        self.runs += 1
        self.steps += problem.budget
        known = self.paths.get(problem.seed)
        if known is not None and self.runs <= len(self.paths):
            from pytest_optlandscape.records.build_records import hash_of_path

            self.differing += hash_of_path(*problem.evaluated()) != known
        now = self.pace.clock()
        seconds = now - self.began
        if seconds >= LONG_CELL or (self.runs >= FIRST_CELLS and seconds >= FIRST_SECONDS):
            self.pace.estimate(self.work, seconds, self.steps)
        if now >= self.next_line:
            self.told += 1
            self.next_line = now + min(FIRST_LINE * 2.0**self.told, LONGEST_SILENCE)
            self.pace.say(self._line(seconds))

    def _line(self, seconds: float) -> str:
        whole = self.work.steps.get(self.landscape, 0)
        left = seconds * (whole / self.steps - 1.0) if self.steps else 0.0
        expected = max(self.work.runs.get(self.landscape, 0), self.runs)
        text = f"{self.work.spec} on {self.landscape}: {self.runs} of {number_of(expected, 'run')}"
        if left > 0.0:
            text += f", about {duration(left)} left"
        if self.paths and self.runs <= len(self.paths):
            text += f"; {self.differing} differ from the baseline" if self.differing else "; all as in the baseline"
        return text

    def is_over(self) -> None:
        """Estimate from the whole landscape if its runs were in another process, where they cannot be watched."""
        seconds = self.pace.clock() - self.began
        if not self.runs and seconds >= FIRST_SECONDS:
            self.pace.estimate(self.work, seconds, self.work.steps.get(self.landscape, 0))


def duration(seconds: float) -> str:
    """Return a time in a readable unit.

    Examples
    --------
    >>> duration(8.2), duration(95.0), duration(5000.0)
    ('8 s', '2 min', '1.4 h')
    """
    if seconds < 90.0:
        return f"{max(seconds, 1.0):.0f} s"
    if seconds < 5400.0 * 0.9:
        return f"{seconds / 60.0:.0f} min"
    return f"{seconds / 3600.0:.2g} h"
