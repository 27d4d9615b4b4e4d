"""Many short runs over two processes: the time against half of that of one process, and the growth of memory.

Run ``python benchmarks/scaling.py``; a number after it is that of the runs (default: 100 000).
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
import time
from concurrent.futures import Executor, ProcessPoolExecutor

from measure import heading, line, machine, one_thread

from pytest_optlandscape import assert_robust
from pytest_optlandscape.runs import Problem

MOST_TIMES_IDEAL = 1.3
MOST_GROWTH = 16.0


def descend(problem: Problem) -> object:
    """Take ten steps on a bowl, and fail one time in eight; the worst failures are kept."""
    x = problem.x0
    for _ in range(10):
        x = x - 0.5 * problem.gradient(x)
        problem(x)
    return problem.x0 if problem.seed % 8 == 0 else x


def campaign(runs: int, executor: Executor | None = None) -> float:
    started = time.perf_counter()
    assert_robust(descend, "sphere[2]", rate=0.8, n_starts=runs, budget=100, sequential=False, executor=executor)
    return time.perf_counter() - started


def memory() -> float:
    """Give the greatest memory that this process ever took, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    one_thread()
    machine()
    heading(f"{runs} short runs")
    campaign(1000)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as executor:
        campaign(2000, executor)  # workers import what they need
        before = memory()
        parallel = campaign(runs, executor)
        growth_parallel = memory() - before
        before = memory()
        serial = campaign(runs)
        growth_serial = memory() - before
    ratio = parallel / (serial / 2)
    line("two processes, over half the time of one", ratio, MOST_TIMES_IDEAL)
    for name, growth in (("two processes", growth_parallel), ("one process", growth_serial)):
        line(f"growth of memory, {name}", growth, MOST_GROWTH, "MB")
    print(f"  {1e6 * serial / runs:.0f} µs a run; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
