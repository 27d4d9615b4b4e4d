"""Typed search spaces: codes and values, conditions, landscapes over a space, optimizers that take configurations."""

import itertools
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_optlandscape import Landscape, Problem, minimize
from pytest_optlandscape.landscapes.spaces import Choice, Float, Int, Ordinal, Space
from pytest_optlandscape.landscapes.spaces.coded import CodedGrid, CodedMinimizers

SPACE = Space(
    lr=Float(1e-5, 1, log=True),
    batch=Int(1, 256, log=True),
    layers=Int(2, 8, step=2),
    dropout=Float(0, 0.5, step=0.1),
    size=Ordinal("small", "medium", "large"),
    optimizer=Choice("sgd", "rmsprop", "adam"),
    momentum=Float(0, 0.99, when={"optimizer": "sgd"}),
    nesterov=Choice(True, False, when={"optimizer": ("sgd", "rmsprop"), "size": "large"}),
)
BEST = {
    "lr": 1e-3, "batch": 32, "layers": 4, "dropout": 0.2, "size": "medium", "optimizer": "sgd", "momentum": 0.9,
}  # fmt: skip
codes = st.lists(st.floats(0.0, 1.0), min_size=SPACE.dim, max_size=SPACE.dim)


def loss(configuration):
    wrong = sum(configuration[name] != BEST[name] for name in ("batch", "layers", "size", "optimizer"))
    wrong += abs(configuration["dropout"] - BEST["dropout"]) > 1e-9
    return (
        (math.log10(configuration["lr"]) + 3.0) ** 2
        + wrong
        + (configuration.get("momentum", 1.9) - BEST["momentum"]) ** 2
    )


def tuned():
    return Landscape("tuned", loss, space=SPACE, x0={**BEST, "lr": 0.1, "batch": 1}, minimizers=[BEST], fmin=loss(BEST))


@given(codes)
def test_every_point_of_the_box_is_a_configuration(point):
    configuration = SPACE.decode(point)
    again = SPACE.decode(SPACE.encode(configuration))
    assert again.keys() == configuration.keys()
    for name, value in configuration.items():
        assert again[name] == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value)


@given(codes)
def test_the_canonical_point_stands_for_its_configuration(point):
    middle = SPACE.canonical(point)
    assert np.all((middle >= 0.0) & (middle <= 1.0))
    np.testing.assert_allclose(SPACE.canonical(middle), middle, atol=1e-12)
    assert SPACE.decode(middle).keys() == SPACE.decode(point).keys()


@given(st.integers(1, 256), st.integers(1, 256))
def test_whole_numbers_keep_their_order_in_logarithms(one, other):
    batch = SPACE.parameters["batch"]
    assert (batch.encode(one) < batch.encode(other)) == (one < other)
    assert batch.decode(batch.encode(one)) == one


def test_whole_numbers_own_equal_parts():
    values = [Int(0, 3).decode(code) for code in (0.0, 0.249, 0.251, 0.5, 0.75, 1.0)]
    assert values == [0, 0, 1, 2, 3, 3]


def test_names_that_are_not_active_are_absent():
    assert "momentum" not in SPACE.decode([0.5] * 5 + [0.9, 0.2, 0.2])
    assert set(SPACE.decode([0.5] * 4 + [0.9, 0.1, 0.2, 0.2])) == set(SPACE.parameters)


def test_a_finite_space_lists_its_configurations():
    space = Space(
        a=Choice("x", "y"),
        b=Int(1, 3, when={"a": "y"}),
        c=Int(1, 4, log=True, when={"a": "x"}),
        d=Float(0, 1, step=0.5),
    )
    every = list(space.configurations())
    assert len(every) == space.size == (4 + 3) * 3
    assert len({tuple(one.items()) for one in every}) == len(every)
    assert all(space.decode(space.encode(one)) == one for one in every)
    assert SPACE.size == math.inf


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        ({**BEST, "moment": 1}, "did you mean 'momentum'"),
        ({name: value for name, value in BEST.items() if name != "lr"}, "lr is missing"),
        ({**BEST, "optimizer": "adam"}, "momentum is not active.*needs optimizer = 'sgd'"),
        ({**BEST, "optimizer": "adm"}, "optimizer: .*'adam'"),
        ({**BEST, "batch": 0}, "batch: 0 is no number from 1 to 256"),
        ({**BEST, "batch": True}, "batch: True is no number"),
        ({**BEST, "layers": 3}, "layers: 3 is no value of"),
        ({**BEST, "dropout": 0.25}, "dropout: 0.25 is not on the steps"),
        ({**BEST, "lr": "fast"}, "lr: 'fast' is no number"),
        ({**BEST, "lr": math.nan}, "lr: nan is no number"),
    ],
)
def test_a_wrong_configuration_is_named(configuration, said):
    with pytest.raises(ValueError, match=said):
        SPACE.encode(configuration)


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (Space, ValueError, "at least one"),
        (lambda: Space(a=1), TypeError, "a=1 is no parameter"),
        (lambda: Space(a=Int(1, 2, when={"b": 1})), ValueError, "the condition of a: unknown parameter"),
        (lambda: Space(a=Int(1, 2, when={"b": 1}), b=Int(1, 2, when={"a": 1})), ValueError, "round in a circle"),
        (lambda: Space(a=Choice("x"), b=Int(1, 2, when={"a": "y"})), ValueError, "the condition of b on a"),
        (lambda: Float(1, 1), ValueError, "low is below high"),
        (lambda: Float(0, 1, log=True), ValueError, "low is positive"),
        (lambda: Float(1, 2, log=True, step=0.5), ValueError, "without log"),
        (lambda: Int(1.5, 3), ValueError, "low is a whole number"),
        (lambda: Int(0, 3, log=True), ValueError, "low is at least 1"),
        (lambda: Int(3, 1), ValueError, "low is at most high"),
        (Choice, ValueError, "at least one value"),
        (lambda: Choice("a", "a"), ValueError, "'a' is given twice"),
    ],
)
def test_a_wrong_space_is_named(make, error, said):
    with pytest.raises(error, match=said):
        make()


