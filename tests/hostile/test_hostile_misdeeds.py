"""Hostile optimizers beside honest ones: each misdeed is named, no item is lost, and nobody else is disturbed."""

import importlib
import json
import pkgutil
import sys

import hypothesis  # noqa: F401
import misdeeds
import pytest

import pytest_optlandscape

# pytester forgets what its sessions import first: to import the package in each takes longer than to run it
for module in pkgutil.walk_packages(pytest_optlandscape.__path__, "pytest_optlandscape."):
    importlib.import_module(module.name)

HEAD = """
import gc, locale, logging, os, random, signal, sys, threading, time, warnings
from os import _exit
import numpy as np
import pytest


class NoStr(Exception):
    def __str__(self): raise TypeError("no")
class StrExits(Exception):
    def __str__(self): sys.exit(0)
class StrSkips(Exception):
    def __str__(self): pytest.skip("no")
class StrIsNone(Exception):
    def __str__(self): return None
class Meta(type):
    @property
    def __name__(cls): raise SystemExit(0)
    def __repr__(cls): raise SystemExit(0)
class NameLies(Exception, metaclass=Meta): pass
class HidesTraceback(Exception):
    __traceback__ = property(lambda self: sys.exit(0))
class OddStr(str):
    def __str__(self): return self
    def __getitem__(self, key): raise SystemExit(0)
    def __eq__(self, other): raise SystemExit(0)
    __hash__ = str.__hash__
class OddWarning(UserWarning):
    def __init__(self, *arguments):
        if arguments: raise SystemExit(0)
    def __str__(self): raise SystemExit(0)
class WarningExits(Warning):
    def __str__(self): sys.exit(0)
class Finaliser:
    def __del__(self): raise ValueError("\\ud800")
def raises_surrogate(): raise ValueError("\\ud800")
class ReprExits:
    def __repr__(self): sys.exit(0)
class ReprSurrogate:
    def __repr__(self): return "\\ud800"
class HugeRepr:
    def __repr__(self): return "r" * 20_000_000
class XRaises:
    x = property(lambda self: 1 / 0)
class XExits:
    x = property(lambda self: sys.exit(0))
class XSkips:
    x = property(lambda self: pytest.skip("no"))
class GetattrRaises:
    def __getattr__(self, name): raise GeneratorExit
class ArrayRaises:
    def __array__(self, *arguments, **keywords): raise RuntimeError("I need gradients")
class ArrayExits:
    def __array__(self, *arguments, **keywords): sys.exit(0)
class ArrayIsText:
    def __array__(self, *arguments, **keywords): return np.array(["a", "b"])
class FloatExits:
    def __float__(self): sys.exit(0)
    def __array__(self, *arguments, **keywords): sys.exit(0)
class MappingRaises(dict):
    def items(self): sys.exit(0)
class Coroutine:
    def __await__(self): yield
class ClassLies:
    @property
    def __class__(self): raise GeneratorExit
class GradientTensor:
    def __array__(self, *arguments, **keywords): raise RuntimeError("Can't call numpy() on Tensor that requires grad.")
    def __float__(self): raise RuntimeError("no")
class ComparesOddly:
    def __eq__(self, other): raise SystemExit(0)
    __ne__ = __eq__
    __hash__ = object.__hash__
    def __bool__(self): raise SystemExit(0)
class AllRaiseButX:
    def __init__(self, x): self.__dict__["x"] = x
    def __getattr__(self, name): raise SystemExit(0)
def MockResult(x):
    import unittest.mock
    return unittest.mock.MagicMock(x=x)
def R(**attributes):
    import types
    return types.SimpleNamespace(x=[1.0, 1.0], **attributes)
def low_recursion_limit():
    for limit in range(10, 1000):
        try:
            sys.setrecursionlimit(limit)
            return
        except RecursionError:
            pass
def other_locale():
    return "C" if locale.setlocale(locale.LC_ALL) != "C" else "C.UTF-8"
"""

