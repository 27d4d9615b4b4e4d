"""Success rates with exact bounds."""

from __future__ import annotations

from dataclasses import dataclass

import scipy

__all__ = ["RateInterval", "binomial_bounds", "rate_interval"]


@dataclass(frozen=True)
class RateInterval:
    """A success rate with its bounds.

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
    """Bound a success rate from either side by exact binomial tests.

    Parameters
    ----------
    successes, trials : int
    confidence : float, default 0.99
        Of each bound by itself.

    Returns
    -------
    RateInterval

    Raises
    ------
    ValueError
        If there are no trials, the successes are not between 0 and the trials, or the confidence is not between 0 and
        1.

    Examples
    --------
    >>> print(rate_interval(212, 212))
    212 of 212, at least 0.979 at 0.99 confidence
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(
            f"a rate has at least one trial, and 0 to all of them succeed; got {successes!r} of {trials!r}"
        )
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence is between 0 and 1, got {confidence!r}")
    lower, upper = binomial_bounds(successes, trials, 1.0 - confidence, 1.0 - confidence)
    return RateInterval(successes, trials, lower, upper, confidence)


def binomial_bounds(successes: int, trials: int, lower_error: float, upper_error: float) -> tuple[float, float]:
    """Bound a success rate exactly, with one error probability for each side.

    The bounds are quantiles of beta distributions. ``scipy.stats.binomtest(…).proportion_ci`` searches for the same
    bounds, up to 5e-13, more slowly.

    References
    ----------
    C. J. Clopper and E. S. Pearson, The use of confidence or fiducial limits illustrated in the case of the binomial,
    1934, Biometrika 26(4).

    Examples
    --------
    >>> [round(bound, 3) for bound in binomial_bounds(98, 100, 0.01, 0.01)]
    [0.919, 0.999]
    """
    lower = scipy.stats.beta.ppf(lower_error, successes, trials - successes + 1) if successes else 0.0
    upper = scipy.stats.beta.isf(upper_error, successes + 1, trials - successes) if successes < trials else 1.0
    return float(lower), float(upper)
