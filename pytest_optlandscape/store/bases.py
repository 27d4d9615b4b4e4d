"""The base of a pull request or merge request: the commit to compare it with.

The base is the merge base, where the request left its target branch. Later changes of the target do not belong to the
request. If a history has no measurement of the merge base, its nearest measured ancestor is used, and named.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_optlandscape.store.git import GitError, ask_git, run_git
from pytest_optlandscape.store.revisions import check_revision

__all__ = ["AUTO", "Base", "find_base"]

AUTO = "auto"
"""Stands for the target of the request whose pipeline is running."""

_FETCH = (
    "fetch it with `git fetch --unshallow origin`, or check out all commits: `fetch-depth: 0` of actions/checkout on "
    "GitHub, the variable `GIT_DEPTH: 0` on GitLab"
)


@dataclass(frozen=True)
class Base:
    """A commit to compare with.

    Attributes
    ----------
    commit : str
        The full hash.
    text : str
        A description of the commit.
    """

    commit: str
    text: str

    @property
    def short(self) -> str:
        """The abbreviated hash."""
        return self.commit[:10]


def find_base(
    folder: Path,
    target: str,
    head: str = "HEAD",
    *,
    measured: Collection[str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Base:
    """Find the commit to compare a request with.

    Parameters
    ----------
    folder : Path
        A folder in the repository.
    target : str
        The branch into which the request would be merged, or any revision. ``auto`` reads it from the variables that
        GitHub (``GITHUB_BASE_REF``) and GitLab (``CI_MERGE_REQUEST_DIFF_BASE_SHA``) set in the pipeline of a request.
    head : str, default "HEAD"
        The request's last commit.
    measured : collection of str, optional
        The hashes of measured commits. Default: any commit may be the base.
    environment : mapping, optional
        Default: the environment of the process.

    Returns
    -------
    Base
        The merge base; if it was not measured, the nearest measured commit before it, first parents first.

    Raises
    ------
    GitError
        If there is no such branch, no common ancestor, or no measured ancestor. For a shallow clone the message says
        what to fetch.
    """
    for one in (head, *([] if target == AUTO else [target])):
        check_revision(one)
    names = _of_environment(os.environ if environment is None else environment) if target == AUTO else [target]
    resolved = next(((name, commit) for name in names for commit in _resolved(folder, name)), None)
    if resolved is None:
        raise GitError(f"there is no commit {names[-1]!r} in this clone{_if_shallow(folder)}")
    name, commit = resolved
    tip = ask_git(folder, "rev-list", "--max-count=1", "--end-of-options", head, "--")
    found = run_git(folder, "merge-base", tip, commit)
    base = found.stdout.decode().strip()
    if not base:
        raise GitError(f"{head} and {name} have no common ancestor{_if_shallow(folder)}")
    what = f"where {head} left {name}" if base != tip else f"{head} itself, as {name} has all its commits"
    if measured is None or base in measured:
        return Base(base, f"{base[:10]}, {what}")
    for order in ("--first-parent", "--topo-order"):
        line = ask_git(folder, "rev-list", order, base, "--").split()
        k = next((k for k, one in enumerate(line) if one in measured), None)
        if k is not None:
            before = f"{k} commit{'s' * (k != 1)} before {base[:10]}"
            return Base(line[k], f"{line[k][:10]}, the nearest measured commit, {before}, {what}")
    raise GitError(
        f"neither {base[:10]}, {what}, nor any commit before it was measured{_if_shallow(folder)}; measure it with "
        f"`optlandscape backfill --steps 1 {base[:10]}`"
    )


def _of_environment(environment: Mapping[str, str]) -> list[str]:
    """List names of the request's target, the most precise first."""
    commit = environment.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "")
    branch = environment.get("GITHUB_BASE_REF", "") or environment.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "")
    names = [*([commit] if commit else []), *([f"origin/{branch}", branch] if branch else [])]
    if not names:
        raise GitError(
            "`auto` is the base of a pull request or merge request, and this is the pipeline of none: neither "
            "GITHUB_BASE_REF nor CI_MERGE_REQUEST_DIFF_BASE_SHA is set; name a revision instead"
        )
    return names


def _resolved(folder: Path, name: str) -> list[str]:
    """Return the commit with this name, or of the remote branch with this name; an empty list if there is neither."""
    for one in (name, f"origin/{name}"):
        found = run_git(folder, "rev-list", "--max-count=1", "--end-of-options", one, "--")
        if found.returncode == 0 and found.stdout.strip():
            return [found.stdout.decode().strip()]
    return []


def _if_shallow(folder: Path) -> str:
    is_shallow = run_git(folder, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
    return f"; this clone is shallow, so it may be missing: {_FETCH}" if is_shallow else ""
