"""Add the optimizers of plugins and ``conftest.py`` files: the hook ``pytest_optlandscape_optimizers``.

Each hook function is identified by its module, name and file. So a process without a session can call it, too. A
process that runs another revision calls that revision's function.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy
import pytest

from pytest_optlandscape.optimizers import third_party
from pytest_optlandscape.optimizers.user_code import whatever_is_raised

__all__ = ["HookFunction", "add_from", "add_optimizers", "hook_functions"]

HOOK = "pytest_optlandscape_optimizers"


@dataclass(frozen=True)
class HookFunction:
    """The location of one implementation of the hook.

    Attributes
    ----------
    module : str
        The module's name.
    name : str
        The function's name.
    file : str or None
        The module's file.
    """

    module: str
    name: str
    file: str | None

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


def hook_functions(config: pytest.Config) -> tuple[HookFunction, ...]:
    """Return the hook implementations that another process can import: those in modules."""
    return tuple(
        HookFunction(one.plugin.__name__, one.function.__name__, getattr(one.plugin, "__file__", None))
        for one in config.hook.pytest_optlandscape_optimizers.get_hookimpls()
        if isinstance(one.plugin, ModuleType)
    )


def add_optimizers(config: pytest.Config) -> None:
    """Call every implementation of the hook, and add its optimizers until the session ends.

    Raises
    ------
    pytest.UsageError
        If an implementation raises or returns a wrong value.
    """
    try:
        found = _asked(
            (f"the hook {HOOK} of {_name(one)}", one.function, isinstance(one.plugin, ModuleType))
            for one in config.hook.pytest_optlandscape_optimizers.get_hookimpls()
        )
    except (TypeError, ValueError) as error:
        raise pytest.UsageError(f"optlandscape: {error}") from error
    config.add_cleanup(third_party.add(found))


def _name(implementation: pluggy.HookImpl) -> str:
    """Return the name of a plugin: pytest's name of a module, the class of an object."""
    plugin = implementation.plugin
    return implementation.plugin_name if isinstance(plugin, ModuleType) else type(plugin).__qualname__


def add_from(functions: Iterable[HookFunction]) -> None:
    """Call hook functions, and add their optimizers, in a process that serves one session.

    Raises
    ------
    TypeError, ValueError
        If a function raises or returns a wrong value.
    """
    loaded = ((f"the hook {one.name} of {one.file or one.module}", one.load()) for one in functions)
    third_party.add(_asked((owner, function, True) for owner, function in loaded if function is not None))


def _asked(functions: Iterable[tuple[str, Callable[[], Any], bool]]) -> Mapping[str, third_party.Library]:
    """Call hook functions; each comes with its owner and whether another process can import it."""
    found: dict[str, third_party.Library] = {}
    for owner, function, is_found_elsewhere in functions:
        with whatever_is_raised(f"{owner} raised", colon=""):
            given = function()
        libraries = third_party.checked(given, owner, found)
        found |= {prefix: replace(one, is_found_elsewhere=is_found_elsewhere) for prefix, one in libraries.items()}
    return found
