"""What is kept of a run: a cell's record, small enough to store and rich enough to decide on."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from pytest_optlandscape.records.fingerprint import Fingerprint, RoundingSensitivity
from pytest_optlandscape.records.path_divergence import MULTIPLE
from pytest_optlandscape.runs import digits_of
from pytest_optlandscape.runs.raised_warnings import Warned

__all__ = [
    "BEST_SEEN",
    "FLAGS",
    "HANGS",
    "NO_RESULT",
    "ROUNDS_OUT",
    "SUCCESS_TARGET",
    "TARGETS",
    "Average",
    "CellRecord",
    "Descent",
    "LandscapeRecord",
]

TARGETS = tuple(10.0**-k for k in range(1, 9))
"""Targets of a gap as shares of the reference gap, after COCO's ladder of targets (Hansen et al. 2021)."""

SUCCESS_TARGET = 1e-6
"""Share of the reference gap below which a returned point counts as a success: it tells Griewank's global minimum
from its neighbours, and single precision reaches it."""

NO_RESULT = frozenset({"exception", "no-result"})
"""How runs end that give no result."""

BEST_SEEN = "best_seen"
"""The key, in the definition of a landscape, of the point that stands for a minimum that is not known."""

FLAGS = {
    "o": "evaluates outside the bounds",
    "r": "returns a point outside the bounds",
    "m": "changes x0 in place",
}
"""What a run can do wrong whatever it reaches, by the letter it is stored as."""

HANGS = "h"
"""The flag of a run that the time limit stopped, although the others on the landscape ended long before it, or that
made no evaluation in the second half of its time."""

ROUNDS_OUT = "u"
"""The flag of a run that leaves the bounds by rounding alone, within `runs.run.slack_of`: it is told, but not worse."""

_STOP_LETTERS = {
    "returned": "r",
    "budget": "b",
    "exception": "e",
    "no-result": "n",
    "non-finite": "i",
    "time": "t",
}
_STOP_REASONS = {letter: reason for reason, letter in _STOP_LETTERS.items()}
_STARTS = "*"  # before the number of runs whose starts differ
_DESCENT = "v"  # before a descent
_CONSTRAINTS = "c"  # before evaluations of constraints


