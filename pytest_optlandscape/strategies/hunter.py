"""The search for the start that breaks an optimizer.

Rare failures are found neither by even points, which have to hit them by chance, nor by draws that know nothing of the
runs. This search looks at how badly each run went: starts from which the gap stays large, or many evaluations are
needed, lie near those that fail. Part of the examples are corners, faces and even points; the others move the worst
starts so far, in the manner of a (1+1) evolution strategy with the one-fifth rule (Rechenberg 1973; Kern et al. 2004).
What is found is shrunk to few and short binary digits away from the standard start.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import get, minimize
from pytest_optlandscape.runs import Run, as_landscape
from pytest_optlandscape.strategies.failures import remember
from pytest_optlandscape.strategies.low_discrepancy import sobol
from pytest_optlandscape.strategies.shrinking import shrunk

__all__ = ["FailingStart", "find_failing_start"]

FloatArray = NDArray[np.float64]

_PARENTS = 3
"""Places that are searched around at once: failures often have several, and one may be a dead end."""

_EVEN_SHARE = 2
"""Every second example is an even point, so that no part of the box is forgotten."""

_SPECIAL_SHARE = 3
"""Every third even point has a coordinate where much breaks: 0, a bound, or the standard start's."""

_CONVERGED = 1e-12
"""Gaps below this share of |f| at the start are all the same: what differs is rounding."""

_FIRST_STEP, _SMALLEST_STEP = 0.12, 2e-4
"""Shares of the box: a step begins wide enough to leave a basin, and ends where starts are practically alike."""

_LONGER, _SHORTER = math.exp(0.8), math.exp(-0.2)
"""After a success and a failure: balanced at one success in five."""


@dataclass(frozen=True, eq=False)
class FailingStart:
    """A start from which a condition holds that should not.

    Attributes
    ----------
    x0 : ndarray, shape (dim,)
        The start, shrunk.
    run : Run
        What happens from there.
    examples : int
        Runs until the first failing start was found.
    found : ndarray, shape (dim,)
        That start, before it was shrunk.
    """

    x0: FloatArray
    run: Run
    examples: int
    found: FloatArray

    def __str__(self) -> str:
        where = f"{self.run} from {self.x0.tolist()}, found after {self.examples} examples"
        return f"{where}\n  replay: {self.run.command()}"


def find_failing_start(
    optimizer: Any,
    landscape: Landscape | str,
    condition: Callable[[Run], bool],
    *,
    budget: int,
    seed: int = 0,
    bounds: ArrayLike | None = None,
    evaluations: int | None = None,
) -> FailingStart | None:
    """Search for a start from which a run fails.

    Parameters
    ----------
    optimizer : str, callable, class or object
        Whatever `optimizers.get` takes.
    landscape : Landscape or str
    condition : callable
        ``condition(run)`` is true where the run failed.
    budget : int
        Most runs until one fails; shrinking takes further ones.
    seed : int, default 0
        Of the search, and of every run.
    bounds : array_like, shape (dim, 2), optional
        Where to start from (default: the landscape's box).
    evaluations : int, optional
        Budget of each run (default: 1000 per dimension).

    Returns
    -------
    FailingStart or None
        None if no failing start was found.

    Raises
    ------
    ValueError
        If the budget is below 1.

    Examples
    --------
    >>> found = find_failing_start("scipy:L-BFGS-B", "himmelblau", lambda run: run.x[0] < 0, budget=100)
    >>> found.x0.tolist(), bool(found.run.x[0] < 0)
    ([0.0, 4.0], True)
    """
    if budget < 1:
        raise ValueError(f"the search takes at least one run, got budget={budget!r}")
    adapter, landscape = get(optimizer), as_landscape(landscape)
    box = landscape.bounds if bounds is None else np.asarray(bounds, dtype=np.float64)

    def run_from(x0: FloatArray) -> Run:
        return minimize(adapter, landscape, x0=x0, budget=evaluations, seed=seed)

    search = _Search(landscape, box, np.random.default_rng([seed, 4]))
    for example in range(1, budget + 1):
        x0 = search.ask()
        run = run_from(x0)
        if condition(run):
            best = shrunk(landscape, box, x0, lambda start: bool(condition(run_from(start))))
            remember(landscape, best)
            return FailingStart(best, run_from(best), example, x0)
        search.tell(run)
    return None


