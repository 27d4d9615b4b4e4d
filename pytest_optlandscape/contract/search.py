"""Run the trials of a check, search for starts that break it, and simplify the start of a breach.

The check's own trials come first, in a fixed order. If the optimizer reads its seed, trials with further seeds follow,
up to `contract.trials.SEEDS`. If none breaks the check, `search.proposals` proposes further starts, guided by how near
each came to a breach. `search.shrinking` simplifies the failing start with its seed, then finds the smallest seed that
fails from that start. The start is stored in Hypothesis' example database. Nothing is read from it: a verdict must not
depend on earlier runs.
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
"""The limits of the search for a breach: starts per landscape, and evaluations per check, shared equally by its
landscapes. They are counts, not seconds, so that every machine searches equally far. At a millisecond per evaluation,
as in SciPy's COBYLA and trust-constr, a check searches for a second."""

_FIRST_SEARCHED_SEED = 1_000
"""The seed of the first searched start on a landscape. Each further start has the next seed."""

_EVALUATIONS_WITH_FURTHER_SEEDS = 6_000
"""The most evaluations with further seeds, for a check that shares its trials with no other check."""

_SHRINKING_EVALUATIONS = 30_000
"""About the most evaluations for simplifying a failing start."""


@dataclass(frozen=True, eq=False)
class Held:
    """An optimizer that the contract is checked on.

    Attributes
    ----------
    adapter : Adapter
    searches : bool
        Whether to search on if none of a check's own trials breaks it. Earlier runs guide a search, so rounding may
        redirect it. Outcomes that are compared over time therefore come without a search.
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
        further_seeds: bool = True,
    ) -> None:
        """Judge the trials of a check, then search for other starts.

        Parameters
        ----------
        judge : callable
            Takes a `Trial`. Returns a `Complaint`, how near the trial came to a complaint, or None.
        among : callable
            Takes an adapter. Returns the check's own trials.
        besides : callable, optional
            Takes an adapter. Returns trials that always follow. No search starts from them.
        everywhere : bool, default True
            Whether to search for other starts. False if the start does not matter, or if the check's tolerance for
            rounding holds only for its own trials.
        further_seeds : bool, default True
            Whether to add trials with further seeds if the optimizer reads its seed. False for tuners, whose trials
            take long.

        Raises
        ------
        Breach
            At the first complaint, with the simplest start and the smallest seed found. `SlightBreach` if all
            complaints are only rounding.
        NotApplicable
            If no landscape of the check suits the optimizer, or if the time limit stops a run. Only
            `check_returns_finite_point` judges a timeout.
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
        elif depends and further_seeds:
            _hold_with_further_seeds(own, max(SEEDS - len(answers), 0), questions)
        if self.searches and everywhere:
            for one in searched:
                one.search(_SEARCH_EVALUATIONS // len(searched), seeds=depends)
        for one in asked.values():
            one.raise_what_is_slight()


def _hold_with_further_seeds(own: list[Trial], count: int, questions: Callable[[Trial], _Asked]) -> None:
    """Repeat the trials with further seeds until the evaluations are spent."""
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
    """The answers of a judge for one optimizer on one landscape, by start and seed."""

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
        """The mean number of evaluations per answer."""
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
        """Judge one start and seed. Raise `Breach` for a complaint of more than rounding."""
        __tracebackhide__ = True
        answer = self._at(x0, seed)
        if answer.complaint is None:
            return answer
        if answer.complaint.is_slight:
            self._slight = self._slight or (x0, seed, answer.complaint)
            return answer
        raise _breach(self._simplest(x0, seed, answer.complaint))

    def raise_what_is_slight(self) -> None:
        """Raise `SlightBreach` if there was a complaint of only rounding."""
        __tracebackhide__ = True
        if self._slight is not None:
            raise _breach(self._simplest(*self._slight))

    def search(self, evaluations: int, *, seeds: bool) -> None:
        """Try further starts, each with its own seed if ``seeds``. Raise `Breach` at the first complaint."""
        __tracebackhide__ = True
        search = Search(self._landscape, self._landscape.bounds, seed=0)
        most = self._spent + evaluations
        while search.asked < _SEARCH_STARTS and self._spent + self.usual_cost <= most:
            seed = _FIRST_SEARCHED_SEED + search.asked if seeds else 0
            answer = self.hold_at(search.ask(), seed)
            search.tell(answer.run, answer.nearness)

    def _simplest(self, x0: FloatArray, seed: int, complaint: Complaint) -> Complaint:
        """Shrink the start, then the seed. Keep both if the run timed out, because every further run may, too."""
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
