import json
import os
import signal
import subprocess
import sys
import time

import pytest
from thorough import thorough

from pytest_optlandscape.landscapes import get
from pytest_optlandscape.records import LandscapeRecord
from pytest_optlandscape.records.averages import BATCH
from pytest_optlandscape.session.reference.another_revision import LOOKS

SEARCH = '''
import numpy as np

STREAM, EVALUATIONS = 0, 30


def minimize(fun, bounds, seed):
    """Random search."""
    rng = np.random.default_rng([seed, STREAM])
    points = rng.uniform(*np.transpose(bounds), size=(EVALUATIONS, len(bounds)))
    return points[np.argmin([fun(x) for x in points])]
'''

LABOUR = """
import solver_work


def minimize(fun, x0, jac, bounds, maxfev):
    def slow(x):
        total = 0.0
        for k in range(WORK):
            total += k * 1e-3
        return fun(x)

    return solver_work.minimize(slow, x0, jac, bounds, maxfev)
"""


def lines(*patterns):
    return [f"*{pattern}*" for pattern in patterns]


def test_what_did_not_change_is_the_same_and_no_baseline_is_read(repository):
    repository.project.baseline.parent.mkdir()
    repository.project.baseline.write_text("{")
    landscape, found, result = repository.verdict()
    assert result.ret == 0
    assert (landscape["verdict"], landscape["fingerprint"]) == ("same", "identical")
    commit = repository.git("rev-parse", "HEAD").strip()
    assert (found["against"]["ref"], found["against"]["commit"]) == ("HEAD", commit)
    result.stdout.fnmatch_lines(lines("1 optimizer, against HEAD", "against HEAD", "identical*same"))
    result.stdout.no_fnmatch_line("*own time*")  # three cells have no interval
    result.stdout.no_fnmatch_line("*no baseline*")


def test_worse_fails_and_shows_where_the_traces_part(repository):
    repository.project.solver(REPEATS=2)
    landscape, _, result = repository.verdict()
    assert (result.ret, landscape["verdict"]) == (1, "worse")
    result.stdout.fnmatch_lines(
        lines(
            "solver:minimize on beale is worse than at HEAD:",
            "--optlandscape-against=HEAD --optlandscape-only solver:minimize::beale",
            "beale/* diverges at evaluation 2:",
            "evaluation*x before*x now*gap before*gap now",
            "  2 <",
        )
    )
    result.stdout.no_fnmatch_line("*--optlandscape-update*")


@pytest.mark.thorough
def test_changed_passes_and_a_commit_can_be_an_older_one(repository):
    repository.project.solver(EXTRA_FROM=3.5)
    repository.commit()
    repository.commit()
    landscape, _, result = repository.verdict(ref="HEAD~2")
    assert (result.ret, landscape["verdict"]) == (0, "changed")
    assert repository.verdict(ref="HEAD~1")[0]["verdict"] == "same"


def test_an_optimizer_that_was_not_there_is_new_and_the_reason_is_told(repository):
    repository.project.solver()
    with open(repository.path / "solver.py", "a") as file:
        file.write("\ndescend = minimize\n")
    (repository.path / "elsewhere.py").write_text("from solver import minimize\n")
    repository.project.configure("solver:descend", "elsewhere:minimize", optlandscape_require_baseline="true")
    result = repository.compare()
    assert result.ret == 0
    assert result.parseoutcomes()["passed"] == 2
    result.stdout.fnmatch_lines(
        lines(
            "solver:descend is not there at HEAD: optimizer 'solver:descend': unknown name in 'solver': 'descend'",
            "elsewhere:minimize is not there at HEAD",
        )
    )


