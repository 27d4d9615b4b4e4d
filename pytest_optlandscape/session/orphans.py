"""Find baselines that no configured optimizer uses, and new optimizers to which they may belong."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
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
    from pytest_optlandscape.session.suite_plan import SuitePlan

__all__ = ["Orphan", "find_orphans", "orphan_lines"]


@dataclass(frozen=True)
class Orphan:
    """A file in the folder of the baselines that no configured optimizer uses.

    Attributes
    ----------
    path : Path
    baseline : Baseline or None
        None if the file cannot be read.
    problem : str
        Why the file cannot be read; "" if it can.
    """

    path: Path
    baseline: Baseline | None = None
    problem: str = ""


def find_orphans(plan: SuitePlan) -> list[Orphan]:
    """Return the files in the folder of the baselines that no configured optimizer uses.

    The files of a configured optimizer in another setting, such as another Keras backend, are left out.
    """
    owned = {plan.baseline_path(spec) for spec in plan.adapters}
    found = []
    for path in baseline_files(plan.settings.baseline_folder):
        if path in owned:
            continue
        try:
            stored = read_file(path)
            baseline = checked_baseline(stored) if stored else None
        except BaselineError as error:
            found.append(Orphan(path, problem=str(error)))
            continue
        owner = plan.adapters.get(baseline.optimizer) if baseline else None
        if baseline and (owner is None or owner.setting == baseline.setting):
            found.append(Orphan(path, baseline))
    return found


def orphan_lines(
    plan: SuitePlan,
    baselines: Mapping[str, Baseline | None],
    comparisons: Sequence[OptimizerComparison],
    accepted: Collection[str],
) -> list[str]:
    """Return lines on unused baselines; if a new optimizer has the same runs, show the command that renames the file.

    Parameters
    ----------
    plan : SuitePlan
    baselines : mapping of str to Baseline or None
        By spec, the baselines of the configured optimizers.
    comparisons : sequence of OptimizerComparison
        The comparisons of this session.
    accepted : collection of str
        The optimizers with a new baseline.
    """
    lines: list[str] = []
    for orphan in find_orphans(plan):
        file = clean(_relative(orphan.path), 300)
        if orphan.baseline is None:
            lines.append(f"{file} belongs to no configured optimizer, and cannot be used:")
            lines += wrapped(clean(orphan.problem, 1500), "  ")
            continue
        old = orphan.baseline.optimizer
        if old in plan.adapters:
            lines += [
                f"{clean(old, 200)} has two baselines, and this one is not used; delete one of them:",
                f"  {file}",
            ]
            continue
        lines += [f"{clean(old, 200)} has a baseline, but is not configured:", f"  {file}"]
        new = [one for one in comparisons if baselines.get(one.spec) is None]
        renamed = [(one.spec, count) for one in new if (count := _same_landscapes(plan, one, orphan.baseline))]
        for spec, count in renamed:
            lines.append(f"  renamed to {clean(spec, 200)}? its runs are the same on {number_of(count, 'landscape')}")
            if spec in accepted:
                lines.append("  if so, delete this file: the new name has a baseline of its own now")
            else:
                lines.append(f"  if so: {command_line('optlandscape', 'baseline', 'move', old, spec)}")
        if not renamed:
            lines.append("  configure it again, or delete the file")
    return lines


def _same_landscapes(plan: SuitePlan, comparison: OptimizerComparison, orphan: Baseline) -> int:
    """Return on how many landscapes a new optimizer has the runs of an unused baseline; 0 if any landscape differs."""
    spec = comparison.spec
    if orphan.setting != plan.adapters[spec].setting:
        return 0
    compared = [
        compare_landscape(
            one.now,
            orphan.records[one.now.landscape],
            landscapes=len(plan.landscapes_for(spec)),
            calibration=orphan.calibration,
            takes_bounds=plan.adapters[spec].takes_bounds,
        )
        for one in comparison.landscapes
        if one.now.landscape in orphan.records
    ]
    whole = compare_optimizer(spec, compared, orphan.calibration)
    return len(compared) if compared and whole.verdict == Verdict.SAME else 0


def _relative(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
