"""Make the pictures of the page: turn records and comparisons into numbers for `figures`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape import figures
from pytest_optlandscape.comparison import LandscapeComparison, Verdict
from pytest_optlandscape.comparison.criteria import SPEED
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.records.landscape_record import LandscapeRecord
from pytest_optlandscape.report.page.changes import (
    Change,
    Runtimes,
    effect_of,
    gap_steps,
    known_landscape,
    start_points,
)
from pytest_optlandscape.report.page.content import Picture
from pytest_optlandscape.report.page.trajectories import PathPair, first_divergence, two_coordinates
from pytest_optlandscape.report.page.wording import moved_title
from pytest_optlandscape.texts.plurals import number_of
from pytest_optlandscape.trend import State, Trend

__all__ = ["Picture", "basins", "contour", "effects", "gaps", "heat_map", "profiles", "time_line"]

FloatArray = NDArray[np.float64]

GATE = SPEED.gate_landscape * math.log2(10.0)
"""The gate of speed on one landscape, 10 %, as a binary logarithm."""

SUITE_GATE = SPEED.gate_suite * math.log2(10.0)
"""The gate of speed over a suite, 2 %, as a binary logarithm."""

_PROFILE_TARGET = 5
"""The index of the profiles' target, 10⁻⁶ of the reference gap, at which a run succeeds."""

_GRID = 61
"""Points along each side of a contour's grid."""

_MOST_ON_LINE, _MOST_EVENTS = 200, 15
"""Most states and events on a time line."""

_MOST_POINTS = 400
"""Most evaluations of a path to draw; the caption of a longer path says so."""


def _drawn(name: str, caption: str, draw: Callable[[], figures.Figure], is_described: bool = False) -> Picture:
    """Draw a picture; if that fails, return its name and the error, so that the page can still be written.

    Landscapes are users' code, so any exception may occur. If `is_described`, the caption begins with the figure's
    description.
    """
    try:
        figure = draw()
    except Exception as error:
        return _not_drawn(name, str(error) or type(error).__name__)
    return Picture(name, figure, f"{figure.description} {caption}".strip() if is_described else caption)


def _not_drawn(name: str, why: str) -> Picture:
    return Picture(name, None, f"Not drawn: {why.rstrip('.')}.")


def effects(
    landscapes: Sequence[LandscapeComparison], change: Change, identifier: str, most: int | None = None
) -> Picture | None:
    """Draw the change in speed on each landscape with its interval, and the gate as a band.

    Parameters
    ----------
    landscapes : sequence of LandscapeComparison
        The landscapes in the order of drawing.
    change : Change
    identifier : str
    most : int, optional
        The largest number of landscapes to draw, from the first (default: all).

    Returns
    -------
    Picture or None
        None if there is no landscape.
    """
    if not landscapes:
        return None
    known = [one for one in map(effect_of, landscapes) if one is not None]
    drawn = min(len(known), most if most is not None else len(known))
    caption = (
        f"{change.now} against {change.before}, with 99 % intervals; the band is the gate of 10 % on one landscape."
    )
    if len(known) < len(landscapes):
        caption += f" The speed is unknown on {number_of(len(landscapes) - len(known), 'landscape')}."
    if drawn < len(known):
        caption += f" Drawn are the {drawn} that changed most."
    if not known:
        return Picture("Speed on each landscape", None, caption)
    return _drawn(
        "Speed on each landscape",
        caption,
        lambda: figures.effect_plot(
            names=[one.landscape for one in known],
            effects=[one.log2_ratio for one in known],
            lower=[one.lower for one in known],
            upper=[one.upper for one in known],
            gate=GATE,
            most=drawn,
            title="Speed on each landscape",
            identifier=identifier,
        ),
    )


