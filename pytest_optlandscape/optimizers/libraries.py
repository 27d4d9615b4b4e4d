"""Shared helpers of the adapters: import on demand, recognition without import, starts, seeds."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.optimizers.protocol import MissingLibrary
from pytest_optlandscape.optimizers.seeding import global_random_numbers
from pytest_optlandscape.optimizers.spec import Spec
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = [
    "arguments_of",
    "check_arguments",
    "import_library",
    "is_of",
    "small_seed",
    "start_inside",
    "unwrapped",
    "version_of",
    "written",
]


def import_library(name: str, spec: str, extra: str) -> Any:
    """Import a library.

    Parameters
    ----------
    name : str
        The module to import.
    spec : str
        The optimizer that needs it, for the message.
    extra : str
        The extra of this package that installs it.

    Raises
    ------
    MissingLibrary
        If the library is not installed, or its installation is broken; the message says which.

    Examples
    --------
    >>> import_library("no_such_library", "no_such_library:Best", "best")
    Traceback (most recent call last):
        ...
    pytest_optlandscape.optimizers.protocol.MissingLibrary: no_such_library:Best needs no_such_library, ...
    """
    try:
        with global_random_numbers(0):  # some libraries draw on import
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name.partition(".")[0]:
            raise MissingLibrary(
                f"{spec} needs {error.name}, which is not installed: pip install 'pytest-optlandscape[{extra}]'"
            ) from None
        raise MissingLibrary(_broken(name, spec, error)) from error
    except Exception as error:
        raise MissingLibrary(_broken(name, spec, error)) from error


def _broken(name: str, spec: str, error: Exception) -> str:
    return f"{spec} needs {name}, whose installation is broken: {type(error).__name__}: {error}"


def version_of(library: Any) -> str:
    """Return the version that a module states, or that of its installed package."""
    stated = getattr(library, "__version__", None)
    return str(stated) if stated else importlib.import_module("importlib.metadata").version(library.__name__)


def unwrapped(thing: Any) -> Any:
    """Return the function that a `functools.partial` calls, or the object itself."""
    return thing.func if isinstance(thing, functools.partial) else thing


def is_of(thing: Any, package: str, *bases: str) -> bool:
    """Return whether a class, an instance or a `functools.partial` of a class descends from a library's class.

    The library is not imported.

    Examples
    --------
    >>> from collections import OrderedDict
    >>> is_of(OrderedDict(), "collections", "OrderedDict"), is_of(dict, "collections", "OrderedDict")
    (True, False)
    """
    thing = unwrapped(thing)
    kind = thing if isinstance(thing, type) else type(thing)
    return any(base.__name__ in bases and base.__module__.partition(".")[0] == package for base in kind.__mro__)


def arguments_of(kind: Any) -> set[str]:
    """Return the names of a class's arguments, including those that it passes to its bases by ``**keywords``."""
    if not isinstance(kind, type):
        return set(inspect.signature(kind).parameters)
    names: set[str] = set()
    for base in kind.__mro__[:-1]:
        if "__init__" not in vars(base):
            continue
        parameters = inspect.signature(vars(base)["__init__"]).parameters.values()
        names |= {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return names - {"self"}


def check_arguments(spec: Spec, known: Iterable[str]) -> None:
    """Raise ValueError for an unknown argument; the message names the nearest one."""
    known = set(known)
    for key in spec.arguments:
        if key not in known:
            raise ValueError(unknown_name(f"argument of {spec.library}:{spec.name}", key, known))


def written(prefix: str, thing: Any) -> str:
    """Return an object as a spec; an instance with unreadable arguments is marked."""
    target = unwrapped(thing)
    kind = target if isinstance(target, type) else type(target)
    home = prefix if kind.__module__.partition(".")[0] == prefix else kind.__module__
    if isinstance(thing, functools.partial):
        arguments = [*map(repr, thing.args), *(f"{key}={value!r}" for key, value in thing.keywords.items())]
        return f"{home}:{kind.__name__}({', '.join(arguments)})"
    return f"{home}:{kind.__name__}" + ("" if isinstance(target, type) else "(instance)")


def small_seed(problem: Problem) -> int:
    """Return a problem's seed in 32 bits, the limit of many libraries."""
    return problem.seed % 2**32


def start_inside(problem: Problem) -> NDArray[np.float64]:
    """Return a copy of the start, clipped to the box."""
    return np.clip(problem.x0, problem.bounds[:, 0], problem.bounds[:, 1])
