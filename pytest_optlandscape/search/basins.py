"""The map of an optimizer's basins of attraction: the share of the box that leads to each minimiser."""

from __future__ import annotations

import functools
from concurrent.futures import Executor
from dataclasses import dataclass, fields
from typing import Any, Never

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.figures import Figure
from pytest_optlandscape.figures import basin_map as draw_basin_map
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import Adapter, get, minimize
from pytest_optlandscape.runs import as_landscape, box_widths, inside
from pytest_optlandscape.runs.campaign import in_order
from pytest_optlandscape.runs.rates import RateInterval, rate_interval
from pytest_optlandscape.suites.box import box_of
from pytest_optlandscape.suites.low_discrepancy import sobol_starts
from pytest_optlandscape.texts.keywords import refuse_keywords
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["Basin", "BasinMap", "basin_map"]

FloatArray = NDArray[np.float64]

_FEWEST = 2
"""Fewest runs that must end together for their end to count as a place: a single run may have stopped anywhere."""

_AS_LOW = 1e-12
"""Largest gap, in units of max(|fmin|, 1), of an end that counts as a minimiser that is not listed: rounding only."""

_SAME_PLACE = 2e-3
"""Places of two maps that lie this near, in units of the box, count as one place."""

_MOST_ROWS = 12
_MOST_COORDINATES = 6


@dataclass(frozen=True, eq=False)
class Basin:
    """A place where runs end, and the share of the box that leads there.

    Attributes
    ----------
    x : ndarray, shape (dim,)
        A global minimiser, or the lowest of the points where several runs ended.
    gap : float
        The value there minus fmin; 0 at a global minimiser.
    is_global : bool
        Whether it is one of the landscape's global minimisers.
    share : RateInterval
        Share of the starts. Its bounds are exact; each holds by itself at the map's confidence.
    """

    x: FloatArray
    gap: float
    is_global: bool
    share: RateInterval

    def __str__(self) -> str:
        what = "minimiser" if self.is_global else f"end with a gap of {self.gap:.3g}"
        shown = [f"{value:.5g}" for value in self.x.tolist()[:_MOST_COORDINATES]]
        return f"{what} [{', '.join(shown + ['…'] * (len(self.x) > _MOST_COORDINATES))}]"


@dataclass(frozen=True, eq=False)
class BasinMap:
    """The places where an optimizer ends from evenly spread starts.

    Attributes
    ----------
    landscape : Landscape
    optimizer : str
        The spec.
    starts, ends : ndarray, shape (n, dim)
        Where each run began and what it returned.
    basins : tuple of Basin
        The global minimisers, those without runs included; then the places where at least two runs ended together. In
        both groups the largest share comes first.
    labels : ndarray of int, shape (n,)
        The number of each start's basin; −1 for starts that lead to none.
    elsewhere : RateInterval
        The share of starts that lead to none.
    """

    landscape: Landscape
    optimizer: str
    starts: FloatArray
    ends: FloatArray
    basins: tuple[Basin, ...]
    labels: NDArray[np.int64]
    elsewhere: RateInterval

    def __str__(self) -> str:
        rows = [(str(basin), basin.share) for basin in self.basins[:_MOST_ROWS]]
        rest = self.basins[_MOST_ROWS:]
        if rest:
            count = sum(basin.share.successes for basin in rest)
            rows.append((f"{len(rest)} more", rate_interval(count, len(self.starts), self.elsewhere.confidence)))
        rows.append(("elsewhere", self.elsewhere))
        width = max(len(name) for name, _ in rows)
        title = (
            f"{self.optimizer} on {self.landscape.id} from {number_of(len(self.starts), 'start')}, each bound at "
            f"{100.0 * self.elsewhere.confidence:g} % confidence"
        )
        shares = [
            f"  {name:<{width}}  {share.rate:.3f} of the box, {share.lower:.3f} to {share.upper:.3f}"
            for name, share in rows
        ]
        return "\n".join([title, *shares])

    def picture(self, before: BasinMap | None = None) -> Figure:
        """Draw the starts by where they lead.

        Parameters
        ----------
        before : BasinMap, optional
            Another map from the same starts, such as that of the optimizer's last release. It is drawn beside this one;
            starts that lead to another place now are ringed.

        Returns
        -------
        figures.Figure
            A notebook shows it; ``save("name.svg")`` writes it.

        Raises
        ------
        ValueError
            If the landscape does not have two dimensions, or the other map has other starts.
        """
        if self.landscape.dim != 2:
            raise ValueError(
                f"a basin map can be drawn in two dimensions, and {self.landscape.id} has {self.landscape.dim}; print "
                "the map to see how large its basins are"
            )
        if before is not None and not np.array_equal(before.starts, self.starts):
            raise ValueError(
                "two basin maps can be drawn beside each other only if their starts are the same; these starts differ"
            )
        box = np.stack([self.starts.min(axis=0), self.starts.max(axis=0)], axis=1)
        bounds = np.stack(
            [np.minimum(self.landscape.bounds[:, 0], box[:, 0]), np.maximum(self.landscape.bounds[:, 1], box[:, 1])],
            axis=1,
        )
        places = list(self.basins)
        numbers = None
        if before is not None:
            numbers = [_number_of(basin, places, box_widths(bounds)) for basin in before.basins]
        title = f"Where {self.optimizer} ends on {self.landscape.id}, by the start"
        return draw_basin_map(
            bounds=bounds,
            starts=self.starts,
            now=self.labels,
            before=None if before is None else np.array([*(numbers or []), -1])[before.labels],
            places=np.array([basin.x for basin in places]),
            names=[str(basin) for basin in places],
            panels=(before.optimizer if before else "before", self.optimizer),
            title=title,
        )


