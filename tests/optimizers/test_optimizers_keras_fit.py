"""Is the path here the path of ``Model.fit``? A model whose only weight is the point, and whose loss is a landscape."""

import dataclasses
import functools
import os
import sys

import numpy as np
import pytest

from pytest_optlandscape import Landscape, landscapes, minimize
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.optimizers.adapters.keras_steps import double_precision_where_needed

if "keras" not in sys.modules:
    os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")

BACKEND = keras.backend.backend()
STEPS = 24
LANDSCAPE = landscapes.get("rosenbrock[3]")
X0 = [-0.4, 0.3, 1.2]
"""Where the slope along no axis is near 0: an optimizer that divides by it would make a step of its rounding."""

ROUNDING = {"float64": 1e-6 if BACKEND == "tensorflow" else 1e-9, "float32": 2e-4}
"""Largest difference of two points, whose coordinates are of order 1. `fit` differentiates the formula by itself, here
the gradient is the analytic one: both round. In double precision that is 1e-16 a step, which the curvature of
Rosenbrock's valley (1000) multiplies; TensorFlow's `fit` is compiled by XLA, and Keras passes constants through
float32 there, in another order. In single precision it is 6e-8 a step."""


class OnLandscape(keras.Model):
    """A model that is its weight; a landscape there is its loss."""

    def __init__(self, loss, x0, dtype):
        super().__init__(dtype=dtype)
        self.of_point = loss
        self.point = self.add_weight(shape=(len(x0),), initializer="zeros", name="point", dtype=dtype)
        self.point.assign(np.asarray(x0, dtype=dtype))

    def call(self, inputs):
        return 1.0 * self.point  # a tensor, not a variable

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return self.of_point(y_pred)


class Weights(keras.callbacks.Callback):
    """Keeps the weight after every batch."""

    def __init__(self):
        super().__init__()
        self.points = []

    def on_train_batch_end(self, batch, logs=None):
        if BACKEND == "jax":
            self.model.jax_state_sync()
        self.points.append(read(self.model.point))


def read(variable):
    return np.array(keras.ops.convert_to_numpy(variable), dtype=np.float64)


