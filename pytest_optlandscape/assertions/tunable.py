"""The assertion on the values of hyperparameters with which an optimizer succeeds.

Of one range, the width is measured in decades. Of several hyperparameters, a grid is run and the share of successes is
measured.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, Never, overload

from pytest_optlandscape.assertions.arguments import check_confidence, checked_landscapes, checked_starts
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes.noise import Noise
from pytest_optlandscape.landscapes.spaces import Parameter
from pytest_optlandscape.records.hyperparameter_map import HyperparameterMap, hyperparameter_map
from pytest_optlandscape.records.robust_range import RobustWidth, robust_width
from pytest_optlandscape.records.robustness import Criterion, combinations
from pytest_optlandscape.runs.campaign import check_executor
from pytest_optlandscape.texts.keywords import refuse_keywords

__all__ = ["assert_tunable"]

_N_STARTS = 8
_DECADES = 1.0


@overload
def assert_tunable(
    optimizer: Any,
    landscapes: Landscape | str | Iterable[Landscape | str],
    *,
    over: Mapping[str, Sequence[float]],
    decades: float | None = None,
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
) -> RobustWidth: ...


@overload
def assert_tunable(
    optimizer: Any,
    landscapes: Landscape | str | Iterable[Landscape | str] | Callable[..., Any],
    *,
    over: Mapping[str, Parameter | Sequence[float]],
    share: float,
    figure: str | os.PathLike[str] | None = None,
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
) -> HyperparameterMap: ...


def assert_tunable(
    optimizer: Any,
    landscapes: Any,
    *,
    over: Mapping[str, Any],
    decades: float | None = None,
    share: float | None = None,
    figure: str | os.PathLike[str] | None = None,
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
) -> RobustWidth | HyperparameterMap:
    """Assert that an optimizer succeeds in a wide enough range of a hyperparameter, or of several.

    From each start, the longest range of values without a failure is searched for. The mean width of these ranges is
    bounded by Student's interval. All values are tried with the seed of the start.

    With ``share``, every combination of one or more hyperparameters is tried. The mean share of successes is bounded by
    Student's interval over the starts. A failure names the hyperparameter that decides most.

    Parameters
    ----------
    optimizer : str, callable, class or object
        Whatever `optimizers.get` takes.
    landscapes : Landscape, str, or iterable of them; or callable
        Where the optimizer runs. With ``share``, a callable such as `training_task` makes the landscape or the task. It
        gets the hyperparameters that its signature names, and the optimizer gets the others.
    over : mapping of str to sequence of float, Float, Int, Choice or Ordinal
        A hyperparameter that the optimizer takes by keyword. Two values are the ends of a range: eight values a decade
        are tried, and the ends of success are bisected. Three values or more are tried as they are. An example is
        ``{"learning_rate": (1e-4, 10)}``. With ``share``, several hyperparameters, of the types of `landscapes.spaces`,
        too: of ranges two values a decade, of linear ranges and of whole numbers up to five values are tried, of
        choices all.
    decades : float, default 1.0
        The required mean width of the range, log₁₀(upper / lower).
    share : float, optional
        Instead of ``decades``: the required share of successes over all combinations and starts, above 0 and up to 1.
    figure : path, optional
        With ``share`` and two hyperparameters: where to save the picture of the map, as ``.svg`` or ``.html``. It is
        saved if the assertion fails, too.
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
    RobustWidth or, with ``share``, HyperparameterMap
        The width in decades, its interval, and the range of each start. Or the map: which combinations succeed.

    Raises
    ------
    AssertionError
        If the width is not shown: with its interval, and how often each value succeeded. If the share is not shown:
        with the hyperparameter that decides most, and the map.
    ValueError
        If the optimizer has no such hyperparameter, or all its values make the same runs; if an argument is out of
        range; if the minimum of a landscape is not known.
    TypeError
        If ``starts`` is a number, the executor is none, or the optimizer or a landscape cannot be sent to it; if an
        argument does not apply.
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

    Several hyperparameters, of an optimizer and of a training:

    >>> from pytest_optlandscape.landscapes.spaces import Choice
    >>> def heavy_ball(problem, learning_rate, momentum):
    ...     x, speed = problem.x0, 0.0
    ...     while problem.remaining:
    ...         speed = momentum * speed - learning_rate * problem.gradient(x)
    ...         x = x + speed
    ...     return x
    >>> values = {"learning_rate": (1e-2, 1.0), "momentum": Choice(0.0, 0.5, 0.9)}
    >>> found = assert_tunable(heavy_ball, "sphere[2]", over=values, share=0.3, gap=1e-3, budget=50)
    >>> print(found.table())
      momentum  learning_rate
                  0.01  0.0316     0.1   0.316       1
             0     0 %     0 %   100 %   100 %     0 %
           0.5     0 %   100 %   100 %   100 %   100 %
           0.9     0 %     0 %     0 %  62.5 %     0 %
    """
    __tracebackhide__ = True
    refuse_keywords(
        assert_tunable,
        others,
        {"seeds": "seed: all values are tried with the seed of the start", "rate": "decades, or assert_robust"},
    )
    given = [name for name, value in (("instances", instances), ("noise", noise)) if value is not None]
    _check_applies(landscapes, decades, share, figure, given)
    made_by_task = callable(landscapes) and not isinstance(landscapes, Landscape)
    chosen = [] if made_by_task else checked_landscapes(landscapes)
    check_executor(executor)
    check_confidence(confidence)
    criterion = Criterion(gap, digits)
    named = checked_starts(starts, n_starts)
    places = [combination.landscape for combination in combinations(chosen, instances, noise, None, seed)]
    common: dict[str, Any] = {
        "n_starts": len(named) if named else n_starts or _N_STARTS,
        "starts": named,
        "succeeds": criterion,
        "confidence": confidence,
        "budget": budget,
        "seed": seed,
        "executor": executor,
        "progress": progress,
    }
    found: RobustWidth | HyperparameterMap
    if share is None:
        found = robust_width(optimizer, places, over, decades=_DECADES if decades is None else decades, **common)
    else:
        found = hyperparameter_map(optimizer, landscapes if made_by_task else places, over, share=share, **common)
        if figure is not None:
            found.plot().save(figure)
    if not found.is_shown:
        raise AssertionError(f"{found.optimizer} reaches {criterion}: {found}\n{found.table()}")
    return found


def _check_applies(
    landscapes: Any, decades: float | None, share: float | None, figure: Any, of_landscapes: Sequence[str]
) -> None:
    makes = callable(landscapes) and not isinstance(landscapes, Landscape)
    if share is None:
        if makes:
            raise TypeError("a callable makes landscapes for the combinations of share=...; give share, or landscapes")
        if figure is not None:
            raise TypeError("figure draws the map of share=... over two hyperparameters; give share, too")
        return
    if decades is not None:
        raise TypeError("give either decades, for one range, or share, for all combinations of hyperparameters")
    if not 0.0 < share <= 1.0:
        raise ValueError(f"share is above 0 and at most 1, got {share!r}")
    if makes and of_landscapes:
        raise TypeError(f"{of_landscapes[0]} applies to landscapes, not to a callable that makes them")
