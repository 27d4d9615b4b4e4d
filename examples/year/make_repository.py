"""Make a repository with a year of commits of a small optimizer, to try the history on.

    python make_repository.py FOLDER

The optimizer is gradient descent. Over the year one commit makes it slower, five commits make it a bit slower each, one
commit makes it faster, one changes only rounding, and one cannot be imported. All others leave it alone. Names, dates
and contents are fixed, so every run of this script makes the same commits.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SOLVER = '''\
"""Gradient descent with the steps of Barzilai and Borwein."""

import numpy as np

CHECKED = {checked}  # the share of values that are evaluated twice, to notice noise


def minimize(fun, x0, jac, bounds, maxfev):
    lower, upper = np.transpose(bounds)
    x = np.array(x0)
    best, best_value, before = x, np.inf, None
    due = abs(np.sum(x)) % 1.0
    for _ in range(maxfev):
        value = fun(x)
        due += CHECKED
        if due >= 1.0:
            due -= 1.0
            if fun(x) != value:
                raise ValueError("the objective is noisy")
        if value < best_value:
            best, best_value = x, value
        gradient = jac(x)
        length = np.linalg.norm(gradient)
        if length < 1e-8:
            break
        step = 0.01 / (1.0 + length)
        if before is not None:
            s, y = x - before[0], gradient - before[1]
            if s @ y > 0.0:
                step = min({step}, 1.0)
        before = x, gradient
        x = np.clip(x - step * gradient, lower, upper)
    return best
'''

SETTINGS = """\
[tool.pytest.ini_options]
pythonpath = ["."]
optlandscape_optimizers = ["descent:minimize"]
optlandscape_budget = 100
optlandscape_contract = false
optlandscape_history = ".optlandscape/history"
optlandscape_paths = ["descent.py", "pyproject.toml"]
"""

SHORT, SAME_BUT_ROUNDED = "(s @ s) / (s @ y)", "(s @ s) * (1.0 / (s @ y))"


@dataclass(frozen=True)
class Commit:
    """One commit of the year: its date, author and subject, and the solver if it changes."""

    date: str
    author: str
    subject: str
    checked: float | None = None
    step: str = SAME_BUT_ROUNDED
    broken: bool = False

    @property
    def solver(self) -> str | None:
        """Return the text of the solver; None if the commit leaves it alone."""
        if self.checked is None:
            return None
        text = SOLVER.format(checked=self.checked, step=self.step)
        return "import descent_of_the_future\n" + text if self.broken else text


YEAR = (
    Commit("01-05", "Ada", "Add the solver", 0.10, SHORT),
    Commit("01-19", "Ada", "Add a README"),
    Commit("02-02", "Ben", "Explain the bounds"),
    Commit("02-20", "Ben", "Check more values for noise", 0.17, SHORT),
    Commit("03-03", "Ada", "Say how to install it"),
    Commit("03-17", "Ada", "Divide once", 0.17),
    Commit("04-02", "Cleo", "Add a licence"),
    Commit("04-14", "Cleo", "Split the module", 0.17, broken=True),
    Commit("04-15", "Cleo", "Mend the import", 0.17),
    Commit("05-06", "Ben", "Check a few more values", 0.18),
    Commit("06-01", "Ben", "Check some more values", 0.19),
    Commit("06-23", "Ada", "Add a page of examples"),
    Commit("07-07", "Ben", "Check values more often", 0.20),
    Commit("08-04", "Ben", "Check values a bit more often", 0.21),
    Commit("08-25", "Ben", "Check values still more often", 0.22),
    Commit("09-15", "Cleo", "Mend a link"),
    Commit("10-06", "Ada", "Check every tenth value, which is enough", 0.10),
    Commit("10-27", "Ada", "Thank the contributors"),
    Commit("11-10", "Cleo", "Correct the spelling"),
    Commit("12-01", "Ada", "Prepare version 1.0"),
)


def make(folder: Path, year: tuple[Commit, ...] = YEAR) -> None:
    """Make the repository in a folder that does not exist yet or is empty."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise SystemExit(f"{folder} is not empty: name a folder that does not exist yet")
    git(folder, "init", "-q", "-b", "main")
    (folder / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    (folder / ".gitignore").write_text("__pycache__/\n.pytest_cache/\n", encoding="utf-8")
    for commit in year:
        with (folder / "CHANGES.md").open("a", encoding="utf-8") as notes:
            notes.write(f"- {commit.subject}\n")
        if commit.solver is not None:
            (folder / "descent.py").write_text(commit.solver, encoding="utf-8")
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", commit.subject, as_of=commit)


def git(folder: Path, *arguments: str, as_of: Commit | None = None) -> None:
    """Run git, as the author of a commit on its day."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    if as_of:
        for role in ("AUTHOR", "COMMITTER"):
            environment[f"GIT_{role}_NAME"] = as_of.author
            environment[f"GIT_{role}_EMAIL"] = f"{as_of.author.lower()}@example.org"
            environment[f"GIT_{role}_DATE"] = f"2026-{as_of.date}T12:00:00Z"
    subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python make_repository.py FOLDER")
    make(Path(sys.argv[1]))
    print(f"{len(YEAR)} commits in {sys.argv[1]}")
