"""Accept the results of a session: ``--optlandscape-update`` writes only the changed records into the baselines.

A landscape that is the *same* keeps its record. So the diff of a baseline shows changes only, and repeated updates
cannot let small drifts creep in.
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_optlandscape.comparison import LandscapeComparison, OptimizerComparison, Verdict
from pytest_optlandscape.comparison.suite_comparison import compare_optimizer
from pytest_optlandscape.records import LandscapeRecord, RoundingSensitivity
from pytest_optlandscape.session.contract_record import ContractRecord
from pytest_optlandscape.session.incremental_update import BaselineWriter
from pytest_optlandscape.session.judging import has_result
from pytest_optlandscape.session.reference.protocol import Reference
from pytest_optlandscape.session.suite_plan import SuitePlan
from pytest_optlandscape.store import BaselineChange
from pytest_optlandscape.texts.plurals import verb_of

__all__ = ["Acceptance", "keeps_its_record", "records_to_accept"]


class Acceptance:
    """Accept the landscapes and checks of a session into the baselines.

    Parameters
    ----------
    plan : SuitePlan
    reference : Reference
    contract : ContractRecord

    Attributes
    ----------
    accepted : dict of str to BaselineChange
        By spec, the change of each baseline since the start of the session.
    """

    def __init__(self, plan: SuitePlan, reference: Reference, contract: ContractRecord) -> None:
        self._plan = plan
        self._reference = reference
        self._contract = contract
        self._writer = BaselineWriter(reference.baselines)
        self.accepted: dict[str, BaselineChange] = {}

    def save(self, spec: str, comparison: LandscapeComparison) -> None:
        """Accept a landscape right after its run, unless the baseline already agrees."""
        is_news = comparison.verdict != Verdict.SAME and not self._loses_cells(comparison)
        if is_news and has_result(comparison.now):
            self._writer.add(self._plan.baseline_path(spec), self._plan.adapters[spec], comparison.now)

    def accept_all(self, comparisons: Sequence[OptimizerComparison]) -> list[str]:
        """Accept all remaining results at the end of the session.

        Parameters
        ----------
        comparisons : sequence of OptimizerComparison
            The comparisons of the optimizers that were run.

        Returns
        -------
        list of str
            One line for each rejected result, with the reason.
        """
        errors: list[str] = []
        compared = {comparison.spec: comparison for comparison in comparisons}
        for spec in self._plan.adapters:
            landscapes = compared[spec].landscapes if spec in compared else ()
            kept = [one for one in landscapes if self._loses_cells(one)]
            path = self._plan.baseline_path(spec)
            if any(one.verdict != Verdict.SAME for one in kept):
                names, were = ", ".join(one.now.landscape for one in kept), verb_of(len(kept), "was", "were")
                errors.append(
                    f"{path}: {names} {were} not updated, because the suite {self._plan.settings.suite!r} runs only "
                    "some of the accepted cells. Update with the configured suite, without --optlandscape-suite"
                )
            try:
                self._accept(spec, [one for one in landscapes if not self._loses_cells(one)])
            except (OSError, ValueError) as error:
                errors.append(f"{path} was not written: {error}")
        return errors

    def _accept(self, spec: str, landscapes: Sequence[LandscapeComparison]) -> None:
        with_result = [one for one in landscapes if has_result(one.now)]
        contract = self._contract.accepted(spec)
        path = self._plan.baseline_path(spec)
        if with_result or (contract and path.exists()):
            records = records_to_accept(spec, with_result, self._reference.calibration(spec))
            self.accepted[spec] = self._writer.write(path, self._plan.adapters[spec], records, contract)

    def _loses_cells(self, comparison: LandscapeComparison) -> bool:
        """Return whether the new record would drop cells that the baseline has.

        A suite from the command line may be smaller for one session. A configured suite is meant to stay.
        """
        return self._plan.settings.suite_is_given and comparison.not_run > 0


def records_to_accept(
    spec: str, landscapes: Sequence[LandscapeComparison], calibration: RoundingSensitivity | None
) -> list[LandscapeRecord]:
    """Return the records that replace those of the baseline.

    An optimizer can change over the suite and on no single landscape. Then every record that is not bit-identical is
    replaced. Otherwise, the next session would report the accepted change again.

    Parameters
    ----------
    spec : str
    landscapes : sequence of LandscapeComparison
        The landscapes to accept, each with its earlier record.
    calibration : RoundingSensitivity or None
        The optimizer's sensitivity to rounding, over its whole baseline.

    Returns
    -------
    list of LandscapeRecord
    """
    kept = [keeps_its_record(one) for one in landscapes]
    afterwards = [
        one if is_kept else LandscapeComparison(Verdict.SAME, one.now, one.now, "identical")
        for one, is_kept in zip(landscapes, kept, strict=True)
    ]
    if any(kept) and compare_optimizer(spec, afterwards, calibration).verdict != Verdict.SAME:
        kept = [is_kept and one.fingerprint == "identical" for one, is_kept in zip(landscapes, kept, strict=True)]
    return [one.now for one, is_kept in zip(landscapes, kept, strict=True) if not is_kept]


def keeps_its_record(comparison: LandscapeComparison) -> bool:
    """Return whether the earlier record has the same cells and as much detail as the new one."""
    before, now = comparison.before, comparison.now
    if comparison.verdict != Verdict.SAME or before is None or comparison.not_known or comparison.not_run:
        return False
    return (
        before.nondeterministic == now.nondeterministic
        and (before.rounding_sensitivity is None) == (now.rounding_sensitivity is None)
        and before.averaged_over == now.averaged_over
        and not any(cell.was_stopped_by_time for cell in before.cells)
    )
