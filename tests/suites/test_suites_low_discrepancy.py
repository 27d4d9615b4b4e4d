import hashlib

import numpy as np
import pytest
from scipy.stats import qmc

from pytest_optlandscape import landscapes
from pytest_optlandscape.strategies import sobol, sobol_starts, suite_landscapes
from pytest_optlandscape.suites import low_discrepancy
from pytest_optlandscape.suites.direction_numbers import BITS, LARGEST_FROZEN, direction_numbers


def test_points_are_these_everywhere_and_for_ever():
    points = sobol(256, 20)
    assert points[:2, :3].tolist() == [
        [0.6221956606023014, 0.9265884174965322, 0.3186313374899328],
        [0.12219566060230136, 0.4265884174965322, 0.8186313374899328],
    ]
    digest = hashlib.sha256(points.astype("<f8").tobytes()).hexdigest()
    assert digest == "8216593a262adc48cf034ec1b046ac7f9bc3176a5bd5bbda3e1270cfb716a517"


@pytest.mark.parametrize(
    ("n", "dim", "digest"),
    [
        (1024, 40, "e271e0c67d8aa66eb3c8ef6af727b76c49f72afaeb00e99950df325e67ef613f"),
        (64, 1000, "822c85f536848985a47e847410d5eabf5b40675f9332e7f0b2b2851956200a64"),
    ],
)
def test_large_tables_are_these_for_ever(n, dim, digest):
    assert hashlib.sha256(sobol(n, dim).astype("<f8").tobytes()).hexdigest() == digest


def test_frozen_numbers_are_those_of_scipy():
    lattice = qmc.Sobol(LARGEST_FROZEN, scramble=False, bits=BITS).random(2**11)
    assert np.array_equal(low_discrepancy._frozen(2**11, LARGEST_FROZEN, 0), lattice * 2**BITS)


def test_every_direction_number_is_that_of_scipy():
    table = qmc.Sobol(LARGEST_FROZEN, scramble=False, bits=BITS)._sv.astype(np.int64)
    assert np.array_equal(table, direction_numbers(LARGEST_FROZEN))


def test_no_release_of_scipy_can_move_a_frozen_start(monkeypatch):
    before = sobol(64, LARGEST_FROZEN)

    def other_points(*args, **keywords):
        raise AssertionError("SciPy's points were asked for")

    monkeypatch.setattr(qmc, "Sobol", other_points)
    assert np.array_equal(sobol(64, LARGEST_FROZEN), before)
    with pytest.raises(AssertionError, match="asked for"):
        sobol(64, LARGEST_FROZEN + 1)


def test_suites_need_no_more_coordinates_than_are_frozen():
    assert max(landscape.dim for landscape in suite_landscapes("full")) <= LARGEST_FROZEN


def test_frozen_and_further_points_are_one_table():
    assert np.array_equal(sobol(32, LARGEST_FROZEN + 1)[:, :LARGEST_FROZEN], sobol(32, LARGEST_FROZEN))


def test_shorter_and_narrower_tables_are_parts_of_the_longer():
    points = sobol(100, 12)
    for n in (1, 2, 3, 31, 64, 65, 100):
        for dim in (1, 5, 12):
            assert np.array_equal(sobol(n, dim), points[:n, :dim])


def test_points_lie_inside_the_open_cube_and_differ():
    points = sobol(4096, 7)
    assert points.min() > 0.0
    assert points.max() < 1.0
    assert all(len(set(column)) == 4096 for column in points.T)


@pytest.mark.parametrize(("n", "dim"), [(0, 2), (2, 0), (-1, 2), (3, -1)])
def test_nothing_to_draw(n, dim):
    with pytest.raises(ValueError, match=f"at least one point and one coordinate, got n={n}, dim={dim}"):
        sobol(n, dim)


def test_more_even_than_random_points():
    even = qmc.discrepancy(sobol(128, 3))
    rng = np.random.default_rng(1)
    assert all(even < qmc.discrepancy(rng.random((128, 3))) / 5 for _ in range(20))


def test_every_half_of_the_box_holds_half_of_the_starts():
    beale = landscapes.get("beale")
    starts = sobol_starts(beale, 16)
    assert (starts > 0.0).sum(axis=0).tolist() == [8, 8]
    assert np.array_equal(starts[:4], sobol_starts(beale, 4))


def test_starts_fill_the_box_they_are_given():
    beale = landscapes.get("beale")
    box = np.array([[2.0, 4.0], [0.5, 0.5]])
    starts = sobol_starts(beale, 64, box)
    assert np.allclose(starts[:, 0], 2.0 + 2.0 * sobol(64, 2)[:, 0])
    assert set(starts[:, 1]) == {0.5}


@pytest.mark.parametrize("first", [1, 17, 256, 4160])
def test_further_points_are_those_of_scipy(first):
    lattice = qmc.Sobol(LARGEST_FROZEN, scramble=False, bits=BITS).fast_forward(first).random(64)
    assert np.array_equal(low_discrepancy._frozen(64, LARGEST_FROZEN, first), lattice * 2**BITS)
