"""`Run`: what came out of one optimizer on one problem, and what can be said of it."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.configuration.profiles import said_of
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes.constraints import FEASIBILITY
from pytest_optlandscape.runs.raised_warnings import Warned
from pytest_optlandscape.texts.plurals import number_of

if TYPE_CHECKING:
    from pytest_optlandscape.figures import Figure

__all__ = ["MOST_DIGITS", "Run", "Trace", "digits_of"]

FloatArray = NDArray[np.float64]

_KEPT = 1e-9
"""A constraint that is broken by no more than this is kept, up to rounding."""
_FOR_BROKEN = 1000.0
"""How many times lower than others a point may lie that breaks a constraint by more, up to 1e-6."""

MOST_DIGITS = 16.0
"""A distance of zero counts as this many digits: a double has no more."""


def digits_of(distance: float) -> float:
    """Turn a distance into the number of correct decimal places, −log₁₀ distance, at most 16.

    Examples
    --------
    >>> digits_of(1e-5), digits_of(0.0)
    (5.0, 16.0)
    """
    if math.isnan(distance):
        return -math.inf
    return min(-math.log10(distance), MOST_DIGITS) if distance > 0.0 else MOST_DIGITS


def with_imports(call: str) -> str:
    """Write a call of `minimize` as a line of Python with its imports."""
    return f"from pytest_optlandscape import landscapes, minimize; {call}"


@dataclass(frozen=True)
class Trace:
    """The evaluations of a run, in order.

    Attributes
    ----------
    x : ndarray, shape (n, dim)
        The points.
    fun : ndarray, shape (n,)
        The values of the objective there.
    gap : ndarray, shape (n,)
        After each evaluation, the best feasible value so far minus fmin; inf as long as there is none.
    cost : ndarray, shape (n,), or None
        With a fidelity: after each evaluation, the cost so far in evaluations at full fidelity.
    """

    x: FloatArray
    fun: FloatArray
    gap: FloatArray
    cost: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.fun)

    def hits(self, gaps: Sequence[float]) -> tuple[float, ...]:
        """Count the evaluations until the gap first falls to each target or below; inf for those missed.

        With a fidelity, evaluations count with their cost.
        """
        first = np.searchsorted(-self.gap, [-gap for gap in gaps], side="left")
        return tuple(self.cost_until(k) if k < len(self) else math.inf for k in first.tolist())

    def cost_until(self, index: int) -> float:
        """Return the cost of the evaluations up to and including one, given by its index."""
        return index + 1 if self.cost is None else float(self.cost[index])


def make_trace(
    x: FloatArray, fun: FloatArray, bounds: FloatArray, landscape: Landscape, cost: FloatArray | None = None
) -> Trace:
    """Work out the gaps of evaluated points: infeasible and non-finite values do not count.

    Where a value contradicts fmin, the minimum is not known, and all gaps are inf.
    """
    if len(fun) and below_fmin(x, fun, bounds, landscape).any():
        return Trace(x, fun, np.full(len(fun), np.inf), cost)
    return Trace(x, fun, np.minimum.accumulate(gaps_at(x, fun, bounds, landscape)), cost)


def gaps_at(
    x: FloatArray,
    fun: Any,
    bounds: FloatArray,
    landscape: Landscape,
    within: NDArray[np.bool_] | None = None,
) -> FloatArray:
    """Return the gap of a point, or of each of several by itself; inf where one is infeasible or has no finite value.

    All are inf where the minimum is not known, and those of values that contradict it: no target counts as reached.
    Which points lie in the box may be handed over, where it is known.
    """
    counts = feasible(x, bounds, landscape, within) & np.isfinite(fun)
    if not landscape.minimum_is_known:
        return np.full(np.shape(counts), np.inf)
    counts = counts & ~below_fmin(x, fun, bounds, landscape, within)
    return np.where(counts, np.maximum(fun - landscape.fmin, 0.0), np.inf)


def below_fmin(
    x: FloatArray,
    fun: Any,
    bounds: FloatArray,
    landscape: Landscape,
    within: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Mark the values that contradict fmin: feasible ones that lie below it by more than rounding explains.

    A point that breaks a constraint, by no more than 1e-6, must lie lower by much more.
    """
    values = np.asarray(fun, dtype=np.float64)
    below = np.asarray(values < landscape.fmin)
    if landscape.minimum_is_seen:  # a lower value is better, and contradicts nothing
        return np.zeros_like(below)
    if not below.any():
        return below
    below = below & (landscape.fmin - values > landscape.fmin_tolerance) & np.isfinite(values)
    if not below.any():
        return below
    below = below & feasible(x, bounds, landscape, within)
    if landscape.own_constraints and below.any():
        broken = np.zeros(below.shape)
        broken[below] = landscape.violation(x[below] if x.ndim == 2 else x)
        explained = landscape.fmin_tolerance * np.where(broken > _KEPT, _FOR_BROKEN, 1.0)
        below = below & (landscape.fmin - values > explained)
    return below


