"""Run the suite of one session and collect the results.

This module knows nothing of pytest's items and hooks. `suite_plan` plans the runs, `reference` compares them, `judging`
forms the verdicts, and `accepting` writes the baselines.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_optlandscape.comparison import LandscapeComparison
from pytest_optlandscape.contract import CheckOutcome
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.records import LandscapeRecord
from pytest_optlandscape.report import Wording, outcome_text
from pytest_optlandscape.report.overwriting import check_is_own
from pytest_optlandscape.session.accepting import Acceptance
from pytest_optlandscape.session.contract_record import ContractRecord
from pytest_optlandscape.session.creep import Crept, find_creep
from pytest_optlandscape.session.item_guard import global_random_states, with_notes_on
from pytest_optlandscape.session.judging import Judge
from pytest_optlandscape.session.recording import Recording
from pytest_optlandscape.session.reference.protocol import Reference
from pytest_optlandscape.session.reference.stored_baseline import StoredBaseline
from pytest_optlandscape.session.settings import Settings
from pytest_optlandscape.session.suite_plan import SuitePlan
from pytest_optlandscape.session.time_estimate import Pace, Work
from pytest_optlandscape.store import check_writable, write_atomically

if TYPE_CHECKING:
    from pytest_optlandscape.session.isolation import IsolatedItems
    from pytest_optlandscape.session.remote_items import RemoteItems

__all__ = ["SuiteRun"]


class SuiteRun:
    """The suite of one session.

    Parameters
    ----------
    plan : SuitePlan
        The optimizers, landscapes and cells.
    reference : Reference
        The runs to compare with.
    spool : Path or None
        The folder through which the workers of a distributed session exchange records.

    Attributes
    ----------
    judge : Judge
        The comparisons and verdicts.
    acceptance : Acceptance
        The changes of the baselines.
    contract : ContractRecord
        The outcomes of the contract's checks.
    recording : Recording or None
        The records for the history.
    selected : set of (str, str)
        The spec and name of each item that is run.
    is_narrowed : bool
        Whether -k, -m or --optlandscape-only chooses among the landscapes.
    remote : RemoteItems or None
        The executor that runs the items.
    isolation : IsolatedItems or None
        The process that runs the items of optimizers that cannot be ended in this one.
    ran : list of str
        The places where the items ran, if not in this process.
    tracked : list of dict
        The numbers that the user's own tests track.
    crept : list of Crept
        Optimizers that small changes have made worse over the commits of the history.
    errors : list of str
        The files that could not be written, each with the reason.

    Raises
    ------
    OSError, ValueError
        If a file cannot be written at the end of the session.
    """

    def __init__(self, plan: SuitePlan, reference: Reference, spool: Path | None = None) -> None:
        self.plan = plan
        self.settings = plan.settings
        self.adapters = plan.adapters
        self.reference = reference
        self.judge = Judge(plan, reference)
        self.contract = ContractRecord({spec: one.contract for spec, one in reference.baselines.items() if one})
        self.acceptance = Acceptance(plan, reference, self.contract)
        self.pace = Pace(shared=spool)
        self.recording: Recording | None = None
        self.selected: set[tuple[str, str]] = set()
        self.is_narrowed = False
        self.remote: RemoteItems | None = None
        self.isolation: IsolatedItems | None = None
        self.ran: list[str] = []
        self.tracked: list[dict[str, Any]] = []
        self.crept: list[Crept] = []
        self.errors: list[str] = []
        self._spool = spool
        self._works: dict[str, Work] = {}
        _check_outputs(plan.settings)

    @classmethod
    def against_baseline(cls, settings: Settings, spool: Path | None = None) -> SuiteRun:
        """Make the suite of a session that compares with the stored baseline.

        Raises
        ------
        ValueError, TypeError, ImportError
            If an optimizer or the suite is unknown, or a baseline cannot be used.
        OSError
            If a file cannot be written at the end of the session.
        """
        plan = SuitePlan(settings)
        return cls(plan, StoredBaseline(plan), spool)

    def run(self, spec: str, landscape: Landscape) -> LandscapeComparison:
        """Run the cells of one landscape, compare them, and keep the comparison."""
        elsewhere = self._elsewhere(spec)
        if elsewhere:
            comparison = self.reference.compare(spec, elsewhere.run(spec, landscape))
        else:
            with self.pace.item(self._work(spec), landscape.id, self._known_paths(spec, landscape)):
                with global_random_states() as changed:
                    comparison = self.reference.measure(spec, landscape)
                comparison = replace(comparison, now=with_notes_on(comparison.now, changed))
        self.judge.keep(spec, comparison)
        if self.recording and not elsewhere and self._will_be_whole(spec):
            baseline, count = self.reference.baselines[spec], len(self.plan.landscapes_for(spec))
            self.recording.measure(self.adapters[spec], landscape, comparison, baseline, count)
        if self._spool:
            text = json.dumps(self.pack(spec, comparison.now))
            write_atomically(self._spool / _spool_name(spec, landscape.id), text)
        return comparison

    def find(self, spec: str, landscape: Landscape) -> LandscapeComparison | None:
        """Return the comparison of a landscape that this process or another worker ran."""
        comparison = self.judge.comparison(spec, landscape.id)
        if comparison is None and self._spool:
            path = self._spool / _spool_name(spec, landscape.id)
            if path.exists():
                self.unpack(json.loads(path.read_text(encoding="utf-8")))
                comparison = self.judge.comparison(spec, landscape.id)
        return comparison

    def hold(self, spec: str, check: str) -> CheckOutcome:
        """Hold an optimizer to one check of the contract."""
        elsewhere = self._elsewhere(spec)
        if elsewhere:
            return elsewhere.hold(spec, check)
        found, before = self.reference.hold(spec, check)
        if before is not None:
            self.contract.know(spec, check, before)
        return found

    def _elsewhere(self, spec: str) -> RemoteItems | IsolatedItems | None:
        """Return the executor or process that runs an optimizer's items; None for this process."""
        if self.remote or not (self.isolation and self.isolation.takes(spec)):
            return self.remote
        return self.isolation

    def _work(self, spec: str) -> Work:
        """Return the runs that an optimizer needs in this session."""
        if spec not in self._works:
            tested = self.tested(spec)
            every = self.judged_landscapes(spec) if "overall" in tested else self.plan.landscapes_for(spec)
            due = every if "overall" in tested else [one for one in every if one.id in tested] or every
            self._works[spec] = self.plan.work(spec, due)
        return self._works[spec]

    def _known_paths(self, spec: str, landscape: Landscape) -> dict[int, str]:
        """Return the hashes of the known paths, by the seed of the cell."""
        before = self.reference.before(spec, landscape.id)
        if before is None or self.settings.update:
            return {}
        known = {cell.start: cell.path for cell in before.cells}
        return {cell.seed: known[cell.start] for cell in self.plan.cells(spec, landscape.id) if cell.start in known}

    def asked_of_item(self, spec: str, landscape: Landscape) -> dict[str, Any]:
        """Return the plain values for `run_item`, with which another process runs a landscape as `run` does."""
        before, calibration = self.reference.before(spec, landscape.id), self.reference.calibration(spec)
        known = None
        if self.recording and self._will_be_whole(spec):
            every = self.recording.known(self.adapters[spec], self.reference.baselines[spec])
            known = [
                [one.records[landscape.id].to_plain(), [one.calibration.jumps, one.calibration.trials]]
                for one in every
                if landscape.id in one.records
            ]
        return {
            "landscape": landscape.id,
            "budget": self.plan.budget(spec, landscape),
            "starts": self.plan.starts(spec, landscape),
            "update": self.settings.update,
            "before": before.to_plain() if before else None,
            "calibration": [calibration.jumps, calibration.trials] if calibration else None,
            "setting_differs": self.reference.setting_differs(spec),
            "landscapes": len(self.plan.landscapes_for(spec)),
            "known": known,
        }

    def pack(self, spec: str, record: LandscapeRecord) -> dict[str, Any]:
        """Return a record and the data for its comparison as plain values for another process."""
        recorded = self.recording.records.get((spec, record.landscape)) if self.recording else None
        plain = {"spec": spec, **record.to_plain(), **({"recorded": recorded.to_plain()} if recorded else {})}
        return {**plain, **self.reference.pack(spec, record.landscape)}

    def unpack(self, plain: dict[str, Any]) -> None:
        """Store the record of another process."""
        spec = plain["spec"]
        self.reference.unpack(plain)
        self.judge.take(spec, LandscapeRecord.from_plain(plain))
        if self.recording and "recorded" in plain:
            self.recording.records[spec, plain["landscape"]] = LandscapeRecord.from_plain(plain["recorded"])

    def save(self, spec: str, landscape_id: str) -> None:
        """Accept a landscape at once if the baselines are updated."""
        comparison = self.judge.comparison(spec, landscape_id) if self.settings.update else None
        if comparison is not None:
            self.acceptance.save(spec, comparison)

    @property
    def wording(self) -> Wording:
        """The words for the reference, and the commands of this session."""
        invocation = self.settings.invocation
        return Wording(self.reference.revision, command=invocation.command, python_path=invocation.python_path)

    def tested(self, spec: str) -> set[str]:
        """Return the names of an optimizer's items in this session: landscapes, and ``overall``."""
        return {name for of_spec, name in self.selected if of_spec == spec}

    def judged_landscapes(self, spec: str) -> list[Landscape]:
        """Return the landscapes that are judged together: the configured landscapes that -k and -m keep.

        If only the item ``overall`` is chosen, all configured landscapes are judged.
        """
        every = self.plan.landscapes_for(spec)
        chosen = [one for one in every if one.id in self.tested(spec)]
        return chosen if self.is_narrowed and chosen else every

    def _will_be_whole(self, spec: str) -> bool:
        """Return whether all landscapes of an optimizer are going to be run, as the history requires."""
        tested, every = self.tested(spec), {one.id for one in self.plan.landscapes_for(spec)}
        return every <= tested or ("overall" in tested and len(self.judged_landscapes(spec)) == len(every))

    @property
    def tracked_in_order(self) -> list[dict[str, Any]]:
        """The numbers that the user's own tests track, from all workers, sorted by test and name."""
        return sorted(self.tracked, key=lambda one: (one["test"], one["name"]))

    def close_workers(self) -> None:
        """End the workers and the isolated process; keep the places where the items ran."""
        if self.remote:
            self.ran = [self.remote.crew.report()]
            self.remote.crew.close()
        if self.isolation:
            self.isolation.close()

    def write(self) -> None:
        """Write the JSON outcome and, on request, the baselines; keep errors in `errors`."""
        comparisons = self.judge.comparisons
        if self.settings.json:
            contracts = {spec: self.contract.judged(spec) for spec in self.adapters}
            tracked = {"tracked": self.tracked_in_order} if self.tracked else {}
            lost = {spec: self.judge.without_result(spec) for spec in self.adapters}
            extras = {**self.plan.to_plain(), **self.reference.outcome_extras(comparisons), **tracked}
            text = outcome_text(comparisons, contracts, extras, lost)
            self._try(lambda path: write_atomically(path, text), self.settings.json)
        if self.settings.update:
            self.errors += self.acceptance.accept_all(comparisons)

    def record(self) -> None:
        """Write the results into the history; keep errors in `errors`."""
        recording = self.recording
        if recording is None:
            return
        verdicts = {comparison.spec: comparison.verdict for comparison in self.judge.comparisons}
        landscapes = {spec: self.plan.landscapes_for(spec) for spec in self.adapters}
        broken = {
            spec: [found.check for found in self.contract.outcomes(spec) if found.is_breach] for spec in self.adapters
        }
        try:
            recording.write(landscapes, self.adapters, verdicts, broken)
            if self.settings.fail_on.heeds_creep and not self.settings.update:
                heeds = self.settings.fail_on.words_of
                self.crept = [one for one in find_creep(recording) if "creep" in heeds(one.series.spec)]
        except (OSError, ValueError) as error:
            self.errors.append(f"nothing was recorded in the history: {error}")

    def _try(self, write: Callable[[Path], None], path: Path) -> None:
        try:
            write(path)
        except (OSError, ValueError) as error:
            self.errors.append(f"{path} was not written: {error}")


def _check_outputs(settings: Settings) -> None:
    """Raise OSError or ValueError if a file cannot be written at the end of the session."""
    if settings.update:
        check_writable(settings.baseline_folder / "any.json")
    if settings.json:
        check_is_own("--optlandscape-json", settings.json)
        check_writable(settings.json)
    if settings.report:
        from pytest_optlandscape.report.page.availability import check_can_report

        check_is_own("--optlandscape-report", settings.report)
        check_can_report(settings.report)


def _spool_name(spec: str, landscape_id: str) -> str:
    return hashlib.sha256(f"{spec} {landscape_id}".encode()).hexdigest()[:24] + ".json"
