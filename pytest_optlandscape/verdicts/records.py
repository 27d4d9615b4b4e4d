"""What is kept of a run: a cell's record, small enough to store and rich enough to decide on."""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.runs import Problem, Run, digits_of, execute
from pytest_optlandscape.runs.run import feasible
from pytest_optlandscape.strategies.low_discrepancy import SOBOL_VERSION, sobol_starts
from pytest_optlandscape.strategies.suites import Cell, cells

__all__ = [
    "SUCCESS_TARGET",
    "TARGETS",
    "CellRecord",
    "LandscapeRecord",
    "definition_of",
    "record_of",
    "reference_gap",
    "run_landscape",
]

TARGETS = tuple(10.0**-k for k in range(1, 9))
"""Targets of a gap as shares of the reference gap, after COCO's ladder of targets (Hansen et al. 2021)."""

SUCCESS_TARGET = 1e-6
"""Share of the reference gap below which a returned point counts as a success: it tells Griewank's global minimum
from its neighbours, and single precision reaches it."""

_FORMAT = 1
_SAMPLED_EVALUATIONS = (2, 4, 8, 16)
_STOP_LETTERS = {"returned": "r", "budget": "b", "exception": "e", "no-result": "n", "non-finite": "i"}
_STOP_REASONS = {letter: reason for reason, letter in _STOP_LETTERS.items()}


@functools.cache
def reference_gap(landscape: Landscape) -> float:
    """Give the median gap over 1024 evenly spread points of the box, to three significant digits.

    Rounded, because targets are shares of it, and a target must not move with the last bit of a machine's sine. On a
    constrained landscape the feasible ones among the points count; where there are none, it is the median distance of
    all values from fmin, on either side.

    Examples
    --------
    >>> from pytest_optlandscape import landscapes
    >>> reference_gap(landscapes.get("sphere"))
    16.5
    """
    points = sobol_starts(landscape, 1024)
    kept = feasible(points, landscape.bounds, landscape)
    gaps = np.abs(landscape(points[kept] if kept.any() else points) - landscape.fmin)
    return float(f"{np.median(gaps[np.isfinite(gaps)]):.3g}")


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
    early : tuple of float
        The values at evaluations 2, 4, 8 and 16, to nine digits: they tell an algorithm long before rounding
        does.
    trace : str
        Hash of every evaluation and the result.
    """

    start: str
    nfev: int
    njev: int
    stop_reason: str
    gap: float
    distance: float
    hits: tuple[float, ...]
    early: tuple[float, ...]
    trace: str

    @property
    def digits(self) -> float:
        """Correct decimal places of the returned point."""
        return digits_of(self.distance)

    def to_text(self) -> str:
        """Write as one short line.

        Examples
        --------
        >>> text = "standard 16 16 r 4.15e-14 5.19e-07 2,3,5,9,12,14,15,- 14.2 0f3a"
        >>> CellRecord.from_text(text).to_text() == text
        True
        """
        fields = (
            self.start,
            str(self.nfev),
            str(self.njev),
            _STOP_LETTERS[self.stop_reason],
            f"{self.gap:.4g}",
            f"{self.distance:.4g}",
            ",".join("-" if hit == math.inf else str(int(hit)) for hit in self.hits),
            ",".join(f"{value:.9g}" for value in self.early) or "-",
            self.trace,
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
            start, nfev, njev, stop, gap, distance, hits, early, trace = text.rsplit(" ", 8)
            return cls(
                start=start,
                nfev=int(nfev),
                njev=int(njev),
                stop_reason=_STOP_REASONS[stop],
                gap=float(gap),
                distance=float(distance),
                hits=tuple(math.inf if hit == "-" else int(hit) for hit in hits.split(",")),
                early=() if early == "-" else tuple(float(value) for value in early.split(",")),
                trace=trace,
            )
        except (ValueError, KeyError, AttributeError):
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
    """

    landscape: str
    definition: dict[str, Any]
    cells: tuple[CellRecord, ...]
    errors: tuple[str, ...] = ()

    @property
    def reference(self) -> float:
        """The gap that targets are shares of."""
        return float(self.definition["reference"])

    @property
    def noise(self) -> float:
        """The gap that rounding of f leaves at the minimum."""
        eps = float(np.finfo(float).eps)
        return eps * max(4.0 * abs(float(self.definition["fmin"])), eps * self.reference)

    @property
    def budget(self) -> int:
        """The budget of each cell."""
        return int(self.definition["budget"])

    def succeeded(self, cell: CellRecord) -> bool:
        """Tell whether the returned point of a cell counts as a success."""
        return cell.gap <= SUCCESS_TARGET * self.reference

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

    def to_plain(self) -> dict[str, Any]:
        """Turn into dicts, lists, strings and numbers, which may cross a process border."""
        return {
            "landscape": self.landscape,
            "definition": self.definition,
            "cells": [cell.to_text() for cell in self.cells],
            "errors": list(self.errors),
        }

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> LandscapeRecord:
        """Read what `to_plain` gave."""
        return cls(
            plain["landscape"],
            plain["definition"],
            tuple(map(CellRecord.from_text, plain["cells"])),
            tuple(plain.get("errors", ())),
        )


