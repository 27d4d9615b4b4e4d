"""Adapter for NLopt's algorithms by name, such as `nlopt:LD_LBFGS` and `nlopt:GN_DIRECT_L`.

NLopt has no default tolerance, so an algorithm runs until its own accuracy or the budget ends it. Arguments such as
``xtol_rel=…`` set one. NLopt receives the budget, which most algorithms keep; evaluations beyond it are refused. Its
random generator is global to the process and is seeded before every run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.optimizers.libraries import (
    check_arguments,
    import_library,
    is_of,
    small_seed,
    start_inside,
    unwrapped,
)
from pytest_optlandscape.optimizers.protocol import Adapter, Outcome
from pytest_optlandscape.optimizers.spec import Spec
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.texts.plurals import number_of
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["from_object", "from_spec", "recognizes"]

PREFIX = "nlopt"
_SETTINGS = (
    "ftol_rel", "ftol_abs", "xtol_rel", "xtol_abs", "stopval", "maxeval", "maxtime", "population", "vector_storage",
    "initial_step",
)  # fmt: skip
_NO_BOUNDS = ("LN_NEWUOA", "LN_PRAXIS")
"""Algorithms for which NLopt enforces bounds only by infinite values outside, or not at all."""
_STOCHASTIC = ("CRS2", "ESCH", "ISRES", "MLSL", "RAND", "PRAXIS", "STOGO_RAND")


@dataclass(frozen=True)
class NLopt(Adapter):
    """An algorithm of NLopt and its settings, or a user's `nlopt.opt`, which each run copies."""

    algorithm: int = 0
    arguments: dict[str, Any] = field(default_factory=dict)
    template: Any = None

    def minimize(self, problem: Problem) -> Outcome:
        nlopt = _import(self.spec)
        optimizer = self._optimizer(nlopt, problem)
        optimizer.set_exceptions_enabled(False)  # "limited by rounding" is a valid result
        raised: list[Exception] = []
        optimizer.set_min_objective(_objective(problem, raised, refuse_nan=optimizer.get_algorithm() == nlopt.GN_AGS))
        if self.takes_bounds:
            optimizer.set_lower_bounds(problem.bounds[:, 0])
            optimizer.set_upper_bounds(problem.bounds[:, 1])
        nlopt.srand(small_seed(problem) + 1)  # 0 would seed from the clock
        start = start_inside(problem) if self.takes_bounds else problem.x0
        try:
            x = np.array(optimizer.optimize(start))
        except (RuntimeError, SystemError):
            if raised:  # NLopt hides exceptions of the objective
                raise raised[0] from None
            raise
        code = optimizer.last_optimize_result()
        if code < 0 and code != nlopt.ROUNDOFF_LIMITED:
            raise RuntimeError(f"NLopt failed with result {code} {optimizer.get_errmsg() or ''}".rstrip())
        spent = code == nlopt.MAXEVAL_REACHED and problem.remaining <= 0
        return Outcome(
            x,
            "budget" if spent else None,
            fun=optimizer.last_optimum_value(),
            success=code > 0,
            message=_WORDS.get(code, f"NLopt's result {code}"),
        )

    def _optimizer(self, nlopt: Any, problem: Problem) -> Any:
        if self.template is not None:
            if self.template.get_dimension() != problem.dim:
                raise ValueError(
                    f"this nlopt.opt has {number_of(self.template.get_dimension(), 'coordinate')}, "
                    f"{problem.landscape.id} has {problem.dim}; give 'nlopt:NAME', which works in every dimension"
                )
            if self.takes_bounds:
                _check_bounds(self.template, problem)
            return nlopt.opt(self.template)
        optimizer = nlopt.opt(self.algorithm, problem.dim)
        if "local" in self.arguments:
            optimizer.set_local_optimizer(nlopt.opt(getattr(nlopt, self.arguments["local"]), problem.dim))
        for name, value in {"maxeval": problem.budget, **self.arguments}.items():
            if name != "local":
                getattr(optimizer, f"set_{name}")(value)
        return optimizer

    def versions(self) -> dict[str, str]:
        return {"nlopt": version(_import(self.spec))}


_WORDS = {
    -4: "limited by rounding",
    1: "success",
    2: "stopval reached",
    3: "ftol reached",
    4: "xtol reached",
    5: "maxeval reached",
    6: "maxtime",
}


