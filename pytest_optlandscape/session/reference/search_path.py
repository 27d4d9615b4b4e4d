"""Build a search path that takes the user's own modules from another revision and leaves all others in place."""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest_optlandscape
from pytest_optlandscape.session.reference.worktree import Worktree

__all__ = [
    "PLUGIN_FOLDER", "file_of", "folders_outside", "home_of", "is_in_repository", "modules_of_repository",
    "search_path",
]  # fmt: skip

PLUGIN_FOLDER = Path(pytest_optlandscape.__file__).resolve().parent.parent
"""The folder from which both revision servers import this package."""


def search_path(worktree: Worktree, entries: Iterable[str]) -> list[str]:
    """Replace every entry inside the repository by its counterpart in another revision.

    An environment inside the repository stays. If this package itself is in the repository, its entry stays behind its
    counterpart, so that the same version judges both revisions.

    Parameters
    ----------
    worktree : Worktree
    entries : iterable of str
        A search path such as ``sys.path``; an empty entry is the current folder.

    Returns
    -------
    list of str
    """
    replaced = []
    for entry in entries:
        folder = Path(entry or os.curdir)
        counterpart = None if _is_environment(worktree, folder) else worktree.counterpart(folder)
        if counterpart is not None:
            replaced.append(str(counterpart))
        if counterpart is None or folder.resolve() == PLUGIN_FOLDER:
            replaced.append(str(folder.absolute()))
    return replaced


def modules_of_repository(worktree: Worktree, modules: Mapping[str, ModuleType]) -> dict[str, str]:
    """Return the folders of the top-level modules that were imported from the user's work tree.

    The search path is not enough: import hooks of editable installations find modules in other folders.

    Parameters
    ----------
    worktree : Worktree
    modules : mapping
        The imported modules, such as ``sys.modules``.

    Returns
    -------
    dict
        By name, the folder.
    """
    found = {}
    for name, module in list(modules.items()):
        file = file_of(module)
        if "." in name or name in ("__main__", pytest_optlandscape.__name__) or file is None:
            continue
        folder = file.parent.parent if hasattr(module, "__path__") else file.parent
        if is_in_repository(worktree, file):
            found[name] = str(folder)
    return found


def folders_outside(worktree: Worktree, entries: Iterable[str]) -> list[Path]:
    """Return the folders of a search path that stay the same for another revision, except this package's folder.

    Parameters
    ----------
    worktree : Worktree
    entries : iterable of str
        A search path such as ``sys.path``.

    Returns
    -------
    list of Path
        Folders outside the repository and environments inside it, without the standard library.
    """
    folders = dict.fromkeys(Path(entry or os.curdir).resolve() for entry in entries)
    outside = [one for one in folders if _is_environment(worktree, one) or worktree.counterpart(one) is None]
    return [one for one in outside if one.is_dir() and one != PLUGIN_FOLDER and not (one / "os.py").exists()]


def is_in_repository(worktree: Worktree, file: Path) -> bool:
    """Return whether a file is the user's own: in the repository, in no environment, and not of this package."""
    is_ours = file.is_relative_to(PLUGIN_FOLDER / pytest_optlandscape.__name__)
    return not is_ours and not _is_environment(worktree, file) and worktree.counterpart(file) is not None


def file_of(module: Any) -> Path | None:
    """Return the file of a module; None if it has none."""
    file = getattr(module, "__file__", None)
    return Path(file).resolve() if isinstance(file, str) else None


def home_of(spec: str) -> Path | None:
    """Return the file of an optimizer's module; None if its spec names no loaded module."""
    from pytest_optlandscape.optimizers import LIBRARIES, parse_spec, third_party

    library = parse_spec(spec).library
    added = third_party.find()
    if library in added and library not in LIBRARIES:
        return file_of(added[library].module())
    if library not in LIBRARIES:
        return file_of(sys.modules.get(library))
    found = importlib.util.find_spec(library)
    return Path(found.origin).resolve() if found and found.origin else None


def _is_environment(worktree: Worktree, path: Path) -> bool:
    """Return whether a path belongs to a Python environment; ``sys.prefix`` counts only inside the repository."""
    installed = {sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders = {Path(folder).resolve() for folder in installed}
    folders |= {prefix for prefix in (Path(sys.prefix).resolve(),) if worktree.counterpart(prefix)}
    return any(path.resolve().is_relative_to(folder) for folder in folders - {worktree.repository})
