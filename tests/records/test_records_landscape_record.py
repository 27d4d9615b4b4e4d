import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from record_makers import descend, fingerprint_of, record

from pytest_optlandscape import landscapes, minimize
from pytest_optlandscape.comparison import compare_landscape
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.records import (
    CellRecord,
    Fingerprint,
    LandscapeRecord,
    definition_of,
    record_of,
    run_baseline,
    run_landscape,
)
from pytest_optlandscape.records.landscape_record import FLAGS, Average, Descent
from pytest_optlandscape.records.targets import TARGETS, reference_gap
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.strategies import cells

counts = st.integers(0, 10**6)
amounts = st.floats(0, 1e300) | st.just(math.inf)
records = st.builds(
    CellRecord,
    start=st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])),
    nfev=counts,
    njev=counts,
    stop_reason=st.sampled_from(["returned", "budget", "exception", "no-result", "non-finite"]),
    gap=amounts,
    distance=amounts,
    hits=st.lists(st.just(math.inf) | st.integers(1, 10**6), min_size=8, max_size=8).map(tuple),
    flags=st.frozensets(st.sampled_from(sorted(FLAGS))),
    trace=st.from_regex(r"[0-9a-f]{8}\.([1-9][0-9]{0,3}|x[0-9a-f]{4})", fullmatch=True),
    fingerprint=st.builds(
        Fingerprint,
        path=st.lists(st.floats(-1e6, 1e6) | st.just(math.nan), max_size=12).map(tuple),
        result=st.floats(-1e6, 1e6) | st.just(math.nan),
    ),
    average=st.none()
    | st.builds(
        Average,
        runs=st.integers(2, 9),
        speed=st.floats(0, 9),
        precision=st.floats(-20, 3),
        failure=st.floats(0, 1),
        cost=st.floats(0, 9),
        over=st.sampled_from(["seeds", "starts"]),
        reached=st.integers(0, 8),
    ),
    descent=st.none()
    | st.builds(
        Descent,
        top=st.floats(-1, 20),
        depth=st.floats(1e-12, 20),
        end=st.integers(2, 10**6),
        thousandths=st.lists(st.integers(0, 1000), max_size=12).map(lambda all_: tuple(sorted(all_))),
    ),
)


@settings(deadline=None)
@given(records)
def test_text_is_read_as_it_was_written(cell):
    text = cell.to_text()
    read = CellRecord.from_text(text)
    assert read.to_text() == text
    exact = ("start", "nfev", "njev", "stop_reason", "hits", "flags", "trace")
    assert [getattr(read, name) for name in exact] == [getattr(cell, name) for name in exact]
    for name in ("gap", "distance"):
        assert getattr(read, name) == pytest.approx(getattr(cell, name), rel=1e-3)
    assert read.fingerprint.path == pytest.approx(cell.fingerprint.path, abs=2.0**-48, rel=1e-15, nan_ok=True)
    assert (read.average is None) == (cell.average is None)
    if cell.average:
        *numbers, over, reached = dataclasses.astuple(cell.average)
        assert dataclasses.astuple(read.average)[:-2] == pytest.approx(numbers, rel=5e-3)
        assert (read.average.over, read.average.reached) == (over, reached)
    assert (read.descent is None) == (cell.descent is None)
    if cell.descent:
        assert read.descent.top == pytest.approx(cell.descent.top, rel=1e-5)
        assert read.descent.depth == pytest.approx(cell.descent.depth, rel=1e-3)
        assert (read.descent.end, read.descent.thousandths) == (cell.descent.end, cell.descent.thousandths)


GOOD = "standard 9 16 r 4e-14 5e-07 2,3,5,9,12,14,15,- mo 0f3a v0.43/0.00017/9/125,999 0:mW:mV 5/1.5/-7.25/0.2/2.6/8"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "standard",
        GOOD.replace("9 16", "9"),
        GOOD.replace("9 16", "9 many"),
        GOOD.replace(" r ", " x "),
        GOOD.replace("4e-14", "small"),
        GOOD.replace("15,-", "15,"),
        GOOD.replace("0:mW:mV", "0"),
        GOOD.replace("0:mW:mV", "zero:mW:mV"),
        GOOD.replace("0:mW:mV", "0:mW:m+"),
        GOOD.replace("0:mW:mV", "0:mW:"),
        GOOD.replace("0:mW:mV", "-:W:+"),
        GOOD.replace("/2.6", ""),
        GOOD.replace("/8", "/many"),
        GOOD.replace("/125,", "/1000,"),
        GOOD.replace("/125,999", ""),
        GOOD.replace("v0.43", "vinf"),
        GOOD.replace("0.00017", "0"),
        GOOD.replace("v0.43", "0.43"),
        GOOD.replace("5/", "many/"),
        GOOD.replace("0f3a", "0f3a.some-16"),
        GOOD + " more",
        GOOD.partition(" v")[0],
        None,
        3,
    ],
)
def test_malformed_text(text):
    assert CellRecord.from_text(GOOD).to_text() == GOOD
    with pytest.raises(ValueError, match="not the record of a cell"):
        CellRecord.from_text(text)


