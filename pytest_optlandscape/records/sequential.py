"""Decide after how many runs a success rate is shown or refuted, with intervals that hold at any stopping time.

This is a group-sequential plan with repeated confidence intervals (Jennison & Turnbull 1984, 1989). The looks are fixed
before the first run. Each look bounds the rate exactly (Clopper & Pearson 1934) with its own error. The errors sum to
1 - confidence (Bonferroni): all bounds hold simultaneously at the stated confidence, whatever the stopping rule. The
errors follow the power spending function with exponent 3 (Kim & DeMets 1987), which leaves 70 % to the last look.

Runs may have different rates of success. With equal numbers of several kinds, the binomial bounds are conservative
(Hoeffding 1956). Bonferroni's inequality does not need independent looks.

References
----------
C. J. Clopper and E. S. Pearson, The use of confidence or fiducial limits illustrated in the case of the binomial, 1934,
Biometrika 26(4).
W. Hoeffding, On the distribution of the number of successes in independent trials, 1956, Ann. Math. Statist. 27(3).
C. Jennison and B. W. Turnbull, Repeated confidence intervals for group sequential clinical trials, 1984, Control. Clin.
Trials 5(1).
C. Jennison and B. W. Turnbull, Interim analyses: the repeated confidence interval approach, 1989, J. R. Stat. Soc. B
51(3).
K. Kim and D. L. DeMets, Design and analysis of group sequential tests based on the type I error spending rate function,
1987, Biometrika 74(1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from pytest_optlandscape.runs.rates import RateInterval, binomial_bounds

__all__ = ["Decision", "Look", "Plan", "plan"]

Decision = Literal["shown", "refuted", "out of reach", "go on", "not shown"]

EXPONENT = 3.0
"""Exponent of the spending function. With 1, the last look would need 1.5 times the runs for the same power; with 4,
hardly anything would end early."""

GROWTH = 1.5
"""Ratio of trials from one look to the next; a clear case needs at most 1.5 times the runs of a look after each run."""

FIRST_LOOK = 8
"""Fewest runs at a look; fewer would not show a rate worth requiring."""


@dataclass(frozen=True)
class Look:
    """An interim look at the successes.

    Attributes
    ----------
    trials : int
    lower_error, upper_error : float
        The probabilities with which the lower and the upper bound may be wrong; 0 makes a bound trivial.
    """

    trials: int
    lower_error: float
    upper_error: float


@dataclass(frozen=True)
class Plan:
    """The looks of a sequential test, and the decisions at each.

    Attributes
    ----------
    required : float
        The required rate.
    confidence : float
        The simultaneous confidence of all lower bounds, and of all upper bounds.
    looks : tuple of Look
        In order of trials; the last has the greatest number of trials.
    """

    required: float
    confidence: float
    looks: tuple[Look, ...]

    def interval(self, look: int, successes: int, trials: int | None = None) -> RateInterval:
        """Return the interval of the rate at a look, for all trials or for a subset that was chosen in advance."""
        trials = self.looks[look].trials if trials is None else trials
        lower, upper = binomial_bounds(successes, trials, self.looks[look].lower_error, self.looks[look].upper_error)
        return RateInterval(successes, trials, lower, upper, self.confidence)

    def decision(self, look: int, successes: int) -> Decision:
        """Decide whether to stop after a look.

        Parameters
        ----------
        look : int
            The index of the look.
        successes : int

        Returns
        -------
        {"shown", "refuted", "out of reach", "go on", "not shown"}
            Out of reach: the rate would not be shown even if all further runs succeeded. The bounds hold there, too.
        """
        found = self.interval(look, successes)
        if found.lower >= self.required:
            return "shown"
        if found.upper < self.required:
            return "refuted"
        failures = found.trials - successes
        later = range(look + 1, len(self.looks))
        if any(self.interval(k, self.looks[k].trials - failures).lower >= self.required for k in later):
            return "go on"
        return "out of reach" if later else "not shown"


def plan(required: float, trials: int, confidence: float, *, step: int = 1, sequential: bool = True) -> Plan:
    """Plan the looks at which a required rate may be shown or refuted.

    Parameters
    ----------
    required : float
        The required rate, between 0 and 1.
    trials : int
        The greatest number of trials, a multiple of ``step``.
    confidence : float
    step : int, default 1
        Each look comes after a multiple of ``step`` trials, so that each kind of run has the same number.
    sequential : bool, default True
        Whether there are looks before the last.

    Returns
    -------
    Plan
        If the trials are too few to show the rate otherwise, the last look gets the whole error of the lower bounds,
        and the earlier looks can only refute.

    Examples
    --------
    >>> [look.trials for look in plan(0.9, 100, 0.99).looks]
    [9, 14, 20, 30, 45, 67, 100]
    """
    error = 1.0 - confidence
    if not sequential:
        return Plan(required, confidence, (Look(trials, error, error),))
    rounds = trials // step
    counts = {rounds}
    wanted = rounds / GROWTH
    while wanted * step >= FIRST_LOOK and wanted >= 1.0:
        counts.add(math.ceil(wanted))
        wanted /= GROWTH
    looks = []
    spent = 0.0
    for count in sorted(counts):
        so_far = error * (count / rounds) ** EXPONENT
        looks.append(Look(count * step, so_far - spent, so_far - spent))
        spent = so_far
    if binomial_bounds(trials, trials, looks[-1].lower_error, 0.0)[0] < required:
        looks = [*(replace(look, lower_error=0.0) for look in looks[:-1]), replace(looks[-1], lower_error=error)]
    return Plan(required, confidence, tuple(looks))
