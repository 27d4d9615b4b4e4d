import concurrent.futures
import re

import numpy as np
import pytest

from pytest_optlandscape import landscapes, minimize
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.strategies import basin_map, sobol_starts

CAMEL = landscapes.get("six_hump_camel")


def ending_at(end):
    """Make an optimizer that evaluates its start and ends elsewhere."""

    def optimizer(problem):
        problem(problem.x0)
        return end(problem)

    return optimizer


def sign_of_first(problem):
    """End at one minimiser or the other, by a half-space."""
    problem(problem.x0)
    return CAMEL.minimizers[0 if problem.x0[0] < 0.0 else 1]


def test_every_run_is_in_one_row():
    found = basin_map("scipy:L-BFGS-B", "six_hump_camel", n_starts=128)
    counts = [basin.share.successes for basin in found.basins]
    assert sum(counts) + found.elsewhere.successes == 128
    assert [int(np.sum(found.labels == number)) for number in range(len(counts))] == counts
    assert found.starts.tolist() == sobol_starts(CAMEL, 128).tolist()
    assert [basin.is_global for basin in found.basins][:3] == [True, True, False]


def test_runs_end_where_their_labels_say():
    found = basin_map("scipy:L-BFGS-B", "himmelblau", n_starts=64)
    width = np.ptp(found.landscape.bounds, axis=1)
    for number, basin in enumerate(found.basins):
        ends = found.ends[found.labels == number]
        assert np.all(np.abs(ends - basin.x) <= 1e-3 * width)
    run = minimize("scipy:L-BFGS-B", "himmelblau", x0=found.starts[5], seed=5)
    assert run.x.tolist() == found.ends[5].tolist()


def test_half_a_box_leads_to_each_minimiser():
    found = basin_map(sign_of_first, CAMEL, n_starts=64)
    assert [basin.share.rate for basin in found.basins] == [0.5, 0.5]
    assert found.elsewhere.successes == 0
    assert {tuple(basin.x) for basin in found.basins} == {tuple(x) for x in CAMEL.minimizers.tolist()}


def test_minimisers_that_no_start_leads_to_are_listed():
    found = basin_map(ending_at(lambda problem: CAMEL.minimizers[0]), CAMEL, n_starts=16)
    assert [basin.share.successes for basin in found.basins] == [16, 0]
    assert "0.000 of the box, 0.000 to 0.250" in str(found)


def disc(rng):
    radius = rng.uniform(0.05, 0.5)
    centre = rng.uniform(radius, 1.0 - radius, 2)
    return np.pi * radius**2, lambda at: np.sum((at - centre) ** 2) < radius**2


def side_of_a_line(rng):
    normal = rng.normal(size=2)
    return 0.5, lambda at: (at - 0.5) @ normal > 0.0  # a line through the middle halves the box


@pytest.mark.parametrize("region", [disc, side_of_a_line])
def test_bounds_cover_known_volumes(region):
    rng = np.random.default_rng(1)
    lower, width = CAMEL.bounds[:, 0], np.ptp(CAMEL.bounds, axis=1)
    missed_below = missed_above = 0
    for _ in range(100):
        volume, holds = region(rng)
        to_one_side = ending_at(lambda p, holds=holds: CAMEL.minimizers[int(holds((p.x0 - lower) / width))])
        found = basin_map(to_one_side, CAMEL, n_starts=24)
        (share,) = (basin.share for basin in found.basins if np.array_equal(basin.x, CAMEL.minimizers[1]))
        missed_below += share.lower > volume
        missed_above += share.upper < volume
    assert missed_below <= 2
    assert missed_above <= 2


def test_ends_that_are_no_points_are_elsewhere():
    found = basin_map(lambda problem: np.array([np.nan, 0.0]), CAMEL, n_starts=8)
    assert found.elsewhere.successes == 8
    assert found.labels.tolist() == [-1] * 8


def test_one_run_alone_makes_no_place():
    ends = iter([[1.0, 0.5], [-1.0, 0.5], [1.0, 0.5001]])
    found = basin_map(ending_at(lambda problem: np.array(next(ends))), CAMEL, n_starts=3)
    assert [basin.share.successes for basin in found.basins] == [0, 0, 2]
    assert found.labels.tolist() == [2, -1, 2]


def test_a_continuum_is_one_minimiser():
    square = {"bounds": [[-1, 1], [-1, 1]], "x0": [1, 1], "minimizers": [[0, 0]], "fmin": 0.0}
    valley = Landscape("valley", lambda x: x[0] ** 2, **square, minimizers_complete=False)
    found = basin_map(ending_at(lambda problem: np.array([0.0, problem.x0[1]])), valley, n_starts=8)
    assert [basin.share.successes for basin in found.basins] == [8]


def test_processes_find_the_same():
    with concurrent.futures.ProcessPoolExecutor(2) as executor:
        there = basin_map("scipy:Nelder-Mead", "himmelblau", n_starts=16, executor=executor)
    here = basin_map("scipy:Nelder-Mead", "himmelblau", n_starts=16)
    assert str(there) == str(here)
    assert there.ends.tolist() == here.ends.tolist()


def test_long_maps_and_long_points_are_cut():
    text = str(basin_map("scipy:L-BFGS-B", "rastrigin", n_starts=256))
    assert len(text.splitlines()) == 15
    assert " more " in text
    assert "1, …]" in str(basin_map("scipy:L-BFGS-B", "rosenbrock[10]", n_starts=4))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"n_starts": 0}, "n_starts=0"), ({"confidence": 1.0}, "confidence"), ({"tolerance": 0.0}, "tolerance")],
)
def test_errors_are_for_people(arguments, message):
    with pytest.raises(ValueError, match=message):
        basin_map("scipy:L-BFGS-B", "beale", **arguments)


def vertices(svg, marker):
    """Count the points that carry a mark."""
    paths = re.findall(rf'marker-end="url\(#[\w-]+-{marker}\)" d="([^"]*)"', svg)
    return sum(path.count("M") + path.count("L") for path in paths)


def test_picture_shows_every_start_and_minimiser():
    found = basin_map("scipy:L-BFGS-B", "six_hump_camel", n_starts=64)
    figure = found.picture()
    shown = [vertices(figure.svg, f"place{k}") for k in range(len(found.basins))]
    in_key = 1
    assert [count - in_key for count in shown] == [int(np.sum(found.labels == k)) for k in range(len(found.basins))]
    assert vertices(figure.svg, "elsewhere") - in_key == int(np.sum(found.labels == -1)) == 1
    assert figure.svg.count('class="star"') == 4
    assert figure.rows[-1] == ("elsewhere", "1.56 %")


def test_picture_rings_the_starts_that_switched():
    now = basin_map("scipy:L-BFGS-B", "himmelblau", n_starts=32)
    before = basin_map("scipy:Nelder-Mead", "himmelblau", n_starts=32)
    figure = now.picture(before=before)
    ends = [
        [basins.basins[k].x.round(2).tolist() if k >= 0 else None for k in basins.labels] for basins in (before, now)
    ]
    switched = sum(first != second for first, second in zip(*ends, strict=True))
    assert switched > 0
    assert vertices(figure.svg, "ring") == 2 * switched
    assert figure.description == f"Of 32 starts, {switched} lead elsewhere now."
    with pytest.raises(ValueError, match="starts are the same"):
        now.picture(before=basin_map("scipy:L-BFGS-B", "himmelblau", n_starts=16))


def test_picture_needs_two_dimensions():
    with pytest.raises(ValueError, match="two dimensions"):
        basin_map("scipy:L-BFGS-B", "rosenbrock[10]", n_starts=2).picture()
