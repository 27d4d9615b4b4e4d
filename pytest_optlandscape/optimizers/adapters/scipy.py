"""Adapter for SciPy: every method of `scipy.optimize.minimize`, `scipy.optimize.least_squares`, global optimizers.

Methods receive the gradient if they use it, the Hessian if they need it, and bounds and constraints if they take them.
Other methods run on a constrained landscape without its constraints. Limits and tolerances stay SciPy's: they are part
of the optimizer.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy
import scipy.optimize

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers.protocol import Adapter, Call, Outcome
from pytest_optlandscape.optimizers.spec import Spec
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["GLOBAL", "METHODS", "from_spec"]

PREFIX = "scipy"

METHODS = {
    "Nelder-Mead": "bounds",
    "Powell": "bounds",
    "CG": "gradient",
    "BFGS": "gradient",
    "Newton-CG": "gradient",
    "L-BFGS-B": "gradient bounds",
    "TNC": "gradient bounds",
    "COBYLA": "bounds constraints",
    "COBYQA": "bounds constraints",
    "SLSQP": "gradient bounds constraints",
    "trust-constr": "gradient bounds constraints",
    "dogleg": "gradient hessian",
    "trust-ncg": "gradient hessian",
    "trust-exact": "gradient hessian",
    "trust-krylov": "gradient hessian",
}
"""The methods of `scipy.optimize.minimize` and the values that each receives."""

GLOBAL = ("differential_evolution", "dual_annealing", "basinhopping", "shgo", "direct", "brute")
"""SciPy's global optimizers."""

_EVALUATIONS = {
    "Nelder-Mead": "maxfev",
    "Powell": "maxfev",
    "L-BFGS-B": "maxfun",
    "TNC": "maxfun",
    "COBYLA": "maxiter",
    "COBYQA": "maxfev",
    "dual_annealing": "maxfun",
    "direct": "maxfun",
}
"""The arguments that limit evaluations; COBYLA's has another name."""

_STOPPABLE_SINCE: dict[str, tuple[int, int] | None] = {
    "differential_evolution": (1, 12),
    "COBYLA": (1, 16),
    "least_squares": (1, 16),
    "SLSQP": (1, 17),
    "shgo": (1, 17),
    "TNC": None,
    "dual_annealing": None,
    "basinhopping": None,
    "direct": None,
}
"""The first release of SciPy in which StopIteration from the callback ends a run; None if it never does. For all other
methods it is 1.11.
"""

_NEED_NO_GRADIENT = ("CG", "BFGS", "L-BFGS-B", "TNC", "SLSQP", "trust-constr")

_INVARIANCES = {
    "Nelder-Mead": "scaling",
    "Powell": "scaling",
    "CG": "permutation translation rotation",
    "BFGS": "permutation translation rotation",
    "Newton-CG": "permutation translation rotation",
    "L-BFGS-B": "permutation translation",
    "TNC": "permutation translation",
    "SLSQP": "translation",
    "dogleg": "permutation translation rotation",
    "trust-ncg": "permutation translation rotation",
    "trust-exact": "translation",
    "trust-krylov": "permutation translation rotation",
    "differential_evolution": "scaling",
    "direct": "scaling",
    "brute": "scaling",
}
"""Invariances that a method's theory promises, because it uses only comparisons of values or only derivatives.
Nelder-Mead's first simplex, Powell's directions, bounds and the eigenvalue bounds of trust-exact depend on the axes.
"""

_Pairs = list[tuple[float, float]]
_STOCHASTIC = ("differential_evolution", "dual_annealing", "basinhopping")
_VERSION = tuple(int(part) for part in scipy.__version__.split(".")[:2])


