"""The test items of ``--optlandscape``: one for each optimizer and landscape, and ``overall`` for each optimizer.

The item ``overall`` judges all landscapes together, because a small slowdown everywhere shows on no single landscape.
"""

from __future__ import annotations

import abc
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from pytest_optlandscape.comparison import LandscapeComparison, Verdict
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.report import failure_text, overall_failure_text
from pytest_optlandscape.report.errors import cannot_run_text
from pytest_optlandscape.runs.raised_warnings import Warned, reissue
from pytest_optlandscape.session.contract_items import contract_items
from pytest_optlandscape.session.item_guard import no_other_outcome
from pytest_optlandscape.session.judging import has_result
from pytest_optlandscape.session.locations import locations_of
from pytest_optlandscape.session.reference.revision_client import RevisionError
from pytest_optlandscape.session.suite import SuiteRun
from pytest_optlandscape.texts.spelling import unknown_name

if TYPE_CHECKING:
    from pytest_optlandscape.session.remote_items import RemoteItems

__all__ = ["LandscapeItem", "OverallItem", "SuiteCollector", "SuiteItem", "only_items"]

_ROOT = "optlandscape::"


class SuiteItem(pytest.Item):
    """The base of both kinds of items.

    Attributes
    ----------
    records : list of dict
        The records of this item, as plain values for the main process.
    """

    def __init__(self, *, spec: str, suite: SuiteRun, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.spec = spec
        self.suite = suite
        self.records: list[dict[str, Any]] = []
        self.warned: list[Warned] = []
        self.add_marker("optlandscape")

    def hand_out(self, remote: RemoteItems) -> None:
        """Submit the runs of `runtest` to a worker in advance."""
        for landscape in self.landscapes():
            remote.submit_landscape(self.spec, landscape)

    @abc.abstractmethod
    def landscapes(self) -> list[Landscape]:
        """Return the landscapes that the item needs."""

    def run_cells(self, landscape: Landscape) -> LandscapeComparison:
        """Run and compare the cells of a landscape; keep the record for the report."""
        with no_other_outcome(self.spec):
            comparison = self.suite.run(self.spec, landscape)
        self.records.append(self.suite.pack(self.spec, comparison.now))
        self.warned += comparison.now.warnings
        return comparison

    def end(self, failure: Sequence[str]) -> None:
        """Issue each of the optimizer's warnings once, then fail if there are lines or ``-W error`` applies.

        Parameters
        ----------
        failure : sequence of str
            The lines of the failure; empty if the test passes.
        """
        errors = reissue(self.warned)
        lines = [*failure, *([""] if failure and errors else [])]
        if errors:
            lines += [f"{self.spec} warns, and pytest's filters make that an error: {errors[0]}"]
            lines += [f"  {one}" for one in errors[1:]]
        if lines:
            pytest.fail("\n".join(lines), pytrace=False)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Keep a failure on one line of the short summary: in CI, pytest prints the whole message there."""
        if excinfo.errisinstance(RevisionError):
            return str(excinfo.value)
        representation = super().repr_failure(excinfo, style)
        crash = getattr(representation, "reprcrash", None)
        if crash is not None and excinfo.errisinstance(pytest.fail.Exception):
            crash.message = " ".join(crash.message.partition("\n\n")[0].split())
            path, line = locations_of(self.config, self.suite)[self.spec]
            crash.path, crash.lineno = str(path), (line or 0) + 1
        return representation

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Return the file and line of the optimizer."""
        path, line = locations_of(self.config, self.suite)[self.spec]
        where = f"over the suite {self.suite.settings.suite}" if self.name == "overall" else f"on {self.name}"
        return path, line, f"optlandscape: {self.spec} {where}"

    @property
    def ihook(self) -> Any:
        """The hooks of the rootdir's conftest.py, and not those of the folder of the optimizer."""
        return self.session.gethookproxy(self.session.path)

    def _traceback_filter(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:
        """Of a failure that a plugin raises in the optimizer, such as a timeout, keep the lines of the optimizer."""
        found = excinfo.traceback
        if not excinfo.errisinstance(pytest.fail.Exception):
            return found
        file, _ = locations_of(self.config, self.suite)[self.spec]
        return found.filter(lambda entry: str(entry.path) == str(file)) or found


class LandscapeItem(SuiteItem):
    """The item of one optimizer and one landscape."""

    def __init__(self, *, landscape: Landscape, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.landscape = landscape

    def landscapes(self) -> list[Landscape]:
        """Return the item's landscape."""
        return [self.landscape]

    def runtest(self) -> None:
        """Run the landscape, compare it, and fail on a failing verdict."""
        comparison = self.run_cells(self.landscape)
        record = comparison.now
        self.user_properties.append(("optlandscape_verdict", str(comparison.verdict)))
        to_be_accepted = self.suite.settings.update or comparison.verdict == Verdict.NEW
        failure: list[str] = []
        if to_be_accepted and not has_result(record):
            failure = cannot_run_text(record, self.spec, shown_on=self.suite.judge.shown_on(self.spec, record))
        elif self.suite.judge.is_failure(comparison.verdict, self.spec):
            further = [] if comparison.cannot_run else self.suite.reference.explanation(self.spec, comparison)
            shown_on = self.suite.judge.shown_on(self.spec, record) if comparison.cannot_run else ""
            in_python = self.suite.plan.runs_in_python(self.spec)
            text = failure_text(comparison, self.spec, self.suite.wording, in_python=in_python, shown_on=shown_on)
            failure = [text, *([""] if further else []), *further]
        self.end(failure)


class OverallItem(SuiteItem):
    """The item of one optimizer over all landscapes of the suite.

    Attributes
    ----------
    is_judged : bool
        Whether the item was run, so that the verdict over the suite has a test.
    """

    is_judged = False

    def landscapes(self) -> list[Landscape]:
        """Return the landscapes of the suite that -k and -m keep."""
        return self.suite.judged_landscapes(self.spec)

    def runtest(self) -> None:
        """Judge all landscapes; run those that no other worker has finished, with the same numbers."""
        compared = [self.suite.find(self.spec, one) or self.run_cells(one) for one in self.landscapes()]
        comparison = self.suite.judge.over_landscapes(self.spec, compared)
        self.user_properties.append(("optlandscape_verdict", str(comparison.verdict)))
        self.is_judged = True
        verdicts = comparison.verdicts_as_one(self.suite.tested(self.spec))
        tested = self.suite.tested(self.spec)
        is_failure = any(self.suite.judge.is_failure(verdict, self.spec) for verdict in verdicts)
        text = overall_failure_text(comparison, self.suite.wording, tested=tested) if is_failure else ""
        self.end([text] if is_failure else [])


class SuiteCollector(pytest.Collector):
    """The suite's node in the tree.

    Ids are ``optlandscape::SPEC::LANDSCAPE`` and ``optlandscape::SPEC::overall``.
    """

    def __init__(self, *, suite: SuiteRun, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.suite = suite

    def collect(self) -> Iterator[pytest.Item]:
        """Make the items, optimizer by optimizer."""
        for spec in self.suite.adapters:
            file, _ = locations_of(self.config, self.suite)[spec]
            parent = _Optimizer.from_parent(self, name=spec, path=file)  # editors show tests under their parent's file
            for landscape in self.suite.plan.landscapes_for(spec):
                yield LandscapeItem.from_parent(
                    parent, name=landscape.id, spec=spec, suite=self.suite, landscape=landscape
                )
            if not self.suite.settings.update:
                yield OverallItem.from_parent(parent, name="overall", spec=spec, suite=self.suite)
            if self.suite.settings.contract:
                yield from contract_items(parent, spec, self.suite)


def only_items(items: Sequence[pytest.Item], wanted: Sequence[str], said_by: str) -> list[pytest.Item]:
    """Choose items of the suite by their ids.

    Parameters
    ----------
    items : sequence of pytest.Item
    wanted : sequence of str
        Ids of items, or of their parents, without ``optlandscape::``.
    said_by : str
        The option that lists the ids, for messages.

    Raises
    ------
    pytest.UsageError
        If no item has an id. The message names the nearest id.
    """
    by_id = {item.nodeid.removeprefix(_ROOT): item for item in items if item.nodeid.startswith(_ROOT)}
    chosen: dict[str, pytest.Item] = {}
    for one in wanted:
        found = {name: item for name, item in by_id.items() if name == one or name.startswith(f"{one}::")}
        if not found:
            specs = {name.partition("::")[0] for name in by_id}
            raise pytest.UsageError(f"{said_by}: {unknown_name('item of the suite', one, [*specs, *by_id])}")
        chosen |= found
    return [item for name, item in by_id.items() if name in chosen]


class _Optimizer(pytest.Collector):
    """One optimizer's node in the tree; `SuiteCollector` makes its items."""

    def collect(self) -> list[pytest.Item]:
        return []
