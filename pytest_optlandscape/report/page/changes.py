"""Compute the numbers of one change of an optimizer, for the pictures and tables of the page."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.comparison import LandscapeComparison, OptimizerComparison, Verdict
from pytest_optlandscape.comparison.criteria import SPEED
from pytest_optlandscape.landscapes import Landscape, get
from pytest_optlandscape.records.landscape_record import CellRecord, LandscapeRecord
from pytest_optlandscape.suites.catalogue import cells, limit_cells

__all__ = [
    "ORDER",
    "Change",
    "Effect",
    "Runtimes",
    "by_gravity",
    "effect_of",
    "gap_steps",
    "known_landscape",
    "log_speed",
    "runtimes_of",
    "start_points",
]

FloatArray = NDArray[np.float64]

ORDER = (Verdict.WORSE, Verdict.NOT_COMPARABLE, Verdict.CHANGED, Verdict.BETTER, Verdict.NEW, Verdict.SAME)
"""Verdicts in the order of the page, the gravest first."""


@dataclass(frozen=True)
class Change:
    """An optimizer before and now.

    Attributes
    ----------
    comparison : OptimizerComparison
    before, now : str
        The names of both sides, such as ``3cbcacf9a4`` or ``baseline``.
    before_commit, now_commit : str
        Their commits; "" if unknown.
    """

    comparison: OptimizerComparison
    before: str
    now: str
    before_commit: str = ""
    now_commit: str = ""

    @property
    def is_single(self) -> bool:
        """Whether there is only one state, compared with itself."""
        return bool(self.now_commit) and (self.before, self.before_commit) == (self.now, self.now_commit)

    @property
    def landscapes(self) -> list[LandscapeComparison]:
        """The landscapes, sorted by `by_gravity`."""
        return by_gravity(self.comparison.landscapes)

    @property
    def moved(self) -> list[LandscapeComparison]:
        """The landscapes that are neither *same* nor *new*."""
        return [one for one in self.landscapes if one.verdict not in (Verdict.SAME, Verdict.NEW)]


def by_gravity(landscapes: Iterable[LandscapeComparison]) -> list[LandscapeComparison]:
    """Sort landscapes: the gravest verdict first, then the largest change of speed, then by name."""

    def key(one: LandscapeComparison) -> tuple[int, float, str]:
        shift = log_speed(one.before, one.now) if one.before is not None else None
        return ORDER.index(one.verdict), -abs(shift or 0.0), one.now.landscape

    return sorted(landscapes, key=key)


@dataclass(frozen=True)
class Effect:
    """The change in speed on one landscape.

    Attributes
    ----------
    landscape : str
    log2_ratio, lower, upper : float
        log₂ of the ratio of speeds, now to before, with limits at 99 % confidence; positive is faster.
    verdict : str
    """

    landscape: str
    log2_ratio: float
    lower: float
    upper: float
    verdict: str


def effect_of(comparison: LandscapeComparison) -> Effect | None:
    """Return the change in speed on a landscape as a binary logarithm; None if the speed is unknown."""
    speed = comparison.speed.to_targets if comparison.speed else None
    if speed is None:
        return None
    scale = -math.log2(10.0)  # a shift is a difference of log₁₀ evaluations
    lower, upper = sorted((scale * speed.lower, scale * speed.upper))
    return Effect(comparison.now.landscape, scale * speed.shift + 0.0, lower, upper, str(comparison.verdict))


def log_speed(before: LandscapeRecord | None, now: LandscapeRecord) -> float | None:
    """Estimate log₂ of the speed ratio between two records of a landscape.

    Parameters
    ----------
    before : LandscapeRecord or None
    now : LandscapeRecord

    Returns
    -------
    float or None
        Positive is faster. None if the records cannot be compared, or no target is informative.
    """
    if before is None or before.definition != now.definition:
        return None
    pairs = list(zip(before.cells, now.cells, strict=False))
    if len(before.cells) != len(now.cells) or [old.start for old, _ in pairs] != [new.start for _, new in pairs]:
        return None
    if all(old.bits == new.bits for old, new in pairs):
        return 0.0
    differences = [SPEED.difference(now, old, new) for old, new in pairs if not _was_stopped(old, new)]
    telling = [one for one in differences if not math.isnan(one)]
    return -SPEED.shift([telling]) * math.log2(10.0) + 0.0 if telling else None


def _was_stopped(*pair: CellRecord) -> bool:
    return any(cell.was_stopped_by_time for cell in pair)


@functools.lru_cache(maxsize=1024)
def known_landscape(name: str) -> Landscape | None:
    """Return the landscape with the name in a record; None if this session does not know it."""
    try:
        return get(name)
    except (ValueError, TypeError, KeyError):
        return None


def start_points(record: LandscapeRecord) -> dict[str, FloatArray]:
    """Return the starting points of a record's cells, by start; empty if this session does not know the landscape."""
    landscape = known_landscape(record.landscape)
    return (
        {cell.start: cell.x0 for cell in (*cells(landscape), *limit_cells(landscape))} if landscape is not None else {}
    )


