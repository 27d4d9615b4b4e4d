"""Whether two optimizers, or two recorded trainings, follow the same path, up to rounding.

If two runs are identical, nothing needs to be measured. Otherwise the first optimizer runs again with its start, values
and gradients off by one unit in the last place. The two paths are compared as long as these perturbed runs stay
together. Some optimizers branch on ties, so rounding now and then moves a run far at once. Therefore each perturbed run
is compared with the other perturbed runs, as if it were the second optimizer. As many divergences as this predicts are
no difference between the optimizers. `loss_paths` compares recorded trainings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.assertions.loss_paths import ComparedPath, check_trainings, compare_trainings
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
from pytest_optlandscape.runs import Problem, Run, TrainingRun, as_landscape, box_widths, execute, execute_all
from pytest_optlandscape.suites.catalogue import cells, suite_landscapes
from pytest_optlandscape.texts.keywords import refuse_keywords
from pytest_optlandscape.texts.plurals import number_of, verb_of

__all__ = ["Equivalence", "assert_equivalent"]

FloatArray = NDArray[np.float64]

LEVEL = 0.001
"""Probability of calling two equivalent optimizers different, if perturbed runs show the effect of rounding."""

_PERTURBATIONS = 4
_FLOOR = 2e-16
_LARGEST_ENVELOPE = 1e-4
"""Paths are compared until perturbed runs are this share of the box apart."""


@dataclass(frozen=True)
class Equivalence:
    """The result of comparing two optimizers, or two recorded trainings, that follow the same path.

    Attributes
    ----------
    first, second : str
        Their specs; of trainings, the names of their optimizers.
    cells : int
        Number of starts, on all landscapes, from which both ran.
    identical : int
        Cells in which every evaluation and the result agree bit by bit.
    evaluations : int
        Number of evaluations that were compared.
    set_aside : int
        Cells whose paths rounding makes unpredictable from the beginning.
    diverged : int
        Cells whose paths diverge; no more than rounding explains.
    largest : float
        The largest deviation in the other cells, as a multiple of the measured effect of rounding. Up to 1000 counts as
        rounding, in float16 and bfloat16 up to 8.
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
    budget: int | None = None,
    seed: int = 0,
    n_starts: int = 3,
    perturbed: Sequence[TrainingRun] = (),
    **others: Any,
) -> Equivalence:
    """Assert that two optimizers, or two recorded trainings, follow the same path up to rounding.

    Use it for a port and its original, a fast path and its reference, or one optimizer on two backends. The effect of
    rounding is measured, in units of the coarser of both optimizers' precisions. The points at which the objective is
    evaluated are compared. If an optimizer asks for gradients only, the points of its gradients are compared, so it may
    equal one that asks for both.

    Of two recorded trainings, the losses are compared, then their number, then the losses of the final weights.

    Parameters
    ----------
    first, second : str, callable, class or object; or TrainingRun
        Whatever `optimizers.get` takes; or the runs of two recorders, such as `KerasRecorder`.
    landscapes : iterable of Landscape or str, optional
        Where to compare (default: the landscapes of the suite ``quick`` that are made for both).
    budget : int, optional
        Evaluations of each run (default: 1000 per dimension). Where an evaluation takes long and the optimizer does not
        stop by itself, name a smaller number.
    seed : int, default 0
        Of each run.
    n_starts : int, default 3
        Number of Sobol' points, at most 16, besides the standard start, a corner and a face of the box; 0 for the
        standard start alone.
    perturbed : sequence of TrainingRun, optional
        Recorded trainings like the first, with their data or weights off by one unit in the last place. They show the
        effect of rounding on a training. Without them, losses may be 1000 units in the last place of single precision
        apart, 1.2e-4 of √(loss · largest loss).

    Returns
    -------
    Equivalence
        The amount that was compared and the largest deviation; it prints as a sentence.

    Raises
    ------
    AssertionError
        If paths diverge, with the first evaluation at which they do.
    ValueError
        If no landscape is made for both optimizers, or ``n_starts`` is not between 0 and 16; if a training has not
        ended, or the trainings count different evaluations.
    TypeError
        If only one of both is a recorded training, or an argument is given that does not apply.

    Examples
    --------
    >>> print(assert_equivalent("scipy:L-BFGS-B", "scipy:L-BFGS-B(maxcor=10)", ["beale"]))
    scipy:L-BFGS-B and scipy:L-BFGS-B(maxcor=10) follow the same path from 6 starts, 6 bit by bit; ...
    >>> assert_equivalent("scipy:BFGS", "scipy:L-BFGS-B", ["beale"])
    Traceback (most recent call last):
        ...
    AssertionError: scipy:BFGS and scipy:L-BFGS-B part on beale at evaluation 2: ...

    Two recorded trainings:

    >>> from pytest_optlandscape.runs import record_training
    >>> def train(rate):
    ...     x = 4.0
    ...     with record_training() as recorder:
    ...         for _ in range(20):
    ...             recorder.step(x * x)
    ...             x -= rate * x
    ...     return recorder.run
    >>> print(assert_equivalent(train(0.1), train(0.1)))
    training and training follow the same path from 1 start, 1 bit by bit; 20 evaluations compared
    """
    __tracebackhide__ = True
    if isinstance(others.get("starts"), int):  # the keyword of earlier releases
        n_starts = others.pop("starts")
    refuse_keywords(assert_equivalent, others, {"starts": "n_starts, a number of Sobol' starts"})
    if isinstance(first, TrainingRun) or isinstance(second, TrainingRun):
        given = {
            "landscapes": landscapes is not None,
            "budget": budget is not None,
            "seed": seed,
            "n_starts": n_starts != 3,
        }
        _check_applies(given, "recorded trainings, which have made their runs")
        check_trainings(first, second, perturbed)
        return _equivalence(first.optimizer, second.optimizer, [compare_trainings(first, second, perturbed)])
    _check_applies({"perturbed": perturbed}, "optimizers, whose perturbed runs are made here")
    one, other = get(first), get(second)
    pairs = [_run(one, other, cell, budget, seed) for cell in _cells(one, other, landscapes, n_starts)]
    precision = max(
        precision_of([pair[k] for pair in pairs], adapter.setting.get("dtype", ""))
        for k, adapter in enumerate((one, other))
    )
    return _equivalence(one.spec, other.spec, [_compared(one, *pair, precision) for pair in pairs])


