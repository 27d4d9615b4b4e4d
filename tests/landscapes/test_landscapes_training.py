import numpy as np
import pytest
from scipy.optimize import minimize as scipy_minimize

from pytest_optlandscape import Problem, landscapes
from pytest_optlandscape.landscapes.families.training import LOSSES, RESTARTS, training_task

EVERY = sorted(LOSSES.values())


@pytest.mark.parametrize("name", EVERY)
def test_gradient_is_that_of_the_formula(name):
    landscape = landscapes.get(name)
    for start in landscape.starts.values():
        by_steps = landscape(start + 1e-100j * np.eye(13)).imag / 1e-100
        np.testing.assert_allclose(landscape.gradient(start), by_steps, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", EVERY)
def test_each_point_has_its_share(name):
    landscape = landscapes.get(name)
    residuals = landscape.residuals(landscape.x0)
    assert residuals.shape == (40,)
    assert residuals @ residuals == pytest.approx(landscape(landscape.x0), rel=1e-14)


@pytest.mark.parametrize("name", EVERY)
def test_minimizers_are_flat_and_curve_up(name):
    landscape = landscapes.get(name)
    assert len(landscape.minimizers) == 48
    assert np.abs(landscape.gradient(landscape.minimizers)).max() < 1e-14
    assert np.linalg.eigvalsh(landscape.hessian(landscape.minimizers)).min() > 1e-3


@pytest.mark.parametrize("name", EVERY)
def test_nothing_lower_is_found_from_restarts(name):
    landscape = landscapes.get(name)
    ends = [scipy_minimize(landscape, x, jac=landscape.gradient, tol=1e-10).fun for x in landscape.starts.values()]
    assert min(ends) == pytest.approx(landscape.fmin, rel=1e-9)
    assert min(ends) >= landscape.fmin - 1e-15


def test_restarts_have_no_biases_and_differ():
    weights = np.array(list(RESTARTS.values()))
    assert not weights[:, [6, 7, 8, 12]].any()
    assert np.abs(weights[:, :6]).max() <= np.sqrt(6 / 5)
    assert len(np.unique(weights[:, 0])) == len(weights)


def test_an_epoch_shows_every_point_once():
    task = training_task("mse", batch_size=12, epochs=3)
    assert (task.batches, task.budget) == (4, 12)
    problem = Problem(task.landscape, budget=task.budget)
    x = task.landscape.x0
    seen = [(problem(x), problem.gradient(x)) for _ in range(task.budget)]
    sizes = np.array([12, 12, 12, 4]) / 40
    for epoch in range(3):
        values, gradients = zip(*seen[4 * epoch : 4 * epoch + 4], strict=True)
        assert np.ptp(values) > 1e-3
        assert sizes @ values == pytest.approx(task.landscape(x), rel=1e-13)
        np.testing.assert_allclose(sizes @ np.array(gradients), task.landscape.gradient(x), rtol=1e-11)
    assert seen[0][0] != seen[4][0]


def test_a_batch_of_everything_has_no_noise():
    assert training_task("mse").landscape is landscapes.get("moons_mlp_mse")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": "cross_entropy"}, "'cross-entropy'"),
        ({"batch_size": 0}, "from 1 to 40, got 0"),
        ({"batch_size": 41}, "from 1 to 40"),
        ({"batch_size": 1.5}, "batch_size"),
        ({"epochs": 0}, "epochs must be a whole number from 1, got 0"),
        ({"epochs": True}, "epochs"),
    ],
)
def test_wrong_tasks_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        training_task(**arguments)
