import sys
import sysconfig
from pathlib import Path
from types import ModuleType

import pytest

from pytest_optlandscape.session.reference import search_path as module
from pytest_optlandscape.session.reference.search_path import is_in_repository, modules_of_repository, search_path
from pytest_optlandscape.session.reference.worktree import Worktree


@pytest.fixture
def worktree(tmp_path):
    repository = tmp_path / "project"
    (repository / "src").mkdir(parents=True)
    return Worktree(repository.resolve(), (tmp_path / "other" / "project").resolve(), "v1", "0" * 40)


def test_entries_inside_the_repository_are_replaced_in_their_place(worktree, monkeypatch):
    repository, folder = worktree.repository, worktree.folder
    monkeypatch.chdir(repository / "src")
    entries = ["/elsewhere", str(repository), "", str(repository / ".." / "project" / "lib"), str(repository) + "-2"]
    assert search_path(worktree, entries) == [
        "/elsewhere", str(folder), str(folder / "src"), str(folder / "lib"), str(repository) + "-2",
    ]  # fmt: skip


def test_an_environment_inside_the_repository_stays(worktree, monkeypatch):
    prefix = worktree.repository / ".venv"
    monkeypatch.setattr(sys, "prefix", str(prefix))
    entries = [str(prefix / "lib" / "site-packages"), str(prefix)]
    assert search_path(worktree, entries) == entries
    assert not is_in_repository(worktree, prefix / "lib" / "site-packages" / "numpy.py")


def test_the_standard_library_stays_even_where_all_is_one_repository(worktree):
    everything = Worktree(Path("/"), worktree.folder, "v1", "0" * 40)
    purelib = sysconfig.get_path("purelib")
    assert search_path(everything, [purelib]) == [purelib]


def test_the_entry_of_this_package_stays_behind_its_counterpart(worktree, monkeypatch):
    monkeypatch.setattr(module, "PLUGIN_FOLDER", worktree.repository)
    both = [str(worktree.folder), str(worktree.repository)]
    assert search_path(worktree, [str(worktree.repository)]) == both
    ours = worktree.repository / "pytest_optlandscape" / "plugin.py"
    assert not is_in_repository(worktree, ours)
    assert is_in_repository(worktree, worktree.repository / "solver.py")


def test_top_level_modules_of_the_repository_are_named_with_their_folders(worktree):
    def made(name, *parts, is_package=False):
        thing = ModuleType(name)
        thing.__file__ = str(worktree.repository.joinpath(*parts))
        if is_package:
            thing.__path__ = [str(worktree.repository.joinpath(*parts[:-1]))]
        return thing

    modules = {
        "solver": made("solver", "solver.py"),
        "steps": made("steps", "src", "steps", "__init__.py", is_package=True),
        "steps.core": made("steps.core", "src", "steps", "core.py"),
        "sys": sys,
        "pytest": pytest,
        "namespace": ModuleType("namespace"),
    }
    folder = worktree.repository
    assert modules_of_repository(worktree, modules) == {"solver": str(folder), "steps": str(folder / "src")}


def test_a_worktree_crosses_a_process_border(worktree):
    assert Worktree.from_plain(worktree.to_plain()) == worktree
    assert worktree.counterpart(worktree.repository / "a" / "b.py") == worktree.folder / "a" / "b.py"
    assert worktree.counterpart(worktree.repository.parent) is None
