"""Find the commit that changed an optimizer: ``git bisect`` along first parents, in a worktree."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pytest_optlandscape.comparison import OptimizerComparison, Verdict
from pytest_optlandscape.comparison.findings import gravest
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.session.backfill import CommitMeasurer, Measured
from pytest_optlandscape.session.expression_match import read_expression
from pytest_optlandscape.session.reference.worktree import make_worktree
from pytest_optlandscape.store import Baseline, GitError, StoreError, ask_git, resolve_commit, run_git
from pytest_optlandscape.texts.spelling import unknown_name
from pytest_optlandscape.trend import compare_records

__all__ = ["Conviction", "Selection", "bisect", "select"]


@dataclass(frozen=True)
class Selection:
    """The runs that are made at each commit.

    Attributes
    ----------
    landscapes : dict
        By spec, the landscapes chosen.
    is_whole : bool
        Whether all landscapes were chosen, so that the results may go into the history.
    """

    landscapes: dict[str, list[Landscape]]
    is_whole: bool


@dataclass(frozen=True)
class Conviction:
    """The result of a bisection.

    Attributes
    ----------
    verdict : Verdict
        The verdict on the bad commit, compared with the good one.
    commits : tuple of str
        The commit that changed the optimizer; several if the commits between could not be run.
    comparison : OptimizerComparison or None
        The bad commit compared with the good one, for the deciding optimizer.
    alone : Verdict or None
        The verdict on the commit, compared with its parent; None if there are several commits, or the parent cannot be
        run. If ``alone`` is milder than ``verdict``, the commit is the last of several small changes: a creep.
    """

    verdict: Verdict
    commits: tuple[str, ...]
    comparison: OptimizerComparison | None = None
    alone: Verdict | None = None

    @property
    def is_creep(self) -> bool:
        """Whether the commit alone has a milder verdict than the whole range."""
        return self.alone is not None and self.verdict not in (self.alone, Verdict.CHANGED)


def select(measurer: CommitMeasurer, words: str) -> Selection:
    """Choose optimizers and landscapes by words that occur in ``SPEC::LANDSCAPE``.

    Parameters
    ----------
    measurer : CommitMeasurer
    words : str
        An expression for `expression_match.read_expression`, like pytest's ``-k``; "" chooses all.

    Returns
    -------
    Selection

    Raises
    ------
    ValueError
        If nothing is chosen, or the expression cannot be read.
    """
    is_wanted = read_expression(words)
    suite = measurer.suite
    chosen: dict[str, list[Landscape]] = {}
    every = {spec: suite.plan.landscapes_for(spec) for spec in suite.adapters}
    for spec, landscapes in every.items():
        of_spec = [one for one in landscapes if is_wanted(f"{spec}::{one.id}")]
        if of_spec:
            chosen[spec] = of_spec
    if not chosen:
        names = [*every, *(one.id for one in suite.plan.selection.landscapes)]
        raise ValueError(f"-k {words!r} chooses nothing: {unknown_name('optimizer or landscape', words, names)}")
    is_whole = all(chosen.get(spec) == landscapes for spec, landscapes in every.items())
    return Selection(chosen, is_whole)


def bisect(measurer: CommitMeasurer, good: str, bad: str, words: str, say: Callable[[str], object]) -> Conviction:
    """Find the commit that caused the difference between the two ends: worse, better or changed.

    A commit that cannot be imported or run is skipped.

    Parameters
    ----------
    measurer : CommitMeasurer
    good, bad : str
        Revisions; good is an ancestor of bad.
    words : str
        The optimizers and landscapes to run; see `select`.
    say : callable
        Takes a line for each commit.

    Returns
    -------
    Conviction
        Without commits if the two ends are equal.

    Raises
    ------
    ValueError
        If good is no ancestor of bad, an end cannot be run, or git reports an error.
    """
    chosen = select(measurer, words)
    ends = resolve_commit(measurer.rootpath, bad), resolve_commit(measurer.rootpath, good)
    if run_git(measurer.rootpath, "merge-base", "--is-ancestor", ends[1], ends[0]).returncode:
        raise ValueError(f"{good} is no ancestor of {bad}: name the older end first, GOOD BAD")

    @functools.cache
    def measured_at(commit: str) -> dict[str, Measured]:
        return _measured(measurer, commit, chosen)

    before, after = measured_at(ends[1]), measured_at(ends[0])
    for revision, measured in ((good, before), (bad, after)):
        for spec, one in measured.items():
            if one.record is None:
                raise ValueError(f"at {revision} {spec} cannot be run: {one.optimizer.missing}; choose another end")
    compared = _compared(before, after)
    verdict = gravest([one.verdict for one in compared])
    if verdict == Verdict.SAME:
        return Conviction(verdict, ())
    say(f"{bad} is {verdict} against {good}; looking for the commit that did it")
    deciding = next(one for one in compared if one.verdict == verdict)

    def verdict_at(now: dict[str, Measured], then: dict[str, Measured]) -> Verdict:
        return next((one.verdict for one in _compared(then, now) if one.spec == deciding.spec), Verdict.SAME)

    def judge(commit: str) -> str:
        measured = measured_at(commit)
        now = measured[deciding.spec]
        if now.record is None:
            say(f"{commit[:10]} skipped: {now.optimizer.missing}")
            return "skip"
        found = verdict_at(measured, before)
        is_bad = found == verdict or (verdict == Verdict.CHANGED and found != Verdict.SAME)
        say(f"{commit[:10]} {found}")
        return "bad" if is_bad else "good"

    commits = _search(measurer, ends, judge)
    if len(commits) != 1:
        return Conviction(verdict, commits, deciding)
    parents = measurer.facts(commits[0]).parents
    parent = measured_at(parents[0])[deciding.spec] if parents else None
    is_known = parent is not None and parent.record is not None
    alone = verdict_at(measured_at(commits[0]), measured_at(parents[0])) if is_known else None
    return Conviction(verdict, commits, deciding, alone)


def _search(measurer: CommitMeasurer, ends: tuple[str, str], judge: Callable[[str], str]) -> tuple[str, ...]:
    """Bisect between the bad end and the good one in a separate worktree; leave the user's checkout alone."""
    worktree = make_worktree(measurer.rootpath, ends[0])
    folder = worktree.folder
    try:
        done = run_git(folder, "bisect", "start", "--first-parent", "--no-checkout", *ends)
        while True:
            said = done.stdout.decode("utf-8", "replace")
            convicted = re.search(r"^([0-9a-f]{40,64}) is the first bad commit", said, re.MULTILINE)
            if convicted:
                return (convicted[1],)
            if "only 'skip'ped commits left" in said:  # git ends with a status other than 0
                return tuple(re.findall(r"^([0-9a-f]{40,64})\s*$", said, re.MULTILINE))
            if done.returncode:
                raise GitError(f"git bisect: {' '.join(done.stderr.decode('utf-8', 'replace').split()) or said}")
            done = run_git(folder, "bisect", judge(ask_git(folder, "rev-parse", "--verify", "BISECT_HEAD")))
    finally:
        worktree.remove()


