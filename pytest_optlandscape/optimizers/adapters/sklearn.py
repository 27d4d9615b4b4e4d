"""Adapter for scikit-learn's searches: grids, random draws, and successive halving of both.

The estimator is ours: its parameters are those of the search space, ``fit`` evaluates the problem, and ``score``
returns the negated value. So every fit is an evaluation, and scores of the training part cost nothing. By default the
data are split once and the best configuration is not fitted again. With ``cv=5`` every configuration is fitted five
times; on a noisy landscape the folds then differ by the landscape's noise, whose mean is known.

A random search draws ``n_iter`` configurations, by default as many as the budget allows; successive halving begins
with as many candidates. Its resource is the landscape's fidelity, if that is a whole number; else the number of
samples, which changes no value. A condition of the space becomes a list of grids, one for each part of the space
within which the same parameters are active.
"""

from __future__ import annotations

import contextlib
import functools
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes.spaces import Int, Parameter
from pytest_optlandscape.optimizers.configurations import Configurations, branches, is_finite, whole_fidelity
from pytest_optlandscape.optimizers.libraries import (
    arguments_of,
    check_arguments,
    import_library,
    small_seed,
    version_of,
)
from pytest_optlandscape.optimizers.protocol import Adapter, Outcome
from pytest_optlandscape.optimizers.seeding import global_random_numbers
from pytest_optlandscape.optimizers.spec import Spec
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["from_spec"]

PREFIX = "sklearn"
_SEARCHES = ("GridSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV", "RandomizedSearchCV")
_OURS = ("estimator", "param_grid", "param_distributions", "n_jobs", "pre_dispatch", "scoring")
"""Arguments of a search that a spec cannot give: the estimator and the space are ours, and trials are counted one by
one."""

_SAMPLES = 2 * 3**5
"""The number of samples of our data: enough for successive halving by thirds of 3⁵ candidates."""


