"""Optuna's samplers on landscapes over a search space: typed and conditional distributions, pruners, grids.

A parameter that depends on others is suggested after them, as in Optuna's define-by-run objectives. A level is an
integer distribution over the numbers of the levels, so that its order is known to the sampler. The first trial is the
problem's start, except for samplers that list a finite space.
"""

from __future__ import annotations

import math
from typing import Any

from pytest_optlandscape.landscapes.spaces import Float, Int, Ordinal, Parameter, Space
from pytest_optlandscape.optimizers.adapters.ask_tell import pickled
from pytest_optlandscape.optimizers.configurations import Configurations, level_of
from pytest_optlandscape.optimizers.protocol import Interruption, Outcome
from pytest_optlandscape.runs import Problem

__all__ = ["LISTING", "TunedStudy", "grid"]

LISTING = ("BruteForceSampler", "GridSampler")
"""Samplers that list a finite space, and end the study when it is exhausted."""


class TunedStudy:
    """A study in memory that searches a problem's space.

    Parameters
    ----------
    optuna : module
    problem : Problem
    sampler, pruner : object
        Of Optuna; without a pruner, the study has Optuna's default.
    maximizes : bool
        Whether the study maximises the negated objective.
    """

    def __init__(self, optuna: Any, problem: Problem, sampler: Any, pruner: Any, maximizes: bool) -> None:
        self._optuna = optuna
        self._problem = problem
        self._configurations = Configurations(problem)
        self._space = self._configurations.space
        self._sign = -1.0 if maximizes else 1.0
        direction = "maximize" if maximizes else "minimize"
        self._study = optuna.create_study(sampler=sampler, pruner=pruner, direction=direction)
        self._asked: dict[int, dict[str, Any]] = {}

    def exhaust(self) -> Outcome:
        """Evaluate configurations until the sampler ends the study, or the budget is spent."""
        has_fidelity = self._problem.fidelity is not None  # then a trial that is pruned costs less than an evaluation
        self._study.optimize(self._objective, n_trials=None if has_fidelity else math.ceil(self._problem.remaining))
        return self._outcome()

    def search(self, pending: int, interruption: Interruption | None) -> Outcome:
        """Ask for trials and tell their values until the budget is spent.

        Parameters
        ----------
        pending : int
            How many trials are asked for before they are told, the last first.
        interruption : Interruption or None
        """
        start = self._configurations.start.items()
        self._study.enqueue_trial({name: _as_suggested(self._space.parameters[name], value) for name, value in start})
        while self._problem.remaining > 0:
            under_way = [self._study.ask() for _ in range(min(pending, math.ceil(self._problem.remaining)))]
            for trial in under_way:
                self._suggest(trial)
            for trial in reversed(under_way):
                self._tell(trial)
            if interruption is not None and interruption.is_due(self._problem):
                self._study = pickled(self._study, interruption)
                interruption.happened = not interruption.refusal
        return self._outcome()

    def _tell(self, trial: Any) -> None:
        try:
            self._study.tell(trial, self._value(trial))
        except self._optuna.TrialPruned:
            self._study.tell(trial, state=self._optuna.trial.TrialState.PRUNED)

    def _objective(self, trial: Any) -> float:
        self._suggest(trial)
        return self._value(trial)

    def _suggest(self, trial: Any) -> None:
        self._asked[trial.number] = self._space.assemble(lambda name, one: _suggested(trial, name, one))

    def _value(self, trial: Any) -> float:
        """Return the value to tell; NaN fails the trial."""
        value = math.nan
        for number, (level, value) in enumerate(self._configurations.course(self._asked[trial.number])):
            if level is not None:
                trial.report(self._sign * value, level if isinstance(level, int) else number)  # Optuna wants an integer
                if trial.should_prune():
                    raise self._optuna.TrialPruned
        return self._sign * value

    def _outcome(self) -> Outcome:
        if not any(trial.values for trial in self._study.get_trials(deepcopy=False)):
            return self._configurations.outcome()
        best = self._study.best_trial
        return self._configurations.outcome(self._asked[best.number], self._sign * best.value)


def grid(space: Space) -> dict[str, list[Any]]:
    """Return the values of each parameter, as `optuna.samplers.GridSampler` takes them.

    Examples
    --------
    >>> from pytest_optlandscape.landscapes.spaces import Choice, Ordinal, Space
    >>> grid(Space(norm=Choice("l1", "l2"), size=Ordinal("small", "large")))
    {'norm': ['l1', 'l2'], 'size': [0, 1]}
    """
    return {
        name: [_as_suggested(one, level) for level in map(one.decode, one.codes())]
        for name, one in space.parameters.items()
    }


def _suggested(trial: Any, name: str, parameter: Parameter) -> Any:
    """Let a trial suggest a value."""
    if isinstance(parameter, Float):
        if parameter.step:
            return trial.suggest_float(name, parameter.low, parameter.decode(1.0), step=parameter.step)
        return trial.suggest_float(name, parameter.low, parameter.high, log=parameter.log)
    if isinstance(parameter, Int):
        return trial.suggest_int(name, parameter.low, parameter.decode(1.0), step=parameter.step, log=parameter.log)
    if isinstance(parameter, Ordinal):
        return level_of(parameter, trial.suggest_int(name, 0, len(parameter.values) - 1))
    options = _options(parameter)
    suggested = trial.suggest_categorical(name, options)
    return suggested if options == _values(parameter) else _values(parameter)[suggested]


def _as_suggested(parameter: Parameter, value: Any) -> Any:
    """Return a value as the trial suggests it: a level by its number, and an option that Optuna cannot hold."""
    if isinstance(parameter, Float | Int):
        return value
    number = round(parameter.encode(value) * int(parameter.count) - 0.5)
    return number if isinstance(parameter, Ordinal) else _options(parameter)[number]


def _options(parameter: Parameter) -> tuple[Any, ...]:
    """Return the options as Optuna can hold and tell apart; else their numbers."""
    values = _values(parameter)
    plain = all(value is None or isinstance(value, str | int | float) for value in values)
    return values if plain and len(set(values)) == len(values) else tuple(range(len(values)))


def _values(parameter: Any) -> tuple[Any, ...]:
    return tuple(parameter.values)
