"""The section that ``--optlandscape`` adds to pytest's terminal summary."""

from __future__ import annotations

import os
import textwrap
from typing import Any

from pytest_optlandscape.ledger import tracked_path
from pytest_optlandscape.optimizers.profile import profile_text
from pytest_optlandscape.report import details, landscape_rows, summary_lines, time_line
from pytest_optlandscape.report.contract import contract_lines
from pytest_optlandscape.report.trend import event_lines
from pytest_optlandscape.session.against import AgainstRun
from pytest_optlandscape.session.suite import SuiteRun
from pytest_optlandscape.session.tracking import TrackedOutcome
from pytest_optlandscape.verdicts import OptimizerComparison, Verdict

__all__ = ["write_summary"]

_COLOURS: dict[Verdict, dict[str, bool]] = {
    Verdict.WORSE: {"red": True, "bold": True},
    Verdict.CHANGED: {"yellow": True},
    Verdict.NOT_COMPARABLE: {"yellow": True},
    Verdict.NEW: {"yellow": True},
    Verdict.BETTER: {"green": True},
    Verdict.SAME: {"green": True},
}


def write_summary(terminal: Any, suite: SuiteRun) -> None:
    """Print the table of optimizers, what moved, and what to do.

    Parameters
    ----------
    terminal : pytest's terminal reporter
    suite : SuiteRun
    """
    settings = suite.settings
    terminal.section(f"optlandscape: suite {settings.suite}", "=")
    if not settings.optimizers:
        terminal.write_line(
            "no optimizer is configured: add optlandscape_optimizers = ['scipy:L-BFGS-B'] to pytest's configuration",
            yellow=True,
        )
        _write_tracked(terminal, suite)
        return
    comparisons = suite.comparisons
    if comparisons:
        header, *rows = summary_lines(comparisons, suite.wording)
        terminal.write_line(header, bold=True)
        for row, comparison in zip(rows, comparisons, strict=True):
            terminal.write_line(row, **_COLOURS[comparison.verdict])
    for comparison in comparisons:
        if terminal.verbosity > 0:
            terminal.write_line("")
            for line in landscape_rows(comparison, suite.wording):
                terminal.write_line(line)
        for line in details(comparison, suite.wording):
            terminal.write_line(line)
    terminal.write_line("")
    _write_notes(terminal, suite, comparisons)


def _write_notes(terminal: Any, suite: SuiteRun, comparisons: list[OptimizerComparison]) -> None:
    """Say what was not compared or not run, where the rest ran, and what was written."""
    for spec in suite.adapters:
        if spec not in [comparison.spec for comparison in comparisons] and not suite.contract.judged(spec):
            hindrance = suite.hindrance(spec)
            terminal.write_line(f"{spec} was not run" + (f": {hindrance}" if hindrance else ""), yellow=True)
    for comparison in comparisons:
        obstacles = [f"{count} with {reason}" for reason, count in suite.obstacles(comparison.spec).items()]
        not_for_it = f"; left out: {', '.join(obstacles)}" if obstacles else ""
        terminal.write_line(
            f"{comparison.spec} is taken for {profile_text(suite.adapters[comparison.spec])}{not_for_it}"
        )
        left_out = len(suite.landscapes_for(comparison.spec)) - len(comparison.landscapes)
        if left_out:
            terminal.write_line(f"{comparison.spec}: {left_out} landscapes of the suite were not run", yellow=True)
    for spec in suite.adapters:
        judged = suite.contract.judged(spec)
        newly = any(verdict in (Verdict.WORSE, Verdict.NEW) for _, verdict in judged)
        ref = suite.worktree.ref if isinstance(suite, AgainstRun) else None
        for line in contract_lines(spec, judged, ref):
            terminal.write_line(line, yellow=newly)
    if isinstance(suite, AgainstRun):
        _write_of_revision(terminal, suite, comparisons)
    elif not suite.settings.update:
        _write_missing_baselines(terminal, suite, comparisons)
    _write_tracked(terminal, suite)
    _write_where(terminal, suite)


def _write_where(terminal: Any, suite: SuiteRun) -> None:
    """Say where items ran, and where what came of them is."""
    for line in suite.ran:
        terminal.write_line(line, yellow=" lost" in line)
    for spec, path in suite.accepted.items():
        terminal.write_line(f"accepted: {_relative(path)} ({spec}); commit it", green=True)
    for line in suite.recording.lines if suite.recording else ():
        terminal.write_line(line, green=line.startswith("recorded"), yellow=not line.startswith("recorded"))
    _write_creep(terminal, suite)
    if suite.settings.json and not suite.errors:
        terminal.write_line(f"outcome written to {_relative(suite.settings.json)}")
    for error in suite.errors:
        terminal.write_line(error, red=True, bold=True)


