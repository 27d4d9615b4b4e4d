"""Tuners that choose a fidelity: successive halving, Hyperband, and pruners."""

import math

import numpy as np
from blackbox_checks import needed

from pytest_optlandscape import Landscape, Problem, minimize
from pytest_optlandscape.landscapes.spaces import Choice, Fidelity, Float, Space
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.runs import execute

BEST = {"lr": 1e-2, "decay": 1e-4, "optimizer": "adam"}


def trained(c, epochs):
    value = (math.log10(c["lr"]) + 2.0) ** 2 + (math.log10(c["decay"]) + 4.0) ** 2 + (c["optimizer"] == "sgd")
    return value + (1.0 + value) / epochs - (1.0 + value) / 81


def epochs(low=1):
    space = Space(lr=Float(1e-5, 1, log=True), decay=Float(1e-6, 1, log=True), optimizer=Choice("sgd", "adam"))
    return Landscape(
        "epochs",
        trained,
        space=space,
        x0={**BEST, "lr": 1.0},
        minimizers=[BEST],
        fmin=trained(BEST, 81),
        fidelity=Fidelity("epochs", low, 81, log=True),
    )


def levels(spec, landscape, budget=20):
    problem = Problem(landscape, budget=budget, seed=1)
    run = execute(get(spec), problem)
    assert run.stop_reason in ("budget", "returned"), run.message
    assert problem.cost <= budget * (1.0 + 1e-9)
    return run, problem.levels().tolist()


def test_successive_halving_gives_a_third_of_the_candidates_three_times_the_epochs():
    needed("sklearn")
    run, seen = levels("sklearn:HalvingRandomSearchCV", epochs())
    assert sorted(set(seen)) == [1.0, 3.0, 9.0, 27.0, 81.0]
    counts = [seen.count(level) for level in (1, 3, 9, 27, 81)]
    assert counts == [counts[0], *(math.ceil(count / 3) for count in counts[:-1])]
    assert run.nfev == get("sklearn:HalvingRandomSearchCV").planned(Problem(epochs(), budget=20)) == sum(counts)
    assert sum(count * level for count, level in zip(counts, (1, 3, 9, 27, 81), strict=True)) / 81 <= 20.0
    assert counts[0] > 81
    assert run.gap < minimize("sklearn:RandomizedSearchCV", epochs(), budget=20, seed=1).gap


def test_the_least_level_is_kept():
    needed("sklearn")
    _, seen = levels("sklearn:HalvingRandomSearchCV", epochs(low=9))
    assert sorted(set(seen)) == [9.0, 27.0, 81.0]


def test_smac_chooses_levels():
    needed("smac")
    _, seen = levels("smac:HyperbandFacade", epochs(), budget=4)
    assert len(set(seen)) > 1
    assert get("smac:HyperbandFacade").obstacle(epochs()) == ""
    assert get("smac:HyperbandFacade").needs_space


def test_a_pruner_saves_epochs():
    needed("optuna")
    run, seen = levels("optuna:TPESampler(pruner='HyperbandPruner(min_resource=1, max_resource=81)')", epochs())
    assert run.nfev == len(seen) > 20
    assert len(set(seen)) > 1
    assert np.isfinite(run.fun)
