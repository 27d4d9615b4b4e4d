"""What the benchmarks share: interleaved timing, and lines that say whether a target was reached.

Times are CPU times on one thread, taken in turn (A B A B …) with garbage collection off, so that a machine that
slows down slows all of them. Ratios are sound; microseconds are those of the machine at hand.
"""

from __future__ import annotations

import os
import platform
import sys
import time
import timeit
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # a checkout can be measured without being installed

MICRO = 1e-6
Function = Callable[[Any], Any]


def per_call(
    functions: dict[str, Function], points: Sequence[Any], *, repeats: int = 15, seconds: float = 0.004
) -> dict[str, float]:
    """Time functions of one argument on the same arguments.

    Parameters
    ----------
    functions : dict of callables
        By name.
    points : sequence
        The arguments; each repeat goes through all of them, several times if they are quick.
    repeats : int
        How often the functions take turns.
    seconds : float
        About how long one turn lasts.

    Returns
    -------
    dict
        Best seconds per call, by name.
    """
    timers = {
        name: timeit.Timer("for x in points: f(x)", timer=time.process_time, globals={"f": function, "points": points})
        for name, function in functions.items()
    }
    loops = {}
    for name, timer in timers.items():
        timer.timeit(1)  # compiles, fills caches
        loops[name] = max(1, round(seconds / max(timer.timeit(1), 1e-9)))
    turns: dict[str, list[float]] = {name: [] for name in timers}
    for _ in range(repeats):
        for name, timer in timers.items():
            turns[name].append(timer.timeit(loops[name]) / (loops[name] * len(points)))
    return {name: min(times) for name, times in turns.items()}


def one_thread() -> None:
    """Start the script again with one BLAS thread, unless it has been.

    The threads of BLAS spin while they wait. On a machine that is busy, L-BFGS-B, which calls BLAS on vectors
    of ten numbers, takes 5 to 25 times as long with two threads as with one.
    """
    limits = {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    if not limits.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **limits})


def verdict(value: float, target: float) -> str:
    """Say whether a value that should be small is; past the target, by how much it is short."""
    return "reached" if value <= target else f"short by {100.0 * (value / target - 1.0):.1f} %"


def line(what: str, value: float, target: float, unit: str = "") -> None:
    """Print a value against its target."""
    print(f"  {what:<58} {value:8.3f} {unit:<3} target {target:g} {unit}: {verdict(value, target)}")


def heading(text: str) -> None:
    """Print a heading."""
    print(f"\n{text}\n{'-' * len(text)}")


def write_tables(page: Path, tables: Mapping[str, Sequence[str]]) -> None:
    """Write tables into a page: the lines of each between ``<!-- NAME -->`` and the next ``<!-- end -->``."""
    text = page.read_text()
    for name, lines in tables.items():
        before, marker, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        if not (marker and end):
            raise SystemExit(f"{page} has no place for the table {name}")
        text = "".join([before, marker, *(f"{line}\n" for line in lines), end, after])
    page.write_text(text)


def machine() -> None:
    """Print what the numbers depend on, without naming the machine."""
    versions = ", ".join(f"{name} {version_of(name)}" for name in ("numpy", "scipy", "pytest"))
    print(f"{platform.python_implementation()} {platform.python_version()}, {versions}, {platform.machine()}")


def version_of(distribution: str) -> str | None:
    """Give the version of a distribution, or None where it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
