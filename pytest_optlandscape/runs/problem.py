"""`Problem`: the problem passed to an optimizer. It counts and traces evaluations, and stops at the budget."""

from __future__ import annotations

import contextlib
import functools
import math
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes import Landscape, get
from pytest_optlandscape.landscapes.formula.evaluation import real_points
from pytest_optlandscape.landscapes.frozen import immutable
from pytest_optlandscape.landscapes.spaces.coded import as_code
from pytest_optlandscape.landscapes.spaces.fidelity import Fidelity
from pytest_optlandscape.landscapes.spaces.space import Space
from pytest_optlandscape.landscapes.structure import Structure
from pytest_optlandscape.runs.counting import ConstraintCounts, Limit, as_floats, as_list, as_points, counted, disturbed
from pytest_optlandscape.runs.differentiable import Traceable, evaluate, library_of, traceable
from pytest_optlandscape.runs.fidelity import Spending, counted_at_levels
from pytest_optlandscape.runs.other_processes import has_asked_elsewhere, refuse_to_travel, under_way
from pytest_optlandscape.runs.watchdog import BudgetExhausted
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["BUDGET_PER_DIMENSION", "BudgetExhausted", "Problem"]

FloatArray = NDArray[np.float64]

BUDGET_PER_DIMENSION = 1000
"""The default budget of every function that takes one: evaluations per coordinate.

The cells of suites follow `suites.suite_budget_per_dimension` instead, because baselines depend on it."""


