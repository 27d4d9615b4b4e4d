"""Record a session in the history: ``--optlandscape-history``."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy
import scipy

import pytest_optlandscape
from pytest_optlandscape.comparison import LandscapeComparison, Verdict, compare_landscape
from pytest_optlandscape.comparison.criteria import METRICS
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.records import LandscapeRecord, RoundingSensitivity, run_baseline
from pytest_optlandscape.session.settings import Settings
from pytest_optlandscape.store import (
    Baseline,
    CommitEntry,
    CommitFacts,
    History,
    OptimizerEntry,
    StoreError,
    commit_facts,
    digest_of_record,
    open_history,
)
from pytest_optlandscape.texts.plurals import number_of
from pytest_optlandscape.trend.shares import mean_of

__all__ = ["Recording", "equal_record", "machine_versions", "optimizer_entry", "recorded_for", "start_recording"]

MOST_KNOWN = 12
"""The largest number of history records, newest first, with which a run is compared before a full measurement."""


def start_recording(settings: Settings, rootpath: Path, writes: bool = True) -> tuple[Recording | None, str]:
    """Open the history and check the commit before the first run.

    Parameters
    ----------
    settings : Settings
    rootpath : Path
        The project's folder.
    writes : bool, default True
        False in a worker: another process writes its records.

    Returns
    -------
    recording : Recording or None
        None if the session is not recorded. If only creep is judged, the recording is not stored.
    why_not : str
        Why the session is not recorded although the user asked for it; "" otherwise.

    Raises
    ------
    ValueError
        If the configured place cannot hold a history, or git reports an error.
    """
    if settings.history is None:
        return None, ""
    history = open_history(settings.history, rootpath)
    if not writes:
        return Recording(history, rootpath, None, settings), ""
    ignored = [path for path in (settings.baseline_folder, history.folder, settings.json) if path]
    facts = commit_facts(rootpath, settings.paths, ignored)
    if facts is not None and facts.is_dirty and not settings.history_dirty:
        named = ", ".join([*facts.changed[:3], *(["…"] if len(facts.changed) > 3 else [])])
        compared = (
            Recording(history, rootpath, facts, settings, is_kept=False) if settings.fail_on.heeds_creep else None
        )
        return compared, (
            f"not recorded: {named} differ{'s' * (len(facts.changed) == 1)} from commit {facts.commit[:10]}; "
            "commit first, or record the changed files, marked as such, with --optlandscape-history-dirty"
        )
    if history.folder is not None:  # elsewhere, the check needs a network, and is made with the first file
        history.check_place()
    return Recording(history, rootpath, facts, settings), ""


@dataclass
class Recording:
    """The records that are written into the history at the end of a session.

    Attributes
    ----------
    history : History
    rootpath : Path
        The project's folder.
    facts : CommitFacts or None
        None without git.
    settings : Settings
    is_kept : bool, default True
        False if the session is compared with the history but not stored in it.
    records : dict
        By spec and landscape, the records with envelopes and averages.
    lines : list of str
        Lines of the summary about the recorded and the unrecorded optimizers.
    entry : CommitEntry or None
        The session's entry, once it is written; None if no optimizer was run on all its landscapes.
    whole : dict
        By digest, the records of ``entry``.
    """

    history: History
    rootpath: Path
    facts: CommitFacts | None
    settings: Settings
    is_kept: bool = True
    records: dict[tuple[str, str], LandscapeRecord] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    entry: CommitEntry | None = None
    whole: dict[str, Baseline] = field(default_factory=dict)

    def measure(
        self,
        adapter: Adapter,
        landscape: Landscape,
        comparison: LandscapeComparison,
        accepted: Baseline | None,
        landscapes: int,
    ) -> None:
        """Store the history's record of a landscape: an equal known record, or else a full measurement.

        Parameters
        ----------
        adapter : Adapter
        landscape : Landscape
        comparison : LandscapeComparison
            The comparison of the record that the session measured.
        accepted : Baseline or None
            The optimizer's baseline.
        landscapes : int
            The number of landscapes on which the optimizer is run.
        """
        known = self.known(adapter, accepted)
        self.records[adapter.spec, landscape.id] = recorded_for(
            adapter,
            landscape,
            comparison.now,
            known,
            landscapes=landscapes,
            is_full=self.settings.update,
            compared=comparison,
        )

    def known(self, adapter: Adapter, accepted: Baseline | None) -> list[Baseline]:
        """Return the optimizer's baseline, then its newest records in the history."""
        first = [accepted] if accepted and accepted.setting == adapter.setting else []
        return [*first, *newest_records(self.history, self._entries, adapter.spec, adapter.setting)]

    @cached_property
    def _entries(self) -> list[CommitEntry]:
        return self.history.entries()

    def write(
        self,
        wanted: Mapping[str, Sequence[Landscape]],
        adapters: Mapping[str, Adapter],
        verdicts: Mapping[str, Verdict],
        broken: Mapping[str, Sequence[str]],
    ) -> None:
        """Write the optimizers that were run on all their landscapes.

        Parameters
        ----------
        wanted : mapping
            By spec, all landscapes of the suite.
        adapters : mapping
            By spec.
        verdicts : mapping
            By spec, the verdict against the baseline.
        broken : mapping
            By spec, the checks of the contract that fail.

        Raises
        ------
        OSError, ValueError
            If the records cannot be stored.
        """
        optimizers, records = {}, []
        for spec, landscapes in wanted.items():
            measured = {one.id: self.records[spec, one.id] for one in landscapes if (spec, one.id) in self.records}
            if len(measured) < len(landscapes):
                if spec in verdicts and self.is_kept:
                    self.lines.append(f"not recorded: {spec}, because only a part of its suite was run")
                continue
            if not measured:
                continue
            record = Baseline(spec, dict(sorted(adapters[spec].setting.items())), {}, measured)
            verdict = Verdict.SAME if self.settings.update else verdicts.get(spec, Verdict.NEW)
            optimizers[spec] = optimizer_entry(adapters[spec], record, verdict, broken.get(spec, ()))
            records.append(record)
        if optimizers:
            self.entry = entry = entry_of(self.facts, self.settings, optimizers)
            self.whole = {digest_of_record(one): one for one in records}
        if optimizers and self.is_kept:
            self.history.add(entry, records)
            named = "this session" if self.facts is None else f"commit {entry.short}"
            self.lines.append(f"recorded: {named} ({number_of(len(optimizers), 'optimizer')}) in {self.history}")
        if self.history.problems:
            self.lines.append(
                f"history {self.history}: {number_of(len(self.history.problems), 'file')} cannot be used; "
                "`optlandscape doctor` lists them with the reasons"
            )


