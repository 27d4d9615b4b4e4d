"""Instances hold what their landscapes hold: f(u(x)), with everything known carried along."""

import numpy as np
import pytest
from instance_cases import CASES, CHAINS, ON_THE_BOUNDS, PLANAR, made, to_original
from landscape_cases import (
    complex_step_gradient,
    in_box,
    one_of_each_shape,
    random_points,
    rounding_of_gradient,
    rounding_of_value,
    unconstrained,
)
from scipy.optimize import minimize

from pytest_optlandscape import landscapes


@pytest.mark.parametrize(("name", "chain"), CASES)
def test_minimum_is_taken_at_every_carried_minimizer(name, chain):
    original, moved = landscapes.get(name), made(name, chain)
    assert moved.fmin == original.fmin
    assert len(moved.minimizers) >= 1
    assert moved.contains(moved.minimizers).all()
    assert moved.contains(moved.x0)
    width = np.ptp(moved.bounds, axis=1) + np.abs(moved.bounds).max(axis=1)
    for x in moved.minimizers[:32]:
        around = x + 1e-9 * width * np.random.default_rng(0).choice([-1, 1], moved.dim)
        slopes = np.abs(moved.gradient(around))
        slack = 4e-15 * (abs(moved.fmin) + width @ slopes * np.sqrt(moved.dim))
        if "smooth" not in moved.tags:  # at roots and kinks steeper than anywhere beside them
            slack += 1e-6 * (1 + abs(moved.fmin))
        assert abs(moved(x) - moved.fmin) <= slack + 1e-30


@pytest.mark.parametrize(("name", "chain"), CASES)
def test_values_and_gradients_are_those_of_the_original(name, chain):
    original, moved = landscapes.get(name), made(name, chain)
    batch = random_points(moved, 8)
    expected = original(to_original(moved, batch))
    scale = np.array([rounding_of_value(moved, x) for x in batch]) + np.abs(expected).max() * 1e-2
    if "smooth" in moved.tags or "wide-range" in moved.tags:
        assert np.all(np.abs(moved(batch) - expected) <= 1e-12 * scale * moved.dim)
    one_by_one = [moved(x) for x in batch]
    assert np.all(np.abs(moved(batch) - one_by_one) <= 1e-12 * scale * moved.dim)
    gradients = moved.gradient(batch)
    largest = np.abs(gradients).max() + 1e-200
    np.testing.assert_allclose(gradients, [moved.gradient(x) for x in batch], atol=1e-10 * largest)
    for x, gradient in zip(batch, gradients, strict=True):
        slack = 1e-12 * moved.dim * rounding_of_gradient(moved, x) + 1e-11 * largest
        assert np.max(np.abs(gradient - complex_step_gradient(moved, x))) <= slack


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("name", ["beale", "branin", "levy[5]", "xor_mlp_l2", "griewank[40]"])
def test_hessian_follows_the_chain_rule(name, chain):
    original, moved = landscapes.get(name), made(name, chain)
    x = random_points(moved, 1)[0]
    linear = np.array([to_original(moved, row) for row in np.vstack([np.zeros(moved.dim), np.eye(moved.dim)])])
    linear = (linear[1:] - linear[0]).T
    expected = linear.T @ original.hessian(to_original(moved, x)) @ linear
    np.testing.assert_allclose(moved.hessian(x), expected, atol=1e-9 * np.abs(expected).max())
    p = np.arange(1.0, moved.dim + 1)
    np.testing.assert_allclose(moved.hessp(x, p), expected @ p, atol=1e-8 * np.abs(expected @ p).max())


@pytest.mark.parametrize(("name", "chain"), CASES)
def test_distance_is_to_the_nearest_minimizer(name, chain):
    moved = made(name, chain)
    batch = random_points(moved, 4)
    distances = moved.distance(batch)
    assert distances.tolist() == pytest.approx([moved.distance(x) for x in batch])
    width = np.ptp(moved.bounds, axis=1).max()
    assert moved.distance(moved.minimizers[0]) <= 1e-12 * width
    if moved.minimizers_complete:
        nearest = np.linalg.norm(batch[:, np.newaxis] - moved.minimizers, axis=-1).min(axis=1)
        np.testing.assert_allclose(distances, nearest, rtol=1e-9)
        assert moved.n_minimizers == len(moved.minimizers)


@pytest.mark.parametrize("name", ["alpine_1[40]", "step_2[2]"])
def test_many_minimizers_keep_exact_distances(name):
    original = landscapes.get(name)
    batch = random_points(original, 3)
    for moved, points in (
        (original.shift(2.0), batch + 2.0),
        (original.permute(np.arange(original.dim)[::-1]), batch[:, ::-1]),
    ):
        np.testing.assert_allclose(moved.distance(points), original.distance(batch))
        assert moved.n_minimizers == original.n_minimizers
        assert not moved.minimizers_complete
    turned = original.rotate(1)
    assert turned.distance(batch).tolist() == pytest.approx(original.distance(to_original(turned, batch)).tolist())
    assert not turned.minimizers_complete
    assert turned.n_minimizers == np.inf