HONEST = '''
import decimal, gc, json, locale, logging, os, random, signal, sys, warnings
import numpy as np


def state():
    mask = os.umask(0o022)
    os.umask(mask)
    return {
        "umask": mask, "folder": os.getcwd(), "locale": locale.setlocale(locale.LC_ALL),
        "environment": {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")},
        "collector": [gc.isenabled(), gc.get_threshold(), gc.get_debug()], "errors": [np.geterr(), np.geterrcall()],
        "path": list(sys.path), "recursion": sys.getrecursionlimit(), "streams": [bool(sys.stdout), bool(sys.stderr)],
        "timer": signal.getitimer(signal.ITIMER_REAL),
        "random": [random.getstate()[1][:9], np.random.get_state()[1][:9].tolist()],
        "decimal": decimal.getcontext().prec, "printing": np.get_printoptions()["precision"],
        "logging": [logging.root.level, logging.root.manager.disable], "open": open.__name__, "length": len([1]),
        "modules": "scipy" in sys.modules, "trace": sys.getprofile() is None,
    }


BEFORE = state()


def minimize(problem):
    """Descend; a state of the process that others have changed is an error."""
    now = state()
    changed = {name: (BEFORE[name], now[name]) for name in now if now[name] != BEFORE[name]}
    if changed:
        raise AssertionError(f"disturbed: {changed}")
    x, step = problem.x0, 0.01
    for _ in range(15):
        x = np.clip(x - step * problem.gradient(x), *problem.bounds.T)
        problem(x)
    return x


def first(problem): return minimize(problem)
def middle(problem): return minimize(problem)
def last(problem): return minimize(problem)
'''
CONTROLS = ("honest:first", "honest:middle", "honest:last")
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX")


def written(bodies, head="problem", evaluates="x = problem.x0; problem(x)"):
    """Write a module with one optimizer for each body."""
    source = HEAD
    for name, body in bodies.items():
        lines = ["return problem.x0"] if body is None else [evaluates, body, "return x"]
        source += f"\ndef {name}({head}):\n" + "".join(f"    {line}\n" for line in lines if line)
    return source


class Gallery:
    """A project with hostile optimizers between honest ones, which have a baseline."""

    def __init__(self, pytester):
        self.path = pytester.path
        self._pytester = pytester
        self.is_apart = False  # what is logged in this process goes into the report of this test, surrogates too
        (self.path / "honest.py").write_text(HONEST)

    def configure(self, specs):
        lines = "".join(f"    {spec}\n" for spec in specs)
        (self.path / "pytest.ini").write_text(
            f"[pytest]\noptlandscape_optimizers =\n{lines}optlandscape_budget = 20\npythonpath = .\n"
            "optlandscape_suite = quick\noptlandscape_contract = false\nfilterwarnings = default\n"
        )

    def run(self, *arguments):
        run = self._pytester.runpytest_subprocess if self.is_apart else self._pytester.runpytest_inprocess
        return run("--optlandscape", "-k", "beale", *arguments)

    def judge(self, source, names, *arguments):
        """Run the optimizers of a module between the controls; give what the JSON outcome says of each by its name."""
        self.configure(CONTROLS)
        assert self.run("--optlandscape-update").ret == 0
        encoded = source.encode("utf-8", "surrogatepass")
        (self.path / "hostile.py").write_bytes(encoded)
        half = len(names) // 2
        specs = [f"hostile:{name}" for name in names]
        self.configure([CONTROLS[0], *specs[:half], CONTROLS[1], *specs[half:], CONTROLS[2]])
        result = self.run("--optlandscape-json=outcome.json", *arguments)
        text = (self.path / "outcome.json").read_text("utf-8")
        found = {one["spec"]: one for one in json.loads(text)["optimizers"]}
        assert list(found) == [CONTROLS[0], *specs[:half], CONTROLS[1], *specs[half:], CONTROLS[2]]  # no item is lost
        for control in CONTROLS:
            (landscape,) = found.pop(control)["landscapes"]
            assert (landscape["verdict"], landscape["fingerprint"]) == ("same", "identical"), landscape
            assert "notes" not in landscape
        printed = str(result.stdout) + str(result.stderr)
        assert "INTERNALERROR" not in printed
        assert len(printed.partition("warnings summary")[0]) < 4000 * (len(names) + 5)  # no internals
        assert not any(one in printed for one in ("\x1b", "\x07", "\x9b", "\ud800", "\u202e"))
        landscapes = {spec.removeprefix("hostile:"): one["landscapes"][0] for spec, one in found.items()}
        return landscapes, result


