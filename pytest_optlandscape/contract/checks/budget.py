"""Checks of the contract on budgets, for optimizers with a budget parameter."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from pytest_optlandscape.contract.checks.results import rounding_of
from pytest_optlandscape.contract.search import Held
from pytest_optlandscape.contract.trials import Complaint, NotApplicable, Trial, trials
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["check_keeps_budget", "check_larger_budget_goes_on"]

_BUDGETS = (3, 10, 100)
_SHORT_BUDGETS = (10, 25, 60)
_NO_BUDGET = "it takes no budget of evaluations"


def check_keeps_budget(held: Held) -> None:
    """Check that budgets of 3, 10 and 100 evaluations are kept, with 2 and with 20 variables."""
    __tracebackhide__ = True
    if held.adapter.with_budget(_BUDGETS[0]) is None:
        raise NotApplicable(_NO_BUDGET)

    def judge(trial: Trial) -> Complaint | float | None:
        most = 0.0
        for budget in _BUDGETS:
            limited = trial.adapter.with_budget(budget)
            assert limited is not None
            run = trial.with_adapter(limited).observe_anew().run
            if run.nfev > budget:
                what = (
                    f"told to evaluate at most {number_of(budget, 'time')}, it evaluated {number_of(run.nfev, 'time')};"
                    " its profile says 'soft-limit' if that is meant"
                )
                return Complaint(what, run, trial.with_adapter(limited), "len(seen)")
            most = max(most, run.nfev / budget)
        return most

    def among(adapter: Adapter) -> Iterator[Trial]:
        for kind in (adapter, adapter.without_gradient()):
            if kind is not None:
                yield from trials(kind, ("rosenbrock[2]", "sphere[20]"), starts=1)

    held.to(judge, among)


def check_larger_budget_goes_on(held: Held) -> None:
    """Check that twice the budget repeats the evaluations, then continues, and returns no worse result."""
    __tracebackhide__ = True
    if held.adapter.with_budget(_SHORT_BUDGETS[0]) is None:
        raise NotApplicable(_NO_BUDGET)

    def judge(trial: Trial) -> Complaint | float | None:
        nearest = -math.inf
        for budget in _SHORT_BUDGETS:
            small, large = trial.adapter.with_budget(budget), trial.adapter.with_budget(2 * budget)
            assert small is not None
            assert large is not None
            first = trial.with_adapter(small).observe_anew()
            second = trial.with_adapter(large).observe_anew()
            early, late = first.run, second.run
            common = min(early.nfev, late.nfev, budget) - 1  # the last may be at the returned point
            if not np.array_equal(early.trace.x[:common], late.trace.x[:common], equal_nan=True):
                what = f"with a budget of {2 * budget} it evaluates other points than with {budget}"
                return Complaint(what, late, trial.with_adapter(large), "seen[:8]", "print the points of both runs")
            if first.ended_by_itself and second.ended_by_itself and late.fun > early.fun + rounding_of(trial):
                what = (
                    f"with a budget of {budget} it returned a point with f = {early.fun:.6g}, "
                    f"with twice the budget one with f = {late.fun:.6g}"
                )
                return Complaint(what, late, trial.with_adapter(large), f"f({second.point})")
            nearest = max(nearest, late.fun - early.fun)
        return nearest

    held.to(judge, lambda adapter: trials(adapter, ("beale", "rosenbrock[2]", "rastrigin[2]")))
