"""The hooks of a session with ``--optlandscape``."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import pytest

from pytest_optlandscape.runs import supervision
from pytest_optlandscape.runs.progress import Progress
from pytest_optlandscape.runs.refused_calls import refusing
from pytest_optlandscape.runs.watchdog import last_words, tell_through
from pytest_optlandscape.session.beside import left_out
from pytest_optlandscape.session.contract_items import ContractItem, ContractPlugin
from pytest_optlandscape.session.incremental_update import end_on_sigterm
from pytest_optlandscape.session.isolation import IsolatedItems
from pytest_optlandscape.session.item_guard import fit_to_travel
from pytest_optlandscape.session.items import OverallItem, SuiteCollector, SuiteItem, only_items
from pytest_optlandscape.session.node_ids import NodeIds
from pytest_optlandscape.session.publishing import Publishing
from pytest_optlandscape.session.recording import start_recording
from pytest_optlandscape.session.reference.another_revision import AnotherRevision
from pytest_optlandscape.session.reference.from_history import RecordedRevision
from pytest_optlandscape.session.reference.worktree import Worktree, make_worktree
from pytest_optlandscape.session.remote_items import RemoteItems
from pytest_optlandscape.session.settings import Settings, read_settings
from pytest_optlandscape.session.suite import SuiteRun
from pytest_optlandscape.session.suite_plan import SuitePlan
from pytest_optlandscape.session.summary import write_summary
from pytest_optlandscape.session.tracking import TRACKED, Tracking
from pytest_optlandscape.texts.plurals import number_of
from pytest_optlandscape.texts.printable import printable

__all__ = ["SuitePlugin"]


class SuitePlugin:
    """The hooks of a session with ``--optlandscape``: in a serial session, a controller or a worker."""

    def __init__(self, config: pytest.Config, ini_keys: Mapping[str, tuple[str, Any, str]]) -> None:
        self.config = config
        self._ini_keys = ini_keys
        self.worker_input: dict[str, Any] | None = getattr(config, "workerinput", None)
        self._suite: SuiteRun | None = None
        self._spool: tempfile.TemporaryDirectory[str] | None = None
        self._terminal: TextIO | None = None
        self.not_recorded = self.reported = ""
        self._run_again: set[str] = set()  # the ids of items that crashed a worker
        self._node_ids = NodeIds()

    @property
    def suite(self) -> SuiteRun:
        """The session's suite, made at its start."""
        assert self._suite is not None
        return self._suite

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Read the settings, optimizers and baselines; a mistake in them ends the session before anything runs."""
        self._keep_stderr()
        self._refuse_ends()
        spool = Path(self.worker_input["optlandscape_spool"]) if self.worker_input else None
        try:
            self._suite = self._made_suite(read_settings(self.config, self._ini_keys), spool)
            self._start_recording(self._suite)
            self._find_workers(self._suite)
            self._prepare_isolation(self._suite, spool)
            self.tracking = Tracking(self._suite)
            notes = [self.not_recorded, f"compared with {base}" if (base := self._suite.settings.against_is) else ""]
            publishing = Publishing(self.config, self._suite, keeps=not self.worker_input, notes=notes)
        except (ValueError, TypeError, ImportError, OSError) as error:
            raise pytest.UsageError(f"optlandscape: {error}") from error
        if self._suite.settings.update and self.worker_input is None:
            self.config.add_cleanup(end_on_sigterm())
        if self.worker_input:
            self._suite.pace.workers = int(self.worker_input.get("workercount", 1))
        contract = ContractPlugin(self.suite, keeps=self.worker_input is None)
        self.config.pluginmanager.register(contract, "optlandscape-contract")
        self.config.pluginmanager.register(publishing, "optlandscape-publishing")

    def _start_recording(self, suite: SuiteRun) -> None:
        """Open the history if the session is recorded; a worker does as the controller does."""
        if suite.reference.is_history_possible and (
            self.worker_input is None or self.worker_input["optlandscape_records"]
        ):
            suite.recording, self.not_recorded = start_recording(suite.settings, self.config.rootpath)

    def _find_workers(self, suite: SuiteRun) -> None:
        """Connect to the executor, if one is configured."""
        if suite.settings.executor is None or self.config.option.collectonly:
            return
        from pytest_optlandscape.session.executors import make_crew

        crew = make_crew(suite.settings.executor, self._bar)
        self.config.add_cleanup(crew.close)
        suite.remote = RemoteItems(suite, crew)
        suite.remote.check()

    def _prepare_isolation(self, suite: SuiteRun, spool: Path | None) -> None:
        """Prepare a process for optimizers that cannot be ended, unless all optimizers already run elsewhere."""
        supervision.hard_to_end.clear()
        if suite.reference.has_own_processes or suite.remote is not None or self.config.option.collectonly:
            return
        everything = suite.settings.isolate
        suite.isolation = IsolatedItems(suite, everything=everything, spool=spool)
        self.config.add_cleanup(suite.isolation.close)
        if everything:
            suite.isolation.check()

    def _bar(self, total: int) -> Progress:
        """Return a progress bar on the terminal, because pytest captures stderr."""
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if self._terminal is not None and self._terminal.isatty() and reporter is not None:
            reporter.ensure_newline()
        return Progress(total, "task", None if self._terminal else False, self._terminal)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Submit all items to the executor before waiting for the first one."""
        stops = session.testsfailed and not session.config.option.continue_on_collection_errors
        if self.suite.remote and not stops:
            for item in session.items:
                if isinstance(item, SuiteItem | ContractItem):
                    item.hand_out(self.suite.remote)

    def _keep_stderr(self) -> None:
        """Keep a copy of stderr for the watchdog: while tests run, pytest captures stderr."""
        with contextlib.suppress(OSError):  # without stderr, the watchdog prints nothing
            kept = contextlib.ExitStack()
            descriptor = os.dup(2)
            self._terminal = kept.enter_context(os.fdopen(descriptor, "w", encoding="utf-8", errors="replace"))
            kept.enter_context(tell_through(descriptor))
            self.config.add_cleanup(kept.close)
            if not _faulthandler_is_used(self.config):
                # ends a worker only: pytest-xdist replaces it
                last_words.enable(descriptor, ends=self.worker_input is not None)
                self.config.add_cleanup(last_words.disable)

    def _refuse_ends(self) -> None:
        """Refuse calls that end the process, before an optimizer can import ``_exit`` from ``os``."""
        kept = contextlib.ExitStack()
        kept.enter_context(refusing())
        self.config.add_cleanup(kept.close)

    def _made_suite(self, settings: Settings, spool: Path | None) -> SuiteRun:
        """Make the suite; check out the other revision, or use the controller's checkout in a worker."""
        if settings.against is None:
            return SuiteRun.against_baseline(settings, spool)
        if self.worker_input:
            worktree = Worktree.from_plain(self.worker_input["optlandscape_worktree"])
        else:
            worktree = make_worktree(self.config.rootpath, settings.against)
            self.config.add_cleanup(worktree.remove)
        recorded = RecordedRevision(settings, self.config.rootpath, worktree.commit)
        plan = SuitePlan(settings)
        reference = AnotherRevision(plan, worktree, recorded)
        suite = SuiteRun(plan, reference, spool)
        self.config.add_cleanup(reference.close)  # runs before the worktree is removed: cleanups run last to first
        return suite

    def pytest_report_header(self) -> str:
        """Return the line of the header: suite, optimizers and reference."""
        suite = self.suite
        revision = suite.settings.against_is or suite.reference.revision
        against = f", against {revision}" if revision else ""
        return f"optlandscape: suite {suite.settings.suite}, {number_of(len(suite.adapters), 'optimizer')}{against}"

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Send a worker of pytest-xdist the shared folder, the invocation and the reference."""
        if self._spool is None:
            self._spool = tempfile.TemporaryDirectory(prefix="optlandscape-")
        node.workerinput["optlandscape_spool"] = self._spool.name
        node.workerinput["optlandscape_invocation"] = self.suite.settings.invocation.to_plain()
        node.workerinput["optlandscape_records"] = self.suite.recording is not None
        node.workerinput |= self.suite.reference.worker_input()

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport, sched: Any) -> None:
        """Isolate an optimizer that ended a worker of pytest-xdist, and run its item again."""
        for spec in self.suite.adapters:
            if self._spool is not None and crashitem.startswith(f"optlandscape::{spec}::"):
                IsolatedItems(self.suite, everything=False, spool=Path(self._spool.name)).mark(spec)
                report.longrepr = f"{report.longrepr}\n{_CRASHED.format(spec=spec)}"
                if crashitem not in self._run_again:
                    self._run_again.add(crashitem)
                    with contextlib.suppress(NotImplementedError, AttributeError):  # some schedulers cannot
                        sched.mark_test_pending(crashitem)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """Hide the ids of the suite from pytest while it collects, because it would look for a file of that name."""
        given = self.config.args
        self._node_ids = NodeIds.of_arguments(given, list(self.suite.adapters))
        self.config.args = self._node_ids.others
        try:
            return (yield)
        finally:
            self.config.args = given

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Add the suite's items before -k, -m and --lf choose among all items."""
        collector = SuiteCollector.from_parent(session, name="optlandscape", nodeid="optlandscape", suite=self.suite)
        report = collector.ihook.pytest_make_collect_report(collector=collector)
        collector.ihook.pytest_collectreport(report=report)  # so that the items are counted as collected
        items.extend(report.result)
        if self._node_ids.choose:
            chosen = only_items(items, self._node_ids.of_suite, "the command line")
            self._keep(items, [item for item in items if item not in set(report.result) or item in set(chosen)])
        if self.suite.settings.only:
            self._keep(items, only_items(items, self.suite.settings.only, "--optlandscape-only"))

    def _keep(self, items: list[pytest.Item], chosen: list[pytest.Item]) -> None:
        """Deselect the other items."""
        self.config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
        items[:] = chosen

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: Any) -> None:
        """Make the text of a warning printable: warnings from threads and finalisers quote exceptions."""
        with contextlib.suppress(Exception):  # a warning that cannot be read or rebuilt stays as it is
            text = str(warning_message.message)
            if printable(text) != text:
                warning_message.message = type(warning_message.message)(printable(text))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Note the items that the workers of pytest-xdist are going to run."""
        self.suite.judge.lost.expect(ids)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note the chosen items: each verdict in the summary must have a test."""
        self.suite.judge.lost.expect(item.nodeid for item in session.items)
        self.suite.selected = {(item.spec, item.name) for item in session.items if isinstance(item, SuiteItem)}
        chooses = self.config.option.keyword or self.config.option.markexpr or self.suite.settings.only
        chooses = chooses or self._node_ids.choose
        self.suite.is_narrowed = bool(chooses) and not getattr(self.config.option, "lf", False)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach the records to the report, which carries them to the main process of a distributed session."""
        last_words.put_away()  # the watchdog must not report the user's own tests
        report = yield
        if isinstance(item, SuiteItem | ContractItem):
            fit_to_travel(report)
        if call.when == "call" and isinstance(item, SuiteItem):
            report.optlandscape_records = item.records  # type: ignore[attr-defined]
        if call.when == "call" and isinstance(item, OverallItem) and item.is_judged:
            report.optlandscape_judged_as_one = item.spec  # type: ignore[attr-defined]
        if call.when == "call":
            report.optlandscape_tracked = item.stash.get(TRACKED, [])  # type: ignore[attr-defined]
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the records in the process that prints the summary."""
        if self.worker_input is None:
            self.suite.judge.lost.note(report)
            for plain in getattr(report, "optlandscape_records", ()):
                self.suite.unpack(plain)
                self.suite.save(plain["spec"], plain["landscape"])
            self.suite.judge.judged_as_one |= {getattr(report, "optlandscape_judged_as_one", "")} - {""}
            self.suite.tracked += getattr(report, "optlandscape_tracked", ())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Write the outputs, let pytest print the summary, then fail if a write failed."""
        writes = self._suite is not None and self.worker_input is None
        if writes:
            self.suite.close_workers()
            self.suite.write()
            self.suite.record()
            self._write_report()
            if self.suite.crept and session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
        result = yield
        if self._spool is not None:
            self._spool.cleanup()
        if writes and self.suite.errors:
            pytest.exit("optlandscape: " + "; ".join(self.suite.errors), returncode=pytest.ExitCode.USAGE_ERROR)
        return result

    def _write_report(self) -> None:
        """Write the page of the session on request; keep an error for the end."""
        if self.suite.settings.report is not None:
            from pytest_optlandscape.session.reporting import write_session_page

            try:
                self.reported = write_session_page(self.suite, self.config.rootpath)
            except (OSError, ValueError) as error:
                self.suite.errors.append(f"{self.suite.settings.report} was not written: {error}")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the summary of the suite."""
        if self._suite is not None and not self.config.option.collectonly:
            write_summary(terminalreporter, self.suite)
            for line in left_out(self.config, self.suite.settings):
                terminalreporter.write_line(line, yellow=True)
            if self.reported:
                terminalreporter.write_line(self.reported)
            if self.not_recorded:
                terminalreporter.write_line(self.not_recorded, yellow=True)


_CRASHED = (
    "{spec} ended the process, crashed it, or did not stop at its time limit; its remaining items run in a separate "
    "process, as with --optlandscape-isolate"
)


def _faulthandler_is_used(config: pytest.Config) -> bool:
    """Return whether pytest uses the only timer of faulthandler."""
    try:
        return float(config.getini("faulthandler_timeout") or 0.0) > 0.0
    except (ValueError, KeyError):  # -p no:faulthandler
        return False
