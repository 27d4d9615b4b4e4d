"""Adapter for optimizers that are plain callables.

A callable with a parameter ``fun`` is called as SciPy calls its methods. Any other receives the `Problem`.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import importlib.util
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType
from typing import Any

from pytest_optlandscape.optimizers import third_party
from pytest_optlandscape.optimizers.adapters import LIBRARIES
from pytest_optlandscape.optimizers.declaration_hints import how_to_declare
from pytest_optlandscape.optimizers.identity import name_of
from pytest_optlandscape.optimizers.protocol import Adapter, Call
from pytest_optlandscape.optimizers.recognition import check_not_of_python
from pytest_optlandscape.optimizers.recognition import signature_of as _signature
from pytest_optlandscape.optimizers.spec import Spec, shown_spec
from pytest_optlandscape.optimizers.user_code import whatever_is_raised
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["from_callable", "load", "makes_optimizers", "name_of", "of_class"]


_OFFERED: dict[str, Callable[[Problem], Any]] = {
    "fun": lambda problem: problem.fun,
    "x0": lambda problem: problem.watched_x0(),
    "jac": lambda problem: problem.gradient if problem.landscape.has_gradient else None,
    "hess": lambda problem: problem.hessian if problem.landscape.has_gradient else None,
    "bounds": lambda problem: problem.bounds.copy(),
    "constraints": lambda problem: problem.constraints,
    "seed": lambda problem: problem.seed,
    "rng": lambda problem: problem.rng,
    "maxfev": lambda problem: problem.budget,
    "maxiter": lambda problem: problem.budget,
    "callback": lambda problem: problem.callback,
    "space": lambda problem: problem.space,
}
"""The parameters that a callable may name, and the value of each."""

_SAID_BY_PROFILE = {
    "jac": "uses_gradient",
    "hess": "uses_gradient",
    "bounds": "takes_bounds",
    "constraints": "takes_constraints",
    "callback": "takes_callback",
}
"""Parameters that get a value, if they have a default, only if this attribute of the adapter is true."""


@dataclass(frozen=True)
class PlainCallable(Adapter):
    """A function or another callable."""

    function: Callable[..., Any] = print
    names: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()

    def minimize(self, problem: Problem) -> Any:
        if "fun" not in self.names:
            return self.function(problem)
        names = self.names - self._withheld(problem)
        return self.function(**{name: offer(problem) for name, offer in _OFFERED.items() if name in names})

    def _withheld(self, problem: Problem) -> frozenset[str]:
        """Return the optional parameters that get no value: those a profile excludes, absent constraints and spaces."""
        absent = set() if problem.landscape.own_constraints else {"constraints"}
        if problem.space is None:
            absent.add("space")
        return self._excluded() | (absent & self.optional)

    def _excluded(self) -> frozenset[str]:
        """Return the optional parameters that the profile excludes."""
        return self.optional & {name for name, attribute in _SAID_BY_PROFILE.items() if not getattr(self, attribute)}

    def with_budget(self, evaluations: int) -> Adapter | None:
        if "maxfev" not in self.names:
            return None
        limited = functools.partial(self.function, maxfev=evaluations)
        return dataclasses.replace(self, function=limited, names=self.names - {"maxfev"})

    def call(self, x0: str, bounds: str, seed: int = 0) -> Call | None:
        function, bound = self.function, ""
        while isinstance(function, functools.partial):
            bound = "".join(f", {key}={value!r}" for key, value in function.keywords.items()) + bound
            function = function.func
        name = getattr(function, "__qualname__", "<lambda>")
        if "fun" not in self.names or "<" in name or self.names & {"hess", "space"}:
            return None
        written = {
            "x0": f"np.array({x0})",
            "jac": "lambda x: np.array(g(x))",
            "bounds": f"np.array({bounds})",
            "constraints": "()",
            "seed": str(seed),
            "rng": f"np.random.default_rng({seed})",
            "maxfev": "10_000",
            "maxiter": "10_000",
            "callback": "lambda *a, **k: None",
        }
        names = self.names - self._excluded()
        given = "".join(f", {key}={text}" for key, text in written.items() if key in names)
        owner = name.partition(".")[0]
        return Call(f"import numpy as np; from {function.__module__} import {owner}", f"{name}(fun=f{given}{bound})")


def from_callable(function: Callable[..., Any], spec: str | None = None) -> Adapter:
    """Return the adapter for a callable.

    Parameters
    ----------
    function : callable
        With a parameter ``fun``, it is called by keyword with ``fun``, ``x0`` and its parameters among ``jac, hess,
        bounds, constraints, seed, rng, maxfev, maxiter, callback, space``. Without, it is called with the problem.
    spec : str, optional
        Its name in reports (default: its module and name).

    Raises
    ------
    TypeError
        If it requires other parameters.
    """
    signature = _signature(function)
    parameters = signature.parameters if signature else {}
    names = frozenset(parameters) if "fun" in parameters else frozenset()
    offered = set(_OFFERED)
    required = [
        name
        for name, parameter in parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    ]
    spec = spec or name_of(function)
    if names and not set(required) <= offered:
        missing = ", ".join(sorted(set(required) - offered))
        raise TypeError(
            f"{spec} has a parameter 'fun', so it is called like SciPy's methods; {missing} gets no value.\n"
            + how_to_declare(function, spec)
        )
    if not names and len(required) > 1:
        raise TypeError(how_to_declare(function, spec))
    names -= _bound(function)
    if signature:
        try:
            signature.bind(**dict.fromkeys(names & offered)) if "fun" in names else signature.bind(None)
        except TypeError as error:
            raise TypeError(f"{spec} can be called neither with a problem nor with fun and x0: {error}") from None
    mentioned = _mentioned(function) if not names else frozenset()
    searches = "space" in mentioned and not mentioned & {"bounds", "gradient", "x0"}
    return PlainCallable(
        spec,
        uses_gradient="jac" in names or not (names or searches),
        assumes_gradient=not names,
        takes_bounds="bounds" in names or not names,
        takes_constraints="constraints" in names,
        is_stochastic=bool((names | (mentioned if searches else frozenset())) & {"seed", "rng"}),
        takes_callback="callback" in names,
        needs_space=searches or ("space" in names and "space" in required),
        function=function,
        names=names,
        optional=frozenset(name for name in names if name not in required),
    )


def _mentioned(function: Any) -> frozenset[str]:
    """Return the names of attributes and globals in a function's own code, functions inside it included.

    Of a function that receives the whole problem, they tell whether it searches a space: ``problem.space``.
    """
    plain = function.func if isinstance(function, functools.partial) else inspect.unwrap(function)
    code = getattr(plain, "__code__", None) or getattr(
        inspect.getattr_static(type(plain), "__call__", None), "__code__", None
    )
    found: set[str] = set()
    waiting = [code] if isinstance(code, CodeType) else []
    while waiting:
        one = waiting.pop()
        found |= {*one.co_names}
        waiting += [inner for inner in one.co_consts if isinstance(inner, CodeType)]
    return frozenset(found)


def _bound(function: Any) -> frozenset[str]:
    """Return the parameters that the user has fixed."""
    return frozenset(function.keywords) if isinstance(function, functools.partial) else frozenset()


def makes_optimizers(function: Any) -> bool:
    """Return whether a function can be called without arguments, but not with a problem.

    Examples
    --------
    >>> makes_optimizers(lambda: "an optimizer"), makes_optimizers(lambda problem: problem.x0)
    (True, False)
    """
    signature = None if isinstance(function, type) or not callable(function) else _signature(function)
    return signature is not None and _binds(signature) and not _binds(signature, None)


def _binds(signature: inspect.Signature, *arguments: Any) -> bool:
    try:
        signature.bind(*arguments)
    except TypeError:
        return False
    return True


def of_class(make: Callable[[], Any], instance: Any) -> Callable[..., Any]:
    """Return a function that makes and calls a new instance each time, so that runs share no state.

    Parameters
    ----------
    make : callable
        Makes a callable instance.
    instance : object
        Such an instance; the function has its signature.
    """

    def call(*arguments: Any, **keywords: Any) -> Any:
        return make()(*arguments, **keywords)

    call.__signature__ = _signature(instance)  # type: ignore[attr-defined]
    return call


def load(spec: Spec) -> Any:
    """Import the object that a spec ``module:name(key=value)`` names.

    Returns
    -------
    object
        The callable or class, with the arguments bound to it.

    Raises
    ------
    ValueError
        If the module cannot be found or lacks the name, or the object does not take an argument.
    """
    name = shown_spec(spec)
    try:
        with whatever_is_raised(f"optimizer {name!r}: importing {shown_spec(spec.library)!r} failed"):
            thing: Any = importlib.import_module(spec.library)
    except ValueError as error:
        missing = error.__cause__.name if isinstance(error.__cause__, ModuleNotFoundError) else None
        if missing and f"{spec.library}.".startswith(f"{missing}."):
            raise ValueError(_no_module(spec)) from None
        if missing in _BACKENDS and _went_through(error.__cause__, "keras"):
            installed = [one for one in _BACKENDS if importlib.util.find_spec(one) is not None]
            raise ValueError(
                f"{error}. It imports Keras with the backend {missing}: set the environment variable "
                f"KERAS_BACKEND to one that is installed ({', '.join(installed) or 'none of them is'}), or install it"
            ) from error.__cause__
        raise
    for part in spec.name.split("."):
        with whatever_is_raised(f"optimizer {name!r}: asking for {shown_spec(part)!r} failed"):
            is_there = hasattr(thing, part)
            known = [] if is_there else _callables(thing)
        if not is_there:
            raise ValueError(f"optimizer {name!r}: {unknown_name(f'name in {spec.library!r}:', part, known)}")
        with whatever_is_raised(f"optimizer {name!r}: asking for {shown_spec(part)!r} failed"):
            thing = getattr(thing, part)
    with whatever_is_raised(f"optimizer {name!r}: reading its signature failed"):
        if hasattr(thing, "__signature__"):
            inspect.signature(thing)
    check_not_of_python(thing, spec)
    if not spec.arguments:
        return thing
    signature = _signature(thing)
    try:
        if signature:
            signature.bind_partial(**spec.arguments)
    except TypeError as error:
        raise ValueError(f"optimizer {str(spec)!r}: {spec.library}:{spec.name} takes {signature}: {error}") from None
    return functools.partial(thing, **spec.arguments)


def _callables(thing: Any) -> list[str]:
    """List a module's functions and classes, its own before imported ones."""
    found = {name: inspect.getattr_static(thing, name, None) for name in dir(thing) if not name.startswith("_")}
    names = [name for name, one in found.items() if callable(one)]
    home = getattr(thing, "__name__", None)
    return [name for name in names if getattr(found[name], "__module__", home) == home] or names


_BACKENDS = ("tensorflow", "torch", "jax")


def _went_through(error: BaseException | None, package: str) -> bool:
    """Return whether a package's code was on the stack of an exception."""
    trace = error.__traceback__ if error else None
    while trace is not None:
        if str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0] == package:
            return True
        trace = trace.tb_next
    return False


def _no_module(spec: Spec) -> str:
    advice = "It is neither a known library nor an importable module; to make a module of your "
    advice += "project importable, install it or set `pythonpath` in pytest's configuration."
    return unknown_name(
        f"library of optimizer {shown_spec(spec)!r}:", spec.library, [*LIBRARIES, *third_party.find()], advice
    )
