import dataclasses
import math

import numpy as np
import pytest
from record_makers import STEADY, edited, jittered, record

from pytest_optlandscape import landscapes
from pytest_optlandscape.comparison import Verdict, compare_landscape, compare_optimizer
from pytest_optlandscape.comparison.criteria import METRICS
from pytest_optlandscape.comparison.findings import HARD, moved_criteria, verdict_of
from pytest_optlandscape.comparison.landscape_comparison import LEVEL
from pytest_optlandscape.comparison.statistics import signed_rank_balance
from pytest_optlandscape.records import LandscapeRecord, RoundingSensitivity
from pytest_optlandscape.records.criterion_values import AVERAGED
from pytest_optlandscape.records.landscape_record import FLAGS, Average
from pytest_optlandscape.report.terminal import details
from pytest_optlandscape.suites.catalogue import cells, suite_ids

QUICK = [landscapes.get(name) for name in suite_ids("quick")]
NAMES = [landscape.id for landscape in QUICK if not landscape.tags & {"constrained", "noisy"}]
BASE = {name: record(name, seed=k, cells=None) for k, name in enumerate(NAMES)}
TRIALS = sum(8 * len(made.cells) for made in BASE.values())


def compare(changed, base=BASE, jumps=0, **settings):
    """Compare a suite of which some landscapes changed; by a function of the record, or a record."""
    calibration = RoundingSensitivity(jumps, TRIALS)
    comparisons = [
        compare_landscape(changed.get(name, before), before, landscapes=len(base), calibration=calibration, **settings)
        for name, before in base.items()
    ]
    return compare_optimizer("mine:minimize", comparisons, calibration)


def everywhere(**changes):
    return {name: edited(before, **changes) for name, before in BASE.items()}


def on_bounds(before):
    return {k for k, cell in enumerate(cells(landscapes.get(before.landscape))) if cell.is_on_bounds}


def verdicts(comparison):
    return {one.verdict for one in comparison.landscapes}


def test_all_the_same():
    comparison = compare({})
    assert (comparison.verdict, comparison.fingerprint, comparison.findings) == (Verdict.SAME, "identical", ())
    assert (comparison.diverged, comparison.expected, comparison.set_aside) == (0, 0.0, 0)
    assert comparison.speed_ratio == 1.0
    assert (comparison.speed.to_targets.lower, comparison.speed.to_targets.upper) == (0.0, 0.0)


def test_rounding_everywhere_is_the_same():
    comparison = compare(everywhere(trace="1111bbbb"))
    assert (comparison.verdict, comparison.fingerprint, comparison.findings) == (Verdict.SAME, "rounding", ())


@pytest.mark.parametrize("parts", [False, True])
def test_a_small_loss_everywhere_is_worse_though_no_landscape_is(parts):
    comparison = compare(everywhere(hits=1.04, parts=parts))
    assert verdicts(comparison) == {Verdict.CHANGED if parts else Verdict.SAME}
    assert comparison.verdict == Verdict.WORSE
    assert [finding.metric for finding in comparison.findings] == ["speed"]
    speed = comparison.speed.to_targets
    assert speed.lower < speed.shift < speed.upper
    assert speed.shift == pytest.approx(math.log10(1.04), rel=0.05)  # evaluations are whole numbers
    better = compare(everywhere(hits=1 / 1.04, parts=parts))
    assert better.verdict == Verdict.BETTER


def test_a_loss_within_the_gate_is_not_worse():
    comparison = compare(everywhere(hits=1.012, parts=True))
    assert (comparison.verdict, comparison.findings) == (Verdict.CHANGED, ())


