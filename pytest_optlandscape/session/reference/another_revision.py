"""Another revision as the reference of a session: it runs in the same session on the same machine.

Two revision servers run the two revisions in equal processes. So times can be compared, and both revisions can be run
again while the outcome is open. The other revision is measured in full only on landscapes where the two differ.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_optlandscape.comparison import (
    LandscapeComparison,
    OptimizerComparison,
    Verdict,
    compare_landscape,
    compare_optimizer,
)
from pytest_optlandscape.comparison.own_time import (
    TimedRun,
    TimeRatios,
    judge_landscape_by_time,
    judge_suite_by_time,
    time_alternately,
    timed_cells,
)
from pytest_optlandscape.comparison.rerun import compare_with_reruns
from pytest_optlandscape.contract import CheckOutcome
from pytest_optlandscape.landscapes import Landscape, get
from pytest_optlandscape.optimizers import third_party
from pytest_optlandscape.records import LandscapeRecord, RoundingSensitivity
from pytest_optlandscape.records.measuring import chosen_cells
from pytest_optlandscape.report import Wording, divergence_lines, time_line
from pytest_optlandscape.runs.run import Trace, make_trace
from pytest_optlandscape.session.contract_record import accepted_outcome
from pytest_optlandscape.session.reference.from_history import RecordedRevision
from pytest_optlandscape.session.reference.installed import InstalledCopies, InstalledCopy, installed_copies
from pytest_optlandscape.session.reference.protocol import Note
from pytest_optlandscape.session.reference.revision_client import (
    RevisionClient,
    RevisionError,
    client_of_present,
    client_of_revision,
)
from pytest_optlandscape.session.reference.search_path import home_of, is_in_repository
from pytest_optlandscape.session.reference.worktree import Worktree
from pytest_optlandscape.store import Baseline
from pytest_optlandscape.suites.catalogue import Cell, find_cell

if TYPE_CHECKING:
    from pytest_optlandscape.session.suite_plan import SuitePlan

__all__ = ["LOOKS", "AnotherRevision"]

LOOKS = (1, 2, 4)
"""The numbers of batches of runs per cell at which criteria are tested. A baseline has one batch."""


class AnotherRevision:
    """The project's files at another commit, checked out and run; see `Reference`.

    Parameters
    ----------
    plan : SuitePlan
    worktree : Worktree
        The checkout of the other revision.
    recorded : RecordedRevision or None
        The records of the other revision in the history (default: none, so everything is run).

    Attributes
    ----------
    taken : dict of str to str
        By spec, the commit whose recorded runs are used instead of new ones.
    missing : dict of str to str
        By spec, why the other revision lacks the optimizer.
    incomparable : dict of str to str
        By spec, why the optimizer of the other revision cannot be run.
    """

    is_history_possible = False
    has_own_processes = True
    may_lack_optimizers = True

    def __init__(self, plan: SuitePlan, worktree: Worktree, recorded: RecordedRevision | None = None) -> None:
        self._plan = plan
        self.worktree = worktree
        self.revision = worktree.ref
        self.baselines: Mapping[str, Baseline | None] = dict.fromkeys(plan.adapters)
        self.taken: dict[str, str] = {}
        self.missing: dict[str, str] = {}
        self.incomparable: dict[str, str] = {}
        self._recorded = recorded
        self._taken_landscapes: set[tuple[str, str]] = set()
        self._before: dict[tuple[str, str], LandscapeRecord] = {}
        self._timed: dict[tuple[str, str], TimeRatios] = {}
        self._differs: dict[str, str] = {}
        self._spent: defaultdict[str, float] = defaultdict(float)

    @cached_property
    def _other(self) -> RevisionClient:
        return client_of_revision(self.worktree, self._plan.settings, self.copies)

    @cached_property
    def _present(self) -> RevisionClient:
        return client_of_present(self.worktree, self._plan.settings, self.copies)

    @cached_property
    def copies(self) -> InstalledCopies:
        """The installed copies of the repository's files that this environment imports."""
        return installed_copies(self.worktree, self._plan.adapters)

    def close(self) -> None:
        """End both revision servers."""
        for name in ("_other", "_present"):
            if name in self.__dict__:
                self.__dict__[name].close()

    def worker_input(self) -> dict[str, Any]:
        """Return the checkout, which all workers share."""
        return {"optlandscape_worktree": self.worktree.to_plain()}

    def is_of_repository(self, spec: str) -> bool:
        """Return whether an optimizer is in the repository; otherwise, both revisions run the same code."""
        file = home_of(spec)
        return file is not None and (is_in_repository(self.worktree, file) or self.copies.of_file(file) is not None)

    def copy_of(self, spec: str) -> InstalledCopy | None:
        """Return the installed copy from which this process imports an optimizer; None if there is none."""
        return self.copies.of_file(home_of(spec))

    def measure(self, spec: str, landscape: Landscape) -> LandscapeComparison:
        """Run the cells of a landscape at both revisions, and compare them."""
        plan = self._plan
        present = self._loaded_here(spec)
        asked: dict[str, Any] = {"landscape": landscape.id, "budget": plan.budget(spec, landscape)}
        asked["starts"] = plan.starts(spec, landscape)
        known = self._known(spec, landscape)
        if known is not None:
            self._before[spec, landscape.id], self.taken[spec] = known
            self._taken_landscapes.add((spec, landscape.id))
            record = _record(self._present.get("cells", spec, **asked, with_envelope=False))
            return self._looked_at_closely(spec, record)
        reason = self._reason_why_not_there(spec)
        if reason or spec in self.incomparable:
            if reason:
                self.missing[spec] = reason
            return self.compare(spec, _record(self._present.get("cells", spec, **asked, with_envelope=False)))
        setting = self._other.load(spec)["setting"]
        if setting != present["setting"]:
            self._differs[spec] = f"setting {setting} is now {present['setting']}"
        before, record = self._from_both("cells", spec, asked, asked, with_envelope=False)
        self._before[spec, landscape.id] = before
        comparison = self._compare(spec, record)
        if comparison.fingerprint not in (None, "identical"):  # compare again with the other revision's full record
            self._before[spec, landscape.id] = _record(self._other.get("cells", spec, **asked, with_envelope=True))
            comparison = self._with_more_runs_while_open(spec, self._looked_at_closely(spec, record))
        if self.is_of_repository(spec):
            self._time(spec, landscape)
        return self._judged_by_time(spec, comparison)

    def compare(self, spec: str, record: LandscapeRecord) -> LandscapeComparison:
        """Compare a record and its times with those of the other revision.

        A landscape is compared with its own sensitivity to rounding, because the other landscapes may not have run yet.
        """
        return self._judged_by_time(spec, self._compare(spec, record))

    def _compare(self, spec: str, record: LandscapeRecord) -> LandscapeComparison:
        before = self.before(spec, record.landscape)
        comparison = compare_landscape(
            record,
            before,
            landscapes=self._count(spec),
            takes_bounds=self._plan.adapters[spec].takes_bounds,
            setting_differs=self.setting_differs(spec),
            looks=len(LOOKS) if self._makes_more_runs(spec, before) else 1,
        )
        if comparison.verdict == Verdict.NEW and spec in self.incomparable:
            return replace(comparison, verdict=Verdict.NOT_COMPARABLE, reason=self.incomparable[spec])
        if comparison.verdict == Verdict.NEW:
            return replace(comparison, reason=self.missing.get(spec, ""))
        return comparison

    def _judged_by_time(self, spec: str, comparison: LandscapeComparison) -> LandscapeComparison:
        return judge_landscape_by_time(comparison, self.timed(spec, comparison.now.landscape), self._count(spec))

    def judge(self, spec: str, comparisons: Sequence[LandscapeComparison]) -> OptimizerComparison:
        """Judge an optimizer by its landscapes, and by its times over all of them."""
        comparison = compare_optimizer(spec, comparisons, self.calibration(spec))
        timed = [self.timed(spec, one.now.landscape) for one in comparisons if one.is_compared]
        return judge_suite_by_time(comparison, [ratios for ratios in timed if ratios is not None])

    def before(self, spec: str, landscape_id: str) -> LandscapeRecord | None:
        """Return the other revision's record of a landscape; None before it is run."""
        return self._before.get((spec, landscape_id))

    def calibration(self, spec: str) -> RoundingSensitivity:
        """Return the sensitivity of an optimizer to rounding over the measured landscapes."""
        measured = [before.rounding_sensitivity for (one, _), before in sorted(self._before.items()) if one == spec]
        return sum((one for one in measured if one), RoundingSensitivity(0, 0))

    def setting_differs(self, spec: str) -> str:
        """Return how an optimizer's setting differs from the other revision's; "" if it does not."""
        return self._differs.get(spec, "")

    def timed(self, spec: str, landscape_id: str) -> TimeRatios | None:
        """Return the time ratios of a landscape; None if it was not timed."""
        return self._timed.get((spec, landscape_id))

    def _makes_more_runs(self, spec: str, before: LandscapeRecord | None) -> bool:
        is_averaged = before is not None and bool(before.averaged_over)
        is_taken = before is not None and (spec, before.landscape) in self._taken_landscapes
        return bool(self._plan.settings.time_budget) and is_averaged and not is_taken

    def _count(self, spec: str) -> int:
        return len(self._plan.landscapes_for(spec))

    def _known(self, spec: str, landscape: Landscape) -> tuple[LandscapeRecord, str] | None:
        """Return the history's record of the other revision, if a new run would give the same record."""
        if self._recorded is None:
            return None
        budget, starts = self._plan.budget(spec, landscape), self._plan.starts(spec, landscape)
        return self._recorded.find(self._plan.adapters[spec], landscape.id, budget, starts)

    def _looked_at_closely(self, spec: str, record: LandscapeRecord) -> LandscapeComparison:
        return compare_with_reruns(
            record, partial(self._compare, spec), partial(self._repeats, spec), partial(self._average, spec)
        )

    def _repeats(self, spec: str, record: LandscapeRecord, at: list[int]) -> bool:
        return bool(self._present.get("repeats", spec, record=record.to_plain(), at=at)["repeats"])

    def _average(self, spec: str, record: LandscapeRecord, over: str) -> LandscapeRecord:
        return _record(self._present.get("further", spec, record=record.to_plain(), over=over, batches=LOOKS[0]))

    def _with_more_runs_while_open(self, spec: str, comparison: LandscapeComparison) -> LandscapeComparison:
        """Run both revisions again and compare, until there is a finding or the time budget is spent."""
        for batches in LOOKS[1:]:
            record = comparison.now
            is_open = comparison.verdict == Verdict.CHANGED and not comparison.findings
            over = record.averaged_over
            if not is_open or not over or self._spent[spec] >= self._plan.settings.time_budget:
                break
            known = self._before[spec, record.landscape]
            started = time.monotonic()
            told = {"over": over, "batches": batches}
            before, record = self._from_both(
                "further", spec, {"record": known.to_plain()}, {"record": record.to_plain()}, **told
            )
            self._before[spec, record.landscape] = before
            self._spent[spec] += time.monotonic() - started
            comparison = self._compare(spec, record)
        return comparison

    def _from_both(
        self, do: str, spec: str, before: dict[str, Any], now: dict[str, Any], **told: Any
    ) -> tuple[LandscapeRecord, LandscapeRecord]:
        """Send requests to both servers at the same time and return their records."""
        self._other.ask(do, spec, **before, **told)
        self._present.ask(do, spec, **now, **told)
        return _record(self._other.answer()), _record(self._present.answer())

    def _time(self, spec: str, landscape: Landscape) -> None:
        budget = self._plan.budget(spec, landscape)

        def clock(client: RevisionClient, cell: Cell) -> TimedRun:
            return TimedRun(**client.get("time", spec, cell=cell.id, budget=budget))

        timed = time_alternately(
            lambda cell: clock(self._other, cell),
            lambda cell: clock(self._present, cell),
            timed_cells(chosen_cells(landscape, self._plan.starts(spec, landscape))),
        )
        if timed is not None:
            self._timed[spec, landscape.id] = timed

    def hold(self, spec: str, check: str) -> tuple[CheckOutcome, str | None]:
        """Hold an optimizer to a check of the contract; on failure, also run the check at the other revision."""
        self._loaded_here(spec)
        found = CheckOutcome(**self._present.get("check", spec, check=check))
        if found.is_breach and not self._reason_why_not_there(spec) and spec not in self.incomparable:
            return found, accepted_outcome(CheckOutcome(**self._other.get("check", spec, check=check)))
        return found, None

    def hindrance(self, spec: str) -> str:
        """Return why an optimizer cannot be compared with any revision; "" if it can."""
        library = third_party.find().get(spec.partition(":")[0])
        if library is None or library.is_found_elsewhere:
            return ""
        return (
            f"it comes from {library.owner}, a method of an object in this process, but a comparison with "
            f"{self.worktree.ref} runs in other processes; define the hook in conftest.py or in a plugin module"
        )

    def _loaded_here(self, spec: str) -> dict[str, Any]:
        """Make the server of the present files import an optimizer; raise RevisionError if it cannot."""
        hindrance = self.hindrance(spec)
        if hindrance:
            raise RevisionError(f"{spec} cannot be compared: {hindrance}")
        present = self._present.load(spec)
        if "missing" in present:
            raise RevisionError(f"{spec} cannot be imported in a separate process: {present['missing']}")
        return present

    def _reason_why_not_there(self, spec: str) -> str:
        """Return why the other revision lacks an optimizer; note the reason if it only cannot run it."""
        copy = self.copy_of(spec)
        if copy is not None and copy.obstacle:
            self.incomparable[spec] = self._with_remedy(copy.obstacle)
            return ""
        loaded = self._other.load(spec)
        if "missing" in loaded:
            return str(loaded["missing"])
        if "incomparable" in loaded:
            self.incomparable[spec] = self._with_remedy(str(loaded["incomparable"]))
            return ""
        file = loaded["file"]
        if self.is_of_repository(spec) and not (file and Path(file).is_relative_to(self.worktree.folder)):
            return f"there it would be imported from {file}, which is not in the revision"
        return ""

    def _with_remedy(self, reason: str) -> str:
        """Add advice to a reason: how to compare in spite of an installed copy."""
        copy = next((one for one in self.copies.copies if reason in (one.obstacle, one.refusal)), None)
        if copy is None:
            return reason
        if not copy.needs_build:
            return f"{reason}; install the project editable (`pip install -e .`; for tox: `package = editable`)"
        return f"{reason}; build both revisions, as the summary says"

    def pack(self, spec: str, landscape_id: str) -> dict[str, Any]:
        """Return the other revision's record, the times, and why the other revision could not run an optimizer."""
        key = spec, landscape_id
        packed: dict[str, Any] = {}
        if key in self._before:
            packed["before"] = self._before[key].to_plain()
        if key in self._timed:
            packed["timed"] = self._timed[key].to_plain()
        if key in self._taken_landscapes:
            packed["taken"] = self.taken[spec]
        return packed | {name: told[spec] for name, told in self._said().items() if spec in told}

    def unpack(self, plain: Mapping[str, Any]) -> None:
        """Store the values of `pack` from another process of the session."""
        spec, landscape_id = plain["spec"], plain["landscape"]
        if "before" in plain:
            self._before[spec, landscape_id] = _record(plain["before"])
        if "timed" in plain:
            self._timed[spec, landscape_id] = TimeRatios.from_plain(plain["timed"])
        if "taken" in plain:
            self.taken[spec] = plain["taken"]
            self._taken_landscapes.add((spec, landscape_id))
        for name, told in self._said().items():
            if name in plain:
                told[spec] = plain[name]

    def _said(self) -> dict[str, dict[str, str]]:
        return {"missing": self.missing, "incomparable": self.incomparable, "differs": self._differs}

    def traces(self, spec: str, cell: Cell, budget: int) -> tuple[Trace | None, Trace]:
        """Run a cell at both revisions; return the evaluations of the other revision and the present ones."""
        asked = {"cell": cell.id, "budget": budget}
        before, now = (_trace(client.get("trace", spec, **asked), cell) for client in (self._other, self._present))
        return before, now

    def explanation(self, spec: str, comparison: LandscapeComparison) -> list[str]:
        """Return lines that show where the runs of the worst cell diverge from the other revision's."""
        if not comparison.is_compared or comparison.fingerprint == "identical":
            return []
        cell = _worst_cell(comparison)
        before, now = self.traces(spec, cell, comparison.now.budget)
        return divergence_lines(cell.id, before, now, cell.landscape.bounds) if before is not None else []

    def outcome_extras(self, comparisons: Sequence[OptimizerComparison]) -> dict[str, Any]:
        """Return the revision and the times; the times vary from session to session."""
        times = {
            comparison.spec: {
                "landscapes": {
                    one.now.landscape: float(f"{ratios.ratio:.4g}")
                    for one in comparison.landscapes
                    if (ratios := self.timed(comparison.spec, one.now.landscape)) is not None
                },
                "findings": [str(found) for found in _time_findings(comparison)],
            }
            for comparison in comparisons
        }
        recorded = {"recorded": dict(sorted(self.taken.items()))} if self.taken else {}
        return {"against": {"ref": self.worktree.ref, "commit": self.worktree.commit, "times": times, **recorded}}

    def notes(
        self, comparisons: Sequence[OptimizerComparison], wording: Wording, accepted: Collection[str]
    ) -> Iterator[Note]:
        """Yield notes on missing optimizers, on optimizers with the same code at both revisions, and on times."""
        ref = self.worktree.ref
        for comparison in comparisons:
            spec = comparison.spec
            if spec in self.missing:
                yield Note(f"{spec} is not there at {ref}: {self.missing[spec]}", is_warning=True)
            elif spec not in self.incomparable and not self.is_of_repository(spec):
                yield Note(f"{spec} is not in this repository, so the same code ran at {ref} and now", is_warning=True)
            if spec in self.taken:
                commit = self.taken[spec]
                yield Note(f"{spec}: the results of {ref} are from the history ({commit}); times were not compared")
            timed = [self.timed(spec, one.now.landscape) for one in comparison.landscapes]
            known = time_line([ratios for ratios in timed if ratios is not None])
            if known:
                yield Note(f"{spec}: {known}")
        if comparisons:
            yield from map(Note, self._origin_lines())
        commands = self._commands_to_build()
        if commands:
            yield Note("to compare code that must be built, measure both revisions:", is_warning=True)
        for command in commands:
            yield Note(f"  {command}", is_wrapped=False)

    def _origin_lines(self) -> Iterator[str]:
        """Yield lines on installed modules that were run from their source, and on files that differ from it."""
        for copy in self.copies.copies:
            if copy.obstacle or copy.name not in sys.modules:
                continue
            yield f"{copy.name} is installed as a copy: both sides ran its source, {copy.source}"
            if copy.differing:
                further = f" and {len(copy.differing) - 2} more" if len(copy.differing) > 2 else ""
                names = ", ".join(copy.differing[:2]) + further
                yield f"  the installed copy differs from it in {names}: reinstall it for your other tests"

    def _commands_to_build(self) -> list[str]:
        """Return the commands that build and compare both revisions; none if no build is needed."""
        if not any(one.endswith("as the summary says") for one in self.incomparable.values()):
            return []
        build, commit = 'optlandscape backfill --install "pip install ." --steps 1', self.worktree.commit[:10]
        return [f"{build} {commit}", f"{build} HEAD", f"optlandscape compare {commit} HEAD"]


def _time_findings(comparison: OptimizerComparison) -> list[str]:
    whole = [str(found) for found in comparison.findings if found.metric == "time"]
    return whole + [
        f"{one.now.landscape}: {found}"
        for one in comparison.landscapes
        for found in one.findings
        if found.metric == "time"
    ]


def _worst_cell(comparison: LandscapeComparison) -> Cell:
    landscape_id, _, start = comparison.worst_cell["cell"].rpartition("/")
    return find_cell(get(landscape_id), start)


def _trace(told: dict[str, Any], cell: Cell) -> Trace:
    landscape = cell.landscape
    points = np.array(told["x"], dtype=np.float64).reshape(-1, landscape.dim)
    return make_trace(points, np.array(told["fun"], dtype=np.float64), landscape.bounds, landscape)


def _record(plain: dict[str, Any]) -> LandscapeRecord:
    return LandscapeRecord.from_plain(plain)
