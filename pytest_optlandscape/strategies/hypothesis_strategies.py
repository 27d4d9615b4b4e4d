"""Hypothesis strategies for starts, instances and landscapes.

Rates and tracked values use the points of `suites.low_discrepancy` instead: Hypothesis' draws are made to find
failures, so they are no fair sample.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable
from typing import Any

import numpy as np
from hypothesis import note
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes import Landscape, select
from pytest_optlandscape.runs import as_landscape
from pytest_optlandscape.search.remembered_failures import failed_before
from pytest_optlandscape.strategies.offsets import DIGITS, decoded, short
from pytest_optlandscape.suites.box import box_of
from pytest_optlandscape.suites.named_starts import special_starts
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["instances", "landscapes", "starts"]

FloatArray = NDArray[np.float64]

_CUTS = (3, 2, 4, 6, 10, DIGITS, DIGITS)
"""Binary digits to which the offsets of a start are cut: mostly so few that a person reads the start at a glance."""

_ZOOMS = (0, 0, 0, 0, 0, 0, 0, 1, 3, 8)
"""Halvings of the offsets: most starts are spread over the box, some lie nearer to the standard start."""

_CODES = st.integers(1 - 2**DIGITS, 2**DIGITS - 1)
_MOVES = ("shift", "permute", "scale", "rotate")


def starts(
    landscape: Landscape | str, *, bounds: ArrayLike | None = None, outside: bool = False
) -> st.SearchStrategy[FloatArray]:
    """Draw starting points.

    A draw is one of these: the standard start, moved by offsets of few or many binary digits; a start with coordinates
    on the bounds; one of `special_starts` (saddles, plateaus, corners, starts of the literature); a start that failed
    in `find_failing_start` before. A failing start shrinks until each coordinate is that of the standard start, or
    differs from it by at most three significant binary digits, if such a start fails.

    Parameters
    ----------
    landscape : Landscape or str
        Or its id.
    bounds : array_like, shape (dim, 2), optional
        Another box than the landscape's.
    outside : bool, default False
        Whether to draw starts with a coordinate out of bounds, instead of starts inside.

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
    box = box_of(landscape, bounds)
    lower, upper = box.T
    centre = np.clip(landscape.x0, lower, upper)
    rooms = list(zip((centre - lower).tolist(), (upper - centre).tolist(), strict=True))
    beyond = np.where(upper > lower, 2.0 ** np.floor(np.log2(np.where(upper > lower, upper - lower, 1.0))), 1.0) / 2.0
    coordinates = st.lists(_CODES, min_size=landscape.dim, max_size=landscape.dim)

    @functools.cache
    def named() -> list[FloatArray]:
        # Cached: the list that Hypothesis draws from must not change while it shrinks.
        return [*special_starts(landscape, bounds=box).values(), *(known.x0 for known in failed_before(landscape))]

    def at_hand(point: FloatArray, exact: bool) -> FloatArray:
        if exact:
            return point
        nearby: FloatArray = centre + np.array([short(offset) for offset in (point - centre).tolist()])
        return nearby

    @st.composite
    def start(draw: Any) -> FloatArray:
        # Every kind makes the same draws: Hypothesis would take a kind with fewer draws for the simplest.
        kind = draw(st.sampled_from(["offsets", "offsets", "offsets", "sides", "named"]))
        exact = draw(st.booleans())
        digits = draw(st.sampled_from(_CUTS))
        zoom = 0.5 ** draw(st.sampled_from(_ZOOMS))
        index = draw(st.integers(0, len(named()) - 1))
        codes = draw(coordinates)
        offsets = [decoded(code, digits, *room) for code, room in zip(codes, rooms, strict=True)]
        point = centre + zoom * np.array(offsets)
        # Odd codes are offsets of more than half of the way to a bound: these coordinates go all of it.
        far, negative = np.array(codes) % 2 == 1, np.array(codes) < 0
        on_lower, on_upper = far & negative, far & ~negative
        if kind == "sides":
            point = np.where(on_lower, at_hand(lower, exact), np.where(on_upper, at_hand(upper, exact), point))
        elif kind == "named":
            point = at_hand(named()[index], exact)
        point = np.clip(point, lower, upper)
        if outside:
            on_upper[0] |= not far.any()
            point = np.where(on_lower, lower - zoom * beyond, np.where(on_upper, upper + zoom * beyond, point))
        return _printed(draw, point)

    return start()


