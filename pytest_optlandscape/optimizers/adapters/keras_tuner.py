"""Adapter for KerasTuner's oracles, each asked for one trial after another; nothing is trained.

A parameter of the space becomes a hyperparameter of KerasTuner, inside a conditional scope for each of its conditions.
The oracle stops by itself when it finds no new configuration. Hyperband evaluates a configuration again in each round
that it reaches, as its tuner trains on: at the round's epochs, if the landscape has a fidelity in whole numbers.
Oracles write a file for each trial, into a temporary folder.
"""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import io
import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pytest_optlandscape.landscapes.spaces import Choice, Float, Int, Ordinal, Parameter, Space
from pytest_optlandscape.optimizers.configurations import Configurations, is_finite, whole_fidelity
from pytest_optlandscape.optimizers.libraries import (
    arguments_of,
    check_arguments,
    import_library,
    small_seed,
    version_of,
)
from pytest_optlandscape.optimizers.protocol import Adapter, Interruption, Outcome
from pytest_optlandscape.optimizers.seeding import global_random_numbers
from pytest_optlandscape.optimizers.spec import Spec
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["from_spec"]

PREFIX = "keras_tuner"
_EXTRA = "keras-tuner"
_OURS = ("objective", "hyperparameters", "allow_new_entries", "tune_new_entries")
"""Arguments of an oracle that a spec cannot give: the objective and the space are the landscape's."""

_OBJECTIVE = "value"
_FOLDER = "trials"


@dataclass(frozen=True)
class Oracle(Adapter):
    """An oracle's class with its arguments."""

    factory: Any = None
    arguments: dict[str, Any] = field(default_factory=dict)
    interruption: Interruption | None = None
    maximizes: bool = False
    pending: int = 1

    def minimize(self, problem: Problem) -> Outcome:
        library = _import(self.spec)
        seed = small_seed(problem) if self.is_stochastic else 0
        with _quiet(), global_random_numbers(seed), tempfile.TemporaryDirectory() as folder:
            search = _Search(self, library, problem, folder, seed)
            search.run()
            return search.outcome()

    def interrupted(self, interruption: Interruption) -> Adapter:
        return dataclasses.replace(self, interruption=interruption)

    def told_to_maximize(self) -> Adapter:
        return dataclasses.replace(self, maximizes=True)

    def with_pending(self, trials: int) -> Adapter:
        return dataclasses.replace(self, pending=trials)

    def planned(self, problem: Problem) -> int | None:
        if self.factory.__name__ == "HyperbandOracle":
            if whole_fidelity(problem.landscape):
                return None  # rounds cost less than an evaluation
            return min(self._rounds(), problem.budget)
        if is_finite(problem.space):
            return None  # when collisions end the search, only the oracle knows
        return min(int(self.arguments.get("max_trials", problem.budget)), problem.budget)

    def _rounds(self) -> int:
        """Return the trials in all rounds of Hyperband's brackets, as KerasTuner sizes them.

        References
        ----------
        Li, Jamieson, DeSalvo, Rostamizadeh & Talwalkar (2018), Hyperband. J. Mach. Learn. Res. 18(185), 1–52.
        """
        signature = inspect.signature(self.factory).parameters
        names = ("max_epochs", "factor", "hyperband_iterations", "min_epochs")
        known = {name: signature[name].default for name in names if name in signature}
        most, factor, sweeps, least = (({"min_epochs": 1} | known | self.arguments)[name] for name in names)
        brackets = 1 + math.floor(math.log(most / least, factor) + 1e-12)
        last = math.ceil(1 + math.log(most, factor))
        of_one = [math.ceil(last / (k + 1) * factor ** (k - r)) for k in range(brackets) for r in range(k + 1)]
        return int(sum(of_one) * sweeps)

    def versions(self) -> dict[str, str]:
        keras = import_library("keras", self.spec, _EXTRA)
        return {"keras_tuner": version_of(_import(self.spec)), "keras": version_of(keras)}