def test_bounds_and_starts_are_carried():
    beale = landscapes.get("beale")
    shifted = beale.shift([1.0, -2.0])
    assert shifted.bounds.tolist() == [[-3.5, 5.5], [-6.5, 2.5]]
    assert shifted.x0.tolist() == [2.0, -1.0]
    assert shifted.starts["article"].tolist() == [5.0, 2.0]
    stretched = beale.scale(4.0)
    assert stretched.bounds.tolist() == [[-4.5, 4.5], [-2.25, 2.25]]
    assert stretched.minimizers.tolist() == [[3.0, 0.25]]
    mccormick = landscapes.get("mccormick")
    assert mccormick.permute([1, 0]).bounds.tolist() == mccormick.bounds[::-1].tolist()
    assert beale.rotate(1).bounds.tolist() == beale.bounds.tolist()
    himmelblau = landscapes.get("himmelblau").rotate(1)
    assert np.ptp(himmelblau.bounds, axis=1) == pytest.approx(np.ptp(himmelblau.bounds[0]))
    corners = in_box(himmelblau, np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]))
    assert landscapes.get("himmelblau").contains(to_original(himmelblau, corners)).all()


def test_permutation_moves_coordinates_as_it_says():
    trid = landscapes.get("michalewicz_5")
    order = [3, 0, 4, 1, 2]
    permuted = trid.permute(order)
    assert permuted.minimizers[0].tolist() == trid.minimizers[0][order].tolist()
    assert permuted(trid.x0[order]) == trid(trid.x0)


def test_condition_number_of_a_stretched_sphere():
    for dim, condition in ((2, 16.0), (5, 1e4), (40, 1e6)):
        curvatures = np.linalg.eigvalsh(landscapes.get("sphere", dim=dim).scale(condition).hessian(np.zeros(dim)))
        assert curvatures[-1] / curvatures[0] == pytest.approx(condition)


def test_turned_matrix_is_orthogonal_and_not_the_identity():
    for dim in (2, 5, 40):
        matrix = landscapes.get("sphere", dim=dim).rotate(7)._made_by[1][0].matrix
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(dim), atol=1e-13)
        assert np.abs(matrix - np.eye(dim)).max() > 0.1


@pytest.mark.parametrize("name", one_of_each_shape(name for name in unconstrained(PLANAR) if name not in ON_THE_BOUNDS))
def test_nothing_is_lower_in_the_box_of_a_turned_landscape(name):
    few = {"maxiter": 50}
    for seed in (1, 2):
        moved = landscapes.get(name).rotate(seed)
        axes = [np.linspace(*bound, 201) for bound in moved.bounds]
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
        values = moved(grid)
        scale = 1 + abs(moved.fmin)
        assert values.min() >= moved.fmin - 1e-12 * scale  # and none is NaN
        for start in grid[np.argsort(values)[:120:40]]:
            end = minimize(moved, start, jac=moved.gradient, method="L-BFGS-B", bounds=moved.bounds, options=few)
            assert end.fun >= moved.fmin - 1e-12 * scale
            if end.fun <= moved.fmin + 1e-11 * scale and "flat" not in moved.tags:
                assert moved.distance(end.x) <= 2e-2 * np.ptp(moved.bounds, axis=1).max()


@pytest.mark.parametrize(("name", "chain"), CASES)
def test_tags_still_hold(name, chain):
    original, moved = landscapes.get(name), made(name, chain)
    assert moved.tags <= original.tags | {"ill-conditioned"}
    assert ("many-minimizers" in moved.tags) == (moved.n_minimizers > 1)
    on_bounds = (moved.minimizers[:, :, np.newaxis] == moved.bounds).any()
    assert on_bounds == ("active-bounds" in moved.tags)
    if "convex" in moved.tags:
        a, b = random_points(moved, 500, seed=1), random_points(moved, 500, seed=2)
        ends = (moved(a) + moved(b)) / 2
        assert np.all(moved((a + b) / 2) <= ends + 1e-12 * np.abs(ends))
    if "separable" in moved.tags:
        a, b = random_points(moved, 50, seed=1), random_points(moved, 50, seed=2)
        mixed_a, mixed_b = a.copy(), b.copy()
        mixed_a[:, 0], mixed_b[:, 0] = b[:, 0], a[:, 0]
        values = np.array([moved(points) for points in (a, b, mixed_a, mixed_b)])
        assert np.all(np.abs(values[0] + values[1] - values[2] - values[3]) <= 1e-10 * np.abs(values).max())


def test_stretching_decides_on_ill_conditioning():
    sphere = landscapes.get("sphere", dim=3)
    assert "ill-conditioned" not in sphere.tags
    assert "ill-conditioned" not in sphere.scale(900.0).tags
    assert "ill-conditioned" in sphere.scale(1100.0).tags
    assert "separable" in sphere.scale(1100.0).tags
    assert "separable" not in sphere.rotate(1).tags


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("name", ["beale", "rosenbrock[10]", "minibatch_least_squares[5]", "levy[40]"])
def test_residuals_are_carried(name, chain):
    original, moved = landscapes.get(name), made(name, chain)
    if not original.has_residuals:
        assert not moved.has_residuals
        return
    batch = random_points(moved, 3)
    before = original.residuals(to_original(moved, batch))
    np.testing.assert_allclose(moved.residuals(batch), before, rtol=1e-9, atol=1e-10 * np.abs(before).max())
    jacobian = moved.jacobian(batch)
    assert jacobian.shape == (*before.shape, moved.dim)
    gradient = 2 * np.einsum("nmd,nm->nd", jacobian, before)
    np.testing.assert_allclose(gradient, moved.gradient(batch), atol=1e-10 * np.abs(gradient).max())
    np.testing.assert_allclose(moved.jacobian(batch[0]), jacobian[0])