@pytest.mark.thorough
def test_the_users_work_is_not_touched(repository, monkeypatch):
    git = repository.git
    git("branch", "other")
    repository.project.solver(EXTRA_FROM=3.5)
    git("stash")
    repository.project.solver(REPEATS=2)
    git("add", "solver.py")
    repository.project.solver(REPEATS=2, SCALE=0.5)
    (repository.path / "notes.txt").write_text("not tracked\n")
    hook = repository.path / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch '%s'\n" % (repository.path / "the_hook_ran"))
    hook.chmod(0o755)
    before = repository.state()
    # as in a hook of `git commit`, which names an index and a folder for git commands below it
    monkeypatch.setenv("GIT_INDEX_FILE", str(repository.path / ".git" / "index"))
    monkeypatch.setenv("GIT_DIR", str(repository.path / ".git"))
    result = repository.compare()
    monkeypatch.delenv("GIT_INDEX_FILE")
    monkeypatch.delenv("GIT_DIR")
    result.stdout.fnmatch_lines(lines("solver:minimize* × *worse"))
    assert repository.state() == before


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("no-such-branch", "bad revision 'no-such-branch'"),
        ("", "the revision is empty"),
        ("--all", "'--all' begins with '-'"),
    ],
)
def test_an_unknown_revision_is_a_mistake_of_usage(repository, ref, said):
    before = repository.state()
    result = repository.compare(ref=ref)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{said}*"])
    assert repository.state() == before


def test_outside_a_repository_git_says_so(project, tmp_path_factory, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.path.parent))
    result = project.run("--optlandscape-against=HEAD")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*not a git repository*"])


def test_without_git_the_message_says_what_is_missing(project, monkeypatch):
    monkeypatch.setenv("PATH", str(project.path))
    result = project.run("--optlandscape-against=HEAD")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*git was not found on PATH*"])


def test_a_shallow_clone_is_told_what_to_do(repository, monkeypatch):
    repository.commit()
    clone = repository.temporary.parent / "clone"
    repository.git("clone", "-q", "--depth=1", f"file://{repository.path}", str(clone))
    monkeypatch.chdir(clone)
    result = repository.project.run(
        "--optlandscape-against=HEAD~1", "--rootdir", str(clone), "-c", str(clone / "pytest.ini")
    )
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*bad revision 'HEAD~1'; this clone is shallow: fetch*"])


def test_one_cannot_compare_with_a_revision_and_accept(repository):
    result = repository.compare("--optlandscape-update")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--optlandscape-against*--optlandscape-update*give one*"])


def test_a_budget_of_time_is_a_number(repository):
    repository.project.configure(optlandscape_time_budget="a minute")
    assert repository.compare().ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize("error", ["KeyboardInterrupt", *thorough("SystemExit(3)")])
def test_the_worktree_is_removed_after_an_interruption(repository, error):
    repository.project.pytester.makepyfile(f"def test_beale():\n    raise {error}\n")
    repository.compare(no_reraise_ctrlc=True)


def test_ctrl_c_ends_the_processes_and_removes_the_worktree(repository, monkeypatch):
    marks = repository.temporary.parent / "marks"
    marks.mkdir()
    repository.project.solver(
        "import os, time\nfrom pathlib import Path\n"
        "def minimize(fun, x0):\n"
        f"    Path({str(marks)!r}, str(os.getpid())).touch()\n"
        "    time.sleep(300.0)\n"
    )
    repository.commit()
    before = repository.state()
    monkeypatch.setenv("TMPDIR", str(repository.temporary))
    command = [sys.executable, "-m", "pytest", "--optlandscape-against=HEAD", "-k", "beale"]
    session = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        while len(list(marks.iterdir())) < 2 and session.poll() is None:
            time.sleep(0.05)
        os.killpg(session.pid, signal.SIGINT)
        assert session.wait(60.0) == pytest.ExitCode.INTERRUPTED
    finally:
        if session.poll() is None:
            os.killpg(session.pid, signal.SIGKILL)
    sides = [int(mark.name) for mark in marks.iterdir()]
    assert len(sides) == 2
    for side in sides:
        with pytest.raises(ProcessLookupError):
            os.kill(side, 0)
    assert repository.state() == before


@pytest.mark.thorough
def test_an_optimizer_may_print_and_read_its_input(repository):
    with open(repository.path / "solver.py", "a") as file:
        file.write("\ndescend = minimize\ndef minimize(fun, x0, jac, bounds, maxfev):\n"
                   "    print('hello')\n    return descend(fun, x0, jac, bounds, maxfev)\n")  # fmt: skip
    repository.commit()
    assert repository.verdict()[0]["verdict"] == "same"


