"""Adapter for Nevergrad's optimizers: its registry's names, and the classes of `nevergrad.families`.

The search space is an array with the box as bounds and the problem's start. Points are asked for and told one by one.
Nevergrad receives the budget, on which many of its optimizers depend. It never ends before the budget.

On a landscape over a search space, the parametrization is a dict of Nevergrad's scalars, logarithms and choices. The
values of parameters that are not active are drawn all the same, and left out of the configuration.
"""

from __future__ import annotations

import dataclasses
import math
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pytest_optlandscape.landscapes.spaces import Float, Int, Ordinal, Parameter, Space
from pytest_optlandscape.optimizers.adapters.ask_tell import pickled
from pytest_optlandscape.optimizers.configurations import Configurations, level_of, levels
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
from pytest_optlandscape.optimizers.rebuilding import copied, renewed
from pytest_optlandscape.optimizers.seeding import global_random_numbers
from pytest_optlandscape.optimizers.spec import Spec
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["from_object", "from_spec", "recognizes"]

PREFIX = "nevergrad"


@dataclass(frozen=True)
class Nevergrad(Adapter):
    """A factory of Nevergrad optimizers from a parametrization, a budget and a number of workers."""

    factory: Any = None
    arguments: dict[str, Any] = field(default_factory=dict)
    interruption: Interruption | None = None
    pending: int = 1

    def minimize(self, problem: Problem) -> Outcome:
        nevergrad = _import(self.spec)
        seed = small_seed(problem)
        # Nevergrad also draws from the global generators, and pycma warns of the order in which it gets points.
        with global_random_numbers(seed), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="orphanated injected solution")
            parametrization: Any
            if problem.space is not None:
                configurations = Configurations(problem)
                parametrization = _parametrization(nevergrad, problem.space, configurations.start)
            else:
                parametrization = nevergrad.p.Array(init=start_inside(problem))
                parametrization.set_bounds(problem.bounds[:, 0], problem.bounds[:, 1])
            parametrization.random_state = np.random.RandomState(seed)
            try:
                factory = self.factory if isinstance(self.factory, type) else copied(renewed(self.factory))
                optimizer = factory(parametrization, budget=problem.budget, num_workers=self.pending)
                if problem.space is not None:
                    return self._search(optimizer, problem, problem.space, configurations)
                while problem.remaining > 0:
                    candidate = optimizer.ask()
                    optimizer.tell(candidate, problem.fun(np.array(candidate.value)))
                    if self.interruption is not None and self.interruption.is_due(problem):
                        optimizer = pickled(optimizer, self.interruption)  # like Nevergrad's own dump and load
                        self.interruption.happened = not self.interruption.refusal
                return Outcome(optimizer.provide_recommendation().value, "budget")
            except TypeError as error:
                if "0-dimensional arrays can be converted" not in str(error):
                    raise
                raise MissingLibrary(
                    f"Nevergrad {nevergrad.__version__} does not work with NumPy {np.__version__}, which no longer "
                    f"converts arrays to numbers ({error}); install an older NumPy or a newer Nevergrad"
                ) from error

    def _search(self, optimizer: Any, problem: Problem, space: Space, configurations: Configurations) -> Outcome:
        while problem.remaining > 0:
            under_way = [optimizer.ask() for _ in range(min(self.pending, math.ceil(problem.remaining)))]
            for candidate in reversed(under_way):
                value = configurations.value(_configuration(space, candidate.value))
                optimizer.tell(candidate, value)
            if self.interruption is not None and self.interruption.is_due(problem):
                optimizer = pickled(optimizer, self.interruption)
                self.interruption.happened = not self.interruption.refusal
        return configurations.outcome(_configuration(space, optimizer.provide_recommendation().value))

    def with_pending(self, trials: int) -> Adapter:
        return dataclasses.replace(self, pending=trials)

    def planned(self, problem: Problem) -> int:
        return problem.budget

    def interrupted(self, interruption: Interruption) -> Adapter:
        return dataclasses.replace(self, interruption=interruption)

    def versions(self) -> dict[str, str]:
        return {"nevergrad": version_of(_import(self.spec))}


