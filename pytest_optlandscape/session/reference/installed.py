"""Find the source of an installed module in the repository.

Under tox, nox or ``pip install .``, the user's package is imported from a copy in ``site-packages``. A checked-out
revision has no such copy, so a comparison would run the same copy twice. This module finds the files from which the
copy was built: by the names of the projects in the repository, the file lists of the installed distributions
(``RECORD``), the paths of the files, and their hashes.
"""

from __future__ import annotations

import ast
import configparser
import hashlib
import json
import re
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import Distribution, distributions
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from pytest_optlandscape.session.reference.search_path import folders_outside, home_of
from pytest_optlandscape.session.reference.worktree import Worktree
from pytest_optlandscape.store import ask_git

__all__ = ["InstalledCopies", "InstalledCopy", "find_copies", "installed_copies"]

_NOT_REPLACED = {
    "_pytest", "hypothesis", "numpy", "pluggy", "pytest", "pytest_benchmark", "scipy",
}  # fmt: skip
"""Modules that this package itself needs."""

_OWN = "pytest_optlandscape"
_PROJECT_FILES = ("pyproject.toml", "setup.cfg", "setup.py")
_MOST_FILES = 20_000
"""The largest number of files of an installed package whose source is searched for."""


@dataclass(frozen=True)
class InstalledCopy:
    """An installed package or module whose source is in the repository.

    Attributes
    ----------
    name : str
        The dotted name of the outermost package with an ``__init__.py``, or of the module.
    installed : Path
        The package's folder or the module's file.
    source : str
        The path of its source in the repository's work tree; "" if it was not found.
    obstacle : str
        Why the source cannot be run instead of the copy; "" if it can.
    needs_build : bool
        Whether the other revision must be built before it can be run.
    differing : tuple of str
        The files of the work tree that differ from the installed ones.
    constants : dict
        By dotted name, the installed file of a module that the build wrote and that has only constants, such as
        ``_version.py``.
    """

    name: str
    installed: Path
    source: str = ""
    obstacle: str = ""
    needs_build: bool = False
    differing: tuple[str, ...] = ()
    constants: dict[str, str] = field(default_factory=dict)

    def contains(self, file: Path) -> bool:
        """Return whether a file belongs to the copy."""
        return file.is_relative_to(self.installed)

    @property
    def refusal(self) -> str:
        """Why a process that runs another revision must not import the copy."""
        return self.obstacle or f"{self.name} would be imported from the installed copy"

    @property
    def is_of_this_package(self) -> bool:
        """Whether pytest-optlandscape itself needs the module, so that both revision servers import the copy."""
        return self.name.partition(".")[0] in _NOT_REPLACED


@dataclass(frozen=True)
class InstalledCopies:
    """All copies of the repository's modules in the environment.

    Attributes
    ----------
    repository : Path
        The user's work tree.
    copies : tuple of InstalledCopy
    """

    repository: Path
    copies: tuple[InstalledCopy, ...] = ()

    def of_file(self, file: Path | None) -> InstalledCopy | None:
        """Return the copy to which a module's file belongs; None if there is none."""
        return next((copy for copy in self.copies if file is not None and copy.contains(file)), None)

    def terms(self, tree: Path, commit: str = "") -> dict[str, Any]:
        """Return the plain values that make a process import the sources instead of the copies.

        Parameters
        ----------
        tree : Path
            The folder that has the files, or will have them.
        commit : str, optional
            The commit that is checked out in the folder (default: the files of the work tree).

        Returns
        -------
        dict
            ``places``: by dotted name, the path of the package's folder or of the module's file. ``namespaces``: by
            dotted name, folders with parts of a namespace package. ``roots``: the folders that contain all these.
            ``constants``: by dotted name, an installed file that may be imported. ``refused``: the paths of copies
            that must not be imported, each with the reason.
        """
        files = _files_of_commit(self.repository, commit) if commit and self.copies else None
        places, constants, refused = dict[str, str](), dict[str, str](), dict[str, str]()
        namespaces: dict[str, list[str]] = defaultdict(list)
        roots: dict[str, None] = {}
        for copy in self.copies:
            if copy.is_of_this_package:
                continue
            refused[str(copy.installed)] = copy.refusal
            if copy.obstacle:
                continue
            source = tree / (copy.source if files is None else _at_revision(copy, files))
            places[copy.name] = str(source)
            constants |= copy.constants
            name = copy.name
            while source.stem == name.rpartition(".")[2]:
                name, source = name.rpartition(".")[0], source.parent
                if not name:
                    roots[str(source)] = None
                    break
                namespaces[name].append(str(source))
        return {
            "places": places, "namespaces": dict(namespaces), "roots": list(roots), "constants": constants,
            "refused": refused,
        }  # fmt: skip