def test_a_revision_whose_process_dies_fails_the_test_and_not_the_session(repository):
    good = (repository.path / "solver.py").read_text()
    (repository.path / "solver.py").write_text(
        "import ctypes, sys\ndef minimize(fun, x0):\n"
        "    print('at the end', file=sys.stderr)\n    ctypes.CDLL(None)._exit(7)\n"
    )
    repository.commit()
    (repository.path / "solver.py").write_text(good)
    result = repository.compare()
    assert result.ret == 1
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(lines("the process that runs revision HEAD ended with code 7:", "at the end"))


class Records:
    """A plugin that keeps what was run."""

    def __init__(self):
        self.plain = []

    def pytest_runtest_logreport(self, report):
        self.plain += getattr(report, "optlandscape_records", [])

    def batches(self):
        records = [LandscapeRecord.from_plain(one) for plain in self.plain for one in (plain, plain["before"])]
        averages = [cell.average for record in records for cell in record.cells if cell.average]
        return {average.runs // BATCH[average.over] for average in averages}


@pytest.mark.thorough
@pytest.mark.parametrize(("seconds", "seeds"), [("60", LOOKS[-1]), ("0", LOOKS[0])])
def test_more_seeds_are_drawn_on_both_sides_while_the_outcome_is_open(repository, seconds, seeds):
    repository.project.configure(optlandscape_time_budget=seconds)
    repository.project.solver(SEARCH)
    repository.commit()
    repository.project.solver(SEARCH, STREAM=1)
    records = Records()
    landscape, _, result = repository.verdict(plugins=[records])
    assert (result.ret, landscape["verdict"]) == (0, "changed")
    assert records.batches() == {seeds}


@pytest.mark.thorough
def test_seeds_are_not_drawn_where_the_outcome_is_clear(repository):
    repository.project.configure(optlandscape_suite="quick")
    repository.project.solver(SEARCH)
    repository.commit()
    repository.project.solver(SEARCH, EVALUATIONS=2)
    records = Records()
    assert repository.verdict(plugins=[records], chosen="beale")[0]["verdict"] == "worse"
    assert records.batches() == {LOOKS[0]}


@pytest.mark.thorough
def test_both_sides_go_through_sets_in_one_order(repository):
    with open(repository.path / "solver.py", "a") as file:
        file.write("\nfirst = next(iter({f'key {k}' for k in range(1000)}))\nSCALE = 1.0 + 1e-3 * int(first[4:])\n")
    repository.commit()
    assert repository.verdict()[0]["fingerprint"] == "identical"


@pytest.mark.thorough
def test_both_sides_are_taken_for_what_the_configuration_says(repository):
    repository.project.configure(optlandscape_profiles="solver:minimize = stochastic")
    repository.project.solver(EXTRA_FROM=3.5)
    records = Records()
    repository.verdict(plugins=[records])
    assert records.batches() == {LOOKS[-1]}


@pytest.mark.thorough
def test_workers_come_to_what_one_process_comes_to(repository):
    pytest.importorskip("xdist")
    repository.project.configure("solver:minimize", "scipy:BFGS")
    repository.project.solver(EXTRA_EVERY=3)
    outcomes, sessions = [], []
    for arguments in ((), ("-n", "2")):
        path = repository.temporary.parent / "outcome.json"
        result = repository.compare(f"--optlandscape-json={path}", *arguments, chosen="beale or himmelblau")
        outcome = json.loads(path.read_text())
        assert list(outcome["against"].pop("times")) == ["solver:minimize", "scipy:BFGS"]
        outcomes.append(outcome)
        counts = result.parseoutcomes()
        sessions.append((result.ret, counts["passed"], counts["failed"]))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0]["optimizers"][0]["verdict"] == "worse"
    assert sessions[0] == sessions[1]


