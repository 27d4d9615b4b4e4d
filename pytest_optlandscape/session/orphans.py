"""Baselines that no configured optimizer owns: what is told of them, and for which new optimizer they may be."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_optlandscape.comparison import OptimizerComparison, Verdict, compare_landscape, compare_optimizer
from pytest_optlandscape.report.terminal import wrapped
from pytest_optlandscape.report.trend import clean
from pytest_optlandscape.report.wording import command_line
from pytest_optlandscape.store import Baseline, BaselineError
from pytest_optlandscape.store.baseline import checked_baseline, read_file
from pytest_optlandscape.store.baseline_names import baseline_files
from pytest_optlandscape.texts.plurals import number_of

if TYPE_CHECKING:
    from pytest_optlandscape.session.suite import SuiteRun

__all__ = ["Orphan", "find_orphans", "orphan_lines"]


@dataclass(frozen=True)
class Orphan:
    """A file among the baselines that no configured optimizer uses.

    Attributes
    ----------
    path : Path
    baseline : Baseline or None
        None if it cannot be read.
    problem : str
        Why it cannot be read.
    """

    path: Path
    baseline: Baseline | None = None
    problem: str = ""


def find_orphans(suite: SuiteRun) -> list[Orphan]:
    """List the files in the folder of the baselines that no configured optimizer uses.

    Files of a configured optimizer in another setting, such as another backend of Keras, are not among them.
    """
    owned = {suite.path(spec) for spec in suite.adapters}
    found = []
    for path in baseline_files(suite.settings.baseline_folder):
        if path in owned:
            continue
        try:
            stored = read_file(path)
            baseline = checked_baseline(stored) if stored else None
        except BaselineError as error:
            found.append(Orphan(path, problem=str(error)))
            continue
        owner = suite.adapters.get(baseline.optimizer) if baseline else None
        if baseline and (owner is None or owner.setting == baseline.setting):
            found.append(Orphan(path, baseline))
    return found


def orphan_lines(suite: SuiteRun, comparisons: Sequence[OptimizerComparison]) -> list[str]:
    """Tell the orphaned baselines; recognise an optimizer whose runs are the same, and give the command.

    Parameters
    ----------
    suite : SuiteRun
    comparisons : sequence of OptimizerComparison
        Of this session.
    """
    lines: list[str] = []
    for orphan in find_orphans(suite):
        file = clean(_relative(orphan.path), 300)
        if orphan.baseline is None:
            lines.append(f"{file} belongs to no configured optimizer, and cannot be used:")
            lines += wrapped(clean(orphan.problem, 1500), "  ")
            continue
        old = orphan.baseline.optimizer
        if old in suite.adapters:
            lines += [f"{clean(old, 200)} has two baselines; this one is not used, delete one of them:", f"  {file}"]
            continue
        lines += [f"{clean(old, 200)} has a baseline, but is not configured:", f"  {file}"]
        renamed = [(one.spec, count) for one in comparisons if (count := _same_landscapes(suite, one, orphan.baseline))]
        for new, count in renamed:
            lines.append(f"  renamed to {clean(new, 200)}? its runs are the same on {number_of(count, 'landscape')}")
            if new in suite.accepted:
                lines.append("  if so, delete this file: the new name has a baseline of its own now")
            else:
                lines.append(f"  if so: {command_line('optlandscape', 'baseline', 'move', old, new)}")
        if not renamed:
            lines.append("  configure it again, or delete the file")
    return lines


def _same_landscapes(suite: SuiteRun, comparison: OptimizerComparison, orphan: Baseline) -> int:
    """Count the landscapes on which a new optimizer does what an orphaned baseline says; 0 if it differs on any."""
    spec = comparison.spec
    if suite.baselines.get(spec) is not None or orphan.setting != suite.adapters[spec].setting:
        return 0
    compared = [
        compare_landscape(
            one.now,
            orphan.records[one.now.landscape],
            landscapes=len(suite.landscapes_for(spec)),
            calibration=orphan.calibration,
            takes_bounds=suite.adapters[spec].takes_bounds,
        )
        for one in comparison.landscapes
        if one.now.landscape in orphan.records
    ]
    whole = compare_optimizer(spec, compared, orphan.calibration)
    return len(compared) if compared and whole.verdict == Verdict.SAME else 0


def _relative(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
