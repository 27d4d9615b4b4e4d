import dataclasses
import functools
import math

import numpy as np

from pytest_optlandscape import landscapes
from pytest_optlandscape.comparison import compare_landscape
from pytest_optlandscape.records import CellRecord, Fingerprint, LandscapeRecord, RoundingSensitivity
from pytest_optlandscape.records.fingerprint import fingerprints_of
from pytest_optlandscape.records.path_divergence import MULTIPLE
from pytest_optlandscape.records.run_batch import RunBatch
from pytest_optlandscape.strategies import cells as cells_of

DEFINITION = {
    "format": 1,
    "version": 1,
    "budget": 4000,
    "fmin": 0.0,
    "reference": 100.0,
    "starts": "sobol-v1-00000000",
}
CELLS = 21
WINDOWS = 8
STEADY = RoundingSensitivity(0, 8 * CELLS)


def fingerprint(rng, *, windows=WINDOWS, spread=0):
    envelope = tuple(2.0 ** (-48 + 2 * k) for k in range(windows))
    return Fingerprint(tuple(rng.uniform(size=windows)), rng.uniform(), envelope, 2.0**-30, spread)


def fingerprint_of(run):
    """Sum one run up by itself."""
    return fingerprints_of(RunBatch([run]))[0]


def record(landscape="booth", seed=0, cells=CELLS, rounding_sensitivity=STEADY, **changes):
    rng = np.random.default_rng(seed)
    made = []
    for cell in cells_of(landscapes.get(landscape))[:cells]:
        hits = np.sort(rng.integers(200, 1000, size=8))
        nfev = int(hits[-1] + rng.integers(10, 50))
        gap = 10.0 ** rng.uniform(-9.0, -7.0)
        hits = tuple(map(int, hits))
        flags = frozenset()
        made.append(CellRecord(cell.start, nfev, 0, "returned", gap, 1e-4, hits, flags, "0000aaaa", fingerprint(rng)))
    return LandscapeRecord(landscape, {**DEFINITION, **changes}, tuple(made), rounding_sensitivity=rounding_sensitivity)


def shifted(print_, window, multiples):
    """The number of one window moved by so many envelopes; that of the result where the window is "result"."""
    if window == "result":
        return dataclasses.replace(print_, result=print_.result + multiples * print_.result_envelope)
    path = list(print_.path)
    path[window] += multiples * print_.envelope[window]
    return dataclasses.replace(print_, path=tuple(path))


def edited(record, *, hits=1.0, nfev=1.0, gap=1.0, only=None, parts=False, **changes):
    """Other numbers in all cells or some; with ``parts`` the path is another one from the third evaluation on."""

    def edit(k, cell):
        if only is not None and k not in only:
            return cell
        facts = {
            "hits": tuple(math.inf if hit * hits == math.inf else math.ceil(hit * hits) for hit in cell.hits),
            "nfev": math.ceil(cell.nfev * nfev),
            "gap": cell.gap * gap,
            "trace": "1111bbbb",
            "fingerprint": shifted(cell.fingerprint, 2, 10.0 * MULTIPLE) if parts else cell.fingerprint,
        }
        return dataclasses.replace(cell, **{**facts, **changes})

    return dataclasses.replace(record, cells=tuple(edit(k, cell) for k, cell in enumerate(record.cells)))


def jittered(record, rng, size=0.08):
    """Another random stream of the same optimizer: everything moves, nothing in any direction."""

    def jitter(cell):
        factor, cost, gap = 10.0 ** rng.normal(0.0, size, size=3)
        hits = tuple(float(max(round(hit * factor), 1)) for hit in cell.hits)
        facts = {"hits": hits, "nfev": round(cell.nfev * cost), "gap": cell.gap * gap**5}
        path = shifted(cell.fingerprint, 1, 1e9 * rng.uniform(1.0, 2.0))
        return dataclasses.replace(cell, **facts, fingerprint=path, trace=f"{rng.integers(2**32):08x}")

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


def pattern_search(problem, *, reordered=False, shrink=2.0):
    """Takes the best of the neighbours; on a symmetric landscape rounding says which of two is the better."""
    ways = [way for k in range(problem.dim) for way in (np.eye(problem.dim)[k], -np.eye(problem.dim)[k])]
    x, step = problem.x0, 0.25
    best = problem(x)
    for _ in range(12):
        trials = [(3.0 * x + 3.0 * step * way) / 3.0 if reordered else x + step * way for way in ways]
        values = [problem(trial) for trial in trials]
        k = int(np.argmin(values))
        if values[k] < best:
            x, best = trials[k], values[k]
        else:
            step /= shrink
    return x


def searching(**settings):
    return functools.partial(pattern_search, **settings)


def bounds_of(name):
    return landscapes.get(name).bounds.T


def visiting(points, result=None):
    """An optimizer that evaluates these points, in the units of a box from 0 to 1."""

    def optimizer(problem):
        lower, width = problem.bounds[:, 0], np.ptp(problem.bounds, axis=1)
        for point in points:
            problem(lower + np.asarray(point) * width)
        last = points[-1] if result is None else result
        return lower + np.asarray(last) * width

    return optimizer


def ends_of(run):
    return run.nfev, run.njev, run.stop_reason


BEFORE = record()


def compare(now, before=BEFORE, landscapes=16):
    return compare_landscape(now, before, landscapes=landscapes)
