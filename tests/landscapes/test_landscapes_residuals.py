import numpy as np
import pytest
from landscape_cases import (
    every_landscape,
    facts,
    ids,
    one_of_each_shape,
    random_points,
)

from pytest_optlandscape import Landscape, landscapes
from pytest_optlandscape.landscapes.formula.derivatives import jacobian_by_complex_step

STEP_ERROR = 1e-190
"""A derivative below 1e-208, times a step of 1e-100, is less than the smallest float."""
SQUARES = [name for name in ids(largest=10) if landscapes.get(name).has_residuals]


def test_the_tag_says_which_have_residuals():
    for name in landscapes.names():
        landscape = landscapes.get(name)
        assert ("least-squares" in landscape.tags) == landscape.has_residuals, name


@pytest.mark.parametrize("name", every_landscape(SQUARES))
def test_squares_of_residuals_add_up_to_the_value(name):
    landscape = landscapes.get(name)
    points = np.vstack([random_points(landscape, 20), landscape.x0])
    residuals = landscape.residuals(points)
    np.testing.assert_allclose((residuals**2).sum(axis=1), landscape(points), rtol=1e-11)
    one_by_one = np.array([landscape.residuals(x) for x in points])
    np.testing.assert_allclose(residuals, one_by_one, rtol=1e-9, atol=1e-12 * np.abs(residuals).max())


@pytest.mark.parametrize("name", every_landscape(SQUARES))
def test_jacobian_agrees_with_complex_step_and_gives_the_gradient(name):
    landscape = landscapes.get(name)
    points = random_points(landscape, 8)
    jacobian = landscape.jacobian(points)
    residuals = landscape.residuals(points)
    assert jacobian.shape == (8, residuals.shape[1], landscape.dim)
    by_steps = jacobian_by_complex_step(landscape.residual_function, points)
    largest = np.abs(by_steps).max(axis=(1, 2), keepdims=True)
    assert np.all(np.abs(jacobian - by_steps) <= 1e-12 * largest + STEP_ERROR)
    gradient = 2 * np.einsum("nmd,nm->nd", jacobian, residuals)
    terms = 2 * np.einsum("nmd,nm->nd", np.abs(jacobian), np.abs(residuals))
    assert np.all(np.abs(landscape.gradient(points) - gradient) <= 1e-12 * terms.max(axis=1, keepdims=True))
    alone = landscape.jacobian(points[0])  # exp differs in its last bit
    np.testing.assert_allclose(alone, jacobian[0], rtol=0, atol=1e-13 * largest[0, 0, 0] + STEP_ERROR)


def test_residuals_of_ones_own():
    matrix = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    landscape = Landscape(
        "line",
        lambda x: float((matrix @ x) @ (matrix @ x)),
        bounds=[(-1, 1)] * 2,
        x0=[1, 1],
        minimizers=[[0, 0]],
        fmin=0.0,
        residuals=lambda x: matrix @ x,
        jacobian=lambda x: matrix,
    )
    assert landscape.residuals([1.0, 0.0]).tolist() == [1.0, 3.0, 5.0]
    assert landscape.jacobian([1.0, 0.0]).tolist() == matrix.tolist()
    assert landscape.jacobian([[1.0, 0.0]] * 4).shape == (4, 3, 2)


def test_no_residuals_is_said():
    with pytest.raises(ValueError, match="easom is not a sum of squares"):
        landscapes.get("easom").residuals([0.0, 0.0])
    with pytest.raises(ValueError, match="easom is not a sum of squares"):
        landscapes.get("easom").jacobian([0.0, 0.0])


@pytest.mark.parametrize("name", one_of_each_shape(ids(largest=10)))
def test_hessian_times_vector(name):
    landscape = landscapes.get(name)
    points = random_points(landscape, 4, seed=1)
    vectors = np.random.default_rng(2).standard_normal(points.shape)
    expected = np.einsum("nij,nj->ni", landscape.hessian(points), vectors)
    size = np.einsum("nij,nj->ni", np.abs(landscape.hessian(points)), np.abs(vectors)).max(axis=1, keepdims=True)
    assert np.all(np.abs(landscape.hessp(points, vectors) - expected) <= 1e-10 * size + 1e-250)
    rtol = 1e-9 if landscape.name in facts("ROUNDING_GROWS") else 1e-12
    np.testing.assert_allclose(landscape.hessp(points[0], vectors[0]), landscape.hessp(points, vectors)[0], rtol=rtol)