def _parametrization(nevergrad: Any, space: Space, start: dict[str, Any]) -> Any:
    """Return a space as a dict of Nevergrad's parameters, with a problem's start as their first values."""
    parameters = space.parameters.items()
    return nevergrad.p.Dict(
        **{name: _parameter(nevergrad.p, one, start.get(name, one.decode(0.5))) for name, one in parameters}
    )


def _parameter(p: Any, parameter: Parameter, start: Any) -> Any:
    """Return a parameter as Nevergrad's; options, levels and steps by their numbers."""
    if isinstance(parameter, Float | Int) and not levels(parameter):
        if parameter.low == parameter.high:
            return p.Constant(parameter.low)
        made = (p.Log if parameter.log else p.Scalar)(init=start, lower=parameter.low, upper=parameter.high)
        return made.set_integer_casting() if isinstance(parameter, Int) else made
    count = int(parameter.count)
    number = round(parameter.encode(start) * count - 0.5)
    if isinstance(parameter, Float | Int):
        return p.Scalar(init=number, lower=0, upper=count - 1).set_integer_casting()
    choice = (p.TransitionChoice if isinstance(parameter, Ordinal) else p.Choice)(range(count))
    choice.value = number
    return choice


def _configuration(space: Space, held: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration that a dict of Nevergrad's values stands for."""

    def value(name: str, parameter: Parameter) -> Any:
        if levels(parameter) or not isinstance(parameter, Float | Int):
            return level_of(parameter, held[name])
        nearest = min(max(held[name], parameter.low), parameter.high)
        return nearest if math.isclose(nearest, held[name], rel_tol=1e-12) else held[name]  # a logarithm's rounding

    return space.assemble(value)


def from_spec(spec: Spec) -> Adapter:
    """Return the adapter for a name in Nevergrad's registry, or for a family with its arguments.

    Raises
    ------
    ValueError
        If Nevergrad has no such optimizer, a registered one has arguments, or a family has no such argument.
    MissingLibrary
        If Nevergrad is not installed or its installation is broken.
    """
    nevergrad = _import(str(spec))
    registry = nevergrad.optimizers.registry
    families = {name: kind for name, kind in vars(nevergrad.families).items() if isinstance(kind, type)}
    if spec.name in registry:
        if spec.arguments:
            raise ValueError(
                f"optimizer {str(spec)!r}: optimizers of Nevergrad's registry take no arguments; its families do: "
                + ", ".join(sorted(families))
            )
        return _adapter(str(spec), registry[spec.name])
    if spec.name not in families:
        raise ValueError(unknown_name("Nevergrad optimizer", spec.name, [*registry, *families]))
    check_arguments(spec, arguments_of(families[spec.name]))
    return _adapter(str(spec), families[spec.name](**spec.arguments))


def recognizes(thing: object) -> bool:
    """Return whether an object is an optimizer of Nevergrad: class, instance or configured family."""
    return is_of(thing, "nevergrad", "Optimizer", "ConfiguredOptimizer")


def from_object(thing: Any) -> Adapter:
    """Return the adapter for an optimizer's class or a configured family.

    Raises
    ------
    TypeError
        If it is an instance, which is bound to its budget.
    """
    if not isinstance(unwrapped(thing), type) and not is_of(thing, "nevergrad", "ConfiguredOptimizer"):
        raise TypeError(
            f"an instance of {type(thing).__name__} is bound to its parametrization and budget: give its class, or "
            f"'nevergrad:{getattr(thing, 'name', type(thing).__name__)}'"
        )
    name = getattr(thing, "name", None)
    if isinstance(name, str) and name and not isinstance(thing, type):
        return _adapter(f"{PREFIX}:{name}", thing)
    if is_of(thing, "nevergrad", "ConfiguredOptimizer") and isinstance(unwrapped(thing), type):
        return _adapter(written(PREFIX, thing), thing())
    return _adapter(written(PREFIX, thing), thing)


def _adapter(spec: str, factory: Any) -> Adapter:
    return Nevergrad(
        spec,
        takes_bounds=True,
        is_stochastic=True,
        is_global=True,
        takes_noise=True,
        ends_by_itself=False,
        factory=factory,
    )


def _import(spec: str) -> Any:
    return import_library("nevergrad", spec, "nevergrad")
