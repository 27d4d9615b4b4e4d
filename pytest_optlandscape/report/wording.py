"""How texts speak of what an optimizer is compared with: its stored baseline, or another revision of the project."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ACCEPT", "BASELINE", "Wording", "number_of"]

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

    def again(self, selection: str, what: str) -> list[str]:
        """Say how to run a part alone and, where there is something to accept it into, how to accept it."""
        against = f" --optlandscape-against={self.revision}" if self.revision else ""
        alone = f'  {f"run this {what} alone:":<26} pytest --optlandscape{against} -k "{selection}"'
        return [alone] if self.revision else [alone, ACCEPT]


BASELINE = Wording()