def _number_of(basin: Basin, places: list[Basin], widths: FloatArray) -> int:
    """Return the number of a basin among others, by its place; add it if it is not among them."""
    for number, other in enumerate(places):
        if float(np.max(np.abs(other.x - basin.x) / widths)) <= _SAME_PLACE:
            return number
    places.append(basin)
    return len(places) - 1


@dataclass(frozen=True, eq=False)
class _Ends:
    """The numbered runs of a map, as a callable that can be sent to other processes."""

    optimizer: Any
    landscape: Landscape
    starts: FloatArray
    bounds: FloatArray
    budget: int | None
    seed: int

    def __call__(self, numbers: range) -> list[list[float]]:
        return [self._end(number) for number in numbers]

    @functools.cached_property
    def adapter(self) -> Adapter:
        """The optimizer, ready to run."""
        return get(self.optimizer)

    def __getstate__(self) -> dict[str, Any]:
        return {part.name: getattr(self, part.name) for part in fields(self)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def _end(self, number: int) -> list[float]:
        run = minimize(
            self.adapter,
            self.landscape,
            x0=self.starts[number],
            bounds=self.bounds,
            budget=self.budget,
            seed=self.seed + number,
        )
        run.check_fmin()
        end: list[float] = [run.result_gap, *run.x.tolist()]
        return end


def basin_map(
    optimizer: Any,
    landscape: Landscape | str,
    *,
    n_starts: int = 256,
    bounds: ArrayLike | None = None,
    budget: int | None = None,
    seed: int = 0,
    executor: Executor | None = None,
    confidence: float = 0.99,
    tolerance: float = 1e-3,
    **others: Never,
) -> BasinMap:
    """Run from evenly spread starts, and estimate the share of the box that leads to each minimiser.

    A run belongs to the nearest global minimiser if it ended within ``tolerance`` of it in every coordinate, in units
    of the box. If not all minimisers are listed, the nearest listed one stands for those around it. The other runs
    belong to places where at least two runs ended as close together. Such a place may be a local minimiser; the map
    does not say why runs end there. Infeasible ends count as elsewhere.

    The starts are Sobol' points. They hit every region as often as uniform random points do, with less scatter, so the
    binomial bounds are, if anything, too wide [1]_.

    Parameters
    ----------
    optimizer : str, callable, class or object
        Whatever `optimizers.get` takes.
    landscape : Landscape or str
    n_starts : int, default 256
        Number of starts; a power of two is spread most evenly.
    bounds : array_like, shape (dim, 2), optional
        Another box, of the starts and of the runs (default: the landscape's).
    budget : int, optional
        Evaluations of each run (default: 1000 per dimension).
    seed : int, default 0
        Seed of the first run; each further run counts up.
    executor : concurrent.futures.Executor, optional
        Where the runs are made. The result is the same.
    confidence : float, default 0.99
        Of each bound by itself.
    tolerance : float, default 1e-3
        How near to a place a run must end to belong to it, in units of the box.

    Returns
    -------
    BasinMap

    Raises
    ------
    ValueError
        If ``n_starts`` is below 1, the confidence or the tolerance is not between 0 and 1, or the landscape's minimum
        is not known.
    TypeError
        If the executor is none, or the optimizer or the landscape cannot be sent to it.

    References
    ----------
    .. [1] Hoeffding (1956), On the distribution of the number of successes in independent trials.

    Examples
    --------
    >>> print(basin_map("scipy:L-BFGS-B", "six_hump_camel", n_starts=64))
    scipy:L-BFGS-B on six_hump_camel from 64 starts, each bound at 99 % confidence
      minimiser [-0.089842, 0.71266]              0.453 of the box, 0.308 to 0.605
      minimiser [0.089842, -0.71266]              0.375 of the box, 0.238 to 0.528
      end with a gap of 0.816 [1.7036, -0.79608]  0.078 of the box, 0.020 to 0.192
      end with a gap of 0.816 [-1.7036, 0.79608]  0.078 of the box, 0.020 to 0.192
      elsewhere                                   0.016 of the box, 0.000 to 0.099
    """
    refuse_keywords(basin_map, others, {"starts": "n_starts, the number of starts"})
    if n_starts < 1:
        raise ValueError(f"a basin map takes at least one start, got n_starts={n_starts!r}")
    for name, value in (("confidence", confidence), ("tolerance", tolerance)):
        if not 0.0 < value < 1.0:
            raise ValueError(f"the {name} of a basin map lies between 0 and 1, got {value!r}")
    landscape = as_landscape(landscape)
    landscape.check_minimum_is_known()
    box = box_of(landscape, bounds)
    points = sobol_starts(landscape, n_starts, box)
    work = _Ends(optimizer, landscape, points, box, budget, seed)
    found = np.array([end for _, ends in in_order(work, n_starts, executor) for end in ends])
    gaps, ends = found[:, 0], found[:, 1:]
    groups = _around(landscape, box, ends, gaps, tolerance)
    rest = np.setdiff1d(np.flatnonzero(np.isfinite(gaps)), np.concatenate([members for _, members in groups]))
    places = _together(rest[np.argsort(gaps[rest], kind="stable")], ends / box_widths(box), tolerance)
    basins: list[Basin] = []
    labels = np.full(n_starts, -1, dtype=np.int64)
    for x, gap, is_global, members in [
        *((x, 0.0, True, members) for x, members in groups),
        *((ends[members[0]], float(gaps[members[0]]), False, members) for members in places),
    ]:
        labels[members] = len(basins)
        basins.append(Basin(x, gap, is_global, rate_interval(len(members), n_starts, confidence)))
    elsewhere = rate_interval(int(np.sum(labels < 0)), n_starts, confidence)
    return BasinMap(landscape, work.adapter.spec, points, ends, tuple(basins), labels, elsewhere)


def _around(
    landscape: Landscape, box: FloatArray, ends: FloatArray, gaps: FloatArray, tolerance: float
) -> list[tuple[FloatArray, NDArray[np.int64]]]:
    """Gather the ends around each global minimiser in the box, the most ends first."""
    width = box_widths(box)
    listed = landscape.minimizers[inside(landscape.minimizers, box)]
    feasible = np.flatnonzero(np.isfinite(gaps))
    apart = [np.max(np.abs(listed - end) / width, axis=1) for end in ends[feasible]]
    nearest = np.array([np.argmin(each) for each in apart], dtype=np.int64)
    is_there = np.array([np.min(each) <= tolerance for each in apart], dtype=bool)
    if not landscape.minimizers_complete:  # minimisers between the listed ones count as the nearest listed one
        is_there |= landscape.distance(ends[feasible]) <= tolerance * np.min(width)
        is_there |= gaps[feasible] <= _AS_LOW * max(abs(landscape.fmin), 1.0)
    groups = [(x, feasible[is_there & (nearest == number)]) for number, x in enumerate(listed)]
    return sorted(groups, key=lambda group: -len(group[1]))


def _together(rest: NDArray[np.int64], ends: FloatArray, tolerance: float) -> list[NDArray[np.int64]]:
    """Group ends that lie near each other; return the groups, the largest first."""
    groups = []
    while len(rest):
        near = np.max(np.abs(ends[rest] - ends[rest[0]]), axis=1) <= tolerance
        if near.sum() >= _FEWEST:
            groups.append(rest[near])
        rest = rest[~near]
    return sorted(groups, key=lambda group: -len(group))
