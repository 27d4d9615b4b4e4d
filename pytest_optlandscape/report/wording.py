"""How texts speak of what an optimizer is compared with: its stored baseline, or another revision of the project."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

__all__ = ["ACCEPT", "BASELINE", "Wording", "command_line", "number_of", "replay_command"]

ACCEPT = "  accept what it does now:   the same with --optlandscape-update; then commit the baseline"
"""How to make what was measured the baseline."""


def number_of(count: int, noun: str) -> str:
    """Say how many of a thing there are.

    Examples
    --------
    >>> number_of(1, "landscape"), number_of(0, "landscape")
    ('1 landscape', '0 landscapes')
    """
    return f"{count} {noun}{'s' * (count != 1)}"


def command_line(*words: str) -> str:
    """Write a command that can be pasted into a shell.

    Words that mean something to a shell are put into double quotes, which sh, zsh, fish, PowerShell and cmd all
    understand; where these do not help, into single quotes, as sh wants.

    Examples
    --------
    >>> print(command_line("optlandscape", "replay", "rosenbrock[10]/standard"))
    optlandscape replay "rosenbrock[10]/standard"
    >>> print(command_line("pytest", "--optlandscape-only", "solver:minimize(rule='best of two')"))
    pytest --optlandscape-only "solver:minimize(rule='best of two')"
    """
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    if re.fullmatch(r"[\w@+=:,./-]+", word, re.ASCII):
        return word
    return shlex.quote(word) if re.search(r'["$`!\\%]', word) else f'"{word}"'


def replay_command(spec: str, cell: str) -> str:
    """Write the command that runs one cell of one optimizer again.

    Examples
    --------
    >>> print(replay_command("solver:minimize(step=0.5)", "beale/standard"))
    optlandscape replay beale/standard --optimizer "solver:minimize(step=0.5)"
    """
    return command_line("optlandscape", "replay", cell, "--optimizer", spec)


@dataclass(frozen=True)
class Wording:
    """The words for one side of a comparison.

    Attributes
    ----------
    revision : str, default ""
        The revision that is compared with, as the user named it; "" for the stored baseline.

    Examples
    --------
    >>> f"solver:minimize on booth is worse than {BASELINE.what_was}"
    'solver:minimize on booth is worse than its baseline'
    >>> f"solver:minimize on booth is worse than {Wording('v1.0').what_was}"
    'solver:minimize on booth is worse than at v1.0'
    """

    revision: str = ""

    @property
    def what_was(self) -> str:
        """What an optimizer is better or worse than."""
        return f"at {self.revision}" if self.revision else "its baseline"

    @property
    def reference(self) -> str:
        """What an optimizer has changed since, or cannot be compared with."""
        return self.revision or "its baseline"

    @property
    def column(self) -> str:
        """The head of a table's column."""
        return f"against {self.revision or 'baseline'}"

    @property
    def its_cells(self) -> str:
        """The cells on the other side."""
        return f"those at {self.revision}" if self.revision else "the baseline's"

    def again(self, item: str, what: str) -> list[str]:
        """Say how to run an item alone and, where there is something to accept it into, how to accept it.

        Parameters
        ----------
        item : str
            Its id, without ``optlandscape::``.
        what : str
            Its kind, such as ``landscape``.
        """
        against = [f"--optlandscape-against={self.revision}"] if self.revision else ["--optlandscape"]
        alone = command_line("pytest", *against, "--optlandscape-only", item)
        lines = [f"  {f'run this {what} alone:':<26} {alone}"]
        if not self.revision:
            accept = command_line("pytest", "--optlandscape-update", "--optlandscape-only", item)
            lines += [f"  {'accept what it does now:':<26} {accept}", "  then commit the baseline"]
        return lines


BASELINE = Wording()
