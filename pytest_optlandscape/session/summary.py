"""Print the section that ``--optlandscape`` adds to pytest's terminal summary."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from typing import Any

from pytest_optlandscape.comparison import OptimizerComparison, Verdict
from pytest_optlandscape.comparison.power import power_of
from pytest_optlandscape.optimizers.profile import profile_text
from pytest_optlandscape.records.unseeded_generators import how_to_seed
from pytest_optlandscape.report import details, landscape_rows, summary_blocks
from pytest_optlandscape.report.accepting import change_lines
from pytest_optlandscape.report.contract import contract_lines
from pytest_optlandscape.report.layout import WIDTH, wrapped
from pytest_optlandscape.report.power import power_lines
from pytest_optlandscape.report.terminal import speed_legend
from pytest_optlandscape.report.trend import event_lines
from pytest_optlandscape.session.judging import has_result
from pytest_optlandscape.session.suite import SuiteRun
from pytest_optlandscape.session.tracking import TrackedOutcome
from pytest_optlandscape.store import tracked_path
from pytest_optlandscape.texts.plurals import number_of, verb_of

__all__ = ["write_summary"]

_COLOURS: dict[Verdict, dict[str, bool]] = {
    Verdict.WORSE: {"red": True, "bold": True},
    Verdict.CHANGED: {"yellow": True},
    Verdict.NOT_COMPARABLE: {"yellow": True},
    Verdict.NEW: {"yellow": True},
    Verdict.BETTER: {"green": True},
    Verdict.SAME: {"green": True},
}


_WIDEST = 110
"""The largest width of a sentence in columns: longer lines are hard to read."""


def write_summary(terminal: Any, suite: SuiteRun) -> None:
    """Print the table of optimizers, the changes, and what to do.

    Parameters
    ----------
    terminal : pytest's terminal reporter
    suite : SuiteRun
    """
    settings = suite.settings
    against = f", against {suite.wording.revision}" if suite.wording.revision else ""
    terminal.section(f"optlandscape: suite {settings.suite}{against}", "=")
    if not settings.optimizers:
        text = "no optimizer is configured: add optlandscape_optimizers = ['scipy:L-BFGS-B'] to pytest's configuration"
        _write(terminal, text, yellow=True)
        _write_tracked(terminal, suite)
        return
    comparisons = suite.judge.comparisons
    width = _width()
    if comparisons:
        _write_table(terminal, suite, comparisons, width)
    for comparison in comparisons:
        spec = comparison.spec
        lines = landscape_rows(comparison, heading=False, width=width) if terminal.verbosity > 0 else []
        told = _told_above(terminal, suite, spec)
        lines += details(comparison, suite.wording, told=told, heading=False, width=min(width, _WIDEST))
        if lines:
            terminal.write_line("")
            terminal.write_line(spec, **_COLOURS[comparison.verdict])
        for line in lines:
            terminal.write_line(line)
        notes = [note for landscape in comparison.landscapes for note in landscape.now.notes]
        in_toml = terminal.config.inipath is not None and terminal.config.inipath.suffix == ".toml"
        for line in how_to_seed(comparison.spec, settings.profiles.get(comparison.spec, ""), notes, in_toml=in_toml):
            terminal.write_line(f"  {line}", yellow=True)
    terminal.write_line("")
    _write_notes(terminal, suite, comparisons)


def _write_table(terminal: Any, suite: SuiteRun, comparisons: list[OptimizerComparison], width: int) -> None:
    """Print the table of optimizers, and explain its ratios."""
    configured = [len(suite.plan.landscapes_for(comparison.spec)) for comparison in comparisons]
    header, *rows = summary_blocks(comparisons, suite.wording, configured=configured, width=width)
    for line in header:
        terminal.write_line(line, bold=True)
    for block, comparison in zip(rows, comparisons, strict=True):
        for line in block:
            terminal.write_line(line, **_COLOURS[comparison.verdict])
    for line in speed_legend([line for block in rows for line in block], suite.wording):
        _write(terminal, line)


def _width() -> int:
    """Return the columns of the terminal; 80 without a terminal, as in a log."""
    return max(shutil.get_terminal_size((WIDTH, 24)).columns, WIDTH)


def _told_above(terminal: Any, suite: SuiteRun, spec: str) -> set[str]:
    """Return the names of an optimizer's items whose failure was printed in full."""
    if terminal.config.option.tbstyle == "no" or terminal.config.option.no_summary:
        return set()
    prefix = f"optlandscape::{spec}::"
    failed = {one.nodeid.removeprefix(prefix) for one in terminal.stats.get("failed", ()) if _is_of(one, prefix)}
    if "overall" in failed:  # its failure also covers the landscapes without a test in this session
        every = (one for reports in terminal.stats.values() for one in reports)
        tested = {one.nodeid.removeprefix(prefix) for one in every if _is_of(one, prefix)}
        failed |= {landscape.id for landscape in suite.plan.landscapes_for(spec)} - tested
    return failed


