"""Whether records made by another Python, NumPy, SciPy or BLAS kernel are the same states.

    python benchmarks/history_environments.py PYTHON [PYTHON ...]

Makes a repository with a dense quasi-Newton method of our own, which leaves its algebra to BLAS, and four commits: two
states. Each interpreter, and each kernel of OpenBLAS, measures all of them into a history of its own; the histories
are merged; then the number of states is told, and how many different records there are.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SOLVER = '''
import numpy as np

WASTE = {waste}


def minimize(fun, x0, jac, bounds, maxfev):
    """BFGS with the inverse Hessian as a dense matrix, and a backtracking line search."""
    lower, upper = np.transpose(bounds)
    x, inverse = np.array(x0, dtype=float), np.eye(len(x0))
    value, gradient, spent = fun(x), jac(x), 1
    while spent < maxfev and np.linalg.norm(gradient) > 1e-8:
        for _ in range(WASTE):
            fun(x)
        direction = -inverse @ gradient
        if direction @ gradient >= 0.0:
            inverse, direction = np.eye(len(x)), -gradient
        step = 1.0
        while spent < maxfev:
            trial = np.clip(x + step * direction, lower, upper)
            found, spent = fun(trial), spent + 1
            if found <= value + 1e-4 * gradient @ (trial - x) or step < 1e-12:
                break
            step *= 0.5
        if found >= value:
            break
        after = jac(trial)
        s, y = trial - x, after - gradient
        if s @ y > 1e-12:
            left = np.eye(len(x)) - np.outer(s, y) / (s @ y)
            inverse = left @ inverse @ left.T + np.outer(s, s) / (s @ y)
        x, value, gradient = trial, found, after
    return x
'''
KERNELS = ("Haswell", "Prescott", "SkylakeX")


def main() -> None:
    package = str(Path(__file__).resolve().parent.parent)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "project")
        folder.mkdir()

        def git(*arguments: str) -> None:
            told = ("-c", "user.name=A", "-c", "user.email=a@example.org")
            subprocess.run(["git", *told, *arguments], cwd=folder, check=True, capture_output=True)

        git("init", "-q", "-b", "main")
        (folder / "pytest.ini").write_text(
            "[pytest]\npythonpath = .\noptlandscape_suite = quick\noptlandscape_budget = 30\n"
            "optlandscape_optimizers = solver:minimize\noptlandscape_contract = false\n"
        )
        for k, waste in enumerate((0, 0, 1, 1)):
            (folder / "solver.py").write_text(SOLVER.format(waste=waste) + f"# {k}\n")
            git("add", "-A")
            git("commit", "-q", "-m", f"commit {k}")

        def command(python: str, *arguments: str, kernel: str = "") -> str:
            environment = {**os.environ, "PYTHONPATH": package, "OPENBLAS_NUM_THREADS": "1"}
            environment |= {"OPENBLAS_CORETYPE": kernel} if kernel else {}
            told = [python, "-m", "pytest_optlandscape", *arguments]
            done = subprocess.run(told, cwd=folder, env=environment, capture_output=True, text=True, check=False)
            if done.returncode > 1:
                print(done.stderr, file=sys.stderr)
            return done.stdout.strip()

        sides = [(python, "") for python in sys.argv[1:] or [sys.executable]]
        sides += [(sides[0][0], kernel) for kernel in KERNELS]
        for number, (python, kernel) in enumerate(sides):
            said = command(python, "backfill", "HEAD", "--history", f"history{number}", kernel=kernel)
            print(f"{python} {kernel}: {said}", flush=True)
        python = sides[0][0]
        print(command(python, "merge", *(f"history{k}" for k in range(len(sides))), "--history", "all"))
        print(command(python, "history", "--history", "all"))
        states = json.loads(command(python, "history", "--history", "all", "--json"))["optimizers"][0]["states"]
        records = len(list((folder / "all" / "records").rglob("*.json")))
        print(f"{len(states)} states of {records} different records by {len(sides)} sides")
        digests = [_digests(folder / f"history{k}") for k in range(len(sides))]
        for number, side in enumerate(sides[1:], start=1):
            equal = sum(digests[0][commit] == one for commit, one in digests[number].items())
            print(f"{side}: {equal} of {len(digests[0])} commits have the same bits as the first side's")


def _digests(folder: Path) -> dict[str, str]:
    entries = [json.loads(path.read_text()) for path in (folder / "commits").glob("*.json")]
    return {one["commit"]: one["optimizers"]["solver:minimize"]["record"] for one in entries}


if __name__ == "__main__":
    main()
