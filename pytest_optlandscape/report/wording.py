"""Name the reference of a comparison in texts and commands: the stored baseline, or another revision."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass

from pytest_optlandscape.runs.run import with_imports

__all__ = ["BASELINE", "Wording", "command_line", "replay_command"]

_CELLS = "--optlandscape-cells"
_DOUBLE, _BACKSLASH = '"', "\\"


def command_line(*words: str) -> str:
    """Return a command that can be pasted into a shell.

    Words with special characters are put into double quotes, which sh, zsh, fish, PowerShell and cmd understand. Words
    that need more are quoted for sh, or for cmd on Windows.

    Examples
    --------
    >>> print(command_line("optlandscape", "replay", "rosenbrock[10]/standard"))
    optlandscape replay "rosenbrock[10]/standard"
    >>> print(command_line("pytest", "--optlandscape", "--optlandscape-only", "solver:minimize(rule='best of two')"))
    pytest --optlandscape --optlandscape-only "solver:minimize(rule='best of two')"
    """
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    if re.fullmatch(r"[\w+=:./-]+", word, re.ASCII):
        return word
    if not re.search(r'["$`!\\%]', word):
        return f'"{word}"'
    return f'"{word.replace(_DOUBLE, _BACKSLASH + _DOUBLE)}"' if os.name == "nt" else shlex.quote(word)


def replay_command(spec: str, cell: str) -> str:
    """Return the command that replays one cell of one optimizer.

    Examples
    --------
    >>> print(replay_command("solver:minimize(step=0.5)", "beale/standard"))
    optlandscape replay beale/standard --optimizer "solver:minimize(step=0.5)"
    """
    return command_line("optlandscape", "replay", cell, "--optimizer", spec)


@dataclass(frozen=True)
class Wording:
    """The words for the reference of a comparison.

    Attributes
    ----------
    revision : str, default ""
        The revision to compare with, as the user named it; "" for the stored baseline.
    command : tuple of str, default ("pytest",)
        The beginning of commands, which selects the same configuration, suite and optimizers.
    python_path : tuple of str, default ()
        Folders that Python must search for the optimizers, besides the current one.

    Examples
    --------
    >>> f"solver:minimize on booth is worse than {BASELINE.what_was}"
    'solver:minimize on booth is worse than its baseline'
    >>> f"solver:minimize on booth is worse than {Wording('v1.0').what_was}"
    'solver:minimize on booth is worse than at v1.0'
    """

    revision: str = ""
    command: tuple[str, ...] = ("pytest",)
    python_path: tuple[str, ...] = ()

    @property
    def what_was(self) -> str:
        """The reference after ``better than`` or ``worse than``."""
        return f"at {self.revision}" if self.revision else "its baseline"

    @property
    def reference(self) -> str:
        """The reference after ``changed since`` or ``compared with``."""
        return self.revision or "its baseline"

    @property
    def there(self) -> str:
        """The origin of the reference's numbers."""
        return f"at {self.revision}" if self.revision else "baseline"

    @property
    def its_cells(self) -> str:
        """The cells of the reference."""
        return f"those at {self.revision}" if self.revision else "the baseline's"

    def run_alone(self, item: str) -> str:
        """Return the command that runs one item of the suite, or all items below it.

        Parameters
        ----------
        item : str
            The item's id, without ``optlandscape::``.
        """
        against = f"--optlandscape-against={self.revision}" if self.revision else "--optlandscape"
        return command_line(*self.command, against, "--optlandscape-only", item)

    def replay(self, spec: str, cell: str) -> str:
        """Return the command that replays one cell of one optimizer."""
        return command_line(*self.command, "--optlandscape-replay", cell, "--optlandscape-only", spec)

    def in_python(self, call: str) -> str:
        """Return a call as a line of Python with its imports, to be run in the folder where the session was started.

        Examples
        --------
        >>> print(Wording().in_python("minimize('scipy:CG', 'beale')"))
        from pytest_optlandscape import landscapes, minimize; run = minimize('scipy:CG', 'beale'); print(run.table())
        """
        path = f"import sys; sys.path[:0] = {list(self.python_path)}; " if self.python_path else ""
        return path + with_imports(f"run = {call}; print(run.table())")

    def accept(self, item: str) -> list[str]:
        """Return the lines that explain how to accept an item's results; empty if there is no baseline."""
        if self.revision:
            return []
        return ["  accept what it does now:", f"    {self.update(item)}", "  then commit the baseline"]

    def update(self, *items: str) -> str:
        """Return the command that accepts the present results of some items (default: of the whole suite).

        A baseline has all cells of a landscape, so ``--optlandscape-cells`` is left out.

        Examples
        --------
        >>> print(Wording(command=("pytest", "--optlandscape-cells", "8", "tests")).update("scipy:CG::beale"))
        pytest tests --optlandscape-update --optlandscape-only scipy:CG::beale
        """
        words = list(self.command)
        if _CELLS in words:
            at = words.index(_CELLS)
            del words[at : at + 2]
        only = (word for item in items for word in ("--optlandscape-only", item))
        return command_line(*words, "--optlandscape-update", *only)

    def again(self, item: str, what: str, accepted: str = "") -> list[str]:
        """Return the lines that explain how to run an item alone and, if there is a baseline, how to accept it.

        Parameters
        ----------
        item : str
            The item's id, without ``optlandscape::``.
        what : str
            The item's kind, such as ``landscape``.
        accepted : str, optional
            The id of the item to accept (default: `item`).
        """
        return [f"  run this {what} alone:", f"    {self.run_alone(item)}", *self.accept(accepted or item)]


BASELINE = Wording()
