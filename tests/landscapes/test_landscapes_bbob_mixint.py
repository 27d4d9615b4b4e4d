"""The suite bbob-mixint against COCO itself where it is installed, and against values written down from it."""

import itertools
import pickle

import numpy as np
import pytest

from pytest_optlandscape import landscapes
from pytest_optlandscape.landscapes.families.bbob_mixint import DIMS, bbob_mixint_landscape
from pytest_optlandscape.landscapes.spaces import Int

NAMES = [name for name in landscapes.names() if name.startswith("bbob_mixint_")]
NUMBERS = {name: int(name[13:15]) for name in NAMES}
AGREES = 1e-11
"""How far values may be from COCO's, relative to them."""

VALUES = {
    1: ([0, 2, 6, 15, -3.56], np.float64(452.6937730844445)),
    2: ([1, 1, 0, 4, 3.14], np.float64(10036.596148806595)),
    3: ([1, 0, 1, 3, 3.01], np.float64(172.18131232737977)),
    4: ([1, 3, 7, 8, 4.76], np.float64(696.900019307526)),
    5: ([1, 3, 0, 12, 0.15], np.float64(723.9646775238153)),
    6: ([0, 2, 4, 5, -1.31], np.float64(345.12484120750867)),
    7: ([1, 2, 5, 14, 2.76], np.float64(285.70849944139854)),
    8: ([1, 1, 1, 15, -1.81], np.float64(1559.094741663516)),
    9: ([0, 3, 7, 4, 1.03], np.float64(286.28468129150303)),
    10: ([1, 3, 2, 3, 3.28], np.float64(18857.308898744293)),
    11: ([0, 0, 6, 7, 1.01], np.float64(14360.015124406767)),
    12: ([1, 1, 7, 15, -3.11], np.float64(11614.490632136582)),
    13: ([1, 3, 6, 13, 3.11], np.float64(146.17267829745256)),
    14: ([0, 3, 5, 5, 2.03], np.float64(-150.1045372437186)),
    15: ([1, 2, 5, 13, -1.56], np.float64(49.33524342658417)),
    16: ([1, 2, 6, 6, -4.06], np.float64(-258.518830036331)),
    17: ([1, 3, 0, 2, 0.58], np.float64(390.9050532028998)),
    18: ([1, 1, 1, 11, -2.19], np.float64(125.61002704888888)),
    19: ([1, 1, 2, 14, -2.26], np.float64(909.7330254002974)),
    20: ([1, 1, 2, 7, -3.78], np.float64(584.5737299090595)),
    21: ([0, 3, 3, 9, 2.1], np.float64(34.65085254953807)),
    22: ([1, 1, 5, 3, -4.11], np.float64(1052.544505408862)),
    23: ([0, 2, 3, 10, -3.71], np.float64(203.2730993907138)),
    24: ([0, 1, 6, 6, 0.75], np.float64(17.554685340231817)),
}
"""(x, f(x)) as cocoex 2.8.2 gives it in five dimensions for the second instance, by number of the function."""


def values_of(configuration):
    return list(configuration.values())


def agree(values, expected):
    return np.all(np.abs(values - expected) <= AGREES * np.abs(expected))


def test_there_are_24_functions():
    assert list(NUMBERS.values()) == list(range(1, 25))
    assert {landscapes.get(name).family for name in NAMES} == {"bbob-mixint"}


@pytest.mark.parametrize("name", NAMES)
def test_values_of_coco(name):
    x, value = VALUES[NUMBERS[name]]
    landscape = bbob_mixint_landscape(name, 5, 2)
    codes = landscape.space.encode(dict(zip(landscape.space.parameters, x, strict=True)))
    assert agree(landscape(codes), value)


@pytest.fixture(scope="module")
def suite():
    return pytest.importorskip("cocoex").Suite("bbob-mixint", "instances: 1-10", "")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dim", DIMS)