def _is_of(report: Any, prefix: str) -> bool:
    return str(getattr(report, "nodeid", "")).startswith(prefix)


def _write_notes(terminal: Any, suite: SuiteRun, comparisons: list[OptimizerComparison]) -> None:
    """Print the results that were not compared or not run, the places where items ran, and the written files."""
    for spec in suite.adapters:
        _write_lost(terminal, spec, suite.judge.without_result(spec))
        is_compared = spec in [comparison.spec for comparison in comparisons]
        if not is_compared and not suite.contract.judged(spec) and not suite.judge.without_result(spec):
            hindrance = suite.reference.hindrance(spec)
            _write(terminal, f"{spec} was not run" + (f": {hindrance}" if hindrance else ""), yellow=True)
        if not suite.plan.landscapes_for(spec):
            reasons = [f"{count} with {reason}" for reason, count in suite.plan.obstacles(spec).items()]
            of_all = number_of(len(suite.plan.selections[spec].landscapes), "landscape")
            _write(terminal, f"{spec} runs on none of the {of_all} of its suite: {', '.join(reasons)}", yellow=True)
    for comparison in comparisons:
        obstacles = [f"{count} with {reason}" for reason, count in suite.plan.obstacles(comparison.spec).items()]
        not_for_it = f"; left out: {', '.join(obstacles)}" if obstacles else ""
        _write(terminal, f"{comparison.spec} is tested as {profile_text(suite.adapters[comparison.spec])}{not_for_it}")
        _write_partly_compared(terminal, suite, comparison)
        lost = len(suite.judge.without_result(comparison.spec))
        left_out = len(suite.plan.landscapes_for(comparison.spec)) - len(comparison.landscapes) - lost
        if left_out:
            were = verb_of(left_out, "was", "were")
            text = f"{comparison.spec}: {number_of(left_out, 'landscape')} of the suite {were} not run"
            _write(terminal, text, yellow=True)
    _write_contract(terminal, suite)
    for note in suite.reference.notes(comparisons, suite.wording, suite.acceptance.accepted):
        if note.is_wrapped:
            _write(terminal, note.text, yellow=note.is_warning)
        else:
            terminal.write_line(note.text, yellow=note.is_warning)
    _write_tracked(terminal, suite)
    _write_where(terminal, suite)


def _write_partly_compared(terminal: Any, suite: SuiteRun, comparison: OptimizerComparison) -> None:
    """Print how many cells of the baseline were compared, unless all were, and how many cells have no baseline yet."""
    compared = sum(len(one.pairs) for one in comparison.landscapes)
    not_run = sum(one.not_run for one in comparison.landscapes)
    not_known = sum(one.not_known for one in comparison.landscapes)
    if not_run:
        text = f"{comparison.spec}: {compared} of {compared + not_run} cells of the baseline were compared"
        _write(terminal, text, yellow=True)
    if not_known:
        are = verb_of(not_known, "is", "are")
        text = f"{comparison.spec}: {number_of(not_known, 'cell')} of this session {are} not in the baseline"
        _write(terminal, f"{text}; to accept them:", yellow=True)
        terminal.write_line(f"  {suite.wording.update(comparison.spec)}", yellow=True)


def _write(terminal: Any, text: str, **colour: bool) -> None:
    """Print a sentence, wrapped to the width of the terminal."""
    for line in wrapped(text, "", min(_width(), _WIDEST)):
        terminal.write_line(line, **colour)


def _write_contract(terminal: Any, suite: SuiteRun) -> None:
    """Print how the optimizers keep the contract, and how to see breaches that fail no test."""
    ref = suite.reference.revision or None
    quiet = []
    for spec in suite.adapters:
        judged = suite.contract.judged(spec)
        newly = any(verdict in (Verdict.WORSE, Verdict.NEW) for _, verdict in judged)
        for line in contract_lines(spec, judged, ref, min(_width(), _WIDEST)):
            terminal.write_line(line, yellow=newly)
        if any(found.outcome == "failed" and not suite.judge.is_failure(verdict, spec) for found, verdict in judged):
            quiet.append(spec)
    if quiet and terminal.verbosity >= 0 and "P" not in terminal.reportchars:
        further = f", and likewise for {number_of(len(quiet) - 1, 'more optimizer')}" if quiet[1:] else ""
        terminal.write_line(f"to see the breaches that fail no test{further}:")
        terminal.write_line(f"  {suite.wording.run_alone(f'{quiet[0]}::contract')} -rP")


