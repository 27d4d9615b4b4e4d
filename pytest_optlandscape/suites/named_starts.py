"""Named starts at which optimizers often fail: on and near bounds, at saddles, on plateaus, out of bounds."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes.saddles import saddles
from pytest_optlandscape.runs import as_landscape
from pytest_optlandscape.suites.box import box_of
from pytest_optlandscape.suites.low_discrepancy import sobol_starts

__all__ = ["special_starts"]

FloatArray = NDArray[np.float64]

_NEAR = 2.0**-20
"""Share of the box between a bound and a start near it: less than a usual finite-difference step."""

_OUTSIDE = 0.25
"""Share of the box between a bound and a start outside it."""

_STEP = 2.0**-7
"""Share of the box around a start that must be level for a plateau."""

_LEVEL = 1e-6
"""Changes below this share of the height above the minimum are level: they are lost in a forward difference."""

_PLATEAU_SEARCH = 256
"""Sobol' points among which the first on a plateau is searched for."""


def special_starts(
    landscape: Landscape | str, *, bounds: ArrayLike | None = None, outside: bool = False
) -> dict[str, FloatArray]:
    """Return the starts of a landscape at which optimizers often fail, by name.

    ==================================  =========================================================================
    ``standard``                        the literature's start; its other starts have their own names
    ``minimizer``                       a global minimiser
    ``centre``                          the centre of the box, often a point of symmetry
    ``corner-lower``, ``corner-upper``  all coordinates on a bound
    ``corner-mixed``                    on the lower and the upper bound alternately
    ``face-lower``, ``face-upper``      the first or the last coordinate on a bound, as in the suites
    ``near-lower``, ``near-upper``      a millionth of the box away from a corner
    ``saddle-0``, ``saddle-1``          saddle points, see `landscapes.saddles`
    ``plateau``                         the landscape is level around it, far above the minimum
    ==================================  =========================================================================

    Parameters
    ----------
    landscape : Landscape or str
        Or its id.
    bounds : array_like, shape (dim, 2), optional
        Another box than the landscape's. Starts outside it are left out, but the standard start and the starts of the
        literature move to its bounds.
    outside : bool, default False
        Whether to add ``outside-lower`` and ``outside-upper``, a quarter of the box beyond a corner, and
        ``outside-first``, where only the first coordinate is out of bounds. An optimizer that clips its start must clip
        these.

    Returns
    -------
    dict of str to ndarray, shape (dim,)
        Starts by name. Not every landscape has saddles or a plateau.

    Raises
    ------
    ValueError
        If the landscape is unknown.

    Examples
    --------
    >>> list(special_starts("beale"))[:4]
    ['standard', 'article', 'minimizer', 'centre']
    >>> special_starts("himmelblau")["saddle-0"].round(3).tolist()
    [-0.128, -1.954]
    """
    landscape = as_landscape(landscape)
    box = box_of(landscape, bounds)
    lower, upper = box.T
    width = upper - lower
    named = {"standard": landscape.x0, **landscape.starts}
    starts = {name: np.clip(start, lower, upper) for name, start in named.items()}
    even = np.arange(landscape.dim) % 2 == 0
    elsewhere = {f"saddle-{k}": point for k, point in enumerate(saddles(landscape))}
    plateau = _plateau(landscape)
    if plateau is not None:
        elsewhere["plateau"] = plateau
    if landscape.minimum_is_known:
        starts["minimizer"] = landscape.minimizers[0]
    starts |= {
        "centre": lower + width / 2.0,
        "corner-lower": lower.copy(),
        "corner-upper": upper.copy(),
        "corner-mixed": np.where(even, lower, upper),
    }
    if landscape.dim > 1:
        starts |= _faces(landscape, box)
    starts |= {"near-lower": lower + _NEAR * width, "near-upper": upper - _NEAR * width, **elsewhere}
    starts = {name: start for name, start in starts.items() if np.all((start >= lower) & (start <= upper))}
    if outside:
        step = _OUTSIDE * np.where(width > 0.0, width, 1.0)
        first = np.where(np.arange(landscape.dim) == 0, lower - step, starts["standard"])
        starts |= {"outside-lower": lower - step, "outside-upper": upper + step, "outside-first": first}
    return {name: np.array(start) for name, start in starts.items()}


def _faces(landscape: Landscape, box: FloatArray) -> dict[str, FloatArray]:
    face_lower, face_upper = sobol_starts(landscape, 18, box)[-2:].copy()
    face_lower[0], face_upper[-1] = box[0, 0], box[-1, 1]
    return {"face-lower": face_lower, "face-upper": face_upper}


def _plateau(landscape: Landscape) -> FloatArray | None:
    """Return the first Sobol' point around which the landscape is level, far above its minimum."""
    if "flat" not in landscape.tags or not landscape.minimum_is_known:
        return None
    points = sobol_starts(landscape, _PLATEAU_SEARCH)
    values = np.asarray(landscape(points))
    heights = values - landscape.fmin
    lower, upper = landscape.bounds.T
    around = np.concatenate([np.eye(landscape.dim), -np.eye(landscape.dim)]) * _STEP * (upper - lower)
    for point, value, height in zip(points, values, heights, strict=True):
        neighbours = np.asarray(landscape(np.clip(point + around, lower, upper)))
        far = height > 0.01 * np.median(heights)
        if far and np.all(np.abs(neighbours - value) <= _LEVEL * height):
            return np.array(point)
    return None
