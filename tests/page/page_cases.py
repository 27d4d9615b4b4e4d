"""Histories for the tests of the page: made up, so that no optimizer need be run."""

import hashlib
import math

import numpy as np

from pytest_optlandscape.landscapes import get
from pytest_optlandscape.records import CellRecord, Fingerprint, LandscapeRecord, RoundingSensitivity
from pytest_optlandscape.report.page import Subject, change_of, make_page
from pytest_optlandscape.store import Baseline, CommitEntry, OptimizerEntry, digest_of_record
from pytest_optlandscape.strategies import cells as cells_of
from pytest_optlandscape.suites.catalogue import suite_ids
from pytest_optlandscape.trend import find_trend, in_order, series_of

FEW = ("beale", "booth", "himmelblau", "branin", "sphere[10]", "rosenbrock[10]")
MANY = suite_ids("full")[:130]
BUDGET = 4000


def landscape_record(name, factor=1.0, like=""):
    """A record in which every target takes so many times as many evaluations; of a name that nobody may know."""
    landscape = get(like or name)
    rng = np.random.default_rng(sum(map(ord, name)))
    made = []
    for number, cell in enumerate(cells_of(landscape)):
        steps = rng.integers(50, 300, size=8)
        hits = np.ceil(factor * np.cumsum(steps)).astype(int).tolist()
        path = tuple(rng.uniform(size=6) + (factor - 1.0))
        envelope = tuple(2.0**-44 for _ in path)
        trace = f"{number:04x}{round(1000 * factor):04x}"
        print_ = Fingerprint(path, 0.5, envelope, 2.0**-40, 0)
        missed = number % 7 == 3
        reached = (*map(float, hits[:5]), *[math.inf] * 3) if missed else tuple(map(float, hits))
        gap = 1e-3 if missed else 1e-9
        made.append(CellRecord(cell.start, hits[-1] + 5, 0, "returned", gap, 1e-5, reached, frozenset(), trace, print_))
    definition = {
        "format": 3,
        "version": 1,
        "budget": BUDGET * landscape.dim,
        "fmin": landscape.fmin,
        "reference": 10.0,
        "starts": "sobol-v1-00000000",
    }
    return LandscapeRecord(name, definition, tuple(made), rounding_sensitivity=RoundingSensitivity(0, 100))


def record(names=FEW, factors=None, optimizer="solver:minimize"):
    """A record of some landscapes; ``factors`` says for which of them how many times as many evaluations."""
    factors = factors or {}
    every = factors.get("*", 1.0)
    return Baseline(optimizer, {}, {}, {name: landscape_record(name, factors.get(name, every)) for name in names})


def commit(k):
    return hashlib.sha1(str(k).encode()).hexdigest()


class Made:
    """A history in memory: what each commit measured of each optimizer."""

    def __init__(self):
        self.records = {}
        self.entries = []
        self.triages = {}

    def commit(self, subject="A commit", author="Ann", versions=None, broken=(), **measured):
        """Add a commit; values are records, or texts that say why there is none."""
        return self.commit_of(measured, subject, author, versions, broken)

    def commit_of(self, measured, subject="A commit", author="Ann", versions=None, broken=()):
        number = len({entry.commit for entry in self.entries}) + 1
        optimizers = {}
        for spec, one in measured.items():
            if isinstance(one, str):
                optimizers[spec] = OptimizerEntry(missing=one)
                continue
            digest = digest_of_record(one)
            self.records[digest] = one
            optimizers[spec] = OptimizerEntry(digest, versions=versions or {"solverlib": "1.0"}, broken=tuple(broken))
        self.entries.append(
            CommitEntry(
                commit(number),
                (commit(number - 1),),
                author,
                subject,
                86400 * number,
                86400 * number,
                tree=commit(900 + number),
                optimizers=optimizers,
                versions={"python": "3.12.1", "scipy": "1.16.0"},
                platform="Linux x86_64",
            )
        )
        return commit(number)

    def subjects(self):
        commits = in_order(self.entries)
        for number, series in enumerate(series_of(self.entries, commits), start=1):
            trend = find_trend(series, self.records.get, self.triages)
            change = change_of(trend, self.records.get, self.triages)
            yield Subject(number, series.title, series.suite, change, trend)

    def page(self, title="project", **further):
        return make_page(title, self.subjects(), load=self.records.get, triages=self.triages, **further)


def usual():
    """A history with a step, a creep, something better, a commit that cannot be run; two optimizers."""
    made = Made()
    slow = {"solver:minimize": 1.0, "other:descend": 1.0}

    def add(subject, further=None, **changed):
        slow.update({"solver:minimize": changed.get("solver", slow["solver:minimize"])})
        slow.update({"other:descend": changed.get("other", slow["other:descend"])})
        made.commit_of({spec: record(factors={"*": k}, optimizer=spec) for spec, k in slow.items()}, subject)

    add("Begin")
    add("Write the notes")
    add("Check every step twice", solver=1.25)
    add("Tidy")
    for k in range(1, 6):
        add(f"A little more care, part {k}", other=1.0 + 0.012 * k)
    made.commit_of({"solver:minimize": "ImportError: no module", "other:descend": "ImportError: no module"}, "Broken")
    add("Look ahead", solver=1.05)
    return made
