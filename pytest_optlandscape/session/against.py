"""One session's suite against another revision: what is compared with is run, not read.

Both revisions run on this machine in one go, each in a process of its own that is like the other's. So the other one
is run as a baseline only where the two differ, more runs can be made on both sides while the outcome is open, and
times can be compared.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

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
from pytest_optlandscape.comparison.rerun import look_closely
from pytest_optlandscape.contract import CheckOutcome
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import third_party
from pytest_optlandscape.records import LandscapeRecord, RoundingSensitivity
from pytest_optlandscape.records.measuring import chosen_cells
from pytest_optlandscape.report import Wording, divergence_lines
from pytest_optlandscape.runs.run import Trace, make_trace
from pytest_optlandscape.session.contract_record import accepted_outcome
from pytest_optlandscape.session.reference.from_history import RecordedRevision
from pytest_optlandscape.session.reference.installed import InstalledCopies, InstalledCopy, installed_copies
from pytest_optlandscape.session.reference.revision_client import (
    RevisionClient,
    RevisionError,
    client_of_present,
    client_of_revision,
)
from pytest_optlandscape.session.reference.search_path import home_of, is_in_repository
from pytest_optlandscape.session.reference.worktree import Worktree
from pytest_optlandscape.session.replay import find_cell
from pytest_optlandscape.session.settings import Settings
from pytest_optlandscape.session.suite import SuiteRun
from pytest_optlandscape.suites.catalogue import Cell

__all__ = ["AgainstRun"]

LOOKS = (1, 2, 4)
"""Batches of runs per cell at which criteria are tested: as many as a baseline has, then twice and four times that."""


class AgainstRun(SuiteRun):
    """The suite of one session that compares with another revision.

    Parameters
    ----------
    settings : Settings
    worktree : Worktree
        The other revision, checked out.
    spool : Path or None
        Where the workers of a distributed session leave records for each other.
    recorded : RecordedRevision or None
        What the history has of the other revision; without it, everything is run.

    Attributes
    ----------
    taken : dict of str to str
        By spec, the recorded commit that was not run again.
    missing : dict of str to str
        By spec, why the other revision has no such optimizer.
    incomparable : dict of str to str
        By spec, why the optimizer cannot be run as it was at the other revision, although that may have it.
    """

    def __init__(
        self,
        settings: Settings,
        worktree: Worktree,
        spool: Path | None = None,
        recorded: RecordedRevision | None = None,
    ) -> None:
        self.worktree = worktree
        self.taken: dict[str, str] = {}
        self._recorded = recorded
        self.missing: dict[str, str] = {}
        self.incomparable: dict[str, str] = {}
        self._before: dict[tuple[str, str], LandscapeRecord] = {}
        self._timed: dict[tuple[str, str], TimeRatios] = {}
        self._differs: dict[str, str] = {}
        self._spent: defaultdict[str, float] = defaultdict(float)
        super().__init__(settings, spool)

    @cached_property
    def _reference(self) -> RevisionClient:
        return client_of_revision(self.worktree, self.settings, self.copies)

    @cached_property
    def _present(self) -> RevisionClient:
        return client_of_present(self.worktree, self.settings, self.copies)

    @cached_property
    def copies(self) -> InstalledCopies:
        """What is imported here from an installed copy of the repository's files."""
        return installed_copies(self.worktree, self.adapters)

    def close(self) -> None:
        """End the processes of both sides."""
        for name in ("_reference", "_present"):
            if name in self.__dict__:
                self.__dict__[name].close()

    def _read_baselines(self) -> None:
        self.baselines = dict.fromkeys(self.adapters)

    def is_of_repository(self, spec: str) -> bool:
        """Tell whether an optimizer is the user's own; if not, both sides run the same code."""
        file = home_of(spec)
        return file is not None and (is_in_repository(self.worktree, file) or self.copies.of_file(file) is not None)

    def copy_of(self, spec: str) -> InstalledCopy | None:
        """Return the installed copy in which an optimizer is found here; None if it is not in one of the repository."""
        return self.copies.of_file(home_of(spec))

    def origin_lines(self) -> list[str]:
        """Say which installed modules were run from their source, and where that is not what is installed."""
        lines = []
        for copy in self.copies.copies:
            if copy.obstacle or copy.name not in sys.modules:
                continue
            lines.append(f"{copy.name} is installed as a copy: both sides ran its source, {copy.source}")
            if copy.differing:
                further = f" and {len(copy.differing) - 2} more" if len(copy.differing) > 2 else ""
                names = ", ".join(copy.differing[:2]) + further
                lines.append(f"  the installed copy differs from it in {names}: install it again for your other tests")
        return lines

    def measure(self, spec: str, landscape: Landscape) -> LandscapeRecord:
        """Run the cells of one landscape on both sides."""
        present = self._loaded_here(spec)
        asked: dict[str, Any] = {"landscape": landscape.id, "budget": self.budget(spec, landscape)}
        asked["starts"] = self.starts(spec, landscape)
        known = self._known(spec, landscape)
        if known is not None:
            self._before[spec, landscape.id], self.taken[spec] = known
            record = _record(self._present.get("cells", spec, **asked, with_envelope=False))
            return self._looked_at_closely(spec, record)
        reason = self._reason_why_not_there(spec)
        if reason or spec in self.incomparable:
            if reason:
                self.missing[spec] = reason
            return _record(self._present.get("cells", spec, **asked, with_envelope=False))
        setting = self._reference.load(spec)["setting"]
        if setting != present["setting"]:
            self._differs[spec] = f"setting {setting} is now {present['setting']}"
        before, record = self._from_both("cells", spec, asked, asked, with_envelope=False)
        self._before[spec, landscape.id] = before
        if self.compare(spec, record).fingerprint not in (None, "identical"):
            self._before[spec, landscape.id] = _record(self._reference.get("cells", spec, **asked, with_envelope=True))
            record = self._with_more_runs_while_open(spec, self._looked_at_closely(spec, record))
        if self.is_of_repository(spec):
            self._time(spec, landscape)
        return record

    def _known(self, spec: str, landscape: Landscape) -> tuple[LandscapeRecord, str] | None:
        """Look in the history for what running the other revision would give."""
        if self._recorded is None:
            return None
        budget, starts = self.budget(spec, landscape), self.starts(spec, landscape)
        return self._recorded.find(self.adapters[spec], landscape.id, budget, starts)

    def _looked_at_closely(self, spec: str, record: LandscapeRecord) -> LandscapeRecord:
        return look_closely(
            record, partial(self.compare, spec), partial(self._repeats, spec), partial(self._average, spec)
        )

    def hold(self, spec: str, check: str) -> CheckOutcome:
        """Hold an optimizer to one check, and where it breaks that, what it was at the other revision, too."""
        self._loaded_here(spec)
        found = CheckOutcome(**self._present.get("check", spec, check=check))
        if found.is_breach and not self._reason_why_not_there(spec) and spec not in self.incomparable:
            before = CheckOutcome(**self._reference.get("check", spec, check=check))
            self.contract.know(spec, check, accepted_outcome(before))
        return found

    def hindrance(self, spec: str) -> str:
        """Say what keeps an optimizer from being compared, whatever the revision; "" where nothing does."""
        library = third_party.find().get(spec.partition(":")[0])
        if library is None or library.is_found_elsewhere:
            return ""
        return (
            f"it comes from {library.owner}, a method of an object of this process, and a comparison with "
            f"{self.worktree.ref} runs in others; have the hook in a conftest.py, or make a module the plugin"
        )

    def _loaded_here(self, spec: str) -> dict[str, Any]:
        """Have the present side import an optimizer, or raise RevisionError with why it cannot."""
        hindrance = self.hindrance(spec)
        if hindrance:
            raise RevisionError(f"{spec} cannot be compared: {hindrance}")
        present = self._present.load(spec)
        if "missing" in present:
            raise RevisionError(f"in a process of its own {spec} cannot be imported: {present['missing']}")
        return present

    def _reason_why_not_there(self, spec: str) -> str:
        """Say why the other revision has no such optimizer; note where it may have, but cannot be run."""
        copy = self.copy_of(spec)
        if copy is not None and copy.obstacle:
            self.incomparable[spec] = self._with_remedy(copy.obstacle)
            return ""
        loaded = self._reference.load(spec)
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
        """Add to a reason what makes a comparison possible that an installed copy prevents."""
        copy = next((one for one in self.copies.copies if reason in (one.obstacle, one.refusal)), None)
        if copy is None:
            return reason
        if not copy.needs_build:
            return f"{reason}; install the project editable (`pip install -e .`; for tox: `package = editable`)"
        return f"{reason}; build both revisions, as the summary says"

    def commands_to_build(self) -> list[str]:
        """Give the commands that compare what has to be built; none where nothing has."""
        if not any(one.endswith("as the summary says") for one in self.incomparable.values()):
            return []
        build, commit = 'optlandscape backfill --install "pip install ." --steps 1', self.worktree.commit[:10]
        return [f"{build} {commit}", f"{build} HEAD", f"optlandscape compare {commit} HEAD"]

    def _from_both(
        self, do: str, spec: str, before: dict[str, Any], now: dict[str, Any], **told: Any
    ) -> tuple[LandscapeRecord, LandscapeRecord]:
        """Have both sides work at the same time."""
        self._reference.ask(do, spec, **before, **told)
        self._present.ask(do, spec, **now, **told)
        return _record(self._reference.answer()), _record(self._present.answer())

    def _repeats(self, spec: str, record: LandscapeRecord, at: list[int]) -> bool:
        return bool(self._present.get("repeats", spec, record=record.to_plain(), at=at)["repeats"])

    def _average(self, spec: str, record: LandscapeRecord, over: str) -> LandscapeRecord:
        return _record(self._present.get("further", spec, record=record.to_plain(), over=over, batches=LOOKS[0]))

    def _with_more_runs_while_open(self, spec: str, record: LandscapeRecord) -> LandscapeRecord:
        """Run more on both sides as long as nothing is found and the budget of time is not spent."""
        for batches in LOOKS[1:]:
            comparison = self.compare(spec, record)
            is_open = comparison.verdict == Verdict.CHANGED and not comparison.findings
            over = record.averaged_over
            if not is_open or not over or self._spent[spec] >= self.settings.time_budget:
                break
            known = self._before[spec, record.landscape]
            started = time.monotonic()
            told = {"over": over, "batches": batches}
            before, record = self._from_both(
                "further", spec, {"record": known.to_plain()}, {"record": record.to_plain()}, **told
            )
            self._before[spec, record.landscape] = before
            self._spent[spec] += time.monotonic() - started
        return record

    def _time(self, spec: str, landscape: Landscape) -> None:
        budget = self.budget(spec, landscape)

        def clock(side: RevisionClient, cell: Cell) -> TimedRun:
            return TimedRun(**side.get("time", spec, cell=cell.id, budget=budget))

        timed = time_alternately(
            lambda cell: clock(self._reference, cell),
            lambda cell: clock(self._present, cell),
            timed_cells(chosen_cells(landscape, self.starts(spec, landscape))),
        )
        if timed is not None:
            self._timed[spec, landscape.id] = timed

    def pack(self, spec: str, record: LandscapeRecord) -> dict[str, Any]:
        """Add what the other revision did, the times, and why an optimizer is not there."""
        key = spec, record.landscape
        further: dict[str, Any] = {}
        if key in self._before:
            further["before"] = self._before[key].to_plain()
        if key in self._timed:
            further["timed"] = self._timed[key].to_plain()
        further |= {name: told[spec] for name, told in self._told().items() if spec in told}
        return {**super().pack(spec, record), **further}

    def unpack(self, plain: dict[str, Any]) -> None:
        """Take what another process ran."""
        super().unpack(plain)
        spec = plain["spec"]
        if "before" in plain:
            self._before[spec, plain["landscape"]] = _record(plain["before"])
        if "timed" in plain:
            self._timed[spec, plain["landscape"]] = TimeRatios.from_plain(plain["timed"])
        for name, told in self._told().items():
            if name in plain:
                told[spec] = plain[name]

    def _told(self) -> dict[str, dict[str, str]]:
        return {
            "missing": self.missing,
            "incomparable": self.incomparable,
            "differs": self._differs,
            "taken": self.taken,
        }

    def compare(self, spec: str, record: LandscapeRecord) -> LandscapeComparison:
        """Judge one landscape, by its own rounding: how the others go is not known before they are run."""
        before = self._before.get((spec, record.landscape))
        comparison = compare_landscape(
            record,
            before,
            landscapes=self._count(spec),
            takes_bounds=self.adapters[spec].takes_bounds,
            setting_differs=self._differs.get(spec, ""),
            looks=len(LOOKS) if self._makes_more_runs(spec, before) else 1,
        )
        if comparison.verdict == Verdict.NEW and spec in self.incomparable:
            return replace(comparison, verdict=Verdict.NOT_COMPARABLE, reason=self.incomparable[spec])
        if comparison.verdict == Verdict.NEW:
            return replace(comparison, reason=self.missing.get(spec, ""))
        return judge_landscape_by_time(comparison, self.timed(spec, record.landscape), self._count(spec))

    def _makes_more_runs(self, spec: str, before: LandscapeRecord | None) -> bool:
        is_averaged = before is not None and bool(before.averaged_over)
        return bool(self.settings.time_budget) and is_averaged and spec not in self.taken

    def _count(self, spec: str) -> int:
        return len(self.landscapes_for(spec))

    def timed(self, spec: str, landscape_id: str) -> TimeRatios | None:
        """Give what timing said of one landscape; None where it was not timed."""
        return self._timed.get((spec, landscape_id))

    def calibration(self, spec: str) -> RoundingSensitivity:
        """Say how rounding treats an optimizer, on the landscapes where it was measured."""
        measured = [before.rounding_sensitivity for (one, _), before in sorted(self._before.items()) if one == spec]
        return sum(
            (rounding_sensitivity for rounding_sensitivity in measured if rounding_sensitivity),
            RoundingSensitivity(0, 0),
        )

    def judge(self, spec: str, comparisons: list[LandscapeComparison]) -> OptimizerComparison:
        """Judge one optimizer over the landscapes that were run."""
        comparison = compare_optimizer(spec, comparisons, self.calibration(spec))
        timed = [self.timed(spec, one.now.landscape) for one in comparisons if one.is_compared]
        return judge_suite_by_time(comparison, [ratios for ratios in timed if ratios is not None])

    def is_failure(self, verdict: Verdict, spec: str = "") -> bool:
        """Tell whether a verdict fails its test; an optimizer that is new never does."""
        return verdict != Verdict.NEW and super().is_failure(verdict, spec)

    def explanation(self, spec: str, comparison: LandscapeComparison) -> list[str]:
        """Show where the worst cell's evaluations part from the other revision's."""
        if not comparison.is_compared or comparison.fingerprint == "identical":
            return []
        cell = find_cell(comparison.worst_cell["cell"])
        before, now = self.traces(spec, cell, comparison.now.budget)
        return divergence_lines(cell.id, before, now, cell.landscape.bounds)

    def traces(self, spec: str, cell: Cell, budget: int) -> tuple[Trace, Trace]:
        """Run a cell on both sides and return the evaluations at the revision and now."""
        asked = {"cell": cell.id, "budget": budget}
        before, now = (_trace(side.get("trace", spec, **asked), cell) for side in (self._reference, self._present))
        return before, now

    @property
    def wording(self) -> Wording:
        """How texts name what is compared with."""
        return replace(super().wording, revision=self.worktree.ref)

    def outcome_extras(self) -> dict[str, Any]:
        """Give what the machine-readable outcome has in this mode only: the revision, and times, which vary."""
        times = {
            comparison.spec: {
                "landscapes": {
                    one.now.landscape: float(f"{ratios.ratio:.4g}")
                    for one in comparison.landscapes
                    if (ratios := self.timed(comparison.spec, one.now.landscape)) is not None
                },
                "findings": [str(found) for found in _time_findings(comparison)],
            }
            for comparison in self.comparisons
        }
        recorded = {"recorded": dict(sorted(self.taken.items()))} if self.taken else {}
        return {
            **super().outcome_extras(),
            "against": {"ref": self.worktree.ref, "commit": self.worktree.commit, "times": times, **recorded},
        }


def _time_findings(comparison: OptimizerComparison) -> list[str]:
    whole = [str(found) for found in comparison.findings if found.metric == "time"]
    return whole + [
        f"{one.now.landscape}: {found}"
        for one in comparison.landscapes
        for found in one.findings
        if found.metric == "time"
    ]


def _trace(told: dict[str, Any], cell: Cell) -> Trace:
    landscape = cell.landscape
    points = np.array(told["x"], dtype=np.float64).reshape(-1, landscape.dim)
    return make_trace(points, np.array(told["fun"], dtype=np.float64), landscape.bounds, landscape)


def _record(plain: dict[str, Any]) -> LandscapeRecord:
    return LandscapeRecord.from_plain(plain)
