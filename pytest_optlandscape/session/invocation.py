"""How the session was started: commands that it prints begin the same way."""

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
"""The options on which it depends what a command finds and measures, and where pytest keeps their values."""

_FLAGS = ("--pyargs", "--optlandscape-isolate")


@dataclass(frozen=True)
class Invocation:
    """How the session was started.

    Attributes
    ----------
    program : tuple of str, default ("pytest",)
    places : tuple of str, default ()
        Files and folders that were named: which conftest.py and configuration are read depends on them.
    options : tuple of str, default ()
        The options on which it depends what a command finds and measures, with their values.
    python_path : tuple of str, default ()
        Folders that pytest puts before Python's search path, other than the one in which the session was started.
    """

    program: tuple[str, ...] = ("pytest",)
    places: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    python_path: tuple[str, ...] = ()

    @property
    def command(self) -> tuple[str, ...]:
        """The first words of a command that finds the same configuration, suite and optimizers."""
        return (*self.program, *self.places, *self.options)

    def to_plain(self) -> list[list[str]]:
        """Turn into lists, which may cross a process border."""
        return [list(words) for words in (self.program, self.places, self.options, self.python_path)]


def invocation_of(config: pytest.Config) -> Invocation:
    """Read how the session was started; a worker of pytest-xdist is told by the controller."""
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
    """Write a path relative to a folder; whole where there is no such way, as between two drives."""
    try:
        return os.path.relpath(path, folder)
    except ValueError:
        return str(path)


def _program() -> tuple[str, ...]:
    """Name the program: ``python -m pytest`` puts the current folder on the search path, and ``pytest`` does not."""
    is_module = os.path.basename(sys.argv[0] if sys.argv else "") == "__main__.py"
    return ("python", "-m", "pytest") if is_module else ("pytest",)


def _places(config: pytest.Config, words: list[str]) -> list[str]:
    """List the files and folders that were named: which conftest.py is read depends on them."""
    if config.args_source != pytest.Config.ArgsSource.ARGS:
        return []
    return [place for place in map(str, config.args) if place in words]


def _values(config: pytest.Config, name: str, words: list[str]) -> list[str]:
    """List the values of an option that were given in the command, not in the configuration or the environment."""
    value: Any = getattr(config.option, name, None)
    values = value if isinstance(value, list) else [value]
    return [one for one in map(str, (one for one in values if one)) if any(word.endswith(one) for word in words)]
