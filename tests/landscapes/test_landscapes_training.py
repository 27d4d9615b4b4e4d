import pickle

import numpy as np
import pytest
from mpmath import cosh, exp, log, mp, mpf, tanh
from scipy.optimize import minimize as scipy_minimize
from thorough import one_of_each

from pytest_optlandscape import Problem, landscapes, minimize
from pytest_optlandscape.landscapes.families.training import LOSSES, RESTARTS, training_task
from pytest_optlandscape.landscapes.families.training_minima import MINIMA
from pytest_optlandscape.landscapes.families.training_networks import DATA, INITIALIZERS, Network

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
        ({"data": "half_moons"}, "'half-moons'"),
        ({"data": "wave", "loss": "cross-entropy"}, "loss of wave"),
        ({"activation": "relu"}, "activation"),
        ({"initializer": "glorot_unifrom"}, "'glorot_uniform'"),
        ({"preprocessing": "standardise"}, "'standardize'"),
        ({"units": 5}, "no minimum is known for units=5 with layers=1; known are units=2 with layers=1, units=3 with"),
    ],
)
def test_wrong_tasks_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        training_task(**arguments)


# Further networks

NETWORKS = [Network(*key) for key in MINIMA]


def some(networks):
    """One network of each data set and activation for the plain run, all for the thorough run."""
    named = [pytest.param(network, id="-".join(map(str, network.key))) for network in networks]
    return one_of_each(named, lambda network: (network.data, network.activation))


def task_of(network, **arguments):
    settings = {name: getattr(network, name) for name in ("data", "units", "layers", "activation", "preprocessing")}
    return training_task(network.loss, **settings, **arguments)


def test_each_network_of_the_grid_has_a_minimum():
    """All data sets, activations, preprocessings and losses, with one layer of 2, 3 or 4 units, or two of 2."""
    for data, losses in (("half-moons", 3), ("wave", 2)):
        mine = [network for network in NETWORKS if network.data == data]
        assert len({(network.units, network.layers) for network in mine}) == 4
        assert len(mine) == 4 * 3 * 2 * losses
        assert {network.loss for network in mine} == set(DATA[data].losses)


@pytest.mark.parametrize("network", some(NETWORKS))
def test_a_network_is_flat_at_its_minimizers_and_curves_up(network):
    landscape = task_of(network).landscape
    signs = 2 if network.activation == "tanh" else 1
    copies = (np.prod(range(1, network.units + 1)) * signs**network.units) ** network.layers
    assert copies % len(landscape.minimizers) == 0  # fewer if units are alike
    assert len(landscape.minimizers) >= copies / 6
    assert len(np.unique(landscape.minimizers, axis=0)) == len(landscape.minimizers)
    np.testing.assert_allclose(landscape(landscape.minimizers), landscape.fmin, rtol=1e-14)
    assert np.abs(landscape.gradient(landscape.minimizers[-1])).max() < 1e-13
    assert np.linalg.eigvalsh(landscape.hessian(landscape.minimizers[0])).min() > 1e-5
    start = landscape.starts["restart-0"]
    by_steps = landscape(start + 1e-100j * np.eye(network.dim)).imag / 1e-100
    np.testing.assert_allclose(landscape.gradient(start), by_steps, rtol=1e-11, atol=1e-14)
    residuals = landscape.residuals(start)
    assert residuals.shape == (40,)
    assert residuals @ residuals == pytest.approx(landscape(start), rel=1e-13)


SILENT = {"tanh": tanh, "sigmoid": lambda z: 1 / (1 + exp(-z)), "silu": lambda z: z / (1 + exp(-z))}
COSTS = {
    "mse": lambda o, y: (o - y) ** 2,
    "log-cosh": lambda o, y: log(cosh(o - y)),
    "cross-entropy": lambda o, y: log(1 + exp(-y * o)),
    "squared-hinge": lambda o, y: max(mpf(0), 1 - y * o) ** 2,
}


def exact_loss(network, weights):
    """The loss point by point, in forty digits."""
    v = list(map(mpf, weights.tolist()))
    total = mpf(0)
    for inputs, y in zip(
        DATA[network.data].prepared(network.preprocessing).tolist(), DATA[network.data].targets, strict=True
    ):
        below, left = list(map(mpf, inputs)), list(v)
        for _ in range(network.layers):
            rows = [[left.pop(0) for _ in below] for _ in range(network.units)]
            biases = [left.pop(0) for _ in range(network.units)]
            sums = [
                sum(w * b for w, b in zip(row, below, strict=True)) + bias
                for row, bias in zip(rows, biases, strict=True)
            ]
            below = [SILENT[network.activation](z) for z in sums]
        output = sum(left.pop(0) * b for b in below) + left.pop(0)
        total += COSTS[network.loss](output, mpf(float(y)))
    return total / 40 + sum(w * w for w in v) / 1000