def fit(optimizer, loss, x0, *, epochs, dtype):
    """Give the points at which `fit` takes gradients, and the one at which it leaves the model."""
    with double_precision_where_needed(keras, dtype):
        model = OnLandscape(loss, x0, dtype)
        model.compile(optimizer=optimizer, loss=None)
        if type(optimizer).__name__ == "ScheduleFreeAdamW":
            # TensorFlow's `fit` would build it while it compiles the step, and the copy of the weights would be lost.
            optimizer.build(model.trainable_variables)
        weights = Weights()
        batches = np.zeros((STEPS // epochs, 1), dtype=dtype)
        points = [read(model.point)]
        model.fit(batches, batch_size=1, epochs=epochs, shuffle=False, verbose=0, callbacks=[weights])
        return np.array([*points, *weights.points[:-1]]), read(model.point)


def assert_as_fit(make, landscape=LANDSCAPE, x0=X0, *, epochs=1, dtype="float64", optimizer=None, loss=None):
    """Compare `fit` with a run of the optimizer, which is rebuilt from an instance unless it is given."""
    points, last = fit(make(), loss or landscape, x0, epochs=epochs, dtype=dtype)
    run = minimize(in_dtype(make() if optimizer is None else optimizer, dtype), landscape, x0=x0, budget=STEPS)
    assert run.stop_reason == "budget", run.message
    assert run.trace.x == pytest.approx(points, rel=0, abs=ROUNDING[dtype])
    assert run.x == pytest.approx(last, rel=0, abs=ROUNDING[dtype])
    assert np.ptp(points, axis=0).max() > 1e-3  # it went somewhere


def in_dtype(optimizer, dtype):
    """Give the optimizer's adapter a dtype, which only specs and partials can name."""
    adapter = get(optimizer)
    return dataclasses.replace(adapter, dtype=dtype, setting={**adapter.setting, "dtype": dtype})


def adam(**settings):
    return functools.partial(keras.optimizers.Adam, **{"learning_rate": 0.05, **settings})


def sgd(**settings):
    return functools.partial(keras.optimizers.SGD, **{"learning_rate": 0.0005, **settings})


def scaled(inner, **settings):
    return lambda: keras.optimizers.LossScaleOptimizer(inner(), **settings)


def diverged(inner):
    return lambda: keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(inner()))


RATES = {"SGD": 0.0005, "Adadelta": 1.0, "Ftrl": 0.05, "Adagrad": 0.05}
KINDS = sorted(
    name
    for name, thing in vars(keras.optimizers).items()
    if isinstance(thing, type)
    and issubclass(thing, keras.optimizers.Optimizer)
    and name not in ("Optimizer", "LossScaleOptimizer", "MultiOptimizer")
)
CLASSES = {
    name: functools.partial(getattr(keras.optimizers, name), learning_rate=RATES.get(name, 0.01)) for name in KINDS
}
OPTIONS = {
    "loss_scale_factor=8": adam(loss_scale_factor=8.0),
    "loss_scale_factor=8 SGD": sgd(loss_scale_factor=8.0),
    "loss_scale_factor=0.3": sgd(loss_scale_factor=0.3),
    "loss_scale_factor clipnorm": sgd(loss_scale_factor=64.0, clipnorm=20.0),
    "loss_scale_factor accumulation": sgd(loss_scale_factor=3.0, gradient_accumulation_steps=3),
    "clipnorm": sgd(clipnorm=20.0),
    "clipvalue": sgd(clipvalue=20.0),
    "global_clipnorm": sgd(global_clipnorm=20.0),
    "weight_decay": adam(weight_decay=0.5),
    "momentum": sgd(momentum=0.9, nesterov=True),
    "amsgrad": adam(amsgrad=True),
    "use_ema": adam(use_ema=True, ema_momentum=0.8),
    "ema_overwrite_frequency": adam(use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=5),
    "gradient_accumulation_steps": adam(gradient_accumulation_steps=4),
    "accumulation and average": adam(gradient_accumulation_steps=2, use_ema=True, ema_overwrite_frequency=3),
    "schedule": sgd(learning_rate=keras.optimizers.schedules.ExponentialDecay(0.001, decay_steps=5, decay_rate=0.5)),
    "cosine restarts": adam(learning_rate=keras.optimizers.schedules.CosineDecayRestarts(0.1, first_decay_steps=7)),
    "LossScaleOptimizer": scaled(sgd()),
    "LossScaleOptimizer grows": scaled(adam(), initial_scale=4.0, dynamic_growth_steps=3),
    "LossScaleOptimizer use_ema": scaled(adam(use_ema=True, ema_momentum=0.8, clipnorm=5.0), initial_scale=16.0),
    "LossScaleOptimizer accumulation": scaled(sgd(gradient_accumulation_steps=3, loss_scale_factor=5.0)),
    "MultiOptimizer": diverged(sgd(momentum=0.5)),
    "MultiOptimizer use_ema": diverged(adam(use_ema=True, ema_momentum=0.8)),
}
ELSEWHERE = [
    "Adam",
    "SGD",
    "ScheduleFreeAdamW",
    "loss_scale_factor=8 SGD",
    "loss_scale_factor accumulation",
    "clipnorm",
]
ELSEWHERE += ["ema_overwrite_frequency", "LossScaleOptimizer grows", "LossScaleOptimizer use_ema", "MultiOptimizer"]
"""Compiled paths: one for each thing that is done around a step."""
ALL = CLASSES | OPTIONS


@pytest.mark.parametrize("name", [name for name in ALL if BACKEND == "torch" or name in ELSEWHERE])
def test_path_is_that_of_fit(name):
    assert_as_fit(ALL[name])


@pytest.mark.parametrize("name", ["Adam", "loss_scale_factor=8 SGD", "LossScaleOptimizer grows"])
def test_path_in_single_precision(name):
    assert_as_fit(ALL[name], dtype="float32")


def test_ends_of_epochs_change_nothing():
    assert_as_fit(OPTIONS["use_ema"], epochs=4)


@pytest.mark.parametrize(
    "optimizer",
    [
        functools.partial(keras.optimizers.SGD, learning_rate=0.0005, loss_scale_factor=8.0),
        f"{__name__}:Scaled(learning_rate=0.0005)",
        "keras:SGD(learning_rate=0.0005, loss_scale_factor=8.0)",
        "keras:LossScaleOptimizer(inner_optimizer='SGD(learning_rate=0.0005)', initial_scale=1024.0)",
        lambda: keras.optimizers.SGD(0.0005, loss_scale_factor=8.0),
        functools.partial(keras.optimizers.LossScaleOptimizer, keras.optimizers.SGD(0.0005)),
    ],
    ids=["partial", "own spec", "spec", "wrapping spec", "function", "wrapping partial"],
)
def test_scale_in_every_form(optimizer):
    assert_as_fit(sgd(), optimizer=optimizer)


class Scaled(keras.optimizers.SGD):
    """Scales the loss by itself."""

    def scale_loss(self, loss):
        return 16.0 * loss + 3.0

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient / 16.0, variable, learning_rate)


def test_own_scale_of_the_loss():
    assert_as_fit(functools.partial(Scaled, 0.0005))


def steep(x):
    """Compute a bowl whose gradient, times 2^21 and more, is beyond single precision at its start."""
    return 1e32 * keras.ops.sum(x * x)


STEEP = Landscape(
    "steep", lambda x: 1e32 * float(x @ x), gradient=lambda x: 2e32 * x, bounds=[(-2, 2)] * 2, x0=[1.0, 0.5],
    minimizers=[[0, 0]], fmin=0,
)  # fmt: skip


def test_steps_whose_gradient_is_not_finite_are_skipped_and_halve_the_scale():
    make = scaled(sgd(learning_rate=1e-34), initial_scale=2.0**24)
    assert_as_fit(make, STEEP, [1.0, 0.5], dtype="float32", loss=steep)
    points = minimize(make(), STEEP, budget=STEPS).trace.x
    moved = np.any(np.diff(points, axis=0) != 0.0, axis=1)
    assert moved.tolist() == [False] * 4 + [True] * (STEPS - 5)
