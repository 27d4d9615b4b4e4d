"""Pictures in a plane: contours with paths of runs, basins of attraction, and curves of one variable."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.figures.canvas import Canvas, number, path_of, simplified
from pytest_optlandscape.figures.figure import Figure
from pytest_optlandscape.figures.scales import Scale, round_ticks
from pytest_optlandscape.figures.style import BASIN_COLOURS
from pytest_optlandscape.figures.wording import counted, escape, percent, plain, shorten, significant, width_of

__all__ = ["basin_map", "beside", "contour", "curve", "share_map"]

FloatArray = NDArray[np.float64]

_SIDE = 320.0
_DECADES = 8.0  # gaps below 10⁻⁸ of the largest get the same shade: the valley matters, not the last digit
_LEVELS = 9
_MOST_POINTS = 1300  # of all contours: about 4 kB compressed
_MOST_MARKS = 40
_MOST_PATH = 500
_SHADES_OF_SHARES = 6
_SHAPES = ("disc", "square", "diamond", "up", "down", "hexagon", "star", "plus")


def contour(
    *,
    x: ArrayLike,
    y: ArrayLike,
    gaps: ArrayLike,
    minimizers: ArrayLike = (),
    starts: ArrayLike = (),
    trajectories: Sequence[tuple[str, ArrayLike]] = (),
    divergence: int | None = None,
    x_title: str = "x₁",
    y_title: str = "x₂",
    title: str = "Contours of the gap",
    caption: str = "",
    identifier: str = "",
) -> Figure:
    """Draw contours of the gap in a plane, darker where it is lower, with the paths of up to two runs.

    Parameters
    ----------
    x, y : array_like, shapes (n,) and (m,)
        Rising coordinates of a grid.
    gaps : array_like, shape (m, n)
        Values minus the minimum, row k at ``y[k]``; NaN for infeasible points and missing values. Levels are round
        numbers on a logarithmic scale, down to 10⁻⁸ of the largest gap.
    minimizers, starts : array_like, shape (k, 2), optional
        Drawn as stars and dots.
    trajectories : sequence of (name, points), optional
        The points (n, 2) that each run evaluated, in order. Of two runs, the first is *before*, the second *now*.
    divergence : int, optional
        The first evaluation, counted from 1, at which the two runs diverge; it is marked on both paths.
    x_title, y_title, title, caption, identifier : str
        See `Figure`; ``identifier`` is the prefix of ids (default: a hash of the picture).

    Returns
    -------
    Figure

    Raises
    ------
    ImportError
        If contourpy (extra ``report``) is not installed.
    ValueError
        If shapes disagree, coordinates do not rise, no gap is a number, or there are more than two trajectories.
    """
    x, y, gaps = (np.asarray(part, dtype=np.float64) for part in (x, y, gaps))
    if x.ndim != 1 or y.ndim != 1 or min(len(x), len(y)) < 2 or np.any(np.diff(x) <= 0) or np.any(np.diff(y) <= 0):
        raise ValueError("x and y need at least 2 rising coordinates each")
    if gaps.shape != (len(y), len(x)):
        raise ValueError(f"the gaps need a row for each y and a column for each x, got shape {gaps.shape}")
    paths = [(plain(name), _points(points)) for name, points in trajectories]
    if len(paths) > 2:
        raise ValueError(f"contour draws at most two runs, before and now; got {len(paths)}")
    finite = np.isfinite(gaps)
    if not finite.any():
        raise ValueError("no gap is finite, so there are no contours to draw")
    gaps = np.where(finite, np.maximum(gaps, 0.0), np.nan)
    generate = _contour_generator()

    ratio = (y[-1] - y[0]) / (x[-1] - x[0])
    height = _SIDE * min(max(ratio, 0.5), 1.0) if 0.4 <= ratio <= 2.5 else _SIDE
    width = min(_SIDE, height / ratio) if 0.4 <= ratio <= 2.5 else _SIDE
    left, top = 62.0, 30.0
    canvas = Canvas(left + width + 76.0, top + height + 46.0)
    across, up = Scale(x[0], x[-1], left, left + width), Scale(y[0], y[-1], top + height, top)
    clip = canvas.reference("clip")
    frame = f'x="{number(left)}" y="{number(top)}" width="{number(width)}" height="{number(height)}"'
    canvas.add(f'<clipPath id="{clip}"><rect {frame}/></clipPath>')
    if not finite.all():
        _hatch(canvas, (left, top), width, height, clip)
    levels = _draw_levels(canvas, generate, gaps, across(x), up(y))
    _key(canvas, left + width + 14.0, top, min(height, 220.0), levels)
    _frame(canvas, across, up, x_title, y_title)

    canvas.add(f'<g clip-path="url(#{clip})">')
    kinds = ("before", "now")[-len(paths) :] if paths else ()
    for (_, points), kind in zip(paths, kinds, strict=True):
        _draw_path(canvas, _placed(points, across, up), kind)
    mark_split = divergence is not None and divergence >= 1 and len(paths) == 2
    if mark_split:
        _draw_split(
            canvas, [_placed(points, across, up) for _, points in paths], int(divergence or 0), (left, left + width)
        )
    for point in _placed(_points(starts), across, up).tolist():
        canvas.mark(point, "disc", "start", 4.5)
    stars = _distinct(_placed(_points(minimizers), across, up))
    for point in stars.tolist():
        canvas.mark(point, "star", "star", 5.0 if len(stars) <= 16 else 3.0)
    canvas.add("</g>")
    entries = [(name, "line", kind) for (name, _), kind in zip(paths, kinds, strict=True)]
    entries += [("minimiser", "star", "star")] if len(stars) else []
    entries += [("start", "disc", "start")] if len(_points(starts)) and len(entries) < 3 else []
    canvas.legend(left, 15.0, width + 70.0, entries)

    description = (
        f"The gap from {significant(float(np.nanmin(gaps)))} to {significant(float(np.nanmax(gaps)))} for "
        f"{plain(x_title)} from {significant(x[0])} to {significant(x[-1])} and {plain(y_title)} from "
        f"{significant(y[0])} to {significant(y[-1])}, with {counted(len(_points(minimizers)), 'minimiser')}."
    )
    for name, points in paths:
        description += f" {name} makes {counted(len(points), 'evaluation')}"
        description += f" and ends at ({', '.join(map(significant, points[-1].tolist()))})." if len(points) else "."
    if mark_split:
        description += f" The paths diverge at evaluation {divergence}."
    rows = _rows_of_points([("minimiser", minimizers), ("start", starts)])
    for name, points in paths:
        shown = sorted({0, *_marked(len(points)), len(points) - 1}) if len(points) else []
        rows += [(f"{name}, evaluation {k + 1}", *map(significant, points[k].tolist())) for k in shown]
    return canvas.figure(
        title=title,
        description=description,
        columns=("point", plain(x_title), plain(y_title)),
        rows=rows,
        caption=caption,
        identifier=identifier,
    )


def curve(
    *,
    x: ArrayLike,
    values: ArrayLike,
    minimizers: ArrayLike = (),
    starts: ArrayLike = (),
    x_title: str = "x",
    y_title: str = "f(x)",
    title: str = "Curve of f",
    caption: str = "",
    identifier: str = "",
) -> Figure:
    """Draw a function of one coordinate.

    Parameters
    ----------
    x, values : array_like, shape (n,)
        Rising coordinates and their values; NaN for missing values.
    minimizers, starts : array_like, shape (k, 2), optional
        Pairs of a coordinate and its value, drawn as stars and dots.
    x_title, y_title, title, caption, identifier : str
        See `contour`.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If shapes disagree, the coordinates do not rise, or no value is a number.

    Examples
    --------
    >>> curve(x=[-1, 0, 1], values=[1, 0, 1], minimizers=[[0, 0]]).description
    'f(x) from 0 to 1 for x from −1 to 1; minimiser at x = 0.'
    """
    x, values = np.asarray(x, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or x.shape != values.shape or len(x) < 2 or np.any(np.diff(x) <= 0.0):
        raise ValueError("x and values need equal lengths of at least 2, and x must rise")
    finite = np.isfinite(values)
    if not finite.any():
        raise ValueError("no value is finite, so there is no curve to draw")
    lower, upper = float(np.min(values[finite])), float(np.max(values[finite]))
    margin = 0.06 * (upper - lower) or max(abs(lower), 1.0) * 0.06
    if not math.isfinite(margin):
        raise ValueError("the values are too large to draw")
    canvas = Canvas(480.0, 300.0)
    across, up = Scale(x[0], x[-1], 72.0, 466.0), Scale(lower - margin, upper + margin, 256.0, 28.0)
    canvas.axes(across, up, x_title, y_title)
    ends = np.flatnonzero(np.diff(np.concatenate([[0], finite.astype(int), [0]])))
    for first, last in ends.reshape(-1, 2).tolist():
        canvas.path(np.stack([across(x[first:last]), up(values[first:last])], axis=1), "now")
    lowest, begin = _points(minimizers), _points(starts)
    for point in _placed(begin, across, up).tolist():
        canvas.mark(point, "disc", "start", 4.5)
    for point in _distinct(_placed(lowest, across, up)).tolist():
        canvas.mark(point, "star", "star", 5.0)
    entries = [(y_title, "line", "now")]
    entries += [("minimiser", "star", "star")] if len(lowest) else []
    entries += [("start", "disc", "start")] if len(begin) else []
    canvas.legend(72.0, 15.0, 394.0, entries)
    where = ", ".join(significant(float(at)) for at in lowest[:4, 0])
    more = f" and {len(lowest) - 4} more" if len(lowest) > 4 else ""
    name = plain(x_title)
    description = (
        f"{plain(y_title)} from {significant(lower)} to {significant(upper)} for {name} from {significant(x[0])} to "
        f"{significant(x[-1])}" + (f"; minimiser at {name} = {where}{more}." if where else ".")
    )
    rows = _rows_of_points([("minimiser", minimizers), ("start", starts)])
    ticks = np.linspace(0, len(x) - 1, 9).round().astype(int).tolist()
    rows += [("curve", significant(x[k]), significant(values[k])) for k in sorted(set(ticks))]
    return canvas.figure(
        title=title,
        description=description,
        columns=("point", name, plain(y_title)),
        rows=rows,
        caption=caption,
        identifier=identifier,
    )


def basin_map(
    *,
    bounds: ArrayLike,
    starts: ArrayLike,
    now: ArrayLike,
    before: ArrayLike | None = None,
    places: ArrayLike = (),
    names: Sequence[str] = (),
    panels: tuple[str, str] = ("before", "now"),
    x_title: str = "x₁",
    y_title: str = "x₂",
    title: str = "Basins of attraction",
    caption: str = "",
    identifier: str = "",
) -> Figure:
    """Draw starts by the place that their runs end at, before and now; changed ones are ringed.

    Each place has its own shape and colour; from the eighth on, places share the last.

    Parameters
    ----------
    bounds : array_like, shape (2, 2)
        Lower and upper end of each coordinate.
    starts : array_like, shape (n, 2)
        Starts of the runs.
    now, before : array_like of int, shape (n,)
        For each start, the index of the place where its run ends; −1 for none of them. Without ``before`` there is one
        panel.
    places : array_like, shape (m, 2), optional
        Coordinates of the places.
    names : sequence of str, optional
        Names of the places.
    panels : tuple of str
        Titles of the two panels.
    x_title, y_title, title, caption, identifier : str
        See `contour`.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If shapes disagree, or there is no start.

    Examples
    --------
    >>> figure = basin_map(bounds=[(0, 1), (0, 1)], starts=[[0.1, 0.2], [0.8, 0.9]], before=[0, 1], now=[0, 0])
    >>> figure.description
    'Of 2 starts, 1 leads elsewhere now.'
    """
    box, begin, ends = np.asarray(bounds, dtype=np.float64), _points(starts), _points(places)
    if box.shape != (2, 2) or not np.all(box[:, 0] < box[:, 1]):
        raise ValueError(f"bounds need a lower and an upper end for two coordinates, got shape {box.shape}")
    sides = [np.maximum(np.asarray(side, dtype=np.int64), -1) for side in ([now] if before is None else [before, now])]
    if not len(begin) or any(side.shape != (len(begin),) for side in sides):
        raise ValueError(f"each of the {len(begin)} starts needs the index of its place, before and now")
    count = max(len(ends), len(names), *(int(side.max()) + 1 for side in sides))
    called = [plain(names[k]) if k < len(names) else f"place {k + 1}" for k in range(count)] + ["elsewhere"]
    switched = sides[0] != sides[-1]
    (x_lower, x_upper), (y_lower, y_upper) = box.tolist()
    left, top, gap = 56.0, 34.0, 28.0
    side_length = 236.0 if before is not None else 300.0
    kinds = [*range(min(count, BASIN_COLOURS)), -1]
    width = left + len(sides) * side_length + (len(sides) - 1) * gap + 14.0
    canvas = Canvas(width, top + side_length + 48.0 + 17.0 * len(kinds))
    size = 3.6 if len(begin) <= 300 else 2.4
    for kind in kinds:
        shape, classes = (_SHAPES[kind], f"basin{kind}") if kind >= 0 else ("cross", "axis")
        canvas.marker(f"place{kind}" if kind >= 0 else "elsewhere", shape, classes, size)
    canvas.marker("ring", "disc", "switched", size + 2.8)
    for k, labels in enumerate(sides):
        start = left + k * (side_length + gap)
        across = Scale(x_lower, x_upper, start, start + side_length)
        up = Scale(y_lower, y_upper, top + side_length, top)
        _frame(canvas, across, up, x_title, y_title if k == 0 else "", labelled=k == 0)
        if before is not None:
            canvas.text(start, 18.0, panels[k], "strong", most=side_length)
        canvas.add(f'<g transform="translate({number(start)})">')  # equal points in both panels compress well
        placed = _placed(begin, Scale(x_lower, x_upper, 0.0, side_length), up)
        for kind in kinds:
            chosen = labels == kind if kind != BASIN_COLOURS - 1 else labels >= kind
            _draw_group(canvas, placed[chosen], kind)
        canvas.marks(placed[switched], "ring")
        canvas.add("</g>")
        for place in _placed(ends, across, up).tolist():
            canvas.mark(place, "star", "star", 5.0)
    rows = _draw_shares(canvas, kinds, called, sides, top + side_length + 56.0)
    leads = f"{counted(int(switched.sum()), 'start')}"
    if before is None:
        description = f"{counted(len(begin), 'start')}: " + "; ".join(f"{row[0]} {row[-1]}" for row in rows) + "."
    else:
        verb = "leads" if switched.sum() == 1 else "lead"
        description = f"Of {counted(len(begin), 'start')}, {leads.split(maxsplit=1)[0]} {verb} elsewhere now."
    return canvas.figure(
        title=title,
        description=description,
        columns=("place", *(map(plain, panels) if before is not None else ("share of starts",))),
        rows=rows,
        caption=caption,
        identifier=identifier,
    )


def share_map(
    *,
    shares: ArrayLike,
    x_names: Sequence[str],
    y_names: Sequence[str],
    x_title: str = "x₁",
    y_title: str = "x₂",
    title: str = "Success",
    caption: str = "",
    identifier: str = "",
) -> Figure:
    """Draw a table of shares of successes, darker where they are larger; a dot marks a share of 1.

    Parameters
    ----------
    shares : array_like, shape (m, n)
        Between 0 and 1, row k for ``y_names[k]``; NaN for missing values, which are hatched.
    x_names, y_names : sequence of str, lengths n and m
        The values of both coordinates; the first row is the lowest.
    x_title, y_title, title, caption, identifier : str
        See `contour`.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If shapes disagree, there is no cell, or a share is not between 0 and 1.

    Examples
    --------
    >>> figure = share_map(shares=[[1.0, 0.5], [0.25, 0.0]], x_names=["0.1", "1"], y_names=["8", "32"])
    >>> figure.description
    'Shares of success for 2 values of x₁ and 2 values of x₂: 1 of 4 cells is 100 %, 1 is 0 %.'
    """
    table = np.asarray(shares, dtype=np.float64)
    rows, columns = len(y_names), len(x_names)
    if not rows or not columns or table.shape != (rows, columns):
        raise ValueError(f"a map needs a share for each of {rows} × {columns} values, got shape {table.shape}")
    if np.any((table < 0.0) | (table > 1.0)):
        raise ValueError("a share is a number from 0 to 1")
    across, up = [plain(name) for name in x_names], [plain(name) for name in y_names]
    wide, high = min(max(_SIDE / columns, 34.0), 80.0), min(max(_SIDE / rows, 24.0), 60.0)
    left, top = 40.0 + min(max(map(width_of, up)), 120.0), 14.0
    canvas = Canvas(left + wide * columns + 16.0, top + high * rows + 52.0)
    clip = canvas.reference("clip")
    frame = f'x="{number(left)}" y="{number(top)}" width="{number(wide * columns)}" height="{number(high * rows)}"'
    canvas.add(f'<clipPath id="{clip}"><rect {frame}/></clipPath>')
    for row, column in np.ndindex(rows, columns):
        x, y, value = left + wide * column, top + high * (rows - 1 - row), float(table[row, column])
        if math.isnan(value):
            _hatch(canvas, (x, y), wide, high, clip)
            continue
        for _ in range(round(_SHADES_OF_SHARES * value)):
            canvas.rectangle(x, y, wide, high, "field")
        canvas.text(x + wide / 2, y + high / 2 + 4.0, percent(value), "middle", most=wide - 4.0)
        if value == 1.0:
            canvas.mark([x + wide - 7.0, y + 7.0], "disc", "start", 3.0)
    canvas.rectangle(left, top, wide * columns, high * rows, "frame")
    for row, name in enumerate(up):
        canvas.text(left - 7.0, top + high * (rows - 0.5 - row) + 4.0, name, "muted end", most=left - 34.0)
    for column, name in enumerate(across):
        canvas.text(left + wide * (column + 0.5), top + high * rows + 17.0, name, "muted middle", most=wide - 4.0)
    canvas.text(left + wide * columns / 2, top + high * rows + 38.0, x_title, "middle", most=wide * columns)
    canvas.text(14.0, top + high * rows / 2, y_title, "middle", turned=True, most=high * rows)
    full, none = int(np.sum(table == 1.0)), int(np.sum(table == 0.0))
    verb = "is" if full == 1 else "are"
    description = (
        f"Shares of success for {counted(columns, 'value')} of {plain(x_title)} and {counted(rows, 'value')} of "
        f"{plain(y_title)}: {full} of {counted(rows * columns, 'cell')} {verb} 100 %, {none} "
        f"{'is' if none == 1 else 'are'} 0 %."
    )
    return canvas.figure(
        title=title,
        description=description,
        columns=(plain(y_title), *(f"{plain(x_title)} = {name}" for name in across)),
        rows=[
            (name, *("" if math.isnan(value) else percent(value) for value in line))
            for name, line in zip(up, table.tolist(), strict=True)
        ],
        caption=caption,
        identifier=identifier,
    )


def beside(*figures: Figure, title: str, caption: str = "", identifier: str = "") -> Figure:
    """Combine pictures side by side; the table is the first picture's.

    Parameters
    ----------
    *figures : Figure
        At least one.
    title, caption, identifier : str
        See `contour`.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no picture.

    Examples
    --------
    >>> line = curve(x=[-1, 0, 1], values=[1, 0, 1])
    >>> beside(line, line, title="Twice").svg.count("<svg")
    3
    """
    if not figures:
        raise ValueError("beside needs at least one picture")
    parts, x, highest = [], 0.0, 0.0
    for figure in figures:
        found = _HEAD.match(figure.bare_svg)
        assert found is not None, "a figure's picture begins in the one way in which they are written"
        width, height = float(found[1]), float(found[2])
        parts.append((x, width, height, figure.bare_svg[found.end() :]))
        x, highest = x + width + 12.0, max(highest, height)
    canvas = Canvas(x - 12.0, highest)
    for at, width, height, body in parts:
        canvas.add(f'<svg x="{number(at)}" width="{number(width)}" height="{number(height)}">{body}')
    return canvas.figure(
        title=title,
        description=" ".join(figure.description for figure in figures),
        columns=figures[0].columns,
        rows=figures[0].rows,
        caption=caption,
        identifier=identifier,
    )


_HEAD = re.compile(r'<svg [^>]*viewBox="0 0 ([\d.]+) ([\d.]+)"[^>]*><title [^>]*>[^<]*</title><desc [^>]*>[^<]*</desc>')


def _contour_generator() -> Any:
    try:
        import contourpy
    except ImportError as error:
        raise ImportError(
            "contours need contourpy, which is not installed; install pytest-optlandscape[report]"
        ) from error
    return contourpy.contour_generator


def _points(points: ArrayLike) -> FloatArray:
    array = np.asarray(points, dtype=np.float64)
    if array.size == 0:
        return np.empty((0, 2))
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"points in a plane must have shape (n, 2), got {array.shape}")
    return array


def _placed(points: FloatArray, across: Scale, up: Scale) -> FloatArray:
    """Return the places of finite points, also beyond the ends of the scales."""
    finite = points[np.all(np.isfinite(points), axis=1)]
    placed = []
    for scale, values in zip((across, up), finite.T, strict=True):
        with np.errstate(over="ignore"):
            part = (values - scale.lower) / (scale.upper - scale.lower)
        placed.append(scale.start + np.clip(part, -5.0, 6.0) * (scale.end - scale.start))
    return np.stack(placed, axis=1)


def _distinct(placed: FloatArray) -> FloatArray:
    return np.unique(placed.round(), axis=0)


def _rows_of_points(groups: Sequence[tuple[str, ArrayLike]]) -> list[tuple[object, ...]]:
    return [
        (name, *(significant(value, 6) for value in point))
        for name, points in groups
        for point in _points(points)[:12].tolist()
    ]


def _frame(canvas: Canvas, across: Scale, up: Scale, x_title: str, y_title: str, *, labelled: bool = True) -> None:
    left, right, top, bottom = across.start, across.end, up.end, up.start
    canvas.rectangle(left, top, right - left, bottom - top, "frame")
    x_ticks, y_ticks = across.ticks(max(2, int((right - left) / 50))), up.ticks(max(2, int((bottom - top) / 45)))
    marks = "".join(path_of(np.array([[at, bottom], [at, bottom + 4]])) for at in across(x_ticks).tolist())
    marks += "".join(path_of(np.array([[left - 4, at], [left, at]])) for at in up(y_ticks).tolist())
    canvas.add(f'<path class="axis" d="{marks}"/>')
    for at, label in zip(across(x_ticks).tolist(), across.labels(x_ticks), strict=True):
        canvas.text(at, bottom + 17, label, "muted middle")
    labels = up.labels(y_ticks) if labelled else []
    for at, label in zip(up(y_ticks).tolist(), labels, strict=False):
        canvas.text(left - 7, at + 4, label, "muted end")
    canvas.text((left + right) / 2, bottom + 34, x_title, "middle", most=right - left)
    if y_title:
        wide = max((width_of(label) for label in labels), default=0.0)
        canvas.text(left - wide - 13, (top + bottom) / 2, y_title, "middle", turned=True, most=bottom - top)


def _levels(gaps: FloatArray) -> FloatArray:
    """Choose round levels on a logarithmic scale, at most nine, rising."""
    finite = gaps[np.isfinite(gaps)]
    upper = float(np.max(finite))
    if upper <= 0.0:
        return np.empty(0)
    lower = max(float(np.quantile(finite, 0.004)), upper * 10.0**-_DECADES, 1e-300)
    if lower > 0.3 * upper:  # a plateau with narrow holes
        lower = max(float(np.min(finite)), 0.01 * upper)
    exponents = np.arange(math.floor(math.log10(lower)), math.floor(math.log10(upper)) + 1)
    levels = np.array([level for level in round_ticks(lower, upper, _LEVELS) if lower < level < upper])
    for mantissas in ((1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
        finer = np.array([float(f"{mantissa}e{exponent}") for exponent in exponents for mantissa in mantissas])
        finer = np.compress((finer > lower) & (finer < upper), finer)
        if 3 <= len(finer) <= _LEVELS:
            return finer
        levels = finer if len(finer) > _LEVELS else levels
    return np.array(levels if len(levels) <= _LEVELS else levels[len(levels) % 2 :: 2])


def _draw_levels(canvas: Canvas, generate: Any, gaps: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Fill the regions below each level, from the highest to the lowest; return the drawn levels."""
    lowest = max(float(np.nanmax(gaps)) * 10.0 ** -(_DECADES + 1.0), 1e-300)
    heights = np.log10(np.maximum(gaps, lowest))
    lines = generate(x=x, y=y, z=np.ma.masked_invalid(heights), name="serial", fill_type="OuterOffset")
    bottom, top = float(np.nanmin(heights)) - 1.0, float(np.nanmax(heights)) + 1.0
    if np.isnan(gaps).any():
        canvas.add(f'<path class="sheet" d="{_outline(_rings(lines, bottom, top))}"/>')
    levels = _levels(gaps)
    rings = [_rings(lines, bottom, math.log10(level)) for level in levels.tolist()]
    while len(levels) > 4 and sum(len(ring) for each in rings for ring in each) > 5 * _MOST_POINTS:
        levels, rings = levels[::-2][::-1], rings[::-2][::-1]
    for tolerance in (0.35, 0.6, 1.0, 1.4):
        drawn = [[simplified(ring, tolerance)[:-1] for ring in each] for each in rings]
        if sum(len(ring) for each in drawn for ring in each) <= _MOST_POINTS:
            break
    while len(levels) > 3 and sum(len(ring) for each in drawn for ring in each) > _MOST_POINTS:
        levels, drawn = levels[::-2][::-1], drawn[::-2][::-1]
    for each in reversed(drawn):
        path = _outline(each)
        if path:
            canvas.add(f'<path class="field" d="{path}"/>')
    return levels