def installed_copies(worktree: Worktree, specs: Iterable[str]) -> InstalledCopies:
    """Find the modules that this process imports from a copy of the repository's files.

    Parameters
    ----------
    worktree : Worktree
    specs : iterable of str
        The specs of the optimizers to run.

    Returns
    -------
    InstalledCopies
    """
    homes = [home_of(spec) for spec in specs]
    folders = folders_outside(worktree, sys.path)
    return find_copies(worktree.repository, folders, [one for one in homes if one is not None])


def find_copies(repository: Path, search_path: Iterable[Path], wanted: Collection[Path] = ()) -> InstalledCopies:
    """Find the modules on a search path that are copies of files of the repository.

    Parameters
    ----------
    repository : Path
        The top of the user's work tree.
    search_path : iterable of Path
        Folders outside the repository, or environments inside it.
    wanted : collection of Path
        The files of the optimizers' modules. Only for these, a single file of the same name in the repository counts as
        the source.

    Returns
    -------
    InstalledCopies
    """
    return InstalledCopies(repository, tuple(_Search(repository, wanted).copies(search_path)))


def _files_of_commit(repository: Path, commit: str) -> list[str]:
    return [one for one in ask_git(repository, "ls-tree", "-r", "-z", "--name-only", commit).split("\0") if one]


def _at_revision(copy: InstalledCopy, files: Sequence[str]) -> str:
    """Return the path of the source in another revision: the same path, or the folder with most of its files."""
    source = copy.source
    if source in files or f"{source}/__init__.py" in files:
        return source
    tail = copy.name.replace(".", "/")
    package = Counter(
        str(PurePosixPath(one[: found.end() - 1]))
        for one in files
        if one.endswith(".py") and (found := re.search(rf"(?:^|/){re.escape(tail)}/", one))
    )
    if package:
        return package.most_common(1)[0][0]
    modules = sorted((one for one in files if f"/{one}".endswith(f"/{tail}.py")), key=len)
    return modules[0] if modules else source


