"""Constraints besides the bounds: ``lower <= c(x) <= upper``, as in SciPy's `NonlinearConstraint`."""

from __future__ import annotations

import copy
import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes.formula.derivatives import jacobian_by_complex_step
from pytest_optlandscape.landscapes.formula.evaluation import Formula, PlainFunction

__all__ = [
    "FEASIBILITY",
    "Constraint",
    "Wrap",
    "as_constraints",
    "broken_though_kept",
    "dense",
    "keeping_feasible",
    "not_kept",
]

FloatArray = NDArray[np.float64]

FEASIBILITY = 1e-6
"""Largest violation of a feasible point, in units of the constraint; SciPy's methods succeed with violations of this
size.

On the constrained landscapes, SLSQP leaves up to 8e-8 (its accuracy is 1e-6), COBYQA 3e-7, COBYLA 2e-8 and trust-constr
0.
"""
_ROUNDING = 64.0 * np.finfo(np.float64).eps
"""A value counts as on its limit if it exceeds it by at most this, in units of the constraint."""

Wrap = Callable[[str, Callable[..., Any]], Callable[..., Any]]
"""Map (``"fun"``, ``"jac"`` or ``"hess"``, a constraint's function) to the function that the optimizer receives."""


def dense(array: Any) -> FloatArray:
    """Convert an array, a sparse matrix or a linear operator to an array of doubles."""
    if hasattr(array, "toarray"):
        array = array.toarray()
    elif hasattr(array, "matmat"):
        array = array @ np.eye(array.shape[1])
    return np.asarray(array, dtype=np.float64)


class Constraint:
    """A vector of functions that must stay between limits.

    Parameters
    ----------
    function : Formula or PlainFunction
        Maps a point to one number or several.
    lower, upper : array_like, shape () or (m,)
        Limits: infinite for none, equal for an equality.
    jacobian : callable, optional
        ``jacobian(x)`` returns an array (m, dim) (default: a `Formula` is differentiated).
    given : NonlinearConstraint, LinearConstraint or dict, optional
        The user's own object. Optimizers receive one of the same kind, with the same flags and arguments.
    keep_feasible : bool or array_like of bool, shape (m,), optional
        Whether every evaluated point must keep each constraint (default: as ``given`` says, else False).
    """

    def __init__(
        self,
        function: Formula | PlainFunction,
        lower: ArrayLike,
        upper: ArrayLike,
        jacobian: Any = None,
        *,
        given: Any = None,
        keep_feasible: Any = None,
    ) -> None:
        self.function = function
        self.lower: FloatArray = np.atleast_1d(np.asarray(lower, dtype=np.float64))
        self.upper: FloatArray = np.atleast_1d(np.asarray(upper, dtype=np.float64))
        self._jacobian = jacobian
        self.given = given
        self.keep_feasible = getattr(given, "keep_feasible", False) if keep_feasible is None else keep_feasible

    def values(self, x: ArrayLike) -> FloatArray:
        """Evaluate the functions: shape (m,) at a point (dim,), (n, m) at a batch (n, dim)."""
        points = np.asarray(x, dtype=np.float64)
        found = np.asarray(self.function(points), dtype=np.float64)
        return found if found.ndim == points.ndim else found[..., np.newaxis]

    def violation(self, x: ArrayLike) -> Any:
        """Return the largest violation of a limit: 0 if all hold, NaN if a value is NaN."""
        values = self.values(x)
        broken = np.maximum(np.maximum(self.lower - values, values - self.upper), 0.0)
        return np.max(broken, axis=-1)

    def jacobian(self, x: ArrayLike) -> FloatArray:
        """Return the derivatives at a point (dim,), shape (m, dim)."""
        point = np.asarray(x, dtype=np.float64)
        if self._jacobian is not None:
            return np.atleast_2d(dense(self._jacobian(point)))
        if not isinstance(self.function, Formula):
            raise ValueError("the constraint has no Jacobian; give one as NonlinearConstraint(..., jac=...)")
        return np.atleast_2d(jacobian_by_complex_step(self.function, point))

    @property
    def has_jacobian(self) -> bool:
        """Whether `jacobian` can be called."""
        return self._jacobian is not None or isinstance(self.function, Formula)

    @property
    def must_keep(self) -> NDArray[np.bool_]:
        """Whether each value must keep its limits at every evaluated point, shape (m,); False for equalities."""
        kept: NDArray[np.bool_] = np.asarray(self.keep_feasible, dtype=bool) & (self.lower < self.upper)
        return kept

    def to_scipy(self, wrap: Wrap = lambda kind, function: function) -> Any:
        """Return a copy for an optimizer; changes to it do not reach this constraint.

        Parameters
        ----------
        wrap : callable, optional
            ``wrap(kind, function)`` returns a replacement for each function of the constraint; the kind is ``"fun"``,
            ``"jac"`` or ``"hess"``. A linear constraint has no function.

        Returns
        -------
        NonlinearConstraint, LinearConstraint or dict
            The kind that was given, with the same limits, flags and arguments. For a constraint of the catalogue it is
            a `scipy.optimize.NonlinearConstraint`.
        """
        if self.given is None:
            from scipy.optimize import NonlinearConstraint

            jacobian = {"jac": wrap("jac", self.jacobian)} if self.has_jacobian else {}
            flags = {**jacobian, "keep_feasible": self.keep_feasible}
            return NonlinearConstraint(wrap("fun", self.values), self.lower.copy(), self.upper.copy(), **flags)
        if _is_linear(self.given):
            return copy.deepcopy(self.given)
        if isinstance(self.given, dict):
            functions = {key: wrap(key, self.given[key]) for key in ("fun", "jac") if callable(self.given.get(key))}
            return {**self.given, **functions}
        handed = copy.copy(self.given)
        for name, value in vars(self.given).items():
            if name in ("fun", "jac", "hess") and callable(value):
                setattr(handed, name, wrap(name, value))
            elif not callable(value):  # arrays, and Hessian approximations, which have state
                setattr(handed, name, copy.deepcopy(value))
        return handed


