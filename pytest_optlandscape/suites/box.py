"""`Box`: bounds within those of a landscape, and the minimum inside them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.runs import as_landscape

__all__ = ["KINDS", "Box", "box_of"]

FloatArray = NDArray[np.float64]

KINDS = ("keep", "touch", "pin", "cut")
"""Kinds of boxes: a minimiser inside, a minimiser on a bound, coordinates fixed at a minimiser's, no minimiser."""


def box_of(landscape: Landscape, bounds: ArrayLike | None) -> FloatArray:
    """Return the box of starts: the landscape's own unless another is given.

    Returns
    -------
    ndarray, shape (dim, 2)

    Raises
    ------
    ValueError
        If the bounds have another shape.

    Examples
    --------
    >>> from pytest_optlandscape import landscapes
    >>> box_of(landscapes.get("beale"), None).tolist()
    [[-4.5, 4.5], [-4.5, 4.5]]
    """
    box = np.array(landscape.bounds if bounds is None else bounds, dtype=np.float64)
    if box.shape != (landscape.dim, 2):
        raise ValueError(f"bounds of starts on {landscape.id} have the shape ({landscape.dim}, 2), got {box.shape}")
    return box


class Box:
    """Bounds within those of a landscape, and the minimum inside them as far as it is known.

    Parameters
    ----------
    landscape : Landscape or str
        Or its id.
    bounds : array_like, shape (dim, 2)
        Lower and upper bounds within the landscape's own; where they are equal the coordinate is fixed.

    Attributes
    ----------
    bounds : ndarray, shape (dim, 2)
        The bounds that an optimizer takes; ``np.asarray(box)`` returns the same.
    landscape : Landscape
    inside : Landscape
        The part of the landscape inside the box; see `Landscape.within`.

    Raises
    ------
    ValueError
        If the bounds have another shape, cross, or reach beyond the landscape's.

    Examples
    --------
    >>> kept = Box("beale", [(0, 4), (0, 1)])
    >>> kept.kind, kept.fmin
    ('keep', 0.0)
    >>> cut = Box("beale", [(0, 2), (0, 1)])
    >>> cut.kind, cut.fmin
    ('cut', None)
    >>> Box("sphere[2]", [(1, 2), (-1, 1)]).minimizers.tolist()
    [[1.0, 0.0]]
    """

    def __init__(self, landscape: Landscape | str, bounds: ArrayLike) -> None:
        self.landscape = as_landscape(landscape)
        self.inside = self.landscape.within(bounds)
        self.bounds: FloatArray = self.inside.bounds

    @property
    def kind(self) -> str:
        """One of `KINDS`; ``cut`` if no known minimiser is inside."""
        lower, upper = self.bounds.T
        if self.landscape.all_minimizers.within(lower, upper) is None:
            return "cut"
        kept = self.inside.minimizers
        if np.any(lower == upper):
            return "pin"
        on_bounds = np.any((kept == lower) | (kept == upper), axis=1)
        return "touch" if on_bounds.any() else "keep"

    @property
    def minimizers(self) -> FloatArray | None:
        """Global minimisers inside the box, shape (m, dim); None if they are unknown.

        If the box cuts the landscape's minimisers off, those inside are known for a separable landscape with one local
        minimum: each coordinate then is as near to the minimiser's as the box allows.
        """
        return self.inside.minimizers if self.inside.minimum_is_known else None

    @property
    def fmin(self) -> float | None:
        """The minimum inside the box; None if it is unknown. It is never below the landscape's ``fmin``."""
        return self.inside.fmin if self.inside.minimum_is_known else None

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> FloatArray:
        array = np.array(self.bounds, dtype=dtype)
        return array

    def __repr__(self) -> str:
        return f"Box({self.landscape.id!r}, {self.bounds.tolist()})"
