"""The tests behind a verdict: pure functions on numbers.

SciPy has relatives of some of them, which do not replace them:

* `scipy.stats.wilcoxon` has no strata, and is not exact where differences are tied or zero. Without these, it returns
  the same p-value as `stratified_signed_rank`, more slowly.
* `scipy.stats.false_discovery_control` bounds the share of false alarms among the alarms. A verdict must bound the
  probability of any false alarm, as `holm` does.
* `scipy.stats.betabinom.sf` subtracts from 1: it returns 2e-12 where the value of `chance_of_as_many` is 3e-21.
* Importing `scipy.stats` takes longer than L-BFGS-B takes on the suite ``quick`` (``benchmarks/import_cost.py``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

__all__ = [
    "ShiftInterval",
    "any_nonzero",
    "chance_of_as_many",
    "holm",
    "mean_of_means",
    "shift_interval",
    "signed_rank_balance",
    "signed_rank_shift",
    "stratified_signed_rank",
    "without_strongest_stratum",
]


def stratified_signed_rank(strata: Sequence[ArrayLike]) -> float:
    """Test whether paired differences are centred at zero, ranking them within each stratum.

    The statistic is the sum over strata of Wilcoxon's signed-rank statistic. Its distribution under random signs is
    computed exactly, by convolution over the ranks that occurred, so ties and few pairs need no approximation. Zero
    differences carry no rank.

    Parameters
    ----------
    strata : sequence of array_like
        The differences of each stratum.

    Returns
    -------
    float
        The two-sided p-value; 1.0 where every difference is zero.

    References
    ----------
    F. Wilcoxon, Individual comparisons by ranking methods, 1945, Biometrics Bulletin 1(6).
    P. van Elteren, On the combination of independent two-sample tests of Wilcoxon, 1960, Bull. Int. Stat. Inst. 37.

    Examples
    --------
    >>> stratified_signed_rank([[1.0, 2.0, 3.0], [0.5, 0.25]])  # all five positive: 2 of 32 sign patterns
    0.0625
    """
    ranks, positive = _doubled_ranks(strata)
    if not ranks:
        return 1.0
    probability = _sum_distribution(ranks)
    lower_tail = float(probability[: positive + 1].sum())
    upper_tail = float(probability[positive:].sum())
    return min(2.0 * min(lower_tail, upper_tail), 1.0)


def signed_rank_balance(strata: Sequence[ArrayLike]) -> float:
    """Return the direction that `stratified_signed_rank` tests, from -1, all differences down, to 1, all up.

    Examples
    --------
    >>> signed_rank_balance([[1.0, 2.0, -3.0]])  # the ranks of both signs add up to three
    0.0
    """
    ranks, positive = _doubled_ranks(strata)
    return 2.0 * positive / sum(ranks) - 1.0 if ranks else 0.0


def without_strongest_stratum(strata: Sequence[ArrayLike]) -> list[ArrayLike]:
    """Leave out the stratum that contributes most to the common direction.

    Parameters
    ----------
    strata : sequence of array_like
        The differences of each stratum; nan where a pair cannot be compared.

    Returns
    -------
    list of array_like

    Examples
    --------
    >>> without_strongest_stratum([[1.0, 2.0, 3.0], [1.0, 1.0], [-1.0, -2.0, -3.0, 4.0]])
    [[1.0, 1.0], [-1.0, -2.0, -3.0, 4.0]]
    """
    ranks = [_doubled_ranks([stratum]) for stratum in strata]
    surplus = [2 * positive - sum(of_stratum) for of_stratum, positive in ranks]
    direction = 1 if sum(surplus) >= 0 else -1
    strongest = max(range(len(strata)), key=lambda k: direction * surplus[k], default=-1)
    return [stratum for k, stratum in enumerate(strata) if k != strongest]


def _doubled_ranks(strata: Sequence[ArrayLike]) -> tuple[list[int], int]:
    """Rank the sizes of each stratum's differences and add up the ranks of positive ones; doubled, for ties."""
    doubled: list[int] = []
    positive = 0
    for told in _without_nan(strata):
        d = told[told != 0.0]
        _, group, size = np.unique(np.abs(d), return_inverse=True, return_counts=True)
        ranks = (2 * np.cumsum(size) - size + 1)[group.reshape(-1)]  # twice the mean of the ranks that are tied
        doubled += ranks.tolist()
        positive += int(ranks[d > 0.0].sum())
    return doubled, positive