class Known(Protocol):
    """The known records of an optimizer, and its sensitivity to rounding."""

    @property
    def records(self) -> Mapping[str, LandscapeRecord]:
        """The records by the id of their landscape."""

    @property
    def calibration(self) -> RoundingSensitivity:
        """The sensitivity to rounding over all landscapes."""


def recorded_for(
    adapter: Adapter,
    landscape: Landscape,
    record: LandscapeRecord,
    known: Iterable[Known],
    *,
    landscapes: int,
    is_full: bool,
    compared: LandscapeComparison | None = None,
) -> LandscapeRecord:
    """Return the history's record of a landscape; measure it in full if no known record is equal.

    Parameters
    ----------
    adapter : Adapter
    landscape : Landscape
    record : LandscapeRecord
        The record of the session.
    known : iterable of Known
    landscapes : int
        The number of landscapes of this optimizer.
    is_full : bool
        Whether the record is already a full measurement, as for a baseline.
    compared : LandscapeComparison, optional
        The comparison of the record with the baseline, if it exists already.

    Returns
    -------
    LandscapeRecord
    """
    found = equal_record(record, known, landscapes=landscapes, takes_bounds=adapter.takes_bounds, compared=compared)
    if found is not None:
        return found
    starts = [cell.start for cell in record.cells]
    return record if is_full else run_baseline(adapter, landscape, record.budget, starts)


