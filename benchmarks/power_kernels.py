"""The same optimizers under other kernels of OpenBLAS, and NumPy without its widest vector instructions.

The variables are set for one subprocess at a time: what OpenBLAS picks, it picks when it is loaded. Every kernel is
compared with the one the machine picks by itself; a verdict other than *same* is a false alarm.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import measure
from power import judge_records, records
from power_corpus import reference

from pytest_optlandscape import optimizers
from pytest_optlandscape.landscapes import get
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.optimizers.callables import from_callable
from pytest_optlandscape.records import LandscapeRecord

__all__ = ["judge_kernels"]

KERNELS = ("Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX")
"""Values of OPENBLAS_CORETYPE, oldest first; one that the machine cannot run fails in its subprocess and is named."""

SCIPY = (
    "Nelder-Mead", "Powell", "CG", "BFGS", "Newton-CG", "L-BFGS-B", "TNC", "COBYLA", "SLSQP", "dogleg", "trust-ncg",
    "trust-exact",
)  # fmt: skip
"""Methods of scipy.optimize.minimize: all but those that take minutes."""


def judge_kernels(names: Sequence[str], scipy: bool, landscape_ids: Sequence[str], workers: int) -> None:
    """Print, for every kernel and optimizer, the verdict against the machine's own kernel.

    Parameters
    ----------
    names : sequence of str
        Reference optimizers, or specs; those that draw random numbers draw the same ones.
    scipy : bool
        Whether SciPy's methods are judged too.
    landscape_ids : sequence of str
    workers : int
        Subprocesses at a time.
    """
    specs = list(names)
    specs += [f"scipy:{method}" for method in SCIPY] if scipy else []
    measure.heading("Verdicts under other kernels of OpenBLAS, against this machine's own")
    alarms = judged = 0
    for spec in specs:
        with ThreadPoolExecutor(workers) as pool:
            tasks = {kernel: pool.submit(_elsewhere, kernel, spec, landscape_ids) for kernel in ("", *KERNELS)}
            results = {kernel: task.result() for kernel, task in tasks.items()}
        own = results.pop("")
        assert not isinstance(own, str), own
        said = []
        for kernel, result in results.items():
            if isinstance(result, str):
                said.append(f"{kernel} did not run here: {result}")
                continue
            one = judge_records(spec, own, result)
            judged += 1
            alarms += one.verdict != "same"
            where = ", ".join(f"{name} {verdict}" for name, verdict in one.landscapes.items() if verdict != "same")
            share = f"{_identical(own, result):.0%} of the runs identical"
            said.append(f"{kernel} {one.verdict}{f' ({where})' if where else ''}, {share}")
        print(f"  {spec}: " + "; ".join(said), flush=True)
    print(f"  not same: {alarms} of {judged}")


def _identical(before: list[LandscapeRecord], now: list[LandscapeRecord]) -> float:
    """Give the share of runs that are alike in every bit."""
    pairs = [pair for old, new in zip(before, now, strict=True) for pair in zip(old.cells, new.cells, strict=True)]
    return sum(old.bits == new.bits for old, new in pairs) / len(pairs)


def _adapter(spec: str) -> Adapter:
    return optimizers.get(spec) if ":" in spec else from_callable(reference(spec), f"power_corpus:{spec}")


def _elsewhere(kernel: str, spec: str, landscape_ids: Sequence[str]) -> list[LandscapeRecord] | str:
    """Run an optimizer in a process of its own; say why, if it fails."""
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    if kernel:
        environment["OPENBLAS_CORETYPE"] = kernel
    command = [sys.executable, str(Path(__file__).resolve()), "--optimizer", spec, "--landscapes", *landscape_ids]
    command += [] if kernel else ["--baseline"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        return done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit status {done.returncode}"
    return [LandscapeRecord.from_plain(one) for one in json.loads(done.stdout)]


def _main() -> None:
    """Run an optimizer under whatever kernel was picked, as a comparison or a baseline does, and print its records."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--optimizer")
    parser.add_argument("--landscapes", nargs="+")
    parser.add_argument("--baseline", action="store_true")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    landscapes = [get(name) for name in arguments.landscapes]
    made = records(_adapter(arguments.optimizer), landscapes, arguments.baseline)
    print(json.dumps([record.to_plain() for record in made]))


if __name__ == "__main__":
    _main()