def test_instances_are_those_of_coco(suite, name, dim):
    rng = np.random.default_rng(dim)
    for instance in range(1, 11):
        problem = suite.get_problem_by_function_dimension_instance(NUMBERS[name], dim, instance)
        landscape = bbob_mixint_landscape(name, dim, instance)
        space = landscape.space
        codes = np.vstack([landscape.minimizers[0], rng.random((20, dim))])
        expected = np.array([problem(values_of(space.decode(point))) for point in codes])
        assert agree(landscape(codes), expected)
        assert expected.argmin() == 0
        bounds = [(one.low, one.high) for one in space.parameters.values()]
        assert bounds == list(zip(problem.lower_bounds, problem.upper_bounds, strict=True))
        whole = sum(isinstance(one, Int) for one in space.parameters.values())
        assert whole == problem.number_of_integer_variables
        assert values_of(space.decode(landscape.x0)) == problem.initial_solution.tolist()


@pytest.mark.parametrize("name", NAMES)
def test_minimum_is_attained_and_nothing_is_lower(name):
    rng = np.random.default_rng(NUMBERS[name])
    for dim, instance in ((5, 1), (10, 2)):
        landscape = bbob_mixint_landscape(name, dim, instance)
        best = landscape.minimizers[0]
        slack = 1e-10 * (1 + abs(landscape.fmin))
        assert abs(landscape(best) - landscape.fmin) <= slack
        beside = np.clip(best + rng.normal(size=(40, dim)) * np.geomspace(1e-6, 0.5, 40)[:, np.newaxis], 0, 1)
        assert landscape(np.vstack([beside, rng.random((40, dim))])).min() >= landscape.fmin - slack


@pytest.mark.parametrize(
    "name", ["bbob_mixint_f07_step_ellipsoidal", "bbob_mixint_f16_weierstrass", "bbob_mixint_f23_katsuura"]
)
def test_the_only_minimizer_of_the_grid(name):
    """BBOB has further minimisers; the whole coordinates, of which each fourth value is tried, hit none."""
    landscape = bbob_mixint_landscape(name)
    best = landscape.space.decode(landscape.minimizers[0])
    assert landscape.n_minimizers == 1
    line = (np.arange(64) + 0.5) / 64
    counts = [int(one.count) for one in landscape.space.parameters.values() if one.count < np.inf]
    for values in itertools.product(*(range(0, count, max(count // 4, 1)) for count in counts)):
        if list(values) != values_of(best)[:4]:
            codes = [(value + 0.5) / count for value, count in zip(values, counts, strict=True)]
            assert landscape(np.array([[*codes, real] for real in line])).min() > landscape.fmin + 1e-3


def test_instances_are_found_by_id():
    third = landscapes.get("bbob_mixint_f01_sphere[10]:3")
    assert third is landscapes.get("bbob_mixint_f01_sphere", 10).instance(3)
    assert third is bbob_mixint_landscape("bbob_mixint_f01_sphere", 10, 3)
    assert pickle.loads(pickle.dumps(third)) is third
    first = landscapes.get("bbob_mixint_f01_sphere[10]")
    assert landscapes.get("bbob_mixint_f01_sphere[10]:1") is first is first.instance(0)
    assert third.fmin != first.fmin


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("bbob_mixint_f01_spere",), "'bbob_mixint_f01_sphere'"),
        (("bbob_mixint_f01_sphere", 2), "its dimensions are 5, 10, 20, 40"),
        (("bbob_mixint_f01_sphere", 5, 0), "from 1"),
        (("bbob_mixint_f01_sphere", 5, 1.5), "instance"),
    ],
)
def test_impossible_instances(arguments, message):
    with pytest.raises(ValueError, match=message):
        bbob_mixint_landscape(*arguments)


def test_impossible_dimensions_of_the_catalogue():
    with pytest.raises(ValueError, match="its dimensions are 5, 10, 20, 40"):
        landscapes.get("bbob_mixint_f01_sphere", dim=6)
