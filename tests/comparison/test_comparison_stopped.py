import dataclasses
import time

from record_makers import BEFORE, CELLS, compare, edited

from pytest_optlandscape import Problem, landscapes
from pytest_optlandscape.comparison import Verdict, compare_optimizer
from pytest_optlandscape.comparison.criteria import SPEED
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.records import run_baseline, run_landscape
from pytest_optlandscape.records.measuring import with_hanging_flagged
from pytest_optlandscape.report import failure_text, outcome
from pytest_optlandscape.runs import execute
from pytest_optlandscape.suites.catalogue import cells


def stopped(record, *cells):
    return edited(record, only=set(cells), stop_reason="time", gap=1e9, nfev=0.1, trace="2222cccc")


def test_cells_that_the_clock_stopped_are_not_compared():
    for now, before in [(stopped(BEFORE, 3, 4), BEFORE), (BEFORE, stopped(BEFORE, 3, 4))]:
        comparison = compare(now, before)
        assert (comparison.verdict, comparison.fingerprint, comparison.stopped) == (Verdict.SAME, "identical", 2)
        assert len(comparison.pairs) == len(comparison.differences(SPEED)) == CELLS - 2
        assert comparison.now is now
    assert compare(stopped(BEFORE, 3), stopped(BEFORE, 3, 4)).stopped == 2


def test_what_the_clock_left_is_judged():
    slower = edited(BEFORE, hits=1.5)
    comparison = compare(stopped(slower, 0))
    assert (comparison.verdict, comparison.stopped) == (Verdict.WORSE, 1)
    assert comparison.worst_cell["cell"] != "booth/standard"
    assert compare_optimizer("x", [comparison]).stopped == 1
    worst = edited(stopped(BEFORE, 0, 1), only={11}, hits=3.0, gap=100.0)
    assert compare(worst).worst_cell["cell"] == "booth/sobol-10"


def test_nothing_left_by_the_clock_is_not_comparable():
    comparison = compare(stopped(BEFORE, *range(CELLS)))
    assert comparison.verdict == Verdict.NOT_COMPARABLE
    assert comparison.reason == "the time limit stopped every cell, before or now"
    assert comparison.stopped == CELLS
    assert compare(stopped(BEFORE, *range(CELLS)), None).stopped == CELLS


def waiting():
    """An optimizer that never ends from the right, with a short time limit."""

    def waits(problem):
        problem(problem.x0)
        while problem.x0[0] > 4.0:
            time.sleep(0.01)
        return problem.x0

    return dataclasses.replace(get(waits), time_limit=0.05)


def test_a_baseline_measures_nothing_where_the_clock_stopped():
    record = run_baseline(waiting(), landscapes.get("booth"), 10)
    ended = [cell for cell in record.cells if cell.was_stopped_by_time]
    assert 0 < len(ended) < len(record.cells)
    assert not any(cell.fingerprint.is_measured for cell in ended)
    assert not record.nondeterministic
    assert record.from_plain(record.to_plain()).cells == record.cells


def test_a_run_that_hangs_is_told_from_a_slow_machine():
    booth = landscapes.get("booth")
    adapter = waiting()
    plain = run_landscape(adapter, booth, 10)
    runs = [execute(adapter, Problem(booth, cell.x0, budget=10, seed=cell.seed)) for cell in cells(booth)]
    records = tuple(dataclasses.replace(cell, flags=frozenset()) for cell in plain.cells)
    made = {}
    for name, seconds in (("hangs", 0.004), ("slow", 0.006)):
        timed = [
            dataclasses.replace(run, wall_time=seconds if run.stop_reason != "time" else 0.05, has_stalled=False)
            for run in runs
        ]
        made[name] = dataclasses.replace(plain, cells=with_hanging_flagged(timed, records))
        flags = [cell.flags for cell in made[name].cells if cell.was_stopped_by_time]
        assert 0 < len(flags) < len(records)
        assert set(flags) == {frozenset("h") if name == "hangs" else frozenset()}
    ended = dataclasses.replace(
        plain, cells=tuple(dataclasses.replace(cell, stop_reason="returned") for cell in records)
    )
    assert [compare(made["hangs"], ended).verdict, compare(ended, made["hangs"]).verdict] == ["worse", "better"]
    assert [compare(made["slow"], ended).verdict, compare(made["hangs"], made["hangs"]).verdict] == ["same", "same"]


def test_a_run_that_evaluates_nothing_for_half_its_time_hangs_whatever_the_others_do():
    beale = landscapes.get("beale")

    def waits(problem):
        problem(problem.x0)
        time.sleep(10.0)

    def is_slow(problem):
        while True:
            time.sleep(0.01)
            problem(problem.x0)

    for optimizer, stalls in ((waits, True), (is_slow, False)):
        adapter = dataclasses.replace(get(optimizer), time_limit=0.2)
        run = execute(adapter, Problem(beale, budget=10_000))
        assert (run.stop_reason, run.has_stalled) == ("time", stalls)
        (flagged,) = with_hanging_flagged([run], [dataclasses.replace(BEFORE.cells[0], stop_reason="time")])
        assert ("h" in flagged.flags) == stalls


def test_a_new_hang_from_every_start_is_worse():
    hung = edited(stopped(BEFORE, *range(CELLS)), flags=frozenset("h"), stop_reason="time")
    comparison = compare(hung)
    assert (comparison.verdict, comparison.fingerprint, comparison.speed) == (Verdict.WORSE, "changed", None)
    assert comparison.findings[0].text.startswith(f"hangs until the time limit from {CELLS} of {CELLS} starts")
    assert comparison.worst_cell["cell"] == "booth/standard"
    said = failure_text(comparison, "mine:minimize")
    assert "standard first" in " ".join(said.split())
    assert f"booth/{BEFORE.cells[0].start}  returned → time" in said
    assert "minimize('mine:minimize'" in said
    overall = compare_optimizer("mine:minimize", [comparison])
    assert (overall.verdict, overall.speed_ratio) == (Verdict.WORSE, None)
    assert outcome([overall])["optimizers"][0]["landscapes"][0]["worst_cell"]["stop_reason"] == "time"
    assert compare(BEFORE, hung).verdict == Verdict.BETTER
    assert compare(hung, hung).verdict == Verdict.NOT_COMPARABLE
