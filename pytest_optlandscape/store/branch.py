"""A history on its own branch of the repository, written without a checkout.

Files become git objects, entries of a separate index, a tree and a commit. A plain push sends them to the remote. If
somebody else pushed first, the commit is made again on top and pushed again. No push is forced, so nothing is lost.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pytest_optlandscape.store.entries import StoreError, most_bytes
from pytest_optlandscape.store.git import GitError, ask_git, read_objects, run_git

__all__ = ["BranchFiles"]

TRIES = 60
"""The number of late pushes after which to give up."""

_LATE = (
    "rejected", "fetch first", "non-fast-forward", "cannot lock ref", "failed to update ref",
    "reference already exists", "is at ",
)  # fmt: skip
"""Words with which git says that the branch has moved meanwhile, or is being moved."""

_NOBODY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "pytest-optlandscape"), ("EMAIL", "pytest-optlandscape@localhost"))
}


class BranchFiles:
    """The files of a history on an orphan branch.

    Parameters
    ----------
    folder : Path
        A folder in the repository.
    branch : str
    remote : str, optional
        The remote to push to and fetch from (default: ``origin`` if it exists, else none).

    Raises
    ------
    StoreError
        If the folder is in no repository, or the name of the branch is invalid.
    """

    def __init__(self, folder: Path, branch: str, remote: str | None = None) -> None:
        self.folder = folder
        self.branch = branch
        try:
            ask_git(folder, "check-ref-format", "--branch", branch)
            remotes = ask_git(folder, "remote").split()
        except GitError as error:
            raise StoreError(f"history git:{branch}: {error}") from None
        self.remote = remote or ("origin" if "origin" in remotes else None)
        self._ref = f"refs/heads/{branch}" if self.remote is None else f"refs/optlandscape/{branch}"
        self._fetched = False
        self._listed = ""
        self._known: dict[str, str] = {}
        self._refusal = ""

    def __str__(self) -> str:
        return f"git:{self.branch}"

    def names(self) -> list[str]:
        """List the names of all files, sorted."""
        return sorted(self._ids())

    def stream(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Read files one by one, with one process. Leave out files that do not exist or are too large."""
        ids = self._ids()
        wanted = [name for name in names if name in ids]
        most = [most_bytes(name) for name in wanted]
        found = read_objects(self.folder, [ids[name] for name in wanted], most) if wanted else ()
        yield from ((name, data) for name, data in zip(wanted, found, strict=True) if data is not None)

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        """Read files at once. Leave out the files that `stream` leaves out."""
        return dict(self.stream(names))

    def why_not(self, name: str) -> str:
        """Return why `stream` leaves a file out; "" if the file does not exist."""
        return "is no regular file, is missing in git, or is too large" if name in self._ids() else ""

    def add(self, files: Mapping[str, bytes]) -> None:
        """Commit new files, and push. They are stored when this returns.

        Raises
        ------
        StoreError
            If the remote refuses the push, except because somebody else pushed first.
        """
        with tempfile.TemporaryDirectory(prefix="optlandscape-") as private:
            paths = [Path(private) / str(k) for k in range(len(files))]
            for path, data in zip(paths, files.values(), strict=True):
                path.write_bytes(data)
            told = "".join(f"{path}\n" for path in paths).encode()
            ids = ask_git(self.folder, "hash-object", "-w", "--no-filters", "--stdin-paths", told=told).split()
        self._change(dict(zip(files, ids, strict=True)))

    def remove(self, names: Iterable[str]) -> None:
        """Remove files in a further commit. Ignore files that do not exist."""
        self._change(dict.fromkeys(names))

    def move(self, names: Mapping[str, str]) -> None:
        """Rename files in a further commit. The new names must not exist."""
        ids = self._ids()
        there = {name: new for name, new in names.items() if name in ids}
        self._change({**dict.fromkeys(there), **{new: ids[name] for name, new in there.items()}})

    def left_over(self) -> list[str]:
        """Return an empty list: a commit exists as a whole or not at all."""
        return []

    def _change(self, wanted: Mapping[str, str | None]) -> None:
        for attempt in range(TRIES):
            tip = self._tip(fresh=True)
            there = self._ids()
            changed = {name: one for name, one in wanted.items() if there.get(name) != one}
            if not changed:
                return
            commit = self._commit(tip, changed)
            if self._moved(tip, commit):
                return
            time.sleep(min(0.05 * 2**attempt, 2.0) * os.urandom(1)[0] / 255.0)  # random: others wait longer or shorter
        raise StoreError(
            f"history {self}: git refused {TRIES} times, as if others were writing at the same time; nothing was lost "
            f"there, try again. Its last words: {self._refusal}"
        )

    def _commit(self, tip: str, changed: Mapping[str, str | None]) -> str:
        with tempfile.TemporaryDirectory(prefix="optlandscape-") as private:
            environment = {"GIT_INDEX_FILE": str(Path(private) / "index"), **_NOBODY}
            if tip:
                ask_git(self.folder, "read-tree", tip, environment=environment)
            none = "0" * len(tip)  # a file is removed only from a commit; ids may be of SHA-1 or of SHA-256
            lines = "".join(
                f"100644 {one}\t{name}\0" if one else f"0 {none}\t{name}\0" for name, one in changed.items()
            )
            told = lines.encode("utf-8", "surrogateescape")
            ask_git(self.folder, "update-index", "-z", "--index-info", told=told, environment=environment)
            tree = ask_git(self.folder, "write-tree", environment=environment)
            parent = ("-p", tip) if tip else ()
            count = f"{len(changed)} file{'s' * (len(changed) != 1)}"
            message = ("-m", f"pytest-optlandscape: {count} of the history")
            return ask_git(self.folder, "commit-tree", tree, *parent, *message, environment=environment)

    def _moved(self, tip: str, commit: str) -> bool:
        """Move the branch from one commit to its successor. Return False if the branch has moved meanwhile."""
        if self.remote is not None:
            pushed = run_git(self.folder, "push", "--quiet", self.remote, f"{commit}:refs/heads/{self.branch}")
            if pushed.returncode:
                said = " ".join(pushed.stderr.decode("utf-8", "replace").split())
                if "denied" in said or "protected" in said or not any(word in said for word in _LATE):
                    raise StoreError(f"history {self} cannot be pushed to {self.remote}: {said}")
                self._refusal = said
                return False
            run_git(self.folder, "update-ref", self._ref, commit)
            return True
        moved = run_git(self.folder, "update-ref", self._ref, commit, tip)  # without a tip: it must not exist yet
        said = " ".join(moved.stderr.decode("utf-8", "replace").split())
        if moved.returncode and not any(word in said for word in _LATE):
            raise StoreError(f"history {self} cannot be written: {said}")
        self._refusal = said
        return moved.returncode == 0

    def _tip(self, fresh: bool = False) -> str:
        if self.remote is not None and (fresh or not self._fetched):
            source = f"+refs/heads/{self.branch}:{self._ref}"
            fetched = run_git(self.folder, "fetch", "--quiet", "--no-tags", self.remote, source)
            said = " ".join(fetched.stderr.decode("utf-8", "replace").split())
            is_new = "couldn't find remote ref" in said
            if fetched.returncode and not is_new and "cannot lock ref" not in said:
                raise StoreError(f"history {self} cannot be fetched from {self.remote}: {said}")
            self._fetched = True
        return run_git(self.folder, "rev-parse", "--verify", "--quiet", self._ref).stdout.decode().strip()

    def _ids(self) -> dict[str, str]:
        """Return the object ids of all files. An entry that is no file gets an id that no object has."""
        tip = self._tip()
        if not tip:
            return {}
        if tip != self._listed:
            listed = run_git(self.folder, "ls-tree", "-r", "-z", tip).stdout.decode("utf-8", "surrogateescape")
            lines = (line.partition("\t") for line in listed.split("\0") if line)
            self._known = {name: _id(facts.split()) for facts, _, name in lines}
            self._listed = tip
        return self._known


def _id(facts: list[str]) -> str:
    mode, _, one = facts
    return one if mode.startswith("100") else f"{mode}-is-no-file"
