import random
import subprocess
import sys

import hypothesis
import numpy as np
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from pytest_optlandscape import landscapes
from pytest_optlandscape.strategies import bounds, special_starts, starts
from pytest_optlandscape.strategies import landscapes as some_landscapes

quick = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
IDS = st.sampled_from(["beale", "bukin_n6", "adjiman", "trid[6]", "vincent[3]", "sphere[40]", "styblinski_tang[5]"])


def simplest(strategy, condition):
    searching = settings(deadline=None, database=None, max_examples=2000)
    return find(strategy, condition, settings=searching, random=random.Random(0))


@quick
@given(st.data())
def test_starts_lie_inside(data):
    landscape = landscapes.get(data.draw(IDS))
    x0 = data.draw(starts(landscape))
    assert x0.shape == (landscape.dim,)
    assert landscape.contains(x0)
    x0[:] = np.nan  # a draw is the test's own


@quick
@given(st.data())
def test_starts_lie_inside_other_bounds(data):
    landscape = landscapes.get(data.draw(IDS))
    box = data.draw(bounds(landscape))
    x0 = data.draw(starts(landscape, bounds=box))
    assert np.all((x0 >= box[:, 0]) & (x0 <= box[:, 1]))


def test_simplest_start_is_the_standard_one():
    for name in ("beale", "adjiman", "rosenbrock[10]"):
        assert simplest(starts(name), lambda x: True).tolist() == landscapes.get(name).x0.tolist()


def test_failing_starts_shrink_to_short_binary_fractions():
    def on_grid(x):
        return np.array_equal(16.0 * x, np.round(16.0 * x))

    found = simplest(starts("beale"), lambda x: x[0] > 2.3 and on_grid(x)).tolist()
    # The oldest Hypothesis does not leave the start of another kind that it came upon: the article's.
    assert found == ([4.0, 4.0] if hypothesis.__version_info__ < (6, 101) else [3.0, 1.0])


def test_starts_of_every_kind_are_drawn():
    beale = landscapes.get("beale")
    for name in ("article", "saddle-0", "corner-mixed"):
        point = special_starts(beale)[name]
        found = simplest(starts("beale"), lambda x, point=point: np.array_equal(x, point))
        assert found.tolist() == point.tolist(), name
    for corner in ([-4.5, -4.5], [4.5, 4.5], [-4.5, 4.5]):
        assert simplest(starts("beale"), lambda x, corner=corner: x.tolist() == corner).tolist() == corner
    face = simplest(starts("beale"), lambda x: x[0] == -4.5 and x[1] * 16 != round(x[1] * 16))
    assert face[0] == -4.5


def test_standard_start_outside_the_bounds_is_moved_in():
    assert simplest(starts("beale", bounds=[(2, 4), (0, 0.5)]), lambda x: True).tolist() == [2.0, 0.5]


@quick
@given(st.data())
def test_bounds_keep_a_minimiser_and_never_fix_all(data):
    landscape = landscapes.get(data.draw(IDS))
    box = data.draw(bounds(landscape))
    inside = np.all((landscape.minimizers >= box[:, 0]) & (landscape.minimizers <= box[:, 1]), axis=1)
    assert inside.any()
    assert np.all(box[:, 0] <= box[:, 1])
    assert np.any(box[:, 0] < box[:, 1])
    assert np.all((box[:, 0] >= landscape.bounds[:, 0]) & (box[:, 1] <= landscape.bounds[:, 1]))


def test_bounds_shrink_to_the_landscapes_own_and_reach_the_minimiser():
    assert simplest(bounds("beale"), lambda box: True).tolist() == [[-4.5, 4.5]] * 2
    assert simplest(bounds("beale"), lambda box: box[0, 1] < 4.5).tolist() == [[-4.5, 4.40625], [-4.5, 4.5]]
    assert simplest(bounds("beale"), lambda box: box[0, 1] == 3.0 and box[1, 0] == 0.5)[0].tolist() == [-4.5, 3.0]


@quick
@given(some_landscapes(tags="convex smooth", dim=[2, 3], exclude="trid"))
def test_landscapes_are_chosen(landscape):
    assert {"convex", "smooth"} <= landscape.tags
    assert landscape.dim in (2, 3)
    assert landscape.name != "trid"


def test_landscapes_shrink_to_the_first():
    assert simplest(some_landscapes(), lambda landscape: True).id == landscapes.names()[0]
    assert simplest(some_landscapes("booth", "beale"), lambda landscape: True).id == "booth"


def test_nothing_to_draw_from():
    with pytest.raises(ValueError, match="no landscape has tags 'convex' and dim 99999 without 'sphere'"):
        some_landscapes(tags="convex", dim=99999, exclude="sphere")
    with pytest.raises(ValueError, match="did you mean 'convex'"):
        some_landscapes(tags="convx")
    for strategy in (starts, bounds):
        with pytest.raises(ValueError, match="did you mean 'beale'"):
            strategy("beal")


def test_importing_strategies_imports_no_hypothesis():
    program = (
        "import sys, pytest_optlandscape.strategies as s\n"
        "s.cells, s.sobol\n"
        "print('hypothesis' in sys.modules)\n"
        "s.starts\n"
        "print('hypothesis' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert answer.split() == ["False", "True"]


def test_unknown_name():
    import pytest_optlandscape.strategies as room

    with pytest.raises(AttributeError, match="has no attribute 'sobal'"):
        room.sobal  # noqa: B018
