"""The criteria by which an optimizer is judged: speed, precision, success, cost, progress and others; one entry each.

References
----------
N. Hansen et al., COCO: a platform for comparing continuous optimizers, 2021, Optim. Methods Softw. 36(1).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pytest_optlandscape.comparison.statistics import mean_of_means, signed_rank_shift
from pytest_optlandscape.records.criterion_values import AVERAGED, mean_log_hit
from pytest_optlandscape.records.landscape_record import Average, CellRecord, Descent, LandscapeRecord
from pytest_optlandscape.records.targets import TARGETS

__all__ = ["METRICS", "PRECISION", "PROGRESS", "SPEED", "Metric", "metrics_on", "targets_reached"]

Averages = tuple[Average, Average] | None


def _show_gaps(record: LandscapeRecord, before: CellRecord, now: CellRecord) -> tuple[str, str]:
    """Format the final gaps."""
    return f"{before.gap:.3g}", f"{now.gap:.3g}"


def _everywhere(record: LandscapeRecord) -> bool:
    """Return True: the criterion exists on every landscape."""
    return True


@dataclass(frozen=True)
class Metric:
    """One criterion.

    Attributes
    ----------
    name : str
    gate_landscape, gate_suite : float
        The smallest change that matters on one landscape, and over a suite.
    describe : callable
        Describe a change in words.
    compare : callable or None
        Return the difference between two runs of a cell, or between two averages over its runs. Positive is worse; nan
        means undefined (default: the difference of the values).
    exists_on : callable
        Whether the criterion exists on a landscape, given the landscape's record (default: on all).
    shift : callable
        Estimate the shift of the criterion from the differences of each landscape (default: the Hodges–Lehmann
        estimate, which matches the signed-rank test).
    heading : str
        The column's heading in a table of cells.
    show : callable
        Format the values of a cell before and now, given the landscape's record.
    """

    name: str
    gate_landscape: float
    gate_suite: float
    describe: Callable[[float], str]
    compare: Callable[[LandscapeRecord, CellRecord, CellRecord, Averages], float] | None = None
    exists_on: Callable[[LandscapeRecord], bool] = _everywhere
    shift: Callable[[Sequence[ArrayLike]], float] = signed_rank_shift
    heading: str = ""
    show: Callable[[LandscapeRecord, CellRecord, CellRecord], tuple[str, str]] = _show_gaps

    @property
    def is_averaged(self) -> bool:
        """Whether one run has a value, so that an `Average` holds the criterion under its name."""
        return self.name in AVERAGED

    def value_of(self, record: LandscapeRecord, cell: CellRecord) -> float:
        """Return the value of one run; raise ValueError if the criterion needs two runs."""
        if not self.is_averaged:
            raise ValueError(f"{self.name} compares two runs; one run alone has no value")
        return AVERAGED[self.name](record, cell)

    def difference(self, record: LandscapeRecord, before: CellRecord, now: CellRecord) -> float:
        """Return now minus before: positive is worse, nan is undefined.

        If both cells have an average over the same kind of runs, the averages are compared.
        """
        if before.average and now.average and before.average.over == now.average.over:
            return self._difference(record, before, now, (before.average, now.average))
        return self._difference(record, before, now, None)

    def difference_of_runs(self, record: LandscapeRecord, before: CellRecord, now: CellRecord) -> float:
        """Return now minus before for the cells' own runs, which can be replayed, without averages."""
        return self._difference(record, before, now, None)

    def differences(self, record: LandscapeRecord, before: CellRecord, now: CellRecord) -> list[float]:
        """Return one difference per batch if both cells have batches of runs, else the one of `difference`."""
        pairs = zip(before.batches, now.batches, strict=False) if self.is_averaged else ()
        return [self._difference(record, before, now, pair) for pair in pairs] or [self.difference(record, before, now)]

    def _difference(self, record: LandscapeRecord, before: CellRecord, now: CellRecord, averages: Averages) -> float:
        if not self.exists_on(record):
            return math.nan
        averages = averages if self.is_averaged else None
        if self.compare:
            return self.compare(record, before, now, averages)
        if averages:
            return float(getattr(averages[1], self.name) - getattr(averages[0], self.name))
        return self.value_of(record, now) - self.value_of(record, before)