def _rings(lines: Any, lower: float, upper: float) -> list[FloatArray]:
    """Return closed lines around the region between two heights, without tiny ones."""
    return [
        points[first:last]
        for points, offsets in zip(*lines.filled(lower, upper), strict=True)
        for first, last in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
        if np.ptp(points[first:last, 0]) * np.ptp(points[first:last, 1]) > 4.0
    ]


def _outline(rings: Sequence[FloatArray]) -> str:
    return "".join(path_of(ring, closed=True) for ring in rings if len(ring) > 2)


def _hatch(canvas: Canvas, corner: tuple[float, float], width: float, height: float, clip: str) -> None:
    left, top = corner
    lines = "".join(
        f"M{number(left + at)} {number(top + height)}l{number(height)} {number(-height)}"
        for at in np.arange(-height, width, 9.0).tolist()
    )
    canvas.add(f'<path class="hatch" clip-path="url(#{clip})" d="{lines}"/>')


def _key(canvas: Canvas, x: float, top: float, height: float, levels: FloatArray) -> None:
    """Draw the key of shades and levels."""
    if not len(levels):
        return
    step = min(height / (len(levels) + 1), 24.0)
    bottom = top + step * (len(levels) + 1)
    canvas.rectangle(x, top, 12.0, bottom - top, "frame")
    every = 1 if step >= 13.0 else 2
    written = Scale(1.0, 2.0, 0.0, 1.0, log=True).labels(levels.tolist())
    for k in range(len(levels)):
        at = top + step * (k + 1)
        canvas.rectangle(x, at, 12.0, bottom - at, "field")
        if k % every == 0:
            canvas.text(x + 17, at + 4, written[-1 - k], "muted")


