import dataclasses
import math

import numpy as np
import pytest
from record_makers import BEFORE, CELLS, DEFINITION, compare, descend, edited, jittered, momentum, record, shifted

from pytest_optlandscape import landscapes
from pytest_optlandscape.comparison import Verdict, compare_landscape, compare_optimizer
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.records import RoundingSensitivity, run_baseline, run_landscape
from pytest_optlandscape.records.path_divergence import MULTIPLE


def metrics(comparison):
    return {finding.metric: finding.is_worse for finding in comparison.findings}


def test_without_baseline_it_is_new():
    comparison = compare(BEFORE, None)
    assert (comparison.verdict, comparison.fingerprint, comparison.is_compared) == (Verdict.NEW, None, False)
    assert comparison.pairs == []
    assert comparison.speed_ratio is None


def test_the_same_record_is_the_same():
    comparison = compare(BEFORE)
    assert (comparison.verdict, comparison.fingerprint, comparison.findings) == (Verdict.SAME, "identical", ())
    assert comparison.speed_ratio == 1.0


@pytest.mark.parametrize("key", DEFINITION)
def test_other_definitions_are_not_comparable(key):
    other = "sobol-v2-12345678" if key == "starts" else DEFINITION[key] + 1
    comparison = compare(edited(record(**{key: other}), hits=3.0))
    assert comparison.verdict == Verdict.NOT_COMPARABLE
    assert comparison.reason == f"{key} {DEFINITION[key]} is now {other}"
    assert comparison.findings == ()


def test_every_change_of_the_definition_is_said():
    comparison = compare(record(version=2, budget=100))
    assert comparison.reason == "version 1 is now 2; budget 4000 is now 100"


def test_other_cells_and_settings_are_not_comparable():
    others = dataclasses.replace(
        BEFORE, cells=tuple(dataclasses.replace(c, start=f"my-{c.start}") for c in BEFORE.cells)
    )
    assert compare(others).reason == "no start is in both records"
    comparison = compare_landscape(BEFORE, BEFORE, landscapes=1, setting_differs="another backend")
    assert (comparison.verdict, comparison.reason) == (Verdict.NOT_COMPARABLE, "another backend")


def test_cells_that_both_records_have_are_compared():
    fewer = dataclasses.replace(edited(BEFORE, parts=True), cells=edited(BEFORE, parts=True).cells[::3])
    comparison = compare(fewer)
    assert (comparison.verdict, len(comparison.diverged), len(comparison.pairs)) == (Verdict.CHANGED, 7, 7)
    assert (comparison.not_run, comparison.not_known) == (14, 0)
    assert compare_landscape(BEFORE, fewer, landscapes=1).not_known == 14
    assert compare(dataclasses.replace(BEFORE, cells=BEFORE.cells[::3])).fingerprint == "identical"


@pytest.fixture(scope="module", params=["beale", "rosenbrock[10]", "rastrigin[4]"])
def accepted(request):
    landscape = landscapes.get(request.param)
    return landscape, run_baseline(get(descend), landscape, 200)


def test_reordered_additions_are_the_same(accepted):
    landscape, before = accepted
    comparison = compare(run_landscape(get(momentum(reordered=True)), landscape, 200), before)
    assert (comparison.verdict, comparison.fingerprint) == (Verdict.SAME, "rounding")
    assert (comparison.diverged, comparison.set_aside) == ((), 0)


@pytest.mark.parametrize("changed", [{"momentum": 0.9 + 1e-6}, {"step": 1.0001e-3}, {"steps": 149}])
def test_changed_constants_are_changed_at_least(accepted, changed):
    landscape, before = accepted
    comparison = compare(run_landscape(get(momentum(**changed)), landscape, 200), before)
    assert (comparison.verdict, comparison.fingerprint) == (Verdict.CHANGED, "changed")
    assert len(comparison.diverged) == len(before.cells)


