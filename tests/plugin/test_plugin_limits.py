"""Optimizers that misbehave towards the session around them: it goes on, and the report says what happened."""

import json
import os
import subprocess
import sys

import pytest
from thorough import thorough

FROM_THE_RIGHT = """
import {imports}

def minimize(problem):
    problem(problem.x0)
    if problem.x0[0] > {beyond}:
        {does}
    return problem.x0
"""

NOTHING = "pass"


def misbehaving(does, imports="os", beyond="-1e9"):
    return FROM_THE_RIGHT.format(does=does, imports=imports, beyond=beyond)


@pytest.fixture
def booth(project):
    """A project whose sessions run booth alone, with a short time limit."""
    project.configure(optlandscape_time_limit="0.05")
    project.on = lambda *arguments: project.run("-k", "beale or after", *arguments)
    project.pytester.makepyfile("def test_after(): print('still here')")
    return project


def test_what_hangs_is_ended_and_not_accepted(booth):
    booth.solver(misbehaving("while True: pass"))
    result = booth.on()
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["*gives no result on beale: the time limit stopped every run*", "*22 cells stopped by the time limit*beale*"]
    )
    result.assert_outcomes(passed=1, failed=1, deselected=result.parseoutcomes()["deselected"])


def test_a_new_hang_is_worse_and_one_that_is_gone_better(booth):
    booth.configure(optlandscape_time_limit="2")
    booth.solver(misbehaving(NOTHING))
    booth.accept("-k", "beale")
    booth.solver(misbehaving("while True: pass", beyond="4.4"))
    result = booth.run("-k", "beale", "--optlandscape-update", f"--optlandscape-json={booth.outcome_path}")
    result.stdout.fnmatch_lines(
        [
            "*hangs until the time limit from * of 22 starts, and ended before,*",
            "*stopped by the time limit, and therefore not compared, on beale*",
        ]
    )
    assert json.loads(booth.outcome_path.read_text())["optimizers"][0]["verdict"] == "worse"
    booth.solver(misbehaving(NOTHING))
    found, exit_code = booth.outcome("-k", "beale")
    assert (exit_code, found["optimizers"][0]["verdict"]) == (0, "better")


@pytest.mark.thorough
def test_a_new_hang_from_every_start_is_worse_and_a_slow_machine_is_not_comparable(booth):
    booth.configure(optlandscape_time_limit="0.2")
    booth.solver(misbehaving(NOTHING))
    booth.accept("-k", "beale")
    booth.solver(misbehaving("while True: pass"))
    found, exit_code = booth.outcome("-k", "beale")
    assert (exit_code, found["optimizers"][0]["verdict"]) == (1, "worse")
    result = booth.run("-k", "beale")
    result.stdout.fnmatch_lines(
        [
            "*solver:minimize on beale is worse*",
            "*hangs until the time limit from 3 of 22 starts, and ended before,*",
            "*first*",
            "*given up after the first 3 starts hung: 19 starts were not run, on beale*",
        ]
    )
    booth.solver(misbehaving("while True: time.sleep(0.008) or problem(problem.x0)", imports="time"))
    found, exit_code = booth.outcome("-k", "beale")
    assert (exit_code, found["optimizers"][0]["verdict"]) == (0, "not-comparable")


def test_no_limit_and_what_is_none(project):
    project.configure(optlandscape_time_limit="soon")
    result = project.run("-k", "beale")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*optlandscape_time_limit must be a number of seconds from 0 to 10000000; got 'soon'*"]
    )
    project.configure(optlandscape_time_limit="0")
    project.solver("def minimize(problem):\n    import time; time.sleep(0.002); problem(problem.x0); return problem.x0")
    assert project.run("-k", "beale").ret == 0


SIDE_EFFECTS = [
    ("sys.stdout.close()", "sys", "closes stdout"),
    ("sys.stdout = None", "sys", "replaces stdout or stderr"),
    ("os.chdir('/')", "os", "changes the working directory"),
    ("numpy.seterr(all='raise')", "numpy", "changes NumPy's handling of floating-point errors"),
]


