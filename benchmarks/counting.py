"""The cost of counting and tracing: what `Problem` adds to an evaluation, in time and in memory.

Run ``python benchmarks/counting.py``.
"""

from __future__ import annotations

import contextlib
import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
from measure import MICRO, Function, heading, line, machine, one_thread

from pytest_optlandscape import Problem, landscapes
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.runs import BudgetExhausted

EVALUATIONS = 4000
ROUNDS = 41
MOST_MICROSECONDS = 0.3


def count_only(landscape: Landscape) -> Function:
    """Peer: the least one can do."""
    count = 0

    def counted(x: Any) -> Any:
        nonlocal count
        count += 1
        return landscape(x)

    return counted


def count_and_copy(landscape: Landscape) -> Function:
    """Peer: what people write who want a trace."""
    trace: list[tuple[Any, Any]] = []

    def counted(x: Any) -> Any:
        value = landscape(x)
        trace.append((x.copy(), value))
        return value

    return counted


def seconds_per_call(function: Function, points: list[np.ndarray]) -> float:
    started = time.process_time()
    for x in points:
        function(x)
    return (time.process_time() - started) / len(points)


def added(name: str, collect: bool) -> dict[str, float]:
    """Measure µs added per evaluation: the median over rounds in which all take turns on fresh problems."""
    landscape = landscapes.get(name)
    rng = np.random.default_rng(0)
    points = list(rng.uniform(*landscape.bounds.T, size=(EVALUATIONS, landscape.dim)))
    ways: dict[str, Callable[[], Function]] = {
        "landscape(x)": lambda: landscape,
        "problem.fun(x)": lambda: Problem(landscape, budget=EVALUATIONS).fun,
        "problem(x)": lambda: Problem(landscape, budget=EVALUATIONS),
        "closure, count only": lambda: count_only(landscape),
        "closure, count and copy": lambda: count_and_copy(landscape),
    }
    rounds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        gc.collect()
        (gc.enable if collect else gc.disable)()
        for way, make in ways.items():
            rounds[way].append(seconds_per_call(make(), points) / MICRO)
        gc.enable()
    bare = rounds.pop("landscape(x)")
    differences = {
        way: statistics.median(a - b for a, b in zip(times, bare, strict=True)) for way, times in rounds.items()
    }
    return {"landscape(x)": statistics.median(bare), **differences}


def time_added() -> None:
    heading(f"Added per evaluation (median of {ROUNDS} rounds of {EVALUATIONS} evaluations)")
    for name in ("beale", "rosenbrock[10]", "rosenbrock[40]"):
        for collect in (False, True):
            times = added(name, collect)
            collection = "on" if collect else "off"
            print(f"  {name}: {times['landscape(x)']:.3f} µs an evaluation, garbage collection {collection}")
            for way in ("problem.fun(x)", "problem(x)"):
                line(f"  {way} adds", times[way], MOST_MICROSECONDS, "µs")
                for peer in ("closure, count only", "closure, count and copy"):
                    ratio = times[way] / max(times[peer], 1e-3)
                    print(f"      {ratio:.2f} × what a {peer} adds ({times[peer]:.3f} µs)")


def bytes_traced(landscape: Landscape, budget: int, calls: int) -> float:
    """Evaluate ``calls`` times, beyond the budget too, and give the memory that is held, per evaluation."""
    rng = np.random.default_rng(0)
    points = rng.uniform(*landscape.bounds.T, size=(100, landscape.dim))
    problem = Problem(landscape, budget=budget)
    problem.fun(points[0])
    gc.collect()
    tracemalloc.start()
    for k in range(1, calls):
        with contextlib.suppress(BudgetExhausted):
            problem.fun(points[k % 100])
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held / min(budget, calls)


def memory() -> None:
    heading("Memory held per evaluation, against the trace as plain arrays (8 bytes a number)")
    for name in ("beale", "rosenbrock[10]", "rosenbrock[32]", "rosenbrock[40]", "rosenbrock[100]"):
        landscape = landscapes.get(name)
        held = bytes_traced(landscape, 2000, 2000)
        beyond = bytes_traced(landscape, 2000, 10_000)
        plain = 8.0 * (landscape.dim + 1)
        bounded = "bounded by the budget" if beyond < 1.1 * held else "GROWS BEYOND THE BUDGET"
        print(f"  {name}: {held:.0f} bytes, {held / plain:.1f} × plain arrays; {bounded} ({beyond:.0f})")


if __name__ == "__main__":
    one_thread()
    machine()
    time_added()
    memory()
