"""Which combinations of several hyperparameters work, and which hyperparameter decides it.

Every combination of a grid is run from every start. The share of successes is bounded by Student's interval over the
starts. The hyperparameter that decides most is the one whose values differ most in their share of successes: the one
with the largest main effect, as in functional ANOVA.

References
----------
F. Hutter, H. Hoos and K. Leyton-Brown, An efficient approach for assessing hyperparameter importance, 2014, ICML.
"""

from __future__ import annotations

import hashlib
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from pytest_optlandscape.figures import Figure
from pytest_optlandscape.figures.planes import share_map
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes.spaces import Choice, Float, Int, Ordinal, Parameter, Space
from pytest_optlandscape.optimizers import minimize
from pytest_optlandscape.records.robust_range import bits_of, name_of, start_of, values_of_range
from pytest_optlandscape.records.with_value import with_values
from pytest_optlandscape.runs import Run, as_landscape
from pytest_optlandscape.runs.campaign import in_order
from pytest_optlandscape.runs.progress import Progress
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["HyperparameterMap", "hyperparameter_map"]

PER_DECADE = 2
"""Values tried in a decade of a range, one of several."""

MOST_VALUES = 5
"""Values tried of a linear range, or of whole numbers."""


@dataclass(frozen=True)
class HyperparameterMap:
    """The combinations of several hyperparameters, and from how many starts each succeeds.

    Attributes
    ----------
    optimizer : str
    values : dict of str to tuple
        The values tried of each hyperparameter.
    combinations : tuple of dict
        Each combination; a hyperparameter that is not active is absent.
    successes : tuple of int
        From how many starts each combination succeeds.
    trials : int
        The number of starts, over all landscapes.
    required : float
        The required share of successes.
    share : float
        The share of successes over combinations and starts.
    interval : tuple of float
        Two-sided limits of the share (Student's, over the starts), between 0 and 1.
    confidence : float
        Of the interval.
    """

    optimizer: str
    values: dict[str, tuple[Any, ...]]
    combinations: tuple[dict[str, Any], ...]
    successes: tuple[int, ...]
    trials: int
    required: float
    share: float
    interval: tuple[float, float]
    confidence: float

    @property
    def is_shown(self) -> bool:
        """Whether the share of successes is at least the required one, at the stated confidence."""
        return self.interval[0] >= self.required

    def rates(self, name: str) -> dict[Any, float]:
        """Return the share of successes of each value of a hyperparameter, over all others."""
        found = {}
        for value in self.values[name]:
            mine = [
                count
                for combination, count in zip(self.combinations, self.successes, strict=True)
                if name in combination and combination[name] == value
            ]
            found[value] = float(np.mean(mine)) / self.trials if mine else math.nan
        return found

    def effects(self) -> dict[str, float]:
        """Return each hyperparameter's main effect: the variance between its values, as a share of all variance.

        Returns
        -------
        dict of str to float
            Between 0 and 1, the largest first; all are 0 if every combination has the same share.
        """
        total = float(np.var(self.successes)) / self.trials**2
        found = {}
        for name in self.values:
            rates = [rate for rate in self.rates(name).values() if not math.isnan(rate)]
            found[name] = min(float(np.var(rates)) / total, 1.0) if total > 0.0 else 0.0
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def works(self) -> tuple[dict[str, Any], ...]:
        """List the combinations that succeed from every start."""
        pairs = zip(self.combinations, self.successes, strict=True)
        return tuple(combination for combination, count in pairs if count == self.trials)

    def record(self) -> dict[str, float | str]:
        """Return plain values, for ``extra_info`` of pytest-benchmark, ``record_property`` or a file."""
        numbers = {"share": self.share, "share_lower": self.interval[0], "share_upper": self.interval[1]}
        return {
            "optimizer": self.optimizer,
            "hyperparameters": ", ".join(self.values),
            "confidence": self.confidence,
            **{key: float(f"{number:.4g}") for key, number in numbers.items()},
        }

    def table(self) -> str:
        """Return the map as a text: of two hyperparameters a table, of others the values of each by themselves."""
        if len(self.values) == 2:
            return self._plane()
        lines = []
        for name in self.values:
            rates = "  ".join(f"{_text(value)}: {_percent(rate)}" for value, rate in self.rates(name).items())
            lines.append(f"  {name}  {rates}")
        return "\n".join(lines)

    def _plane(self) -> str:
        across, down = self.values
        cells = self._cells()
        heads = [_text(value) for value in self.values[across]]
        names = [_text(value) for value in self.values[down]]
        wide = max(4, *map(len, heads))
        left = max(len(down), *map(len, names))
        rows = [f"  {down:>{left}}  {across}", f"  {'':>{left}}  " + "  ".join(f"{head:>{wide}}" for head in heads)]
        for name, row in zip(names, cells, strict=True):
            rows.append(f"  {name:>{left}}  " + "  ".join(f"{_percent(cell):>{wide}}" for cell in row))
        return "\n".join(rows)

    def plot(self) -> Figure:
        """Draw the map of two hyperparameters: darker where more starts succeed.

        Raises
        ------
        ValueError
            If there are not two hyperparameters.
        """
        if len(self.values) != 2:
            raise ValueError(f"a map is drawn of two hyperparameters, got {len(self.values)}: {', '.join(self.values)}")
        across, down = self.values
        return share_map(
            shares=self._cells(),
            x_names=[_text(value) for value in self.values[across]],
            y_names=[_text(value) for value in self.values[down]],
            x_title=across,
            y_title=down,
            title=f"Success of {self.optimizer}",
            caption=str(self),
        )

    def _cells(self) -> list[list[float]]:
        across, down = self.values
        pairs = list(zip(self.combinations, self.successes, strict=True))

        def share(x: Any, y: Any) -> float:
            # a combination without one of both holds for each of its values
            mine = [n for one, n in pairs if one.get(across, x) == x and one.get(down, y) == y]
            return mine[0] / self.trials if mine else math.nan

        return [[share(x, y) for x in self.values[across]] for y in self.values[down]]

    def __str__(self) -> str:
        low, high = self.interval
        return (
            f"required success in {_percent(self.required)} of {number_of(len(self.combinations), 'combination')} of "
            f"{' and '.join(self.values)}, found {_percent(self.share)} ({_percent(low)} to {_percent(high)} at "
            f"{100 * self.confidence:g} % confidence){self._blame()}"
        )

    def _blame(self) -> str:
        """Name the hyperparameter that decides most and its best value, and all values that never succeed."""
        name, effect = next(iter(self.effects().items()))
        if effect == 0.0:
            return "; no combination succeeds" if self.share == 0.0 else ""
        rates = self.rates(name)
        best = max((value for value in rates if not math.isnan(rates[value])), key=lambda value: rates[value])
        text = f"; {name} decides most ({_percent(effect)} of the variance): {_text(best)} succeeds in "
        never = [
            f"{other} {', '.join(_text(value) for value, rate in self.rates(other).items() if rate == 0.0)}"
            for other in self.effects()
            if 0.0 in self.rates(other).values()
        ]
        return text + _percent(rates[best]) + (f", never {'; '.join(never)}" if never else "")