@pytest.mark.parametrize(("does", "imports", "said"), SIDE_EFFECTS)
def test_side_effects_are_put_back_and_told(booth, does, imports, said):
    booth.solver(misbehaving(does, imports))
    result = booth.on("-W", "error", "-rA")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["still here", f"*{said}, which is put back after each run, on beale*"])


@pytest.mark.parametrize(
    ("does", "imports", "said"),
    [
        ("again = lambda: again(); again()", "os", "RecursionError"),
        ("numpy.empty(10**15)", "numpy", "MemoryError"),
        ("raise BaseException('no')", "os", None),
    ],
)
def test_errors_of_all_kinds(booth, does, imports, said):
    booth.solver(misbehaving(does, imports))
    result = booth.on()
    assert result.ret == 1
    assert result.parseoutcomes()["passed"] == 1
    if said:
        result.stdout.fnmatch_lines([f"*gives no result on beale: *{said}*"])


THREADS = """
import threading

def minimize(problem):
    def go_on():
        while True:
            problem(problem.x0)
    threading.Thread(target=go_on).start()
    problem(problem.x0)
    return problem.x0
"""


def test_threads_left_behind_end_with_the_run(booth):
    booth.configure(optlandscape_time_limit="5", optlandscape_budget="100000000")
    booth.solver(THREADS)
    result = booth.on("-W", "error")
    assert result.ret == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
@pytest.mark.parametrize("child", ["return problem.x0", *thorough("raise KeyError('child')", "raise SystemExit(0)")])
def test_a_forked_child_does_not_return_into_the_session(booth, child):
    booth.solver(misbehaving(f"pid = os.fork()\n        if not pid: {child}\n        os.waitpid(pid, 0)"))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--optlandscape",
        "-k",
        "beale or after",
        "-p",
        "no:cacheprovider",
    ]
    result = subprocess.run(command, cwd=booth.path, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0
    assert result.stdout.count("2 passed") == 1
    assert result.stderr.count("solver:minimize on beale from ") == 22
    assert "forks, and the child came back from it; the child is ended" in result.stderr


def test_a_process_that_ends_is_replaced_under_xdist(booth):
    pytest.importorskip("xdist")
    booth.solver(misbehaving("ctypes.CDLL(None)._exit(3)", "ctypes"))
    result = booth.on("-n", "1", f"--optlandscape-json={booth.outcome_path}")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*worker 'gw0' crashed while running 'optlandscape::solver:minimize::beale'*"])
    assert result.parseoutcomes()["passed"] == 1
    result.stdout.fnmatch_lines(
        ["solver:minimize gives no result on beale, and is not judged there: worker 'gw0' crashed*"]
    )
    (optimizer,) = json.loads(booth.outcome_path.read_text())["optimizers"]
    assert optimizer["verdict"] == "not-comparable"
    assert [one["name"] for one in optimizer["without_result"]] == ["beale"]


@pytest.mark.thorough
def test_memory_that_the_operating_system_limits(booth):
    pytest.importorskip("resource")
    booth.solver("def minimize(problem):\n    kept = []\n    while True: kept.append(bytearray(2**26))")
    # The child limits itself: a fork from here would find JAX's threads, where other tests have loaded it.
    limited = (
        "import resource, sys, pytest\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2 * 2**30, 2 * 2**30))\n"
        "sys.exit(pytest.main(sys.argv[1:]))"
    )
    options = ["--optlandscape", "-k", "beale or after", "-p", "no:cacheprovider", "-o", "optlandscape_time_limit=0"]
    result = subprocess.run(
        [sys.executable, "-c", limited, *options],
        cwd=booth.path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 1
    assert "MemoryError" in result.stdout
    assert "1 passed" in result.stdout