def _speed(record: LandscapeRecord, before: CellRecord, now: CellRecord, averages: Averages) -> float:
    """Compare the mean log₁₀ evaluations to the informative targets.

    Targets that both runs missed are left out, as are targets that both reached with their first evaluation. A run
    that missed a target which the other reached counts as having needed twice the budget.
    """
    if averages:
        was, is_now = averages[0].speed, averages[1].speed
        reached = max(averages[0].reached, averages[1].reached)
    else:
        was, is_now = mean_log_hit(record, before), mean_log_hit(record, now)
        reached = max(_reached(before), _reached(now))
    informative = reached - (_started_in(before, now) if not averages or averages[0].over == "seeds" else 0)
    # Targets are nested: those that both runs missed come last and add nothing to the difference.
    return (is_now - was) * len(TARGETS) / informative if informative > 0 else math.nan


def _reached(cell: CellRecord) -> int:
    return sum(hit != math.inf for hit in cell.hits)


def _started_in(before: CellRecord, now: CellRecord) -> int:
    return sum(old <= 1.0 and new <= 1.0 for old, new in zip(before.hits, now.hits, strict=True))


def targets_reached(pairs: Sequence[tuple[CellRecord, CellRecord]]) -> tuple[int, int]:
    """Count the targets that either run of a pair reached after its first evaluation, and all targets."""
    reached = sum(max(_reached(old), _reached(new)) - _started_in(old, new) for old, new in pairs)
    return reached, len(TARGETS) * len(pairs)


def _progress(record: LandscapeRecord, before: CellRecord, now: CellRecord, _: Averages) -> float:
    """Compare the mean log₁₀ evaluations to the same gaps; nan if either run reached a target.

    The gaps lie at quarters of the way to the lowest gap that both reached. A run whose gap never fell counts as
    having needed twice the budget.
    """
    if targets_reached([(before, now)])[0]:
        return math.nan
    means = _evaluations_to_the_same_gaps(record, before, now)
    return means[1] - means[0] if means else math.nan


def _evaluations_to_the_same_gaps(
    record: LandscapeRecord, before: CellRecord, now: CellRecord
) -> tuple[float, float] | None:
    """Return each run's mean log₁₀ evaluations to the gaps that both reach; None if there are none."""
    falls = [one for one in (before.descent, now.descent) if one is not None]
    top = min((one.top for one in falls), default=0.0)
    bottom = max((one.top - one.depth for one in falls), default=0.0)
    if bottom >= top:
        return None
    was, is_now = (_mean_log_evaluations(one, record.budget, top, bottom) for one in (before.descent, now.descent))
    return was, is_now


def _mean_log_evaluations(descent: Descent | None, budget: int, top: float, bottom: float) -> float:
    """Return the mean log₁₀ evaluations until the gap has fallen by each quarter of the way from top to bottom."""
    if descent is None:
        return math.log10(2.0 * budget)
    levels = [top - share * (top - bottom) for share in (0.25, 0.5, 0.75, 1.0)]
    return float(np.mean([math.log10(descent.evaluations_to(level, budget)) for level in levels]))


_FAR = 1e3
"""Reference gaps; beyond this, all runs have the same precision."""


def _escape(record: LandscapeRecord, before: CellRecord, now: CellRecord, _: Averages) -> float:
    """Compare log₁₀ distances from the minimum; nan unless both gaps exceed 1000 reference gaps.

    Outside the bounds the gap is infinite. Diverging runs reach no target, and `precision` cannot distinguish them.
    """
    far = [cell.gap > _FAR * record.reference and cell.distance > 0.0 for cell in (before, now)]
    if not all(far) or not all(cell.stop_reason in ("returned", "budget", "non-finite") for cell in (before, now)):
        return math.nan
    was, is_now = (math.log10(min(cell.distance, 1e300)) for cell in (before, now))
    return is_now - was


def _farther(effect: float) -> str:
    return (
        f"ends 10^{abs(effect):.2g} times as {'far from' if effect > 0 else 'close to'} the minimum where it diverges"
    )


