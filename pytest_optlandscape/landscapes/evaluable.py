"""What a landscape can be asked at a point: value, gradient, Hessian, residuals, constraints, distance."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes.constraints import FEASIBILITY, Constraint
from pytest_optlandscape.landscapes.derivatives import (
    directional_derivative,
    hessian_by_complex_step,
    jacobian_by_complex_step,
)
from pytest_optlandscape.landscapes.formula import Formula, PlainFunction, real_points
from pytest_optlandscape.landscapes.minimizers import Minimizers

__all__ = ["Evaluable"]

FloatArray = NDArray[np.float64]
_ndarray = np.ndarray
_FLOAT64 = np.dtype(np.float64)


class Evaluable:
    """The part of a `Landscape` that is called with points; it has no life of its own.

    Attributes
    ----------
    objective : Formula or PlainFunction
    gradient_function, residual_function : Formula, PlainFunction or None
    own_constraints : tuple of Constraint
        The constraints besides the bounds; `constraints` gives them as SciPy takes them.
    all_minimizers : Minimizers
        The global minimisers as they are described; `minimizers` lists them.
    """

    id: str
    dim: int
    bounds: FloatArray
    fmin: float
    objective: Formula | PlainFunction
    gradient_function: Formula | PlainFunction | None
    residual_function: Formula | PlainFunction | None
    own_constraints: tuple[Constraint, ...]
    all_minimizers: Minimizers
    uncut: Evaluable | None
    minimum_is_seen: bool = False
    """Whether the best point that a baseline saw stands for a minimum that is not known."""
    floats: Callable[[list[float]], float]
    _jacobian: Formula | PlainFunction | None
    _hessian: Callable[[FloatArray], ArrayLike] | None
    _short_ndim: int

    @property
    def minimum_is_known(self) -> bool:
        """Whether ``fmin`` is a number.

        Without it there are no gaps and no distances. Values can be compared: `Run.best_fun`, and
        ``assert_converges(run, fun=...)``.
        """
        return not math.isnan(self.fmin)

    def check_minimum_is_known(self) -> None:
        """Raise ValueError where nothing can be said of how near to the minimum a point is."""
        if not self.minimum_is_known:
            cut = self.uncut is not None and self.uncut.minimum_is_known
            why = "its box cuts off the known minimisers" if cut else "it was given without fmin and minimizers"
            advice = "take a box that keeps one" if cut else "give them"
            raise ValueError(
                f"the minimum of {self.id} is not known: {why}; compare values of f instead (run.best_fun, or "
                f"assert_converges(run, fun=...)), or {advice}"
            )

    @property
    def has_gradient(self) -> bool:
        """Whether `gradient` can be called."""
        return self.gradient_function is not None

    @property
    def gradient_floats(self) -> Callable[[list[float]], list[float]]:
        """The gradient as a function of a list of ``dim`` floats, giving such a list."""
        if self.gradient_function is None:
            raise ValueError(
                f"{self.id} has no gradient; give one as Landscape(..., gradient=...), or take an optimizer without"
            )
        return self.gradient_function.floats

    def __call__(self, x: Any) -> Any:
        """Evaluate the objective.

        Parameters
        ----------
        x : array_like or tensor, shape (dim,) or (n, dim)
            A point or a batch of points; tensors of torch, JAX and TensorFlow stay differentiable.

        Returns
        -------
        float or ndarray or tensor
            A float for a point, shape (n,) for a batch, a tensor for tensors. Of points in half precision the values
            are in single precision: those of Beale's function at (4, 4) are too large for half.

        Raises
        ------
        ValueError
            If ``x`` has another shape or holds no numbers.
        """
        if x.__class__ is _ndarray and x.dtype is _FLOAT64 and x.ndim == self._short_ndim:
            return self.floats(x.tolist())
        values = self.objective(x)
        return values.item() if isinstance(values, np.generic) else values

    def gradient(self, x: Any) -> Any:
        """Evaluate the gradient.

        Parameters
        ----------
        x : array_like or tensor, shape (dim,) or (n, dim)
            A point or a batch of points.

        Returns
        -------
        ndarray or tensor, of the shape of x
            At a kink, one of the limits or 0.

        Raises
        ------
        ValueError
            If ``x`` has another shape, or the landscape has no gradient.
        """
        floats = self.gradient_floats
        if x.__class__ is _ndarray and x.dtype is _FLOAT64 and x.ndim == self._short_ndim:
            return np.array(floats(x.tolist()))
        gradient = self.gradient_function(x)  # type: ignore[misc]
        return np.array(gradient) if isinstance(gradient, list) else gradient

    def hessian(self, x: ArrayLike) -> FloatArray:
        """Evaluate the Hessian.

        Without a formula of its own it is differentiated from the gradient by a complex step of 1e-100
        (Squire & Trapp 1998), which is exact to rounding.

        Parameters
        ----------
        x : array_like, shape (dim,) or (n, dim)
            A point or a batch of points.

        Returns
        -------
        ndarray, shape (dim, dim) or (n, dim, dim)

        Raises
        ------
        ValueError
            If ``x`` has another shape, or the landscape has neither a Hessian nor a gradient by formula.
        """
        points = self._points(x)
        if self._hessian is not None:
            one_by_one = [np.asarray(self._hessian(point), dtype=np.float64) for point in np.atleast_2d(points)]
            return np.array(one_by_one) if points.ndim == 2 else one_by_one[0]
        return hessian_by_complex_step(self._gradient_formula("Hessian"), points)

    def hessp(self, x: ArrayLike, p: ArrayLike) -> FloatArray:
        """Multiply the Hessian by a vector, at the cost of one gradient.

        Parameters
        ----------
        x : array_like, shape (dim,) or (n, dim)
            A point or a batch of points.
        p : array_like, shape (dim,) or that of x
            The vector, or one for each point.

        Returns
        -------
        ndarray, of the shape of x

        Raises
        ------
        ValueError
            As for `hessian`.

        Examples
        --------
        >>> from pytest_optlandscape import landscapes
        >>> landscapes.get("booth").hessp([0.0, 0.0], [1.0, 0.0])
        array([10.,  8.])
        """
        points = self._points(x)
        vectors = np.broadcast_to(np.asarray(p, dtype=np.float64), points.shape)
        if self._hessian is not None:
            product: FloatArray = np.einsum("...ij,...j->...i", self.hessian(points), vectors)
            return product
        return directional_derivative(self._gradient_formula("Hessian"), points, vectors)

    @property
    def has_residuals(self) -> bool:
        """Whether the landscape is a sum of squares whose `residuals` can be called."""
        return self.residual_function is not None

    def residuals(self, x: Any) -> Any:
        """Evaluate the residuals, whose squares add up to the objective.

        Parameters
        ----------
        x : array_like or tensor, shape (dim,) or (n, dim)

        Returns
        -------
        ndarray or tensor, shape (m,) or (n, m)

        Raises
        ------
        ValueError
            If ``x`` has another shape, or the landscape is no sum of squares.

        Examples
        --------
        >>> from pytest_optlandscape import landscapes
        >>> landscapes.get("booth").residuals([0.0, 0.0])
        array([-7., -5.])
        """
        values = self._residual_function()(x)
        return np.array(values) if isinstance(values, list) else values

    def jacobian(self, x: ArrayLike) -> FloatArray:
        """Evaluate the derivatives of the residuals.

        Parameters
        ----------
        x : array_like, shape (dim,) or (n, dim)

        Returns
        -------
        ndarray, shape (m, dim) or (n, m, dim)

        Raises
        ------
        ValueError
            If ``x`` has another shape, or the landscape is no sum of squares.
        """
        points = self._points(x)
        residuals = self._residual_function()
        if isinstance(self._jacobian, Formula):  # column after column
            columns = np.asarray(self._jacobian(points)).reshape(*points.shape[:-1], self.dim, -1)
            return np.swapaxes(columns, -1, -2)
        if self._jacobian is not None:
            return np.asarray(self._jacobian(points))
        if not isinstance(residuals, Formula):
            raise ValueError(f"{self.id} has no Jacobian; give one as Landscape(..., jacobian=...)")
        return jacobian_by_complex_step(residuals, points)

    def _gradient_formula(self, what: str) -> Formula:
        if not isinstance(self.gradient_function, Formula):
            raise ValueError(f"{self.id} has no {what}; give one as Landscape(..., hessian=...)")
        return self.gradient_function

    def _residual_function(self) -> Formula | PlainFunction:
        if self.residual_function is None:
            raise ValueError(f"{self.id} is no sum of squares: it has no residuals")
        return self.residual_function

    def _points(self, x: ArrayLike) -> FloatArray:
        points = real_points(x)
        self.objective.check_shape(points.shape)
        return points

    @property
    def constraints(self) -> tuple[Any, ...]:
        """The constraints besides the bounds, as SciPy takes them; () where there are none.

        Those of the catalogue are `scipy.optimize.NonlinearConstraint`. Constraints of one's own are of the kind that
        was given, with the same flags and arguments. Their evaluations are counted where a `Problem` hands them over.
        """
        return tuple(constraint.to_scipy() for constraint in self.own_constraints)

    def violation(self, x: ArrayLike) -> Any:
        """Measure by how much the constraints besides the bounds are broken at most, in their own units.

        Parameters
        ----------
        x : array_like, shape (dim,) or (n, dim)

        Returns
        -------
        float or ndarray of shape (n,)
            0 where all hold.
        """
        points = self._points(x)
        worst = np.zeros(points.shape[:-1])
        for constraint in self.own_constraints:
            worst = np.maximum(worst, constraint.violation(points))
        return float(worst) if points.ndim == 1 else worst

    def is_feasible(self, x: ArrayLike) -> Any:
        """Tell whether a point, or each of a batch, lies inside the bounds and keeps the constraints to 1e-6."""
        return self.contains(x) & (self.violation(x) <= FEASIBILITY)

    def distance(self, x: ArrayLike) -> Any:
        """Measure the Euclidean distance to the nearest global minimiser.

        Parameters
        ----------
        x : array_like, shape (dim,) or (n, dim)
            A point or a batch of points.

        Returns
        -------
        float or ndarray of shape (n,)
        """
        return self.all_minimizers.distance(self._points(x))

    def contains(self, x: ArrayLike) -> Any:
        """Tell whether a point, or each point of a batch, lies inside the bounds (edges included).

        Parameters
        ----------
        x : array_like, shape (dim,) or (n, dim)
            A coordinate that is NaN lies nowhere.

        Returns
        -------
        bool or ndarray of shape (n,)

        Raises
        ------
        ValueError
            If ``x`` has another shape or holds no real numbers.
        """
        points = self._points(x)
        return np.all((points >= self.bounds[:, 0]) & (points <= self.bounds[:, 1]), axis=-1)
