"""Adapters, one file for each library: they build its optimizers from specs or objects, and run them."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["LIBRARIES", "is_recognized", "library_adapter"]

LIBRARIES = (
    "cma",
    "hyperopt",
    "keras",
    "keras_tuner",
    "nevergrad",
    "nlopt",
    "optax",
    "optimagic",
    "optuna",
    "pymoo",
    "scipy",
    "sklearn",
    "smac",
    "torch",
)
"""The libraries with an adapter; each is a module of this package, imported when first used."""


def library_adapter(name: str) -> Any:
    """Import the module of a library's adapter."""
    return importlib.import_module(f"{__name__}.{name}")


def is_recognized(thing: Any) -> bool:
    """Return whether one of the adapters recognizes an object or class; nothing is called."""
    return any(hasattr(one, "recognizes") and one.recognizes(thing) for one in map(library_adapter, LIBRARIES))