@dataclass(frozen=True)
class Runtimes:
    """Evaluations to the targets in all cells that were run before and now.

    Attributes
    ----------
    before, now : ndarray, shape (cells, targets)
        Evaluations; inf where the target was missed.
    dims, budgets : ndarray, shape (cells,)
    left_out : tuple of str
        Landscapes that were not compared, or whose dimension is unknown in this session.
    """

    before: FloatArray
    now: FloatArray
    dims: FloatArray
    budgets: FloatArray
    left_out: tuple[str, ...] = ()


def runtimes_of(landscapes: Sequence[LandscapeComparison]) -> Runtimes | None:
    """Collect the evaluations to all targets from paired cells.

    Parameters
    ----------
    landscapes : sequence of LandscapeComparison

    Returns
    -------
    Runtimes or None
        None if nothing was compared.
    """
    before: list[tuple[float, ...]] = []
    now: list[tuple[float, ...]] = []
    facts: list[tuple[float, float]] = []
    left_out = []
    for one in landscapes:
        landscape = known_landscape(one.now.landscape)
        if landscape is None or not one.pairs:
            left_out.append(one.now.landscape)
            continue
        before += (old.hits for old, _ in one.pairs)
        now += (new.hits for _, new in one.pairs)
        facts += [(landscape.dim, one.now.budget)] * len(one.pairs)
    if not facts:
        return None
    dims, budgets = np.array(facts, dtype=np.float64).T
    return Runtimes(np.array(before), np.array(now), dims, budgets, tuple(left_out))


def gap_steps(record: LandscapeRecord, cell: CellRecord) -> tuple[FloatArray, FloatArray]:
    """Reconstruct the gap of a cell as a function of evaluations.

    A record stores the evaluations to each target, but not the gaps in between. So the gap falls in steps from target
    to target, and is unknown before the first. For a run that reached no target, the stored descent is used.

    Parameters
    ----------
    record : LandscapeRecord
    cell : CellRecord

    Returns
    -------
    evaluations, gaps : ndarray, shape (n,)
        The gaps, and the evaluations after which they were reached.
    """
    if cell.descent is not None:
        fall = cell.descent
        at = [1.0, *fall.grid(record.budget)[: len(fall.thousandths)], float(fall.end)]
        depths = np.array([0, *fall.thousandths, 1000]) / 1000.0
        order = np.argsort(at, kind="stable")
        return np.array(at)[order], record.reference * 10.0 ** (fall.top - fall.depth * depths)[order]
    hits = [(float(hit), gap) for hit, gap in zip(cell.hits, record.targets, strict=False) if hit != math.inf]
    last = float(max(cell.nfev, cell.njev, 1))
    steps = list(hits)
    if math.isfinite(cell.gap) and last >= max((at for at, _ in steps), default=0.0):
        steps.append((last, cell.gap))
    return np.array([at for at, _ in steps]), np.array([gap for _, gap in steps])
