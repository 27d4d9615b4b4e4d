"""Adapter for SMAC's facades, each asked for one trial after another, over a space of ConfigSpace.

Conditions become ConfigSpace's. Options and levels are searched by their numbers, because ConfigSpace returns text as
NumPy's. SMAC writes its history into a folder, here a temporary one. The facades with several fidelities need a
landscape whose fidelity is a whole number.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import math
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes.spaces import Float, Int, Ordinal, Parameter, Space
from pytest_optlandscape.optimizers.configurations import Configurations, level_of, levels, whole_fidelity
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

PREFIX = "smac"
_NEED_FIDELITY = ("HyperbandFacade", "MultiFidelityFacade")
_OURS = ("configspace", "n_trials", "seed", "output_directory", "deterministic", "objectives", "n_workers")
"""Arguments of a scenario that a spec cannot give: they come from the problem."""


@dataclass(frozen=True)
class Smac(Adapter):
    """A facade by its class name, with arguments of its scenario."""

    name: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    pending: int = 1

    def minimize(self, problem: Problem) -> Outcome:
        smac = _import(self.spec)
        if self.obstacle(problem.landscape):
            raise ValueError(f"{self.spec} needs a fidelity in whole numbers, which {problem.landscape.id} lacks")
        seed = small_seed(problem)
        configurations = Configurations(problem)
        with _quiet(), global_random_numbers(seed), tempfile.TemporaryDirectory() as folder:
            facade = self._facade(smac, problem, configurations, folder, seed % 2**31)
            asked = self._search(smac, facade, problem, configurations)
            incumbents = facade.intensifier.get_incumbents()
        best = [configuration for one, configuration in asked if incumbents and one == incumbents[0]]
        return configurations.outcome(best[0] if best else None)

    def _facade(self, smac: Any, problem: Problem, configurations: Configurations, folder: str, seed: int) -> Any:
        fidelity = whole_fidelity(problem.landscape) if self.name in _NEED_FIDELITY else None
        budgets = {"min_budget": fidelity[1], "max_budget": fidelity[2]} if fidelity else {}
        scenario = smac.Scenario(
            _configspace(configurations.space, configurations.start, seed, self.spec),
            n_trials=problem.budget * (fidelity[2] if fidelity else 1),
            deterministic=problem.landscape.noise is None,
            seed=seed,
            output_directory=folder,
            **{**budgets, **self.arguments},
        )
        target = _never_called_at_level if fidelity else _never_called
        return getattr(smac, self.name)(scenario, target, overwrite=True, logging_level=False)

    def _search(
        self, smac: Any, facade: Any, problem: Problem, configurations: Configurations
    ) -> list[tuple[Any, dict[str, Any]]]:
        """Ask and tell until SMAC stops or the budget is spent; return what was asked for."""
        values = import_library("smac.runhistory.dataclasses", self.spec, PREFIX)
        status = import_library("smac.runhistory.enumerations", self.spec, PREFIX).StatusType
        exceptions = import_library("smac.main.exceptions", self.spec, PREFIX)
        asked: list[tuple[Any, dict[str, Any]]] = []
        while problem.remaining > 0:
            under_way = []
            for _ in range(min(self.pending, math.ceil(problem.remaining))):
                try:
                    trial = facade.ask()
                except (StopIteration, exceptions.ConfigurationSpaceExhaustedException):
                    break
                under_way.append((trial, _configuration(configurations.space, trial.config)))
            if not under_way:
                break
            for trial, configuration in reversed(under_way):
                asked.append((trial.config, configuration))
                value = self._value(problem, configurations, configuration, trial.budget)
                failed = math.isnan(value)
                told = {"cost": math.inf, "status": status.CRASHED} if failed else {"cost": value}
                facade.tell(trial, values.TrialValue(**told), save=False)
        return asked

    def _value(
        self, problem: Problem, configurations: Configurations, configuration: dict[str, Any], level: float | None
    ) -> float:
        """Evaluate a configuration, at the level of the fidelity that SMAC chose if it chose any."""
        evaluate: Any = configurations.value
        fidelity = whole_fidelity(problem.landscape)
        if fidelity is None or level is None:
            return float(evaluate(configuration))
        return float(evaluate(configuration, **{fidelity[0]: min(max(round(level), fidelity[1]), fidelity[2])}))

    def obstacle(self, landscape: Landscape) -> str:
        return "no fidelity" if self.name in _NEED_FIDELITY and whole_fidelity(landscape) is None else ""

    def with_pending(self, trials: int) -> Adapter:
        return dataclasses.replace(self, pending=trials)

    def planned(self, problem: Problem) -> int | None:
        if self.name in _NEED_FIDELITY:
            return None  # evaluations cost less than one
        space = Configurations(problem).space
        return problem.budget if any(math.isinf(one.count) for one in space.parameters.values()) else None

    def versions(self) -> dict[str, str]:
        spaces = import_library("ConfigSpace", self.spec, PREFIX)
        return {"smac": version_of(_import(self.spec)), "ConfigSpace": version_of(spaces)}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Suppress SMAC's warnings and its log of retries."""
    logger = logging.getLogger("smac")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _never_called(config: Any, seed: int = 0) -> float:
    """Stand for the target function, which SMAC does not call if it is asked and told."""
    raise RuntimeError("SMAC called the target function, although it is asked and told")