class _Search:
    """One run of an oracle."""

    def __init__(self, adapter: Oracle, library: Any, problem: Problem, folder: str, seed: int) -> None:
        self._adapter = adapter
        self._library = library
        self._problem = problem
        self._folder = folder
        self._seed = seed
        self._configurations = Configurations(problem)
        self._sign = -1.0 if adapter.maximizes else 1.0
        self._fidelity = whole_fidelity(problem.landscape)
        self._oracle = self._new_oracle(overwrite=True)

    def _new_oracle(self, *, overwrite: bool) -> Any:
        """Make an oracle; with the trials in the folder, unless they are overwritten."""
        direction = "max" if self._adapter.maximizes else "min"
        known = arguments_of(self._adapter.factory)
        ours: dict[str, Any] = {
            "objective": self._library.Objective(_OBJECTIVE, direction),
            "hyperparameters": _hyperparameters(self._library, self._configurations.space, self._configurations.start),
            "max_trials": self._problem.budget,
            "seed": self._seed + 1,  # KerasTuner takes 0 for no seed
            "max_consecutive_failed_trials": self._problem.budget + 1,
        }
        if self._fidelity:
            ours["max_epochs"] = self._fidelity[2]
        given = {name: value for name, value in ours.items() if name in known}
        oracle = self._adapter.factory(**{**given, **self._adapter.arguments})
        oracle.verbose = 0
        # The tuner sets the oracle's folder. Without a model it does nothing else.
        self._library.engine.base_tuner.BaseTuner(
            oracle, directory=self._folder, project_name=_FOLDER, overwrite=overwrite
        )
        if not overwrite:
            oracle.reload()
        return oracle

    def run(self) -> None:
        """Run trials until the oracle stops or the budget is spent."""
        interruption, pending = self._adapter.interruption, self._adapter.pending
        while self._problem.remaining > 0:
            under_way = []
            for number in range(min(pending, self._problem.remaining)):
                trial = self._oracle.create_trial(f"worker{number}")
                if trial.status != "RUNNING":
                    break
                under_way.append((trial, self._asked(trial)))
            if not under_way:
                return
            for trial, configuration in reversed(under_way):
                self._finish(trial, configuration)
            if interruption is not None and interruption.is_due(self._problem):
                interruption.means = "the oracle's save() and reload()"
                self._oracle = self._reloaded()
                interruption.happened = True

    def _reloaded(self) -> Any:
        self._oracle.save()
        return self._new_oracle(overwrite=False)

    def _asked(self, trial: Any) -> dict[str, Any]:
        """Return the configuration of a trial, in the values of the space."""
        asked = trial.hyperparameters
        return self._configurations.space.assemble(lambda name, one: _value(one, asked.get(name)))

    def _finish(self, trial: Any, configuration: dict[str, Any]) -> None:
        value = self._evaluated(trial, configuration)
        if math.isnan(value):
            trial.status = "FAILED"
        else:
            self._oracle.update_trial(trial.trial_id, {_OBJECTIVE: self._sign * value})
            trial.status = "COMPLETED"
        self._oracle.end_trial(trial)

    def _evaluated(self, trial: Any, configuration: dict[str, Any]) -> float:
        """Evaluate a configuration at the epochs of its round, if the oracle has rounds and the landscape epochs."""
        evaluate: Any = self._configurations.value
        epochs = trial.hyperparameters.values.get("tuner/epochs")
        if self._fidelity is None or epochs is None:
            return float(evaluate(configuration))
        name, low, high = self._fidelity
        return float(evaluate(configuration, **{name: min(max(int(epochs), low), high)}))

    def outcome(self) -> Outcome:
        """Return the best trial."""
        best = self._oracle.get_best_trials(1)
        if not best or best[0].score is None:
            return self._configurations.outcome()
        return self._configurations.outcome(self._asked(best[0]), self._sign * float(best[0].score))


