import itertools
import math

import numpy as np
import pytest
from landscape_cases import exact, random_points

from pytest_optlandscape import landscapes
from pytest_optlandscape.landscapes.families.least_squares import NUMBERS
from pytest_optlandscape.landscapes.families.roots import root
from pytest_optlandscape.landscapes.minimizer_sets import MinimizerFlat, MinimizerPermutations

PRINTED = {
    "mgh_jennrich_sampson": 124.362,
    "mgh_bard": 8.21487e-3,
    "mgh_gaussian": 1.12793e-8,
    "mgh_meyer": 87.9458,
    "mgh_kowalik_osborne": 3.07505e-4,
    "mgh_brown_dennis": 85822.2,
    "mgh_osborne_1": 5.46489e-5,
    "mgh_osborne_2": 4.01377e-2,
    "mgh_watson_6": 2.28767e-3,
    "mgh_watson_9": 1.39976e-6,
    "mgh_watson_12": 4.72238e-10,
    "mgh_penalty_1[4]": 2.24997e-5,
    "mgh_penalty_1[10]": 7.08765e-5,
    "mgh_penalty_2[4]": 9.37629e-6,
    "mgh_penalty_2[10]": 2.93660e-4,
    "mgh_chebyquad_8": 3.51687e-3,
}
"""The minima that the article gives, to six digits, not always rounded."""


def test_all_35_numbers_of_the_article_are_there():
    assert list(NUMBERS) == list(range(1, 36))
    named = {name for names in NUMBERS.values() for name in names}
    assert named <= set(landscapes.names())
    assert {name for name in landscapes.names() if name.startswith("mgh_")} <= named
    for number, names in NUMBERS.items():
        for name in names:
            landscape = landscapes.get(name)
            assert landscape.has_residuals
            assert f"no. {number}" in landscape.source or name in ("rosenbrock", "beale", "powell_singular")


@pytest.mark.parametrize("name", PRINTED)
def test_minimum_is_the_printed_one(name):
    assert landscapes.get(name).fmin == pytest.approx(PRINTED[name], rel=4e-6)


@pytest.mark.parametrize("name", ["mgh_broyden_tridiagonal[300]", "mgh_broyden_banded[300]", "mgh_broyden_banded[1]"])
def test_roots_in_many_dimensions_are_put_together_without_a_seam(name):
    landscape = landscapes.get(name)
    assert exact(landscape, landscape.minimizers[0]) < 1e-28 + 1e-30 * landscape.dim


def test_the_two_discrete_problems_have_one_root():
    first, second = (
        landscapes.get("mgh_discrete_boundary_value[40]"),
        landscapes.get("mgh_discrete_integral_equation[40]"),
    )
    assert np.array_equal(first.minimizers, second.minimizers)


@pytest.mark.parametrize("dim", range(1, 11))
def test_every_root_of_the_trigonometric_problem_is_one(dim):
    landscape = landscapes.get("mgh_trigonometric", dim)
    assert all(exact(landscape, x) < 1e-29 for x in landscape.minimizers)
    assert len(np.unique(landscape.minimizers.round(6), axis=0)) == landscape.n_minimizers


def test_a_search_that_does_not_converge_is_an_error():
    with pytest.raises(ArithmeticError, match="converge"):
        root(lambda x: (x * x + 1, 2 * x), 0.5)


@pytest.mark.parametrize("name", ["mgh_linear_rank_1[6]", "mgh_linear_rank_1_zeros[6]", "mgh_box_3d"])
def test_whole_flat_is_lowest(name):
    landscape = landscapes.get(name)
    flat = landscape.all_minimizers
    points = random_points(landscape, 50)
    moved = points - (points @ flat._matrix.T - flat._values) @ flat._across.T
    np.testing.assert_allclose(landscape(moved), landscape.fmin, atol=1e-12, rtol=1e-12)
    np.testing.assert_allclose(landscape.distance(moved), 0.0, atol=1e-13)
    assert np.all(landscape.distance(points) <= np.linalg.norm(points - moved, axis=1) + 1e-12)
    assert landscape.distance(points[0]) == pytest.approx(landscape.distance(points)[0])


def test_flat_moves_with_its_landscape():
    flat = MinimizerFlat([[1.0, -2.0, 0.5]], [3.0], [[3.0, 0.0, 0.0], [9.0, 9.0, 9.0]])
    points = np.random.default_rng(0).standard_normal((20, 3))
    on_it = points - (points @ flat._matrix.T - flat._values) @ flat._across.T
    factors, offset = np.array([2.0, -1.0, 4.0]), np.array([1.0, 0.0, -3.0])
    np.testing.assert_allclose(flat.stretched(factors, offset).distance(factors * on_it + offset), 0.0, atol=1e-13)
    np.testing.assert_allclose(flat.permuted([2, 0, 1]).distance(on_it[:, [2, 0, 1]]), 0.0, atol=1e-13)
    assert flat.distance(np.array([9.0, 9.0, 9.0])) == 0


def test_exchanges_are_all_listed_and_the_nearest_is_found():
    point = [0.3, 0.1, 0.3, 0.7]
    exchanged = MinimizerPermutations(point)
    every = np.array(sorted(set(itertools.permutations(point))))
    assert exchanged.points.tolist() == every.tolist()
    assert exchanged.count == 12
    batch = np.random.default_rng(1).standard_normal((50, 4))

    def nearest(points):
        return np.linalg.norm(batch[:, np.newaxis] - points, axis=-1).min(axis=1)

    np.testing.assert_allclose(exchanged.distance(batch), nearest(every))
    offset, factors = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0, 4.0])
    moves = [
        (exchanged.stretched(np.ones(4), offset), every + offset),
        (exchanged.stretched(np.full(4, -2.0), offset), -2.0 * every + offset),
        (exchanged.stretched(factors, offset), factors * every + offset),
        (exchanged.stretched(np.ones(4), offset).permuted([3, 0, 2, 1]), (every + offset)[:, [3, 0, 2, 1]]),
    ]
    for moved, points in moves:
        np.testing.assert_allclose(moved.distance(batch), nearest(points))
        assert moved.count == 12


def test_more_exchanges_than_can_be_listed():
    landscape = landscapes.get("mgh_chebyquad_8")
    assert landscape.n_minimizers == math.factorial(8) // 2
    assert len(np.unique(landscape.minimizers, axis=0)) == 4096
    assert landscape.distance(landscape.minimizers[0][::-1]) == 0


def test_gulf_is_finite_on_its_data_and_beyond():
    landscape = landscapes.get("mgh_gulf")
    on_the_data = np.array([50.0, 25.0 + (50.0 * math.log(2.0)) ** (2 / 3), 1.5])
    assert np.isfinite(landscape(on_the_data))
    assert np.all(np.isfinite(landscape.gradient(on_the_data)))


def test_helix_jumps_only_behind_its_axis():
    landscape = landscapes.get("mgh_helical_valley")
    assert landscape([1e-9, 1.0, 2.5]) == pytest.approx(landscape([-1e-9, 1.0, 2.5]), abs=1e-5)
    assert landscape([0.0, 1.0, 2.5]) == pytest.approx(6.25)
    assert abs(landscape([1e-9, -1.0, 0.0]) - landscape([-1e-9, -1.0, 0.0])) > 1000
    assert np.isfinite(landscape([0.0, 0.0, 0.0]))
