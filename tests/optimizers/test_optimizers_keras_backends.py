"""Is one Keras optimizer the same algorithm on every backend? Each backend runs in a process of its own."""

import importlib.util
import inspect
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from pytest_optlandscape import Problem, assert_equivalent, landscapes
from pytest_optlandscape.optimizers import get, parse_spec
from pytest_optlandscape.strategies import cells

if "keras" not in sys.modules:
    os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")

HERE = keras.backend.backend()
OTHERS = [name for name in ("torch", "jax", "tensorflow") if name != HERE and importlib.util.find_spec(name)]
LANDSCAPES = ["beale", "rosenbrock[2]"]
BUDGET = 60
SOBOL_STARTS = 2
"""Besides the standard start, a corner and a face. Beale's standard start alone tells little: the gradient there is 0
along one axis, and an optimizer that divides by the gradient's size makes a whole step of a last bit's noise."""

DECAY = "learning_rate='ExponentialDecay(initial_learning_rate=0.1, decay_steps=5, decay_rate=0.8)'"
SGD = "keras:SGD(learning_rate=0.0002, momentum=0.9"
EVERY_PATH = [
    "keras:Adadelta(learning_rate=1.0)",
    "keras:Adafactor",
    "keras:Adafactor(relative_step=False, learning_rate=0.01)",
    "keras:Adagrad(learning_rate=0.1, initial_accumulator_value=0.5)",
    "keras:Adam",
    "keras:Adam(amsgrad=True)",
    "keras:Adam(clipnorm=0.5)",
    "keras:Adam(clipvalue=0.5)",
    "keras:Adam(global_clipnorm=0.5)",
    "keras:Adam(weight_decay=0.01)",
    "keras:Adam(gradient_accumulation_steps=4)",
    "keras:Adam(use_ema=True, ema_overwrite_frequency=5)",
    "keras:Adam(gradient_accumulation_steps=2, use_ema=True, ema_overwrite_frequency=3)",
    f"keras:Adam({DECAY})",
    "keras:AdamW(weight_decay=0.1, gradient_accumulation_steps=3)",
    "keras:Adamax",
    "keras:Ftrl(learning_rate_power=-0.3, l1_regularization_strength=0.01, l2_regularization_strength=0.1, beta=0.5)",
    "keras:Lamb(weight_decay=0.01)",
    "keras:Lion(weight_decay=0.1)",
    "keras:Muon",
    "keras:Nadam(clipnorm=0.5, use_ema=True)",
    "keras:RMSprop",
    "keras:RMSprop(momentum=0.9)",
    "keras:RMSprop(centered=True, momentum=0.5, weight_decay=0.01)",
    "keras:SGD(learning_rate=0.0005)",
    f"{SGD})",
    f"{SGD}, nesterov=True)",
]
"""Every class that steps one vector, and every branch of its code, but for ScheduleFreeAdamW."""
SPECS = [spec for spec in EVERY_PATH if hasattr(keras.optimizers, parse_spec(spec).name)]

SCHEDULE_FREE = "keras:ScheduleFreeAdamW(learning_rate=0.05)"
HAS_SCHEDULE_FREE = hasattr(keras.optimizers, "ScheduleFreeAdamW")

PROGRAM = """
import json, sys
import numpy as np
from pytest_optlandscape import minimize
file, budget, specs, starts = sys.argv[1], *map(json.loads, sys.argv[2:])
np.savez(file, **{
    json.dumps([spec, landscape, x0]): minimize(spec, landscape, x0=x0, budget=budget).trace.x
    for spec in specs for landscape, points in starts.items() for x0 in points
})
"""


