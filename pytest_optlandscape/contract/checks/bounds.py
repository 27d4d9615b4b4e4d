"""Checks of the contract on bounds and constraints, for optimizers that take them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.contract.search import Held
from pytest_optlandscape.contract.trials import Complaint, Trial, further_trials, trials, trials_on
from pytest_optlandscape.landscapes import Landscape, get
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.optimizers.profile import obstacle
from pytest_optlandscape.runs.infeasible_points import infeasible_points
from pytest_optlandscape.runs.run import SLACK, inside

__all__ = ["check_clips_start", "check_keeps_fixed_variables", "check_stays_feasible", "check_stays_inside_bounds"]

FloatArray = NDArray[np.float64]

_CONSTRAINED = ("rosenbrock_disk", "mishra_bird_disk", "gomez_levy", "simionescu")
"""Landscapes with one inequality. Their standard start satisfies it."""


def _with_and_without_gradient(
    made: Callable[[Adapter], Iterator[Trial]],
) -> Callable[[Adapter], Iterator[Trial]]:
    """Yield the trials, then again without a gradient: finite differences can leave the box, too."""

    def both(adapter: Adapter) -> Iterator[Trial]:
        yield from made(adapter)
        without = adapter.without_gradient()
        if without is not None:
            yield from made(without)

    return both


def check_stays_inside_bounds(held: Held) -> None:
    """Check that an optimizer with bounds evaluates and returns only points inside them.

    It is only warned of points outside by at most `runs.run.slack_of`, four units in the last place. In further boxes
    the minimum lies on an edge, and the edges are long binary fractions.
    """
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | None:
        seen = trial.observe()
        run = seen.run
        points = np.vstack([run.trace.x, run.x])
        lower, upper = run.bounds.T
        if ((points >= lower) & (points <= upper)).all():
            return None
        outside = np.maximum(lower - points, points - upper).max()
        show = f"max(max(a - t, t - b) for x in seen for t, (a, b) in zip(x, {run.bounds.tolist()}))"
        if inside(points, run.bounds).all():
            what = f"a point lies {outside:.3g} outside the bounds, which is rounding, but no point inside them"
            return Complaint(what, run, trial, show, is_slight=True)
        if np.isnan(points).any():
            return Complaint("a coordinate of a point is NaN, which lies inside no bounds", run, trial, "seen")
        return Complaint(f"a point lies {outside:.3g} outside the bounds", run, trial, show)

    held.to(judge, _with_and_without_gradient(trials), besides=_with_and_without_gradient(further_trials))


def check_clips_start(held: Held) -> None:
    """Check that a start outside the bounds is moved inside or refused before the first evaluation."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        lower, upper = trial.landscape.bounds.T
        x0 = trial.x0 + 1.5 * (upper - lower) * np.where(trial.x0 >= (lower + upper) / 2.0, 1.0, -1.0)
        run = trial.observe_anew(x0=x0).run
        if not (run.trace.x == x0).all(axis=1).any():
            return None
        show = f"{x0.tolist()} in seen"
        return Complaint("it evaluates a start that lies outside the bounds", run, trial, show)

    held.to(judge, lambda adapter: trials(adapter, ("sphere[2]", "beale"), starts=2))


def check_keeps_fixed_variables(held: Held) -> None:
    """Check that a variable with equal bounds never moves, or that such bounds are refused."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        farthest, slight = 0.0, None
        for k in range(trial.landscape.dim):
            box = np.array(trial.landscape.bounds)
            box[k] = trial.landscape.minimizers[0][k]
            seen = trial.observe_anew(x0=np.clip(trial.x0, *box.T), bounds=box)
            run = seen.run
            if seen.refused:
                continue
            if run.stop_reason not in ("returned", "budget"):
                return Complaint(f"no usable result: {run.stop_reason} ({run.message})", run, trial, "r")
            moved = float(np.abs(np.vstack([run.trace.x, run.x])[:, k] - box[k, 0]).max())
            if moved > 0.0:
                is_rounding = moved <= SLACK * float(np.spacing(np.abs(trial.landscape.bounds).max()))
                rounding = ", which is rounding" if is_rounding else ""
                what = f"x[{k}] is fixed at {box[k, 0]:g} by its bounds, but was moved by {moved:.3g}{rounding}"
                show = f"max(abs(x[{k}] - {float(box[k, 0])!r}) for x in seen)"
                complaint = Complaint(what, run, trial, show, is_slight=is_rounding)
                if not is_rounding:
                    return complaint
                slight = slight or complaint
            farthest = max(farthest, moved)
        return slight or farthest

    held.to(judge, lambda adapter: trials(adapter, ("sphere[2]", "beale", "rosenbrock[2]"), starts=2))


def check_stays_feasible(held: Held) -> None:
    """Check that points evaluated and returned satisfy all constraints with ``keep_feasible=True``.

    Every start satisfies them. Equalities are not checked: no optimizer could satisfy them throughout.
    """
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        run = trial.observe_anew(x0=_feasible(trial)).run
        found = infeasible_points(run)
        if found is None:
            return None
        return Complaint(
            f"{found.first} breaks a constraint with keep_feasible=True, and so do {found.count} of {len(run.trace)} "
            f"evaluations, by up to {found.most:.3g}",
            run,
            trial,
            how="look at run.landscape.violation(run.trace.x) of the run below",
        )

    held.to(judge, _keeping_feasible)


def _keeping_feasible(adapter: Adapter) -> Iterator[Trial]:
    for landscape in (_half_plane(), *(get(name).keeping_feasible() for name in _CONSTRAINED)):
        if not obstacle(adapter, landscape):
            yield from trials_on(adapter, landscape, 2 if adapter.is_global else 5)


def _half_plane() -> Landscape:
    """Return a bowl with a linear constraint that is active at the minimum."""
    from scipy.optimize import LinearConstraint  # sessions without the contract do not need it

    bowl = get("sphere[2]")
    return Landscape(
        bowl.name,
        bowl,
        gradient=bowl.gradient,
        hessian=bowl.hessian,
        bounds=bowl.bounds,
        x0=[3.0, 3.0],
        minimizers=[[0.5, 0.5]],
        fmin=0.5,
        constraints=LinearConstraint([[1.0, 1.0]], 1.0, np.inf, keep_feasible=True),
        id="sphere[2][x + y >= 1]",
    )


def _feasible(trial: Trial) -> FloatArray:
    """Move the start towards the standard start until it satisfies the constraints with a margin."""
    landscape, share = trial.landscape, 1.0
    while share > 1e-3:
        x0 = landscape.x0 + share * (trial.x0 - landscape.x0)
        further = landscape.x0 + 1.1 * share * (trial.x0 - landscape.x0)
        if np.all(landscape.violation(np.array([x0, further])) == 0.0):
            return np.asarray(x0)
        share /= 2.0
    return landscape.x0