class _Search:
    """Match installed files with the files of one repository."""

    def __init__(self, repository: Path, wanted: Collection[Path]) -> None:
        self._repository = repository
        self._wanted = wanted
        self._tracked = self._listed("--cached")
        self._files = self._tracked | self._listed("--others", "--exclude-standard")
        self._python = {one for one in self._files if one.endswith(".py")}
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._folders: dict[str, set[str]] = defaultdict(set)
        for one in sorted(self._python):
            path = PurePosixPath(one)
            self._by_name[path.name].append(one)
            for folder in [*path.parents][:-1]:
                self._folders[folder.name].add(str(folder))
        self._projects = self._named_projects()
        self._hash = cache(self._hash_of)

    def _listed(self, *which: str) -> set[str]:
        """Return the existing files that ``git ls-files`` lists, except those of environments."""
        told = ask_git(self._repository, "ls-files", "-z", *which).split("\0")
        installed = {"site-packages", "dist-packages"}
        return {
            one for one in told if one and not installed & set(one.split("/")) and (self._repository / one).is_file()
        }

    def copies(self, search_path: Iterable[Path]) -> Iterator[InstalledCopy]:
        """Yield every copy in the order of the search path; the first module of a name hides later ones."""
        seen: set[str] = set()
        for folder in search_path:
            own = self._of_own_distributions(folder)
            for top in _listed(folder):
                if not self._may_be_ours(top, own):
                    continue
                for installed in _units(top):
                    name = ".".join(installed.relative_to(folder).with_suffix("").parts)
                    if name in seen:
                        continue
                    copy = self._copy(name, installed, folder, own)
                    if copy is not None:
                        seen.add(name)
                        yield copy

    def _may_be_ours(self, top: Path, own: Collection[Path]) -> bool:
        name = top.stem
        if name == _OWN or not name.isidentifier() or top.suffix not in ("", ".py"):
            return False
        if top.suffix and "editable" in name:  # the import hook of an editable installation
            return False
        return top in own or (top.name in self._by_name if top.suffix else name in self._folders and top.is_dir())

    def _copy(self, name: str, installed: Path, folder: Path, own: Collection[Path]) -> InstalledCopy | None:
        """Find the source of one package or module; return None if it is not the repository's."""
        files = [installed] if installed.is_file() else sorted(installed.rglob("*"))
        code = {str(one.relative_to(folder)).replace("\\", "/"): one for one in files if one.suffix == ".py"}
        if not code or len(code) > _MOST_FILES:
            return None
        is_own = self._is_named(installed) or any(one in own for one in code.values())
        relative = str(installed.relative_to(folder)).replace("\\", "/")
        source = self._source(relative, code, is_own or any(one in self._wanted for one in code.values()))
        if source is None:
            if not is_own:
                return None
            obstacle = f"{name} is installed as a copy, and its source was not found in this repository"
            return InstalledCopy(name, installed, obstacle=obstacle)
        if InstalledCopy(name, installed).is_of_this_package:
            obstacle = f"{name} is installed as a copy, and pytest-optlandscape itself imports it"
            return InstalledCopy(name, installed, source, obstacle, needs_build=True)
        place = {one: source + one.removeprefix(relative) for one in code}
        compiled = [one.name for one in files if one.name.endswith(tuple(EXTENSION_SUFFIXES))]
        constants, generated = {}, []
        for one, file in code.items():
            if place[one] in self._files:
                continue
            if _has_only_constants(file):
                constants[one.removesuffix(".py").removesuffix("/__init__").replace("/", ".")] = str(file)
            elif not self._was_committed(place[one]):
                generated.append(file.name)
        obstacle = ""
        for what, names in (("is compiled", compiled), ("is written by the build", generated)):
            if names:
                obstacle = f"{names[0]} of {name} {what}, and {source} has only the source"
                break
        differing = [one for one in code if place[one] in self._files and not self._is_equal(place[one], code[one])]
        return InstalledCopy(
            name,
            installed,
            source,
            obstacle,
            needs_build=bool(obstacle),
            differing=tuple(place[one] for one in differing),
            constants=constants,
        )

    def _source(self, relative: str, code: Mapping[str, Path], is_likely: bool) -> str | None:
        """Return the path of a package or module in the work tree; None if there is none."""
        name = relative.rpartition("/")[2]
        known = self._by_name.get(name, ()) if name.endswith(".py") else self._folders.get(name, ())
        candidates = {one: self._marks(one, relative, code) for one in known if f"/{one}".endswith(f"/{relative}")}
        if candidates:
            best = max(sorted(candidates), key=lambda one: (*candidates[one], -one.count("/")))
            _, equal, there = candidates[best]
            is_one_file = len(code) == 1
            if is_likely or equal or (2 * there >= len(code) and not is_one_file):
                return best
        return self._renamed(relative, code) if is_likely else None

    def _marks(self, candidate: str, relative: str, code: Mapping[str, Path]) -> tuple[bool, int, int]:
        """Return whether any file is committed, the number of equal non-empty files, and the number of files found."""
        pairs = [(candidate + one.removeprefix(relative), file) for one, file in code.items()]
        there = [(one, file) for one, file in pairs if one in self._python]
        equal = sum(file.stat().st_size > 0 and self._is_equal(one, file) for one, file in there)
        return any(one in self._tracked for one, _ in there), equal, len(there)

    def _renamed(self, relative: str, code: Mapping[str, Path]) -> str | None:
        """Find a package whose folder has another name in the repository, by the hashes of its files."""
        votes: Counter[str] = Counter()
        filled = {one: file for one, file in code.items() if file.stat().st_size}
        for one, file in filled.items():
            within = one.removeprefix(relative)
            for known in self._by_name.get(file.name, ()):
                if within and f"/{known}".endswith(within) and self._is_equal(known, file):
                    votes[known.removesuffix(within)] += 1
        best = votes.most_common(1)
        return best[0][0] if best and 2 * best[0][1] >= len(filled) else None

    def _is_equal(self, known: str, file: Path) -> bool:
        return self._hash(self._repository / known) == self._hash(file)

    @staticmethod
    def _hash_of(file: Path) -> str:
        try:
            return hashlib.sha256(file.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
        except OSError:
            return str(file)

    def _was_committed(self, place: str) -> bool:
        """Return whether the last commit has a file that the work tree lacks."""
        return bool(ask_git(self._repository, "ls-files", "--", f":(top,literal){place}"))

    def _is_named(self, installed: Path) -> bool:
        return installed.stem.lower().replace("_", "-") in self._projects

    def _of_own_distributions(self, folder: Path) -> set[Path]:
        """Return the modules that projects of the repository have installed in a folder, and the top folder of each."""
        found: set[Path] = set()
        for one in distributions(path=[str(folder)]):
            if _normalized(one.metadata["Name"] or "") in self._projects or self._comes_from_here(one):
                files = [file for file in one.files or () if file.suffix == ".py" and file.parts[0] != ".."]
                found |= {folder / file for file in files} | {folder / file.parts[0] for file in files}
        return found

    def _comes_from_here(self, one: Distribution) -> bool:
        """Return whether pip recorded that a distribution was installed from the repository."""
        try:
            url = urlsplit(json.loads(one.read_text("direct_url.json") or "{}").get("url", ""))
        except (ValueError, AttributeError):
            return False
        path = Path(unquote(url.path))
        return url.scheme == "file" and path.resolve().is_relative_to(self._repository)

    def _named_projects(self) -> set[str]:
        """Return the names of all projects in the repository."""
        names = set()
        for one in self._files:
            if PurePosixPath(one).name in _PROJECT_FILES:
                names.add(_normalized(_project_name(self._repository / one)))
        return names - {"", "pytest-optlandscape"}


def _listed(folder: Path) -> list[Path]:
    """Return the sorted entries of a folder; none if it cannot be read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _units(top: Path) -> Iterator[Path]:
    """Yield the outermost packages with an ``__init__.py`` and, in a namespace, the modules beside them."""
    if top.is_file() or (top / "__init__.py").is_file():
        yield top
        return
    for one in _listed(top):
        if one.name == "__pycache__" or one.is_symlink():
            continue
        if one.is_dir() and one.name.isidentifier():
            yield from _units(one)
        elif one.suffix == ".py":
            yield one


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _project_name(file: Path) -> str:
    """Read the name of a project from its file; return "" if there is none."""
    try:
        text = file.read_text(encoding="utf-8")
        if file.name == "setup.py":
            found = re.search(r"""\bname\s*=\s*["']([\w.-]+)["']""", text)
            return found[1] if found else ""
        if file.name == "setup.cfg":
            parser = configparser.RawConfigParser(strict=False)
            parser.read_string(text)
            return parser.get("metadata", "name", fallback="")
        content = tomllib.loads(text)
        name = content.get("project", {}).get("name") or content.get("tool", {}).get("poetry", {}).get("name")
        return name if isinstance(name, str) else ""
    except (OSError, ValueError, AttributeError, configparser.Error):
        return ""


def _has_only_constants(file: Path) -> bool:
    """Return whether a module defines and calls nothing, like a module with only a version."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return False
    ways = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.Call, ast.For, ast.While)
    return not any(isinstance(node, ways) for node in ast.walk(tree))
