"""Train a network with Keras, and check what the training reaches.

The data and the weight decay are those of the landscape `moons_mlp_mse`, so the least loss is known.
"""

from __future__ import annotations

import pytest

from pytest_optlandscape import assert_converges, assert_equivalent, assert_resumes, assert_tunable
from pytest_optlandscape.landscapes.families.training import LABELS, MOONS, WEIGHT_DECAY, training_task
from pytest_optlandscape.landscapes.spaces import Choice
from pytest_optlandscape.runs import KerasRecorder

keras = pytest.importorskip("keras")

LEAST = training_task("mse").landscape.fmin


def train(optimizer, seed=0, loss="mse", batch_size=8, epochs=60, **recording):
    keras.utils.set_random_seed(seed)
    decay = keras.regularizers.L2(WEIGHT_DECAY)
    layers = [
        keras.layers.Dense(3, "tanh", kernel_regularizer=decay, bias_regularizer=decay),
        keras.layers.Dense(1, kernel_regularizer=decay, bias_regularizer=decay),
    ]
    model = keras.Sequential(layers)
    model.compile(optimizer, loss)
    recorder = KerasRecorder(LEAST, **recording)
    model.fit(MOONS, LABELS[:, None], batch_size=batch_size, epochs=epochs, verbose=0, callbacks=[recorder])
    return recorder.run


def best_of_restarts(make_optimizer, count=4, **arguments):
    """A network may end in a minimum that is not global, so it is trained from several starts."""
    runs = (train(make_optimizer(), seed=seed, **arguments) for seed in range(count))
    return min(runs, key=lambda run: run.result_gap)


def test_adam_trains_it():
    assert_converges(best_of_restarts(lambda: keras.optimizers.Adam(0.05)), gap=0.1, within=50)


def test_a_small_learning_rate_does_not():
    with pytest.raises(AssertionError, match=r"required a gap of 0\.1 within 50 evaluations"):
        assert_converges(best_of_restarts(lambda: keras.optimizers.Adam(0.0005)), gap=0.1, within=50)


def test_a_schedule_is_part_of_the_optimizer():
    schedule = keras.optimizers.schedules.CosineDecay(0.05, decay_steps=60 * 5)
    assert_converges(best_of_restarts(lambda: keras.optimizers.Adam(schedule)), gap=0.1)


def test_batch_by_batch():
    run = train(keras.optimizers.Adam(0.05), batch_size=12, epochs=30, per="batch")
    assert run.nfev == 30 * 4


def test_restored_weights_are_judged():
    """If early stopping restores the worst weights, the best loss on the way does not pass."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Dense(3, "tanh"), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.05), "mse")
    recorder = KerasRecorder()
    worst = keras.callbacks.EarlyStopping("loss", mode="max", patience=20, restore_best_weights=True)
    model.fit(MOONS, LABELS[:, None], epochs=60, verbose=0, callbacks=[worst, recorder])
    with pytest.raises(AssertionError, match="gap of the final weights"):
        assert_converges(recorder.run, gap=1.01 * recorder.run.gap)


def test_the_same_training_on_the_landscape():
    task = training_task("cross-entropy", epochs=60)
    found = assert_tunable(
        "keras:Adam",
        task.landscape,
        over={"learning_rate": [0.02, 0.05, 0.1, 0.2, 0.4]},
        starts=[f"restart-{k}" for k in range(6)],
        gap=0.17,
        budget=task.budget,
        decades=0.2,
    )
    assert found.width >= 0.2


def test_a_saved_training_resumes(tmp_path):
    """A file ``.keras`` holds the weights and the state of the optimizer."""

    def train_on(model, epochs):
        if model is None:
            keras.utils.set_random_seed(0)
            model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(3, "tanh"), keras.layers.Dense(1)])
            model.compile(keras.optimizers.Adam(0.05), "mse")
        return model, model.fit(MOONS, LABELS[:, None], batch_size=8, epochs=epochs, shuffle=False, verbose=0)

    assert_resumes(
        train_on,
        save=lambda model, folder: model.save(folder / "model.keras"),
        load=lambda folder: keras.models.load_model(folder / "model.keras"),
        folder=tmp_path,
    )


def test_the_same_seed_gives_the_same_training():
    found = assert_equivalent(
        train(keras.optimizers.Adam(0.05), epochs=5), train(keras.optimizers.Adam(0.05), epochs=5)
    )
    assert found.evaluations == 5
    with pytest.raises(AssertionError, match="part on training loss at epoch"):
        assert_equivalent(train(keras.optimizers.Adam(0.05), epochs=5), train(keras.optimizers.Adam(0.051), epochs=5))


def test_the_initializer_decides_and_is_named():
    """Units that begin alike stay alike."""
    over = {"learning_rate": [0.02, 0.05, 0.1], "initializer": Choice("glorot_uniform", "he_normal", "zeros")}
    restarts = [f"restart-{k}" for k in range(3)]
    with pytest.raises(AssertionError, match=r"initializer decides most .*, never initializer zeros"):
        assert_tunable("keras:Adam", training_task, over=over, share=0.7, starts=restarts, gap=0.17)
