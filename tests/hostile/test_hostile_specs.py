"""Specs that are no optimizers: none of them is called, and each is one clear mistake."""

import signal
import sys

import pytest

from pytest_optlandscape.optimizers import get

MODULE = """
import functools
import subprocess
from subprocess import Popen as Shell
from pytest_optlandscape.optimizers import Adapter

CALLED = []

class Popen:
    def __init__(self, args, shell=False):
        CALLED.append(args)

class CallsNothing(Popen):
    def __call__(self):
        CALLED.append("called")

class Steps:
    def __init__(self, step=1.0):
        self.step = step
    def __call__(self, problem):
        problem(problem.x0)
        return problem.x0 * self.step

class Asked:
    def __init__(self, x0, step=1.0):
        self.x0 = x0
    def ask(self):
        return self.x0
    def tell(self, value):
        pass

def remove(path):
    CALLED.append(path)

def write(path, *lines):
    CALLED.append(path)

def run(**keywords):
    CALLED.append(keywords)

def make(step=1.0) -> "Steps":
    CALLED.append(step)

def make_asked(sigma=1.0) -> Asked:
    return functools.partial(Asked, step=sigma)([0.0, 0.0])

def minimize(fun, x0, step=1.0):
    fun(x0)
    return x0

def solve(problem, *, step=1.0):
    problem(problem.x0)
    return problem.x0
"""


@pytest.fixture
def given(tmp_path, monkeypatch):
    (tmp_path / "given_module.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield __import__("given_module")
    sys.modules.pop("given_module")


@pytest.mark.parametrize(
    "spec",
    [
        "subprocess:Popen(args='touch FILE', shell=True)",
        "subprocess:run(args='touch FILE', shell=True)",
        "subprocess:getoutput(cmd='touch FILE')",
        "os:system(command='touch FILE')",
        "posix:system(command='touch FILE')",
        "os:spawnl(mode=0, file='touch')",
        "os:abort",
        "os:mkdir(path='FILE')",
        "pathlib:Path.touch",
        "sys:exit",
        "builtins:exec",
        "builtins:open(file='FILE', mode='w')",
        "threading:Thread(target=None)",
        "given_module:Shell(args='touch FILE', shell=True)",
        "given_module:subprocess.Popen(args='touch FILE', shell=True)",
    ],
)
def test_nothing_of_the_standard_library_is_called(spec, given, tmp_path):
    file = tmp_path / "touched"
    with pytest.raises(ValueError, match=r"of Python's standard library, which has no optimizers; it was not called"):
        get(spec.replace("FILE", str(file)))
    assert not file.exists()


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("Popen(args='a', shell=True)", "objects of the class Popen cannot be called and lack ask and tell"),
        ("CallsNothing(args='a')", "objects of the class CallsNothing take neither fun and x0 nor a problem"),
        ("remove(path='a')", "it takes neither fun and x0 nor a problem"),
        ("write(path='a')", "it takes neither fun and x0 nor a problem"),
        ("run(path='a')", "it takes neither fun and x0 nor a problem"),
        ("make(step=2.0)", "its return annotation names no optimizer"),
    ],
)
def test_what_is_no_optimizer_is_not_called_with_a_specs_arguments(spec, why, given):
    with pytest.raises(TypeError, match=rf"is not an optimizer, so it was not called with these arguments: .*{why}"):
        get(f"given_module:{spec}")
    assert given.CALLED == []


@pytest.mark.parametrize("spec", ["Steps(step=2.0)", "Asked(step=2.0)", "minimize(step=2.0)", "solve(step=2.0)"])
def test_what_is_an_optimizer_takes_a_specs_arguments(spec, given):
    assert get(f"given_module:{spec}").spec == f"given_module:{spec}"


def test_a_function_that_says_that_it_returns_an_optimizer_takes_a_specs_arguments(given):
    assert get("given_module:make_asked(sigma=2.0)").spec == "given_module:make_asked(sigma=2.0)"


