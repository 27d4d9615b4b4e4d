"""Hypothesis strategies for bounds that keep, touch, pin or cut off a minimiser."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.runs import as_landscape
from pytest_optlandscape.suites.box import KINDS, Box
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["bounds", "boxes"]

FloatArray = NDArray[np.float64]
_GRID = 16  # sides move by sixteenths of the way, so that shrunk shares are easy to read


def bounds(
    landscape: Landscape | str, *, kinds: str | Iterable[str] = ("keep", "touch", "pin")
) -> st.SearchStrategy[FloatArray]:
    """Draw bounds inside the landscape's own.

    Sides move inwards by sixteenths of the way to a global minimiser. By default every box keeps a global minimiser:
    inside, on a bound, or with a coordinate fixed. So the minimum inside is still fmin, and ``minimize`` takes the box.
    `boxes` draws such bounds together with the minimum inside.

    Parameters
    ----------
    landscape : Landscape or str
        Or its id.
    kinds : str or iterable of str, optional
        Any of ``"keep"`` (a global minimiser inside), ``"touch"`` (one on a bound), ``"pin"`` (one coordinate of
        several fixed at the minimiser's), ``"cut"`` (no listed minimiser inside).

    Returns
    -------
    SearchStrategy
        Of arrays of shape (dim, 2); they shrink towards the landscape's own bounds.

    Raises
    ------
    ValueError
        If the landscape or a kind is unknown, or no kind is possible.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(box=bounds("beale"))
    ... def test_minimizer_is_kept(box):
    ...     assert box[0, 0] <= 3.0 <= box[0, 1] and box[1, 0] <= 0.5 <= box[1, 1]
    >>> test_minimizer_is_kept()
    """
    landscape = as_landscape(landscape)
    possible = _possible(landscape, kinds)

    @st.composite
    def bounds_of(draw: Any) -> FloatArray:
        sides = _sides(draw, landscape, possible)
        array: FloatArray = draw(st.builds(np.array, st.just(sides.tolist())))
        return array

    return bounds_of()


def boxes(landscape: Landscape | str, *, kinds: str | Iterable[str] = KINDS) -> st.SearchStrategy[Box]:
    """Draw bounds as `bounds` does, with the minimum inside; by default also bounds that cut all listed minimisers off.

    Parameters
    ----------
    landscape : Landscape or str
        Or its id.
    kinds : str or iterable of str, optional
        As for `bounds` (default: all).

    Returns
    -------
    SearchStrategy
        Of `Box`; its ``fmin`` and ``minimizers`` are None if they are unknown.

    Raises
    ------
    ValueError
        As for `bounds`.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(box=boxes("sphere[2]", kinds="cut"))
    ... def test_minimum_is_on_a_bound(box):
    ...     assert box.fmin > 0.0
    >>> test_minimum_is_on_a_bound()
    """
    landscape = as_landscape(landscape)
    possible = _possible(landscape, kinds)

    @st.composite
    def box_of(draw: Any) -> Box:
        return Box(landscape, _sides(draw, landscape, possible))

    return box_of()


def _possible(landscape: Landscape, kinds: str | Iterable[str]) -> list[str]:
    wanted = [kinds] if isinstance(kinds, str) else list(kinds)
    for kind in wanted:
        if kind not in KINDS:
            raise ValueError(unknown_name("kind of box", kind, KINDS))
    impossible = set()
    if landscape.dim == 1:
        impossible.add("pin")
    if not _cuttable(landscape):
        impossible.add("cut")
    possible = [kind for kind in wanted if kind not in impossible]
    if not possible:
        raise ValueError(f"there are no boxes of kinds {wanted} in the bounds of {landscape.id}")
    return possible


def _cuttable(landscape: Landscape) -> list[tuple[int, int]]:
    """List the sides of the box, as axis and side, that have room between them and all listed minimisers."""
    outermost = np.stack([landscape.minimizers.min(axis=0), landscape.minimizers.max(axis=0)], axis=1)
    room = np.abs(landscape.bounds - outermost) > 0.01 * np.ptp(landscape.bounds, axis=1)[:, np.newaxis]
    return [(int(axis), int(side)) for axis, side in np.argwhere(room)]


def _sides(draw: Any, landscape: Landscape, kinds: list[str]) -> FloatArray:
    kind = draw(st.sampled_from(kinds))
    minimizer = landscape.minimizers[draw(st.integers(0, len(landscape.minimizers) - 1))]
    special_axis = draw(st.integers(0, landscape.dim - 1))
    special_side = draw(st.integers(0, 1))
    cut = draw(st.sampled_from(_cuttable(landscape) or [(0, 0)]))
    beyond = draw(st.integers(1, _GRID - 1)) / _GRID
    pair = st.tuples(st.integers(0, _GRID), st.integers(0, _GRID))
    shares = np.array(draw(st.lists(pair, min_size=landscape.dim, max_size=landscape.dim))) / _GRID
    if kind == "keep":
        shares = np.minimum(shares, 1.0 - 1.0 / _GRID)
    if kind == "touch":
        shares[special_axis, special_side] = 1.0
        shares[special_axis, 1 - special_side] = min(shares[special_axis, 1 - special_side], 1.0 - 1.0 / _GRID)
    towards = minimizer[:, np.newaxis]
    moved: FloatArray = np.where(shares == 1.0, towards, landscape.bounds + shares * (towards - landscape.bounds))
    moved = np.clip(moved, landscape.bounds[:, :1], landscape.bounds[:, 1:])
    empty = moved[:, 0] >= moved[:, 1]
    moved[empty] = landscape.bounds[empty]
    if kind == "pin":
        moved[special_axis] = minimizer[special_axis]
    if kind == "cut":
        axis, side = cut
        outermost = landscape.minimizers[:, axis].max() if side else landscape.minimizers[:, axis].min()
        bound = landscape.bounds[axis, side]
        moved[axis, side] = bound
        moved[axis, 1 - side] = outermost + beyond * (bound - outermost)
    return moved