@pytest.mark.parametrize("factor", [1.01, 1 / 1.01])
def test_a_drift_below_the_gate_is_a_change_though_no_cell_diverges(factor):
    comparison = compare(everywhere(hits=factor, trace="1111bbbb"))
    assert (verdicts(comparison), comparison.diverged) == ({Verdict.SAME}, 0)
    assert (comparison.verdict, comparison.fingerprint, comparison.findings) == (Verdict.CHANGED, "changed", ())
    assert [(drift.metric, drift.is_worse) for drift in comparison.drifts] == [("speed", factor > 1.0)]
    said = " ".join(" ".join(details(comparison)).split())
    assert "below the gate, but rounding has no direction" in said
    assert "cells diverge" not in said


def test_a_drift_on_one_landscape_alone_may_be_a_tie_that_rounding_decides():
    assert compare({"trid[6]": edited(BASE["trid[6]"], hits=1.01, trace="1111bbbb")}).verdict == Verdict.SAME


def test_moves_without_a_direction_are_rounding():
    rng = np.random.default_rng(7)

    def moved(before):
        cells = zip(before.cells, jittered(before, rng, 0.02).cells, strict=True)
        along = tuple(dataclasses.replace(old, hits=new.hits, trace="1111bbbb") for old, new in cells)
        return dataclasses.replace(before, cells=along)

    comparison = compare({name: moved(before) for name, before in BASE.items()})
    assert (comparison.verdict, comparison.fingerprint, comparison.drifts) == (Verdict.SAME, "rounding", ())


def test_one_worse_landscape_is_enough_however_good_the_others():
    changed = everywhere(hits=0.5, parts=True)
    changed["beale"] = edited(BASE["beale"], gap=1e6)
    comparison = compare(changed)
    assert comparison.verdict == Verdict.WORSE
    assert {finding.metric: finding.is_worse for finding in comparison.findings}["speed"] is False
    assert compare({"trid[6]": edited(BASE["trid[6]"], hits=1.5)}).verdict == Verdict.WORSE
    changed["beale"] = edited(BASE["beale"], hits=1.5)
    comparison = compare(changed)
    assert {finding.is_worse for finding in comparison.findings} == {False}
    assert comparison.verdict == Verdict.WORSE


def test_damage_from_starts_on_the_bounds_alone_is_found():
    """Inside, runs move either way by more than the bounds lose: nothing shows but in the starts on the bounds."""
    rng = np.random.default_rng(6)

    def damaged(before):
        inside = set(range(len(before.cells))) - on_bounds(before)
        moved = jittered(before, rng, 0.4)
        lost = edited(before, hits=1.15, parts=True)
        cells = [moved.cells[k] if k in inside else lost.cells[k] for k in range(len(before.cells))]
        return dataclasses.replace(before, cells=tuple(cells))

    comparison = compare({name: damaged(before) for name, before in BASE.items()})
    assert comparison.verdict == Verdict.WORSE
    (finding,) = comparison.findings
    assert finding.text.startswith("from starts on the bounds, ")
    assert (finding.metric, finding.is_worse) == ("speed", True)
    assert finding.effect == pytest.approx(math.log10(1.15), abs=0.005)
    assert verdicts(comparison) == {Verdict.CHANGED}


def test_total_damage_from_the_bounds_is_found_on_the_suite_alone():
    changed = {name: edited(before, hits=3.0, only=on_bounds(before), parts=True) for name, before in BASE.items()}
    comparison = compare(changed)
    assert comparison.verdict == Verdict.WORSE
    assert [finding.metric for finding in comparison.findings] == ["speed"]
    assert verdicts(comparison) == {Verdict.CHANGED}


def test_as_few_starts_inside_are_not_said_to_be_on_the_bounds():
    inside = {name: edited(before, hits=3.0, only={3, 4, 5, 6}, parts=True) for name, before in BASE.items()}
    assert not [f for f in compare(inside).findings if "bounds" in f.text]


