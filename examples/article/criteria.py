"""Print the article's four criteria for optimizers, on Beale's function and others.

Convergence: how fast. Precision: how close. Robustness: from how many starts, with a bound. General performance: on how
many cells of five landscapes. Run it as ``python criteria.py [SPEC ...]``.
"""

from __future__ import annotations

import math
import sys

from pytest_optlandscape import landscapes, minimize, optimizers, strategies
from pytest_optlandscape.records import run_landscape
from pytest_optlandscape.runs import rate_interval

BUDGET = 2000
GAP = 1e-3
STARTS = 100

SCIPY = ["scipy:L-BFGS-B"]
KERAS = [
    "keras:SGD(learning_rate=0.01)",
    "keras:SGD(learning_rate=0.01, momentum=0.9, clipnorm=1.0)",
    "keras:Adam(learning_rate=0.05)",
    "keras:RMSprop(learning_rate=0.003)",
]


def four_criteria(spec, starts=STARTS):
    """Return convergence, precision, robustness and general performance of one optimizer."""
    beale = landscapes.get("beale")
    run = minimize(spec, beale, x0="article", budget=BUDGET)
    spread = [
        minimize(spec, beale, x0=x0, budget=BUDGET).result_gap <= GAP for x0 in strategies.sobol_starts(beale, starts)
    ]
    robustness = rate_interval(sum(spread), starts)
    adapter = optimizers.get(spec)
    records = [
        run_landscape(adapter, landscapes.get(name), 200 * landscapes.get(name).dim)
        for name in ("beale", "himmelblau", "rosenbrock_2", "booth", "sphere[10]")
    ]
    solved = sum(record.successes for record in records)
    return {
        "convergence": run.hit(GAP),
        "precision": run.digits,
        "robustness": robustness,
        "general": (solved, sum(len(record.cells) for record in records)),
        "stop_reason": run.stop_reason,
    }


def row(spec, starts=STARTS):
    """Write one optimizer's criteria as a row of text."""
    criteria = four_criteria(spec, starts)
    hit, rate, (solved, cells) = criteria["convergence"], criteria["robustness"], criteria["general"]
    convergence = f"{hit:.0f}" if math.isfinite(hit) else "never"
    precision = f"{criteria['precision']:.1f}" if math.isfinite(criteria["precision"]) else "none"
    robustness = f"{rate.successes}/{rate.trials}, {rate.lower:.2f}"
    return f"{spec:58} {convergence:>11} {precision:>9} {robustness:>16} {f'{solved}/{cells}':>8}"


def main(specs):
    print(f"{'':58} {'convergence':>11} {'precision':>9} {'robustness':>16} {'general':>8}")
    print(f"{'from (4, 4) on Beale; gap ' + format(GAP, 'g'):58} {'evaluations':>11} {'digits':>9}", end=" ")
    print(f"{'starts, at least':>16} {'cells':>8}")
    for spec in specs:
        print(row(spec), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or SCIPY + KERAS)