def test_record_of_a_run():
    run = minimize("scipy:L-BFGS-B", "beale", budget=200)
    cell = record_of(run, "standard")
    reference = reference_gap(run.landscape)
    assert (cell.start, cell.nfev, cell.njev, cell.stop_reason) == ("standard", run.nfev, run.njev, "returned")
    assert cell.hits == tuple(run.hit(share * reference) for share in TARGETS)
    assert cell.fingerprint.path == pytest.approx(fingerprint_of(run).path, abs=2.0**-48)
    assert cell.fingerprint.result == pytest.approx(fingerprint_of(run).result, abs=2.0**-48)
    assert (cell.flags, cell.average) == (frozenset(), None)
    assert cell.gap == pytest.approx(run.result_gap, rel=1e-3)
    assert cell == CellRecord.from_text(cell.to_text())
    assert cell.digits == pytest.approx(run.digits, abs=1e-3)


def test_trace_hash_sees_every_evaluation_and_the_result():
    def visits(middle, last):
        def optimizer(problem):
            for x in ([0.0, 0.0], middle, [1.0, 1.0]):
                problem(x)
            return last

        return record_of(minimize(optimizer, "beale"), "standard").trace

    first = visits([0.5, 0.5], [1.0, 1.0])
    assert first == visits([0.5, 0.5], [1.0, 1.0])
    assert first != visits([0.5, np.nextafter(0.5, 1.0)], [1.0, 1.0])
    assert first.endswith(".3")
    assert visits([1.0, 1.0], [1.0, 1.0]).endswith(".2")
    moved, no_evaluation = visits([0.5, 0.5], [1.0, np.nextafter(1.0, 2.0)]), visits([0.5, 0.5], [2.0, 2.0])
    assert len({first, moved, no_evaluation, visits([0.5, 0.5], [0.5, 0.5])}) == 4
    assert len({trace.partition(".")[0] for trace in (first, moved, no_evaluation)}) == 1
    assert moved.partition(".")[2].startswith("x")


def test_result_outside_the_bounds_has_no_gap():
    cell = record_of(minimize(ends_at([9.0, 9.0]), "beale"), "standard")
    assert (cell.gap, cell.hits) == (math.inf, (math.inf,) * 8)
    assert cell.flags == {"r"}


def ends_at(x):
    def optimizer(problem):
        problem([-4.5, 4.5])
        return x

    return optimizer


def steps_out(problem):
    problem([9.0, 0.0])
    return problem.x0


def overwrites(fun, x0):
    fun(x0)
    x0[:] = 0.5
    return [1.0, 1.0]


@pytest.mark.parametrize(
    ("optimizer", "flags"),
    [
        (steps_out, {"o"}),
        (overwrites, {"m"}),
        (ends_at([9.0, 9.0]), {"r"}),
        (ends_at([math.inf, 0.0]), set()),
        (ends_at([np.nextafter(4.5, 5.0), 0.0]), {"u"}),
        (ends_at([4.5, -4.5]), set()),
    ],
)
def test_flags_say_what_a_run_does_wrong(optimizer, flags):
    assert record_of(minimize(optimizer, "beale"), "standard").flags == flags


@pytest.mark.parametrize("optimizer", ["scipy:L-BFGS-B", "scipy:dual_annealing", descend])
def test_running_twice_gives_the_same(optimizer):
    first, second = (run_landscape(get(optimizer), landscapes.get("beale"), 100) for _ in range(2))
    assert first == second
    assert [cell.start for cell in first.cells] == [cell.start for cell in cells(landscapes.get("beale"))]
    assert len({cell.trace for cell in first.cells}) == len(first.cells)


def test_every_cell_has_its_start_seed_and_budget():
    seen = []

    def optimizer(problem):
        seen.append((problem.x0.tolist(), problem.seed, problem.budget))
        return problem.x0

    beale = landscapes.get("beale")
    run_landscape(get(optimizer), beale, 37)
    assert sorted(seen) == sorted((cell.x0.tolist(), cell.seed, 37) for cell in cells(beale))


