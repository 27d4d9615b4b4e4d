"""Checks of the contract on state that can be saved, such as the momentum in a ``state_dict``."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape._counting import number_of
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.optimizers.protocol import Interruption
from pytest_optlandscape.runs import Run
from pytest_optlandscape.verdicts.contract_checks_repetition import run_hash
from pytest_optlandscape.verdicts.contract_search import Held
from pytest_optlandscape.verdicts.contract_trials import Complaint, NotApplicable, Trial, trials

__all__ = ["check_resumes_from_saved_state"]

FloatArray = NDArray[np.float64]

_AFTER = (1, 10, 57)
"""Evaluations after which a run is interrupted: the first step, one soon after it, and one when averages are warm."""


_COMPARED = 50
"""Evaluations after an interruption that are compared where the runs differ at all: in later ones rounding grows."""

_ROUNDING = 1e-5
"""In units of the way gone since the interruption. Casting a number of the state to single precision moves a run by
1e-7 of its way, at first; a part of the state that is lost moves it by a thousandth and more."""


def check_resumes_from_saved_state(held: Held) -> None:
    """Check that a run whose state is saved, and loaded into a fresh optimizer that goes on, is the same run.

    A difference that rounding explains is none: libraries cast what they load.
    """
    __tracebackhide__ = True
    if held.adapter.interrupted(Interruption(1)) is None:
        raise NotApplicable("its runs cannot be interrupted: no state of it can be saved in between")

    def judge(trial: Trial) -> Complaint | float | None:
        usual = trial.observe_anew()
        interruptions = [Interruption(after) for after in _AFTER]
        for interruption in interruptions:
            complaint = _complaint(trial, usual.run, interruption)
            if complaint is not None:
                return complaint
        if not any(interruption.happened for interruption in interruptions):
            raise NotApplicable("its run ended before it could be interrupted")
        return None

    def among(adapter: Adapter) -> Iterator[Trial]:
        return itertools.islice(trials(adapter, ("beale", "booth"), starts=1), 1)  # Beale's is too high for float16

    held.to(judge, among, everywhere=False)


def _complaint(trial: Trial, usual: Run, interruption: Interruption) -> Complaint | None:
    interrupted = trial.adapter.interrupted(interruption)
    assert interrupted is not None
    run = trial.with_adapter(interrupted).observe_anew().run
    if interruption.refusal:
        raise NotApplicable(interruption.refusal)
    if run_hash(run) == run_hash(usual):
        return None
    at = interruption.after
    parting = _parting(usual.trace.x, run.trace.x, at)
    if run.stop_reason == "exception" and usual.stop_reason != "exception":
        what = f"after {number_of(at, 'evaluation')} its state could not be saved and loaded: {run.message}"
    elif run_hash(trial.observe_anew().run) != run_hash(usual):
        return None  # it never makes the same run twice, which another check tells
    elif parting is None:
        return None
    else:
        where = f"from evaluation {parting} on"
        what = f"after {number_of(at, 'evaluation')} a fresh optimizer loaded its state, and went elsewhere {where}"
    after = f"after {number_of(at, 'evaluation')} ({interruption.means})"
    how = f"save its state {after}, load it into a new optimizer, go on with that"
    return Complaint(what, run, trial, how=how)


def _parting(usual: FloatArray, points: FloatArray, after: int) -> int | None:
    """Say at which evaluation, counted from 1, a run leaves the usual one by more than rounding; None if it does not.

    Parameters
    ----------
    usual, points : ndarray, shapes (n, dim) and (m, dim)
        The points of the two runs.
    after : int
        Evaluations before the interruption.
    """
    first = max(after - 1, 0)
    last = min(first + _COMPARED, len(usual), len(points))
    steps = np.abs(np.diff(usual[first:last], axis=0)).max(axis=1, initial=0.0)
    way = np.concatenate([[0.0], np.cumsum(steps)])
    with np.errstate(invalid="ignore"):
        apart = np.abs(points[first:last] - usual[first:last]).max(axis=1, initial=0.0)
        differs = ~((apart <= _ROUNDING * way) | np.all(points[first:last] == usual[first:last], axis=1))
    differs &= ~(np.isnan(points[first:last]) & np.isnan(usual[first:last])).all(axis=1)
    if differs.any():
        return first + int(np.argmax(differs)) + 1
    shortest, longest = sorted((len(usual), len(points)))
    return shortest + 1 if shortest < longest and shortest <= last else None