def _draw_path(canvas: Canvas, placed: FloatArray, kind: str) -> None:
    if not len(placed):
        return
    if len(placed) > _MOST_PATH * 3:
        placed = placed[np.unique(np.geomspace(1, len(placed), _MOST_PATH * 3).round().astype(int) - 1)]
    tolerance = 0.3
    line = simplified(placed, tolerance)
    while len(line) > _MOST_PATH:
        tolerance *= 1.6
        line = simplified(placed, tolerance)
    data = path_of(line)
    canvas.add(f'<path class="halo" d="{data}"/><path class="{kind} run" d="{data}"/>')
    dots = _distinct(placed) if len(placed) <= _MOST_MARKS else placed[[0, -1]]
    outline = "".join(_disc(point, 2.6) for point in dots.tolist())
    canvas.add(f'<path class="{kind}-mark" d="{outline}"/>')


def _draw_split(canvas: Canvas, paths: Sequence[FloatArray], evaluation: int, ends: tuple[float, float]) -> None:
    """Ring the points at which two paths diverge, with the number of the evaluation."""
    points = [path[evaluation - 1] for path in paths if 0 < evaluation <= len(path)]
    for point in points:
        canvas.mark(point.tolist(), "disc", "split", 7.0)
    if points:
        words = f"diverge at {evaluation}"
        left, right = ends
        x, y = min(max(points[-1][0], left), right), points[-1][1]
        x = x + 10 if x + 14 + width_of(words) < right else x - 6 - width_of(words)
        canvas.text(x, y - 9 if y > 50.0 else y + 19, words, "outlined strong")


