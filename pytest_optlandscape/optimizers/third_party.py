"""Optimizers that other packages bring: found by the entry point group ``optlandscape.optimizers``.

The entry point's name is the prefix of specs. Its value is a module or an object with

* ``from_spec(spec)``, which takes a `Spec` and returns an `Adapter`; and optionally
* ``recognizes(thing)`` and ``from_object(thing)``, for optimizers that are handed over as objects.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pytest_optlandscape.optimizers.protocol import Adapter, MissingLibrary

__all__ = ["GROUP", "find", "load_library", "recognized"]

GROUP = "optlandscape.optimizers"
"""The group of entry points by which packages add optimizers."""


def find() -> dict[str, EntryPoint]:
    """Give the entry points by prefix, those of packages that are installed now; nothing is imported."""
    return {point.name: point for point in entry_points(group=GROUP)}


def load_library(point: EntryPoint) -> Any:
    """Load what an entry point names.

    Raises
    ------
    MissingLibrary
        If it cannot be imported; the message says whose it is.
    TypeError
        If it has no ``from_spec``.
    """
    owner = point.dist.name if point.dist else "a package"
    try:
        library = point.load()
    except Exception as error:
        raise MissingLibrary(
            f"the optimizers {point.name!r} of {owner} cannot be loaded from {point.value}: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not callable(getattr(library, "from_spec", None)):
        raise TypeError(
            f"the optimizers {point.name!r} of {owner}: {point.value} has no from_spec(spec) that makes an Adapter"
        )
    return library


def recognized(thing: Any) -> Adapter | None:
    """Make the adapter of an object that one of these packages recognizes; None if none does."""
    for point in find().values():
        library = load_library(point)
        if hasattr(library, "recognizes") and library.recognizes(thing):
            adapter: Adapter = library.from_object(thing)
            return adapter
    return None
