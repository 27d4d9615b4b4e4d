"""Pictures of a run: the gap against evaluations, and its path on the contours of the landscape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_optlandscape.figures import Figure, beside, gap_curves, html_table
from pytest_optlandscape.landscapes.plotting import draw_contour
from pytest_optlandscape.texts.spelling import unknown_name

if TYPE_CHECKING:
    from pytest_optlandscape.runs.run import Run

__all__ = ["KINDS", "draw", "html_of"]

KINDS = ("gap", "contour")


def draw(run: Run, kind: str | None = None, axes: tuple[int, int] | None = None) -> Figure:
    """Draw a run; see `Run.plot`."""
    if kind is not None and kind not in KINDS:
        raise ValueError(unknown_name("kind of picture", kind, KINDS))
    if not len(run.evaluated[1]):
        raise ValueError(f"{run.optimizer} made no evaluation on {run.landscape.id}: there is nothing to draw")
    if kind is None:
        varying = int(np.sum(run.landscape.bounds[:, 0] < run.landscape.bounds[:, 1]))
        if run.landscape.dim != 2 or varying < 2:
            return _gap(run)
        if not run.landscape.minimum_is_known:
            return _contour(run, axes)
        return beside(_gap(run), _contour(run, axes), title=_title(run))
    return _gap(run) if kind == "gap" else _contour(run, axes)


def html_of(run: Run) -> str:
    """Return the view of a run in notebooks: its picture and what is to be said of it. It never raises."""
    rows = [("run", str(run)), ("start", str(run.x0.tolist()[:12])), ("result", str(run.x.tolist()[:12]))]
    rows += [("message", run.message)] if run.message else []
    rows += [("again", run.command())]
    try:
        picture = draw(run).to_html(full_html=False)
    except ImportError as error:
        rows.append(("picture", str(error)))
        picture = _or_nothing(run)
    except Exception as error:
        rows.append(("picture", f"It cannot be drawn: {error}"))
        picture = ""
    return picture + html_table([], rows)


def _or_nothing(run: Run) -> str:
    """Return the curve of the gap, which needs no other library."""
    try:
        return draw(run, "gap").to_html(full_html=False)
    except Exception:
        return ""


def _title(run: Run) -> str:
    return f"{run.optimizer} on {run.landscape.id}"


def _gap(run: Run) -> Figure:
    run.landscape.check_minimum_is_known()
    if run.fmin_contradiction:
        raise ValueError(run.fmin_contradiction)
    gaps = run.trace.gap
    if not np.isfinite(gaps).any():
        raise ValueError(f"no evaluation of {run.optimizer} on {run.landscape.id} was feasible and finite")
    evaluations = np.arange(1, len(gaps) + 1)
    return gap_curves(before=[(evaluations, gaps)], budget=len(gaps), names=(run.optimizer, ""), title=_title(run))


def _contour(run: Run, axes: tuple[int, int] | None) -> Figure:
    return draw_contour(
        run.landscape,
        axes=axes,
        trajectories=[(run.optimizer, run.evaluated[0])],
        starts=run.x0[np.newaxis],
        title=_title(run),
    )