def starts_on(name):
    landscape = landscapes.get(name)
    wanted = {"corner-lower", "face-upper", *(f"sobol-{k:02}" for k in range(SOBOL_STARTS))}
    return [landscape.x0.tolist(), *(cell.x0.tolist() for cell in cells(landscape) if cell.start in wanted)]


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """The points of every optimizer on every other backend, each made in one process."""
    specs = SPECS + [SCHEDULE_FREE] * HAS_SCHEDULE_FREE
    told = [json.dumps(one) for one in (BUDGET, specs, {name: starts_on(name) for name in LANDSCAPES})]
    made = {}
    for backend in OTHERS:
        file = tmp_path_factory.mktemp(backend) / "paths.npz"
        environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
        finished = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", PROGRAM, str(file), *told],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert finished.returncode == 0, finished.stderr
        with np.load(file) as arrays:
            made[backend] = dict(arrays)
    return made


def recorded(paths, spec):
    """An optimizer that goes where another went from the same start."""

    def follow(problem: Problem):
        points = paths[json.dumps([spec, problem.landscape.id, problem.x0.tolist()])]
        for x in points:
            problem.fun(x)
            problem.gradient(x)
        problem.fun(points[-1])

    return follow


def assert_same(one, other):
    assert_equivalent(one, other, LANDSCAPES, budget=BUDGET, n_starts=SOBOL_STARTS)


def follows(one, other):
    try:
        assert_same(one, other)
    except AssertionError:
        return False
    return True


def test_every_class_is_compared():
    compared = {parse_spec(spec).name for spec in [*EVERY_PATH, SCHEDULE_FREE]}
    kinds = {
        name
        for name, thing in vars(keras.optimizers).items()
        if inspect.isclass(thing) and issubclass(thing, keras.optimizers.Optimizer)
    }
    assert kinds - {"Optimizer", "LossScaleOptimizer", "MultiOptimizer"} <= compared


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("backend", OTHERS)
def test_backends_agree(spec, backend, paths):
    assert_same(get(spec), recorded(paths[backend], spec))


def schedule_free_adamw(problem, *, from_new_momentum):
    """Schedule-free Adam (Defazio et al., 2024) as Keras writes it, z being the momentum and y the point.

    Keras recovers the average x from y = (1 - beta1) z + beta1 x. With `from_new_momentum` it does so after z has
    moved, which is what happens where the "old" momentum is the variable itself.
    """
    rate, beta1, beta2 = 0.05, 0.9, 0.999
    y, z, velocity = problem.x0, problem.x0, np.zeros(problem.dim)
    for step in range(1, problem.budget + 1):
        problem.fun(y)
        gradient = problem.gradient(y)
        velocity = beta2 * velocity + (1 - beta2) * gradient**2
        old, z = z, z - rate * gradient / (np.sqrt(velocity / (1 - beta2**step)) + 1e-8)
        x = (y - (1 - beta1) * (z if from_new_momentum else old)) / beta1
        x = x + (z - x) / step
        y = ((1 - beta1) * z + beta1 * x).astype(np.float32).astype(np.float64)


def as_written(problem):
    schedule_free_adamw(problem, from_new_momentum=False)


def from_new_momentum(problem):
    schedule_free_adamw(problem, from_new_momentum=True)


@pytest.fixture(scope="module")
def schedule_free(paths):
    """Which of the two algorithms runs on which backend: found, not known, so that a mended Keras passes, too."""
    if not HAS_SCHEDULE_FREE:
        return {}
    runs = {HERE: get(SCHEDULE_FREE)} | {backend: recorded(paths[backend], SCHEDULE_FREE) for backend in OTHERS}
    return {
        backend: [name.__name__ for name in (as_written, from_new_momentum) if follows(name, run)]
        for backend, run in runs.items()
    }


def test_schedule_free_averages_from_the_momentum_that_its_backend_leaves(schedule_free):
    # Keras keeps `momentum.value` and then updates the momentum in place: on torch and TensorFlow both are one array.
    assert all(len(found) == 1 for found in schedule_free.values())
    assert schedule_free.get("jax", ["as_written"]) == ["as_written"]


@pytest.mark.parametrize("backend", OTHERS)
def test_schedule_free_parts_where_the_algorithms_are_two(backend, schedule_free, paths):
    if HAS_SCHEDULE_FREE:
        agree = follows(get(SCHEDULE_FREE), recorded(paths[backend], SCHEDULE_FREE))
        assert agree == (schedule_free[backend] == schedule_free[HERE])
