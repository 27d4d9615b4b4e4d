"""The special points that the search for failing starts draws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_optlandscape import landscapes, minimize
from pytest_optlandscape.landscapes.saddles import saddles
from pytest_optlandscape.search.proposals import Search
from pytest_optlandscape.search.special_points import SpecialPoints

quick = settings(deadline=None, max_examples=30)


def drawn(name, number, seed=0):
    landscape = landscapes.get(name)
    points = SpecialPoints(landscape, landscape.bounds, np.random.default_rng(seed))
    return np.array([points.draw() for _ in range(number)])


@quick
@given(st.sampled_from(["forrester", "beale", "bukin_n6", "adjiman", "trid[6]", "mgh_wood"]), st.integers(0, 10**6))
def test_special_points_lie_in_the_box(name, seed):
    points = drawn(name, 40, seed)
    assert np.all((points >= 0.0) & (points <= 1.0))
    assert points.tolist() == drawn(name, 40, seed).tolist()


KINDS = {
    "on an axis": lambda p: np.any(p == 0.5, axis=1),
    "on one bound": lambda p: np.sum((p == 0.0) | (p == 1.0), axis=1) == 1,
    "near a bound": lambda p: np.any((np.minimum(p, 1.0 - p) > 0.0) & (np.minimum(p, 1.0 - p) < 1e-3), axis=1),
    "in a corner": lambda p: np.all((p == 0.0) | (p == 1.0), axis=1),
    "on the diagonal": lambda p: np.all((p == p[:, :1]) & (p > 0.0) & (p < 1.0), axis=1),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_turn(kind):
    number = np.sum(KINDS[kind](drawn("styblinski_tang[3]", 160)))
    assert 10 <= number <= 60


def test_some_are_close_to_a_minimizer_and_to_a_saddle():
    landscape = landscapes.get("himmelblau")
    lower, width = landscape.bounds[:, 0], np.ptp(landscape.bounds, axis=1)
    points = lower + drawn("himmelblau", 400) * width
    for centre in (landscape.minimizers[0], saddles(landscape)[0]):
        assert np.min(np.max(np.abs(points - centre) / width, axis=1)) < 2e-3


def test_the_search_begins_with_them_and_never_repeats_a_corner():
    landscape = landscapes.get("beale")
    search = Search(landscape, landscape.bounds, 0)
    starts = []
    for _ in range(120):
        starts.append(search.ask().tolist())
        search.tell(minimize(lambda problem: (problem(problem.x0), problem.x0)[1], landscape, x0=starts[-1]))
    assert starts[:4] == [[0.0, 0.0], landscape.x0.tolist(), [-4.5, -4.5], [4.5, 4.5]]
    assert len({tuple(start) for start in starts}) == 120


def test_an_origin_outside_the_box_is_moved_onto_its_bounds():
    landscape = landscapes.get("beale").within([[1.0, 2.0], [-1.0, 1.0]])
    search = Search(landscape, landscape.bounds, 0)
    assert search.ask().tolist() == [1.0, 0.0]
