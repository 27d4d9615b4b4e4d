"""Numbers behind benchmarking curves: shares of solved problems as step functions.

A *problem* is a target on a cell (landscape, start and seed). Its *hit* is the number of evaluations until the gap
first reaches the target. A missed target is censored: its hit is infinite. It counts as a problem that is never solved.
Two missed targets are neither ordered nor equal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["StepFunction", "performance_ratios", "shares_of_hits"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StepFunction:
    """A share that grows in steps.

    Attributes
    ----------
    at : ndarray, shape (n,)
        Places of the steps, rising.
    share : ndarray, shape (n,)
        The share from each step on, rising, between 0 and 1.
    problems : int
        Number of problems.
    """

    at: FloatArray
    share: FloatArray
    problems: int

    def __call__(self, values: ArrayLike) -> FloatArray:
        """Return the share at each value, in the same shape."""
        number = np.searchsorted(self.at, np.asarray(values, dtype=np.float64), side="right")
        shares: FloatArray = np.concatenate([[0.0], self.share])[number]
        return shares

    @property
    def limit(self) -> float:
        """The final share: that of all solved problems."""
        return float(self.share[-1]) if len(self.share) else 0.0

    @classmethod
    def of(cls, values: ArrayLike) -> StepFunction:
        """Return the share of values at or below a place, as a step function; infinite values never count.

        Examples
        --------
        >>> shares = StepFunction.of([1.0, 4.0, 4.0, float("inf")])
        >>> shares([0.5, 1.0, 4.0]).tolist(), shares.limit
        ([0.0, 0.25, 0.75], 0.75)
        """
        flat = np.asarray(values, dtype=np.float64).ravel()
        at, counts = np.unique(flat[np.isfinite(flat)], return_counts=True)
        return cls(at, np.cumsum(counts) / max(len(flat), 1), len(flat))


def hits_of(hits: ArrayLike, name: str = "hits") -> FloatArray:
    """Return hits as an array of floats.

    Raises
    ------
    ValueError
        If a hit is NaN or not positive.
    """
    array = np.asarray(hits, dtype=np.float64)
    if not np.all(array > 0.0):
        raise ValueError(f"{name} must be numbers of evaluations from 1, or inf for a missed target")
    return array


def paired_hits(before: ArrayLike, now: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return the hits of both sides on the same problems as arrays.

    Raises
    ------
    ValueError
        If the shapes differ, there are no hits, or a hit is invalid.
    """
    arrays = hits_of(before, "hits before"), hits_of(now, "hits now")
    if arrays[0].shape != arrays[1].shape:
        raise ValueError(
            f"both sides need the hits of the same problems; their shapes are {arrays[0].shape} and {arrays[1].shape}"
        )
    if not arrays[0].size:
        raise ValueError("there is no problem; a curve needs at least one")
    return arrays


def per_cell(values: ArrayLike, hits: FloatArray, name: str) -> FloatArray:
    """Broadcast a number, or one for each cell, to the hits (cells,) or (cells, targets)."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim > 1 or (array.ndim == 1 and (hits.ndim == 0 or len(array) != len(hits))):
        raise ValueError(
            f"{name} must be one number, or one for each of the {len(hits)} cells; got shape {array.shape}"
        )
    if not np.all(array > 0.0):
        raise ValueError(f"{name} must be positive, got {array.min():g}")
    shaped = array if array.ndim == 0 else array.reshape(-1, *[1] * (hits.ndim - 1))
    return np.broadcast_to(shaped, hits.shape)


def shares_of_hits(
    hits: ArrayLike, *, dim: ArrayLike = 1.0, budget: ArrayLike = np.inf, plus: float = 0.0
) -> StepFunction:
    """Return the share of problems solved within a number of evaluations per dimension.

    Parameters
    ----------
    hits : array_like, shape (cells,) or (cells, targets)
        Evaluations to each target; inf if it was missed.
    dim : array_like, shape () or (cells,), default 1
        Divisor of the evaluations.
    budget : array_like, shape () or (cells,), default inf
        In evaluations. Later hits count as missed.
    plus : float, default 0.0
        Added to ``dim``: 1 for a data profile, whose unit is the cost of a gradient by differences.

    Returns
    -------
    StepFunction

    References
    ----------
    N. Hansen, A. Auger, D. Brockhoff, D. Tušar, T. Tušar: COCO: Performance Assessment, arXiv:1605.03560 (2016).
    J. J. Moré, S. M. Wild: Benchmarking Derivative-Free Optimization Algorithms, SIAM J. Optim. 20 (2009).

    Examples
    --------
    >>> shares = shares_of_hits([[2, 8], [6, float("inf")]], dim=2)
    >>> shares([1.0, 3.0, 4.0]).tolist()
    [0.25, 0.5, 0.75]
    """
    array = hits_of(hits)
    late = array > per_cell(budget, array, "a budget")
    return StepFunction.of(np.where(late, np.inf, array) / (per_cell(dim, array, "a dimension") + plus))


def performance_ratios(before: ArrayLike, now: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return each side's evaluations on each problem as a multiple of the faster side's.

    Parameters
    ----------
    before, now : array_like, of the same shape
        Evaluations to the same targets; inf if a target was missed.

    Returns
    -------
    tuple of ndarray, of that shape
        At least 1; inf if the side missed the target, even if both did.

    References
    ----------
    E. D. Dolan, J. J. Moré: Benchmarking optimization software with performance profiles, Math. Program. 91 (2002).

    Examples
    --------
    >>> ratios = performance_ratios([10, 20, float("inf")], [20, 20, float("inf")])
    >>> ratios[0].tolist(), ratios[1].tolist()
    ([1.0, 1.0, inf], [2.0, 1.0, inf])
    """
    sides = paired_hits(before, now)
    best = np.minimum(*sides)
    solved = np.isfinite(best)
    ratios = [np.full(best.shape, np.inf) for _ in sides]
    for ratio, hits in zip(ratios, sides, strict=True):
        np.divide(hits, best, out=ratio, where=solved)
    return ratios[0], ratios[1]
