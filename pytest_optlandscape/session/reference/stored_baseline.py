"""The stored baseline as the reference of a session, read before the first run."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_optlandscape.comparison import (
    LandscapeComparison,
    OptimizerComparison,
    Verdict,
    compare_landscape,
    compare_optimizer,
)
from pytest_optlandscape.comparison.rerun import run_and_compare
from pytest_optlandscape.contract import CHECKS, CheckOutcome
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.records import LandscapeRecord, RoundingSensitivity, run_baseline
from pytest_optlandscape.records.measuring import run_cell
from pytest_optlandscape.report import Wording
from pytest_optlandscape.report.accepting import versions_text
from pytest_optlandscape.runs.run import Trace
from pytest_optlandscape.session.orphans import orphan_lines
from pytest_optlandscape.session.reference.protocol import Note
from pytest_optlandscape.store import Baseline, read_baseline
from pytest_optlandscape.store.baseline import versions_now
from pytest_optlandscape.suites.catalogue import Cell
from pytest_optlandscape.texts.plurals import number_of

if TYPE_CHECKING:
    from pytest_optlandscape.session.suite_plan import SuitePlan

__all__ = ["StoredBaseline"]


class StoredBaseline:
    """The records that were accepted before the session; see `Reference`.

    Parameters
    ----------
    plan : SuitePlan

    Raises
    ------
    BaselineError
        If a baseline is damaged.
    """

    revision = ""
    is_history_possible = True
    has_own_processes = False
    may_lack_optimizers = False

    def __init__(self, plan: SuitePlan) -> None:
        self._plan = plan
        self.baselines: dict[str, Baseline | None] = {
            spec: read_baseline(plan.baseline_path(spec), adapter) for spec, adapter in plan.adapters.items()
        }

    def hindrance(self, spec: str) -> str:
        """Return "": every optimizer can be compared with its baseline."""
        return ""

    def measure(self, spec: str, landscape: Landscape) -> LandscapeComparison:
        """Run the cells of a landscape and compare them; measure in full if the record is to be accepted."""
        plan = self._plan
        adapter, budget, starts = plan.adapters[spec], plan.budget(spec, landscape), plan.starts(spec, landscape)
        if plan.settings.update:
            return self.compare(spec, run_baseline(adapter, landscape, budget, starts))

        def compare(record: LandscapeRecord) -> LandscapeComparison:
            return self.compare(spec, record)

        before = self.before(spec, landscape.id)
        return run_and_compare(adapter, landscape, budget, compare, before, starts=starts)

    def compare(self, spec: str, record: LandscapeRecord) -> LandscapeComparison:
        """Compare a record with the accepted record."""
        return compare_landscape(
            record,
            self.before(spec, record.landscape),
            landscapes=len(self._plan.landscapes_for(spec)),
            calibration=self.calibration(spec),
            takes_bounds=self._plan.adapters[spec].takes_bounds,
            setting_differs=self.setting_differs(spec),
        )

    def judge(self, spec: str, comparisons: Sequence[LandscapeComparison]) -> OptimizerComparison:
        """Judge an optimizer by the comparisons of its landscapes."""
        return compare_optimizer(spec, comparisons, self.calibration(spec))

    def before(self, spec: str, landscape_id: str) -> LandscapeRecord | None:
        """Return the accepted record of a landscape; None if there is none."""
        baseline = self.baselines[spec]
        return baseline.records.get(landscape_id) if baseline else None

    def calibration(self, spec: str) -> RoundingSensitivity | None:
        """Return the sensitivity of an optimizer to rounding over its whole baseline."""
        baseline = self.baselines[spec]
        return baseline.calibration if baseline else None

    def setting_differs(self, spec: str) -> str:
        """Return how an optimizer's setting differs from the baseline's; "" if it does not."""
        baseline, setting = self.baselines[spec], self._plan.adapters[spec].setting
        return f"setting {baseline.setting} is now {setting}" if baseline and baseline.setting != setting else ""

    def hold(self, spec: str, check: str) -> tuple[CheckOutcome, str | None]:
        """Hold an optimizer to a check of the contract; the baseline already has the earlier outcome."""
        return CHECKS[check].outcome(self._plan.adapters[spec]), None

    def pack(self, spec: str, landscape_id: str) -> dict[str, Any]:
        """Return nothing: each process reads the baselines itself."""
        return {}

    def unpack(self, plain: Mapping[str, Any]) -> None:
        """Store nothing."""

    def worker_input(self) -> dict[str, Any]:
        """Return nothing: each process reads the baselines itself."""
        return {}

    def traces(self, spec: str, cell: Cell, budget: int) -> tuple[Trace | None, Trace]:
        """Run a cell again; return None for the baseline, which keeps no evaluations, and the new evaluations."""
        return None, run_cell(self._plan.adapters[spec], cell, budget).trace

    def explanation(self, spec: str, comparison: LandscapeComparison) -> list[str]:
        """Return no lines: a baseline keeps no evaluations to show."""
        return []

    def outcome_extras(self, comparisons: Sequence[OptimizerComparison]) -> dict[str, Any]:
        """Return nothing: the baseline adds no part to the JSON outcome."""
        return {}

    def notes(
        self, comparisons: Sequence[OptimizerComparison], wording: Wording, accepted: Collection[str]
    ) -> Iterator[Note]:
        """Yield notes on missing baselines, on baselines of other library versions, and on unused baselines."""
        if not self._plan.settings.update:
            yield from self._missing_baselines(comparisons, wording)
            yield from self._other_versions(comparisons)
        for line in orphan_lines(self._plan, self.baselines, comparisons, accepted):
            yield Note(line, is_warning=True, is_wrapped=False)

    def _missing_baselines(self, comparisons: Sequence[OptimizerComparison], wording: Wording) -> Iterator[Note]:
        """Yield notes on missing baselines: a missing comparison must not look like a passed one."""
        missing, items = [], []
        for comparison in comparisons:
            spec = comparison.spec
            new = [one.now.landscape for one in comparison.landscapes if one.verdict == Verdict.NEW]
            if len(new) == len(comparison.landscapes):
                missing.append(spec)
            elif new:
                names = ", ".join([*new[:3], *(["…"] if len(new) > 3 else [])])
                of_all = f"{len(new)} of {number_of(len(comparison.landscapes), 'landscape')}"
                missing.append(f"{spec} on {of_all} ({names})")
            is_whole = len(new) == len(self._plan.landscapes_for(spec))
            items += [spec] if is_whole else [f"{spec}::{name}" for name in new]
        if missing:
            yield Note(f"nothing to compare with, no baseline yet: {'; '.join(missing)}", is_warning=True)
            folder = _relative(self._plan.settings.baseline_folder)
            text = f"  to accept these results, and then commit {folder}/:"
            yield Note(text, is_warning=True, is_wrapped=False)
            only = [] if set(items) == set(self._plan.adapters) else items
            yield Note(f"    {wording.update(*only)}", is_warning=True, is_wrapped=False)

    def _other_versions(self, comparisons: Sequence[OptimizerComparison]) -> Iterator[Note]:
        """Yield notes on other versions behind the baseline of an optimizer whose results differ."""
        for comparison in comparisons:
            baseline = self.baselines[comparison.spec]
            if baseline is None or comparison.verdict in (Verdict.SAME, Verdict.NEW):
                continue
            now = versions_now(self._plan.adapters[comparison.spec])
            differing = [one.now.landscape for one in comparison.landscapes if one.verdict != Verdict.SAME]
            told = dict.fromkeys(versions_text(baseline.versions_of(one), now) for one in differing or baseline.records)
            for text in filter(None, told):
                line = f"{comparison.spec}: versions changed since the baseline was written: {text}"
                yield Note(line, is_wrapped=False)

    def close(self) -> None:
        """Do nothing: a stored baseline has no processes."""


def _relative(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
