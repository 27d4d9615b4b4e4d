"""Going through the trials of a check, searching for further ones that break it, and the simplest start of a breach.

The trials that every check has come first, in a fixed order. If the optimizer looks at its seed, further seeds follow,
until there are `contract_trials.SEEDS`. Where none of them breaks the check, `strategies.suspicion` is asked for
further starts, and told how near to a breach each came. The start that is found is shrunk by `strategies.shrinking`,
with its seed; then the smallest seed is taken with which that start fails. The start is kept in Hypothesis' example
database. Nothing is drawn from that: a verdict must not depend on what ran before.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.contract.scripts import script
from pytest_optlandscape.contract.trials import (
    FIRST_FURTHER_SEED,
    SEEDS,
    Breach,
    Complaint,
    Judge,
    NotApplicable,
    SlightBreach,
    Trial,
    further_trials,
    numbers,
    trials,
)
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.runs import Run
from pytest_optlandscape.search.failing_starts import kept_simplest
from pytest_optlandscape.search.proposals import Search
from pytest_optlandscape.search.remembered_failures import Failure
from pytest_optlandscape.search.shrinking import MOST_RUNS, smallest_seed

__all__ = ["Held"]

FloatArray = NDArray[np.float64]

_SEARCH_STARTS = 50
_SEARCH_EVALUATIONS = 1_000
"""Where the search for a breach ends: so many starts on a landscape, and so many evaluations of a check, shared equally
by its landscapes. Counts, not seconds, so that every machine searches as far. A millisecond an evaluation, as SciPy's
COBYLA and trust-constr take, is a second a check."""

_FIRST_SEARCHED_SEED = 1_000
"""Of the starts that are searched on a landscape; they count up."""

_EVALUATIONS_WITH_FURTHER_SEEDS = 6_000
"""Where further seeds of a check end whose trials no other check makes, too."""

_SHRINKING_EVALUATIONS = 30_000
"""As many starts as take about so many are tried for simpler ones."""


@dataclass(frozen=True, eq=False)
class Held:
    """An optimizer that is held to the contract.

    Attributes
    ----------
    adapter : Adapter
    searches : bool
        Whether to go on searching where none of a check's own trials breaks it. A search goes by how the runs went,
        so rounding may lead it elsewhere: what is compared over time does without.
    """

    adapter: Adapter
    searches: bool = False

    def to(
        self,
        judge: Judge,
        among: Callable[[Adapter], Iterator[Trial]] = trials,
        *,
        besides: Callable[[Adapter], Iterator[Trial]] | None = None,
        everywhere: bool = True,
    ) -> None:
        """Hold it to what a judge asks.

        Parameters
        ----------
        judge : callable
            From a `Trial` to a `Complaint`, or to how near it came to one, or None.
        among : callable
            From an adapter to the trials.
        besides : callable, optional
            From an adapter to trials that follow in any case; nothing is searched around them.
        everywhere : bool, default True
            Whether to search for other starts: not where they make no difference, nor where what is rounding is told
            from what is not by a tolerance made for these trials.

        Raises
        ------
        Breach
            At the first complaint, with the simplest start and the smallest seed that were found. `SlightBreach` where
            all complaints are of rounding.
        NotApplicable
            If no landscape of the check is made for the optimizer, or the time limit stops a run that is not judged
            for that: of an optimizer that hangs, one check tells.
        """
        __tracebackhide__ = True
        own = list(among(self.adapter))
        if not own:
            raise NotApplicable("none of this check's landscapes is made for it")
        asked: dict[tuple[int, str], _Asked] = {}

        def questions(trial: Trial) -> _Asked:
            key = (id(trial.adapter), trial.landscape.id)
            return asked.setdefault(key, _Asked(judge, trial.adapter, trial.landscape, trial.budget))

        answers = [questions(trial).hold_at(trial.x0, trial.seed) for trial in own]
        searched = list(asked.values())
        depends = any(answer.depends_on_the_seed for answer in answers)
        for trial in besides(self.adapter) if besides else ():
            answers.append(questions(trial).hold_at(trial.x0, trial.seed))
        if depends and among is trials and not besides:
            for trial in itertools.islice(further_trials(self.adapter), max(SEEDS - len(answers), 0)):
                questions(trial).hold_at(trial.x0, trial.seed)
        elif depends:
            _hold_with_further_seeds(own, max(SEEDS - len(answers), 0), questions)
        if self.searches and everywhere:
            for one in searched:
                one.search(_SEARCH_EVALUATIONS // len(searched), seeds=depends)
        for one in asked.values():
            one.raise_what_is_slight()


def _hold_with_further_seeds(own: list[Trial], count: int, questions: Callable[[Trial], _Asked]) -> None:
    """Go through the trials again and again with further seeds, as far as evaluations allow."""
    __tracebackhide__ = True
    spent, evaluations = 0.0, _EVALUATIONS_WITH_FURTHER_SEEDS
    for k in range(count):
        trial = own[k % len(own)]
        of_this = questions(trial)
        if spent + of_this.usual_cost > evaluations:
            return
        spent += of_this.usual_cost
        of_this.hold_at(trial.x0, FIRST_FURTHER_SEED + k)


class _Answer(NamedTuple):
    complaint: Complaint | None
    nearness: float | None
    run: Run
    depends_on_the_seed: bool


class _Asked:
    """What a judge says of one optimizer on one landscape, from start to start, and from seed to seed."""

    def __init__(self, judge: Judge, adapter: Adapter, landscape: Landscape, budget: int | None = None) -> None:
        self._judge = judge
        self._adapter = adapter
        self._landscape = landscape
        self._budget = budget
        self._answers: dict[tuple[bytes, int], _Answer] = {}
        self._spent = 0
        self._slight: tuple[FloatArray, int, Complaint] | None = None

    @property
    def usual_cost(self) -> float:
        """Evaluations for an answer, on average."""
        return self._spent / len(self._answers) if self._answers else 0.0

    def _at(self, x0: FloatArray, seed: int) -> _Answer:
        key = (x0.tobytes(), seed)
        if key not in self._answers:
            trial = Trial(self._adapter, self._landscape, np.array(x0), seed, self._budget)
            said = self._judge(trial)
            self._spent += trial.spent
            complaint, nearness = (said, None) if isinstance(said, Complaint) else (None, said)
            self._answers[key] = _Answer(complaint, nearness, trial.seen[0].run, trial.depends_on_the_seed)
        return self._answers[key]

    def hold_at(self, x0: FloatArray, seed: int) -> _Answer:
        """Raise `Breach` where there is a complaint of more than rounding."""
        __tracebackhide__ = True
        answer = self._at(x0, seed)
        if answer.complaint is None:
            return answer
        if answer.complaint.is_slight:
            self._slight = self._slight or (x0, seed, answer.complaint)
            return answer
        raise _breach(self._simplest(x0, seed, answer.complaint))

    def raise_what_is_slight(self) -> None:
        """Raise `SlightBreach` where there was a complaint of rounding."""
        __tracebackhide__ = True
        if self._slight is not None:
            raise _breach(self._simplest(*self._slight))

    def search(self, evaluations: int, *, seeds: bool) -> None:
        """Try further starts, each with a seed of its own on request, and raise `Breach` at the first complaint."""
        __tracebackhide__ = True
        search = Search(self._landscape, self._landscape.bounds, seed=0)
        most = self._spent + evaluations
        while search.asked < _SEARCH_STARTS and self._spent + self.usual_cost <= most:
            seed = _FIRST_SEARCHED_SEED + search.asked if seeds else 0
            answer = self.hold_at(search.ask(), seed)
            search.tell(answer.run, answer.nearness)

    def _simplest(self, x0: FloatArray, seed: int, complaint: Complaint) -> Complaint:
        """Shrink the start, then the seed, unless every further run may take as long as one that the clock stopped."""
        if complaint.run.stop_reason == "time":
            return complaint

        def fails(start: FloatArray, seed: int) -> bool:
            try:
                found = self._at(start, seed).complaint
            except NotApplicable:
                return False
            return found is not None and (complaint.is_slight or not found.is_slight)

        if np.array_equal(x0, self._landscape.x0):  # nothing is simpler
            best = Failure(x0, smallest_seed(seed, lambda smaller: fails(x0, smaller)))
        else:
            most = int(_SHRINKING_EVALUATIONS * len(self._answers) / max(self._spent, 1))
            found = Failure(x0, seed)
            best = kept_simplest(self._landscape, self._landscape.bounds, found, fails, min(most, MOST_RUNS))
        return self._at(*best).complaint or complaint


def _breach(complaint: Complaint) -> Breach:
    return (SlightBreach if complaint.is_slight else Breach)(_text(complaint))


def _text(complaint: Complaint) -> str:
    run = complaint.run
    seed = f" with seed {run.seed}" if run.seed else ""
    lines = [f"{run.optimizer} on {run.landscape.id} from {numbers(run.x0)}{seed}: {complaint.what}"]
    written = script(complaint.trial.adapter, run, complaint.show) if complaint.show else None
    if written:
        lines += ["  without this package:", *(f"    {line}" for line in written)]
    elif complaint.how:
        lines += [f"  to see it: {complaint.how}"]
    lines += [f"  replay: {run.script()}"]
    return "\n".join(lines)
