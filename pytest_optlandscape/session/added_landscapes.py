"""Add the landscapes of plugins and ``conftest.py`` files: the hook ``pytest_optlandscape_landscapes``."""

from __future__ import annotations

import functools
from collections.abc import Iterable

import pytest

from pytest_optlandscape.landscapes import catalogue
from pytest_optlandscape.optimizers.user_code import whatever_is_raised
from pytest_optlandscape.session.hook_functions import LANDSCAPES, Asked, HookFunction, asked_of, implementations

__all__ = ["add_landscapes", "add_landscapes_from"]


def add_landscapes(config: pytest.Config) -> None:
    """Call every implementation of the hook, and add its landscapes to the catalogue until the session ends.

    Raises
    ------
    pytest.UsageError
        If an implementation raises, returns something else than landscapes, or a name is taken.
    """
    try:
        _register(implementations(config, LANDSCAPES), config)
    except (TypeError, ValueError) as error:
        raise pytest.UsageError(f"optlandscape: {error}") from error


def add_landscapes_from(functions: Iterable[HookFunction]) -> None:
    """Call hook functions, and add their landscapes, in a process that serves one session.

    Raises
    ------
    TypeError, ValueError
        As for `add_landscapes`.
    """
    _register(asked_of(functions, LANDSCAPES))


def _register(every: Iterable[Asked], config: pytest.Config | None = None) -> None:
    for one in every:
        with whatever_is_raised(f"{one.owner} raised", colon=""):
            given = one.function()
        for landscape in catalogue.added(given, one.owner):
            if config is not None:
                config.add_cleanup(functools.partial(catalogue.remove, landscape.name))
