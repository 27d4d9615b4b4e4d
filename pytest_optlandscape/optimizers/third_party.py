"""Optimizers that others bring: a package by the entry point group ``optlandscape.optimizers``, a session by a hook.

What they bring is a prefix of specs, and with it a function ``from_spec(spec)`` or a module or an object with

* ``from_spec(spec)``, which takes a `Spec` and returns an `Adapter` or what `optimizers.get` makes one of; and
  optionally
* ``recognizes(thing)`` and ``from_object(thing)``, for optimizers that are handed over as objects.
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
"""What sessions of this process have added, an inner session (pytester's) after an outer one."""


@dataclass(frozen=True)
class Library:
    """A prefix of specs and what makes optimizers of them.

    Attributes
    ----------
    prefix : str
    owner : str
        Who brings it, for messages.
    load : callable
        Gives the function, module or object; imports it, if it is a package's.
    is_found_elsewhere : bool, default True
        Whether another process can ask the owner, too; it cannot call a method of an object that lives here.
    """

    prefix: str
    owner: str
    load: Callable[[], Any]
    is_found_elsewhere: bool = True

    def from_spec(self, spec: Spec) -> Any:
        """Make what a spec names.

        Raises
        ------
        MissingLibrary
            If it cannot be imported; the message says whose it is.
        TypeError
            If it has no ``from_spec``, or that returns no optimizer.
        ValueError
            If it refuses the spec.
        """
        thing = self.load()
        make = getattr(thing, "from_spec", thing)
        if not callable(make):
            raise TypeError(f"{self.owner}: {thing!r:.80} has no from_spec(spec) that makes an Adapter")
        try:
            made = make(spec)
        except (ValueError, ImportError):
            raise
        except Exception as error:
            raise ValueError(f"optimizer {str(spec)!r}: {self.owner} raised {type(error).__name__}: {error}") from error
        if made is None or isinstance(made, str):
            raise TypeError(f"optimizer {str(spec)!r}: {self.owner} made {made!r:.80} of it, which is no optimizer")
        return made

    def module(self) -> ModuleType | None:
        """Return the module that it is written in; None if that cannot be told."""
        thing = self.load()
        if isinstance(thing, ModuleType):
            return thing
        named = getattr(inspect.unwrap(thing) if callable(thing) else thing, "__module__", None)
        return sys.modules.get(str(named))


def find() -> dict[str, Library]:
    """Return what was added, by prefix: by packages that are installed now, and by sessions; nothing is imported."""
    return functools.reduce(lambda found, added: {**found, **added}, _added, _packages())


def checked(given: Any, owner: str, known: Mapping[str, Library]) -> dict[str, Library]:
    """Check what a session is given.

    Parameters
    ----------
    given : mapping or None
        By prefix, a function of a spec, or a module or object with ``from_spec``.
    owner : str
        Who gives it.
    known : mapping
        What others gave before.

    Returns
    -------
    dict of str to Library

    Raises
    ------
    TypeError, ValueError
        If it is something else, or a prefix is taken or cannot be the beginning of a spec.

    Examples
    --------
    >>> list(checked({"walks": lambda spec: None}, "conftest.py", {}))
    ['walks']
    >>> checked({"scipy": lambda spec: None}, "conftest.py", {})
    Traceback (most recent call last):
        ...
    ValueError: conftest.py: the prefix 'scipy' is that of a library with an adapter here; take another one
    """
    if given is not None and not isinstance(given, Mapping):
        raise TypeError(
            f"{owner} returned {given!r:.80}; it returns a dict: by prefix of specs, a function of a spec that makes "
            "an optimizer, or a module or object with such a from_spec"
        )
    return {prefix: _checked(prefix, thing, owner, known) for prefix, thing in (given or {}).items()}


def _checked(prefix: Any, thing: Any, owner: str, known: Mapping[str, Library]) -> Library:
    from pytest_optlandscape.optimizers.adapters.torch import THIRD_PARTIES

    if not (isinstance(prefix, str) and re.fullmatch(r"[^\W\d][\w.-]*", prefix)):
        raise ValueError(
            f"{owner}: {prefix!r:.80} cannot be the prefix of specs, which is a name such as 'walks' in 'walks:Walk'"
        )
    if prefix in (*LIBRARIES, *THIRD_PARTIES):
        raise ValueError(f"{owner}: the prefix {prefix!r} is that of a library with an adapter here; take another one")
    taken = {**_packages(), **known}
    if prefix in taken:
        raise ValueError(f"{owner}: the prefix {prefix!r} is taken by {taken[prefix].owner}")
    if not (callable(thing) or callable(getattr(thing, "from_spec", None))):
        raise TypeError(
            f"{owner}: what belongs to the prefix {prefix!r} is {thing!r:.80}; it should be a function of a spec that "
            "makes an optimizer, or a module or object with such a from_spec"
        )
    return Library(prefix, owner, lambda: thing)


def add(libraries: Mapping[str, Library]) -> Callable[[], None]:
    """Add what a session brings; call what is returned when it ends."""
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
    """Make the adapter of an object that one of these libraries recognizes; None if none does."""
    for library in find().values():
        home = library.load()
        if hasattr(home, "recognizes") and home.recognizes(thing):
            adapter: Adapter = home.from_object(thing)
            return adapter
    return None
