"""Measure past commits with today's configuration, each in its own worktree and process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.report.trend import clean
from pytest_optlandscape.session.measuring_elsewhere import Found, Outcome, Plan, carry_out, no_worktree, perform_plan
from pytest_optlandscape.session.recording import (
    entry_of,
    machine_versions,
    newest_records,
    optimizer_entry,
)
from pytest_optlandscape.session.reference.installed import installed_copies
from pytest_optlandscape.session.reference.revision_client import (
    RevisionError,
    present_introduction,
    revision_introduction,
)
from pytest_optlandscape.session.reference.search_path import home_of, is_in_repository
from pytest_optlandscape.session.reference.worktree import Worktree
from pytest_optlandscape.session.suite import SuiteRun
from pytest_optlandscape.store import (
    Baseline,
    CommitEntry,
    CommitFacts,
    History,
    OptimizerEntry,
    StoreError,
    ask_git,
    facts_of_commit,
)

if TYPE_CHECKING:
    from pytest_optlandscape.session.executors import Crew

__all__ = ["CommitMeasurer", "Measured", "backfill"]


@dataclass(frozen=True)
class Measured:
    """The result of one optimizer at one commit.

    Attributes
    ----------
    optimizer : OptimizerEntry
    record : Baseline or None
        None if the optimizer could not be run.
    """

    optimizer: OptimizerEntry
    record: Baseline | None


class CommitMeasurer:
    """Measure commits with the optimizers, suite and budget of the present configuration.

    Parameters
    ----------
    suite : SuiteRun
        The present suite, whose plan is run.
    history : History
        The history to extend.
    rootpath : Path
        The project's folder.
    install : str
        A command that installs the project into an environment for each commit; "" to run the checked-out files.

    Attributes
    ----------
    in_vain : int
        The number of commits whose measurement `backfill` could have saved: all their records were known.
    """

    def __init__(self, suite: SuiteRun, history: History, rootpath: Path, install: str = "") -> None:
        self.suite = suite
        self.history = history
        self.rootpath = rootpath
        self.entries: list[CommitEntry] = history.entries()
        self.releases: list[CommitEntry] = []
        self.install = install
        self.in_vain = 0
        self._prefix = ask_git(rootpath, "rev-parse", "--show-prefix")
        self._machine = machine_versions()
        self._top = Path(ask_git(rootpath, "rev-parse", "--show-toplevel")).resolve()
        here = Worktree(self._top, self._top, "", "")
        self._copies = installed_copies(here, suite.adapters)
        homes = {spec: home for spec in suite.adapters if (home := home_of(spec)) is not None}
        self.own = {spec for spec, home in homes.items() if is_in_repository(here, home) or self._copies.of_file(home)}

    def facts(self, revision: str) -> CommitFacts:
        """Describe a commit."""
        return facts_of_commit(self.rootpath, revision, self._prefix, self.suite.settings.paths)

    def known(self, facts: CommitFacts, retry: bool = False) -> dict[str, OptimizerEntry]:
        """Return the history's results for the files of a commit and the installed library versions.

        An optimizer outside the repository depends on these versions alone.

        Parameters
        ----------
        facts : CommitFacts
        retry : bool, default False
            Whether to run again the optimizers that could not be run before.

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
                same_versions = bool(self.install) or optimizer.versions == self.suite.adapters[spec].versions()
                depends = bool(self.install) or spec in self.own or bool(optimizer.missing)
                same_code = entry.tree == facts.tree or not depends
                if same_versions and same_code and self.is_whole(optimizer):
                    found[spec] = optimizer
        return found

    def is_whole(self, optimizer: OptimizerEntry) -> bool:
        """Return whether the history has the record that an entry names."""
        try:
            return bool(optimizer.missing or self.history.record(optimizer.record))
        except StoreError:
            return False

    def is_recorded(self, facts: CommitFacts, optimizers: Mapping[str, OptimizerEntry]) -> bool:
        """Return whether entries of the commit itself hold all these results."""
        said: dict[str, OptimizerEntry] = {}
        for entry in self._of_this_setting(facts.path):
            if entry.commit == facts.commit:
                said |= entry.optimizers
        return all(spec in said and said[spec].record == one.record for spec, one in optimizers.items())

    def _of_this_setting(self, path: str) -> Iterator[CommitEntry]:
        settings = self.suite.settings
        for entry in self.entries:
            same = (entry.suite, entry.budget, entry.path) == (settings.suite, settings.budget, path)
            if same and not entry.is_dirty and self._is_like_here(entry):
                yield entry

    def _is_like_here(self, entry: CommitEntry) -> bool:
        """Return whether an entry has the installed versions; with a build, only Python's and this package's count."""
        names = ("python", "pytest-optlandscape") if self.install else self._machine
        return all(entry.versions.get(name) == self._machine[name] for name in names)

    def measure(
        self, commit: str, specs: Sequence[str], landscapes: Callable[[str], Sequence[Landscape]] | None = None
    ) -> dict[str, Measured]:
        """Run the optimizers of a commit.

        Parameters
        ----------
        commit : str
        specs : sequence of str
        landscapes : callable, optional
            Returns the landscapes for a spec (default: all of the suite).

        Returns
        -------
        dict of str to Measured
            By spec.
        """
        return self.measured(carry_out(self.plan(specs, landscapes, commit=commit, install=self.install)))

    def plan(
        self,
        specs: Sequence[str],
        landscapes: Callable[[str], Sequence[Landscape]] | None = None,
        *,
        commit: str = "",
        install: str = "",
        requirement: str = "",
    ) -> Plan:
        """Return the plan of a measurement, for this or another process.

        Parameters
        ----------
        specs : sequence of str
        landscapes : callable, optional
            Returns the landscapes for a spec (default: all of the suite).
        commit : str
            The commit to check out; "" for the present files.
        install, requirement : str
            The command or the release that is installed into a separate environment; "" for neither.

        Returns
        -------
        Plan
        """
        suite, chosen = self.suite, landscapes or self.suite.plan.landscapes_for
        worktree = no_worktree(self._top, commit)
        terms = (
            revision_introduction(worktree, suite.settings, self._copies)
            if commit
            else present_introduction(suite.settings)
        )
        every = [*self.entries, *self.releases]
        known = {spec: _known_records(self.history, every, spec) for spec in specs}
        return Plan(
            rootpath=str(self.rootpath),
            commit=commit,
            worktree=worktree.to_plain(),
            introduction=terms[0],
            environment=terms[1],
            folder=str((commit and worktree.counterpart(Path.cwd())) or Path.cwd()),
            install=install,
            requirement=requirement,
            takes_bounds={spec: suite.adapters[spec].takes_bounds for spec in specs},
            own=frozenset(self.own),
            landscapes={
                spec: [(one.id, suite.plan.budget(spec, one), suite.plan.starts(spec, one)) for one in chosen(spec)]
                for spec in specs
            },
            counts={spec: len(suite.plan.landscapes_for(spec)) for spec in specs},
            known=known,
        )

    def measured(self, outcome: Outcome) -> dict[str, Measured]:
        """Convert the outcome of a plan into entries of the history."""
        measured = {}
        for spec, found in outcome.found.items():
            adapter = self.suite.adapters[spec]
            if found.record is None:
                versions = dict(sorted(adapter.versions().items()))
                measured[spec] = Measured(OptimizerEntry(missing=found.missing, versions=versions), None)
            else:
                entry = optimizer_entry(adapter, found.record)
                entry = replace(entry, setting=found.record.setting, versions=found.versions)
                measured[spec] = Measured(entry, found.record)
        return measured

    def record(
        self, facts: CommitFacts, measured: Mapping[str, Measured], machine: Mapping[str, str] | None = None
    ) -> None:
        """Add the results of a commit to the history, with the versions of its environment if it had one."""
        optimizers = {spec: one.optimizer for spec, one in measured.items()}
        entry = entry_of(facts, self.suite.settings, optimizers)
        if machine:
            entry = replace(entry, versions=dict(machine))
        self.history.add(entry, [one.record for one in measured.values() if one.record])
        self.entries.append(entry)


