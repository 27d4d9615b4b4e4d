"""The page that a session and the command write, with an optimizer that really runs."""

import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from pytest_optlandscape.cli import main
from pytest_optlandscape.landscapes import get
from pytest_optlandscape.session.retracing import client_of_commit, is_of_the_project
from pytest_optlandscape.session.settings import Settings
from pytest_optlandscape.store import open_history

if not os.environ.get("OPTLANDSCAPE_NO_SKIPS"):
    pytest.importorskip("jinja2")
    pytest.importorskip("contourpy")

SOLVER = """
REPEATS = {repeats}

def minimize(problem):
    x, step = problem.x0, 0.01
    for _ in range(problem.budget):
        for _ in range(REPEATS):
            problem(x)
        gradient = problem.gradient(x)
        x = x - step * gradient / (1.0 + float(gradient @ gradient) ** 0.5)
    return x
"""
INI = """[pytest]
optlandscape_optimizers = stepper:minimize
optlandscape_budget = 12
optlandscape_time_budget = 0
optlandscape_contract = false
pythonpath = .
"""


@pytest.fixture
def project(pytester, monkeypatch):
    """A repository with a step at its second commit, in which the suite is two landscapes."""
    chosen = [get("beale"), get("sphere[3]")]
    monkeypatch.setattr("pytest_optlandscape.session.suite_plan.suite_landscapes", lambda suite: chosen)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(sys, "path", list(sys.path))
    pytester.makefile(".ini", pytest=INI)
    git("init", "-q", "-b", "main")
    for repeats in (1, 2):
        solver(pytester, repeats)
        git("add", "-A", "--", "pytest.ini", "stepper.py")
        git("-c", "user.name=Ann", "-c", "user.email=a@b.c", "commit", "-q", "-m", f"{repeats} evaluations a step")
    return pytester


def git(*arguments):
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


def solver(pytester, repeats):
    (pytester.path / "stepper.py").write_text(SOLVER.format(repeats=repeats))
    sys.modules.pop("stepper", None)


def test_the_command_writes_a_page_over_releases(project, capfd):
    assert main(["backfill", "main"]) == 0
    history = open_history("", project.path)
    for number, entry in enumerate(history.entries(), start=1):
        told = {"commit": f"r{number:040}", "release": f"library {number}.0", "tree": "", "subject": ""}
        history.add(replace(entry, **told, author_time=number, commit_time=number), [])
    assert main(["report", "--releases", "-o", "releases.html"]) == 0
    assert "report written to " in capfd.readouterr().out
    text = (project.path / "releases.html").read_text()
    assert "library 1.0" in text
    assert "library 2.0" in text
    assert "evaluations a step" not in text  # the subjects of commits
    assert "with --no-runs or --releases nothing is run again" in text


def test_the_command_writes_a_page_with_both_paths(project, capfd):
    assert main(["report", "-o", "empty.html", "--no-runs"]) == 0
    assert "The history is empty." in (project.path / "empty.html").read_text()
    assert main(["backfill", "main"]) == 0
    sys.modules.pop("stepper", None)
    capfd.readouterr()
    assert main(["report", "-o", "report.html"]) == 0
    assert "report written to " in capfd.readouterr().out
    text = (project.path / "report.html").read_text()
    assert "2 evaluations a step" in text
    assert text.count("The runs diverge at evaluation 2.") == 2
    assert "coordinates that moved most" in text
    assert main(["report", "-o", "again.html"]) == 0
    assert (project.path / "again.html").read_text() == text
    assert git("worktree", "list", "--porcelain").count("worktree ") == 1
    assert main(["report", "-o", "plain.html", "--no-runs"]) == 0
    assert (
        "records hold no points, and with --no-runs or --releases nothing is run again"
        in (project.path / "plain.html").read_text()
    )


def test_a_session_writes_its_page_against_the_baseline_and_with_the_history(project):
    solver(project, 1)
    assert project.runpytest_inprocess("--optlandscape-update").ret == 0
    solver(project, 2)
    result = project.runpytest_inprocess(
        "--optlandscape",
        "--optlandscape-report=page/report.html",
        "--optlandscape-history",
        "--optlandscape-history-dirty",
    )
    assert result.ret == 1
    result.stdout.fnmatch_lines(["report written to *report.html (1 optimizer, * MB)"])
    text = (project.path / "page" / "report.html").read_text()
    assert "This session against the baseline" in text
    assert 'class="card is-worse"' in text
    assert "the earlier path is unknown" in text
    assert "optlandscape replay" in text
    assert not re.search("Jinja|Undefined", text)


def test_a_session_against_a_revision_draws_both_paths(project):
    result = project.runpytest_inprocess(
        "--optlandscape-against=HEAD~1", "--optlandscape-report=report.html", "-k", "sphere and not overall"
    )
    assert result.ret == 1
    text = (project.path / "report.html").read_text()
    assert "The runs diverge at evaluation 2." in text
    assert "before (HEAD~1)" in text


def test_a_place_that_cannot_be_written_is_told_before_anything_runs(project):
    (project.path / "folder").mkdir()
    result = project.runpytest_inprocess("--optlandscape", "--optlandscape-report=folder")
    assert result.ret == 4
    assert "is a folder" in str(result.stderr)
    assert main(["report", "-o", "folder"]) == 4


def test_a_history_says_neither_which_optimizer_nor_whose_commit_is_run(project, capfd, monkeypatch):
    """It may come from anywhere: only what is configured is imported, at commits that somebody here chose."""
    touched = project.path / "touched"
    monkeypatch.setenv("TOUCHED", str(touched))
    with (project.path / "stepper.py").open("a") as file:
        file.write("\nimport os\nopen(os.environ['TOUCHED'], 'w').close()\n")
    git("add", "stepper.py")
    git("-c", "user.name=Ann", "-c", "user.email=a@b.c", "commit", "-q", "-m", "three")
    solver(project, 4)
    with (project.path / "stepper.py").open("a") as file:
        file.write("\nimport os\nopen(os.environ['TOUCHED'], 'w').close()\n")
    git("add", "stepper.py")
    git("-c", "user.name=Ann", "-c", "user.email=a@b.c", "commit", "-q", "-m", "four")
    assert main(["backfill", "main~2..main"]) == 0
    assert touched.exists()

    def report():
        sys.modules.pop("stepper", None)
        touched.unlink(missing_ok=True)
        assert main(["report", "-o", "report.html"]) == 0
        return (project.path / "report.html").read_text()

    assert "The runs diverge at evaluation" in report()
    assert touched.exists()
    (project.path / "pytest.ini").write_text(INI.replace("stepper:minimize", "scipy:BFGS"))
    assert "stepper:minimize is not in optlandscape_optimizers, so it is not run again" in report()
    assert not touched.exists()


def test_a_commit_that_nobody_here_chose_is_not_run_for_a_history(project):
    commit = git("rev-parse", "main").strip()
    assert is_of_the_project(project.path, commit)
    git("update-ref", "refs/pull/1/head", "main")
    git("checkout", "-q", "--orphan", "other")
    git("-c", "user.name=Ann", "-c", "user.email=a@b.c", "commit", "-q", "-m", "alone", "--allow-empty")
    assert is_of_the_project(project.path, commit)
    git("branch", "-q", "-D", "main")
    assert not is_of_the_project(project.path, commit)
    settings = Settings(("stepper:minimize",), {}, "quick", None, project.path, False, None, ("worse",), False)
    with client_of_commit(project.path, settings, commit) as why:
        assert "is not an ancestor of HEAD, a branch, origin or a tag" in why
