"""The next start to try, chosen by how suspicious the runs so far were.

Special points come first (`special_points`). Then three fifths of the starts lie near the start whose run showed most
of one sign of trouble. "Near" is the Voronoi cell of that start [1]_: it narrows by itself as starts are tried in it,
so no step size has to be tuned. Below a limit the next most suspicious start has its turn. The signs that take turns
are those of the attributes of a run that the condition reads. Of the other starts, half are special and half are
scrambled Sobol' points.

References
----------
.. [1] Kim, Lee, Lim, Kaelbling & Lozano-Pérez (2020), Monte Carlo tree search in continuous spaces using Voronoi
   optimistic optimization with regret bounds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.runs import Run, box_widths
from pytest_optlandscape.search.special_points import SpecialPoints

__all__ = ["Search", "Witness", "signs_of_trouble"]

FloatArray = NDArray[np.float64]

_EVEN_AT_FIRST = 14
"""Examples before neighbourhoods are searched: among fewer, the most suspicious start means little."""

_TURNS = ("worst", "special", "worst", "even", "worst")
"""The kinds of starts that take turns then. If no sign leads to a failure, every fifth example is an even point."""

_NARROWEST = 0.05
"""Least distance between neighbours, as a share of that between as many evenly spread starts: 400 times as dense in
two dimensions. In the tuned cases of benchmarks/hunting.py, 0.03 to 0.1 are alike; from 0.3 on, failures are found
later."""

_CONVERGED = 1e-12
"""Gaps below this share of |f| at the start count as equal: they differ by rounding."""

_HUGE = 1e300
"""Stands for a value that is not finite: worse than any other."""

_SCALES, _DRAWS = 10, 20
"""Scales around the centre of a cell, and draws at each scale, of which one has to fall into the cell."""

_EFFORT = frozenset({"nfev", "njev", "nhev", "hit", "wall_time"})
_ENDING = frozenset({"claimed_success", "stop_reason", "message", "reported_fun", "warnings"})
_RESULT = frozenset({"result_gap", "gap", "fun", "x", "distance", "digits"})
_PATH = frozenset({"trace"})


def signs_of_trouble(run: Run) -> dict[str, float]:
    """Measure how suspicious a run that did not fail was, by several signs; larger is more suspicious.

    Returns
    -------
    dict of str to float
        ``"gap"``: log gap of the result. ``"kept"``: log of the share of the gap at the start that is left.
        ``"start"``: log gap at the start; ``"near"``: its negative. ``"effort"``: log evaluations and gradients to the
        end. ``"path"`` and ``"step"``: the length of the path of evaluations, and its longest step, in units of the
        box. ``"rise"``: how far evaluations rose above the start, in units of the gap there. ``"reach"``: the farthest
        evaluation from the centre of the box, 1 being its edge.

    Examples
    --------
    >>> from pytest_optlandscape import minimize
    >>> near, far = (minimize("scipy:L-BFGS-B", "beale", x0=x0) for x0 in ([3.0, 0.4], [-4.0, 4.0]))
    >>> signs_of_trouble(near)["effort"] < signs_of_trouble(far)["effort"]
    True
    """
    x, fun = run.trace.x, run.trace.fun
    fmin = run.landscape.fmin if run.landscape.minimum_is_known else float(np.nanmin(fun, initial=_HUGE))
    at_start = _finite(fun[0] - fmin) if len(fun) else _HUGE
    smallest = _CONVERGED * max(abs(at_start), abs(fmin), 1e-288)
    gap, start = (math.log10(max(value, smallest)) for value in (_finite(run.result_gap), at_start))
    signs = {"gap": gap, "kept": gap - start, "start": start, "near": -start}
    signs["effort"] = math.log10(1 + run.nfev + run.njev)
    if not len(fun):
        return signs | dict.fromkeys(("path", "step", "rise", "reach"), 0.0)
    box = np.where(np.isfinite(run.bounds), run.bounds, [-1.0, 1.0])
    (lower, upper), width = box.T, box_widths(box)
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.max(np.abs(np.diff(x, axis=0)) / width, axis=1, initial=0.0)
        return signs | {
            "path": _finite(np.sum(steps)),
            "step": _finite(np.max(steps, initial=0.0)),
            "rise": _finite(np.max(fun) - fun[0]) / max(at_start, 1e-8 * _CONVERGED),
            "reach": _finite(np.max(np.abs(x - (lower + upper) / 2.0) / (width / 2.0))),
        }


def _finite(value: Any) -> float:
    return _HUGE if math.isnan(value) else min(float(value), _HUGE)


class Witness:
    """Note which attributes of runs a condition reads.

    Attributes
    ----------
    seen : set of str
        Names of attributes of `Run`.

    Examples
    --------
    >>> from pytest_optlandscape import minimize
    >>> witness = Witness()
    >>> (lambda run: run.result_gap > 1.0)(witness.watching(minimize("scipy:L-BFGS-B", "beale"))), witness.seen
    (False, {'result_gap'})
    """

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def watching(self, run: Run) -> Run:
        """Return a copy of a run that notes each attribute that is read."""
        watched = object.__new__(_WatchedRun)
        watched.__dict__.update(run.__dict__, _seen=self.seen, _depth=[0])
        return watched

    @property
    def signs(self) -> tuple[str, ...]:
        """The signs that take turns: those that led to failures most often in benchmarks/hunting.py's tuned cases."""
        if self.seen & _PATH and not self.seen & _RESULT:
            return ("gap", "start", "reach")
        if self.seen & _PATH:  # the condition compares the end of a run with its path
            return ("rise", "gap", "path", "reach")
        if self.seen & _RESULT:
            return ("effort", "path", "gap", "step")
        if self.seen & _ENDING:
            return ("effort", "path", "near")
        if self.seen & _EFFORT:
            return ("effort", "path", "effort", "start")
        return ("effort", "gap", "path", "rise", "start", "reach")