def newest_records(
    history: History, entries: Iterable[CommitEntry], spec: str, setting: Mapping[str, str]
) -> Iterator[Baseline]:
    """Yield the newest records of an optimizer, each once; skip unreadable ones."""
    seen: set[str] = set()
    for entry in sorted(entries, key=lambda one: (one.commit_time, one.name), reverse=True):
        optimizer = entry.optimizers.get(spec)
        if optimizer is None or not optimizer.record or optimizer.record in seen or optimizer.setting != setting:
            continue
        seen.add(optimizer.record)
        if len(seen) > MOST_KNOWN:
            return
        try:
            yield history.record(optimizer.record)
        except StoreError as error:
            if str(error) not in history.problems:
                history.problems.append(str(error))


def equal_record(
    record: LandscapeRecord,
    known: Iterable[Known],
    *,
    landscapes: int,
    takes_bounds: bool,
    compared: LandscapeComparison | None = None,
) -> LandscapeRecord | None:
    """Return a known record that equals the present one: bit by bit if possible, else up to rounding.

    A record that is equal up to rounding does not count if rounding makes some of its cells unpredictable. Otherwise,
    small changes in these cells could add up unseen.

    Parameters
    ----------
    record : LandscapeRecord
    known : iterable of Known
        The candidates; the first equal one is returned.
    landscapes : int
        The number of landscapes of the suite.
    takes_bounds : bool
        Whether the optimizer receives the bounds.
    compared : LandscapeComparison, optional
        The comparison of the record with a known one, if it exists already.

    Returns
    -------
    LandscapeRecord or None
        A record with envelopes and averages; None if every known record differs.
    """
    up_to_rounding = None
    for baseline in known:
        before = baseline.records.get(record.landscape)
        if before is None or [one.start for one in before.cells] != [one.start for one in record.cells]:
            continue
        if compared is not None and compared.before is before:
            comparison = compared
        else:
            comparison = compare_landscape(
                record, before, landscapes=landscapes, calibration=baseline.calibration, takes_bounds=takes_bounds
            )
        if comparison.fingerprint == "identical" and not comparison.stopped:
            return before
        is_equal = comparison.verdict == Verdict.SAME and comparison.fingerprint == "rounding"
        if is_equal and not comparison.diverged and not comparison.set_aside and not comparison.stopped:
            up_to_rounding = up_to_rounding or before
    return up_to_rounding


def optimizer_entry(
    adapter: Adapter, record: Baseline, verdict: Verdict = Verdict.NEW, broken: Sequence[str] = ()
) -> OptimizerEntry:
    """Return the entry of an optimizer at a commit."""
    means = {
        metric.name: float(f"{mean_of(metric, record, list(record.records), False):.6g}")
        for metric in METRICS
        if metric.is_averaged
    }
    return OptimizerEntry(
        record=digest_of_record(record),
        setting=dict(sorted(adapter.setting.items())),
        versions=dict(sorted(adapter.versions().items())),
        verdict=str(verdict),
        takes_bounds=adapter.takes_bounds,
        means=means,
        broken=tuple(broken),
    )


def entry_of(facts: CommitFacts | None, settings: Settings, optimizers: Mapping[str, OptimizerEntry]) -> CommitEntry:
    """Return the entry of a commit that was measured in this session."""
    return CommitEntry.of(
        facts,
        time.time_ns() // 1000,
        suite=settings.suite,
        budget=settings.budget,
        optimizers=dict(optimizers),
        versions=machine_versions(),
        platform=f"{platform.system()} {platform.machine()}",
    )


def machine_versions() -> dict[str, str]:
    """Return the versions that may change the numbers of every optimizer."""
    return {
        "numpy": numpy.__version__,
        "pytest-optlandscape": pytest_optlandscape.__version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        "scipy": scipy.__version__,
    }