@pytest.mark.parametrize("network", some(NETWORKS[::5]))
def test_a_network_has_the_loss_of_forty_digits(network):
    landscape = task_of(network).landscape
    with mp.workdps(40):
        least = exact_loss(network, landscape.minimizers[0])
        assert abs(least - mpf(landscape.fmin)) < 1e-16
        start = landscape.starts["restart-1"]
        assert landscape(start) == pytest.approx(float(exact_loss(network, start)), rel=1e-14)


@pytest.mark.parametrize("network", some(NETWORKS[::3]))
def test_nothing_lower_than_a_networks_minimum_is_found(network):
    landscape = task_of(network).landscape
    for k in range(6):
        found = scipy_minimize(landscape, landscape.starts[f"restart-{k}"], jac=landscape.gradient, method="L-BFGS-B")
        assert found.fun > landscape.fmin - 1e-12


def test_the_search_finds_the_minima_of_the_catalogue_again():
    for loss, name in LOSSES.items():
        least, reached, starts, weights = MINIMA["half-moons", 3, 1, "tanh", "none", loss]
        landscape = landscapes.get(name)
        assert training_task(loss).landscape is landscape
        assert least == pytest.approx(landscape.fmin, rel=1e-14)
        assert landscape.distance(np.array(weights)) < 1e-12
        assert 0 < reached <= starts


def test_initializers_change_the_starts_and_nothing_else():
    tasks = {name: training_task("mse", initializer=name) for name in INITIALIZERS}
    starts = [tuple(task.landscape.starts["restart-0"]) for task in tasks.values()]
    assert len(set(starts)) == len(starts)
    assert {task.landscape.fmin for task in tasks.values()} == {
        tasks["zeros"].landscape.fmin,
        landscapes.get("moons_mlp_mse").fmin,
    }
    np.testing.assert_array_equal(
        Network("half-moons", 3, 1, "tanh", "none", "mse").start("glorot_uniform", 4), RESTARTS["restart-4"]
    )
    run = minimize("scipy:L-BFGS-B", tasks["zeros"].landscape, x0="restart-0")
    assert run.gap > 0.1  # units that begin alike stay alike
    spread = np.std(
        [training_task(units=4, initializer="he_normal").landscape.starts[f"restart-{k}"][:8] for k in range(8)]
    )
    assert 0.6 < spread < 1.4  # √(2 / 2 inputs)


def test_preprocessing_is_that_of_the_whole_data():
    inputs = DATA["wave"].prepared("standardize")
    assert inputs.mean() == pytest.approx(0.0, abs=1e-15)
    assert inputs.std() == pytest.approx(1.0)
    raw, prepared = (training_task(data="wave", preprocessing=name).landscape for name in ("none", "standardize"))
    eigenvalues = [np.linalg.eigvalsh(one.hessian(one.starts["restart-0"])).max() for one in (raw, prepared)]
    assert eigenvalues[0] > 1.5 * eigenvalues[1]  # so it bears a smaller learning rate only


def test_a_network_can_be_sent_and_written_and_has_batches():
    task = training_task(data="wave", units=4, activation="silu", preprocessing="standardize", batch_size=10, epochs=3)
    landscape = training_task(data="wave", units=4, activation="silu", preprocessing="standardize").landscape
    assert pickle.loads(pickle.dumps(landscape)) is landscape
    assert eval(landscape.written, {"landscapes": landscapes}) is landscape
    problem = Problem(task.landscape, budget=task.budget)
    values = [problem(task.landscape.x0) for _ in range(task.budget)]
    assert np.mean(values[:4]) == pytest.approx(landscape(landscape.x0), rel=1e-13)
    assert landscape.structured().structure["hidden_weight"] == (4, 1)
    two = training_task(units=2, layers=2).landscape.structured().structure
    assert list(two) == [
        "hidden_1_weight",
        "hidden_1_bias",
        "hidden_2_weight",
        "hidden_2_bias",
        "output_weight",
        "output_bias",
    ]