def test_cells_that_part_here_and_there_are_a_change_together():
    def scattered(number):
        return {name: edited(BASE[name], only={k}, parts=True) for k, name in enumerate(NAMES[:number])}

    for number, verdict in [(1, Verdict.SAME), (4, Verdict.CHANGED), (9, Verdict.CHANGED)]:
        comparison = compare(scattered(number))
        assert verdicts(comparison) == {Verdict.SAME}
        assert (comparison.verdict, comparison.diverged) == (verdict, number)
        assert comparison.fingerprint == ("changed" if verdict == Verdict.CHANGED else "rounding")


def test_scattered_cells_are_named_as_not_judged_where_no_test_stands_for_them():
    changed = {name: edited(BASE[name], only={k}, parts=True) for k, name in enumerate(NAMES[:9])}
    comparison = compare(changed).by_landscapes()
    assert (comparison.verdict, comparison.unjudged_verdict) == (Verdict.SAME, Verdict.CHANGED)
    said = " ".join(" ".join(details(comparison)).split())
    assert "not judged, as the test `overall` was not run: over these landscapes 9 cells diverge" in said
    assert "no proof of a change" not in said


def test_where_rounding_parts_cells_as_many_may():
    changed = {name: edited(BASE[name], only={k}, parts=True) for k, name in enumerate(NAMES[:9])}
    comparison = compare(changed, jumps=70)
    assert comparison.verdict == Verdict.SAME
    count = sum(len(before.cells) for before in BASE.values())
    assert comparison.expected == pytest.approx(count * 70 / TRIALS)


def test_a_baseline_of_some_landscapes():
    known, changed = list(NAMES[:3]), everywhere(hits=1.5, parts=True)
    calibration = RoundingSensitivity(0, 500)
    comparisons = [
        compare_landscape(changed[name], BASE[name] if name in known else None, landscapes=16, calibration=calibration)
        for name in NAMES
    ]
    comparison = compare_optimizer("mine:minimize", comparisons, calibration)
    assert [one.now.landscape for one in comparison.compared] == known
    assert comparison.verdict == Verdict.WORSE
    assert comparison.speed_ratio == pytest.approx(1 / 1.5, abs=0.01)
    assert comparison.diverged == sum(len(BASE[name].cells) for name in known)
    only_new = compare_optimizer("mine:minimize", comparisons[3:], calibration)
    assert (only_new.verdict, only_new.fingerprint, only_new.speed_ratio) == (Verdict.NEW, None, None)


def test_nondeterministic_is_the_weakest():
    changed = everywhere(parts=True)
    changed["beale"] = dataclasses.replace(changed["beale"], nondeterministic=True)
    assert compare(changed).fingerprint == "nondeterministic"
    assert compare(changed).verdict == Verdict.CHANGED


def null_suites(rng, number, names, size):
    """Suites of another random stream against their baselines, each with averages over five seeds."""
    for _ in range(number):
        before = [averaged(jittered(BASE[name], rng, size), rng) for name in names]
        now = [averaged(jittered(BASE[name], rng, size), rng) for name in names]
        yield [compare_landscape(*pair, landscapes=len(names)) for pair in zip(now, before, strict=True)]


def averaged(made, rng, size=0.08):
    def average(cell):
        moved = rng.normal(0.0, size / math.sqrt(5.0), size=len(AVERAGED))
        values = [value(made, cell) + m for value, m in zip(AVERAGED.values(), moved, strict=True)]
        return dataclasses.replace(cell, average=Average(5, *values))

    return dataclasses.replace(made, cells=tuple(map(average, made.cells)))


def test_another_random_stream_is_changed_and_not_worse():
    rng = np.random.default_rng(0)
    for comparisons in null_suites(rng, 60, ("beale", "easom", "trid[6]"), 0.3):
        comparison = compare_optimizer("mine:minimize", comparisons)
        assert (comparison.verdict, comparison.fingerprint) == (Verdict.CHANGED, "changed")


