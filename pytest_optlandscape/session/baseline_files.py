"""The command ``optlandscape baseline``: check files, accept manual edits, rename an optimizer."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from pytest_optlandscape.optimizers import get
from pytest_optlandscape.report.trend import clean
from pytest_optlandscape.store import BaselineError, baseline_path, read_tracked, tracked_path
from pytest_optlandscape.store.atomic_files import alone_with, remove_left_over
from pytest_optlandscape.store.baseline import baseline_of, checked_baseline, read_file, write_baseline
from pytest_optlandscape.store.baseline_layout import edited_parts
from pytest_optlandscape.store.baseline_names import baseline_files
from pytest_optlandscape.store.strict_json import DamageError
from pytest_optlandscape.store.tracked import accept_tracked
from pytest_optlandscape.texts.plurals import number_of
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["accept_file", "check_folder", "move_baseline"]


def check_folder(folder: Path) -> tuple[list[str], list[str]]:
    """Check every baseline file of a folder, and remove the leftovers of killed writers.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    good : list of str
        A line for each usable file.
    problems : list of str
        A line for each unusable file: the reason, and what to do.
    """
    good, problems = [], []
    for path in baseline_files(folder):
        try:
            stored = read_file(path)
            baseline = checked_baseline(stored) if stored else None
        except BaselineError as error:
            problems.append(clean(str(error), 1500))
            continue
        if baseline:
            spec = clean(baseline.optimizer, 200)
            good.append(f"{clean(path.name, 300)}: {spec}, {number_of(len(baseline.records), 'landscape')}")
    try:
        tracked = read_tracked(tracked_path(folder))
    except BaselineError as error:
        problems.append(clean(str(error), 1500))
    else:
        good += [f"{tracked_path(folder).name}: tracked by tests, {len(tracked)}"] if tracked else []
    removed = remove_left_over(folder)
    if removed:
        good.append(f"removed {number_of(len(removed), 'unfinished file')} of writers that were killed")
    return good, problems


def accept_file(path: Path) -> list[str]:
    """Accept a baseline file after a manual edit or a merge.

    The totals, the lines of the landscapes and the digests are computed again from the records.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of str
        The edited landscapes and the edited fields of the optimizer; empty if nothing was edited.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    BaselineError
        If the file is not valid JSON, or a value cannot come from a run. The file stays as it is.
    OSError
        If the file cannot be written. The old file stays as it is.
    """
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    if path.name == tracked_path(path.parent).name:
        return accept_tracked(path)
    with alone_with(path):
        stored = read_file(path)
        if stored is None:
            raise FileNotFoundError(f"there is no file {path}")
        try:
            baseline = baseline_of(stored.content)
        except DamageError as damage:
            stored.refuse(damage)
        is_written = write_baseline(path, baseline)
    return edited_parts(stored.content) if is_written else []


def move_baseline(folder: Path, old: str, new: str) -> tuple[Path, Path]:
    """Move the baseline of a renamed optimizer to its new spec.

    Parameters
    ----------
    folder : Path
        The folder of the baselines.
    old, new : str
        Specs.

    Returns
    -------
    tuple of Path
        The old file and the new file.

    Raises
    ------
    ValueError, ImportError, TypeError
        If the old spec has no baseline, the new spec already has a baseline, or the new optimizer cannot be made.
    OSError
        If a file cannot be written. The old file stays as it is.
    """
    adapter = get(new)
    found = {}
    for path in baseline_files(folder):
        stored = read_file(path)
        if stored and isinstance(stored.content["optimizer"], str):
            found[path] = stored
    sources = [path for path, stored in found.items() if stored.content["optimizer"] == old]
    if not sources:
        owners = sorted({str(stored.content["optimizer"]) for stored in found.values()})
        raise ValueError(unknown_name("optimizer with a baseline:", old, owners))
    same = [path for path in sources if found[path].content.get("setting", {}) == adapter.setting]
    if not same:
        raise ValueError(
            f"the baseline {sources[0]} was written with another setting; {adapter.spec!r} has {adapter.setting}"
        )
    if adapter.spec in (stored.content["optimizer"] for stored in found.values() if stored.path not in sources):
        raise ValueError(f"{adapter.spec!r} already has a baseline: delete that, or delete {sources[0]}")
    source, target = same[0], baseline_path(folder, adapter)
    with alone_with(target):
        baseline = dataclasses.replace(checked_baseline(found[source]), optimizer=adapter.spec)
        write_baseline(target, baseline)
        if source.resolve() != target.resolve():
            source.unlink()
    return source, target
