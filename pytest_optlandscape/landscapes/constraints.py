"""Constraints besides the bounds: ``lower <= c(x) <= upper``, as in SciPy's `NonlinearConstraint`."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes.derivatives import jacobian_by_complex_step
from pytest_optlandscape.landscapes.formula import Formula, PlainFunction

__all__ = ["FEASIBILITY", "Constraint", "as_constraints", "not_kept"]

FloatArray = NDArray[np.float64]

FEASIBILITY = 1e-6
"""How far a constraint may be violated by a point that counts as feasible, in units of the constraint: what SciPy's
own methods leave open when they succeed.

On the constrained landscapes SLSQP leaves up to 8e-8 (its accuracy is 1e-6), COBYQA 3e-7, COBYLA 2e-8, trust-constr
nothing.
"""


class Constraint:
    """One or several functions that must stay between limits.

    Parameters
    ----------
    function : Formula or PlainFunction
        Of a point; gives a number or several.
    lower, upper : array_like, shape () or (m,)
        Limits, infinite where there is none; equal for an equality.
    jacobian : callable, optional
        ``jacobian(x)`` gives an array (m, dim); a `Formula` is differentiated without.
    """

    def __init__(
        self, function: Formula | PlainFunction, lower: ArrayLike, upper: ArrayLike, jacobian: Any = None
    ) -> None:
        self.function = function
        self.lower: FloatArray = np.atleast_1d(np.asarray(lower, dtype=np.float64))
        self.upper: FloatArray = np.atleast_1d(np.asarray(upper, dtype=np.float64))
        self._jacobian = jacobian

    def values(self, x: ArrayLike) -> FloatArray:
        """Evaluate at a point (dim,), giving (m,), or at a batch (n, dim), giving (n, m)."""
        points = np.asarray(x, dtype=np.float64)
        found = np.asarray(self.function(points), dtype=np.float64)
        return found if found.ndim == points.ndim else found[..., np.newaxis]

    def violation(self, x: ArrayLike) -> Any:
        """Measure by how much the limits are broken at most: 0 where all hold, NaN where it cannot be told."""
        values = self.values(x)
        broken = np.maximum(np.maximum(self.lower - values, values - self.upper), 0.0)
        return np.max(broken, axis=-1)

    def jacobian(self, x: ArrayLike) -> FloatArray:
        """Differentiate at a point (dim,); shape (m, dim)."""
        point = np.asarray(x, dtype=np.float64)
        if self._jacobian is not None:
            return np.atleast_2d(np.asarray(self._jacobian(point), dtype=np.float64))
        if not isinstance(self.function, Formula):
            raise ValueError("the constraint has no Jacobian; give one as NonlinearConstraint(..., jac=...)")
        return np.atleast_2d(jacobian_by_complex_step(self.function, point))

    @property
    def has_jacobian(self) -> bool:
        """Whether `jacobian` can be called."""
        return self._jacobian is not None or isinstance(self.function, Formula)

    def to_scipy(self) -> Any:
        """Make the `scipy.optimize.NonlinearConstraint`."""
        from scipy.optimize import NonlinearConstraint

        jacobian = {"jac": self.jacobian} if self.has_jacobian else {}
        return NonlinearConstraint(self.values, self.lower, self.upper, **jacobian)


def as_constraints(given: Any, dim: int, name: str) -> tuple[Constraint, ...]:
    """Read constraints of our own or SciPy's, one or a sequence.

    Parameters
    ----------
    given : Constraint, NonlinearConstraint, LinearConstraint, dict, or sequence of them
    dim : int
        Number of coordinates of a point.
    name : str
        Whose constraints they are, for messages.

    Raises
    ------
    TypeError
        If one of them is none of these.
    ValueError
        If the type of a dict is neither ``"eq"`` nor ``"ineq"``.

    Examples
    --------
    >>> (disk,) = as_constraints({"type": "ineq", "fun": lambda x: 1.0 - x @ x}, dim=2, name="mine")
    >>> float(disk.violation([1.0, 1.0])), disk.to_scipy().ub.tolist()
    (1.0, [inf])
    """
    several = given if isinstance(given, list | tuple) else [given]
    return tuple(_as_constraint(one, dim, name) for one in several)


def not_kept(constraints: tuple[Constraint, ...], minimizers: FloatArray) -> list[str]:
    """Tell which minimisers (m, dim) break a user's constraint, each constraint's worst in a sentence.

    Most often a constraint has the wrong sign. Constraints by formula are the catalogue's, and known to be kept.
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
                "mind the sign: a dict of type 'ineq' wants fun(x) >= 0"
            )
    return faults


def _as_constraint(given: Any, dim: int, name: str) -> Constraint:
    if isinstance(given, Constraint):
        return given
    if isinstance(given, dict) and {"type", "fun"} <= given.keys():
        return _from_dict(given, dim, name)
    if hasattr(given, "A"):
        sparse = hasattr(given.A, "toarray")
        matrix = np.atleast_2d(np.asarray(given.A.toarray() if sparse else given.A, dtype=np.float64))
        linear = PlainFunction(functools.partial(np.matmul, matrix), dim, name)
        return Constraint(linear, given.lb, given.ub, functools.partial(_first, matrix))
    if hasattr(given, "fun") and hasattr(given, "lb"):
        jacobian = given.jac if callable(getattr(given, "jac", None)) else None
        return Constraint(PlainFunction(given.fun, dim, name), given.lb, given.ub, jacobian)
    raise TypeError(
        f"{name}: a constraint is SciPy's NonlinearConstraint or LinearConstraint, or a dict with 'type' and 'fun'; "
        f"got {given!r:.80}"
    )


def _from_dict(given: dict[str, Any], dim: int, name: str) -> Constraint:
    if given["type"] not in ("eq", "ineq"):
        raise ValueError(f"{name}: the type of a constraint is 'eq' or 'ineq', got {given['type']!r}")
    upper = 0.0 if given["type"] == "eq" else np.inf
    args, jacobian = given.get("args", ()), given.get("jac")
    function = PlainFunction(_with_args(given["fun"], args), dim, name)
    return Constraint(function, 0.0, upper, _with_args(jacobian, args) if callable(jacobian) else None)


def _with_args(function: Any, args: Any) -> Any:
    return functools.partial(_called_with, function, tuple(args)) if args else function


def _called_with(function: Any, args: tuple[Any, ...], x: FloatArray) -> Any:
    return function(x, *args)


def _first(matrix: FloatArray, x: FloatArray) -> FloatArray:
    return matrix
