"""The assertion on how reliably an optimizer succeeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any, Never

from pytest_optlandscape.assertions.arguments import check_confidence, checked_landscapes, checked_starts
from pytest_optlandscape.assertions.single_run import run_report
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes.noise import Noise
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.records.robustness import Criterion, Robustness, Trials, combinations, measure, worst_of
from pytest_optlandscape.records.sequential import plan
from pytest_optlandscape.runs.campaign import check_executor
from pytest_optlandscape.runs.rates import rate_interval
from pytest_optlandscape.search.failing_starts import find_failing_start
from pytest_optlandscape.texts.keywords import refuse_keywords
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["assert_robust"]


_N_STARTS = 100
"""Sobol' starts on each landscape: 44 successes without a failure show a rate of 0.9 at 99 % confidence."""


def assert_robust(
    optimizer: Any,
    landscapes: Landscape | str | Iterable[Landscape | str],
    *,
    rate: float = 0.9,
    starts: Sequence[str] | None = None,
    n_starts: int | None = None,
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
    max_examples: int | None = None,
    executor: Executor | None = None,
    progress: bool | None = None,
    **others: Never,
) -> Robustness:
    """Assert that an optimizer succeeds from at least a share of all starts, or on a share of many landscapes.

    Starts are the first Sobol' points of each landscape's box, the same everywhere. Each combination of landscape,
    instance, noise level and seed has its own. The rate counts all starts; each combination weighs the same. It is
    shown when its one-sided exact binomial bound [1]_ reaches the required rate. The successes are looked at several
    times on the way, and the runs end when the answer is clear. The bounds allow for that [2]_; see
    `records.sequential`.

    For the range of a hyperparameter in which an optimizer succeeds, see `assert_tunable`.

    Parameters
    ----------
    optimizer : str, callable, class or object
        Whatever `optimizers.get` takes.
    landscapes : Landscape, str, or iterable of them
        Where the optimizer runs; over several landscapes all starts are counted together.
    rate : float, default 0.9
        The required success rate, below 1.
    starts : sequence of str, optional
        Names of the landscape's own starts, such as ``["restart-0", "restart-1"]`` of the training landscapes
        (default: Sobol' starts).
    n_starts : int, optional
        Most Sobol' starts of each combination (default: as many as make 100 on each landscape).
    instances : int or sequence of int, optional
        A number of instances of each landscape, shifted and turned at random, or the numbers of some; see
        `Landscape.instance`. Their minima are known exactly.
    noise : sequence of float or Noise, optional
        Levels of additive noise, or of the landscape's own kind; 0 leaves it as it is.
    seeds : int or sequence of int, optional
        A number of seeds, counted from ``seed``, or the seeds. Each has starts of its own (default: every run has its
        own seed).
    gap : float, optional
        A run succeeds if the returned point is feasible and its value is at most this above fmin (default: a
        millionth of the landscape's typical gap).
    digits : float, optional
        In addition, or instead if ``gap`` is None: correct decimal places of the returned point.
    confidence : float, default 0.99
        Of the bound.
    budget : int, optional
        Evaluations of each run (default: 1000 per dimension).
    seed : int, default 0
        Seed of the first run; each further one counts up.
    sequential : bool, default True
        Whether to stop as soon as the rate is shown, refuted, or cannot be shown any more. False makes all runs.
    adversarial : bool, default False
        Whether, in addition, no start at all may fail: where none has, `search.find_failing_start` searches each
        combination. Each run of the search has a seed of its own, unless ``seeds`` names them.
    max_examples : int, optional
        Most runs of that search on each combination (default: as many as there are starts).
    executor : concurrent.futures.Executor, optional
        Where the runs are made: processes, threads, ``dask.distributed.Client(...).get_executor()``. The result is the
        same. The search of ``adversarial`` stays in this process: each of its runs builds on those before.
    progress : bool, optional
        A bar on stderr by tqdm, if it is installed (default: on a terminal, after two seconds).

    Returns
    -------
    Robustness
        The interval, the rates of each axis and the worst runs that failed.

    Raises
    ------
    AssertionError
        If the rate is not shown: with the interval, the rates, and the worst failure's trace and replay. If
        ``adversarial`` and a start fails.
    ValueError
        If so few starts could not show the rate even if all succeeded, an argument is out of range, or the minimum of
        a landscape is not known.
    TypeError
        If ``starts`` is a number, the executor is none, or the optimizer or a landscape cannot be sent to it.
    RuntimeError
        If a worker died or could not load what it was sent.

    References
    ----------
    .. [1] Clopper & Pearson (1934), The use of confidence or fiducial limits illustrated in the case of the binomial.
    .. [2] Jennison & Turnbull (1984), Repeated confidence intervals for group sequential clinical trials.

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
    refuse_keywords(
        assert_robust,
        others,
        {
            "over": "assert_tunable, which takes over and decades",
            "decades": "assert_tunable, which takes over and decades",
        },
    )
    chosen = checked_landscapes(landscapes)
    check_executor(executor)
    criterion = Criterion(gap, digits)
    kinds = combinations(chosen, instances, noise, seeds, seed)
    named = checked_starts(starts, n_starts)
    _check_names_serve(named, kinds, chosen)
    each = len(named) if named else n_starts or math.ceil(_N_STARTS * len(chosen) / len(kinds))
    most = _checked_max_examples(max_examples, adversarial, each)
    trials = Trials(optimizer, tuple(kinds), each, named, criterion, budget, seed)
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
    return _searched(robustness, trials, most, f"{spec} reaches {criterion}") if adversarial else robustness


def _failures(robustness: Robustness, criterion: Criterion) -> str:
    worst = worst_of(robustness.failures)
    report = run_report(worst, f"required {criterion}", f"ended at {worst.x.tolist()}")
    return f"worst of {number_of(robustness.failed, 'failure')}: {report}"


def _searched(robustness: Robustness, trials: Trials, max_examples: int, title: str) -> Robustness:
    """Search every combination for a start that fails, those first that have failures already."""
    __tracebackhide__ = True
    known = {run.landscape.id for run in robustness.failures}
    for kind in sorted(trials.landscapes, key=lambda kind: kind.landscape.id not in known):
        found = find_failing_start(
            trials.adapter,
            kind.landscape,
            lambda run: not trials.succeeds(run),
            max_examples=max_examples,
            seed=trials.seed if kind.seed is None else kind.seed,
            vary_seed=kind.seed is None,
            budget=trials.budget,
        )
        if found is not None:
            raise AssertionError(f"{title}: {robustness}, but no start may fail, and one does: {found}")
    if robustness.failures:
        assert isinstance(trials.succeeds, Criterion)
        raise AssertionError(f"{title}: {robustness}, but no start may fail\n{_failures(robustness, trials.succeeds)}")
    return replace(robustness, searched=max_examples * len(trials.landscapes))


def _check_names_serve(named: tuple[str, ...] | None, kinds: Sequence[Any], landscapes: Sequence[Landscape]) -> None:
    if named and len(kinds) > len(landscapes):
        raise ValueError(
            "named starts are the same for every instance, noise level and seed, so a start would count twice; give "
            "n_starts, a number of Sobol' starts"
        )


def _checked_max_examples(max_examples: int | None, adversarial: bool, usual: int) -> int:
    if max_examples is None:
        return usual
    if not adversarial:
        raise TypeError("max_examples counts the runs of the search for failing starts: give adversarial=True as well")
    if max_examples < 1:
        raise ValueError(f"the search takes at least one run, got max_examples={max_examples!r}")
    return max_examples


def _check_can_be_shown(rate: float, trials: int, confidence: float) -> None:
    if not 0.0 < rate < 1.0:
        raise ValueError(f"rate is a share above 0 and below 1 (no finite number of runs shows 1); got {rate!r}")
    check_confidence(confidence)
    best = rate_interval(trials, trials, confidence).lower
    if best < rate:
        needed = math.ceil(math.log(1.0 - confidence) / math.log(rate))
        raise ValueError(
            f"{number_of(trials, 'start')} cannot show a rate of {rate:g} at {100 * confidence:g} % confidence: even "
            f"if all succeed they show {best:.3f}; take at least {number_of(needed, 'start')}"
        )
