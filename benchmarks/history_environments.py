"""Whether records made by another Python, NumPy, SciPy or BLAS kernel are the same states.

    python benchmarks/history_environments.py PYTHON [PYTHON ...]

A dense quasi-Newton method of our own, which leaves its algebra to BLAS, is measured as it is and with every point
evaluated twice: two states, by each interpreter and by each kernel of OpenBLAS. Each side writes a history of four
commits. Each is compared with the first: are the records the same bits, and are the states the same?
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pytest_optlandscape import landscapes, optimizers
from pytest_optlandscape.records.measuring import run_baseline
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.store import Baseline, CommitEntry, OptimizerEntry, digest_of_record, open_history
from pytest_optlandscape.trend import find_trend, in_order, series_of

NAMES = ("rosenbrock[10]", "trid[6]", "ellipsoid_1e6[5]", "ackley[5]")
BUDGET = 40
KERNELS = ("Haswell", "Prescott", "SkylakeX")


def quasi_newton(waste: int) -> Callable[[Problem], np.ndarray]:
    """Make BFGS with the inverse Hessian as a dense matrix, and a backtracking line search."""

    def minimize(problem: Problem) -> np.ndarray:
        x, inverse = np.array(problem.x0), np.eye(len(problem.x0))
        value, gradient, spent = problem(x), problem.gradient(x), 1
        while spent < problem.budget and np.linalg.norm(gradient) > 1e-8:
            for _ in range(waste):
                problem(x)
            direction = -inverse @ gradient
            if direction @ gradient >= 0.0:
                inverse, direction = np.eye(len(x)), -gradient
            step = 1.0
            while spent < problem.budget:
                trial = x + step * direction
                found, spent = problem(trial), spent + 1
                if found <= value + 1e-4 * gradient @ (trial - x) or step < 1e-12:
                    break
                step *= 0.5
            if found >= value:
                break
            after = problem.gradient(trial)
            s, y = trial - x, after - gradient
            if s @ y > 1e-12:
                left = np.eye(len(x)) - np.outer(s, y) / (s @ y)
                inverse = left @ inverse @ left.T + np.outer(s, s) / (s @ y)
            x, value, gradient = trial, found, after
        return x

    return minimize


def measure(folder: str) -> None:
    """Record four commits: two of each state."""
    history = open_history("", Path(folder))
    for state, waste in enumerate((0, 1)):
        adapter = optimizers.get(quasi_newton(waste))
        measured = [run_baseline(adapter, one, BUDGET * one.dim) for one in map(landscapes.get, NAMES)]
        record = Baseline("solver:minimize", {}, {}, {one.landscape: one for one in measured})
        told = {"solver:minimize": OptimizerEntry(digest_of_record(record))}
        for k in (2 * state + 1, 2 * state + 2):
            history.add(CommitEntry(f"{k:040x}", (f"{k - 1:040x}",), commit_time=k, optimizers=told), [record])


def main() -> None:
    package = str(Path(__file__).resolve().parent.parent)
    pythons = sys.argv[1:] or [sys.executable]
    sides = [(python, "") for python in pythons] + [(pythons[0], kernel) for kernel in KERNELS]
    with tempfile.TemporaryDirectory() as temporary:
        for number, (python, kernel) in enumerate(sides):
            environment = {**os.environ, "PYTHONPATH": package, "OPENBLAS_NUM_THREADS": "1"}
            environment |= {"OPENBLAS_CORETYPE": kernel} if kernel else {}
            folder = Path(temporary, str(number))
            folder.mkdir()
            subprocess.run([python, __file__, "measure", str(folder)], env=environment, check=True)
            first, own = (open_history("", Path(temporary, str(k))) for k in (0, number))
            pairs = list(zip(first.entries(), own.entries(), strict=True))
            bits = sum(one.optimizers == other.optimizers for one, other in pairs)
            # as if the first side had measured commits 1 and 3, and this one 2 and 4
            mixed = [pair[k % 2] for k, pair in enumerate(pairs)]
            (series,) = series_of(mixed, in_order(mixed))
            every = open_history(f"all-{number}", Path(temporary))
            every.merge(first)
            every.merge(own)
            states = [(len(one.points), str(one.verdict)) for one in find_trend(series, every.record).states]
            print(
                f"{python} {kernel}: {bits} of 4 records are the first side's bit by bit; states {states}", flush=True
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        measure(sys.argv[2])
    else:
        main()