def _known_records(history: History, entries: Sequence[CommitEntry], spec: str) -> list[Baseline]:
    """Return the newest records of an optimizer, in any setting."""
    settings = {tuple(sorted(one.optimizers[spec].setting.items())) for one in entries if spec in one.optimizers}
    return [record for one in sorted(settings) for record in newest_records(history, entries, spec, dict(one))]


def backfill(
    measurer: CommitMeasurer,
    commits: Sequence[str],
    say: Callable[[str], object],
    retry: bool = False,
    crew: Crew | None = None,
) -> dict[str, int]:
    """Measure the commits that the history lacks; store each result at once.

    Parameters
    ----------
    measurer : CommitMeasurer
    commits : sequence of str
    say : callable
        Takes a line for each commit.
    retry : bool, default False
        Whether to run again the optimizers that could not be run before.
    crew : Crew, optional
        The workers that measure several commits at once (default: this process measures one after another).

    Returns
    -------
    dict
        The numbers of commits ``measured``, already ``known``, ``taken over`` from a commit with the same files, and
        ``not run``, for example because the import failed.
    """
    counts = {"measured": 0, "known": 0, "taken over": 0, "not run": 0}
    seen = {one.record for entry in measurer.entries for one in entry.optimizers.values()}

    def told(facts: CommitFacts, outcome: str, why: str = "") -> None:
        counts[outcome] += 1
        words = [outcome, *([clean(why, 300)] if why else [])]
        number = sum(counts.values())
        say(f"{number}/{len(commits)} {facts.commit[:10]} {' '.join(words)}  {clean(facts.subject, 60)}")

    def stored(facts: CommitFacts, known: dict[str, OptimizerEntry], outcome: Outcome) -> None:
        measured = measurer.measured(outcome)
        digests = {one.optimizer.record for one in measured.values() if one.record}
        measurer.in_vain += bool(digests) and digests <= seen
        seen.update(digests)
        there = {spec: Measured(one, None) for spec, one in known.items()}
        measurer.record(facts, {**there, **measured}, outcome.machine)
        broken = [f"{spec}: {one.optimizer.missing}" for spec, one in measured.items() if one.record is None]
        said = f"({'; '.join(broken)})" if broken else ""
        told(facts, "not run" if len(broken) == len(measured) else "measured", said)

    due, begun, same_files = deque(commits), dict[str, tuple[CommitFacts, dict[str, OptimizerEntry]]](), deque[str]()
    while due or begun:
        while due and len(begun) < (crew.size if crew else 1):
            commit = due.popleft()
            facts = measurer.facts(commit)
            if any(facts.tree == other.tree for other, _ in begun.values()):  # soon known
                same_files.append(commit)
                continue
            known = measurer.known(facts, retry)
            specs = [spec for spec in measurer.suite.adapters if spec not in known]
            if not specs and measurer.is_recorded(facts, known):
                told(facts, "known")
            elif not specs:
                measurer.record(facts, {spec: Measured(one, None) for spec, one in known.items()})
                told(facts, "taken over", "from a commit with the same files")
            elif crew is None:
                stored(facts, known, carry_out(measurer.plan(specs, commit=commit, install=measurer.install)))
            else:
                begun[commit] = facts, known
                plan = measurer.plan(specs, commit=commit, install=measurer.install)
                crew.submit(commit, "commit", perform_plan, plan)
        if begun and crew is not None:
            key, answer = crew.take_any()
            facts, known = begun.pop(str(key))
            if isinstance(answer, RevisionError):
                specs = [spec for spec in measurer.suite.adapters if spec not in known]
                why = " ".join(str(answer).split())[:500]
                stored(facts, known, Outcome({spec: Found(missing=why) for spec in specs}))
            else:
                stored(facts, known, answer["outcome"])
        due.extendleft(reversed(same_files))
        same_files.clear()
    return counts