@pytest.mark.parametrize("moved", [-0.9 * MULTIPLE, -1.1 * MULTIPLE, 0.9 * MULTIPLE, 1.1 * MULTIPLE])
@pytest.mark.parametrize("window", [0, 3, 7, "result"])
def test_what_moves_beyond_the_multiple_of_the_envelope_has_changed(window, moved):
    cells = [dataclasses.replace(c, fingerprint=shifted(c.fingerprint, window, moved)) for c in BEFORE.cells]
    comparison = compare(edited(dataclasses.replace(BEFORE, cells=tuple(cells))))
    changed = abs(moved) > MULTIPLE
    assert comparison.verdict == (Verdict.CHANGED if changed else Verdict.SAME)
    assert comparison.fingerprint == ("changed" if changed else "rounding")
    where = {0: "evaluation 1", 3: "evaluations 5 to 8", 7: "evaluations 65 to 128", "result": "the result"}[window]
    assert comparison.diverged == (tuple((cell.start, where) for cell in BEFORE.cells) if changed else ())


@pytest.mark.parametrize(
    "change", [{"nfev": 1.001}, {"njev": 1}, {"stop_reason": "budget"}, {"parts": True}], ids=lambda c: next(iter(c))
)
def test_one_cell_that_parts_is_no_proof_and_two_are(change):
    for only, verdict in [({7}, Verdict.SAME), ({7, 8}, Verdict.CHANGED)]:
        comparison = compare(edited(BEFORE, only=only, **change))
        assert (comparison.verdict, comparison.findings) == (verdict, ())
        assert [start for start, _ in comparison.diverged] == [BEFORE.cells[k].start for k in sorted(only)]
        where = "evaluations 3 to 4" if "parts" in change else "the end"
        assert {place for _, place in comparison.diverged} == {where}


def test_where_perturbed_runs_jumped_more_cells_may_diverge():
    jumpy = dataclasses.replace(BEFORE, rounding_sensitivity=RoundingSensitivity(8, 168))
    for number, verdict in [(3, Verdict.SAME), (9, Verdict.CHANGED)]:
        comparison = compare(edited(jumpy, only=set(range(number)), parts=True), jumpy)
        assert (comparison.verdict, len(comparison.diverged)) == (verdict, number)
    other_landscapes = RoundingSensitivity(400, 8000)
    now = edited(BEFORE, only={1, 2, 3}, parts=True)
    assert compare(now).verdict == Verdict.CHANGED
    lent = compare_landscape(now, BEFORE, landscapes=16, calibration=other_landscapes)
    assert (lent.verdict, lent.fingerprint) == (Verdict.SAME, "rounding")


def test_numbers_that_the_fingerprint_does_not_keep_are_rounding():
    for change in ({"hits": 1.001}, {"gap": 1.03}, {"gap": 1.01}, {"distance": 2e-4}, {"trace": "1111bbbb"}):
        comparison = compare(edited(BEFORE, **change))
        assert (comparison.verdict, comparison.fingerprint) == (Verdict.SAME, "rounding")
    tiny = edited(record(fmin=1.0), gap=1e-9)
    assert compare(edited(tiny, gap=10.0, trace="2222cccc"), tiny).fingerprint == "rounding"


def test_every_part_of_a_cell_that_runs_decide_on_breaks_identity():
    assert compare(edited(BEFORE, trace="0000aaaa")).fingerprint == "identical"
    for change in ({"trace": "1111bbbb"}, {"njev": 1}, {"nfev": 1.01}, {"stop_reason": "budget"}, {"flags": {"m"}}):
        facts = {"trace": "0000aaaa", **change}
        assert compare(edited(BEFORE, only={4}, **facts)).fingerprint != "identical"


def test_unpredictable_cells_are_set_aside_and_counted():
    def aside(k, cell):
        print_ = dataclasses.replace(cell.fingerprint, envelope=cell.fingerprint.envelope[:1], spread=-1)
        return dataclasses.replace(cell, fingerprint=print_) if k < 4 else cell

    before = dataclasses.replace(BEFORE, cells=tuple(aside(k, cell) for k, cell in enumerate(BEFORE.cells)))
    comparison = compare(edited(before, parts=False), before)
    assert (comparison.set_aside, comparison.verdict) == (4, Verdict.SAME)
    assert compare(before, before).set_aside == 0
    moved = edited(before, nfev=1.01)
    assert len(compare(moved, before).diverged) == CELLS - 4


