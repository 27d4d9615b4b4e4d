"""How soon a time limit ends loops that swallow every exception: with signals alone, and as the watchdog does it.

The loops are those of ``tests/runs/test_runs_time.py``. Each runs in a process of its own, in the main thread, with a
time limit of one second. A process that goes on for too long is killed.

Run ``python benchmarks/swallowed_interrupts.py`` (some minutes).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from typing import Any

from measure import ROOT, heading, machine, one_thread

LOOPS = ("swallows_and_spins", "swallows_in_layers", "swallows_in_sleep", "swallows_in_with", "swallows_in_finally")
WAYS = {"signals": "signals alone", "all": "as the watchdog does it"}
LIMIT = 1.0
PATIENCE = 25.0


def run_loop(name: str, way: str) -> None:
    """Run one loop in this process until its time limit ends it, and print how late it ended."""
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "runs")]
    import test_runs_time

    from pytest_optlandscape import minimize
    from pytest_optlandscape.runs import watchdog

    if way == "signals":
        watchdog._queue_burst = lambda: None
        watchdog._raised_instead_of = lambda handled: None
    optimizer: Any = getattr(test_runs_time, name)
    started = time.perf_counter()
    run = minimize(optimizer, "beale", budget=10**6, time_limit=LIMIT)
    assert run.stop_reason == "time", run
    print(f"ended {time.perf_counter() - started - LIMIT:.1f}")


def outcome(name: str, way: str) -> str:
    """Run one loop in a process of its own and describe its end."""
    command = [sys.executable, __file__, "--loop", name, "--way", way]
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=LIMIT + PATIENCE)
    except subprocess.TimeoutExpired:
        return f"not ended within {PATIENCE:g} s"
    return f"ended after {done.stdout.rpartition('ended ')[2].strip()} s"


def main() -> None:
    """Print a line for each loop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loop", choices=LOOPS, help="run this loop in this process")
    parser.add_argument("--way", choices=WAYS, default="all")
    told = parser.parse_args()
    if told.loop:
        run_loop(told.loop, told.way)
        return
    machine()
    heading("Loops that swallow every exception: time beyond their limit")
    for name in LOOPS:
        print(f"  {name:<20}", *(f"{text}: {outcome(name, way)};" for way, text in WAYS.items()), flush=True)


if __name__ == "__main__":
    one_thread()
    main()
