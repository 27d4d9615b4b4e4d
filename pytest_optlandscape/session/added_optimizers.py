"""Add the optimizers of plugins and ``conftest.py`` files: the hook ``pytest_optlandscape_optimizers``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from pytest_optlandscape.optimizers import third_party
from pytest_optlandscape.optimizers.user_code import whatever_is_raised
from pytest_optlandscape.session.hook_functions import OPTIMIZERS, Asked, HookFunction, asked_of, implementations

__all__ = ["add_optimizers", "add_optimizers_from"]


def add_optimizers(config: pytest.Config) -> None:
    """Call every implementation of the hook, and add its optimizers until the session ends.

    Raises
    ------
    pytest.UsageError
        If an implementation raises or returns a wrong value.
    """
    try:
        found = _libraries(implementations(config, OPTIMIZERS))
    except (TypeError, ValueError) as error:
        raise pytest.UsageError(f"optlandscape: {error}") from error
    config.add_cleanup(third_party.add(found))


def add_optimizers_from(functions: Iterable[HookFunction]) -> None:
    """Call hook functions, and add their optimizers, in a process that serves one session.

    Raises
    ------
    TypeError, ValueError
        If a function raises or returns a wrong value.
    """
    third_party.add(_libraries(asked_of(functions, OPTIMIZERS)))


def _libraries(every: Iterable[Asked]) -> Mapping[str, third_party.Library]:
    found: dict[str, third_party.Library] = {}
    for one in every:
        with whatever_is_raised(f"{one.owner} raised", colon=""):
            given = one.function()
        libraries = third_party.checked(given, one.owner, found)
        found |= {
            prefix: replace(library, is_found_elsewhere=one.is_found_elsewhere) for prefix, library in libraries.items()
        }
    return found
