"""Assertions about runs: how fast, how close, how reliably."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import get, minimize
from pytest_optlandscape.runs import Run, TrainingRun, as_landscape
from pytest_optlandscape.verdicts.hyperparameters import RobustWidth, robust_width, starts_of
from pytest_optlandscape.verdicts.measuring import reference_gap
from pytest_optlandscape.verdicts.records import SUCCESS_TARGET
from pytest_optlandscape.verdicts.statistics import RateInterval, rate_interval

__all__ = ["Robustness", "assert_converges", "assert_precise", "assert_robust"]


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
        If ``gap`` is negative or ``within`` below 1.

    Examples
    --------
    >>> from pytest_optlandscape import minimize
    >>> assert_converges(minimize("scipy:L-BFGS-B", "beale"), gap=1e-8, within=100)
    """
    __tracebackhide__ = True
    if within is not None and within < 1:
        raise ValueError(f"within is a number of evaluations, at least 1; got {within!r}")
    limit = run.budget if within is None else within
    hit = run.hit(gap)
    if hit <= limit:
        return
    if hit < math.inf:
        reached = f"the gap came to {gap:g} only after {hit:.0f} evaluations"
    else:
        reached = f"the smallest gap was {run.gap:.3g} after {len(run.trace)} evaluations"
    raise AssertionError(_report(run, f"required a gap of {gap:g} within {limit} evaluations", reached))


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

    Examples
    --------
    >>> from pytest_optlandscape import minimize
    >>> assert_precise(minimize("scipy:L-BFGS-B", "beale"), digits=5)
    """
    __tracebackhide__ = True
    if run.distance <= 10.0**-digits:
        return
    required = f"required {digits:g} digits: a distance of at most {10.0**-digits:.3g} to a global minimiser"
    reached = f"the returned point {run.x.tolist()} is {run.distance:.3g} away ({run.digits:.1f} digits)"
    raise AssertionError(_report(run, required, reached))


def _report(run: Run | TrainingRun, required: str, reached: str) -> str:
    ending = f"stop reason: {run.stop_reason}" + (f" ({run.message})" if run.message else "")
    return "\n".join(
        [
            f"{run.optimizer} on {run.landscape.id}: {required}, but {reached}",
            f"  {ending}",
            run.table(),
            f"  replay: {run.command()}",
        ]
    )


@dataclass(frozen=True)
class Robustness:
    """How often an optimizer succeeded, and where it failed.

    Attributes
    ----------
    interval : RateInterval
    required : float
        The required rate.
    failures : tuple of Run
    """

    interval: RateInterval
    required: float
    failures: tuple[Run, ...]

    @property
    def is_shown(self) -> bool:
        """Whether the rate is at least the required one, at the stated confidence."""
        return self.interval.lower >= self.required

    def __str__(self) -> str:
        i = self.interval
        return (
            f"required {self.required:g}, at least {i.lower:.3f} at {100 * i.confidence:g} % confidence after "
            f"{i.trials} starts ({i.successes} succeeded)"
        )


@overload
def assert_robust(
    optimizer: Any,
    landscapes: Landscape | str | Iterable[Landscape | str],
    *,
    over: None = None,
    rate: float = 0.9,
    starts: int | Sequence[str] | None = None,
    gap: float | None = None,
    digits: float | None = None,
    confidence: float = 0.99,
    budget: int | None = None,
    seed: int = 0,
) -> Robustness: ...


@overload
def assert_robust(
    optimizer: Any,
    landscapes: Landscape | str | Iterable[Landscape | str],
    *,
    over: Mapping[str, Sequence[float]],
    decades: float = 1.0,
    starts: int | Sequence[str] | None = None,
    gap: float | None = None,
    digits: float | None = None,
    confidence: float = 0.99,
    budget: int | None = None,
    seed: int = 0,
) -> RobustWidth: ...


def assert_robust(
    optimizer: Any,
    landscapes: Landscape | str | Iterable[Landscape | str],
    *,
    over: Mapping[str, Sequence[float]] | None = None,
    decades: float = 1.0,
    rate: float = 0.9,
    starts: int | Sequence[str] | None = None,
    gap: float | None = None,
    digits: float | None = None,
    confidence: float = 0.99,
    budget: int | None = None,
    seed: int = 0,
) -> Robustness | RobustWidth:
    """Assert that an optimizer succeeds from at least a share of all starts, or on a share of many landscapes.

    Starts are the first Sobol' points of each landscape's box, the same everywhere. The rate is shown when its
    one-sided exact binomial bound (Clopper & Pearson 1934) reaches what is required: a bare fraction proves nothing.

    With ``over``, assert instead that it succeeds in a wide enough range of a hyperparameter: for each start the
    longest range of values without a failure is found, and the mean of their widths is bounded by Student's interval.

    Parameters
    ----------
    optimizer : str, callable, class or object
        Whatever `optimizers.get` takes.
    landscapes : Landscape, str, or iterable of them
        Where; over several landscapes all starts are counted together.
    over : mapping of str to sequence of float, optional
        A hyperparameter that the optimizer takes by keyword, such as ``{"learning_rate": (1e-4, 10)}``: the ends of a
        range, in which eight values a decade are tried and the ends of success bisected, or three values or more.
    decades : float, default 1.0
        The mean width of the hyperparameter's range required, log₁₀(upper / lower). Only with ``over``.
    rate : float, default 0.9
        The success rate required, below 1. Not with ``over``.
    starts : int or sequence of str, optional
        How many Sobol' starts on each landscape (default: 100; with ``over``, 8), or the names of the landscape's own
        starts, such as ``["restart-0", "restart-1"]`` of the training landscapes.
    gap : float, optional
        A run succeeds if the returned point is feasible and its value is at most this above fmin (default: a
        millionth of the landscape's typical gap).
    digits : float, optional
        In addition, or instead if ``gap`` is None: correct decimal places of the returned point.
    confidence : float, default 0.99
        Of the bound; with ``over``, of the two-sided interval.
    budget : int, optional
        Evaluations of each run (default: 1000 per dimension).
    seed : int, default 0
        Seed of the first run; each further one counts up.

    Returns
    -------
    Robustness or RobustWidth
        The interval, and the runs that failed; with ``over``, the width in decades, its interval and the ranges.

    Raises
    ------
    AssertionError
        If the rate is not shown: with the interval, and the worst failure's trace and replay. If the width is not
        shown: with its interval, and how often each value succeeded.
    ValueError
        If so few starts could not show the rate even if all succeeded, or an argument is out of range.

    Examples
    --------
    >>> print(assert_robust("scipy:L-BFGS-B", "booth"))
    required 0.9, at least 0.955 at 99 % confidence after 100 starts (100 succeeded)
    """
    __tracebackhide__ = True
    chosen = _as_landscapes(landscapes)
    if over is not None:
        if not 0.5 <= confidence < 1.0:
            raise ValueError(f"confidence is at least 0.5 and below 1, got {confidence!r}")
        found = robust_width(
            optimizer,
            chosen,
            over,
            decades=decades,
            starts=8 if starts is None else starts,
            succeeds=lambda run: _succeeds(run, gap, digits),
            confidence=confidence,
            budget=budget,
            seed=seed,
        )
        if not found.is_shown:
            raise AssertionError(f"{found.optimizer} reaches {_goal(gap, digits)}: {found}\n{found.table()}")
        return found
    adapter = get(optimizer)
    starts = 100 if starts is None else starts
    _check_can_be_shown(rate, (starts if isinstance(starts, int) else len(starts)) * len(chosen), confidence)
    runs = [
        minimize(adapter, landscape, x0=x0, budget=budget, seed=seed + k)
        for landscape in chosen
        for k, x0 in enumerate(starts_of(landscape, starts))
    ]
    failures = tuple(run for run in runs if not _succeeds(run, gap, digits))
    interval = rate_interval(len(runs) - len(failures), len(runs), confidence)
    robustness = Robustness(interval, rate, failures)
    if robustness.is_shown:
        return robustness
    worst = max(failures, key=lambda run: (run.result_gap / reference_gap(run.landscape), run.distance))
    refuted = f"; at most {interval.upper:.3f}, so the requirement is refuted" if interval.upper < rate else ""
    goal = _goal(gap, digits)
    raise AssertionError(
        f"{adapter.spec} reaches {goal}: {robustness}{refuted}\n"
        f"worst of {len(failures)} failures: " + _report(worst, f"required {goal}", f"ended at {worst.x.tolist()}")
    )


def _as_landscapes(landscapes: Landscape | str | Iterable[Landscape | str]) -> list[Landscape]:
    if isinstance(landscapes, str | Landscape):
        return [as_landscape(landscapes)]
    chosen = [as_landscape(landscape) for landscape in landscapes]
    if not chosen:
        raise ValueError("assert_robust was given no landscape")
    return chosen


def _check_can_be_shown(rate: float, trials: int, confidence: float) -> None:
    if not 0.0 < rate < 1.0:
        raise ValueError(f"rate is a share above 0 and below 1 (no finite number of runs shows 1); got {rate!r}")
    if not 0.5 <= confidence < 1.0:
        raise ValueError(f"confidence is at least 0.5 and below 1, got {confidence!r}")
    if trials < 1:
        raise ValueError("at least one start is needed")
    best = rate_interval(trials, trials, confidence).lower
    if best < rate:
        needed = math.ceil(math.log(1.0 - confidence) / math.log(rate))
        raise ValueError(
            f"{trials} starts cannot show a rate of {rate:g} at {100 * confidence:g} % confidence: even if all "
            f"succeed they show {best:.3f}; take at least {needed} starts"
        )


def _succeeds(run: Run, gap: float | None, digits: float | None) -> bool:
    if digits is not None and not run.distance <= 10.0**-digits:
        return False
    if gap is None and digits is not None:
        return True
    target = SUCCESS_TARGET * reference_gap(run.landscape) if gap is None else gap
    return run.result_gap <= target


def _goal(gap: float | None, digits: float | None) -> str:
    parts = [f"a gap of {gap:g}"] if gap is not None else []
    parts += [f"{digits:g} digits"] if digits is not None else []
    return " and ".join(parts) or "a millionth of the typical gap"
