"""Adapter for pycma: `cma:fmin2`, with restarts, and `cma:CMAEvolutionStrategy`, by ask and tell.

The box is passed as pycma's option ``bounds``. The initial step ``sigma0`` is a quarter of the box's narrowest side
(default), as pycma advises. pycma's option ``seed`` would seed NumPy's global generator. Instead, its option ``randn``
takes normal numbers from the problem's generator. pycma writes no files and prints nothing.
"""

from __future__ import annotations

import ast
import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.optimizers.adapters.ask_tell import drive
from pytest_optlandscape.optimizers.libraries import (
    arguments_of,
    check_arguments,
    import_library,
    small_seed,
    start_inside,
    unwrapped,
    version_of,
)
from pytest_optlandscape.optimizers.protocol import Adapter, Interruption, Outcome
from pytest_optlandscape.optimizers.seeding import global_random_numbers
from pytest_optlandscape.optimizers.spec import Spec, shown_spec
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["NAMES", "from_object", "from_spec", "recognizes"]

PREFIX = "cma"

NAMES = ("fmin2", "CMAEvolutionStrategy")
"""The two entry points of pycma."""

_OF_FMIN2 = {"restarts", "restart_from_best", "incpopsize", "eval_initial_x", "bipop"}
_GIVEN_BY_US = {
    "bounds",
    "seed",
    "randn",
    "verbose",
    "verb_disp",
    "verb_log",
    "verb_filenameprefix",
    "signals_filename",
}


@dataclass(frozen=True)
class CMA(Adapter):
    """pycma's CMA-ES. Its arguments are ``sigma0``, those of `cma.fmin2`, and pycma's options."""

    name: str = "fmin2"
    arguments: dict[str, Any] = field(default_factory=dict)
    interruption: Interruption | None = None

    def minimize(self, problem: Problem) -> Outcome:
        cma = _import(self.spec)
        widths = np.diff(problem.bounds).ravel()
        arguments = dict(self.arguments)
        sigma0 = arguments.pop("sigma0", 0.25 * float(np.min(widths, where=widths > 0.0, initial=np.max(widths))))
        restarts = {key: arguments.pop(key) for key in _OF_FMIN2 & set(arguments)}
        options = {**_quiet(problem), **arguments}
        with global_random_numbers(small_seed(problem)):  # for the draws of bipop and of rarer options
            if self.name == "fmin2":
                x, strategy = cma.fmin2(problem.fun, start_inside(problem), sigma0, options, **restarts)
                return Outcome(x, message=f"stopped by {dict(strategy.stop())}")
            return drive(cma.CMAEvolutionStrategy(start_inside(problem), sigma0, options), problem, self.interruption)

    def interrupted(self, interruption: Interruption) -> Adapter | None:
        return None if self.name == "fmin2" else dataclasses.replace(self, interruption=interruption)

    def versions(self) -> dict[str, str]:
        return {"cma": version_of(_import(self.spec))}


@dataclass(frozen=True)
class _StandardNormal:
    """Normal numbers from the problem's generator, with pycma's interface; pickled with the strategy."""

    rng: np.random.Generator

    def __call__(self, *shape: int) -> NDArray[np.float64]:
        return self.rng.standard_normal(shape)


def _quiet(problem: Problem) -> dict[str, Any]:
    return {
        "bounds": [*map(list, problem.bounds.T)],
        "randn": _StandardNormal(problem.rng),
        "seed": np.nan,  # leave NumPy's generator alone
        "verbose": -10,  # quiet; pycma then also reads no file of signals
        "verb_disp": 0,
        "verb_log": 0,
    }


def from_spec(spec: Spec) -> Adapter:
    """Return the adapter for ``cma:fmin2`` or ``cma:CMAEvolutionStrategy``.

    Raises
    ------
    ValueError
        If the name is another one, or pycma has no such option.
    MissingLibrary
        If pycma is not installed.
    """
    if spec.name not in NAMES:
        raise ValueError(unknown_name("pycma optimizer", spec.name, NAMES))
    defaults = _import(str(spec)).CMAOptions.defaults()
    options = set(defaults) - _GIVEN_BY_US
    restarts = _OF_FMIN2 & arguments_of(_import(str(spec)).fmin2) if spec.name == "fmin2" else set()
    check_arguments(spec, options | restarts | {"sigma0"})
    for key, value in spec.arguments.items():
        if isinstance(value, str) and value != defaults.get(key) and not _is_formula(value):
            raise ValueError(
                f"optimizer {shown_spec(spec)!r}: pycma would evaluate the string {key}={value[:100]!r} as Python; "
                "give a number, or a formula of N and popsize"
            )
    return CMA(
        str(spec), takes_bounds=True, is_stochastic=True, is_global=True, name=spec.name, arguments=spec.arguments
    )


_IN_FORMULAS = {"N", "popsize", "np", "int", "float", "min", "max", "log", "sqrt", "exp", "inf", "nan"}


def _is_formula(text: str) -> bool:
    """Return whether evaluation of a string can only compute a number."""
    try:
        nodes = list(ast.walk(ast.parse(text, mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    arithmetic = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.expr_context, ast.Constant)
    for node in nodes:
        if isinstance(node, ast.Name):
            if node.id not in _IN_FORMULAS:
                return False
        elif isinstance(node, ast.Attribute):
            is_of_numpy = isinstance(node.value, ast.Name) and node.value.id == "np"
            if not (is_of_numpy and node.attr in _IN_FORMULAS):
                return False
        elif isinstance(node, ast.Call):
            if node.keywords:
                return False
        elif not isinstance(node, arithmetic):
            return False
    return True


def recognizes(thing: object) -> bool:
    """Return whether this is `cma.fmin2` or `cma.CMAEvolutionStrategy`, alone or as a `functools.partial`."""
    target = unwrapped(thing)
    return getattr(target, "__module__", None) == "cma.evolution_strategy" and (
        getattr(target, "__name__", None) in NAMES or type(target).__name__ == "CMAEvolutionStrategy"
    )


def from_object(thing: Any) -> Adapter:
    """Return the adapter for the function or class.

    Raises
    ------
    TypeError
        If it is an instance of the strategy, which could run only once.
    """
    target = unwrapped(thing)
    if not hasattr(target, "__name__"):
        raise TypeError("an instance of CMAEvolutionStrategy runs only once: give 'cma:CMAEvolutionStrategy(...)'")
    if getattr(thing, "args", ()):
        raise TypeError(
            f"functools.partial of cma.{target.__name__} must have only keyword arguments, such as sigma0 and options; "
            "the problem gives its first arguments, the objective and the start"
        )
    return from_spec(Spec(PREFIX, target.__name__, _flat(getattr(thing, "keywords", {}))))


def _flat(keywords: dict[str, Any]) -> dict[str, Any]:
    """Merge pycma's options with its other arguments, as in a spec."""
    others = {key: value for key, value in keywords.items() if key not in ("options", "inopts")}
    return {**others, **(keywords.get("options") or keywords.get("inopts") or {})}


def _import(spec: str) -> Any:
    return import_library("cma", spec, "cma")