def _without_nan(strata: Sequence[ArrayLike]) -> list[NDArray[np.float64]]:
    """Leave out nan, and strata in which nothing is left."""
    arrays = [np.asarray(differences, dtype=np.float64) for differences in strata]
    told = [d[~np.isnan(d)] for d in arrays]
    return [d for d in told if d.size]


def any_nonzero(strata: Sequence[ArrayLike]) -> bool:
    """Return whether any difference is other than zero.

    Examples
    --------
    >>> any_nonzero([[0.0, float("nan")], []]), any_nonzero([[0.0, 0.5]])
    (False, True)
    """
    return any(bool(d.any()) for d in _without_nan(strata))


def signed_rank_shift(strata: Sequence[ArrayLike]) -> float:
    """Estimate the shift of paired differences that `stratified_signed_rank` tests.

    The estimate is Hodges' and Lehmann's for the differences that are not zero, times their share. It is the median of
    Walsh's averages of two differences of one stratum. This median is positive exactly where the ranks of positive
    differences outweigh the others: the estimate never contradicts the test, and a large gain in one stratum does not
    pay for a loss in the others.

    Parameters
    ----------
    strata : sequence of array_like
        The differences of each stratum; nan where a pair cannot be compared.

    Returns
    -------
    float
        0.0 where every difference is zero.

    References
    ----------
    J. L. Hodges and E. L. Lehmann, Estimates of location based on rank tests, 1963, Ann. Math. Statist. 34(2).

    Examples
    --------
    >>> signed_rank_shift([[0.08, 0.08, 0.08], [0.08, 0.08, 0.08], [-2.0, -2.0, -2.0]])
    0.08
    >>> signed_rank_shift([[1.0, 1.0, 0.0, 0.0]])
    0.5
    """
    walsh, share = _walsh_averages(strata)
    return share * float(np.median(walsh)) if walsh.size else 0.0


def _walsh_averages(strata: Sequence[ArrayLike]) -> tuple[NDArray[np.float64], float]:
    """Return the averages of any two nonzero differences of one stratum, and the share that is not zero."""
    told = _without_nan(strata)
    nonzero = [d[d != 0.0] for d in told]
    averages = [((d[:, np.newaxis] + d) / 2.0)[np.tril_indices(d.size)] for d in nonzero]
    count = sum(d.size for d in told)
    share = sum(d.size for d in nonzero) / count if count else 0.0
    return np.concatenate([np.empty(0), *averages]), share


def mean_of_means(strata: Sequence[ArrayLike]) -> float:
    """Average the strata's mean differences; nan differences are left out.

    Examples
    --------
    >>> mean_of_means([[1.0, 0.0], [0.0, float("nan")]])
    0.25
    """
    told = _without_nan(strata)
    return float(np.mean([d.mean() for d in told])) if told else 0.0


