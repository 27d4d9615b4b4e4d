"""How much a change really costs, from many more starts than the suite has; kept in a file, as it takes long.

A ratio is that of the evaluations to the targets, now to before: on a landscape the median over its starts, over all
landscapes the geometric mean. The starts and seeds are none of the suite's.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from power_corpus import Change, changed, reference, source_of
from power_runs import Recorded, recorded

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.records.targets import SUCCESS_TARGET, reference_gap
from pytest_optlandscape.runs import Problem, execute
from pytest_optlandscape.suites.catalogue import EVALUATIONS_PER_DIMENSION
from pytest_optlandscape.suites.low_discrepancy import sobol_starts

__all__ = ["STARTS", "Slowdown", "key_of", "measure", "read_kept", "write_kept"]

STARTS = 64
"""On each landscape: the median of as many ratios of runs with unlike random numbers is good to a few per cent."""

KEPT = Path(__file__).parent / "power_slowdowns.json"

_UNSEEN = 512
"""The suite's own starts are all among the Sobol' points before this one."""


@dataclass(frozen=True)
class Slowdown:
    """What a change costs.

    Attributes
    ----------
    ratio : float
        Evaluations to the targets, now to before, over all landscapes.
    worst : float
        The largest of the landscapes' ratios.
    lost : float
        Share of runs that reached the sixth target before, less that share now.
    """

    ratio: float
    worst: float
    lost: float


def key_of(optimizer: str, change: Change, starts: int, landscapes: Sequence[Landscape]) -> str:
    """Name a measurement, by all it depends on."""
    facts = "\n".join([source_of(optimizer), change.old, change.new, str(starts), *(ls.id for ls in landscapes)])
    return f"{optimizer}/{change.name}/{hashlib.sha256(facts.encode()).hexdigest()[:8]}"


def measure(optimizer: str, change: Change, starts: int, landscapes: tuple[Landscape, ...]) -> Slowdown:
    """Run both sides from many starts."""
    before = _baseline(optimizer, starts, landscapes)
    now = _run(recorded(changed(optimizer, change), optimizer), starts, landscapes)
    per_landscape = np.median(now[0] - before[0], axis=1)
    ratio = float(10.0 ** per_landscape.mean())
    lost = float(np.mean(before[1]) - np.mean(now[1]))
    return Slowdown(round(ratio, 4), round(float(10.0 ** per_landscape.max()), 4), round(lost, 4))


@functools.lru_cache(maxsize=1)
def _baseline(optimizer: str, starts: int, landscapes: tuple[Landscape, ...]) -> tuple[Any, Any]:
    return _run(recorded(reference(optimizer), optimizer), starts, landscapes)


def _run(adapter: Recorded, starts: int, landscapes: tuple[Landscape, ...]) -> tuple[Any, Any]:
    """Give speeds and successes, both of shape (landscapes, starts)."""
    speeds, successes = [], []
    for landscape in landscapes:
        points = sobol_starts(landscape, _UNSEEN + starts)[_UNSEEN:]
        budget = EVALUATIONS_PER_DIMENSION * landscape.dim
        for seed, x0 in enumerate(points, start=1):
            execute(adapter, Problem(landscape, x0, budget=budget, seed=seed))
        runs = list(adapter.runs.values())
        adapter.runs.clear()
        speeds.append([run.speed for run in runs])
        successes.append([run.gap <= SUCCESS_TARGET * reference_gap(landscape) for run in runs])
    return np.array(speeds), np.array(successes, dtype=float)


def read_kept() -> dict[str, Slowdown]:
    """Read what was measured before."""
    if not KEPT.exists():
        return {}
    return {key: Slowdown(*values) for key, values in json.loads(KEPT.read_text(encoding="utf-8")).items()}


def write_kept(kept: dict[str, Slowdown]) -> None:
    """Write all that is known, one line each; a kill leaves the old file."""
    lines = [f"  {json.dumps(key)}: [{v.ratio}, {v.worst}, {v.lost}]" for key, v in sorted(kept.items())]
    partial = KEPT.with_suffix(".partial")
    partial.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    os.replace(partial, KEPT)
