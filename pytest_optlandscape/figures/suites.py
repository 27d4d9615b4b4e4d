"""Pictures of a whole suite: effects by landscape, by landscape and state, and along the commits."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.figures.canvas import Canvas, mark_path, number, path_of
from pytest_optlandscape.figures.figure import Figure
from pytest_optlandscape.figures.scales import Scale
from pytest_optlandscape.figures.wording import counted, plain, shorten, significant, width_of

__all__ = ["effect_plot", "heat_map", "time_line"]

FloatArray = NDArray[np.float64]

_ROW = 18.0
_SHADES = 4  # on either side, up to two gates


def effect_plot(
    *,
    names: Sequence[str],
    effects: ArrayLike,
    lower: ArrayLike,
    upper: ArrayLike,
    gate: ArrayLike,
    most: int = 40,
    title: str = "Change in speed by landscape",
    caption: str = "",
    identifier: str = "",
) -> Figure:
    """Draw each landscape's change in speed as a dot with its interval, the slowest first, with gates as bands.

    Parameters
    ----------
    names : sequence of str
        Names of the landscapes.
    effects, lower, upper : array_like, shape (n,)
        log₂ of the speed now over the speed before, with the ends of its interval; −1 is half as fast. NaN means not
        known.
    gate : array_like, shape () or (n,)
        The smallest relevant change, in the same unit.
    most : int, default 40
        Number of landscapes to draw, those that changed most. The table has all.
    title, caption, identifier : str
        See `Figure`; ``identifier`` is the prefix of ids (default: a hash of the picture).

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no landscape, shapes disagree, or a gate is not positive.

    Examples
    --------
    >>> figure = effect_plot(
    ...     names=["beale", "trid[6]"], effects=[0.01, -1.2], lower=[-0.02, -1.3], upper=[0.03, -1.1], gate=0.07
    ... )
    >>> figure.rows[0]
    ('trid[6]', '× 0.435', '× 0.406', '× 0.467', 'slower than the gate')
    """
    count = len(names)
    values, low, high = (
        _vector(part, count, "an effect and the ends of its interval") for part in (effects, lower, upper)
    )
    gates = _gates(gate, count)
    called = [plain(name) for name in names]
    known = np.isfinite(values)
    order = sorted(range(count), key=lambda k: (not known[k], values[k] if known[k] else 0.0, k))
    largest = sorted(order, key=lambda k: (not known[k], -abs(values[k]) if known[k] else 0.0))[: max(most, 1)]
    drawn = [k for k in order if k in set(largest)]
    words = [_verdict(values[k], gates[k]) for k in range(count)]

    left = 22.0 + min(max(width_of(called[k]) for k in drawn), 190.0)
    canvas = Canvas(left + 330.0, 26.0 + _ROW * len(drawn) + 44.0)
    top, bottom = 26.0, 26.0 + _ROW * len(drawn)
    limit = _limit(np.concatenate([values, low, high]), float(np.max(gates)))
    x = Scale(-limit, limit, left, canvas.width - 16.0)
    steps = np.stack([x(-gates[drawn]), x(gates[drawn])])
    rows_at = top + _ROW * np.arange(len(drawn) + 1)
    outline = [np.stack([np.repeat(side, 2), np.repeat(rows_at, 2)[1:-1]], axis=1) for side in steps]
    canvas.path(np.concatenate([outline[0], outline[1][::-1]]), "band", closed=True, tolerance=0.0)
    _ratio_axis(canvas, x, top, bottom)
    for line, k in enumerate(drawn):
        y = top + _ROW * (line + 0.5)
        canvas.text(left - 10.0, y + 4.0, called[k], "end", most=left - 16.0)
        if not known[k]:
            canvas.text(float(x(0.0)) + 8.0, y + 4.0, "not known", "muted")
            continue
        kind = "worse" if values[k] < -gates[k] else "better" if values[k] > gates[k] else "axis"
        if np.isfinite(low[k]) and np.isfinite(high[k]):
            canvas.line(float(x(low[k])), y, float(x(high[k])), y, f"{kind} whisker")
        shape = {"worse": "down", "better": "up", "axis": "disc"}[kind]
        canvas.mark((float(x(values[k])), y), shape, kind if kind != "axis" else "before-mark", 4.0)
    entries = [("slower", "down", "worse"), ("within the gate", "disc", "before-mark"), ("faster", "up", "better")]
    canvas.legend(left, 14.0, canvas.width - left, entries)
    slower, faster = words.count("slower than the gate"), words.count("faster than the gate")
    description = (
        f"Of {counted(count, 'landscape')}, {_are(slower)} slower and {_are(faster)} faster by more than the gate; "
        f"{_are(words.count('not known'))} not known."
    )
    left_out = count - len(drawn)
    if left_out:
        description += f" The picture shows the {len(drawn)} that changed most."
    return canvas.figure(
        title=title,
        description=description,
        columns=("landscape", "speed", "at least", "at most", "change"),
        rows=[(called[k], _ratio(values[k]), _ratio(low[k]), _ratio(high[k]), words[k]) for k in order],
        caption=" ".join(part for part in (caption, f"{left_out} more are in the table." if left_out else "") if part),
        identifier=identifier,
    )


def heat_map(
    *,
    landscapes: Sequence[str],
    states: Sequence[str],
    values: ArrayLike,
    gate: ArrayLike,
    title: str = "Speed by landscape and state",
    caption: str = "",
    identifier: str = "",
) -> Figure:
    """Draw each landscape's change in speed in each state, in shades up to two gates.

    Beyond one gate, a triangle shows the direction: down is slower. Hatched cells are not comparable.

    Parameters
    ----------
    landscapes, states : sequence of str
        Names of the rows and the columns, oldest state first.
    values : array_like, shape (landscapes, states)
        log₂ of the speed over the accepted speed; NaN if not comparable.
    gate : array_like, shape () or (landscapes,)
        The smallest relevant change, in the same unit.
    title, caption, identifier : str
        See `effect_plot`.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no landscape or no state, shapes disagree, or a gate is not positive.

    Examples
    --------
    >>> figure = heat_map(landscapes=["beale"], states=["a1", "b2"], values=[[0.0, -0.5]], gate=0.07)
    >>> figure.description
    'Of 2 cells of 1 landscape in 2 states, 1 is slower and 0 are faster by more than the gate; 0 are not comparable.'
    """
    rows, columns = len(landscapes), len(states)
    table = np.asarray(values, dtype=np.float64)
    if not rows or not columns or table.shape != (rows, columns):
        raise ValueError(
            f"a heat map needs a value for each of {rows} landscapes and {columns} states, got shape {table.shape}"
        )
    gates = _gates(gate, rows)[:, np.newaxis]
    called, named = [plain(name) for name in landscapes], [plain(name) for name in states]
    left = 18.0 + min(max(map(width_of, called)), 190.0)
    wide = min(max(520.0 / columns, 3.0), 34.0)
    high = 15.0 if rows <= 60 else 7.0
    foot = 12.0 + min(max(map(width_of, named)), 90.0)
    canvas = Canvas(max(left + wide * columns + 16.0, left + 300.0), 26.0 + high * rows + foot)
    top = 26.0
    with np.errstate(invalid="ignore"):
        shades = np.rint(np.clip(table / (2.0 * gates), -1.0, 1.0) * _SHADES)
    unknown = np.isnan(table)
    shades[unknown] = np.nan
    x: FloatArray = left + wide * np.arange(columns + 1.0)
    y: FloatArray = top + high * np.arange(rows + 1.0)
    for shade in range(-_SHADES, _SHADES + 1):
        _draw_cells(canvas, shades == shade, x, y, shade)
    _draw_cells(canvas, unknown, x, y, None)
    beyond = np.abs(table) > gates
    if wide >= 9.0 and high >= 9.0:
        for shape, chosen in (("down", beyond & (table < 0)), ("up", beyond & (table > 0))):
            marks = "".join(
                mark_path((x[column] + x[column + 1]) / 2, (y[row] + y[row + 1]) / 2, shape, 2.6)
                for row, column in np.argwhere(chosen).tolist()
            )
            if marks:
                canvas.add(f'<path class="ink" d="{marks}"/>')
    every = math.ceil(14.0 / high)
    for row, name in enumerate(called):
        if row % every == 0:
            canvas.text(left - 7.0, (y[row] + y[row + 1]) / 2 + 4.0, name, "end", most=left - 12.0)
    every = math.ceil(15.0 / wide)
    for column, name in enumerate(named):
        if column % every == 0:
            at = (x[column] + x[column + 1]) / 2
            canvas.text(at + 4.0, y[-1] + 6.0, name, "muted end", most=foot - 8.0, turned=True)
    canvas.legend(
        left,
        14.0,
        canvas.width - left,
        [("slower", "down", "worse"), ("faster", "up", "better"), ("not comparable", "square", "unknown")],
    )
    slower, faster = int(np.sum(beyond & (table < 0))), int(np.sum(beyond & (table > 0)))
    description = (
        f"Of {counted(rows * columns, 'cell')} of {counted(rows, 'landscape')} in {counted(columns, 'state')}, "
        f"{_are(slower)} slower and {_are(faster)} faster by more than the gate; {_are(int(unknown.sum()))} not "
        "comparable."
    )
    return canvas.figure(
        title=title,
        description=description,
        columns=("landscape", *named),
        rows=[(name, *map(_ratio, line)) for name, line in zip(called, table.tolist(), strict=True)],
        caption=caption,
        identifier=identifier,
    )


def time_line(
    *,
    states: Sequence[str],
    values: ArrayLike,
    commits: ArrayLike = 1,
    gate: float = 0.0,
    events: Sequence[tuple[str, int, int, bool, str]] = (),
    title: str = "Speed along the commits",
    caption: str = "",
    identifier: str = "",
) -> Figure:
    """Draw the speed of each state along the commits, with steps and creep.

    Parameters
    ----------
    states : sequence of str
        Names of the states, oldest first, such as their first commits.
    values : array_like, shape (n,)
        log₂ of the speed over the accepted speed; NaN if not comparable.
    commits : array_like of int, shape () or (n,), default 1
        Number of commits of each state.
    gate : float, default 0.0
        The smallest relevant change, in the unit of the values; drawn as a band.
    events : sequence of (kind, first, last, is_worse, words), optional
        Kind ``"step"`` or ``"creep"``; indices of the first and the last state; whether it is a change for the worse; a
        description. Each has a number in the picture and a line below it.
    title, caption, identifier : str
        See `effect_plot`.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no state, shapes disagree, or an event names an unknown state.

    Examples
    --------
    >>> figure = time_line(
    ...     states=["a1", "b2"], values=[0.0, -0.1], commits=[9, 3], events=[("step", 1, 1, True, "6.7 % slower")]
    ... )
    >>> figure.description
    '2 states over 12 commits. 1: step for the worse at b2: 6.7 % slower.'
    """
    count = len(states)
    speeds = _vector(values, count, "a speed")
    lasts = np.broadcast_to(np.asarray(commits, dtype=np.float64), (count,)) if np.ndim(commits) == 0 else None
    lasts = _vector(commits, count, "a number of commits") if lasts is None else lasts
    if not np.all(lasts >= 1.0):
        raise ValueError("each state needs at least one commit")
    for kind, first, last, _, _ in events:
        if kind not in ("step", "creep") or not 0 <= first <= last < count:
            raise ValueError(
                f"an event must be a step or a creep over some of the states 0 to {count - 1}, got {kind!r} "
                f"over {first} to {last}"
            )
    called = [plain(name) for name in states]
    width, left, top, bottom = 620.0, 66.0, 24.0, 196.0
    canvas = Canvas(width, bottom + 50.0 + 18.0 * len(events))
    edges = np.concatenate([[0.0], np.cumsum(lasts)])
    x = Scale(0.0, float(edges[-1]), left, width - 16.0)
    limit = _limit(speeds, max(gate, 0.01))
    y = Scale(-limit, limit, bottom - 16.0, top + 16.0)
    places = x(edges)
    for kind, first, last, is_worse, _ in events:
        if kind == "creep":
            start, end = float(places[first]), float(places[last + 1])
            canvas.rectangle(start, top, end - start, bottom - top, "worse shade" if is_worse else "better shade")
    if gate > 0.0:
        canvas.rectangle(left, float(y(gate)), x.end - left, float(y(-gate) - y(gate)), "band")
    ticks = _ratio_ticks(limit, 4)
    lines = "".join(path_of(np.array([[left, at], [x.end, at]])) for at in y(ticks).tolist())
    canvas.add(f'<path class="grid" d="{lines}"/>')
    for tick, at in zip(ticks, y(ticks).tolist(), strict=True):
        canvas.text(left - 7.0, at + 4.0, _change(tick), "muted end")
    canvas.line(left, bottom, x.end, bottom, "axis")
    canvas.text(16.0, (top + bottom) / 2, "speed", "middle", turned=True)
    heights = y(speeds)
    known = np.isfinite(speeds)
    for first, last in _stretches(known):
        corners = np.stack([places[first : last + 1].repeat(2)[1:-1], heights[first:last].repeat(2)], axis=1)
        canvas.path(corners, "now", tolerance=0.0)
    for first, last in _stretches(~known):
        canvas.rectangle(
            float(places[first]), top + 20, float(places[last] - places[first]), bottom - top - 40, "unknown"
        )
    _state_labels(canvas, called, places, bottom)
    canvas.text((left + x.end) / 2, bottom + 36.0, "states, by their first commit", "middle")
    _draw_events(canvas, events, places, np.where(known, heights, float(y(0.0))), (top, bottom))
    described, happened = [], [""] * count
    for line, (kind, first, last, is_worse, words) in enumerate(events):
        side = "worse" if is_worse else "better"
        where = called[last] if first == last else f"{called[first]} to {called[last]}"
        ending = f": {said}" if (said := plain(words)) else ""
        described.append(f"{line + 1}: {kind} for the {side} at {where}{ending}.")
        happened[last] += ("; " if happened[last] else "") + f"{line + 1}: {kind}, {side}{ending}"
        at = bottom + 58.0 + 18.0 * line
        canvas.mark((22.0, at - 4.0), "down" if is_worse else "up", side, 4.0)
        canvas.text(34.0, at, f"{line + 1}  {kind} at {where}{ending}", most=canvas.width - 50.0)
    return canvas.figure(
        title=title,
        description=" ".join([f"{counted(count, 'state')} over {counted(int(lasts.sum()), 'commit')}.", *described]),
        columns=("state", "commits", "speed", "event"),
        rows=[(name, f"{lasts[k]:g}", _ratio(speeds[k]), happened[k]) for k, name in enumerate(called)],
        caption=caption,
        identifier=identifier,
    )


def _draw_events(
    canvas: Canvas,
    events: Sequence[tuple[str, int, int, bool, str]],
    places: FloatArray,
    heights: FloatArray,
    ends: tuple[float, float],
) -> None:
    """Mark the places of events with their numbers, side by side if they would overlap."""
    top, bottom = ends
    taken: list[tuple[float, float]] = []
    for line, (kind, first, last, is_worse, _) in enumerate(events):
        side, shape = ("worse", "down") if is_worse else ("better", "up")
        at, height = float(places[first if kind == "step" else last]), float(heights[last])
        canvas.mark((at, height), shape, side, 5.0)
        label, away = (height + 18.0, 13.0) if is_worse else (height - 10.0, -13.0)
        while any(abs(at - x) < 15.0 and abs(label - y) < 12.0 for x, y in taken) and top < label + away < bottom:
            label += away
        taken.append((at, label))
        canvas.text(at, label, line + 1, f"{side} middle strong outlined")


def _state_labels(canvas: Canvas, states: Sequence[str], places: FloatArray, bottom: float) -> None:
    """Write the names of states below their starts, as many as fit."""
    ticks = "".join(path_of(np.array([[at, bottom], [at, bottom + 4]])) for at in places[:-1].tolist())
    canvas.add(f'<path class="axis" d="{ticks}"/>')
    free = -math.inf
    for name, at in zip(states, places.tolist(), strict=False):
        shown = shorten(name, 80.0)
        wide = width_of(shown)
        start = min(at, canvas.width - wide - 4.0)
        if start >= free:
            canvas.text(start, bottom + 17.0, name, "muted", most=80.0)
            free = start + wide + 8.0


def _stretches(chosen: NDArray[np.bool_]) -> list[list[int]]:
    ends = np.flatnonzero(np.diff(np.concatenate([[0], chosen.astype(int), [0]])))
    stretches: list[list[int]] = ends.reshape(-1, 2).tolist()
    return stretches


def _draw_cells(canvas: Canvas, chosen: NDArray[np.bool_], x: FloatArray, y: FloatArray, shade: int | None) -> None:
    """Fill the chosen cells; neighbours in a row become one rectangle."""
    parts = []
    for row in np.flatnonzero(chosen.any(axis=1)).tolist():
        for first, last in _stretches(chosen[row]):
            wide, high = float(x[last] - x[first]) - 0.6, float(y[row + 1] - y[row]) - 0.6
            parts.append(f"M{number(x[first])} {number(y[row])}h{number(wide)}v{number(high)}h{number(-wide)}z")
    if parts and shade is None:
        canvas.add(f'<path class="unknown" d="{"".join(parts)}"/>')
    elif parts and shade is not None:
        faint = abs(shade) / _SHADES
        opacity = f' fill-opacity="{number(0.15 + 0.85 * faint)}"' if shade and faint < 1.0 else ""
        canvas.add(f'<path class="{_shade_class(shade)}"{opacity} d="{"".join(parts)}"/>')


def _shade_class(shade: int) -> str:
    return "worse cell" if shade < 0 else "better cell" if shade > 0 else "same"


def _vector(values: ArrayLike, count: int, what: str) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    if not count or array.shape != (count,):
        raise ValueError(f"{what} is needed for each of {count}, got shape {array.shape}")
    return array


def _gates(gate: ArrayLike, count: int) -> FloatArray:
    array = np.asarray(gate, dtype=np.float64)
    if array.ndim > 1 or (array.ndim == 1 and len(array) != count):
        raise ValueError(f"a gate must be one number, or one for each of {count} landscapes; got shape {array.shape}")
    if not np.all((array > 0.0) & np.isfinite(array)):
        raise ValueError("a gate must be positive")
    return np.broadcast_to(array, (count,))


def _limit(values: FloatArray, gate: float) -> float:
    """Return the end of an axis around 0: beyond the gate and, up to 16-fold, beyond all values."""
    finite = np.abs(values[np.isfinite(values)])
    largest = float(np.max(finite)) if len(finite) else 0.0
    return max(1.6 * gate, min(1.12 * largest, 4.0))


def _ratio_ticks(limit: float, each_side: int) -> list[float]:
    """Return log₂ of round changes in speed for ticks: powers of two, or round percentages."""
    if limit >= 1.0:
        step = math.ceil(math.floor(limit) / each_side)
        return [float(k) for k in range(-math.floor(limit), math.floor(limit) + 1) if k % step == 0]
    slowest = 100.0 * (1.0 - 2.0**-limit)
    size = next(s for s in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0) if slowest / s < each_side or s == 50.0)
    percents = [k * size for k in range(-each_side, 2 * each_side) if abs(k * size) < 100]
    return [tick for tick in (math.log2(1.0 + p / 100.0) for p in percents) if abs(tick) <= limit]


def _change(log2: float) -> str:
    """Return a change in speed for an axis: a factor if it is at least 2 or at most ½, else a percentage."""
    if abs(log2) >= 1.0 - 1e-9:
        return f"× {2.0**log2:.4g}"
    change = 100.0 * (2.0**log2 - 1.0)
    return "same" if abs(change) < 1e-9 else f"{change:+.3g} %".replace("-", "−")


def _ratio(log2: float) -> str:
    return f"× {significant(2.0 ** min(log2, 1000.0))}" if math.isfinite(log2) else "–"


def _verdict(value: float, gate: float) -> str:
    if not math.isfinite(value):
        return "not known"
    return "slower than the gate" if value < -gate else "faster than the gate" if value > gate else "within the gate"


def _are(number: int) -> str:
    return f"{number} {'is' if number == 1 else 'are'}"


def _ratio_axis(canvas: Canvas, x: Scale, top: float, bottom: float) -> None:
    ticks = _ratio_ticks(x.upper, 3)
    lines = "".join(path_of(np.array([[at, top], [at, bottom]])) for at in x(ticks).tolist())
    canvas.add(f'<path class="grid" d="{lines}"/>')
    zero = float(x(0.0))
    canvas.line(zero, top, zero, bottom, "axis")
    free = -math.inf
    for tick, at in zip(ticks, x(ticks).tolist(), strict=True):
        label = _change(tick)
        if at - width_of(label) / 2 >= free or tick == 0.0:
            canvas.text(at, bottom + 16.0, label, "muted middle")
            free = at + width_of(label) / 2 + 10.0
    canvas.text((x.start + x.end) / 2, bottom + 34.0, "speed now against before", "middle")