@dataclass(frozen=True)
class Average:
    """The criteria of a cell, averaged over several runs.

    Attributes
    ----------
    runs : int
        How many.
    speed, precision, failure, cost, constraint_evaluations : float
        See `criterion_values`; the last is 0 where there are no constraints.
    over : str, default "seeds"
        What the runs differ in: ``seeds``, or ``starts`` of the same kind.
    reached : int, default 8
        How many targets at least one of the runs reached.
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
    """How the best gap of a run fell. It is compared where no target is reached.

    Gaps are compared as logarithms, which tell a fall from 10 to 9.99 from a fall to 9.98. They are kept at the budget
    and its halves, the same evaluations for all runs. So two runs that begin alike are interpolated alike, also where
    one of them falls deeper later.

    Attributes
    ----------
    top : float
        log₁₀ of the first feasible gap as a share of the reference gap.
    depth : float
        How far log₁₀ of the best gap fell below it; positive.
    end : int
        Evaluations until the whole depth was reached.
    thousandths : tuple of int
        How many thousandths of the depth were reached at those evaluations of `grid` that came before the end.
    """

    top: float
    depth: float
    end: int
    thousandths: tuple[int, ...]

    @staticmethod
    def grid(budget: int) -> list[float]:
        """List the numbers of evaluations at which gaps are kept: the budget and its halves down to one.

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
        """Read what `to_text` wrote.

        Raises
        ------
        ValueError
            If it is no such word.
        """
        top, depth, end, thousandths = text.removeprefix(_DESCENT).split("/")
        shares = tuple(map(int, thousandths.split(","))) if thousandths else ()
        descent = cls(float(top), float(depth), int(end), shares)
        is_fall = math.isfinite(descent.top) and 0.0 < descent.depth < math.inf and descent.end > 1
        if not is_fall or [0, *shares, 1000] != sorted([0, *shares, 1000]):
            raise ValueError(f"not how a gap fell: {text!r:.80}")
        return descent

    def evaluations_to(self, level: float, budget: int) -> float:
        """Interpolate the evaluations until log₁₀ of the gap has fallen to a level.

        Parameters
        ----------
        level : float
            Between ``top - depth`` and ``top``.
        budget : int
            Of the run.

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
    """One run, summed up.

    Attributes
    ----------
    start : str
        Which start of the landscape.
    nfev, njev : int
    stop_reason : str
    gap : float
        At the returned point; inf if it is infeasible or not finite.
    distance : float
        From the returned point to the nearest global minimiser.
    hits : tuple of float
        Evaluations until each of the targets; inf where it was missed.
    flags : frozenset of str
        What a run does wrong, one letter each; see `FLAGS`, `HANGS` and `ROUNDS_OUT`.
    trace : str
        Hash of every evaluation; then, after a dot, the number of the evaluated point that was returned, with that of
        the first one that equals it up to rounding before it, if that is another one; or x and a hash of the returned
        point, if it is none of them.
    fingerprint : Fingerprint
    descent : Descent or None
        How the gap fell, of a run that reached no target after its first evaluation.
    average : Average or None
        Of this run and further ones: with other seeds where the optimizer is stochastic, else from other starts.
    batches : tuple of Average
        The averages over a few runs each that the average is made of, where there is more than one.
    constr_nfev, constr_njev : int
        Evaluations of the constraints' functions and Jacobians, over all constraints.
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

    @property
    def digits(self) -> float:
        """Correct decimal places of the returned point."""
        return digits_of(self.distance)

    @property
    def path(self) -> str:
        """Hash of every evaluation."""
        return self.trace.partition(".")[0]

    @property
    def returned(self) -> tuple[int, int] | None:
        """Which evaluated point was returned: the first that is it up to rounding, and the first that is it exactly.

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
        """What is the same for two runs that evaluate and return the same, bit by bit, constraints as often."""
        return self.path, self.trace.partition(".")[2].rpartition("-")[2], self.constr_nfev, self.constr_njev

    @property
    def was_stopped_by_time(self) -> bool:
        """Whether the clock ended the run: how far it came depends on the machine, so it is compared with nothing."""
        return self.stop_reason == "time"

    def without_averages(self) -> CellRecord:
        """Give the same, but for the averages."""
        if self.average is None:
            return self
        single = object.__new__(CellRecord)  # `dataclasses.replace` takes several times as long, for every cell
        single.__dict__.update(self.__dict__, average=None, batches=())
        return single

    def to_text(self) -> str:
        """Write as one short line.

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
            ",".join("-" if hit == math.inf else str(int(hit)) for hit in self.hits),
            "".join(sorted(self.flags)) or "-",
            self.trace,
            *([f"{_CONSTRAINTS}{self.constr_nfev}/{self.constr_njev}"] if constraints else []),
            *([self.descent.to_text()] if self.descent else []),
            self.fingerprint.to_text(),
            *([self.average.to_text()] if self.average else []),
            *(batch.to_text() for batch in self.batches),
        )
        return " ".join(fields)

    @classmethod
    def from_text(cls, text: str) -> CellRecord:
        """Read a line that `to_text` wrote.

        Raises
        ------
        ValueError
            If it is no such line.
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
            *start, nfev, njev, stop, gap, distance, hits, flags, trace = words
            cell = cls(
                start=" ".join(start),
                nfev=int(nfev),
                njev=int(njev),
                stop_reason=_STOP_REASONS[stop],
                gap=float(gap),
                distance=float(distance),
                hits=tuple(math.inf if hit == "-" else int(hit) for hit in hits.split(",")),
                flags=frozenset(flags.replace("-", "")),
                trace=trace,
                fingerprint=Fingerprint.from_text(path),
                descent=descent,
                average=averages[0] if averages else None,
                batches=tuple(averages[1:]),
                constr_nfev=int(constr_nfev),
                constr_njev=int(constr_njev),
            )
            _ = cell.returned  # can be read, too
            return cell
        except (ValueError, TypeError, KeyError, AttributeError, IndexError):
            raise ValueError(f"not the record of a cell: {text!r:.120}") from None


@dataclass(frozen=True)
class LandscapeRecord:
    """All cells of one landscape, and what they depend on.

    Attributes
    ----------
    landscape : str
        Its id.
    definition : dict
        What must agree for two records to be compared.
    cells : tuple of CellRecord
    errors : tuple of str
        What exceptions said, each once; not stored.
    rounding_sensitivity : RoundingSensitivity or None
        How rounding treats the cells; None where it was not measured.
    nondeterministic : bool
        Whether a cell that was run twice gave two different runs.
    notes : tuple of str
        What else there is to say of the runs: what they did to the session around them, and that a value lies below
        fmin; not stored.
    traceback : str
        Of the first of the errors, where that is an exception; not stored.
    warnings : tuple of Warned
        What the optimizer warned of, each once; not stored.
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
        """The cells by their starts, each with what its own run tells."""
        return {cell.start: cell.without_averages() for cell in self.cells}

    @property
    def averaged_over(self) -> str:
        """What the further runs of its cells differ in: ``seeds`` or ``starts``; "" where there are none."""
        return next((cell.average.over for cell in self.cells if cell.average), "")

    @property
    def reference(self) -> float:
        """The gap that targets are shares of."""
        return float(self.definition["reference"])

    @property
    def noise(self) -> float:
        """The gap that rounding leaves at the minimum: rounding of f, and of the point.

        Near a minimum f grows with the square of the distance. Of two correct runs one may hit the minimiser exactly,
        and the other may end a few units in the last place beside it.
        """
        eps = float(np.finfo(float).eps)
        return max(4.0 * eps * abs(float(self.definition["fmin"])), (MULTIPLE * eps) ** 2 * self.reference)

    @property
    def budget(self) -> int:
        """The budget of each cell."""
        return int(self.definition["budget"])

    def succeeded(self, cell: CellRecord) -> bool:
        """Tell whether the returned point of a cell counts as a success."""
        return cell.gap <= SUCCESS_TARGET * self.reference

    @property
    def gives_no_result(self) -> bool:
        """Whether no run gave a result, and at least one of them raised or returned no point."""
        ends = {cell.stop_reason for cell in self.cells}
        return ends <= {*NO_RESULT, "time"} and bool(ends & NO_RESULT)

    @property
    def successes(self) -> int:
        """How many cells succeeded."""
        return sum(map(self.succeeded, self.cells))

    @property
    def digits(self) -> float:
        """The median over the cells of the digits of the returned point."""
        return float(np.median([max(cell.digits, -MOST_LOST) for cell in self.cells]))

    @property
    def evaluations(self) -> float:
        """The median over the cells of the evaluations made, of the objective or the gradient."""
        return float(np.median([max(cell.nfev, cell.njev) for cell in self.cells]))

    @property
    def has_constraints(self) -> bool:
        """Whether the landscape has constraints besides its bounds."""
        return "constraints" in self.definition

    @property
    def constraint_evaluations(self) -> float:
        """The median over the cells of the evaluations made of constraints, functions and Jacobians together."""
        return float(np.median([cell.constr_nfev + cell.constr_njev for cell in self.cells]))

    def to_plain(self) -> dict[str, Any]:
        """Turn into dicts, lists, strings and numbers, which may cross a process border."""
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
        """Read what `to_plain` gave."""
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
"""Digits of a point at infinity, with the sign turned: a median needs a number."""
