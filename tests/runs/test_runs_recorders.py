import math

import numpy as np
import pytest

from pytest_optlandscape import assert_converges, assert_precise
from pytest_optlandscape.landscapes.training import LABELS, MOONS, WEIGHT_DECAY, training_task
from pytest_optlandscape.runs import RunRecorder, record_training

# Keras on torch reads its own variables in a way that NumPy deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def recorded(losses, **arguments):
    with record_training(**arguments) as recorder:
        for loss in losses:
            recorder.step(loss)
    return recorder.run


def test_losses_become_gaps():
    run = recorded([3.0, math.nan, 1.5, 2.0, math.inf, 1.0], fmin=1.0)
    assert run.trace.gap.tolist() == [2.0, 2.0, 0.5, 0.5, 0.5, 0.0]
    assert run.trace.x.shape == (6, 0)
    assert (run.nfev, run.gap, run.hit(0.5), run.hit(0.1)) == (6, 0.0, 3, 6)
    assert recorded([1.0], fmin=0.5).hit(0.1) == math.inf
    assert recorded([]).gap == math.inf


def test_how_it_ended():
    assert recorded([1.0]).stop_reason == "returned"
    assert recorded([1.0], budget=2).stop_reason == "returned"
    assert recorded([1.0, 2.0], budget=2).stop_reason == "budget"
    assert recorded([1.0], budget=5).budget == 5
    with record_training() as recorder:
        assert recorder.run.stop_reason == "unfinished"
    with pytest.raises(ZeroDivisionError), record_training() as recorder:
        recorder.step(1 / 0)
    assert recorder.run.stop_reason == "exception"
    assert "ZeroDivisionError" in recorder.run.message


def test_assertions_on_it():
    run = recorded([3.0, 2.0, 1.2], fmin=1.0, name="toy", optimizer="mine")
    assert_converges(run, gap=1.0, within=2)
    with pytest.raises(
        AssertionError, match=r"mine on toy: required a gap of 0\.1 (.|\n)*gap was 0\.2(.|\n)*train again"
    ):
        assert_converges(run, gap=0.1)
    with pytest.raises(TypeError, match="no known minimiser"):
        assert_precise(run, digits=3)
    with pytest.raises(ValueError, match="recorded training"):
        run.replay()
    with pytest.raises(ValueError, match="not negative"):
        run.hit(-1.0)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="fmin"), record_training(fmin=math.nan):
        pass
    with pytest.raises(ValueError, match="budget"), record_training(budget=0):
        pass
    with pytest.raises(ValueError, match="size"), record_training() as recorder:
        recorder.step([1.0, 2.0])


def test_keras_missing_is_said(monkeypatch):
    import sys

    from pytest_optlandscape.runs import keras_recorder

    monkeypatch.setitem(sys.modules, "keras", None)
    keras_recorder._keras_callback.cache_clear()
    with pytest.raises(ImportError, match=r"pytest-optlandscape\[keras"):
        RunRecorder()


def test_torch_loop():
    torch = pytest.importorskip("torch")
    weight = torch.nn.Parameter(torch.tensor([3.0, -2.0]))
    optimizer = torch.optim.SGD([weight], lr=0.25)
    with record_training(optimizer="torch:SGD") as recorder:
        for _ in range(12):
            optimizer.zero_grad()
            loss = (weight**2).sum()
            loss.backward()
            optimizer.step()
            recorder.step(loss)
    np.testing.assert_allclose(recorder.run.trace.fun, 13.0 * 0.25 ** np.arange(12), rtol=1e-5)
    assert_converges(recorder.run, gap=1e-4, within=10)


def network(loss="mse", learning_rate=0.5, seed=1):
    """The network of the landscapes, in Keras."""
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(seed)
    decay = {
        "kernel_regularizer": keras.regularizers.L2(WEIGHT_DECAY),
        "bias_regularizer": keras.regularizers.L2(WEIGHT_DECAY),
    }
    model = keras.Sequential([keras.layers.Dense(3, "tanh", **decay), keras.layers.Dense(1, **decay)])
    model.compile(keras.optimizers.SGD(learning_rate), loss)
    return model


def weights(model):
    """The model's weights in the landscape's order."""
    import keras

    kernel, biases, out, bias = (keras.ops.convert_to_numpy(w.value) for w in model.weights)
    return np.concatenate([kernel.T.ravel(), biases, out.ravel(), bias]).astype(float)


def train(recorder, epochs=5, batch_size=40, **arguments):
    model = network(**arguments)
    model.fit(MOONS, LABELS[:, None], epochs=epochs, batch_size=batch_size, verbose=0, callbacks=[recorder])
    return model


