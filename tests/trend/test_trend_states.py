import functools
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_optlandscape import landscapes, optimizers
from pytest_optlandscape.records.measuring import run_baseline
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.store import Baseline, CommitEntry, OptimizerEntry, Triage, digest_of_record
from pytest_optlandscape.trend import find_trend, in_order, series_of, split_exactly

NAMES = ("beale", "booth", "himmelblau")


def descend(extra, rounding=0.0):
    """Make a gradient method that evaluates a point twice every so often: 1 / extra more evaluations."""

    def minimize(problem: Problem):
        x, step = problem.x0 * (1.0 + rounding), 0.02
        old = None
        for k in range(problem.budget):
            value = problem(x)
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
            _ = value
        return x

    return minimize


@functools.cache
def record(extra, rounding=0.0):
    adapter = optimizers.get(descend(extra, rounding))
    measured = [run_baseline(adapter, landscapes.get(name), 100) for name in NAMES]
    return Baseline("solver:minimize", {}, {}, {one.landscape: one for one in measured})


def commit(k):
    return f"{k:040x}"


def trend(*measured, triages=None, versions=None, verdicts=None, order=None):
    """Find the trend of commits 1, 2, … with these records; None was not run, a string could not be."""
    records = {digest_of_record(one): one for one in measured if isinstance(one, Baseline)}
    entries = []
    for k, one in enumerate(measured, start=1):
        optimizer = OptimizerEntry(missing=one) if isinstance(one, str) else None
        if isinstance(one, Baseline):
            verdict = (verdicts or {}).get(k, "new")
            optimizer = OptimizerEntry(digest_of_record(one), verdict=verdict, versions=(versions or {}).get(k, {}))
        if optimizer:
            entries.append(CommitEntry(commit(k), (commit(k - 1),), optimizers={"solver:minimize": optimizer}))
    (series,) = series_of(entries, order or [commit(k) for k in range(1, len(measured) + 1)])
    return find_trend(series, records.get, triages)


def told(found):
    return [(one.kind, int(one.commit, 16), str(one.comparison.verdict)) for one in found.events]


def test_commits_that_change_nothing_but_rounding_are_one_state():
    found = trend(record(0), record(0), record(0, 3e-16), record(0))
    assert [len(state.points) for state in found.states] == [4]
    assert found.events == ()
    assert digest_of_record(record(0)) != digest_of_record(record(0, 3e-16))


def test_a_step_is_told_at_its_commit_with_the_versions_that_came_with_it():
    versions = {2: {"scipy": "1.15"}, 3: {"scipy": "1.16"}, 4: {"scipy": "1.16"}}
    found = trend(record(0), record(0), record(4), record(4), record(0), versions=versions)
    assert told(found) == [("step", 3, "worse"), ("step", 5, "better")]
    assert found.states[1].came_with == ("scipy 1.15 → 1.16",)
    assert [one.permille for one in found.events[0].shares] == [1000]
    assert found.states[1].between == ()


SMALL = [0, 60, 30, 20, 15, 12, 10, 9, 8]
"""One evaluation more in so many: each less than is seen on so few landscapes."""


def test_small_changes_that_add_up_are_one_creep_whose_shares_are_exact():
    found = trend(*map(record, SMALL))
    assert {one.kind for one in found.events} == {"creep"}
    (creep,) = found.events
    assert creep.is_worse
    assert creep.since.first.commit == commit(1)
    assert len(creep.states) >= 6
    assert sum(share.permille for share in creep.shares) == 1000
    assert all(share.permille > 0 for share in creep.shares)
    assert [share.commit for share in creep.shares] == [commit(k) for k in range(2, len(creep.states) + 2)]


def test_a_state_that_people_accepted_is_what_later_ones_are_compared_with():
    commits = [*SMALL, 8]
    where = int(trend(*map(record, SMALL)).events[0].states[3].first.commit, 16)
    by_word = {commit(where): Triage(commit(where), "accepted", "known", "Ann", 1)}
    by_baseline = trend(*map(record, commits), verdicts={where: "same"})
    for found in (trend(*map(record, commits), triages=by_word), by_baseline):
        later = [event.since.first.commit for event in found.events if event.commit > commit(where)]
        assert later == [commit(where)]


def test_triage_hangs_on_the_step():
    word = Triage(commit(2), "expected", "safer", "Ann", 1)
    found = trend(record(0), record(4), triages={commit(2): word})
    assert found.events[0].triage == word


