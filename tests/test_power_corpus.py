import collections
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from pytest_optlandscape import landscapes
from pytest_optlandscape.optimizers.callables import from_callable
from pytest_optlandscape.runs import Problem, execute

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
SMALL_BUDGET = 60


@pytest.fixture(scope="module")
def corpus():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import power_corpus

        for name in power_corpus.optimizer_names():
            power_corpus.changes_of(name)
    finally:
        sys.path.remove(str(BENCHMARKS))
    return power_corpus


def pytest_generate_tests(metafunc):
    if "name" in metafunc.fixturenames:
        folder = BENCHMARKS / "power_corpus" / "optimizers"
        metafunc.parametrize("name", sorted(path.stem for path in folder.glob("*.py")))


def run(function, start="standard"):
    problem = Problem("beale", start, budget=SMALL_BUDGET, seed=1)
    return execute(from_callable(function, "corpus"), problem)


def test_counts_are_what_was_promised(corpus):
    kinds = collections.Counter(
        change.kind for name in corpus.optimizer_names() for change in corpus.changes_of(name) if change.visible
    )
    assert len(corpus.optimizer_names()) >= 12
    assert kinds["defect"] >= 170
    assert kinds["rounding"] + kinds["copying"] + kinds["random-stream"] >= 48
    assert set(kinds) == set(corpus.KINDS)


def test_parts_are_even_in_every_kind(corpus):
    parts = corpus.part_of()
    assert set(parts.values()) == set(corpus.PARTS)
    for kind in corpus.KINDS:
        sides = collections.Counter(
            parts[name, change.name]
            for name in corpus.optimizer_names()
            for change in corpus.changes_of(name)
            if change.kind == kind
        )
        assert abs(sides["tune"] - sides["held"]) <= 1


def test_names_are_unique_and_notes_say_something(corpus, name):
    changes = corpus.changes_of(name)
    assert len({change.name for change in changes}) == len(changes)
    assert all(change.note for change in changes)


def test_a_substitution_that_is_not_there_once_is_refused(corpus):
    change = corpus.Change("any", "x", "y", "defect", "any")
    with pytest.raises(ValueError, match="occurs 2 times"):
        change.apply("x + x")
    with pytest.raises(ValueError, match="occurs 0 times"):
        change.apply("z")


def test_reference_is_a_minimiser(corpus, name):
    beale = landscapes.get("beale")
    assert run(corpus.reference(name)).gap < beale(beale.x0) - beale.fmin


def test_changed_source_compiles_and_runs(corpus, name):
    source = corpus.source_of(name)
    unchanged = run(corpus.reference(name))
    for change in corpus.changes_of(name):
        assert source.count(change.old) == 1, change.name
        assert change.new != change.old, change.name
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            now = run(corpus.changed(name, change))
        assert now.stop_reason != "no-result", (change.name, now.message)
        if change.kind != "defect":
            assert now.stop_reason == unchanged.stop_reason, change.name
        if change.kind == "copying":
            assert np.array_equal(now.trace.x, unchanged.trace.x), change.name
