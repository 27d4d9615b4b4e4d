"""Regression testing of optimizers, as a pytest plugin.

The names below are the public face. They are imported when first used, so that pytest can load the plugin without
loading NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_optlandscape import landscapes
    from pytest_optlandscape.landscapes import Landscape

__version__ = "0.1.0"

_HOMES = {
    "Landscape": "landscapes",
    "landscapes": "",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES[name]
    if not home:
        return importlib.import_module(f"{__name__}.{name}")
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