def as_constraints(given: Any, dim: int, name: str) -> tuple[Constraint, ...]:
    """Convert one constraint or several, ours or SciPy's, to a tuple.

    Parameters
    ----------
    given : Constraint, NonlinearConstraint, LinearConstraint, dict, or sequence of them
    dim : int
        Number of coordinates of a point.
    name : str
        The landscape's name, for messages.

    Raises
    ------
    TypeError
        If a constraint has another type.
    ValueError
        If the type of a dict is neither ``"eq"`` nor ``"ineq"``, or a matrix does not have ``dim`` columns.

    Examples
    --------
    >>> (disk,) = as_constraints({"type": "ineq", "fun": lambda x: 1.0 - x @ x}, dim=2, name="mine")
    >>> float(disk.violation([1.0, 1.0])), disk.to_scipy()["type"]
    (1.0, 'ineq')
    """
    several = given if isinstance(given, list | tuple) else [given]
    return tuple(_as_constraint(one, dim, name) for one in several)


def not_kept(constraints: tuple[Constraint, ...], minimizers: FloatArray) -> list[str]:
    """Return one sentence for each user's constraint that a minimiser (m, dim) breaks, about the worst minimiser.

    The most frequent cause is a wrong sign. Constraints given by a `Formula` are the catalogue's; tests check them.
    """
    faults = []
    for constraint in constraints:
        if isinstance(constraint.function, Formula):
            continue
        broken = constraint.violation(minimizers)
        if not np.all(broken <= FEASIBILITY):
            worst = int(np.argmax(broken))
            faults.append(
                f"minimizer {worst} = {minimizers[worst].tolist()} breaks a constraint by {broken[worst]:.3g}; "
                "check the sign: a dict of type 'ineq' means fun(x) >= 0"
            )
    return faults