class Problem:
    """A landscape, a start, bounds, a budget and a seed. Evaluations are counted and traced.

    Parameters
    ----------
    landscape : Landscape or str
        The landscape to minimise, or its id.
    x0 : array_like, shape (dim,), mapping or str, optional
        The start, as a point, a configuration or a name (default: the landscape's standard start).
    bounds : array_like, shape (dim, 2), optional
        The feasible box (default: the landscape's). It must contain a global minimiser, so that the gap stays known.
    budget : int, optional
        The most evaluations of the objective, and of the gradient (default: 1000 per dimension).
    seed : int, default 0
        The seed of the optimizer's random numbers.
    time_limit : float, optional
        The most seconds that a run on this problem may take (default: no limit). The clock starts with the run.

    Attributes
    ----------
    fun : callable
        The counted objective as a plain function: ``problem(x)`` without the call of the object. On a noisy landscape
        its values have noise. The trace has the exact values.
    nfev, njev, nhev : int
        Evaluations so far of the objective, the gradient and the Hessian.
    constr_nfev, constr_njev, constr_nhev : int
        Evaluations so far of the functions, Jacobians and Hessians of all constraints.
    callbacks : int
        Calls of `callback` so far.
    seed_was_read : bool
        Whether the optimizer read the seed or the random generator. If not, the run is the same with any seed.

    Raises
    ------
    ValueError
        If a landscape or start is unknown, a shape is wrong, the budget is below 1, or the time limit is not positive.
    TypeError
        If the landscape is neither a `Landscape` nor a string.

    Examples
    --------
    >>> problem = Problem("beale", budget=2)
    >>> problem([1.0, 1.0]), problem.gradient([1.0, 1.0]).tolist()
    (14.203125, [0.0, 27.75])
    >>> problem.nfev, problem.njev
    (1, 1)
    """

    def __init__(
        self,
        landscape: Landscape | str,
        x0: ArrayLike | str | None = None,
        *,
        bounds: ArrayLike | None = None,
        budget: int | None = None,
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None:
        self.landscape = as_landscape(landscape)
        self.dim = self.landscape.dim
        self.bounds = self._checked_bounds(bounds)
        self._x0 = self._checked_start(x0)
        self.budget = _checked_budget(BUDGET_PER_DIMENSION * self.dim if budget is None else budget)
        self._seed = seed
        self.seed_was_read = False
        self.callbacks = 0
        self.time_limit = _checked_time_limit(time_limit)
        self.nhev = 0
        self._handed_starts: list[FloatArray] = []
        self._limit = Limit(self.budget)
        self._record: list[Any] = []  # points and their values in turn
        self._gradient_points: list[bytes] = []
        observer = self.landscape.noise and self.landscape.noise.observer(self.landscape, seed)
        on_tensor = self._on_tensor("fun")
        self._spending: Spending | None = None
        if self.fidelity is None:
            self.fun = self._counted(self._objective(), self._record, on_tensor=on_tensor)
        else:
            self._spending = Spending()
            self.fun = counted_at_levels(
                self._leveled(), self.fidelity, self._limit, self.dim, self._record, spending=self._spending
            )
        if observer:
            self.fun = disturbed(self.fun, self._limit, self._record, observer.value, on_tensor, stride=2)
        if self.space is not None:
            self.fun = _of_configurations(self.fun, self.space)
        self._observer = observer

    def __call__(self, x: Any, **fidelity: Any) -> Any:
        """Evaluate and count the objective at a point of shape (dim,), or at each point of a batch (n, dim).

        Parameters
        ----------
        x : array_like, shape (dim,) or (n, dim), or mapping
            A point, a batch of points, or a configuration on a landscape over a search space.
        **fidelity : float
            The level of the landscape's fidelity by its name, such as ``epochs=9`` (default: full fidelity). The
            evaluation costs the level's share of a full one.

        Returns
        -------
        float or ndarray of shape (n,)
            A batch is counted point by point. The run ends at the point at which the budget is spent.
        """
        if fidelity and self.fidelity is None:
            raise TypeError(f"{self.landscape.id} has no fidelity: an evaluation takes no {next(iter(fidelity))!r}")
        if x.__class__ is np.ndarray and x.ndim == 2:
            return np.array([self.fun(point, **fidelity) for point in x])
        return self.fun(x, **fidelity)

    def gradient(self, x: ArrayLike) -> FloatArray:
        """Evaluate and count the gradient, shape (dim,), at a point of shape (dim,)."""
        gradient = self._counted_gradient(x)
        return np.array(gradient) if gradient.__class__ is list else _as_array(gradient)

    def hessian(self, x: ArrayLike) -> FloatArray:
        """Evaluate and count the Hessian, shape (dim, dim), at a point of shape (dim,)."""
        if self.nhev >= self.budget or self._limit.refusal:
            self._limit.refuse()
        if library_of(x):
            hessian: FloatArray = self._on_tensor("hessian")(x)
            return hessian
        values = as_list(x)
        with self._limit.lock:
            if self.nhev >= self.budget:
                self._limit.refuse()
            self.nhev += 1
            return self.landscape.hessian(values)

    def residuals(self, x: ArrayLike) -> FloatArray:
        """Evaluate the residuals, shape (m,), at a point of shape (dim,).

        The call counts as one evaluation of the objective. The exact value enters the trace.

        Raises
        ------
        ValueError
            If the landscape is no sum of squares.
        """
        return _as_array(self._counted_residuals(x))

    def jacobian(self, x: ArrayLike) -> FloatArray:
        """Evaluate the residuals' Jacobian, shape (m, dim), at a point of shape (dim,). It counts as a gradient."""
        return _as_array(self._counted_jacobian(x))

    @property
    def structure(self) -> Structure:
        """The shapes of a point's tensors by name. ``structure.split(x)`` returns the tensors of a point."""
        return self.landscape.structure

    @property
    def space(self) -> Space | None:
        """The search space whose configurations the points code; None where the points are plain numbers."""
        return self.landscape.space

    @property
    def fidelity(self) -> Fidelity | None:
        """The argument that makes an evaluation cheaper and less exact; None if there is none."""
        return self.landscape.fidelity

    @property
    def cost(self) -> float:
        """Evaluations of the objective so far, each counted as its level's share of one at full fidelity."""
        return self.nfev if self._spending is None else self._spending.cost

    @property
    def traceable(self) -> Traceable:
        """The counted objective as a pytree of JAX: a function to pass to a jitted function as an argument.

        JAX can also trace ``problem(x)``, but then compiles each problem anew. All problems of one dimension share the
        program compiled for `traceable`.

        Raises
        ------
        ImportError
            If JAX is not installed.
        """
        return traceable(self)

    @property
    def x0(self) -> FloatArray:
        """A fresh copy of the start, shape (dim,)."""
        return self._x0.copy()

    def __copy__(self) -> Problem:
        """Return the problem itself: copies would have to share one count."""
        return self

    def __deepcopy__(self, memo: object) -> Problem:
        return self

    __reduce_ex__ = refuse_to_travel
    """Raise `ForeignProcessError`: a problem cannot be pickled."""

    def watched_x0(self) -> FloatArray:
        """Return a copy of the start that `start_was_changed` watches: the optimizer must not write into it."""
        handed = self._x0.copy()
        self._handed_starts.append(handed)
        return handed

    @property
    def start_was_changed(self) -> bool:
        """Whether the optimizer wrote into a start that `watched_x0` returned."""
        start = self._x0.tolist()
        return [handed.tolist() for handed in self._handed_starts] != [start] * len(self._handed_starts)

    asks_for_callback = False
    """Whether adapters of libraries pass `callback` on. Each call costs time, so it is off unless calls are checked."""

    def callback(self, *arguments: Any, **keywords: Any) -> Any:
        """Count the call that an optimizer makes after an iteration. Any arguments are accepted."""
        with self._limit.lock:
            self.callbacks += 1

    @property
    def exhausted(self) -> bool:
        """Whether an evaluation beyond the budget was requested, and refused."""
        return self._limit.was_reached

    def close(self, refusal: Callable[[], BaseException]) -> None:
        """Refuse every later evaluation, in any thread: raise the exception that ``refusal()`` returns."""
        self._limit.close(refusal)

    def under_way(self) -> contextlib.AbstractContextManager[None]:
        """Return a context in which forked processes are refused evaluations; see `was_asked_elsewhere`."""
        return under_way(self._limit)

    def was_asked_elsewhere(self) -> bool:
        """Return, once, whether a forked process requested an evaluation while a run was `under_way`."""
        return has_asked_elsewhere(self._limit)

    def terms(self) -> tuple[Any, ...]:
        """Return plain values that identify the problem. Reading the seed here does not set `seed_was_read`."""
        return (self.landscape.id, self._x0.tolist(), self.bounds.tolist(), self.budget, self._seed)

    @property
    def seed(self) -> int:
        """The seed of the optimizer's random numbers."""
        if self._limit.refusal is None:  # before the run ends, only the optimizer reads it
            self.seed_was_read = True
        return self._seed

    @functools.cached_property
    def rng(self) -> np.random.Generator:
        """A random generator made from the seed."""
        return np.random.default_rng(self.seed)

    @functools.cached_property
    def constraints(self) -> tuple[Any, ...]:
        """The landscape's constraints besides the bounds, in the form of `Landscape.constraints`, counted.

        Each problem has its own objects, the same at each access. A linear constraint is a matrix, so its evaluations
        cannot be counted.
        """
        own, counted = self.landscape.own_constraints, self._constraint_counts.counted
        return tuple(one.to_scipy(functools.partial(counted, number)) for number, one in enumerate(own))

    @functools.cached_property
    def _constraint_counts(self) -> ConstraintCounts:
        return ConstraintCounts(len(self.landscape.own_constraints), self._limit, self.dim)

    @property
    def constr_nfev(self) -> int:
        """Evaluations so far of the functions of all constraints."""
        return self._constraint_counts.total("fun")

    @property
    def constr_njev(self) -> int:
        """Evaluations so far of the Jacobians of all constraints."""
        return self._constraint_counts.total("jac")

    @property
    def constr_nhev(self) -> int:
        """Evaluations so far of the Hessians of all constraints."""
        return self._constraint_counts.total("hess")

    @property
    def spent(self) -> str:
        """The text that says what was used up, if `exhausted`."""
        return self._limit.spent

    @functools.cached_property
    def _counted_gradient(self) -> Callable[[ArrayLike], Any]:
        on_tensor, points = self._on_tensor("gradient"), self._gradient_points
        if self._observer:
            exact = self._counted(self._derivative(), points, instead=())
            return disturbed(exact, self._limit, points, self._observer.gradient, on_tensor, stride=1)
        return self._counted(self._derivative(), points, instead=self._record, on_tensor=on_tensor)

    @functools.cached_property
    def _counted_residuals(self) -> Callable[[ArrayLike], Any]:
        residuals = self.landscape.residuals
        objective, on_tensor = self._objective(), self._on_tensor("residuals")

        def value_of(point: bytes, result: Any) -> float:
            return objective(as_floats(point)) if isinstance(result, np.ndarray) else math.nan

        return self._counted(
            lambda point: residuals(np.array(point)), self._record, value_of=value_of, on_tensor=on_tensor
        )

    @functools.cached_property
    def _counted_jacobian(self) -> Callable[[ArrayLike], Any]:
        jacobian = self.landscape.jacobian
        points, on_tensor = self._gradient_points, self._on_tensor("jacobian")
        return self._counted(lambda point: jacobian(np.array(point)), points, instead=self._record, on_tensor=on_tensor)

    def _on_tensor(self, what: str) -> Callable[[Any], Any]:
        """Return the function that evaluates tensors. It holds the problem weakly, because the problem holds it."""
        this = weakref.ref(self)

        def on_tensor(x: Any) -> Any:
            problem = this()
            if problem is None:
                raise RuntimeError("the problem of this function is gone: keep the Problem as long as it is evaluated")
            return evaluate(problem, what, x)

        return on_tensor

    @property
    def nfev(self) -> int:
        """Evaluations of the objective so far."""
        return len(self._record) // 2

    @property
    def njev(self) -> int:
        """Evaluations of the gradient so far."""
        return len(self._gradient_points)

    @property
    def remaining(self) -> float:
        """Evaluations left: the budget minus those of the objective or the gradient, whichever are more.

        With a fidelity, evaluations of the objective count with their `cost`.
        """
        return self.budget - max(self.cost, self.njev)

    def levels(self) -> FloatArray | None:
        """Return the level of the fidelity at each evaluation so far, shape (n,); None if there is no fidelity."""
        return None if self._spending is None else np.array(self._spending.levels, dtype=np.float64)

    def evaluated(self) -> tuple[FloatArray, FloatArray]:
        """Return the points evaluated so far (n, dim) and their values (n,).

        If the optimizer evaluated only gradients, these are the points of the gradients. Their values are computed
        here, uncounted.
        """
        if self._record or not self._gradient_points:
            record = self._record[:]  # a thread of the optimizer may add a point at any time
            return as_points(record[::2], self.dim), np.array(record[1::2], dtype=np.float64)
        points = as_points(self._gradient_points[:], self.dim)
        return points, np.array([value_at(self.landscape, point) for point in points])

    def again(self, budget: int | None = None) -> Problem:
        """Return the same problem without evaluations.

        Parameters
        ----------
        budget : int, optional
            A new budget (default: the same).

        Examples
        --------
        >>> problem = Problem("beale", budget=20)
        >>> _ = problem(problem.x0)
        >>> problem.again().nfev, problem.again(budget=5).budget
        (0, 5)
        """
        return Problem(self.landscape, self._x0, **self._settings(budget))

    def _settings(self, budget: int | None) -> dict[str, Any]:
        """Return the arguments that define the problem, besides landscape and start."""
        return {
            "bounds": None if self.bounds is self.landscape.bounds else self.bounds,
            "budget": self.budget if budget is None else budget,
            "seed": self._seed,
            "time_limit": self.time_limit,
        }

    def _objective(self) -> Callable[[list[float]], float]:
        return self.landscape.floats

    def _leveled(self) -> Callable[[list[float], float], float]:
        return self.landscape.floats_at

    def _derivative(self) -> Callable[[list[float]], list[float]]:
        return self.landscape.gradient_floats

    def _counted(self, function: Callable[[Any], Any], record: list[Any], **what: Any) -> Callable[[Any], Any]:
        return counted(function, self._limit, self.dim, record, **what)

    def _checked_bounds(self, bounds: ArrayLike | None) -> FloatArray:
        landscape = self.landscape
        if bounds is None:
            return landscape.bounds
        box = np.array(bounds, dtype=np.float64)
        if box.shape != landscape.bounds.shape:
            raise ValueError(f"bounds for {landscape.id} have shape ({self.dim}, 2), got {box.shape}")
        if np.array_equal(box, landscape.bounds):
            return landscape.bounds
        if not np.all(np.isfinite(box)):
            raise ValueError(f"bounds must be finite, got {box.tolist()}")
        if not np.all(box[:, 0] <= box[:, 1]):
            raise ValueError(f"a lower bound lies above its upper bound: {box.tolist()}")
        inside = np.all((landscape.minimizers >= box[:, 0]) & (landscape.minimizers <= box[:, 1]), axis=1)
        if not inside.any():
            raise ValueError(
                f"bounds {box.tolist()} contain no global minimiser of {landscape.id}, so the minimum inside "
                f"them is not known; take bounds around one of {landscape.minimizers[:4].tolist()}, or minimise "
                "landscape.within(bounds)"
            )
        return immutable(box)

    def _checked_start(self, x0: ArrayLike | str | None) -> FloatArray:
        landscape = self.landscape
        x0 = as_code(self.space, x0)
        if x0 is None:
            return np.clip(landscape.x0, self.bounds[:, 0], self.bounds[:, 1])
        if isinstance(x0, str):
            starts = {"standard": landscape.x0, **landscape.starts}
            if x0 not in starts:
                raise ValueError(unknown_name(f"start of {landscape.id}", x0, starts))
            return starts[x0].copy()
        try:
            start = real_points(x0).copy()
        except ValueError as error:
            raise ValueError(f"x0 for {landscape.id}: {error}") from None
        if start.shape != (self.dim,):
            raise ValueError(f"a start for {landscape.id} has shape ({self.dim},), got {start.shape}")
        if not all(map(math.isfinite, start.tolist())):
            raise ValueError(f"a start must be finite, got {start.tolist()}")
        return start


def as_landscape(landscape: Landscape | str) -> Landscape:
    """Return the landscape itself, or the landscape with this id."""
    if isinstance(landscape, str):
        return get(landscape)
    if not isinstance(landscape, Landscape):
        raise TypeError(f"expected a Landscape or its id, got {type(landscape).__name__}")
    return landscape


def value_at(landscape: Landscape, x: ArrayLike) -> float:
    """Evaluate the objective uncounted; NaN if it raises."""
    try:
        return float(landscape.floats(np.asarray(x, dtype=np.float64).tolist()))
    except Exception:
        return math.nan


def _of_configurations(fun: Callable[..., Any], space: Space) -> Callable[..., Any]:
    """Return the objective as a function of configurations, too."""
    return lambda x, **fidelity: fun(as_code(space, x), **fidelity)


def _as_array(result: Any) -> FloatArray:
    """Copy the result of a counted function to an array. A tensor stays as it is."""
    if result.__class__ is dict or library_of(result):
        tensor: FloatArray = result
        return tensor
    return np.array(result)


def _checked_budget(budget: Any) -> int:
    try:
        if not isinstance(budget, bool) and int(budget) == budget and budget >= 1:
            return int(budget)
    except (TypeError, ValueError, OverflowError):
        pass
    raise ValueError(f"a budget is a whole number of evaluations, at least 1; got {budget!r}")


def _checked_time_limit(seconds: Any) -> float | None:
    if seconds is None:
        return None
    try:
        if not isinstance(seconds, bool) and 0.0 < float(seconds) < math.inf:
            return float(seconds)
    except (TypeError, ValueError):
        pass
    raise ValueError(f"a time limit is a positive number of seconds, or None for no limit; got {seconds!r}")
