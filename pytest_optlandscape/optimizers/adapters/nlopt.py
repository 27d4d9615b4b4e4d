"""NLopt's algorithms by name, such as `nlopt:LD_LBFGS` and `nlopt:GN_DIRECT_L`.

NLopt sets no tolerance by itself, so an algorithm runs until its own accuracy or the budget ends it; ``xtol_rel=…``
and the like among the arguments set one. It is told the budget, which most of its algorithms keep; what some ask
beyond is refused. Its random numbers have one seed for the whole process, which is set before every run.
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
"""NLopt gives these bounds only by values of infinity outside them, or not at all."""
_STOCHASTIC = ("CRS2", "ESCH", "ISRES", "MLSL", "RAND", "PRAXIS", "STOGO_RAND")


@dataclass(frozen=True)
class NLopt(Adapter):
    """An algorithm of NLopt and its settings, or an `nlopt.opt` of the user's, of which each run takes a copy."""

    algorithm: int = 0
    arguments: dict[str, Any] = field(default_factory=dict)
    template: Any = None

    def minimize(self, problem: Problem) -> Outcome:
        nlopt = _import(self.spec)
        optimizer = self._optimizer(nlopt, problem)
        optimizer.set_exceptions_enabled(False)  # a result limited by rounding is a result
        raised: list[Exception] = []
        optimizer.set_min_objective(_objective(problem, raised, refuse_nan=optimizer.get_algorithm() == nlopt.GN_AGS))
        if self.takes_bounds:
            optimizer.set_lower_bounds(problem.bounds[:, 0])
            optimizer.set_upper_bounds(problem.bounds[:, 1])
        nlopt.srand(small_seed(problem) + 1)  # 0 would be the time
        start = start_inside(problem) if self.takes_bounds else problem.x0
        try:
            x = np.array(optimizer.optimize(start))
        except (RuntimeError, SystemError):
            if raised:  # NLopt hides what the objective raised
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
                    f"this nlopt.opt is for {number_of(self.template.get_dimension(), 'coordinate')}, "
                    f"{problem.landscape.id} has {problem.dim}; give 'nlopt:NAME', which is made for every dimension"
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
    """Return the version of the library, which its module states in parts."""
    return f"{nlopt.version_major()}.{nlopt.version_minor()}.{nlopt.version_bugfix()}"


def _check_bounds(template: Any, problem: Problem) -> None:
    """Raise ValueError where an `nlopt.opt` was given a box that is not the problem's."""
    for name, given, bound in (
        ("lower", template.get_lower_bounds(), problem.bounds[:, 0]),
        ("upper", template.get_upper_bounds(), problem.bounds[:, 1]),
    ):
        if np.any(np.isfinite(given) & (given != bound)):
            raise ValueError(
                f"this nlopt.opt has {name} bounds {given.tolist()}, and the problem's are {bound.tolist()}: set none, "
                "or give them to the problem too (minimize(..., bounds=...))"
            )


def _objective(problem: Problem, raised: list[Exception], refuse_nan: bool) -> Any:
    """Make NLopt's form of the objective: it hands out buffers that it overwrites, so they are copied.

    AGS dies of a NaN, and the process with it; so there the run is ended instead.
    """

    def objective(x: NDArray[np.float64], gradient: NDArray[np.float64]) -> float:
        point = np.array(x)
        try:
            value = float(problem.fun(point))
            if refuse_nan and math.isnan(value):
                raise FloatingPointError("the objective is NaN, which NLopt's AGS would not survive")
            if gradient.size:
                gradient[:] = problem.gradient(point)
        except Exception as error:
            raised.append(error)
            raise
        return value

    return objective


def from_spec(spec: Spec) -> Adapter:
    """Make the adapter of an algorithm's name, with NLopt's settings as arguments.

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
    """Return whether this is an `nlopt.opt`."""
    return is_of(thing, "nlopt", "opt")


def from_object(thing: Any) -> Adapter:
    """Make the adapter of an `nlopt.opt`; objective and bounds are the problem's, all else stays as it was set."""
    nlopt = _import("this optimizer")
    if isinstance(unwrapped(thing), type):
        raise TypeError(
            "nlopt.opt alone names no algorithm; give one as 'nlopt:LD_LBFGS', or an nlopt.opt already made"
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
