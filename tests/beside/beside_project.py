"""A small project that is run in processes of its own, with chosen plugins and no others."""

import importlib.metadata
import json
import os

import pytest

SOLVERS = '''
import numpy as np

TWICE = False


def steady(fun, x0, jac, bounds, maxfev, rng):
    """Take random steps downhill."""
    return _descent(fun, x0, jac, bounds, rng.uniform, 1)


def moved(fun, x0, jac, bounds, maxfev, rng):
    """Do as `steady`, until TWICE is set."""
    return _descent(fun, x0, jac, bounds, rng.uniform, 1 + TWICE)


def careless(fun, x0, jac, bounds, maxfev):
    """Draw from NumPy's global generator."""
    return _descent(fun, x0, jac, bounds, np.random.uniform, 1)


def endless(fun, x0, jac, bounds, maxfev):
    """Never return."""
    while True:
        pass


def _descent(fun, x0, jac, bounds, uniform, values):
    x, best = np.array(x0), fun(x0)
    while True:
        for _ in range(values):
            fun(x)
        trial = np.clip(x - uniform(0.0, 0.1) * jac(x), *np.transpose(bounds))
        value = fun(trial)
        if value < best:
            x, best = trial, value
'''

OWN = """
def test_own(beale, minimize):
    assert minimize("scipy:L-BFGS-B", beale, budget=100).fun < 1e-3
"""

SUITE_IDS = {
    f"optlandscape::{spec}::{name}"
    for spec in ("solvers:steady", "solvers:moved")
    for name in ("booth", "beale", "overall")
}
"""The ids of the suite's items."""

WORSE = {"optlandscape::solvers:moved::booth", "optlandscape::solvers:moved::overall"}
"""The items that fail when TWICE is set. On beale the verdict is *changed*, which fails nothing."""


def require(distribution):
    """Skip the test without a plugin; under OPTLANDSCAPE_NO_SKIPS fail it."""
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        if os.environ.get("OPTLANDSCAPE_NO_SKIPS"):
            raise
        pytest.skip(f"{distribution} is not installed")


class Project:
    """Two optimizers on booth and beale, with a baseline, and one ordinary test."""

    def __init__(self, pytester):
        self.pytester = pytester
        self.path = pytester.path
        self.baseline = self.path / "optlandscape_baseline"
        (self.path / "solvers.py").write_text(SOLVERS)
        (self.path / "test_own.py").write_text(OWN)
        self.configure("solvers:steady", "solvers:moved")

    def configure(self, *optimizers):
        lines = "".join(f"    {optimizer}\n" for optimizer in optimizers)
        (self.path / "pytest.ini").write_text(
            f"[pytest]\noptlandscape_optimizers =\n{lines}"
            "optlandscape_suites =\n    two = booth beale\n"
            "optlandscape_suite = two\noptlandscape_budget = 20\noptlandscape_contract = false\n"
            "pythonpath = .\n"
        )

    def make_worse(self):
        (self.path / "solvers.py").write_text(SOLVERS.replace("TWICE = False", "TWICE = True"))

    def run(self, *arguments):
        """Run the suite with the plugins of `arguments`, and those that the package requires."""
        return self.pytester.runpytest_subprocess("-p", "optlandscape", "-p", "benchmark", "-rA", *arguments)

    def suite(self, *arguments):
        """Run the suite; return the session and the bytes of the JSON outcome."""
        (self.path / "outcome.json").unlink(missing_ok=True)
        result = self.run("--optlandscape", "--optlandscape-json", "outcome.json", *arguments)
        return result, (self.path / "outcome.json").read_bytes()

    def accepted(self):
        """Return the bytes of each baseline."""
        return {path.name: path.read_bytes() for path in self.baseline.iterdir()}

    def read(self, name):
        return json.loads((self.path / name).read_text())


def ended(result, how):
    """Return the ids of the tests that ended in one way, from pytest's short summary."""
    (start,) = (k for k, line in enumerate(result.outlines) if "short test summary info" in line)
    return {line.split()[1] for line in result.outlines[start:] if line.startswith(f"{how} ")}