def test_true_is_not_one():
    space = Space(a=Choice(1, True, 0, False))
    assert [space.decode(space.encode({"a": value}))["a"] for value in (1, True, 0, False)] == [1, True, 0, False]


def test_a_condition_on_true_does_not_hold_for_one():
    space = Space(parent=Choice(1, True), child=Int(1, 2, when={"parent": True}))
    assert list(space.configurations()) == [{"parent": 1}, {"parent": True, "child": 1}, {"parent": True, "child": 2}]
    with pytest.raises(ValueError, match="child is not active"):
        space.encode({"parent": 1, "child": 1})


def test_rounding_inside_a_value_is_no_imprecision():
    landscape = tuned()
    point = landscape.minimizers[0]
    moved = point + np.array([0.0, 1e-4, 0.05, 0.02, 0.1, 0.1, 0.0, 0.3])  # the last is not active
    assert landscape(moved) == landscape.fmin
    assert landscape.distance(moved) == 0.0
    assert landscape.distance(np.array([moved, point + 0.1 * (np.arange(8) == 0)])).tolist() == [
        0.0,
        pytest.approx(0.1),
    ]


def test_a_configuration_is_a_point():
    landscape = tuned()
    other = {**BEST, "batch": 64}
    assert landscape(other) == landscape(SPACE.encode(other)) == loss(other)
    assert landscape.distance(BEST) == 0.0 < landscape.distance(other)
    assert landscape.contains(other)
    with pytest.raises(ValueError, match="lr is missing"):
        landscape({"batch": 1})


def random_search(problem):
    tried = [problem.space.decode(problem.rng.random(problem.space.dim)) for _ in range(200)]
    return min(tried, key=problem)


def test_optimizers_take_and_return_configurations():
    run = minimize(random_search, tuned())
    assert run.nfev == 200
    assert run.fun == run.best_fun == loss(run.configuration)
    assert set(run.configuration) <= set(SPACE.parameters)


def test_optimizers_of_boxes_see_the_codes():
    run = minimize("scipy:differential_evolution", tuned(), budget=4000)
    assert run.configuration["batch"] == 32
    assert run.digits > 2


def test_a_problem_starts_at_a_configuration():
    problem = Problem(tuned(), {**BEST, "batch": 64})
    assert problem.space.decode(problem.x0)["batch"] == 64
    assert problem(BEST) == problem(problem.space.encode(BEST)) == loss(BEST)
    assert problem.nfev == 2
    with pytest.raises(ValueError, match="lr is missing"):
        problem({"batch": 1})


def test_a_space_and_bounds_exclude_each_other():
    with pytest.raises(TypeError, match="either bounds or a space"):
        Landscape("both", loss, space=SPACE, bounds=[(0, 1)] * 8, x0=BEST)
    with pytest.raises(TypeError, match="give bounds"):
        Landscape("neither", loss, x0=[0.0])


def test_codes_cannot_be_moved():
    for move in (lambda one: one.shift(seed=1), lambda one: one.scale(4.0), lambda one: one.permute(seed=1)):
        with pytest.raises(ValueError, match="search space"):
            move(tuned())


def test_a_grid_of_minimizers_is_the_list_of_its_points():
    space = Space(a=Int(0, 1), b=Choice("x", "y", "z"), c=Int(0, 3))
    values = {"a": [1], "b": ["x", "z"], "c": [0, 1, 3]}
    grid = CodedGrid(space, values)
    listed = CodedMinimizers(
        space, [dict(zip(values, one, strict=True)) for one in itertools.product(*values.values())]
    )
    points = np.random.default_rng(0).random((50, 3))
    assert grid.count == listed.count == 6
    np.testing.assert_allclose(grid.distance(points), listed.distance(points), atol=1e-12)
    assert grid.distance(listed.points[0] + 0.1) == 0.0


def test_a_landscape_over_a_space_travels():
    again = pickle.loads(pickle.dumps(SPACE))
    assert again == SPACE
    assert hash(again) == hash(SPACE)
