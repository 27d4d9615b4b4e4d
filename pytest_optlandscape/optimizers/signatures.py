"""Matching of a declaration with the signatures of the callables: which value is passed where.

Declared names must exist. The declaration or the spec must give every required parameter. Values fixed by the spec
stay.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_optlandscape.configuration.declarations import Declaration, Handed, Place
from pytest_optlandscape.optimizers.libraries import unwrapped
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["OF_BOUNDS", "Signatures", "Step", "imported", "parameter_value"]

_USUAL = {
    "fun": "objective",
    "x0": "start",
    "jac": "gradient",
    "hess": "hessian",
    "bounds": "bounds",
    "constraints": "constraints",
    "seed": "seed",
    "rng": "rng",
    "maxfev": "budget",
    "maxiter": "budget",
    "callback": "callback",
}
"""Values for parameters with usual names that the declaration does not mention."""

OF_BOUNDS = ("bounds", "lower", "upper")


@dataclass(frozen=True)
class Step:
    """A value to pass, and its receiver: the object's factory or the method that minimises."""

    handed: Handed
    in_method: bool = False
    is_required: bool = False


class Signatures:
    """The parameters of the callables, and the source of each value."""

    def __init__(self, target: Any, declaration: Declaration, spec: str) -> None:
        self._target = target
        self._base = unwrapped(target)
        self._spec = spec
        self._declaration = declaration
        self._fixed: dict[str, Any] = dict(getattr(target, "keywords", {}))
        self._made_with = parameters_of(self._base)
        self._method = self._parameters_of_method()

    def steps(self) -> tuple[Step, ...]:
        """Return all values to pass and their places, without those that the spec fixes."""
        declaration = self._declaration
        for name in declaration.imports:
            self._check_import(name)
        steps = [step for one in declaration.handed if (step := self._step(one))]
        steps += self._usual(steps)
        self._check_positions(steps)
        for step in steps:
            self._check_factors(step.handed)
            if step.handed.maker:
                self._try_import(step.handed.maker, f"{step.handed.what}=")
        has_objective = any(step.handed.what in ("objective", "residuals") for step in steps)
        if declaration.ask is None and not has_objective:
            raise ValueError(f"{self._spec}: objective= is not declared: which parameter is the function to minimise?")
        self._check_required(steps)
        return tuple(steps)

    def _parameters_of_method(self) -> dict[str, inspect.Parameter] | None:
        """Return the parameters of the method that minimises; None if there is no method or they are not known yet."""
        declaration = self._declaration
        for key, method in (("call", declaration.call), ("ask", declaration.ask), ("tell", declaration.tell)):
            if method is not None and isinstance(self._base, type) and not hasattr(self._base, method.name):
                public = [name for name in dir(self._base) if not name.startswith("_")]
                raise ValueError(f"{self._spec}: {key}=: {unknown_name('method', method.name, public)}")
        if declaration.call is None or not isinstance(self._base, type):
            return None
        found = parameters_of(getattr(self._base, declaration.call.name))
        has_no_self = isinstance(inspect.getattr_static(self._base, declaration.call.name), staticmethod | classmethod)
        without = {name for name, _, _ in declaration.call.arguments or ()} | set(
            [] if has_no_self else list(found)[:1]
        )
        return {name: one for name, one in found.items() if name not in without}

    def _step(self, handed: Handed) -> Step | None:
        """Return the place of a value; None if it is not passed or the spec fixes it."""
        place = handed.place
        if place.kind in ("attribute", "method") and not (self._declaration.call or self._declaration.ask):
            raise ValueError(
                f"{self._spec}: {handed.what}=.{place.name} belongs to an object; name its method that minimises, "
                "such as call=run"
            )
        if place.kind in ("position", "attribute", "method"):
            return Step(handed, is_required=place.kind == "position")
        if place.kind == "nowhere" or self._is_fixed(place):
            return None
        made, method = self._made_with, self._method
        of_name = made.get(place.name)
        if of_name is not None and of_name.kind is of_name.POSITIONAL_ONLY:
            position = list(made).index(place.name)
            raise ValueError(f"{self._spec}: {place.name} is positional-only; write {handed.what}={position}")
        if _has(made, place.name):
            return Step(handed, is_required=_is_required(made[place.name]))
        if method is not None and _has(method, place.name):
            return Step(handed, in_method=True, is_required=_is_required(method[place.name]))
        goes_to_method = bool(self._declaration.call) and (method is None or _takes_any(method))
        if made and not _takes_any(made) and not goes_to_method:
            raise ValueError(
                f"{self._spec}: {unknown_name(f'parameter of {handed.what}=:', place.name, self._known())}"
            )
        return Step(handed, in_method=bool(made) and not _takes_any(made), is_required=True)

    def _is_fixed(self, place: Place) -> bool:
        if place.kind == "entry":
            entries = self._fixed.get(place.name)
            return isinstance(entries, Mapping) and place.key in entries
        return place.name in self._fixed

    def _known(self) -> list[str]:
        return [name for name in {**self._made_with, **(self._method or {})} if name not in self._fixed]

    def _usual(self, steps: list[Step]) -> list[Step]:
        """Return values for undeclared parameters with usual names."""
        declared = {one.what for one in self._declaration.handed}
        if declared & set(OF_BOUNDS) or any(one.form == "limited" for one in self._declaration.handed):
            declared.add("bounds")
        if self._declaration.ask or "residuals" in declared:
            declared |= {"objective", "gradient", "hessian", "constraints", "callback"}
        if any(one.form in ("batch", "value-and-gradient") for one in self._declaration.handed):
            declared |= {"gradient", "hessian"}
        if _has(self._made_with, "rng") and not _is_required(self._made_with.get("seed", self._made_with["rng"])):
            declared.add("seed")  # both name the seed, as in SciPy during its renaming
        taken = {step.handed.place.name for step in steps} | set(self._fixed)
        found = []
        for name, what in _USUAL.items():
            parameters = {**self._made_with, **(self._method or {})}
            if what not in declared and name not in taken and _has(parameters, name):
                forms = {"objective": "array", "start": "array", "bounds": "rows"}
                step = self._step(Handed(what, Place("parameter", name), forms.get(what, "")))
                found += [step] if step else []
        return found

    def _check_positions(self, steps: list[Step]) -> None:
        positions = sorted(int(step.handed.place.name) for step in steps if step.handed.place.kind == "position")
        before = len(getattr(self._target, "args", ()))
        if positions != list(range(len(positions))):
            raise ValueError(f"{self._spec}: positions must be 0, 1, 2, … without a gap, got {positions}")
        names = [name for name, one in self._made_with.items() if one.kind is not one.KEYWORD_ONLY]
        by_position = set(names[before : before + len(positions)])
        twice = by_position & {step.handed.place.name for step in steps if not step.in_method}
        if twice:
            raise ValueError(f"{self._spec}: {', '.join(sorted(twice))} is declared by position and by name")
        self._by_position = by_position

    def _check_factors(self, handed: Handed) -> None:
        for factor in handed.factors:
            if factor.isdecimal() or factor in ("dim", "dimension"):
                continue
            try:
                value = parameter_value(self._target, factor)
            except KeyError:
                known = [*self._known(), *self._fixed, "dim"]
                raise ValueError(f"{self._spec}: {unknown_name('parameter of budget=:', factor, known)}") from None
            if not isinstance(value, int) or value < 1:
                raise ValueError(
                    f"{self._spec}: budget= is divided by {factor}, whose value is not known; give it in the "
                    f"spec, such as {self._base_spec()}({factor}=10), or write the number into budget="
                )

    def _check_import(self, name: str) -> None:
        value = self._fixed.get(name)
        if not isinstance(value, str) or ":" not in value:
            raise ValueError(
                f"{self._spec}: imports={name} says that the spec's argument {name} is written 'module:name'; the "
                f"spec has {name}={value!r}" if name in self._fixed else
                f"{self._spec}: imports={name}: the spec has no argument {name}, such as {name}='module:name'"
            )  # fmt: skip
        self._try_import(value, f"imports={name}:")

    def _try_import(self, name: str, where: str) -> None:
        try:
            imported(name)
        except (ImportError, AttributeError, ValueError) as error:
            raise ValueError(f"{self._spec}: {where} {name} cannot be imported: {error}") from None

    def _check_required(self, steps: list[Step]) -> None:
        given = {step.handed.place.name for step in steps} | set(self._fixed) | self._by_position
        required = {**self._made_with, **(self._method or {})}
        before = list(self._made_with)[: len(getattr(self._target, "args", ()))]
        missing = [n for n, one in required.items() if _is_required(one) and n not in given and n not in before]
        if missing:
            raise ValueError(
                f"{self._spec}: it needs {', '.join(missing)}: declare the value to pass, or give the value in "
                f"the spec, such as {self._base_spec()}({missing[0]}=...)"
            )

    def _base_spec(self) -> str:
        return self._spec.partition("(")[0]


