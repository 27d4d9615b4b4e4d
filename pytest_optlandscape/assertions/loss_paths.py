"""Whether two recorded trainings have the same losses, up to rounding.

A recorded training cannot be run again, so the effect of rounding on it cannot be measured here. The caller may hand
over trainings that were perturbed by rounding. Without them, losses may differ by as many units in the last place of
single precision as the paths of optimizers may.

A deviation is a share of √(loss · largest loss). If rounding moves the weights by δ, a loss that is a sum of squares
moves by about √loss · δ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.records.path_divergence import (
    LARGEST_ENVELOPE,
    MULTIPLE,
    distances,
    envelope_of,
    first_beyond,
)
from pytest_optlandscape.records.perturbation import DOUBLE, SINGLE
from pytest_optlandscape.runs import TrainingRun
from pytest_optlandscape.texts.plurals import number_of

__all__ = [
    "LARGEST_LOSS_ENVELOPE",
    "ComparedPath",
    "check_trainings",
    "compare_trainings",
    "largest_loss",
    "relative_deviation",
]

FloatArray = NDArray[np.float64]

LARGEST_LOSS_ENVELOPE = 100.0 * LARGEST_ENVELOPE
"""Losses are compared until trainings that differ by rounding alone are this far apart."""


@dataclass(frozen=True)
class ComparedPath:
    """Two paths from one start, compared.

    Attributes
    ----------
    divergence : str
        Where the paths part, in words; "" if they do not.
    evaluations : int
        The evaluations that were compared.
    multiple : float
        The largest deviation as a multiple of the effect of rounding.
    jumps, trials : int
        How many perturbed runs part from the others, and how many there are.
    is_identical : bool
        Whether the paths agree bit by bit.
    """

    divergence: str
    evaluations: int
    multiple: float = 0.0
    jumps: int = 0
    trials: int = 0
    is_identical: bool = False


def check_trainings(first: Any, second: Any, perturbed: Sequence[Any]) -> None:
    """Raise an error unless all are recorded trainings whose losses can be compared.

    Raises
    ------
    TypeError
        If one of them is no `TrainingRun`.
    ValueError
        If a training has not ended, or they count other evaluations, or one loss is minimised and another maximised.
    """
    named = {"first": first, "second": second, **{f"perturbed[{k}]": run for k, run in enumerate(perturbed)}}
    for name, run in named.items():
        if not isinstance(run, TrainingRun):
            raise TypeError(
                f"assert_equivalent compares two optimizers or two recorded trainings; {name} is {run!r:.80}. Give the "
                "run of a recorder: recorder.run"
            )
        if run.stop_reason == "unfinished":
            raise ValueError(f"{name}: {run.trouble}")
        if run.unit != first.unit:
            raise ValueError(
                f"{name} has a loss per {run.unit}, first has a loss per {first.unit}: record both trainings alike"
            )
        if (run.landscape.fmax is None) != (first.landscape.fmax is None):
            raise ValueError(f"{name} and first are not both minimised: record the same measure of both trainings")


def compare_trainings(first: TrainingRun, second: TrainingRun, perturbed: Sequence[TrainingRun]) -> ComparedPath:
    """Compare the losses of two trainings, then their number, then the losses of the final weights.

    Parameters
    ----------
    first, second : TrainingRun
    perturbed : sequence of TrainingRun
        Trainings like the first, perturbed by rounding.

    Raises
    ------
    AssertionError
        If a training recorded nothing.
    """
    __tracebackhide__ = True
    for run in (first, second):
        if not run.nfev:
            raise AssertionError(f"{run} ({run.message}): the run evaluated nothing, so nothing can be compared")
    if _is_identical(first, second):
        return ComparedPath("", first.nfev, is_identical=True)
    envelope = _LossEnvelope(first, perturbed)
    several = perturbed if len(perturbed) > 1 else ()
    jumps = sum(
        bool(_LossEnvelope(first, [*perturbed[:k], *perturbed[k + 1 :]]).divergence(run))
        for k, run in enumerate(several)
    )
    return ComparedPath(
        envelope.divergence(second), envelope.compared(second), envelope.multiple(second), jumps, len(several)
    )


def relative_deviation(losses: FloatArray, others: FloatArray, largest: float) -> FloatArray:
    """Return how far losses are apart, as shares of √(loss · largest loss).

    Parameters
    ----------
    losses, others : ndarray, shape (n,)
    largest : float
        The largest loss of the training.

    Returns
    -------
    ndarray, shape (n,)
        0 for two losses that are NaN, inf if only one of them is.

    Examples
    --------
    >>> relative_deviation(np.array([0.01, np.nan]), np.array([0.010001, np.nan]), 1.0).round(7).tolist()
    [1e-05, 0.0]
    """
    size = np.nan_to_num(np.maximum(np.abs(losses), np.abs(others)), nan=0.0, posinf=largest)
    apart = distances(losses, others)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(apart == 0.0, 0.0, apart / np.sqrt(np.maximum(size, DOUBLE * largest) * largest))


def largest_loss(losses: FloatArray) -> float:
    """Return the largest finite loss by absolute value; 1 if none is above 0.

    Examples
    --------
    >>> largest_loss(np.array([-4.0, 2.0, np.inf]))
    4.0
    """
    return float(np.abs(losses[np.isfinite(losses)]).max(initial=0.0)) or 1.0


def _is_identical(first: TrainingRun, second: TrainingRun) -> bool:
    final = [np.nan if run.fun is None else run.fun for run in (first, second)]
    return (
        np.array_equal(first.trace.fun, second.trace.fun, equal_nan=True)
        and np.array_equal(final[0], final[1], equal_nan=True)
        and first.stop_reason == second.stop_reason
    )


class _LossEnvelope:
    """The effect of rounding on a training: on each loss, on its end, and on the loss of its final weights."""

    def __init__(self, run: TrainingRun, perturbed: Sequence[TrainingRun]) -> None:
        self.run = run
        self.largest = largest_loss(run.trace.fun)
        self.is_measured = bool(perturbed)
        losses = run.trace.fun
        is_single = np.array_equal(losses.astype(np.float32), losses, equal_nan=True)
        floor = SINGLE if is_single or not perturbed else DOUBLE
        length = min(each.nfev for each in (run, *perturbed))
        moved = [relative_deviation(losses[:length], each.trace.fun[:length], self.largest) for each in perturbed]
        grown = envelope_of(np.array(moved).reshape(len(moved), length), floor)
        self.path = grown[grown < LARGEST_LOSS_ENVELOPE]
        self.end_is_stable = len({each.nfev for each in (run, *perturbed)}) == 1 and len(self.path) == run.nfev
        final = [self._apart_at_the_end(each) for each in perturbed]
        self.result = max(floor, *self.path[-1:], *(distance for distance in final if distance is not None))

    def compared(self, other: TrainingRun) -> int:
        """Count the losses that are compared."""
        return min(len(self.path), other.nfev)

    def multiple(self, other: TrainingRun) -> float:
        """Return the largest deviation as a multiple of the envelope."""
        return float(np.max(self._apart(other) / self.path[: self.compared(other)], initial=0.0))

    def divergence(self, other: TrainingRun) -> str:
        """Describe where a training parts from this training by more than rounding explains; "" if it does not."""
        run, unit = self.run, self.run.unit
        replay = f"\n  replay: {run.script()}"
        deviation = self._apart(other)
        k = first_beyond(deviation, self.path[: len(deviation)], MULTIPLE)
        if k is not None:
            return (
                f"part on {run.landscape.id} at {unit} {k + 1}: {float(run.trace.fun[k])!r} and "
                f"{float(other.trace.fun[k])!r} are {deviation[k]:.1e} of √(loss · largest loss) apart; "
                f"{self._explained(float(self.path[k]))}{replay}"
            )
        if self.end_is_stable and other.nfev != run.nfev:
            count = number_of(other.nfev, unit, "batches" if unit == "batch" else "")
            return (
                f"follow the same path on {run.landscape.id}, but stop after {run.nfev} and {count}, although rounding "
                f"does not move the end{replay}"
            )
        result = self._apart_at_the_end(other)
        if self.end_is_stable and result is not None and result > MULTIPLE * self.result:
            return (
                f"follow the same path on {run.landscape.id}, but the losses of the final weights, {run.fun!r} and "
                f"{other.fun!r}, are {result:.1e} of √(loss · largest loss) apart; {self._explained(self.result)}"
                f"{replay}"
            )
        return ""

    def _explained(self, envelope: float) -> str:
        assumed = "" if self.is_measured else " (one unit in the last place; perturbed= measures it)"
        return f"rounding explains {envelope:.1e}{assumed}"

    def _apart(self, other: TrainingRun) -> FloatArray:
        length = self.compared(other)
        return relative_deviation(self.run.trace.fun[:length], other.trace.fun[:length], self.largest)

    def _apart_at_the_end(self, other: TrainingRun) -> float | None:
        if self.run.fun is None or other.fun is None:
            return None
        return float(relative_deviation(np.array([self.run.fun]), np.array([other.fun]), self.largest)[0])
