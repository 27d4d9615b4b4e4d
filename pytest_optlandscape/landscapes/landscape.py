"""`Landscape`: an objective whose minima are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes.formula import Formula
from pytest_optlandscape.landscapes.minimizers import MinimizerList, Minimizers
from pytest_optlandscape.landscapes.tags import parse_tags
from pytest_optlandscape.landscapes.tracing import LARGEST_UNROLLED

__all__ = ["Landscape"]

FloatArray = NDArray[np.float64]
_ndarray = np.ndarray
_FLOAT64 = np.dtype(np.float64)
_COMPLEX_STEP = 1e-100  # so small that its square vanishes: the derivative is exact to rounding


class Landscape:
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
    minimizers : array_like, shape (m, dim)
        All global minimisers inside the bounds.
    fmin : float
        The minimum.
    gradient : callable, optional
        ``gradient(x)`` takes a point (dim,) and returns an array (dim,).
    hessian : callable, optional
        ``hessian(x)`` takes a point (dim,) and returns an array (dim, dim).
    starts : mapping of str to array_like, optional
        Further starts by name.
    tags : str or iterable of str, optional
        Words of `TAGS` that describe the landscape.
    source : str, optional
        Where the function comes from: author, year, number.
    minimizers_complete : bool, default True
        False if there are global minimisers that are not listed.
    version : int, default 1
        To be raised when the definition changes, so that stored results are no longer compared.

    Attributes
    ----------
    id : str
        The name, with the dimension for scalable landscapes: ``"rosenbrock[10]"``.
    dim : int
        Number of coordinates.
    n_minimizers : int or float
        How many global minimisers there are, also where they are too many to list; infinity for a continuum.

    Raises
    ------
    ValueError
        If shapes disagree, a bound is not below its partner, or a start or minimiser is outside the bounds.

    Examples
    --------
    >>> bowl = Landscape("bowl", lambda x: float(x @ x), bounds=[(-1, 1)] * 2, x0=[1, 1],
    ...                  minimizers=[[0, 0]], fmin=0.0)
    >>> bowl([0.5, 0.5])
    0.5
    >>> bowl.distance([0.0, 1.0])
    1.0
    """

    def __init__(
        self,
        name: str,
        fun: Callable[[FloatArray], float] | Formula,
        *,
        bounds: ArrayLike,
        x0: ArrayLike,
        minimizers: ArrayLike | Minimizers,
        fmin: float,
        gradient: Callable[[FloatArray], ArrayLike] | Formula | None = None,
        hessian: Callable[[FloatArray], ArrayLike] | None = None,
        starts: Mapping[str, ArrayLike] | None = None,
        tags: str | Iterable[str] = (),
        source: str = "",
        minimizers_complete: bool = True,
        version: int = 1,
        summary: str = "",
        id: str | None = None,
    ) -> None:
        self.name = name
        self.id = id or name
        self.bounds = _frozen(bounds)
        self.dim = len(self.bounds)
        self.x0 = _frozen(x0)
        self.starts = MappingProxyType({key: _frozen(start) for key, start in (starts or {}).items()})
        self._minimizers: Minimizers = minimizers if isinstance(minimizers, Minimizers) else MinimizerList(minimizers)
        self.fmin = float(fmin)
        self.tags = parse_tags(tags)
        self.source = source
        self.summary = summary
        self.version = version
        self.minimizers_complete = minimizers_complete and self._minimizers.listed_all
        self._check()
        self._formula = fun if isinstance(fun, Formula) else _PlainFunction(fun, self.dim, self.id)
        self._gradient = (
            gradient
            if isinstance(gradient, Formula) or gradient is None
            else _PlainFunction(gradient, self.dim, self.id)
        )
        self._hessian = hessian
        self._short_ndim = 1 if self.dim <= LARGEST_UNROLLED else -1  # one short point: the path through floats
        self.floats: Callable[[list[float]], float] = self._formula.floats
        """The objective as a function of a list of ``dim`` floats: the fastest way to evaluate one point."""

    def _check(self) -> None:
        if self.bounds.ndim != 2 or self.bounds.shape[1] != 2 or not self.dim:
            raise ValueError(f"{self.id}: bounds have shape (dim, 2), got {self.bounds.shape}")
        lower, upper = self.bounds.T
        if not np.all(lower < upper):
            raise ValueError(f"{self.id}: every lower bound must be below its upper bound, got {self.bounds!r}")
        points = {"x0": self.x0, **{f"start {key!r}": start for key, start in self.starts.items()}}
        for what, point in points.items():
            if point.shape != (self.dim,):
                raise ValueError(f"{self.id}: {what} has shape ({self.dim},), got {point.shape}")
        if self.minimizers.shape[1:] != (self.dim,):
            raise ValueError(f"{self.id}: minimizers have shape (m, {self.dim}), got {self.minimizers.shape}")
        points |= {f"minimizer {k}": point for k, point in enumerate(self.minimizers)}
        for what, point in points.items():
            if not (np.all(point >= lower) and np.all(point <= upper)):
                raise ValueError(f"{self.id}: {what} = {point.tolist()} lies outside the bounds")

    @property
    def minimizers(self) -> FloatArray:
        """All global minimisers, shape (m, dim).

        If ``minimizers_complete`` is False, the first 4096 of them; of a continuum, one that stands for all.
        """
        return self._minimizers.points

    @property
    def n_minimizers(self) -> int | float:
        """How many global minimisers there are; infinity for a continuum."""
        return self._minimizers.count

    @property
    def has_gradient(self) -> bool:
        """Whether `gradient` can be called."""
        return self._gradient is not None

    @property
    def gradient_floats(self) -> Callable[[list[float]], list[float]]:
        """The gradient as a function of a list of ``dim`` floats, giving such a list."""
        if self._gradient is None:
            raise ValueError(
                f"{self.id} has no gradient; give one as Landscape(..., gradient=...), or take an optimizer without"
            )
        return self._gradient.floats

    def __call__(self, x: Any) -> Any:
        """Evaluate the objective.

        Parameters
        ----------
        x : array_like or tensor, shape (dim,) or (n, dim)
            A point or a batch of points; tensors of torch, JAX and TensorFlow stay differentiable.

        Returns
        -------
        float or ndarray or tensor
            A float for a point, shape (n,) for a batch, a tensor for tensors.

        Raises
        ------
        ValueError
            If ``x`` has another shape or holds no numbers.
        """
        if x.__class__ is _ndarray and x.dtype is _FLOAT64 and x.ndim == self._short_ndim:
            return self.floats(x.tolist())
        values = self._formula(x)
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
        gradient = self._gradient(x)  # type: ignore[misc]
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
        points = np.asarray(x, dtype=np.float64)
        self._formula.check_shape(points.shape)
        if points.ndim == 2:
            return np.array([self.hessian(point) for point in points])
        if self._hessian is not None:
            return np.asarray(self._hessian(points), dtype=np.float64)
        if not isinstance(self._gradient, Formula):
            raise ValueError(f"{self.id} has no Hessian; give one as Landscape(..., hessian=...)")
        steps = points + 1j * _COMPLEX_STEP * np.eye(self.dim)
        hessian = self._gradient(steps).imag / _COMPLEX_STEP
        symmetric: FloatArray = (hessian + hessian.T) / 2.0
        return symmetric

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
        points = np.asarray(x, dtype=np.float64)
        self._formula.check_shape(points.shape)
        return self._minimizers.distance(points)

    def contains(self, x: ArrayLike) -> Any:
        """Tell whether a point, or each point of a batch, lies inside the bounds (edges included)."""
        points = np.asarray(x)
        return np.all((points >= self.bounds[:, 0]) & (points <= self.bounds[:, 1]), axis=-1)

    def __repr__(self) -> str:
        return f"landscapes.get({self.id!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        from pytest_optlandscape.landscapes.registry import get, is_registered

        if is_registered(self):
            return get, (self.id,)
        state = {key: value for key, value in self.__dict__.items() if key != "floats"}
        state["starts"] = dict(self.starts)
        return _restore, (state,)


