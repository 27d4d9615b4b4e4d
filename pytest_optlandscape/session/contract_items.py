"""The test items of the contract: one for each optimizer and check. Their reports carry the outcomes.

Ids are ``optlandscape::SPEC::contract::CHECK``.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from pytest_optlandscape.contract import CHECKS, CheckOutcome
from pytest_optlandscape.session.item_guard import global_random_states, no_other_outcome
from pytest_optlandscape.session.locations import locations_of
from pytest_optlandscape.session.reference.revision_client import RevisionError
from pytest_optlandscape.session.suite import SuiteRun

if TYPE_CHECKING:
    from pytest_optlandscape.session.remote_items import RemoteItems

__all__ = ["ContractItem", "ContractPlugin", "contract_items"]


class ContractItem(pytest.Item):
    """The item of one optimizer and one check.

    Attributes
    ----------
    found : CheckOutcome or None
        The outcome; None before the item was run.
    """

    def __init__(self, *, spec: str, suite: SuiteRun, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.spec = spec
        self.suite = suite
        self.found: CheckOutcome | None = None
        self.add_marker("optlandscape")

    def hand_out(self, remote: RemoteItems) -> None:
        """Submit the runs of `runtest` to a worker in advance."""
        remote.submit_check(self.spec, self.name)

    def runtest(self) -> None:
        """Run the check; fail on a breach that the baseline does not accept."""
        with no_other_outcome(self.spec), global_random_states():
            found = self.suite.hold(self.spec, self.name)
        self.found = found
        verdict = self.suite.contract.verdict(self.spec, found)
        self.user_properties.append(("optlandscape_contract", found.outcome))
        if found.outcome == "failed" and not self.suite.judge.is_failure(verdict, self.spec):
            self.add_report_section("call", "optlandscape", found.message)
        if self.suite.judge.is_failure(verdict, self.spec):
            ways_on = self.suite.wording.again(f"{self.spec}::contract::{self.name}", "check")
            pytest.fail("\n".join([f"{self.name} does not hold\n\n{found.message}\n", *ways_on]), pytrace=False)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return only the text of an error of a revision server."""
        return str(excinfo.value) if excinfo.errisinstance(RevisionError) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Return the file and line of the optimizer."""
        path, line = locations_of(self.config, self.suite)[self.spec]
        return path, line, f"optlandscape: {self.spec}, contract: {self.name}"


class _Contract(pytest.Collector):
    """The contract's node in the tree, below its optimizer; `contract_items` makes its items."""

    def collect(self) -> list[pytest.Item]:
        return []


def contract_items(parent: pytest.Collector, spec: str, suite: SuiteRun) -> Iterator[ContractItem]:
    """Make the items of an optimizer."""
    contract = _Contract.from_parent(parent, name="contract")
    for name in CHECKS:
        yield ContractItem.from_parent(contract, name=name, spec=spec, suite=suite)


class ContractPlugin:
    """Attach the outcomes to the reports, which carry them to the main process of a distributed session.

    Parameters
    ----------
    suite : SuiteRun
    keeps : bool
        Whether this process makes the summary.
    """

    def __init__(self, suite: SuiteRun, keeps: bool) -> None:
        self._suite = suite
        self._keeps = keeps

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach the outcome to the report."""
        report = yield
        if call.when == "call" and isinstance(item, ContractItem) and item.found is not None:
            before = item.suite.contract.known(item.spec, item.name)
            plain = {"spec": item.spec, "before": before, **item.found.to_plain()}
            report.optlandscape_contract = plain  # type: ignore[attr-defined]
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the outcome in the process that prints the summary."""
        plain = dict(getattr(report, "optlandscape_contract", {}))
        if self._keeps and plain:
            spec, before = plain.pop("spec"), plain.pop("before")
            found = CheckOutcome(**plain)
            if before is not None:
                self._suite.contract.know(spec, found.check, before)
            self._suite.contract.keep(spec, found)
