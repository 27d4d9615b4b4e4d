"""The rules that people write today, decided from the same runs as our verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from power_runs import PlainRun
from scipy import stats

__all__ = ["RULES"]

Pairs = Sequence[tuple[PlainRun, PlainRun]]

_LEVEL = 0.001
"""Of the rank test: as for our verdict."""


def _final_gap(pairs: Pairs) -> bool:
    """Report a run that came within 1e-3 and does so no more: ``assert fun - fmin <= 1e-3``, kept where it held."""
    return any(before.gap <= 1e-3 < now.gap for before, now in pairs)


def _ten_times_gap(pairs: Pairs) -> bool:
    """Report a final gap of more than ten times the baseline's, and more than the noise of f."""
    return any(now.gap > max(10.0 * before.gap, 1e-14) for before, now in pairs)


def _trace_exact(pairs: Pairs) -> bool:
    """Report an evaluation that differs in any bit."""
    return any(
        not (
            np.array_equal(before.points, now.points, equal_nan=True)
            and np.array_equal(before.values, now.values, equal_nan=True)
        )
        for before, now in pairs
    )


def _trace_close(pairs: Pairs) -> bool:
    """Report where ``assert_allclose`` of points and values, with its default tolerance of 1e-7, fails."""
    return any(
        before.points.shape != now.points.shape
        or not np.allclose(now.points, before.points, rtol=1e-7, atol=0.0, equal_nan=True)
        or not np.allclose(now.values, before.values, rtol=1e-7, atol=0.0, equal_nan=True)
        for before, now in pairs
    )


def _nfev(pairs: Pairs) -> bool:
    """Report ten per cent more evaluations in all on any landscape."""
    return any(
        sum(now.cost for _, now in group) > 1.1 * sum(before.cost for before, _ in group)
        for group in _by_landscape(pairs)
    )


def _hits(pairs: Pairs) -> bool:
    """Report ten per cent more evaluations to the targets on any landscape."""
    return any(
        np.mean([now.speed - before.speed for before, now in group]) > np.log10(1.1) for group in _by_landscape(pairs)
    )


def _mann_whitney(pairs: Pairs) -> bool:
    """Report where Mann and Whitney's test over all cells, unpaired, finds more evaluations to the targets."""
    before, now = np.array([(before.speed, now.speed) for before, now in pairs]).T
    return bool(stats.mannwhitneyu(now, before, alternative="greater").pvalue < _LEVEL)


def _by_landscape(pairs: Pairs) -> list[list[tuple[PlainRun, PlainRun]]]:
    groups: dict[str, list[tuple[PlainRun, PlainRun]]] = {}
    for before, now in pairs:
        groups.setdefault(before.landscape, []).append((before, now))
    return list(groups.values())


RULES: dict[str, Callable[[Pairs], bool]] = {
    "final gap <= 1e-3": _final_gap,
    "gap <= 10x baseline": _ten_times_gap,
    "golden trace, exact": _trace_exact,
    "golden trace, allclose": _trace_close,
    "nfev +10 % on any landscape": _nfev,
    "evaluations to targets +10 %": _hits,
    "unpaired Mann-Whitney": _mann_whitney,
}
"""By name: whether a rule reports a change, from pairs of runs before and now of every cell."""