@dataclass(frozen=True)
class SciPyMethod(Adapter):
    """A method of `scipy.optimize.minimize`. Arguments other than ``tol`` are its options."""

    method: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)

    def minimize(self, problem: Problem) -> Any:
        wants = METHODS[self.method]
        options = {key: value for key, value in self.arguments.items() if key != "tol"}
        return scipy.optimize.minimize(
            problem.fun,
            problem.watched_x0(),
            method=self.method,
            jac=problem.gradient if self.uses_gradient else None,
            hess=problem.hessian if "hessian" in wants else None,
            bounds=_box(problem) if self.takes_bounds else None,
            constraints=problem.constraints if self.takes_constraints else (),
            tol=self.arguments.get("tol"),
            options=options or None,
            **_callback(problem),
        )

    def versions(self) -> dict[str, str]:
        return {"scipy": scipy.__version__}

    def with_budget(self, evaluations: int) -> Adapter | None:
        return _limited(self, evaluations)

    def without_gradient(self) -> Adapter | None:
        return dataclasses.replace(self, uses_gradient=False) if self.method in _NEED_NO_GRADIENT else None

    def call(self, x0: str, bounds: str, seed: int = 0) -> Call | None:
        if "hessian" in METHODS[self.method]:
            return None
        options = {key: value for key, value in self.arguments.items() if key != "tol"}
        parts = [
            f"minimize(f, {x0}, method={self.method!r}",
            "jac=g" if self.uses_gradient else "",
            f"bounds={bounds}" if self.takes_bounds else "",
            f"tol={self.arguments['tol']!r}" if "tol" in self.arguments else "",
            f"options={options!r}" if options else "",
        ]
        return Call("from scipy.optimize import minimize", ", ".join(part for part in parts if part) + ")")


@dataclass(frozen=True)
class SciPyGlobal(Adapter):
    """One of SciPy's global optimizers; arguments are passed on."""

    method: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)

    def minimize(self, problem: Problem) -> Any:
        run = getattr(self, f"_{self.method}")
        function = functools.partial(getattr(scipy.optimize, self.method), **_callback(problem))
        return run(problem, function, [tuple(pair) for pair in problem.bounds.tolist()])

    def versions(self) -> dict[str, str]:
        return {"scipy": scipy.__version__}

    def with_budget(self, evaluations: int) -> Adapter | None:
        return _limited(self, evaluations)

    def call(self, x0: str, bounds: str, seed: int = 0) -> Call | None:
        if self.method in ("basinhopping", "brute"):
            return None
        start = [f"x0={x0}"] if self.method in ("differential_evolution", "dual_annealing") else []
        parts = ["f", bounds, *start, *(f"{key}={value!r}" for key, value in self.arguments.items())]
        imports = f"from scipy.optimize import {self.method}"
        if self.is_stochastic:
            parts.append(f"{_seed_name(getattr(scipy.optimize, self.method))}=np.random.default_rng({seed})")
            imports = f"import numpy as np; {imports}"
        return Call(imports, f"{self.method}({', '.join(parts)})")

    def _seeded(self, problem: Problem, function: Any) -> dict[str, Any]:
        return {**self.arguments, _seed_name(function): problem.rng}

    def _differential_evolution(self, problem: Problem, function: Any, bounds: _Pairs) -> Any:
        x0 = {"x0": problem.x0} if np.all(problem.landscape.contains(problem.x0)) else {}
        constraints = tuple(map(_as_object, problem.constraints)) if self.takes_constraints else ()
        arguments = {"constraints": constraints, **x0, **self._seeded(problem, function)}
        return function(problem.fun, bounds, **arguments)

    def _dual_annealing(self, problem: Problem, function: Any, bounds: _Pairs) -> Any:
        return function(problem.fun, bounds, **{"x0": problem.x0, **self._seeded(problem, function)})

    def _basinhopping(self, problem: Problem, function: Any, bounds: _Pairs) -> Any:
        local: dict[str, Any] = {"method": "L-BFGS-B", "bounds": bounds}
        if problem.landscape.has_gradient:
            local["jac"] = problem.gradient
        arguments = {"minimizer_kwargs": local, **self._seeded(problem, function)}
        return function(problem.fun, problem.x0, **arguments)

    def _shgo(self, problem: Problem, function: Any, bounds: _Pairs) -> Any:
        constraints = problem.constraints if self.takes_constraints else ()
        return function(problem.fun, bounds, constraints=constraints or None, **self.arguments)

    def _direct(self, problem: Problem, function: Any, bounds: _Pairs) -> Any:
        return function(problem.fun, bounds, **self.arguments)

    def _brute(self, problem: Problem, function: Any, bounds: _Pairs) -> Any:
        """Run with the finest grid that the budget allows; SciPy's default of 20 points on each axis takes 20^dim."""
        finest = max(int((problem.budget + 0.5) ** (1.0 / problem.dim)), 2)
        points = self.arguments.get("Ns", min(finest, 20))
        if points**problem.dim > 1e7:
            raise ValueError(f"brute with Ns={points} in {problem.dim} dimensions is a grid of more than 1e7 points")
        return function(problem.fun, tuple(bounds), **{**self.arguments, "Ns": points})


