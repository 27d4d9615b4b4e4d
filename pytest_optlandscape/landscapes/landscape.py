"""The class `Landscape`: an objective with bounds, starts and known minima."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes import plotting, structure
from pytest_optlandscape.landscapes.arguments import (
    as_frozen,
    as_function,
    check_facts,
    given_bounds,
    minimum_of,
    points_outside,
)
from pytest_optlandscape.landscapes.constraints import FEASIBILITY, as_constraints, keeping_feasible, not_kept
from pytest_optlandscape.landscapes.formula.derivatives import (
    directional_derivative,
    hessian_by_complex_step,
    jacobian_by_complex_step,
)
from pytest_optlandscape.landscapes.formula.evaluation import Formula, PlainFunction, real_points
from pytest_optlandscape.landscapes.frozen import Frozen, immutable, set_attributes
from pytest_optlandscape.landscapes.noise import Noise, call_of, noise_of
from pytest_optlandscape.landscapes.spaces.coded import as_code, coded, tags_of
from pytest_optlandscape.landscapes.spaces.fidelity import AtLevel, Fidelity
from pytest_optlandscape.landscapes.spaces.space import Space
from pytest_optlandscape.landscapes.structure import Structure
from pytest_optlandscape.landscapes.tags import parse_tags
from pytest_optlandscape.landscapes.transforms import instances, sub_box
from pytest_optlandscape.landscapes.validation import check, said, tolerance_of

__all__ = ["Landscape"]

FloatArray = NDArray[np.float64]
_ndarray = np.ndarray
_FLOAT64 = np.dtype(np.float64)


class Landscape(Frozen):
    """An objective function with its bounds, standard start and known global minima.

    Parameters
    ----------
    name : str
        Lower-case name, unique in the catalogue.
    fun : callable
        ``fun(x)`` takes a point of shape (dim,) and returns a float.
    bounds : array_like, shape (dim, 2)
        Lower and upper bound of each coordinate.
    x0 : array_like, shape (dim,)
        The standard start.
    minimizers : array_like, shape (m, dim), optional
        All global minimisers inside the bounds (default: not known). Over a space, configurations.
    space : Space, optional
        The search space, instead of bounds. ``fun``, ``x0``, ``starts`` and ``minimizers`` then take configurations;
        the landscape's points are their codes. See `landscapes.spaces`.
    fidelity : Fidelity, optional
        An argument of ``fun`` that makes an evaluation cheaper and less exact, such as the number of epochs (default:
        none). The landscape is ``fun`` at full fidelity: ``minimizers``, ``fmin`` and all gaps are meant there.
    fmin : float, optional
        The minimum (default: not known; then omit ``minimizers`` too). See `minimum_is_known`.
    gradient : callable, optional
        ``gradient(x)`` takes a point (dim,) and returns an array (dim,).
    hessian : callable, optional
        ``hessian(x)`` takes a point (dim,) and returns an array (dim, dim).
    residuals : callable, optional
        ``residuals(x)`` takes a point (dim,) and returns an array (m,). The squares add up to the objective.
    jacobian : callable, optional
        ``jacobian(x)`` takes a point (dim,) and returns the residuals' derivatives, an array (m, dim).
    constraints : optional
        `scipy.optimize.NonlinearConstraint`, `LinearConstraint`, a dict as for SLSQP, or a sequence of these.
        ``minimizers`` and ``fmin`` are then those of the feasible set.
    noise : Noise, optional
        The noise on the values that a run sees; see `noisy`.
    starts : mapping of str to array_like, optional
        Further starts by name.
    structure : mapping of str to tuple of int, optional
        The named tensors that make up a point, for optimizers that treat tensors separately: the shape of each, such as
        ``{"kernel": (2, 3), "bias": (3,)}`` (default: one vector ``"x"``). See `structured`.
    tags : str or iterable of str, optional
        Words of `TAGS` that describe the landscape.
    source : str, optional
        The function's origin: author, year, number.
    minimizers_complete : bool, default True
        False if ``minimizers`` is not all of them.
    version : int, default 1
        Raise it when the definition changes; stored results of other versions are not compared.
    validate : bool, default True
        Check that ``fun`` is ``fmin`` at the minimisers, that no sampled point is lower, and that derivatives agree
        with differences. This calls ``fun`` about 100 times in two dimensions and 230 times from ten on. Switch it off
        if ``fun`` is expensive.

    Attributes
    ----------
    id : str
        The name, with the dimension for scalable landscapes: ``"rosenbrock[10]"``.
    dim : int
        Number of coordinates.
    family : str
        Its family in the catalogue; "" for your own landscapes.
    written : str
        The expression that returns this landscape, if it comes from the catalogue.
    uncut : Landscape or None
        The landscape that `within` restricted.
    unstructured : Landscape or None
        The landscape before `structured`.
    objective : Formula or PlainFunction
    gradient_function, residual_function : Formula, PlainFunction or None
    own_constraints : tuple of Constraint
        The constraints besides the bounds; `constraints` converts them for SciPy.
    all_minimizers : Minimizers
        The global minimisers as an object; `minimizers` lists them.

    Raises
    ------
    ValueError
        If shapes disagree, bounds cross, a start or minimiser is outside the bounds, a minimiser breaks a constraint,
        or a check of ``validate`` fails. The message names every wrong fact.

    Warns
    -----
    UserWarning
        If ``fmin`` or a minimiser has too few digits for small gaps to be meaningful.

    Examples
    --------
    >>> bowl = Landscape("bowl", lambda x: float(x @ x), bounds=[(-1, 1)] * 2, x0=[1, 1],
    ...                  minimizers=[[0, 0]], fmin=0.0)
    >>> bowl([0.5, 0.5])
    0.5
    >>> bowl.distance([0.0, 1.0])
    1.0

    A function with an unknown minimum:

    >>> rough = Landscape("rough", lambda x: float(np.sin(9 * x @ x) + x @ x), bounds=[(-1, 1)] * 2, x0=[1, 1])
    >>> rough.minimum_is_known
    False
    """

    natural_structure: Structure | None = None
    minimum_is_seen: bool = False
    """Whether the best point of a baseline stands in for an unknown minimum."""
    own_instances: Callable[[int], Landscape] | None = None
    """Function that builds a numbered instance, if the literature defines the instances."""
    _found_by: tuple[Callable[..., Landscape], tuple[Any, ...]] | None = None

    def __init__(
        self,
        name: str,
        fun: Callable[[FloatArray], float] | Formula | PlainFunction,
        *,
        bounds: ArrayLike | None = None,
        x0: Any,
        minimizers: Any = None,
        space: Space | None = None,
        fidelity: Fidelity | None = None,
        fmin: float | None = None,
        gradient: Callable[[FloatArray], ArrayLike] | Formula | PlainFunction | None = None,
        hessian: Callable[[FloatArray], ArrayLike] | None = None,
        residuals: Callable[[FloatArray], ArrayLike] | Formula | PlainFunction | None = None,
        jacobian: Callable[[FloatArray], ArrayLike] | Formula | None = None,
        constraints: Any = (),
        noise: Noise | None = None,
        starts: Mapping[str, ArrayLike] | None = None,
        structure: Mapping[str, Any] | None = None,
        tags: str | Iterable[str] = (),
        source: str = "",
        family: str = "",
        minimizers_complete: bool = True,
        version: int = 1,
        summary: str = "",
        id: str | None = None,
        made_by: tuple[Callable[..., Landscape], tuple[Any, ...]] | None = None,
        validate: bool = True,
    ) -> None:
        __tracebackhide__ = True
        self.name = name
        self.id = id or name
        self.space = space
        self.fidelity = fidelity
        fun = fun if fidelity is None else AtLevel(fun, fidelity)
        if space is not None:
            fun, bounds, x0, starts, minimizers = coded(
                space,
                fun=fun,
                bounds=bounds,
                x0=x0,
                starts=starts,
                minimizers=minimizers,
                complete=minimizers_complete,
            )
        self._leveled: Any = fun if fidelity is not None else None
        self.bounds = as_frozen(given_bounds(self.id, bounds))
        self.dim = len(self.bounds)
        self.x0 = as_frozen(x0)
        self.starts = MappingProxyType({key: as_frozen(start) for key, start in (starts or {}).items()})
        self.all_minimizers, self.fmin = minimum_of(self.id, self.dim, minimizers, fmin, minimizers_complete)
        self.tags = parse_tags(tags) | tags_of(space, fidelity)
        self.source = source
        self.family = family
        self.summary = summary
        self.version = version
        self.minimizers_complete = minimizers_complete and self.all_minimizers.listed_all
        self._made_by = made_by
        self.uncut: Landscape | None = None
        self._take_structure(structure)
        self.written = f"landscapes.get({self.id!r})"
        starting = {"x0": self.x0, **{f"start {key!r}": start for key, start in self.starts.items()}}
        check_facts(self.id, self.bounds, starting, self.minimizers, may_pin=made_by is not None)
        faults = points_outside(self.bounds, starting, self.minimizers)
        self.objective = as_function(fun, self.dim, self.id)
        self.gradient_function = None if gradient is None else as_function(gradient, self.dim, self.id)
        self.residual_function = None if residuals is None else as_function(residuals, self.dim, self.id)
        self._jacobian = None if jacobian is None else as_function(jacobian, self.dim, self.id)
        self._hessian = hessian
        self.own_constraints = as_constraints(constraints, self.dim, self.id)
        if made_by is None:
            faults += not_kept(self.own_constraints, self.minimizers)
        self.noise = noise
        self._short_ndim = 1 if getattr(self.objective, "unrolled", True) else -1  # evaluate one short point by floats
        self.floats: Callable[[list[float]], float] = self.objective.floats
        """The objective as a function of a list of ``dim`` floats, the fastest way to evaluate one point."""
        self._validate = validate
        self._fmin_tolerance: float | None = None
        if validate and made_by is None:
            self._fmin_tolerance = check(self, faults)
        elif faults:
            raise ValueError(said(self.id, faults))
        if noise is not None:
            noise.check(self)
            self.tags |= {"noisy"}
        self.freeze()

    def _take_structure(self, structure: Mapping[str, Any] | None) -> None:
        self.structure = Structure(structure) if structure else Structure.plain(self.dim)
        self.structure.check_dim(self.dim, self.id)
        if not self.structure.is_plain:
            self.tags |= {"structured"}
        self.unstructured: Landscape | None = None

    @property
    def minimizers(self) -> FloatArray:
        """All global minimisers, shape (m, dim).

        If ``minimizers_complete`` is False, these are the first 4096, or a few representatives of a continuum.
        """
        return self.all_minimizers.points

    @property
    def n_minimizers(self) -> float:
        """Number of global minimisers, listed or not; inf if they are not counted."""
        return self.all_minimizers.count

    @property
    def fmin_tolerance(self) -> float:
        """How far below ``fmin`` rounding may put a feasible value; a lower value proves ``fmin`` wrong.

        Examples
        --------
        >>> from pytest_optlandscape import landscapes
        >>> landscapes.get("booth").fmin_tolerance < 1e-6
        True
        """
        if self._fmin_tolerance is None:
            self._fmin_tolerance = tolerance_of(self, is_expensive=not (self._validate or self.family))
        return self._fmin_tolerance

    @property
    def minimum_is_known(self) -> bool:
        """Whether ``fmin`` is a number.

        If it is NaN, there are no gaps and distances. Compare values instead: see `Run.best_fun` and
        ``assert_converges(run, fun=...)``.
        """
        return not math.isnan(self.fmin)

    def check_minimum_is_known(self) -> None:
        """Raise ValueError if the minimum is not known."""
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
        """The gradient as a function of a list of ``dim`` floats that returns such a list."""
        if self.gradient_function is None:
            raise ValueError(
                f"{self.id} has no gradient; give one as Landscape(..., gradient=...), or use an optimizer "
                "without gradients"
            )
        return self.gradient_function.floats

    def __call__(self, x: Any) -> Any:
        """Evaluate the objective.

        Parameters
        ----------
        x : array_like, tensor or mapping, shape (dim,) or (n, dim)
            A point or a batch of points; tensors of torch, JAX and TensorFlow stay differentiable. Over a search space,
            a configuration is a point too.

        Returns
        -------
        float or ndarray or tensor
            A float for a point, shape (n,) for a batch, a tensor for tensors. Points in half precision give values in
            single precision, because half precision overflows: at Beale's (4, 4), for example.

        Raises
        ------
        ValueError
            If ``x`` has another shape or does not hold numbers.
        """
        if x.__class__ is _ndarray and x.dtype is _FLOAT64 and x.ndim == self._short_ndim:
            return self.floats(x.tolist())
        values = self.objective(as_code(self.space, x))
        return values.item() if isinstance(values, np.generic) else values

    def at(self, x: Any, level: float) -> float:
        """Evaluate the objective at a level of its fidelity.

        Parameters
        ----------
        x : array_like, shape (dim,), or mapping
            A point or a configuration.
        level : float

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If the landscape has no fidelity, the level is outside its range, or the point has another shape.

        Examples
        --------
        >>> from pytest_optlandscape.landscapes.spaces import Fidelity
        >>> bowl = Landscape("bowl", lambda x, epochs: float(x @ x) + 1.0 / epochs - 0.1, bounds=[(-1, 1)], x0=[1],
        ...                  minimizers=[[0]], fmin=0.0, fidelity=Fidelity("epochs", 1, 10))
        >>> bowl.at([0.0], 2), bowl([0.0])
        (0.4, 0.0)
        """
        if self.fidelity is None:
            raise ValueError(f"{self.id} has no fidelity; give one as Landscape(..., fidelity=Fidelity(...))")
        level = self.fidelity.level_of({self.fidelity.name: level})
        point = self._points(as_code(self.space, x))
        if point.ndim != 1:
            raise ValueError(f"a point of {self.id} has shape ({self.dim},), got {point.shape}")
        return self.floats_at(point.tolist(), level)

    def floats_at(self, values: list[float], level: float) -> float:
        """Evaluate the objective at a list of ``dim`` floats, as `floats` does, and at a level that is in range."""
        point = np.array(values, dtype=np.float64)
        self.objective.check_shape(point.shape)
        return float(self._leveled.at(point, level))

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

        Without a ``hessian`` of its own, the gradient is differentiated by a complex step of 1e-100. The result is
        exact to rounding.

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

        References
        ----------
        W. Squire, G. Trapp: Using Complex Variables to Estimate Derivatives of Real Functions, SIAM Rev. 40 (1998).
        """
        points = self._points(x)
        if self._hessian is not None:
            one_by_one = [np.asarray(self._hessian(point), dtype=np.float64) for point in np.atleast_2d(points)]
            return np.array(one_by_one) if points.ndim == 2 else one_by_one[0]
        return hessian_by_complex_step(self._gradient_formula("Hessian"), points)

    def hessp(self, x: ArrayLike, p: ArrayLike) -> FloatArray:
        """Multiply the Hessian by a vector, for the cost of one gradient.

        Parameters
        ----------
        x : array_like, shape (dim,) or (n, dim)
            A point or a batch of points.
        p : array_like, shape (dim,) or that of x
            One vector, or one for each point.

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
        """Whether the landscape is a sum of squares and `residuals` can be called."""
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
            If ``x`` has another shape, or the landscape is not a sum of squares.

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
            If ``x`` has another shape, or the landscape is not a sum of squares.
        """
        points = self._points(x)
        residuals = self._residual_function()
        if isinstance(self._jacobian, Formula):  # stored column by column
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
            raise ValueError(f"{self.id} is not a sum of squares, so it has no residuals")
        return self.residual_function

    def _points(self, x: ArrayLike) -> FloatArray:
        points = real_points(as_code(self.space, x))
        self.objective.check_shape(points.shape)
        return points

    @property
    def constraints(self) -> tuple[Any, ...]:
        """The constraints besides the bounds, as SciPy's methods take them.

        Those of the catalogue are `scipy.optimize.NonlinearConstraint`. Your own keep their kind, flags and arguments.
        A `Problem` counts their evaluations; this property does not.
        """
        return tuple(constraint.to_scipy() for constraint in self.own_constraints)

    def violation(self, x: ArrayLike) -> Any:
        """Return the largest violation of a constraint besides the bounds, in the constraint's units.

        Parameters
        ----------
        x : array_like, shape (dim,) or (n, dim)

        Returns
        -------
        float or ndarray of shape (n,)
            0 if all constraints hold.
        """
        points = self._points(x)
        worst = np.zeros(points.shape[:-1])
        for constraint in self.own_constraints:
            worst = np.maximum(worst, constraint.violation(points))
        return float(worst) if points.ndim == 1 else worst

    def is_feasible(self, x: ArrayLike) -> Any:
        """Return whether each point lies inside the bounds and violates no constraint by more than 1e-6."""
        return self.contains(x) & (self.violation(x) <= FEASIBILITY)

    def distance(self, x: ArrayLike) -> Any:
        """Return the Euclidean distance to the nearest global minimiser.

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
        """Return whether each point lies inside the bounds, edges included.

        Parameters
        ----------
        x : array_like, shape (dim,) or (n, dim)
            A point with NaN is outside.

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

    def shift(self, offset: ArrayLike | float | None = None, *, seed: int | None = None) -> Landscape:
        """Shift the landscape with its box, starts and minimisers.

        Parameters
        ----------
        offset : array_like, shape (dim,) or ()
            The vector added to every point.
        seed : int, optional
            Draw an offset of up to a quarter of the box's width, in steps of 1/1024 of it.

        Raises
        ------
        ValueError
            If the offset has another shape or is not finite.

        Examples
        --------
        >>> from pytest_optlandscape import landscapes
        >>> landscapes.get("beale").shift([1.0, -1.0]).minimizers.tolist()
        [[4.0, -0.5]]
        """
        return instances.shift(self, offset, seed=seed)

    def rotate(self, seed: int) -> Landscape:
        """Rotate the landscape around a global minimiser by a random orthogonal matrix.

        If the landscape has one minimiser and is known to be nowhere lower, the box stays. Else the new box is the
        largest cube around the minimiser whose image lies in the old box, and minimisers outside it are dropped.

        Raises
        ------
        ValueError
            If there is only one coordinate, or neither box exists.

        Examples
        --------
        >>> from pytest_optlandscape import landscapes
        >>> turned = landscapes.get("beale").rotate(seed=1)
        >>> turned(turned.minimizers[0])
        0.0
        """
        return instances.rotate(self, seed)

    def scale(self, condition: float) -> Landscape:
        """Stretch the axes and the box so that a sphere's Hessian gets a given condition number.

        Coordinate k is divided by condition^(k / (2 (dim − 1))).

        Raises
        ------
        ValueError
            If the condition number is below 1, or there is only one coordinate.

        Examples
        --------
        >>> from pytest_optlandscape import landscapes
        >>> landscapes.get("sphere", dim=2).scale(16.0).hessian([0.0, 0.0]).tolist()
        [[2.0, 0.0], [0.0, 32.0]]
        """
        return instances.scale(self, condition)

    def permute(self, order: ArrayLike | None = None, *, seed: int | None = None) -> Landscape:
        """Permute the coordinates.

        Parameters
        ----------
        order : array_like of int, shape (dim,)
            Coordinate k is the original's coordinate ``order[k]``.
        seed : int, optional
            Draw an order.

        Raises
        ------
        ValueError
            If the order is not a permutation.

        Examples
        --------
        >>> from pytest_optlandscape import landscapes
        >>> landscapes.get("beale").permute([1, 0]).minimizers.tolist()
        [[0.5, 3.0]]
        """
        return instances.permute(self, order, seed=seed)

    def instance(self, number: int) -> Landscape:
        """Return a numbered instance, rotated and shifted; it is the same on every machine.

        If it cannot be rotated, its coordinates are permuted. Number 0 is the landscape itself. BBOB functions have
        COCO's instances, numbered from 1.

        Examples
        --------
        >>> from pytest_optlandscape import landscapes
        >>> landscapes.get("beale").instance(3)
        landscapes.get('beale:3')
        """
        return instances.instance(self, number)

    def noisy(self, model: str | Noise = "additive", level: float | None = None, seed: int | None = None) -> Landscape:
        """Return the landscape with noise on the values and gradients that an optimizer sees.

        Noise that the landscape already has is replaced. Called directly, the landscape still returns exact values. A
        `Problem` disturbs evaluation k alike each time. Hessians, residuals and constraints stay exact.

        Parameters
        ----------
        model : str or Noise, default "additive"
            ``"additive"``, ``"multiplicative"``, ``"cauchy"``, or for sums of squares ``"minibatch"``.
        level : float, optional
            Size of the noise (default: the model's own; for a name 0.01, as a share of f(x0) − fmin or of the value, or
            one residual in a minibatch).
        seed : int, optional
            Of the noise (default: the model's own, 0 for a name).

        Raises
        ------
        TypeError
            If the model is neither a name nor a noise.
        ValueError
            If the model is unknown, the level is not positive, the seed is no whole number from 0, or the landscape
            cannot have such noise.

        Examples
        --------
        >>> from pytest_optlandscape import Problem, landscapes
        >>> noisy = landscapes.get("beale").noisy("multiplicative", seed=1)
        >>> first, again = Problem(noisy)([1.0, 1.0]), Problem(noisy)([1.0, 1.0])
        >>> first == again, first == noisy([1.0, 1.0])
        (True, False)
        """
        if self.uncut is not None:
            return self.uncut.noisy(model, level, seed).within(self.bounds)
        noise = noise_of(model, level, seed)
        noise.check(self)
        disturbed = self.renamed(f"{self.id}:{noise.label}", made_by=(Landscape.noisy, (self, noise)))
        written = f"{self!r}.{call_of(noise)}"
        set_attributes(disturbed, written=written, noise=noise, tags=self.tags | {"noisy"})
        return disturbed

    def structured(self, **parts: int | tuple[int, ...]) -> Landscape:
        """Return the landscape with its point split into named tensors; values and minimisers do not change.

        Optimizers of Keras, torch and optax then see one variable, parameter or leaf for each part. Other optimizers
        see one vector: the parts in order, each flattened in C order.

        Parameters
        ----------
        **parts : int or tuple of int
            The shape of each part (default: the landscape's own structure; networks have one).

        Raises
        ------
        ValueError
            If the parts do not hold ``dim`` numbers in total, a shape or name is invalid, or no part is named and the
            landscape has no structure of its own.

        Examples
        --------
        >>> from pytest_optlandscape import landscapes
        >>> layer = landscapes.get("rosenbrock[6]").structured(kernel=(2, 2), bias=2)
        >>> layer
        landscapes.get('rosenbrock[6]:structured(kernel=2x2,bias=2)')
        >>> layer.structure.split(layer.x0)["kernel"].shape
        (2, 2)
        >>> dict(landscapes.get("xor_mlp_l2").structured().structure)
        {'hidden_weight': (2, 2), 'hidden_bias': (2,), 'output_weight': (1, 2), 'output_bias': (1,)}
        """
        return structure.structured(self, parts)

    def keeping_feasible(self) -> Landscape:
        """Return the landscape with ``keep_feasible=True`` for every inequality constraint.

        An optimizer must then evaluate only points that keep these constraints. The start must keep them too.

        Raises
        ------
        ValueError
            If there is no inequality constraint besides the bounds.

        Examples
        --------
        >>> from pytest_optlandscape import landscapes
        >>> landscapes.get("rosenbrock_disk").keeping_feasible().constraints[0].keep_feasible
        True
        """
        if not any(np.any(constraint.lower < constraint.upper) for constraint in self.own_constraints):
            raise ValueError(
                f"{self.id} has no inequality constraint besides its bounds, so keep_feasible does not apply"
            )
        keeping = self.renamed(f"{self.id}:keeping-feasible", made_by=(Landscape.keeping_feasible, (self,)))
        set_attributes(
            keeping,
            written=f"{self!r}.keeping_feasible()",
            own_constraints=tuple(map(keeping_feasible, self.own_constraints)),
            uncut=self.uncut and self.uncut.keeping_feasible(),
        )
        return keeping

    def within(self, bounds: ArrayLike) -> Landscape:
        """Restrict the landscape to a part of its box.

        If all minimisers are cut off and the landscape is not both separable and unimodal, the minimum is not known:
        ``minimum_is_known`` is False, ``fmin`` is NaN, and ``minimizers`` is empty.

        Parameters
        ----------
        bounds : array_like, shape (dim, 2)
            Bounds within the landscape's own; equal bounds fix a coordinate. Starts outside are moved onto the bounds.

        Raises
        ------
        ValueError
            If the bounds have another shape, cross, or reach beyond the landscape's.

        Examples
        --------
        >>> from pytest_optlandscape import landscapes
        >>> landscapes.get("sphere", dim=2).within([(1, 2), (-1, 1)]).minimizers.tolist()
        [[1.0, 0.0]]
        >>> landscapes.get("beale").within([(0, 2), (0, 1)]).minimum_is_known
        False
        """
        return sub_box.within(self, bounds)

    def plot(self, kind: str = "contour", points: int | None = None, *, axes: tuple[int, int] | None = None) -> Any:
        """Draw the landscape with its minimisers and starts.

        Parameters
        ----------
        kind : str, default "contour"
            Or ``"surface"``. One coordinate gives a curve. With more than two, the plane of two coordinates through a
            global minimiser is drawn.
        points : int, optional
            Number of points along each axis (default: 101 for contours, 201 for a surface, 401 for a curve).
        axes : tuple of int, optional
            Indices of the two coordinates to draw (default: the first two that the bounds do not fix).

        Returns
        -------
        figures.Figure
            A notebook shows it, and ``save("name.svg")`` writes it. A surface is a ``plotly.graph_objects.Figure``.

        Raises
        ------
        ValueError
            If the kind is unknown, ``points`` is below 2, or ``axes`` are not two coordinates that vary.
        ImportError
            If contourpy (extra ``report``) or, for a surface, Plotly (extra ``plotly``) is not installed.
        """
        return plotting.draw(self, kind, points, axes)

    def _repr_html_(self) -> str:
        return plotting.html_of(self)

    def renamed(self, name: str, *, made_by: tuple[Callable[..., Landscape], tuple[Any, ...]] | None) -> Landscape:
        """Copy under another id; the call ``made_by`` rebuilds it in another process, None sends it by value."""
        copied = Landscape.__new__(Landscape)  # copy.copy would look up the id in the catalogue
        written = f"landscapes.get({name!r})"
        set_attributes(copied, **{**self.__dict__, "id": name, "unstructured": None, "written": written})
        set_attributes(copied, own_instances=None, _found_by=None)
        copied._made_by = made_by
        return copied

    def __repr__(self) -> str:
        return self.written

    def __reduce__(self) -> tuple[Any, ...]:
        if self._found_by is not None:
            return self._found_by
        if self._made_by is not None:
            return self._made_by
        state = {key: value for key, value in self.__dict__.items() if key != "floats"}
        state["starts"] = dict(self.starts)
        return _restore, (state,)


def _restore(state: dict[str, Any]) -> Landscape:
    landscape = Landscape.__new__(Landscape)
    arrays = {"bounds": immutable(state["bounds"]), "x0": immutable(state["x0"])}
    starts = MappingProxyType({name: immutable(start) for name, start in state["starts"].items()})
    set_attributes(landscape, **{**state, **arrays, "starts": starts, "floats": state["objective"].floats})
    return landscape
