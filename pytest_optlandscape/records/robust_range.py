"""The width, in decades, of the range of a hyperparameter in which an optimizer succeeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import get, minimize
from pytest_optlandscape.records.longest_range import longest_range
from pytest_optlandscape.records.with_value import with_value
from pytest_optlandscape.runs import Run
from pytest_optlandscape.runs.campaign import in_order
from pytest_optlandscape.runs.progress import Progress
from pytest_optlandscape.runs.rates import RateInterval, rate_interval
from pytest_optlandscape.suites.low_discrepancy import sobol_starts
from pytest_optlandscape.texts.plurals import number_of

__all__ = [
    "RobustRange",
    "RobustWidth",
    "bits_of",
    "mean_and_reach",
    "name_of",
    "robust_width",
    "values_of_range",
]

PER_DECADE = 8
"""Values tried in a decade: neighbours differ by a third, like the steps in which people tune a learning rate."""

HALVINGS = 4
"""Bisections of the step in which success ends: they find the end to 1/128 of a decade, less than starts differ by."""

LEAST_SPREAD = 1.0 / (PER_DECADE * math.sqrt(12.0))
"""Least standard deviation of widths: that of a uniform error of one step. A few starts that agree by chance do not
prove that all do."""


@dataclass(frozen=True)
class RobustRange:
    """The longest range of values that all succeed from one start.

    Attributes
    ----------
    landscape : str
        Its id.
    start : int or str
        Number of the Sobol' start, or name of the landscape's own.
    lower, upper : float
        The least and the greatest value; NaN if no value succeeds.
    reaches_edge : bool
        Whether the range ends at the last value that was tried, so that it may go on beyond.
    """

    landscape: str
    start: int | str
    lower: float
    upper: float
    reaches_edge: bool

    @property
    def width(self) -> float:
        """Decades from the least to the greatest value; 0 if no value succeeds."""
        return math.log10(self.upper / self.lower) if self.upper > self.lower else 0.0


@dataclass(frozen=True)
class RobustWidth:
    """The width of the range of a hyperparameter in which an optimizer succeeds.

    Attributes
    ----------
    optimizer, hyperparameter : str
    required : float
        The required width, in decades.
    ranges : tuple of RobustRange
        One range for each landscape and start.
    width : float
        Mean width over landscapes and starts, in decades.
    interval : tuple of float
        Two-sided limits of the mean (Student's), between 0 and the range of the values tried.
    confidence : float
        Of the interval.
    rates : tuple of (float, RateInterval)
        Each value tried on the grid, and the share of starts from which it succeeds; each bound is one-sided.
    conditions : dict
        The settings on which the widths depend besides the optimizer, in plain values. Widths can be compared if all
        conditions agree.
    """

    optimizer: str
    hyperparameter: str
    required: float
    ranges: tuple[RobustRange, ...]
    width: float
    interval: tuple[float, float]
    confidence: float
    rates: tuple[tuple[float, RateInterval], ...]
    conditions: dict[str, Any] = field(default_factory=dict)

    @property
    def is_shown(self) -> bool:
        """Whether the mean width is at least the required one, at the stated confidence."""
        return self.interval[0] >= self.required

    def common_ranges(self) -> dict[str, tuple[float, float] | None]:
        """Return for each landscape the range that serves all starts; None if their ranges do not overlap."""
        common: dict[str, tuple[float, float] | None] = {}
        for landscape in dict.fromkeys(found.landscape for found in self.ranges):
            here = [found for found in self.ranges if found.landscape == landscape]
            lower, upper = (
                float(f([getattr(r, end) for r in here])) for f, end in ((np.max, "lower"), (np.min, "upper"))
            )
            common[landscape] = (lower, upper) if lower <= upper else None
        return common

    def record(self) -> dict[str, float | str]:
        """Return plain values, for ``extra_info`` of pytest-benchmark, ``record_property`` or a file.

        Returns
        -------
        dict of str to float or str
            Numbers are rounded to four digits, so that they do not change with the last bit.
        """
        numbers = {"decades": self.width, "decades_lower": self.interval[0], "decades_upper": self.interval[1]}
        return {
            "optimizer": self.optimizer,
            "hyperparameter": self.hyperparameter,
            "confidence": self.confidence,
            **{key: float(f"{number:.4g}") for key, number in numbers.items()},
        }

    def table(self) -> str:
        """Return a table of the values tried, and the number of starts from which each succeeds."""
        level = f"{100 * self.rates[0][1].confidence:g} %"
        lines = [f"  {self.hyperparameter:>13}  success  at least ({level})"]
        lines += [
            f"  {value:>13.3g}  {rate.successes:>3}/{rate.trials:<3}  {rate.lower:.3f}"
            for value, rate in self.rates
            if rate.successes
        ]
        return "\n".join(lines) if len(lines) > 1 else f"  (no value from {self._tried()} succeeded from any start)"

    def _tried(self) -> str:
        return f"{self.rates[0][0]:.3g} to {self.rates[-1][0]:.3g}"

    def __str__(self) -> str:
        low, high = self.interval
        where = [
            f"from {both[0]:.2g} to {both[1]:.2g} on {name}" if both else f"no value serves all starts on {name}"
            for name, both in self.common_ranges().items()
        ]
        edge = any(found.reaches_edge for found in self.ranges)
        return (
            f"required {self.required:g} decades, found {self.width:.2g} ({low:.2g} to {high:.2g} at "
            f"{100 * self.confidence:g} % confidence): {self.hyperparameter} {'; '.join(where)}"
            + (f"; some ranges go on beyond the values tried, {self._tried()}" if edge else "")
        )


def robust_width(
    optimizer: Any,
    landscapes: Sequence[Landscape],
    over: Mapping[str, Sequence[float]],
    *,
    decades: float,
    n_starts: int,
    starts: tuple[str, ...] | None,
    succeeds: Callable[[Run], bool],
    confidence: float,
    budget: int | None,
    seed: int,
    executor: Executor | None = None,
    progress: bool | None = None,
) -> RobustWidth:
    """Measure the width of the range of a hyperparameter in which an optimizer succeeds.

    Parameters
    ----------
    optimizer : str, callable, class or object
        Whatever `with_value` takes.
    landscapes : sequence of Landscape
    over : mapping of str to sequence of float
        One name and its values. Two values are the ends of a range: eight values a decade are tried, and the ends of
        success are bisected. Three values or more are tried as they are.
    decades : float
        The required width.
    n_starts : int
        Number of starts on each landscape.
    starts : tuple of str or None
        Their names; None for Sobol' starts.
    succeeds : callable
        Returns whether a run succeeds; its ``str`` is the condition in words.
    confidence : float
        Of the two-sided interval of the mean width.
    budget : int or None
        Evaluations of each run.
    seed : int
        Of the first start's runs; each further start counts up. All values are tried with the seed of the start.
    executor : Executor, optional
        Where the runs are made; each start is one task.
    progress : bool, optional
        See `Progress`.

    Returns
    -------
    RobustWidth

    Raises
    ------
    ValueError
        If the optimizer has no such hyperparameter, the values are not positive, there is only one start, or the runs
        with all values are the same, bit by bit: then the optimizer does not use the hyperparameter.
    """
    name, grid, halvings = _checked_grid(over)
    if n_starts * len(landscapes) < 2:
        raise ValueError("one start has no spread, so its width has no interval; take at least 2 starts")
    widest = math.log10(grid[-1] / grid[0])
    if not 0.0 < decades <= widest * (1.0 + 1e-12):
        raise ValueError(f"{name} is tried over {widest:.3g} decades: a width of {decades!r} cannot be shown there")
    for value in grid:
        with_value(optimizer, name, value)  # an optimizer that cannot be made is an error before anything runs
    search = _Search(
        optimizer, name, tuple(grid), halvings, tuple(landscapes), n_starts, starts, succeeds, budget, seed
    )
    found: list[tuple[RobustRange, list[bool], Run | None]] = []
    total = n_starts * len(landscapes)
    with Progress(total, "start", progress) as bar:
        for numbers, several in in_order(search, total, executor, longest=1):
            found += several
            bar.advance(len(numbers))
    spec = name_of(optimizer)
    only = [run for *_, run in found if run is not None]
    if len(only) == len(found):
        raise ValueError(
            f"{name} changes nothing: from each of {number_of(total, 'start')} {spec} makes the same run, bit by bit, "
            f"with all {len(grid)} values from {grid[0]:g} to {grid[-1]:g}. It ignores {name}, or ends before it "
            f"matters. The first run: {only[0].stop_reason}, {only[0].message or number_of(only[0].nfev, 'evaluation')}"
        )
    ranges = [one for one, *_ in found]
    reached = [successes for _, successes, _ in found]
    width, interval = _mean_width([found.width for found in ranges], len(landscapes), confidence, widest)
    counts = np.sum(reached, axis=0).tolist()
    rates = tuple((value, rate_interval(n, len(ranges), confidence)) for value, n in zip(grid, counts, strict=True))
    conditions = {
        "landscapes": {landscape.id: landscape.version for landscape in landscapes},
        "starts": n_starts if starts is None else list(starts),
        "values": [grid[0], grid[-1], len(grid)],
        "target": str(succeeds),
        "budget": budget,
        "seed": seed,
    }
    return RobustWidth(spec, name, decades, tuple(ranges), width, interval, confidence, rates, conditions)


@dataclass(frozen=True)
class _Search:
    """The searches for the ranges, numbered by landscape and start."""

    optimizer: Any
    name: str
    grid: tuple[float, ...]
    halvings: int
    landscapes: tuple[Landscape, ...]
    n_starts: int
    starts: tuple[str, ...] | None
    succeeds: Callable[[Run], bool]
    budget: int | None
    seed: int

    def __call__(self, numbers: range) -> list[tuple[RobustRange, list[bool], Run | None]]:
        return [self._found(number) for number in numbers]

    def _found(self, number: int) -> tuple[RobustRange, list[bool], Run | None]:
        """Return the range, whether each value of the grid succeeds, and the run, if all values make the same."""
        which, k = divmod(number, self.n_starts)
        landscape = self.landscapes[which]
        x0 = start_of(landscape, self.starts, self.n_starts, k)
        made: dict[tuple[bytes, ...], Run] = {}

        def works(value: float) -> bool:
            adapter = with_value(self.optimizer, self.name, value)
            run = minimize(adapter, landscape, x0=x0, budget=self.budget, seed=self.seed + k)
            if len(made) < 2:
                made[bits_of(run)] = run
            return self.succeeds(run)

        reached = [works(value) for value in self.grid]
        ends = longest_range(self.grid, reached, works, self.halvings)
        start = k if self.starts is None else self.starts[k]
        only = next(iter(made.values())) if len(made) == 1 else None
        return RobustRange(landscape.id, start, *ends), reached, only


def start_of(landscape: Landscape, starts: Sequence[str] | None, n_starts: int, number: int) -> Any:
    """Return a start by its number: one of those that are named, else one of so many Sobol' points."""
    return sobol_starts(landscape, n_starts)[number] if starts is None else starts[number]


def bits_of(run: Run) -> tuple[bytes, ...]:
    """Return the bits of a run: of its evaluations, its result and its end, or of the exception."""
    if run.stop_reason == "exception":
        return (run.message.encode(), run.trace.x.tobytes())
    ended = f"{run.stop_reason} {run.njev} {run.nhev}"
    return (run.trace.x.tobytes(), run.trace.fun.tobytes(), np.asarray(run.x).tobytes(), ended.encode())


def name_of(optimizer: Any) -> str:
    """Return the spec of an optimizer, or the name of a callable that cannot run without its hyperparameters."""
    if isinstance(optimizer, str):
        return optimizer
    try:
        return get(optimizer).spec
    except (TypeError, ValueError):
        kind = type(optimizer).__qualname__
        return f"{getattr(optimizer, '__module__', '')}:{getattr(optimizer, '__qualname__', kind)}"


def _checked_grid(over: Mapping[str, Sequence[float]]) -> tuple[str, list[float], int]:
    if not isinstance(over, Mapping) or len(over) != 1:
        raise ValueError(
            f"over maps one hyperparameter to its values, such as {{'learning_rate': (1e-4, 10)}}; got {over!r}. "
            "Several hyperparameters, whole numbers and choices need share=..., the required share of successes"
        )
    ((name, given),) = over.items()
    values, is_range = values_of_range(name, given, PER_DECADE)
    return name, values, HALVINGS if is_range else 0


def values_of_range(name: str, given: Sequence[float], per_decade: int) -> tuple[list[float], bool]:
    """Return the values of a hyperparameter that are tried, and whether they were given by the ends of a range.

    Raises
    ------
    ValueError
        If there are fewer than two, or they are not positive and finite.
    """
    values = sorted({float(value) for value in given})
    if len(values) < 2 or not (values[0] > 0.0 and math.isfinite(values[-1])):
        raise ValueError(f"{name} takes at least two different values, positive and finite, got {given!r}")
    if len(values) > 2:
        return values, False
    steps = max(math.ceil(per_decade * math.log10(values[1] / values[0])), 1)
    # twelve digits: a failing value can be typed, and does not change with a machine's pow
    return [float(f"{value:.12g}") for value in np.geomspace(values[0], values[1], steps + 1)], True


def _mean_width(
    widths: Sequence[float], landscapes: int, confidence: float, widest: float
) -> tuple[float, tuple[float, float]]:
    """Return the mean width and its interval, between 0 and the range of the values tried."""
    mean, reach = mean_and_reach(widths, landscapes, confidence)
    return mean, (max(mean - reach, 0.0), min(mean + reach, widest))


def mean_and_reach(widths: Sequence[float], landscapes: int, confidence: float) -> tuple[float, float]:
    """Return the mean of widths, or of differences of widths, and half of its Student's interval.

    The starts are the sample, the landscapes are fixed. With one start each, the landscapes are the sample.

    Parameters
    ----------
    widths : sequence of float
        In decades, the starts of the first landscape first.
    landscapes : int
    confidence : float
        Of the two-sided interval.
    """
    strata = np.array(widths).reshape(landscapes, -1)
    if strata.shape[1] == 1:
        strata = strata.T
    groups, size = strata.shape
    mean = float(strata.mean())
    variance = float(np.mean(np.maximum(strata.var(axis=1, ddof=1), LEAST_SPREAD**2)))
    error = math.sqrt(variance / (groups * size))
    return mean, float(scipy.stats.t.ppf((1.0 + confidence) / 2.0, size - 1)) * error
