"""Hyperopt's algorithms, on landscapes over a search space and on boxes."""

import math

import numpy as np
from blackbox_checks import needed
from tuning_landscapes import TunerTests, asked, finite, mixed

from pytest_optlandscape import Landscape, minimize
from pytest_optlandscape.landscapes.spaces import Choice, Float, Space

hyperopt = needed("hyperopt")


class TestHyperopt(TunerTests):
    tuners = ("hyperopt:tpe.suggest", "hyperopt:rand.suggest", "hyperopt:anneal.suggest(avg_best_idx=1.0)")
    wrong = (
        ("hyperopt:tpe.sugest", "did you mean 'tpe.suggest'"),
        ("hyperopt:tpe.suggest(gama=0.3)", "did you mean 'gamma'"),
        ("hyperopt:tpe.suggest(seed=3)", "seed"),
    )


def test_the_run_is_that_of_fmin():
    def value(c):
        return (math.log10(c["rate"]) + 2.0) ** 2 + (c["norm"] == "l1")

    def objective(nested):
        told.append({"rate": nested["rate"], "norm": ("l1", "l2")[nested["norm"]]})
        return value(told[-1])

    told = []
    space = Space(rate=Float(1e-4, 1.0, log=True), norm=Choice("l1", "l2"))
    best = {"rate": 1e-2, "norm": "l2"}
    landscape = Landscape("rates", value, space=space, x0={**best, "norm": "l1"}, minimizers=[best], fmin=value(best))
    hp = hyperopt.hp
    hyperopt.fmin(
        objective,
        {"rate": hp.loguniform("rate", math.log(1e-4), math.log(1.0)), "norm": hp.choice("norm", [0, 1])},
        algo=hyperopt.tpe.suggest,
        max_evals=30,
        rstate=np.random.default_rng(4),
        show_progressbar=False,
        verbose=False,
    )
    _, handed = asked("hyperopt:tpe.suggest", landscape, budget=30, seed=4)
    assert handed == told


def test_a_parent_holds_its_children():
    run, handed = asked("hyperopt:tpe.suggest", finite(), budget=40)
    assert all(("dual" in one) == (one["norm"] == "l2") for one in handed)
    assert run.gap == 0.0


def test_it_runs_on_a_box():
    run = minimize("hyperopt:tpe.suggest", "booth", budget=60)
    assert run.nfev == 60
    assert run.gap < minimize("hyperopt:rand.suggest", "booth", budget=10).gap
    assert minimize("hyperopt:tpe.suggest", mixed(), budget=5).stop_reason == "budget"
