"""Store and compare the numbers that the user's own tests track."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from pytest_optlandscape.comparison import Verdict
from pytest_optlandscape.comparison.tracked_comparison import Tracked, compare_tracked
from pytest_optlandscape.report.wording import command_line
from pytest_optlandscape.session.invocation import relative_to
from pytest_optlandscape.session.suite import SuiteRun
from pytest_optlandscape.store import BaselineError, read_tracked, tracked_path, update_tracked

__all__ = ["TRACKED", "TrackedOutcome", "Tracking"]

TRACKED = pytest.StashKey[list[dict[str, Any]]]()
"""The tracked numbers of an item, until its report is made."""


@dataclass(frozen=True)
class TrackedOutcome:
    """The result of one tracked number.

    Attributes
    ----------
    test : str
        The id of the test.
    name, kind, verdict : str
    value : float
    before : float or None
        The accepted value, if it can be compared.
    unit : str
    text : str
        The values and the verdict in words.
    accepted : bool
        Whether the value was accepted into the baseline.
    """

    test: str
    name: str
    kind: str
    verdict: str
    value: float
    before: float | None
    unit: str
    text: str
    accepted: bool

    def __str__(self) -> str:
        accepted = "; accepted" if self.accepted else ""
        return f"{self.name}, in {self.test}: {self.text}{accepted}"


class Tracking:
    """The tracked numbers of one session.

    Parameters
    ----------
    suite : SuiteRun

    Raises
    ------
    BaselineError
        If the accepted numbers cannot be read.
    """

    def __init__(self, suite: SuiteRun) -> None:
        self._suite = suite
        self.path = tracked_path(suite.settings.baseline_folder)
        self._accepted = read_tracked(self.path)

    def begin(self, item: pytest.Item) -> None:
        """Forget the numbers of an earlier run of the same test, for plugins that repeat tests."""
        item.stash[TRACKED] = []

    def track(self, item: pytest.Item, found: Tracked) -> None:
        """Compare a number with the baseline or, on request, accept it; fail the test on a failing verdict."""
        __tracebackhide__ = True
        record = found.record()
        settings = self._suite.settings
        hindrance = "" if settings.against is None else "your own tests run at this revision only"
        before = self._accepted.get((item.nodeid, found.name))
        comparison = compare_tracked(record, before, found.terms, hindrance=hindrance)
        is_accepted = settings.update and comparison.verdict != Verdict.SAME  # otherwise, small drifts would creep in
        if is_accepted:
            try:
                update_tracked(self.path, item.nodeid, found.name, record)
            except (OSError, BaselineError) as error:
                pytest.fail(f"{found.name} was not accepted: {error}", pytrace=False)
        outcome = TrackedOutcome(
            item.nodeid,
            found.name,
            found.kind,
            str(comparison.verdict),
            comparison.value,
            comparison.before,
            comparison.unit,
            str(comparison),
            is_accepted,
        )
        item.stash[TRACKED].append(vars(outcome))
        item.user_properties.append(("optlandscape_verdict", str(comparison.verdict)))
        if self._suite.judge.is_failure(comparison.verdict):
            lines = [str(outcome), "  accept what it does now:", f"    {self._accept_command(item)}"]
            pytest.fail("\n".join([*lines, "  then commit the baseline"]), pytrace=False)

    def _accept_command(self, item: pytest.Item) -> str:
        """Return the command that accepts only the numbers of one test."""
        invocation = self._suite.settings.invocation
        path, separator, rest = item.nodeid.partition("::")
        place = relative_to(item.config.rootpath / path, item.config.invocation_params.dir) + separator + rest
        update = replace(self._suite.wording, command=(*invocation.program, *invocation.options)).update()
        return f"{update} {command_line('-m', 'not optlandscape', place)}"
