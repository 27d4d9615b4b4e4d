"""Curves of an optimizer before and now: gaps, runtime distributions, data and performance profiles."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.figures.canvas import Canvas, simplified
from pytest_optlandscape.figures.figure import Figure
from pytest_optlandscape.figures.profiles import (
    StepFunction,
    paired_hits,
    per_cell,
    performance_ratios,
    shares_of_hits,
)
from pytest_optlandscape.figures.scales import Scale
from pytest_optlandscape.figures.wording import counted, percent, plain, significant

__all__ = ["data_profile", "gap_curves", "performance_profile", "runtime_ecdf"]

FloatArray = NDArray[np.float64]

WIDTH, HEIGHT = 480.0, 300.0
_TOP, _BOTTOM = 28.0, 44.0
_COLUMNS = 140  # places along the axis for which curves are drawn
_MOST_DECADES = 40


def runtime_ecdf(
    *,
    before: ArrayLike,
    now: ArrayLike,
    budget: ArrayLike,
    dim: ArrayLike = 1.0,
    names: tuple[str, str] = ("before", "now"),
    title: str = "Runtime distribution",
    caption: str = "",
    identifier: str = "",
) -> Figure:
    """Draw the share of reached (cell, target) pairs against evaluations per dimension.

    The curves end at the budget; if budgets per dimension differ, at the smallest, because every cell was run up to it.
    The description states the share reached within each cell's own budget.

    Parameters
    ----------
    before, now : array_like, shape (cells,) or (cells, targets)
        Evaluations to each target; inf if it was missed. Both sides have the same cells.
    budget : array_like, shape () or (cells,)
        In evaluations.
    dim : array_like, shape () or (cells,), default 1
        Dimension of each cell's landscape.
    names : tuple of str
        Names of the two sides.
    title, caption, identifier : str
        See `Figure`; ``identifier`` is the prefix of ids (default: a hash of the picture).

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If the shapes differ, there is no pair, or a number is not positive.

    References
    ----------
    N. Hansen, A. Auger, D. Brockhoff, D. Tušar, T. Tušar: COCO: Performance Assessment, arXiv:1605.03560 (2016).

    Examples
    --------
    >>> figure = runtime_ecdf(before=[[10, 60], [20, float("inf")]], now=[[8, 40], [20, 90]], budget=100, dim=2)
    >>> figure.description
    'Of 4 (cell, target) pairs, before reaches 75 % and now 100 % within the budget of 50 evaluations per dimension.'
    """
    sides = paired_hits(before, now)
    per_dim = per_cell(budget, sides[0], "a budget") / per_cell(dim, sides[0], "a dimension")
    curves = [shares_of_hits(hits, dim=dim, budget=budget) for hits in sides]
    reach = float(np.min(per_dim))
    pairs = counted(curves[0].problems, "(cell, target) pair" if sides[0].ndim == 2 else "cell")
    differ = float(np.max(per_dim)) > reach
    within = (
        f"its budget; the curves end at the smallest, {significant(reach)} evaluations per dimension"
        if differ
        else f"the budget of {significant(reach)} evaluations per dimension"
    )
    first = min((float(curve.at[0]) for curve in curves if len(curve.at)), default=reach)
    return _shares(
        curves,
        Scale(min(first, reach / 10.0), reach, 0.0, 0.0, log=True),
        x_title="evaluations per dimension",
        y_title="share of targets reached" if sides[0].ndim == 2 else "share of cells solved",
        names=names,
        title=title,
        description=_reached(pairs, names, curves, f"within {within}"),
        caption=caption,
        identifier=identifier,
    )


def data_profile(
    *,
    before: ArrayLike,
    now: ArrayLike,
    budget: ArrayLike,
    dim: ArrayLike,
    target: str = "",
    names: tuple[str, str] = ("before", "now"),
    title: str = "Data profile",
    caption: str = "",
    identifier: str = "",
) -> Figure:
    """Draw the share of problems solved within a number of simplex gradients.

    A simplex gradient is n + 1 evaluations in n dimensions, the cost of a gradient by differences. The axis is linear,
    as in the article, and ends at the smallest budget.

    Parameters
    ----------
    before, now : array_like, shape (cells,) or (cells, targets)
        Evaluations to the target, or to each of several; inf if it was missed. Both sides have the same cells.
    budget, dim : array_like, shape () or (cells,)
        Budget in evaluations, and dimension of each cell's landscape.
    target : str, default ""
        The target in words, such as ``"10⁻⁵ of the gap at the start"``.
    names, title, caption, identifier
        See `runtime_ecdf`.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If the shapes differ, there is no cell, or a number is not positive.

    References
    ----------
    J. J. Moré, S. M. Wild: Benchmarking Derivative-Free Optimization Algorithms, SIAM J. Optim. 20 (2009).

    Examples
    --------
    >>> data_profile(before=[30, 60], now=[30, float("inf")], budget=90, dim=2, target="10⁻⁵").description
    'Of 2 cells, before solves 100 % and now 50 % to 10⁻⁵ within the budget of 30 simplex gradients.'
    """
    sides = paired_hits(before, now)
    per_gradient = per_cell(budget, sides[0], "a budget") / (per_cell(dim, sides[0], "a dimension") + 1.0)
    curves = [shares_of_hits(hits, dim=dim, budget=budget, plus=1.0) for hits in sides]
    reach = float(np.min(per_gradient))
    problems = counted(curves[0].problems, "(cell, target) pair" if sides[0].ndim == 2 else "cell")
    differ = float(np.max(per_gradient)) > reach
    within = (
        f"its budget; the curves end at the smallest, {significant(reach)} simplex gradients"
        if differ
        else f"the budget of {significant(reach)} simplex gradients"
    )
    words = f"to {target} within {within}" if target else f"within {within}"
    return _shares(
        curves,
        Scale(0.0, reach, 0.0, 0.0),
        x_title="simplex gradients: evaluations / (dimension + 1)",
        y_title="share of problems solved",
        names=names,
        title=title,
        description=_reached(problems, names, curves, words, verb="solves"),
        caption=caption,
        identifier=identifier,
    )


def performance_profile(
    *,
    before: ArrayLike,
    now: ArrayLike,
    names: tuple[str, str] = ("before", "now"),
    title: str = "Performance profile",
    caption: str = "",
    identifier: str = "",
) -> Figure:
    """Draw the share of problems on which each side is at most τ times as slow as the faster side.

    ρ(1) is the share of problems on which a side is fastest, ties included. ρ(∞) is the share that it solves. Only two
    sides are drawn: with three or more, the order of two would depend on the others (Gould & Scott 2016).

    Parameters
    ----------
    before, now : array_like, of the same shape
        Evaluations to the same targets; inf if a target was missed.
    names, title, caption, identifier
        See `runtime_ecdf`.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If the shapes differ, there is no problem, or a number is not positive.

    References
    ----------
    E. D. Dolan, J. J. Moré: Benchmarking optimization software with performance profiles, Math. Program. 91 (2002).
    N. Gould, J. Scott: A Note on Performance Profiles for Benchmarking Software, ACM TOMS 43 (2016).

    Examples
    --------
    >>> figure = performance_profile(before=[10, 20, 40], now=[30, 20, float("inf")])
    >>> for sentence in figure.description.split(". "):
    ...     print(sentence)
    Of 3 problems, before is at least as fast on 100 % and now on 33.3 %: ρ(1)
    100 % and 33.3 % take at most twice the evaluations of the faster side: ρ(2)
    100 % and 66.7 % are solved: ρ(∞).
    """
    ratios = performance_ratios(before, now)
    curves = [StepFunction.of(ratio) for ratio in ratios]
    largest = max((float(curve.at[-1]) for curve in curves if len(curve.at)), default=1.0)
    one, two, last = ([percent(float(share)) for share in shares] for shares in _at_one_two_and_last(curves))
    former, latter = map(plain, names)
    description = (
        f"Of {counted(curves[0].problems, 'problem')}, {former} is at least as fast on {one[0]} and {latter} "
        f"on {one[1]}: ρ(1). {two[0]} and {two[1]} take at most twice the evaluations of the faster side: ρ(2). "
        f"{last[0]} and {last[1]} are solved: ρ(∞)."
    )
    figure_rows = [("1", *one), ("2", *two)]
    for tau in (4.0, 8.0, 16.0, 32.0, 64.0):
        if tau < largest:
            figure_rows.append((f"{tau:g}", *(percent(float(curve(tau))) for curve in curves)))
    figure_rows.append(("∞", *last))
    return _shares(
        curves,
        Scale(1.0, max(4.0, largest * 1.05), 0.0, 0.0, log=True),
        x_title="τ: evaluations as a multiple of the faster side's",
        y_title="ρ(τ): share of problems",
        names=names,
        title=title,
        description=description,
        caption=caption,
        identifier=identifier,
        rows=figure_rows,
        column="τ",
    )


def _at_one_two_and_last(curves: Sequence[StepFunction]) -> list[list[float]]:
    return [
        [float(curve(1.0)) for curve in curves],
        [float(curve(2.0)) for curve in curves],
        [curve.limit for curve in curves],
    ]


def _reached(
    problems: str, names: tuple[str, str], curves: Sequence[StepFunction], within: str, verb: str = "reaches"
) -> str:
    former, latter = map(plain, names)
    return (
        f"Of {problems}, {former} {verb} {percent(curves[0].limit)} and {latter} {percent(curves[1].limit)} {within}."
    )


def _shares(
    curves: Sequence[StepFunction],
    across: Scale,
    *,
    x_title: str,
    y_title: str,
    names: tuple[str, str],
    title: str,
    description: str,
    caption: str,
    identifier: str,
    rows: Sequence[tuple[str, ...]] = (),
    column: str = "",
) -> Figure:
    """Draw two step functions, with the final share of each."""
    canvas = Canvas(WIDTH, HEIGHT)
    x = Scale(across.lower, across.upper, 58.0, WIDTH - 58.0, across.log)
    y = Scale(0.0, 1.0, HEIGHT - _BOTTOM, _TOP)
    canvas.axes(x, y, x_title, y_title)
    canvas.legend(x.start, 15.0, x.end - x.start, _entries(names))
    places = np.geomspace if across.log else np.linspace
    grid = places(across.lower, across.upper, 2 * _COLUMNS)
    grid[[0, -1]] = across.lower, across.upper
    for curve, kind in zip(curves, ("before", "now"), strict=True):
        shares = curve(grid)
        right, up = x(grid), y(shares)
        corners = np.stack([np.repeat(right, 2)[1:], np.repeat(up, 2)[:-1]], axis=1)
        canvas.path(corners, kind, tolerance=0.05)
    ends = [float(curve(across.upper)) for curve in curves]
    heights = _apart([float(y(end)) for end in ends])
    for end, height, kind in zip(ends, heights, ("before", "now"), strict=True):
        canvas.text(x.end + 5, height + 4, percent(end), f"{kind}-text strong")
    if not rows:
        ticks = sorted({*x.ticks(8), across.upper} - {0.0})
        rows = [(significant(tick, 6), *(percent(float(curve(tick))) for curve in curves)) for tick in ticks]
    return canvas.figure(
        title=title,
        description=description,
        columns=(column or x_title, *map(plain, names)),
        rows=rows,
        caption=caption,
        identifier=identifier,
    )


def _entries(names: tuple[str, str]) -> list[tuple[str, str, str]]:
    return [(names[0], "line", "before"), (names[1], "line", "now")]


def _apart(heights: list[float], least: float = 14.0) -> list[float]:
    """Move two labels apart if they overlap; the upper one stays above."""
    first, second = heights
    if abs(first - second) >= least:
        return heights
    middle = (first + second) / 2.0
    offset = least / 2.0 if first >= second else -least / 2.0
    return [middle + offset, middle - offset]


def gap_curves(
    *,
    before: Sequence[tuple[ArrayLike, ArrayLike]],
    now: Sequence[tuple[ArrayLike, ArrayLike]] = (),
    budget: int,
    names: tuple[str, str] = ("before", "now"),
    title: str = "Gap against evaluations",
    caption: str = "",
    identifier: str = "",
) -> Figure:
    """Draw the median gap over the cells against evaluations, with quartiles as a band.

    Medians and quartiles are order statistics; of two middle values, the lower one is taken. A run without a feasible
    point counts as worse than all others. A run that ended keeps its last gap up to the budget.

    Parameters
    ----------
    before, now : sequence of (evaluations, gaps)
        For each cell a pair of arrays (n,): numbers of evaluations, and the best gap after each. Both sides list the
        same cells in the same order. ``now`` may be omitted.
    budget : int
        Number of evaluations at which the curves end.
    names, title, caption, identifier
        See `runtime_ecdf`.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no cell, the sides differ in number of cells, or a curve is not a pair of arrays of one length.

    Examples
    --------
    >>> falling = [([1, 10, 100], [1.0, 1e-2, 1e-6])]
    >>> faster = [([1, 10, 60], [1.0, 1e-3, 1e-6])]
    >>> figure = gap_curves(before=falling, now=faster, budget=50)
    >>> figure.columns, figure.rows[-1]
    (('evaluations', 'before', 'now'), ('50', '0.01', '0.001'))
    """
    if not len(before):
        raise ValueError("gap_curves needs at least one cell")
    if len(now) and len(now) != len(before):
        raise ValueError(f"before and now need the same cells; got {len(before)} and {len(now)}")
    if not 1 <= budget < math.inf:
        raise ValueError(f"a budget must be at least 1 evaluation, got {budget!r}")
    x = Scale(1.0, max(2.0, float(budget)), 64.0, WIDTH - 66.0, log=True)
    ticks = sorted({tick for tick in x.ticks(7) if tick <= budget} | {float(budget)})
    grid = np.unique(np.concatenate([np.rint(np.geomspace(1.0, budget, _COLUMNS)), ticks]))
    sides = [side for side in (before, now) if len(side)]
    gaps = [np.array([_best_so_far(curve, grid) for curve in side]) for side in sides]
    quartiles = [np.quantile(side, (0.25, 0.5, 0.75), axis=0, method="inverted_cdf") for side in gaps]
    called = [plain(name) for name in names[: len(sides)]]
    kinds = ("before", "now")[-len(sides) :]
    canvas = Canvas(WIDTH, HEIGHT)
    canvas.legend(
        x.start, 15.0, x.end - x.start, [(name, "line", kind) for name, kind in zip(called, kinds, strict=True)]
    )
    _draw_gaps(canvas, x, grid, quartiles, kinds, with_bands=len(before) > 1)
    columns, rows = _gap_table(grid, quartiles, called, ticks, of_several=len(before) > 1)
    return canvas.figure(
        title=title,
        description=_gap_words(gaps, quartiles, called, budget),
        columns=columns,
        rows=rows,
        caption=caption,
        identifier=identifier,
    )


def _draw_gaps(
    canvas: Canvas,
    x: Scale,
    grid: FloatArray,
    quartiles: Sequence[FloatArray],
    kinds: Sequence[str],
    *,
    with_bands: bool,
) -> None:
    """Draw the medians over their bands, with the last gap of each."""
    lower, upper, has_zero = _span(np.concatenate([part.ravel() for part in quartiles]))
    bottom = HEIGHT - _BOTTOM
    y = Scale(lower, upper, bottom - 16.0 if has_zero else bottom, _TOP, log=True)
    canvas.axes(x, y, "evaluations", "gap: best f so far − minimum", zero_at=bottom if has_zero else None)

    def placed(values: FloatArray) -> FloatArray:
        """Return the points of a curve where it is known; zero is at the bottom."""
        up = np.where(values > 0.0, y(np.where(values > 0.0, values, upper)), bottom)
        return np.stack([x(grid), up], axis=1)

    for (low, _, high), kind in zip(quartiles, kinds, strict=True):
        known = np.isfinite(low)
        if with_bands and known.any():
            outline = np.concatenate([simplified(placed(low)[known]), simplified(placed(high)[known])[::-1]])
            canvas.path(outline, f"{kind}-area", closed=True, tolerance=0.0)
    ends = []
    for (_, median, _), kind in zip(quartiles, kinds, strict=True):
        known = np.isfinite(median)
        canvas.path(placed(median)[known], kind)
        ends.append(float(placed(median)[-1, 1]) if known[-1] else _TOP)
    heights = _apart(ends) if len(ends) == 2 else ends
    for (_, median, _), height, kind in zip(quartiles, heights, kinds, strict=True):
        canvas.text(x.end + 5, height + 4, significant(float(median[-1]), 2), f"{kind}-text strong")


def _gap_words(gaps: Sequence[FloatArray], quartiles: Sequence[FloatArray], names: Sequence[str], budget: float) -> str:
    ends = [significant(float(part[1][-1]), 2) for part in quartiles]
    cells = len(gaps[0])
    gap = f"median gap over {counted(cells, 'cell')}" if cells > 1 else "gap"
    if len(names) == 1:
        return f"After {budget:g} evaluations the {gap} is {ends[0]}."
    fell = int(np.sum(gaps[1][:, -1] < gaps[0][:, -1]))
    rose = int(np.sum(gaps[1][:, -1] > gaps[0][:, -1]))
    return (
        f"After {budget:g} evaluations the {gap} is {ends[0]} {names[0]} and {ends[1]} {names[1]}; {names[1]} it is "
        f"lower in {counted(fell, 'cell')} and higher in {rose}."
    )


def _gap_table(
    grid: FloatArray,
    quartiles: Sequence[FloatArray],
    names: Sequence[str],
    ticks: Sequence[float],
    *,
    of_several: bool,
) -> tuple[list[str], list[tuple[str, ...]]]:
    """Return columns and rows of the table of gaps after round numbers of evaluations."""
    shown = {"median": 1, "lower quartile": 0, "upper quartile": 2} if of_several else {"": 1}
    columns = [f"{name}: {what}" if what else name for name in names for what in shown]
    rows = []
    for tick in ticks:
        place = int(np.searchsorted(grid, tick))
        rows.append((f"{tick:g}", *(significant(float(part[k][place])) for part in quartiles for k in shown.values())))
    return ["evaluations", *columns], rows


def _best_so_far(curve: tuple[ArrayLike, ArrayLike], grid: FloatArray) -> FloatArray:
    """Return the gap after each number of evaluations; inf before the first known gap."""
    at, gaps = (np.asarray(part, dtype=np.float64) for part in curve)
    if at.ndim != 1 or at.shape != gaps.shape or np.any(np.diff(at) < 0.0):
        raise ValueError("a curve must be two arrays of one length: rising evaluations, and the gap after each")
    known = np.minimum.accumulate(np.concatenate([[np.inf], np.where(np.isnan(gaps), np.inf, np.maximum(gaps, 0.0))]))
    best: FloatArray = known[np.searchsorted(at, grid, side="right")]
    return best


def _span(values: FloatArray) -> tuple[float, float, bool]:
    """Return the ends of a logarithmic axis for gaps, and whether a gap is zero."""
    positive = values[np.isfinite(values) & (values > 0.0)]
    if not len(positive):
        return 0.1, 10.0, bool(np.any(values == 0.0))
    lower, upper = float(np.min(positive)), float(np.max(positive))
    middle = math.sqrt(lower) * math.sqrt(upper)
    if upper < 10.0 * lower:
        lower, upper = middle / math.sqrt(10.0), middle * math.sqrt(10.0)
    lower = max(lower, upper * 10.0**-_MOST_DECADES, 1e-300)
    return lower / 1.15, min(upper * 1.15, 1e300), bool(np.any(values == 0.0))
