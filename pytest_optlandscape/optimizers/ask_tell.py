"""Optimizers that are asked for points and told their values: anything with ``ask`` and ``tell``.

``ask()`` gives a point (dim,) or a batch of points (n, dim). ``tell`` is called in one of two ways:

* ``tell(x, value)``, where ``tell`` takes two arguments or more: what ``ask`` gave, unchanged, and its value, or for a
  batch a list of values;
* ``tell(value)``, where it takes one: the values alone, for the points last asked for.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.optimizers.libraries import start_inside, unwrapped, written
from pytest_optlandscape.optimizers.protocol import Adapter, Outcome
from pytest_optlandscape.optimizers.rebuilding import renewed
from pytest_optlandscape.runs import Problem

__all__ = ["drive", "from_factory", "from_object", "recognizes"]

_OFFERED = ("x0", "bounds", "rng", "seed")


class _Before:
    """The object of the run before; it does not travel with its adapter to another process."""

    def __init__(self) -> None:
        self.made: Any = None

    def __reduce__(self) -> Any:
        return _Before, ()


@dataclass(frozen=True)
class AskTell(Adapter):
    """A class, or a function that makes an object with ``ask`` and ``tell``; a fresh one for every run."""

    factory: Callable[..., Any] = print
    names: frozenset[str] = field(default_factory=frozenset)
    _before: _Before = field(default_factory=_Before, compare=False, repr=False)

    def minimize(self, problem: Problem) -> Outcome:
        offered: dict[str, Callable[[], Any]] = {
            "x0": lambda: start_inside(problem) if self.takes_bounds else problem.x0,
            "bounds": lambda: problem.bounds,
            "rng": lambda: problem.rng,
            "seed": lambda: problem.seed,
        }
        made = renewed(self.factory)(**{name: offered[name]() for name in _OFFERED if name in self.names})
        if made is self._before.made:
            raise TypeError(f"{self.spec} gave the object of a run before: it has to make a new one for each run")
        self._before.made = made
        return drive(made, problem)


def recognizes(thing: object) -> bool:
    """Tell whether this has ``ask`` and ``tell``, or is a function of ``x0`` (without ``fun``) that may make one."""
    target = unwrapped(thing)
    if callable(getattr(target, "ask", None)) and callable(getattr(target, "tell", None)):
        return True
    if isinstance(target, type) or not callable(target):
        return False
    names = _parameters(thing)
    return "x0" in names and "fun" not in names


def from_object(thing: Any, spec: str | None = None) -> Adapter:
    """Make the adapter of a class or factory.

    Raises
    ------
    TypeError
        If it is an object already made, which could run only once, or needs arguments that are not offered.
    """
    target = unwrapped(thing)
    if not (isinstance(target, type) or inspect.isroutine(target) or not hasattr(target, "ask")):
        raise TypeError(
            f"{target!r:.80} is an ask/tell optimizer already made, which runs only once: give its class, or a "
            "function or functools.partial that makes one from whichever it names of x0, bounds, rng, seed"
        )
    parameters = _parameters(thing)
    fixed = set(getattr(thing, "keywords", {}))
    required = {name for name, p in parameters.items() if p.default is p.empty and name not in fixed}
    spec = spec or (written(target.__module__, thing) if isinstance(target, type) else _name(thing))
    if not required <= set(_OFFERED):
        missing = ", ".join(sorted(required - set(_OFFERED)))
        raise TypeError(f"{spec}: an ask/tell optimizer is made from {', '.join(_OFFERED)}; {missing} is not given")
    names = frozenset(set(parameters) & set(_OFFERED) - fixed)
    return AskTell(
        spec,
        takes_bounds="bounds" in names,
        is_stochastic=bool(names & {"rng", "seed"}),
        factory=thing,
        names=names,
    )


def from_factory(make: Callable[[], Any], spec: str) -> Adapter:
    """Make the adapter of a function without arguments that makes objects with ``ask`` and ``tell``."""
    return AskTell(spec, factory=make)


def drive(optimizer: Any, problem: Problem) -> Outcome:
    """Ask, evaluate point by point and tell, until the optimizer stops or the budget is spent.

    It stops where ``optimizer.stop()`` is true, and where ``ask`` gives None or raises StopIteration. Its result is
    ``optimizer.recommend()`` if it has that, else the best point evaluated.
    """
    told_points = _takes_points(optimizer.tell)
    stop = getattr(optimizer, "stop", None)
    best = _Best()
    while problem.remaining > 0 and not (callable(stop) and stop()):
        try:
            asked = optimizer.ask()
        except StopIteration:
            break
        if asked is None:
            break
        batch = np.ndim(asked) == 2
        values = []
        for point in asked if batch else [asked]:
            if problem.remaining <= 0:
                return _outcome(optimizer, best, "budget")
            copied = np.array(point, dtype=np.float64).reshape(-1)
            values.append(float(problem.fun(copied)))
            best.see(copied, values[-1])
        answer = values if batch else values[0]
        optimizer.tell(asked, answer) if told_points else optimizer.tell(answer)
    return _outcome(optimizer, best, None if problem.remaining > 0 else "budget")


class _Best:
    """The point with the lowest of the values told."""

    def __init__(self) -> None:
        self.x: NDArray[np.float64] | None = None
        self.value = math.inf

    def see(self, x: NDArray[np.float64], value: float) -> None:
        if value < self.value:
            self.x, self.value = x, value


def _outcome(optimizer: Any, best: _Best, stop_reason: str | None) -> Outcome:
    recommend = getattr(optimizer, "recommend", None)
    return Outcome(recommend() if callable(recommend) else best.x, stop_reason)


def _takes_points(tell: Callable[..., Any]) -> bool:
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
    from pytest_optlandscape.optimizers.callables import name_of

    return name_of(function)
