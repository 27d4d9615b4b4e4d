"""The history: what every commit measured, in immutable files that are merged by union."""

from __future__ import annotations

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

__all__ = [
    "DEFAULT_LOCATION",
    "TRIAGE_WORDS",
    "CommitEntry",
    "CommitFacts",
    "GitError",
    "History",
    "OptimizerEntry",
    "StoreError",
    "Triage",
    "ask_git",
    "commit_facts",
    "digest_of_record",
    "facts_of_commit",
    "first_parents",
    "open_history",
    "resolve_commit",
    "run_git",
]
