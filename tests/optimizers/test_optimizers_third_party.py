import importlib
import re
import sys
from pathlib import Path

import pytest

from pytest_optlandscape import minimize
from pytest_optlandscape.optimizers import MissingLibrary, get, third_party

DOCS = Path(__file__).parents[2] / "docs" / "optimizers.md"


def install(folder, code, value="walks.landscapes"):
    """Lay out a distribution as pip installs one."""
    info = folder / "walks-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: walks\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{third_party.GROUP}]\nwalks = {value}\n")
    package = folder / "walks"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "landscapes.py").write_text(code)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield tmp_path
    for name in [name for name in sys.modules if name.split(".")[0] == "walks"]:
        del sys.modules[name]


def test_the_example_of_the_documentation(folder):
    (code,) = re.findall(r"```python\n(# walks/landscapes.py\n.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    install(folder, code)
    assert list(third_party.find()) == ["walks"]
    run = minimize("walks:Walk(step=0.5)", "booth", budget=200, seed=3)
    assert (run.optimizer, run.stop_reason, run.nfev) == ("walks:Walk(step=0.5)", "budget", 200)
    assert run.gap < 0.1
    assert get("walks:Walk").versions() == {"walks": "1.0"}
    with pytest.raises(ValueError, match="it has Walk"):
        get("walks:Run")
    with pytest.raises(ValueError, match="unknown library of optimizer 'walk:Walk': 'walk'; did you mean 'walks'"):
        get("walk:Walk")


def test_objects_are_recognized(folder):
    install(
        folder,
        "from pytest_optlandscape import optimizers\n"
        "class Mine: pass\n"
        "def from_spec(spec): raise NotImplementedError\n"
        "def recognizes(thing): return isinstance(thing, Mine)\n"
        "def from_object(thing): return optimizers.get('scipy:Powell')\n",
    )
    walks = importlib.import_module("walks.landscapes")
    assert get(walks.Mine()).spec == "scipy:Powell"
    assert get(min_of_problem).spec.endswith(":min_of_problem")


def min_of_problem(problem):
    return problem.x0


def test_whose_fault_it_is(folder):
    install(folder, "import no_such_module_at_all\n")
    with pytest.raises(MissingLibrary, match=r"'walks' of walks cannot be loaded from walks.landscapes: ModuleNot"):
        get("walks:Walk")


def test_what_is_no_library(folder):
    install(folder, "")
    with pytest.raises(TypeError, match=r"entry point walks = walks.landscapes of walks: .* has no from_spec"):
        get("walks:Walk")
