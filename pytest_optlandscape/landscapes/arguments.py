"""Conversion and checks of the arguments that define a landscape: arrays, functions, shapes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes.formula.evaluation import Formula, PlainFunction, real_points
from pytest_optlandscape.landscapes.frozen import immutable
from pytest_optlandscape.landscapes.minimizers import MinimizerList, Minimizers, NoMinimizers

__all__ = ["as_frozen", "as_function", "check_facts", "given_bounds", "listed", "minimum_of", "points_outside"]

FloatArray = NDArray[np.float64]

_MOST_WRITTEN = 8
"""An id lists up to this many numbers; longer lists become a hash."""


def as_frozen(values: ArrayLike) -> FloatArray:
    """Copy finite real numbers into a read-only array; raise ValueError for inf, nan and complex numbers."""
    array = real_points(values).copy()
    if not np.all(np.isfinite(array)):
        raise ValueError(f"bounds and starts must be finite, got {array.tolist()}")
    return immutable(array)


def given_bounds(name: str, bounds: ArrayLike | None) -> ArrayLike:
    """Return the bounds, or raise TypeError where there are none."""
    if bounds is None:
        raise TypeError(f"{name}: give bounds of shape (dim, 2), or a space")
    return bounds


def as_function(function: Any, dim: int, name: str) -> Formula | PlainFunction:
    """Return a `Formula` unchanged; wrap a user's function as a `PlainFunction`."""
    return function if isinstance(function, Formula | PlainFunction) else PlainFunction(function, dim, name)


def minimum_of(
    name: str, dim: int, minimizers: ArrayLike | Minimizers | None, fmin: float | None, is_complete: bool
) -> tuple[Minimizers, float]:
    """Read the minimum: both minimisers and value, or neither.

    Parameters
    ----------
    name : str
        The landscape's id, for messages.
    dim : int
    minimizers : array_like, shape (m, dim), or Minimizers, optional
    fmin : float, optional
    is_complete : bool
        Whether all minimisers are listed.

    Returns
    -------
    Minimizers
    float
        NaN if the minimum is not known.

    Raises
    ------
    ValueError
        If only one of the two is given.
    """
    if (minimizers is None) != (fmin is None):
        given, missing = ("minimizers", "fmin") if fmin is None else ("fmin", "minimizers")
        raise ValueError(f"{name}: {given} without {missing}; give both, or neither if the minimum is not known")
    if minimizers is None or fmin is None:
        return NoMinimizers(dim), math.nan
    known = minimizers if isinstance(minimizers, Minimizers) else MinimizerList(minimizers, is_complete)
    return known, float(fmin)


def check_facts(
    name: str,
    bounds: FloatArray,
    starts: Mapping[str, FloatArray],
    minimizers: FloatArray,
    *,
    may_pin: bool = False,
) -> None:
    """Check that shapes agree and that lower bounds are below upper bounds.

    Parameters
    ----------
    name : str
        The landscape's id, for messages.
    bounds : ndarray, shape (dim, 2)
    starts : mapping of str to ndarray, shape (dim,)
        The points by the names that messages use.
    minimizers : ndarray, shape (m, dim)
    may_pin : bool, default False
        Whether a lower bound may equal its upper bound.

    Raises
    ------
    ValueError
        If a shape is wrong or bounds cross.
    """
    if bounds.ndim != 2 or bounds.shape[1] != 2 or not len(bounds):
        raise ValueError(f"{name}: bounds must have shape (dim, 2), got {bounds.shape}")
    lower, upper = bounds.T
    dim = len(bounds)
    if not np.all((lower <= upper) if may_pin else (lower < upper)):
        raise ValueError(f"{name}: every lower bound must be below its upper bound, got {bounds!r}")
    for what, point in starts.items():
        if point.shape != (dim,):
            raise ValueError(f"{name}: {what} must have shape ({dim},), got {point.shape}")
    if minimizers.shape[1:] != (dim,):
        raise ValueError(f"{name}: minimizers must have shape (m, {dim}), got {minimizers.shape}")


def points_outside(bounds: FloatArray, starts: Mapping[str, FloatArray], minimizers: FloatArray) -> list[str]:
    """Return one sentence for each start and minimiser outside the bounds.

    Examples
    --------
    >>> points_outside(np.array([[0.0, 1.0]]), {"x0": np.array([0.5])}, np.array([[2.0]]))
    ['minimizer 0 = [2.0] lies outside the bounds']
    """
    lower, upper = bounds.T
    points = {**starts, **{f"minimizer {k}": point for k, point in enumerate(minimizers)}}
    return [
        f"{what} = {point.tolist()} lies outside the bounds"
        for what, point in points.items()
        if not (np.all(point >= lower) and np.all(point <= upper))
    ]


def listed(numbers: Iterable[float]) -> str:
    """Write numbers for an id: one if all are equal, a hash if they are many.

    Examples
    --------
    >>> listed([1.0, 0.5]), listed([2.0, 2.0]), listed(range(20))
    ('1,0.5', '2', '0309058c7162')
    """
    texts = [repr(number).removesuffix(".0") for number in numbers]
    if len(set(texts)) == 1 and len(texts) > 1:
        return texts[0]
    if len(texts) > _MOST_WRITTEN:
        return hashlib.sha256(",".join(texts).encode()).hexdigest()[:12]
    return ",".join(texts)
