"""Implementations of this plugin's hooks: their locations, so that a process without a session can call them, too."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy
import pytest

__all__ = ["LANDSCAPES", "OPTIMIZERS", "Asked", "HookFunction", "asked_of", "hook_functions", "implementations"]

OPTIMIZERS = "pytest_optlandscape_optimizers"
LANDSCAPES = "pytest_optlandscape_landscapes"
"""The hooks of this plugin."""


@dataclass(frozen=True)
class HookFunction:
    """The location of one implementation of a hook.

    Attributes
    ----------
    module : str
        The module's name.
    name : str
        The function's name.
    file : str or None
        The module's file.
    hook : str
        The name of the hook.
    """

    module: str
    name: str
    file: str | None
    hook: str = OPTIMIZERS

    def load(self) -> Callable[[], Any] | None:
        """Import the function; return None if it does not exist.

        Several modules may be named ``conftest``: the file tells them apart.
        """
        module = self._module()
        function: Callable[[], Any] | None = getattr(module, self.name, None)
        return function

    def _module(self) -> ModuleType | None:
        file = Path(self.file).resolve() if self.file else None
        try:
            module = importlib.import_module(self.module)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{self.module}.".startswith(f"{error.name}."):
                raise
        else:
            found = getattr(module, "__file__", None)
            if file is None or (found and Path(found).resolve() == file):
                return module
        if file is None or not file.exists():
            return None
        spec = importlib.util.spec_from_file_location(self.module, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules.setdefault(self.module, module)
        spec.loader.exec_module(module)
        return module


@dataclass(frozen=True)
class Asked:
    """One implementation of a hook, to be called.

    Attributes
    ----------
    owner : str
        The implementation, for messages.
    function : callable
    is_found_elsewhere : bool
        Whether another process can import it.
    """

    owner: str
    function: Callable[[], Any]
    is_found_elsewhere: bool = True


def implementations(config: pytest.Config, hook: str) -> list[Asked]:
    """List a session's implementations of a hook."""
    return [
        Asked(f"the hook {hook} of {_name(one)}", one.function, isinstance(one.plugin, ModuleType))
        for one in getattr(config.hook, hook).get_hookimpls()
    ]


def hook_functions(config: pytest.Config) -> tuple[HookFunction, ...]:
    """Return the implementations of all hooks that another process can import: those in modules."""
    return tuple(
        HookFunction(one.plugin.__name__, one.function.__name__, getattr(one.plugin, "__file__", None), hook)
        for hook in (OPTIMIZERS, LANDSCAPES)
        for one in getattr(config.hook, hook).get_hookimpls()
        if isinstance(one.plugin, ModuleType)
    )


def asked_of(functions: Iterable[HookFunction], hook: str) -> list[Asked]:
    """List the implementations of a hook, in a process without a session; those that do not exist are left out."""
    loaded = ((f"the hook {one.name} of {one.file or one.module}", one.load()) for one in functions if one.hook == hook)
    return [Asked(owner, function) for owner, function in loaded if function is not None]


def _name(implementation: pluggy.HookImpl) -> str:
    """Return the name of a plugin: pytest's name of a module, the class of an object."""
    plugin = implementation.plugin
    return implementation.plugin_name if isinstance(plugin, ModuleType) else type(plugin).__qualname__
