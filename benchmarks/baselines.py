"""The plugin at work: the size of its baseline files, and the speed-up of pytest-xdist's ``-n 2``.

Run ``python benchmarks/baselines.py`` (some minutes; ``--suite quick`` for less). The speed-up is one of wall-clock
time: it says something only where two cores are idle, so the load is printed with it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import ROOT, heading, line, machine, one_thread

OPTIMIZERS = ("scipy:L-BFGS-B", "scipy:Nelder-Mead")
MOST_KILOBYTES = 200.0
LEAST_SPEED_UP = 1.8
_PYTEST = [sys.executable, "-m", "pytest", "-q", "-pno:cacheprovider"]


def project(folder: Path) -> None:
    """Write a project that has an empty test and these optimizers in its configuration."""
    specs = "\n".join(f"    {spec}" for spec in OPTIMIZERS)
    (folder / "pytest.ini").write_text(f"[pytest]\noptlandscape_optimizers =\n{specs}\n")
    (folder / "test_empty.py").write_text("def test_empty():\n    pass\n")


def seconds(folder: Path, *options: str) -> float:
    """Run the suite and give the wall-clock time."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    started = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        [*_PYTEST, *options], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    taken = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"pytest {' '.join(options)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", default="standard", help="quick, standard or full (default: standard)")
    suite = parser.parse_args().suite
    one_thread()
    machine()
    chosen = "--optlandscape", f"--optlandscape-suite={suite}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project(folder)
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
        writing = [seconds(folder, *chosen, "--optlandscape-update", *way) for way in ((), ("-n2",))]
        comparing = [min(seconds(folder, *chosen, *way) for _ in range(2)) for way in ((), ("-n2",))]
        starting = [seconds(folder, *way) for way in ((), ("-n2",))]
        heading(f"Size of the baseline files of '{suite}'")
        for path in sorted(folder.rglob("optlandscape_baseline/*")):
            line(path.name, path.stat().st_size / 1000.0, MOST_KILOBYTES, "kB")
        heading(f"One process and two ('{suite}', wall-clock seconds; load before: {load:.1f})")
        for what, (serial, parallel) in (("writing the baselines", writing), ("comparing with them", comparing)):
            verdict = "reached" if serial / parallel >= LEAST_SPEED_UP else "short"
            ratio = f"{serial / parallel:.2f}, target {LEAST_SPEED_UP:g}: {verdict}"
            print(f"  {what}: {serial:.1f} s, with -n 2 {parallel:.1f} s, speed-up {ratio}")
        print(f"  an empty test alone: {starting[0]:.1f} s, with -n 2 {starting[1]:.1f} s")


if __name__ == "__main__":
    main()
