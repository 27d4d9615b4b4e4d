"""Tests of sessions that run the suite of search spaces."""

import pytest

SEARCH = """
import numpy as np

LAST = DRAWN = False
SIGN = 1.0


def search(problem):
    seen = []
    while problem.remaining >= 1:
        code = problem.rng.random(problem.space.dim)
        if len(seen) >= 8:
            parent = min(seen, key=lambda one: one[0])[1]
            code = np.where(problem.rng.random(problem.space.dim) < 0.4, code, parent)
        configuration = problem.space.decode(code)
        value = SIGN * problem(configuration)
        seen.append((problem.rng.random() if DRAWN else value, code, configuration))
    return seen[-1][2] if LAST else min(seen, key=lambda one: one[0])[2]
"""
LANDSCAPES = "kerastuner_mixed"
TRIALS = "trials=25"


@pytest.fixture
def tuner(project):
    project.solver(SEARCH)
    project.configure("solver:search", optlandscape_suite=f"{LANDSCAPES} {TRIALS}")
    project.accept()
    return project


def verdicts(outcome):
    (optimizer,) = outcome["optimizers"]
    return optimizer["verdict"], {one["name"]: one["verdict"] for one in optimizer["landscapes"]}


def test_a_tuner_is_the_same_until_it_changes(tuner):
    outcome, exit_code = tuner.outcome()
    assert exit_code == 0
    assert outcome["optimizers"][0]["fingerprint"] == "identical"
    assert verdicts(outcome) == ("same", dict.fromkeys(LANDSCAPES.split(), "same"))


@pytest.mark.parametrize(
    "defect",
    [
        pytest.param({"SIGN": -1.0}, id="is told the negated value"),
        pytest.param({"LAST": True}, id="forgets the best", marks=pytest.mark.thorough),
        pytest.param({"DRAWN": True}, id="draws at random", marks=pytest.mark.thorough),
    ],
)
def test_a_tuner_with_a_defect_is_worse_on_every_landscape(tuner, defect):
    tuner.solver(SEARCH, **defect)
    outcome, exit_code = tuner.outcome()
    assert exit_code == 1
    assert verdicts(outcome) == ("worse", dict.fromkeys(LANDSCAPES.split(), "worse"))


def test_an_optimizer_that_no_landscape_suits_is_named(project):
    project.configure("scipy:BFGS", optlandscape_suite="kerastuner_mixed one_max[25]", optlandscape_contract="true")
    result = project.run()
    text = project.unwrapped(result.stdout)
    assert "scipy:BFGS runs on none of the 2 landscapes of its suite: 2 with no gradient" in text


def test_advice_is_about_trials(project):
    project.solver(SEARCH, SIGN=-1.0, LAST=True)
    project.configure("solver:search", optlandscape_suite="bbob_mixint_f15_rastrigin_rotated[5]")
    text = project.unwrapped(project.accept().stdout)
    assert "give them trials=200 in optlandscape_suites (now 40)" in text
    assert "evaluations a dimension" not in text
