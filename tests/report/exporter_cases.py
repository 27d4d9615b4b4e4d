import functools
import math

from pytest_optlandscape import landscapes, optimizers
from pytest_optlandscape.records.measuring import run_baseline
from pytest_optlandscape.store import Baseline, CommitEntry, OptimizerEntry, Triage, digest_of_record
from pytest_optlandscape.trend import find_trend, in_order, rows_of, series_of

NAMES = ("beale", "booth", "himmelblau", "rosenbrock_disk")


def descend(extra):
    """Make a gradient method that evaluates a point twice every so often: 1 / extra more evaluations."""

    def minimize(problem):
        x, old = problem.x0, None
        for k in range(problem.budget):
            problem(x)
            if extra and k % extra == extra - 1:
                problem(x)
            gradient = problem.gradient(x)
            norm = math.sqrt(float(gradient @ gradient))
            if norm < 1e-8:
                break
            step = 0.02 / (1.0 + norm)
            if old is not None and (change := gradient - old[1]) @ (x - old[0]) > 0.0:
                step = min(float((x - old[0]) @ (x - old[0]) / ((x - old[0]) @ change)), 1.0)
            old = x, gradient
            x = x - step * gradient
        return x

    return minimize


@functools.cache
def record(extra=0):
    adapter = optimizers.get(descend(extra))
    measured = [run_baseline(adapter, landscapes.get(name), 60) for name in NAMES]
    return Baseline("solver:minimize", {}, {}, {one.landscape: one for one in measured})


def commit(k):
    return f"{k:040x}"


def entries_of(*extras, spec="solver:minimize", start=1_700_000_000, **facts):
    """Make the entries of commits 1, 2, …: a number is what was recorded, a text why nothing could be run."""
    entries = []
    for k, extra in enumerate(extras, start=1):
        optimizer = OptimizerEntry(missing=extra)
        if not isinstance(extra, str):
            optimizer = OptimizerEntry(digest_of_record(record(extra)))
        told = {"commit_time": start + 100 * k, "author": "Ann", "subject": f"change {k}", **facts}
        entries.append(CommitEntry(commit(k), (commit(k - 1),), optimizers={spec: optimizer}, **told))
    return entries


def records_of(*extras):
    return {digest_of_record(record(extra)): record(extra) for extra in extras if not isinstance(extra, str)}


def trends_of_entries(entries, records, triages=None):
    return [find_trend(one, records.get, triages) for one in series_of(entries, in_order(entries))]


def rows(*extras, triage=None, landscapes=True, **facts):
    """Give the rows of a history of such commits."""
    records = records_of(*extras)
    triages = {commit(k): Triage(commit(k), word, "why", "Ann", 1) for k, word in (triage or {}).items()}
    found = trends_of_entries(entries_of(*extras, **facts), records, triages)
    return list(rows_of(found, records.get, landscapes))
