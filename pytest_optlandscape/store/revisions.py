"""Check names of single commits: reject names that git takes for several commits or for an option."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_optlandscape.store.git import GitError, ask_git, run_git

__all__ = ["check_revision", "resolve_commit"]

_EXAMPLES = "such as main, v1.0, HEAD~1 or a hash"


def check_revision(revision: str) -> str:
    """Check that a text can name one commit, without running git.

    Parameters
    ----------
    revision : str

    Returns
    -------
    str
        The revision, without surrounding white space.

    Raises
    ------
    ValueError
        If the text is empty, a range, an exclusion, an option of git, or several revisions.

    Examples
    --------
    >>> check_revision("v1.0")
    'v1.0'
    >>> check_revision("v1.0..main")
    Traceback (most recent call last):
        ...
    ValueError: 'v1.0..main' is a range of commits; name one commit, such as 'main'
    """
    text = revision.strip()
    shown = repr(text if len(text) <= 80 else f"{text[:77]}...")
    if not text:
        raise ValueError(f"the revision is empty; name a commit, {_EXAMPLES}")
    if not text.isprintable():
        raise ValueError(f"{shown} has characters that no revision has; name a commit, {_EXAMPLES}")
    if text.startswith("-"):
        raise ValueError(f"{shown} begins with '-', as options of git do; name a commit, {_EXAMPLES}")
    if text.startswith("^"):
        raise ValueError(f"{shown} excludes a commit; name one commit, such as {text.lstrip('^') or 'HEAD'!r}")
    if text.startswith(":/"):  # the youngest commit whose message has the following words
        return text
    bare = re.sub(r"\{[^}]*\}", "", text)  # main@{2 days ago}, HEAD^{/a message}
    if ".." in bare:
        last = re.split(r"\.\.+", text)[-1]
        raise ValueError(f"{shown} is a range of commits; name one commit, such as {last or 'HEAD'!r}")
    if re.search(r"\^(!|@|-\d*)$", bare):
        first = text.rpartition("^")[0]
        raise ValueError(f"{shown} stands for several commits; name one commit, such as {first or 'HEAD'!r}")
    if len(bare.split()) > 1:
        raise ValueError(f"{shown} are several revisions; name one commit, such as {bare.split()[0]!r}")
    return text


def resolve_commit(folder: Path, revision: str) -> str:
    """Find the full hash of a commit.

    Parameters
    ----------
    folder : Path
        A folder in the repository.
    revision : str

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the revision is not the name of a single commit.
    GitError
        If git knows no such commit.
    """
    name = check_revision(revision)
    try:
        found = ask_git(folder, "rev-list", "--max-count=1", "--end-of-options", name, "--")
    except GitError as error:
        if run_git(folder, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true":
            advice = "this clone is shallow: fetch that commit first (in CI, with the whole history)"
            raise GitError(f"{error}; {advice}") from None
        raise
    if not found:
        raise GitError(f"{name!r} is a file or a folder of a commit, not a commit")
    return found