def _check_applies(given: dict[str, Any], what: str) -> None:
    for argument, value in given.items():
        if value:
            raise TypeError(f"assert_equivalent: {argument} does not apply to {what}")


def _equivalence(first: str, second: str, found: list[ComparedPath]) -> Equivalence:
    """Raise AssertionError if more paths diverge than rounding explains; else return what was compared."""
    __tracebackhide__ = True
    diverged = [cell for cell in found if cell.divergence]
    measured = [cell for cell in found if not cell.is_identical]
    jumps, trials = sum(cell.jumps for cell in measured), sum(cell.trials for cell in measured)
    if chance_of_as_many(len(diverged), max(len(measured), len(diverged)), jumps, trials) < LEVEL:
        more = ""
        if trials:
            more = (
                f"\n  {len(diverged)} of {number_of(len(found), 'start')} "
                f"{verb_of(len(diverged), 'diverges', 'diverge')}; of {number_of(trials, 'run')} off by rounding "
                f"{jumps} {verb_of(jumps, 'does', 'do')}"
            )
        raise AssertionError(f"{first} and {second} {diverged[0].divergence}{more}")
    return Equivalence(
        first,
        second,
        len(found),
        sum(cell.is_identical for cell in found),
        sum(cell.evaluations for cell in found),
        sum(cell.evaluations < 2 and bool(cell.trials) for cell in found),
        len(diverged),
        max([cell.multiple for cell in found if not cell.divergence], default=0.0),
    )


def _cells(
    one: Adapter, other: Adapter, landscapes: Iterable[Landscape | str] | None, n_starts: int
) -> Iterator[tuple[Landscape, FloatArray]]:
    if isinstance(n_starts, bool) or not 0 <= n_starts <= 16:
        raise ValueError(f"n_starts is a number of Sobol' points from 0 to 16, got {n_starts!r}")
    if landscapes is None:
        every = suite_landscapes("quick")
        chosen = [x for x in every if not obstacle(one, x) and not obstacle(other, x)]
    else:
        chosen = [as_landscape(x) for x in landscapes]
    if not chosen:
        raise ValueError(f"no landscape is made for both {one.spec} and {other.spec}: nothing to compare them on")
    for landscape in chosen:
        yield landscape, landscape.x0
        wanted = {f"sobol-{k:02}" for k in range(n_starts)} | ({"corner-lower", "face-upper"} if n_starts else set())
        yield from ((landscape, cell.x0) for cell in cells(landscape) if cell.start in wanted)


def _run(
    one: Adapter, other: Adapter, cell: tuple[Landscape, FloatArray], budget: int | None, seed: int
) -> tuple[Run, Run]:
    __tracebackhide__ = True
    landscape, x0 = cell
    runs = [execute(adapter, Problem(landscape, x0, budget=budget, seed=seed)) for adapter in (one, other)]
    for run in runs:
        if not len(run.trace):
            raise AssertionError(f"{run} ({run.message}): the run evaluated nothing, so nothing can be compared")
    return runs[0], runs[1]


def _compared(one: Adapter, expected: Run, actual: Run, precision: float) -> ComparedPath:
    if _is_identical(expected, actual):
        return ComparedPath("", len(expected.trace), is_identical=True)
    rng = np.random.default_rng(expected.seed)
    problem = Problem(expected.landscape, expected.x0, budget=expected.budget, seed=expected.seed)
    perturbed = execute_all(one, (PerturbedProblem(problem, rng, precision) for _ in range(_PERTURBATIONS)))
    envelope = _Envelope(expected, perturbed, precision)
    jumps = sum(
        bool(_Envelope(expected, [*perturbed[:k], *perturbed[k + 1 :]], precision).divergence(run))
        for k, run in enumerate(perturbed)
    )
    return ComparedPath(
        envelope.divergence(actual), envelope.compared(actual), envelope.multiple(actual), jumps, len(perturbed)
    )


def _is_identical(expected: Run, actual: Run) -> bool:
    return (
        np.array_equal(expected.trace.x, actual.trace.x, equal_nan=True)
        and np.array_equal(expected.x, actual.x, equal_nan=True)
        and (expected.stop_reason == actual.stop_reason or "time" in (expected.stop_reason, actual.stop_reason))
    )


class _Envelope:
    """The effect of rounding on a run: on its path after each evaluation, on its end, and on its result.

    The envelope of the path ends where a perturbed run stops, or where it exceeds its largest useful value.
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
        """Return the largest deviation as a multiple of the envelope."""
        length = self.compared(actual)
        return float(np.max(self._apart(actual)[:length] / self.path[:length], initial=0.0))

    def divergence(self, actual: Run) -> str:
        """Describe where a run diverges from this run by more than rounding explains; "" if it does not."""
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
