"""The assertion on how reliably an optimizer succeeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any, overload

from pytest_optlandscape.assertions.single_run import run_report
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes.noise import Noise
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.records.robust_range import RobustWidth, robust_width
from pytest_optlandscape.records.robustness import Criterion, Robustness, Trials, combinations, measure, worst_of
from pytest_optlandscape.records.sequential import plan
from pytest_optlandscape.runs import as_landscape
from pytest_optlandscape.runs.campaign import check_executor
from pytest_optlandscape.runs.rates import rate_interval
from pytest_optlandscape.search.failing_starts import find_failing_start
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["assert_robust"]


@overload
def assert_robust(
    optimizer: Any,
    landscapes: Landscape | str | Iterable[Landscape | str],
    *,
    over: None = None,
    rate: float = 0.9,
    starts: int | Sequence[str] | None = None,
    instances: int | Sequence[int] | None = None,
    noise: Sequence[float | Noise] | None = None,
    seeds: int | Sequence[int] | None = None,
    gap: float | None = None,
    digits: float | None = None,
    confidence: float = 0.99,
    budget: int | None = None,
    seed: int = 0,
    sequential: bool = True,
    adversarial: bool = False,
    executor: Executor | None = None,
    progress: bool | None = None,
) -> Robustness: ...


@overload
def assert_robust(
    optimizer: Any,
    landscapes: Landscape | str | Iterable[Landscape | str],
    *,
    over: Mapping[str, Sequence[float]],
    decades: float = 1.0,
    starts: int | Sequence[str] | None = None,
    instances: int | Sequence[int] | None = None,
    noise: Sequence[float | Noise] | None = None,
    gap: float | None = None,
    digits: float | None = None,
    confidence: float = 0.99,
    budget: int | None = None,
    seed: int = 0,
    executor: Executor | None = None,
    progress: bool | None = None,
) -> RobustWidth: ...


def assert_robust(
    optimizer: Any,
    landscapes: Landscape | str | Iterable[Landscape | str],
    *,
    over: Mapping[str, Sequence[float]] | None = None,
    decades: float = 1.0,
    rate: float = 0.9,
    starts: int | Sequence[str] | None = None,
    instances: int | Sequence[int] | None = None,
    noise: Sequence[float | Noise] | None = None,
    seeds: int | Sequence[int] | None = None,
    gap: float | None = None,
    digits: float | None = None,
    confidence: float = 0.99,
    budget: int | None = None,
    seed: int = 0,
    sequential: bool = True,
    adversarial: bool = False,
    executor: Executor | None = None,
    progress: bool | None = None,
) -> Robustness | RobustWidth:
    """Assert that an optimizer succeeds from at least a share of all starts, or on a share of many landscapes.

    Starts are the first Sobol' points of each landscape's box, the same everywhere. Each combination of landscape,
    instance, noise level and seed has its own. The rate, over all starts and the mean of the combinations, is shown
    when its one-sided exact binomial bound (Clopper & Pearson 1934) reaches what is required: a bare fraction proves
    nothing. The successes are looked at several times on the way, and what is clear ends early; the bounds
    allow for that (repeated confidence intervals, Jennison & Turnbull 1984; see `records.sequential`).

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
        Most Sobol' starts of each combination (default: as many as make 100 on each landscape; with ``over``, 8), or
        the names of the landscape's own starts, such as ``["restart-0", "restart-1"]`` of the training landscapes.
    instances : int or sequence of int, optional
        So many instances of each landscape, shifted and turned at random (see `Landscape.instance`; their minima are
        known exactly), or the numbers of some.
    noise : sequence of float or Noise, optional
        Levels of additive noise, or of the landscape's own kind; 0 leaves it as it is.
    seeds : int or sequence of int, optional
        So many seeds, counted from ``seed``, or the seeds; each has starts of its own. Without it every run has its
        own seed.
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
    sequential : bool, default True
        Whether to stop as soon as the rate is shown, refuted, or cannot be shown any more. False makes all runs.
    adversarial : bool, default False
        Whether, in addition, no start at all may fail: where none has, `strategies.find_failing_start` searches each
        combination, with as many runs as there are ``starts``, each with a seed of its own unless ``seeds`` names them.
    executor : concurrent.futures.Executor, optional
        Who runs: processes, threads, ``dask.distributed.Client(...).get_executor()``. The result is the same. The
        search of ``adversarial`` stays in this process: each of its runs builds on those before.
    progress : bool, optional
        A bar on stderr by tqdm, if it is installed (default: on a terminal, after two seconds).

    Returns
    -------
    Robustness or RobustWidth
        The interval, the rates of each axis and the worst runs that failed; with ``over``, the width in decades, its
        interval and the ranges.

    Raises
    ------
    AssertionError
        If the rate is not shown: with the interval, the rates, and the worst failure's trace and replay. If a start
        fails that may not. If the width is not shown: with its interval, and how often each value succeeded.
    ValueError
        If so few starts could not show the rate even if all succeeded, an argument is out of range, or the minimum of
        a landscape is not known.
    TypeError
        If the executor is none, or the optimizer or a landscape cannot be sent to it.
    RuntimeError
        If a worker died or could not load what it was sent.

    Examples
    --------
    >>> print(assert_robust("scipy:L-BFGS-B", "booth"))
    required 0.9, at least 0.912 at 99 % confidence after 67 starts (67 succeeded)
    >>> print(assert_robust("scipy:L-BFGS-B", "booth", instances=2, noise=[0.0, 1e-9]).table())
      instance 1: 34 of 34, 0.833 to 1.000
      instance 2: 34 of 34, 0.833 to 1.000
      noise 0: 34 of 34, 0.833 to 1.000
      noise 1e-09: 34 of 34, 0.833 to 1.000
    """
    __tracebackhide__ = True
    chosen = _as_landscapes(landscapes)
    for landscape in chosen:
        landscape.check_minimum_is_known()
    check_executor(executor)
    criterion = Criterion(gap, digits)
    if over is not None:
        _check_confidence(confidence)
        if seeds is not None or adversarial:
            raise ValueError(
                "over takes neither seeds nor adversarial: all values are tried with the seed of the start"
            )
        found = robust_width(
            optimizer,
            [combination.landscape for combination in combinations(chosen, instances, noise, None, seed)],
            over,
            decades=decades,
            starts=8 if starts is None else starts,
            succeeds=criterion,
            confidence=confidence,
            budget=budget,
            seed=seed,
            executor=executor,
            progress=progress,
        )
        if not found.is_shown:
            raise AssertionError(f"{found.optimizer} reaches {criterion}: {found}\n{found.table()}")
        return found
    kinds = combinations(chosen, instances, noise, seeds, seed)
    trials = Trials(optimizer, tuple(kinds), _starts(starts, kinds, chosen), criterion, budget, seed)
    each = trials.starts if isinstance(trials.starts, int) else len(trials.starts)
    spec = get(optimizer).spec
    _check_can_be_shown(rate, each * len(kinds), confidence)
    robustness = measure(
        trials,
        plan(rate, each * len(kinds), confidence, step=len(kinds), sequential=sequential),
        executor=executor,
        progress=progress,
    )
    table = "\n" + robustness.table() if robustness.table() else ""
    if not robustness.is_shown:
        ending = {
            "refuted": f"; at most {robustness.interval.upper:.3f}, so the requirement is refuted",
            "out of reach": f"; so many failed that {each * len(kinds)} starts could not show it any more",
        }.get(robustness.decision, "")
        raise AssertionError(
            f"{spec} reaches {criterion}: {robustness}{ending}{table}\n{_failures(robustness, criterion)}"
        )
    return _searched(robustness, trials, each, f"{spec} reaches {criterion}") if adversarial else robustness


def _failures(robustness: Robustness, criterion: Criterion) -> str:
    worst = worst_of(robustness.failures)
    report = run_report(worst, f"required {criterion}", f"ended at {worst.x.tolist()}")
    return f"worst of {number_of(robustness.failed, 'failure')}: {report}"


def _searched(robustness: Robustness, trials: Trials, each: int, title: str) -> Robustness:
    """Search every combination for a start that fails, those first that have failures already."""
    __tracebackhide__ = True
    known = {run.landscape.id for run in robustness.failures}
    for kind in sorted(trials.landscapes, key=lambda kind: kind.landscape.id not in known):
        found = find_failing_start(
            trials.adapter,
            kind.landscape,
            lambda run: not trials.succeeds(run),
            budget=each,
            seed=trials.seed if kind.seed is None else kind.seed,
            vary_seed=kind.seed is None,
            **({} if trials.budget is None else {"evaluations": trials.budget}),
        )
        if found is not None:
            raise AssertionError(f"{title}: {robustness}, but no start may fail, and one does: {found}")
    if robustness.failures:
        assert isinstance(trials.succeeds, Criterion)
        raise AssertionError(f"{title}: {robustness}, but no start may fail\n{_failures(robustness, trials.succeeds)}")
    return replace(robustness, searched=each * len(trials.landscapes))


def _as_landscapes(landscapes: Landscape | str | Iterable[Landscape | str]) -> list[Landscape]:
    if isinstance(landscapes, str | Landscape):
        return [as_landscape(landscapes)]
    chosen = [as_landscape(landscape) for landscape in landscapes]
    if not chosen:
        raise ValueError("assert_robust was given no landscape")
    return chosen


def _starts(
    starts: int | Sequence[str] | None, kinds: Sequence[Any], landscapes: Sequence[Landscape]
) -> int | tuple[str, ...]:
    if starts is None:
        return math.ceil(100 * len(landscapes) / len(kinds))
    if isinstance(starts, int):
        if starts < 1:
            raise ValueError("at least one start is needed")
        return starts
    if isinstance(starts, str):
        raise TypeError(f"starts is a number or a list of names, got the single name {starts!r}")
    if not starts:
        raise ValueError("at least one start is needed")
    if len(kinds) > len(landscapes):
        raise ValueError(
            "starts by name would be the same ones for every instance, noise level and seed, and the same start twice "
            "is not two; give a number of starts"
        )
    return tuple(starts)


def _check_confidence(confidence: float) -> None:
    if not 0.5 <= confidence < 1.0:
        raise ValueError(f"confidence is at least 0.5 and below 1, got {confidence!r}")


def _check_can_be_shown(rate: float, trials: int, confidence: float) -> None:
    if not 0.0 < rate < 1.0:
        raise ValueError(f"rate is a share above 0 and below 1 (no finite number of runs shows 1); got {rate!r}")
    _check_confidence(confidence)
    best = rate_interval(trials, trials, confidence).lower
    if best < rate:
        needed = math.ceil(math.log(1.0 - confidence) / math.log(rate))
        raise ValueError(
            f"{number_of(trials, 'start')} cannot show a rate of {rate:g} at {100 * confidence:g} % confidence: even "
            f"if all succeed they show {best:.3f}; take at least {number_of(needed, 'start')}"
        )