def test_nondeterministic_is_said_and_decided_on_the_criteria_alone():
    unsteady = dataclasses.replace(BEFORE, nondeterministic=True)
    moved = edited(BEFORE, parts=True)
    comparison = compare(dataclasses.replace(moved, nondeterministic=True))
    assert (comparison.verdict, comparison.fingerprint) == (Verdict.CHANGED, "nondeterministic")
    for now in (moved, dataclasses.replace(moved, nondeterministic=True)):
        comparison = compare(now, unsteady)
        assert (comparison.verdict, comparison.fingerprint) == (Verdict.SAME, "nondeterministic")
    assert compare(edited(unsteady, hits=1.5), unsteady).verdict == Verdict.WORSE


@pytest.mark.parametrize(
    ("change", "verdict", "metric", "text"),
    [
        ({"hits": 1.5}, "worse", "speed", r"50(\.\d)? % more evaluations to the targets \(p = "),
        ({"hits": 1 / 1.5}, "better", "speed", r"33(\.\d)? % fewer evaluations to the targets"),
        ({"nfev": 1.3}, "worse", "cost", r"30(\.\d)? % more evaluations in all"),
        ({"nfev": 0.7}, "better", "cost", r"30(\.\d)? % fewer evaluations in all|29.9 %"),
        ({"gap": 10.0}, "worse", "precision", "1 digits less precise"),
        ({"gap": 0.1}, "better", "precision", "1 digits more precise"),
    ],
)
def test_worse_and_better(change, verdict, metric, text):
    comparison = compare(edited(BEFORE, **change))
    assert comparison.verdict == verdict
    assert metrics(comparison) == {metric: verdict == "worse"}
    with pytest.raises(ValueError, match=text):
        raise ValueError(str(comparison.findings[0]))


def test_lost_success_is_worse():
    comparison = compare(edited(BEFORE, gap=1e9))
    assert comparison.verdict == Verdict.WORSE
    assert metrics(comparison) == {"precision": True, "failure": True}
    assert "100 points less success" in [str(finding).partition(" (")[0] for finding in comparison.findings]


def test_no_feasible_result_is_a_thousand_typical_gaps():
    comparison = compare(edited(BEFORE, gap=math.inf))
    assert comparison.verdict == Verdict.WORSE
    assert np.isfinite([finding.effect for finding in comparison.findings]).all()


def test_targets_missed_count_as_twice_the_budget():
    comparison = compare(edited(BEFORE, hits=math.inf))
    assert comparison.verdict == Verdict.WORSE
    lost = [np.mean([math.log10(2 * 4000 / hit) for hit in cell.hits]) for cell in BEFORE.cells]
    walsh = [(a + b) / 2.0 for k, a in enumerate(lost) for b in lost[: k + 1]]
    assert comparison.findings[0].effect == pytest.approx(np.median(walsh))


def test_exceptions_are_worse_without_statistics():
    broken = edited(BEFORE, only={3}, stop_reason="exception")
    comparison = compare(dataclasses.replace(broken, errors=("ValueError: no (x.py:3)",)))
    assert comparison.verdict == Verdict.WORSE
    assert str(comparison.findings[0]) == (
        "no result from 1 of 21 starts that had one, sobol-02 first: ValueError: no (x.py:3)"
    )
    assert compare(edited(BEFORE, only={3}, stop_reason="no-result")).verdict == Verdict.WORSE
    both = edited(BEFORE, only={3, 4}, stop_reason="exception")
    assert compare(edited(both, only={5, 6}, nfev=1.01), both).verdict == Verdict.CHANGED


