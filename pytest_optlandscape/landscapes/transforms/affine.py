"""Affine maps u that derive an instance f(u(x)) from a landscape f.

The gradient of an instance is the transposed linear part of u times the gradient of f. Residuals and constraints are
composed with u too. Derivatives given as functions follow the chain rule; formulas of the instance are differentiated
themselves.
"""

# ruff: noqa: D102 (methods are documented once, in AffineMap)

from __future__ import annotations

import abc
import copy
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes.constraints import Constraint, as_constraints, dense
from pytest_optlandscape.landscapes.formula.evaluation import Formula, PlainFunction
from pytest_optlandscape.landscapes.formula.namespaces import Value, numpy_namespace
from pytest_optlandscape.landscapes.frozen import set_attributes
from pytest_optlandscape.landscapes.minimizers import Minimizers, MovedMinimizers

if TYPE_CHECKING:
    from pytest_optlandscape.landscapes.landscape import Landscape

__all__ = ["AffineMap", "Permutation", "Rotation", "Scaling", "Shift", "is_lowest_everywhere"]

FloatArray = NDArray[np.float64]

_MOST_CURVATURES = 200
"""With more coordinates, the condition number of a stretched landscape is not computed."""


@dataclass(frozen=True, eq=False)
class AffineMap(abc.ABC):
    """The affine map u of an instance."""

    suffix: str
    call: str  # the call of a `Landscape` method that applies the map

    @abc.abstractmethod
    def to_original(self, x: Value, xp: Any) -> Value:
        """Map a point x of the instance, components first, to the original."""

    @abc.abstractmethod
    def gradient_back(self, g: Value, xp: Any) -> Value:
        """Multiply a gradient of the original by the transposed linear part."""

    @abc.abstractmethod
    def from_original(self, points: FloatArray) -> FloatArray:
        """Map a point (dim,), or points (n, dim), of the original to the instance."""

    @abc.abstractmethod
    def box(self, landscape: Landscape) -> FloatArray:
        """Return the bounds of the instance."""

    @abc.abstractmethod
    def minimizers(self, landscape: Landscape) -> Minimizers:
        """Return the minimisers of the instance."""

    def apply(self, landscape: Landscape) -> Landscape:
        """Return the instance of a landscape."""
        if landscape.fidelity is not None:
            raise ValueError(f"{landscape.id} has a fidelity: it cannot be shifted, scaled, permuted or rotated")
        name = landscape.id + self.suffix
        dim = landscape.dim
        bounds = self.box(landscape)

        def of(function: Any) -> Any:
            return None if function is None else self._composed(function, dim, name)

        def start(point: FloatArray) -> FloatArray:
            clipped: FloatArray = np.clip(self.from_original(point), bounds[:, 0], bounds[:, 1])
            return clipped

        moved = type(landscape)(
            landscape.name,
            of(landscape.objective),
            gradient=self._gradient(landscape, name),
            hessian=landscape._hessian and self._hessian(landscape._hessian),
            residuals=of(landscape.residual_function),
            jacobian=None if landscape._jacobian is None else self._rows(landscape.jacobian),
            constraints=[self._constraint(one, dim, name) for one in landscape.own_constraints],
            noise=landscape.noise and landscape.noise.moved(self),
            bounds=bounds,
            x0=start(landscape.x0),
            starts={key: start(point) for key, point in landscape.starts.items()},
            minimizers=self.minimizers(landscape),
            fmin=landscape.fmin,
            structure=landscape.structure,
            tags=landscape.tags,
            source=landscape.source,
            family=landscape.family,
            version=landscape.version,
            summary=landscape.summary,
            id=name,
            made_by=(_apply, (self, landscape)),
            validate=landscape._validate,
        )
        set_attributes(
            moved,
            written=f"{landscape!r}.{self.call}",
            natural_structure=landscape.natural_structure,
            uncut=landscape.uncut and self.apply(landscape.uncut),
        )
        set_attributes(moved, tags=self.tags(landscape, moved))
        return moved

    def tags(self, landscape: Landscape, moved: Landscape) -> frozenset[str]:
        """Return the tags of the instance."""
        del moved
        return landscape.tags

    def _constraint(self, constraint: Constraint, dim: int, name: str) -> Constraint:
        """Compose a constraint with u; a user's object keeps its kind and flags."""
        given = constraint.given
        if given is None:
            jacobian = self._rows(constraint.jacobian) if constraint.has_jacobian else None
            function = self._composed(constraint.function, dim, name)
            return Constraint(
                function, constraint.lower, constraint.upper, jacobian, keep_feasible=constraint.keep_feasible
            )
        if isinstance(given, dict):
            moved: Any = {**given, "fun": self._called_at_original(given["fun"])}
            if callable(given.get("jac")):
                moved["jac"] = self._called_at_original(given["jac"], self._columns_back)
        elif hasattr(given, "A"):
            moved = self._linear_constraint(given, dim)
        else:
            moved = self._nonlinear_constraint(given, dim)
        (one,) = as_constraints(moved, dim, name)
        return one

    def _linear_constraint(self, given: Any, dim: int) -> Any:
        """Compose ``lb <= A x <= ub`` with u(x) = M x + t: the matrix becomes A M, the limits lose A t."""
        moved = copy.deepcopy(given)
        moved.A = self._columns_back(given.A)
        offset = dense(given.A) @ self.to_original(np.zeros(dim), numpy_namespace())
        moved.lb, moved.ub = np.asarray(given.lb) - offset, np.asarray(given.ub) - offset
        return moved

    def _nonlinear_constraint(self, given: Any, dim: int) -> Any:
        moved = copy.copy(given)
        moved.fun = self._called_at_original(given.fun)
        if callable(getattr(given, "jac", None)):
            moved.jac = self._called_at_original(given.jac, self._columns_back)
        if callable(getattr(given, "hess", None)):
            moved.hess = self._called_at_original(
                given.hess, lambda hessian: self._columns_back(self._columns_back(dense(hessian)).T)
            )
        mixes = np.asarray(self.gradient_back(np.eye(dim), numpy_namespace())).T != 0.0
        sparsity = getattr(given, "finite_diff_jac_sparsity", None)
        if sparsity is not None:
            entries = (np.atleast_2d(dense(sparsity)) != 0.0) @ mixes
            moved.finite_diff_jac_sparsity = type(sparsity)(entries) if hasattr(sparsity, "toarray") else entries
        steps = getattr(given, "finite_diff_rel_step", None)
        if steps is not None and np.ndim(steps) == 1 and np.all(mixes.sum(axis=0) == 1):
            moved.finite_diff_rel_step = np.asarray(steps)[mixes.argmax(axis=0)]
        return moved

    def _called_at_original(
        self, function: Callable[..., Any], back: Callable[[Any], Any] = lambda result: result
    ) -> Callable[..., Any]:
        """Wrap a user's function: call it at u(x), complex if x is complex, and map its result back."""

        def called(x: Any, *further: Any) -> Any:
            point = np.asarray(x)
            if point.dtype.kind not in "fc":
                point = point.astype(np.float64)
            return back(function(self.to_original(point, numpy_namespace()), *further))

        return called

    def _columns_back(self, rows: Any) -> Any:
        """Multiply rows (m, dim), or one row (dim,), by the linear part of u; sparse matrices stay sparse."""
        xp = numpy_namespace()
        if hasattr(rows, "toarray"):
            return type(rows)(np.asarray(self.gradient_back(dense(rows).T, xp)).T)
        return np.asarray(self.gradient_back(dense(rows).T, xp)).T

    def _rows(self, jacobian: Callable[[FloatArray], FloatArray]) -> Callable[[FloatArray], FloatArray]:
        """Compose a Jacobian (m, dim) with u, by the chain rule."""
        xp = numpy_namespace()
        return lambda x: np.asarray(self.gradient_back(jacobian(self.to_original(x, xp)).T, xp).T)

    def _hessian(self, hessian: Callable[[FloatArray], ArrayLike]) -> Callable[[FloatArray], FloatArray]:
        xp = numpy_namespace()

        def moved(x: FloatArray) -> FloatArray:
            one_side = self.gradient_back(np.asarray(hessian(self.to_original(x, xp)), dtype=np.float64), xp)
            return np.asarray(self.gradient_back(one_side.T, xp))

        return moved

    def _composed(self, function: Any, dim: int, name: str) -> Any:
        if isinstance(function, Formula):
            inner = function.function
            return Formula(lambda x, xp: inner(self.to_original(x, xp), xp), dim, name, function.unrolled)
        return PlainFunction(lambda x: function(self.to_original(x, numpy_namespace())), dim, name)

    def _gradient(self, landscape: Landscape, name: str) -> Any:
        function = landscape.gradient_function
        if isinstance(function, Formula):
            inner = function.function

            def formula(x: Value, xp: Any) -> Value:
                gradient = inner(self.to_original(x, xp), xp)
                return self.gradient_back(xp.stack(gradient) if isinstance(gradient, tuple) else gradient, xp)

            return Formula(formula, landscape.dim, name, function.unrolled)
        if function is None:
            return None
        plain, xp = function, numpy_namespace()
        return PlainFunction(
            lambda x: self.gradient_back(np.asarray(plain(self.to_original(x, xp))), xp), landscape.dim, name
        )