def _never_called_at_level(config: Any, seed: int = 0, budget: float = 0.0) -> float:
    """Stand for the target function of a facade with several fidelities: SMAC checks its parameters."""
    return _never_called(config, seed)


def _configspace(space: Space, start: dict[str, Any], seed: int, spec: str) -> Any:
    """Return a space as ConfigSpace's."""
    library = import_library("ConfigSpace", spec, PREFIX)
    found = library.ConfigurationSpace(seed=seed)
    made = {
        name: _hyperparameter(library, name, one, start.get(name, one.decode(0.5)))
        for name, one in space.parameters.items()
    }
    found.add(list(made.values()))
    for name, one in space.parameters.items():
        conditions = [
            library.InCondition(made[name], made[parent], [_held(space.parameters[parent], value) for value in values])
            for parent, values in one.when.items()
        ]
        if conditions:
            found.add(conditions[0] if len(conditions) == 1 else library.AndConjunction(*conditions))
    return found


def _hyperparameter(library: Any, name: str, parameter: Parameter, default: Any) -> Any:
    held = _held(parameter, default)
    if isinstance(parameter, Float | Int) and not levels(parameter):
        if parameter.low == parameter.high:
            return library.Constant(name, parameter.low)
        make = library.Float if isinstance(parameter, Float) else library.Integer
        return make(name, (parameter.low, parameter.high), log=parameter.log, default=held)
    numbers = list(range(int(parameter.count)))
    if isinstance(parameter, Ordinal):
        return library.OrdinalHyperparameter(name, numbers, default_value=held)
    if levels(parameter) > 1:
        return library.Integer(name, (0, numbers[-1]), default=held)
    return library.Categorical(name, numbers, default=held)


def _held(parameter: Parameter, value: Any) -> Any:
    """Return a value as ConfigSpace holds it."""
    if isinstance(parameter, Float | Int) and not levels(parameter):
        return value
    return round(parameter.encode(value) * int(parameter.count) - 0.5)


def _configuration(space: Space, held: Any) -> dict[str, Any]:
    """Return the configuration that SMAC asks for, in the values of the space."""

    def value(name: str, parameter: Parameter) -> Any:
        if isinstance(parameter, Float | Int) and not levels(parameter):
            return held[name]
        return level_of(parameter, int(held[name]))

    return space.assemble(value)


def from_spec(spec: Spec) -> Adapter:
    """Return the adapter for a facade's class name; its arguments are those of SMAC's scenario.

    Raises
    ------
    ValueError
        If SMAC has no such facade, the scenario has no such argument, or a spec cannot give the argument.
    MissingLibrary
        If SMAC is not installed.
    """
    smac = _import(str(spec))
    known = [name for name in dir(smac) if name.endswith("Facade")]
    if spec.name not in known:
        raise ValueError(unknown_name("SMAC facade", spec.name, known))
    check_arguments(spec, arguments_of(smac.Scenario) | set(smac.Scenario.__dataclass_fields__))
    for name in _OURS:
        if name in spec.arguments:
            raise ValueError(f"optimizer {str(spec)!r}: {name} cannot be given: it comes from the problem")
    return Smac(
        str(spec),
        takes_bounds=True,
        is_stochastic=True,
        is_global=True,
        takes_noise=True,
        needs_space=spec.name in _NEED_FIDELITY,
        name=spec.name,
        arguments=dict(spec.arguments),
    )


def _import(spec: str) -> Any:
    return import_library("smac", spec, PREFIX)