def test_exceptions_that_are_gone_are_better_without_statistics():
    both = edited(BEFORE, only={3, 4}, stop_reason="exception")
    comparison = compare(BEFORE, dataclasses.replace(both, errors=("ValueError: no (x.py:3)",)))
    assert comparison.verdict == Verdict.BETTER
    assert str(comparison.findings[0]) == (
        "a result from 2 of 21 starts that had none, sobol-02 first: ValueError: no (x.py:3)"
    )
    moved = edited(BEFORE, only={3}, stop_reason="exception")
    other = edited(BEFORE, only={4}, stop_reason="exception")
    assert compare(moved, other).verdict == Verdict.WORSE
    bought = edited(edited(BEFORE, nfev=0.1), stop_reason="exception")
    assert compare(BEFORE, bought).verdict == Verdict.CHANGED


def test_more_evaluations_that_bought_precision_are_a_change():
    comparison = compare(edited(BEFORE, nfev=1.5, gap=0.01))
    assert comparison.verdict == Verdict.CHANGED
    assert metrics(comparison) == {"cost": True, "precision": False}
    assert compare(edited(BEFORE, hits=1.5, gap=0.01)).verdict == Verdict.WORSE
    assert compare(edited(BEFORE, nfev=1.5, hits=0.5)).verdict == Verdict.WORSE


def test_what_is_within_the_gate_is_a_change():
    for change in ({"hits": 1.05}, {"nfev": 1.05}, {"gap": 1.5}):
        comparison = compare(edited(BEFORE, parts=True, **change))
        assert (comparison.verdict, comparison.fingerprint) == (Verdict.CHANGED, "changed")


def test_what_is_not_significant_is_a_change():
    assert compare(edited(BEFORE, hits=2.0, only=set(range(8)), parts=True)).verdict == Verdict.CHANGED
    assert compare(jittered(BEFORE, np.random.default_rng(1))).verdict == Verdict.CHANGED


def test_too_few_cells_are_not_judged_by_themselves():
    assert compare(edited(record(cells=16), hits=2.0), record(cells=16), landscapes=1).verdict == Verdict.WORSE
    few = edited(record(cells=15), hits=2.0, parts=True)
    assert compare(few, record(cells=15), landscapes=1).verdict == Verdict.CHANGED


def test_worst_cell():
    now = edited(edited(BEFORE, hits=1.1), only={11}, hits=3.0, gap=100.0, nfev=2.0)
    worst = compare(now).worst_cell
    assert worst["cell"] == "booth/sobol-10"
    assert worst["evaluations"] == now.cells[11].nfev
    assert worst["baseline_evaluations"] == BEFORE.cells[11].nfev
    assert worst["gap"] == now.cells[11].gap
    assert worst["baseline_gap"] == BEFORE.cells[11].gap
    assert worst["parts_at"] == "the end"
    lost = edited(BEFORE, only={4}, gap=math.inf)
    assert (compare(lost, None).worst_cell["cell"], compare(lost, None).worst_cell["gap"]) == ("booth/sobol-03", None)


def suite(change, landscapes=16):
    return [compare(change(record(seed=k)), record(seed=k), landscapes) for k in range(landscapes)]


def test_small_slowdown_everywhere_is_seen_by_the_suite_alone():
    comparisons = suite(lambda record: edited(record, hits=1.05, parts=True))
    assert {comparison.verdict for comparison in comparisons} == {Verdict.CHANGED}
    whole = compare_optimizer("scipy:BFGS", comparisons)
    assert whole.verdict == Verdict.WORSE
    assert metrics(whole) == {"speed": True}
    assert "5.0" in whole.findings[0].text or "5.1" in whole.findings[0].text
    assert whole.speed_ratio == pytest.approx(1 / 1.05, abs=0.005)
    within = suite(lambda record: edited(record, hits=1.01, parts=True))
    assert compare_optimizer("scipy:BFGS", within).verdict == Verdict.CHANGED


def test_one_worse_landscape_is_not_averaged_away():
    comparisons = suite(lambda record: edited(record, hits=0.5))
    comparisons[3] = compare(edited(BEFORE, gap=1e6))
    whole = compare_optimizer("scipy:BFGS", comparisons)
    assert metrics(whole)["speed"] is False
    assert whole.verdict == Verdict.WORSE


