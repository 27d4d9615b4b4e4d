"""Hypothesis strategies: starts, bounds and landscapes for tests of properties, and for the simplest start that fails.

Rates and everything that is tracked come from `low_discrepancy` instead: Hypothesis draws are made to find trouble,
not to be fair.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes import Landscape, select
from pytest_optlandscape.runs import as_landscape
from pytest_optlandscape.strategies.low_discrepancy import sobol_starts

__all__ = ["bounds", "landscapes", "starts"]

FloatArray = NDArray[np.float64]
_SPREAD = 1024
_GRID = 16  # offsets are sixteenths of a unit: shrunk, they are numbers a person can read


def starts(landscape: Landscape | str, *, bounds: ArrayLike | None = None) -> st.SearchStrategy[FloatArray]:
    """Draw starting points inside the bounds.

    A draw is the standard start moved by whole sixteenths, one of 1024 evenly spread points, or a point some of
    whose coordinates lie on the bounds. What fails everywhere fails at the standard start; failing starts of the
    first kind shrink towards it, by few, short binary fractions.

    Parameters
    ----------
    landscape : Landscape or str
        Or its id.
    bounds : array_like, shape (dim, 2), optional
        Another box than the landscape's.

    Returns
    -------
    SearchStrategy
        Of arrays of shape (dim,).

    Raises
    ------
    ValueError
        If the landscape is unknown.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(x0=starts("beale"))
    ... def test_inside(x0):
    ...     assert abs(x0).max() <= 4.5
    >>> test_inside()
    """
    landscape = as_landscape(landscape)
    box = landscape.bounds if bounds is None else np.asarray(bounds, dtype=np.float64)
    lower, upper = box.T
    centre = np.clip(landscape.x0, lower, upper)
    spread = sobol_starts(landscape, _SPREAD, box)

    def start(drawn: tuple[str, list[int], int, list[str]]) -> FloatArray:
        kind, steps, index, sides = drawn
        if kind == "near":
            moved: FloatArray = np.clip(centre + np.array(steps) / _GRID, lower, upper)
            return moved
        point: FloatArray = spread[index].copy()
        if kind == "on bounds":
            for k, side in enumerate(sides):
                point[k] = {"inside": point[k], "lower": lower[k], "upper": upper[k]}[side]
        return point

    widest = max(int(np.max(upper - lower) * _GRID), 1)
    steps = st.lists(st.integers(-widest, widest), min_size=landscape.dim, max_size=landscape.dim)
    sides = st.lists(st.sampled_from(["inside", "lower", "upper"]), min_size=landscape.dim, max_size=landscape.dim)
    # Every kind draws as much as any other: Hypothesis takes what draws less for simpler, whatever comes first.
    kind = st.sampled_from(["near", "spread", "on bounds"])
    return st.tuples(kind, steps, st.integers(0, _SPREAD - 1), sides).map(start)


def bounds(landscape: Landscape | str) -> st.SearchStrategy[FloatArray]:
    """Draw boxes inside the landscape's own that keep one of its global minimisers.

    Sides are moved inwards by sixteenths of the way to the minimiser; all the way puts it on a bound, and a
    box never has an empty side. The minimum inside is still fmin.

    Parameters
    ----------
    landscape : Landscape or str
        Or its id.

    Returns
    -------
    SearchStrategy
        Of arrays of shape (dim, 2); they shrink towards the landscape's own bounds.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(box=bounds("beale"))
    ... def test_minimizer_is_kept(box):
    ...     assert box[0, 0] <= 3.0 <= box[0, 1] and box[1, 0] <= 0.5 <= box[1, 1]
    >>> test_minimizer_is_kept()
    """
    landscape = as_landscape(landscape)

    def box(drawn: tuple[int, list[tuple[int, int]]]) -> FloatArray:
        which, steps = drawn
        minimizer = landscape.minimizers[which]
        moved = np.array(landscape.bounds)
        for side in (0, 1):
            shares = np.array([pair[side] for pair in steps]) / _GRID
            moved[:, side] = np.where(shares == 1.0, minimizer, moved[:, side] + shares * (minimizer - moved[:, side]))
        empty = moved[:, 0] >= moved[:, 1]
        moved[empty] = landscape.bounds[empty]
        return moved

    pair = st.tuples(st.integers(0, _GRID), st.integers(0, _GRID))
    which = st.integers(0, len(landscape.minimizers) - 1)
    return st.tuples(which, st.lists(pair, min_size=landscape.dim, max_size=landscape.dim)).map(box)


def landscapes(
    *ids: str,
    tags: str | Iterable[str] = (),
    dim: int | Iterable[int] | None = None,
    exclude: str | Iterable[str] = (),
) -> st.SearchStrategy[Landscape]:
    """Draw landscapes of the catalogue, chosen as by `landscapes.select`.

    Parameters
    ----------
    *ids : str
        Names or ids to choose from; by default the whole catalogue.
    tags, dim, exclude
        As for `landscapes.select`.

    Returns
    -------
    SearchStrategy
        Of `Landscape`; shrinks towards the first of the catalogue.

    Raises
    ------
    ValueError
        If a name or tag is unknown, or nothing is left to draw from.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(landscape=landscapes(tags="convex", dim=3))
    ... def test_minimum(landscape):
    ...     assert landscape(landscape.minimizers[0]) <= landscape(landscape.x0)
    >>> test_minimum()
    """
    chosen = select(*ids, tags=tags, dim=dim, exclude=exclude)
    if not chosen:
        raise ValueError(f"no landscape has tags {tags!r} and dim {dim!r} without {exclude!r}")
    return st.sampled_from(chosen)