def hyperparameter_map(
    optimizer: Any,
    landscapes: Sequence[Landscape] | Callable[..., Any],
    over: Mapping[str, Any],
    *,
    share: float,
    n_starts: int,
    starts: tuple[str, ...] | None,
    succeeds: Callable[[Run], bool],
    confidence: float,
    budget: int | None,
    seed: int,
    executor: Executor | None = None,
    progress: bool | None = None,
) -> HyperparameterMap:
    """Run an optimizer with every combination of several hyperparameters.

    Parameters
    ----------
    optimizer : str, callable, class or object
        Whatever `with_values` takes.
    landscapes : sequence of Landscape, or callable
        A callable, such as `training_task`, makes the landscape or the training task. It gets the hyperparameters that
        its signature names; the optimizer gets the others.
    over : mapping of str to Float, Int, Choice, Ordinal or sequence of float
        See `assert_tunable`.
    share : float
        The required share of successes.
    n_starts, starts, succeeds, confidence, budget, seed, executor, progress
        See `robust_width`.

    Returns
    -------
    HyperparameterMap

    Raises
    ------
    ValueError
        If there is no such hyperparameter, one changes nothing, or there is only one start.
    """
    tried = {name: _values_of(name, given) for name, given in over.items()}
    space = Space(
        **{
            name: Choice(*values, when=given.when if isinstance(given, Parameter) else None)
            for (name, values), given in zip(tried.items(), over.values(), strict=True)
        }
    )
    combinations = tuple(space.configurations())
    of_task = set()
    if callable(landscapes):
        of_task = set(inspect.signature(landscapes).parameters) & set(tried)
    places = 1 if callable(landscapes) else len(landscapes)
    if n_starts * places < 2:
        raise ValueError("one start has no spread, so its share has no interval; take at least 2 starts")
    search = _Search(optimizer, landscapes, combinations, frozenset(of_task), n_starts, starts, succeeds, budget, seed)
    for combination in combinations:
        search.made(combination)  # an optimizer that cannot be made is an error before anything runs
    found: list[list[tuple[bool, bytes]]] = []
    with Progress(n_starts * places, "start", progress) as bar:
        for numbers, several in in_order(search, n_starts * places, executor, longest=1):
            found += several
            bar.advance(len(numbers))
    _check_each_changes_something(tried, combinations, found)
    reached = np.array([[success for success, _ in one] for one in found])
    mean, interval = _mean_share(reached.mean(axis=1), confidence, len(combinations))
    counts = tuple(int(count) for count in reached.sum(axis=0))
    return HyperparameterMap(
        name_of(optimizer), tried, combinations, counts, len(reached), share, mean, interval, confidence
    )