def _printed(draw: Any, point: FloatArray) -> FloatArray:
    """Return the array as a call that Hypothesis prints, and note all digits if NumPy would leave some out."""
    numbers = point.tolist()
    array: FloatArray = draw(st.builds(np.array, st.just(numbers)))
    text = repr(array)
    if "..." in text or ast.literal_eval(text[len("array(") : -1]) != numbers:
        note(f"with all digits: array({numbers})")
    return array


def instances(landscape: Landscape | str, *, moves: str | Iterable[str] = _MOVES) -> st.SearchStrategy[Landscape]:
    """Draw instances of a landscape; their minima are known as those of the landscape are.

    An instance is shifted by up to a quarter of the box, its axes are permuted or scaled, or it is rotated. Several of
    these moves may come together, or none.

    Parameters
    ----------
    landscape : Landscape or str
        Or its id.
    moves : str or iterable of str, optional
        Any of ``"shift"``, ``"permute"``, ``"scale"``, ``"rotate"`` (default: all that the landscape allows).

    Returns
    -------
    SearchStrategy
        Of `Landscape`; they shrink towards the landscape itself. Hypothesis prints them as the calls that make them.

    Raises
    ------
    ValueError
        If the landscape or a move is unknown.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(moved=instances("beale"))
    ... def test_minimum_is_carried_along(moved):
    ...     assert moved(moved.minimizers[0]) < 1e-20
    >>> test_minimum_is_carried_along()
    """
    landscape = as_landscape(landscape)
    wanted = [moves] if isinstance(moves, str) else list(moves)
    for move in wanted:
        if move not in _MOVES:
            raise ValueError(unknown_name("move", move, _MOVES))
    room = (np.ptp(landscape.bounds, axis=1) / 4.0).tolist()
    codes = st.lists(_CODES, min_size=landscape.dim, max_size=landscape.dim)
    orders = st.permutations(range(landscape.dim))
    several = landscape.dim > 1

    @st.composite
    def instance(draw: Any) -> Landscape:
        moved = landscape
        if "permute" in wanted and several and draw(st.booleans()):
            moved = moved.permute(draw(orders))
        if "scale" in wanted and several and draw(st.booleans()):
            moved = moved.scale(draw(st.sampled_from([4.0, 100.0, 1e4, 1e6])))
        if "rotate" in wanted and several and draw(st.booleans()):
            moved = _turned(moved, draw(st.integers(0, 99)))
        if "shift" in wanted and draw(st.booleans()):
            offset = [decoded(code, 3, space, space) for code, space in zip(draw(codes), room, strict=True)]
            moved = moved.shift(offset) if any(offset) else moved
        return moved

    return instance()


def _turned(landscape: Landscape, seed: int) -> Landscape:
    try:
        return landscape.rotate(seed)
    except ValueError:  # its minimisers lie on the bounds
        return landscape


def landscapes(
    *ids: str,
    tags: str | Iterable[str] = (),
    dim: int | Iterable[int] | None = None,
    exclude: str | Iterable[str] = (),
) -> st.SearchStrategy[Landscape]:
    """Draw landscapes of the catalogue, selected as by `landscapes.select`.

    Parameters
    ----------
    *ids : str
        Names or ids (default: the whole catalogue).
    tags, dim, exclude
        As for `landscapes.select`.

    Returns
    -------
    SearchStrategy
        Of `Landscape`; they shrink towards the first of the catalogue.

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
        raise ValueError(f"no landscape has tags {tags!r} and dim {dim!r} without {exclude!r}; ask for fewer tags")
    return st.sampled_from(chosen)