@pytest.mark.thorough
def test_false_alarms_of_the_criteria_keep_the_level():
    """Of 2000 suites in which nothing moved, no more than the level says are said to have, without any gate."""
    rng = np.random.default_rng(1)
    suites, level = 2000, 20.0 * LEVEL
    alarms = 0
    for _ in range(suites):
        shared = rng.normal(size=(2, 16))  # criteria depend on each other: what is slow is imprecise too
        strata = {m.name: (shared * rng.choice([0.3, 1.0]) + rng.normal(size=(2, 16))).tolist() for m in METRICS}
        alarms += bool(moved_criteria(strata, level, lambda metric: 0.0))
    assert alarms <= suites * level + 3.0 * math.sqrt(suites * level)
    assert alarms > 0


def test_what_no_evaluation_decided_is_worse_by_statistics_of_averages():
    rng = np.random.default_rng(2)
    before = {name: averaged(BASE[name], rng) for name in NAMES[:4]}

    def slowed(made):
        averages = [dataclasses.replace(c.average, speed=c.average.speed + math.log10(1.3)) for c in made.cells]
        lost = [dataclasses.replace(c, average=a) for c, a in zip(made.cells, averages, strict=True)]
        return edited(dataclasses.replace(made, cells=tuple(lost)), parts=True)

    comparison = compare({name: slowed(made) for name, made in before.items()}, base=before)
    assert comparison.verdict == Verdict.WORSE
    assert comparison.speed_ratio == pytest.approx(1 / 1.3, rel=1e-6)


@pytest.mark.parametrize("letter", FLAGS)
@pytest.mark.parametrize("takes_bounds", [True, False])
def test_a_new_breach_of_the_contract_is_worse(letter, takes_bounds):
    broken = {"beale": edited(BASE["beale"], only={5}, flags=frozenset(letter))}
    comparison = compare(broken, takes_bounds=takes_bounds)
    concerns = takes_bounds or letter == "m"
    assert comparison.verdict == (Verdict.WORSE if concerns else Verdict.SAME)
    findings = comparison.landscapes[0].findings
    assert [finding.metric for finding in findings] == (["contract"] if concerns else [])
    if concerns:
        start = BASE["beale"].cells[5].start
        assert str(findings[0]) == f"{FLAGS[letter]} from 1 of 22 starts and from none before, {start} first"
        assert findings[0].metric in HARD


@pytest.mark.parametrize("letter", FLAGS)
def test_an_old_breach_is_no_new_one(letter):
    base = {**BASE, "beale": edited(BASE["beale"], only={5}, flags=frozenset(letter), trace="0000aaaa")}
    more = {"beale": edited(BASE["beale"], only={5, 6, 7}, flags=frozenset(letter))}
    assert compare(more, base=base, takes_bounds=True).verdict == Verdict.SAME
    gone = {"beale": edited(BASE["beale"], trace="0000aaaa")}
    assert compare(gone, base=base, takes_bounds=True).verdict == Verdict.SAME
    others = set(FLAGS) - {letter}
    two = {"beale": edited(BASE["beale"], only={5}, flags=frozenset({letter, *others}))}
    comparison = compare(two, base=base, takes_bounds=True)
    assert [f.metric for f in comparison.landscapes[0].findings] == ["contract"] * len(others)


def test_an_exception_on_one_landscape_makes_the_optimizer_worse():
    broken = edited(BASE["easom"], only={2}, stop_reason="exception")
    comparison = compare({"easom": dataclasses.replace(broken, errors=("ZeroDivisionError: no (mine.py:3)",))})
    assert comparison.verdict == Verdict.WORSE
    assert "ZeroDivisionError" in str(next(c for c in comparison.landscapes if c.findings).findings[0])