@dataclass(frozen=True)
class _Search:
    """The runs of all combinations, numbered by landscape and start."""

    optimizer: Any
    landscapes: Sequence[Landscape] | Callable[..., Any]
    combinations: tuple[dict[str, Any], ...]
    of_task: frozenset[str]
    n_starts: int
    starts: tuple[str, ...] | None
    succeeds: Callable[[Run], bool]
    budget: int | None
    seed: int

    def made(self, combination: Mapping[str, Any], which: int = 0) -> tuple[Any, Landscape, int | None]:
        """Return the optimizer, the landscape and the budget of a combination."""
        own = {name: value for name, value in combination.items() if name not in self.of_task}
        adapter = with_values(self.optimizer, own)
        if not callable(self.landscapes):
            return adapter, self.landscapes[which], self.budget
        task = self.landscapes(**{name: value for name, value in combination.items() if name in self.of_task})
        landscape = as_landscape(getattr(task, "landscape", task))
        return adapter, landscape, self.budget or getattr(task, "budget", None)

    def __call__(self, numbers: range) -> list[list[tuple[bool, bytes]]]:
        return [[self._one(number, combination) for combination in self.combinations] for number in numbers]

    def _one(self, number: int, combination: Mapping[str, Any]) -> tuple[bool, bytes]:
        """Return whether a run succeeds, and a digest of the run and its landscape."""
        which, k = divmod(number, self.n_starts)
        adapter, landscape, budget = self.made(combination, which)
        x0 = start_of(landscape, self.starts, self.n_starts, k)
        run = minimize(adapter, landscape, x0=x0, budget=budget, seed=self.seed + k)
        return self.succeeds(run), hashlib.sha256(b"|".join(bits_of(run))).digest()


def _values_of(name: str, given: Any) -> tuple[Any, ...]:
    """Return the values of a hyperparameter that are tried."""
    if isinstance(given, Choice | Ordinal):
        return tuple(given.values)
    if isinstance(given, Int) and given.count <= MOST_VALUES:
        return tuple(map(given.decode, given.codes()))
    if isinstance(given, Float | Int):
        count = MOST_VALUES
        if isinstance(given, Float) and given.log:
            count = max(math.ceil(PER_DECADE * math.log10(given.high / given.low)) + 1, 2)
        codes = np.linspace(0.0, 1.0, count).tolist()
        values = [given.decode(code) for code in codes]
        rounded = [float(f"{value:.12g}") if isinstance(value, float) else value for value in values]
        return tuple(dict.fromkeys(rounded))
    if isinstance(given, Parameter):
        raise TypeError(f"{name}={given!r:.80} is no Float, Int, Choice or Ordinal")
    return tuple(values_of_range(name, given, PER_DECADE)[0])


def _check_each_changes_something(
    tried: Mapping[str, Sequence[Any]],
    combinations: Sequence[Mapping[str, Any]],
    found: Sequence[Sequence[tuple[bool, bytes]]],
) -> None:
    """Raise ValueError if the runs never depend on one of the hyperparameters."""
    for name in tried:
        groups: dict[str, list[int]] = {}
        for k, combination in enumerate(combinations):
            rest = repr(sorted((key, repr(value)) for key, value in combination.items() if key != name))
            if name in combination:
                groups.setdefault(rest, []).append(k)
        several = [group for group in groups.values() if len(group) > 1]
        if several and all(len({one[k][1] for k in group}) == 1 for one in found for group in several):
            raise ValueError(
                f"{name} changes nothing: with all {number_of(len(tried[name]), 'value')}, the runs are the same, bit "
                "by bit. The optimizer ignores it, or ends before it matters"
            )


def _mean_share(shares: NDArray[np.float64], confidence: float, combinations: int) -> tuple[float, tuple[float, float]]:
    """Return the mean share over the starts, and its Student's interval between 0 and 1.

    The least standard deviation is that of a uniform error of one combination: starts may agree by chance.
    """
    mean = float(np.mean(shares))
    spread = max(float(np.std(shares, ddof=1)), 1.0 / (combinations * math.sqrt(12.0)))
    reach = float(scipy.stats.t.ppf((1.0 + confidence) / 2.0, len(shares) - 1)) * spread / math.sqrt(len(shares))
    return mean, (max(mean - reach, 0.0), min(mean + reach, 1.0))


def _text(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{100 * share:.3g} %"
