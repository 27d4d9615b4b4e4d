"""The cost of evaluating a landscape: one point, its gradient, a batch; and of importing the catalogue.

The peers are the same formulas typed by hand, and landscape libraries.
Run ``python benchmarks/evaluation.py``.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys

import numpy as np
from handwritten import BATCH, POINT
from measure import MICRO, ROOT, Function, heading, line, machine, one_thread, per_call
from peers import COMPARED, installed

from pytest_optlandscape import landscapes
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.suites.low_discrepancy import sobol_starts

POINTS = 64
MOST_MICROSECONDS = 0.5
FLOOR = "Python floats"
MOST_EVALUATIONS_A_GRADIENT = 3.0


def points_of(landscape: Landscape) -> list[np.ndarray]:
    """Spread points over the box, each an array of its own."""
    return [point.copy() for point in sobol_starts(landscape, POINTS)]


def disagreement(landscape: Landscape, peer: Function) -> float:
    """Give the largest relative difference of a peer's values from ours."""
    points = points_of(landscape)
    ours = np.array([landscape(x) for x in points])
    theirs = np.array([float(peer(x)) for x in points])
    return float(np.max(np.abs(ours - theirs) / (1.0 + np.abs(ours))))


def agrees(landscape: Landscape, name: str, peer: Function) -> bool:
    """Check values before anything is timed, and say where they differ."""
    off = disagreement(landscape, peer)
    if off > 1e-9:
        print(f"  {landscape.id}: {name} is another formula (values differ by up to {off:.2g})")
    return off <= 1e-9


def catalogue_in_the_plane() -> None:
    heading("One evaluation, one 2-D point as ndarray")
    chosen = [ls for ls in landscapes.select(exclude="search-space") if ls.dim == 2]
    times = {ls.id: per_call({"f": ls}, points_of(ls))["f"] / MICRO for ls in chosen}
    line(f"median of all {len(times)}", statistics.median(times.values()), MOST_MICROSECONDS, "µs")
    for family in landscapes.families():
        of_family = {ls.id: times[ls.id] for ls in chosen if ls.family == family}
        if of_family:
            dearest = max(of_family, key=lambda name: of_family[name])
            what = f"median of {family}, {len(of_family)} landscapes"
            line(what, statistics.median(of_family.values()), MOST_MICROSECONDS, "µs")
            print(f"    dearest: {dearest} {of_family[dearest]:.3f} µs")
    quick = min(times, key=lambda name: times[name])
    print(f"  quickest: {quick} {times[quick]:.3f} µs; above the target: ", end="")
    print(sum(value > MOST_MICROSECONDS for value in times.values()), "of", len(times))


def against_handwritten() -> None:
    heading("One point against the same formula typed by hand (ratio of ours to theirs)")
    for name, functions in POINT.items():
        landscape = landscapes.get(name)
        peers = {peer: function for peer, function in functions.items() if agrees(landscape, peer, function)}
        times = per_call({"ours": landscape, **peers}, points_of(landscape))
        print(f"  {name}: {times['ours'] / MICRO:.3f} µs")
        for peer in peers:
            what, ratio = f"  to {peer} ({times[peer] / MICRO:.3f} µs)", times["ours"] / times[peer]
            if peer == FLOOR and landscape.dim == 2:
                print(f"  {what:<58} {ratio:8.3f}     the floor: nothing is checked there (no target)")
            else:
                line(what, ratio, 1.0)


def gradients() -> None:
    heading("A gradient, in evaluations of its landscape")
    costs: dict[str, dict[str, float]] = {}
    for landscape in [*landscapes.select(), *landscapes.select("rosenbrock", "rastrigin", dim=10)]:
        if landscape.has_gradient:
            functions = {"f": landscape, "gradient": landscape.gradient}
            times = per_call(functions, points_of(landscape), repeats=7)
            costs.setdefault(landscape.family, {})[landscape.id] = times["gradient"] / times["f"]
    for family, of_family in costs.items():
        dearest = max(of_family, key=lambda name: of_family[name])
        what = f"median of {family}, {len(of_family)} landscapes"
        line(what, statistics.median(of_family.values()), MOST_EVALUATIONS_A_GRADIENT)
        line(f"  dearest: {dearest}", of_family[dearest], MOST_EVALUATIONS_A_GRADIENT)
    every = [cost for of_family in costs.values() for cost in of_family.values()]
    print(f"  above the target: {sum(cost > MOST_EVALUATIONS_A_GRADIENT for cost in every)} of {len(every)}")


def batches() -> None:
    heading("A batch of 10 000 points in 10 dimensions against straightforward NumPy (ratio)")
    for name, by_hand in BATCH.items():
        landscape = landscapes.get(name)
        batch = sobol_starts(landscape, 10_000)
        np.testing.assert_allclose(landscape(batch), by_hand(batch), rtol=1e-9, atol=1e-9)
        times = per_call({"ours": landscape, "by hand": by_hand}, [batch], repeats=25)
        milliseconds = {name: 1e3 * seconds for name, seconds in times.items()}
        what = f"{name} ({milliseconds['ours']:.2f} ms, by hand {milliseconds['by hand']:.2f} ms)"
        line(what, times["ours"] / times["by hand"], 1.0)


def against_libraries() -> None:
    heading("One point against landscape libraries (ratio of ours to theirs)")
    libraries, missing = installed()
    for sentence in missing:
        print(f"  {sentence}")
    for name in COMPARED:
        landscape = landscapes.get(name)
        peers = {
            library: functions[name]
            for library, functions in libraries.items()
            if name in functions and agrees(landscape, library, functions[name])
        }
        if not peers:
            continue
        times = per_call({"ours": landscape, **peers}, points_of(landscape))
        print(f"  {name}: {times['ours'] / MICRO:.3f} µs")
        for peer in peers:
            line(f"  to {peer} ({times[peer] / MICRO:.3f} µs)", times["ours"] / times[peer], 1.0)


_IMPORT_TIMES = """
import json, time
times = [time.process_time()]
import numpy
times.append(time.process_time())
from pytest_optlandscape import landscapes
times.append(time.process_time())
print(json.dumps(times))
"""


def importing() -> None:
    heading("Importing the catalogue against importing NumPy (CPU time, median of 15 processes)")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
    numpy_takes, catalogue_takes = [], []
    for _ in range(16):
        command = [sys.executable, "-c", _IMPORT_TIMES]
        out = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
        start, with_numpy, with_catalogue = json.loads(out)
        numpy_takes.append(with_numpy - start)
        catalogue_takes.append(with_catalogue - with_numpy)
    ours, theirs = statistics.median(catalogue_takes[1:]), statistics.median(numpy_takes[1:])  # the first fills caches
    line(f"catalogue {1e3 * ours:.0f} ms beyond NumPy, NumPy {1e3 * theirs:.0f} ms: ratio", ours / theirs, 1.0)


if __name__ == "__main__":
    one_thread()
    machine()
    catalogue_in_the_plane()
    against_handwritten()
    gradients()
    batches()
    against_libraries()
    importing()
