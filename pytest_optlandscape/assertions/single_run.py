"""Assertions about a single run: its speed, its precision, its feasibility."""

from __future__ import annotations

import math

from pytest_optlandscape.runs import Run, TrainingRun
from pytest_optlandscape.runs.infeasible_points import infeasible_points
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["assert_converges", "assert_precise", "assert_stays_feasible", "run_report"]


def assert_converges(
    run: Run | TrainingRun, *, gap: float | None = None, fun: float | None = None, within: int | None = None
) -> None:
    """Assert that a run comes close enough to the minimum soon enough.

    Parameters
    ----------
    run : Run or TrainingRun
        `KerasRecorder` and `record_training` record a `TrainingRun`. A training must also end at the target: the gap of
        its final weights, `TrainingRun.result_gap`, counts. A training that raised, or reported a loss below fmin,
        fails.
    gap : float, optional
        The target: best feasible value so far minus fmin, in units of f.
    fun : float, optional
        The target as a value of f, for landscapes whose minimum is not known. Give either ``gap`` or ``fun``.
    within : int, optional
        Evaluations within which the target must be reached (default: the run's budget).

    Raises
    ------
    AssertionError
        If the target is missed: with the target, the run's best, a table of the trace and the line that repeats the
        run.
    ValueError
        If ``gap`` is negative or ``within`` is below 1; if a gap is asked for and the landscape's minimum is not known,
        or wrong (a feasible value of the run lies below fmin).
    TypeError
        Unless exactly one of ``gap`` and ``fun`` is given; a training takes ``gap``.

    Examples
    --------
    >>> from pytest_optlandscape import minimize
    >>> assert_converges(minimize("scipy:L-BFGS-B", "beale"), gap=1e-8, within=100)
    """
    __tracebackhide__ = True
    if within is not None and within < 1:
        raise ValueError(f"within is a number of evaluations, at least 1; got {within!r}")
    if (gap is None) == (fun is None):
        raise TypeError("assert_converges takes either gap, or fun, a value of the objective; give one of them")
    limit = run.budget if within is None else within
    if gap is None or fun is not None:
        return _assert_reaches(run, fun, limit)
    if isinstance(run, Run):
        run.check_fmin()
    hit = run.hit(gap)
    training = run if isinstance(run, TrainingRun) else None
    if training and training.trouble:
        reached = training.trouble
    elif hit == math.inf:
        reached = f"the smallest gap was {run.gap:.3g} after {number_of(len(run.trace), 'evaluation')}"
    elif hit > limit:
        reached = f"the gap came to {gap:g} only after {number_of(int(hit), 'evaluation')}"
    elif training and (shortfall := training.shortfall(gap)):
        reached = shortfall
    else:
        return
    raise AssertionError(run_report(run, f"required a gap of {gap:g} within {number_of(limit, 'evaluation')}", reached))


def _assert_reaches(run: Run | TrainingRun, fun: float | None, limit: int) -> None:
    __tracebackhide__ = True
    if not isinstance(run, Run) or fun is None:
        raise TypeError("the target of a training is a gap: give its fmin to the recorder, and assert on gap")
    hit = run.hit(fun=fun)
    if hit <= limit:
        return
    reached = f"the lowest feasible value was {run.best_fun:.6g} after {len(run.trace)} evaluations"
    if hit < math.inf:
        reached = f"f came to {fun:g} only after {hit:.0f} evaluations"
    raise AssertionError(run_report(run, f"required f = {fun:g} within {limit} evaluations", reached))


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
        If the point is too far: with its distance, a table of the trace and the line that repeats the run.
    ValueError
        If the landscape's minimum is not known, or wrong: a feasible value of the run lies below fmin.

    Examples
    --------
    >>> from pytest_optlandscape import minimize
    >>> assert_precise(minimize("scipy:L-BFGS-B", "beale"), digits=5)
    """
    __tracebackhide__ = True
    if isinstance(run, Run):
        run.check_fmin()
    if run.distance <= 10.0**-digits and run.was_evaluated:
        return
    required = f"required {digits:g} digits: a distance of at most {10.0**-digits:.3g} to a global minimiser"
    if not run.was_evaluated:
        raise AssertionError(run_report(run, required, "no evaluation was made"))
    reached = f"the returned point {run.x.tolist()} is {run.distance:.3g} away ({run.digits:.1f} digits)"
    raise AssertionError(run_report(run, required, reached))


def assert_stays_feasible(run: Run) -> None:
    """Assert that a run evaluated and returned only points that keep the constraints with ``keep_feasible=True``.

    Rounding is allowed for. Equalities are not checked.

    Parameters
    ----------
    run : Run

    Raises
    ------
    AssertionError
        If a point breaks a constraint: with the first such point, their number, and the line that repeats the run. If
        the run evaluated nothing.
    ValueError
        If no inequality of the landscape has ``keep_feasible=True``.

    Examples
    --------
    >>> from pytest_optlandscape import landscapes, minimize
    >>> disk = landscapes.get("rosenbrock_disk").keeping_feasible()
    >>> assert_stays_feasible(minimize("scipy:Nelder-Mead", disk))
    Traceback (most recent call last):
        ...
    AssertionError: scipy:Nelder-Mead on rosenbrock_disk:keeping-feasible: required that ... keep_feasible=True...
    """
    __tracebackhide__ = True
    own = run.landscape.own_constraints
    if not any(constraint.must_keep.any() for constraint in own):
        raise ValueError(
            f"no inequality of {run.landscape.id} says keep_feasible=True; say so in its constraints, or take "
            "landscape.keeping_feasible()"
        )
    required = "required that only points are evaluated that keep the constraints with keep_feasible=True"
    if not run.was_evaluated:
        raise AssertionError(run_report(run, required, "no evaluation was made"))
    found = infeasible_points(run)
    if found is None:
        return
    reached = (
        f"{found.first}, {found.point}, breaks one by {found.excess:.3g}; {found.count} of {len(run.trace)} "
        f"evaluations break one, by up to {found.most:.3g}"
    )
    raise AssertionError(run_report(run, required, reached))


def run_report(run: Run | TrainingRun, required: str, reached: str) -> str:
    """Describe what was required of a run and what it reached, with its table and the line that repeats it."""
    ending = f"stop reason: {run.stop_reason}" + (f" ({run.message})" if run.message else "")
    return "\n".join(
        [
            f"{run.optimizer} on {run.landscape.id}: {required}, but {reached}",
            f"  {ending}",
            run.table(),
            f"  replay: {run.script()}",
        ]
    )
