"""Find planned landscapes without a record, for example after a crash or an internal error.

Such a landscape is never *same*. The summary and the JSON outcome name it and give the reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from pytest_optlandscape.comparison import OptimizerComparison, Verdict
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.texts.printable import clean

__all__ = ["Lost", "never_same"]

_ROOT = "optlandscape::"
_NEVER_RAN = "its test was not run to the end"


class Lost:
    """The landscapes with a test in this session, and the reasons for missing records.

    Examples
    --------
    >>> from pytest_optlandscape import landscapes
    >>> lost = Lost()
    >>> lost.expect(["optlandscape::solver:minimize::booth", "tests/test_solver.py::test_booth"])
    >>> lost.of("solver:minimize", [landscapes.get("booth"), landscapes.get("beale")], recorded=())
    {'booth': 'its test was not run to the end'}
    """

    def __init__(self) -> None:
        self._expected: set[str] = set()
        self._reasons: dict[str, str] = {}

    def expect(self, ids: Iterable[str]) -> None:
        """Note the tests that are going to be run."""
        self._expected.update(one for one in ids if one.startswith(_ROOT))

    def note(self, report: Any) -> None:
        """Note how a test ended; a test that a marker skips before it runs is not lost."""
        nodeid = report.nodeid
        if not nodeid.startswith(_ROOT):
            return
        if report.skipped and report.when == "setup":
            self._expected.discard(nodeid)
        elif not report.passed:
            crash = getattr(report.longrepr, "reprcrash", None)
            said = crash.message if crash is not None else report.longreprtext
            told = [line for line in said.splitlines() if line.strip() and not line.startswith("[gw")]
            self._reasons.setdefault(nodeid, clean(told[0] if told else report.outcome, 300))

    def of(self, spec: str, landscapes: Iterable[Landscape], recorded: Collection[str]) -> dict[str, str]:
        """Return the landscapes of an optimizer with a test but no record, each with the reason.

        Parameters
        ----------
        spec : str
        landscapes : iterable of Landscape
            All landscapes of the suite for this optimizer, in order.
        recorded : collection of str
            The ids of the landscapes with a record.

        Returns
        -------
        dict of str to str
        """
        ids = {one.id: f"{_ROOT}{spec}::{one.id}" for one in landscapes if one.id not in recorded}
        return {
            name: self._reasons.get(nodeid, _NEVER_RAN)
            for name, nodeid in ids.items()
            if nodeid in self._expected or nodeid in self._reasons
        }


def never_same(comparison: OptimizerComparison) -> OptimizerComparison:
    """Return the comparison of an optimizer with a lost landscape: never *same* or *better*."""
    if comparison.verdict in (Verdict.SAME, Verdict.BETTER):
        return replace(comparison, verdict=Verdict.NOT_COMPARABLE)
    return comparison
