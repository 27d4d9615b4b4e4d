"""`Box`: bounds within a landscape's own, and what is known of the minimum inside them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.runs import as_landscape

__all__ = ["KINDS", "Box", "box_of"]

FloatArray = NDArray[np.float64]

KINDS = ("keep", "touch", "pin", "cut")
"""What a box does to the minimisers: keeps one inside, has one on its bounds, fixes coordinates, has none."""


def box_of(landscape: Landscape, bounds: ArrayLike | None) -> FloatArray:
    """Give the box in which starts are asked for: the landscape's own unless another is given.

    Returns
    -------
    ndarray, shape (dim, 2)

    Raises
    ------
    ValueError
        If bounds of another shape are given.

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
        To be handed to an optimizer; ``np.asarray(box)`` is the same.
    landscape : Landscape
    inside : Landscape
        The part of it inside the box, to be minimised like any; see `Landscape.within`.

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
        """One of `KINDS`; ``cut`` if none of the minimisers that are known is inside."""
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
        """Listed global minimisers of the landscape on the box, shape (m, dim); None if they are unknown.

        Where the landscape's own are cut off, they are known if it is separable and has one local minimum: each
        coordinate then goes as near to the minimiser's as it may.
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
