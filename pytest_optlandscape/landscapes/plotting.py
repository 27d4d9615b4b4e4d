"""Plots of landscapes: contours and curves as SVG, surfaces by Plotly, and the view in notebooks."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.figures import Figure, contour, curve, html_table
from pytest_optlandscape.texts.spelling import unknown_name

if TYPE_CHECKING:
    from pytest_optlandscape.landscapes.landscape import Landscape

__all__ = ["KINDS", "draw", "draw_contour", "graph_objects", "html_of"]

FloatArray = NDArray[np.float64]
KINDS = ("contour", "surface")
_DECADES = 8  # deeper values get the same colour, as in a contour
_POINTS = 101
_POINTS_OF_SURFACE = 201
_POINTS_IN_NOTEBOOKS = 61
_SECONDS_IN_NOTEBOOKS = 0.1
"""Longest evaluation of a picture in a notebook, in seconds; beyond, only facts are shown."""
_MOST_SHOWN = 6
_MOST_BROKEN = 0.99
"""Constraints are not drawn if a larger share of the grid breaks them."""


def draw(
    landscape: Landscape, kind: str = "contour", points: int | None = None, axes: tuple[int, int] | None = None
) -> Any:
    """Draw a landscape; see `Landscape.plot`."""
    if kind not in KINDS:
        raise ValueError(unknown_name("kind of picture", kind, KINDS))
    if points is not None and points < 2:
        raise ValueError(f"a picture needs at least 2 points along each axis, got {points!r}")
    chosen = _chosen(landscape, axes)
    if len(chosen) == 1:
        return _draw_curve(landscape, chosen[0], points or 401)
    if kind == "surface":
        return _draw_surface(landscape, chosen, points or _POINTS_OF_SURFACE)
    return draw_contour(landscape, axes=axes, points=points or _POINTS)


def draw_contour(
    landscape: Landscape,
    *,
    axes: tuple[int, int] | None = None,
    points: int = _POINTS,
    trajectories: Sequence[tuple[str, ArrayLike]] = (),
    starts: ArrayLike | None = None,
    title: str = "",
    identifier: str = "",
) -> Figure:
    """Draw the contours of a landscape in the plane of two coordinates, and the paths of runs.

    Parameters
    ----------
    landscape : Landscape
    axes : tuple of int, optional
        See `Landscape.plot`.
    points : int, default 101
        Number of points along each axis.
    trajectories : sequence of (name, points)
        The points (n, dim) that each run evaluated. The first of two runs is labelled *before*.
    starts : array_like, shape (n, dim), optional
        Starts to mark (default: the landscape's own).
    title, identifier : str
        See `figures.contour`.

    Returns
    -------
    Figure

    Raises
    ------
    ImportError
        If contourpy is not installed.
    ValueError
        If fewer than two coordinates vary.
    """
    chosen = _chosen(landscape, axes)
    if len(chosen) < 2:
        raise ValueError(f"contours need two coordinates that vary; {landscape.id} has {len(chosen)}")
    x, y = (_axis_with_minimizers(landscape, k, points) for k in chosen)
    gaps = _gaps(landscape, _plane(landscape, chosen, x, y)).reshape(len(y), len(x))
    plane = list(chosen)
    begin = np.array([landscape.x0, *landscape.starts.values()]) if starts is None else np.asarray(starts)
    caption = ""
    if landscape.dim > 2:
        through = "a global minimiser" if landscape.minimum_is_known else "the standard start"
        caption = (
            f"The plane of {_name(chosen[0])} and {_name(chosen[1])} through {through}; other points are projected."
        )
    return contour(
        x=x,
        y=y,
        gaps=gaps,
        minimizers=landscape.minimizers[:, plane],
        starts=begin[:, plane],
        trajectories=[(name, np.asarray(path)[:, plane]) for name, path in trajectories],
        x_title=_name(chosen[0]),
        y_title=_name(chosen[1]),
        title=title or _title(landscape),
        caption=caption,
        identifier=identifier,
    )


def html_of(landscape: Landscape) -> str:
    """Return the HTML view for notebooks: facts, and a picture if it is quick to draw. Never raises."""
    try:
        picture, remark = _quick_picture(landscape), ""
    except ImportError as error:
        picture, remark = None, str(error)
    except Exception as error:
        picture, remark = None, f"It cannot be drawn: {error}"
    if picture is not None:
        return picture.to_html(full_html=False) + html_table([], _facts(landscape))
    remark = remark or "It takes long to evaluate: draw it with .plot()."
    return f"{html_table([], [*_facts(landscape), ('picture', remark)])}"


def graph_objects() -> Any:
    """Import Plotly's `graph_objects`, or raise ImportError that names the extra."""
    try:
        import plotly.graph_objects
    except ImportError as error:
        raise ImportError(
            "surfaces are drawn by Plotly, which is not installed; install pytest-optlandscape[plotly]"
        ) from error
    return plotly.graph_objects


def _quick_picture(landscape: Landscape) -> Figure | None:
    """Draw a landscape unless its evaluation takes long."""
    begun = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        batch = np.tile(landscape.x0, (16, 1))
        landscape(batch)
        landscape.violation(batch)
    seconds = (time.perf_counter() - begun) / len(batch)
    chosen = _chosen(landscape, None)
    if seconds * (401 if len(chosen) == 1 else _POINTS_IN_NOTEBOOKS**2) > _SECONDS_IN_NOTEBOOKS:
        again = time.perf_counter()  # the first call may have compiled the formula
        landscape(batch)
        landscape.violation(batch)
        seconds = (time.perf_counter() - again) / len(batch)
        if seconds * (401 if len(chosen) == 1 else _POINTS_IN_NOTEBOOKS**2) > 4 * _SECONDS_IN_NOTEBOOKS:
            return None
    if len(chosen) == 1:
        return _draw_curve(landscape, chosen[0], 401)
    return draw_contour(landscape, points=_POINTS_IN_NOTEBOOKS)


def _facts(landscape: Landscape) -> list[tuple[str, str]]:
    """List facts of a landscape as pairs of title and text."""
    minimizers = landscape.minimizers
    shown = ", ".join(_point(at) for at in minimizers[:3])
    more = f" and {landscape.n_minimizers - 3:g} more" if landscape.n_minimizers > 3 else ""
    bounds = [f"{low:.6g} to {high:.6g}" for low, high in landscape.bounds.tolist()]
    alike = len(set(bounds)) == 1
    rows = [
        ("landscape", landscape.id),
        ("dimension", str(landscape.dim)),
        ("bounds", bounds[0] if alike else "; ".join(bounds[:_MOST_SHOWN]) + "; …" * (len(bounds) > _MOST_SHOWN)),
        ("start", _point(landscape.x0)),
        ("minimum", f"{landscape.fmin:.10g}" if landscape.minimum_is_known else "not known"),
        ("minimisers", shown + more),
        ("constraints", str(len(landscape.own_constraints) or "")),
        ("noise", "" if landscape.noise is None else repr(landscape.noise)),
        ("tags", ", ".join(sorted(landscape.tags))),
        ("source", landscape.source),
    ]
    return [(name, fact) for name, fact in rows if fact]


def _point(at: FloatArray) -> str:
    shown = [f"{value:.6g}" for value in at[:_MOST_SHOWN].tolist()]
    return f"({', '.join(shown + ['…'] * (len(at) > _MOST_SHOWN))})"


def _title(landscape: Landscape) -> str:
    return f"{landscape.id}: {landscape.summary}" if landscape.summary else landscape.id


def _name(k: int) -> str:
    return "x" + str(k + 1).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def _chosen(landscape: Landscape, axes: tuple[int, int] | None) -> tuple[int, ...]:
    """Return the coordinates to draw: the given ones, else the first two that the bounds do not fix."""
    free = [k for k in range(landscape.dim) if landscape.bounds[k, 0] < landscape.bounds[k, 1]]
    if axes is None:
        if not free:
            raise ValueError(f"every coordinate of {landscape.id} is fixed by its bounds: there is nothing to draw")
        return tuple(free[:2])
    chosen = tuple(axes)
    if len(chosen) != 2 or chosen[0] == chosen[1] or not all(k in range(landscape.dim) for k in chosen):
        raise ValueError(
            f"axes must be the indices of two coordinates of {landscape.id}, from 0 to {landscape.dim - 1}; "
            f"got {axes!r}"
        )
    fixed = [k for k in chosen if k not in free]
    if fixed:
        raise ValueError(f"coordinate {fixed[0]} of {landscape.id} is fixed by its bounds; choose other axes")
    return tuple(int(k) for k in chosen)


def _draw_curve(landscape: Landscape, k: int, points: int) -> Figure:
    x = _axis(landscape, k, points)
    through = _through(landscape)

    def at(coordinates: FloatArray) -> FloatArray:
        line = np.tile(through, (len(coordinates), 1))
        line[:, k] = coordinates
        return _values(landscape, line)

    begin = np.array([landscape.x0, *landscape.starts.values()])[:, k]
    lowest = landscape.minimizers[:, k]
    return curve(
        x=x,
        values=at(x),
        minimizers=np.stack([lowest, at(lowest)], axis=1),
        starts=np.stack([begin, at(begin)], axis=1),
        x_title="x" if landscape.dim == 1 else _name(k),
        title=_title(landscape),
    )


def _draw_surface(landscape: Landscape, chosen: tuple[int, ...], points: int) -> Any:
    go = graph_objects()
    x, y = (_axis(landscape, k, points) for k in chosen)
    gaps = _gaps(landscape, _plane(landscape, chosen, x, y))
    lowest = float(np.max(gaps[np.isfinite(gaps)])) * 10.0**-_DECADES
    heights = np.log10(np.maximum(gaps, lowest)).reshape(points, points)
    figure = go.Figure()
    figure.add_trace(go.Surface(x=x, y=y, z=heights, colorscale="Viridis", colorbar={"title": "log₁₀ gap"}))
    starts = np.array([landscape.x0, *landscape.starts.values()])
    for name, at in (("global minimisers", landscape.minimizers), ("starts", starts)):
        marker = {"size": 5, "color": "white", "line": {"color": "black", "width": 1}}
        z = np.log10(np.maximum(_gaps(landscape, at), lowest))
        figure.add_trace(
            go.Scatter3d(x=at[:, chosen[0]], y=at[:, chosen[1]], z=z, name=name, mode="markers", marker=marker)
        )
    figure.update_scenes(xaxis_title=_name(chosen[0]), yaxis_title=_name(chosen[1]), zaxis_title="log₁₀ gap")
    title = _title(landscape)
    if landscape.dim > 2:
        title += f"<br>the plane of {_name(chosen[0])} and {_name(chosen[1])} through a global minimiser"
    figure.update_layout(title=title, legend={"orientation": "h"}, template="plotly_white")
    return figure


def _axis(landscape: Landscape, k: int, points: int) -> FloatArray:
    lower, upper = landscape.bounds[k].tolist()
    return np.linspace(lower, upper, points)


def _axis_with_minimizers(landscape: Landscape, k: int, points: int) -> FloatArray:
    """Return grid coordinates that include those of some minimisers, so that narrow holes are visible."""
    few = landscape.minimizers[:8, k]
    return np.unique(np.concatenate([_axis(landscape, k, points), few]))


def _through(landscape: Landscape) -> FloatArray:
    return landscape.minimizers[0] if landscape.minimum_is_known else landscape.x0


def _plane(landscape: Landscape, chosen: tuple[int, ...], x: FloatArray, y: FloatArray) -> FloatArray:
    grid = np.tile(_through(landscape), (len(x) * len(y), 1))
    grid[:, list(chosen)] = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return grid


def _values(landscape: Landscape, points: FloatArray) -> FloatArray:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # a function may warn outside its domain; these points stay empty
        return np.asarray(landscape(points), dtype=np.float64)


def _gaps(landscape: Landscape, points: FloatArray) -> FloatArray:
    """Return gaps; NaN where a constraint is broken, unless nearly every grid point breaks one (thin feasible sets).

    If the minimum is not known, the lowest value replaces it.
    """
    known = landscape if landscape.minimum_is_known else landscape.uncut or landscape
    values = _values(landscape, points)
    fmin = known.fmin if known.minimum_is_known else np.min(values[np.isfinite(values)], initial=np.inf)
    gaps: FloatArray = values - fmin
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        broken = ~(landscape.violation(points) <= 0.0)
    return gaps if np.mean(broken) > _MOST_BROKEN else np.where(broken, np.nan, gaps)