def keeping_feasible(constraint: Constraint) -> Constraint:
    """Return the constraint with ``keep_feasible=True``: every evaluated point must keep it.

    A dict has no such flag, so it becomes a `scipy.optimize.NonlinearConstraint`.

    Examples
    --------
    >>> (disk,) = as_constraints({"type": "ineq", "fun": lambda x: 1.0 - x @ x}, dim=2, name="mine")
    >>> keeping_feasible(disk).to_scipy().keep_feasible
    True
    """
    kept = None if isinstance(constraint.given, dict) else copy.copy(constraint.given)
    if kept is not None:
        kept.keep_feasible = np.ones(len(constraint.lower), dtype=bool)
    limits = constraint.lower, constraint.upper
    return Constraint(constraint.function, *limits, constraint._jacobian, given=kept, keep_feasible=True)


def broken_though_kept(constraints: tuple[Constraint, ...], points: FloatArray) -> FloatArray:
    """Return each point's violation of constraints with ``keep_feasible=True``, in their own units.

    Parameters
    ----------
    constraints : tuple of Constraint
    points : ndarray, shape (n, dim)

    Returns
    -------
    ndarray, shape (n,)
        0 if all hold up to rounding, inf if one has no value.
    """
    worst = np.zeros(len(points))
    for constraint in constraints:
        kept = constraint.must_keep
        if not kept.any():
            continue
        for k, point in enumerate(points):
            worst[k] = max(worst[k], _broken(constraint, point, kept))
    return worst


def _broken(constraint: Constraint, point: FloatArray, kept: NDArray[np.bool_]) -> float:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values = constraint.values(point)
    except Exception:
        return np.inf
    rounding = _ROUNDING * np.maximum(1.0, np.abs(values))
    over = np.maximum(constraint.lower - values, values - constraint.upper)
    breaks = kept & ~(over <= rounding)
    return float(np.max(np.where(np.isnan(over), np.inf, over), where=breaks, initial=0.0))


def _as_constraint(given: Any, dim: int, name: str) -> Constraint:
    if isinstance(given, Constraint):
        return given
    if isinstance(given, dict) and {"type", "fun"} <= given.keys():
        return _from_dict(given, dim, name)
    if _is_linear(given):
        matrix = np.atleast_2d(dense(given.A))
        if matrix.shape[1:] != (dim,):
            raise ValueError(f"{name}: the matrix of a LinearConstraint must have shape (m, {dim}), got {matrix.shape}")
        linear = PlainFunction(functools.partial(np.matmul, matrix), dim, name)
        return Constraint(linear, given.lb, given.ub, functools.partial(_first, matrix), given=copy.deepcopy(given))
    if hasattr(given, "fun") and hasattr(given, "lb"):
        jacobian = given.jac if callable(getattr(given, "jac", None)) else None
        return Constraint(PlainFunction(given.fun, dim, name), given.lb, given.ub, jacobian, given=copy.copy(given))
    raise TypeError(
        f"{name}: a constraint must be SciPy's NonlinearConstraint or LinearConstraint, or a dict with 'type' and "
        f"'fun'; got {given!r:.80}"
    )


def _is_linear(given: Any) -> bool:
    return hasattr(given, "A")


def _from_dict(given: dict[str, Any], dim: int, name: str) -> Constraint:
    kind = given["type"].lower() if isinstance(given["type"], str) else given["type"]
    if kind not in ("eq", "ineq"):
        raise ValueError(f"{name}: the type of a constraint must be 'eq' or 'ineq', got {given['type']!r}")
    upper = 0.0 if kind == "eq" else np.inf
    args, jacobian = given.get("args", ()), given.get("jac")
    function = PlainFunction(_with_args(given["fun"], args), dim, name)
    own_jacobian = _with_args(jacobian, args) if callable(jacobian) else None
    return Constraint(function, 0.0, upper, own_jacobian, given=dict(given))


def _with_args(function: Any, args: Any) -> Any:
    return functools.partial(_called_with, function, tuple(args)) if args else function


def _called_with(function: Any, args: tuple[Any, ...], x: FloatArray) -> Any:
    return function(x, *args)


def _first(matrix: FloatArray, x: FloatArray) -> FloatArray:
    return matrix
