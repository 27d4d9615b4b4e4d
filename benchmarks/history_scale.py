"""How long a large history takes to print, and how much memory.

    python benchmarks/history_scale.py [COMMITS] [OPTIMIZERS] [SUITE]

Makes a history of 10 000 commits and 5 optimizers with a state every 500 commits, each entry in a file of its own, and
runs `optlandscape history` on it: first where no comparison is remembered, then where all are. Every record has the
landscapes of a suite (default: quick).
"""

from __future__ import annotations

import itertools
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from pytest_optlandscape import landscapes, optimizers
from pytest_optlandscape.records.measuring import run_baseline
from pytest_optlandscape.store import Baseline, CommitEntry, OptimizerEntry, digest_of_record
from pytest_optlandscape.store.entries import record_name
from pytest_optlandscape.store.history import data_of
from pytest_optlandscape.suites.catalogue import suite_ids
from pytest_optlandscape.trend import compare_records


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def main() -> None:
    told = [*sys.argv[1:], *("10000", "5", "quick")[len(sys.argv) - 1 :]]
    commits, count = map(int, told[:2])
    names = suite_ids(told[2])
    versions = {"numpy": "2.3.1", "pytest-optlandscape": "0.1.0", "python": "3.12.1", "scipy": "1.16.0"}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "pytest.ini").write_text("[pytest]\n")
        store = folder / ".optlandscape" / "history"
        records = []
        for k in range(20):
            adapter = optimizers.get(f"scipy:L-BFGS-B(maxcor={k + 2})")
            chosen = [landscapes.get(name) for name in names]
            suitable = [one for one in chosen if "noisy" not in one.tags and not one.constraints]
            measured = [run_baseline(adapter, one, 200 * one.dim) for one in suitable]
            records.append(Baseline("", {}, {}, {one.landscape: one for one in measured}))
        started = time.process_time()
        for before, now in itertools.pairwise(records):
            compare_records(before, now, takes_bounds=True)
        seconds = (time.process_time() - started) / (len(records) - 1)
        print(f"a comparison of two records of {len(records[0].records)} landscapes: {1000 * seconds:.0f} ms")
        named: dict[tuple[int, int], str] = {}
        for k, record in enumerate(records):
            for n in range(count):
                own = replace(record, optimizer=f"solver{n}:minimize")
                named[k, n] = digest_of_record(own)
                write(store / record_name(named[k, n]), data_of(own))
        means = {"speed": 1.2345, "precision": -12.345, "failure": 0.0625, "cost": 1.9876}
        for k in range(commits):
            state = k * len(records) // commits
            entry = CommitEntry(
                f"{k + 1:040x}", (f"{k:040x}",), "A developer", f"Commit number {k}", k, k, "", f"{k:040x}",
                versions=versions, platform="Linux x86_64",
                optimizers={f"solver{n}:minimize": OptimizerEntry(named[state, n], means=means) for n in range(count)},
            )  # fmt: skip
            write(store / entry.name, entry.data)
        spent = 0.0
        for what in ("nothing remembered", "all remembered", "all remembered"):
            started = time.perf_counter()
            command = [sys.executable, "-m", "pytest_optlandscape", "history"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
            seconds = time.perf_counter() - started
            memory = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = memory.ru_utime + memory.ru_stime - spent
            spent += cpu
            used = f"{seconds:.2f} s, {cpu:.2f} CPU seconds, {memory.ru_maxrss // 1024} MB"
            print(f"{commits} commits x {count}, {what}: {used}, {len(done.stdout.splitlines())} lines", flush=True)


if __name__ == "__main__":
    main()
