"""Commands that are printed run, and accept, exactly what they name."""

import json
import re
import shlex

import pytest

from pytest_optlandscape.landscapes import get

SOLVER = """
import numpy as np

TWICE = {twice}

def minimize(fun, x0, jac, bounds, maxfev, rule="plain", step=1e-3):
    x = np.array(x0)
    for _ in range(maxfev):
        for _ in range(1 + TWICE):
            fun(x)
        x = np.clip(x - step * jac(x), bounds[:, 0], bounds[:, 1])
    return x
"""
PLAIN, SPECIAL = "solver:minimize", "solver:minimize(rule='best of two', step=0.002)"


@pytest.fixture
def suite(project, monkeypatch):
    """Two optimizers of which the name of one begins that of the other; landscapes of which the same is true."""
    chosen = [get("sphere[2]"), get("bbob_f01_sphere[2]")]
    monkeypatch.setattr("pytest_optlandscape.session.suite_plan.suite_landscapes", lambda suite: chosen)
    project.configure(PLAIN, SPECIAL)
    project.solver(SOLVER.format(twice=False))
    project.pytester.makepyfile("def test_mine(): pass")
    project.accept().assert_outcomes(passed=5)
    project.solver(SOLVER.format(twice=True))
    return project


def records(project):
    found = {}
    for path in (project.path / "optlandscape_baseline").glob("*.json"):
        plain = json.loads(path.read_text())
        for name, record in plain["records"].items():
            found[plain["optimizer"], name] = record
    return found


def test_printed_commands_do_exactly_what_they_say(suite):
    before = records(suite)
    result = suite.run()
    commands = re.findall(r"(?:alone|now):\s+(?:python -m )?pytest (.+)", str(result.stdout))
    of_the_special = [shlex.split(one) for one in commands if "best of two" in one and "::sphere" in one]
    alone, accept = of_the_special
    suite.pytester.runpytest_inprocess(*alone).assert_outcomes(failed=1, deselected=6)
    assert records(suite) == before
    suite.pytester.runpytest_inprocess(*accept).assert_outcomes(passed=1, deselected=4)
    changed = {key for key, record in records(suite).items() if record != before[key]}
    assert changed == {(SPECIAL, "sphere[2]")}
    suite.pytester.runpytest_inprocess(*alone).assert_outcomes(passed=1, deselected=6)


def test_an_optimizer_or_check_is_chosen_as_a_whole(suite):
    suite.run("--optlandscape-only", PLAIN).assert_outcomes(failed=3, deselected=4)
    result = suite.run(
        "-o", "optlandscape_contract=true", "--optlandscape-only", f"optlandscape::{PLAIN}::contract::check_counts"
    )
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--optlandscape-only: unknown item of the suite*did you mean*"])


@pytest.mark.parametrize("wrong", ["solver:minimise", f"{PLAIN}::sphere[3]", "solver:minimize(step=0.002)"])
def test_what_is_not_there_is_told_with_the_nearest(suite, wrong):
    result = suite.run("--optlandscape-only", wrong)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--optlandscape-only: unknown item of the suite*did you mean*"])


def test_a_replay_of_one_optimizer(suite):
    result = suite.run("--optlandscape-replay=sphere[2]/standard", "--optlandscape-only", SPECIAL)
    assert result.ret == 0
    assert str(result.stdout).count(" on sphere[2]: ") == 1
    result = suite.run("--optlandscape-replay=sphere[2]/standard", "--optlandscape-only", "solver:minimise")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