@dataclass(eq=False)
class _Parent:
    point: FloatArray  # in the unit box
    badness: tuple[float, float]
    step: float = _FIRST_STEP


@dataclass
class _Search:
    """Ask for the next start, tell what came of it; points are shares of the box."""

    landscape: Landscape
    box: FloatArray
    rng: np.random.Generator
    parents: list[_Parent] = field(default_factory=list)
    seen: list[tuple[float, float]] = field(default_factory=list)
    asked: int = 0

    def __post_init__(self) -> None:
        self._even = _even_points(self.landscape, self.box, self.rng)
        self._moving: _Parent | None = None
        self._point = self.box[:, 0]

    def ask(self) -> FloatArray:
        """Give the next start."""
        self.asked += 1
        self._moving = None
        if len(self.parents) == _PARENTS and self.asked % _EVEN_SHARE:
            self._moving = self.parents[self.asked % _PARENTS]
            moved = self._moving.point + self._moving.step * self.rng.standard_normal(len(self.box))
            self._point = _reflected(moved)
        else:
            self._point = next(self._even)
        lower, upper = self.box.T
        start: FloatArray = np.clip(lower + self._point * (upper - lower), lower, upper)
        return start

    def tell(self, run: Run) -> None:
        """Learn from a run that did not fail."""
        badness = _badness(run)
        self.seen.append(badness)
        score = self._score(badness)
        if self._moving is None:
            self._take_in(badness, score)
            return
        parent = self._moving
        if score > self._score(parent.badness):
            parent.point, parent.badness = self._point, badness
            parent.step = min(parent.step * _LONGER, 0.3)
        else:
            parent.step *= _SHORTER
            if parent.step < _SMALLEST_STEP:
                self.parents.remove(parent)

    def _take_in(self, badness: tuple[float, float], score: float) -> None:
        """Search around an even point if it went worse than what is searched around."""
        if len(self.parents) < _PARENTS:
            self.parents.append(_Parent(self._point, badness))
            return
        weakest = min(self.parents, key=lambda parent: self._score(parent.badness))
        if score > self._score(weakest.badness):
            self.parents[self.parents.index(weakest)] = _Parent(self._point, badness)

    def _score(self, badness: tuple[float, float]) -> float:
        """Rank a run among all so far: the share that have a smaller gap, plus the share that took fewer steps."""
        seen = np.array(self.seen)
        return float(np.mean(seen < np.array(badness), axis=0).sum())


def _badness(run: Run) -> tuple[float, float]:
    """Log gap of the result, and log evaluations to the end."""
    gap = run.result_gap if math.isfinite(run.result_gap) else 1e300
    at_start = float(run.trace.fun[0]) - run.landscape.fmin if len(run.trace) else 1.0
    smallest = _CONVERGED * max(abs(at_start), abs(run.landscape.fmin), 1e-288) if math.isfinite(at_start) else 1e-300
    return math.log10(max(gap, smallest)), math.log10(1 + max(run.nfev, run.njev))


def _even_points(landscape: Landscape, box: FloatArray, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Give the standard start, two corners, then Sobol' points without end, some with special coordinates."""
    lower, width = box[:, 0], np.where(np.ptp(box, axis=1) > 0.0, np.ptp(box, axis=1), 1.0)
    dim = len(box)
    standard = np.clip((landscape.x0 - lower) / width, 0.0, 1.0)
    zero = np.clip(-lower / width, 0.0, 1.0)
    special = np.stack([zero, standard, np.zeros(dim), np.ones(dim)])
    yield standard
    yield np.zeros(dim)
    yield np.ones(dim)
    first, count = 0, 64
    while True:
        for k, point in enumerate(sobol(count, dim)[first:], start=first):
            moved = point.copy()
            if k % _SPECIAL_SHARE == 0:
                axis = int(rng.integers(dim))
                moved[axis] = special[int(rng.integers(len(special))), axis]
            yield moved
        first, count = count, 2 * count


def _reflected(point: FloatArray) -> FloatArray:
    """Bring a point back into the unit box as a mirror would, so that edges are reached."""
    folded: FloatArray = np.abs(np.mod(point + 1.0, 2.0) - 1.0)
    inside = (point >= 0.0) & (point <= 1.0)
    near_edge = np.where(point < 0.0, 0.0, 1.0)
    overshoots = np.abs(point - np.clip(point, 0.0, 1.0)) < 0.02
    return np.where(inside, point, np.where(overshoots, near_edge, folded))