@pytest.mark.thorough
def test_more_work_per_evaluation_is_worse_although_the_path_is_the_same(repository):
    (repository.path / "solver.py").rename(repository.path / "solver_work.py")
    repository.project.solver(LABOUR, WORK=1000)
    repository.commit()
    repository.project.solver(LABOUR, WORK=40_000)
    landscape, found, result = repository.verdict()
    assert (result.ret, landscape["verdict"], landscape["fingerprint"]) == (1, "worse", "identical")
    assert landscape["findings"] == []
    times = found["against"]["times"]["solver:minimize"]
    assert times["landscapes"]["beale"] > 4.0
    assert any("own time per evaluation" in text for text in times["findings"])
    result.stdout.fnmatch_lines(lines("is worse than at HEAD:", "own time per evaluation × *p = "))


HANGS = (
    "def minimize(problem):\n    problem(problem.x0)\n    while problem.x0[0] > {beyond}: pass\n    return problem.x0\n"
)


@pytest.mark.thorough
def test_the_time_limit_ends_runs_on_both_sides(repository):
    repository.project.configure(optlandscape_time_limit="1")
    repository.project.solver(HANGS.format(beyond=4.4))
    repository.commit()
    for beyond, expected in ((4.4, ("same", "identical")), (1e9, ("better", "changed"))):
        repository.project.solver(HANGS.format(beyond=beyond))
        landscape, _, result = repository.verdict()
        assert (result.ret, landscape["verdict"], landscape["fingerprint"]) == (0, *expected)
        result.stdout.fnmatch_lines(lines("cells stopped by the time limit, and therefore not compared, on beale"))


@pytest.mark.thorough
def test_the_contract_is_held_on_both_sides_where_it_is_broken(repository):
    repository.project.configure(optlandscape_contract="true")
    repository.project.solver(SCALE=3.0)  # it starts outside the bounds
    contract = "check_stays_inside_bounds or check_reported_value"
    result = repository.compare(chosen=contract)
    assert result.ret == 1
    result.assert_outcomes(failed=1, passed=1, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines(
        lines(
            "check_stays_inside_bounds does not hold",
            "--optlandscape-against=HEAD --optlandscape-only solver:minimize::contract::check_stays_inside_bounds",
            "keeps 1 of 2 checks of the contract; newly breaks check_stays_inside_bounds",
        )
    )
    result.stdout.no_fnmatch_line("*accept*")
    repository.commit()
    assert repository.compare(chosen=contract).ret == 0
    with open(repository.path / "solver.py", "a") as file:
        file.write("\ndescend = minimize\n")
    repository.project.configure("solver:minimize", "solver:descend", optlandscape_contract="true")
    for arguments in ((), ("-n", "2")):
        result = repository.compare(*arguments, chosen=contract)
        assert result.ret == 0
        result.stdout.fnmatch_lines(
            lines(
                "solver:minimize*; breaks as at HEAD check_stays_inside_bounds",
                "solver:descend*; breaks, with nothing to compare with at HEAD,",
            )
        )


@pytest.mark.thorough
def test_a_recorded_revision_is_not_run_again_and_the_verdict_is_the_same(repository, monkeypatch):
    repository.project.configure(optlandscape_history=".optlandscape/history", optlandscape_paths="solver.py")
    repository.commit()
    chosen = [get("beale")]
    monkeypatch.setattr("pytest_optlandscape.session.suite_plan.suite_landscapes", lambda suite: chosen)
    assert repository.project.run().ret == 0
    commit = repository.git("rev-parse", "HEAD").strip()
    repository.project.solver(REPEATS=2)
    run, _, _ = repository.verdict()
    taken, found, result = repository.verdict("-o", "optlandscape_history=.optlandscape/history")
    said = f"*solver:minimize: the results of HEAD are from the history ({commit[:10]}); times were not compared"
    result.stdout.fnmatch_lines([said])
    assert found["against"]["recorded"] == {"solver:minimize": commit[:10]}
    assert (taken["verdict"], run["verdict"], result.ret) == ("worse", "worse", 1)
    for matching in ("optlandscape_budget=21", "optlandscape_profiles=solver:minimize = no-bounds"):
        _, found, _ = repository.verdict("-o", matching)
        assert "recorded" not in found["against"], matching
    repository.project.solver(REPEATS=3)
    repository.commit()
    _, found, _ = repository.verdict()
    assert "recorded" not in found["against"]
