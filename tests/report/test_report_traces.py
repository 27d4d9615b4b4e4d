import math

import numpy as np
import pytest

from pytest_optlandscape import landscapes
from pytest_optlandscape.comparison.own_time import TimeRatios
from pytest_optlandscape.report import divergence_lines, time_line
from pytest_optlandscape.report.traces import divergence_evaluation
from pytest_optlandscape.runs.run import make_trace

BOWL, MANY = landscapes.get("sphere[2]"), landscapes.get("sphere[5]")
BOUNDS = np.array([[-4.0, 4.0], [-4.0, 4.0]])


def trace(*points):
    x = np.array(points, dtype=float)
    return make_trace(x, (x**2).sum(axis=1), BOUNDS, BOWL)


PATH = [(4.0, 0.0), (3.0, 0.0), (2.0, 0.0), (1.0, 0.0)]


@pytest.mark.parametrize(
    ("now", "divergence"),
    [
        (PATH, None),
        ([(4.0 - 1e-12, 0.0), *PATH[1:]], None),
        ([*PATH[:2], (2.0, 1e-6), PATH[3]], 3),
        ([*PATH[:2], (math.nan, 0.0), PATH[3]], 3),
        (PATH[:2], 3),
        ([*PATH, (0.5, 0.0)], 5),
    ],
)
def test_the_first_evaluation_that_parts_is_found(now, divergence):
    assert divergence_evaluation(trace(*PATH), trace(*now), BOUNDS) == divergence


def test_points_that_are_both_not_finite_do_not_part():
    nowhere = [PATH[0], (math.nan, 0.0)]
    assert divergence_evaluation(trace(*nowhere), trace(*nowhere), BOUNDS) is None


def test_the_table_shows_both_sides_around_the_parting():
    lines = divergence_lines("bowl/standard", trace(*PATH), trace(*PATH[:3], (2.5, 0.0)), BOUNDS)
    assert lines[0] == "  bowl/standard diverges at evaluation 4:"
    assert [line.split() for line in lines[2:]] == [
        ["2", "(3,", "0)", "(3,", "0)", "9", "9"],
        ["3", "(2,", "0)", "(2,", "0)", "4", "4"],
        ["4", "<", "(1,", "0)", "(2.5,", "0)", "1", "4"],
    ]


def test_one_that_ended_and_high_dimensions_are_drawn_short():
    lines = divergence_lines("bowl/standard", trace(*PATH[:2]), trace(*PATH), BOUNDS)
    assert lines[4].split() == ["3", "<", "(ended)", "(2,", "0)", "-", "4"]
    bounds = np.array([[-4.0, 4.0]] * 5)
    x = np.arange(10.0).reshape(2, 5) / 3.0
    one, other = (make_trace(points, points.sum(axis=1), bounds, MANY) for points in (x, x + 1.0))
    assert "(0, 0.333333333, …)" in divergence_lines("many/standard", one, other, bounds)[2]


def test_traces_that_do_not_diverge_say_so():
    assert "no evaluation diverges" in divergence_lines("bowl/standard", trace(*PATH), trace(*PATH), BOUNDS)[0]


def test_the_ratio_of_times_has_an_interval_where_cells_are_enough():
    timed = TimeRatios((("standard", 0.3),), 3, 0)
    assert time_line([]) == time_line([timed]) == ""  # one ratio alone is as likely noise
    assert time_line([timed] * 10) == "own time per evaluation × 2 (2 to 2 at 99 % confidence)"
    noise = [TimeRatios((("standard", change),), 3, 3) for change in (-0.3, -0.1, 0.0, 0.1, 0.2) * 2]
    assert time_line(noise).endswith("at 99 % confidence): no difference shown")
    slightly = TimeRatios((("standard", 0.05),), 3, 0)
    assert time_line([slightly] * 10).endswith("confidence): below the gate, × 1.25")