@dataclass(frozen=True)
class SciPyLeastSquares(Adapter):
    """`scipy.optimize.least_squares` with the Jacobian of the residuals; arguments are passed on."""

    arguments: dict[str, Any] = field(default_factory=dict)

    def minimize(self, problem: Problem) -> Outcome:
        bounds = {"bounds": tuple(problem.bounds.T)} if self.takes_bounds else {}
        arguments = {"jac": problem.jacobian, **bounds, **self.arguments, **_callback(problem)}
        result = scipy.optimize.least_squares(problem.residuals, problem.watched_x0(), **arguments)
        # SciPy's result has the residuals as fun and half the sum of their squares as cost.
        return Outcome(result.x, success=result.success, message=result.message)

    def obstacle(self, landscape: Landscape) -> str:
        if self.arguments.get("method") != "lm" or not landscape.has_residuals:
            return ""
        return "fewer residuals than variables" if len(landscape.residuals(landscape.x0)) < landscape.dim else ""

    def versions(self) -> dict[str, str]:
        return {"scipy": scipy.__version__}


def _as_object(constraint: Any) -> Any:
    """Convert a constraint given as a dict to an object, as differential evolution needs."""
    if not isinstance(constraint, dict):
        return constraint
    args, jacobian = tuple(constraint.get("args", ())), constraint.get("jac")
    of_args = {"jac": lambda x: jacobian(x, *args)} if callable(jacobian) else {}
    upper = 0.0 if constraint["type"].lower() == "eq" else np.inf
    return scipy.optimize.NonlinearConstraint(lambda x: constraint["fun"](x, *args), 0.0, upper, **of_args)


def _callback(problem: Problem) -> dict[str, Any]:
    """Return the callback argument, if the problem asks for a callback."""
    return {"callback": problem.callback} if problem.asks_for_callback else {}


def _stops_on_request(method: str) -> bool:
    """Return whether StopIteration from the callback ends a run in this release of SciPy."""
    since = _STOPPABLE_SINCE.get(method, (1, 11))
    return since is not None and since <= _VERSION


def _box(problem: Problem) -> scipy.optimize.Bounds:
    """Return the bounds as a `Bounds` object, which spares SciPy the conversion of pairs in every run."""
    own = problem.bounds is problem.landscape.bounds
    return _box_of(problem.landscape) if own else scipy.optimize.Bounds(*problem.bounds.T)


@functools.lru_cache(maxsize=256)
def _box_of(landscape: Landscape) -> scipy.optimize.Bounds:
    return scipy.optimize.Bounds(*landscape.bounds.T)


def _seed_name(function: Any) -> str:
    """Return the name of the argument for the random generator: seed, or rng since SciPy 1.15."""
    return "rng" if "rng" in inspect.signature(function).parameters else "seed"


def _limited(adapter: Any, evaluations: int) -> Adapter | None:
    """Return the adapter with its limit of evaluations set; None if the method has none."""
    name = _EVALUATIONS.get(adapter.method)
    if name is None:
        return None
    limited: Adapter = dataclasses.replace(adapter, arguments={**adapter.arguments, name: evaluations})
    return limited


