"""The tests behind a verdict: pure functions on numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

__all__ = ["RateInterval", "holm", "rate_interval", "stratified_signed_rank"]


def stratified_signed_rank(strata: Sequence[ArrayLike]) -> float:
    """Test whether paired differences are centred at zero, ranking them within each stratum.

    The statistic is the sum over strata of Wilcoxon's signed-rank statistic (Wilcoxon 1945; van Elteren 1960 for
    the strata). Its distribution under random signs is computed exactly, by convolution over the ranks that
    occurred, so ties and few pairs need no approximation. Zero differences carry no rank.

    Parameters
    ----------
    strata : sequence of array_like
        The differences of each stratum.

    Returns
    -------
    float
        The two-sided p-value; 1.0 where every difference is zero.

    Examples
    --------
    >>> stratified_signed_rank([[1.0, 2.0, 3.0], [0.5, 0.25]])  # all five positive: 2 of 32 sign patterns
    0.0625
    """
    doubled_ranks: list[int] = []
    positive = 0
    for differences in strata:
        d = np.asarray(differences, dtype=np.float64)
        d = d[d != 0.0]
        if d.size:
            ranks = np.rint(2.0 * stats.rankdata(np.abs(d))).astype(int)  # doubled, so that ties are whole
            doubled_ranks += ranks.tolist()
            positive += int(ranks[d > 0.0].sum())
    if not doubled_ranks:
        return 1.0
    probability = _sum_distribution(doubled_ranks)
    lower_tail = float(probability[: positive + 1].sum())
    upper_tail = float(probability[positive:].sum())
    return min(2.0 * min(lower_tail, upper_tail), 1.0)


def _sum_distribution(ranks: Sequence[int]) -> NDArray[np.float64]:
    """Distribution of the sum of those ranks whose sign, by a fair coin each, is positive."""
    probability = np.zeros(sum(ranks) + 1)
    probability[0] = 1.0
    reached = 0
    for rank in ranks:
        without = probability[: reached + 1] / 2.0
        probability[: reached + 1] = without
        probability[rank : rank + reached + 1] += without
        reached += rank
    return probability


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for their number (Holm 1979): reject where the adjusted one is below the level.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty(len(p_values))
    largest = 0.0
    for position, index in enumerate(order):
        largest = max(largest, (len(p_values) - position) * p_values[index])
        adjusted[index] = min(largest, 1.0)
    return [float(p) for p in adjusted]


@dataclass(frozen=True)
class RateInterval:
    """A success rate with what is known of it.

    Attributes
    ----------
    successes, trials : int
    lower, upper : float
        One-sided bounds, each at the stated confidence.
    confidence : float
    """

    successes: int
    trials: int
    lower: float
    upper: float
    confidence: float

    @property
    def rate(self) -> float:
        """The fraction observed."""
        return self.successes / self.trials

    def __str__(self) -> str:
        return f"{self.successes} of {self.trials}, at least {self.lower:.3f} at {self.confidence:.4g} confidence"


def rate_interval(successes: int, trials: int, confidence: float = 0.99) -> RateInterval:
    """Bound a success rate from either side by exact binomial tests (Clopper & Pearson 1934).

    Parameters
    ----------
    successes, trials : int
    confidence : float, default 0.99
        Of each bound by itself.

    Returns
    -------
    RateInterval

    Examples
    --------
    >>> print(rate_interval(212, 212))
    212 of 212, at least 0.979 at 0.99 confidence
    """
    lower = stats.beta.ppf(1.0 - confidence, successes, trials - successes + 1) if successes else 0.0
    upper = stats.beta.ppf(confidence, successes + 1, trials - successes) if successes < trials else 1.0
    return RateInterval(successes, trials, float(lower), float(upper), confidence)
