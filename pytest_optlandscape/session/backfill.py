"""Measuring past commits: each in a worktree and a process of its own, with today's configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.ledger import Baseline
from pytest_optlandscape.report.trend import clean
from pytest_optlandscape.session.recording import (
    entry_of,
    equal_record,
    machine_versions,
    newest_records,
    optimizer_entry,
)
from pytest_optlandscape.session.search_path import home_of, is_in_repository
from pytest_optlandscape.session.sides import Side, SideError, reference_side
from pytest_optlandscape.session.suite import SuiteRun
from pytest_optlandscape.session.worktree import Worktree, make_worktree
from pytest_optlandscape.store import (
    CommitEntry,
    CommitFacts,
    History,
    OptimizerEntry,
    StoreError,
    ask_git,
    facts_of_commit,
)
from pytest_optlandscape.verdicts import LandscapeRecord

__all__ = ["CommitMeasurer", "Measured", "backfill"]


@dataclass(frozen=True)
class Measured:
    """What came of one optimizer at one commit.

    Attributes
    ----------
    optimizer : OptimizerEntry
    record : Baseline or None
        None if it could not be run.
    """

    optimizer: OptimizerEntry
    record: Baseline | None


class CommitMeasurer:
    """Measures commits with the optimizers, suite and budget of the present configuration.

    Parameters
    ----------
    suite : SuiteRun
        The present one, which says what is run.
    history : History
        What is known already, and where to what is measured is added.
    rootpath : Path
        The project's folder.
    """

    def __init__(self, suite: SuiteRun, history: History, rootpath: Path) -> None:
        self.suite = suite
        self.history = history
        self.rootpath = rootpath
        self.entries: list[CommitEntry] = history.entries()
        self._prefix = ask_git(rootpath, "rev-parse", "--show-prefix")
        self._machine = machine_versions()
        top = Path(ask_git(rootpath, "rev-parse", "--show-toplevel")).resolve()
        here = Worktree(top, top, "", "")
        homes = {spec: home_of(spec) for spec in suite.adapters}
        self._own = {spec for spec, home in homes.items() if home is not None and is_in_repository(here, home)}

    def facts(self, revision: str) -> CommitFacts:
        """Describe a commit."""
        return facts_of_commit(self.rootpath, revision, self._prefix, self.suite.settings.paths)

    def known(self, facts: CommitFacts, retry: bool = False) -> dict[str, OptimizerEntry]:
        """Look for what the history has of a commit's files, with the library versions that are installed.

        An optimizer that is not in the repository depends on these versions alone.

        Parameters
        ----------
        facts : CommitFacts
        retry : bool, default False
            Whether to try again what could not be run.

        Returns
        -------
        dict
            By spec.
        """
        found: dict[str, OptimizerEntry] = {}
        for entry in self._of_this_setting(facts.path):
            for spec, optimizer in entry.optimizers.items():
                if spec not in self.suite.adapters or spec in found or (retry and optimizer.missing):
                    continue
                same_versions = optimizer.versions == self.suite.adapters[spec].versions()
                same_code = entry.tree == facts.tree or (spec not in self._own and not optimizer.missing)
                if same_versions and same_code and self._is_whole(optimizer):
                    found[spec] = optimizer
        return found

    def _is_whole(self, optimizer: OptimizerEntry) -> bool:
        """Tell whether the record that an entry names is there."""
        try:
            return bool(optimizer.missing or self.history.record(optimizer.record))
        except StoreError:
            return False

    def is_recorded(self, facts: CommitFacts, optimizers: Mapping[str, OptimizerEntry]) -> bool:
        """Tell whether the history has entries of a commit itself that say all this."""
        said: dict[str, OptimizerEntry] = {}
        for entry in self._of_this_setting(facts.path):
            if entry.commit == facts.commit:
                said |= entry.optimizers
        return all(spec in said and said[spec].record == one.record for spec, one in optimizers.items())

    def _of_this_setting(self, path: str) -> Iterator[CommitEntry]:
        settings = self.suite.settings
        for entry in self.entries:
            same = (entry.suite, entry.budget, entry.path) == (settings.suite, settings.budget, path)
            if same and not entry.is_dirty and entry.versions == self._machine:
                yield entry

    def measure(
        self, commit: str, specs: Sequence[str], landscapes: Callable[[str], Sequence[Landscape]] | None = None
    ) -> dict[str, Measured]:
        """Run optimizers as they are at a commit.

        Parameters
        ----------
        commit : str
        specs : sequence of str
        landscapes : callable, optional
            Says for a spec on which landscapes (default: all of the suite).

        Returns
        -------
        dict of str to Measured
            By spec.
        """
        worktree = make_worktree(self.rootpath, commit)
        try:
            side = reference_side(worktree, self.suite.settings)
            try:
                chosen = landscapes or self.suite.landscapes_for
                return {spec: self._measure_one(side, worktree, spec, chosen(spec)) for spec in specs}
            finally:
                side.close()
        finally:
            worktree.remove()

    def _measure_one(self, side: Side, worktree: Worktree, spec: str, landscapes: Sequence[Landscape]) -> Measured:
        try:
            return self._measured(side, worktree, spec, landscapes)
        except SideError as error:
            side.close()
            return self._not_run(spec, str(error).strip().rpartition("\n")[2] or str(error))

    def _measured(self, side: Side, worktree: Worktree, spec: str, landscapes: Sequence[Landscape]) -> Measured:
        adapter = self.suite.adapters[spec]
        loaded = side.load(spec)
        if "missing" in loaded:
            return self._not_run(spec, str(loaded["missing"]))
        file = loaded["file"]
        if spec in self._own and not (file and Path(file).is_relative_to(worktree.folder)):
            return self._not_run(spec, f"it would be imported from {file}, which is not in the commit")
        setting = dict(sorted(loaded["setting"].items()))
        known = list(newest_records(self.history, self.entries, spec, setting))
        records: dict[str, LandscapeRecord] = {}
        for landscape in landscapes:
            asked = {"landscape": landscape.id, "budget": self.suite.budget(spec, landscape)}
            record = LandscapeRecord.from_plain(side.get("cells", spec, **asked, with_envelope=False))
            count = len(self.suite.landscapes_for(spec))
            found = equal_record(record, known, landscapes=count, takes_bounds=adapter.takes_bounds)
            if found is None:
                found = LandscapeRecord.from_plain(side.get("cells", spec, **asked, with_envelope=True))
            records[landscape.id] = found
        whole = Baseline(spec, setting, {}, records)
        return Measured(optimizer_entry(adapter, whole), whole)

    def _not_run(self, spec: str, why: str) -> Measured:
        versions = dict(sorted(self.suite.adapters[spec].versions().items()))
        return Measured(OptimizerEntry(missing=" ".join(why.split())[:500], versions=versions), None)

    def record(self, facts: CommitFacts, measured: Mapping[str, Measured]) -> None:
        """Add what was measured of a commit to the history."""
        optimizers = {spec: one.optimizer for spec, one in measured.items()}
        entry = entry_of(facts, self.suite.settings, optimizers)
        self.history.add(entry, [one.record for one in measured.values() if one.record])
        self.entries.append(entry)


def backfill(
    measurer: CommitMeasurer, commits: Sequence[str], say: Callable[[str], object], retry: bool = False
) -> dict[str, int]:
    """Measure commits that the history does not know, one after the other; each is stored before the next is begun.

    Parameters
    ----------
    measurer : CommitMeasurer
    commits : sequence of str
    say : callable
        Takes a line for each commit.
    retry : bool, default False
        Whether to try again what could not be run.

    Returns
    -------
    dict
        How many commits were ``measured``, ``known`` already, ``taken over`` from a commit with the same files, and
        ``not run``: they can not be imported, say.
    """
    counts = {"measured": 0, "known": 0, "taken over": 0, "not run": 0}
    for number, commit in enumerate(commits, start=1):
        facts = measurer.facts(commit)
        known = measurer.known(facts, retry)
        due = [spec for spec in measurer.suite.adapters if spec not in known]
        if not due and measurer.is_recorded(facts, known):
            outcome, why = "known", ""
        elif not due:
            measurer.record(facts, {spec: Measured(one, None) for spec, one in known.items()})
            outcome, why = "taken over", "from a commit with the same files"
        else:
            measured = measurer.measure(commit, due)
            measurer.record(facts, {**{spec: Measured(one, None) for spec, one in known.items()}, **measured})
            broken = [f"{spec}: {one.optimizer.missing}" for spec, one in measured.items() if one.record is None]
            outcome = "not run" if len(broken) == len(measured) else "measured"
            why = f"({'; '.join(broken)})" if broken else ""
        counts[outcome] += 1
        words = [outcome, *([clean(why, 300)] if why else [])]
        say(f"{number}/{len(commits)} {commit[:10]} {' '.join(words)}  {clean(facts.subject, 60)}")
    return counts
