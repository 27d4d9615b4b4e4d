"""Write the page of a session (``--optlandscape-report``) or of a history (``optlandscape report``)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_optlandscape.comparison import OptimizerComparison
from pytest_optlandscape.report.contract import contract_lines
from pytest_optlandscape.report.page import Change, Fact, PathPair, Subject, Trajectories, change_of, make_page
from pytest_optlandscape.session.reference.revision_client import RevisionError
from pytest_optlandscape.session.replay import find_cell
from pytest_optlandscape.session.retracing import as_recorded, due_landscapes, retrace_commits
from pytest_optlandscape.session.settings import Settings
from pytest_optlandscape.session.suite import SuiteRun
from pytest_optlandscape.session.tracking import TrackedOutcome
from pytest_optlandscape.store import (
    Baseline,
    GitError,
    History,
    Triage,
    commit_facts,
    first_parents,
    open_history,
    write_atomically,
)
from pytest_optlandscape.texts.plurals import number_of
from pytest_optlandscape.trend import CACHE, Remembered, Series, Trend, find_trend, in_order, series_of
from pytest_optlandscape.trend.reading import loader

if TYPE_CHECKING:
    from pytest_optlandscape.store import CommitEntry

__all__ = ["write_history_page", "write_session_page"]

Load = Callable[[str], Baseline | None]


def write_history_page(
    path: Path,
    title: str,
    series: Sequence[Series],
    history: History,
    *,
    rootpath: Path,
    settings: Settings | None = None,
) -> str:
    """Write the page of a history.

    Parameters
    ----------
    path : Path
    title : str
    series : sequence of Series
        The optimizers.
    history : History
    rootpath : Path
        The project's folder.
    settings : Settings, optional
        The settings for running the worst cells again for their paths (default: no cell is run).

    Returns
    -------
    str
        A line on the written file.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    load, triages = loader(history), history.triages()
    subjects = _subjects(series, load, triages, rootpath, settings)
    text = make_page(title, subjects, load=load, triages=triages, problems=history.problems)
    write_atomically(path, text)
    return _written(path, text, len(series))


def _written(path: Path, text: str, optimizers: int) -> str:
    size = len(text.encode()) / 1e6
    return f"report written to {path} ({number_of(optimizers, 'optimizer')}, {max(size, 0.1):.1f} MB)"


def _subjects(
    series: Sequence[Series],
    load: Load,
    triages: Mapping[str, Triage],
    rootpath: Path,
    settings: Settings | None,
) -> Iterator[Subject]:
    """Yield the optimizers one by one, so that memory holds only one trend."""
    titles = [one.title for one in series]
    for number, one in enumerate(series, start=1):
        trend = find_trend(one, load, triages, remembered=Remembered(rootpath / CACHE))
        is_alone = titles.count(one.title) == 1
        title = one.title if is_alone else f"{one.title}, suite {one.suite} in {one.path or 'the top folder'}"
        change = change_of(trend, load, triages)
        paths = _retraced(change, rootpath, settings)
        yield Subject(number, title, one.suite, change, trend, trajectories=paths)


def _retraced(change: Change | None, rootpath: Path, settings: Settings | None) -> Trajectories:
    """Run the worst cells of a change again; return no paths if there is no change."""
    if settings is None:
        return Trajectories(why_none="records hold no points, and with --no-runs or --releases nothing is run again")
    try:
        is_in_git = commit_facts(rootpath) is not None
    except GitError:
        is_in_git = False
    if not is_in_git:
        return Trajectories(why_none="records hold no points, and without git no commit can be run again")
    return retrace_commits(rootpath, settings, [change] if change is not None else [])


