"""Judge the optimizers of a session. Each landscape is compared once, and its comparison is handed on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from pytest_optlandscape.comparison import LandscapeComparison, OptimizerComparison, Verdict
from pytest_optlandscape.records import LandscapeRecord
from pytest_optlandscape.session.missing_results import Lost, never_same
from pytest_optlandscape.session.reference.protocol import Reference
from pytest_optlandscape.session.suite_plan import SuitePlan

__all__ = ["Judge", "has_result"]


class Judge:
    """Keep the comparisons of a session, and judge its optimizers by them.

    Parameters
    ----------
    plan : SuitePlan
    reference : Reference

    Attributes
    ----------
    lost : Lost
        The landscapes without a result.
    judged_as_one : set of str
        The specs of the optimizers whose item ``overall`` was run.
    """

    def __init__(self, plan: SuitePlan, reference: Reference) -> None:
        self._plan = plan
        self._settings = plan.settings
        self._reference = reference
        self._records: dict[tuple[str, str], LandscapeRecord] = {}
        self._comparisons: dict[tuple[str, str], LandscapeComparison] = {}
        self._measured_here: set[tuple[str, str]] = set()
        self._tracebacks: dict[tuple[str, str], str] = {}  # by spec and traceback, the first landscape that showed it
        self.lost = Lost()
        self.judged_as_one: set[str] = set()

    def keep(self, spec: str, comparison: LandscapeComparison) -> None:
        """Store the comparison of a record that this process measured."""
        key = spec, comparison.now.landscape
        self._records[key] = comparison.now
        self._comparisons[key] = comparison
        self._measured_here.add(key)

    def take(self, spec: str, record: LandscapeRecord) -> None:
        """Store the record of another process; compare it at the first request.

        Reports also bring back the records of this process. These are compared already and stay.
        """
        key = spec, record.landscape
        if key not in self._measured_here:
            self._records[key] = record
            self._comparisons.pop(key, None)  # a new record needs a new comparison

    def comparison(self, spec: str, landscape_id: str) -> LandscapeComparison | None:
        """Return the comparison of a landscape; None if it was not run."""
        key = spec, landscape_id
        if key not in self._comparisons and key in self._records:
            self._comparisons[key] = self._reference.compare(spec, self._records[key])
        return self._comparisons.get(key)

    def over_landscapes(self, spec: str, comparisons: Sequence[LandscapeComparison]) -> OptimizerComparison:
        """Judge an optimizer by the comparisons of its landscapes."""
        return self._reference.judge(spec, comparisons)

    @cached_property
    def comparisons(self) -> list[OptimizerComparison]:
        """The comparison of each optimizer that was run, in the order of the configuration and the suite."""
        judged = []
        for spec in self._plan.adapters:
            found = [self.comparison(spec, landscape.id) for landscape in self._plan.landscapes_for(spec)]
            compared = [one for one in found if one is not None]
            if compared:
                comparison = self.over_landscapes(spec, compared)
                is_tested = self._settings.update or spec in self.judged_as_one
                comparison = comparison if is_tested else comparison.by_landscapes()
                judged.append(never_same(comparison) if self.without_result(spec) else comparison)
        return judged

    def is_failure(self, verdict: Verdict, spec: str = "") -> bool:
        """Return whether a verdict fails a test of an optimizer or, without a spec, a test of the user's own."""
        if verdict == Verdict.NEW and self._reference.may_lack_optimizers:
            return False
        if self._settings.update:
            return False
        if verdict in (Verdict.NEW, Verdict.NOT_COMPARABLE) and self._settings.require_baseline:
            return True
        return self._settings.fail_on.fails(verdict, spec)

    def shown_on(self, spec: str, record: LandscapeRecord) -> str:
        """Return the landscape that already showed the traceback of a record; "" if it is new."""
        first = self._tracebacks.setdefault((spec, record.traceback), record.landscape)
        return "" if first == record.landscape else first

    def without_result(self, spec: str) -> dict[str, str]:
        """Return the planned landscapes without a record, each with the reason."""
        recorded = {name for of_spec, name in self._records if of_spec == spec}
        return self.lost.of(spec, self._plan.landscapes_for(spec), recorded)


def has_result(record: LandscapeRecord) -> bool:
    """Return whether any run of a landscape gave a result that can be accepted."""
    return any(cell.stop_reason not in ("exception", "no-result", "time") for cell in record.cells)
