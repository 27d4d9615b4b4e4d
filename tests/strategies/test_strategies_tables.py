import hashlib

import numpy as np
import pytest
from scipy.stats import qmc

from pytest_optlandscape import landscapes
from pytest_optlandscape.strategies import sobol, sobol_starts


def test_points_are_these_everywhere_and_for_ever():
    points = sobol(256, 20)
    assert points[:2, :3].tolist() == [
        [0.6221956606023014, 0.9265884174965322, 0.3186313374899328],
        [0.12219566060230136, 0.4265884174965322, 0.8186313374899328],
    ]
    digest = hashlib.sha256(points.astype("<f8").tobytes()).hexdigest()
    assert digest == "8216593a262adc48cf034ec1b046ac7f9bc3176a5bd5bbda3e1270cfb716a517"


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
