"""How often other random numbers alone make a suite worse: many suites, drawn from a bank of runs with unlike seeds.

Run ``python benchmarks/power_streams.py``. Each cell of the suite ``quick`` is run with many seeds, once. A suite is
then made of ten of them for each cell, five for the baseline and five for now, and judged as the package judges.
Nothing about the algorithm differs, so that *worse* and *better* are false alarms. Suites share runs, which leaves
their mean unbiased; the interval that is printed is too narrow for that.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from measure import heading, machine, one_thread
from numpy.typing import NDArray
from power import QUICK, budget_of
from power_corpus import optimizer_names, reference

from pytest_optlandscape.comparison import compare_landscape, compare_optimizer
from pytest_optlandscape.landscapes import get
from pytest_optlandscape.optimizers.callables import from_callable
from pytest_optlandscape.records import LandscapeRecord
from pytest_optlandscape.records.averages import BATCH
from pytest_optlandscape.records.build_records import record_of
from pytest_optlandscape.records.criterion_values import AVERAGED
from pytest_optlandscape.records.landscape_record import Average, CellRecord
from pytest_optlandscape.records.measuring import run_landscape
from pytest_optlandscape.runs import Problem, execute
from pytest_optlandscape.runs.rates import rate_interval
from pytest_optlandscape.suites.catalogue import cells

SEEDS = BATCH["seeds"]
"""Of each cell, in a baseline and again now."""


@dataclass(frozen=True)
class Bank:
    """Runs of one landscape with many seeds.

    Attributes
    ----------
    record : LandscapeRecord
        With the cells' own seeds.
    runs : list of list of CellRecord
        Of each cell, by seed.
    values : ndarray, shape (cells, seeds, criteria + 1)
        The last is the number of targets reached.
    """

    record: LandscapeRecord
    runs: list[list[CellRecord]]
    values: NDArray[np.float64]

    def drawn(self, chosen: NDArray[np.intp]) -> LandscapeRecord:
        """Make a record of some seeds for each cell, shape (cells, SEEDS), of which the first is the cell's own."""
        values = np.take_along_axis(self.values, chosen[:, :, np.newaxis], axis=1)
        means, reached = values[:, :, :-1].mean(axis=1).tolist(), values[:, :, -1].max(axis=1).tolist()
        kept = [
            replace(runs[own], average=Average.from_text(Average(SEEDS, *mean, reached=int(most)).to_text()))
            for runs, own, mean, most in zip(self.runs, chosen[:, 0].tolist(), means, reached, strict=True)
        ]
        return replace(self.record, cells=tuple(kept))


def bank_of(name: str, landscape_id: str, seeds: int) -> Bank:
    """Run one landscape with many seeds."""
    adapter, landscape = from_callable(reference(name), f"power_corpus:{name}"), get(landscape_id)
    budget = budget_of(adapter, landscape)
    record = run_landscape(adapter, landscape, budget)
    runs = [
        [
            record_of(execute(adapter, Problem(landscape, cell.x0, budget=budget, seed=cell.seed + k)), cell.start)
            for k in range(seeds)
        ]
        for cell in cells(landscape)
    ]
    values = [
        [[*(value(record, one) for value in AVERAGED.values()), np.isfinite(one.hits).sum()] for one in several]
        for several in runs
    ]
    return Bank(record, runs, np.array(values))


def verdicts_of(name: str, suites: int, seeds: int) -> Counter[str]:
    """Judge many suites of one optimizer."""
    warnings.simplefilter("ignore")
    banks = [bank_of(name, landscape_id, seeds) for landscape_id in QUICK]
    takes_bounds = from_callable(reference(name), name).takes_bounds
    rng = np.random.default_rng(0)
    counted: Counter[str] = Counter()
    for _ in range(suites):
        compared = []
        for bank in banks:
            drawn = rng.random((len(bank.runs), seeds)).argsort(axis=1)[:, : 2 * SEEDS]
            before, now = bank.drawn(drawn[:, :SEEDS]), bank.drawn(drawn[:, SEEDS:])
            compared.append(compare_landscape(now, before, landscapes=len(banks), takes_bounds=takes_bounds))
        counted[str(compare_optimizer(name, compared).verdict)] += 1
    return counted


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and measure."""
    stochastic = [name for name in optimizer_names() if from_callable(reference(name), name).is_stochastic]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--optimizers", nargs="+", default=stochastic, metavar="NAME")
    parser.add_argument("--suites", type=int, default=2000, help="of each optimizer")
    parser.add_argument("--seeds", type=int, default=40, help="in the bank, of each cell")
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args(arguments)
    machine()
    heading(f"{asked.suites} suites of each optimizer with other random numbers")
    print(f"  {'':<26}{'worse':>8}{'better':>8}")
    began, total = time.perf_counter(), Counter[str]()
    with ProcessPoolExecutor(asked.workers) as pool:
        count = len(asked.optimizers)
        found = pool.map(verdicts_of, asked.optimizers, [asked.suites] * count, [asked.seeds] * count)
        for name, counted in zip(asked.optimizers, found, strict=True):
            total += counted
            print(f"  {name:<26}{counted['worse']:>8}{counted['better']:>8}", flush=True)
    worse, trials = total["worse"], sum(total.values())
    upper = rate_interval(worse, trials, 0.95).upper
    print(f"  in all {worse} of {trials} worse, at most {100 * upper:.3f} % (95 %); promised: 0.1 %")
    print(f"  {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    one_thread()
    main()
