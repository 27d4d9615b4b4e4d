"""Instances of landscapes: shifted, stretched, permuted, rotated; all facts are transformed.

Each function checks its arguments and applies a map of `affine`.

References
----------
F. Mezzadri: How to Generate Random Matrices from the Classical Compact Groups, Notices AMS 54 (2007).
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes.arguments import listed
from pytest_optlandscape.landscapes.formula.evaluation import real_points
from pytest_optlandscape.landscapes.frozen import set_attributes
from pytest_optlandscape.landscapes.transforms.affine import Permutation, Rotation, Scaling, Shift, is_lowest_everywhere

if TYPE_CHECKING:
    from pytest_optlandscape.landscapes.landscape import Landscape

FloatArray = NDArray[np.float64]

__all__ = ["LARGEST_TURNED", "instance", "moved", "permute", "rotate", "scale", "shift"]

_FINEST = 2.0**-26
"""Largest spacing of floats in a shifted box, as a share of its width; gaps near a minimum need this resolution."""

LARGEST_TURNED = 1000
"""Largest dimension for a rotation: its matrix has 8 MB and is multiplied at every evaluation."""


def shift(landscape: Landscape, offset: ArrayLike | float | None = None, *, seed: int | None = None) -> Landscape:
    """Shift a landscape; see `Landscape.shift`."""
    _check_box(landscape, "shifted")
    if (offset is None) == (seed is None):
        raise TypeError("shift takes either an offset or a seed, not both or neither")
    if offset is None:
        seed = _checked_seed(seed)
        widths = np.ptp(landscape.bounds, axis=1)
        drawn = np.random.default_rng([seed, 1]).integers(-256, 257, landscape.dim) / 1024.0 * widths
        return Shift(f":shift-{seed}", f"shift(seed={seed})", drawn).apply(landscape)
    try:
        vector = np.broadcast_to(real_points(offset), (landscape.dim,)).copy()
    except ValueError:
        raise ValueError(
            f"an offset for {landscape.id} must have shape ({landscape.dim},), got {offset!r:.80}"
        ) from None
    if not np.all(np.isfinite(vector)):
        raise ValueError(f"an offset must be finite, got {vector.tolist()}")
    _check_resolution(landscape, vector)
    numbers = vector.tolist()
    return Shift(f":shift({listed(numbers)})", f"shift({numbers})", vector).apply(landscape)


def _check_resolution(landscape: Landscape, offset: FloatArray) -> None:
    """Raise ValueError if a shifted box is so far from 0 that floats in it are too coarse."""
    widths = np.ptp(landscape.bounds, axis=1)
    apart = np.spacing(np.abs(landscape.bounds + offset[:, np.newaxis]).max(axis=1))
    for k in np.flatnonzero(~((apart <= _FINEST * widths) | (widths == 0.0)))[:1].tolist():
        largest = float(_FINEST * widths[k] / np.finfo(np.float64).eps)
        raise ValueError(
            f"{landscape.id} cannot be shifted by {offset[k]:g} along coordinate {k}: floats are {apart[k]:.2g} apart "
            f"there, too coarse for its box of width {widths[k]:g}; take an offset below {largest:.2g}"
        )


def scale(landscape: Landscape, condition: float) -> Landscape:
    """Stretch a landscape's axes; see `Landscape.scale`."""
    _check_box(landscape, "scaled")
    if not 1.0 <= condition < np.inf:
        raise ValueError(f"a condition number must be finite and at least 1, got {condition!r}")
    if landscape.dim < 2:
        raise ValueError(f"{landscape.id} has one coordinate; scale needs two or more")
    condition = float(condition)
    shares = np.arange(landscape.dim) / (landscape.dim - 1)
    return Scaling(f":scale-{listed([condition])}", f"scale({condition})", condition ** (shares / 2.0)).apply(landscape)


def permute(landscape: Landscape, order: ArrayLike | None = None, *, seed: int | None = None) -> Landscape:
    """Permute a landscape's coordinates; see `Landscape.permute`."""
    _check_box(landscape, "permuted")
    if (order is None) == (seed is None):
        raise TypeError("permute takes either an order or a seed, not both or neither")
    if order is None:
        seed = _checked_seed(seed)
        drawn = np.random.default_rng([seed, 2]).permutation(landscape.dim)
        return Permutation(f":permute-{seed}", f"permute(seed={seed})", drawn).apply(landscape)
    try:
        indices = [operator.index(k) for k in np.asarray(order).tolist()]
    except TypeError:
        indices = []
    if sorted(indices) != list(range(landscape.dim)):
        raise ValueError(f"an order for {landscape.id} must hold 0 to {landscape.dim - 1} once each, got {order!r:.80}")
    permuted = Permutation(f":permute({listed(indices)})", f"permute({indices})", np.array(indices))
    return permuted.apply(landscape)


def rotate(landscape: Landscape, seed: int) -> Landscape:
    """Rotate a landscape around a global minimiser; see `Landscape.rotate`."""
    _check_box(landscape, "rotated")
    seed = _checked_seed(seed)
    if not 2 <= landscape.dim <= LARGEST_TURNED:
        raise ValueError(f"rotation needs 2 to {LARGEST_TURNED} dimensions; {landscape.id} has {landscape.dim}")
    if not landscape.minimum_is_known:
        raise ValueError(f"{landscape.id} cannot be rotated: its minimisers are not known")
    lower, upper = landscape.bounds.T
    centre = landscape.minimizers[0]
    if not is_lowest_everywhere(landscape):
        inside = np.all((landscape.minimizers > lower) & (landscape.minimizers < upper), axis=1)
        if not inside.any():
            raise ValueError(
                f"{landscape.id} cannot be rotated: its minimisers lie on the bounds, and values beyond are "
                "lower or unknown"
            )
        centre = landscape.minimizers[int(np.argmax(inside))]
    rng = np.random.default_rng([seed, 3])
    q, r = np.linalg.qr(rng.standard_normal((landscape.dim, landscape.dim)))
    matrix = q * np.sign(np.diag(r))  # uniform over the orthogonal group (Mezzadri 2007)
    return Rotation(f":rotate-{seed}", f"rotate({seed})", matrix, centre).apply(landscape)


def instance(landscape: Landscape, number: int) -> Landscape:
    """Return a numbered instance; see `Landscape.instance`."""
    number = _checked_seed(number)
    if landscape.own_instances is not None:
        return landscape.own_instances(number)
    if number == 0:
        return landscape
    if landscape.space is not None:
        raise ValueError(
            f"{landscape.id} has no instance {number}: its points are codes of a search space; only instance 0, the "
            "landscape itself, exists"
        )
    numbered = moved(landscape, number).renamed(f"{landscape.id}:{number}", made_by=(instance, (landscape, number)))
    if landscape.written == f"landscapes.get({landscape.id!r})":
        return numbered  # `get` rebuilds it from its id
    set_attributes(numbered, written=f"{landscape!r}.instance({number})")
    return numbered


def moved(landscape: Landscape, number: int) -> Landscape:
    """Return a numbered instance under the id of its transforms: rotated or permuted, then shifted."""
    turned = landscape
    if landscape.dim > 1:
        try:
            turned = rotate(landscape, number)
        except ValueError:
            turned = permute(landscape, seed=number)
    return shift(turned, seed=number)


def _check_box(landscape: Landscape, how: str) -> None:
    """Raise ValueError for a landscape over a search space."""
    if landscape.space is not None:
        raise ValueError(f"{landscape.id} cannot be {how}: its points are codes of a search space")


def _checked_seed(seed: Any) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"a seed or the number of an instance must be a whole number from 0; got {seed!r}")
    return int(seed)
