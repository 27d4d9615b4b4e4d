"""Tests of evaluations at levels of a fidelity: their cost, the budget, hits, and the gap at full fidelity."""

import dataclasses
import math
import pickle
import threading

import numpy as np
import pytest

from pytest_optlandscape import Landscape, Problem, landscapes, minimize
from pytest_optlandscape.comparison import Verdict, compare_landscape
from pytest_optlandscape.landscapes.spaces import Fidelity, Float, Int, Space
from pytest_optlandscape.optimizers import get as get_optimizer
from pytest_optlandscape.records.build_records import record_of
from pytest_optlandscape.records.landscape_record import CellRecord
from pytest_optlandscape.records.measuring import run_baseline, run_landscape
from pytest_optlandscape.records.validation import checked_cell

SPACE = Space(lr=Float(1e-5, 1, log=True), units=Int(1, 64))
EPOCHS = Fidelity("epochs", 1, 27, log=True)


def loss(configuration, epochs):
    return (math.log10(configuration["lr"]) + 2.0) ** 2 + abs(configuration["units"] - 20) / 10 + 1 / epochs - 1 / 27


def training():
    return Landscape(
        "training",
        loss,
        space=SPACE,
        x0={"lr": 1.0, "units": 1},
        minimizers=[{"lr": 1e-2, "units": 20}],
        fmin=0.0,
        fidelity=EPOCHS,
    )


def bowl_at(x, share):
    return float(x @ x) + (1.0 - share) * float(np.abs(x).sum() + 1.0)


def bowl():
    return Landscape(
        "bowl",
        bowl_at,
        bounds=[(-2, 2)] * 2,
        x0=[1, 1],
        minimizers=[[0, 0]],
        fmin=0.0,
        fidelity=Fidelity("share", 0.25, 1.0),
    )


