"""How soon a rare failing start is found: the search of this package, uniform points, and plain Hypothesis.

Run ``python benchmarks/hunting.py``; ``--held`` takes the cases that were kept aside when the search was tuned. Printed
are the median numbers of runs until the first failure over a number of seeds; one that found nothing counts as the cap.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from measure import heading, machine, one_thread

from pytest_optlandscape import landscapes, minimize, strategies
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.verdicts.records import SUCCESS_TARGET
from pytest_optlandscape.verdicts.summing_up import reference_gap

CAP = 500
_HEALTH = list(HealthCheck)
TUNED = (
    ("scipy:L-BFGS-B", "himmelblau"), ("scipy:L-BFGS-B", "mgh_helical_valley"), ("scipy:BFGS", "branin"),
    ("scipy:TNC", "mgh_helical_valley"),
)  # fmt: skip
HELD = (
    ("scipy:SLSQP", "dixon_price"), ("scipy:TNC", "booth"), ("scipy:Nelder-Mead", "leon"),
    ("scipy:SLSQP", "mgh_helical_valley"),
)  # fmt: skip


def _failure_of(spec: str, name: str) -> tuple[Any, Any, Callable[[Any], bool]]:
    adapter, landscape = get(spec), landscapes.get(name)
    target = SUCCESS_TARGET * reference_gap(landscape)
    return adapter, landscape, lambda run: run.result_gap > target


def ours(spec: str, name: str, number: int) -> int:
    """Count the runs of `strategies.find_failing_start`."""
    adapter, landscape, failed = _failure_of(spec, name)
    with_memory = settings.default
    settings.register_profile("forgetful", with_memory, database=None)
    settings.load_profile("forgetful")
    found = strategies.find_failing_start(adapter, landscape, failed, budget=CAP, seed=number)
    return found.examples if found else CAP


def uniform(spec: str, name: str, number: int) -> int:
    """Count runs from uniform points."""
    adapter, landscape, failed = _failure_of(spec, name)
    rng = np.random.default_rng(number)
    lower, upper = landscape.bounds.T
    for k in range(1, CAP + 1):
        if failed(minimize(adapter, landscape, x0=lower + rng.random(landscape.dim) * (upper - lower), seed=number)):
            return k
    return CAP


def hypothesis(spec: str, name: str, number: int) -> int:
    """Count the runs of a plain property test with floats inside the bounds."""
    adapter, landscape, failed = _failure_of(spec, name)
    count = 0

    @seed(number)
    @settings(
        max_examples=CAP, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=HealthCheck
    )
    @given(st.tuples(*(st.floats(*bounds) for bounds in landscape.bounds.tolist())))
    def holds(x0: tuple[float, ...]) -> None:
        nonlocal count
        count += 1
        assert not failed(minimize(adapter, landscape, x0=x0, seed=number))

    try:
        holds()
    except AssertionError:
        return min(count, CAP)
    return CAP


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held", action="store_true")
    parser.add_argument("--seeds", type=int, default=9)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    one_thread()
    print(machine())
    heading(f"Median runs until a failing start is found, {arguments.seeds} seeds, at most {CAP}")
    print(f"  {'':<40}{'uniform':>10}{'Hypothesis':>12}{'ours':>8}{'of uniform':>12}")
    with ProcessPoolExecutor(arguments.workers) as pool:
        for spec, name in HELD if arguments.held else TUNED:
            medians = []
            for search in (uniform, hypothesis, ours):
                counts = pool.map(search, *zip(*((spec, name, k) for k in range(arguments.seeds)), strict=True))
                medians.append(statistics.median(counts))
            rest = f"{medians[2]:>8.0f}{medians[2] / medians[0]:>12.2f}"
            print(f"  {spec + ' on ' + name:<40}{medians[0]:>10.0f}{medians[1]:>12.0f}{rest}", flush=True)


if __name__ == "__main__":
    main()
