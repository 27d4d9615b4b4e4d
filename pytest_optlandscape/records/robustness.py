"""Success rates of an optimizer over starts, landscapes, instances, noise levels and seeds, with intervals.

Every run has a start of its own: a Sobol' point that no other combination of landscape, instance, noise level and seed
uses. So runs count as independent. A rate is the rate over all starts of the box; each combination weighs the same. The
combinations are no sample: a rate says nothing about landscapes, instances or noise that were not run.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import math
import operator
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes.noise import Noise, noise_of
from pytest_optlandscape.optimizers import Adapter, get, minimize
from pytest_optlandscape.records.sequential import Decision, Plan
from pytest_optlandscape.records.targets import reference_gap, success_gap
from pytest_optlandscape.runs import Run
from pytest_optlandscape.runs.campaign import in_order
from pytest_optlandscape.runs.execute import plain, revived
from pytest_optlandscape.runs.progress import Progress
from pytest_optlandscape.runs.rates import RateInterval
from pytest_optlandscape.suites.low_discrepancy import sobol_starts
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["MOST_FAILURES", "Combination", "Criterion", "Robustness", "combinations", "measure", "worst_of"]

MOST_FAILURES = 10
"""Failed runs that are kept, the worst ones: enough to compare them, and memory does not grow with the runs."""

_PAGE = 256  # starts made at a time: 0.3 µs each, instead of 10 µs one by one
_MOST_ROWS = 10


@dataclass(frozen=True)
class Criterion:
    """The condition of success.

    Attributes
    ----------
    gap, digits : float or None
        Of the returned point. If both are None, success is a gap of a millionth of the typical gap.
    """

    gap: float | None
    digits: float | None

    def __call__(self, run: Run) -> bool:
        """Return whether a run succeeds; a run that evaluated nothing does not.

        Raises
        ------
        ValueError
            If a value of the run lies below fmin.
        """
        __tracebackhide__ = True
        run.check_fmin()
        if not run.was_evaluated:
            return False
        if self.digits is not None and not run.distance <= 10.0**-self.digits:
            return False
        if self.gap is None and self.digits is not None:
            return True
        target = success_gap(run.landscape) if self.gap is None else self.gap
        return run.result_gap <= target

    def __str__(self) -> str:
        parts = [f"a gap of {self.gap:g}"] if self.gap is not None else []
        parts += [f"{self.digits:g} digits"] if self.digits is not None else []
        return " and ".join(parts) or "a millionth of the typical gap"


@dataclass(frozen=True)
class Combination:
    """A landscape as it is run, and its place on each axis.

    Attributes
    ----------
    landscape : Landscape
        The instance, with its noise.
    seed : int or None
        Of its runs; if None, every run has its own seed.
    places : tuple of (str, str)
        Axes and places, such as ``("noise", "0.1")``.
    """

    landscape: Landscape
    seed: int | None
    places: tuple[tuple[str, str], ...]


def combinations(
    landscapes: Sequence[Landscape],
    instances: int | Sequence[int] | None,
    noise: Sequence[float | Noise] | None,
    seeds: int | Sequence[int] | None,
    seed: int,
) -> list[Combination]:
    """Combine every landscape with every instance, noise level and seed.

    Raises
    ------
    ValueError
        If an axis is empty, or a level, number or seed cannot be used.
    """
    numbers = _listed("instances", instances, 1)
    levels: list[Any] = [None] if noise is None else _sequence("noise", noise)
    chosen_seeds = _listed("seeds", seeds, seed)
    made = []
    for landscape, number, level in itertools.product(landscapes, numbers, levels):
        moved = landscape if number is None else landscape.instance(number)
        disturbed = moved if level is None else _with_noise(moved, level)
        for chosen in chosen_seeds:
            places = [("landscape", landscape.id)]
            places += [("instance", str(number))] if number is not None else []
            places += (
                [("noise", level.label if isinstance(level, Noise) else f"{level:g}")] if level is not None else []
            )
            places += [("seed", str(chosen))] if chosen is not None else []
            made.append(Combination(disturbed, chosen, tuple(places)))
    return made


def _listed(name: str, given: int | Sequence[int] | None, first: int) -> Sequence[int | None]:
    if given is None:
        return [None]
    try:
        count = operator.index(given)  # type: ignore[arg-type]
    except TypeError:
        return [operator.index(number) for number in _sequence(name, given)]
    if count < 1 or isinstance(given, bool):
        raise ValueError(f"{name} is a number from 1 or a list of numbers, got {given!r}")
    return range(first, first + count)


def _sequence(name: str, given: Any) -> list[Any]:
    if isinstance(given, str) or not isinstance(given, Iterable) or not (listed := list(given)):
        raise ValueError(f"{name} takes a list that is not empty, got {given!r}")
    return listed


def _with_noise(landscape: Landscape, level: float | Noise) -> Landscape:
    if isinstance(level, Noise):
        return landscape.noisy(level)
    if level == 0.0:
        return landscape
    return landscape.noisy(noise_of(landscape.noise or "additive", level))


@dataclass(frozen=True)
class Robustness:
    """The success rate of an optimizer, and its worst failures.

    Attributes
    ----------
    interval : RateInterval
        Of all runs. Its bounds hold at the stated confidence, although the runs ended when the answer was clear.
    required : float
        The required rate.
    failures : tuple of Run
        The worst ten failed runs, in the order of the runs, with their traces; they can be replayed.
    failed : int
        Number of failed runs.
    decision : str
        Why the runs ended: ``"shown"``; ``"refuted"``; ``"out of reach"`` (so many failed that all further successes
        could not have shown the rate); ``"not shown"`` (all starts were used).
    rates : dict of str to dict of str to RateInterval
        By axis (``"landscape"``, ``"instance"``, ``"noise"``, ``"seed"``), the rate at each place over all other axes.
        Each rate holds by itself at the stated confidence.
    searched : int
        Runs of the search for failing starts (``adversarial``), if none failed.
    """

    interval: RateInterval
    required: float
    failures: tuple[Run, ...]
    failed: int = 0
    decision: Decision = "not shown"
    rates: dict[str, dict[str, RateInterval]] = field(default_factory=dict)
    searched: int = 0

    @property
    def is_shown(self) -> bool:
        """Whether the rate is at least the required one, at the stated confidence."""
        return self.interval.lower >= self.required

    def table(self) -> str:
        """Return a table of the rates of each axis with several places, the lowest first; "" if there is none."""
        lines: list[str] = []
        for axis, rates in self.rates.items():
            if len(rates) > 1:
                rows = sorted(rates.items(), key=lambda row: row[1].rate)
                lines += [
                    f"  {axis} {place}: {rate.successes} of {rate.trials}, {rate.lower:.3f} to {rate.upper:.3f}"
                    for place, rate in rows[:_MOST_ROWS]
                ]
                lines += [f"  … and {len(rows) - _MOST_ROWS} more of {axis}"] if len(rows) > _MOST_ROWS else []
        return "\n".join(lines)

    def __str__(self) -> str:
        i = self.interval
        searched = f"; a search of {self.searched} more found no failing start" if self.searched else ""
        return (
            f"required {self.required:g}, at least {i.lower:.3f} at {100 * i.confidence:g} % confidence after "
            f"{number_of(i.trials, 'start')} ({i.successes} succeeded){searched}"
        )


@dataclass(frozen=True, order=True)
class _Failure:
    """A failed run in plain values; worse runs compare as smaller."""

    badness: tuple[float, float]
    trial: int
    parts: dict[str, Any] = field(compare=False)


@dataclass(frozen=True, eq=False)
class Trials:
    """The numbered runs of all combinations. The combinations take turns, so each has as many runs after a round.

    Attributes
    ----------
    optimizer : object
        Whatever `optimizers.get` takes.
    landscapes : tuple of Combination
    n_starts : int
        Number of starts of each combination.
    starts : tuple of str or None
        Their names; None for Sobol' starts.
    succeeds : callable
    budget : int or None
    seed : int
    """

    optimizer: Any
    landscapes: tuple[Combination, ...]
    n_starts: int
    starts: tuple[str, ...] | None
    succeeds: Callable[[Run], bool]
    budget: int | None
    seed: int

    def __call__(self, numbers: range) -> tuple[list[bool], list[_Failure]]:
        """Run the trials of these numbers; return whether each succeeded, and the worst failures."""
        outcomes: list[bool] = []
        failures: list[_Failure] = []
        for number in numbers:
            run = self.run(number)
            outcomes.append(bool(self.succeeds(run)))
            if not outcomes[-1]:
                gap, distance = _badness(run)
                failures = _worst([*failures, _Failure((-gap, -distance), number, plain(run))])
        return outcomes, failures

    def run(self, number: int) -> Run:
        """Run the trial of a number."""
        turn, which = divmod(number, len(self.landscapes))
        combination = self.landscapes[which]
        if self.starts is None:
            # Blocks of a power of two, for each is as evenly spread as the whole.
            index = which * 2 ** math.ceil(math.log2(self.n_starts)) + turn
            page, row = divmod(index, self._page_size)
            x0: Any = self._page(which, page)[row]
        else:
            index, x0 = which * self.n_starts + turn, self.starts[turn]
        seed = self.seed + index if combination.seed is None else combination.seed
        return minimize(self.adapter, combination.landscape, x0=x0, budget=self.budget, seed=seed)

    @functools.cached_property
    def adapter(self) -> Adapter:
        """The optimizer, ready to run."""
        return get(self.optimizer)

    @property
    def _page_size(self) -> int:
        return int(min(_PAGE, 2 ** math.ceil(math.log2(self.n_starts))))

    @functools.cached_property
    def _pages(self) -> dict[int, tuple[int, NDArray[np.float64]]]:
        return {}

    def _page(self, which: int, page: int) -> NDArray[np.float64]:
        """Return a page of the starts of a combination; the latest page is kept."""
        kept = self._pages.get(which)
        if kept is None or kept[0] != page:
            size = self._page_size
            kept = page, sobol_starts(self.landscapes[which].landscape, size, first=page * size)
            self._pages[which] = kept
        return kept[1]

    def __getstate__(self) -> dict[str, Any]:
        return {part.name: getattr(self, part.name) for part in fields(self)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


def _badness(run: Run) -> tuple[float, float]:
    return run.result_gap / reference_gap(run.landscape), run.distance


def worst_of(failures: Sequence[Run]) -> Run:
    """Return the failed run with the largest gap, in units of the landscape's typical gap, and the largest distance."""
    return max(failures, key=_badness)