def halving(problem):
    """Search by successive halving until the budget is spent."""
    best = None
    while problem.remaining >= 10:
        tried = [problem.space.decode(problem.rng.random(problem.space.dim)) for _ in range(9)]
        for level in problem.fidelity.levels(eta=3):
            values = [problem(one, epochs=level) for one in tried]
            order = np.argsort(values, kind="stable")
            tried = [tried[k] for k in order[: max(1, len(tried) // 3)]]
        best = tried[0]
    return best


def test_an_evaluation_costs_its_share():
    problem = Problem(training(), budget=2)
    configuration = {"lr": 0.1, "units": 20}
    assert problem(configuration, epochs=9) == loss(configuration, 9)
    assert (problem.nfev, problem.cost, problem.remaining) == (1, 9 / 27, 2 - 9 / 27)
    assert problem(configuration) == loss(configuration, 27)
    assert problem.cost == pytest.approx(1 + 9 / 27)
    assert problem.levels().tolist() == [9, 27]


def test_the_record_holds_values_at_full_fidelity():
    run = minimize(halving, training(), budget=40)
    assert run.stop_reason == "returned"
    points, values = run.evaluated
    assert values.tolist() == [loss(SPACE.decode(point), 27) for point in points]
    assert run.fun == run.result_gap == loss(run.configuration, 27)
    assert run.cost == pytest.approx(run.levels.sum() / 27)
    assert run.cost <= 40 < run.nfev
    assert "cost as much as" in str(run)


def test_hits_count_costs():
    run = minimize(halving, training(), budget=40)
    gaps = run.trace.gap
    first = int(np.argmax(gaps <= 0.5))
    assert run.hit(0.5) == pytest.approx(run.levels[: first + 1].sum() / 27)
    assert run.hit(fun=0.5) == run.hit(0.5)
    assert run.hit(0.0) == math.inf


def test_the_budget_counts_costs():
    def spends_all(problem):
        while True:
            problem(problem.x0, share=0.25)

    run = minimize(spends_all, bowl(), budget=3)
    assert (run.stop_reason, run.nfev, run.cost) == ("budget", 12, 3.0)


def test_threads_share_one_budget():
    def in_threads(problem):
        def ask():
            while True:
                problem(problem.x0, share=0.25)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return problem.x0

    run = minimize(in_threads, bowl(), budget=5)
    assert (run.nfev, run.cost) == (20, 5.0)


def test_an_evaluation_that_raises_counts():
    def fails(x, share):
        if share < 1.0:
            raise ArithmeticError("diverged")
        return float(x @ x)

    landscape = Landscape(
        "fails", fails, bounds=[(-1, 1)], x0=[1], minimizers=[[0]], fmin=0.0, fidelity=Fidelity("share", 0.5, 1.0)
    )

    def goes_on(problem):
        for _ in range(2):
            with pytest.raises(ArithmeticError, match="diverged"):
                problem([0.5], share=0.5)
        problem([0.25])
        return [0.25]

    run = minimize(goes_on, landscape, budget=5)
    assert (run.nfev, run.cost, run.gap) == (3, 2.0, 0.0625)


def test_box_optimizers_see_full_fidelity():
    run = minimize("scipy:Nelder-Mead", bowl(), budget=200)
    assert run.cost == run.nfev
    assert run.gap < 1e-6


def test_noise_disturbs_what_is_seen_at_a_level():
    noisy = bowl().noisy("additive", level=0.1)
    problem = Problem(noisy)
    seen = problem([0.5, 0.5], share=0.5)
    assert seen != bowl().at([0.5, 0.5], 0.5)
    assert seen == Problem(noisy)([0.5, 0.5], share=0.5)
    assert problem.evaluated()[1].tolist() == [0.5]


def test_records_keep_costs():
    run = minimize(halving, training(), budget=40)
    record = record_of(run, "standard")
    text = record.to_text()
    assert checked_cell(text) == CellRecord.from_text(text) == record
    assert record.evaluations == pytest.approx(run.cost)
    assert 0 < record.hits[0] < run.nfev
    assert f" p{record.evaluations:.6g} " in text


@pytest.mark.parametrize(
    ("old", "new"), [(" p22", " p155"), ("p22", "p-1"), ("p22", "pnan"), ("p22", "pinf"), (" p22", "")]
)
def test_impossible_costs_are_refused(old, new):
    text = record_of(minimize(halving, training(), budget=30), "standard").to_text()
    assert " p22 " in text
    with pytest.raises(ValueError, match=r"cost|evaluation|not the record"):
        checked_cell(text.replace(old, new, 1))


def test_the_path_knows_the_level():
    def at(level):
        def asks(problem):
            problem(problem.x0, share=level)
            return problem.x0

        return record_of(minimize(asks, bowl()), "standard")

    assert at(0.5).path != at(0.25).path
    assert at(0.5).path == at(0.5).path


STOCHASTIC_HALVING = dataclasses.replace(get_optimizer(halving), is_stochastic=True)


def wasteful(problem):
    """Search like `halving`, but evaluate every configuration at the full level."""
    best = None
    while problem.remaining >= 13:
        tried = [problem.space.decode(problem.rng.random(problem.space.dim)) for _ in range(9)]
        for keep in (3, 1):
            values = [problem(one) for one in tried]
            tried = [tried[k] for k in np.argsort(values, kind="stable")[:keep]]
        best = tried[0]
    return best


@pytest.fixture
def registered(catalogue_as_before):
    return landscapes.register(training())


def test_a_schedule_that_costs_more_is_reported(registered):
    before = run_baseline(STOCHASTIC_HALVING, registered, 60)
    again = run_landscape(STOCHASTIC_HALVING, registered, 60)
    assert compare_landscape(again, before, landscapes=1).fingerprint == "identical"
    wastes = dataclasses.replace(get_optimizer(wasteful), is_stochastic=True)
    changed = compare_landscape(run_landscape(wastes, registered, 60), before, landscapes=1)
    assert changed.verdict == Verdict.WORSE, changed


def test_moves_are_refused():
    for move in (lambda one: one.shift([0.1, 0.1]), lambda one: one.rotate(1), lambda one: one.instance(2)):
        with pytest.raises(ValueError, match="has a fidelity: it cannot be shifted"):
            move(bowl())
    part = bowl().within([(-0.5, 0.5)] * 2)
    assert part.at([0.5, 0.5], 0.5) == bowl().at([0.5, 0.5], 0.5)


def test_a_landscape_travels():
    sent = pickle.loads(pickle.dumps(bowl()))
    assert sent.at([0.5, 0.5], 0.5) == bowl().at([0.5, 0.5], 0.5)
    sent = pickle.loads(pickle.dumps(training()))
    assert sent.at({"lr": 0.1, "units": 3}, 9) == loss({"lr": 0.1, "units": 3}, 9)


@pytest.mark.parametrize(
    ("ask", "error", "said"),
    [
        (lambda: Problem(training())({"lr": 0.1, "units": 3}, epoch=9), TypeError, "did you mean 'epochs'"),
        (lambda: Problem(training())({"lr": 0.1, "units": 3}, epochs=82), ValueError, r"epochs=82: it takes Int\(1"),
        (lambda: Problem(training())({"lr": 0.1, "units": 3}, epochs=1.5), ValueError, r"epochs=1.5: it takes Int"),
        (lambda: Problem("beale")([1.0, 1.0], epochs=9), TypeError, "beale has no fidelity"),
        (lambda: Landscape("a", len, bounds=[(0, 1)], x0=[1]).at([1.0], 9), ValueError, "a has no fidelity"),
        (lambda: Fidelity("epochs", 0, 9), ValueError, "low is positive"),
        (lambda: Fidelity("epochs", 9, 9), ValueError, "low is below high"),
        (lambda: Fidelity("a b", 1, 9), TypeError, "name is that of an argument"),
        (lambda: EPOCHS.levels(eta=1), ValueError, "eta is at least 2"),
    ],
)
def test_mistakes_are_named(ask, error, said):
    with pytest.raises(error, match=said):
        ask()


def test_levels_of_successive_halving():
    assert Fidelity("epochs", 1, 81).levels(3) == [1, 3, 9, 27, 81]
    assert Fidelity("epochs", 2, 100).levels(4) == [6, 25, 100]
    assert Fidelity("share", 0.2, 1.0).levels(2) == [0.25, 0.5, 1.0]