def heat_map(
    states: Sequence[State],
    columns: Sequence[Mapping[str, float | None]],
    names: Sequence[str],
    accepted: int,
    most_states: int,
    *,
    identifier: str,
    total: int | None = None,
) -> Picture | None:
    """Draw landscapes × states, coloured by the speed relative to the accepted state.

    Parameters
    ----------
    states : sequence of State
        Oldest first.
    columns : sequence of mapping
        For each state, log₂ of the speed ratio by landscape; None if it is unknown or not comparable.
    names : sequence of str
        The landscapes to draw.
    accepted : int
        The index of the accepted state.
    most_states : int
        The largest number of states to draw; the newest are kept.
    identifier : str
    total : int, optional
        The number of all landscapes.

    Returns
    -------
    Picture or None
        None if there is no landscape.
    """
    if not names:
        return None
    first = max(len(states) - most_states, 0)
    values = np.array([[_number(column.get(name)) for column in columns[first:]] for name in names])
    caption = (
        f"Speed against the accepted state {states[accepted].first.entry.short}, in shades up to two gates of 10 %; "
        "hatched if unknown or not comparable."
    )
    if total is not None and total > len(names):
        caption += f" Shown are the {len(names)} of {total} landscapes whose speed moved most."
    if first:
        caption += f" Shown are the last {len(states) - first} of {len(states)} states."
    return _drawn(
        "Speed by landscape and state",
        caption,
        lambda: figures.heat_map(
            landscapes=names,
            states=[state.first.entry.short for state in states[first:]],
            values=values,
            gate=GATE,
            title="Speed by landscape and state",
            identifier=identifier,
        ),
    )


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def time_line(trend: Trend, means: Sequence[float], identifier: str) -> Picture | None:
    """Draw the states in order, with steps and creep.

    Parameters
    ----------
    trend : Trend
    means : sequence of float
        For each state, the mean over the landscapes of log₂ of the speed relative to the accepted state.
    identifier : str

    Returns
    -------
    Picture or None
        None if no speed is known.
    """
    if len(means) != len(trend.states):
        return None
    place = {state.first.commit: k for k, state in enumerate(trend.states)}
    events = [
        (
            event.kind,
            place[event.states[0].first.commit],
            place[event.states[-1].first.commit],
            event.is_worse,
            shortened(moved_title(event.comparison, 1), 90),
        )
        for event in trend.events
    ]
    first = max(len(trend.states) - _MOST_ON_LINE, 0)
    shown = [(kind, max(a - first, 0), b - first, worse, words) for kind, a, b, worse, words in events if b >= first]
    states = trend.states[first:]
    caption = "Mean over the landscapes of the speed against the accepted state; the band is the gate of 2 %."
    if len(shown) > _MOST_EVENTS:
        caption += f" The last {_MOST_EVENTS} of {len(shown)} events."
    if first:
        caption += f" The last {len(states)} of {len(trend.states)} states."
    return _drawn(
        "Speed along the commits",
        caption,
        lambda: figures.time_line(
            states=[state.first.entry.short for state in states],
            values=list(means[first:]),
            commits=[len(state.points) for state in states],
            gate=SUITE_GATE,
            events=shown[-_MOST_EVENTS:],
            title="Speed along the commits",
            identifier=identifier,
        ),
    )


