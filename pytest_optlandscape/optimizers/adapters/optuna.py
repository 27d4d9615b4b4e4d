"""Adapter for Optuna's samplers, each asked for one trial after another in a study in memory.

The coordinates are float distributions over the box, and the first trial is the problem's start. A NaN value fails the
trial, as usual in Optuna. A study never ends before the budget. On a landscape over a search space,
`optuna_configurations` runs the study.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes.spaces import Space
from pytest_optlandscape.optimizers.adapters.ask_tell import pickled
from pytest_optlandscape.optimizers.adapters.optuna_configurations import LISTING, TunedStudy, grid
from pytest_optlandscape.optimizers.configurations import is_finite
from pytest_optlandscape.optimizers.libraries import (
    arguments_of,
    check_arguments,
    import_library,
    is_of,
    small_seed,
    start_inside,
    unwrapped,
    version_of,
    written,
)
from pytest_optlandscape.optimizers.protocol import Adapter, Interruption, MissingLibrary, Outcome
from pytest_optlandscape.optimizers.rebuilding import renewed
from pytest_optlandscape.optimizers.seeding import global_random_numbers
from pytest_optlandscape.optimizers.spec import Spec, parse_spec
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["from_object", "from_spec", "recognizes"]

PREFIX = "optuna"
_NOT_BY_NAME = ("BaseSampler", "BaseGASampler", "PartialFixedSampler")
_PRUNER = "pruner"
"""The argument of a spec that is no argument of the sampler, but of its study."""


@dataclass(frozen=True)
class OptunaSampler(Adapter):
    """A sampler's class with its arguments, or an instance, which each run copies.

    Attributes
    ----------
    pruner : Spec or None
        The study's pruner (default: Optuna's default).
    """

    factory: Any = None
    arguments: dict[str, Any] = field(default_factory=dict)
    instance: Any = None
    interruption: Interruption | None = None
    pruner: Spec | None = None
    maximizes: bool = False
    pending: int = 1

    def minimize(self, problem: Problem) -> Outcome:
        optuna = _import(self.spec)
        seed = small_seed(problem)
        if problem.space is not None or self.needs_space:
            return self._search(optuna, problem, seed)
        with _quiet(optuna), global_random_numbers(seed):
            study = optuna.create_study(sampler=self._sampler(seed))
            names = [f"x{k}" for k in range(problem.dim)]
            study.enqueue_trial(dict(zip(names, start_inside(problem).tolist(), strict=True)))
            box = {
                name: optuna.distributions.FloatDistribution(low, high)
                for name, (low, high) in zip(names, problem.bounds.tolist(), strict=True)
            }
            while problem.remaining > 0:
                trial = study.ask(fixed_distributions=box)
                study.tell(trial, problem.fun(np.array([trial.params[name] for name in names])))
                if self.interruption is not None and self.interruption.is_due(problem):
                    study = pickled(study, self.interruption)
                    self.interruption.happened = not self.interruption.refusal
            if not any(trial.values for trial in study.get_trials(deepcopy=False)):
                return Outcome(None, "budget")
            best = study.best_trial
            return Outcome(np.array([best.params[name] for name in names]), "budget", fun=best.value)

    def _search(self, optuna: Any, problem: Problem, seed: int) -> Outcome:
        if self._lists and not is_finite(problem.space):
            raise ValueError(f"{self.spec} lists a finite search space, which {problem.landscape.id} does not have")
        with _quiet(optuna), global_random_numbers(seed):
            pruner = self.pruner and getattr(optuna.pruners, self.pruner.name)(**self.pruner.arguments)
            study = TunedStudy(optuna, problem, self._sampler(seed, problem.space), pruner, self.maximizes)
            return study.exhaust() if self._lists else study.search(self.pending, self.interruption)

    @property
    def _lists(self) -> bool:
        """Whether it lists a finite space."""
        return is_of(self.factory if self.instance is None else self.instance, "optuna", *LISTING)

    def _sampler(self, seed: int, space: Space | None = None) -> Any:
        if self.instance is not None:
            sampler = copy.deepcopy(self.instance)
        else:
            open_to_us = arguments_of(unwrapped(self.factory)) - set(getattr(self.factory, "keywords", {}))
            ours = {"seed": seed, "search_space": grid(space) if space is not None and self._lists else {}}
            given = {name: value for name, value in ours.items() if name in open_to_us}
            sampler = renewed(self.factory)(**{**given, **self.arguments})
        _seed_what_has_no_seed(sampler, seed)
        return sampler

    def interrupted(self, interruption: Interruption) -> Adapter | None:
        return None if self._lists else dataclasses.replace(self, interruption=interruption)

    def told_to_maximize(self) -> Adapter:
        return dataclasses.replace(self, maximizes=True)

    def with_pending(self, trials: int) -> Adapter | None:
        return None if self._lists else dataclasses.replace(self, pending=trials)

    def planned(self, problem: Problem) -> int | None:
        if not self._lists:
            return problem.budget
        kind = self.factory if self.instance is None else self.instance
        if problem.space is None or (self.instance is None and self.arguments):
            return None  # the grid is the user's own
        in_grid = math.prod(len(values) for values in grid(problem.space).values())
        size = in_grid if is_of(kind, "optuna", "GridSampler") else int(problem.space.size)
        return min(size, problem.budget)

    def obstacle(self, landscape: Landscape) -> str:
        return "no finite search space" if self._lists and not is_finite(landscape.space) else ""

    def versions(self) -> dict[str, str]:
        return {"optuna": version_of(_import(self.spec))}


def _seed_what_has_no_seed(sampler: Any, seed: int) -> None:
    """Seed the generators of a sampler and its inner samplers that have no seed."""
    for inside in vars(sampler).values():
        if type(inside).__name__ == "LazyRandomState":
            if getattr(inside, "_rng", seed) is None:
                inside.rng.seed(seed)
        elif is_of(inside, "optuna", "BaseSampler") and not isinstance(inside, type):
            _seed_what_has_no_seed(inside, seed)


@contextlib.contextmanager
def _quiet(optuna: Any) -> Iterator[None]:
    """Suppress Optuna's logs of trials and its warnings about experimental samplers."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)


