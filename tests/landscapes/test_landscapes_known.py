"""Landscapes over search spaces: what the catalogue says of them, proved by enumeration."""

import itertools
import math
import pickle

import numpy as np
import pytest
from landscape_cases import SEARCHES
from scipy.optimize import minimize, minimize_scalar

from pytest_optlandscape import landscapes
from pytest_optlandscape.landscapes.definition import DEFINITIONS, searched
from pytest_optlandscape.landscapes.families import pseudo_boolean
from pytest_optlandscape.landscapes.families.deceptive import HARTMANN_6
from pytest_optlandscape.landscapes.families.tuning import WIRES
from pytest_optlandscape.landscapes.validation import faults_of

PLAIN = [name for name in SEARCHES if not name.startswith("bbob_mixint")]
"""All but those of bbob-mixint, which have tests and instances of their own."""


def in_each_dim(names):
    """List the ids of landscapes in some of their dimensions, the smallest and the usual one among them."""
    every = [DEFINITIONS[name] for name in names]
    return [
        one.id_of(dim)
        for one in every
        for dim in sorted({one.dims[0], one.dim, *(d for d in (9, 25) if d in one.dims)})
    ]


def value_of(landscape, **configuration):
    return landscape(configuration)


def test_a_space_that_depends_on_the_dimension_needs_a_usual_one():
    define = searched(space=pseudo_boolean.space_of, x0={}, minimizers=[], fmin=0.0, tags="", source="")
    with pytest.raises(TypeError, match="formula: a space that depends on the dimension needs dim"):
        define(formula)
    assert "formula" not in DEFINITIONS


def formula(configuration):
    return 0.0


@pytest.mark.parametrize("name", SEARCHES)
def test_tags_say_what_the_space_is(name):
    landscape = landscapes.get(name)
    endless = [one.count == math.inf for one in landscape.space.parameters.values()]
    assert "search-space" in landscape.tags
    assert ("discrete" in landscape.tags) == (not any(endless))
    assert ("mixed-integer" in landscape.tags) == (any(endless) and not all(endless))
    assert ("conditional" in landscape.tags) == any(one.when for one in landscape.space.parameters.values())
    assert ("pseudo-boolean" in landscape.tags) == all(one.count == 2 for one in landscape.space.parameters.values())
    several = landscape.n_minimizers > 1 or not landscape.minimizers_complete
    assert ("many-minimizers" in landscape.tags) == several
    assert not landscape.has_gradient
    assert landscape.source
    assert landscape.summary


@pytest.mark.parametrize("name", in_each_dim(PLAIN))
def test_minimum_is_attained_and_no_sampled_configuration_is_lower(name):
    landscape = landscapes.get(name)
    assert faults_of(landscape) == []
    assert len(landscape.minimizers) > 0
    assert landscape.contains(landscape.minimizers).all()
    rounded = 1e-12 * (1 + abs(landscape.fmin))
    for best in landscape.minimizers[:64]:
        assert abs(landscape(best) - landscape.fmin) <= rounded
        assert landscape.distance(best) == 0
        assert landscape.space.canonical(best) == pytest.approx(best, abs=1e-12)
    assert landscape(np.random.default_rng(0).random((300, landscape.dim))).min() >= landscape.fmin - rounded
    assert landscape.fmin < landscape(landscape.x0) < np.inf


@pytest.mark.parametrize("name", in_each_dim(PLAIN))
def test_points_of_one_configuration_have_one_value(name):
    landscape = landscapes.get(name)
    for point in np.random.default_rng(1).random((5, landscape.dim)):
        middle = landscape.space.canonical(point)
        assert landscape(point) == pytest.approx(landscape(middle), rel=1e-12, abs=1e-12)
        assert landscape.distance(point) == pytest.approx(landscape.distance(middle))


