"""Maps of several hyperparameters: which combinations work, and which hyperparameter decides."""

import math
import re
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from pytest_optlandscape import assert_tunable, figures, landscapes
from pytest_optlandscape.landscapes.families.training import training_task
from pytest_optlandscape.landscapes.spaces import Choice, Float, Int, Ordinal
from pytest_optlandscape.records.robust_range import RobustWidth
from pytest_optlandscape.records.with_value import with_values

SPHERE = landscapes.get("sphere", dim=2)


def heavy_ball(problem, *, learning_rate=0.1, momentum=0.0, steps=40, kind="plain", unused=1):
    x, speed = problem.x0, 0.0
    for _ in range(steps):
        ahead = x + momentum * speed if kind == "nesterov" else x
        speed = momentum * speed - learning_rate * problem.gradient(ahead)
        x = x + speed
        problem(x)
        if not np.abs(x).max() < 1e6:
            break
    return x


RATES = (1e-2, 1.0)


def found(over, share=0.05, optimizer=heavy_ball, where=SPHERE, **arguments):
    return assert_tunable(
        optimizer, where, over=over, share=share, **{"gap": 1e-3, "budget": 60, "n_starts": 4, **arguments}
    )


def test_the_map_is_that_of_the_theory():
    """A step multiplies by |1 − 2 · learning_rate|; at 1 it only turns the sign."""
    map_ = found({"learning_rate": [0.01, 0.25, 0.5, 0.75, 1.0], "steps": Int(1, 41, step=10)})
    assert map_.values == {"learning_rate": (0.01, 0.25, 0.5, 0.75, 1.0), "steps": (1, 11, 21, 31, 41)}
    counts = {(one["learning_rate"], one["steps"]): n for one, n in zip(map_.combinations, map_.successes, strict=True)}
    assert len(counts) == 25
    for (rate, steps), count in counts.items():
        factor = abs(1.0 - 2.0 * rate) ** steps
        if factor < 1e-5 or factor > 0.1:
            assert count == (4 if factor < 1e-5 else 0), (rate, steps)
    assert map_.rates("learning_rate")[1.0] == map_.rates("learning_rate")[0.01] == 0.0
    assert map_.interval[0] <= map_.share <= map_.interval[1]
    assert {"learning_rate": 0.5, "steps": 1} in map_.works()
    assert map_.record()["hyperparameters"] == "learning_rate, steps"


@pytest.mark.parametrize(
    ("over", "named"),
    [
        (
            {"learning_rate": RATES, "kind": Choice("plain", "nesterov"), "momentum": [0.1, 0.2, 0.3]},
            "learning_rate",
        ),
        ({"learning_rate": [0.3, 0.4, 0.5], "steps": Ordinal(1, 2, 3, 30, 40), "momentum": Choice(0.0, 0.1)}, "steps"),
        ({"momentum": Float(0.0, 0.99), "learning_rate": [0.2, 0.25, 0.3]}, "momentum"),
    ],
)
def test_the_hyperparameter_that_is_wrong_is_named(over, named):
    with pytest.raises(AssertionError) as failure:
        found(over, share=1.0)
    text = str(failure.value)
    assert re.search(rf"{named} decides most \([\d.]+ % of the variance\): \S+ succeeds in [\d.]+ %", text), text
    assert "required success in 100 % of" in text


def test_a_value_that_never_succeeds_is_named():
    with pytest.raises(
        AssertionError, match=r"kind decides most \(100 % of the variance\): plain succeeds in 100 %, never"
    ):
        found({"kind": Choice("plain", "wrong"), "steps": Choice(20, 30, 40)}, 0.9, optimizer=wrong)


def wrong(problem, *, kind="plain", steps=40):
    return heavy_ball(problem, learning_rate=0.3 if kind == "plain" else 2.0, steps=steps)


def test_nothing_or_everything_succeeds():
    with pytest.raises(AssertionError, match=r"found 0 % .*; no combination succeeds"):
        found({"learning_rate": [2.0, 3.0, 4.0], "steps": Choice(2, 3)})
    every = found({"learning_rate": [0.3, 0.4, 0.6], "steps": Choice(20, 30)}, 0.8)
    assert (every.share, every.effects()) == (1.0, {"learning_rate": 0.0, "steps": 0.0})
    assert 0.8 < every.interval[0] < 1.0  # four starts that agree are no certainty
    assert "decides" not in str(every)


def test_conditions_leave_combinations_out():
    over = {"kind": Choice("plain", "nesterov"), "momentum": Choice(0.1, 0.5, 0.99, when={"kind": "nesterov"})}
    map_ = found({**over, "learning_rate": [0.2, 0.3, 0.9]})
    assert len(map_.combinations) == (1 + 3) * 3
    assert all(("momentum" in one) == (one["kind"] == "nesterov") for one in map_.combinations)
    two = found(over)
    assert two.table().splitlines()[2].split() == ["0.1", "100", "%", "0", "%"] or "kind" in two.table()
    assert not math.isnan(two.rates("momentum")[0.99])


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ((1e-2, 1.0), (0.01, 0.0316227766017, 0.1, 0.316227766017, 1.0)),
        (Float(1e-2, 1.0, log=True), (0.01, 0.0316227766017, 0.1, 0.316227766017, 1.0)),
        (Float(0.1, 0.5), (0.1, 0.2, 0.3, 0.4, 0.5)),
        (Float(0.1, 0.2, step=0.1), (0.1, 0.2)),
        ([0.3, 0.1, 0.2], (0.1, 0.2, 0.3)),
        (Choice(0.4, 0.1), (0.4, 0.1)),
    ],
)
def test_values_tried(given, values):
    assert found({"learning_rate": given}).values["learning_rate"] == pytest.approx(values)


