"""What a point may be made of, and that a batch is its points."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from landscape_cases import BOXES

from pytest_optlandscape import Landscape, Problem, landscapes

SMALL = [name for name in BOXES if landscapes.get(name).dim <= 12]
MASKED = np.ma.array([1.0, 2.0], mask=[True, False])
COMPLEX = np.array([1.0 + 1.0j, 2.0])


def in_the_box(landscape, seed, count=24):
    lower, upper = landscape.bounds.T
    shares = np.random.default_rng(seed).random((count, landscape.dim))
    corners = list(itertools.islice(itertools.product((0.0, 1.0), repeat=landscape.dim), 16))
    return lower + (upper - lower) * np.concatenate([shares, corners])


@settings(deadline=None)
@given(st.sampled_from(SMALL), st.integers(0, 12), st.integers(0, 2**32))
def test_a_batch_is_its_points_up_to_rounding_and_finite_in_every_instance(name, number, seed):
    landscape = landscapes.get(name)
    if number or not name.startswith("bbob"):
        landscape = landscape.instance(number)
    points = in_the_box(landscape, seed)
    values = landscape(points)
    assert np.isfinite(values).all()
    scale = np.median(np.abs(values)) + abs(landscape.fmin)
    one_by_one = np.array([landscape(point) for point in points])
    assert (np.abs(values - one_by_one) <= 1e-8 * np.abs(values) + 1e-11 * scale).all()
    if landscape.has_gradient:
        assert np.isfinite(landscape.gradient(points)).all()


def test_half_precision_is_computed_in_single():
    beale = landscapes.get("beale")
    point = np.array([4.0, 4.0], dtype=np.float16)
    assert beale(point) == 68891.203125
    assert beale(point[np.newaxis]).tolist() == [68891.203125]
    assert beale.gradient(point).tolist() == beale.gradient([4.0, 4.0]).tolist()
    assert beale.gradient(point).dtype == np.float32


@pytest.mark.parametrize("library", ["torch", "jax.numpy", "tensorflow"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_of_tensors_is_computed_in_single(library, dtype):
    module = pytest.importorskip(library)
    make = getattr(module, "tensor", None) or getattr(module, "asarray", None) or module.constant
    value = landscapes.get("beale")(make([4.0, 4.0], dtype=getattr(module, dtype)))
    assert float(value) == 68891.203125
    assert "float32" in str(value.dtype)


@pytest.mark.parametrize("point", [0.5, [0.5], [0.5, 0.5, 0.5], [[0.5]], [[[0.5, 0.5]]]])
def test_a_point_of_another_shape_lies_neither_inside_nor_outside(point):
    beale = landscapes.get("beale")
    for ask in (beale.contains, beale.is_feasible, beale.violation, beale.distance):
        with pytest.raises(ValueError, match=r"beale is a function of points of shape \(2,\)"):
            ask(point)
    assert not beale.contains([np.nan, 0.5])
    assert beale.contains([[0.0, 0.0], [5.0, 0.0]]).tolist() == [True, False]


@pytest.mark.parametrize("point", [MASKED, COMPLEX], ids=["masked", "complex"])
def test_masked_and_complex_points_are_refused(point):
    beale = landscapes.get("beale")
    bowl = {"bounds": [(-4, 4)] * 2, "minimizers": [[0, 0]], "fmin": 0.0}
    asked = {
        "a start": lambda: Problem(beale, x0=point),
        "a standard start": lambda: Landscape("bowl", lambda x: float(x @ x), x0=point, **bowl),
        "a minimiser": lambda: Landscape("bowl", lambda x: float(x @ x), x0=[0, 0], **bowl | {"minimizers": [point]}),
        "an offset": lambda: beale.shift(point),
        "bounds": lambda: beale.within([point, point]),
        "an evaluation": lambda: Problem(beale)(point),
        "a distance": lambda: beale.distance(point),
        "a place": lambda: beale.contains(point),
    }
    for what, ask in asked.items():
        with pytest.raises(ValueError, match=r"of (real )?numbers|shape") as raised:
            ask()
        assert raised.type is ValueError, what


@pytest.mark.parametrize("offset", [[1e16, 0.0], [0.0, -1e12], 1e300, -1e300])
def test_a_shift_that_numbers_cannot_follow_is_refused(offset):
    with pytest.raises(ValueError, match=r"beale cannot be shifted by .* take an offset below 6e\+08"):
        landscapes.get("beale").shift(offset)


@settings(deadline=None)
@given(st.sampled_from(["beale", "ackley", "adjiman", "rosenbrock_2"]), st.floats(-1e8, 1e8), st.floats(-1e8, 1e8))
def test_a_shift_that_is_taken_keeps_the_minimum(name, first, second):
    landscape = landscapes.get(name)
    moved = landscape.shift([first, second])
    assert (moved.bounds[:, 0] < moved.bounds[:, 1]).all()
    value = moved(moved.minimizers[0])
    assert abs(value - landscape.fmin) <= 1e-6 * abs(landscape(landscape.x0) - landscape.fmin)


def test_a_gradient_where_squares_overflow_is_no_error():
    jennrich_sampson = landscapes.get("mgh_jennrich_sampson")
    at = [-1000.0, 1000.0]
    assert jennrich_sampson(at) == np.inf
    one, batch = jennrich_sampson.gradient(at), jennrich_sampson.gradient([at])[0]
    assert np.array_equal(one, batch, equal_nan=True)
    assert not np.isfinite(one).all()
    assert jennrich_sampson.gradient([-1000.0, -1000.0]).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name", ["mgh_gulf", "mgh_meyer"])
def test_a_landscape_without_a_value_outside_is_turned_within_its_bounds(name):
    landscape = landscapes.get(name)
    assert "undefined-outside" in landscape.tags
    for number in range(1, 12):
        turned = landscape.instance(number)
        assert np.isfinite(turned(in_the_box(turned, number, 200))).all()
