"""Print the catalogue as a table, for ``--optlandscape-list`` and ``python -m pytest_optlandscape list``."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_optlandscape.landscapes import Landscape, select_by_text
from pytest_optlandscape.report import table
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["list_landscapes"]


def list_landscapes(words: str, write: Callable[[str], object]) -> int:
    """Print a table of landscapes.

    Parameters
    ----------
    words : str
        The choice of landscapes, as for `landscapes.select_by_text`.
    write : callable
        Takes a line.

    Returns
    -------
    int
        0, the exit code.

    Raises
    ------
    pytest.UsageError
        If a word is unknown.
    """
    try:
        chosen = select_by_text(words)
    except (ValueError, TypeError) as error:
        raise pytest.UsageError(f"--optlandscape-list: {error}") from None
    header = ["landscape", "family", "dim", "minimisers", "minimum", "tags"]
    for line in table(header, [_row(landscape) for landscape in chosen]):
        write(line)
    write(number_of(len(chosen), "landscape"))
    return 0


def _row(landscape: Landscape) -> list[str]:
    count = landscape.n_minimizers
    minimizers = "continuum" if count == float("inf") else f"{count:.6g}"
    if landscape.n_minimizers < len(landscape.minimizers) or not landscape.minimizers_complete:
        minimizers += " or more" if count <= len(landscape.minimizers) else ""
    tags = " ".join(sorted(landscape.tags))
    return [landscape.id, landscape.family, str(landscape.dim), minimizers, f"{landscape.fmin:.6g}", tags]