def test_verdicts_of_a_suite():
    same, new = compare(BEFORE), compare(BEFORE, None)
    other = compare(record(version=2))
    changed, better = compare(edited(BEFORE, nfev=1.01)), compare(edited(BEFORE, hits=0.5))

    def verdict(*comparisons):
        return compare_optimizer("x", comparisons).verdict

    assert verdict(same, same) == verdict(same, new) == verdict(same, other) == Verdict.SAME
    assert verdict(new, new) == Verdict.NEW
    assert verdict(new, other) == Verdict.NOT_COMPARABLE
    assert verdict(same, changed) == Verdict.CHANGED
    assert verdict(same, better) == verdict(better, changed) == Verdict.BETTER
    assert compare_optimizer("x", [same, changed]).fingerprint == "changed"
    assert compare_optimizer("x", [same, new]).fingerprint == "identical"
    assert compare_optimizer("x", [new]).fingerprint is None
    assert compare_optimizer("x", [new]).speed_ratio is None


@pytest.mark.thorough
def test_noise_raises_no_alarm():
    rng = np.random.default_rng(5)
    bases = [record(seed=k) for k in range(5)]
    alarms = []
    for _ in range(200):
        comparisons = [compare(jittered(base, rng), jittered(base, rng), landscapes=5) for base in bases]
        alarms += [c.verdict for c in comparisons] + [compare_optimizer("x", comparisons).verdict]
    assert set(alarms) == {Verdict.CHANGED}


def test_cells_in_a_record_are_enough_for_the_level():
    assert CELLS >= 16


@pytest.mark.parametrize(("dtype", "apart"), [(np.float64, 1e-15), (np.float64, 1e-13), (np.float32, 1e-7)])
def test_neighbouring_points_are_one_up_to_rounding(dtype, apart):
    def optimizer(returns):
        def settles(problem):
            points = [
                dtype(4.0 + problem.seed % 3) * np.ones(2, dtype) + dtype(shift) for shift in (1.0, 0.0, 8 * apart)
            ]
            for point in points:
                problem(point)
            return points[returns]

        return settles

    booth = landscapes.get("booth")
    before = run_baseline(get(optimizer(1)), booth, 10)
    same, other = (run_landscape(get(optimizer(returns)), booth, 10, before) for returns in (2, 0))
    assert {cell.returned for cell in same.cells} == {(2, 3)}
    assert {cell.returned for cell in before.cells} == {(2, 2)}
    assert compare(same, before).diverged == ()
    assert compare(same, before).fingerprint == "rounding"
    assert {where for _, where in compare(other, before).diverged} == {"the result"}


def test_another_one_of_the_same_evaluations_is_no_rounding():
    def optimizer(returns):
        def near_the_start(problem):
            points = [problem.x0 + shift for shift in (0.0, 3e-16, 1e-9, 2e-9)]
            for point in points:
                problem(point)
            return points[returns] if returns is not None else np.mean(points, axis=0)

        return near_the_start

    booth = landscapes.get("booth")
    first, last, mean = (run_landscape(get(optimizer(returns)), booth, 10) for returns in (2, 3, None))
    before = run_baseline(get(optimizer(2)), booth, 10)
    wide = tuple(
        dataclasses.replace(cell, fingerprint=dataclasses.replace(cell.fingerprint, result_envelope=1e-6))
        for cell in before.cells
    )
    before = dataclasses.replace(before, cells=wide)
    assert compare(first, before).fingerprint == "identical"
    assert compare(mean, before).fingerprint == "rounding"
    found = compare(last, before)
    assert (found.fingerprint, {where for _, where in found.diverged}) == ("changed", {"the result"})


def test_ends_that_miss_an_exact_minimiser_by_rounding_are_as_precise_as_those_that_hit_it():
    exact, nearly = edited(BEFORE, gap=0.0), edited(BEFORE, gap=1e-19, trace="2222cccc")
    assert max(cell.gap for cell in nearly.cells) < 1e-25
    assert compare(nearly, exact).verdict == Verdict.SAME
    assert compare(edited(BEFORE, gap=1e-12, trace="2222cccc"), exact).verdict == Verdict.WORSE