def test_whole_numbers_are_handed_on_as_they_are():
    assert found({"steps": Int(1, 4), "learning_rate": Choice(0.5, 0.6)}).values["steps"] == (1, 2, 3, 4)
    assert found({"steps": Int(1, 1000, log=True)}).values["steps"] == (1, 3, 22, 150, 1000)


def test_a_hyperparameter_that_changes_nothing_is_named():
    with pytest.raises(
        ValueError, match="unused changes nothing: with all 2 values, the runs are the same, bit by bit"
    ):
        found({"learning_rate": RATES, "unused": Choice(1, 2)})


@pytest.mark.thorough
def test_a_task_takes_its_own_hyperparameters():
    """Topology, initialiser, loss and batch size are tried like a learning rate."""
    over = {
        "learning_rate": [0.05, 0.5, 50.0],
        "units": Int(2, 4),
        "initializer": Choice("glorot_uniform", "zeros"),
    }
    starts = [f"restart-{k}" for k in range(3)]

    def trained(**settings):
        return training_task("mse", epochs=40, batch_size=20, **settings)

    def task(units, initializer):
        return trained(units=units, initializer=initializer)

    map_ = assert_tunable(heavy_ball_of_task, task, over=over, share=0.01, starts=starts, gap=0.25, confidence=0.5)
    assert len(map_.combinations) == 18
    assert map_.trials == 3
    assert map_.rates("initializer")["zeros"] < map_.rates("initializer")["glorot_uniform"]
    assert map_.rates("learning_rate")[50.0] == 0.0
    losses = assert_tunable(
        "scipy:L-BFGS-B",
        training_task,
        over={"loss": Choice("mse", "cross-entropy")},
        share=0.01,
        starts=starts,
        gap=0.2,
        confidence=0.5,
    )
    assert losses.values == {"loss": ("mse", "cross-entropy")}


def heavy_ball_of_task(problem, learning_rate):
    return heavy_ball(problem, learning_rate=learning_rate, momentum=0.5, steps=problem.budget)


def test_a_figure_is_saved_and_the_text_is_a_table(tmp_path):
    over = {"learning_rate": RATES, "momentum": Choice(0.0, 0.9)}
    map_ = found(over, figure=tmp_path / "map.svg")
    svg = (tmp_path / "map.svg").read_text()
    assert svg.startswith("<svg")
    assert "learning_rate" in svg
    assert map_.plot().rows[0][0] == "0"
    assert map_.table().splitlines()[0].split() == ["momentum", "learning_rate"]
    with pytest.raises(AssertionError, match="momentum  learning_rate"):
        found(over, 0.99, figure=tmp_path / "failed.html")
    assert "Success of" in (tmp_path / "failed.html").read_text()
    three = found({**over, "steps": Choice(30, 40)})
    assert "  steps  30: " in three.table()
    with pytest.raises(ValueError, match="a map is drawn of two hyperparameters, got 3"):
        three.plot()


def test_shares_that_cannot_be_drawn_are_told():
    with pytest.raises(ValueError, match="a share is a number from 0 to 1"):
        figures.share_map(shares=[[1.5]], x_names=["a"], y_names=["b"])
    with pytest.raises(ValueError, match="got shape"):
        figures.share_map(shares=[[0.5]], x_names=["a", "c"], y_names=["b"])
    hatched = figures.share_map(shares=[[0.5, np.nan]], x_names=["a", "c"], y_names=["b"])
    assert "hatch" in hatched.svg


def test_over_an_executor_the_map_is_the_same():
    over = {"learning_rate": [0.1, 0.3, 2.0], "momentum": Choice(0.0, 0.5)}
    with ProcessPoolExecutor(1) as executor:
        assert found(over, executor=executor) == found(over)


def test_one_range_without_a_share_has_a_width():
    width = assert_tunable(
        heavy_ball, SPHERE, over={"learning_rate": RATES}, decades=0.1, gap=1e-3, budget=60, n_starts=3
    )
    assert isinstance(width, RobustWidth)


def test_several_values_make_one_spec():
    assert (
        with_values("scipy:L-BFGS-B(maxcor=3)", {"ftol": 1e-6, "maxcor": 5}).spec
        == "scipy:L-BFGS-B(maxcor=5, ftol=1e-06)"
    )


@pytest.mark.parametrize(
    ("arguments", "kind", "said"),
    [
        ({"share": 0.0}, ValueError, "share is above 0 and at most 1"),
        ({"share": 0.5, "decades": 1.0}, TypeError, "either decades, for one range, or share"),
        ({"figure": "map.svg"}, TypeError, "figure draws the map of share="),
        ({}, ValueError, "need share=..., the required share of successes"),
        ({"share": 0.5, "n_starts": 1}, ValueError, "take at least 2 starts"),
        ({"share": 0.5, "over": {"learning_rat": Choice(0.1, 0.2)}}, ValueError, "'learning_rate'"),
        ({"share": 0.5, "over": {"learning_rate": (0.0, 1.0)}}, ValueError, "positive and finite"),
        ({"share": 0.5, "over": {"steps": Choice(1, 2, when={"knd": "a"})}}, ValueError, "knd"),
        ({"landscapes": training_task}, TypeError, "give share, or landscapes"),
        ({"landscapes": training_task, "share": 0.5, "noise": [0.1]}, TypeError, "noise applies to landscapes"),
    ],
)
def test_wrong_arguments_are_named(arguments, kind, said):
    over = {"learning_rate": RATES, "momentum": Choice(0.0, 0.9)}
    with pytest.raises(kind, match=said):
        assert_tunable(heavy_ball, **{"landscapes": SPHERE, "over": over, **arguments})
