"""Define the records of runs: the record of a cell and that of a landscape, small enough to keep in a repository.

References
----------
N. Hansen, A. Auger, R. Ros, O. Mersmann, T. Tušar and D. Brockhoff, COCO: a platform for comparing continuous
optimizers in a black-box setting, 2021, Optim. Methods Softw. 36(1).
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from pytest_optlandscape.records.fingerprint import Fingerprint, RoundingSensitivity
from pytest_optlandscape.records.path_divergence import MULTIPLE
from pytest_optlandscape.records.targets import OF_SEARCH, SUCCESS_TARGET, TARGETS, read_targets, success_among
from pytest_optlandscape.runs import digits_of
from pytest_optlandscape.runs.raised_warnings import Warned

__all__ = [
    "BEST_SEEN",
    "FLAGS",
    "HANGS",
    "NO_RESULT",
    "ROUNDS_OUT",
    "Average",
    "CellRecord",
    "Descent",
    "LandscapeRecord",
]

NO_RESULT = frozenset({"exception", "no-result"})
"""Stop reasons of runs without a result."""

BEST_SEEN = "best_seen"
"""The key of a definition that holds the best point seen, if the minimum is not known."""

FLAGS = {
    "o": "evaluates outside the bounds",
    "r": "returns a point outside the bounds",
    "m": "changes x0 in place",
}
"""Breaches of the contract by a run, by the letters that store them."""

HANGS = "h"
"""The flag of a run that hangs: the time limit stopped it, and either the other runs on the landscape ended long before
the limit, or it made no evaluation in the second half of its time."""

ROUNDS_OUT = "u"
"""The flag of a run that leaves the bounds by rounding alone, within `runs.run.slack_of`; reported, but not *worse*."""

_FINEST_OF_SEARCH = 1e-4
"""Over a search space, gaps below this share of the reference gap are equally precise: a run that finds the best
configuration of a finite space has no gap at all."""

_STOP_LETTERS = {
    "returned": "r",
    "budget": "b",
    "exception": "e",
    "no-result": "n",
    "non-finite": "i",
    "time": "t",
}
_STOP_REASONS = {letter: reason for reason, letter in _STOP_LETTERS.items()}
_STARTS = "*"  # prefix of an average over runs whose starts differ
_DESCENT = "v"  # prefix of a descent
_CONSTRAINTS = "c"  # prefix of evaluations of constraints
_COST = "p"  # prefix of the cost of evaluations at levels of a fidelity


@dataclass(frozen=True)
class Average:
    """The criteria of a cell, averaged over several runs.

    Attributes
    ----------
    runs : int
        The number of runs.
    speed, precision, failure, cost, constraint_evaluations : float
        See `criterion_values`; the last is 0 without constraints.
    over : str, default "seeds"
        What the runs differ in: ``seeds``, or ``starts`` of the same kind.
    reached : int, default 8
        The number of targets that at least one of the runs reached.
    """

    runs: int
    speed: float
    precision: float
    failure: float
    cost: float
    constraint_evaluations: float = 0.0
    over: str = "seeds"
    reached: int = len(TARGETS)

    def to_text(self) -> str:
        """Write as one word.

        Examples
        --------
        >>> Average.from_text("5/1.5/-7.25/0.2/2.6/8").to_text()
        '5/1.5/-7.25/0.2/2.6/8'
        >>> Average.from_text("*3/1.5/-7.25/0/2.6/2").over
        'starts'
        >>> Average.from_text("5/1.5/-7.25/0.2/2.6/8/c3.1").constraint_evaluations
        3.1
        """
        values = f"{self.speed:.4g}/{self.precision:.4g}/{self.failure:.3g}/{self.cost:.4g}/{self.reached}"
        if self.constraint_evaluations:
            values += f"/{_CONSTRAINTS}{self.constraint_evaluations:.4g}"
        return f"{_STARTS if self.over == 'starts' else ''}{self.runs}/{values}"

    @classmethod
    def from_text(cls, text: str) -> Average:
        """Read what `to_text` wrote."""
        runs, *values = text.split("/")
        constraints = float(values.pop()[1:]) if values[-1].startswith(_CONSTRAINTS) else 0.0
        *criteria, reached = values
        speed, precision, failure, cost = map(float, criteria)
        over = "starts" if runs.startswith(_STARTS) else "seeds"
        return cls(int(runs.removeprefix(_STARTS)), speed, precision, failure, cost, constraints, over, int(reached))


@dataclass(frozen=True)
class Descent:
    """The descent of a run's best gap, compared if neither run reaches a target.

    Gaps are kept as logarithms, so that small descents can be told apart. They are kept at the budget, half of it, a
    quarter and so on: at the same evaluations for all runs. So two runs that begin alike are interpolated alike, even
    if one of them falls deeper later.

    Attributes
    ----------
    top : float
        log₁₀ of the first feasible gap as a share of the reference gap.
    depth : float
        The total decrease of log₁₀ of the best gap; positive.
    end : int
        Evaluations until the whole depth was reached.
    thousandths : tuple of int
        Thousandths of the depth that were reached at the evaluations of `grid` before the end.
    """

    top: float
    depth: float
    end: int
    thousandths: tuple[int, ...]

    @staticmethod
    def grid(budget: int) -> list[float]:
        """List the evaluations at which gaps are kept: the budget, halved repeatedly down to one.

        Examples
        --------
        >>> Descent.grid(12)
        [1.5, 3.0, 6.0, 12.0]
        """
        return [budget / 2.0**k for k in range(int(math.log2(budget)), -1, -1)]

    def to_text(self) -> str:
        """Write as one word.

        Examples
        --------
        >>> Descent.from_text("v0.4312/0.0001738/7/125,500").to_text()
        'v0.4312/0.0001738/7/125,500'
        """
        return f"{_DESCENT}{self.top:.6g}/{self.depth:.4g}/{self.end}/{','.join(map(str, self.thousandths))}"

    @classmethod
    def from_text(cls, text: str) -> Descent:
        """Parse the word of `to_text`.

        Raises
        ------
        ValueError
            If the word is malformed.
        """
        top, depth, end, thousandths = text.removeprefix(_DESCENT).split("/")
        shares = tuple(map(int, thousandths.split(","))) if thousandths else ()
        descent = cls(float(top), float(depth), int(end), shares)
        is_fall = math.isfinite(descent.top) and 0.0 < descent.depth < math.inf and descent.end > 1
        if not is_fall or [0, *shares, 1000] != sorted([0, *shares, 1000]):
            raise ValueError(f"not a valid descent of a gap: {text!r:.80}")
        return descent

    def evaluations_to(self, level: float, budget: int) -> float:
        """Interpolate the evaluations until log₁₀ of the gap has fallen to a level.

        Parameters
        ----------
        level : float
            Between ``top - depth`` and ``top``.
        budget : int
            The run's budget.

        Returns
        -------
        float

        Examples
        --------
        >>> Descent(0.0, 1.0, 7, (125, 250, 500)).evaluations_to(-0.5, budget=8)
        4.0
        """
        reached = 1000.0 * (self.top - level) / self.depth
        shares = (*self.thousandths, 1000)
        evaluations = (*self.grid(budget)[: len(self.thousandths)], float(self.end))
        k = next((k for k, share in enumerate(shares) if share >= reached), len(shares) - 1)
        if k == 0 or shares[k] == shares[k - 1]:
            return evaluations[k]
        within = (min(reached, 1000.0) - shares[k - 1]) / (shares[k] - shares[k - 1])
        return float(evaluations[k - 1] * (evaluations[k] / evaluations[k - 1]) ** within)


@dataclass(frozen=True)
class CellRecord:
    """The record of one run.

    Attributes
    ----------
    start : str
        The name of the start.
    nfev, njev : int
    stop_reason : str
    gap : float
        The gap at the returned point; inf if the point is infeasible or not finite.
    distance : float
        The distance from the returned point to the nearest global minimiser.
    hits : tuple of float
        Evaluations until each of the targets; inf if it was missed.
    flags : frozenset of str
        Breaches by the run, one letter each; see `FLAGS`, `HANGS` and `ROUNDS_OUT`.
    trace : str
        A hash of all evaluations, a dot, and the returned point. The point is written as ``16`` if it is the 16th
        evaluated point, as ``14-16`` if the 14th equals it up to rounding, or as ``x`` and a hash if it was not
        evaluated.
    fingerprint : Fingerprint
    descent : Descent or None
        The descent of the gap, if the run reached no target after its first evaluation.
    average : Average or None
        The average over this run and further ones, with other seeds (stochastic optimizers) or from other starts.
    batches : tuple of Average
        The parts of the average, if there are several.
    constr_nfev, constr_njev : int
        Evaluations of the constraints' functions and Jacobians, over all constraints.
    cost : float or None
        On a landscape with a fidelity, the cost of the evaluations; ``hits`` then count in it.
    """

    start: str
    nfev: int
    njev: int
    stop_reason: str
    gap: float
    distance: float
    hits: tuple[float, ...]
    flags: frozenset[str]
    trace: str
    fingerprint: Fingerprint
    descent: Descent | None = None
    average: Average | None = None
    batches: tuple[Average, ...] = ()
    constr_nfev: int = 0
    constr_njev: int = 0
    cost: float | None = None

    @property
    def evaluations(self) -> float:
        """Evaluations of the objective; with a fidelity, their cost in evaluations at full fidelity."""
        return self.nfev if self.cost is None else self.cost

    @property
    def digits(self) -> float:
        """Number of correct decimal places of the returned point."""
        return digits_of(self.distance)

    @property
    def path(self) -> str:
        """Hash of all evaluations."""
        return self.trace.partition(".")[0]

    @property
    def returned(self) -> tuple[int, int] | None:
        """Numbers of the first evaluations that equal the returned point, up to rounding and exactly; None if none.

        Examples
        --------
        >>> text = "standard 16 16 r 4.15e-14 5.19e-07 2,3,5,9,12,14,15,- - 0f3a.14-16 -:W:V"
        >>> CellRecord.from_text(text).returned
        (14, 16)
        """
        near, _, exact = self.trace.partition(".")[2].rpartition("-")
        return (int(near or exact), int(exact)) if exact.isdigit() else None

    @property
    def bits(self) -> tuple[str, str, int, int]:
        """A key that is equal for two runs with identical evaluations, result and counts of constraint evaluations."""
        return self.path, self.trace.partition(".")[2].rpartition("-")[2], self.constr_nfev, self.constr_njev

    @property
    def was_stopped_by_time(self) -> bool:
        """Whether the time limit ended the run; such a run depends on the machine and is never compared."""
        return self.stop_reason == "time"

    def without_averages(self) -> CellRecord:
        """Return the record without its averages."""
        if self.average is None:
            return self
        single = object.__new__(CellRecord)  # `dataclasses.replace` is several times slower, which adds up over cells
        single.__dict__.update(self.__dict__, average=None, batches=())
        return single

    def to_text(self) -> str:
        """Serialise as one short line.

        Examples
        --------
        >>> text = "standard 16 16 r 4.15e-14 5.19e-07 2,3,5,9,12,14,15,- o 0f3a -:W:V"
        >>> CellRecord.from_text(text).to_text() == text
        True
        >>> CellRecord.from_text(text.replace("0f3a", "0f3a c1094/12")).constr_nfev
        1094
        """
        constraints = self.constr_nfev or self.constr_njev
        fields = (
            self.start,
            str(self.nfev),
            str(self.njev),
            _STOP_LETTERS[self.stop_reason],
            f"{self.gap:.4g}",
            f"{self.distance:.4g}",
            ",".join("-" if hit == math.inf else _count_to_text(hit) for hit in self.hits),
            "".join(sorted(self.flags)) or "-",
            self.trace,
            *([f"{_COST}{_count_to_text(self.cost)}"] if self.cost is not None else []),
            *([f"{_CONSTRAINTS}{self.constr_nfev}/{self.constr_njev}"] if constraints else []),
            *([self.descent.to_text()] if self.descent else []),
            self.fingerprint.to_text(),
            *([self.average.to_text()] if self.average else []),
            *(batch.to_text() for batch in self.batches),
        )
        return " ".join(fields)

    @classmethod
    def from_text(cls, text: str) -> CellRecord:
        """Parse a line of `to_text`.

        Raises
        ------
        ValueError
            If the line is malformed.
        """
        try:
            words = text.split(" ")
            averages: list[Average] = []
            while ":" not in words[-1]:
                averages.insert(0, Average.from_text(words.pop()))
            path = words.pop()
            descent = Descent.from_text(words.pop()) if words[-1].startswith(_DESCENT) else None
            has_constraints = words[-1].startswith(_CONSTRAINTS) and "/" in words[-1]
            constr_nfev, constr_njev = words.pop()[1:].split("/") if has_constraints else ("0", "0")
            cost = _count_from_text(words.pop()[1:]) if words[-1].startswith(_COST) else None
            *start, nfev, njev, stop, gap, distance, hits, flags, trace = words
            cell = cls(
                start=" ".join(start),
                nfev=int(nfev),
                njev=int(njev),
                stop_reason=_STOP_REASONS[stop],
                gap=float(gap),
                distance=float(distance),
                hits=tuple(math.inf if hit == "-" else _count_from_text(hit) for hit in hits.split(",")),
                flags=frozenset(flags.replace("-", "")),
                trace=trace,
                fingerprint=Fingerprint.from_text(path),
                descent=descent,
                average=averages[0] if averages else None,
                batches=tuple(averages[1:]),
                constr_nfev=int(constr_nfev),
                constr_njev=int(constr_njev),
                cost=cost,
            )
            _ = cell.returned  # raises if the trace is malformed
            return cell
        except (ValueError, TypeError, KeyError, AttributeError, IndexError):
            raise ValueError(f"not the record of a cell: {text!r:.120}") from None


def _count_to_text(count: float) -> str:
    """Write a number of evaluations, or their cost, which need not be whole."""
    return str(int(count)) if count == int(count) else f"{count:.6g}"


def _count_from_text(text: str) -> float:
    return float(text) if "." in text else int(text)


@dataclass(frozen=True)
class LandscapeRecord:
    """The records of all cells of one landscape, with their definition.

    Attributes
    ----------
    landscape : str
        The landscape's id.
    definition : dict
        Facts that must agree for two records to be comparable.
    cells : tuple of CellRecord
    errors : tuple of str
        Messages of exceptions, without repeats; not stored.
    rounding_sensitivity : RoundingSensitivity or None
        How often rounding alone makes the cells diverge; None if not measured.
    nondeterministic : bool
        Whether two runs of the same cell differed.
    notes : tuple of str
        Remarks on the runs, such as side effects on the session, or a value below fmin; not stored.
    traceback : str
        The traceback of the first exception; not stored.
    warnings : tuple of Warned
        Warnings of the optimizer, without repeats; not stored.
    """

    landscape: str
    definition: dict[str, Any]
    cells: tuple[CellRecord, ...]
    errors: tuple[str, ...] = ()
    rounding_sensitivity: RoundingSensitivity | None = None
    nondeterministic: bool = False
    notes: tuple[str, ...] = ()
    traceback: str = ""
    warnings: tuple[Warned, ...] = ()

    @functools.cached_property
    def single_runs(self) -> dict[str, CellRecord]:
        """The cells without averages, by start."""
        return {cell.start: cell.without_averages() for cell in self.cells}

    @property
    def averaged_over(self) -> str:
        """What the further runs of its cells differ in: ``seeds`` or ``starts``; "" if there are none."""
        return next((cell.average.over for cell in self.cells if cell.average), "")

    @property
    def reference(self) -> float:
        """The reference gap, of which targets are shares."""
        return float(self.definition["reference"])

    @property
    def is_searched(self) -> bool:
        """Whether the landscape is over a search space."""
        return OF_SEARCH in self.definition

    @functools.cached_property
    def targets(self) -> tuple[float, ...]:
        """The targets of the gap, from the largest to the smallest; see `targets.targets_of`."""
        if self.is_searched:
            return read_targets(self.definition[OF_SEARCH])
        return tuple(share * self.reference for share in TARGETS)

    @property
    def noise(self) -> float:
        """The gap that rounding of f and of the point leaves at the minimum; over a search space, a negligible gap.

        Near a minimum f grows with the square of the distance. One correct run may hit the minimiser exactly, while
        another ends a few units in the last place beside it.
        """
        if self.is_searched:
            return _FINEST_OF_SEARCH * self.reference
        eps = float(np.finfo(float).eps)
        return max(4.0 * eps * abs(float(self.definition["fmin"])), (MULTIPLE * eps) ** 2 * self.reference)

    @property
    def budget(self) -> int:
        """The budget of each cell."""
        return int(self.definition["budget"])

    def succeeded(self, cell: CellRecord) -> bool:
        """Return whether the returned point of a cell counts as a success."""
        if self.is_searched:
            return cell.gap <= success_among(self.targets)
        return cell.gap <= SUCCESS_TARGET * self.reference

    @property
    def gives_no_result(self) -> bool:
        """Whether no run gave a result, and at least one raised an exception or returned no point."""
        ends = {cell.stop_reason for cell in self.cells}
        return ends <= {*NO_RESULT, "time"} and bool(ends & NO_RESULT)

    @property
    def successes(self) -> int:
        """Number of cells that succeeded."""
        return sum(map(self.succeeded, self.cells))

    @property
    def digits(self) -> float:
        """The median over the cells of the returned point's digits."""
        return float(np.median([max(cell.digits, -MOST_LOST) for cell in self.cells]))

    @property
    def evaluations(self) -> float:
        """The median over the cells of the evaluations of objective or gradient, whichever is larger."""
        return float(np.median([max(cell.evaluations, cell.njev) for cell in self.cells]))

    @property
    def has_constraints(self) -> bool:
        """Whether the landscape has constraints besides its bounds."""
        return "constraints" in self.definition

    @property
    def constraint_evaluations(self) -> float:
        """The median over the cells of all evaluations of constraints and their Jacobians."""
        return float(np.median([cell.constr_nfev + cell.constr_njev for cell in self.cells]))

    def to_plain(self) -> dict[str, Any]:
        """Return dicts, lists, strings and numbers, to send to another process."""
        plain: dict[str, Any] = {
            "landscape": self.landscape,
            "definition": self.definition,
            "cells": [cell.to_text() for cell in self.cells],
            "errors": list(self.errors),
        }
        if self.rounding_sensitivity:
            plain["rounding"] = {"jumps": self.rounding_sensitivity.jumps, "trials": self.rounding_sensitivity.trials}
        if self.nondeterministic:
            plain["nondeterministic"] = True
        if self.notes:
            plain["notes"] = list(self.notes)
        if self.traceback:
            plain["traceback"] = self.traceback
        if self.warnings:
            plain["warnings"] = [list(one) for one in self.warnings]
        return plain

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> LandscapeRecord:
        """Read the values that `to_plain` returned."""
        return cls(
            plain["landscape"],
            plain["definition"],
            tuple(map(CellRecord.from_text, plain["cells"])),
            tuple(plain.get("errors", ())),
            RoundingSensitivity(**plain["rounding"]) if "rounding" in plain else None,
            bool(plain.get("nondeterministic", False)),
            tuple(plain.get("notes", ())),
            plain.get("traceback", ""),
            tuple(Warned(*one) for one in plain.get("warnings", ())),
        )


MOST_LOST = 300.0
"""Minus the digits of a point at infinity, so that medians stay finite."""