def _percent(what: str) -> Callable[[float], str]:
    def describe(effect: float) -> str:
        change = 100.0 * (10.0**effect - 1.0)
        return f"{abs(change):.3g} % {'more' if change > 0 else 'fewer'} evaluations {what}"

    return describe


def _digits(effect: float) -> str:
    return f"{abs(effect):.2g} digits {'less' if effect > 0 else 'more'} precise"


def _points(effect: float) -> str:
    return f"{100 * abs(effect):.3g} points {'less' if effect > 0 else 'more'} success"


def _show_hits(record: LandscapeRecord, before: CellRecord, now: CellRecord) -> tuple[str, str]:
    """Format the geometric mean of the evaluations to the targets, or the number of targets where it differs."""
    reached = _reached(before), _reached(now)
    if reached[0] != reached[1] or not reached[0]:
        return str(reached[0]), f"{reached[1]} of {len(TARGETS)} targets"
    was, is_now = (10.0 ** np.mean(np.log10(cell.hits[: reached[0]])) for cell in (before, now))
    return f"{was:.3g}", f"{is_now:.3g}"


def _show_success(record: LandscapeRecord, before: CellRecord, now: CellRecord) -> tuple[str, str]:
    was, is_now = ("yes" if record.succeeded(cell) else "no" for cell in (before, now))
    return was, is_now


def _show_evaluations(record: LandscapeRecord, before: CellRecord, now: CellRecord) -> tuple[str, str]:
    """Format the evaluations of the function and, if there are any, of its gradient."""
    return _sum_of(before.evaluations, before.njev), _sum_of(now.evaluations, now.njev)


def _show_constraints(record: LandscapeRecord, before: CellRecord, now: CellRecord) -> tuple[str, str]:
    return _sum_of(before.constr_nfev, before.constr_njev), _sum_of(now.constr_nfev, now.constr_njev)


def _sum_of(values: float, derivatives: int) -> str:
    """Format evaluations, which need not be whole where they have a cost, and those of derivatives."""
    told = str(values) if values == int(values) else f"{values:.4g}"
    return f"{told} + {derivatives}" if derivatives else told


def _show_progress(record: LandscapeRecord, before: CellRecord, now: CellRecord) -> tuple[str, str]:
    means = _evaluations_to_the_same_gaps(record, before, now)
    if means is None:
        return _show_gaps(record, before, now)
    return f"{10.0 ** means[0]:.3g}", f"{10.0 ** means[1]:.3g}"


_TENTH, _FIFTIETH = math.log10(1.10), math.log10(1.02)

SPEED = Metric(
    "speed",
    _TENTH,
    _FIFTIETH,
    _percent("to the targets"),
    _speed,
    heading="to the targets",
    show=_show_hits,
)
PRECISION = Metric("precision", 0.3, 0.1, _digits, heading="gap", show=_show_gaps)
FAILURE = Metric("failure", 0.10, 0.02, _points, shift=mean_of_means, heading="success", show=_show_success)
COST = Metric("cost", _TENTH, _FIFTIETH, _percent("in all"), heading="values + gradients", show=_show_evaluations)
CONSTRAINT_EVALUATIONS = Metric(
    "constraint_evaluations",
    _TENTH,
    _FIFTIETH,
    _percent("of constraints"),
    exists_on=lambda record: record.has_constraints,
    heading="constraints",
    show=_show_constraints,
)
PROGRESS = Metric(
    "progress",
    _TENTH,
    _FIFTIETH,
    _percent("to the same gap where no target is reached"),
    compare=_progress,
    heading="to the same gap",
    show=_show_progress,
)

ESCAPE = Metric("escape", 0.3, 0.1, _farther, compare=_escape, heading="gap", show=_show_gaps)

METRICS = (SPEED, PRECISION, FAILURE, COST, CONSTRAINT_EVALUATIONS, PROGRESS, ESCAPE)
"""All criteria. The suites see effects of 9 % with power 0.9; smaller effects need more seeds."""


def metrics_on(records: Iterable[LandscapeRecord]) -> list[Metric]:
    """List the criteria that exist on at least one of these landscapes."""
    several = list(records)
    return [metric for metric in METRICS if any(map(metric.exists_on, several))]