@pytest.fixture
def gallery(pytester, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    return Gallery(pytester)


def bodies_of(kind):
    """Give the bodies of a kind of optimizers, by name."""
    if kind == "ODD_RESULTS":
        return {name: f"return {expression}" for name, expression in misdeeds.ODD_RESULTS.items()}
    found = getattr(misdeeds, kind)
    return {name: one if isinstance(one, str) else one[0] for name, one in found.items()}


def check(kind, landscapes, printed):
    """Check what the outcome says of the optimizers of a kind."""
    names = {name: landscapes[name] for name in bodies_of(kind)}
    if kind in SILENT:
        assert {name: one for name, one in names.items() if "errors" in one} == {}
        return
    where = "notes" if kind == "CHANGES" else "errors"
    texts = {name: "Error: " if kind == "SHARED" else getattr(misdeeds, kind)[name][1] for name in names}
    wrong = {name: one for name, one in names.items() if not any(texts[name] in said for said in one.get(where, ()))}
    assert not wrong
    assert {one["verdict"] for one in names.values()} == {"new"}
    if where == "errors":
        assert all(f"hostile:{name} gives no result on beale: " in printed for name in names)


SILENT = ("ODD_RESULTS", "LOUD", "UNNOTICED")
FAILING = ("RAISES", "RETURNS", "SHARED")
KINDS = [
    pytest.param("RAISES", marks=POSIX),
    "RETURNS",
    "ODD_RESULTS",
    pytest.param("CHANGES", marks=POSIX),
    "SHARED",
    "LOUD",
    "UNNOTICED",
]


@pytest.mark.parametrize("kind", KINDS)
def test_each_misdeed_is_named_and_disturbs_nobody(gallery, kind):
    bodies = bodies_of(kind)
    gallery.is_apart = kind == "LOUD"
    landscapes, result = gallery.judge(written(bodies), list(bodies))
    check(kind, landscapes, str(result.stdout))
    result.assert_outcomes(
        **({"failed": len(bodies), "passed": 3} if kind in FAILING else {"passed": len(bodies) + 3}),
        deselected=result.parseoutcomes()["deselected"],
        warnings=result.parseoutcomes().get("warnings", 0),
    )


@pytest.mark.thorough
@POSIX
def test_all_of_them_on_two_workers(gallery):
    pytest.importorskip("xdist")
    kinds = ["RAISES", "RETURNS", "ODD_RESULTS", "CHANGES", "SHARED", "LOUD", "UNNOTICED"]
    bodies = {name: body for kind in kinds for name, body in bodies_of(kind).items()}
    assert len(bodies) == sum(len(bodies_of(kind)) for kind in kinds)
    landscapes, result = gallery.judge(written(bodies), list(bodies), "-n", "2")
    for kind in kinds:
        check(kind, landscapes, str(result.stdout))
    assert result.parseoutcomes()["failed"] == sum(len(bodies_of(kind)) for kind in FAILING)


def test_hands_on_the_counting_are_told_or_without_effect(gallery):
    landscapes, _ = gallery.judge(written(misdeeds.HANDS_ON), list(misdeeds.HANDS_ON))
    told = [error for one in landscapes.values() for error in one.get("errors", ())]
    assert len([error for error in told if "cannot be read" in error]) >= 3, told


def test_what_is_handed_over_by_name_is_a_copy(gallery):
    source = written(misdeeds.UNSEEN, "fun, x0, bounds", "")
    landscapes, result = gallery.judge(source, list(misdeeds.UNSEEN))
    assert not [one for one in landscapes.values() if "errors" in one]
    assert result.ret == 0
