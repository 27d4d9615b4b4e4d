"""The BBOB suite against COCO itself where it is installed, and against values written down from it."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from landscape_cases import few

from pytest_optlandscape import landscapes
from pytest_optlandscape.landscapes.families.bbob_instances import bbob_landscape
from pytest_optlandscape.landscapes.families.bbob_transforms import (
    Case,
    gaussian,
    oscillate_back,
    oscillate_with_slope,
    rotation,
    uniform,
)

NAMES = [name for name in landscapes.names() if name.startswith("bbob_f")]
NUMBERS = {name: int(name[6:8]) for name in NAMES}
RTOL = {16: 2e-12, 19: 1e-11, 23: 2e-12}
"""Where COCO's own rounding is larger than 3e-13: waves of a phase of 10⁵ and more."""

VALUES = {
    1: [
        (1, [-2.88, 1.01], 93.98945808),
        (5, [4.85, -1.01, -1.98], -20.70479904),
        (2, [-3.17, 1.78, -2.05, 2.23, -3.93], 445.63818048),
    ],
    2: [
        (1, [-0.4, -2.56], 8620886.898671389),
        (5, [0.84, 3.22, 3.55], 5602553.157540573),
        (2, [2.96, -4.27, -2.43, 1.54, -0.67], 625665.2550611951),
    ],
    3: [
        (1, [-1.28, 0.19], -398.0608647802744),
        (5, [-0.56, 1.4, 3.18], 150.67368998068355),
        (2, [1.61, 3.71, -0.16, 3.16, -1.45], 195.29655973903039),
    ],
    4: [
        (1, [4.97, -2.39], 521.0297587888795),
        (5, [-4.08, 4.59, -1.54], 515.7238013266953),
        (2, [-3.53, -4.15, -0.02, 1.49, -0.37], 315.71178444638815),
    ],
    5: [
        (1, [0.08, -1.68], 62.51),
        (5, [4.77, -0.92, 1.16], 19.900683748196805),
        (2, [-3.71, -4.2, -0.81, -0.1, 4.25], 800.5519745088445),
    ],
    6: [
        (1, [-4.09, -2.79], 1188552.579310717),
        (5, [-4.42, -1.75, -3.65], 329190.3686009922),
        (2, [-4.92, -3.47, 2.77, 0.22, -3.87], 42587.885319663466),
    ],
    7: [
        (1, [-1.9, -4.7], 1218.827329172477),
        (5, [-3.29, -1.83, 1.49], 171.25658452052795),
        (2, [2.32, -1.52, -2.48, 0.02, 4.85], 1374.0158872056445),
    ],
    8: [
        (1, [-0.16, -3.95], 1291.995152073564),
        (5, [-1.29, -2.45, -0.75], 6099.816637077548),
        (2, [-0.97, -3.6, -1.78, 1.91, -1.65], 75382.85548271703),
    ],
    9: [
        (1, [0.55, -3.74], 6236.94747069072),
        (5, [-3.26, -4.11, 3.89], 144261.28627891585),
        (2, [1.34, 0.13, -2.79, -0.41, -0.27], 3370.3443822378113),
    ],
    10: [
        (1, [4.2, -1.65], 1464043.8251543855),
        (5, [2.72, -2.59, 3.36], 2593629.6891771522),
        (2, [2.59, -4.8, -2.21, 4.7, 1.85], 22566756.663859706),
    ],
    11: [
        (1, [-0.05, 4.07], 55864388.82661129),
        (5, [-1.83, 1.88, -1.89], 832019.6810279707),
        (2, [1.42, 3.36, -1.28, -2.56, -2.64], 44569.82815192439),
    ],
    12: [
        (1, [-3.02, 0.82], 77803826.10487415),
        (5, [0.59, -1.29, 3.59], 98541801.635758),
        (2, [-4.61, 0.17, 1.32, 1.23, -4.39], 91610378.1971158),
    ],
    13: [
        (1, [-1.47, -3.41], 495.64219386851005),
        (5, [-0.12, -5.25, 1.78], 1352.7827639914763),
        (2, [-1.59, 0.8, 0.87, 0.16, 2.18], 1493.7694561704807),
    ],
    14: [
        (1, [2.29, 1.24], -46.98364903209118),
        (5, [1.44, 2.93, -1.47], 3.742015917210182),
        (2, [3.49, -0.02, 3.5, 3.6, -0.86], -123.03491288417078),
    ],
    15: [
        (1, [-0.35, 2.0], 1033.5874470866336),
        (5, [-1.58, -4.22, 4.51], 388.6786035238529),
        (2, [3.32, -0.02, 2.12, 3.87, 1.6], 948.2337568769376),
    ],
    16: [
        (1, [2.81, -3.38], 127.09808429744692),
        (5, [-3.29, 4.23, -3.39], 132.90347405406266),
        (2, [1.09, 3.99, 1.16, -3.67, -0.36], -249.88419556179002),
    ],
    17: [
        (1, [-3.86, -0.15], 892.6946073320364),
        (5, [1.95, -4.33, 1.56], -110.23433925945699),
        (2, [2.59, 3.08, -3.59, -3.28, 0.11], 45.42005745862062),
    ],
    18: [
        (1, [-1.49, -2.57], 692.182481854362),
        (5, [-3.28, 3.04, 3.04], 1.250160739281199),
        (2, [0.92, 1.98, 3.06, -4.53, -4.61], 165.6921301765862),
    ],
    19: [
        (1, [0.8, -0.73], -84.57844421665277),
        (5, [-1.8, 3.57, -2.67], -556.164694961402),
        (2, [-4.82, 3.5, 1.08, 1.2, -3.9], 113.28114855494155),
    ],
    20: [
        (1, [3.89, -0.71], 32881.25054780905),
        (5, [3.89, 3.25, -5.19], 18080.148384456523),
        (2, [-4.42, 3.79, 2.88, -2.11, 4.38], 111254.26189822485),
    ],
    21: [
        (1, [4.47, -3.4], 77.26817019485809),
        (5, [3.38, 0.85, 4.43], 551.8912755812673),
        (2, [-4.72, -1.86, 3.91, -3.23, -0.57], 70.0241791738819),
    ],
    22: [
        (1, [-1.26, 1.4], -933.5925687642922),
        (5, [-2.96, -1.23, 3.26], 135.10061452196808),
        (2, [-0.75, 2.79, -4.44, 3.55, 3.54], 1067.7079868156727),
    ],
    23: [
        (1, [3.92, -2.01], 47.140858320208096),
        (5, [-0.13, -0.06, -4.42], -24.520249541107212),
        (2, [2.93, 2.78, -4.89, 4.13, -4.25], 6.930281204441391),
    ],
    24: [
        (1, [1.77, 3.31], 161.2024664602542),
        (5, [-1.53, -4.54, -4.71], -81.07956384156667),
        (2, [-4.34, -0.15, 0.58, -2.55, -4.21], 243.7879434345425),
    ],
}
"""(instance, x, f(x)) as cocoex 2.8.2 gives them, by number of the function."""


