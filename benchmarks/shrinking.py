"""How simple a failing start gets, and what that costs: the shrinker of this package, and Hypothesis'.

Run ``python benchmarks/shrinking.py``. For some cases of ``hunting_cases.py``, Hypothesis draws starts from
``strategies.starts`` until one fails, and shrinks that. Then ``search.shrinking`` shrinks the same start. Printed are
the runs that each took after the failure, the coordinates that still differ from the standard start, and the
significant binary digits of all offsets together; medians over a number of seeds, and in how many both found one.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable

import hypothesis
import numpy as np
from hunting_cases import TUNED, Case, failure_of
from hypothesis import HealthCheck, settings
from measure import heading, machine, one_thread
from numpy.typing import NDArray

from pytest_optlandscape import minimize, strategies
from pytest_optlandscape.search.shrinking import shrunk, significant_digits

CASES = tuple(
    case
    for case in TUNED
    if case
    in (
        ("scipy:CG", "griewank[2]", "outside"),
        ("scipy:SLSQP", "dixon_price[2]", "gap"),
        ("scipy:L-BFGS-B", "mgh_wood", "gap"),
        ("scipy:L-BFGS-B", "crescent", "unsuccessful"),
        ("scipy:TNC", "xin_she_yang_4[2]", "evaluations 100"),
        ("scipy:CG", "levi_n13", "worse"),
        ("scipy:SLSQP", "sharp_ridge[2]", "gap"),
    )
)
"""Cases in which plain draws find a failing start within a thousand examples."""

SEEDS = 3
MOST_EXAMPLES = 1000

Point = NDArray[np.float64]


class Trials:
    """Counts runs, and keeps the first start that fails."""

    def __init__(self, fails: Callable[[Point], bool]) -> None:
        self._fails = fails
        self.count = 0
        self.first: Point | None = None
        self.count_to_first = 0

    def __call__(self, x0: Point) -> bool:
        """Return whether a start fails."""
        self.count += 1
        failed = self._fails(x0)
        if failed and self.first is None:
            self.first, self.count_to_first = x0.copy(), self.count
        return failed


def both(case: Case, seed: int) -> tuple[tuple[int, int, int], tuple[int, int, int]] | None:
    """Shrink one failing start in both ways; return runs, coordinates and digits of each, or None."""
    adapter, landscape, failed = failure_of(case)

    def fails(x0: Point) -> bool:
        return bool(failed(minimize(adapter, landscape, x0=x0)))

    trials = Trials(fails)
    quiet = settings(max_examples=MOST_EXAMPLES, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    try:
        simplest = hypothesis.find(strategies.starts(landscape), trials, settings=quiet, random=random.Random(seed))
    except hypothesis.errors.NoSuchExample:
        return None
    again = Trials(fails)
    ours = shrunk(landscape, np.array(landscape.bounds), trials.first, again)
    centre = landscape.x0
    return (trials.count - trials.count_to_first, *size(simplest - centre)), (again.count, *size(ours - centre))


def size(offsets: Point) -> tuple[int, int]:
    """Count the coordinates of an offset that are not 0, and the significant binary digits of all."""
    return int(np.count_nonzero(offsets)), sum(significant_digits(float(offset)) for offset in offsets)


def main() -> None:
    one_thread()
    machine()
    heading("shrinking a failing start: runs / coordinates off the standard start / binary digits")
    for case in CASES:
        found = [pair for seed in range(SEEDS) if (pair := both(case, seed)) is not None]
        if not found:
            print(f"  {' '.join(case):55} nothing found")
            continue
        texts = [
            " / ".join(f"{statistics.median(pair[way][k] for pair in found):g}" for k in range(3)) for way in (0, 1)
        ]
        print(f"  {' '.join(case):55} Hypothesis {texts[0]:18} ours {texts[1]:18} ({len(found)} of {SEEDS})")


if __name__ == "__main__":
    main()
