"""Baseline files in the repository, and the history: the measurements of every commit."""

from __future__ import annotations

from pytest_optlandscape.store.atomic_files import check_writable, write_atomically
from pytest_optlandscape.store.baseline import (
    Baseline,
    BaselineChange,
    baseline_path,
    read_baseline,
    update_baseline,
)
from pytest_optlandscape.store.commits import (
    CommitFacts,
    commit_facts,
    facts_of_commit,
    first_parents,
)
from pytest_optlandscape.store.entries import TRIAGE_WORDS, CommitEntry, OptimizerEntry, StoreError, Triage
from pytest_optlandscape.store.git import GitError, ask_git, run_git
from pytest_optlandscape.store.history import DEFAULT_LOCATION, History, digest_of_record, open_history
from pytest_optlandscape.store.revisions import resolve_commit
from pytest_optlandscape.store.strict_json import BaselineError
from pytest_optlandscape.store.tracked import read_tracked, tracked_path, update_tracked

__all__ = [
    "DEFAULT_LOCATION",
    "TRIAGE_WORDS",
    "Baseline",
    "BaselineChange",
    "BaselineError",
    "CommitEntry",
    "CommitFacts",
    "GitError",
    "History",
    "OptimizerEntry",
    "StoreError",
    "Triage",
    "ask_git",
    "baseline_path",
    "check_writable",
    "commit_facts",
    "digest_of_record",
    "facts_of_commit",
    "first_parents",
    "open_history",
    "read_baseline",
    "read_tracked",
    "resolve_commit",
    "run_git",
    "tracked_path",
    "update_baseline",
    "update_tracked",
    "write_atomically",
]
