"""Adapter for Hyperopt's algorithms, each run by `hyperopt.fmin` with the problem's budget as ``max_evals``.

A parameter on which others depend becomes a choice whose options hold the others, as in Hyperopt's documentation. A
value that is NaN, or an objective that raises, is reported with Hyperopt's status of a failed trial.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from pytest_optlandscape.landscapes.spaces import Float, Int, Parameter, Space
from pytest_optlandscape.optimizers.adapters.ask_tell import pickled
from pytest_optlandscape.optimizers.configurations import Configurations, level_of, levels
from pytest_optlandscape.optimizers.libraries import check_arguments, import_library, small_seed, version_of
from pytest_optlandscape.optimizers.protocol import Adapter, Interruption, Outcome
from pytest_optlandscape.optimizers.seeding import global_random_numbers
from pytest_optlandscape.optimizers.spec import Spec
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["from_spec"]

PREFIX = "hyperopt"
_ALGORITHMS = ("anneal.suggest", "atpe.suggest", "rand.suggest", "tpe.suggest")
_OF_FMIN = ("new_ids", "domain", "trials", "seed")
"""Arguments that `fmin` passes to an algorithm."""

_OPTION = "option"
"""The key of an option's number, beside the parameters that depend on it."""


@dataclass(frozen=True)
class Hyperopt(Adapter):
    """An algorithm of Hyperopt, such as ``tpe.suggest``, with its arguments."""

    name: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    interruption: Interruption | None = None

    def minimize(self, problem: Problem) -> Outcome:
        hyperopt = _import(self.spec)
        seed = small_seed(problem)
        configurations = Configurations(problem)
        asked: list[dict[str, Any]] = []

        def objective(nested: Mapping[str, Any]) -> dict[str, Any]:
            asked.append(_configuration(configurations.space, nested))
            value = configurations.value(asked[-1])
            if math.isnan(value):
                return {"status": hyperopt.STATUS_FAIL}
            return {"status": hyperopt.STATUS_OK, "loss": value}

        with global_random_numbers(seed):
            trials, rng = hyperopt.Trials(), np.random.default_rng(seed)
            until = [problem.budget]
            if self.interruption is not None:
                until = [min(self.interruption.after, problem.budget), problem.budget]
            for most in until:
                hyperopt.fmin(
                    objective,
                    _space(hyperopt, configurations.space),
                    algo=partial(_algorithm(self.name), **self.arguments),
                    max_evals=most,
                    trials=trials,
                    rstate=rng,
                    allow_trials_fmin=False,
                    return_argmin=False,
                    show_progressbar=False,
                    verbose=False,
                )
                if self.interruption is not None and most < problem.budget:
                    trials, rng = pickled((trials, rng), self.interruption)
                    self.interruption.happened = not self.interruption.refusal
        if not any(status == hyperopt.STATUS_OK for status in trials.statuses()):
            return configurations.outcome()
        best = trials.best_trial
        return configurations.outcome(asked[best["tid"]], float(best["result"]["loss"]))

    def interrupted(self, interruption: Interruption) -> Adapter:
        return dataclasses.replace(self, interruption=interruption)

    def planned(self, problem: Problem) -> int:
        return problem.budget

    def versions(self) -> dict[str, str]:
        return {"hyperopt": version_of(_import(self.spec))}


def _space(hyperopt: Any, space: Space) -> dict[str, Any]:
    """Return a space as Hyperopt's expressions."""
    made: dict[str, Any] = {}

    def expression(name: str) -> Any:
        if name not in made:
            made[name] = _expression(hyperopt, space, name, expression)
        return made[name]

    return {name: expression(name) for name, one in space.parameters.items() if _parent(space, one) is None}


def _expression(hyperopt: Any, space: Space, name: str, expression: Callable[[str], Any]) -> Any:
    """Return the expression of a parameter, made with those of its children."""
    parameter = space.parameters[name]
    children = [child for child, one in space.parameters.items() if _parent(space, one) == name]
    if not children:
        return _leaf(hyperopt, name, parameter)
    options = []
    for number, value in enumerate(map(parameter.decode, parameter.codes())):
        active = [child for child in children if _holds(parameter, space.parameters[child].when[name], value)]
        options.append({_OPTION: number, **{child: expression(child) for child in active}})
    return hyperopt.hp.choice(name, options)


def _leaf(hyperopt: Any, name: str, parameter: Parameter) -> Any:
    """Return the expression of a parameter on which no other depends."""
    hp = hyperopt.hp
    if levels(parameter):
        return hp.uniformint(name, 0, levels(parameter) - 1) if levels(parameter) > 1 else 0
    if not isinstance(parameter, Float | Int):
        return hp.choice(name, list(range(int(parameter.count))))
    low, high = parameter.low, parameter.high
    if low == high:
        return low
    if isinstance(parameter, Float):
        return hp.loguniform(name, math.log(low), math.log(high)) if parameter.log else hp.uniform(name, low, high)
    if parameter.log:
        return hyperopt.pyll.scope.int(hp.qloguniform(name, math.log(low), math.log(high), 1))
    return hp.uniformint(name, low, high)


def _parent(space: Space, parameter: Parameter) -> str | None:
    """Return the parent whose options hold a parameter: the first that has finitely many values."""
    return next((name for name in parameter.when if math.isfinite(space.parameters[name].count)), None)


def _holds(parent: Parameter, wanted: tuple[Any, ...], value: Any) -> bool:
    return any(parent.encode(one) == parent.encode(value) for one in wanted)


def _configuration(space: Space, nested: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration that Hyperopt asks for, in the values of the space."""
    flat: dict[str, Any] = {}

    def flatten(part: Mapping[str, Any]) -> None:
        for name, held in part.items():
            if isinstance(held, Mapping):
                flat[name] = held[_OPTION]
                flatten({child: one for child, one in held.items() if child != _OPTION})
            else:
                flat[name] = held

    flatten(nested)
    parents = {_parent(space, one) for one in space.parameters.values()}
    return space.assemble(lambda name, one: _value(one, flat[name], is_parent=name in parents))


def _value(parameter: Parameter, held: Any, *, is_parent: bool) -> Any:
    if is_parent:
        return parameter.decode(parameter.codes()[held])
    if levels(parameter) or not isinstance(parameter, Float | Int):
        return level_of(parameter, held)
    return held


def _algorithm(name: str) -> Any:
    module, _, function = name.partition(".")
    return getattr(importlib.import_module(f"hyperopt.{module}"), function)


def from_spec(spec: Spec) -> Adapter:
    """Return the adapter for an algorithm, such as ``tpe.suggest``.

    Raises
    ------
    ValueError
        If Hyperopt has no such algorithm, or the algorithm has no such argument.
    MissingLibrary
        If Hyperopt, or another package that the algorithm needs, is not installed.
    """
    _import(str(spec))
    if spec.name not in _ALGORITHMS:
        raise ValueError(unknown_name("algorithm of Hyperopt", spec.name, _ALGORITHMS))
    import_library(f"hyperopt.{spec.name.partition('.')[0]}", str(spec), PREFIX)
    parameters = inspect.signature(_algorithm(spec.name)).parameters
    if not any(one.kind is one.VAR_KEYWORD for one in parameters.values()):  # it names its arguments
        check_arguments(spec, set(parameters) - set(_OF_FMIN))
    return Hyperopt(
        str(spec),
        takes_bounds=True,
        is_stochastic=True,
        is_global=True,
        takes_noise=True,
        ends_by_itself=False,
        name=spec.name,
        arguments=dict(spec.arguments),
    )


def _import(spec: str) -> Any:
    return import_library("hyperopt", spec, PREFIX)