def _hyperparameters(library: Any, space: Space, start: dict[str, Any]) -> Any:
    """Return a space as KerasTuner's hyperparameters, the parents of a condition first."""
    found = library.HyperParameters()
    known: set[str] = set()
    while len(known) < space.dim:
        for name, one in space.parameters.items():
            if name not in known and set(one.when) <= known:
                with contextlib.ExitStack() as scopes:
                    for parent, options in _scopes(space, one):
                        scopes.enter_context(found.conditional_scope(parent, options))
                    _add(found, name, one, start.get(name))
                known.add(name)
    return found


def _scopes(space: Space, parameter: Parameter) -> list[tuple[str, list[Any]]]:
    """Return the conditional scopes of a parameter, the outermost first.

    A scope of KerasTuner lies inside that of its parent. So of several parents only the first has a scope: the oracle
    draws a value that may be inactive, and the configuration leaves it out.
    """
    for parent, values in parameter.when.items():
        above = space.parameters[parent]
        return [*_scopes(space, above), (parent, [_option(above, value) for value in values])]
    return []


def _add(hyperparameters: Any, name: str, parameter: Parameter, default: Any) -> None:
    if isinstance(parameter, Float | Int):
        low, high = parameter.low, parameter.decode(1.0)
        options: dict[str, Any] = {"sampling": "log"} if parameter.log else {"step": parameter.step}
        add = hyperparameters.Float if isinstance(parameter, Float) else hyperparameters.Int
        add(name, low, high, **options, default=default)
        return
    values: tuple[Any, ...] = parameter.values  # type: ignore[attr-defined]
    options = {} if default is None else {"default": _option(parameter, default)}
    if _is_switch(parameter):
        hyperparameters.Boolean(name, **options)
    elif isinstance(parameter, Ordinal):
        hyperparameters.Int(name, 0, len(values) - 1, **options)
    else:
        hyperparameters.Choice(name, [_option(parameter, value) for value in values], ordered=False, **options)


def _option(parameter: Parameter, value: Any) -> Any:
    """Return a value as KerasTuner holds it: a level, or one of options of several types, by its number."""
    if isinstance(parameter, Float | Int):
        return value
    return value if _is_held(parameter) else round(parameter.encode(value) * int(parameter.count) - 0.5)


def _value(parameter: Parameter, held: Any) -> Any:
    return held if isinstance(parameter, Float | Int) or _is_held(parameter) else parameter.values[held]  # type: ignore[attr-defined]


def _is_held(parameter: Parameter) -> bool:
    """Return whether KerasTuner holds the options of a choice as they are: they have one type that it knows."""
    types = {type(value) for value in parameter.values}  # type: ignore[attr-defined]
    return _is_switch(parameter) or (
        not isinstance(parameter, Ordinal) and len(types) == 1 and types <= {float, int, str}
    )


def _is_switch(parameter: Parameter) -> bool:
    """Return whether a choice is between True and False, which KerasTuner's Choice would turn into 1 and 0."""
    return isinstance(parameter, Choice) and {repr(value) for value in parameter.values} == {"True", "False"}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Suppress what oracles print."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def from_spec(spec: Spec) -> Adapter:
    """Return the adapter for an oracle's class name.

    Raises
    ------
    ValueError
        If KerasTuner has no such oracle, the oracle has no such argument, or a spec cannot give the argument.
    MissingLibrary
        If KerasTuner is not installed.
    """
    oracles = vars(_import(str(spec)).oracles)
    known = {name: kind for name, kind in oracles.items() if name.endswith("Oracle")}
    if spec.name not in known:
        raise ValueError(unknown_name("KerasTuner oracle", spec.name, known))
    check_arguments(spec, arguments_of(known[spec.name]))
    for name in _OURS:
        if name in spec.arguments:
            raise ValueError(f"optimizer {str(spec)!r}: {name} cannot be given: it comes from the landscape")
    return Oracle(
        str(spec),
        takes_bounds=True,
        is_stochastic=spec.name != "GridSearchOracle",
        is_global=True,
        takes_noise=True,
        factory=known[spec.name],
        arguments=dict(spec.arguments),
    )


def _import(spec: str) -> Any:
    return import_library("keras_tuner", spec, _EXTRA)