@dataclass(frozen=True)
class SklearnSearch(Adapter):
    """A search by its class name and its arguments."""

    name: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)

    def minimize(self, problem: Problem) -> Outcome:
        _import(self.spec)
        reason = self.obstacle(problem.landscape)
        if reason:
            raise ValueError(f"{self.spec} cannot search {problem.landscape.id}: {reason}")
        seed = small_seed(problem) if self.is_stochastic else 0
        configurations = Configurations(problem)
        with _quiet(), global_random_numbers(seed):
            resource = self._resource(problem)
            levels = {resource.name: resource.high} if resource else {}
            estimator = _trial_class()(_evaluation(configurations, resource), **levels)
            search = self._search(estimator, configurations, problem, seed)
            search.fit(np.zeros((_SAMPLES, 1)), np.zeros(_SAMPLES))
        if math.isnan(search.cv_results_["mean_test_score"][search.best_index_]):
            return configurations.outcome()
        return configurations.outcome(
            {name: value for name, value in search.best_params_.items() if name in configurations.space.parameters}
        )

    def _resource(self, problem: Problem) -> _Resource | None:
        """Return the resource of successive halving, if the landscape has a fidelity in whole numbers."""
        found = whole_fidelity(problem.landscape)
        return _Resource(*found, self._factor) if found and self.name.startswith("Halving") else None

    def _search(self, estimator: Any, configurations: Configurations, problem: Problem, seed: int) -> Any:
        kind = _classes()[self.name]
        parts = branches(configurations.space)
        every = np.arange(_SAMPLES)
        defaults: dict[str, Any] = {"cv": [(every, every)], "refit": False}
        if not self._is_grid:
            defaults["random_state"] = seed
        if self.name == "RandomizedSearchCV":
            defaults["n_iter"] = max(problem.budget // self._folds, 1)
        resource = self._resource(problem)
        if self.name == "HalvingRandomSearchCV":
            defaults["n_candidates"] = self._candidates(problem)
        if resource is not None:
            candidates = _grid_size(parts) if self._is_grid else defaults["n_candidates"]
            candidates = int(self.arguments.get("n_candidates", candidates))
            defaults |= {"resource": resource.name, "max_resources": resource.high}
            defaults["min_resources"] = resource.first(candidates)
        space = [{name: _values(one, as_list=self._is_grid) for name, one in part.items()} for part in parts]
        return kind(estimator, space, **{**defaults, **self.arguments})

    def _candidates(self, problem: Problem) -> int:
        """Return the most candidates with which successive halving keeps the budget."""
        resource, budget = self._resource(problem), problem.budget / self._folds
        most = int(budget) if resource is None else int(budget * resource.high / resource.low)
        for count in range(most, 1, -1):
            cost = _fits(count, self._factor) if resource is None else resource.cost(count)
            if cost <= budget:
                return count
        return 1

    @property
    def _is_grid(self) -> bool:
        return "Grid" in self.name

    @property
    def _folds(self) -> int:
        """How many fits a configuration takes."""
        return int(self.arguments.get("cv") or 1)

    @property
    def _factor(self) -> float:
        return float(self.arguments.get("factor", 3))

    def planned(self, problem: Problem) -> int | None:
        given = self.arguments
        if {"n_candidates", "min_resources", "max_resources", "aggressive_elimination"} & set(given):
            return None
        parts = branches(Configurations(problem).space)
        fits = problem.budget // self._folds
        listed = [_values(one, as_list=self._is_grid) for part in parts for one in part.values()]
        if self._is_grid:
            count = _grid_size(parts)
        elif self.name == "RandomizedSearchCV":
            count = int(given.get("n_iter", max(fits, 1)))
        else:
            count = self._candidates(problem)
        if all(isinstance(values, list) for values in listed):
            count = min(count, _grid_size(parts))
        resource = self._resource(problem)
        if resource is not None:
            return None if given.get("refit") else sum(resource.rounds(count)) * self._folds
        if self.name.startswith("Halving"):
            count = _fits(count, self._factor)
        return min(count * self._folds + bool(given.get("refit")), problem.budget)

    def obstacle(self, landscape: Landscape) -> str:
        if self._is_grid and not is_finite(landscape.space):
            return "no finite search space"
        return ""

    def versions(self) -> dict[str, str]:
        return {"scikit-learn": version_of(_import(self.spec))}


def _values(parameter: Parameter, *, as_list: bool) -> Any:
    """Return the values of a parameter as a list, or as a distribution where a list would lose its scale."""
    is_scaled = isinstance(parameter, Int) and parameter.log
    if as_list or (math.isfinite(parameter.count) and not is_scaled):
        return [parameter.decode(code) for code in parameter.codes()]
    return _Distribution(parameter)


@dataclass(frozen=True)
class _Distribution:
    """Draws values that are even in the parameter's own scale."""

    parameter: Parameter

    def rvs(self, random_state: Any = None) -> Any:
        """Draw a value, as distributions of `scipy.stats` do."""
        return self.parameter.decode(float(random_state.uniform()))


def _grid_size(parts: list[dict[str, Parameter]]) -> int:
    return sum(math.prod(int(one.count) for one in part.values()) for part in parts)


def _fits(candidates: int, factor: float) -> int:
    """Return how many configurations successive halving evaluates, beginning with so many candidates.

    Examples
    --------
    >>> _fits(27, 3)
    40
    """
    total = 0
    for _ in range(1 + math.floor(math.log(candidates, factor))):
        total += candidates
        candidates = math.ceil(candidates / factor)
    return total


@dataclass(frozen=True)
class _Resource:
    """The resource of successive halving: a landscape's fidelity, which grows by a factor in each round.

    Attributes
    ----------
    name : str
    low, high : int
        Its least and its full level.
    factor : float

    References
    ----------
    Jamieson & Talwalkar (2016), Non-stochastic best arm identification and hyperparameter optimization. AISTATS.

    Examples
    --------
    >>> epochs = _Resource("epochs", 1, 9, 3)
    >>> epochs.first(9), epochs.rounds(9), epochs.cost(9)
    (1, [9, 3, 1], 3.0)
    """

    name: str
    low: int
    high: int
    factor: float

    def first(self, candidates: int) -> int:
        """Return the level of the first round: so low that the last round is at the full level."""
        last = math.floor(math.log(candidates, self.factor))
        return max(self.low, int(self.high // self.factor**last))

    def rounds(self, candidates: int) -> list[int]:
        """Return how many candidates each round evaluates."""
        possible = math.floor(math.log(self.high // self.first(candidates), self.factor))
        count = 1 + min(math.floor(math.log(candidates, self.factor)), possible)
        found = [candidates]
        while len(found) < count:
            found.append(math.ceil(found[-1] / self.factor))
        return found

    def cost(self, candidates: int) -> float:
        """Return the cost of all rounds, in evaluations at the full level."""
        first = self.first(candidates)
        levels = [min(int(self.factor**k * first), self.high) for k in range(len(self.rounds(candidates)))]
        return sum(count * level / self.high for count, level in zip(self.rounds(candidates), levels, strict=True))


def _evaluation(configurations: Configurations, resource: _Resource | None) -> Callable[[dict[str, Any]], float]:
    """Return the objective as a function of a configuration, with the level of the resource if there is one."""
    evaluate: Any = configurations.value
    if resource is None:
        return evaluate  # type: ignore[no-any-return]

    def at_level(asked: dict[str, Any]) -> float:
        configuration = {name: value for name, value in asked.items() if name != resource.name}
        return float(evaluate(configuration, **{resource.name: int(asked[resource.name])}))

    return at_level


@functools.cache
def _trial_class() -> Any:
    """Return the class of our estimator, which needs scikit-learn to be defined."""
    library = import_library("sklearn.base", f"{PREFIX}:{_SEARCHES[0]}", PREFIX)

    class Trial(library.BaseEstimator):  # type: ignore[misc,name-defined]
        """An estimator whose parameters are a configuration.

        Parameters
        ----------
        evaluate : callable
            Takes a configuration, returns the value of the objective.
        **configuration : object
        """

        def __init__(self, evaluate: Any = None, **configuration: Any) -> None:
            self.evaluate = evaluate
            self.configuration = configuration

        def get_params(self, deep: bool = True) -> dict[str, Any]:
            return {"evaluate": self.evaluate, **self.configuration}

        def set_params(self, **parameters: Any) -> Any:
            self.evaluate = parameters.pop("evaluate", self.evaluate)
            self.configuration = {**self.configuration, **parameters}
            return self

        def __sklearn_clone__(self) -> Any:
            return type(self)(self.evaluate, **self.configuration)

        def fit(self, X: Any, y: Any = None) -> Any:
            """Evaluate the configuration."""
            self.value_ = self.evaluate(self.configuration)
            return self

        def score(self, X: Any, y: Any = None) -> float:
            """Return the negated value: a higher score is better."""
            return -float(self.value_)

    return Trial


def _classes() -> Mapping[str, Any]:
    import_library("sklearn.experimental.enable_halving_search_cv", f"{PREFIX}:{_SEARCHES[0]}", PREFIX)
    selection = import_library("sklearn.model_selection", f"{PREFIX}:{_SEARCHES[0]}", PREFIX)
    return {name: getattr(selection, name) for name in _SEARCHES}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Suppress warnings of failed trials, of spaces smaller than the budget, and of unused samples."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module="sklearn")
        warnings.filterwarnings("ignore", category=RuntimeWarning, module="sklearn")
        yield


def from_spec(spec: Spec) -> Adapter:
    """Return the adapter for a search's class name.

    Raises
    ------
    ValueError
        If scikit-learn has no such search, the search has no such argument, or a spec cannot give the argument.
    MissingLibrary
        If scikit-learn is not installed.
    """
    _import(str(spec))
    if spec.name not in _SEARCHES:
        raise ValueError(unknown_name("scikit-learn search", spec.name, _SEARCHES))
    kind = _classes()[spec.name]
    check_arguments(spec, arguments_of(kind))
    for name in _OURS:
        if name in spec.arguments:
            raise ValueError(
                f"optimizer {str(spec)!r}: {name} cannot be given: the estimator and its parameters come from the "
                "landscape, and trials are made one after another, so that they are counted"
            )
    folds = spec.arguments.get("cv")
    if folds is not None and not (isinstance(folds, int) and folds >= 2):
        raise ValueError(f"optimizer {str(spec)!r}: cv is the number of folds, at least 2, got {folds!r}")
    return SklearnSearch(
        str(spec),
        takes_bounds=True,
        is_stochastic="Random" in spec.name,
        is_global=True,
        takes_noise=True,
        needs_space="Grid" in spec.name,
        name=spec.name,
        arguments=dict(spec.arguments),
    )


def _import(spec: str) -> Any:
    return import_library("sklearn", spec, PREFIX)