def contradiction(x: FloatArray, fun: FloatArray, bounds: FloatArray, landscape: Landscape) -> str:
    """Describe the lowest of the values at points (n, dim) that contradicts fmin; "" if none does.

    Examples
    --------
    >>> from pytest_optlandscape import landscapes
    >>> sphere = landscapes.get("sphere[1]")
    >>> contradiction(np.array([[1.0]]), np.array([-0.5]), sphere.bounds, sphere)
    'f(x) = -0.5 at x = [1.0] is below fmin = 0.0: the minimum of sphere[1] is wrong; correct its fmin and minimizers'
    """
    below = below_fmin(x, fun, bounds, landscape)
    if not below.any():
        return ""
    lowest = int(np.argmin(np.where(below, fun, np.inf)))
    return (
        f"f(x) = {float(fun[lowest])!r} at x = {x[lowest].tolist()} is below fmin = {landscape.fmin!r}: the minimum of "
        f"{landscape.id} is wrong; correct its fmin and minimizers"
    )


def distance_from(x: FloatArray, landscape: Landscape) -> FloatArray:
    """Measure from a point, or each of several, to the nearest global minimiser; inf where a point is not finite."""
    with np.errstate(over="ignore", invalid="ignore"):  # a point that flew off has no distance to warn of
        return np.where(np.all(np.isfinite(x), axis=-1), landscape.distance(x), np.inf)


