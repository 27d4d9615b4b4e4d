"""Widths of hyperparameters that tests of one's own hand over: stored and compared like what the suite measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from pytest_optlandscape.ledger import read_widths, update_widths, widths_path
from pytest_optlandscape.report.wording import ACCEPT
from pytest_optlandscape.session.suite import SuiteRun
from pytest_optlandscape.verdicts import Verdict
from pytest_optlandscape.verdicts.hyperparameters import RobustWidth
from pytest_optlandscape.verdicts.width_comparison import WidthComparison, compare_widths, width_record

__all__ = ["TRACKED", "Tracked", "Tracking"]

TRACKED = pytest.StashKey[list[dict[str, Any]]]()
"""Where an item keeps what was tracked in it, until its report is made."""


@dataclass(frozen=True)
class Tracked:
    """What came of one width.

    Attributes
    ----------
    test : str
        The id of its test.
    optimizer, hyperparameter, verdict : str
    decades : float
    text : str
        Verdict and numbers in words.
    accepted : bool
        Whether it is the baseline now.
    """

    test: str
    optimizer: str
    hyperparameter: str
    verdict: str
    decades: float
    text: str
    accepted: bool

    def __str__(self) -> str:
        accepted = "; accepted" if self.accepted else ""
        return f"{self.optimizer}, {self.hyperparameter}, in {self.test}: {self.text}{accepted}"


class Tracking:
    """The widths of one session.

    Parameters
    ----------
    suite : SuiteRun

    Raises
    ------
    BaselineError
        If the accepted widths cannot be read.
    """

    def __init__(self, suite: SuiteRun) -> None:
        self._suite = suite
        self.path = widths_path(suite.settings.baseline_folder)
        self._accepted = read_widths(self.path)

    def track(self, item: pytest.Item, found: RobustWidth) -> None:
        """Compare a width with that of the baseline or, on request, accept it; fail the test if the verdict says so.

        Raises
        ------
        TypeError
            If it is no width.
        """
        __tracebackhide__ = True
        if not isinstance(found, RobustWidth):
            raise TypeError(f"track takes what assert_robust(..., over=...) returns, got {type(found).__name__}")
        record = width_record(found)
        key = f"{item.nodeid} {found.optimizer} {found.hyperparameter}"
        settings = self._suite.settings
        comparison = self._compared(record, key)
        if settings.update:
            update_widths(self.path, key, record)
        tracked = Tracked(
            item.nodeid,
            found.optimizer,
            found.hyperparameter,
            str(comparison.verdict),
            comparison.decades,
            str(comparison),
            settings.update,
        )
        item.stash.setdefault(TRACKED, []).append(vars(tracked))
        item.user_properties.append(("optlandscape_verdict", str(comparison.verdict)))
        if self._suite.is_failure(comparison.verdict):
            pytest.fail(f"{tracked}\n{ACCEPT}", pytrace=False)

    def _compared(self, record: dict[str, Any], key: str) -> WidthComparison:
        if self._suite.settings.against is not None:
            reason = "tests of one's own are run on this revision only"
            return WidthComparison(Verdict.NOT_COMPARABLE, record["decades"], reason=reason)
        return compare_widths(record, self._accepted.get(key))
