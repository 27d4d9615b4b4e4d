"""Arguments that `assert_robust` and `assert_tunable` share: landscapes, starts, confidence."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any, SupportsIndex

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.runs import as_landscape

__all__ = ["check_confidence", "check_n_starts", "checked_landscapes", "checked_starts"]


def checked_landscapes(landscapes: Landscape | str | Iterable[Landscape | str]) -> list[Landscape]:
    """List the landscapes; raise ValueError if there is none, or the minimum of one is not known."""
    given = [landscapes] if isinstance(landscapes, str | Landscape) else landscapes
    chosen = [as_landscape(landscape) for landscape in given]
    if not chosen:
        raise ValueError("landscapes is empty: give at least one landscape")
    for landscape in chosen:
        landscape.check_minimum_is_known()
    return chosen


def checked_starts(starts: Sequence[str] | None, n_starts: int | None) -> tuple[str, ...] | None:
    """Return the names of starts, or None where the starts are Sobol' points.

    Raises
    ------
    TypeError
        If both are given, ``starts`` is a number or a single name, or ``n_starts`` is no whole number.
    ValueError
        If ``starts`` is empty, or ``n_starts`` is below 1.
    """
    if n_starts is not None:
        check_n_starts(n_starts)
    if starts is None:
        return None
    given: Any = starts
    if isinstance(given, int):
        raise TypeError(
            f"starts takes names of the landscape's starts; for a number of Sobol' starts use n_starts={given}"
        )
    if isinstance(given, str):
        raise TypeError(f"starts takes a list of names, got the single name {given!r}; write starts=[{given!r}]")
    if n_starts is not None:
        raise TypeError("give either starts, names of the landscape's starts, or n_starts, a number of Sobol' starts")
    if not len(given):
        raise ValueError("starts is empty: at least one start is needed")
    return tuple(given)


def check_n_starts(n_starts: Any) -> None:
    """Raise TypeError unless it is a whole number, and ValueError if it is below 1."""
    if isinstance(n_starts, bool) or not isinstance(n_starts, SupportsIndex):
        raise TypeError(f"n_starts is a whole number of starts, got {n_starts!r}")
    if operator.index(n_starts) < 1:
        raise ValueError(f"at least one start is needed, got n_starts={n_starts!r}")


def check_confidence(confidence: float) -> None:
    """Raise ValueError unless it is a confidence of at least one half."""
    if not 0.5 <= confidence < 1.0:
        raise ValueError(f"confidence is at least 0.5 and below 1, got {confidence!r}")
