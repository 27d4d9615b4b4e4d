import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
from pathlib import Path

import hypothesis  # noqa: F401
import numpy as np  # noqa: F401
import pytest
from plugin_sources import DESCENT

import pytest_optlandscape

# pytester forgets the modules that an inner session imports first; NumPy must not be imported twice
for module in pkgutil.walk_packages(pytest_optlandscape.__path__, "pytest_optlandscape."):
    importlib.import_module(module.name)


class Project:
    """A project with an optimizer in solver.py, in pytester's folder."""

    def __init__(self, pytester):
        self.pytester = pytester
        self.path = pytester.path
        self.baseline = self.path / "optlandscape_baseline" / "solver_minimize.json"
        self.outcome_path = self.path / "outcome.json"

    def configure(self, *optimizers, **ini):
        settings = {"optlandscape_suite": "standard", "optlandscape_budget": "20", "pythonpath": "."}
        settings |= {"optlandscape_contract": "false", **ini}
        lines = "".join(f"    {optimizer}\n" for optimizer in optimizers or ["solver:minimize"])
        lines = f"[pytest]\noptlandscape_optimizers =\n{lines}" + "".join(f"{k} = {v}\n" for k, v in settings.items())
        (self.path / "pytest.ini").write_text(lines)

    def solver(self, source=DESCENT, **knobs):
        source += "".join(f"\n{name} = {value!r}" for name, value in knobs.items())
        (self.path / "solver.py").write_text(source)

    def run(self, *arguments, **keywords):
        return self.pytester.runpytest_inprocess("--optlandscape", *arguments, **keywords)

    @staticmethod
    def unwrapped(output):
        """Give a session's output with its lines joined: a long folder moves the places where the summary wraps."""
        return " ".join(str(output).split())

    def on_booth(self, *arguments, **keywords):
        return self.run("-k", "booth", *arguments, **keywords)

    def accept(self, *arguments):
        result = self.run("--optlandscape-update", *arguments)
        assert result.ret == 0, str(result.stdout)
        return result

    def outcome(self, *arguments):
        """The outcome as JSON and the session's exit code."""
        self.outcome_path.unlink(missing_ok=True)
        result = self.run("--optlandscape-json", "outcome.json", *arguments)
        return json.loads(self.outcome_path.read_text()), result.ret

    def written(self, *arguments):
        """Run a session; give its result and the bytes of the outcome and the baseline that it writes."""
        self.outcome_path.unlink(missing_ok=True)
        if "--optlandscape-update" in arguments:
            self.baseline.unlink(missing_ok=True)
        result = self.run("--optlandscape-json", "outcome.json", *arguments)
        return result, self.outcome_path.read_bytes(), self.baseline.read_bytes()

    def verdicts(self, *arguments):
        found, _ = self.outcome(*arguments)
        (optimizer,) = found["optimizers"]
        return {landscape["name"]: landscape["verdict"] for landscape in optimizer["landscapes"]}

    def files(self):
        """Everything below the project but what Python and pytest leave."""
        return {
            str(path.relative_to(self.path)): path.read_bytes()
            for path in sorted(Path(self.path).rglob("*"))
            if path.is_file() and not {"__pycache__", ".pytest_cache", ".benchmarks"} & set(path.parts)
        }


@pytest.fixture
def project(pytester, monkeypatch):
    # a solver that is changed within a second keeps its time stamp: its bytecode would be used again
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("COLUMNS", "110")  # a line of the summary is a line of a pattern
    for name in ("CI", "BUILD_NUMBER"):  # with them pytest's list of failures repeats each message in full
        monkeypatch.delenv(name, raising=False)
    made = Project(pytester)
    made.configure()
    made.solver()
    return made


class Repository:
    """The project's folder as a git repository."""

    def __init__(self, project, temporary):
        self.project = project
        self.path = project.path
        self.temporary = temporary
        self.git("init", "-q", "-b", "main")
        self.commit()

    def git(self, *arguments, cwd=None):
        done = subprocess.run(["git", *arguments], cwd=cwd or self.path, capture_output=True, text=True, check=True)
        return done.stdout

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "a commit")

    def state(self):
        """Everything that git knows of the user's work, and the index and files themselves."""
        questions = ("status --porcelain=v2 --branch", "stash list", "branch --list --verbose", "worktree list",
                     "reflog", "diff", "diff --cached", "config --list --local")  # fmt: skip
        told = {question: self.git(*question.split()) for question in questions}
        return told, (self.path / ".git" / "index").read_bytes(), self.project.files_of_user()

    def compare(self, *arguments, ref="HEAD", chosen="beale", **keywords):
        return self.project.run(f"--optlandscape-against={ref}", "-k", chosen, *arguments, **keywords)

    def verdict(self, *arguments, **keywords):
        """The outcome on one landscape, and the session's."""
        path = self.temporary.parent / "outcome.json"
        result = self.compare(f"--optlandscape-json={path}", *arguments, **keywords)
        found = json.loads(path.read_text())
        (landscape,) = found["optimizers"][0]["landscapes"]
        return landscape, found, result

    def assert_nothing_is_left(self):
        assert self.git("worktree", "list", "--porcelain").count("worktree ") == 1
        assert not list(self.temporary.glob("optlandscape-*"))


@pytest.fixture
def repository(project, monkeypatch, tmp_path_factory):
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Somebody")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "somebody@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    project.files_of_user = lambda: {k: v for k, v in project.files().items() if not k.startswith(".git/")}
    made = Repository(project, temporary)
    yield made
    made.assert_nothing_is_left()
