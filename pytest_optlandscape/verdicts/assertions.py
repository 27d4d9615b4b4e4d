"""Assertions about a run: how fast, how close."""

from __future__ import annotations

import math

from pytest_optlandscape.runs import Run, TrainingRun

__all__ = ["assert_converges", "assert_precise", "run_report"]


def assert_converges(run: Run | TrainingRun, *, gap: float, within: int | None = None) -> None:
    """Assert that a run comes close enough to the minimum soon enough.

    Parameters
    ----------
    run : Run or TrainingRun
        The latter is what `RunRecorder` and `record_training` record.
    gap : float
        The target: best feasible value so far minus fmin, in units of f.
    within : int, optional
        Evaluations in which it must be reached (default: the run's budget).

    Raises
    ------
    AssertionError
        With what was required, what was reached, a table of the trace and the line that repeats the run.
    ValueError
        If ``gap`` is negative or ``within`` below 1, or the landscape's minimum is not known.

    Examples
    --------
    >>> from pytest_optlandscape import minimize
    >>> assert_converges(minimize("scipy:L-BFGS-B", "beale"), gap=1e-8, within=100)
    """
    __tracebackhide__ = True
    if within is not None and within < 1:
        raise ValueError(f"within is a number of evaluations, at least 1; got {within!r}")
    if isinstance(run, Run):
        run.landscape.check_minimum_is_known()
    limit = run.budget if within is None else within
    hit = run.hit(gap)
    if hit <= limit:
        return
    if hit < math.inf:
        reached = f"the gap came to {gap:g} only after {hit:.0f} evaluations"
    else:
        reached = f"the smallest gap was {run.gap:.3g} after {len(run.trace)} evaluations"
    raise AssertionError(run_report(run, f"required a gap of {gap:g} within {limit} evaluations", reached))


def assert_precise(run: Run, *, digits: float) -> None:
    """Assert that the returned point is close enough to a global minimiser.

    Parameters
    ----------
    run : Run
    digits : float
        Correct decimal places: the distance to the nearest global minimiser is at most 10**-digits.

    Raises
    ------
    AssertionError
        With what was required, what was reached, a table of the trace and the line that repeats the run.
    ValueError
        If the landscape's minimum is not known.

    Examples
    --------
    >>> from pytest_optlandscape import minimize
    >>> assert_precise(minimize("scipy:L-BFGS-B", "beale"), digits=5)
    """
    __tracebackhide__ = True
    if run.distance <= 10.0**-digits and run.was_evaluated:
        return
    run.landscape.check_minimum_is_known()
    required = f"required {digits:g} digits: a distance of at most {10.0**-digits:.3g} to a global minimiser"
    if not run.was_evaluated:
        raise AssertionError(run_report(run, required, "no evaluation was made"))
    reached = f"the returned point {run.x.tolist()} is {run.distance:.3g} away ({run.digits:.1f} digits)"
    raise AssertionError(run_report(run, required, reached))


def run_report(run: Run | TrainingRun, required: str, reached: str) -> str:
    """Say what was required of a run and what it reached, with its table and the line that repeats it."""
    ending = f"stop reason: {run.stop_reason}" + (f" ({run.message})" if run.message else "")
    return "\n".join(
        [
            f"{run.optimizer} on {run.landscape.id}: {required}, but {reached}",
            f"  {ending}",
            run.table(),
            f"  replay: {run.command()}",
        ]
    )
