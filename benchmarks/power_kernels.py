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
from typing import Any

import measure
from power import judge_records, records
from power_corpus import reference

from pytest_optlandscape import optimizers
from pytest_optlandscape.landscapes import get
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.optimizers.callables import from_callable
from pytest_optlandscape.verdicts import LandscapeRecord

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
        Reference optimizers; those that draw random numbers are left out.
    scipy : bool
        Whether SciPy's methods are judged too.
    landscape_ids : sequence of str
    workers : int
        Subprocesses at a time.
    """
    specs = [name for name in names if not _adapter(name).is_stochastic]
    specs += [f"scipy:{method}" for method in SCIPY] if scipy else []
    with ThreadPoolExecutor(workers) as pool:
        tasks = {kernel: pool.submit(_elsewhere, kernel, specs, landscape_ids) for kernel in ("", *KERNELS)}
        results = {kernel: task.result() for kernel, task in tasks.items()}
    own = results.pop("")
    assert isinstance(own, dict), own
    measure.heading(f"Verdicts other than same under other kernels; this machine's own: {own['kernel']}")
    alarms = judged = 0
    for kernel, result in results.items():
        if isinstance(result, str):
            print(f"  {kernel:<12} did not run here: {result}")
            continue
        verdicts = {spec: judge_records(spec, _read(own[spec]), _read(result[spec])) for spec in specs}
        flagged = {spec: one for spec, one in verdicts.items() if one.verdict != "same"}
        identical = sum(one.fingerprint == "identical" for one in verdicts.values())
        alarms, judged = alarms + len(flagged), judged + len(verdicts)
        counts = f"{len(flagged)} of {len(specs)} flagged, {identical} identical in every bit"
        print(f"  {kernel:<12} ({result['kernel']}) {counts}")
        for spec, one in flagged.items():
            where = ", ".join(f"{name} {verdict}" for name, verdict in one.landscapes.items() if verdict != "same")
            print(f"      {spec}: {one.verdict} ({where})")
    print(f"  in all {alarms} of {judged}")


def _adapter(spec: str) -> Adapter:
    return optimizers.get(spec) if ":" in spec else from_callable(reference(spec), f"power_corpus:{spec}")


def _read(plain: list[dict[str, Any]]) -> list[LandscapeRecord]:
    return [LandscapeRecord.from_plain(one) for one in plain]


def _elsewhere(kernel: str, specs: Sequence[str], landscape_ids: Sequence[str]) -> dict[str, Any] | str:
    """Run all optimizers in a process of its own; say why, if it fails."""
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    if kernel:
        environment["OPENBLAS_CORETYPE"] = kernel
    command = [sys.executable, str(Path(__file__).resolve()), "--optimizers", *specs, "--landscapes", *landscape_ids]
    command += [] if kernel else ["--baseline"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        return done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit status {done.returncode}"
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _kernel_in_use() -> str:
    """Name the kernels that were really picked, as far as that can be found out."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return "kernel not known: install threadpoolctl to see it"
    return "/".join(sorted({str(one.get("architecture")) for one in threadpool_info() if one["user_api"] == "blas"}))


def _main() -> None:
    """Run optimizers under whatever kernel was picked, as a comparison or a baseline does, and print their records."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--optimizers", nargs="+")
    parser.add_argument("--landscapes", nargs="+")
    parser.add_argument("--baseline", action="store_true")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    landscapes = [get(name) for name in arguments.landscapes]
    result: dict[str, Any] = {"kernel": _kernel_in_use()}
    for spec in arguments.optimizers:
        adapter = _adapter(spec)
        made = records(adapter, landscapes, arguments.baseline)
        result[spec] = [record.to_plain() for record in made]
    print(json.dumps(result))


if __name__ == "__main__":
    _main()