def _apply(moved: AffineMap, landscape: Landscape) -> Landscape:
    return moved.apply(landscape)


@dataclass(frozen=True, eq=False)
class Shift(AffineMap):
    """The map x − offset, which moves the landscape by the offset."""

    offset: FloatArray

    def to_original(self, x: Value, xp: Any) -> Value:
        return x - xp.constant(self.offset, x)

    def gradient_back(self, g: Value, xp: Any) -> Value:
        return g

    def from_original(self, points: FloatArray) -> FloatArray:
        return points + self.offset

    def box(self, landscape: Landscape) -> FloatArray:
        return landscape.bounds + self.offset[:, np.newaxis]

    def minimizers(self, landscape: Landscape) -> Minimizers:
        return landscape.all_minimizers.stretched(np.ones(landscape.dim), self.offset)


@dataclass(frozen=True, eq=False)
class Scaling(AffineMap):
    """The map x · factors, which compresses the landscape by the factors."""

    factors: FloatArray

    def to_original(self, x: Value, xp: Any) -> Value:
        return x * xp.constant(self.factors, x)

    def gradient_back(self, g: Value, xp: Any) -> Value:
        return g * xp.constant(self.factors, g)

    def from_original(self, points: FloatArray) -> FloatArray:
        scaled: FloatArray = points / self.factors
        return scaled

    def box(self, landscape: Landscape) -> FloatArray:
        # Multiply, as for minimisers: a minimiser on a bound then stays on it to the last bit.
        return landscape.bounds * (1.0 / self.factors)[:, np.newaxis]

    def minimizers(self, landscape: Landscape) -> Minimizers:
        return landscape.all_minimizers.stretched(1.0 / self.factors, np.zeros(landscape.dim))

    def tags(self, landscape: Landscape, moved: Landscape) -> frozenset[str]:
        without = landscape.tags - {"ill-conditioned"}
        return without | {"ill-conditioned"} if _is_ill_conditioned(moved) else without


