"""The recorder for Keras' ``fit``, on whichever backend: each is told by KERAS_BACKEND."""

import math
import os
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_optlandscape import assert_converges
from pytest_optlandscape.landscapes.families.training import LABELS, MOONS, WEIGHT_DECAY, training_task
from pytest_optlandscape.runs import KerasRecorder, keras_recorder

if "keras" not in sys.modules:
    os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

# Keras on torch reads its own variables in a way that NumPy deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

BACKEND = keras.backend.backend()
DATA = (MOONS, LABELS[:, None])
ONCE = pytest.mark.skipif(BACKEND != "torch", reason="nothing in it depends on the backend, so it is run on torch")
CLASSES = (MOONS, (LABELS[:, None] + 1.0) / 2.0)


def network(loss="mse", learning_rate=0.5, seed=1, optimizer=None, kind=None, **compiling):
    """The network of the landscapes, in Keras."""
    keras.utils.set_random_seed(seed)
    decay = {
        "kernel_regularizer": keras.regularizers.L2(WEIGHT_DECAY),
        "bias_regularizer": keras.regularizers.L2(WEIGHT_DECAY),
    }
    model = (kind or keras.Sequential)([keras.layers.Dense(3, "tanh", **decay), keras.layers.Dense(1, **decay)])
    model.compile(optimizer or keras.optimizers.SGD(learning_rate), loss, **compiling)
    return model


def weights(model):
    """The model's weights in the landscape's order."""
    kernel, biases, out, bias = (keras.ops.convert_to_numpy(w.value) for w in model.weights)
    return np.concatenate([kernel.T.ravel(), biases, out.ravel(), bias]).astype(float)


def exact(v, rows=slice(None)):
    """The mean squared error of some rows, with weight decay."""
    hidden = np.tanh(MOONS[rows] @ v[:6].reshape(3, 2).T + v[6:9])
    return np.mean((hidden @ v[9:12] + v[12] - LABELS[rows]) ** 2) + WEIGHT_DECAY * v @ v


class Exact(keras.callbacks.Callback):
    """The loss of each batch, from the weights that it began with; the data are not shuffled."""

    def __init__(self, batch_size):
        super().__init__()
        self.batch_size, self.values = batch_size, []

    def on_train_batch_begin(self, batch, logs=None):
        rows = slice(batch * self.batch_size, (batch + 1) * self.batch_size)
        self.values.append(exact(weights(self.model), rows))


class Ruin(keras.callbacks.Callback):
    """Ends a training with weights of 0."""

    def on_train_end(self, logs=None):
        self.model.set_weights([0.0 * weight for weight in self.model.get_weights()])


class Bomb(keras.callbacks.Callback):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            raise self.error


class OwnSteps(keras.Sequential):
    """Logs each batch's own loss, in training and in evaluation, as tutorials on writing a ``train_step`` do."""

    def logged(self, loss, size):
        return loss

    if BACKEND == "jax":

        def train_step(self, state, data):
            import jax

            trained, others, slots, metrics = state
            x, y = data
            step = jax.value_and_grad(self.compute_loss_and_updates, has_aux=True)
            (_, aux), slopes = step(trained, others, metrics, x, y, None, training=True, optimizer_variables=slots)
            trained, slots = self.optimizer.stateless_apply(slots, slopes, trained)
            with keras.StatelessScope(list(zip(self.metrics_variables, metrics, strict=True))) as scope:
                logs = {"loss": self.logged(aux[0], x.shape[0])}
            metrics = [scope.get_current_value(variable) for variable in self.metrics_variables]
            return logs, (trained, aux[2], slots, metrics)

        def test_step(self, state, data):
            loss, aux = self.compute_loss_and_updates(*state, data[0], data[1], None, training=False)
            return {"loss": loss}, (state[0], *aux[2:])

    else:

        def train_step(self, data):
            x, y = data
            if BACKEND == "torch":
                loss = self.compute_loss(x, y, self(x, training=True))
                self.zero_grad()
                loss.backward()
                slopes = [variable.value.grad for variable in self.trainable_weights]
                with __import__("torch").no_grad():
                    self.optimizer.apply(slopes, self.trainable_weights)
            else:
                with __import__("tensorflow").GradientTape() as tape:
                    loss = self.compute_loss(x, y, self(x, training=True))
                self.optimizer.apply(tape.gradient(loss, self.trainable_weights), self.trainable_weights)
            return {"loss": self.logged(loss, keras.ops.shape(x)[0])}

        def test_step(self, data):
            return {"loss": self.compute_loss(data[0], data[1], self(data[0], training=False))}