def from_spec(spec: Spec) -> Adapter:
    """Return the adapter for a method's name.

    Raises
    ------
    ValueError
        If SciPy has no such method, or the method has no such option.
    """
    if spec.name in METHODS:
        if spec.name == "COBYQA" and _VERSION < (1, 14):
            raise ValueError(f"{spec} needs SciPy 1.14 or newer; SciPy {scipy.__version__} is installed")
        wants = METHODS[spec.name]
        method = SciPyMethod(
            str(spec),
            uses_gradient="gradient" in wants,
            takes_bounds="bounds" in wants and not (spec.name == "COBYLA" and _VERSION < (1, 11)),
            takes_constraints="constraints" in wants,
            takes_callback=True,
            stops_on_request=_stops_on_request(spec.name),
            hands_results_to_callback=_VERSION >= (1, 11) and spec.name != "TNC",
            invariances=frozenset(_INVARIANCES.get(spec.name, "").split()),
            method=spec.name,
            arguments=spec.arguments,
        )
        _check_options(method)
        return method
    if spec.name in GLOBAL:
        return _global_from_spec(spec)
    if spec.name == "least_squares":
        return _least_squares_from_spec(spec)
    advice = "Known are the methods of scipy.optimize.minimize, least_squares and SciPy's global optimizers."
    raise ValueError(unknown_name("SciPy optimizer", spec.name, [*METHODS, "least_squares", *GLOBAL], advice))


def _least_squares_from_spec(spec: Spec) -> SciPyLeastSquares:
    given_by_us = {"fun", "x0", "bounds", "args", "kwargs", "callback", "workers", "verbose"}
    known = set(inspect.signature(scipy.optimize.least_squares).parameters) - given_by_us
    for key in spec.arguments:
        if key not in known:
            raise ValueError(unknown_name("argument of scipy:least_squares", key, known))
    method = spec.arguments.get("method", "trf")
    if method not in ("trf", "dogbox", "lm"):
        raise ValueError(unknown_name("method of scipy:least_squares", str(method), ("trf", "dogbox", "lm")))
    return SciPyLeastSquares(
        str(spec),
        uses_gradient="jac" not in spec.arguments,
        takes_bounds=method != "lm",
        uses_residuals=True,
        takes_callback=method != "lm" and _VERSION >= (1, 16),
        stops_on_request=_stops_on_request("least_squares"),
        hands_results_to_callback=True,
        arguments=spec.arguments,
    )


def _global_from_spec(spec: Spec) -> SciPyGlobal:
    given_by_us = {"func", "bounds", "ranges", "x0", "seed", "rng", "args", "workers", "full_output", "constraints"}
    known = set(inspect.signature(getattr(scipy.optimize, spec.name)).parameters) - given_by_us
    for key in spec.arguments:
        if key not in known:
            raise ValueError(unknown_name(f"argument of scipy:{spec.name}", key, known))
    return SciPyGlobal(
        str(spec),
        uses_gradient=spec.name == "basinhopping",
        takes_bounds=True,
        is_global=True,
        takes_constraints=spec.name == "differential_evolution" or (spec.name == "shgo" and _VERSION >= (1, 11)),
        is_stochastic=spec.name in _STOCHASTIC,
        takes_callback="callback" in known,
        stops_on_request=_stops_on_request(spec.name),
        invariances=frozenset(_INVARIANCES.get(spec.name, "").split()),
        method=spec.name,
        arguments=spec.arguments,
    )


def _check_options(method: SciPyMethod) -> None:
    """Try the options on a small problem, because SciPy only warns of unknown ones."""
    if not method.arguments:
        return
    from pytest_optlandscape.runs import execute

    run = execute(method, Problem("booth", budget=5))
    unknown = [text for text in run.warnings if "Unknown solver options" in text]
    if unknown:
        names = unknown[0].rpartition(": ")[2]
        raise ValueError(f"optimizer {method.spec!r}: scipy's {method.method} has no option {names}")
    if run.stop_reason == "exception":
        raise ValueError(f"optimizer {method.spec!r} cannot be run: {run.message}")