class _WatchedRun(Run):
    def __getattribute__(self, name: str) -> Any:
        inner = object.__getattribute__(self, "__dict__")
        if name.startswith("_") or "_seen" not in inner:
            return object.__getattribute__(self, name)
        depth: list[int] = inner["_depth"]
        if not depth[0]:
            inner["_seen"].add(name)
        depth[0] += 1
        try:
            return object.__getattribute__(self, name)
        finally:
            depth[0] -= 1


@dataclass
class Search:
    """Propose starts, and learn from their runs.

    Attributes
    ----------
    landscape : Landscape
    box : ndarray, shape (dim, 2)
        Finite bounds of the starts.
    seed : int
    witness : Witness
        Notes which signs of trouble matter.
    """

    landscape: Landscape
    box: FloatArray
    seed: int
    witness: Witness = field(default_factory=Witness)
    asked: int = 0
    _signs: list[dict[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng([self.seed, 4])
        self._sobol = scipy.stats.qmc.Sobol(len(self.box), seed=np.random.default_rng([self.seed, 5]))
        self._special = SpecialPoints(self.landscape, self.box, np.random.default_rng([self.seed, 6]))
        self._points = np.empty((0, len(self.box)))  # in the unit box, as all points here
        self._apart = np.empty(0)  # from each point to its nearest neighbour
        self._batch: list[FloatArray] = []
        self._turn = 0
        self._sized = False
        self._width = box_widths(self.box)

    def ask(self) -> FloatArray:
        """Return the next start: the origin, the standard start and corners come first."""
        self._point = self._special.first[self.asked] if self.asked < len(self._special.first) else self._next_point()
        self.asked += 1
        lower, upper = self.box.T
        start: FloatArray = np.clip(lower + self._point * self._width, lower, upper)
        return start

    def _next_point(self) -> FloatArray:
        if not len(self._points) or self.asked < _EVEN_AT_FIRST:
            return self._even_point() if self.asked % 2 else self._special_point()
        turn = _TURNS[self.asked % len(_TURNS)]
        if turn == "worst":
            return self._near_the_worst()
        return self._special_point() if turn == "special" else self._even_point()

    def tell(self, run: Run, nearness: float | None = None) -> None:
        """Learn from a run that did not fail.

        Parameters
        ----------
        run : Run
        nearness : float, optional
            How near it came to failing, if that can be measured; larger is nearer. It then has every second turn.
        """
        distances = np.sqrt(np.sum((self._points - self._point) ** 2, axis=1))
        self._apart = np.append(np.minimum(self._apart, distances), np.min(distances, initial=math.inf))
        self._points = np.vstack([self._points, self._point])
        self._signs.append(signs_of_trouble(run) | {"nearness": -_HUGE if nearness is None else _finite(nearness)})
        self._sized |= nearness is not None

    def _even_point(self) -> FloatArray:
        if not self._batch:
            self._batch = list(self._sobol.random(64))
        return self._batch.pop(0)

    def _special_point(self) -> FloatArray:
        """Return a special point, or an even point if that was tried before: there are few corners."""
        point = self._special.draw()
        tried = np.all(self._points == point, axis=1)
        return self._even_point() if np.any(tried) else point

    def _near_the_worst(self) -> FloatArray:
        """Draw from the Voronoi cell of the most suspicious start, among those whose cells are not too narrow."""
        points, worst = self._points, self._worst()
        centre = points[worst]
        apart = np.max(np.abs(points - centre), axis=1)
        scale = 4.0 * float(np.min(apart[apart > 0.0], initial=1.0))
        for _ in range(_SCALES):
            moved = centre + scale * self._rng.uniform(-1.0, 1.0, (_DRAWS, len(centre)))
            draws = np.clip(moved, 0.0, 1.0)  # draws outside the box move to its bounds, so edges are searched
            distances = np.sum((draws[:, np.newaxis] - points) ** 2, axis=2)
            own = distances[:, worst]
            in_cell = np.flatnonzero((own > 0.0) & (own <= np.min(distances, axis=1)))
            if len(in_cell):
                break
            scale /= 1.5
        point: FloatArray = draws[in_cell[0] if len(in_cell) else 0]
        return point

    def _worst(self) -> int:
        names = self.witness.signs
        if self._sized:
            names = tuple(one for sign in names for one in ("nearness", sign))
        name = names[self._turn % len(names)]
        self._turn += 1
        sign = np.array([signs[name] for signs in self._signs])
        wide = self._apart >= _NARROWEST * len(sign) ** (-1.0 / len(self.box))
        if np.any(wide):
            sign = np.where(wide, sign, -np.inf)
        return int(self._rng.choice(np.flatnonzero(sign == np.max(sign))))
