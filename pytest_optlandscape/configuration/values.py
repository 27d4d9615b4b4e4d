"""Type checks of options and configuration keys, before they are used.

The plugin uses this module in every session, so it imports nothing heavy.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

__all__ = ["check_keys", "check_options"]

_MAY_BE_EMPTY = {"optlandscape_against", "optlandscape_history", "optlandscape_list"}
"""Options that may be empty, and one whose revision is checked elsewhere."""

_NOT_EMPTY = {"optlandscape_baseline_dir", "optlandscape_fail_on", "optlandscape_suite"}
"""Keys whose empty value differs from the default."""


def check_keys(
    config: pytest.Config, keys: Mapping[str, tuple[str, Any, str]], names: Iterable[str] | None = None
) -> None:
    """Check that configuration keys have values of their kind.

    Parameters
    ----------
    config : pytest.Config
    keys : mapping of str to tuple
        For each name, the kind (``"string"``, ``"bool"`` or ``"linelist"``), the default and the help.
    names : iterable of str, optional
        The keys to check (default: all).

    Raises
    ------
    ValueError
        If a value is of another kind; the message names the key.
    """
    value: object
    for name in keys if names is None else names:
        kind = keys[name][0]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore"
                )  # pytest also warns of a list instead of a string; the error below says it
                value = config.getini(name)
        except (ValueError, TypeError, pytest.UsageError) as error:
            raise ValueError(f"{name}: {error}") from None
        if kind == "linelist":
            if value and not _is_filled_list(value):
                raise ValueError(f'{name} must be a list of strings, such as ["scipy:Powell"]; got {value!r:.200}')
        elif kind == "string" and not isinstance(value, str):
            raise ValueError(f"{name} must be a single string; got {value!r:.200}")
        if name in _NOT_EMPTY and not (value and str(value).strip()):
            default = keys[name][1]
            text = default if isinstance(default, str) else ", ".join(default)
            raise ValueError(f"{name} is empty; omit the key for its default, {text}")
        for text in [value] if isinstance(value, str) else value if isinstance(value, list | tuple) else ():
            _check_characters(name, text)


def check_options(config: pytest.Config) -> None:
    """Check that no option of this plugin has an empty value or a null character.

    Parameters
    ----------
    config : pytest.Config

    Raises
    ------
    ValueError
        If an option has one; the message names the option.
    """
    for name, value in sorted(vars(config.option).items()):
        if not name.startswith("optlandscape_"):
            continue
        option = "--" + name.replace("_", "-")
        for text in value if isinstance(value, list | tuple) else [value]:
            if isinstance(text, str) and not text.strip() and name not in _MAY_BE_EMPTY:
                raise ValueError(f"{option} has an empty value; see `pytest --help` for its values")
            if isinstance(text, str):
                _check_characters(option, text)


def _is_filled_list(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(one, str) for one in value)


def _check_characters(name: str, text: str) -> None:
    if "\0" in text:
        raise ValueError(f"{name} has a null character: {text!r:.200}")
