"""Small landscapes over search spaces, and what is asked of the adapter of every tuner on them."""

import math

import numpy as np
import pytest
from blackbox_checks import global_states

from pytest_optlandscape import Landscape, Problem, minimize
from pytest_optlandscape.landscapes.spaces import Choice, Float, Int, Ordinal, Space
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.runs import execute

BEST = {"lr": 1e-3, "batch": 32, "layers": 4, "dropout": 0.2, "width": 64, "optimizer": "sgd", "momentum": 0.9}
FINITE_BEST = {"norm": "l2", "dual": True, "depth": 2, "size": "m"}
KEYS = ("lr", "batch", "layers", "dropout", "width", "optimizer", "momentum", "nesterov")


def mixed_loss(c):
    value = (math.log10(c["lr"]) + 3.0) ** 2 + (math.log2(c["batch"]) - 5.0) ** 2 / 5.0 + abs(c["layers"] - 4) / 2.0
    value += 5.0 * abs(c["dropout"] - 0.2) + {16: 1.0, 64: 0.0, 256: 0.5}[c["width"]]
    value += {"sgd": 0.0, "adam": 0.5, None: 2.0}[c["optimizer"]]
    return value + (4.0 * (c["momentum"] - 0.9) ** 2 if c["optimizer"] == "sgd" else 0.0)


def mixed(loss=mixed_loss, **more):
    """A landscape with parameters of every kind, one of them under two conditions."""
    space = Space(
        lr=Float(1e-5, 1, log=True),
        batch=Int(1, 256, log=True),
        layers=Int(2, 8, step=2),
        dropout=Float(0, 0.5, step=0.1),
        width=Ordinal(16, 64, 256),
        optimizer=Choice("sgd", "adam", None),
        momentum=Float(0, 0.99, when={"optimizer": "sgd"}),
        nesterov=Choice(True, False, when={"optimizer": "sgd", "width": 256}),
    )
    x0 = {**BEST, "lr": 0.1, "batch": 1}
    return Landscape("mixed", loss, space=space, x0=x0, minimizers=[BEST], fmin=mixed_loss(BEST), **more)


def finite_loss(c):
    return abs(c["depth"] - 2) + (c["norm"] == "l1") + (0.0 if c.get("dual") else 0.5) + (c["size"] == "s")


def finite(loss=finite_loss, **more):
    """A landscape of 18 configurations."""
    space = Space(
        norm=Choice("l1", "l2"),
        dual=Choice(True, False, when={"norm": "l2"}),
        depth=Int(1, 3),
        size=Ordinal("s", "m"),
    )
    x0 = {"norm": "l1", "depth": 1, "size": "s"}
    return Landscape("finite", loss, space=space, x0=x0, minimizers=[FINITE_BEST], fmin=0.0, **more)


def asked(optimizer, landscape, budget=20, seed=1):
    """Run an optimizer; return the run, and the configurations as they were handed over."""
    problem = Problem(landscape, budget=budget, seed=seed)
    inner, handed = problem.fun, []

    def fun(x):
        handed.append(x)
        return inner(x)

    problem.fun = fun
    run = execute(get(optimizer), problem)
    return run, handed


def distinct(run):
    return {tuple(row) for row in run.landscape.space.canonical(run.trace.x).tolist()}


class TunerTests:
    """The tests that the adapter of every tuner has on landscapes over a search space.

    Attributes
    ----------
    tuners : tuple of str
        Specs that run on every space.
    listing : tuple of str
        Specs that run on finite spaces only.
    wrong : tuple of (str, str)
        Specs that are wrong, and what the error says.
    deterministic : tuple of str
        Specs that draw no random numbers.
    """

    listing = wrong = deterministic = ()

    def pytest_generate_tests(self, metafunc):
        if "said" in metafunc.fixturenames:
            metafunc.parametrize(("spec", "said"), self.wrong)
        elif "spec" in metafunc.fixturenames:
            everywhere = metafunc.function.__name__ == "test_finite_spaces_are_searched"
            metafunc.parametrize("spec", (*self.tuners, *self.listing) if everywhere else self.tuners)

    def test_values_are_those_of_the_space(self, spec):
        before = global_states()
        run, handed = asked(spec, mixed())
        assert run.stop_reason in ("budget", "returned"), run.message
        assert len(handed) == run.nfev
        for configuration in handed:
            types = {name: type(value) for name, value in configuration.items()}
            expected = {"lr": float, "batch": int, "layers": int, "dropout": float, "width": int}
            assert {name: types[name] for name in expected} == expected
            assert ("momentum" in types) == (configuration["optimizer"] == "sgd")
            assert ("nesterov" in types) == (configuration["optimizer"] == "sgd" and configuration["width"] == 256)
            assert types.get("nesterov", bool) is bool
        assert run.landscape.space.decode(run.landscape.space.encode(run.configuration)) == run.configuration
        assert run.gap == np.nanmin(run.trace.fun) - run.landscape.fmin
        assert global_states() == before

    def test_seeds_repeat_runs(self, spec):
        runs = [minimize(spec, mixed(), budget=15, seed=seed).trace.x for seed in (1, 1, 2)]
        np.testing.assert_array_equal(runs[0], runs[1])
        assert np.array_equal(runs[0], runs[2]) == (spec in self.deterministic)

    def test_finite_spaces_are_searched(self, spec):
        run, _ = asked(spec, finite(), budget=40)
        assert run.stop_reason in ("budget", "returned"), run.message
        if spec in self.listing:
            assert len(distinct(run)) == run.landscape.space.size
            assert run.configuration == FINITE_BEST

    def test_failed_trials_do_not_end_a_search(self, spec):
        calls = []

        def failing(c):
            calls.append(c)
            if len(calls) % 3 == 2:
                raise MemoryError("out of memory")
            return math.nan if len(calls) % 5 == 3 else mixed_loss(c)

        run, handed = asked(spec, mixed(failing, validate=False), budget=20)
        assert run.stop_reason in ("budget", "returned"), run.message
        assert run.nfev == len(handed) >= 15
        assert np.isnan(run.trace.fun).sum() >= 5
        assert math.isfinite(np.nanmin(run.trace.fun))

    def test_nothing_is_printed_or_written(self, capfd, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        minimize(self.tuners[0], mixed(), budget=12)
        assert capfd.readouterr() == ("", "")
        assert list(tmp_path.iterdir()) == []

    def test_wrong_specs_are_named(self, spec, said):
        with pytest.raises(ValueError, match=said):
            get(spec)
