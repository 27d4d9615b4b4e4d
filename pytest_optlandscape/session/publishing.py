"""Write the outcome of a session for GitHub and GitLab, and as Markdown for a comment.

``report`` makes the texts. This module chooses the requested ones and writes them.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_optlandscape.report.codequality import codequality_text, issue
from pytest_optlandscape.report.github import annotation_commands
from pytest_optlandscape.report.markdown import SUMMARY_BYTES, markdown
from pytest_optlandscape.report.overwriting import check_is_own
from pytest_optlandscape.report.remarks import Place, Remark, SessionReport, remarks_of
from pytest_optlandscape.session.contract_items import ContractItem
from pytest_optlandscape.session.items import SuiteItem
from pytest_optlandscape.session.locations import Location, locations_of
from pytest_optlandscape.session.suite import SuiteRun
from pytest_optlandscape.store import (
    Baseline,
    StoreError,
    check_writable,
    first_parents,
    open_history,
    resolve_commit,
    write_atomically,
)
from pytest_optlandscape.trend import CACHE, Remembered, Trend, find_trend, in_order, series_of

__all__ = ["Publishing", "detected_format"]

GITLAB_FILE = "gl-code-quality-report.json"
"""The name of the code quality report in GitLab's documentation."""

_ANNOTATES_FAILURES = "pytest_github_actions_annotate_failures"

_SEVERITIES = {"failed": "critical", "worse": "major", "creep": "major"}


def detected_format(chosen: str, environment: Mapping[str, str]) -> str:
    """Return the forge to write for: the chosen one, else the one whose environment variables are set.

    Examples
    --------
    >>> detected_format("auto", {"GITHUB_ACTIONS": "true"}), detected_format("auto", {}), detected_format("gitlab", {})
    ('github', 'none', 'gitlab')
    """
    if chosen != "auto":
        return chosen
    if environment.get("GITHUB_ACTIONS") == "true":
        return "github"
    return "gitlab" if environment.get("GITLAB_CI") == "true" else "none"


