"""Read a history, and find the trends of its optimizers."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_optlandscape.store import Baseline, History, StoreError
from pytest_optlandscape.texts.spelling import unknown_name
from pytest_optlandscape.trend.series import Series, in_order, series_of
from pytest_optlandscape.trend.states import Load, Trend, find_trend

__all__ = ["choose_series", "loader", "trends_of"]


def trends_of(history: History, first_parents: Sequence[str] | None = None, words: str = "") -> list[Trend]:
    """Find the trend of every optimizer in a history.

    Parameters
    ----------
    history : History
        Unusable files are listed in its ``problems``.
    first_parents : sequence of str, optional
        The commits to include, oldest first (default: the line of first parents that leads to the newest recorded
        commit).
    words : str, optional
        Keep only optimizers whose names contain all these words.

    Returns
    -------
    list of Trend
        Empty for an empty history.

    Raises
    ------
    ValueError
        If no optimizer has these words; the message names the nearest.
    """
    entries = history.entries()
    if not entries:
        return []
    chosen = choose_series(series_of(entries, in_order(entries, first_parents)), words)
    load, triages = loader(history), history.triages()
    return [find_trend(one, load, triages) for one in chosen]


def choose_series(series: Sequence[Series], words: str) -> list[Series]:
    """Return the optimizers whose names contain all the words.

    Raises
    ------
    ValueError
        If there are none; the message names the nearest.
    """
    wanted = words.lower().split()
    chosen = [one for one in series if all(word in one.title.lower() for word in wanted)]
    if not chosen and series:
        raise ValueError(unknown_name("optimizer", words, {one.title for one in series}))
    return chosen


def loader(history: History) -> Load:
    """Return a function that reads a record by its digest.

    For an unusable record it returns None and adds the problem to the history's ``problems``.
    """

    def load(digest: str) -> Baseline | None:
        try:
            return history.record(digest)
        except StoreError as error:
            if str(error) not in history.problems:
                history.problems.append(str(error))
            return None

    return load
