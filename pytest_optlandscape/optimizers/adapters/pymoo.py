"""Adapter for pymoo's algorithms for one objective: genetic, evolution strategies, swarms, single-point.

`pymoo.optimize.minimize` runs them on a problem that evaluates one point at a time, with their own termination.
Algorithms that search from a point (CMAES, NelderMead, PatternSearch, …) use the problem's start; the others sample the
box.
"""

from __future__ import annotations

import contextlib
import copy
import importlib
import inspect
import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np

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
from pytest_optlandscape.optimizers.protocol import Adapter, Outcome
from pytest_optlandscape.optimizers.rebuilding import renewed
from pytest_optlandscape.optimizers.seeding import global_random_numbers
from pytest_optlandscape.optimizers.spec import Spec
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["ALGORITHMS", "from_object", "from_spec", "recognizes"]

PREFIX = "pymoo"

ALGORITHMS = {
    "BIPOPCMAES": "cmaes",
    "CMAES": "cmaes",
    "DE": "de",
    "DIRECT": "direct",
    "EPPSO": "pso_ep",
    "ES": "es",
    "G3PCX": "g3pcx",
    "GA": "ga",
    "ISRES": "isres",
    "NRBO": "nrbo",
    "NelderMead": "nelder",
    "NicheGA": "ga_niching",
    "PSO": "pso",
    "PatternSearch": "pattern",
    "RandomSearch": "random_search",
    "SRES": "sres",
    "SimpleCMAES": "cmaes",
}
"""pymoo's algorithms for one objective and real coordinates, with their modules."""

_DETERMINISTIC = ("DIRECT", "NelderMead")
_LOCAL = ("NelderMead", "PatternSearch")


@dataclass(frozen=True)
class Pymoo(Adapter):
    """An algorithm's class with its arguments, or an instance, which each run copies."""

    factory: Any = None
    arguments: dict[str, Any] = field(default_factory=dict)
    instance: Any = None

    def minimize(self, problem: Problem) -> Outcome:
        _import(self.spec)
        optimize = import_library("pymoo.optimize", self.spec, PREFIX)
        seed = small_seed(problem)
        with _silent(), global_random_numbers(seed):
            algorithm = self._algorithm(problem)
            if algorithm.seed is not None:  # the user's
                seed = algorithm.seed
            elif seed == 0 and is_of(
                algorithm, "pymoo", "CMAES", "SimpleCMAES"
            ):  # pycma, which runs CMAES, seeds from the clock if the seed is 0
                seed = 2**31
            result = optimize.minimize(
                _one_by_one(problem), algorithm, seed=seed, copy_algorithm=False, verbose=algorithm.verbose
            )
        if result.X is None:
            return Outcome(None)
        return Outcome(np.array(result.X, dtype=np.float64), fun=float(np.ravel(result.F)[0]))

    def _algorithm(self, problem: Problem) -> Any:
        if self.instance is not None:
            algorithm = copy.deepcopy(self.instance)
            if _samples_its_start(self.instance):
                algorithm.initialization.sampling = start_inside(problem)[np.newaxis]
            return algorithm
        known = arguments_of(unwrapped(self.factory))
        if known & {"x0", "initial"} & set(getattr(self.factory, "keywords", {})):
            known = set()  # the user's start
        start: dict[str, Any] = {}
        if "x0" in known:
            start = {"x0": start_inside(problem)}
        elif "initial" in known:
            start = {"initial": start_inside(problem)[np.newaxis]}
        return renewed(self.factory)(**{**start, **self.arguments})

    def versions(self) -> dict[str, str]:
        return {"pymoo": version_of(_import(self.spec))}


def _samples_its_start(algorithm: Any) -> bool:
    """Return whether an algorithm that searches from a point has neither a start nor its own sampling."""
    local = importlib.import_module("pymoo.algorithms.base.local").LocalSearch
    default = inspect.signature(local).parameters["sampling"].default
    return isinstance(algorithm, local) and algorithm.initialization.sampling is default


def _one_by_one(problem: Problem) -> Any:
    from pymoo.core.problem import ElementwiseProblem

    class OneByOne(ElementwiseProblem):  # type: ignore[misc]
        def _evaluate(self, x: Any, out: dict[str, Any], *args: Any, **keywords: Any) -> None:
            out["F"] = problem.fun(np.array(x, dtype=np.float64))

    return OneByOne(n_var=problem.dim, n_obj=1, xl=problem.bounds[:, 0].copy(), xu=problem.bounds[:, 1].copy())


def _silent() -> contextlib.redirect_stdout[io.StringIO]:
    """Suppress what pymoo prints, such as its hint about compiled modules."""
    return contextlib.redirect_stdout(io.StringIO())


def from_spec(spec: Spec) -> Adapter:
    """Return the adapter for an algorithm's class name.

    Raises
    ------
    ValueError
        If pymoo has no such algorithm for one objective, or the algorithm has no such argument.
    MissingLibrary
        If pymoo is not installed or its installation is broken.
    """
    if spec.name not in ALGORITHMS:
        raise ValueError(unknown_name("pymoo algorithm", spec.name, ALGORITHMS))
    _import(str(spec))
    with _silent():
        module = import_library(f"pymoo.algorithms.soo.nonconvex.{ALGORITHMS[spec.name]}", str(spec), PREFIX)
    kind = getattr(module, spec.name, None)
    if kind is None:
        raise ValueError(
            f"pymoo {version_of(importlib.import_module('pymoo'))} has no {spec.name}; install a newer release"
        )
    check_arguments(spec, arguments_of(kind))
    adapter = _adapter(str(spec), spec.name, factory=kind, arguments=spec.arguments)
    try:
        adapter._algorithm(Problem("booth"))
    except (TypeError, ValueError) as error:
        raise ValueError(f"optimizer {str(spec)!r}: pymoo refuses these arguments: {error}") from error
    return adapter


def recognizes(thing: object) -> bool:
    """Return whether an object is an algorithm of pymoo, an instance or a class."""
    return is_of(thing, "pymoo", "Algorithm")


def from_object(thing: Any) -> Adapter:
    """Return the adapter for an algorithm's class or instance.

    Raises
    ------
    TypeError
        If it is an instance that is set up for a problem.
    """
    target = unwrapped(thing)
    if not isinstance(target, type) and target.problem is not None:
        raise TypeError(
            f"this {type(target).__name__} is set up for its own problem and would continue with that: give an "
            "instance that is not set up, its class, or functools.partial of its class"
        )
    spec = written(PREFIX, thing)
    if isinstance(target, type):
        return _adapter(spec, target.__name__, factory=thing)
    return _adapter(spec, type(target).__name__, instance=thing)


def _adapter(spec: str, name: str, **what: Any) -> Pymoo:
    return Pymoo(
        spec, takes_bounds=True, is_stochastic=name not in _DETERMINISTIC, is_global=name not in _LOCAL, **what
    )


def _import(spec: str) -> Any:
    return import_library("pymoo", spec, "pymoo")