def test_there_are_24_functions():
    assert sorted(NUMBERS.values()) == list(range(1, 25))
    assert {landscapes.get(name).family for name in NAMES} == {"bbob"}


@pytest.mark.parametrize("name", NAMES)
def test_values_of_coco(name):
    for instance, x, value in VALUES[NUMBERS[name]]:
        landscape = bbob_landscape(name, len(x), instance)
        slack = RTOL.get(NUMBERS[name], 3e-13) * (abs(value) + abs(landscape.fmin))
        assert abs(landscape(np.array(x)) - value) <= slack
        assert abs(landscape([x])[0] - value) <= slack


@pytest.fixture(scope="module")
def suite():
    return pytest.importorskip("cocoex").Suite("bbob", "instances: 1-15", "")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dim", [2, 3, 5, 10, 20, 40])
def test_instances_are_those_of_coco(suite, name, dim):
    rng = np.random.default_rng(dim)
    for instance in range(1, 16) if dim < 10 else (1, 2, 3, 4, 5, 15):
        problem = suite.get_problem_by_function_dimension_instance(NUMBERS[name], dim, instance)
        landscape = bbob_landscape(name, dim, instance)
        best = landscape.minimizers[0]
        points = np.vstack([rng.uniform(-5, 5, (3, dim)), rng.uniform(-6, 6, dim), best + 0.01 * rng.normal(size=dim)])
        expected = np.array([problem(x) for x in points])
        slack = RTOL.get(NUMBERS[name], 3e-13) * (np.abs(expected) + abs(landscape.fmin))
        assert np.all(np.abs(landscape(points) - expected) <= slack)
        assert abs(landscape(points[0]) - expected[0]) <= slack[0]
        assert problem(best) == pytest.approx(landscape.fmin, rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("name", NAMES)
def test_optimum_is_where_coco_says(suite, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # COCO prints it into a file
    rounded = 3e-10 if NUMBERS[name] == 20 else 1e-12  # COCO gives eight decimals of the crest of Schwefel's wave
    for dim, instance in [(2, 1), (2, 9), (5, 2), (20, 3), (40, 4)]:
        problem = suite.get_problem_by_function_dimension_instance(NUMBERS[name], dim, instance)
        problem._best_parameter("print")
        best = np.loadtxt("._bbob_problem_best_parameter.txt")
        landscape = bbob_landscape(name, dim, instance)
        np.testing.assert_allclose(landscape.minimizers[0], best, atol=rounded, rtol=0)


@pytest.mark.parametrize("name", NAMES)
def test_all_minimizers_of_all_instances_have_the_minimum(name):
    for dim in (2, 3):
        for instance in range(1, 4):
            landscape = bbob_landscape(name, dim, instance)
            assert landscape.contains(landscape.minimizers).all()
            np.testing.assert_allclose(landscape(landscape.minimizers), landscape.fmin, rtol=1e-13, atol=1e-13)


def test_instances_are_found_by_id():
    third = landscapes.get("bbob_f01_sphere[10]:3")
    assert third is landscapes.get("bbob_f01_sphere", 10).instance(3) is bbob_landscape("bbob_f01_sphere", 10, 3)
    assert third.id == "bbob_f01_sphere[10]:3"
    assert landscapes.get("bbob_f01_sphere[10]:1") is landscapes.get("bbob_f01_sphere[10]")
    assert third.fmin != landscapes.get("bbob_f01_sphere[10]").fmin


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("bbob_f01_spere",), "'bbob_f01_sphere'"),
        (("bbob_f01_sphere", 1), "from 2 to 40"),
        (("bbob_f01_sphere", 41), "from 2 to 40"),
        (("bbob_f01_sphere", 2, 0), "from 1"),
        (("bbob_f01_sphere", 2, 1.5), "instance"),
    ],
)
def test_impossible_instances(arguments, message):
    with pytest.raises(ValueError, match=message):
        bbob_landscape(*arguments)