MOST_LOST = 300.0
"""Digits of a point at infinity, with the sign turned: a median needs a number."""


@functools.cache
def definition_of(landscape: Landscape, budget: int) -> dict[str, Any]:
    """Say what the numbers of a landscape's cells depend on, besides the optimizer.

    Parameters
    ----------
    landscape : Landscape
    budget : int
        Of each cell.

    Returns
    -------
    dict
        Plain values; records are compared only where all of them agree.
    """
    facts = np.concatenate([landscape.bounds.ravel(), *(c.x0 for c in cells(landscape))])
    seeds = [cell.seed for cell in cells(landscape)]
    digest = hashlib.sha256(np.array([f"{fact:.12g}" for fact in facts]).tobytes() + repr(seeds).encode())
    return {
        "format": _FORMAT,
        "version": landscape.version,
        "budget": budget,
        "fmin": landscape.fmin,
        "reference": reference_gap(landscape),
        "starts": f"sobol-v{SOBOL_VERSION}-{digest.hexdigest()[:8]}",
    }


def run_landscape(adapter: Adapter, landscape: Landscape, budget: int) -> LandscapeRecord:
    """Run every cell of a landscape.

    Parameters
    ----------
    adapter : Adapter
    landscape : Landscape
    budget : int
        Evaluations of each cell.

    Returns
    -------
    LandscapeRecord
    """
    runs = [run_cell(adapter, cell, budget) for cell in cells(landscape)]
    return LandscapeRecord(
        landscape.id,
        dict(definition_of(landscape, budget)),
        tuple(record_of(run, cell.start) for run, cell in zip(runs, cells(landscape), strict=True)),
        _distinct(run.message for run in runs if run.stop_reason in ("exception", "no-result")),
    )


def run_cell(adapter: Adapter, cell: Cell, budget: int) -> Run:
    """Run one cell."""
    return execute(adapter, Problem(cell.landscape, cell.x0, budget=budget, seed=cell.seed))


def record_of(run: Run, start: str) -> CellRecord:
    """Sum a run up.

    Numbers are rounded as they are stored, so that a fresh record and one that was read compare as equals.
    """
    reference = reference_gap(run.landscape)
    digest = hashlib.sha256(run.trace.x.tobytes() + run.trace.fun.tobytes() + run.x.tobytes())
    record = CellRecord(
        start=start,
        nfev=run.nfev,
        njev=run.njev,
        stop_reason=run.stop_reason,
        gap=run.result_gap,
        distance=run.distance,
        hits=run.trace.hits([share * reference for share in TARGETS]),
        early=tuple(float(run.trace.fun[k - 1]) for k in _SAMPLED_EVALUATIONS if k <= len(run.trace)),
        trace=digest.hexdigest()[:8],
    )
    return CellRecord.from_text(record.to_text())


def _distinct(messages: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(messages))
