"""Whether backfill and trend name the right commits: a made-up repository whose truth is known.

    python benchmarks/history_trial.py [BUDGET]

Makes a repository with a slowdown of 6 %, a gain of 8 %, a creep of ten commits of 1 %, a refactor that only moves
rounding, a commit that cannot be imported, a merge and a squash; measures it by `optlandscape backfill`, twice; prints
what `trend` says, and compares it with the truth. Then bisects the slowdown.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOLVER = '''
import numpy as np

EXTRA = {extra}


def minimize(fun, x0, jac, bounds, maxfev):
    """Projected gradient descent with the steps of Barzilai and Borwein."""
    lower, upper = np.transpose(bounds)
    x = np.array(x0)
    best, best_value, old = x, np.inf, None
    for k in range(maxfev):
        value = fun(x)
        if int((k + 1) * EXTRA) > int(k * EXTRA):
            fun(x)
        if value < best_value:
            best, best_value = x, value
        gradient = jac(x)
        if np.linalg.norm(gradient) < 1e-8:
            break
        step = 0.01 / (1.0 + np.linalg.norm(gradient))
        if old is not None:
            s, y = x - old[0], gradient - old[1]
            if s @ y > 0:
                step = min({step}, 1.0)
        old = x, gradient
        x = np.clip(x - step * gradient, lower, upper)
    return best
'''
PLAIN, REFACTORED = "s @ s / (s @ y)", "(s @ s) * (1.0 / (s @ y))"


class Repository:
    """A repository in the making."""

    def __init__(self, folder: Path, budget: str) -> None:
        self.folder = folder
        self.number = 0
        self.git("init", "-q", "-b", "main")
        settings = f"optlandscape_suite = quick\noptlandscape_budget = {budget}\noptlandscape_contract = false\n"
        (folder / "pytest.ini").write_text(
            f"[pytest]\npythonpath = .\n{settings}optlandscape_paths =\n    solver.py\n    pytest.ini\n"
            "optlandscape_optimizers =\n    solver:minimize\n"
        )

    def git(self, *arguments: str) -> str:
        """Run git as one person, at a time that goes on with the commits."""
        identity = {f"GIT_{r}_{w}": "someone@example.org" for r in ("AUTHOR", "COMMITTER") for w in ("NAME", "EMAIL")}
        when = {f"GIT_{role}_DATE": f"2026-01-{1 + self.number % 28:02d}T12:00:00Z" for role in ("AUTHOR", "COMMITTER")}
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env={**os.environ, **identity, **when}, check=True, text=True,
            capture_output=True,
        )  # fmt: skip
        return done.stdout.strip()

    def commit(self, subject: str, solver: str | None = None) -> str:
        """Commit a change of the notes, and of the solver if one is given; give the hash."""
        self.number += 1
        (self.folder / "NOTES").write_text(f"{self.number}\n")
        if solver is not None:
            (self.folder / "solver.py").write_text(solver)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", subject)
        return self.git("rev-parse", "HEAD")

    def branch(self, name: str, commits: int) -> None:
        """Make a branch with commits that do not touch the solver."""
        self.git("checkout", "-q", "-b", name)
        for k in range(commits):
            self.number += 1
            (self.folder / f"docs-{name}-{k}").write_text("text\n")
            self.git("add", "-A")
            self.git("commit", "-q", "-m", f"{name} {k}")
        self.git("checkout", "-q", "main")


def solver(extra: float, step: str = PLAIN) -> str:
    return SOLVER.format(extra=extra, step=step)


def make(folder: Path, budget: str) -> tuple[Repository, dict[str, list[str]]]:
    repository = Repository(folder, budget)
    truth: dict[str, list[str]] = {}
    ratio = 1.2
    first = repository.commit("first", solver(ratio - 1.0))
    repository.commit("notes")
    ratio *= 1.06
    truth["worse"] = [repository.commit("check twice", solver(ratio - 1.0))]
    repository.commit("notes")
    repository.commit("refactor", solver(ratio - 1.0, REFACTORED))
    repository.branch("side", 2)
    repository.number += 1
    repository.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    repository.commit("broken", "import a_module_that_is_not_there\n" + solver(ratio - 1.0, REFACTORED))
    repository.commit("mended", solver(ratio - 1.0, REFACTORED))
    truth["creep"] = []
    for _ in range(10):
        ratio *= 1.01
        truth["creep"].append(repository.commit("a bit more", solver(ratio - 1.0, REFACTORED)))
    repository.commit("notes")
    repository.branch("squashed", 2)
    repository.git("merge", "-q", "--squash", "squashed")
    repository.commit("squash")
    ratio /= 1.08
    truth["better"] = [repository.commit("remember more", solver(ratio - 1.0, REFACTORED))]
    repository.commit("notes")
    truth["first"] = [first]
    return repository, truth


def command(folder: Path, *arguments: str) -> tuple[int, str, float]:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest_optlandscape", *arguments], cwd=folder, stdout=subprocess.PIPE, text=True,
        check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, time.monotonic() - started


def main() -> None:
    budget = sys.argv[1] if len(sys.argv) > 1 else "100"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "project"
        folder.mkdir()
        repository, truth = make(folder, budget)
        for turn in ("first", "second"):
            status, said, seconds = command(folder, "backfill", "HEAD")
            print(f"{turn} backfill: {said.strip()} ({seconds:.0f} s, status {status})", flush=True)
        print(command(folder, "history")[1])
        print(command(folder, "trend")[1])
        events = json.loads(command(folder, "trend", "--json")[1])["optimizers"][0]["events"]
        found = [(event["kind"], event["verdict"], event["commit"]) for event in events]
        steps = [("step", kind, truth[kind][0]) for kind in ("worse", "better")]
        creeps = [event for event in events if event["kind"] == "creep"]
        print("steps right:", [one for one in found if one[0] == "step"] == steps)
        print("one creep:", len(creeps) == 1)
        for creep in creeps:
            named = [share["commit"] for share in creep["shares"]]
            right = sum(one in truth["creep"] for one in named)
            total = sum(round(1000 * share["share"]) for share in creep["shares"])
            print(f"creep: {right} of 10 commits named, {len(named) - right} others, shares add up to {total / 1000}")
        print("nothing else:", len(found) == 3)
        print("exit status with --exit-code:", command(folder, "trend", "--exit-code")[0])
        before = repository.git("rev-parse", "HEAD"), repository.git("status", "--porcelain")
        for kind, end in (("worse", truth["creep"][0] + "^"), ("better", "HEAD")):
            start = truth["first"][0] if kind == "worse" else truth["creep"][-1]
            _, said, seconds = command(folder, "bisect", start, end)
            print(f"bisect finds the {kind} one:", truth[kind][0][:10] in said, f"({seconds:.0f} s)")
        after = repository.git("rev-parse", "HEAD"), repository.git("status", "--porcelain")
        print("checkout untouched:", before == after and "\n" not in repository.git("worktree", "list"))


if __name__ == "__main__":
    main()
