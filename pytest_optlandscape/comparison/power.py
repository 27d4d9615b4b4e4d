"""Find the smallest defects that a baseline would detect, by simulating defects in its records.

A defect changes the numbers of a run: it needs more evaluations to each target, ends farther from the minimum, or
fails. The changed records are judged by the functions that judge a session. If the optimizer draws random numbers, the
records also vary as much as its further runs do, because a changed path draws other numbers. Defects that change only
the path are left to the fingerprint, which reports them as *changed*.
"""

from __future__ import annotations

import bisect
import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from pytest_optlandscape.comparison.criteria import COST, FAILURE, PRECISION, SPEED
from pytest_optlandscape.comparison.findings import Verdict
from pytest_optlandscape.comparison.landscape_comparison import LandscapeComparison, compare_landscape
from pytest_optlandscape.comparison.suite_comparison import compare_optimizer
from pytest_optlandscape.records.averages import BATCH
from pytest_optlandscape.records.fingerprint import RoundingSensitivity
from pytest_optlandscape.records.landscape_record import CellRecord, Descent, LandscapeRecord
from pytest_optlandscape.records.targets import TARGETS

__all__ = ["DEFECTS", "Power", "power_of"]

DEFECTS: dict[str, tuple[float, ...]] = {
    "slower": (0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0),
    "slower_somewhere": (0.05, 0.1, 0.2, 0.5, 1.0),
    "less_precise": (0.1, 0.3, 1.0, 2.0, 4.0),
    "failing": (0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
}
"""Sizes of each kind of defect, smallest first.

``slower``: share of additional evaluations, from every start; ``slower_somewhere``: the same on one landscape alone;
``less_precise``: digits that every run's gap loses; ``failing``: share of the successful runs that fail.
"""

LEAST_SUCCESS = 0.1
"""If a smaller share of the runs succeeds, the baseline detects little."""

FEW_EVALUATIONS = 12
"""A run that ends by itself within so many evaluations is counted as short."""

_FAR = 10.0
"""A run whose gap exceeds so many reference gaps has diverged."""

_FALL = 0.3
"""A run whose log₁₀ gap falls by less than this has hardly moved."""


@dataclass(frozen=True)
class Power:
    """The defects that a baseline detects.

    Attributes
    ----------
    spec : str
    runs, successes : int
    evaluations : float
        The median over the runs.
    deepest : float or None
        The smallest target, as a share of the reference gap, that half of the runs reach; None if there is none.
    followed : int
        Runs with a usable fingerprint: rounding leaves enough of their path alone to show a change of the algorithm.
    seen : dict of str to float or None
        For each kind of defect, the smallest of `DEFECTS` that makes the verdict *worse*; None if none does.
    seen_alone : int
        Number of landscapes whose own verdict becomes *worse* with the largest ``slower_somewhere``.
    landscapes : int
    at_budget, diverged, still, short, without_result : int
        Runs that miss the success target: they spend their budget; end more than ten reference gaps above the minimum
        or outside the bounds; hardly move; end by themselves after at most twelve evaluations; give no result.
    trials : int
        The budget of a run, if all landscapes are over search spaces; else 0.
    """

    spec: str
    runs: int
    successes: int
    evaluations: float
    deepest: float | None
    followed: int
    seen: Mapping[str, float | None]
    seen_alone: int
    landscapes: int
    at_budget: int
    diverged: int
    still: int
    short: int
    without_result: int
    trials: int = 0

    @property
    def is_low(self) -> bool:
        """Whether the baseline detects little: few runs succeed, or doubled evaluations would go unnoticed."""
        return self.successes < LEAST_SUCCESS * self.runs or self.seen["slower"] is None


def power_of(spec: str, records: Sequence[LandscapeRecord], *, is_stochastic: bool, takes_bounds: bool) -> Power:
    """Find the smallest defects that a baseline's records would detect.

    Parameters
    ----------
    spec : str
    records : sequence of LandscapeRecord
        At least one record.
    is_stochastic : bool
        Whether the optimizer draws random numbers.
    takes_bounds : bool
        Whether the optimizer is passed the bounds.

    Returns
    -------
    Power
        Deterministic: the same for the same records.
    """
    cells = [(record, cell) for record in records for cell in record.cells]
    missed = [(record, cell) for record, cell in cells if not record.succeeded(cell)]
    reached = [sum(cell.hits[k] < math.inf for _, cell in cells) for k in range(len(TARGETS))]
    deepest = [target for target, count in zip(TARGETS, reached, strict=True) if 2 * count >= len(cells)]
    if any(record.is_searched for record in records):  # their targets are no shares
        deepest = []
    judge = _Judge(spec, records, is_stochastic, takes_bounds)
    alone = [judge.smallest("slower_somewhere", only=record.landscape) for record in records]
    seen_alone = sorted(size for size in alone if size is not None)
    seen = {kind: judge.smallest(kind) for kind in DEFECTS if kind != "slower_somewhere"}
    seen["slower_somewhere"] = seen_alone[(len(seen_alone) - 1) // 2] if seen_alone else None
    return Power(
        spec=spec,
        runs=len(cells),
        successes=len(cells) - len(missed),
        evaluations=float(np.median([max(cell.evaluations, cell.njev) for _, cell in cells])),
        deepest=deepest[-1] if deepest else None,
        followed=sum(len(cell.fingerprint.envelope) >= 2 or cell.fingerprint.spread >= 0 for _, cell in cells),
        seen=seen,
        seen_alone=len(seen_alone),
        landscapes=len(records),
        at_budget=sum(_is_at_budget(record, cell) for record, cell in missed),
        diverged=sum(cell.gap > _FAR * record.reference for record, cell in missed if _has_result(cell)),
        still=sum(_is_still(cell) for _, cell in missed),
        short=sum(_is_short(record, cell) for record, cell in missed),
        without_result=sum(not _has_result(cell) for _, cell in missed),
        trials=max(record.budget for record in records) if all(record.is_searched for record in records) else 0,
    )


def _has_result(cell: CellRecord) -> bool:
    return cell.stop_reason not in ("exception", "no-result", "time")


def _is_at_budget(record: LandscapeRecord, cell: CellRecord) -> bool:
    return cell.stop_reason == "budget" or max(cell.evaluations, cell.njev) >= record.budget


def _is_still(cell: CellRecord) -> bool:
    fell = cell.descent.depth if cell.descent else 0.0
    return _has_result(cell) and not any(1.0 < hit < math.inf for hit in cell.hits) and fell < _FALL


def _is_short(record: LandscapeRecord, cell: CellRecord) -> bool:
    is_short = max(cell.evaluations, cell.njev) <= FEW_EVALUATIONS
    return _has_result(cell) and is_short and 2 * max(cell.evaluations, cell.njev) < record.budget


class _Judge:
    """Judge records with a defect against the same records without it."""

    def __init__(self, spec: str, records: Sequence[LandscapeRecord], is_stochastic: bool, takes_bounds: bool) -> None:
        self._spec = spec
        self._records = records
        self._takes_bounds = takes_bounds
        self._calibration = sum(
            (one.rounding_sensitivity for one in records if one.rounding_sensitivity), RoundingSensitivity(0, 0)
        )
        self._noise = {one.landscape: _noise_of(one) if is_stochastic else 0.0 for one in records}

    def smallest(self, kind: str, only: str = "") -> float | None:
        """Return the smallest size of a defect that makes the verdict *worse*; None if none does.

        Sizes are bisected: if a defect is detected, a larger one is too.
        """
        sizes = DEFECTS[kind]
        found = bisect.bisect_left(sizes, True, key=lambda size: self._is_seen(kind, size, only))
        return sizes[found] if found < len(sizes) else None

    def _is_seen(self, kind: str, size: float, only: str) -> bool:
        change = {"less_precise": _less_precise, "failing": _failing}.get(kind, _slower)
        if only:
            (record,) = (one for one in self._records if one.landscape == only)
            return self._compared(record, change, size).verdict == Verdict.WORSE
        compared = [self._compared(record, change, size) for record in self._records]
        return compare_optimizer(self._spec, compared, self._calibration).verdict == Verdict.WORSE

    def _compared(self, record: LandscapeRecord, change: Callable[..., CellRecord], size: float) -> LandscapeComparison:
        rng = np.random.default_rng(int.from_bytes(hashlib.sha256(record.landscape.encode()).digest()[:8], "big"))
        noise = partial(rng.normal, 0.0, self._noise[record.landscape]) if self._noise[record.landscape] else _no_noise
        cells = tuple(_on_another_path(change(record, cell, size, rng), noise()) for cell in record.cells)
        return compare_landscape(
            replace(record, cells=cells),
            record,
            landscapes=len(self._records),
            calibration=self._calibration,
            takes_bounds=self._takes_bounds,
        )


def _no_noise() -> float:
    return 0.0


def _noise_of(record: LandscapeRecord) -> float:
    """Estimate the standard deviation of the difference between two averages of a cell's speed, with other seeds.

    The cell's own run is one of the n that are averaged, so its distance from the average has (1 - 1/n) times the
    variance of one run. The difference of two averages has twice the variance of one average.
    """
    runs = BATCH["seeds"]
    apart = [
        SPEED.value_of(record, cell) - cell.average.speed
        for cell in record.cells
        if cell.average is not None and cell.average.over == "seeds" and cell.average.runs == runs
    ]
    variance = float(np.mean(np.square(apart))) / (1.0 - 1.0 / runs) if apart else 0.0
    return math.sqrt(2.0 * variance / runs)


def _on_another_path(cell: CellRecord, noise: float) -> CellRecord:
    """Change the path of a cell, and add the noise of other random numbers to its average."""
    average = cell.average and replace(cell.average, speed=cell.average.speed + noise)
    return replace(cell, trace=f"changed.{cell.trace.partition('.')[2]}", average=average, batches=())


def _slower(record: LandscapeRecord, cell: CellRecord, size: float, rng: np.random.Generator) -> CellRecord:
    """Increase a run's evaluations, to each target and in all, by the share `size`, up to the budget."""
    up = rng.random()  # evaluations are integers: random rounding makes them grow by the size on average

    def later(evaluations: float) -> float:
        more = evaluations * (1.0 + size)
        return math.floor(more + up) if math.isfinite(more) and cell.cost is None else more

    hits = tuple(later(hit) if later(hit) <= record.budget else math.inf for hit in cell.hits)
    nfev, njev = (int(min(later(count), max(record.budget, count))) for count in (cell.nfev, cell.njev))
    descent = cell.descent and _later_descent(cell.descent, record.budget, size)
    cost = None if cell.cost is None else min(later(cell.cost), float(record.budget))
    changed = replace(cell, hits=hits, nfev=nfev, njev=njev, cost=cost, descent=descent)
    return _with_shifted_average(record, cell, changed)


def _later_descent(descent: Descent, budget: int, size: float) -> Descent:
    """Delay the descent of the gap; its part beyond the budget is lost."""
    fell = [
        _share_at(descent, budget, evaluations / (1.0 + size))
        for evaluations in Descent.grid(budget)
        if evaluations < min(descent.end * (1.0 + size), budget)
    ]
    end = min(math.ceil(descent.end * (1.0 + size)), budget)
    kept = 1.0 if descent.end * (1.0 + size) <= budget else _share_at(descent, budget, budget / (1.0 + size))
    if kept <= 0.0:
        return descent
    thousandths = tuple(min(round(1000.0 * share / kept), 1000) for share in fell if share <= kept)
    return replace(descent, end=max(end, 2), depth=descent.depth * kept, thousandths=thousandths)


def _share_at(descent: Descent, budget: int, evaluations: float) -> float:
    """Interpolate the share of its depth that a gap has fallen after so many evaluations."""
    at = [1.0, *Descent.grid(budget)[: len(descent.thousandths)], float(descent.end)]
    shares = [0.0, *(share / 1000.0 for share in descent.thousandths), 1.0]
    order = np.maximum.accumulate(at)
    return float(np.interp(math.log(max(evaluations, 1.0)), np.log(order), shares))


def _less_precise(record: LandscapeRecord, cell: CellRecord, size: float, rng: object) -> CellRecord:
    """Increase a run's final gap by `size` digits."""
    gap = max(cell.gap, record.noise) * 10.0**size if math.isfinite(cell.gap) else cell.gap
    return _with_shifted_average(record, cell, replace(cell, gap=gap))


def _failing(record: LandscapeRecord, cell: CellRecord, size: float, rng: np.random.Generator) -> CellRecord:
    """Make a successful run fail with probability `size`; it then ends at the reference gap."""
    average = cell.average
    if average is not None:
        runs = average.runs
        lost = rng.binomial(round(runs * (1.0 - average.failure)), size) / runs
        precision = average.precision + lost * (0.0 - average.precision)
        average = replace(average, failure=average.failure + lost, precision=precision)
    fails = record.succeeded(cell) and rng.random() < size
    return replace(cell, gap=record.reference if fails else cell.gap, average=average)


def _with_shifted_average(record: LandscapeRecord, cell: CellRecord, changed: CellRecord) -> CellRecord:
    """Shift the criteria of the average by as much as those of the cell's own run."""
    if cell.average is None:
        return changed
    moved = {
        metric.name: getattr(cell.average, metric.name)
        + metric.value_of(record, changed)
        - metric.value_of(record, cell)
        for metric in (SPEED, PRECISION, FAILURE, COST)
    }
    failure = min(max(moved["failure"], 0.0), 1.0)
    return replace(changed, average=replace(cell.average, **{**moved, "failure": failure}))