@pytest.mark.parametrize("name", PLAIN)
def test_there_is_one_instance_and_no_move(name):
    landscape = landscapes.get(name)
    assert pickle.loads(pickle.dumps(landscape)) is landscape.instance(0) is landscape
    with pytest.raises(ValueError, match=r"no instance 2: .*search space"):
        landscape.instance(2)
    moves = (lambda f: f.shift(seed=1), lambda f: f.rotate(1), lambda f: f.scale(4.0), lambda f: f.permute(seed=1))
    for move in moves:
        with pytest.raises(ValueError, match="codes of a search space"):
            move(landscape)


def test_kerastuner_mixed_by_enumeration():
    landscape = landscapes.get("kerastuner_mixed")
    steps = [-1.0 + 0.1 * k for k in range(21)]
    values = {(a, b): value_of(landscape, a=a, b=b, c=1e-3) for a in range(11) for b in steps}
    assert min(values, key=values.get) == (4, 1.0)
    assert value_of(landscape, a=4, b=1.0, c=2e-3) > min(values.values()) == -1.0


def test_optimizer_and_rates_is_zero_at_one_configuration_alone():
    landscape = landscapes.get("optimizer_and_rates")
    best = landscape.space.decode(landscape.minimizers[0])
    assert landscape(best) == 0.0
    for change in ({"learning_rate": 1.01e-3}, {"weight_decay": 1.1e-5}, {"batch_size": 31}, {"optimizer": "rmsprop"}):
        assert landscape({**best, **change}) > 0.0
    sgd = {**best, "optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.9}
    assert landscape(sgd) == pytest.approx(0.1, rel=1e-12)  # the least with SGD, of which every term is a square


def test_jenatton_tree_by_enumeration():
    landscape = landscapes.get("jenatton_tree")
    leaves = [
        {"x1": 0, "x2": 0, "x4": 0.0, "r8": 0.0},
        {"x1": 0, "x2": 1, "x5": 0.0, "r8": 0.0},
        {"x1": 1, "x3": 0, "x6": 0.0, "r9": 0.0},
        {"x1": 1, "x3": 1, "x7": 0.0, "r9": 0.0},
    ]
    assert [value_of(landscape, **leaf) for leaf in leaves] == pytest.approx([0.1, 0.2, 0.3, 0.4])


def test_discrete_hartmann_by_enumeration():
    """On each of the 6400 points of the grid, the other two coordinates go through a fine grid, then are polished.

    Along them the function curves upward by at most Σ 2 α a ≤ 242. So a minimum lies at most ½ · 242 · 2 (1/32)² < 0.24
    below the nearest point of a grid of 17 × 17.
    """
    landscape, whole = landscapes.get("discrete_hartmann_6"), landscapes.get("hartmann_6")
    assert sum(2 * height * max(steepness[4:]) for height, steepness, _ in HARTMANN_6) <= 242
    line = np.linspace(0, 1, 17)
    reals = np.array(list(itertools.product(line, line)))
    lowest = {}
    for grid in itertools.product(range(4), range(4), range(20), range(20)):
        fixed = np.array(grid) / (3, 3, 19, 19)
        values = whole(np.hstack([np.tile(fixed, (len(reals), 1)), reals]))
        if values.min() < landscape.fmin + 0.24:

            def value(x, fixed=fixed):
                return whole(np.array([*fixed, *x]))

            lowest[grid] = minimize(value, reals[values.argmin()], bounds=[(0, 1)] * 2).fun
    first, second = sorted(lowest, key=lowest.get)[:2]
    best = landscape.space.decode(landscape.minimizers[0])
    assert first == tuple(best.values())[:4] == (1, 0, 9, 5)
    assert lowest[first] == pytest.approx(landscape.fmin, abs=1e-9)
    assert lowest[second] > landscape.fmin + 1e-3
    assert landscape.fmin == pytest.approx(-2.889383662244484, abs=1e-14)
    assert landscape.fmin > -3.0  # the value of a published list


def test_ackley_13_is_lowest_at_zero():
    """Both terms are sums of a term that grows with Σ x² and a wave that is not negative."""
    landscape = landscapes.get("ackley_13")
    best = landscape.space.decode(landscape.minimizers[0])
    assert landscape(landscape.minimizers[0]) == 0.0
    ackley = landscapes.get("ackley[13]")
    for point in np.random.default_rng(0).random((50, 13)):
        values = list(landscape.space.decode(point).values())
        assert landscape(point) == pytest.approx(ackley(np.array(values, dtype=float)), rel=1e-12)
    for name in best:
        changed = {**best, name: 1}
        assert value_of(landscape, **changed) > 0.5


def test_pressure_vessel_by_enumeration():
    """For each pair of thicknesses the cheapest vessel is found on a fine grid of radii, with the least length."""
    landscape = landscapes.get("pressure_vessel")
    steps = 0.0625 * np.arange(1, 100)
    shell, head = np.meshgrid(steps, steps, indexing="ij")
    lowest = np.full(shell.shape, np.inf)
    largest = np.minimum(np.minimum(shell / 0.0193, head / 0.00954), 200.0)
    for share in np.linspace(0, 1, 2001):
        radius = 10.0 + share * (largest - 10.0)
        needed = (1296000.0 - 4.0 / 3.0 * math.pi * radius**3) / (math.pi * radius**2)
        length = np.maximum(needed, 10.0)
        cost = 0.6224 * shell * radius * length + 1.7781 * head * radius**2
        cost += 3.1661 * shell**2 * length + 19.84 * shell**2 * radius
        lowest = np.fmin(lowest, np.where((largest >= 10.0) & (length <= 200.0), cost, np.inf))
    order = np.argsort(lowest, axis=None)
    assert np.unravel_index(order[0], lowest.shape) == (12, 6)  # 13/16 and 7/16
    assert lowest.flat[order[0]] == pytest.approx(landscape.fmin, rel=1e-12)
    assert lowest.flat[order[1]] > landscape.fmin + 30.0


def test_penalties_of_the_vessel_are_exact():
    """Missing a constraint never pays, for any thickness: the penalised cost is as high as the constrained one."""
    landscape = landscapes.get("pressure_vessel")
    rng = np.random.default_rng(2)
    best = landscape.minimizers[0]
    for scale in np.geomspace(1e-8, 1.0, 25):
        points = np.clip(best + scale * rng.normal(size=(200, 4)), 0, 1)
        assert landscape(points).min() >= landscape.fmin - 1e-9
    for shell, head in itertools.product(np.arange(9, 18) * 0.0625, np.arange(4, 12) * 0.0625):
        radius = np.linspace(30, 70, 41)
        for length in (100, 140, 176.6, 200):
            values = [value_of(landscape, shell=shell, head=head, radius=r, length=length) for r in radius]
            assert min(values) >= landscape.fmin


def test_coil_spring_by_enumeration():
    """For each wire and number of turns the penalised volume is minimised over the coil's diameter."""
    landscape = landscapes.get("coil_spring")
    lowest = {}
    line = np.linspace(0.6, 3, 49)
    for wire, turns in itertools.product(WIRES, range(1, 31)):

        def volume(coil, wire=wire, turns=turns):
            return value_of(landscape, wire=wire, turns=turns, coil=float(coil))

        start = line[np.argmin([volume(coil) for coil in line])]
        ends = (max(start - 0.05, 0.6), min(start + 0.05, 3.0))
        lowest[wire, turns] = minimize_scalar(volume, bounds=ends, method="bounded", options={"xatol": 1e-12}).fun
    first, second = sorted(lowest, key=lowest.get)[:2]
    assert first == (0.283, 9)
    assert lowest[first] == pytest.approx(landscape.fmin, abs=1e-6)
    assert landscape.fmin == pytest.approx(2.65856, abs=1e-5)
    assert lowest[second] > landscape.fmin + 1e-3
