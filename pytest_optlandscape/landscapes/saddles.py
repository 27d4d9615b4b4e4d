"""Saddle points of the catalogue: the gradient vanishes, and the landscape rises one way and falls another.

A method that uses only gradients stops there. A method that uses curvature must leave along a negative eigenvalue.
``benchmarks/find_saddles.py`` writes the table.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes.landscape import Landscape
from pytest_optlandscape.landscapes.saddle_table import SADDLES
from pytest_optlandscape.landscapes.transforms import instances
from pytest_optlandscape.landscapes.transforms import sub_box as restriction
from pytest_optlandscape.landscapes.transforms.affine import AffineMap

__all__ = ["saddles"]

FloatArray = NDArray[np.float64]


def saddles(landscape: Landscape) -> FloatArray:
    """Return known saddle points of a landscape, the nearest to the standard start first.

    Parameters
    ----------
    landscape : Landscape
        From the catalogue; it may be transformed, restricted or noisy.

    Returns
    -------
    ndarray, shape (k, dim)
        At most two, inside the bounds; k is 0 if none is known.

    Examples
    --------
    >>> from pytest_optlandscape import landscapes
    >>> saddles(landscapes.get("himmelblau").shift([1.0, 0.0])).round(3).tolist()[0]
    [0.872, -1.954]
    >>> saddles(landscapes.get("sphere", dim=2)).shape
    (0, 2)
    """
    points = _points(landscape)
    lower, upper = landscape.bounds.T
    return points[np.all((points >= lower) & (points <= upper), axis=1)]


def _points(landscape: Landscape) -> FloatArray:
    listed = SADDLES.get(landscape.id) if landscape.family else None
    if listed is not None:
        return np.array(listed, dtype=np.float64)
    make, arguments = landscape._made_by or (None, ())
    return _carried(make, arguments, landscape.dim)


def _carried(make: Any, arguments: tuple[Any, ...], dim: int) -> FloatArray:
    """Transform the saddle points of the original landscape."""
    match arguments:
        case (AffineMap() as move, Landscape() as before):
            return move.from_original(_points(before))
        case (Landscape() as before, int(number)) if make is instances.instance:
            return _points(instances.moved(before, number))
        case (Landscape() as before, *_) if make in (Landscape.noisy, restriction.within):
            return _points(before)
    return np.empty((0, dim))
