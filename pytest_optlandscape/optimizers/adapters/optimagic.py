"""Adapter for optimagic's algorithms by name, such as `optimagic:scipy_lbfgsb` and `optimagic:pounders`.

An algorithm receives the box if it takes one, the gradient if it needs it, and the residuals if it is made for sums of
squares. Tolerances are optimagic's, which differ from those of the wrapped libraries.
"""

from __future__ import annotations

import copy
import dataclasses
import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pytest_optlandscape.optimizers.libraries import (
    check_arguments,
    import_library,
    is_of,
    small_seed,
    start_inside,
    unwrapped,
    version_of,
)
from pytest_optlandscape.optimizers.protocol import Adapter, Outcome
from pytest_optlandscape.optimizers.seeding import global_random_numbers
from pytest_optlandscape.optimizers.spec import Spec
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["from_object", "from_spec", "recognizes"]

PREFIX = "optimagic"
_DRAWS = (
    "nevergrad", "pygmo", "pygad", "pyswarms", "gfo", "bayes_opt", "basinhopping", "differential_evolution",
    "dual_annealing", "crs2_lm", "esch", "isres", "praxis",
)  # fmt: skip
"""Parts of the names of algorithms that draw random numbers."""


@dataclass(frozen=True)
class Optimagic(Adapter):
    """An algorithm of optimagic with its options."""

    algorithm: Any = None
    options: dict[str, Any] = field(default_factory=dict)

    def minimize(self, problem: Problem) -> Outcome:
        optimagic = _import(self.spec)
        seed = small_seed(problem)
        arguments: dict[str, Any] = {}
        if self.takes_bounds:
            arguments["bounds"] = optimagic.Bounds(lower=problem.bounds[:, 0].copy(), upper=problem.bounds[:, 1].copy())
        fun: Any = problem.fun
        jacobian: Any = problem.gradient
        if self.uses_residuals:
            fun = optimagic.mark.least_squares(problem.residuals)
            jacobian = optimagic.mark.least_squares(problem.jacobian)
        if self.uses_gradient:
            arguments["jac"] = jacobian
        with global_random_numbers(seed):  # for algorithms that use only the global generators
            if "nlopt" in sys.modules:
                sys.modules["nlopt"].srand(seed + 1)
            result = optimagic.minimize(
                fun,
                params=start_inside(problem) if self.takes_bounds else problem.x0,
                algorithm=self._seeded(seed),
                **arguments,
            )
        return Outcome(
            np.array(result.params), fun=result.fun, success=result.success, message=str(result.message or "")
        )

    def _seeded(self, seed: int) -> Any:
        fields = {one.name for one in dataclasses.fields(self.algorithm)}
        if isinstance(self.algorithm, type):
            options = {"seed": seed, **self.options} if "seed" in fields else self.options
            return self.algorithm(**copy.deepcopy(options))
        if "seed" in fields and self.algorithm.seed is None:
            return dataclasses.replace(self.algorithm, seed=seed)
        return self.algorithm

    def versions(self) -> dict[str, str]:
        return {"optimagic": version_of(_import(self.spec))}


def from_spec(spec: Spec) -> Adapter:
    """Return the adapter for an algorithm's name.

    Raises
    ------
    ValueError
        If optimagic has no such algorithm or option, the wrapped package is not installed, or the algorithm needs more
        than an objective.
    MissingLibrary
        If optimagic is not installed or its installation is broken.
    """
    algorithms = import_library("optimagic.algorithms", str(spec), PREFIX)
    available = algorithms.AVAILABLE_ALGORITHMS
    if spec.name not in available:
        advice = "It needs a package that is not installed." if spec.name in algorithms.ALL_ALGORITHMS else ""
        raise ValueError(unknown_name("optimagic algorithm", spec.name, available, advice))
    kind = available[spec.name]
    check_arguments(spec, {one.name for one in dataclasses.fields(kind)})
    return _adapter(str(spec), kind, spec.arguments)


def recognizes(thing: object) -> bool:
    """Return whether an object is an algorithm of optimagic, an instance or a class."""
    return is_of(thing, "optimagic", "Algorithm")


def from_object(thing: Any) -> Adapter:
    """Return the adapter for an algorithm's class or a configured instance."""
    target = unwrapped(thing)
    name = _info(target).name
    if target is not thing:
        positional = [one.name for one in dataclasses.fields(target) if one.init and not one.kw_only]
        options = {**dict(zip(positional, thing.args, strict=False)), **thing.keywords}
        return _adapter(str(Spec(PREFIX, name, options)), target, options)
    if isinstance(thing, type):
        return _adapter(f"{PREFIX}:{name}", thing, {})
    changed = {
        one.name: getattr(thing, one.name)
        for one in dataclasses.fields(thing)
        if getattr(thing, one.name) != one.default and one.default is not dataclasses.MISSING
    }
    return _adapter(str(Spec(PREFIX, name, changed)), thing, {})


def _adapter(spec: str, algorithm: Any, options: dict[str, Any]) -> Adapter:
    info = _info(algorithm)
    kind = info.solver_type.value
    if kind not in ("scalar", "least_squares"):
        raise ValueError(f"optimizer {spec!r} needs a {kind}, which no landscape has")
    return Optimagic(
        spec,
        uses_gradient=info.needs_jac,
        takes_bounds=info.supports_bounds,
        is_stochastic=any(part in info.name for part in _DRAWS),
        is_global=info.is_global,
        uses_residuals=kind == "least_squares",
        algorithm=algorithm,
        options=options,
    )


def _info(algorithm: Any) -> Any:
    return algorithm.__algo_info__


def _import(spec: str) -> Any:
    return import_library("optimagic", spec, "optimagic")
