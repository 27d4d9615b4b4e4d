"""The article's story with Keras' optimizers: from (4, 4) the first gradient is 100 000 long, which decides."""

from __future__ import annotations

import numpy as np
import pytest
from criteria import four_criteria

from pytest_optlandscape import assert_converges, assert_precise, assert_resumes, optimizers
from pytest_optlandscape.runs import KerasRecorder

try:
    optimizers.get("keras:SGD")
except ImportError as missing:
    pytest.skip(str(missing), allow_module_level=True)

import keras


def test_plain_sgd_blows_up(beale, minimize):
    run = minimize("keras:SGD(learning_rate=0.01)", beale, x0="article", budget=100)
    assert run.trace.fun[0] == 68891.203125
    assert run.stop_reason == "non-finite"
    assert run.nfev < 20


def test_sgd_with_clipping_and_momentum_finds_the_minimum(beale, minimize):
    run = minimize("keras:SGD(learning_rate=0.01, momentum=0.9, clipnorm=1.0)", beale, x0="article", budget=1000)
    assert_converges(run, gap=1e-6, within=300)
    assert_precise(run, digits=4)


def test_adam_remembers_the_first_gradient_and_crawls(beale, minimize):
    """Its second moment forgets by a factor of 1000 only after 7000 steps."""
    run = minimize("keras:Adam(learning_rate=0.05)", beale, x0="article", budget=1000)
    with pytest.raises(AssertionError, match=r"required a gap of 0\.001 within 1000 evaluations"):
        assert_converges(run, gap=1e-3)


def test_adam_is_quick_from_the_standard_start(beale, minimize):
    run = minimize("keras:Adam(learning_rate=0.05)", beale, budget=1000)
    assert_converges(run, gap=1e-6, within=500)
    assert_precise(run, digits=4)


def test_rmsprop_gets_near_and_then_hovers(beale, minimize):
    run = minimize("keras:RMSprop(learning_rate=0.003)", beale, x0="article", budget=2000)
    assert_converges(run, gap=1e-2)
    assert run.hit(1e-8) == float("inf")


def test_four_criteria_of_sgd():
    criteria = four_criteria("keras:SGD(learning_rate=0.01, momentum=0.9, clipnorm=1.0)", starts=10)
    assert criteria["convergence"] <= 300
    assert criteria["precision"] >= 4
    assert criteria["robustness"].trials == 10


# Callbacks: a training of a network is recorded, and stopped early


def points():
    rng = np.random.default_rng(3)
    x = rng.uniform(-1.0, 1.0, size=(96, 2)).astype(np.float32)
    return x, (x[:, :1] * x[:, 1:] > 0).astype(np.float32)


def make_model(seed=0):
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Dense(12, activation="tanh"), keras.layers.Dense(1, activation="sigmoid")]
    model = keras.Sequential([keras.layers.Input((2,)), *layers])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.03), loss="binary_crossentropy")
    return model


def recorded(*callbacks):
    recorder = KerasRecorder(fmin=0.0)
    x, y = points()
    with recorder:
        make_model().fit(x, y, epochs=40, batch_size=16, verbose=0, callbacks=[*callbacks, recorder])
    return recorder.run


def test_a_training_with_early_stopping_learns():
    run = recorded(keras.callbacks.EarlyStopping("loss", patience=5, restore_best_weights=True))
    assert_converges(run, gap=0.25, within=40)


def test_early_stopping_without_patience_is_caught():
    run = recorded(keras.callbacks.EarlyStopping("loss", min_delta=0.1, patience=1))
    with pytest.raises(AssertionError, match=r"required a gap of 0\.25"):
        assert_converges(run, gap=0.25, within=40)


# A model is saved and resumed


def train(model, epochs):
    model = model or make_model()
    x, y = points()
    return model, model.fit(x, y, epochs=epochs, batch_size=16, shuffle=False, verbose=0)


def test_a_saved_model_resumes(tmp_path):
    assert_resumes(
        train,
        save=lambda model, folder: model.save(folder / "model.keras"),
        load=lambda folder: keras.models.load_model(folder / "model.keras"),
        epochs=6,
        folder=tmp_path,
    )


def test_weights_alone_do_not_resume(tmp_path):
    """JSON and weights lose the state of the optimizer, unless it is built before the weights are loaded."""

    def save(model, folder):
        (folder / "model.json").write_text(model.to_json())
        model.save_weights(folder / "model.weights.h5")

    def load(folder):
        model = keras.models.model_from_json((folder / "model.json").read_text())
        model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.03), loss="binary_crossentropy")
        model.load_weights(folder / "model.weights.h5")
        return model

    with pytest.raises(AssertionError, match="parts at epoch 4"):
        assert_resumes(train, save, load, epochs=6, folder=tmp_path)