def from_spec(spec: Spec) -> Adapter:
    """Return the adapter for a sampler's class name.

    Raises
    ------
    ValueError
        If Optuna has no such sampler or pruner, or it has no such argument.
    MissingLibrary
        If Optuna, or another package that the sampler needs, is not installed.
    """
    optuna = _import(str(spec))
    known = {
        name: getattr(optuna.samplers, name)
        for name in dir(optuna.samplers)
        if name.endswith("Sampler") and name not in _NOT_BY_NAME
    }
    if spec.name not in known:
        raise ValueError(unknown_name("Optuna sampler", spec.name, known))
    check_arguments(spec, arguments_of(known[spec.name]) | {_PRUNER})
    arguments = {name: value for name, value in spec.arguments.items() if name != _PRUNER}
    pruner = _pruner(spec, optuna) if _PRUNER in spec.arguments else None
    adapter = _adapter(str(spec), factory=known[spec.name], arguments=arguments, pruner=pruner)
    if not adapter.needs_space:
        _check_needs(adapter, optuna)
    return adapter


def _pruner(spec: Spec, optuna: Any) -> Spec:
    """Return the pruner that a spec names, as in ``pruner="HyperbandPruner(reduction_factor=4)"``."""
    written_as = spec.arguments[_PRUNER]
    pruners = {name: kind for name, kind in vars(optuna.pruners).items() if name.endswith("Pruner")}
    pruner = parse_spec(f"{PREFIX}:{written_as}")
    if pruner.name not in pruners:
        raise ValueError(unknown_name("Optuna pruner", pruner.name, pruners))
    check_arguments(pruner, arguments_of(pruners[pruner.name]))
    return pruner


def _check_needs(adapter: OptunaSampler, optuna: Any) -> None:
    """Run the sampler for two trials, because packages such as cmaes or torch are imported only then."""
    from pytest_optlandscape.runs import execute

    needs = {"CmaEsSampler": "cmaes", "GPSampler": "torch"}
    name = getattr(adapter.factory, "__name__", "")
    if name in needs:
        import_library(needs[name], adapter.spec, PREFIX)
    run = execute(adapter, Problem("booth", budget=1))
    if run.stop_reason == "exception":
        if run.message.startswith(("ModuleNotFoundError", "ImportError")):
            raise MissingLibrary(f"{adapter.spec} needs a package that is not installed: {run.message}")
        raise ValueError(f"optimizer {adapter.spec!r} cannot be run: {run.message}")


def recognizes(thing: object) -> bool:
    """Return whether an object is a sampler of Optuna, an instance or a class."""
    return is_of(thing, "optuna", "BaseSampler")


def from_object(thing: Any) -> Adapter:
    """Return the adapter for a sampler's class or instance; runs are seeded unless the user gave a seed."""
    spec = written(PREFIX, thing)
    if isinstance(unwrapped(thing), type):
        return _adapter(spec, factory=thing)
    return _adapter(spec, instance=thing)


def _adapter(spec: str, **what: Any) -> OptunaSampler:
    lists = is_of(what.get("factory") or what.get("instance"), "optuna", *LISTING)
    return OptunaSampler(
        spec,
        takes_bounds=True,
        is_stochastic=True,
        is_global=True,
        takes_noise=True,
        ends_by_itself=lists,
        needs_space=lists,
        **what,
    )


def _import(spec: str) -> Any:
    return import_library("optuna", spec, "optuna")
