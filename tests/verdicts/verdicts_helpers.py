import dataclasses
import functools
import math

import numpy as np

from pytest_optlandscape import landscapes
from pytest_optlandscape.verdicts import CellRecord, LandscapeRecord

DEFINITION = {
    "format": 1,
    "version": 1,
    "budget": 4000,
    "fmin": 0.0,
    "reference": 100.0,
    "starts": "sobol-v1-00000000",
}
CELLS = 20


def record(landscape="made_up", seed=0, cells=CELLS, **changes):
    rng = np.random.default_rng(seed)
    made = []
    for k in range(cells):
        hits = np.sort(rng.integers(200, 1000, size=8))
        nfev = int(hits[-1] + rng.integers(10, 50))
        gap = 10.0 ** rng.uniform(-9.0, -7.0)
        early = tuple(rng.uniform(1.0, 9.0, size=4))
        hits = tuple(map(int, hits))
        made.append(CellRecord(f"sobol-{k:02}", nfev, 0, "returned", gap, 1e-4, hits, early, "0000aaaa"))
    return LandscapeRecord(landscape, {**DEFINITION, **changes}, tuple(made))


def edited(record, *, hits=1.0, nfev=1.0, gap=1.0, only=None, **changes):
    def edit(k, cell):
        if only is not None and k not in only:
            return cell
        facts = {
            "hits": tuple(math.inf if hit * hits == math.inf else math.ceil(hit * hits) for hit in cell.hits),
            "nfev": math.ceil(cell.nfev * nfev),
            "gap": cell.gap * gap,
            "trace": "1111bbbb",
        }
        return dataclasses.replace(cell, **{**facts, **changes})

    return dataclasses.replace(record, cells=tuple(edit(k, cell) for k, cell in enumerate(record.cells)))


def jittered(record, rng, size=0.08):
    def jitter(cell):
        factor, cost, gap = 10.0 ** rng.normal(0.0, size, size=3)
        hits = tuple(float(max(round(hit * factor), 1)) for hit in cell.hits)
        return dataclasses.replace(cell, hits=hits, nfev=round(cell.nfev * cost), gap=cell.gap * gap**5)

    return dataclasses.replace(record, cells=tuple(map(jitter, record.cells)))


def descend(problem, *, momentum=0.9, step=1e-3, steps=150, reordered=False):
    lower, upper = problem.bounds.T
    x, velocity = problem.x0, np.zeros(problem.dim)
    best, value = x, problem(x)
    for _ in range(steps):
        slope = problem.gradient(x)
        slope = slope / max(1.0, np.linalg.norm(slope) / 50.0)
        velocity = -step * slope + momentum * velocity if reordered else momentum * velocity - step * slope
        x = np.clip((velocity + x) * 3.0 / 3.0 if reordered else x + velocity, lower, upper)
        new = problem(x)
        if new < value:
            best, value = x, new
    return best


def momentum(**settings):
    return functools.partial(descend, **settings)


def bounds_of(name):
    return landscapes.get(name).bounds.T
