"""Are two optimizers the same algorithm? Their paths are compared as far as rounding cannot have diverged them.

Where two runs are identical, nothing needs to be measured. Elsewhere the first optimizer is run again with its start,
values and gradients off by one unit in the last place, and the paths are compared as long as those runs stay together.
Some optimizers branch on ties, so that rounding moves a run far at once, and rarely: each of those runs is held against
the others as if it were the second optimizer, and what their number explains is no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.comparison.statistics import chance_of_as_many
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import Adapter, get
from pytest_optlandscape.optimizers.profile import obstacle
from pytest_optlandscape.records.path_divergence import (
    distances,
    envelope_of,
    first_beyond,
    largest_envelope,
    multiple_of,
)
from pytest_optlandscape.records.perturbation import SINGLE, PerturbedProblem, precision_of
from pytest_optlandscape.runs import Problem, Run, as_landscape, box_widths, execute, execute_all
from pytest_optlandscape.suites.catalogue import cells, suite_landscapes
from pytest_optlandscape.texts.plurals import number_of, verb_of

__all__ = ["Equivalence", "assert_equivalent"]

FloatArray = NDArray[np.float64]

LEVEL = 0.001
"""Probability of calling two equivalent optimizers different, as far as perturbed runs tell what rounding does."""

_PERTURBATIONS = 4
_FLOOR = 2e-16
_LARGEST_ENVELOPE = 1e-4
"""Beyond this share of the box, runs that differ by rounding alone say nothing any more."""


@dataclass(frozen=True)
class Equivalence:
    """How two optimizers were compared and found to follow the same path.

    Attributes
    ----------
    first, second : str
        Their specs.
    cells : int
        Starts on landscapes, from each of which both were run.
    identical : int
        Cells in which every evaluation and the result agree bit by bit.
    evaluations : int
        Evaluations that were compared, in all.
    set_aside : int
        Cells that rounding makes unpredictable from the beginning.
    diverged : int
        Cells in which paths diverge, no more than rounding explains.
    largest : float
        The largest deviation where paths do not part, as a multiple of what rounding was seen to do; up to 1000 count
        as rounding, in float16 and bfloat16 up to 8.
    """

    first: str
    second: str
    cells: int
    identical: int
    evaluations: int
    set_aside: int
    diverged: int
    largest: float

    def __str__(self) -> str:
        text = f"{self.first} and {self.second} follow the same path from {number_of(self.cells, 'start')}, "
        text += f"{self.identical} bit by bit; {number_of(self.evaluations, 'evaluation')} compared"
        if self.identical < self.cells:
            text += f", at most {self.largest:.2g} × what rounding was seen to do apart"
        if self.set_aside:
            text += f"; {number_of(self.set_aside, 'start')} set aside, where rounding makes paths unpredictable"
        if self.diverged:
            text += f"; {self.diverged} {verb_of(self.diverged, 'diverges', 'diverge')}, no more than rounding explains"
        return text


def assert_equivalent(
    first: Any,
    second: Any,
    landscapes: Iterable[Landscape | str] | None = None,
    *,
    budget: int = 200,
    seed: int = 0,
    starts: int = 3,
) -> Equivalence:
    """Assert that two optimizers follow the same path up to rounding.

    For a port and its original, a fast path and its reference, one optimizer on two backends. How far rounding parts
    two runs is measured, in units of the coarser of both optimizers' precisions. What is compared are the points at
    which the objective is evaluated; for an optimizer that asks for gradients alone, those of the gradients: it may
    equal one that asks for both.

    Parameters
    ----------
    first, second : str, callable, class or object
        Whatever `optimizers.get` takes.
    landscapes : iterable of Landscape or str, optional
        Where to compare (default: the suite ``quick``, as far as it is made for both).
    budget : int, default 200
        Evaluations of each run.
    seed : int, default 0
    starts : int, default 3
        From how many Sobol' points, at most 16, besides the standard start, a corner and a face of the box; 0 for the
        standard start alone.

    Returns
    -------
    Equivalence
        How much was compared, and how far they were apart; it prints as a sentence.

    Raises
    ------
    AssertionError
        With the first evaluation at which they part.
    ValueError
        If no landscape is made for both optimizers, or ``starts`` is not between 0 and 16.

    Examples
    --------
    >>> print(assert_equivalent("scipy:L-BFGS-B", "scipy:L-BFGS-B(maxcor=10)", ["beale"]))
    scipy:L-BFGS-B and scipy:L-BFGS-B(maxcor=10) follow the same path from 6 starts, 6 bit by bit; ...
    >>> assert_equivalent("scipy:BFGS", "scipy:L-BFGS-B", ["beale"])
    Traceback (most recent call last):
        ...
    AssertionError: scipy:BFGS and scipy:L-BFGS-B part on beale at evaluation 2: ...
    """
    __tracebackhide__ = True
    one, other = get(first), get(second)
    pairs = [_run(one, other, cell, budget, seed) for cell in _cells(one, other, landscapes, starts)]
    precision = max(
        precision_of([pair[k] for pair in pairs], adapter.setting.get("dtype", ""))
        for k, adapter in enumerate((one, other))
    )
    found = [_compared(one, expected, actual, precision) for expected, actual in pairs]
    diverged = [cell for cell in found if cell.divergence]
    measured = [cell for cell in found if cell.trials]
    jumps, trials = sum(cell.jumps for cell in measured), sum(cell.trials for cell in measured)
    if chance_of_as_many(len(diverged), max(len(measured), len(diverged)), jumps, trials) < LEVEL:
        more = (
            f"\n  {len(diverged)} of {number_of(len(found), 'start')} {verb_of(len(diverged), 'diverges', 'diverge')}"
        )
        more += f"; of {number_of(trials, 'run')} off by rounding {jumps} {verb_of(jumps, 'does', 'do')}"
        raise AssertionError(f"{one.spec} and {other.spec} {diverged[0].divergence}{more}")
    return Equivalence(
        one.spec,
        other.spec,
        len(found),
        sum(not cell.trials for cell in found),
        sum(cell.evaluations for cell in found),
        sum(cell.evaluations < 2 and bool(cell.trials) for cell in found),
        len(diverged),
        max([cell.multiple for cell in found if not cell.divergence], default=0.0),
    )


def _cells(
    one: Adapter, other: Adapter, landscapes: Iterable[Landscape | str] | None, starts: int
) -> Iterator[tuple[Landscape, FloatArray]]:
    if isinstance(starts, bool) or not 0 <= starts <= 16:
        raise ValueError(f"starts is a number of Sobol' points from 0 to 16, got {starts!r}")
    if landscapes is None:
        every = suite_landscapes("quick")
        chosen = [x for x in every if not obstacle(one, x) and not obstacle(other, x)]
    else:
        chosen = [as_landscape(x) for x in landscapes]
    if not chosen:
        raise ValueError(f"no landscape is made for both {one.spec} and {other.spec}: nothing to compare them on")
    for landscape in chosen:
        yield landscape, landscape.x0
        wanted = {f"sobol-{k:02}" for k in range(starts)} | ({"corner-lower", "face-upper"} if starts else set())
        yield from ((landscape, cell.x0) for cell in cells(landscape) if cell.start in wanted)


def _run(one: Adapter, other: Adapter, cell: tuple[Landscape, FloatArray], budget: int, seed: int) -> tuple[Run, Run]:
    __tracebackhide__ = True
    landscape, x0 = cell
    runs = [execute(adapter, Problem(landscape, x0, budget=budget, seed=seed)) for adapter in (one, other)]
    for run in runs:
        if not len(run.trace):
            raise AssertionError(f"{run} ({run.message}): where nothing is evaluated, nothing can be compared")
    return runs[0], runs[1]


@dataclass(frozen=True)
class _Compared:
    """One cell: where it parts, if so, how much was compared, and how perturbed runs fared against each other."""

    divergence: str
    evaluations: int
    multiple: float = 0.0
    jumps: int = 0
    trials: int = 0


def _compared(one: Adapter, expected: Run, actual: Run, precision: float) -> _Compared:
    if _is_identical(expected, actual):
        return _Compared("", len(expected.trace))
    rng = np.random.default_rng(expected.seed)
    problem = Problem(expected.landscape, expected.x0, budget=expected.budget, seed=expected.seed)
    perturbed = execute_all(one, (PerturbedProblem(problem, rng, precision) for _ in range(_PERTURBATIONS)))
    envelope = _Envelope(expected, perturbed, precision)
    jumps = sum(
        bool(_Envelope(expected, [*perturbed[:k], *perturbed[k + 1 :]], precision).divergence(run))
        for k, run in enumerate(perturbed)
    )
    return _Compared(
        envelope.divergence(actual), envelope.compared(actual), envelope.multiple(actual), jumps, len(perturbed)
    )


def _is_identical(expected: Run, actual: Run) -> bool:
    return (
        np.array_equal(expected.trace.x, actual.trace.x, equal_nan=True)
        and np.array_equal(expected.x, actual.x, equal_nan=True)
        and (expected.stop_reason == actual.stop_reason or "time" in (expected.stop_reason, actual.stop_reason))
    )


class _Envelope:
    """How far rounding parts a run's path after each evaluation, as long as it says anything, its end and its result.

    It ends early where a perturbed run stops, and where it passes its largest useful value.
    """

    def __init__(self, run: Run, perturbed: list[Run], precision: float) -> None:
        self.run = run
        self.largest = max(_LARGEST_ENVELOPE, largest_envelope(precision))
        self.multiple_allowed = multiple_of(precision)
        length = min(len(one.trace) for one in (run, *perturbed))
        floor = max(_FLOOR, precision if precision <= SINGLE else precision / 8.0)
        moved = [_deviation(run.trace.x[:length], one.trace.x[:length], run) for one in perturbed]
        grown = envelope_of(np.array(moved), floor)
        self.path = grown[grown < self.largest]
        ends = {len(one.trace) for one in (run, *perturbed)}
        self.end_is_stable = len(ends) == 1 and len(self.path) == len(run.trace)
        results = [float(_deviation(run.x[None], one.x[None], run)[0]) for one in perturbed]
        self.result = max(floor, *results)

    def compared(self, actual: Run) -> int:
        """Count the evaluations that are compared."""
        return min(len(self.path), len(actual.trace))

    def multiple(self, actual: Run) -> float:
        """Give the largest deviation as a multiple of the envelope."""
        length = self.compared(actual)
        return float(np.max(self._apart(actual)[:length] / self.path[:length], initial=0.0))

    def divergence(self, actual: Run) -> str:
        """Say where a run diverges from this one by more than rounding explains; "" if it does not."""
        run, length = self.run, self.compared(actual)
        replay = f"\n  replay: {run.script()}\n     with: {actual.command()}"
        deviation = self._apart(actual)
        k = first_beyond(deviation, self.path[:length], self.multiple_allowed)
        if k is not None:
            return (
                f"part on {run.landscape.id} at evaluation {k + 1}: {run.trace.x[k].tolist()} and "
                f"{actual.trace.x[k].tolist()} are {deviation[k]:.1e} of the box apart; rounding explains "
                f"{self.path[k]:.1e}\n  values: {float(run.trace.fun[k])!r} and {float(actual.trace.fun[k])!r}{replay}"
            )
        if "time" in (run.stop_reason, actual.stop_reason):
            return ""
        if self.end_is_stable and len(actual.trace) != len(run.trace):
            return (
                f"follow the same path on {run.landscape.id}, but stop after {len(run.trace)} and {len(actual.trace)} "
                f"evaluations, although rounding does not move the end{replay}"
            )
        if not run.stop_reason == actual.stop_reason == "returned":  # otherwise the points may be none they returned
            return ""
        result = float(_deviation(run.x[None], actual.x[None], run)[0])
        if self.end_is_stable and self.result < self.largest and result > self.multiple_allowed * self.result:
            return (
                f"follow the same path on {run.landscape.id}, but return {run.x.tolist()} and {actual.x.tolist()}, "
                f"{result:.1e} of the box apart; rounding explains {self.result:.1e}{replay}"
            )
        return ""

    def _apart(self, actual: Run) -> FloatArray:
        length = self.compared(actual)
        return _deviation(self.run.trace.x[:length], actual.trace.x[:length], self.run)


def _deviation(one: FloatArray, other: FloatArray, run: Run) -> FloatArray:
    """Measure the largest difference of a coordinate, as a share of the box, at each of some points."""
    with np.errstate(all="ignore"):
        shares = distances(one, other) / box_widths(run.bounds)
    largest: FloatArray = np.nan_to_num(shares, nan=np.inf).max(axis=1, initial=0.0)
    return largest