def test_what_is_worse_counts_more_than_what_is_better_but_for_cost():
    def verdict(**effects):
        moved = [dataclasses.replace(FINDING, metric=name, effect=effect) for name, effect in effects.items()]
        return verdict_of(moved)

    assert verdict(speed=1.0, precision=-1.0) == verdict(cost=1.0, speed=-1.0) == verdict(cost=1.0) == Verdict.WORSE
    assert verdict(contract=1.0, failure=-1.0) == verdict(exceptions=1.0, speed=-1.0) == Verdict.WORSE
    assert verdict(cost=1.0, failure=-1.0) == verdict(cost=1.0, precision=-1.0) == verdict() == Verdict.CHANGED
    assert verdict(cost=-1.0) == verdict(speed=-1.0, failure=-1.0) == Verdict.BETTER


FINDING = compare(everywhere(hits=1.5)).findings[0]


def test_records_that_crossed_a_process_compare_alike():
    rng = np.random.default_rng(3)
    changed = {name: edited(jittered(before, rng), hits=1.2) for name, before in BASE.items()}
    changed = {name: LandscapeRecord.from_plain(made.to_plain()) for name, made in changed.items()}
    crossed = {name: LandscapeRecord.from_plain(made.to_plain()) for name, made in changed.items()}
    base = {name: LandscapeRecord.from_plain(before.to_plain()) for name, before in BASE.items()}
    one, two = compare(changed, base=base), compare(crossed, base=base)
    assert (one.verdict, one.findings, one.diverged, one.speed) == (two.verdict, two.findings, two.diverged, two.speed)
    for a, b in zip(one.landscapes, two.landscapes, strict=True):
        assert (a.verdict, a.fingerprint, a.findings, a.diverged) == (b.verdict, b.fingerprint, b.findings, b.diverged)
        assert a.worst_cell == b.worst_cell
    assert base["beale"].rounding_sensitivity == STEADY


def test_speed_counts_cells_that_did_not_move():
    first, second = record("beale", cells=16), record("booth", cells=16)
    pairs = [(edited(first, hits=2.0), first), (edited(second, hits=1.0), second)]
    comparison = compare_optimizer("x", [compare_landscape(now, old, landscapes=2) for now, old in pairs])
    assert comparison.speed.to_targets.shift == pytest.approx(math.log10(2.0) / 2.0, rel=1e-2)
    assert comparison.landscapes[0].speed_ratio == pytest.approx(0.5, rel=1e-2)


def lost_but_gained(lost, gained, metric="hits"):
    """All landscapes lose but the first few, which gain much more than all others lose."""
    return {
        name: edited(before, parts=True, **{metric: gained if k < 2 else lost})
        for k, (name, before) in enumerate(BASE.items())
    }


@pytest.mark.parametrize(("lost", "gained"), [(1.08, 0.05), (1.04, 0.3), (1.3, 0.01)])
@pytest.mark.parametrize(("attribute", "metric"), [("hits", "speed"), ("nfev", "cost")])
def test_a_gain_on_few_landscapes_does_not_pay_for_a_loss_on_the_others(lost, gained, attribute, metric):
    comparison = compare(lost_but_gained(lost, gained, attribute))
    assert comparison.verdict == Verdict.WORSE
    (finding,) = [finding for finding in comparison.findings if finding.metric == metric]
    assert finding.is_worse
    assert 10.0**finding.effect == pytest.approx(lost, abs=0.012)
    assert [one.now.landscape for one in comparison.landscapes if one.verdict == Verdict.BETTER] == NAMES[:2]
    if metric == "speed":
        assert comparison.speed_ratio < 1.0
        assert comparison.speed.to_targets.lower > 0.0


def test_a_loss_that_only_the_landscapes_without_a_gain_show_is_worse():
    """Six landscapes gain and ten lose: over all there is no loss, and no test of all of them would tell of it."""
    changed = {name: edited(b, hits=0.3 if k < 7 else 1.05, parts=True) for k, (name, b) in enumerate(BASE.items())}
    comparison = compare(changed)
    assert comparison.verdict == Verdict.WORSE
    losses = [finding for finding in comparison.findings if finding.is_worse]
    assert [finding.metric for finding in losses] == ["speed"]
    assert "on the 9 landscapes that gained nothing, " in losses[0].text
    assert 10.0 ** losses[0].effect == pytest.approx(1.05, abs=0.005)


