"""Telling somebody that a run has ended, while others are still to come: for progress and for estimates of time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator

from pytest_optlandscape.runs.problem import Problem

__all__ = ["Observer", "observed", "observing", "tell_of"]

Observer = Callable[[Problem], None]
"""Called with the problem of a run that has ended, evaluations included."""

_observers: list[Observer] = []


@contextlib.contextmanager
def observing(observer: Observer) -> Iterator[None]:
    """Within the context, call an observer after each run of `observed` problems.

    Parameters
    ----------
    observer : callable
        Takes the problem of the run.
    """
    _observers.append(observer)
    try:
        yield
    finally:
        _observers.remove(observer)


def observed(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Hand on problems one after another, and tell the observer of each as soon as its run has ended.

    A problem counts as run when it has been evaluated, so that whoever takes several problems at once is understood.

    Parameters
    ----------
    problems : iterable of Problem

    Yields
    ------
    Problem
    """
    waiting: list[Problem] = []
    for problem in problems:
        waiting.append(problem)
        yield problem
        if _observers:
            waiting = _tell(waiting)
        else:
            waiting.clear()
    if _observers:
        _tell(waiting)


def tell_of(problems: Iterable[Problem]) -> None:
    """Report problems whose runs have ended to the observer."""
    if _observers:
        _tell(list(problems))


def _tell(waiting: list[Problem]) -> list[Problem]:
    """Report the runs that have ended; return the problems of the others."""
    going_on = []
    for problem in waiting:
        try:
            if problem.nfev or problem.njev or problem.nhev:
                _observers[-1](problem)
            else:
                going_on.append(problem)
        except (TypeError, AttributeError):  # the optimizer laid hands on it: its record says so
            continue
    return going_on
