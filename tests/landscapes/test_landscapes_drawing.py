import warnings

import numpy as np
import pytest

from pytest_optlandscape import Landscape, landscapes


@pytest.mark.usefixtures("without_contourpy")
def test_missing_contourpy_names_the_extra_and_leaves_the_facts():
    landscape = landscapes.get("beale")
    with pytest.raises(ImportError, match=r"pytest-optlandscape\[report\]"):
        landscape.plot()
    shown = landscape._repr_html_()
    assert "pytest-optlandscape[report]" in shown
    assert "(3, 0.5)" in shown


@pytest.mark.usefixtures("without_plotly")
def test_missing_plotly_names_the_extra():
    with pytest.raises(ImportError, match=r"pytest-optlandscape\[plotly\]"):
        landscapes.get("beale").plot("surface")


def test_wrong_arguments_are_named():
    landscape = landscapes.get("rosenbrock[3]")
    with pytest.raises(ValueError, match="unknown kind of picture 'contours'; did you mean 'contour'"):
        landscape.plot("contours")
    with pytest.raises(ValueError, match="at least 2 points"):
        landscape.plot(points=1)
    for axes in ((0, 3), (1, 1), (0,), (0, -1)):
        with pytest.raises(ValueError, match="axes must be the indices of two coordinates"):
            landscape.plot(axes=axes)
    fixed = landscape.within([(0, 1), (1, 1), (0, 2)])
    with pytest.raises(ValueError, match=r"coordinate 1 of .* is fixed"):
        fixed.plot(axes=(0, 1))


@pytest.mark.parametrize("name", ["beale", "himmelblau", "rosenbrock[5]", "easom", "step_2", "g06", "hs071"])
def test_contours_show_minimizers_and_starts(name):
    pytest.importorskip("contourpy")
    landscape = landscapes.get(name)
    figure = landscape.plot(points=41)
    assert figure.title.startswith(landscape.id)
    assert 'class="field"' in figure.svg
    assert f"{len(landscape.minimizers)} minimiser" in figure.description
    rows = {row[0]: row[1:] for row in figure.rows}
    assert [float(value.replace("−", "-")) for value in rows["minimiser"]] == pytest.approx(
        landscape.minimizers[min(len(landscape.minimizers), 12) - 1, :2], rel=1e-5, abs=1e-12
    )


def test_other_coordinates_are_drawn_on_request():
    pytest.importorskip("contourpy")
    figure = landscapes.get("hs071").plot(points=21, axes=(3, 1))
    assert figure.columns == ("point", "x₄", "x₂")
    assert "x₄ and x₂ through a global minimiser" in figure.caption


def test_fixed_coordinates_are_passed_over():
    pytest.importorskip("contourpy")
    part = landscapes.get("rosenbrock[3]").within([(0, 1), (1, 1), (0, 2)])
    assert part.plot(points=21).columns == ("point", "x₁", "x₃")
    line = landscapes.get("rosenbrock[2]").within([(0, 1), (1, 1)])
    assert line.plot(points=21).columns == ("point", "x₁", "f(x)")


@pytest.mark.parametrize("name", ["beale", "rosenbrock[5]"])
def test_surface_shows_minimizers_and_starts(name):
    pytest.importorskip("plotly")
    landscape = landscapes.get(name)
    heights, minimizers, starts = landscape.plot("surface", points=41).data
    assert np.shape(heights.z) == (41, 41)
    assert np.ptp(heights.z) <= 8 + 1e-9
    np.testing.assert_array_equal(minimizers.x, landscape.minimizers[:, 0])
    assert (starts.x[0], starts.y[0]) == tuple(landscape.x0[:2])


def test_one_coordinate_is_a_curve():
    figure = landscapes.get("sphere", dim=1).plot(points=5)
    assert ("minimiser", "0", "0") in figure.rows
    assert next(row for row in figure.rows if row[0] == "curve")[1:] == ("−5.12", "26.2")


def hostile(name="hostile", fun=None, **facts):
    fun = fun or (lambda x: float(x @ x))
    facts = {"bounds": [(-1, 1)] * 2, "x0": [1, 1], "minimizers": [[0, 0]], "fmin": 0.0, "validate": False} | facts
    return Landscape(name, fun, **facts)


def partly(x):
    if x[0] > 0.5:
        raise FloatingPointError("outside of my domain")
    return float(x @ x)


def warns(x):
    warnings.warn("rounding <b>", stacklevel=1)
    return float(x @ x)


@pytest.mark.parametrize(
    "landscape",
    [
        pytest.param(landscapes.get("beale").noisy("cauchy"), id="noisy"),
        pytest.param(landscapes.get("rosenbrock[6]").structured(kernel=(2, 2), bias=2), id="structured"),
        pytest.param(landscapes.get("beale").within([(0, 2), (0, 1)]), id="minimum not known"),
        pytest.param(landscapes.get("sphere[2]").within([(1, 1), (0, 0)]), id="a point"),
        pytest.param(landscapes.get("sphere[1]"), id="a line"),
        pytest.param(hostile(fun=lambda x: float("nan")), id="NaN"),
        pytest.param(hostile(fun=lambda x: float(np.log(x[0])), fmin=-1.0), id="logarithm"),
        pytest.param(hostile(fun=lambda x: 0.0), id="constant"),
        pytest.param(hostile(fun=lambda x: 1e308 * float(x @ x)), id="huge"),
        pytest.param(hostile(fun=partly), id="raises"),
        pytest.param(hostile(fun=warns), id="warns"),
        pytest.param(hostile(name="<script>alert(1)</script>"), id="name"),
        pytest.param(hostile(constraints={"type": "ineq", "fun": lambda x: np.sqrt(x[0])}), id="constraint"),
    ],
)
def test_notebooks_show_every_landscape(landscape):
    shown = landscape._repr_html_()
    assert "<table>" in shown
    assert "<script>" not in shown
    assert len(shown) < 60_000


def test_what_takes_long_is_not_drawn_unasked():
    calls = []

    def slow(x):
        calls.append(None)
        end = np.random.default_rng(0)
        for _ in range(200):
            end.normal(size=2000)
        return float(x @ x)

    assert ".plot()" in hostile(fun=slow)._repr_html_()
    assert len(calls) <= 40
