"""One file a library: how its optimizers are made from a spec or an object, and run on a problem."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["LIBRARIES", "is_recognized", "library_adapter"]

LIBRARIES = ("cma", "keras", "nevergrad", "nlopt", "optax", "optimagic", "optuna", "pymoo", "scipy", "torch")
"""The libraries that have an adapter here; each is a module of this package, imported when first used."""


def library_adapter(name: str) -> Any:
    """Import the module of a library's adapter."""
    return importlib.import_module(f"{__name__}.{name}")


def is_recognized(thing: Any) -> bool:
    """Return whether one of the adapters recognizes an object or class; nothing is called."""
    return any(hasattr(one, "recognizes") and one.recognizes(thing) for one in map(library_adapter, LIBRARIES))