class OwnMean(OwnSteps):
    """Logs a mean of its own under another name than the metric's, as the tutorial on autoencoders does."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.tracker = keras.metrics.Mean(name="total_loss")

    def logged(self, loss, size):
        self.tracker.update_state(loss, sample_weight=size)
        return self.tracker.result()


class OwnMeanBeside(OwnMean):
    """Logs each batch's own loss, and keeps a mean of it as well."""

    def logged(self, loss, size):
        super().logged(loss, size)
        return loss


KINDS = [keras.Sequential, OwnSteps, OwnMean, OwnMeanBeside]


def train(*recorders, data=DATA, epochs=5, batch_size=40, fit=None, **arguments):
    model = network(**arguments)
    fit = {"epochs": epochs, "batch_size": batch_size, "verbose": 0, **(fit or {})}
    model.fit(*data, callbacks=list(recorders), **fit)
    return model


def final(model, data=DATA, log="loss", **arguments):
    return model.evaluate(*data, verbose=0, return_dict=True, **arguments)[log]


# What is recorded


@ONCE
@pytest.mark.parametrize(("loss", "name"), [("mse", "mse"), ("squared_hinge", "squared-hinge")])
def test_keras_trains_the_same_network_as_the_landscape(loss, name):
    landscape = training_task(name).landscape
    model = network(loss)
    model(MOONS[:1])
    before = landscape(weights(model))
    recorder = KerasRecorder(landscape.fmin)
    model.fit(*DATA, epochs=3, batch_size=40, verbose=0, callbacks=[recorder])
    assert recorder.run.trace.fun[0] == pytest.approx(before, rel=1e-5)
    assert before - landscape.fmin == pytest.approx(recorder.run.trace.gap[0], rel=1e-5)
    assert recorder.run.result_gap == pytest.approx(landscape(weights(model)) - landscape.fmin, rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_losses_are_what_they_are_whatever_is_logged(kind):
    batch_size = 12
    batches, epochs, values = KerasRecorder(per="batch"), KerasRecorder(), Exact(batch_size)
    model = network(learning_rate=0.1, kind=kind)
    model(MOONS[:1])
    model.fit(*DATA, epochs=3, batch_size=batch_size, shuffle=False, verbose=0, callbacks=[batches, epochs, values])
    n = math.ceil(40 / batch_size)
    assert batches.run.nfev == batches.run.budget == 3 * n
    assert epochs.run.nfev == epochs.run.budget == 3
    np.testing.assert_allclose(batches.run.trace.fun, values.values, rtol=1e-5, atol=2e-6)
    sizes = np.minimum(batch_size, 40 - batch_size * np.arange(n)) / 40
    np.testing.assert_allclose(np.reshape(values.values, (3, n)) @ sizes, epochs.run.trace.fun, rtol=1e-5)
    assert epochs.run.fun == batches.run.fun == pytest.approx(exact(weights(model)), rel=1e-5)


@ONCE
def test_what_a_train_step_logs_need_not_be_a_mean():
    """Undone as one, a batch's loss came out negative, and passed: Keras itself reports an epoch's loss as 0."""
    batches, epochs = KerasRecorder(per="batch"), KerasRecorder()
    model = train(batches, epochs, kind=OwnSteps, batch_size=8, learning_rate=0.01)
    assert set(model.history.history["loss"]) == {0.0}
    assert batches.run.trace.fun.min() > 0.1
    for run in (batches.run, epochs.run):
        with pytest.raises(AssertionError, match="the smallest gap was"):
            assert_converges(run, gap=0.01)


def test_validation_by_a_step_of_ones_own():
    recorder = KerasRecorder(monitor="val_loss")
    model = train(recorder, kind=OwnSteps, batch_size=12, fit={"validation_data": DATA})
    assert set(model.history.history["val_loss"]) == {0.0}
    assert recorder.run.trace.fun[-1] == recorder.run.fun == pytest.approx(exact(weights(model)), rel=1e-5)


@ONCE
@given(
    st.lists(st.floats(2.0**-10, 2.0**10, width=32), min_size=2, max_size=200),
    st.sampled_from([1.0, -1.0]),
)
def test_the_recorded_end_of_a_rounded_sum_is_on_the_safe_side(losses, direction):
    total, before = np.float32(0.0), keras_recorder._Sum(0.0, 0.0, 2.0**-24)
    for k, loss in enumerate(losses, start=1):
        total += np.float32(loss)
        now = keras_recorder._Sum(float(total), k, 2.0**-24)
        assert now.explains(float(total / np.float32(k)), before)
        found = now.since(before, direction)
        assert 0.0 <= direction * (found - loss) <= 2.0**-23 * float(total)
        before = now


@ONCE
@pytest.mark.parametrize("floatx", ["float64", "bfloat16"])
def test_means_are_recognised_in_other_precisions(floatx):
    keras.config.set_floatx(floatx)
    try:
        recorder = KerasRecorder()
        model = train(recorder, epochs=2, batch_size=8)
    finally:
        keras.config.set_floatx("float32")
    assert recorder.run.trace.fun.tolist() == model.history.history["loss"]


@ONCE
def test_fit_repeats_itself_with_a_seed():
    first, again, other = KerasRecorder(), KerasRecorder(), KerasRecorder()
    train(first, batch_size=8, seed=3)
    train(again, batch_size=8, seed=3)
    train(other, batch_size=8, seed=4)
    assert first.run.trace.fun.tolist() == again.run.trace.fun.tolist()
    assert first.run.fun == again.run.fun
    assert first.run.trace.fun.tolist() != other.run.trace.fun.tolist()


@ONCE
@pytest.mark.parametrize(
    ("frequency", "measured"), [(1, [0, 1, 2, 3, 4]), (2, [1, 3]), ([1, 4], [0, 3])], ids=["each", "second", "listed"]
)
def test_epochs_without_validation_count_and_have_no_loss(frequency, measured):
    recorder = KerasRecorder(monitor="val_loss")
    model = train(recorder, fit={"validation_data": DATA, "validation_freq": frequency})
    run = recorder.run
    assert run.nfev == run.budget == 5
    assert np.flatnonzero(np.isfinite(run.trace.fun)).tolist() == measured
    assert run.trace.fun[measured].tolist() == model.history.history["val_loss"]
    assert run.hit(run.gap) == measured[-1] + 1
    assert run.fun == pytest.approx(final(model), rel=1e-6)
    assert_converges(run, gap=run.trace.gap[measured[-1]] * 1.01)


@ONCE
def test_wrong_logs_are_named_at_the_first_epoch():
    for arguments in ({}, {"fit": {"validation_data": DATA, "validation_freq": 2}, "epochs": 2}):
        with pytest.raises(KeyError, match="Keras logs no 'val_los'"):
            train(KerasRecorder(monitor="val_los"), **arguments)
    with pytest.raises(KeyError, match="Keras logs no 'los' per batch; it logs loss"):
        train(KerasRecorder(monitor="los", per="batch"))


# The direction


def test_accuracies_are_maximised():
    fit = {"validation_data": CLASSES}
    recorders = [KerasRecorder(monitor=name) for name in ("accuracy", "val_accuracy", "val_auc")]
    model = train(*recorders, data=CLASSES, loss="binary_crossentropy", metrics=["accuracy", "auc"], fit=fit)
    for recorder, log in zip(recorders, ("accuracy", "val_accuracy", "val_auc"), strict=True):
        logged = np.array(model.history.history[log])
        np.testing.assert_allclose(recorder.run.trace.fun, logged)
        np.testing.assert_allclose(recorder.run.trace.gap, np.minimum.accumulate(1.0 - logged))
        assert recorder.run.result_gap == pytest.approx(1.0 - final(model, CLASSES, log.removeprefix("val_")))


@ONCE
def test_a_direction_or_bound_that_cannot_be_is_refused():
    compiled = {"data": CLASSES, "loss": "binary_crossentropy", "metrics": ["accuracy", "auc"]}
    with pytest.raises(ValueError, match="'accuracy' is maximised: give its greatest value, fmax"):
        train(KerasRecorder(0.0, monitor="accuracy"), **compiled)
    with pytest.raises(ValueError, match="'loss' is minimised: give its least value, fmin"):
        train(KerasRecorder(fmax=1.0), **compiled)
    with pytest.raises(ValueError, match="'auc' is no mean over samples"):
        train(KerasRecorder(monitor="auc", per="batch"), **compiled)

    def bias(y, answer):
        return keras.ops.mean(y - answer, axis=-1)

    with pytest.raises(ValueError, match=r"whether 'bias' is to be minimised or maximised: give mode="):
        train(KerasRecorder(monitor="bias"), metrics=[bias])
    recorder = KerasRecorder(monitor="bias", mode="max", fmax=-9.0)
    model = train(recorder, metrics=[bias], epochs=1)
    assert recorder.run.trace.fun.tolist() == model.history.history["bias"]
    with pytest.raises(AssertionError, match="above fmax = -9"):
        assert_converges(recorder.run, gap=9.0)


@ONCE
def test_outputs_have_losses_of_their_own():
    keras.utils.set_random_seed(0)
    point = keras.Input((2,))
    model = keras.Model(point, [keras.layers.Dense(1, name=name)(point) for name in ("one", "two")])
    model.compile("sgd", ["mse", "mae"], metrics=[["mae"], ["accuracy"]])
    recorders = [KerasRecorder(monitor=name) for name in ("loss", "one_loss", "one_mae", "two_accuracy")]
    y = DATA[1]
    history = model.fit(MOONS, [y, y], epochs=2, batch_size=10, verbose=0, callbacks=recorders).history
    logged = model.evaluate(MOONS, [y, y], batch_size=10, verbose=0, return_dict=True)
    for recorder, name in zip(recorders, ("loss", "one_loss", "one_mae", "two_accuracy"), strict=True):
        assert recorder.run.trace.fun.tolist() == pytest.approx(history[name])
        assert recorder.run.fun == pytest.approx(logged[name])


@ONCE
def test_a_loss_below_the_least_fails():
    recorder = KerasRecorder(fmin=0.5)
    train(recorder, epochs=30, batch_size=8)
    run = recorder.run
    first = np.flatnonzero(run.trace.fun < 0.5)[0]
    assert run.trace.gap[first] == run.trace.gap[first - 1] > 0.0
    with pytest.raises(AssertionError, match=rf"loss of epoch {first + 1} is 0\.\d+, below fmin = 0\.5"):
        assert_converges(run, gap=10.0)


# The final weights


def test_the_final_weights_are_judged_in_any_order_of_callbacks():
    first, last = KerasRecorder(), KerasRecorder(per="batch")
    train(first, Ruin(), last, batch_size=8, epochs=20)
    for run in (first.run, last.run):
        assert run.result_gap == run.fun == pytest.approx(1.0)
        with pytest.raises(AssertionError, match=r"final weights on the training data was 1, .* on the way was 0\."):
            assert_converges(run, gap=0.9)
        assert_converges(run, gap=1.0001)


@ONCE
def test_weights_that_early_stopping_restores_are_judged():
    recorder = KerasRecorder()
    worst = keras.callbacks.EarlyStopping("loss", mode="max", patience=8, restore_best_weights=True)
    model = train(recorder, worst, epochs=30)
    assert recorder.run.stop_reason == "returned"
    assert recorder.run.fun == pytest.approx(final(model), rel=1e-6)
    with pytest.raises(AssertionError, match="gap of the final weights"):
        assert_converges(recorder.run, gap=1.01 * recorder.run.gap)


@pytest.mark.parametrize("monitor", ["loss", "val_loss"])
def test_averages_that_replace_the_weights_are_judged(monitor):
    recorder = KerasRecorder(monitor=monitor)
    optimizer = keras.optimizers.SGD(0.3, use_ema=True, ema_momentum=0.999)
    model = train(recorder, optimizer=optimizer, epochs=20, batch_size=8, fit={"validation_data": DATA})
    assert recorder.run.fun == pytest.approx(final(model), rel=1e-6)
    assert recorder.run.result_gap > 1.2 * recorder.run.gap


@ONCE
def test_final_weights_are_weighed_as_in_training():
    sample_weight = np.linspace(0.0, 3.0, 40)
    recorder = KerasRecorder()
    model = train(recorder, epochs=1, fit={"sample_weight": sample_weight})
    assert recorder.run.fun == pytest.approx(final(model, sample_weight=sample_weight), rel=1e-6)
    model = train(recorder := KerasRecorder(), data=CLASSES, epochs=1, fit={"class_weight": {0: 1.0, 1: 5.0}})
    assert recorder.run.fun == pytest.approx(final(model, CLASSES, sample_weight=1.0 + 4.0 * CLASSES[1][:, 0]))
    first = (MOONS[:30], DATA[1][:30])
    model = train(recorder := KerasRecorder(), epochs=1, fit={"validation_split": 0.25})
    assert recorder.run.fun == pytest.approx(final(model, first), rel=1e-6)
    model = train(recorder := KerasRecorder(data=first), epochs=1)
    assert recorder.run.fun == pytest.approx(final(model, first), rel=1e-6)
    assert recorder.run.fun_note == "the final weights on the given data"


def test_unknown_final_weights_fail_and_say_what_to_do():
    def batches():
        while True:
            yield DATA

    recorder, given_data = KerasRecorder(), KerasRecorder(data=DATA)
    model = train(recorder, given_data, data=[batches()], batch_size=None, fit={"steps_per_epoch": 2, "shuffle": False})
    assert recorder.run.fun is None
    assert math.isnan(recorder.run.result_gap)
    with pytest.raises(AssertionError, match=r"final weights is not known: .*give the recorder data=\(x, y\)"):
        assert_converges(recorder.run, gap=10.0)
    assert given_data.run.fun == pytest.approx(final(model), rel=1e-6)
    assert_converges(given_data.run, gap=10.0)
    recorder.result(final(model))
    assert_converges(recorder.run, gap=10.0)


@ONCE
def test_a_model_without_a_loss_of_its_own_can_be_given_its_result():
    class Untestable(keras.Sequential):
        def test_step(self, *arguments):
            raise NotImplementedError("there is no test")

    recorder = KerasRecorder()
    train(recorder, kind=Untestable)
    with pytest.raises(
        AssertionError, match=r"raised NotImplementedError: there is no test; give the model a test_step"
    ):
        assert_converges(recorder.run, gap=10.0)
    recorder.result(0.3)
    assert_converges(recorder.run, gap=recorder.run.gap)


@ONCE
def test_a_loader_is_gone_through_again_without_drawing():
    import torch

    data = torch.utils.data.TensorDataset(*map(torch.tensor, (MOONS.astype("float32"), DATA[1].astype("float32"))))
    states = []
    for recorders in ([], [KerasRecorder()]):
        loader = torch.utils.data.DataLoader(data, batch_size=16, shuffle=True)
        model = train(*recorders, data=[loader], batch_size=None, fit={"shuffle": False})
        states.append(torch.get_rng_state())
    assert torch.equal(*states)
    assert recorders[0].run.fun == pytest.approx(final(model), rel=1e-5)


# How it ended


@ONCE
def test_stopping_early_and_going_on():
    recorder = KerasRecorder()
    assert isinstance(recorder, KerasRecorder)
    assert isinstance(recorder, keras.callbacks.Callback)
    assert isinstance(type("Own", (KerasRecorder,), {})(), keras.callbacks.Callback)
    stop = keras.callbacks.EarlyStopping("loss", min_delta=1.0, patience=2)
    model = train(recorder, stop, epochs=20, learning_rate=1e-9)
    assert recorder.run.stop_reason == "returned"
    assert (recorder.run.budget, recorder.run.optimizer) == (20, "fit with keras:SGD")
    made = recorder.run.nfev
    assert made < 20
    model.fit(*DATA, epochs=5, initial_epoch=3, verbose=0, callbacks=[recorder])
    assert recorder.run.nfev == recorder.run.budget == made + 2
    assert recorder.run.stop_reason == "budget"
    with pytest.raises(ValueError, match="another model"):
        train(recorder)


@ONCE
def test_a_callback_that_is_not_in_a_list_is_refused():
    """Keras would call it from another thread, while the next batch changes the metrics."""
    with pytest.raises(ValueError, match=r"callbacks=\[recorder\]"):
        network().fit(*DATA, verbose=0, callbacks=KerasRecorder())


def test_what_fit_raises_is_recorded():
    seen = []

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(recorder.run.stop_reason)

    recorder = KerasRecorder()
    with pytest.raises(RuntimeError, match="boom"):
        train(recorder, Look(), Bomb(RuntimeError("boom")))
    assert seen == ["unfinished", "unfinished"]
    assert (recorder.run.stop_reason, recorder.run.nfev) == ("exception", 2)
    with pytest.raises(AssertionError, match="exception: fit did not come to its end; train inside 'with recorder:'"):
        assert_converges(recorder.run, gap=100.0)
    recorder = KerasRecorder()
    with pytest.raises(KeyboardInterrupt), recorder:
        train(recorder, Bomb(KeyboardInterrupt("enough")))
    assert recorder.run.message == "KeyboardInterrupt: enough"
    with recorder:
        train(recorder := KerasRecorder())
    with pytest.raises(AssertionError, match="required a gap"), recorder:
        assert_converges(recorder.run, gap=0.0)
    assert recorder.run.stop_reason == "budget"


def test_a_loss_that_is_not_finite():
    batches, epochs = KerasRecorder(per="batch"), KerasRecorder()
    train(batches, epochs, keras.callbacks.TerminateOnNaN(), learning_rate=1e20, batch_size=8)
    for run in (batches.run, epochs.run):
        assert run.stop_reason == "returned"
        assert run.nfev < 5
        assert run.result_gap == math.inf
        with pytest.raises(AssertionError, match="required a gap"):
            assert_converges(run, gap=100.0)


@ONCE
def test_a_loop_of_ones_own_with_callbacks():
    recorder = KerasRecorder(data=DATA)
    model = network()
    callbacks = keras.callbacks.CallbackList([recorder], model=model, epochs=2, steps=2)
    callbacks.on_train_begin()
    for epoch in range(2):
        callbacks.on_epoch_begin(epoch)
        model.reset_metrics()
        for batch in range(2):
            callbacks.on_train_batch_begin(batch)
            logs = model.train_on_batch(*DATA, return_dict=True)
            callbacks.on_train_batch_end(batch, logs)
        callbacks.on_epoch_end(epoch, logs)
    assert recorder.run.stop_reason == "unfinished"
    callbacks.on_train_end()
    assert (recorder.run.stop_reason, recorder.run.nfev) == ("budget", 2)
    assert recorder.run.fun == pytest.approx(final(model), rel=1e-6)


@pytest.mark.skipif(BACKEND == "torch", reason="Keras has no steps_per_execution on torch")
def test_several_steps_at_once_have_no_batches():
    with pytest.raises(ValueError, match="steps_per_execution=3"):
        train(KerasRecorder(per="batch"), steps_per_execution=3)
    with pytest.raises(ValueError, match="'loss' is logged for single batches, and steps_per_execution=3 hides most"):
        train(KerasRecorder(), kind=OwnSteps, steps_per_execution=3, batch_size=8)
    recorder = KerasRecorder()
    model = train(recorder, steps_per_execution=3, batch_size=8)
    assert recorder.run.trace.fun.tolist() == model.history.history["loss"]


@ONCE
@pytest.mark.parametrize(
    "arguments",
    [
        {"per": "step"},
        {"batch_size": 4},
        {"samples": 4},
        {"batch_size": 5, "samples": 4},
        {"fmin": math.inf},
        {"fmax": math.nan},
        {"fmin": 0.0, "mode": "max"},
        {"fmax": 0.0, "mode": "min"},
        {"mode": "least"},
        {"monitor": "val_loss", "per": "batch"},
        {"data": iter([DATA])},
        {"data": (*DATA, *DATA)},
    ],
)
def test_wrong_recorders_are_named(arguments):
    with pytest.raises(ValueError, match=r"per|batch_size|fmin|fmax|mode|data"):
        KerasRecorder(**arguments)
