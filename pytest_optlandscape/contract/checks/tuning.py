"""Checks of the contract on the search of a tuner: failed trials, schedule, direction, state, seeds, pending trials.

They run on landscapes over a search space, for optimizers that evaluate configurations.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterator

import numpy as np

from pytest_optlandscape.contract.checks.configurations import BUDGET, require_search, tuning_trials
from pytest_optlandscape.contract.checks.repetition import run_hash
from pytest_optlandscape.contract.search import Held
from pytest_optlandscape.contract.search_spaces import ENDLESS, FINITE, failing, random_values, searched
from pytest_optlandscape.contract.trials import Breach, Complaint, NotApplicable, SlightBreach, Trial
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.optimizers.protocol import Interruption
from pytest_optlandscape.runs import Problem, Run
from pytest_optlandscape.texts.plurals import number_of

__all__ = [
    "check_beats_random_search",
    "check_keeps_schedule",
    "check_maximizes_as_it_minimizes",
    "check_resumes_search",
    "check_search_follows_seed",
    "check_survives_failed_trials",
    "check_takes_values_in_any_order",
]

_TRAINING = ENDLESS[0]
_ON_BOTH = tuning_trials(_TRAINING, FINITE)
_BUDGETS = (7, BUDGET)
_AFTER = (1, 7, 15)
"""A run is interrupted after so many evaluations: at once, among the first draws, and when a model has begun."""

_PENDING = 4
_COMPARED_WITH_RANDOM = 40
_RUNS_OF_EACH, _RUNS_IF_IN_DOUBT = 4, 12
"""Trials of a run, and runs on each landscape, of the comparison with random search."""

_BETTER, _IN_DOUBT, _WORSE = 0.35, 0.6, 0.68
"""Bounds of the mean rank. That of random search is 0.5, with a standard deviation of 1/√(12 n) for n runs. So 12 runs
lie below 0.35 with a probability of 4 %, and 36 runs above 0.68 with one of 1e-4. A search that learns from the wrong
sign lives on its m random draws: its mean rank is 40/(40 + m), which is 0.8 for 10."""


def check_survives_failed_trials(held: Held) -> None:
    """Check that the search goes on after trials whose value is NaN, and returns none of them.

    If the objective raises, the search should go on, too; ending with that exception is only warned.
    """
    __tracebackhide__ = True
    require_search(held)

    def judge(trial: Trial) -> Complaint | None:
        run = trial.observe().run
        failed = np.isnan(run.trace.fun)
        if not failed.any() or (run.stop_reason == "exception" and _may_raise(trial)):
            return None
        first = int(np.argmax(failed)) + 1
        raises = trial.landscape.id.endswith("[raises]")
        why = "raised ArithmeticError" if raises else "was NaN"
        if run.stop_reason == "exception":
            what = f"trial {first} {why}, and it ended: {run.message}"
            return Complaint(what, run, trial, how="let a trial fail", is_slight=raises)
        if run.stop_reason != "budget" and run.nfev == first:
            return Complaint(f"trial {first} {why}, and it ended", run, trial, how="let a trial fail")
        if not failed.all() and not math.isfinite(run.fun):
            return Complaint(f"it returned a trial that failed: {run.x.tolist()}", run, trial, how="let a trial fail")
        return None

    def among(adapter: Adapter) -> Iterator[Trial]:
        for how in ("nan", "raises"):
            made = functools.partial(failing, how=how)
            yield from tuning_trials(_TRAINING, FINITE, seeds=2, made=made)(adapter)

    held.to(judge, among, everywhere=False, further_seeds=False)


def _may_raise(trial: Trial) -> bool:
    """Return whether NaN is not to blame for an exception: it is refused, or the exception comes without it, too."""
    usual = dataclasses.replace(trial, landscape=searched(trial.landscape.name), seen=[])
    return trial.adapter.refuses_nan or usual.observe().run.stop_reason == "exception"


def check_keeps_schedule(held: Held) -> None:
    """Check that a search makes as many evaluations as it announces: its trials, rounds or budget."""
    __tracebackhide__ = True
    require_search(held)

    def judge(trial: Trial) -> Complaint | None:
        limited = trial.adapter.with_budget(trial.budget or BUDGET)
        if limited is not None:
            run = Trial(limited, trial.landscape, trial.x0, trial.seed).observe_anew().run
            if run.nfev > (trial.budget or BUDGET):
                what = f"told to make at most {number_of(trial.budget or BUDGET, 'evaluation')}, it made {run.nfev}"
                return Complaint(what, run, trial, how="count the calls")
            return None
        observed = trial.observe()
        planned = trial.adapter.planned(Problem(trial.landscape, trial.x0, budget=trial.budget, seed=trial.seed))
        run = observed.run
        if planned is None:
            raise NotApplicable("it announces no schedule")
        if run.nfev == planned and not (observed.problem.exhausted and planned < observed.problem.budget):
            return None
        what = f"its schedule has {number_of(planned, 'evaluation')}, but it made {run.nfev}"
        if run.stop_reason == "exception":
            what += f" and ended with {run.message}"
        return Complaint(what, run, trial, how="count the calls")

    def among(adapter: Adapter) -> Iterator[Trial]:
        for budget in _BUDGETS:
            endless = list(tuning_trials(_TRAINING, seeds=1, budget=budget)(adapter))
            yield from endless or tuning_trials(FINITE, seeds=1, budget=budget)(adapter)

    held.to(judge, among, everywhere=False, further_seeds=False)


def check_maximizes_as_it_minimizes(held: Held) -> None:
    """Check that maximising the negated objective makes the same trials as minimising the objective."""
    __tracebackhide__ = True
    require_search(held)
    negated = held.adapter.told_to_maximize()
    if negated is None:
        raise NotApplicable("it has no direction: it only minimises")

    def judge(trial: Trial) -> Complaint | None:
        usual, run = trial.observe().run, trial.with_adapter(negated).observe_anew().run
        if run_hash(usual) == run_hash(run) or run_hash(trial.observe_anew().run) != run_hash(usual):
            return None
        what = f"told to maximise −f, it parts from minimising f {_where(usual, run)}"
        return Complaint(what, run, trial, how="maximise −f with the same seed")

    held.to(judge, _ON_BOTH, everywhere=False, further_seeds=False)


def check_resumes_search(held: Held) -> None:
    """Check that a search makes the same trials if its state is saved and loaded in between."""
    __tracebackhide__ = True
    require_search(held)
    if held.adapter.interrupted(Interruption(1)) is None:
        raise NotApplicable("its runs cannot be interrupted: no state of it can be saved in between")
    happened = False

    def judge(trial: Trial) -> Complaint | None:
        nonlocal happened
        usual = trial.observe().run
        for after in _AFTER:
            interruption = Interruption(after)
            interrupted = trial.adapter.interrupted(interruption)
            assert interrupted is not None
            run = trial.with_adapter(interrupted).observe_anew().run
            if interruption.refusal:
                raise NotApplicable(interruption.refusal)
            happened |= interruption.happened
            if run_hash(run) != run_hash(usual) and run_hash(trial.observe_anew().run) == run_hash(usual):
                saved = f"after {number_of(after, 'trial')} its state was saved and loaded ({interruption.means})"
                how = f"save its state after {number_of(after, 'trial')}, load it, go on"
                return Complaint(f"{saved}, and it went elsewhere {_where(usual, run)}", run, trial, how=how)
        return None

    held.to(judge, tuning_trials(_TRAINING, FINITE, seeds=1), everywhere=False, further_seeds=False)
    if not happened:
        raise NotApplicable("its run ended before it could be interrupted")


def check_search_follows_seed(held: Held) -> None:
    """Check that the same seed makes the same trials, and other seeds make others if the search is stochastic."""
    __tracebackhide__ = True
    require_search(held)

    def judge(trial: Trial) -> Complaint | None:
        usual, again = trial.observe().run, trial.observe_anew().run
        if run_hash(usual) != run_hash(again):
            what = f"a second run with the same seed went elsewhere {_where(usual, again)}"
            return Complaint(what, again, trial, how="run it twice")
        if not trial.depends_on_the_seed or usual.nfev < 2:
            return None
        others = [Trial(trial.adapter, trial.landscape, trial.x0, trial.seed + k, trial.budget) for k in (1, 2)]
        if any(run_hash(other.observe().run) != run_hash(usual) for other in others):
            return None
        what = f"seeds {trial.seed}, {trial.seed + 1} and {trial.seed + 2} make the same trials"
        return Complaint(what, usual, trial, how="run it with other seeds")

    endless = tuning_trials(_TRAINING, seeds=1)
    among = endless if list(endless(held.adapter)) else tuning_trials(FINITE, seeds=1)
    held.to(judge, among, everywhere=False, further_seeds=False)


def check_takes_values_in_any_order(held: Held) -> None:
    """Check that a search with four trials under way takes their values in the reverse order.

    It must make all evaluations, and return the best. Asking for one configuration four times is only warned.
    """
    __tracebackhide__ = True
    require_search(held)
    parallel = held.adapter.with_pending(_PENDING)
    if parallel is None:
        raise NotApplicable("it has one trial at a time: each is told before the next is asked for")

    def judge(trial: Trial) -> Complaint | None:
        usual, pending = trial.observe().run, trial.with_adapter(parallel)
        run = pending.observe().run
        how = f"ask for {_PENDING} configurations, tell their values from the last to the first"
        if run.stop_reason == "exception" and usual.stop_reason != "exception":
            return Complaint(f"with {_PENDING} trials under way it ended: {run.message}", run, pending, how=how)
        if usual.stop_reason == "budget" and run.nfev < usual.nfev:
            what = f"with {_PENDING} trials under way it made {run.nfev} of {number_of(usual.nfev, 'evaluation')}"
            return Complaint(what, run, pending, how=how)
        if not _is_best(run) and _is_best(usual):
            saw = np.nanmin(run.trace.fun)
            what = f"with {_PENDING} trials under way it returned f = {run.fun:.6g}, but saw {saw:.6g}"
            return Complaint(what, run, pending, how=how)
        for first in range(0, run.nfev - _PENDING + 1, _PENDING):
            together = run.trace.x[first : first + _PENDING]
            if (together == together[0]).all():
                what = f"it asked for one configuration {_PENDING} times at once, from evaluation {first + 1} on"
                return Complaint(what, run, pending, how=how, is_slight=True)
        return None

    held.to(judge, tuning_trials(_TRAINING, seeds=2), everywhere=False, further_seeds=False)


def _is_best(run: Run) -> bool:
    return not np.isfinite(run.trace.fun).any() or run.fun <= float(np.nanmin(run.trace.fun))


def check_beats_random_search(held: Held) -> None:
    """Check that the search ends lower than random search does with as many trials.

    The rank of a run is the probability that random search ends as low; its mean over runs on three landscapes is 0.5
    for random search itself. A mean rank above 0.68 is a breach; one above 0.35 is only warned.
    """
    __tracebackhide__ = True
    require_search(held)
    among = _compared(held, _RUNS_OF_EACH)
    if not among:
        raise NotApplicable("it lists finite spaces")
    if not (among[0].observe() and among[0].depends_on_the_seed):
        raise NotApplicable("it draws no random numbers")
    ranks = [_rank(trial.observe().run) for trial in among]
    if np.mean(ranks) > _IN_DOUBT:
        among = _compared(held, _RUNS_IF_IN_DOUBT)
        ranks = [_rank(trial.observe().run) for trial in among]
    mean = float(np.mean(ranks))
    if mean <= _BETTER:
        return
    worst = among[int(np.argmax(ranks))].observe().run
    what = (
        f"{held.adapter.spec} on {', '.join(ENDLESS)}: random search ends as low as it with a mean probability of "
        f"{mean:.2f}, over {number_of(len(ranks), 'run')} of {_COMPARED_WITH_RANDOM} trials; that of random search "
        "itself is 0.5\n"
        f"  to see it: compare it with random draws\n  replay: {worst.script()}"
    )
    raise (Breach if mean > _WORSE else SlightBreach)(what)


def _compared(held: Held, seeds: int) -> list[Trial]:
    """Return the trials that are compared with random search."""
    return list(tuning_trials(*ENDLESS, seeds=seeds, budget=_COMPARED_WITH_RANDOM)(held.adapter))


def _rank(run: Run) -> float:
    """Return the probability that random search with as many trials ends as low, ties counted by half."""
    values = random_values(run.landscape.id)
    if not np.isfinite(run.trace.fun).any():
        return 1.0
    best = np.nanmin(run.trace.fun)
    below = (np.searchsorted(values, best, "left") + np.searchsorted(values, best, "right")) / 2.0 / len(values)
    return float(1.0 - (1.0 - below) ** run.nfev)


def _where(usual: Run, run: Run) -> str:
    """Say from which trial on two runs differ."""
    common = min(usual.nfev, run.nfev)
    differ = (usual.trace.x[:common] != run.trace.x[:common]).any(axis=1)
    if differ.any():
        return f"from trial {int(np.argmax(differ)) + 1} on"
    return "at the end" if usual.nfev == run.nfev else f"after trial {common}: {run.stop_reason}, {run.message}"
