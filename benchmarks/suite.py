"""What a suite costs: comparing against a bare loop over the same runs, writing a baseline against comparing.

In the bare loop SciPy is called directly with the landscape, nothing is counted and nothing kept. Run ``python
benchmarks/suite.py``; ``--profile`` shows where the difference goes.
"""

from __future__ import annotations

import argparse
import cProfile
import dataclasses
import gc
import pstats
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import scipy.optimize
from measure import heading, line, machine, one_thread

from pytest_optlandscape import optimizers
from pytest_optlandscape.comparison import OptimizerComparison, compare_landscape, compare_optimizer
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.optimizers.profile import obstacle
from pytest_optlandscape.records import LandscapeRecord, run_baseline, run_landscape
from pytest_optlandscape.suites.catalogue import EVALUATIONS_PER_DIMENSION, Cell, cells, suite_landscapes

MOST_TIMES_BARE = 1.10
MOST_COMPARISONS = 10.0
MOST_SECONDS = 10.0
BareRun = Callable[[Cell], Any]

# Differential evolution is given as many generations as the budget allows, so that it stops by itself:
# (11 + 1) generations of 15 points a dimension are 180 evaluations a dimension.
DE_ARGUMENTS = {"maxiter": 11, "polish": False, "tol": 0.0}


def _lbfgsb(cell: Cell) -> Any:
    landscape = cell.landscape
    return scipy.optimize.minimize(
        landscape, cell.x0, method="L-BFGS-B", jac=landscape.gradient, bounds=landscape.bounds
    )


def _nelder_mead(cell: Cell) -> Any:
    landscape = cell.landscape
    return scipy.optimize.minimize(landscape, cell.x0, method="Nelder-Mead", bounds=landscape.bounds)


def _differential_evolution(cell: Cell) -> Any:
    landscape = cell.landscape
    return scipy.optimize.differential_evolution(
        landscape, landscape.bounds, x0=cell.x0, rng=cell.seed, constraints=landscape.constraints, **DE_ARGUMENTS
    )


_DE_SPEC = ", ".join(f"{key}={value!r}" for key, value in DE_ARGUMENTS.items())
OPTIMIZERS: dict[str, BareRun] = {
    "scipy:L-BFGS-B": _lbfgsb,
    "scipy:Nelder-Mead": _nelder_mead,
    f"scipy:differential_evolution({_DE_SPEC})": _differential_evolution,
}


def budget_of(landscape: Landscape) -> int:
    return EVALUATIONS_PER_DIMENSION * landscape.dim


def baseline_run(adapter: Adapter, chosen: list[Landscape]) -> list[LandscapeRecord]:
    """Run as the plugin does for a new baseline."""
    return [run_baseline(adapter, landscape, budget_of(landscape)) for landscape in chosen]


def suite_run(
    adapter: Adapter, chosen: list[Landscape], baseline: list[LandscapeRecord] | None = None
) -> list[LandscapeRecord]:
    """Run as the plugin does for a comparison."""
    known = baseline or [None] * len(chosen)
    return [run_landscape(adapter, ls, budget_of(ls), before) for ls, before in zip(chosen, known, strict=True)]


def judge(spec: str, baseline: list[LandscapeRecord], now: list[LandscapeRecord]) -> OptimizerComparison:
    pairs = zip(now, baseline, strict=True)
    compared = [compare_landscape(new, old, landscapes=len(now)) for new, old in pairs]
    return compare_optimizer(spec, compared)


def other_everywhere(record: LandscapeRecord) -> LandscapeRecord:
    """Give the record other traces, so that no run passes for identical and every test is made."""
    return dataclasses.replace(record, cells=tuple(dataclasses.replace(cell, trace="") for cell in record.cells))


def bare_loop(bare: BareRun, chosen: list[list[Cell]]) -> int:
    """Run the same cells, and add up the evaluations SciPy reports."""
    return sum(int(bare(cell).nfev) for group in chosen for cell in group)


def comparable(records: list[LandscapeRecord]) -> list[bool]:
    """Say which landscapes' runs all stopped by themselves: SciPy alone knows no common budget."""
    return [all(cell.stop_reason == "returned" for cell in record.cells) for record in records]


def compare(spec: str, bare: BareRun, profile: bool) -> None:
    adapter = optimizers.get(spec)
    quick = [landscape for landscape in suite_landscapes("quick") if not obstacle(adapter, landscape)]
    started = time.process_time()
    first = suite_run(adapter, quick)
    first_seconds = time.process_time() - started
    chosen = [ls for ls, kept in zip(quick, comparable(first), strict=True) if kept]
    groups = [cells(landscape) for landscape in chosen]
    ours_nfev = sum(cell.nfev for record in suite_run(adapter, chosen) for cell in record.cells)
    bare_nfev = bare_loop(bare, groups)
    started = time.process_time()
    baseline = baseline_run(adapter, chosen)
    baseline_seconds = time.process_time() - started
    ours, theirs = [], []
    rounds = max(5, min(21, round(MOST_SECONDS / first_seconds)))
    for _ in range(rounds):
        gc.collect()
        gc.disable()
        fresh = [dataclasses.replace(record) for record in baseline]  # as read from its file: nothing worked out yet
        started = time.process_time()
        judge(spec, fresh, suite_run(adapter, chosen, fresh))
        middle = time.process_time()
        bare_loop(bare, groups)
        ended = time.process_time()
        gc.enable()
        ours.append(middle - started)
        theirs.append(ended - middle)
    left_out = len(quick) - len(chosen)
    print(f"  {spec}: {sum(map(len, groups))} cells of {len(chosen)} landscapes, {rounds} rounds")
    print(f"    evaluations: ours {ours_nfev}, bare {bare_nfev}; landscapes left out for the budget: {left_out}")
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    line(f"  comparison {min(ours):.3f} s, over bare {min(theirs):.3f} s", ratio, MOST_TIMES_BARE)
    runs = sum(map(len, groups))
    per_run = 1e6 * (statistics.median(ours) - statistics.median(theirs)) / runs
    print(f"    {per_run:.0f} µs added a run of {1e6 * statistics.median(theirs) / runs:.0f} µs")
    median = statistics.median(ours)
    line(
        f"  writing a baseline {baseline_seconds:.3f} s, over a comparison", baseline_seconds / median, MOST_COMPARISONS
    )
    differing = [other_everywhere(record) for record in baseline]
    now = suite_run(adapter, chosen)
    started = time.process_time()
    judge(spec, differing, now)
    judging = time.process_time() - started
    print(f"    judging alone, where every run differs from its baseline: {1e3 * judging:.0f} ms")
    line("  quick, all of it, first time in the process", first_seconds, MOST_SECONDS, "s")
    if profile:
        profiler = cProfile.Profile()
        profiler.runcall(suite_run, adapter, chosen)
        pstats.Stats(profiler).sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    one_thread()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", action="store_true", help="show where the suite spends its time")
    parser.add_argument("--only", default="", help="part of the name of the optimizers to run")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    machine()
    heading("Whole suite 'quick' against a bare loop over the same runs (ratio)")
    for spec, bare in OPTIMIZERS.items():
        if arguments.only in spec:
            compare(spec, bare, arguments.profile)