def _write_creep(terminal: Any, suite: SuiteRun) -> None:
    """Say which optimizers small changes have made worse, by which commits, and what to do."""
    for crept in suite.crept:
        terminal.write_line(
            f"{crept.series.title} has crept: it is worse than the state that was accepted, though by no single step",
            red=True, bold=True,
        )  # fmt: skip
        for line in event_lines(crept.event):
            terminal.write_line(line, red=True)
        if crept.recorded:
            accept = f'`optlandscape triage {crept.recorded[:16]} accepted "why"`'
        else:
            accept = 'commit and record it, then `optlandscape triage COMMIT accepted "why"`'
        terminal.write_line(
            f"  to accept it: {accept}, or `pytest --optlandscape-update`; else undo what these commits made slower",
            red=True,
        )
    if "creep" in suite.settings.fail_on and not suite.settings.update:
        if isinstance(suite, AgainstRun):
            terminal.write_line(f"creep is not looked for in a comparison with {suite.worktree.ref}", yellow=True)
        elif suite.recording is not None and not suite.recording.is_kept and suite.recording.entry is not None:
            terminal.write_line("creep was looked for in the files as they are, changes included", yellow=True)
        elif suite.recording is None or suite.recording.entry is None:
            terminal.write_line("creep was not looked for: no optimizer was run on all its landscapes", yellow=True)


def _write_tracked(terminal: Any, suite: SuiteRun) -> None:
    """Say what came of what tests of one's own tracked."""
    tracked = [TrackedOutcome(**plain) for plain in suite.tracked_in_order]
    for one in tracked:
        terminal.write_line(str(one), **_COLOURS[Verdict(one.verdict)])
    if any(one.accepted for one in tracked):
        path = tracked_path(suite.settings.baseline_folder)
        terminal.write_line(f"accepted: {_relative(path)} (what tests track); commit it", green=True)


def _write_of_revision(terminal: Any, suite: AgainstRun, comparisons: list[OptimizerComparison]) -> None:
    """Say what the other revision lacks, where both run the same code, and how times compare."""
    ref = suite.worktree.ref
    for comparison in comparisons:
        spec = comparison.spec
        if spec in suite.missing:
            terminal.write_line(f"{spec} is not there at {ref}: {suite.missing[spec]}", yellow=True)
        elif spec not in suite.incomparable and not suite.is_of_repository(spec):
            text = f"{spec} is not in this repository: at {ref} and now the same code ran"
            terminal.write_line(text, yellow=True)
        if spec in suite.taken:
            text = f"{spec}: {ref} was not run, the history has it as {suite.taken[spec]}; times were not compared"
            terminal.write_line(text)
        timed = [suite.timed(spec, one.now.landscape) for one in comparison.landscapes]
        if any(timed):
            terminal.write_line(f"{spec}: {time_line([ratios for ratios in timed if ratios is not None])}")
    for line in suite.origin_lines() if comparisons else ():
        terminal.write_line(line)
    commands = suite.commands_to_build()
    if commands:
        terminal.write_line("to compare what has to be built, measure both revisions:", yellow=True)
    for command in commands:
        terminal.write_line(f"  {command}")


def _write_missing_baselines(terminal: Any, suite: SuiteRun, comparisons: list[OptimizerComparison]) -> None:
    """Say loudly what has no baseline: a comparison that did not take place looks like a good one."""
    missing = []
    for comparison in comparisons:
        new = [c.now.landscape for c in comparison.landscapes if c.verdict == Verdict.NEW]
        if len(new) == len(comparison.landscapes):
            missing.append(comparison.spec)
        elif new:
            names = ", ".join([*new[:3], *(["…"] if len(new) > 3 else [])])
            missing.append(f"{comparison.spec} on {len(new)} of {len(comparison.landscapes)} landscapes ({names})")
    if missing:
        text = f"nothing to compare with, no baseline yet: {'; '.join(missing)}"
        lines = textwrap.wrap(text, 110, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        folder = _relative(suite.settings.baseline_folder)
        for line in [*lines, f"  to accept what these runs did: `pytest --optlandscape-update`, then commit {folder}/"]:
            terminal.write_line(line, yellow=True)


def _relative(path: Any) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