def test_triage_at_any_commit_of_a_state_hangs_on_its_step():
    word, further = Triage(commit(3), "expected", "safer", "Ann", 1), Triage(commit(2), "fixed", "no", "Ben", 1)
    measured = record(0), record(4), record(4)
    assert trend(*measured, triages={commit(3): word}).events[0].triage == word
    assert trend(*measured, triages={commit(3): word, commit(2): further}).events[0].triage == further
    assert trend(*measured, triages={commit(1): word}).events[0].triage is None


def test_commits_of_which_nothing_is_known_are_named_as_possible_causes():
    found = trend(record(0), None, "ImportError: x", record(4))
    assert told(found) == [("step", 4, "worse")]
    assert found.states[1].between == (commit(2), commit(3))
    assert [point.commit for point in found.not_run] == [commit(3)]


def test_of_several_measurements_of_a_commit_the_one_that_changed_nothing_counts():
    records = {digest_of_record(one): one for one in (record(0), record(4))}
    before, other = records
    entries = [
        CommitEntry(commit(k), (), platform=platform, optimizers={"a:b": OptimizerEntry(digest)})
        for k, platform, digest in [(1, "x", before), (2, "y", other), (2, "x", before)]
    ]
    (series,) = series_of(entries, [commit(1), commit(2)])
    assert len(find_trend(series, records.get).states) == 1


@pytest.mark.parametrize("is_turned", [False, True])
def test_versions_came_with_no_state_that_was_measured_with_the_old_ones_too(is_turned):
    old, new = {"numpy": "1.24"}, {"numpy": "2.4"}
    measured = [(1, old, record(0)), (1, new, record(0, 3e-16)), (2, old, record(4)), (2, new, record(4, 3e-16))]
    records = {digest_of_record(one): one for *_, one in measured}
    entries = [
        CommitEntry(commit(k), (), optimizers={"a:b": OptimizerEntry(digest_of_record(one), versions=versions)})
        for k, versions, one in measured
    ]
    (series,) = series_of(entries, [commit(1), commit(2)])
    if is_turned:
        series = replace(series, points={name: points[::-1] for name, points in series.points.items()})
    found = find_trend(series, records.get)
    assert told(found) == [("step", 2, "worse")]
    assert found.states[1].came_with == ()
    assert len({state.first.versions["numpy"] for state in found.states}) == 1


def test_another_budget_is_not_comparable_and_no_step():
    adapter = optimizers.get(descend(0))
    other = Baseline("solver:minimize", {}, {}, {"beale": run_baseline(adapter, landscapes.get("beale"), 50)})
    found = trend(record(0), other, other)
    assert [str(state.verdict) for state in found.states] == ["new", "not-comparable"]
    assert found.events == ()


def test_order_without_git_follows_first_parents_and_leaves_branches_out():
    def made(k, *parents, time):
        return CommitEntry(commit(k), tuple(map(commit, parents)), commit_time=time)

    line = [made(1, time=1), made(2, 1, time=2), made(5, 2, 4, time=5), made(7, 6, time=9)]
    branches = [made(3, 1, time=3), made(4, 3, time=4), made(8, 5, time=6), made(6, 5, time=8)]
    assert in_order([*branches, *line]) == [commit(k) for k in (1, 2, 5, 6, 7)]
    assert in_order(line) == [commit(k) for k in (1, 2, 5, 7)]
    assert in_order(line, [commit(9)]) == [commit(9)]
    same_time = [made(k, *([k - 1] if k > 1 else []), time=1) for k in (3, 1, 2)]
    assert in_order(same_time) == [commit(k) for k in (1, 2, 3)]


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30).filter(lambda some: abs(math.fsum(some)) > 1e-3))
def test_shares_add_up_exactly(changes):
    parts = split_exactly(changes)
    assert sum(parts) == 1000
    total = math.fsum(changes)
    assert all(abs(part - 1000 * change / total) < 1.0 + 1e-6 for part, change in zip(parts, changes, strict=True))


@pytest.mark.parametrize("reverse", [False, True])
def test_a_creep_the_other_way_is_a_gain(reverse):
    found = trend(*map(record, SMALL[::-1] if reverse else SMALL))
    assert [one.is_worse for one in found.events] == [not reverse]
