"""Checks of the contract on the configurations that a tuner evaluates, on landscapes over a search space."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from pytest_optlandscape.contract.search import Held
from pytest_optlandscape.contract.search_spaces import ENDLESS, FINITE, searched
from pytest_optlandscape.contract.trials import Complaint, NotApplicable, Trial
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes.spaces import Float, Int, Parameter, Space
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.texts.plurals import number_of

__all__ = [
    "BUDGET",
    "check_ends_when_space_is_exhausted",
    "check_evaluates_values_of_space",
    "check_leaves_out_inactive_names",
    "check_repeats_no_configuration",
    "require_search",
    "tuning_trials",
]

BUDGET = 30
"""Evaluations of a trial on a search space: what a tuner with a model needs to use it."""

_ABSENT = object()
_TRAINING = ENDLESS[0]


def tuning_trials(
    *names: str, seeds: int = 3, budget: int = BUDGET, made: Callable[[str], Landscape] = searched
) -> Callable[[Adapter], Iterator[Trial]]:
    """Return a function that yields the trials of an adapter on landscapes over search spaces.

    Parameters
    ----------
    *names : str
        Names of landscapes of `contract.search_spaces`. Those on which the adapter cannot run are left out.
    seeds : int
        How many seeds, from 0.
    budget : int
    made : callable
        Makes a landscape of its name.
    """

    def among(adapter: Adapter) -> Iterator[Trial]:
        for landscape in map(made, names):
            if not adapter.obstacle(landscape):
                for seed in range(seeds):
                    yield Trial(adapter, landscape, np.array(landscape.x0), seed, budget)

    return among


def require_search(held: Held) -> None:
    """Raise NotApplicable unless an optimizer evaluates configurations."""
    for trial in tuning_trials(_TRAINING, FINITE, seeds=1)(held.adapter):
        if trial.configurations():
            return
    raise NotApplicable("it evaluates points, not configurations of a search space")


def check_evaluates_values_of_space(held: Held) -> None:
    """Check that each value of a configuration has the type, range and steps of its parameter.

    A NumPy scalar instead of Python's own number or string is only warned.
    """
    __tracebackhide__ = True
    require_search(held)

    def judge(trial: Trial) -> Complaint | None:
        slight = None
        for number, configuration in enumerate(_passed(trial), 1):
            for name, value in configuration.items():
                parameter = _space(trial).parameters.get(name)
                if parameter is None:
                    what, is_slight = "which is no parameter of the space", False
                else:
                    what, is_slight = fault(parameter, value)
                if what:
                    run, how = trial.observe().run, "print the configurations that are passed to the problem"
                    what = f"evaluation {number} has {name} = {value!r}, {what}"
                    complaint = Complaint(what, run, trial, how=how, is_slight=is_slight)
                    if not is_slight:
                        return complaint
                    slight = slight or complaint
        return slight

    held.to(judge, tuning_trials(_TRAINING, FINITE), everywhere=False, further_seeds=False)


def fault(parameter: Parameter, value: Any) -> tuple[str, bool]:
    """Say what is wrong with a value, and whether it is only NumPy's type; "" if nothing is.

    Examples
    --------
    >>> fault(Int(1, 8), 5), fault(Int(1, 8), np.int64(5))
    (('', False), ('which is a int64 instead of a int', True))
    >>> fault(Int(1, 8), 5.0)
    ('which is a float, but the parameter is Int(1, 8)', False)
    """
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(parameter, Float) and type(plain) is int:  # Python takes it for a real number everywhere
        plain = float(plain)
    if type(plain) not in _types(parameter):
        return f"which is a {type(value).__name__}, but the parameter is {parameter!r}", False
    try:
        parameter.encode(plain)
    except ValueError:
        return f"which is no value of {parameter!r}", False
    if type(plain) is type(value):
        return "", False
    return f"which is a {type(value).__name__} instead of a {type(plain).__name__}", True


def _types(parameter: Parameter) -> set[type]:
    if isinstance(parameter, Float | Int):
        return {float if isinstance(parameter, Float) else int}
    return {type(one) for one in parameter.values}  # type: ignore[attr-defined]


def _passed(trial: Trial) -> list[Mapping[str, Any]]:
    """Return the configurations that were evaluated, and the returned one if it is a mapping."""
    returned = trial.observe().returned
    found = getattr(returned, "x", returned)
    last: list[Mapping[str, Any]] = [found] if isinstance(found, Mapping) else []
    return [*trial.configurations(), *last]


def _space(trial: Trial) -> Space:
    assert trial.landscape.space is not None
    return trial.landscape.space


def check_leaves_out_inactive_names(held: Held) -> None:
    """Check that a configuration has the names of all active parameters and of no other."""
    __tracebackhide__ = True
    require_search(held)

    def judge(trial: Trial) -> Complaint | None:
        for number, configuration in enumerate(_passed(trial), 1):
            values: Mapping[str, Any] = configuration
            active = _space(trial).assemble(functools.partial(_found, values))
            missing = [name for name, value in active.items() if value is _ABSENT]
            extra = [name for name in configuration if name not in active]
            if missing or extra:
                said = [f"lacks {', '.join(missing)}"] * bool(missing)
                said += [f"has {', '.join(extra)}, not active in it"] * bool(extra)
                what = f"evaluation {number} {' and '.join(said)}: {dict(configuration)!r}"
                how = "print the configurations that are passed to the problem"
                return Complaint(what, trial.observe().run, trial, how=how)
        return None

    held.to(judge, tuning_trials(_TRAINING, FINITE), everywhere=False, further_seeds=False)


def _found(values: Mapping[str, Any], name: str, parameter: Parameter) -> Any:
    return values.get(name, _ABSENT)


def check_repeats_no_configuration(held: Held) -> None:
    """Check that no configuration of a finite space is evaluated twice.

    A search whose announced schedule is longer than the space, such as successive halving, evaluates some again.
    """
    __tracebackhide__ = True
    require_search(held)
    size = int(_size())
    planned = held.adapter.planned(Problem(searched(FINITE), budget=10 * size))
    if planned is not None and size < planned < 10 * size:
        raise NotApplicable(f"its schedule has {planned} evaluations of {size} configurations")

    def judge(trial: Trial) -> Complaint | None:
        run = trial.observe().run
        seen: dict[tuple[float, ...], int] = {}
        for number, point in enumerate(_space(trial).canonical(run.trace.x).tolist(), 1):
            first = seen.setdefault(tuple(point), number)
            if first != number:
                again = _space(trial).decode(point)
                what = f"evaluation {number} repeats {again!r} of evaluation {first}, where {size} configurations exist"
                return Complaint(what, run, trial, how="print the configurations that are passed to the problem")
        return None

    held.to(judge, tuning_trials(FINITE, budget=size), everywhere=False, further_seeds=False)


def check_ends_when_space_is_exhausted(held: Held) -> None:
    """Check that a search that ends by itself does so when a finite space is exhausted."""
    __tracebackhide__ = True
    require_search(held)

    def judge(trial: Trial) -> Complaint | None:
        observed = trial.observe()
        run = observed.run
        if observed.ended_by_itself:
            return None
        made = f"it made {number_of(run.nfev, 'evaluation')} of a space of {int(_size())} configurations"
        what = f"{made}, and ended with {run.message}" if run.stop_reason == "exception" else f"{made}, and did not end"
        return Complaint(what, run, trial, how="run it with a large budget")

    held.to(judge, tuning_trials(FINITE, seeds=2), everywhere=False, further_seeds=False)


def _size() -> float:
    space = searched(FINITE).space
    return math.inf if space is None else space.size
