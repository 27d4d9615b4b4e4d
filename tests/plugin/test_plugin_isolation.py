"""Items of the suite in a process that can be ended: the numbers are the same, and so is everything else."""

import json
import os

import pytest

from pytest_optlandscape.landscapes import get
from pytest_optlandscape.runs import watchdog

SOMETIMES = """
import os, time

def minimize(problem):
    problem(problem.x0)
    if problem.landscape.name == "beale" and problem.x0[0] == 4.5:
        {does}
    return problem.x0
"""
SWALLOWS = """
        while True:
            try: time.sleep(0.02)
            except BaseException: continue
"""
needs_signals = pytest.mark.skipif(watchdog._SIGNAL is None, reason="no signals to a thread on this platform")


@pytest.fixture
def small(monkeypatch, project):
    """Have the suite be two landscapes."""
    chosen = [get("beale"), get("booth")]
    monkeypatch.setattr("pytest_optlandscape.session.suite_plan.suite_landscapes", lambda suite: chosen)
    project.configure(optlandscape_budget="10")
    return project


@pytest.mark.thorough
def test_an_isolated_process_writes_the_bytes_that_one_process_writes(small):
    small.configure(optlandscape_budget="10", optlandscape_contract="true")
    few = ["-k", "not contract or finite"]
    for arguments in ([*few, "--optlandscape-update"], few):
        here, *by_one = small.written(*arguments)
        isolated, *by_another = small.written(*arguments, "--optlandscape-isolate")
        assert by_another == by_one
        assert isolated.ret == here.ret
        assert isolated.parseoutcomes() == here.parseoutcomes()
        small.solver(REPEATS=2)
    assert isolated.ret == 1


def test_an_optimizer_that_ends_its_process_fails_its_item_and_says_where(small):
    small.configure(optlandscape_budget="10", optlandscape_isolate="true")
    small.solver(SOMETIMES.format(does="__import__('ctypes').CDLL(None)._exit(0)"))
    result = small.run("-k", "not overall")
    result.assert_outcomes(passed=1, failed=1, deselected=1)
    result.stdout.fnmatch_lines(
        ["*solver:minimize ended its process while it ran *:minimize on beale from [[]4.5, 4.5[]]*ended with code 0*"]
    )


@needs_signals
def test_an_optimizer_that_cannot_be_ended_in_time_is_isolated_from_then_on(small, capfd):
    small.configure(optlandscape_budget="10", optlandscape_time_limit="0.1")
    small.solver(SOMETIMES.format(does=SWALLOWS.strip()) + "\nprint('imported in', __import__('os').getpid())")
    small.pytester.makepyfile("def test_after(): pass")
    result = small.run("--optlandscape-json=outcome.json")
    assert result.ret == 0
    told = capfd.readouterr().err
    assert told.count("cannot be ended from here") == 1
    assert (
        told.count("solver:minimize did not stop at its time limit: its remaining items run in a separate process") == 1
    )
    found = json.loads(small.outcome_path.read_text())["optimizers"][0]
    assert [one["name"] for one in found["landscapes"]] == ["beale", "booth"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX")
def test_a_run_that_only_its_process_ends_is_one_that_hangs(small, capfd, monkeypatch):
    monkeypatch.setattr("pytest_optlandscape.session.isolation.LONGER", 0.5)
    small.configure(optlandscape_budget="10", optlandscape_time_limit="0.2")
    small.solver(SOMETIMES.format(does="pass"))
    small.accept("-k", "beale")
    small.solver(SOMETIMES.format(does="10 in __import__('itertools').count(11)"))
    result = small.run("-k", "beale", "--optlandscape-isolate")
    assert result.ret == 1
    assert (
        "on beale from [4.5, 4.5] did not stop at its time limit of 0.2 s, so its process was killed"
        in capfd.readouterr().err
    )
    result.stdout.fnmatch_lines(
        [
            "*solver:minimize on beale is worse*",
            "*hangs until the time limit from 1 of 22 starts, and ended before*",
        ]
    )


def test_what_cannot_be_isolated_is_told_at_once(small):
    small.pytester.makeconftest(
        "import sys, types\n"
        "made = types.ModuleType('made_here')\n"
        "made.minimize = lambda problem: problem.x0\n"
        "sys.modules['made_here'] = made\n"
    )
    small.configure("made_here:minimize")
    result = small.run("--optlandscape-isolate")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--optlandscape-isolate: the isolated process cannot import made_here:minimize: *"])