def feasible(
    x: FloatArray, bounds: FloatArray, landscape: Landscape, within: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Mark the points that lie in the box, up to the slack of rounding, and keep the constraints to 1e-6."""
    within = inside(x, bounds) if within is None else within
    if not landscape.own_constraints:
        return within
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a constraint outside its domain: nothing a reader of the run could mend
        return within & _keeps_constraints(x, landscape)


SLACK = 4.0
"""By how many units in the last place a coordinate may lie outside its bounds and still count as feasible: a bound that
is scaled to a unit box and back, or moved onto from elsewhere, is missed by one or two."""


def slack_of(bounds: FloatArray) -> FloatArray:
    """Return the slack of each coordinate: `SLACK` units in the last place of the larger of its two bounds.

    Parameters
    ----------
    bounds : ndarray, shape (dim, 2)

    Returns
    -------
    ndarray, shape (dim,)

    Examples
    --------
    >>> slack_of(np.array([[-1.0, 0.5], [0.0, 8.0]])).tolist() == [4 * 2.0**-52, 4 * 2.0**-49]
    True
    """
    slack: FloatArray = SLACK * np.spacing(np.abs(bounds).max(axis=1))
    return slack


def inside(x: FloatArray, bounds: FloatArray) -> NDArray[np.bool_]:
    """Mark the points that lie in the box, up to the slack of rounding; see `slack_of`."""
    slack = slack_of(bounds)
    within: NDArray[np.bool_] = np.all((x >= bounds[:, 0] - slack) & (x <= bounds[:, 1] + slack), axis=-1)
    return within


def box_widths(bounds: FloatArray) -> FloatArray:
    """Return the widths of a box, the unit of distances in it; 1 where the box has no width.

    Examples
    --------
    >>> box_widths(np.array([[-1.0, 3.0], [2.0, 2.0]])).tolist()
    [4.0, 1.0]
    """
    widths = np.ptp(bounds, axis=1)
    return np.where(widths > 0.0, widths, 1.0)


def _keeps_constraints(x: FloatArray, landscape: Landscape) -> NDArray[np.bool_]:
    """Mark the points that keep the constraints; a constraint without a value, or that raises, is not kept."""
    try:
        return np.asarray(landscape.violation(x) <= FEASIBILITY)
    except Exception:
        if x.ndim == 1:
            return np.array(False)
        return np.array([_keeps_constraints(point, landscape) for point in x])


@dataclass(frozen=True, eq=False)
class Run:
    """One optimizer on one problem: what it returned and every evaluation it made.

    A point is feasible if it lies inside the bounds, up to four units in the last place of the larger bound of each
    coordinate, and breaks none of the landscape's constraints by more than 1e-6. Where that or rounding allows a value
    a little below fmin, the gap is 0. A feasible value that lies lower shows that the landscape's minimum is wrong:
    then all gaps are inf, the message says so, and `check_fmin` raises.

    Attributes
    ----------
    landscape : Landscape
    optimizer : str
        The spec string, or module and name of a callable.
    x0 : ndarray, shape (dim,)
        The start.
    bounds : ndarray, shape (dim, 2)
    budget, seed : int
    x : ndarray, shape (dim,)
        What the optimizer returned; if it could not return, the best feasible point it evaluated.
    fun : float
        The objective there, computed by us and not counted.
    nfev, njev, nhev : int
        Evaluations of the objective, its gradient and its Hessian, counted by us.
    constr_nfev, constr_njev, constr_nhev : int
        Evaluations of the constraints' functions, Jacobians and Hessians, counted by us, over all constraints; 0 where
        there are none. Linear constraints are matrices: nothing of theirs is counted.
    evaluated : tuple of ndarray, shapes (n, dim) and (n,)
        The points of all evaluations, in order, and the values there.
    stop_reason : str
        ``"returned"``: the optimizer ended by itself; ``"budget"``: it was stopped, or its loop ended, when the
        budget was spent; ``"time"``: it was stopped when its time was up; ``"exception"``: it raised;
        ``"no-result"``: it returned nothing that is a point, or evaluated nothing; ``"non-finite"``:
        it returned NaN or infinity.
    message : str
        What the optimizer said, or what went wrong.
    claimed_success : bool or None
        What the optimizer says of itself; None if it says nothing. Nothing is decided on it.
    reported_fun : float or None
        The value of the objective that the optimizer reports, if it does.
    wall_time : float
        Seconds, objective included.
    warnings : tuple of str
        What the optimizer warned of, each once.
    start_was_changed : bool
        Whether it wrote into the array x0 that it was handed.
    side_effects : tuple of str
        What it did to the session around it, such as ``"changes the working directory"``; it has been put back.
    time_limit : float or None
        Seconds that it was given.
    has_stalled : bool
        Whether its time was up, and it had made no evaluation in the second half of it.
    warned : tuple of Warned
        What the optimizer warned of, with the category, file and line of each warning.
    traceback : str
        Where the optimizer raised, as Python writes it; "" if it did not raise.
    levels : ndarray, shape (n,), or None
        On a landscape with a fidelity, the level of each evaluation. The values of ``evaluated`` are those at full
        fidelity, whatever the optimizer saw.
    """

    landscape: Landscape
    optimizer: str
    x0: FloatArray
    bounds: FloatArray
    budget: int
    seed: int
    x: FloatArray
    fun: float
    nfev: int
    njev: int
    nhev: int
    evaluated: tuple[FloatArray, FloatArray]
    stop_reason: str
    message: str
    claimed_success: bool | None
    reported_fun: float | None
    wall_time: float
    warnings: tuple[str, ...] = ()
    start_was_changed: bool = False
    side_effects: tuple[str, ...] = ()
    time_limit: float | None = None
    has_stalled: bool = False
    constr_nfev: int = 0
    constr_njev: int = 0
    constr_nhev: int = 0
    warned: tuple[Warned, ...] = ()
    traceback: str = ""
    levels: FloatArray | None = None
    _declaration: str = field(default="", repr=False)
    _profile: str = field(default="", repr=False)
    _again: Callable[[Run], Run] | None = field(default=None, repr=False)

    @functools.cached_property
    def trace(self) -> Trace:
        """All evaluations and the gap after each."""
        return make_trace(*self.evaluated, self.bounds, self.landscape, self.costs)

    @functools.cached_property
    def costs(self) -> FloatArray | None:
        """After each evaluation, the cost so far in evaluations at full fidelity, shape (n,); None without fidelity."""
        if self.levels is None or self.landscape.fidelity is None:
            return None
        costs: FloatArray = (np.cumsum(self.levels) / self.landscape.fidelity.high).round(9)
        return costs

    @property
    def cost(self) -> float:
        """Evaluations of the objective, each counted as its level's share of one at full fidelity.

        Examples
        --------
        >>> from pytest_optlandscape import minimize
        >>> run = minimize("scipy:L-BFGS-B", "beale")
        >>> run.cost == run.nfev
        True
        """
        if self.costs is None:
            return self.nfev
        return float(self.costs[-1]) if len(self.costs) else 0.0

    @property
    def gap(self) -> float:
        """The best feasible value evaluated minus fmin; inf if no evaluation was feasible and finite."""
        return float(self.trace.gap[-1]) if len(self.trace) else math.inf

    @functools.cached_property
    def best_fun(self) -> float:
        """The lowest feasible value evaluated; inf if no evaluation was feasible and finite.

        Examples
        --------
        >>> from pytest_optlandscape import minimize
        >>> minimize("scipy:L-BFGS-B", "beale", x0=[4.0, 4.0], budget=1).best_fun
        68891.203125
        """
        values = self._feasible_values()
        return float(values.min()) if len(values) else math.inf

    def _feasible_values(self) -> FloatArray:
        """Return the values of all evaluations; inf where one was infeasible or not finite."""
        x, fun = self.evaluated
        counts = feasible(x, self.bounds, self.landscape) & np.isfinite(fun)
        values: FloatArray = np.where(counts, fun, np.inf)
        return values

    @functools.cached_property
    def result_gap(self) -> float:
        """The value at the returned point minus fmin; inf where that is infeasible or not finite, or fmin is wrong."""
        return math.inf if self.fmin_contradiction else float(gaps_at(self.x, self.fun, self.bounds, self.landscape))

    @functools.cached_property
    def distance(self) -> float:
        """Euclidean distance from the returned point to the nearest global minimiser."""
        return float(distance_from(self.x, self.landscape))

    @property
    def configuration(self) -> dict[str, Any]:
        """The returned configuration, on a landscape over a search space.

        Raises
        ------
        ValueError
            If the landscape has no space, or nothing usable was returned.
        """
        space = self.landscape.space
        if space is None:
            raise ValueError(f"{self.landscape.id} has no search space; the returned point is run.x")
        return space.decode(self.x)

    @functools.cached_property
    def fmin_contradiction(self) -> str:
        """A sentence on the lowest feasible value that lies below fmin, beyond rounding; "" where none does.

        Examples
        --------
        >>> from pytest_optlandscape import minimize
        >>> minimize("scipy:L-BFGS-B", "beale").fmin_contradiction
        ''
        """
        return contradiction(*self.evaluated, self.bounds, self.landscape) or contradiction(
            self.x[np.newaxis], np.array([self.fun]), self.bounds, self.landscape
        )

    def check_fmin(self) -> None:
        """Raise ValueError where a value of the run shows that the landscape's minimum is wrong, or it is not known."""
        __tracebackhide__ = True
        self.landscape.check_minimum_is_known()
        if self.fmin_contradiction:
            raise ValueError(self.fmin_contradiction)

    @property
    def digits(self) -> float:
        """Correct decimal places of the returned point: −log₁₀ of `distance`, at most 16."""
        return digits_of(self.distance)

    @property
    def was_evaluated(self) -> bool:
        """Whether the optimizer evaluated the objective, its gradient or its Hessian at all."""
        return bool(self.nfev or self.njev or self.nhev)

    def hit(self, gap: float | None = None, *, fun: float | None = None) -> float:
        """Count the evaluations until the gap, or the value, first falls to a target or below.

        Parameters
        ----------
        gap : float, optional
            The target, not negative: the best feasible value so far minus fmin.
        fun : float, optional
            The target as a value of the objective, instead: it needs no minimum.

        Returns
        -------
        float
            A whole number, or inf if the target was not reached. With a fidelity, the cost until then.

        Examples
        --------
        >>> from pytest_optlandscape import minimize
        >>> run = minimize("scipy:L-BFGS-B", "beale", budget=200)
        >>> run.hit(100.0), run.hit(0.0) > run.hit(1.0)
        (1, True)
        >>> run.hit(fun=100.0)
        1
        """
        if (gap is None) == (fun is None):
            raise TypeError("hit takes either a gap or a value of the objective, fun")
        if fun is not None:
            reached = np.flatnonzero(self._feasible_values() <= fun)
            return self.trace.cost_until(int(reached[0])) if len(reached) else math.inf
        if gap is None or not gap >= 0.0:
            raise ValueError(f"a gap is not negative, got {gap!r}")
        return self.trace.hits([gap])[0]

    def replay(self) -> Run:
        """Run the same optimizer on the same problem again.

        Raises
        ------
        ValueError
            If the run came from another process and its optimizer cannot be called from here.
        """
        if self._again is None:
            raise ValueError(f"this run does not carry its optimizer; repeat it with {self.command()}")
        return self._again(self)

    def command(self) -> str:
        """Return the line of Python that repeats this run."""
        own = np.array_equal(self.bounds, self.landscape.bounds)
        bounds = "" if own else f", bounds={self.bounds.tolist()}"
        time_limit = f", time_limit={self.time_limit:g}" if self.stop_reason == "time" else ""
        said = said_of(self.optimizer, self._declaration, self._profile)
        return (
            f"minimize({self.optimizer!r}, {self.landscape!r}, x0={self.x0.tolist()}{bounds}, "
            f"budget={self.budget}, seed={self.seed}{time_limit}{said})"
        )

    def script(self) -> str:
        """Return the line of Python that repeats this run, with its imports, to be pasted."""
        return with_imports(self.command())

    def table(self, rows: int = 8) -> str:
        """Draw a small table of evaluations and the gap after each; the best value where the minimum is not known."""
        if not len(self.trace):
            return "  (no evaluation was made)"
        last = len(self.trace)
        marks = sorted({round(mark) for mark in np.geomspace(1, last, rows)})
        has_gap = self.landscape.minimum_is_known
        column = self.trace.gap if has_gap else np.minimum.accumulate(self._feasible_values())
        lines = [f"  {'evaluations':>11}  {'gap' if has_gap else 'best f':>9}"]
        lines += [f"  {mark:>11}  {column[mark - 1]:>9.3g}" for mark in marks]
        return "\n".join(lines)

    def plot(self, kind: str | None = None, *, axes: tuple[int, int] | None = None) -> Figure:
        """Draw the run.

        Parameters
        ----------
        kind : str, optional
            ``"gap"``: the gap against evaluations; ``"contour"``: the points that were evaluated, on the contours of
            the landscape. Default: both beside each other in two dimensions, else the gap.
        axes : tuple of int, optional
            Of contours in more than two dimensions: the two coordinates to draw; see `Landscape.plot`.

        Returns
        -------
        figures.Figure
            Which a notebook shows, and ``save("name.svg")`` writes.

        Raises
        ------
        ValueError
            If the kind is unknown, no evaluation was feasible and finite, or the minimum is not known.
        ImportError
            If contourpy is not installed and contours are to be drawn: it comes with the extra ``report``.

        Examples
        --------
        >>> from pytest_optlandscape import minimize
        >>> minimize("scipy:L-BFGS-B", "rosenbrock[4]").plot().title
        'scipy:L-BFGS-B on rosenbrock[4]'
        """
        from pytest_optlandscape.runs.plotting import draw

        return draw(self, kind, axes)

    def _repr_html_(self) -> str:
        from pytest_optlandscape.runs.plotting import html_of

        return html_of(self)

    def __str__(self) -> str:
        return (
            f"{self.optimizer} on {self.landscape.id}: {self.stop_reason} after {number_of(self.nfev, 'evaluation')}"
            + (f" and {number_of(self.njev, 'gradient')}" if self.njev else "")
            + (f", which cost as much as {self.cost:.4g} at full fidelity" if self.levels is not None else "")
            + (f", {constraints} of constraints" if (constraints := self.constr_nfev + self.constr_njev) else "")
            + (
                f", {self.fmin_contradiction}"
                if self.fmin_contradiction
                else f", gap {self.gap:.3g}, distance {self.distance:.3g}"
                if self.landscape.minimum_is_known
                else f", f = {self.fun:.6g}, best {self.best_fun:.6g}, the minimum is not known"
            )
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_again": None}