def _measured(measurer: CommitMeasurer, commit: str, chosen: Selection) -> dict[str, Measured]:
    """Return the results of a commit, from the history or else from new runs."""
    facts = measurer.facts(commit)
    found: dict[str, Measured] = {}
    for spec, optimizer in measurer.known(facts).items():
        if spec in chosen.landscapes:
            try:
                record = measurer.history.record(optimizer.record) if optimizer.record else None
            except StoreError:
                continue
            found[spec] = Measured(optimizer, _only(record, chosen.landscapes[spec]))
    due = [spec for spec in chosen.landscapes if spec not in found]
    if due:
        measured = measurer.measure(facts.commit, due, lambda spec: chosen.landscapes[spec])
        if chosen.is_whole:
            measurer.record(facts, measured)
        found |= measured
    return found


def _only(record: Baseline | None, landscapes: Sequence[Landscape]) -> Baseline | None:
    names = {one.id for one in landscapes}
    kept = {name: one for name, one in record.records.items() if name in names} if record else {}
    return replace(record, records=kept) if record else None


def _compared(before: dict[str, Measured], after: dict[str, Measured]) -> list[OptimizerComparison]:
    pairs = [(before[spec].record, now.record, now.optimizer.takes_bounds) for spec, now in after.items()]
    return [compare_records(old, new, takes_bounds) for old, new, takes_bounds in pairs if old and new]