class Publishing:
    """The hooks that collect the failures, and write the texts at the end of the session.

    Parameters
    ----------
    config : pytest.Config
    suite : SuiteRun
    keeps : bool
        Whether this process makes the summary.
    notes : sequence of str
        Further sentences for the Markdown.

    Raises
    ------
    OSError
        If a requested file cannot be written.
    """

    def __init__(self, config: pytest.Config, suite: SuiteRun, *, keeps: bool, notes: Sequence[str] = ()) -> None:
        self._config = config
        self._suite = suite
        self._keeps = keeps
        self._notes = list(notes)
        self._failures: dict[tuple[str, str], str] = {}
        self._commands: list[str] = []
        self._lines: list[str] = []
        self._format = detected_format(config.getoption("optlandscape_format"), os.environ)
        folder = config.invocation_params.dir
        told = config.getoption("optlandscape_markdown")
        self._markdown = folder / told if told else None
        told = config.getoption("optlandscape_codequality") or (GITLAB_FILE if self._format == "gitlab" else None)
        self._codequality = folder / told if told else None
        options = {"--optlandscape-markdown": self._markdown, "--optlandscape-codequality": self._codequality}
        for option, path in options.items():
            if keeps and path:
                check_is_own(option, path)
                check_writable(path)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach the item's spec and name to its report, for the main process of a distributed session."""
        report = yield
        if isinstance(item, SuiteItem | ContractItem):
            report.optlandscape_item = [item.spec, item.name]  # type: ignore[attr-defined]
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the first line of each failure."""
        item = getattr(report, "optlandscape_item", None)
        if self._keeps and item and report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            text = crash.message if crash else report.longreprtext
            self._failures[item[0], item[1]] = text.strip().partition("\n")[0]

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self) -> Generator[None, object, object]:
        """Write the files before the summary; print the commands here if pytest prints no summary."""
        if self._keeps:
            self._publish()
        result = yield
        if self._keeps and self._commands:
            self._print_commands(self._config.pluginmanager.getplugin("terminalreporter"))
        return result

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the commands below everything else, and name the written files."""
        for line in self._lines:
            terminalreporter.write_line(line)
        self._print_commands(terminalreporter)

    def _print_commands(self, terminal: Any) -> None:
        """Print each command at the beginning of a line."""
        commands, self._commands = self._commands, []
        if not commands:
            return
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        if terminal is not None:
            terminal.ensure_newline()
            for line in ("", *commands):
                terminal.write_line(line)
            terminal.flush()
        elif sys.stdout is not None:
            encoding = sys.stdout.encoding or "utf-8"
            text = "\n".join(["", *commands, ""])
            sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
            sys.stdout.flush()

    def _publish(self) -> None:
        is_wanted = self._format != "none" or self._markdown or self._codequality
        if not is_wanted or self._config.getoption("collectonly", False):
            return
        report = self._report()
        is_empty = not (report.comparisons or report.failures or report.tracked or any(report.contracts.values()))
        summary = os.environ.get("GITHUB_STEP_SUMMARY") if self._format == "github" and not is_empty else None
        remarks = remarks_of(report, self._suite.judge.is_failure)
        places = self._places()
        if self._format == "github":
            others = self._config.pluginmanager.hasplugin(_ANNOTATES_FAILURES)
            writes_failures = not (others and os.environ.get("GITHUB_ACTIONS") == "true")
            self._commands = annotation_commands(remarks, places, with_failures=writes_failures)
        project = self._project()
        if summary:
            self._append(Path(summary), report, remarks, project)
        if self._markdown:
            self._write(self._markdown, markdown(report, remarks, project=project))
        if self._codequality:
            titles = {spec: _title(spec, adapter.setting) for spec, adapter in self._suite.adapters.items()}
            self._write(self._codequality, _codequality(remarks, places, titles))

    def _write(self, path: Path, text: str) -> None:
        try:
            write_atomically(path, text)
        except OSError as error:
            self._suite.errors.append(f"{path} was not written: {error}")
        else:
            relative = os.path.relpath(path)
            self._lines.append(f"written: {path if relative.startswith('..') else relative}")

    def _append(self, path: Path, report: SessionReport, remarks: Sequence[Remark], project: str) -> None:
        """Append to the summary of the job, because other commands of the same step may have written to it."""
        try:
            there = path.stat().st_size if path.exists() else 0
            text = markdown(report, remarks, project=project, limit=SUMMARY_BYTES - there - 2)
            if text:
                with path.open("ab") as file:
                    file.write(f"{chr(10) * bool(there)}{text}\n".encode())
            else:
                self._lines.append("the job summary is full, so nothing was added to it")
        except OSError as error:
            self._lines.append(f"the job summary was not written: {error}")

    def _report(self) -> SessionReport:
        suite = self._suite
        trends, commit = self._trends()
        recorded = suite.recording.lines if suite.recording else []
        left_out = [f"{spec} was not run" for spec in suite.adapters if not self._was_run(spec)]
        return SessionReport(
            suite.settings.suite,
            suite.judge.comparisons,
            suite.wording,
            {spec: suite.contract.judged(spec) for spec in suite.adapters},
            suite.tracked_in_order,
            trends,
            [(one.series.spec, one.event) for one in suite.crept],
            commit,
            self._failures,
            [*filter(None, self._notes), *left_out, *recorded, *suite.errors],
        )

    def _was_run(self, spec: str) -> bool:
        return any(one.spec == spec for one in self._suite.judge.comparisons) or bool(self._suite.contract.judged(spec))

    def _trends(self) -> tuple[list[Trend], str]:
        """Return the trends of the session's optimizers, if there is a history; a broken history fails no session."""
        place = self._suite.settings.history
        if place is None:
            return [], ""
        rootdir = self._config.rootpath
        try:
            history = self._suite.recording.history if self._suite.recording else open_history(place, rootdir)
            entries = history.entries()
            commit = resolve_commit(rootdir, "HEAD")
            line = first_parents(rootdir, "HEAD")
            series = [
                one
                for one in series_of(entries, in_order(entries, line))
                if one.spec in self._suite.adapters and one.suite == self._suite.settings.suite
            ]
            triages = history.triages()

            def load(digest: str) -> Baseline | None:
                with contextlib.suppress(StoreError):
                    return history.record(digest)
                return None

            remembered = Remembered(rootdir / CACHE)
            return [find_trend(one, load, triages, remembered=remembered) for one in series], commit
        except (StoreError, ValueError, OSError) as error:
            self._notes.append(f"the history cannot be read: {error}")
            return [], ""

    def _places(self) -> dict[str, Place]:
        """Return the places of all optimizers and tracking tests within the repository."""
        found: dict[str, Location] = dict(locations_of(self._config, self._suite))
        for one in self._suite.tracked:
            found[one["test"]] = self._config.rootpath / one["test"].partition("::")[0], None
        top = _top_of_repository(self._config.rootpath, os.environ)
        places = {}
        for spec, (path, line) in found.items():
            resolved = path.resolve()
            if resolved.is_file() and resolved.is_relative_to(top):
                places[spec] = Place(resolved.relative_to(top).as_posix(), None if line is None else line + 1)
        return places

    def _project(self) -> str:
        top, rootdir = _top_of_repository(self._config.rootpath, os.environ), self._config.rootpath.resolve()
        return rootdir.relative_to(top).as_posix() if rootdir != top and rootdir.is_relative_to(top) else ""


def _top_of_repository(rootdir: Path, environment: Mapping[str, str]) -> Path:
    """Return the root of the repository, from the forge's environment or else from the ``.git`` entry."""
    rootdir = rootdir.resolve()
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        told = environment.get(name)
        if told and rootdir.is_relative_to(Path(told).resolve()):
            return Path(told).resolve()
    return next((one for one in (rootdir, *rootdir.parents) if (one / ".git").exists()), rootdir)


def _title(spec: str, setting: Mapping[str, str]) -> str:
    told = ", ".join(f"{key} {value}" for key, value in sorted(setting.items()))
    return f"{spec} ({told})" if told else spec


def _codequality(remarks: Sequence[Remark], places: Mapping[str, Place], titles: Mapping[str, str]) -> str:
    return codequality_text(
        issue(
            one.verdict,
            titles.get(one.spec, one.spec),
            one.where or "overall",
            f"{one.title}: {one.text}",
            severity=_SEVERITIES.get(one.verdict, "major" if one.fails else "info"),
            path=(place := places.get(one.spec) or Place(".")).path,
            line=place.line,
        )
        for one in remarks
        if one.verdict != "better"
    )