RAISED = {
    "import sys; sys.exit('bye')": "importing 'hostile_module' failed: SystemExit: bye",
    "import sys; sys.exit(0)": "importing 'hostile_module' failed: SystemExit: 0",
    "import pytest; pytest.skip('no', allow_module_level=True)": "importing 'hostile_module' failed: Skipped: no",
    "import pytest; pytest.skip('no')": "importing 'hostile_module' failed: Skipped",
    "import pytest; pytest.importorskip('nothing_here')": "importing 'hostile_module' failed: Skipped",
    "import pytest; pytest.xfail('no')": "importing 'hostile_module' failed: XFailed",
    "import pytest; pytest.exit('no')": "importing 'hostile_module' failed: Exit: no",
    "import pytest; pytest.fail('no')": "importing 'hostile_module' failed: Failed: no",
    "raise KeyboardInterrupt": "importing 'hostile_module' failed: KeyboardInterrupt",
    "class Stop(KeyboardInterrupt): pass\nraise Stop('a\\x1b[2Jb\\ud800')": "'hostile_module' failed: Stop: a",
    "raise GeneratorExit": "importing 'hostile_module' failed: GeneratorExit",
    "import asyncio; raise asyncio.CancelledError": "importing 'hostile_module' failed: CancelledError",
    "class Odd(Exception):\n    def __str__(self): raise SystemExit\nraise Odd": "Odd, whose text cannot be read",
    "raise ValueError('x' * 10**6)": "ValueError: xxxx",
    "def f(: pass": "SyntaxError",
    "x = '\\ud800'.encode()": "UnicodeEncodeError",
    "def __getattr__(name): raise RuntimeError('ha')": "asking for 'minimize' failed: RuntimeError: ha",
    "def __getattr__(name): raise SystemExit": "asking for 'minimize' failed: SystemExit",
    "def __dir__(): raise OSError('ha')": "asking for 'minimize' failed: OSError: ha",
    "def __dir__(): return [1, 'minimise']": "",
    "class Odd:\n    @property\n    def __signature__(self): raise OSError('ha')\n    def __call__(self, x): pass\n"
    "minimize = Odd()": "reading its signature failed: OSError: ha",
    "def minimize(problem): pass\nminimize.__signature__ = 3": "reading its signature failed: TypeError",
    "class Odd:\n    @property\n    def __class__(self): raise OSError('ha')\n    def __call__(self, x): pass\n"
    "minimize = Odd()": "",
    "class Odd:\n    def __getattr__(self, name): raise OSError('ha')\nminimize = Odd()": "OSError: ha",
    "class Odd:\n    def __repr__(self): raise OSError('ha')\nminimize = Odd()": "OSError: ha",
    "class Meta(type):\n    @property\n    def __module__(self): return 3\nclass minimize(metaclass=Meta): pass": "",
    "def minimize(): raise SystemExit(3)": "SystemExit: 3",
    "minimize = property(lambda self: None)": "not an optimizer",
    "minimize = minimise = None": "not an optimizer",
}