def _write_lost(terminal: Any, spec: str, lost: Mapping[str, str]) -> None:
    """Print the landscapes without a result, each reason once."""
    for reason in dict.fromkeys(lost.values()):
        names = ", ".join(name for name in lost if lost[name] == reason)
        _write(terminal, f"{spec} gives no result on {names}, and is not judged there: {reason}", red=True)


def _write_where(terminal: Any, suite: SuiteRun) -> None:
    """Print where items ran and where their results are."""
    for line in suite.ran:
        _write(terminal, line, yellow=" lost" in line)
    for spec, change in suite.acceptance.accepted.items():
        if change.is_written:
            _write(terminal, f"accepted: {_relative(change.path)} ({spec}); commit it", green=True)
        else:
            _write(terminal, f"nothing new to accept: {_relative(change.path)} ({spec}) is left as it was", green=True)
        for line in change_lines(change):
            terminal.write_line(line)
        _write_power(terminal, suite, spec)
    for line in suite.recording.lines if suite.recording else ():
        _write(terminal, line, green=line.startswith("recorded"), yellow=not line.startswith("recorded"))
    _write_creep(terminal, suite)
    if suite.settings.json and not suite.errors:
        _write(terminal, f"outcome written to {_relative(suite.settings.json)}")
    for error in suite.errors:
        _write(terminal, error, red=True, bold=True)


def _write_power(terminal: Any, suite: SuiteRun, spec: str) -> None:
    """Print which changes the new baseline can detect."""
    comparison = next((one for one in suite.judge.comparisons if one.spec == spec), None)
    records = [one.now for one in comparison.landscapes if has_result(one.now)] if comparison else []
    if not records:
        return
    adapter = suite.adapters[spec]
    is_stochastic = adapter.is_stochastic or any(record.nondeterministic for record in records)
    power = power_of(spec, records, is_stochastic=is_stochastic, takes_bounds=adapter.takes_bounds)
    lines = power_lines(
        power,
        per_dimension=suite.plan.per_dimension(spec),
        is_global=adapter.is_global,
        is_stochastic=is_stochastic,
    )
    for line in lines:
        terminal.write_line(line, yellow=power.is_low)


def _write_creep(terminal: Any, suite: SuiteRun) -> None:
    """Print the optimizers with creep, its commits, and what to do."""
    for crept in suite.crept:
        title = crept.series.title
        text = f"{title} has crept: small steps together made it worse than the accepted state"
        _write(terminal, text, red=True, bold=True)
        for line in event_lines(crept.event):
            terminal.write_line(line, red=True)
        commands = [f'optlandscape triage {crept.recorded[:16]} accepted "why"'] if crept.recorded else []
        other = "" if crept.recorded else " or commit and record it, then triage it as accepted;"
        _write(terminal, f"  undo what these commits made slower;{other} or accept it:", red=True)
        for command in (*commands, suite.wording.update(crept.series.spec)):
            terminal.write_line(f"    {command}", red=True)
    if suite.settings.fail_on.heeds_creep and not suite.settings.update:
        if suite.reference.revision:
            terminal.write_line(f"creep is not checked in a comparison with {suite.reference.revision}", yellow=True)
        elif suite.recording is not None and not suite.recording.is_kept and suite.recording.entry is not None:
            terminal.write_line(
                "creep was checked with the files as they are, uncommitted changes included", yellow=True
            )
        elif suite.recording is None or suite.recording.entry is None:
            terminal.write_line("creep was not checked: no optimizer was run on all its landscapes", yellow=True)


def _write_tracked(terminal: Any, suite: SuiteRun) -> None:
    """Print the numbers that the user's own tests track."""
    tracked = [TrackedOutcome(**plain) for plain in suite.tracked_in_order]
    for one in tracked:
        _write(terminal, str(one), **_COLOURS[Verdict(one.verdict)])
    if any(one.accepted for one in tracked):
        path = tracked_path(suite.settings.baseline_folder)
        terminal.write_line(f"accepted: {_relative(path)} (what tests track); commit it", green=True)


def _relative(path: Any) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