@few(50)
@given(st.integers(1, 2**31 - 2))
def test_generator_is_minimal_standard_with_a_shuffle(seed):
    numbers = uniform(500, seed)
    assert numbers[:100] == uniform(100, seed)
    assert all(0 < u < 1 for u in numbers)
    assert len(set(numbers)) == 500


def test_normal_numbers_are_normal():
    numbers = gaussian(2000, seed=1)
    assert abs(np.mean(numbers)) < 0.1
    assert abs(np.std(numbers) - 1) < 0.05


@pytest.mark.parametrize("dim", [2, 3, 10, 40])
def test_rotations_are_orthogonal(dim):
    matrix = rotation(dim, seed=10_001)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(dim), atol=1e-12)


def test_oscillation_and_back():
    z = np.concatenate([-np.geomspace(1e-8, 1e3, 200), [0.0], np.geomspace(1e-8, 1e3, 200)])
    values, slopes = oscillate_with_slope(z, np)
    assert np.all(slopes > 0.1)
    np.testing.assert_allclose(oscillate_back(values), z, rtol=1e-14)


def test_bent_cigar_rises_between_two_points_of_its_ridge():
    landscape = landscapes.get("bbob_f12_bent_cigar")
    case = Case(12, 2, 1)
    turn, z = case.first_rotation, 4.0
    bent = z * turn[0]  # R bent = (z, 0): a point of the ridge
    grid = np.linspace(0, 20, 200_001)
    powers = 1.0 + 0.5 * np.sqrt(grid)
    back = np.where(bent[1] > 0, np.interp(bent[1], grid**powers, grid), bent[1])
    back = np.array([bent[0], float(back)])
    end = landscape.minimizers[0] + turn.T @ back
    between = landscape((landscape.minimizers[0] + end) / 2)
    assert between > 2 * max(landscape(end), landscape.fmin)


def test_importing_the_catalogue_draws_nothing():
    code = (
        "from pytest_optlandscape import landscapes;"
        "from pytest_optlandscape.landscapes.families import bbob_instances as b;"
        "landscapes.names(); assert b._made.cache_info().currsize == 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
