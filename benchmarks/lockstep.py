"""What stepping the runs of a landscape together saves: a comparison over `quick` and its baseline, beside one by one.

Both are made in turn on each landscape, in one process, and their records must be the same, character by character.
Run ``python benchmarks/lockstep.py``; ``--without-baseline`` leaves the baselines out, which take ten times as long.
Libraries that are not installed are left out, and Keras runs on KERAS_BACKEND, or on torch.
"""

from __future__ import annotations

import argparse
import copy
import importlib.util
import os
import time
import warnings
from collections.abc import Callable

from measure import heading, line, machine, one_thread, version_of

from pytest_optlandscape import optimizers
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.optimizers.profile import obstacle
from pytest_optlandscape.records import LandscapeRecord, run_baseline, run_landscape
from pytest_optlandscape.suites.catalogue import EVALUATIONS_PER_DIMENSION, suite_landscapes

SECONDS_OF_COMPARISON, SECONDS_OF_BASELINE = 40.0, 240.0
"""For Adam of Keras on torch, where one by one takes 156 seconds and 9.6 times as long."""

OPTIMIZERS = {
    "keras:Adam": "keras",
    "keras:AdamW": "keras",
    "keras:SGD": "keras",
    "keras:Lamb": "keras",
    "keras:Muon": "keras",
    "torch:Adam": "torch",
    "optax:adam(learning_rate=0.001)": "optax",
}
"""Specs, each with the library that it needs; at their default rates, where they have some."""


def one_by_one(adapter: Adapter) -> Adapter:
    """Give the same optimizer, which offers no way to step several runs together."""
    other = copy.copy(adapter)
    object.__setattr__(other, "in_lockstep", tuple)
    return other


def timed(run: Callable[..., LandscapeRecord], adapter: Adapter, landscape: Landscape) -> tuple[float, LandscapeRecord]:
    started = time.process_time()
    record = run(adapter, landscape, EVALUATIONS_PER_DIMENSION * landscape.dim)
    return time.process_time() - started, record


def compare(spec: str, with_baseline: bool, most: int | None) -> None:
    adapter = optimizers.get(spec)
    alone = one_by_one(adapter)
    chosen = [landscape for landscape in suite_landscapes("quick") if not obstacle(adapter, landscape)]
    chosen = chosen[:most]
    kinds = {"comparison": run_landscape} | ({"baseline": run_baseline} if with_baseline else {})
    print(f"  {spec} on {len(chosen)} landscapes")
    for kind, run in kinds.items():
        seconds = {"together": 0.0, "one by one": 0.0}
        steps = 0
        for landscape in chosen:
            records = []
            for way, one in (("together", adapter), ("one by one", alone)):
                taken, record = timed(run, one, landscape)
                seconds[way] += taken
                records.append(record.to_plain())
            if records[0] != records[1]:
                raise AssertionError(f"{spec} on {landscape.id}: other records together than one by one")
            steps += sum(cell.nfev for cell in record.cells)
        target = SECONDS_OF_COMPARISON if kind == "comparison" else SECONDS_OF_BASELINE
        if most is None and spec == "keras:Adam":
            line(f"  {kind}, together", seconds["together"], target, "s")
        else:
            print(f"    {kind}, together {seconds['together']:.1f} s")
        print(f"    one by one {seconds['one by one']:.1f} s, {seconds['one by one'] / seconds['together']:.1f} times")
        print(f"    {steps} steps in the cells themselves; all records are the same")


if __name__ == "__main__":
    os.environ.setdefault("KERAS_BACKEND", "torch")
    one_thread()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without-baseline", action="store_true", help="measure comparisons only")
    parser.add_argument("--only", default="", help="part of the specs of the optimizers to run")
    parser.add_argument("--landscapes", type=int, metavar="N", help="the first N landscapes of the suite only")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    machine()
    print(", ".join(f"{name} {version_of(name)}" for name in ("keras", "torch", "jax", "optax")))
    heading("The suite 'quick', stepped together and one by one (CPU seconds)")
    for spec, library in OPTIMIZERS.items():
        if arguments.only in spec and importlib.util.find_spec(library):
            compare(spec, not arguments.without_baseline, arguments.landscapes)
