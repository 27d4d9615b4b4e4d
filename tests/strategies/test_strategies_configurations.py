"""Tests of drawn configurations: they belong to their space, all values occur, failures shrink."""

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from pytest_optlandscape import landscapes
from pytest_optlandscape.landscapes.spaces import Choice, Float, Int, Ordinal, Space
from pytest_optlandscape.strategies import configurations

SPACE = Space(
    lr=Float(1e-5, 1, log=True),
    batch=Int(1, 256, log=True),
    layers=Int(2, 10, step=2),
    optimizer=Choice("sgd", "rmsprop", "adam"),
    momentum=Float(0, 0.9, step=0.1, when={"optimizer": "sgd"}),
    size=Ordinal("small", "medium", "large"),
)


@given(configuration=configurations(SPACE))
def test_they_belong_to_the_space(configuration):
    assert SPACE.decode(SPACE.encode(configuration)) == configuration
    assert ("momentum" in configuration) == (configuration["optimizer"] == "sgd")


@pytest.mark.parametrize("name", ["jenatton_tree", "kerastuner_mixed", "pressure_vessel"])
@given(data=st.data())
def test_those_of_landscapes_too(name, data):
    landscape = landscapes.get(name)
    configuration = data.draw(configurations(landscape))
    assert landscape(landscape.space.encode(configuration)) >= landscape.fmin


@pytest.mark.parametrize(
    ("condition", "shrunk"),
    [
        (lambda one: one["optimizer"] == "adam", {"optimizer": "adam", "layers": 2, "size": "small", "batch": 1}),
        (lambda one: one["batch"] >= 100, {"batch": 100, "optimizer": "sgd", "momentum": 0.0}),
        (lambda one: one["lr"] >= 0.5 and one["size"] != "small", {"lr": 1.0, "size": "medium"}),
        (lambda one: one.get("momentum", 0.0) > 0.45, {"momentum": 0.5, "layers": 2}),
    ],
)
def test_a_failing_configuration_shrinks(condition, shrunk):
    found = find(configurations(SPACE), condition, settings=settings(max_examples=2000, database=None))
    assert {name: found[name] for name in shrunk} == shrunk


def test_it_shrinks_to_the_standard_start_of_a_landscape():
    mixed = landscapes.get("kerastuner_mixed")
    found = find(configurations(mixed), lambda one: one["a"] >= 3, settings=settings(database=None))
    assert found == {**mixed.space.decode(mixed.x0), "a": 3}


def test_every_value_occurs():
    seen = set()

    @settings(max_examples=300, database=None, suppress_health_check=list(HealthCheck))
    @given(configuration=configurations(SPACE))
    def draw(configuration):
        seen.update((name, value) for name, value in configuration.items() if name in ("optimizer", "size", "layers"))

    draw()
    assert len(seen) == 3 + 3 + 5


def test_a_landscape_on_a_box_has_none():
    with pytest.raises(ValueError, match="beale has no search space; draw its points with"):
        configurations("beale")
