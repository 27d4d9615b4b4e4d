"""Decides what a spec may call, before anything is called.

A spec ``module:name(key=literal)`` imports a module. Its arguments are passed only to a recognisable optimizer: a class
or function of a known library; a class with ``ask`` and ``tell``, or with a ``__call__`` that takes a problem; a
function that takes ``fun``, ``x0`` or a problem; or a function whose return annotation names one of these. Nothing of
Python's standard library is called.
"""

from __future__ import annotations

import functools
import inspect
import sys
import sysconfig
from pathlib import Path
from typing import Any

from pytest_optlandscape.optimizers.adapters import ask_tell, is_recognized
from pytest_optlandscape.optimizers.libraries import unwrapped
from pytest_optlandscape.optimizers.protocol import Adapter
from pytest_optlandscape.optimizers.spec import Spec, shown_spec

__all__ = ["check_may_be_called", "check_not_of_python", "signature_of"]


def signature_of(thing: Any) -> inspect.Signature | None:
    """Return the signature of a callable; None if it is compiled without one or cannot be read."""
    try:
        return inspect.signature(thing)
    except Exception:
        return None


def check_not_of_python(thing: Any, spec: Spec) -> None:
    """Raise ValueError for a function or class of Python's standard library.

    Raises
    ------
    ValueError
    """
    target = unwrapped(thing)
    if not (isinstance(target, type) or inspect.isroutine(target)):
        return
    name = target.__module__
    if isinstance(name, str) and _is_of_python(name):
        raise ValueError(
            f"optimizer {shown_spec(spec)!r} is {name}.{target.__qualname__} of Python's standard library, which has "
            "no optimizers; it was not called"
        )


def _is_of_python(module: str) -> bool:
    """Return whether a loaded module is the standard library's, not a user's module of the same name."""
    if module.partition(".")[0] not in sys.stdlib_module_names:
        return False
    file = getattr(sys.modules.get(module), "__file__", None)
    if not isinstance(file, str):
        return True
    place = Path(file).resolve()
    folders = [Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "platstdlib")]
    installed = {"site-packages", "dist-packages"}
    return any(place.is_relative_to(one) for one in folders) and not installed & set(place.parts)


def check_may_be_called(thing: Any, spec: str) -> None:
    """Raise TypeError if an object with a spec's arguments is not recognisable as an optimizer.

    Parameters
    ----------
    thing : functools.partial
        An object that no library recognizes, with the spec's arguments.
    spec : str

    Raises
    ------
    TypeError
        If it is not an optimizer. It has not been called.
    """
    target = unwrapped(thing)
    if isinstance(target, type):
        if issubclass(target, Adapter):
            return
        call = next((vars(kind)["__call__"] for kind in target.__mro__ if "__call__" in vars(kind)), None)
        if call is None:
            why = f"objects of the class {target.__name__} cannot be called and lack ask and tell"
        elif not _takes_a_problem(functools.partial(call, None)):
            why = f"objects of the class {target.__name__} take neither fun and x0 nor a problem"
        else:
            return
    else:
        returned = _returned(target)
        if _takes_a_problem(thing) or (returned is not None and _makes(returned)):
            return
        why = (
            "it takes neither fun and x0 nor a problem, and its return annotation names no optimizer; if it "
            "returns one, annotate it with that class"
        )
    raise TypeError(f"{spec!r} is not an optimizer, so it was not called with these arguments: {why}")


def _takes_a_problem(function: Any) -> bool:
    """Return whether a function has a parameter ``fun``, or one without a value that can take a problem."""
    signature = signature_of(function)
    if signature is None:
        return False
    if "fun" in signature.parameters:
        return True
    return any(one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD) for one in signature.parameters.values())


def _returned(function: Any) -> Any:
    """Return the class that a function's return annotation names, without evaluation."""
    annotation = getattr(function, "__annotations__", {}).get("return")
    if not isinstance(annotation, str):
        return annotation
    first, *further = annotation.strip("\"'").split(".")
    found = getattr(function, "__globals__", {}).get(first)
    for part in further:
        found = getattr(found, part, None)
    return found


def _makes(kind: Any) -> bool:
    return isinstance(kind, type) and (issubclass(kind, Adapter) or ask_tell.recognizes(kind) or is_recognized(kind))
