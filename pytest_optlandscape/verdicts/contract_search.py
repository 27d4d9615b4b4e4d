"""Going through the trials of a check, hunting for further ones that break it, and the simplest start of a breach.

The trials that every check has come first, in a fixed order. Where none of them breaks it, `strategies.suspicion` is
asked for further starts, and told how near to a breach each came. What is found is shrunk by `strategies.shrinking`,
and kept in Hypothesis' example database. Nothing is drawn from that: a verdict must not depend on what ran before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.runs import Run
from pytest_optlandscape.strategies.hunter import kept_simplest
from pytest_optlandscape.strategies.shrinking import MOST_RUNS
from pytest_optlandscape.strategies.suspicion import Search
from pytest_optlandscape.verdicts.contract_scripts import script
from pytest_optlandscape.verdicts.contract_trials import (
    Breach,
    Complaint,
    Judge,
    NotApplicable,
    Trial,
    numbers,
    trials,
)

__all__ = ["Held"]

FloatArray = NDArray[np.float64]

_HUNT_STARTS = 50
_HUNT_EVALUATIONS = 1_000
"""Where the hunt for a breach ends: so many starts on a landscape, and so many evaluations of a check, shared equally
by its landscapes. Counts, not seconds, so that every machine hunts as far. A millisecond an evaluation, as SciPy's
COBYLA and trust-constr take, is a second a check."""

_SHRINKING_EVALUATIONS = 30_000
"""As many starts as take about so many are tried for simpler ones."""


@dataclass(frozen=True, eq=False)
class Held:
    """An optimizer that is held to the contract.

    Attributes
    ----------
    adapter : Adapter
    hunts : bool
        Whether to go on hunting where none of a check's own trials breaks it. A hunt goes by how the runs so far went,
        so rounding may lead it elsewhere: what is compared over time does without.
    """

    adapter: Adapter
    hunts: bool = False

    def to(
        self, judge: Judge, among: Callable[[Adapter], Iterator[Trial]] = trials, *, everywhere: bool = True
    ) -> None:
        """Hold it to what a judge asks.

        Parameters
        ----------
        judge : callable
            From a `Trial` to a `Complaint`, or to how near it came to one, or None.
        among : callable
            From an adapter to the trials.
        everywhere : bool, default True
            Whether to hunt for other starts: not where they make no difference, nor where what is rounding is told
            from what is not by a tolerance made for these trials.

        Raises
        ------
        Breach
            At the first complaint, with the simplest start that was found.
        NotApplicable
            If no landscape of the check is made for the optimizer, or the time limit stops a run that is not judged
            for that: of an optimizer that hangs, one check tells.
        """
        __tracebackhide__ = True
        chosen = list(among(self.adapter))
        if not chosen:
            raise NotApplicable("none of this check's landscapes is made for it")
        asked: dict[tuple[int, str], _Asked] = {}
        for trial in chosen:
            questions = asked.setdefault(
                (id(trial.adapter), trial.landscape.id), _Asked(judge, trial.adapter, trial.landscape)
            )
            questions.hold_at(trial.x0)
        if self.hunts and everywhere:
            for questions in asked.values():
                questions.hunt(_HUNT_EVALUATIONS // len(asked))


class _Answer(NamedTuple):
    complaint: Complaint | None
    nearness: float | None
    run: Run


class _Asked:
    """What a judge says of one optimizer on one landscape, from start to start."""

    def __init__(self, judge: Judge, adapter: Adapter, landscape: Landscape) -> None:
        self._judge = judge
        self._adapter = adapter
        self._landscape = landscape
        self._answers: dict[bytes, _Answer] = {}
        self._spent = 0

    def _at(self, x0: FloatArray) -> _Answer:
        key = x0.tobytes()
        if key not in self._answers:
            trial = Trial(self._adapter, self._landscape, np.array(x0))
            said = self._judge(trial)
            self._spent += trial.spent
            complaint, nearness = (said, None) if isinstance(said, Complaint) else (None, said)
            self._answers[key] = _Answer(complaint, nearness, trial.runs[0])
        return self._answers[key]

    def hold_at(self, x0: FloatArray) -> _Answer:
        """Raise `Breach` where there is a complaint."""
        __tracebackhide__ = True
        answer = self._at(x0)
        if answer.complaint is not None:
            raise Breach(_text(self._simplest(x0, answer.complaint)))
        return answer

    def hunt(self, evaluations: int) -> None:
        """Try further starts, and raise `Breach` at the first complaint."""
        __tracebackhide__ = True
        search = Search(self._landscape, self._landscape.bounds, seed=0)
        most = self._spent + evaluations
        while search.asked < _HUNT_STARTS and self._spent + self._spent / len(self._answers) <= most:
            answer = self.hold_at(search.ask())
            search.tell(answer.run, answer.nearness)

    def _simplest(self, x0: FloatArray, complaint: Complaint) -> Complaint:
        if complaint.run.stop_reason == "time" or np.array_equal(x0, self._landscape.x0):
            return complaint  # nothing is simpler, or every further run may take as long
        most = int(_SHRINKING_EVALUATIONS * len(self._answers) / max(self._spent, 1))

        def fails(start: FloatArray) -> bool:
            try:
                return self._at(start).complaint is not None
            except NotApplicable:
                return False

        best = kept_simplest(self._landscape, self._landscape.bounds, x0, fails, min(most, MOST_RUNS))
        return self._at(best).complaint or complaint


def _text(complaint: Complaint) -> str:
    run = complaint.run
    lines = [f"{run.optimizer} on {run.landscape.id} from {numbers(run.x0)}: {complaint.what}"]
    written = script(complaint.trial.adapter, run, complaint.show) if complaint.show else None
    if written:
        lines += ["  without this package:", *(f"    {line}" for line in written)]
    elif complaint.how:
        lines += [f"  to see it: {complaint.how}"]
    lines += [f"  replay: {run.command()}"]
    return "\n".join(lines)