@pytest.mark.parametrize("source", RAISED)
def test_whatever_a_module_does_is_one_mistake(source, tmp_path, monkeypatch):
    (tmp_path / "hostile_module.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    try:
        with pytest.raises((ValueError, TypeError)) as caught:
            get("hostile_module:minimize")
    finally:
        sys.modules.pop("hostile_module", None)
    said = str(caught.value)
    assert RAISED[source] in said
    assert "hostile_module" in said
    assert said.isprintable()
    assert len(said) < 1000


def test_a_module_that_imports_keras_without_its_backend_is_told_of_keras_backend(tmp_path, monkeypatch):
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras" / "__init__.py").write_text("import tensorflow")
    (tmp_path / "training_module.py").write_text("import keras")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    with pytest.raises(ValueError, match=r"with the backend tensorflow: set .* KERAS_BACKEND"):
        get("training_module:minimize")


def test_ctrl_c_while_a_module_is_imported_ends_the_session(tmp_path, monkeypatch):
    (tmp_path / "interrupted_module.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        get("interrupted_module:minimize")


def test_where_ctrl_c_is_ignored_a_module_that_raises_it_is_a_mistake(tmp_path, monkeypatch):
    (tmp_path / "interrupting_module.py").write_text("raise KeyboardInterrupt")
    monkeypatch.syspath_prepend(tmp_path)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(ValueError, match="failed: KeyboardInterrupt"):
            get("interrupting_module:minimize")
    finally:
        signal.signal(signal.SIGINT, before)


LONG = "-" * 1000
TEXTS = {
    f"scipy:BFGS(gtol={LONG}1)": "not a literal",
    f"scipy:BFGS(gtol={'(' * 1000}1{')' * 1000})": "cannot read the arguments",
    f"scipy:BFGS(gtol={'[' * 5000})": "cannot read the arguments",
    f"scipy:BFGS(gtol={'9' * 5000})": "cannot read the arguments",
    "scipy:BFGS(gtol=1e999)": "cannot be stored in a baseline and read back",
    "scipy:BFGS(gtol=-1e999)": "cannot be stored",
    "scipy:BFGS(gtol=[1e999])": "cannot be stored",
    "scipy:BFGS(gtol={'a': (1e999,)})": "cannot be stored",
    "scipy:BFGS(gtol=1e999j)": "cannot be stored",
    "scipy:BFGS(gtol=...)": "cannot be stored",
    "scipy:BFGS(gtol=[...])": "cannot be stored",
    "scipy:BF\nGS": "control characters",
    "sci\0py:BFGS": "control characters",
    "\udc80:BFGS": "control characters",
    f"{'a' * 100_000}:minimize": "aaa",
    f"scipy:{'a' * 100_000}": "unknown SciPy optimizer 'aaa",
    "..:minimize": "importing '..' failed",
    "/etc/passwd:minimize": "unknown library of optimizer '/etc/passwd:minimize'",
    "os..path:join": "unknown library of optimizer 'os..path:join'",
    "scipy:BFGS(): ()": "scipy:BFGS",
}


@pytest.mark.parametrize("spec", TEXTS, ids=range(len(TEXTS)))
def test_a_text_that_is_no_spec_is_one_mistake(spec):
    with pytest.raises((ValueError, TypeError), match=TEXTS[spec]) as caught:
        get(spec)
    assert len(str(caught.value)) < 1500
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("files", "arguments", "said"),
    [
        ({"hostile_module.py": "raise SystemExit(0)"}, [], "importing 'hostile_module' failed: SystemExit: 0"),
        ({"hostile_module.py": "import pytest; pytest.skip('no')"}, ["-n", "2"], "failed: Skipped"),
        (
            {"hostile_module.py": "def minimize(problem): pass", "maker.py": "raise SystemExit(0)"},
            ["--optlandscape-executor=maker:make"],
            "importing maker failed: SystemExit: 0",
        ),
        (
            {
                "hostile_module.py": "def minimize(problem): pass",
                "conftest.py": "def pytest_optlandscape_optimizers():\n    import pytest\n    pytest.skip('no')\n",
            },
            [],
            "raised Skipped: no",
        ),
    ],
)
def test_a_session_ends_with_one_usage_error(pytester, monkeypatch, files, arguments, said):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for name, text in files.items():
        (pytester.path / name).write_text(text)
    pytester.makeini("[pytest]\npythonpath = .\noptlandscape_optimizers = hostile_module:minimize")
    result = pytester.runpytest_inprocess("--optlandscape", *arguments)
    shown = [*result.outlines, *result.errlines]
    assert not [line for line in shown if "Traceback" in line or "INTERNALERROR" in line], "\n".join(shown)
    errors = [line for line in result.errlines if line.startswith("ERROR:")]
    assert (result.ret, len(errors)) == (pytest.ExitCode.USAGE_ERROR, 1), "\n".join(shown)
    assert said in errors[0]
