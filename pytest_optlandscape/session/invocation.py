"""Read the command that started the session: the commands that the session prints begin the same way."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

__all__ = ["Invocation", "invocation_of", "relative_to"]

_CARRIED = {
    "-c": "inifilename",
    "--rootdir": "rootdir",
    "--confcutdir": "confcutdir",
    "--import-mode": "importmode",
    "-p": "plugins",
    "-o": "override_ini",
    "-W": "pythonwarnings",
    "--optlandscape-suite": "optlandscape_suite",
    "--optlandscape-cells": "optlandscape_cells",
}
"""The options that decide which optimizers and landscapes a command finds, and where pytest keeps their values."""

_FLAGS = ("--pyargs", "--optlandscape-isolate")


@dataclass(frozen=True)
class Invocation:
    """The command that started the session.

    Attributes
    ----------
    program : tuple of str, default ("pytest",)
    places : tuple of str, default ()
        The files and folders of the command: they decide which conftest.py and configuration are read.
    options : tuple of str, default ()
        The options that decide which optimizers and landscapes a command finds, with their values.
    python_path : tuple of str, default ()
        The folders that pytest puts before Python's search path, except the current folder.
    """

    program: tuple[str, ...] = ("pytest",)
    places: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    python_path: tuple[str, ...] = ()

    @property
    def command(self) -> tuple[str, ...]:
        """The start of a command that finds the same configuration, suite and optimizers."""
        return (*self.program, *self.places, *self.options)

    def to_plain(self) -> list[list[str]]:
        """Return lists, which can be sent to another process."""
        return [list(words) for words in (self.program, self.places, self.options, self.python_path)]


def invocation_of(config: pytest.Config) -> Invocation:
    """Read the command that started the session; a worker of pytest-xdist gets the controller's command."""
    told = getattr(config, "workerinput", {}).get("optlandscape_invocation")
    if told is not None:
        return Invocation(*map(tuple, told))
    words = [str(word) for word in config.invocation_params.args]
    options = [
        word for option, name in _CARRIED.items() for value in _values(config, name, words) for word in (option, value)
    ]
    options += [flag for flag in _FLAGS if flag in words]
    here = Path(config.invocation_params.dir)
    folders = [config.rootpath / folder for folder in config.getini("pythonpath")]
    path = tuple(relative_to(folder, here) for folder in folders if folder.resolve() != here.resolve())
    return Invocation(_program(), tuple(_places(config, words)), tuple(options), path)


def relative_to(path: Path, folder: Path) -> str:
    """Return a path relative to a folder; return it unchanged if the two are on different drives."""
    try:
        return os.path.relpath(path, folder)
    except ValueError:
        return str(path)


def _program() -> tuple[str, ...]:
    """Return the program: ``python -m pytest`` puts the current folder on the search path, but ``pytest`` does not."""
    is_module = os.path.basename(sys.argv[0] if sys.argv else "") == "__main__.py"
    return ("python", "-m", "pytest") if is_module else ("pytest",)


def _places(config: pytest.Config, words: list[str]) -> list[str]:
    """Return the files and folders of the command: they decide which conftest.py is read."""
    if config.args_source != pytest.Config.ArgsSource.ARGS:
        return []
    return [place for place in map(str, config.args) if place in words]


def _values(config: pytest.Config, name: str, words: list[str]) -> list[str]:
    """Return the values of an option from the command, without those from the configuration or the environment."""
    value: Any = getattr(config.option, name, None)
    values = value if isinstance(value, list) else [value]
    return [one for one in map(str, (one for one in values if one)) if any(word.endswith(one) for word in words)]
