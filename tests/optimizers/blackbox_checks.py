"""What is asked of the adapter of every library."""

import importlib
import os
import random
import subprocess
import sys

import numpy as np
import pytest

from pytest_optlandscape import Landscape, minimize
from pytest_optlandscape.optimizers import get

NEVER = Landscape(
    "never",
    lambda x: float("nan"),
    gradient=lambda x: np.full(2, np.nan),
    bounds=[(-1, 1), (-1, 1)],
    x0=[0.5, 0.5],
    minimizers=[[0.0, 0.0]],
    fmin=0.0,
    validate=False,
)


def needed(library):
    """Import a library; where all have to be installed its absence is no reason to skip."""
    if os.environ.get("OPTLANDSCAPE_NO_SKIPS"):
        return importlib.import_module(library)
    return pytest.importorskip(library)


def global_states():
    name, keys, *rest = np.random.get_state()
    return name, keys.tobytes(), *rest, random.getstate()


def counted(calls):
    """Beale's function, which writes down each point it is called with."""

    def beale(x):
        calls.append(x.copy())
        return float((1.5 - x[0] + x[0] * x[1]) ** 2 + (2.25 - x[0] + x[0] * x[1] ** 2) ** 2)

    def gradient(x):
        a, b = 1.5 - x[0] + x[0] * x[1], 2.25 - x[0] + x[0] * x[1] ** 2
        return np.array([2 * a * (x[1] - 1) + 2 * b * (x[1] ** 2 - 1), 2 * a * x[0] + 4 * b * x[0] * x[1]])

    return Landscape(
        "counted", beale, gradient=gradient, bounds=[(-4.5, 4.5)] * 2, x0=[1.0, 1.0], minimizers=[[3.0, 0.5]], fmin=0.0
    )


def check_budgets(spec, budgets=(1, 7, 100), generous=800):
    """Calls counted are calls made, never one more than the budget, and the reason says which it was."""
    adapter = get(spec)
    before = global_states()
    for budget in (*budgets, generous):
        calls = []
        landscape = counted(calls)
        calls.clear()
        run = minimize(adapter, landscape, budget=budget, seed=3)
        made = calls[: run.nfev]
        assert run.nfev <= budget
        assert run.njev <= budget
        assert run.stop_reason == ("budget" if max(run.nfev, run.njev) == budget else "returned"), run.message
        assert len(calls) <= run.nfev + 1  # once more, by us, at the result
        np.testing.assert_array_equal(run.trace.x, np.array(made))
        if adapter.takes_bounds:
            assert np.all(np.abs(run.trace.x) <= 4.5)
    assert run.gap < run.landscape(run.x0)
    assert global_states() == before


def check_two_processes(spec, budget=60):
    program = (
        "import warnings; warnings.simplefilter('ignore')\n"
        "from pytest_optlandscape import minimize\n"
        f"run = minimize({spec!r}, 'beale', budget={budget}, seed=5)\n"
        "print(run.stop_reason, [x.hex() for x in run.trace.x.ravel().tolist()])"
    )
    outputs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert outputs[0] == outputs[1]
    assert outputs[0].startswith(("budget [", "returned ["))
    assert minimize(spec, "beale", budget=budget, seed=5).replay().nfev <= budget


def check_seeds(spec, budget=60):
    runs = [minimize(spec, "beale", budget=budget, seed=seed).trace.x for seed in (1, 1, 2)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def check_nan(spec, budget=120):
    run = minimize(spec, NEVER, budget=budget)
    assert 1 <= run.nfev <= budget
    assert run.stop_reason in ("budget", "returned", "exception", "no-result", "non-finite")
    assert np.isnan(run.fun)


def check_silence(spec, capfd, folder, monkeypatch):
    monkeypatch.chdir(folder)
    minimize(spec, "beale", budget=50)
    assert capfd.readouterr() == ("", "")
    assert list(folder.iterdir()) == []


class AdapterTests:
    """The tests that every library's adapter has; a test class derived from this says of which library.

    Attributes
    ----------
    library : str
    specs : tuple of str
        Of optimizers; the first stands for all in what takes long.
    stochastic : tuple of str
        Those that draw random numbers.
    misspelt : tuple of (str, str)
        Specs that are wrong, and what the error says.
    generous : int
        A budget in which one may end by itself.
    spins_on_nan : tuple of str
        Those that go on for ever without evaluating where all values are NaN.
    """

    generous = 800
    spins_on_nan = ()

    def pytest_generate_tests(self, metafunc):
        if metafunc.function.__name__ == "test_misspelt":
            metafunc.parametrize(("spec", "said"), self.misspelt)
        elif "spec" in metafunc.fixturenames:
            ending = [spec for spec in self.specs if spec not in self.spins_on_nan]
            chosen = {"test_seeds_repeat_runs": self.stochastic, "test_nan_landscapes_end": ending}
            metafunc.parametrize("spec", chosen.get(metafunc.function.__name__, self.specs))

    def test_budget_is_exact(self, spec):
        check_budgets(spec, generous=self.generous)

    def test_nan_landscapes_end(self, spec):
        check_nan(spec)

    def test_seeds_repeat_runs(self, spec):
        check_seeds(spec)

    def test_two_processes_agree(self):
        check_two_processes(self.specs[0])

    def test_nothing_is_printed_or_written(self, capfd, tmp_path, monkeypatch):
        check_silence(self.specs[0], capfd, tmp_path, monkeypatch)

    def test_version_is_named(self):
        assert get(self.specs[0]).versions()[self.library][0].isdigit()

    def test_misspelt(self, spec, said):
        with pytest.raises(ValueError, match=said):
            get(spec)


def assert_kept(optimizer, told, *, seeded, budget=40):
    """Check that runs of an object are those of a spec, and whether the problem's seed is used or the object's own."""
    adapter = get(optimizer)
    first, again = (minimize(adapter, "booth", budget=budget) for _ in range(2))
    assert np.array_equal(first.trace.x, again.trace.x)
    assert np.array_equal(first.trace.x, minimize(told, "booth", budget=budget).trace.x)
    other = minimize(adapter, "booth", budget=budget, seed=1)
    assert np.array_equal(first.trace.x, other.trace.x) == (not seeded)
