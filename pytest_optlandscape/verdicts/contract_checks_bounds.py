"""Checks of the contract on bounds, for optimizers that take them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.runs.run import inside
from pytest_optlandscape.verdicts.contract_search import Held
from pytest_optlandscape.verdicts.contract_trials import Complaint, Trial, trials

__all__ = ["check_clips_start", "check_keeps_fixed_variables", "check_stays_inside_bounds"]


def _with_and_without_gradient(adapter: Adapter) -> Iterator[Trial]:
    """Go through the trials, and once more without a gradient: differences are a way out of the box of their own."""
    yield from trials(adapter)
    without = adapter.without_gradient()
    if without is not None:
        yield from trials(without)


def check_stays_inside_bounds(held: Held) -> None:
    """Check that an optimizer that takes bounds evaluates and returns only points inside them.

    Up to four units in the last place of the edges, which is the rounding of a point moved onto a bound.
    """
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | None:
        seen = trial.observe()
        run = seen.run
        points = np.vstack([run.trace.x, run.x])
        if inside(points, run.bounds).all():
            return None
        outside = np.maximum(run.bounds[:, 0] - points, points - run.bounds[:, 1]).max()
        return Complaint(
            f"a point lies {outside:.3g} outside the bounds",
            run,
            trial,
            f"max(max(a - t, t - b) for x in seen for t, (a, b) in zip(x, {run.bounds.tolist()}))",
        )

    held.to(judge, _with_and_without_gradient)


def check_clips_start(held: Held) -> None:
    """Check that a start outside the bounds is moved into them, or refused, before anything is evaluated."""
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
    """Check that a variable whose bounds are equal stays where it is, or that such bounds are refused."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        farthest = 0.0
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
            if moved > 4.0 * np.spacing(np.abs(trial.landscape.bounds).max()):
                what = f"x[{k}] is fixed at {box[k, 0]:g} by its bounds, but was moved by {moved:.3g}"
                return Complaint(what, run, trial, f"max(abs(x[{k}] - {float(box[k, 0])!r}) for x in seen)")
            farthest = max(farthest, moved)
        return farthest

    held.to(judge, lambda adapter: trials(adapter, ("sphere[2]", "beale", "rosenbrock[2]"), starts=2))
