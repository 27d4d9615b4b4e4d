"""When to stop running: looks at the successes on the way, and intervals that hold whenever one stops.

A group-sequential plan with repeated confidence intervals (Jennison & Turnbull 1984, 1989). The looks are fixed before
anything runs. At each, the rate is bounded by an exact binomial bound (Clopper & Pearson 1934) at an error of its own,
and these errors add up to 1 − confidence (Bonferroni): the probability that any of the bounds is wrong, and so that the
last one is, is at most that, whatever made one stop. How much is spent by which look follows the power family with
exponent 3 (Kim & DeMets 1987), so that the last look keeps 70 % of it.

Runs need not be alike. Where equal numbers are taken of several kinds, the binomial bounds are wider than needed
(Hoeffding 1956), and adding up takes no independence between looks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from pytest_optlandscape.runs.rates import RateInterval, binomial_bounds

__all__ = ["Decision", "Look", "Plan", "plan"]

Decision = Literal["shown", "refuted", "out of reach", "go on", "not shown"]

EXPONENT = 3.0
"""Of the spending: 1 would make the last look as dear as 1.5 times the runs, 4 would let hardly anything end early."""

GROWTH = 1.5
"""From one look to the next: a case that is clear costs at most half more than if one had looked every time."""

FIRST_LOOK = 8
"""Fewer runs show nothing that anyone would ask."""


@dataclass(frozen=True)
class Look:
    """One moment at which the successes are looked at.

    Attributes
    ----------
    trials : int
    lower_error, upper_error : float
        The probability with which the lower and the upper bound of this look may be wrong; 0 makes it trivial.
    """

    trials: int
    lower_error: float
    upper_error: float


@dataclass(frozen=True)
class Plan:
    """All looks, and what is decided at each.

    Attributes
    ----------
    required : float
    confidence : float
        Of each bound, over all looks together.
    looks : tuple of Look
        By growing number of trials; the last is the greatest number that is run.
    """

    required: float
    confidence: float
    looks: tuple[Look, ...]

    def interval(self, look: int, successes: int, trials: int | None = None) -> RateInterval:
        """Bound the rate at a look, or that of a part of the trials which was chosen beforehand."""
        trials = self.looks[look].trials if trials is None else trials
        lower, upper = binomial_bounds(successes, trials, self.looks[look].lower_error, self.looks[look].upper_error)
        return RateInterval(successes, trials, lower, upper, self.confidence)

    def decision(self, look: int, successes: int) -> Decision:
        """Decide whether to go on after a look.

        Parameters
        ----------
        look : int
            Its number.
        successes : int

        Returns
        -------
        {"shown", "refuted", "out of reach", "go on", "not shown"}
            Out of reach: even if all further runs succeeded the rate would not be shown. That stops, too, and makes no
            bound wrong.
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
        The rate, between 0 and 1.
    trials : int
        The most that are run, a multiple of ``step``.
    confidence : float
    step : int, default 1
        Looks come after multiples of it: after as many runs of each kind.
    sequential : bool, default True
        Whether there are looks before the last.

    Returns
    -------
    Plan
        If so few trials could show the rate only with the whole error spent on the last look, that is done, and the
        earlier ones can but refute.

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