def _has(parameters: Mapping[str, inspect.Parameter], name: str) -> bool:
    return name in parameters and parameters[name].kind not in (
        inspect.Parameter.VAR_POSITIONAL,
        inspect.Parameter.VAR_KEYWORD,
    )


def _takes_any(parameters: Mapping[str, inspect.Parameter]) -> bool:
    return any(one.kind is one.VAR_KEYWORD for one in parameters.values())


def _is_required(parameter: inspect.Parameter) -> bool:
    named = (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    return parameter.default is parameter.empty and parameter.kind in named


def imported(name: str) -> Any:
    """Import the object ``module:name``."""
    module, _, attributes = name.partition(":")
    thing: Any = importlib.import_module(module)
    for attribute in attributes.split("."):
        thing = getattr(thing, attribute)
    return thing


def parameter_value(function: Any, name: str) -> Any:
    """Return the value of a parameter: the spec's, else its default."""
    fixed = getattr(function, "keywords", {})
    if name in fixed:
        return fixed[name]
    for value in fixed.values():
        if isinstance(value, Mapping) and name in value:
            return value[name]
    return parameters_of(unwrapped(function))[name].default


def parameters_of(function: Any) -> dict[str, inspect.Parameter]:
    """Return the parameters of a function or class by name; empty if they cannot be read."""
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # compiled functions may lack a signature
        return {}
