import numpy as np
import pytest

from pytest_optlandscape import landscapes


@pytest.mark.usefixtures("without_plotly")
def test_missing_plotly_names_the_extra():
    with pytest.raises(ImportError, match=r"pytest-optlandscape\[report\]"):
        landscapes.get("beale").plot()


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="unknown kind of picture 'contours'; did you mean 'contour'"):
        landscapes.get("beale").plot("contours")
    with pytest.raises(ValueError, match="at least 2 points"):
        landscapes.get("beale").plot(points=1)


@pytest.mark.parametrize("kind", ["contour", "surface"])
@pytest.mark.parametrize("name", ["beale", "himmelblau", "rosenbrock[5]", "easom", "step_2"])
def test_picture_shows_minimizers_and_starts(name, kind):
    pytest.importorskip("plotly")
    landscape = landscapes.get(name)
    figure = landscape.plot(kind, points=41)
    heights, minimizers, starts = figure.data
    assert np.shape(heights.z) == (41, 41)
    assert np.all(np.isfinite(heights.z))
    assert np.ptp(heights.z) <= 8 + 1e-9
    np.testing.assert_array_equal(minimizers.x, landscape.minimizers[:, 0])
    np.testing.assert_array_equal(minimizers.y, landscape.minimizers[:, 1])
    assert (starts.x[0], starts.y[0]) == tuple(landscape.x0[:2])
    assert landscape.id in figure.layout.title.text


def test_one_coordinate_is_a_curve():
    pytest.importorskip("plotly")
    landscape = landscapes.get("sphere", dim=1)
    curve, minimizers, _ = landscape.plot(points=5).data
    assert curve.y.tolist() == [landscape([x]) for x in curve.x]
    assert (minimizers.x.tolist(), minimizers.y.tolist()) == ([0], [0])


@pytest.mark.parametrize("name", ["g06", "hs071"])
def test_feasible_sets_that_the_grid_misses_are_drawn_nevertheless(name):
    pytest.importorskip("plotly")
    landscape = landscapes.get(name)
    heights = landscape.plot(points=5).data[0].z
    assert np.all(np.isfinite(heights))