def write_session_page(suite: SuiteRun, rootpath: Path) -> str:
    """Write the page of a session, compared with its baseline or a revision; add the history if there is one.

    Parameters
    ----------
    suite : SuiteRun
        The suite, after everything was run and recorded.
    rootpath : Path
        The project's folder.

    Returns
    -------
    str
        A line on the written file.

    Raises
    ------
    OSError, ValueError
        If the file cannot be written, or the configured place cannot hold a history.
    """
    path = suite.settings.report
    assert path is not None
    history = open_history(suite.settings.history, rootpath) if suite.settings.history is not None else None
    load = loader(history) if history is not None else lambda digest: None
    triages = history.triages() if history is not None else {}
    trends = _trends_of(suite, history, rootpath, load, triages)
    before = suite.wording.reference if suite.wording.revision else "the baseline"
    subjects = []
    for number, comparison in enumerate(suite.judge.comparisons, start=1):
        change = Change(comparison, before, "this session")
        spec = comparison.spec
        subjects.append(
            Subject(
                number,
                spec,
                suite.settings.suite,
                change,
                trends.get(spec),
                _session_facts(suite, spec),
                _session_paths(suite, comparison),
            )
        )
    as_of = _as_of(rootpath)
    text = make_page(
        rootpath.name or "optimizers",
        subjects,
        load=load,
        triages=triages,
        problems=history.problems if history is not None else (),
        as_of=f"This session against {before}{as_of}",
        if_empty="Nothing was run in this session.",
    )
    write_atomically(path, text)
    return _written(path, text, len(subjects))


def _as_of(rootpath: Path) -> str:
    try:
        facts = commit_facts(rootpath)
    except (GitError, ValueError):
        return ""
    if facts is None:
        return ""
    return f", at {facts.commit[:10]}{' with changed files' if facts.is_dirty else ''}"


def _trends_of(
    suite: SuiteRun, history: History | None, rootpath: Path, load: Load, triages: Mapping[str, Triage]
) -> dict[str, Trend]:
    """Find the trend of each optimizer of the session."""
    if history is None:
        return {}
    entries: list[CommitEntry] = history.entries()
    line = None
    with contextlib.suppress(GitError):
        line = first_parents(rootpath, "HEAD")
    if line is not None and not {entry.commit for entry in entries} & set(line):
        line = None
    found: dict[str, Trend] = {}
    for one in series_of(entries, in_order(entries, line)):
        adapter = suite.adapters.get(one.spec)
        if adapter is None or one.suite != suite.settings.suite or dict(one.setting) != dict(adapter.setting):
            continue
        found[one.spec] = find_trend(one, load, triages, remembered=Remembered(rootpath / CACHE))
    return found


def _session_facts(suite: SuiteRun, spec: str) -> tuple[Fact, ...]:
    """Return the facts of a session: contract, results of the user's own tests, and versions."""
    ref = suite.wording.revision or None
    facts = []
    lines = contract_lines(spec, suite.contract.judged(spec), ref)
    if lines:
        facts.append(Fact("Contract in this session", (" ".join(line.strip() for line in lines),)))
    tracked = [str(TrackedOutcome(**plain)) for plain in suite.tracked_in_order]
    if tracked:
        facts.append(Fact("Widths and other numbers that tests track", tuple(tracked)))
    versions = tuple(f"{name} {version}" for name, version in sorted(suite.adapters[spec].versions().items()))
    return (*facts, Fact("Versions in this session", versions))


def _session_paths(suite: SuiteRun, comparison: OptimizerComparison) -> Trajectories:
    """Run the worst cells of an optimizer again for their paths, now and at the other revision if there is one."""
    pairs = {
        (comparison.spec, one.now.landscape): _session_pair(suite, comparison, one.worst_cell["cell"])
        for one in due_landscapes(Change(comparison, "", ""))
    }
    return Trajectories(pairs, "only the landscapes that moved most are run again to draw their paths")


def _session_pair(suite: SuiteRun, comparison: OptimizerComparison, cell_id: str) -> PathPair:
    spec, cell = comparison.spec, find_cell(cell_id)
    record = next(one.now for one in comparison.landscapes if one.now.landscape == cell.landscape.id)
    try:
        before, now = suite.reference.traces(spec, cell, record.budget)
    except RevisionError as error:
        return PathPair(cell_id, why_not=(str(error).strip().rpartition("\n")[2],))
    if before is not None:
        return PathPair(cell_id, before, now)
    differs = as_recorded(now, record, cell.start)
    why_not = ("the baseline holds no points, so the earlier path is unknown (compare with --optlandscape-against)",)
    return PathPair(cell_id, None, now, (*why_not, *([f"this session: {differs}"] if differs else [])))
