"""What the article's four criteria say of an optimizer, on Beale's function and beyond.

Convergence: how fast. Precision: how close. Robustness: from how many starts, with what certainty. General performance:
on how many landscapes of the suite. Run it as ``python criteria.py [SPEC ...]``.
"""

from __future__ import annotations

import sys

from pytest_optlandscape import landscapes, minimize, optimizers, strategies
from pytest_optlandscape.verdicts import rate_interval, run_landscape

BUDGET = 2000
GAP = 1e-6
STARTS = 100

SCIPY = ["scipy:L-BFGS-B"]
KERAS = [
    "keras:SGD(learning_rate=0.01)",
    "keras:SGD(learning_rate=0.01, clipnorm=1.0)",
    "keras:Adam(learning_rate=0.05)",
    "keras:RMSprop(learning_rate=0.05)",
]


def four_criteria(spec, starts=STARTS):
    """Judge one optimizer; returns convergence, precision, robustness and general performance."""
    beale = landscapes.get("beale")
    run = minimize(spec, beale, x0="article", budget=BUDGET)
    spread = [
        minimize(spec, beale, x0=x0, budget=BUDGET).result_gap <= GAP
        for x0 in strategies.sobol_starts(beale, starts)
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


def main(specs):
    print(f"{'optimizer':45} {'convergence':>12} {'precision':>11} {'robustness':>22} {'general':>9}")
    print(f"{'':45} {'evaluations':>12} {'digits':>11} {'starts, at least':>22} {'cells':>9}")
    for spec in specs:
        criteria = four_criteria(spec)
        rate = criteria["robustness"]
        print(
            f"{spec:45} {criteria['convergence']:>12.0f} {criteria['precision']:>11.1f} "
            f"{rate.successes:>10}/{rate.trials}, {rate.lower:>7.3f} "
            f"{criteria['general'][0]:>5}/{criteria['general'][1]}   {criteria['stop_reason']}"
        )


if __name__ == "__main__":
    main(sys.argv[1:] or SCIPY + KERAS)
