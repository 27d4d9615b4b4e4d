import json
import os

import pytest


def package(repository, **knobs):
    """Lay the optimizer out as src/steps/core.py behind a package."""
    folder = repository.path / "src" / "steps"
    folder.mkdir(parents=True, exist_ok=True)
    repository.project.solver(**knobs)
    (repository.path / "solver.py").rename(folder / "core.py")
    (folder / "__init__.py").write_text("from steps.core import minimize as minimize\n")


@pytest.mark.thorough
def test_a_package_below_src_is_taken_from_the_revision_with_all_its_modules(repository):
    package(repository)
    repository.project.configure("steps:minimize", pythonpath="src")
    repository.commit()
    package(repository, REPEATS=2)
    assert repository.verdict()[0]["verdict"] == "worse"


def test_a_package_that_an_import_hook_finds_is_taken_from_the_revision(repository, monkeypatch):
    package(repository)
    repository.project.configure("steps:minimize", pythonpath="tests")
    repository.commit()
    package(repository, REPEATS=2)
    hooks = repository.temporary.parent / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(
        f"""
import sys
from importlib.machinery import PathFinder

class Editable:
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, [{str(repository.path / "src")!r}]) if name == "steps" else None

sys.meta_path.insert(0, Editable)
"""
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(hooks), *filter(None, [os.environ.get("PYTHONPATH")])]))
    monkeypatch.setenv("TMPDIR", str(repository.temporary))
    outcome = repository.temporary.parent / "outcome.json"
    arguments = ("--optlandscape-against=HEAD", "-k", "beale", f"--optlandscape-json={outcome}")
    result = repository.project.pytester.runpytest_subprocess(*arguments)
    assert result.ret == 1
    assert json.loads(outcome.read_text())["optimizers"][0]["verdict"] == "worse"


def test_what_the_present_revision_would_lend_is_no_comparison(repository):
    (repository.path / "solver.py").write_text(
        f"""
import importlib.util, sys
spec = importlib.util.spec_from_file_location("lent.helper", {str(repository.path / "helper.py")!r})
sys.modules["lent.helper"] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
minimize = module.minimize
"""
    )
    (repository.path / "helper.py").write_text("def minimize(fun, x0):\n    return x0\n")
    repository.commit()
    result = repository.compare()
    result.stdout.fnmatch_lines(["*not compared on beale: there lent.helper would still be imported*"])


def test_a_copy_that_is_installed_does_not_stand_in_for_the_revision(repository, monkeypatch):
    """A namespace has no file of its own, and other folders may hold parts of it."""
    installed = repository.temporary.parent / "installed"
    for folder in (installed, repository.path):
        (folder / "company").mkdir(parents=True)
        (folder / "company" / "steps.py").write_text("def minimize(fun, x0):\n    return x0\n")
    monkeypatch.setenv("PYTHONPATH", str(installed), prepend=os.pathsep)
    monkeypatch.syspath_prepend(installed)
    repository.project.configure("company.steps:minimize")
    result = repository.compare()
    result.stdout.fnmatch_lines(["company.steps:minimize is not there at HEAD: *company.steps*"])


def test_an_optimizer_from_elsewhere_is_the_same_code_on_both_sides(repository):
    repository.project.configure("scipy:BFGS")
    landscape, found, result = repository.verdict()
    assert (result.ret, landscape["verdict"]) == (0, "same")
    result.stdout.fnmatch_lines(["*scipy:BFGS is not in this repository, so the same code ran at HEAD and now*"])
    assert found["against"]["times"]["scipy:BFGS"]["landscapes"] == {}