@dataclass(frozen=True, eq=False)
class Permutation(AffineMap):
    """The map that permutes the components of x."""

    order: NDArray[np.intp]  # coordinate k of the instance is coordinate order[k] of the original

    @functools.cached_property
    def _back(self) -> NDArray[np.intp]:
        return np.argsort(self.order)

    def to_original(self, x: Value, xp: Any) -> Value:
        return xp.take(x, self._back)

    def gradient_back(self, g: Value, xp: Any) -> Value:
        return xp.take(g, self.order)

    def from_original(self, points: FloatArray) -> FloatArray:
        return points[..., self.order]

    def box(self, landscape: Landscape) -> FloatArray:
        return landscape.bounds[self.order]

    def minimizers(self, landscape: Landscape) -> Minimizers:
        return landscape.all_minimizers.permuted(self.order.tolist())


@dataclass(frozen=True, eq=False)
class Rotation(AffineMap):
    """The map centre + matrix · (x − centre), with an orthogonal matrix."""

    matrix: FloatArray
    centre: FloatArray

    def to_original(self, x: Value, xp: Any) -> Value:
        centre = xp.constant(self.centre, x)
        return xp.dot(self.matrix, x - centre) + centre

    def gradient_back(self, g: Value, xp: Any) -> Value:
        return xp.dot(self.matrix.T, g)

    def from_original(self, points: FloatArray) -> FloatArray:
        turned: FloatArray = (points - self.centre) @ self.matrix + self.centre
        return turned

    def box(self, landscape: Landscape) -> FloatArray:
        if is_lowest_everywhere(landscape):
            return landscape.bounds
        room = np.abs(landscape.bounds - self.centre[:, np.newaxis]).min(axis=1)
        half_width = float(np.min(room / np.abs(self.matrix).sum(axis=1))) * (1.0 - 1e-12)  # a margin for rounding
        return np.stack([self.centre - half_width, self.centre + half_width], axis=1)

    def minimizers(self, landscape: Landscape) -> Minimizers:
        lower, upper = self.box(landscape).T
        points = self.from_original(landscape.minimizers)
        points[np.all(landscape.minimizers == self.centre, axis=1)] = self.centre  # exact, without rounding
        inside = np.all((points >= lower) & (points <= upper), axis=1)
        before = landscape.all_minimizers
        return MovedMinimizers(
            before,
            points[inside],
            lambda x: (x - self.centre) @ self.matrix.T + self.centre,
            landscape.minimizers_complete,
        )

    def tags(self, landscape: Landscape, moved: Landscape) -> frozenset[str]:
        lost = {"separable"}
        if moved.n_minimizers == 1:
            lost.add("many-minimizers")
        if not (moved.minimizers[:, :, np.newaxis] == moved.bounds).any():
            lost.add("active-bounds")
        if not is_lowest_everywhere(landscape):
            lost |= {"unimodal", "multimodal"}
        return landscape.tags - lost


def _is_ill_conditioned(landscape: Landscape) -> bool:
    """Return whether the tag ``ill-conditioned`` applies: compute the condition number."""
    if "smooth" not in landscape.tags or "active-bounds" in landscape.tags or landscape.dim > _MOST_CURVATURES:
        return False
    if not landscape.minimum_is_known:
        return False
    try:
        curvatures = np.linalg.eigvalsh(landscape.hessian(landscape.minimizers[:64]))
    except ValueError:  # no Hessian
        return False
    return bool(np.any(np.abs(curvatures[:, -1]) >= 1000.0 * np.abs(curvatures[:, 0])))


def is_lowest_everywhere(landscape: Landscape) -> bool:
    """Return whether f is known to be nowhere lower than at its one minimiser, even outside the bounds."""
    elsewhere = {"unbounded-below", "undefined-outside", "active-bounds", "constrained"}
    whole = bool(landscape.family) and landscape.uncut is None
    return whole and landscape.n_minimizers == 1 and not landscape.tags & elsewhere
