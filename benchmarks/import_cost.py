"""The time that importing ``scipy.stats`` adds to a process, beside the time of L-BFGS-B on the suite ``quick``.

Each import is timed in a process of its own, after what the package imports anyway. Times are CPU times.

Run ``python benchmarks/import_cost.py``.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

from measure import ROOT, heading, machine, one_thread

from pytest_optlandscape import optimizers
from pytest_optlandscape.optimizers.profile import obstacle
from pytest_optlandscape.records import run_landscape
from pytest_optlandscape.suites.catalogue import EVALUATIONS_PER_DIMENSION, suite_landscapes

MODULE = "scipy.stats"
ROUNDS = 15
_TIMED = f"""
import sys, time
import pytest_optlandscape.comparison, pytest_optlandscape.optimizers.adapters.scipy, pytest_optlandscape.suites
assert "{MODULE}" not in sys.modules, "it is imported anyway"
started = time.process_time()
import {MODULE}
print(time.process_time() - started)
"""


def import_seconds() -> float:
    """Import the module in a new process and return the CPU time."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", _TIMED],
        env={**os.environ, "PYTHONPATH": path},
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout)


def suite_seconds() -> float:
    """Run L-BFGS-B on the suite ``quick`` and return the CPU time."""
    adapter = optimizers.get("scipy:L-BFGS-B")
    landscapes = [one for one in suite_landscapes("quick") if not obstacle(adapter, one)]
    started = time.process_time()
    for landscape in landscapes:
        run_landscape(adapter, landscape, EVALUATIONS_PER_DIMENSION * landscape.dim)
    return time.process_time() - started


def main() -> None:
    """Print both times."""
    machine()
    import_seconds()  # writes bytecode, fills the disk's cache
    imports = [import_seconds() for _ in range(ROUNDS)]
    suite_seconds()  # compiles the formulas
    suites = [suite_seconds() for _ in range(3)]
    heading(f"Importing {MODULE} (CPU seconds, {ROUNDS} processes)")
    print(f"  median {statistics.median(imports):.2f} s, from {min(imports):.2f} to {max(imports):.2f} s")
    print(f"  L-BFGS-B on the suite quick: {statistics.median(suites):.2f} s")


if __name__ == "__main__":
    one_thread()
    main()
