"""How soon a rare failing start is found: the search of this package, uniform points, and plain Hypothesis.

Run ``python benchmarks/hunting.py``; ``--held`` takes the cases that were kept aside when the search was tuned. Printed
are the median numbers of runs until the first failure over a number of seeds; one that found nothing counts as the cap.
"""

from __future__ import annotations

import argparse
import statistics
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
from hunting_cases import HELD, TUNED, failure_of
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from measure import heading, machine, one_thread

from pytest_optlandscape import minimize, strategies

CAP = 500
FIRST = 6
"""Starts that the search tries first whatever happens: cases that one of them wins say nothing of the rest of it."""


def ours(spec: str, name: str, condition: str, number: int) -> int:
    """Count the runs of `strategies.find_failing_start`."""
    adapter, landscape, failed = failure_of((spec, name, condition))
    with_memory = settings.default
    settings.register_profile("forgetful", with_memory, database=None)
    settings.load_profile("forgetful")
    found = strategies.find_failing_start(adapter, landscape, failed, max_examples=CAP, seed=number)
    return found.examples if found else CAP


def uniform(spec: str, name: str, condition: str, number: int) -> int:
    """Count runs from uniform points."""
    adapter, landscape, failed = failure_of((spec, name, condition))
    rng = np.random.default_rng(number)
    lower, upper = landscape.bounds.T
    for k in range(1, CAP + 1):
        if failed(minimize(adapter, landscape, x0=lower + rng.random(landscape.dim) * (upper - lower), seed=number)):
            return k
    return CAP


def hypothesis(spec: str, name: str, condition: str, number: int) -> int:
    """Count the runs of a plain property test with floats inside the bounds."""
    adapter, landscape, failed = failure_of((spec, name, condition))
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
    parser.add_argument("--seeds", type=int, default=11)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    one_thread()
    machine()
    heading(f"Median runs until a failing start is found, {arguments.seeds} seeds, at most {CAP}")
    print(f"  {'':<60}{'uniform':>8}{'Hypothesis':>12}{'ours':>6}{'of uniform':>12}{'of Hypothesis':>15}")
    searches = (uniform, hypothesis, ours)
    found = []
    with ProcessPoolExecutor(arguments.workers) as pool:
        for case in HELD if arguments.held else TUNED:
            each = [(*case, k) for k in range(arguments.seeds)]
            counts = [list(pool.map(search, *zip(*each, strict=True))) for search in searches]
            found.append(counts)
            medians = [statistics.median(one) for one in counts]
            ratios = f"{medians[2] / medians[0]:>12.2f}{medians[2] / medians[1]:>15.2f}"
            spec, name, condition = case
            title = f"{spec} on {name}: {condition}"
            print(f"  {title:<60}{medians[0]:>8.0f}{medians[1]:>12.0f}{medians[2]:>6.0f}{ratios}", flush=True)
    runs = np.array(found, dtype=np.float64)  # case, search, seed
    of_uniform, of_hypothesis, of_ours = np.median(runs, axis=(0, 2))
    print(f"  over all searches: {of_uniform:.0f}, {of_hypothesis:.0f} and {of_ours:.0f} runs in the median")
    rows = np.median(runs, axis=2)
    _print_summary("all", rows)
    _print_summary("without those won by a fixed first start", rows[rows[:, 2] > FIRST])


def _print_summary(title: str, medians: np.ndarray[Any, np.dtype[np.float64]]) -> None:
    for name, column in (("uniform", 0), ("Hypothesis", 1)):
        ratios = medians[:, 2] / medians[:, column]
        print(
            f"  {title}: of {name} geometric mean {np.exp(np.mean(np.log(ratios))):.2f}, at most 0.5 in "
            f"{np.sum(ratios <= 0.5)} of {len(ratios)}, largest {np.max(ratios):.2f}"
        )
    both = np.max(medians[:, 2, np.newaxis] / medians[:, :2], axis=1)
    print(f"  {title}: at most 0.5 of both in {np.sum(both <= 0.5)} of {len(both)}")


if __name__ == "__main__":
    main()