def _restore(state: dict[str, Any]) -> Landscape:
    landscape = Landscape.__new__(Landscape)
    landscape.__dict__.update(state, starts=MappingProxyType(state["starts"]))
    landscape.floats = landscape._formula.floats
    return landscape


def _unchanged(x: Any, xp: Any) -> Any:
    return x


class _PlainFunction:
    """A user's function of one point, with the face of a `Formula`."""

    def __init__(self, function: Callable[[FloatArray], Any], dim: int, name: str) -> None:
        self._function = function
        self._shape = Formula(_unchanged, dim, name)

    def check_shape(self, shape: tuple[int, ...]) -> None:
        self._shape.check_shape(shape)

    def floats(self, values: list[float]) -> Any:
        point = np.array(values, dtype=np.float64)
        self.check_shape(point.shape)
        result = self._function(point)
        return float(result) if np.ndim(result) == 0 else np.asarray(result, dtype=np.float64).tolist()

    def __call__(self, x: ArrayLike) -> Any:
        points = np.asarray(x, dtype=np.float64)
        self.check_shape(points.shape)
        if points.ndim == 1:
            return self.floats(points.tolist())
        return np.array([self.floats(point) for point in points.tolist()])


def _frozen(values: ArrayLike) -> FloatArray:
    array = np.array(values, dtype=np.float64)
    if not np.all(np.isfinite(array)):
        raise ValueError(f"bounds and starts must be finite, got {array.tolist()}")
    array.flags.writeable = False
    return array
