import dataclasses
import math

import numpy as np
import pytest

from pytest_optlandscape import landscapes
from pytest_optlandscape.comparison import Verdict, compare_landscape, compare_optimizer, own_time
from pytest_optlandscape.comparison.own_time import (
    FIRST_LOOK,
    LANDSCAPE_TIME_GATE,
    REPETITIONS,
    TimedRun,
    TimeRatios,
    judge_landscape_by_time,
    judge_suite_by_time,
    median_interval,
    sign_test,
    time_alternately,
    timed_cells,
    timed_run,
)
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.records import run_landscape
from pytest_optlandscape.strategies import cells

BEALE = landscapes.get("beale")
CELLS = timed_cells(cells(BEALE))


def clock(own=1e-3, objective=1e-3, evaluations=100, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    calls = []

    def timed(cell):
        calls.append(cell.start)
        return TimedRun((own + objective) * math.exp(noise * rng.exponential()), objective, evaluations)

    timed.calls = calls
    return timed


def compared(optimizer="scipy:BFGS"):
    record = run_landscape(get(optimizer), BEALE, 40)
    return compare_landscape(record, record, landscapes=1)


def judged(timed, count=16):
    return judge_landscape_by_time(compared(), timed, count)


def test_the_standard_start_and_sobol_points_are_timed():
    assert [cell.start for cell in CELLS] == ["standard", "sobol-00", "sobol-01"]


def test_a_run_is_timed_and_its_evaluations_are_counted():
    timed = timed_run(get("scipy:L-BFGS-B"), CELLS[0], 40)
    run = own_time.execute(get("scipy:L-BFGS-B"), own_time.Problem(BEALE, CELLS[0].x0, budget=40))
    assert timed.evaluations == run.nfev + run.njev
    assert timed.objective > 0.0
    assert timed.wall > 0.0


def test_an_objective_that_raises_can_be_timed():
    def broken(problem):
        problem.fun([math.nan] * problem.dim)
        raise ValueError("no")

    assert timed_run(get(broken), CELLS[0], 40).evaluations == 1


def test_revisions_take_turns_and_the_order_is_swapped():
    log = []

    def logged(name, clock):
        return lambda cell: (log.append(name), clock(cell))[1]

    time_alternately(logged("-", clock()), logged("+", clock(own=3e-3)), CELLS[:1])
    assert "".join(log) == "-+" + "-++-" * (REPETITIONS // 2)


def test_timing_ends_early_where_there_is_nothing_to_find():
    before, now = clock(noise=0.01), clock(noise=0.01, seed=1)
    timed = time_alternately(before, now, CELLS)
    assert len(before.calls) == len(now.calls) == len(CELLS) * (1 + FIRST_LOOK)
    assert judged(timed).findings == ()


def test_long_runs_are_repeated_less_often():
    before, now = clock(own=1.0), clock(own=3.0)
    time_alternately(before, now, CELLS)
    assert len(now.calls) == len(CELLS) * (1 + 2)


@pytest.mark.parametrize(("own", "verdict"), [(2.8e-3, Verdict.WORSE), (0.4e-3, Verdict.BETTER)])
def test_the_ratio_is_that_of_own_times_whatever_the_objective_takes(own, verdict):
    timed = time_alternately(clock(objective=5e-4), clock(own, objective=5e-4), CELLS)
    assert timed.ratio == pytest.approx(own / 1e-3)
    comparison = judged(timed)
    (found,) = comparison.findings
    assert comparison.verdict == verdict
    assert comparison.fingerprint == "identical"
    assert (found.metric, found.is_worse) == ("time", verdict == Verdict.WORSE)
    assert str(found).startswith(f"own time per evaluation × {own / 1e-3:.2g} (p = ")


def test_what_takes_less_than_the_gate_longer_is_the_same_however_sure():
    assert judged(TimeRatios((("standard", math.log10(LANDSCAPE_TIME_GATE * 0.99)),), 24, 0)).verdict == Verdict.SAME
    assert judged(TimeRatios((("standard", math.log10(LANDSCAPE_TIME_GATE * 1.01)),), 24, 0)).verdict == Verdict.WORSE


def test_a_large_ratio_of_which_the_signs_know_nothing_is_the_same():
    """As measured on a loaded machine with two processes of one code: one landscape × 1.9, signs 12 to 12."""
    assert judged(TimeRatios((("standard", math.log10(1.9)),), 12, 12)).verdict == Verdict.SAME
    assert judged(TimeRatios((("standard", math.log10(1.9)),), 0, 24)).verdict == Verdict.SAME


@pytest.mark.parametrize("seed", range(5))
def test_other_work_on_the_machine_is_no_finding(seed):
    timed = time_alternately(clock(noise=1.0, seed=seed), clock(noise=1.0, seed=seed + 100), CELLS)
    assert judged(timed).verdict == Verdict.SAME


def test_fewer_evaluations_are_not_slower_ones():
    """The same setup is shared by half as many evaluations."""
    timed = time_alternately(clock(own=1e-3, evaluations=100), clock(own=0.9e-3, evaluations=50), CELLS)
    assert timed.ratio == 1.0


def test_more_evaluations_of_the_same_price_are_no_finding_of_time():
    timed = time_alternately(clock(own=1e-3, evaluations=100), clock(own=2e-3, evaluations=200), CELLS)
    assert timed.ratio == pytest.approx(1.0)


def test_slower_evaluations_are_seen_among_more_of_them():
    timed = time_alternately(clock(own=1e-3, evaluations=100), clock(own=4e-3, evaluations=200), CELLS)
    assert timed.ratio == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("factor", "change", "found"), [(2, 2.0, False), (2, 4.0, True), (0.5, 0.5, False), (0.5, 0.2, True)]
)
def test_time_is_held_against_the_evaluations_that_were_saved(factor, change, found):
    """Every other evaluation is saved, so each takes twice as long; or each is made twice."""
    now = run_landscape(get("scipy:BFGS"), BEALE, 40)
    before = dataclasses.replace(
        now,
        cells=tuple(
            dataclasses.replace(cell, hits=tuple(hit * factor for hit in (8.0,) * 8), trace="0000aaaa")
            for cell in now.cells
        ),
    )
    now = dataclasses.replace(now, cells=tuple(dataclasses.replace(cell, hits=(8.0,) * 8) for cell in now.cells))
    comparison = compare_landscape(now, before, landscapes=1)
    timed = TimeRatios((("standard", math.log10(change)),), *((24, 0) if change > 1.0 else (0, 24)))
    metrics = {one.metric for one in judge_landscape_by_time(comparison, timed, 1).findings}
    assert ("time" in metrics) == found
    over_all = judge_suite_by_time(compare_optimizer("scipy:BFGS", [comparison]), [timed] * 20)
    assert ("time" in {one.metric for one in over_all.findings}) == found


def test_where_the_objective_takes_all_the_time_nothing_is_made_up():
    timed = time_alternately(clock(own=0.0, objective=1.0), clock(own=1e-3, objective=1.0), CELLS)
    assert timed.ratio == pytest.approx(1.0, rel=0.01)


def test_without_evaluations_nothing_is_timed():
    assert time_alternately(clock(evaluations=0), clock(), CELLS) is None
    assert judged(None).findings == ()


def test_one_slow_landscape_does_not_move_the_median_of_a_suite_and_all_of_them_do():
    comparison = compare_optimizer("scipy:BFGS", [compared()])
    slow, alike = (TimeRatios(((f"sobol-0{k}", change),), 3, 0) for k, change in ((0, 1.0), (1, 0.0)))
    assert judge_suite_by_time(comparison, [slow, *[alike] * 40]) == comparison
    worse = judge_suite_by_time(comparison, [slow] * 16)
    assert (worse.verdict, worse.verdicts_as_one([]), worse.findings[0].metric) == (
        Verdict.WORSE,
        {Verdict.WORSE, Verdict.SAME},
        "time",
    )
    assert judge_suite_by_time(comparison, [slow] * 5) == comparison  # too few to be sure
    assert judge_suite_by_time(comparison, []) == comparison


def test_a_landscape_that_is_worse_stays_so_however_fast_it_is():
    comparison = compare_optimizer("scipy:BFGS", [dataclasses.replace(compared(), verdict=Verdict.WORSE)])
    faster = [TimeRatios((("standard", -1.0),), 0, 3)] * 16
    comparison = dataclasses.replace(comparison, verdict=Verdict.WORSE)
    assert judge_suite_by_time(comparison, faster).verdict == Verdict.WORSE


def test_ratios_cross_a_process_border():
    timed = TimeRatios((("standard", 0.25), ("sobol-00", -0.5)), 4, 2)
    assert TimeRatios.from_plain(timed.to_plain()) == timed


def test_the_interval_covers_the_median_as_often_as_it_says():
    rng = np.random.default_rng(1)
    intervals = [median_interval(rng.exponential(size=21) - math.log(2.0), 0.9) for _ in range(2000)]
    covered = np.mean([interval.lower <= 1.0 <= interval.upper for interval in intervals])
    assert 0.9 <= covered < 0.95


def test_few_values_bound_nothing():
    interval = median_interval([0.1, 0.2])
    assert (interval.lower, interval.upper, interval.p_value) == (0.0, math.inf, 0.5)
    assert sign_test(0, 0) == 1.0