def _marked(count: int) -> list[int]:
    return [int(k) - 1 for k in np.unique(np.geomspace(1, max(count, 1), 12).round())]


def _disc(point: Sequence[float], radius: float) -> str:
    x, y = point
    r, d = number(radius), number(2 * radius)
    return f"M{number(x - radius)} {number(y)}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0-{d} 0"


def _draw_group(canvas: Canvas, placed: FloatArray, kind: int) -> None:
    canvas.marks(placed, f"place{kind}" if kind >= 0 else "elsewhere")


def _draw_shares(
    canvas: Canvas, kinds: Sequence[int], names: Sequence[str], sides: Sequence[NDArray[np.int64]], top: float
) -> list[tuple[object, ...]]:
    """Draw the mark, name and share of starts of each place; return the table's rows."""
    room = canvas.width - 70.0
    for line, kind in enumerate(kinds):
        is_rest = kind == BASIN_COLOURS - 1 and len(names) - 1 > BASIN_COLOURS
        name = f"{len(names) - BASIN_COLOURS} more" if is_rest else names[kind]
        chosen = [side >= kind if is_rest else side == kind for side in sides]
        shares = " → ".join(percent(float(np.mean(part))) for part in chosen)
        x, y = 56.0, top + 17.0 * line
        _draw_group(canvas, np.array([[x + 6, y - 4]]), kind)
        shown = shorten(name, room - 34.0 - width_of(shares))
        title = f"<title>{escape(name)}</title>" if shown != name else ""
        canvas.add(f'<text x="{number(x + 18)}" y="{number(y)}">{title}{escape(shown)}: {escape(shares)}</text>')
    return [
        (names[kind], *(percent(float(np.mean(side == kind))) for side in sides))
        for kind in [*range(len(names) - 1), -1]
    ]
