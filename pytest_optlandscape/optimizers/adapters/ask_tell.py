"""Adapter for optimizers with methods ``ask`` and ``tell``.

``ask()`` returns a point (dim,) or a batch (n, dim); on a landscape over a search space also a configuration, a dict,
or a list of them. ``tell`` is called in one of two ways:

* ``tell(x, value)`` if it takes two or more arguments: the result of ``ask``, and its value or, for a batch, a list of
values;
* ``tell(value)`` if it takes one: the values of the points last returned by ``ask``.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.optimizers.configurations import Configurations
from pytest_optlandscape.optimizers.declaration_hints import how_to_declare
from pytest_optlandscape.optimizers.libraries import start_inside, unwrapped, written
from pytest_optlandscape.optimizers.protocol import Adapter, Interruption, Outcome
from pytest_optlandscape.optimizers.rebuilding import renewed
from pytest_optlandscape.runs import Problem

__all__ = ["drive", "from_factory", "from_object", "pickled", "recognizes", "takes_points"]

_OFFERED = ("x0", "bounds", "rng", "seed", "space")


class _Before:
    """The object of the previous run; it is not sent to other processes with its adapter."""

    def __init__(self) -> None:
        self.made: Any = None

    def __reduce__(self) -> Any:
        return _Before, ()


@dataclass(frozen=True)
class AskTell(Adapter):
    """A class or function that makes an object with ``ask`` and ``tell``, a new one for each run."""

    factory: Callable[..., Any] = print
    names: frozenset[str] = field(default_factory=frozenset)
    _before: _Before = field(default_factory=_Before, compare=False, repr=False)
    interruption: Interruption | None = None
    can_do_without_bounds: bool = False
    pending: int = 1

    def minimize(self, problem: Problem) -> Outcome:
        offered: dict[str, Callable[[], Any]] = {
            "x0": lambda: start_inside(problem) if self.takes_bounds else problem.x0,
            "bounds": problem.bounds.copy,
            "rng": lambda: problem.rng,
            "seed": lambda: problem.seed,
            "space": lambda: problem.space,
        }
        names = self.names - {"bounds"} if self.can_do_without_bounds and not self.takes_bounds else self.names
        if problem.space is None and not self.needs_space:
            names -= {"space"}

        def make() -> Any:
            made = renewed(self.factory)(**{name: offered[name]() for name in _OFFERED if name in names})
            if made is self._before.made:
                raise TypeError(
                    f"{self.spec} returned the object of an earlier run; it must make a new one for each run"
                )
            self._before.made = made
            return made

        def resumed(optimizer: Any, interruption: Interruption) -> Any:
            if not _has_state_dict(optimizer):
                return pickled(optimizer, interruption)
            interruption.means = "state_dict() and load_state_dict()"
            random_numbers = problem.rng.bit_generator.state  # draws of the fresh object must not change the run's
            state = pickle.loads(pickle.dumps(optimizer.state_dict()))
            fresh = make()
            fresh.load_state_dict(state)
            problem.rng.bit_generator.state = random_numbers
            return fresh

        return drive(make(), problem, self.interruption, resumed, own_points=False, pending=self.pending)

    def interrupted(self, interruption: Interruption) -> Adapter:
        return dataclasses.replace(self, interruption=interruption)

    def with_pending(self, trials: int) -> Adapter:
        return dataclasses.replace(self, pending=trials)


def recognizes(thing: object) -> bool:
    """Return whether an object has ``ask`` and ``tell``, or is a function of ``x0``, without ``fun``."""
    target = unwrapped(thing)
    if callable(getattr(target, "ask", None)) and callable(getattr(target, "tell", None)):
        return True
    if isinstance(target, type) or not callable(target):
        return False
    names = _parameters(thing)
    return "x0" in names and "fun" not in names


def from_object(thing: Any, spec: str | None = None) -> Adapter:
    """Return the adapter for a class or factory.

    Raises
    ------
    TypeError
        If it is an instance, which could run only once, or requires unknown arguments.
    """
    target = unwrapped(thing)
    if not (isinstance(target, type) or inspect.isroutine(target) or not hasattr(target, "ask")):
        raise TypeError(
            f"{target!r:.80} is an instance of an ask/tell optimizer, which runs only once: give its class, or a "
            "function or functools.partial that makes one; its parameters may be x0, bounds, rng, seed, space"
        )
    parameters = _parameters(thing)
    fixed = set(getattr(thing, "keywords", {}))
    required = {name for name, p in parameters.items() if p.default is p.empty and name not in fixed}
    spec = spec or (written(target.__module__, thing) if isinstance(target, type) else _name(thing))
    if not required <= set(_OFFERED):
        missing = sorted(required - set(_OFFERED))
        if not hasattr(target, "ask"):
            raise TypeError(how_to_declare(thing, spec))
        example = f"{spec.partition('(')[0]}({', '.join(f'{name}=...' for name in missing)})"
        raise TypeError(
            f"{spec}: an ask/tell optimizer is made from {', '.join(_OFFERED)}; {', '.join(missing)} gets no value. "
            f"If it is a setting, give it: {example}. Else declare the value to pass.\n" + how_to_declare(thing, spec)
        )
    names = frozenset(set(parameters) & set(_OFFERED) - fixed)
    return AskTell(
        spec,
        takes_bounds="bounds" in names,
        is_stochastic=bool(names & {"rng", "seed"}),
        needs_space="space" in required,
        factory=thing,
        names=names,
        can_do_without_bounds="bounds" not in required,
    )


def from_factory(make: Callable[[], Any], spec: str) -> Adapter:
    """Return the adapter for a function without arguments that returns objects with ``ask`` and ``tell``."""
    return AskTell(spec, factory=make)


def _has_state_dict(optimizer: Any) -> bool:
    return all(callable(getattr(optimizer, name, None)) for name in ("state_dict", "load_state_dict"))


def pickled(optimizer: Any, interruption: Interruption) -> Any:
    """Return a pickled copy of an object; if pickle refuses, record the refusal and return the object itself."""
    interruption.means = "pickle"
    try:
        saved = getattr(optimizer, "pickle_dumps", lambda: pickle.dumps(optimizer))()  # pycma has its own function
    except Exception as error:
        interruption.refusal = f"pickle refuses it: {type(error).__name__}: {error}"
        return optimizer
    return pickle.loads(saved)


def drive(
    optimizer: Any,
    problem: Problem,
    interruption: Interruption | None = None,
    renewed: Callable[[Any, Interruption], Any] = pickled,
    *,
    own_points: bool = True,
    pending: int = 1,
) -> Outcome:
    """Ask, evaluate point by point and tell, until the optimizer stops or the budget is spent.

    It stops if ``optimizer.stop()`` is true, or if ``ask`` returns None or raises StopIteration. The result is
    ``optimizer.recommend()`` if that exists, else the best evaluated point.

    Parameters
    ----------
    optimizer : object
        It has ``ask`` and ``tell``.
    problem : Problem
    interruption : Interruption, optional
        When to save the optimizer's state and continue with another object.
    renewed : callable, optional
        Makes the other object, given the optimizer and the interruption (default: by pickle).
    own_points : bool, default True
        Whether the objective receives a copy of each point. Only False detects a user's optimizer that writes into a
        point that ``ask`` returned.
    pending : int, default 1
        How often to ask before the results are told, the last first. Always 1 if ``tell`` takes values only.
    """
    told_points = takes_points(optimizer.tell)
    best = _Best()
    configurations = Configurations(problem) if problem.space is not None else None
    while problem.remaining > 0 and not _has_stopped(optimizer):
        under_way = _asked(optimizer, min(pending, math.ceil(problem.remaining)) if told_points else 1)
        if not under_way:
            break
        for asked in reversed(under_way):
            batch = _is_batch(asked)
            values = []
            for point in asked if batch else [asked]:
                if problem.remaining <= 0:
                    return _outcome(optimizer, best, "budget")
                values.append(_value(problem, configurations, point, best, own_points=own_points))
            answer = values if batch else values[0]
            optimizer.tell(asked, answer) if told_points else optimizer.tell(answer)
        if interruption is not None and interruption.is_due(problem):
            optimizer = renewed(optimizer, interruption)
            interruption.happened = not interruption.refusal
    return _outcome(optimizer, best, None if problem.remaining > 0 else "budget")


def _asked(optimizer: Any, times: int) -> list[Any]:
    """Ask so many times, or until the optimizer stops."""
    found: list[Any] = []
    for _ in range(times):
        try:
            asked = optimizer.ask()
        except StopIteration:
            break
        if asked is None:
            break
        found.append(asked)
    return found


def _value(
    problem: Problem, configurations: Configurations | None, point: Any, best: _Best, *, own_points: bool
) -> float:
    """Evaluate a point, or a configuration: NaN if its trial failed."""
    if configurations is not None and isinstance(point, Mapping):
        value = configurations.value(point)
        best.see(configurations.space.encode(point), value)
        return value
    copied = np.array(point, dtype=np.float64).reshape(-1)
    handed = copied if own_points or np.shape(point) != copied.shape else np.asarray(point, dtype=np.float64)
    value = float(problem.fun(handed))
    best.see(copied, value)
    return value


def _is_batch(asked: Any) -> bool:
    """Return whether the result of ``ask`` is several points or configurations."""
    if isinstance(asked, list | tuple) and asked and isinstance(asked[0], Mapping):
        return True
    return not isinstance(asked, Mapping) and np.ndim(asked) == 2


def _has_stopped(optimizer: Any) -> bool:
    stop = getattr(optimizer, "stop", None)
    return callable(stop) and bool(stop())


class _Best:
    """The point with the lowest value told."""

    def __init__(self) -> None:
        self.x: NDArray[np.float64] | None = None
        self.value = math.inf

    def see(self, x: NDArray[np.float64], value: float) -> None:
        if value < self.value:
            self.x, self.value = x, value


def _outcome(optimizer: Any, best: _Best, stop_reason: str | None) -> Outcome:
    recommend = getattr(optimizer, "recommend", None)
    return Outcome(recommend() if callable(recommend) else best.x, stop_reason)


def takes_points(tell: Callable[..., Any]) -> bool:
    """Return whether a method ``tell`` takes points and values, not only values."""
    parameters = inspect.signature(tell).parameters.values()
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return True
    needed = [p for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return len(needed) >= 2


def _parameters(thing: Any) -> dict[str, inspect.Parameter]:
    try:
        parameters = inspect.signature(thing).parameters
    except (TypeError, ValueError):
        return {}
    return {name: p for name, p in parameters.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}


def _name(function: Any) -> str:
    from pytest_optlandscape.optimizers.identity import name_of

    return name_of(function)