def shortened(text: str, most: int) -> str:
    """Cut a text to at most so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _sides(change: Change) -> tuple[str, str]:
    """Return the names of both sides for captions."""
    return f"before ({change.before})", f"now ({change.now})"


def profiles(runtimes: Runtimes, change: Change, identifier: str) -> tuple[tuple[Picture, ...], str]:
    """Draw runtime distribution, data profile and performance profile, before and now.

    Parameters
    ----------
    runtimes : Runtimes
    change : Change
    identifier : str

    Returns
    -------
    pictures : tuple of Picture
    words : str
        The performance profile in words: ρ(1), ρ(2), ρ(∞).

    References
    ----------
    E. D. Dolan and J. J. Moré, Benchmarking optimization software with performance profiles, 2002, Math. Program.
    91(2).
    J. J. Moré and S. M. Wild, Benchmarking derivative-free optimization algorithms, 2009, SIAM J. Optim. 20(1).
    N. Hansen et al., COCO: a platform for comparing continuous optimizers, 2021, Optim. Methods Softw. 36(1).
    """
    names = _sides(change)
    share = "10⁻⁶ of the reference gap"
    left = ""
    if runtimes.left_out:
        shown = ", ".join(runtimes.left_out[:3]) + (" …" if len(runtimes.left_out) > 3 else "")
        left = (
            f" Left out, because not compared or unknown: {number_of(len(runtimes.left_out), 'landscape')} ({shown})."
        )
    before, now = runtimes.before[:, _PROFILE_TARGET], runtimes.now[:, _PROFILE_TARGET]
    performance = _drawn(
        "Performance profile",
        f"To {share}. There are always two curves, because with more, ranks depend on the selection.",
        lambda: figures.performance_profile(
            before=before, now=now, names=names, title="Performance profile", identifier=f"{identifier}-performance"
        ),
    )
    drawn = (
        _drawn(
            "Runtime distribution",
            f"All eight targets, 10⁻¹ to 10⁻⁸ of a landscape's reference gap.{left}",
            lambda: figures.runtime_ecdf(
                before=runtimes.before,
                now=runtimes.now,
                budget=runtimes.budgets,
                dim=runtimes.dims,
                names=names,
                title="Runtime distribution",
                identifier=f"{identifier}-ecdf",
            ),
            is_described=True,
        ),
        _drawn(
            "Data profile",
            "",
            lambda: figures.data_profile(
                before=before,
                now=now,
                budget=runtimes.budgets,
                dim=runtimes.dims,
                target=share,
                names=names,
                title="Data profile",
                identifier=f"{identifier}-data",
            ),
            is_described=True,
        ),
        performance,
    )
    return drawn, performance.figure.description if performance.figure else ""


def gaps(one: LandscapeComparison, change: Change, identifier: str) -> Picture:
    """Draw the gap against evaluations: median and quartiles over the cells, before and now."""
    name = "Gap against evaluations"
    pairs = one.pairs if one.is_compared and not change.is_single else []
    before = [gap_steps(one.now, old) for old, _ in pairs]
    now = [gap_steps(one.now, new) for _, new in pairs]
    return _drawn(
        name,
        "Median and quartiles over the cells. Records store the evaluations to each target, so gaps fall in steps.",
        lambda: figures.gap_curves(
            before=before or [gap_steps(one.now, cell) for cell in one.now.cells],
            now=now,
            budget=one.now.budget,
            names=_sides(change) if now else _sides(change)[::-1],
            title=name,
            identifier=identifier,
        ),
        is_described=True,
    )


def basins(one: LandscapeComparison, change: Change, identifier: str) -> Picture | None:
    """Draw which starts of a two-dimensional landscape lead to the minimum, before and now; else return None."""
    landscape = known_landscape(one.now.landscape)
    if landscape is None or landscape.dim != 2:
        return None
    points = start_points(one.now)
    has_before = one.is_compared and not change.is_single and one.before is not None
    cells = [cell for cell in one.now.cells if cell.start in points]
    if not cells:
        return None

    def labels(record: LandscapeRecord) -> list[int]:
        by_start = {cell.start: cell for cell in record.cells}
        return [0 if record.succeeded(by_start[cell.start]) else -1 for cell in cells]

    return _drawn(
        "Where starts lead",
        "A start leads to the minimum if the returned point has a gap of at most 10⁻⁶ of the reference gap. "
        "Records do not store which minimiser was reached.",
        lambda: figures.basin_map(
            bounds=landscape.bounds,
            starts=np.array([points[cell.start] for cell in cells]),
            now=labels(one.now),
            before=labels(one.before) if has_before and one.before is not None else None,
            names=("the minimum",),
            panels=(change.before, change.now),
            title="Where starts lead",
            identifier=identifier,
        ),
        is_described=True,
    )


def contour(
    one: LandscapeComparison, change: Change, pair: PathPair | None, why_none: str, identifier: str
) -> Picture | None:
    """Draw the worst cell's paths, before and now, over the contours of the gap.

    Parameters
    ----------
    one : LandscapeComparison
    change : Change
    pair : PathPair or None
        The paths of the cell that lost most, if it was rerun.
    why_none : str
        Why there are no paths.
    identifier : str

    Returns
    -------
    Picture or None
        None if nothing moved.
    """
    if pair is None and one.verdict in (Verdict.SAME, Verdict.NEW):
        return None
    name = "Paths of the cell that lost most"
    landscape = known_landscape(one.now.landscape)
    if landscape is None or pair is None or (pair.before is None and pair.now is None):
        why = "; ".join(pair.why_not) if pair is not None and pair.why_not else why_none
        if landscape is None:
            why = "this session does not know the landscape"
        return _not_drawn(name, why)
    if landscape.dim < 2:
        return _not_drawn(name, "the landscape has one dimension")
    first, second = two_coordinates(pair, landscape.bounds)
    named = [(change.before, pair.before), (change.now, pair.now)]
    paths = [(label, trace.x[:_MOST_POINTS][:, [first, second]]) for label, trace in named if trace is not None]
    divergence = first_divergence(pair, landscape.bounds)
    said = [f"{pair.cell}."]
    if divergence is not None:
        said.append(f"The runs diverge at evaluation {divergence}.")
    if landscape.dim > 2:
        said.append(
            f"Shown are the two of {landscape.dim} coordinates that moved most, in their plane through a minimiser."
        )
    if any(trace is not None and len(trace) > _MOST_POINTS for _, trace in named):
        said.append(f"Shown are the first {_MOST_POINTS} evaluations.")
    said += [f"{why[0].upper()}{why[1:]}." for why in pair.why_not]

    def draw() -> figures.Figure:
        x, y, heights = _plane(landscape, first, second)
        return figures.contour(
            x=x,
            y=y,
            gaps=heights,
            minimizers=landscape.minimizers[:, [first, second]][:20],
            starts=[path[0] for _, path in paths[:1] if len(path)],
            trajectories=paths,
            divergence=divergence if divergence is not None and divergence <= _MOST_POINTS else None,
            x_title=f"x{str(first + 1).translate(_SUBSCRIPTS)}",
            y_title=f"x{str(second + 1).translate(_SUBSCRIPTS)}",
            title=name,
            identifier=identifier,
        )

    return _drawn(name, " ".join(said), draw)


_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def _plane(landscape: Landscape, first: int, second: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Evaluate the gap on a grid in the plane of two coordinates through a minimiser; NaN at infeasible points."""
    through = landscape.minimizers[0] if len(landscape.minimizers) else landscape.x0
    x, y = (np.linspace(landscape.bounds[k, 0], landscape.bounds[k, 1], _GRID) for k in (first, second))
    grid = np.tile(through, (_GRID * _GRID, 1))
    across, up = np.meshgrid(x, y)
    grid[:, first], grid[:, second] = across.ravel(), up.ravel()
    with np.errstate(all="ignore"):
        heights = np.asarray(landscape(grid), dtype=np.float64) - landscape.fmin
        broken = landscape.violation(grid) > 0.0
    heights = np.where(broken & ~np.all(broken), np.nan, heights)
    return x, y, np.where(np.isfinite(heights), heights, np.nan).reshape(_GRID, _GRID)
