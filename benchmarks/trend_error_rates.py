"""How often `trend` is wrong where nothing became better or worse, and how soon it sees a creep.

    python benchmarks/trend_error_rates.py [STATES] [POOL]

A random search is measured with many streams of random numbers: each changes every path and no distribution. A state
is put together from these records, landscape by landscape at random, so that no two states are alike, and nothing but
luck tells them apart. Histories of 50 such states go through `find_trend`. Of each changed state it is counted whether
a step, or a creep, is told falsely; beside it, whether a comparison with the best state so far would have told one.
Then each state needs 1 % more evaluations than the one before, which is less than the gate of 2 %.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from history_solvers import Solver
from scipy import special

from pytest_optlandscape import landscapes, optimizers
from pytest_optlandscape.comparison import Verdict
from pytest_optlandscape.comparison.criteria import SPEED
from pytest_optlandscape.records import LandscapeRecord
from pytest_optlandscape.records.measuring import run_baseline
from pytest_optlandscape.store import Baseline, CommitEntry, OptimizerEntry
from pytest_optlandscape.trend import compare_records, find_trend, series_of
from pytest_optlandscape.trend.shares import mean_of

NAMES = (
    "beale", "himmelblau", "branin", "goldstein_price", "adjiman", "rosenbrock_2", "sphere[10]", "ellipsoid_1e6[5]",
    "trid[6]", "powell_singular[4]", "ackley[5]", "rastrigin[4]",
)  # fmt: skip
BUDGET = 30
LENGTH = 50
CREEP = 10


def measured(ratio: float, stream: int) -> dict[str, LandscapeRecord]:
    """Measure the random search with so many times as many evaluations, and random numbers of its own."""
    solver = Solver("random", "waste")
    solver.ratio = ratio
    source = solver.source().replace("default_rng(seed)", f"default_rng([seed, {stream}])")
    module: dict[str, object] = {"__name__": f"searching_{stream}"}
    exec(source, module)
    adapter = optimizers.get(module["minimize"])
    chosen = [landscapes.get(name) for name in NAMES]
    return {one.id: run_baseline(adapter, one, BUDGET * one.dim) for one in chosen}


def mixed(pool: list[dict[str, LandscapeRecord]], rng: np.random.Generator) -> Baseline:
    """Put a state together, landscape by landscape."""
    return Baseline("searching:minimize", {}, {}, {name: pool[rng.integers(len(pool))][name] for name in NAMES})


def upper_bound(count: int, trials: int) -> float:
    """Bound a probability at 95 % confidence (Clopper and Pearson)."""
    return float(special.betaincinv(count + 1, trials - count, 0.95)) if count < trials else 1.0


def events_of(records: list[Baseline]) -> list[tuple[str, str, int]]:
    """Give kind, verdict and number of the state of every event in a history of these records."""
    digests = {f"{k:064x}": record for k, record in enumerate(records)}
    entries = [
        CommitEntry(f"{k + 1:040x}", (f"{k:040x}",), optimizers={"searching:minimize": OptimizerEntry(digest)})
        for k, digest in enumerate(digests)
    ]
    (series,) = series_of(entries, [entry.commit for entry in entries])
    found = find_trend(series, digests.get)
    return [(one.kind, str(one.comparison.verdict), int(one.commit, 16) - 1) for one in found.events]


def alarms_against_the_best(records: list[Baseline]) -> int:
    """Count the states that are worse than the fastest one before."""
    best, count = records[0], 0
    speeds = {id(one): mean_of(SPEED, one, NAMES, averaged=False) for one in records}
    for one in records[1:]:
        count += compare_records(best, one).verdict == Verdict.WORSE
        best = min(best, one, key=lambda record: speeds[id(record)])
    return count


def main() -> None:
    states, size = map(int, (*sys.argv[1:], *("3000", "12")[len(sys.argv) - 1 :]))
    rng = np.random.default_rng(15)
    started = time.monotonic()
    pool = [measured(1.2, stream) for stream in range(size)]
    print(f"pool of {size} records on {len(NAMES)} landscapes: {time.monotonic() - started:.0f} s", flush=True)
    steps = creeps = best = with_any = best_any = histories = changed = 0
    while changed < states:
        records = [mixed(pool, rng) for _ in range(LENGTH + 1)]
        found = events_of(records)
        worse = [kind for kind, verdict, _ in found if verdict == "worse"]
        steps += worse.count("step")
        creeps += worse.count("creep")
        with_any += bool(found)
        alarms = alarms_against_the_best(records) if histories < 12 else 0
        best, best_any = best + alarms, best_any + bool(alarms)
        histories, changed = histories + 1, changed + LENGTH
        if histories in (12, 20, 40) or changed >= states:
            for kind, count in (("step", steps), ("creep", creeps), ("either", steps + creeps)):
                bound = upper_bound(count, changed)
                print(f"false worse by {kind}: {count} of {changed} changed states, below {bound:.2g} at 95 %")
            tried = min(histories, 12)
            print(f"histories of {LENGTH} changed states with any false event: {with_any} of {histories}")
            print(f"against the best so far: {best} false worse, {best_any} of {tried} histories", flush=True)
    seen: list[int | None] = []
    creeping = [[measured(1.2 * 1.01**k, 1000 * k + stream) for stream in range(2)] for k in range(CREEP + 1)]
    print(f"pools of a creep: {time.monotonic() - started:.0f} s", flush=True)
    for _ in range(40):
        records = [mixed(several, rng) for several in creeping]
        worse = (k for k in range(1, CREEP + 1) if any(one[1] == "worse" for one in events_of(records[: k + 1])))
        first = next(worse, None)
        seen.append(first)
    missed = seen.count(None)
    known = sorted(one for one in seen if one is not None)
    middle = known[len(known) // 2] if known else None
    print(f"creep of 1 % × {CREEP}: seen in {len(seen) - missed} of {len(seen)}, after {middle} commits (median)")


if __name__ == "__main__":
    main()