@pytest.mark.parametrize(("loss", "name"), [("mse", "mse"), ("squared_hinge", "squared-hinge")])
def test_keras_trains_the_same_network_as_the_landscape(loss, name):
    pytest.importorskip("keras")
    landscape = training_task(name).landscape
    model = network(loss)
    model(MOONS[:1])
    before = landscape(weights(model))
    recorder = RunRecorder(landscape.fmin)
    model.fit(MOONS, LABELS[:, None], epochs=3, batch_size=40, verbose=0, callbacks=[recorder])
    assert recorder.run.trace.fun[0] == pytest.approx(before, rel=1e-5)
    assert before - landscape.fmin == pytest.approx(recorder.run.trace.gap[0], rel=1e-5)


@pytest.mark.parametrize("batch_size", [8, 12])
def test_batches_have_their_own_losses(batch_size):
    keras = pytest.importorskip("keras")
    batches = RunRecorder(per="batch", batch_size=batch_size, samples=40)
    epochs = RunRecorder()

    values = []

    class Exact(keras.callbacks.Callback):
        """The loss of each batch, from the weights it began with; the data are not shuffled."""

        def on_train_batch_begin(self, batch, logs=None):
            rows = slice(batch * batch_size, (batch + 1) * batch_size)
            v = weights(self.model)
            hidden = np.tanh(MOONS[rows] @ v[:6].reshape(3, 2).T + v[6:9])
            error = hidden @ v[9:12] + v[12] - LABELS[rows]
            values.append(np.mean(error**2) + WEIGHT_DECAY * v @ v)

    model = network(learning_rate=0.1)
    model(MOONS[:1])
    model.fit(
        MOONS,
        LABELS[:, None],
        epochs=3,
        batch_size=batch_size,
        shuffle=False,
        verbose=0,
        callbacks=[batches, epochs, Exact()],
    )
    n = math.ceil(40 / batch_size)
    assert batches.run.nfev == batches.run.budget == 3 * n
    assert epochs.run.nfev == epochs.run.budget == 3
    np.testing.assert_allclose(batches.run.trace.fun, values, rtol=1e-5, atol=1e-5)
    sizes = np.minimum(batch_size, 40 - batch_size * np.arange(n)) / 40
    np.testing.assert_allclose(batches.run.trace.fun.reshape(3, n) @ sizes, epochs.run.trace.fun, rtol=1e-5)


def test_fit_repeats_itself_with_a_seed():
    pytest.importorskip("keras")
    first, again, other = RunRecorder(), RunRecorder(), RunRecorder()
    train(first, batch_size=8, seed=3)
    train(again, batch_size=8, seed=3)
    train(other, batch_size=8, seed=4)
    assert first.run.trace.fun.tolist() == again.run.trace.fun.tolist()
    assert first.run.trace.fun.tolist() != other.run.trace.fun.tolist()


def test_stopping_early_and_going_on():
    keras = pytest.importorskip("keras")
    recorder = RunRecorder()
    assert isinstance(recorder, RunRecorder)
    assert isinstance(recorder, keras.callbacks.Callback)
    model = network(learning_rate=1e-9)
    stop = keras.callbacks.EarlyStopping("loss", min_delta=1.0, patience=2)
    data = (MOONS, LABELS[:, None])
    model.fit(*data, epochs=20, verbose=0, callbacks=[recorder, stop])
    assert recorder.run.stop_reason == "returned"
    assert (recorder.run.budget, recorder.run.optimizer) == (20, "fit with keras:SGD")
    made = recorder.run.nfev
    assert made < 20
    model.fit(*data, epochs=5, initial_epoch=3, verbose=0, callbacks=[recorder])
    assert recorder.run.nfev == recorder.run.budget == made + 2
    assert recorder.run.stop_reason == "budget"


def test_validation_loss_and_wrong_logs():
    pytest.importorskip("keras")
    recorder = RunRecorder(monitor="val_loss")
    data = (MOONS, LABELS[:, None])
    model = network()
    model.fit(*data, epochs=2, verbose=0, validation_data=data, callbacks=[recorder])
    assert recorder.run.gap == pytest.approx(float(model.evaluate(*data, verbose=0)), rel=1e-5)
    with pytest.raises(KeyError, match="Keras logs no 'val_los'"):
        train(RunRecorder(monitor="val_los"))


@pytest.mark.parametrize(
    "arguments",
    [{"per": "step"}, {"batch_size": 4}, {"samples": 4}, {"batch_size": 5, "samples": 4}, {"fmin": math.inf}],
)
def test_wrong_recorders_are_named(arguments):
    pytest.importorskip("keras")
    with pytest.raises(ValueError, match=r"per|batch_size|fmin"):
        RunRecorder(**arguments)
