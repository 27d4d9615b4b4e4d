"""Optimizers from installed packages (entry point group ``optlandscape.optimizers``) and from a session's hook.

Each adds a prefix of specs, with a function ``from_spec(spec)`` or with a module or object that has

* ``from_spec(spec)``, which takes a `Spec` and returns an `Adapter` or an argument of `optimizers.get`; and
  optionally
* ``recognizes(thing)`` and ``from_object(thing)``, for optimizers given as objects.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

from pytest_optlandscape.optimizers.adapters import LIBRARIES
from pytest_optlandscape.optimizers.protocol import Adapter, MissingLibrary
from pytest_optlandscape.optimizers.spec import Spec
from pytest_optlandscape.optimizers.user_code import whatever_is_raised

__all__ = ["GROUP", "Library", "add", "checked", "find", "recognized"]

GROUP = "optlandscape.optimizers"
"""The group of entry points by which packages add optimizers."""

_added: list[Mapping[str, Library]] = []
"""Libraries that this process's sessions added; an inner session (pytester's) comes after the outer one."""


@dataclass(frozen=True)
class Library:
    """A prefix of specs, and the loader of its optimizers.

    Attributes
    ----------
    prefix : str
    owner : str
        Who adds it, for messages.
    load : callable
        Returns the function, module or object; imports it if a package adds it.
    is_found_elsewhere : bool, default True
        Whether another process can load it too. It cannot if it is a method of an object in this process.
    """

    prefix: str
    owner: str
    load: Callable[[], Any]
    is_found_elsewhere: bool = True

    def from_spec(self, spec: Spec) -> Any:
        """Return the optimizer that a spec names.

        Raises
        ------
        MissingLibrary
            If it cannot be imported; the message names the owner.
        TypeError
            If it has no ``from_spec``, or ``from_spec`` does not return an optimizer.
        ValueError
            If ``from_spec`` raises.
        """
        thing = self.load()
        make = getattr(thing, "from_spec", thing)
        if not callable(make):
            raise TypeError(f"{self.owner}: {thing!r:.80} has no from_spec(spec) that returns an Adapter")
        try:
            made = make(spec)
        except (ValueError, ImportError):
            raise
        except Exception as error:
            raise ValueError(f"optimizer {str(spec)!r}: {self.owner} raised {type(error).__name__}: {error}") from error
        if made is None or isinstance(made, str):
            raise TypeError(f"optimizer {str(spec)!r}: {self.owner} returned {made!r:.80}, which is not an optimizer")
        return made

    def module(self) -> ModuleType | None:
        """Return the module that defines it; None if that is unknown."""
        thing = self.load()
        if isinstance(thing, ModuleType):
            return thing
        named = getattr(inspect.unwrap(thing) if callable(thing) else thing, "__module__", None)
        return sys.modules.get(str(named))


def find() -> dict[str, Library]:
    """Return all added libraries by prefix, from installed packages and sessions, without importing them."""
    return functools.reduce(lambda found, added: {**found, **added}, _added, _packages())


def checked(given: Any, owner: str, known: Mapping[str, Library]) -> dict[str, Library]:
    """Return a hook's result as checked libraries.

    Parameters
    ----------
    given : mapping or None
        For each prefix, a function of a spec, or a module or object with ``from_spec``.
    owner : str
        Who gives it, for messages.
    known : mapping
        Libraries added earlier.

    Returns
    -------
    dict of str to Library

    Raises
    ------
    TypeError, ValueError
        If it has another form, or a prefix is taken or invalid.

    Examples
    --------
    >>> list(checked({"walks": lambda spec: None}, "conftest.py", {}))
    ['walks']
    >>> checked({"scipy": lambda spec: None}, "conftest.py", {})
    Traceback (most recent call last):
        ...
    ValueError: conftest.py: the prefix 'scipy' belongs to a built-in library; choose another one
    """
    if given is not None and not isinstance(given, Mapping):
        raise TypeError(
            f"{owner} returned {given!r:.80}; expected a dict with a prefix of specs as key and, as value, a function "
            "of a spec that returns an optimizer, or a module or object with such a from_spec"
        )
    return {prefix: _checked(prefix, thing, owner, known) for prefix, thing in (given or {}).items()}


def _checked(prefix: Any, thing: Any, owner: str, known: Mapping[str, Library]) -> Library:
    from pytest_optlandscape.optimizers.adapters.torch import THIRD_PARTIES

    if not (isinstance(prefix, str) and re.fullmatch(r"[^\W\d][\w.-]*", prefix)):
        raise ValueError(
            f"{owner}: {prefix!r:.80} cannot be a prefix of specs; use a name such as 'walks' in 'walks:Walk'"
        )
    if prefix in (*LIBRARIES, *THIRD_PARTIES):
        raise ValueError(f"{owner}: the prefix {prefix!r} belongs to a built-in library; choose another one")
    taken = {**_packages(), **known}
    if prefix in taken:
        raise ValueError(f"{owner}: the prefix {prefix!r} is taken by {taken[prefix].owner}; choose another one")
    if not (callable(thing) or callable(getattr(thing, "from_spec", None))):
        raise TypeError(
            f"{owner}: the prefix {prefix!r} has {thing!r:.80}; expected a function of a spec that "
            "returns an optimizer, or a module or object with such a from_spec"
        )
    return Library(prefix, owner, lambda: thing)


def add(libraries: Mapping[str, Library]) -> Callable[[], None]:
    """Add a session's libraries; return a function that removes them."""
    _added.append(libraries)
    return lambda: _added.remove(libraries)


def _packages() -> dict[str, Library]:
    return {point.name: _of_package(point) for point in entry_points(group=GROUP)}


def _of_package(point: EntryPoint) -> Library:
    whose = point.dist.name if point.dist else "a package"

    def load() -> Any:
        try:
            with whatever_is_raised("it cannot be loaded", but=(Exception,)):
                return point.load()
        except Exception as error:
            raise MissingLibrary(
                f"the optimizers {point.name!r} of {whose} cannot be loaded from {point.value}: "
                f"{type(error).__name__}: {error}"
            ) from error

    return Library(point.name, f"the entry point {point.name} = {point.value} of {whose}", load)


def recognized(thing: Any) -> Adapter | None:
    """Return the adapter for an object from the library that recognizes it; None if none does."""
    for library in find().values():
        home = library.load()
        if hasattr(home, "recognizes") and home.recognizes(thing):
            adapter: Adapter = home.from_object(thing)
            return adapter
    return None
