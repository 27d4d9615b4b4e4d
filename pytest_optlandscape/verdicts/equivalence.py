"""Are two optimizers the same algorithm? Their paths are compared as far as rounding cannot have parted them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import Adapter, get
from pytest_optlandscape.runs import Problem, Run, as_landscape, execute
from pytest_optlandscape.verdicts.dithering import DitheredProblem, precision_of

__all__ = ["assert_equivalent"]

FloatArray = NDArray[np.float64]

_DITHERS = 4
_FLOOR = 2e-16
_LARGEST_ENVELOPE = 1e-4
"""Beyond this share of the box, runs that differ by rounding alone say nothing any more."""
_MULTIPLE = 1e3
"""Deviations up to this multiple of the envelope count as rounding; refactors stayed below 10, changed algorithms
exceed 1000 and mostly 10¹²."""


def assert_equivalent(
    first: Any,
    second: Any,
    landscapes: Iterable[Landscape | str] = ("beale", "rosenbrock", "booth", "styblinski_tang"),
    *,
    budget: int = 200,
    seed: int = 0,
) -> None:
    """Assert that two optimizers follow the same path up to rounding.

    How far rounding parts two runs is measured: the first optimizer is run again with its start, values and
    gradients off by one unit in the last place. The paths are compared point by point as long as those runs stay
    together.

    Parameters
    ----------
    first, second : str, callable, class or object
        Whatever `optimizers.get` takes.
    landscapes : iterable of Landscape or str, optional
        Where to compare, each from its standard start.
    budget : int, default 200
        Evaluations of each run.
    seed : int, default 0

    Raises
    ------
    AssertionError
        With the first evaluation at which they part.

    Examples
    --------
    >>> assert_equivalent("scipy:L-BFGS-B", "scipy:L-BFGS-B(maxcor=10)")
    >>> assert_equivalent("scipy:BFGS", "scipy:L-BFGS-B", ["beale"])
    Traceback (most recent call last):
        ...
    AssertionError: scipy:BFGS and scipy:L-BFGS-B part on beale at evaluation 2: ...
    """
    __tracebackhide__ = True
    one, other = get(first), get(second)
    for landscape in map(as_landscape, landscapes):
        problem = Problem(landscape, budget=budget, seed=seed)
        _compare(one, other, problem)


def _compare(one: Adapter, other: Adapter, problem: Problem) -> None:
    __tracebackhide__ = True
    expected = execute(one, problem)
    actual = execute(other, Problem(problem.landscape, problem.x0, budget=problem.budget, seed=problem.seed))
    for run in (expected, actual):
        if not len(run.trace):
            raise AssertionError(f"{run} ({run.message}): where nothing is evaluated, nothing can be compared")
    envelope, stable = _envelope(one, expected)
    compared = min(len(envelope), len(actual.trace))
    deviation = _deviation(expected, actual, compared)
    apart = deviation > _MULTIPLE * envelope[:compared]
    if apart.any():
        k = int(np.argmax(apart))
        raise AssertionError(
            f"{one.spec} and {other.spec} part on {problem.landscape.id} at evaluation {k + 1}: "
            f"{expected.trace.x[k].tolist()} and {actual.trace.x[k].tolist()} are {deviation[k]:.1e} of the box "
            f"apart; rounding explains {envelope[k]:.1e}\n  replay: {expected.command()}\n     with: {actual.command()}"
        )
    if stable and len(actual.trace) != len(expected.trace):
        raise AssertionError(
            f"{one.spec} and {other.spec} follow the same path on {problem.landscape.id}, but stop after "
            f"{len(expected.trace)} and {len(actual.trace)} evaluations, although rounding does not move the end"
        )


def _envelope(adapter: Adapter, run: Run) -> tuple[FloatArray, bool]:
    """Measure how far rounding parts runs, after each evaluation, as long as it says anything.

    Ends early where a dithered run stops, and where the envelope passes its largest useful value. The second
    result tells whether neither happened: whether rounding leaves even the end where it is.
    """
    rng = np.random.default_rng(run.seed)
    precision = precision_of([run])
    envelope = np.full(len(run.trace), max(_FLOOR, precision))
    ends = {len(run.trace)}
    for _ in range(_DITHERS):
        problem = Problem(run.landscape, run.x0, budget=run.budget, seed=run.seed)
        dithered = execute(adapter, DitheredProblem(problem, rng, precision))
        ends.add(len(dithered.trace))
        length = min(len(envelope), len(dithered.trace))
        envelope = np.maximum(envelope[:length], _deviation(run, dithered, length))
    envelope = np.maximum.accumulate(envelope)
    useful = envelope[envelope < _LARGEST_ENVELOPE]
    return useful, len(ends) == 1 and len(useful) == len(run.trace)


def _deviation(one: Run, other: Run, length: int) -> FloatArray:
    """Largest difference of a coordinate, as a share of the box, at each of the first evaluations."""
    width = one.bounds[:, 1] - one.bounds[:, 0]
    difference = np.abs(one.trace.x[:length] - other.trace.x[:length]) / width
    difference = np.where(one.trace.x[:length] == other.trace.x[:length], 0.0, difference)
    largest: FloatArray = np.nan_to_num(difference, nan=np.inf).max(axis=1, initial=0.0)
    return largest