def test_exceptions_are_said_once():
    def optimizer(problem):
        raise ArithmeticError(f"start {problem.x0[0] > 0}")

    made = run_landscape(get(optimizer), landscapes.get("beale"), 50)
    assert len(made.errors) == 2
    assert {cell.stop_reason for cell in made.cells} == {"exception"}


def test_names_of_starts_may_hold_spaces():
    landscape = Landscape(
        "bowl",
        lambda x: float(x @ x),
        bounds=[(-4, 4)] * 2,
        x0=[1, 1],
        minimizers=[[0, 0]],
        fmin=0,
        starts={"far  away": [4, 4]},
    )
    made = run_landscape(get("scipy:Powell"), landscape, 50)
    assert made.cells[1].start == "far  away"


def test_plain_values_survive_json():
    made = run_landscape(get("scipy:Nelder-Mead"), landscapes.get("booth"), 60)
    plain = json.loads(json.dumps(made.to_plain(), allow_nan=False))
    assert LandscapeRecord.from_plain(plain) == made


@pytest.mark.parametrize("optimizer", ["scipy:L-BFGS-B", "scipy:dual_annealing", descend])
def test_a_baseline_is_read_as_it_was_written(optimizer):
    made = run_baseline(get(optimizer), landscapes.get("booth"), 40)
    read = LandscapeRecord.from_plain(json.loads(json.dumps(made.to_plain(), allow_nan=False)))
    assert read == made
    assert read.rounding_sensitivity == made.rounding_sensitivity
    now = run_landscape(get(optimizer), landscapes.get("booth"), 40)
    for before in (made, read):
        for new in (now, LandscapeRecord.from_plain(now.to_plain()), read):
            comparison = compare_landscape(new, before, landscapes=1)
            assert (comparison.verdict, comparison.fingerprint) == ("same", "identical")


def test_definition_names_what_the_numbers_depend_on():
    beale = landscapes.get("beale")
    definition = definition_of(beale, 400)
    assert set(definition) == {"format", "version", "budget", "fmin", "reference", "starts"}
    assert (definition["budget"], definition["version"]) == (400, beale.version)
    assert definition == definition_of(beale, 400) != definition_of(beale, 401)
    facts = {"bounds": [(-4, 4)], "x0": [1], "minimizers": [[0]], "fmin": 0}
    plain = definition_of(Landscape("bowl", lambda x: float(x @ x), **facts), 9)
    for change in ({"bounds": [(-4, 5)]}, {"x0": [2]}, {"starts": {"other": [3]}}):
        moved = definition_of(Landscape("bowl", lambda x: float(x @ x), **{**facts, **change}), 9)
        assert moved["starts"] != plain["starts"]
    assert definition_of(Landscape("bowl", lambda x: float(x @ x), **facts, version=2), 9) == {**plain, "version": 2}
    steeper = definition_of(Landscape("bowl", lambda x: float(3.0 * x @ x), **facts), 9)
    assert steeper["reference"] == pytest.approx(3.0 * plain["reference"], rel=0.01)


def test_reference_gap_is_the_typical_one():
    beale = landscapes.get("beale")
    rng = np.random.default_rng(0)
    values = beale(rng.uniform(-4.5, 4.5, size=(20_000, 2)))
    assert np.mean(values < reference_gap(beale)) == pytest.approx(0.5, abs=0.02)
    assert float(f"{reference_gap(beale):.3g}") == reference_gap(beale)


def test_summary_of_a_landscape():
    made = record(cells=3)
    gaps = dataclasses.replace(made.cells[0], gap=1.01e-4), dataclasses.replace(made.cells[1], gap=0.99e-4)
    made = dataclasses.replace(made, cells=(*gaps, dataclasses.replace(made.cells[2], distance=math.inf, njev=7)))
    assert [made.succeeded(cell) for cell in made.cells] == [False, True, True]
    assert (made.successes, made.digits, made.budget) == (2, 4.0, 4000)
    assert made.evaluations == sorted(cell.nfev for cell in made.cells)[1]
    lost = [dataclasses.replace(cell, distance=math.inf) for cell in made.cells]
    assert dataclasses.replace(made, cells=tuple(lost)).digits == -300.0


def test_cells_use_the_problem_they_name():
    beale = landscapes.get("beale")
    made = run_landscape(get("scipy:BFGS"), beale, 100)
    by_hand = minimize("scipy:BFGS", beale, x0="article", budget=100)
    assert made.cells[1] == record_of(by_hand, "article")
    assert Problem(beale, "article").x0.tolist() == cells(beale)[1].x0.tolist()
