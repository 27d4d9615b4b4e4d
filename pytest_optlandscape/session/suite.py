"""One session's suite: what is to be run, what it is compared with, what came out.

This is the part of ``--optlandscape`` that knows nothing of pytest's items and hooks.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_optlandscape.comparison import (
    LandscapeComparison,
    OptimizerComparison,
    Verdict,
    compare_landscape,
    compare_optimizer,
)
from pytest_optlandscape.comparison.rerun import run_and_look_closely
from pytest_optlandscape.contract import CHECKS, CheckOutcome
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes import get as get_landscape
from pytest_optlandscape.optimizers import LIBRARIES, Adapter, get, third_party
from pytest_optlandscape.optimizers.profile import obstacle, with_profile
from pytest_optlandscape.optimizers.user_code import whatever_is_raised
from pytest_optlandscape.records import LandscapeRecord, RoundingSensitivity, run_baseline
from pytest_optlandscape.records.measuring import runs_of_baseline
from pytest_optlandscape.report import Wording, outcome_text
from pytest_optlandscape.report.overwriting import check_is_own
from pytest_optlandscape.session.accepting import accept
from pytest_optlandscape.session.contract_record import ContractRecord
from pytest_optlandscape.session.creep import Crept, find_creep
from pytest_optlandscape.session.incremental_update import Saving
from pytest_optlandscape.session.item_guard import with_random_states_put_back
from pytest_optlandscape.session.missing_results import Lost, never_same
from pytest_optlandscape.session.recording import Recording
from pytest_optlandscape.session.settings import Settings
from pytest_optlandscape.session.time_estimate import Pace, Work
from pytest_optlandscape.store import (
    Baseline,
    BaselineChange,
    baseline_path,
    check_writable,
    read_baseline,
    write_atomically,
)
from pytest_optlandscape.suites.catalogue import Cell, suite_budget_per_dimension, suite_ids
from pytest_optlandscape.suites.selection import Selection, read_selection
from pytest_optlandscape.texts.spelling import unknown_name

if TYPE_CHECKING:
    from pytest_optlandscape.session.isolation import IsolatedItems
    from pytest_optlandscape.session.remote_items import RemoteItems

__all__ = ["SuiteRun"]


class SuiteRun:
    """The suite of one session.

    Parameters
    ----------
    settings : Settings
    spool : Path or None
        Where the workers of a distributed session leave records for each other.

    Raises
    ------
    ValueError, TypeError, ImportError
        If an optimizer or the suite is unknown or a baseline cannot be used.
    OSError
        If what is to be written cannot be.
    """

    def __init__(self, settings: Settings, spool: Path | None = None) -> None:
        self.settings = settings
        chosen = tuple(suite_landscapes(settings.suite))
        self.selection = replace(read_selection(settings.suite), landscapes=chosen)
        self.adapters: dict[str, Adapter] = {}
        for spec in settings.optimizers:
            adapter = get(spec)
            if adapter.spec in self.adapters:
                raise ValueError(f"optlandscape_optimizers names {adapter.spec!r} twice; one of the two is enough")
            profiled = with_profile(adapter, settings.profiles.get(adapter.spec, ""))
            self.adapters[adapter.spec] = replace(profiled, time_limit=settings.time_limit)
        self._choose()
        for spec in settings.profiles:
            if spec not in self.adapters and not _may_be_of_tests(spec):
                raise ValueError(unknown_name("optimizer in optlandscape_profiles:", spec, self.adapters))
        for spec in settings.fail_on.of_optimizer:
            if spec not in self.adapters:
                raise ValueError(unknown_name("optimizer in optlandscape_fail_on:", spec, self.adapters))
        known = {spec.partition("(")[0] for spec in self.adapters} | set(self.adapters)
        for spec in settings.adapters:
            if spec not in known and not _may_be_of_tests(spec):
                raise ValueError(unknown_name("optimizer in optlandscape_adapters:", spec, self.adapters))
        self._spool = spool
        self.pace = Pace(shared=spool)
        self.saving: Saving | None = None  # who saves a baseline while it is being made
        self.is_narrowed = False  # whether -k, -m or --optlandscape-only choose among the landscapes
        self._records: dict[tuple[str, str], LandscapeRecord] = {}
        self.selected: set[tuple[str, str]] = set()  # the spec and name of each item that is run
        self.lost = Lost()  # of which landscapes nothing came back
        self._tracebacks: dict[tuple[str, str], str] = {}  # by spec and text, where each was shown first
        self.judged_as_one: set[str] = set()  # the optimizers whose item `overall` was run
        self.errors: list[str] = []
        self.accepted: dict[str, BaselineChange] = {}
        self.recording: Recording | None = None  # where what is measured goes into the history
        self.crept: list[Crept] = []  # optimizers that small changes made worse, over the commits of the history
        self.remote: RemoteItems | None = None  # who runs the items, where it is not this process
        self.isolation: IsolatedItems | None = None  # who runs those of optimizers that cannot be ended here
        self.ran: list[str] = []  # where, if not in this process
        self.tracked: list[dict[str, Any]] = []  # what tests of one's own handed over
        self._works: dict[str, Work] = {}
        self._read_baselines()
        self.contract = ContractRecord({spec: known.contract for spec, known in self.baselines.items() if known})
        if settings.update:
            check_writable(settings.baseline_folder / "any.json")
        if settings.json:
            check_is_own("--optlandscape-json", settings.json)
            check_writable(settings.json)
        if settings.report:
            from pytest_optlandscape.report.page.availability import check_can_report

            check_is_own("--optlandscape-report", settings.report)
            check_can_report(settings.report)

    def _choose(self) -> None:
        """Choose the landscapes and cells of each optimizer."""
        settings = self.settings
        for spec in settings.suites:
            if spec not in self.adapters:
                raise ValueError(unknown_name("optimizer in optlandscape_suites:", spec, self.adapters))
        self.selections: dict[str, Selection] = {}
        self._landscapes: dict[str, list[Landscape]] = {}
        self._cells: dict[str, dict[str, tuple[Cell, ...]]] = {}
        for spec, adapter in self.adapters.items():
            selection = self.selection
            if spec in settings.suites:
                selection = read_selection(settings.suites[spec], settings.suite)
                if settings.suite_is_given:  # the budget is what keeps the baseline comparable
                    selection = replace(self.selection, budget=selection.budget)
            if settings.most_cells is not None:
                selection = selection.with_at_most(settings.most_cells)
            self.selections[spec] = selection
            wanted = [one for one in selection.landscapes if not obstacle(adapter, one)]
            self._cells[spec] = selection.cells(partial(self.budget, spec), wanted)
            self._landscapes[spec] = [one for one in wanted if self._cells[spec][one.id]]

    def _read_baselines(self) -> None:
        """Read all now: a damaged one is to be told before anything runs, not after."""
        self.baselines: dict[str, Baseline | None] = {
            spec: read_baseline(self.path(spec), adapter) for spec, adapter in self.adapters.items()
        }

    def path(self, spec: str) -> Path:
        """Say where the baseline of an optimizer is."""
        return baseline_path(self.settings.baseline_folder, self.adapters[spec], self.adapters.values())

    def budget(self, spec: str, landscape: Landscape) -> int:
        """Give the budget of each cell of a landscape."""
        return self.per_dimension(spec) * landscape.dim

    def per_dimension(self, spec: str) -> int:
        """Give the evaluations per dimension of each cell."""
        usual = suite_budget_per_dimension(self.adapters[spec].is_global)
        return self.selections[spec].budget or self.settings.budget or usual

    def landscapes_for(self, spec: str) -> list[Landscape]:
        """List the landscapes of the suite on which an optimizer can be judged."""
        return list(self._landscapes[spec])

    def starts(self, spec: str, landscape: Landscape) -> list[str] | None:
        """List the starts of the cells that are run of a landscape; None where these are all its usual cells."""
        chosen = self._cells[spec].get(landscape.id)
        return None if chosen is None or self.selections[spec].is_whole else [cell.start for cell in chosen]

    def steps(self, spec: str, landscape: Landscape) -> int:
        """Count the evaluations that the cells of a landscape may make once."""
        return sum(cell.budget(self.budget(spec, landscape)) for cell in self._cells[spec][landscape.id])

    def obstacles(self, spec: str) -> dict[str, int]:
        """Count the landscapes that are left out, by the reason why."""
        reasons = [obstacle(self.adapters[spec], landscape) for landscape in self.selections[spec].landscapes]
        without_start = reasons.count("") - len(self._landscapes[spec])
        found = dict(Counter(reason for reason in reasons if reason))
        return {**found, "no such start": without_start} if without_start else found

    def run(self, spec: str, landscape: Landscape) -> LandscapeRecord:
        """Run the cells of one landscape, and keep what came out."""
        elsewhere = self._elsewhere(spec)
        if elsewhere:
            record = elsewhere.run(spec, landscape)
        else:
            with self.pace.item(self._work(spec), landscape.id, self._known_paths(spec, landscape)):
                record = with_random_states_put_back(lambda: self.measure(spec, landscape))
        self.keep(spec, record)
        if self.recording and not elsewhere and self._will_be_whole(spec):
            count = len(self.landscapes_for(spec))
            self.recording.measure(self.adapters[spec], landscape, record, self.baselines[spec], count)
        if self._spool:
            text = json.dumps(self.pack(spec, record))
            write_atomically(self._spool / _spool_name(spec, landscape.id), text)
        return record

    def measure(self, spec: str, landscape: Landscape) -> LandscapeRecord:
        """Run the cells of one landscape as the settings ask for."""
        adapter, budget = self.adapters[spec], self.budget(spec, landscape)
        starts = self.starts(spec, landscape)
        if self.settings.update:
            return run_baseline(adapter, landscape, budget, starts)
        return run_and_look_closely(
            adapter,
            landscape,
            budget,
            partial(self.compare, spec),
            self._accepted(spec, landscape.id),
            starts=starts,
        )

    def _work(self, spec: str) -> Work:
        """Say how much is going to be run of an optimizer."""
        if spec not in self._works:
            tested = self.tested(spec)
            every = self.judged_landscapes(spec) if "overall" in tested else self.landscapes_for(spec)
            due = every if "overall" in tested else [one for one in every if one.id in tested] or every
            counts = {one.id: self._runs(spec, self._cells[spec][one.id]) for one in due}
            means = {one.id: self.steps(spec, one) / len(self._cells[spec][one.id]) for one in due}
            steps = {one.id: round(counts[one.id] * means[one.id]) for one in due}
            few = [one for one in map(get_landscape, suite_ids("smoke")) if not obstacle(self.adapters[spec], one)]
            smoke = sum(
                self._runs(spec, chosen) * self.budget(spec, chosen[0].landscape)
                for chosen in read_selection("smoke").cells(partial(self.budget, spec), few).values()
            )
            self._works[spec] = Work(spec, counts, steps, smoke, is_update=self.settings.update)
        return self._works[spec]

    def _runs(self, spec: str, chosen: Sequence[Cell]) -> int:
        """Count the runs that an item makes of some cells."""
        return runs_of_baseline(self.adapters[spec], chosen) if self.settings.update else len(chosen)

    def _known_paths(self, spec: str, landscape: Landscape) -> dict[int, str]:
        """Give the paths that a comparison expects, by the seeds of the cells."""
        before = self._accepted(spec, landscape.id)
        if before is None or self.settings.update:
            return {}
        known = {cell.start: cell.path for cell in before.cells}
        chosen = self._cells[spec].get(landscape.id, ())
        return {cell.seed: known[cell.start] for cell in chosen if cell.start in known}

    def asked_of_item(self, spec: str, landscape: Landscape) -> dict[str, Any]:
        """Say in plain values what a process of its own needs to know to do as `run` does: see `run_item`."""
        before, calibration = self._accepted(spec, landscape.id), self.calibration(spec)
        known = None
        if self.recording and self._will_be_whole(spec):
            every = self.recording.known(self.adapters[spec], self.baselines[spec])
            known = [
                [one.records[landscape.id].to_plain(), [one.calibration.jumps, one.calibration.trials]]
                for one in every
                if landscape.id in one.records
            ]
        return {
            "landscape": landscape.id,
            "budget": self.budget(spec, landscape),
            "starts": self.starts(spec, landscape),
            "update": self.settings.update,
            "before": before.to_plain() if before else None,
            "calibration": [calibration.jumps, calibration.trials] if calibration else None,
            "setting_differs": self._setting_differs(spec),
            "landscapes": len(self.landscapes_for(spec)),
            "known": known,
        }

    def hold(self, spec: str, check: str) -> CheckOutcome:
        """Hold an optimizer to one check of the contract."""
        elsewhere = self._elsewhere(spec)
        if elsewhere:
            return elsewhere.hold(spec, check)
        return CHECKS[check].outcome(self.adapters[spec])

    def _elsewhere(self, spec: str) -> RemoteItems | IsolatedItems | None:
        """Give who runs an optimizer's items, if it is another process."""
        if self.remote or not (self.isolation and self.isolation.takes(spec)):
            return self.remote
        return self.isolation

    def pack(self, spec: str, record: LandscapeRecord) -> dict[str, Any]:
        """Turn what was run into plain values, which travel to other processes."""
        recorded = self.recording.records.get((spec, record.landscape)) if self.recording else None
        return {"spec": spec, **record.to_plain(), **({"recorded": recorded.to_plain()} if recorded else {})}

    def unpack(self, plain: dict[str, Any]) -> None:
        """Take what another process ran."""
        self.keep(plain["spec"], LandscapeRecord.from_plain(plain))
        if self.recording and "recorded" in plain:
            self.recording.records[plain["spec"], plain["landscape"]] = LandscapeRecord.from_plain(plain["recorded"])

    def explanation(self, spec: str, comparison: LandscapeComparison) -> list[str]:
        """Give lines that explain a failure further."""
        return []

    def hindrance(self, spec: str) -> str:
        """Say what keeps an optimizer from being run at all; "" where nothing does."""
        return ""

    @property
    def wording(self) -> Wording:
        """How texts name what is compared with."""
        invocation = self.settings.invocation
        return Wording(command=invocation.command, python_path=invocation.python_path)

    def runs_in_python(self, spec: str) -> bool:
        """Tell whether a line of Python runs an optimizer as the session does: what pytest alone knows it cannot."""
        return spec.partition(":")[0] not in third_party.find()

    def outcome_extras(self) -> dict[str, Any]:
        """Give what is added to the machine-readable outcome: the words of the suite."""
        own = {spec: one.text for spec, one in self.selections.items() if one.text != self.settings.suite}
        return {"suite": self.settings.suite, **({"suites": own} if own else {})}

    def save(self, spec: str, landscape: str) -> None:
        """Accept what was run of a landscape at once, unless the baseline says the same already."""
        record = self._records[spec, landscape]
        if self.saving is None or not self.has_result(record):
            return
        comparison = self.compare(spec, record)
        if comparison.verdict != Verdict.SAME and not self.loses_cells(comparison):
            self.saving.add(self.path(spec), self.adapters[spec], record)

    def loses_cells(self, comparison: LandscapeComparison) -> bool:
        """Tell whether accepting a landscape would put a part of its cells in place of more that were accepted.

        A suite that is given on the command line is a part for once. One that is configured is meant to stay.
        """
        return self.settings.suite_is_given and comparison.not_run > 0

    def close(self) -> None:
        """Let go of what the suite holds."""

    def close_workers(self) -> None:
        """Let go of the workers, and remember where the items ran."""
        if self.remote:
            self.ran = [self.remote.crew.report()]
            self.remote.crew.close()
        if self.isolation:
            self.isolation.close()

    def keep(self, spec: str, record: LandscapeRecord) -> None:
        """Remember a record for the verdict over all landscapes."""
        self._records[spec, record.landscape] = record

    def find(self, spec: str, landscape: Landscape) -> LandscapeRecord | None:
        """Look for a record here and among those that other workers left."""
        record = self._records.get((spec, landscape.id))
        if record is None and self._spool:
            path = self._spool / _spool_name(spec, landscape.id)
            if path.exists():
                self.unpack(json.loads(path.read_text(encoding="utf-8")))
                record = self._records[spec, landscape.id]
        return record

    def compare(self, spec: str, record: LandscapeRecord) -> LandscapeComparison:
        """Judge one landscape."""
        return compare_landscape(
            record,
            self._accepted(spec, record.landscape),
            landscapes=len(self.landscapes_for(spec)),
            calibration=self.calibration(spec),
            takes_bounds=self.adapters[spec].takes_bounds,
            setting_differs=self._setting_differs(spec),
        )

    def _setting_differs(self, spec: str) -> str:
        baseline, setting = self.baselines[spec], self.adapters[spec].setting
        return f"setting {baseline.setting} is now {setting}" if baseline and baseline.setting != setting else ""

    def _accepted(self, spec: str, landscape: str) -> LandscapeRecord | None:
        baseline = self.baselines[spec]
        return baseline.records.get(landscape) if baseline else None

    def calibration(self, spec: str) -> RoundingSensitivity | None:
        """Say how rounding treats an optimizer, as its baseline tells."""
        baseline = self.baselines[spec]
        return baseline.calibration if baseline else None

    def compare_all(self, spec: str, records: Iterable[LandscapeRecord]) -> OptimizerComparison:
        """Judge one optimizer over the landscapes that were run."""
        return self.judge(spec, [self.compare(spec, record) for record in records])

    def judge(self, spec: str, comparisons: list[LandscapeComparison]) -> OptimizerComparison:
        """Judge one optimizer by its landscapes."""
        return compare_optimizer(spec, comparisons, self.calibration(spec))

    def _will_be_whole(self, spec: str) -> bool:
        """Tell whether all landscapes of an optimizer are going to be run: the history takes nothing less."""
        tested, every = self.tested(spec), {one.id for one in self.landscapes_for(spec)}
        return every <= tested or ("overall" in tested and len(self.judged_landscapes(spec)) == len(every))

    def judged_landscapes(self, spec: str) -> list[Landscape]:
        """List the landscapes that are judged as one: those configured, without those that -k or -m leaves out.

        Where only the item `overall` itself is chosen, it stands for all of them.
        """
        every = self.landscapes_for(spec)
        chosen = [one for one in every if one.id in self.tested(spec)]
        return chosen if self.is_narrowed and chosen else every

    def tested(self, spec: str) -> set[str]:
        """List the landscapes of which an optimizer has a test of its own in this session."""
        return {name for of_spec, name in self.selected if of_spec == spec}

    def is_failure(self, verdict: Verdict, spec: str = "") -> bool:
        """Tell whether a verdict fails a test of an optimizer or, without a spec, one of the user's own."""
        if self.settings.update:
            return False
        if verdict in (Verdict.NEW, Verdict.NOT_COMPARABLE) and self.settings.require_baseline:
            return True
        return self.settings.fail_on.fails(verdict, spec)

    @staticmethod
    def has_result(record: LandscapeRecord) -> bool:
        """Tell whether any run of a landscape gave a result: without one there is nothing to accept."""
        return any(cell.stop_reason not in ("exception", "no-result", "time") for cell in record.cells)

    @cached_property
    def comparisons(self) -> list[OptimizerComparison]:
        """Judge every optimizer of which something was run, in the order of the configuration and the suite."""
        judged = []
        for spec in self.adapters:
            records = [
                self._records[spec, landscape.id]
                for landscape in self.landscapes_for(spec)
                if (spec, landscape.id) in self._records
            ]
            if records:
                comparison = self.compare_all(spec, records)
                is_tested = self.settings.update or spec in self.judged_as_one
                comparison = comparison if is_tested else comparison.by_landscapes()
                judged.append(never_same(comparison) if self.without_result(spec) else comparison)
        return judged

    def shown_on(self, spec: str, record: LandscapeRecord) -> str:
        """Name the landscape where the traceback of a record was shown before; "" where it is to be shown now."""
        first = self._tracebacks.setdefault((spec, record.traceback), record.landscape)
        return "" if first == record.landscape else first

    def without_result(self, spec: str) -> dict[str, str]:
        """Give the landscapes that were to be run and of which nothing came back, each with the reason."""
        recorded = {name for of_spec, name in self._records if of_spec == spec}
        return self.lost.of(spec, self.landscapes_for(spec), recorded)

    @property
    def tracked_in_order(self) -> list[dict[str, Any]]:
        """What tests of one's own tracked, by test and name, whichever worker ran them."""
        return sorted(self.tracked, key=lambda one: (one["test"], one["name"]))

    def write(self) -> None:
        """Write the outcome and, on request, the baselines; what fails is kept in `errors`."""
        if self.settings.json:
            contracts = {spec: self.contract.judged(spec) for spec in self.adapters}
            tracked = {"tracked": self.tracked_in_order} if self.tracked else {}
            lost = {spec: self.without_result(spec) for spec in self.adapters}
            text = outcome_text(self.comparisons, contracts, {**self.outcome_extras(), **tracked}, lost)
            self._try(lambda path: write_atomically(path, text), self.settings.json)
        if self.settings.update:
            compared = {comparison.spec: comparison for comparison in self.comparisons}
            for spec in self.adapters:
                self._try(partial(self._accept, spec, compared.get(spec)), self.path(spec))

    def record(self) -> None:
        """Write what was measured into the history; what fails is kept in `errors`."""
        recording = self.recording
        if recording is None:
            return
        verdicts = {comparison.spec: comparison.verdict for comparison in self.comparisons}
        landscapes = {spec: self.landscapes_for(spec) for spec in self.adapters}
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

    def _accept(self, spec: str, comparison: OptimizerComparison | None, path: Path) -> None:
        kept = [landscape for landscape in comparison.landscapes if self.loses_cells(landscape)] if comparison else []
        if any(landscape.verdict != Verdict.SAME for landscape in kept):
            names = ", ".join(landscape.now.landscape for landscape in kept)
            self.errors.append(
                f"{path} keeps what it has of {names}: the suite {self.settings.suite!r} runs a part of the cells that "
                "were accepted. Update with the suite that is configured, without --optlandscape-suite"
            )
        if comparison and kept:
            rest = tuple(landscape for landscape in comparison.landscapes if not self.loses_cells(landscape))
            comparison = replace(comparison, landscapes=rest)
        change = accept(self, spec, comparison, path)
        if change and self.saving is not None and self.saving.saved[spec]:  # most was written while items ran
            change = replace(change, before=self.baselines[spec], is_written=True)
        if change:
            self.accepted[spec] = change

    def _try(self, write: Any, path: Path) -> None:
        try:
            write(path)
        except (OSError, ValueError) as error:
            self.errors.append(f"{path} was not written: {error}")


def suite_landscapes(words: str) -> list[Landscape]:
    """List the landscapes of the session's suite."""
    return list(read_selection(words).landscapes)


def _may_be_of_tests(spec: str) -> bool:
    """Tell whether a profile may be that of an optimizer that tests alone use.

    Modules of tests cannot be imported before they are collected, nor can functions that are defined in others.
    """
    try:
        return get(spec).spec == spec
    except ImportError:
        return True
    except (ValueError, TypeError):
        library, _, name = spec.partition(":")
        return "<" in name or (library not in LIBRARIES and not _can_be_imported(library))


def _can_be_imported(module: str) -> bool:
    try:
        with whatever_is_raised(f"importing the package of {module!r} failed"):
            return importlib.util.find_spec(module) is not None
    except ValueError:
        return False


def _spool_name(spec: str, landscape_id: str) -> str:
    return hashlib.sha256(f"{spec} {landscape_id}".encode()).hexdigest()[:24] + ".json"