def test_success_gained_on_one_landscape_does_not_pay_for_success_lost_on_the_others():
    few = {name: edited(before, gap=1e9, only=set(range(4))) for name, before in BASE.items()}
    base = {**BASE, "beale": edited(BASE["beale"], gap=1e9)}
    changed = {**few, "beale": edited(base["beale"], gap=1e-9, parts=True, trace="2222cccc")}
    comparison = compare(changed, base=base)
    assert comparison.verdict == Verdict.WORSE
    assert {f.metric for f in comparison.findings if f.is_worse} >= {"failure"}
    assert [one.now.landscape for one in comparison.landscapes if one.verdict == Verdict.BETTER] == ["beale"]


@pytest.mark.parametrize("gained", [{"gap": 1e-4}, {"gap": 1e-9, "hits": 0.5}])
def test_precision_gained_on_two_landscapes_does_not_pay_for_the_cost_of_all(gained):
    changes = [gained] * 2 + [{}] * (len(BASE) - 2)
    dearer = [edited(b, nfev=1.08, parts=True, **of_one) for b, of_one in zip(BASE.values(), changes, strict=True)]
    comparison = compare(dict(zip(BASE, dearer, strict=True)))
    assert comparison.verdict == Verdict.WORSE
    losses = [str(finding) for finding in comparison.findings if finding.is_worse]
    assert any(f"on the {len(BASE) - 2} landscapes that gained nothing, 8" in one for one in losses)
    assert [one.now.landscape for one in comparison.landscapes if one.verdict == Verdict.BETTER] == NAMES[:2]


def test_cost_that_bought_precision_wherever_it_rose_is_a_change():
    named = {"gap": 1e-4}, {"gap": 0.7}  # the second gain is below the gate of one landscape
    everywhere_bought = {n: edited(b, nfev=1.08, parts=True, **named[k > 1]) for k, (n, b) in enumerate(BASE.items())}
    assert compare(everywhere_bought).verdict == Verdict.CHANGED
    assert compare({"beale": edited(BASE["beale"], nfev=1.5, gap=1e-4, parts=True)}).verdict == Verdict.CHANGED


@pytest.mark.parametrize("seed", range(5))
def test_what_is_reported_goes_the_way_of_its_evidence(seed):
    """Whatever moves where, no finding contradicts the ranks that its p-value comes from."""
    rng = np.random.default_rng(seed)
    changed = {n: edited(jittered(b, rng, 0.02), hits=10.0 ** rng.normal(0.0, 0.3)) for n, b in BASE.items()}
    comparison = compare(changed)
    of_all = {
        metric.name: signed_rank_balance([c.differences(metric) for c in comparison.landscapes]) for metric in METRICS
    }
    told = [finding for finding in comparison.findings if "landscapes that gained" not in finding.text]
    assert all(of_all[finding.metric] * finding.effect > 0.0 for finding in told)
    each = [(c, finding) for c in comparison.landscapes for finding in c.findings]
    assert each
    for one, finding in each:
        metric = next(metric for metric in METRICS if metric.name == finding.metric)
        assert signed_rank_balance([one.differences(metric)]) * finding.effect > 0.0


def test_rounding_outside_the_bounds_is_told_and_not_worse():
    now = edited(BASE["beale"], only={5}, flags=frozenset("u"))
    comparison = compare({"beale": now}, takes_bounds=True)
    assert comparison.verdict == Verdict.SAME
    told = " ".join(" ".join(details(comparison)).split())
    assert "leaves the bounds by rounding, at most 4 units in the last place, on beale; new on beale" in told
    known = compare({"beale": now}, base={**BASE, "beale": now}, takes_bounds=True)
    assert "new on" not in "\n".join(details(known))
