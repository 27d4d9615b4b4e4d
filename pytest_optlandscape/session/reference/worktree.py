"""Check another revision of the user's project out into a temporary folder, and remove it again.

A git worktree shares the repository's objects and has its own index. So the user's files, index, branches and stash are
never written to. The user's hooks are switched off. Variables such as ``GIT_INDEX_FILE`` are not passed on, because
`git commit` sets them for its hooks, from which a session may run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pytest_optlandscape.session.work_folder import make_work_folder, remove_work_folder

__all__ = ["Worktree", "WorktreeError", "make_worktree"]

_OF_A_SURROUNDING_HOOK = {
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE",
}  # fmt: skip


class WorktreeError(ValueError):
    """Another revision cannot be checked out; the message has git's own words."""


@dataclass(frozen=True)
class Worktree:
    """A revision that is checked out in a folder.

    Attributes
    ----------
    repository : Path
        The user's work tree.
    folder : Path
        The folder of the checkout.
    ref : str
        The user's name of the revision.
    commit : str
        The full hash.
    """

    repository: Path
    folder: Path
    ref: str
    commit: str

    def counterpart(self, path: Path) -> Path | None:
        """Return the path in this revision that corresponds to one in the user's work tree; None for other paths."""
        try:
            return self.folder / path.resolve().relative_to(self.repository)
        except ValueError:
            return None

    def counterpart_of_current_folder(self) -> Path:
        """Return the counterpart of the current folder; the root of the revision if it lacks that folder."""
        here = self.counterpart(Path.cwd())
        return here if here is not None and here.is_dir() else self.folder

    def remove(self) -> None:
        """Remove the folder and git's entry for it; a second call does nothing."""
        holder = self.folder.parent
        if not holder.exists():
            return
        arguments = ("worktree", "remove", "--force", "--force", str(self.folder))
        if _git(self.repository, *arguments).returncode:
            shutil.rmtree(self.folder, ignore_errors=True)
            _git(self.repository, *arguments)  # for a missing folder, this removes git's entry
        remove_work_folder(holder)

    def to_plain(self) -> dict[str, str]:
        """Return strings, which can be sent to another process."""
        return {name: str(value) for name, value in vars(self).items()}

    @classmethod
    def from_plain(cls, plain: dict[str, str]) -> Worktree:
        """Make a worktree from the values of `to_plain`."""
        return cls(Path(plain["repository"]), Path(plain["folder"]), plain["ref"], plain["commit"])


def make_worktree(inside: Path, ref: str) -> Worktree:
    """Check out a revision.

    Parameters
    ----------
    inside : Path
        A folder of the user's work tree.
    ref : str
        A name of one commit for git: a branch, a tag, ``HEAD~1``, a hash.

    Returns
    -------
    Worktree
        The caller removes it.

    Raises
    ------
    WorktreeError
        If git is not installed, the folder is not in a repository, or ``ref`` is a range or unknown.
    """
    from pytest_optlandscape.store import resolve_commit  # a revision server imports this module before NumPy

    repository = Path(_told(inside, "rev-parse", "--show-toplevel")).resolve()
    try:
        commit = resolve_commit(repository, ref)
    except ValueError as error:
        raise WorktreeError(str(error)) from None
    holder = make_work_folder()
    worktree = Worktree(repository, holder / repository.name, ref, commit)
    try:
        _told(repository, "worktree", "add", "--quiet", "--detach", str(worktree.folder), commit)
    except BaseException:
        worktree.remove()
        raise
    return worktree


def _told(folder: Path, *arguments: str) -> str:
    done = _git(folder, *arguments)
    if done.returncode:
        said = " ".join(done.stderr.split())
        raise WorktreeError(f"git {arguments[0]} in {folder}: {said}")
    return done.stdout.strip()


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("git")
    if program is None:
        raise WorktreeError("git was not found on PATH; comparing with another revision needs it")
    return subprocess.run(
        [program, "-c", f"core.hooksPath={os.devnull}", *arguments],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name not in _OF_A_SURROUNDING_HOOK},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
