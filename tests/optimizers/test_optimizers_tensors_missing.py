import subprocess
import sys

import pytest

HIDE = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in {hidden!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hidden())
from pytest_optlandscape.optimizers import MissingLibrary, get
try:
    get({spec!r})
except MissingLibrary as error:
    print(error)
"""
BROKEN = "raise OSError('libsomething.so: cannot open shared object file')"


def python(program, path=None):
    prepared = f"import sys; sys.path.insert(0, {str(path)!r})\n" if path else ""
    return subprocess.run([sys.executable, "-c", prepared + program], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("spec", "library", "extra"),
    [("torch:Adam", "torch", "torch"), ("optax:sgd(learning_rate=0.1)", "optax", "jax")],
)
def test_library_that_is_not_installed(spec, library, extra):
    said = python(HIDE.format(hidden=(library,), spec=spec))
    assert said.strip() == f"{spec} needs {library}, which is not installed: pip install 'pytest-optlandscape[{extra}]'"


@pytest.mark.parametrize(("spec", "library"), [("torch:Adam", "torch"), ("optax:sgd(learning_rate=0.1)", "optax")])
def test_broken_installation(spec, library, tmp_path):
    (tmp_path / f"{library}.py").write_text(BROKEN, encoding="utf-8")
    said = python(HIDE.format(hidden=(), spec=spec), tmp_path)
    assert f"{spec} needs {library}, whose installation is broken: OSError: libsomething.so" in said


def test_nothing_is_imported_before_it_is_asked_for():
    program = "import sys, functools; from pytest_optlandscape import minimize\n"
    program += "minimize('scipy:Powell', 'beale', budget=9); minimize(lambda problem: problem.x0, 'beale')\n"
    program += "print([name for name in ('torch', 'jax', 'optax', 'keras') if name in sys.modules])"
    assert python(program).strip() == "[]"
