"""The tests behind a verdict: pure functions on numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # its statistics are loaded where they are first used: a run that changed nothing needs none
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "MeanInterval",
    "chance_of_as_many",
    "holm",
    "mean_interval",
    "stratified_signed_rank",
]


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
            ranks = np.rint(2.0 * scipy.stats.rankdata(np.abs(d))).astype(int)  # doubled, so that ties are whole
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
class MeanInterval:
    """A mean of paired differences with what is known of it.

    Attributes
    ----------
    mean : float
    lower, upper : float
        Two-sided limits at the stated confidence.
    detectable : float
        The smallest true mean that would have been found significant with a probability of 0.9.
    """

    mean: float
    lower: float
    upper: float
    detectable: float


def mean_interval(strata: Sequence[ArrayLike], level: float, confidence: float = 0.99) -> MeanInterval:
    """Bound the mean over strata of the strata's mean differences.

    Limits are Student's, with the variances of the strata's means added up and the degrees of freedom that are left
    where few strata carry most of the variance (Satterthwaite 1946; Cochran 1977, eq. 5.16).

    Parameters
    ----------
    strata : sequence of array_like
        The differences of each stratum, at least one in each.
    level : float
        Of the two-sided test that ``detectable`` is about. Its power is that of Student's test, less what ranks lose
        where differences are normal: their efficiency is 3/π (Hodges & Lehmann 1956).
    confidence : float, default 0.99

    Returns
    -------
    MeanInterval

    Examples
    --------
    >>> interval = mean_interval([[0.1, 0.2, 0.15, 0.12]], level=0.001)
    >>> round(interval.mean, 4), round(interval.lower, 2), round(interval.upper, 2)
    (0.1425, 0.02, 0.27)
    """
    arrays = [np.asarray(differences, dtype=np.float64) for differences in strata]
    mean = float(np.mean([d.mean() for d in arrays]))
    variances = [d.var(ddof=1) / d.size if d.size > 1 else 0.0 for d in arrays]
    error = float(np.sqrt(np.sum(variances))) / len(arrays)
    if error == 0.0:  # as where nothing differs
        return MeanInterval(mean, mean, mean, 0.0)
    freedom = _effective_freedom(variances, [d.size for d in arrays])
    width = float(scipy.stats.t.ppf((1.0 + confidence) / 2.0, freedom)) * error
    seen = float(scipy.stats.t.isf(level / 2.0, freedom) + scipy.stats.t.isf(0.1, freedom))
    detectable = seen * error * math.sqrt(math.pi / 3.0)
    return MeanInterval(mean, mean - width, mean + width, detectable)


def _effective_freedom(variances: Sequence[float], sizes: Sequence[int]) -> float:
    lost = sum(variance**2 / (size - 1) for variance, size in zip(variances, sizes, strict=True) if size > 1)
    return float(sum(variances)) ** 2 / lost if lost > 0.0 else 1.0


def chance_of_as_many(parted: int, cells: int, jumps: float, trials: float) -> float:
    """Give the probability that rounding alone parts at least so many of the cells.

    The rate at which it does is known from dithered runs only, so that the number of cells has a beta-binomial
    distribution: Jeffreys' prior where some of these runs jumped, and where none did a fiftieth of a jump in 2000 runs,
    by which two cells of a landscape are proof; one is, where no more than fifty are compared in all.

    Parameters
    ----------
    parted, cells : int
        Cells that parted, of how many.
    jumps, trials : float
        Dithered runs that parted from their like, of how many.

    Returns
    -------
    float

    Examples
    --------
    >>> chance_of_as_many(0, 21, 0, 168)
    1.0
    >>> chance_of_as_many(2, 21, 0, 168) < 1e-5 < chance_of_as_many(2, 21, 8, 168)
    True
    """
    if not parted:
        return 1.0
    prior = (jumps + 0.5, trials - jumps + 0.5) if jumps else (0.02, trials + 2000.0)
    return min(float(scipy.stats.betabinom.pmf(np.arange(parted, cells + 1), cells, *prior).sum()), 1.0)