def _sum_distribution(ranks: Sequence[int]) -> NDArray[np.float64]:
    """Return the distribution of the sum of the positive ranks, if each sign is a fair coin's."""
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
    """Adjust p-values for their number: reject where the adjusted one is below the level.

    References
    ----------
    S. Holm, A simple sequentially rejective multiple test procedure, 1979, Scand. J. Statist. 6(2).

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
class ShiftInterval:
    """The shift of paired differences, with its limits.

    Attributes
    ----------
    shift : float
        As `signed_rank_shift` estimates it.
    lower, upper : float
        Two-sided limits at the stated confidence.
    detectable : float
        The smallest true shift that the test finds with a probability of 0.9, and no smaller than the upper limit
        lies above the shift; inf where there are too few pairs for any finding.
    """

    shift: float
    lower: float
    upper: float
    detectable: float


def shift_interval(strata: Sequence[ArrayLike], level: float, confidence: float = 0.99) -> ShiftInterval:
    """Bound the shift of paired differences.

    The limits enclose all shifts that the signed-rank test does not reject (Moses). The exact distribution of its
    statistic says how many of Walsh's averages, in order, are left out at each end. Too few differences for that get
    Student's limits: the variances of the strata's means add up, with Satterthwaite's degrees of freedom.

    Parameters
    ----------
    strata : sequence of array_like
        The differences of each stratum; nan where a pair cannot be compared.
    level : float
        Of the two-sided test that ``detectable`` refers to. Its power is that of Student's test, reduced by 3/π, the
        efficiency of ranks where differences are normal (Hodges & Lehmann).
    confidence : float, default 0.99

    Returns
    -------
    ShiftInterval

    References
    ----------
    J. L. Hodges and E. L. Lehmann, The efficiency of some nonparametric competitors of the t-test, 1956, Ann. Math.
    Statist. 27(2).
    L. E. Moses, Confidence limits from rank tests, 1965, Technometrics 7(2).
    F. E. Satterthwaite, An approximate distribution of estimates of variance components, 1946, Biometrics Bull. 2(6).

    Examples
    --------
    >>> interval = shift_interval([[0.1, 0.2, 0.15, 0.12, 0.11, 0.16, 0.13, 0.14]], level=0.01)
    >>> round(interval.shift, 4), round(interval.lower, 3), round(interval.upper, 3)
    (0.135, 0.1, 0.2)
    """
    told = _without_nan(strata)
    walsh, share = _walsh_averages(told)
    shift = share * float(np.median(walsh)) if walsh.size else 0.0
    count = sum(d.size for d in told)
    can_tell = 2.0 ** (1 - count) < level
    if not walsh.size:
        return ShiftInterval(0.0, 0.0, 0.0, 0.0 if can_tell else math.inf)
    variances = [d.var(ddof=1) / d.size if d.size > 1 else 0.0 for d in told]
    error = float(np.sqrt(np.sum(variances))) / len(told)
    freedom = _effective_freedom(variances, [d.size for d in told])
    seen = -float(special.stdtrit(freedom, level / 2.0) + special.stdtrit(freedom, 0.1))
    detectable = seen * error * math.sqrt(math.pi / 3.0) if can_tell else math.inf
    left_out = _walsh_averages_left_out([int(np.count_nonzero(d)) for d in told], (1.0 - confidence) / 2.0)
    if left_out < 0:
        half = float(special.stdtrit(freedom, (1.0 + confidence) / 2.0)) * error
        return ShiftInterval(shift, shift - half, shift + half, detectable)
    walsh = np.sort(walsh)
    limits = share * walsh[left_out], share * walsh[-1 - left_out]
    return ShiftInterval(shift, float(limits[0]), float(limits[1]), max(detectable, float(limits[1]) - shift))


def _walsh_averages_left_out(sizes: Sequence[int], tail: float) -> int:
    """Count how many of the lowest of Walsh's averages lie below the lower limit; -1 where the limit is infinite."""
    ranks = [rank for size in sizes for rank in range(1, size + 1)]
    below = np.cumsum(_sum_distribution(ranks))
    return int(np.searchsorted(below, tail, side="right")) - 1


def _effective_freedom(variances: Sequence[float], sizes: Sequence[int]) -> float:
    lost = sum(variance**2 / (size - 1) for variance, size in zip(variances, sizes, strict=True) if size > 1)
    return float(sum(variances)) ** 2 / lost if lost > 0.0 else 1.0


def chance_of_as_many(diverged: int, cells: int, jumps: float, trials: float) -> float:
    """Return the probability that rounding alone makes at least so many cells diverge.

    The rate is known from perturbed runs only, so that the number of diverging cells has a beta-binomial distribution.
    The prior is Jeffreys'. With no jumps, it is Beta(0.02, n + 2000): two diverging cells of a landscape are then
    significant, and one is where forty or fewer cells are compared.

    Parameters
    ----------
    diverged, cells : int
        Cells that diverged, of how many.
    jumps, trials : float
        Perturbed runs that diverged from the others of their cell, of how many.

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
    if not diverged:
        return 1.0
    prior = (jumps + 0.5, trials - jumps + 0.5) if jumps else (0.02, trials + 2000.0)
    k = np.arange(diverged, cells + 1)
    ways = -np.log(cells + 1.0) - special.betaln(cells - k + 1.0, k + 1.0)
    chances = np.exp(ways + special.betaln(k + prior[0], cells - k + prior[1]) - special.betaln(*prior))
    return min(float(chances.sum()), 1.0)
