import json
import sys

import pytest

from pytest_optlandscape.cli import main
from pytest_optlandscape.landscapes import get
from pytest_optlandscape.store import Triage, open_history
from pytest_optlandscape.trend import compare_records

WORKERS = """
import os
if "PYTEST_XDIST_WORKER" in os.environ:
    import pytest_optlandscape.session.suite_plan
    from pytest_optlandscape.landscapes import get
    pytest_optlandscape.session.suite_plan.suite_landscapes = lambda suite: [get("beale"), get("booth")]
"""


@pytest.fixture
def small(monkeypatch, project):
    """Have the suite be two landscapes, in the workers of a distributed session, too."""
    (project.path / "conftest.py").write_text(WORKERS)
    chosen = [get("beale"), get("booth")]
    monkeypatch.setattr("pytest_optlandscape.session.suite_plan.suite_landscapes", lambda suite: chosen)


@pytest.fixture
def tracked(small, repository):
    repository.project.configure(optlandscape_baseline_dir="accepted")
    repository.commit()
    return repository


def history(repository):
    return open_history("", repository.path)


def entries(repository):
    found = history(repository)
    return found, {entry.commit: entry for entry in found.entries()}


def head(repository):
    return repository.git("rev-parse", "HEAD").strip()


def record(repository, *arguments, knobs=None, status=0):
    if knobs is not None:
        repository.project.solver(**knobs)
        repository.commit()
    result = repository.project.run("--optlandscape-history", "-p", "no:cacheprovider", *arguments)
    assert result.ret == status, str(result.stdout)
    return result


def test_commits_are_recorded_and_any_two_of_them_can_be_compared(tracked):
    assert (
        record(tracked).stdout.fnmatch_lines(["recorded: commit * (1 optimizer) in*", "*.optlandscape/history"]) is None
    )
    first = head(tracked)
    record(tracked, knobs={})  # a commit that changes nothing
    unchanged = head(tracked)
    record(tracked, knobs={"SCALE": 1.0 + 2e-16})
    rounding = head(tracked)
    record(tracked, "-n", "2", knobs={"REPEATS": 2})
    slower = head(tracked)
    found, recorded = entries(tracked)
    digest = {commit: entry.optimizers["solver:minimize"].record for commit, entry in recorded.items()}
    assert digest[first] == digest[unchanged] == digest[rounding] != digest[slower]
    assert recorded[unchanged].parents == (first,)
    assert recorded[first].tree == tracked.git("rev-parse", f"{first}:").strip()
    assert {"python", "numpy", "scipy", "pytest-optlandscape"} == set(recorded[first].versions)
    before, now = found.record(digest[first]), found.record(digest[slower])
    assert list(now.records) == ["beale", "booth"]
    assert str(compare_records(before, now).verdict) == "worse"
    assert str(compare_records(now, before).verdict) == "better"
    assert all(cell.fingerprint.is_measured for one in now.records.values() for cell in one.cells)
    tracked.git("diff", "--exit-code")
    assert tracked.git("status", "--porcelain") == ""
    assert found.check() == ([], [], [])


def test_the_accepted_state_is_recorded_with_the_baseline_s_envelopes(tracked):
    tracked.project.accept()
    tracked.commit()
    record(tracked)
    found, recorded = entries(tracked)
    entry = recorded[head(tracked)].optimizers["solver:minimize"]
    accepted = json.loads((tracked.path / "accepted" / "solver_minimize.json").read_text())["records"]
    stored = found.record(entry.record)
    assert entry.verdict == "same"
    cells = {name: [cell.to_text() for cell in one.cells] for name, one in stored.records.items()}
    assert cells == {name: one["cells"] for name, one in accepted.items()}


def test_what_is_not_whole_is_not_recorded(tracked):
    result = record(tracked, "-k", "booth")
    result.stdout.fnmatch_lines(["not recorded: solver:minimize, because only a part of its suite was run"])
    assert entries(tracked)[1] == {}


def test_a_tree_with_changes_is_recorded_on_request_only_and_marked(tracked):
    tracked.project.solver(REPEATS=2)
    record(tracked).stdout.fnmatch_lines(["not recorded: solver.py differs from commit *--optlandscape-history-dirty"])
    assert entries(tracked)[1] == {}
    record(tracked, "--optlandscape-history-dirty").stdout.fnmatch_lines(["recorded: commit *+changes *"])
    (entry,) = entries(tracked)[1].values()
    assert entry.is_dirty


def test_without_git_sessions_are_recorded_in_their_order(small, project):
    for knobs in ({}, {"REPEATS": 2}):
        project.solver(**knobs)
        project.run("--optlandscape-history=kept/here").stdout.fnmatch_lines(["recorded: this session *", "*kept/here"])
    first, second = open_history("kept/here", project.path).entries()
    assert first.commit < second.commit
    assert first.optimizers["solver:minimize"].record != second.optimizers["solver:minimize"].record