def _worst(failures: list[_Failure]) -> list[_Failure]:
    return sorted(failures)[:MOST_FAILURES]


def measure(
    trials: Trials, plan: Plan, *, executor: Executor | None = None, progress: bool | None = None
) -> Robustness:
    """Run trials until the plan ends them.

    Memory holds counts, the ten worst failures, and the runs in flight over the executor.

    Parameters
    ----------
    trials : Trials
    plan : Plan
        The looks at the successes; each comes after a whole round.
    executor : Executor, optional
        The result is the same as without.
    progress : bool, optional
        See `Progress`.

    Returns
    -------
    Robustness
    """
    kinds = len(trials.landscapes)
    successes = [0] * kinds
    failures: list[_Failure] = []
    ends = [look.trials for look in plan.looks]
    decision: Decision = "go on"
    look = 0
    work = in_order(trials, ends[-1], executor, ends=ends)
    with contextlib.closing(work), Progress(ends[-1], "run", progress) as bar:  # type: ignore[type-var]
        for numbers, (outcomes, failed) in work:
            for number, success in zip(numbers, outcomes, strict=True):
                successes[number % kinds] += success
            failures = _worst(failures + failed) if failed else failures
            bar.advance(len(numbers))
            if numbers.stop == ends[look]:
                decision = plan.decision(look, sum(successes))
                if decision != "go on":
                    break
                look += 1
    return Robustness(
        plan.interval(look, sum(successes)),
        plan.required,
        tuple(
            revived(failure.parts, trials.landscapes[failure.trial % kinds].landscape, trials.adapter)
            for failure in sorted(failures, key=lambda failure: failure.trial)
        ),
        ends[look] - sum(successes),
        decision,
        _rates(trials.landscapes, successes, plan, look),
    )


def _rates(
    kinds: Sequence[Combination], successes: Sequence[int], plan: Plan, look: int
) -> dict[str, dict[str, RateInterval]]:
    each = plan.looks[look].trials // len(kinds)
    counts: dict[str, dict[str, list[int]]] = {}
    for kind, count in zip(kinds, successes, strict=True):
        for axis, place in kind.places:
            counts.setdefault(axis, {}).setdefault(place, []).append(count)
    return {
        axis: {place: plan.interval(look, sum(those), each * len(those)) for place, those in places.items()}
        for axis, places in counts.items()
    }
