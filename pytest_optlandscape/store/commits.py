"""Facts about the measured commit, read from git."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_optlandscape.store.git import GitError, ask_git, run_git
from pytest_optlandscape.store.revisions import resolve_commit

__all__ = ["CommitFacts", "commit_facts", "facts_of_commit", "first_parents"]

_SOURCES = {".py", ".pyx", ".pxd", ".c", ".h", ".cc", ".cpp", ".f", ".f90", ".rs", ".so", ".pyd"}
"""Files of these kinds count as changes even if git does not track them: an optimizer may consist of them."""


@dataclass(frozen=True)
class CommitFacts:
    """Facts about a commit.

    Attributes
    ----------
    commit : str
        The full hash.
    parents : tuple of str
        The hashes of its parents in the commit object, which a shallow clone has, too.
    author : str
    author_time, commit_time : int
        Seconds since 1970.
    subject : str
        The first line of the message.
    path : str
        The project's path within its repository; "" for the top.
    tree : str
        The id of all files on which the optimizers depend. Two commits with the same id have the same files.
    changed : tuple of str, default ()
        Files on which the optimizers depend that differ from the commit.
    """

    commit: str
    parents: tuple[str, ...]
    author: str
    author_time: int
    commit_time: int
    subject: str
    path: str
    tree: str
    changed: tuple[str, ...] = ()

    @property
    def is_dirty(self) -> bool:
        """Whether files differ from the commit."""
        return bool(self.changed)


def commit_facts(folder: Path, paths: Sequence[str] = (".",), ignored: Iterable[Path] = ()) -> CommitFacts | None:
    """Describe the checked-out commit.

    Parameters
    ----------
    folder : Path
        The project's folder: the repository, or a folder within it.
    paths : sequence of str
        The files and folders on which the optimizers depend, relative to the folder.
    ignored : iterable of Path
        Files and folders on which no optimizer depends, such as baselines. They may differ from the commit.

    Returns
    -------
    CommitFacts or None
        None if git is not installed, the folder is in no repository, or the repository has no commit.

    Raises
    ------
    GitError
        If git refuses for another reason, such as a repository that belongs to another user.
    ValueError
        If a path leads out of the repository.
    """
    try:
        done = run_git(folder, "rev-parse", "--show-toplevel", "--show-prefix")
    except GitError:
        return None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace")
        if "not a git repository" in said or "must be run in a work tree" in said:
            return None
        raise GitError(f"git rev-parse in {folder}: {' '.join(said.split())}")
    if run_git(folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").returncode:
        return None
    top, _, prefix = done.stdout.decode("utf-8", "replace").rstrip("\n").partition("\n")
    facts = facts_of_commit(folder, "HEAD", prefix, paths)
    inside = [_within(prefix, path) or "." for path in paths]
    left_alone = [path.resolve() for path in ignored]
    told = run_git(
        Path(top), "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", *inside
    ).stdout.decode("utf-8", "surrogateescape")
    changed = []
    for line in told.split("\0"):
        state, name = line[:2], line[3:]
        path = (Path(top) / name).resolve()
        is_ours = any(path.is_relative_to(one) for one in left_alone)
        if name and not is_ours and (state != "??" or path.suffix in _SOURCES):
            changed.append(name)
    return CommitFacts(**{**vars(facts), "changed": tuple(changed)})


def facts_of_commit(folder: Path, revision: str, prefix: str, paths: Sequence[str] = (".",)) -> CommitFacts:
    """Describe any commit of the repository.

    Parameters
    ----------
    folder : Path
        A folder in the repository.
    revision : str
    prefix : str
        The project's folder within the repository, as ``git rev-parse --show-prefix`` prints it.
    paths : sequence of str
        The files and folders on which the optimizers depend, relative to the project's folder.

    Returns
    -------
    CommitFacts

    Raises
    ------
    GitError
        If there is no such commit.
    ValueError
        If a path leads out of the repository.
    """
    commit = resolve_commit(folder, revision)
    header, _, message = ask_git(folder, "cat-file", "commit", commit).partition("\n\n")
    lines = [line.partition(" ") for line in header.split("\n")]
    author, author_time = _who(next((rest for key, _, rest in lines if key == "author"), ""))
    _, commit_time = _who(next((rest for key, _, rest in lines if key == "committer"), ""))
    return CommitFacts(
        commit,
        tuple(rest for key, _, rest in lines if key == "parent"),
        author,
        author_time,
        commit_time,
        message.strip().partition("\n")[0],
        prefix.rstrip("/"),
        _tree(folder, commit, [_within(prefix, path) for path in paths], prefix.rstrip("/")),
    )


def first_parents(folder: Path, *revisions: str, steps: int | None = None) -> list[str]:
    """List commits along their first parents, oldest first.

    Parameters
    ----------
    folder : Path
    *revisions : str
        Arguments of ``git rev-list``, such as ``v1.0..main`` or ``HEAD``.
    steps : int, optional
        The most commits to list, spread evenly over all. The first and the last are included, or with 1 only the last.

    Returns
    -------
    list of str

    Raises
    ------
    GitError
        If git knows no such commits.
    """
    listed = ask_git(folder, "rev-list", "--first-parent", "--reverse", "--end-of-options", *revisions, "--").split()
    if steps is None or steps >= len(listed):
        return listed
    if steps == 1:
        return listed[-1:]
    return [listed[round(k * (len(listed) - 1) / (steps - 1))] for k in range(steps)]


def _within(prefix: str, path: str) -> str:
    """Return a path within the repository; "" for its top."""
    place = posixpath.normpath(posixpath.join(prefix, path.replace("\\", "/")))
    if place.startswith(("..", "/")):
        raise ValueError(f"optlandscape_paths: {path!r} leads out of the repository")
    return "" if place == "." else place


def _tree(folder: Path, commit: str, places: Sequence[str], project: str) -> str:
    """Return an id of the files at some places in a commit.

    If a place is missing, its files may have been elsewhere at that commit. Then the project's whole folder counts.
    """
    ids = [_id_of(folder, f"{commit}:{place}") for place in places]
    if not all(ids):
        places, ids = [*places, project], [*ids, _id_of(folder, f"{commit}:{project}")]
    if len(ids) == 1:
        return ids[0]
    text = "".join(f"{place} {one}\n" for place, one in sorted(zip(places, ids, strict=True)))
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _id_of(folder: Path, name: str) -> str:
    """Return the id of a file or folder in a commit; "" if the commit does not have it."""
    return run_git(folder, "rev-parse", "--verify", "--quiet", name).stdout.decode().strip()


def _who(text: str) -> tuple[str, int]:
    """Read ``Name <address> seconds zone``. The time is 0 if it is damaged."""
    name, _, rest = text.rpartition("<")
    seconds = rest.rpartition(">")[2].split()[:1]
    try:
        return name.strip(), int(seconds[0]) if seconds else 0
    except ValueError:
        return name.strip(), 0
