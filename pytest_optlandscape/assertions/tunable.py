"""The assertion on how wide the range of a hyperparameter is in which an optimizer succeeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, Never

from pytest_optlandscape.assertions.arguments import check_confidence, checked_landscapes, checked_starts
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes.noise import Noise
from pytest_optlandscape.records.robust_range import RobustWidth, robust_width
from pytest_optlandscape.records.robustness import Criterion, combinations
from pytest_optlandscape.runs.campaign import check_executor
from pytest_optlandscape.texts.keywords import refuse_keywords

__all__ = ["assert_tunable"]

_N_STARTS = 8


def assert_tunable(
    optimizer: Any,
    landscapes: Landscape | str | Iterable[Landscape | str],
    *,
    over: Mapping[str, Sequence[float]],
    decades: float = 1.0,
    starts: Sequence[str] | None = None,
    n_starts: int | None = None,
    instances: int | Sequence[int] | None = None,
    noise: Sequence[float | Noise] | None = None,
    gap: float | None = None,
    digits: float | None = None,
    confidence: float = 0.99,
    budget: int | None = None,
    seed: int = 0,
    executor: Executor | None = None,
    progress: bool | None = None,
    **others: Never,
) -> RobustWidth:
    """Assert that an optimizer succeeds in a wide enough range of a hyperparameter.

    From each start, the longest range of values without a failure is searched for. The mean width of these ranges is
    bounded by Student's interval. All values are tried with the seed of the start.

    Parameters
    ----------
    optimizer : str, callable, class or object
        Whatever `optimizers.get` takes.
    landscapes : Landscape, str, or iterable of them
        Where the optimizer runs.
    over : mapping of str to sequence of float
        A hyperparameter that the optimizer takes by keyword. Two values are the ends of a range: eight values a decade
        are tried, and the ends of success are bisected. Three values or more are tried as they are. An example is
        ``{"learning_rate": (1e-4, 10)}``.
    decades : float, default 1.0
        The required mean width of the range, log₁₀(upper / lower).
    starts : sequence of str, optional
        Names of the landscape's own starts, such as ``["restart-0", "restart-1"]`` of the training landscapes
        (default: Sobol' starts).
    n_starts : int, default 8
        Number of Sobol' starts on each landscape.
    instances : int or sequence of int, optional
        A number of instances of each landscape, or the numbers of some; see `Landscape.instance`.
    noise : sequence of float or Noise, optional
        Levels of additive noise, or of the landscape's own kind; 0 leaves it as it is.
    gap : float, optional
        A run succeeds if the returned point is feasible and its value is at most this above fmin (default: a
        millionth of the landscape's typical gap).
    digits : float, optional
        In addition, or instead if ``gap`` is None: correct decimal places of the returned point.
    confidence : float, default 0.99
        Of the two-sided interval of the mean width.
    budget : int, optional
        Evaluations of each run (default: 1000 per dimension).
    seed : int, default 0
        Seed of the first start's runs; each further start counts up.
    executor : concurrent.futures.Executor, optional
        Where the runs are made. The result is the same.
    progress : bool, optional
        A bar on stderr by tqdm, if it is installed (default: on a terminal, after two seconds).

    Returns
    -------
    RobustWidth
        The width in decades, its interval, and the range of each start.

    Raises
    ------
    AssertionError
        If the width is not shown: with its interval, and how often each value succeeded.
    ValueError
        If the optimizer has no such hyperparameter, or all its values make the same runs; if an argument is out of
        range; if the minimum of a landscape is not known.
    TypeError
        If ``starts`` is a number, the executor is none, or the optimizer or a landscape cannot be sent to it.
    RuntimeError
        If a worker died or could not load what it was sent.

    Examples
    --------
    >>> def descend(problem, learning_rate):
    ...     x = problem.x0
    ...     while problem.remaining:
    ...         x = x - learning_rate * problem.gradient(x)
    ...     return x
    >>> values = {"learning_rate": (1e-2, 1.0)}
    >>> found = assert_tunable(descend, "sphere[2]", over=values, decades=0.5, gap=1e-6, budget=50)
    >>> found.width > 0.5
    True
    """
    __tracebackhide__ = True
    refuse_keywords(
        assert_tunable,
        others,
        {"seeds": "seed: all values are tried with the seed of the start", "rate": "decades, or assert_robust"},
    )
    chosen = checked_landscapes(landscapes)
    check_executor(executor)
    check_confidence(confidence)
    criterion = Criterion(gap, digits)
    named = checked_starts(starts, n_starts)
    found = robust_width(
        optimizer,
        [combination.landscape for combination in combinations(chosen, instances, noise, None, seed)],
        over,
        decades=decades,
        n_starts=len(named) if named else n_starts or _N_STARTS,
        starts=named,
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