def version(nlopt: Any) -> str:
    """Return the version of the library, joined from its parts."""
    return f"{nlopt.version_major()}.{nlopt.version_minor()}.{nlopt.version_bugfix()}"


def _check_bounds(template: Any, problem: Problem) -> None:
    """Raise ValueError if an `nlopt.opt` has other bounds than the problem."""
    for name, given, bound in (
        ("lower", template.get_lower_bounds(), problem.bounds[:, 0]),
        ("upper", template.get_upper_bounds(), problem.bounds[:, 1]),
    ):
        if np.any(np.isfinite(given) & (given != bound)):
            raise ValueError(
                f"this nlopt.opt has {name} bounds {given.tolist()}, but the problem has {bound.tolist()}: set none, "
                "or pass them to the problem too (minimize(..., bounds=...))"
            )


def _objective(problem: Problem, raised: list[Exception], refuse_nan: bool) -> Any:
    """Return the objective in NLopt's form; it copies NLopt's buffers, which are overwritten later.

    With AGS, a NaN would kill the process, so it ends the run instead.
    """

    def objective(x: NDArray[np.float64], gradient: NDArray[np.float64]) -> float:
        point = np.array(x)
        try:
            value = float(problem.fun(point))
            if refuse_nan and math.isnan(value):
                raise FloatingPointError("the objective is NaN, on which NLopt's AGS would crash the process")
            if gradient.size:
                gradient[:] = problem.gradient(point)
        except Exception as error:
            raised.append(error)
            raise
        return value

    return objective


def from_spec(spec: Spec) -> Adapter:
    """Return the adapter for an algorithm's name, with NLopt's settings as arguments.

    Raises
    ------
    ValueError
        If NLopt has no such algorithm or setting.
    MissingLibrary
        If NLopt is not installed.
    """
    nlopt = _import(str(spec))
    known = _algorithms(nlopt)
    if spec.name not in known:
        raise ValueError(unknown_name("NLopt algorithm", spec.name, known))
    check_arguments(spec, {*_SETTINGS, "local"})
    local = spec.arguments.get("local")
    if local is not None and local not in known:
        raise ValueError(unknown_name("NLopt algorithm", str(local), known))
    adapter = _adapter(str(spec), spec.name, algorithm=known[spec.name], arguments=spec.arguments)
    try:
        adapter._optimizer(nlopt, Problem("booth"))
    except (ValueError, TypeError, RuntimeError) as error:
        raise ValueError(f"optimizer {str(spec)!r}: NLopt refuses these settings: {error}") from error
    return adapter


def recognizes(thing: object) -> bool:
    """Return whether an object is an `nlopt.opt`."""
    return is_of(thing, "nlopt", "opt")


def from_object(thing: Any) -> Adapter:
    """Return the adapter for an `nlopt.opt`; runs replace its objective and bounds and keep its settings."""
    nlopt = _import("this optimizer")
    if isinstance(unwrapped(thing), type):
        raise TypeError(
            "the class nlopt.opt names no algorithm; give a spec such as 'nlopt:LD_LBFGS', or an instance of nlopt.opt"
        )
    names = {number: name for name, number in _algorithms(nlopt).items()}
    name = names[thing.get_algorithm()]
    return _adapter(f"{PREFIX}:{name}(instance)", name, template=thing)


def _algorithms(nlopt: Any) -> dict[str, int]:
    kinds = ("LD_", "LN_", "GN_", "GD_", "AUGLAG", "G_MLSL")
    return {name: getattr(nlopt, name) for name in dir(nlopt) if name.startswith(kinds)}


def _adapter(spec: str, name: str, **what: Any) -> NLopt:
    local = str(what.get("arguments", {}).get("local", name))
    return NLopt(
        spec,
        uses_gradient="D_" in name[:3] or (name[1:2] != "N" and local.startswith(("LD_", "GD_"))),
        takes_bounds=name not in _NO_BOUNDS,
        is_stochastic=any(part in name for part in _STOCHASTIC),
        is_global=name.startswith("G"),
        **what,
    )


def _import(spec: str) -> Any:
    return import_library("nlopt", spec, "nlopt")
