"""Compare the widths of a hyperparameter's range in which an optimizer succeeds.

Widths are paired by landscape and start. A record stores both ends of each range, to four digits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_optlandscape.comparison.findings import Verdict
from pytest_optlandscape.records.robust_range import HALVINGS, PER_DECADE, RobustWidth, mean_and_reach

__all__ = ["WidthComparison", "compare_widths", "width_record"]

GATE = 1.0 / PER_DECADE
"""The smallest move of the mean width that matters, in decades: one step of the values tried."""

RESOLUTION = 2.0 / (PER_DECADE * 2**HALVINGS)
"""The largest move of a width that counts as the same, in decades: one step of the bisection at each end."""

CONFIDENCE = 0.999
"""The confidence of the interval for the mean difference."""

_NAMES = ("optimizer", "hyperparameter")


@dataclass(frozen=True)
class WidthComparison:
    """A width compared with that of its baseline.

    Attributes
    ----------
    verdict : Verdict
    decades : float
        The mean width now.
    before : float or None
        The mean width of the baseline.
    difference, reach : float or None
        The mean of the paired differences, now minus before, and the half-width of its interval, in decades.
    reason : str
        Why the two are not comparable; "" if they are.
    """

    verdict: Verdict
    decades: float
    before: float | None = None
    difference: float | None = None
    reach: float | None = None
    reason: str = ""

    def __str__(self) -> str:
        now = f"{self.decades:.2g} decades"
        if self.verdict == Verdict.NEW:
            return f"{now}, no baseline yet"
        if self.verdict == Verdict.NOT_COMPARABLE or self.difference is None or self.reach is None:
            return f"{now}, not compared: {self.reason}"
        if self.verdict == Verdict.SAME:
            return f"{now}, the same"
        return (
            f"{now}, before {self.before:.2g}: {self.difference:+.2g} "
            f"({self.difference - self.reach:+.2g} to {self.difference + self.reach:+.2g} at "
            f"{100 * CONFIDENCE:g} % confidence), {self.verdict}"
        )


def width_record(found: RobustWidth) -> dict[str, Any]:
    """Return a width as plain values for a file.

    Examples
    --------
    >>> from pytest_optlandscape import assert_tunable
    >>> over = {"learning_rate": (0.01, 1.0)}
    >>> def descend(problem, *, learning_rate):
    ...     x = problem.x0
    ...     for _ in range(problem.budget):
    ...         x = x - learning_rate * problem.gradient(x)
    ...     return x
    >>> found = assert_tunable(descend, "sphere[2]", over=over, decades=0.5, n_starts=8, gap=1e-6, budget=50)
    >>> width_record(found)["ranges"]["sphere[2] 0"]
    [0.07774, 0.914]
    """
    return {
        "optimizer": found.optimizer,
        "hyperparameter": found.hyperparameter,
        "conditions": found.conditions,
        "decades": _rounded(found.width),
        "ranges": {f"{one.landscape} {one.start}": _ends(one.lower, one.upper) for one in found.ranges},
    }


def _ends(lower: float, upper: float) -> list[float] | None:
    return None if math.isnan(lower) else [_rounded(lower), _rounded(upper)]


def _rounded(number: float) -> float:
    return float(f"{number:.4g}")


def compare_widths(now: Mapping[str, Any], before: Mapping[str, Any] | None) -> WidthComparison:
    """Compare two records of `width_record`.

    Parameters
    ----------
    now, before : mapping
        ``before`` is None if there is no baseline.

    Returns
    -------
    WidthComparison
        *same* if no width moved by more than `RESOLUTION`. *worse* or *better* if the interval of the mean difference
        excludes 0 and the mean exceeds `GATE`. Otherwise *changed*.

    Examples
    --------
    >>> row = {"optimizer": "my:sgd", "hyperparameter": "lr", "conditions": {"landscapes": {"beale": 1}}}
    >>> wide = row | {"decades": 2.0, "ranges": {f"beale {k}": [0.01, 1.0] for k in range(8)}}
    >>> narrow = row | {"decades": 1.0, "ranges": {f"beale {k}": [0.01, 0.1] for k in range(8)}}
    >>> print(compare_widths(narrow, wide))
    1 decades, before 2: -1 (-1.1 to -0.93 at 99.9 % confidence), worse
    """
    decades = float(now["decades"])
    if before is None:
        return WidthComparison(Verdict.NEW, decades)
    reason = _differing_conditions(now, before)
    if reason:
        return WidthComparison(Verdict.NOT_COMPARABLE, decades, float(before["decades"]), reason=reason)
    moved = [_width(now["ranges"][key]) - _width(before["ranges"][key]) for key in now["ranges"]]
    difference, reach = mean_and_reach(moved, len(now["conditions"]["landscapes"]), CONFIDENCE)
    if max(map(abs, moved)) <= RESOLUTION:
        verdict = Verdict.SAME
    elif abs(difference) > max(reach, GATE):
        verdict = Verdict.WORSE if difference < 0.0 else Verdict.BETTER
    else:
        verdict = Verdict.CHANGED
    return WidthComparison(verdict, decades, float(before["decades"]), difference, reach)


def _differing_conditions(now: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    """Return the differences in the conditions, in words; "" if there are none."""
    old = {key: before[key] for key in _NAMES} | before["conditions"]
    new = {key: now[key] for key in _NAMES} | now["conditions"]
    differing = [f"{key} {old.get(key)} is now {new[key]}" for key in new if old.get(key) != new[key]]
    if not differing and before["ranges"].keys() != now["ranges"].keys():
        differing = ["the starts differ"]
    return "; ".join(differing)


def _width(ends: list[float] | None) -> float:
    return math.log10(ends[1] / ends[0]) if ends else 0.0