@pytest.mark.parametrize(
    ("ini", "arguments", "said"),
    [
        ({}, ["--optlandscape-history", "solver.py"], "takes 'solver.py' for the place of the history"),
        ({"optlandscape_history": "solver.py"}, [], "is a file, not a folder"),
        ({"optlandscape_history": "."}, [], "is no history: it has"),
        ({"optlandscape_history": "git:a b"}, [], "history git:a b"),
        ({"optlandscape_paths": "src"}, [], "optlandscape_paths: there is no 'src'"),
        ({}, ["--optlandscape-history", "--optlandscape-against=HEAD"], "give one of them"),
    ],
)
def test_mistakes_are_told_before_anything_runs(project, ini, arguments, said):
    project.configure(**ini)
    result = project.run(*arguments)
    assert result.ret == 4
    assert said in str(result.stderr)


def test_a_damaged_file_of_the_history_is_told_and_left(tracked):
    record(tracked)
    (path,) = (tracked.path / ".optlandscape/history/commits").glob("*.json")
    path.write_bytes(path.read_bytes()[:50])
    told = record(tracked, knobs={"REPEATS": 2}).stdout
    assert "1 file cannot be used; `optlandscape doctor`" in tracked.project.unwrapped(told)
    assert path.stat().st_size == 50


CREEPING = '''
import numpy as np

SHARE = 0.2


def minimize(fun, x0, jac, bounds, maxfev):
    """Descend with the steps of Barzilai and Borwein, and evaluate a share of the points twice."""
    lower, upper = np.transpose(bounds)
    x, old, phase = np.array(x0), None, abs(np.sum(x0)) * 12.9898 % 1.0
    for k in range(maxfev):
        fun(x)
        if int((k + 1) * SHARE + phase) > int(k * SHARE + phase):
            fun(x)
        gradient = jac(x)
        if np.linalg.norm(gradient) < 1e-8:
            break
        step = 0.01 / (1.0 + np.linalg.norm(gradient))
        if old is not None and (x - old[0]) @ (gradient - old[1]) > 0:
            step = min((x - old[0]) @ (x - old[0]) / ((x - old[0]) @ (gradient - old[1])), 1.0)
        old = x, gradient
        x = np.clip(x - step * gradient, lower, upper)
    return x
'''


@pytest.fixture
def creeping(tracked):
    tracked.project.configure(
        optlandscape_baseline_dir="accepted", optlandscape_history=".optlandscape/history", optlandscape_budget="60",
        optlandscape_fail_on="creep",
    )  # fmt: skip
    for share in (0.2, 0.214):
        tracked.project.solver(CREEPING, SHARE=share)
        tracked.commit()
        assert tracked.project.run().ret == 0
    tracked.project.solver(CREEPING, SHARE=0.228)
    return tracked


@pytest.mark.thorough
def test_bisect_over_a_creep_says_that_small_changes_added_up(creeping, monkeypatch, capfd):
    creeping.commit()
    monkeypatch.chdir(creeping.path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    sys.modules.pop("solver", None)
    capfd.readouterr()
    assert main(["bisect", "HEAD~2", "HEAD"]) == 0
    said = " ".join(capfd.readouterr().out.split())
    assert said.startswith(f"worse: {head(creeping)[:10]} by ")
    assert "against its parent alone it is changed: small changes added up" in said


@pytest.mark.thorough
def test_creep_over_commits_fails_a_session_whoever_runs_it_and_names_the_commits(creeping):
    named = ["solver:minimize has crept: *", "*worse: creep over 2 states, from *", "*commit *share *"]
    result = creeping.project.run()
    assert result.ret == 1, str(result.stdout)
    result.stdout.fnmatch_lines(
        [
            *named,
            "*+changes *",
            "*commit and record it, then*",
            "*--optlandscape-update --optlandscape-only solver:minimize",
            "*changes included*",
        ]
    )
    result.assert_outcomes(passed=3)
    assert len(entries(creeping)[1]) == 2  # the changed files are compared, and not recorded
    creeping.commit()
    result = creeping.project.run("-n", "2")
    assert result.ret == 1, str(result.stdout)
    result.stdout.fnmatch_lines([*named, f"*{head(creeping)[:10]} *", "*optlandscape triage*"])
    assert creeping.project.run("-k", "beale").ret == 0  # a part of the suite cannot be compared
    found, recorded = entries(creeping)
    found.add_triage(Triage(head(creeping), "accepted", "safer", "Ann", 1))
    assert creeping.project.run().ret == 0
    assert creeping.project.run("-o", "optlandscape_fail_on=worse").ret == 0
    assert len(recorded) == 3


def test_creep_needs_a_history(project):
    project.configure(optlandscape_fail_on="changed, creep")
    result = project.run()
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*optlandscape_fail_on = creep *optlandscape_history*"])
    project.configure(optlandscape_fail_on="never creep")
    assert project.run().ret == 4
