"""Pictures of landscapes, by Plotly (the extra ``report``)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape._names import unknown_name
from pytest_optlandscape.landscapes.landscape import Landscape

__all__ = ["KINDS", "draw", "graph_objects"]

FloatArray = NDArray[np.float64]
KINDS = ("contour", "surface")
_DECADES = 8  # gaps below 10⁻⁸ of the largest are drawn alike: the eye sees the valley, not the last digit


def draw(landscape: Landscape, kind: str = "contour", points: int = 201) -> Any:
    """Draw a landscape; see `Landscape.plot`."""
    if kind not in KINDS:
        raise ValueError(unknown_name("kind of picture", kind, KINDS))
    if points < 2:
        raise ValueError(f"a picture takes at least 2 points along each axis, got {points!r}")
    go = graph_objects()
    title = f"{landscape.id}: {landscape.summary}" if landscape.summary else landscape.id
    figure = go.Figure()
    if landscape.dim == 1:
        _draw_line(go, figure, landscape, points)
    else:
        _draw_plane(go, figure, landscape, kind, points)
        if landscape.dim > 2:
            title += "<br>the plane of x₁ and x₂ through a global minimiser"
    figure.update_layout(title=title, legend={"orientation": "h"}, template="plotly_white")
    return figure


def graph_objects() -> Any:
    """Import Plotly's `graph_objects`, or say which extra brings them."""
    try:
        import plotly.graph_objects
    except ImportError as error:
        raise ImportError(
            "pictures are drawn by Plotly, which is not installed; install pytest-optlandscape[report]"
        ) from error
    return plotly.graph_objects


def _draw_line(go: Any, figure: Any, landscape: Landscape, points: int) -> None:
    x = _axis(landscape, 0, points)
    figure.add_trace(go.Scatter(x=x, y=landscape(x[:, np.newaxis]), name="f(x)", mode="lines"))
    for name, at, symbol in _marks(landscape):
        marker = {"symbol": symbol, "size": 10}
        figure.add_trace(go.Scatter(x=at[:, 0], y=landscape(at), name=name, mode="markers", marker=marker))
    figure.update_xaxes(title="x")
    figure.update_yaxes(title="f(x)")


def _draw_plane(go: Any, figure: Any, landscape: Landscape, kind: str, points: int) -> None:
    x, y = _axis(landscape, 0, points), _axis(landscape, 1, points)
    through = landscape.minimizers[0] if landscape.minimum_is_known else landscape.x0
    grid = np.tile(through, (points * points, 1))
    grid[:, :2] = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    gaps = _gaps(landscape, grid)
    lowest = float(np.max(gaps[np.isfinite(gaps)])) * 10.0**-_DECADES
    heights = np.log10(np.maximum(gaps, lowest)).reshape(points, points)
    bar = {"title": "log₁₀ gap"}
    if kind == "contour":
        figure.add_trace(go.Contour(x=x, y=y, z=heights, ncontours=24, colorscale="Viridis", colorbar=bar))
    else:
        figure.add_trace(go.Surface(x=x, y=y, z=heights, colorscale="Viridis", colorbar=bar))
    for name, at, symbol in _marks(landscape):
        marker = {"size": 10 if kind == "contour" else 5, "color": "white", "line": {"color": "black", "width": 1}}
        if kind == "contour":
            marker["symbol"] = symbol
            figure.add_trace(go.Scatter(x=at[:, 0], y=at[:, 1], name=name, mode="markers", marker=marker))
        else:
            z = np.log10(np.maximum(_gaps(landscape, at), lowest))
            figure.add_trace(go.Scatter3d(x=at[:, 0], y=at[:, 1], z=z, name=name, mode="markers", marker=marker))
    if kind == "contour":
        figure.update_xaxes(title="x₁")
        figure.update_yaxes(title="x₂")
    else:
        figure.update_scenes(xaxis_title="x₁", yaxis_title="x₂", zaxis_title="log₁₀ gap")


def _axis(landscape: Landscape, k: int, points: int) -> FloatArray:
    lower, upper = landscape.bounds[k].tolist()
    return np.linspace(lower, upper, points)


def _gaps(landscape: Landscape, points: FloatArray) -> FloatArray:
    """Values above fmin; NaN where a constraint is broken, unless one is at every point: a grid misses thin sets."""
    known = landscape if landscape.minimum_is_known else landscape.uncut or landscape
    gaps: FloatArray = landscape(points) - known.fmin
    broken = landscape.violation(points) > 0.0
    return gaps if np.all(broken) else np.where(broken, np.nan, gaps)


def _marks(landscape: Landscape) -> list[tuple[str, FloatArray, str]]:
    starts = np.array([landscape.x0, *landscape.starts.values()])
    return [("global minimisers", landscape.minimizers, "star"), ("starts", starts, "circle")]
