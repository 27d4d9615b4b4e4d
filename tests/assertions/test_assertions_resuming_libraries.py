"""Resumed trainings with Keras (on whichever backend), torch, optax and Orbax, from the files that people write."""

import functools
import inspect
import os
import sys

import numpy as np
import pytest

from pytest_optlandscape import assert_resumes
from pytest_optlandscape.landscapes.families.training import LABELS, MOONS
from pytest_optlandscape.runs import KerasRecorder, record_training

X, Y = MOONS.astype(np.float32), LABELS[:, None].astype(np.float32)

# Keras on torch reads its own variables in a way that NumPy deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def keras():
    if "keras" not in sys.modules:
        os.environ.setdefault("KERAS_BACKEND", "torch")
    return pytest.importorskip("keras")


CLASSES = (
    "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lamb", "Lion", "Muon", "Nadam", "RMSprop",
    "SGD", "ScheduleFreeAdamW",
)  # fmt: skip
"""Keras' optimizers; `test_keras_has_no_other_optimizers` checks the list."""

ON_THIS_BACKEND = CLASSES if os.environ.get("KERAS_BACKEND", "torch") == "torch" else ("Adam", "SGD")
"""Saving is the same code on all backends; a training on JAX compiles for a second."""

NEWER = ("Muon", "ScheduleFreeAdamW")
"""Those that the oldest Keras lacks."""


class Training:
    """The network of the landscapes in Keras, and three ways to save it."""

    def __init__(self, keras, optimizer, dropout=0.0, **arguments):
        self.keras, self.optimizer, self.dropout = keras, functools.partial(optimizer, **arguments), dropout

    def make(self):
        layers = self.keras.layers
        self.keras.utils.set_random_seed(0)
        dropout = [layers.Dropout(self.dropout, seed=1)] if self.dropout else []
        model = self.keras.Sequential([layers.Input((2,)), layers.Dense(3, "tanh"), *dropout, layers.Dense(1)])
        model.compile(self.optimizer(), "mse")
        return model

    def train(self, model, epochs):
        model = model or self.make()
        return model, model.fit(X, Y, epochs=epochs, batch_size=8, shuffle=False, verbose=0)

    def save(self, model, folder):
        model.save(folder / "model.keras")

    def load(self, folder):
        return self.keras.models.load_model(folder / "model.keras")

    def save_parts(self, model, folder):
        (folder / "model.json").write_text(model.to_json())
        model.save_weights(folder / "model.weights.h5")

    def load_parts(self, folder, build=False):
        model = self.keras.models.model_from_json((folder / "model.json").read_text())
        model.compile(self.optimizer(), "mse")
        if build:
            model.optimizer.build(model.trainable_variables)
        model.load_weights(folder / "model.weights.h5")
        return model

    def load_built_parts(self, folder):
        return self.load_parts(folder, build=True)


@pytest.fixture
def training(keras, request):
    name = getattr(request, "param", "Adam")
    if name in NEWER and not hasattr(keras.optimizers, name):
        pytest.skip(f"this Keras, {keras.__version__}, has no {name}")
    return Training(keras, getattr(keras.optimizers, name), learning_rate=0.02)


def test_keras_has_no_other_optimizers(keras):
    """`LossScaleOptimizer` wraps another one, and so do `MultiOptimizer` and its like."""
    kinds = {
        name
        for name, kind in vars(keras.optimizers).items()
        if inspect.isclass(kind)
        and issubclass(kind, keras.optimizers.Optimizer)
        and kind is not keras.optimizers.Optimizer
        and "learning_rate" in inspect.signature(kind).parameters
    }
    assert kinds <= set(CLASSES)
    assert set(CLASSES) - set(NEWER) <= kinds


@pytest.mark.parametrize("training", ON_THIS_BACKEND, indirect=True)
def test_keras_files_keep_the_state_of_every_optimizer(training):
    found = assert_resumes(training.train, training.save, training.load)
    assert (found.losses, found.largest, found.repeats) == (10, 0.0, True)
    assert found.parts >= 6


@pytest.mark.parametrize("training", ON_THIS_BACKEND, indirect=True)
def test_keras_json_and_weights_keep_it_only_if_the_optimizer_is_built_first(training, request):
    assert_resumes(training.train, training.save_parts, training.load_built_parts)
    if "SGD" in request.node.callspec.id:  # without momentum it has no slots to lose
        assert_resumes(training.train, training.save_parts, training.load_parts)
        return
    with pytest.warns(UserWarning, match="Skipping variable loading"), pytest.raises(AssertionError) as error:
        assert_resumes(training.train, training.save_parts, training.load_parts)
    first, saving, without = str(error.value).split("\n")
    assert first.startswith("the resumed training parts at epoch 6: the losses ")
    assert "parts are missing (" in saving
    assert "optimizer" in saving or "adam" in saving.lower() or "dense" in saving
    assert without == "  continued without saving, the training does not part"


def test_keras_json_and_weights_lose_the_momentum_of_sgd(keras):
    training = Training(keras, keras.optimizers.SGD, learning_rate=0.02, momentum=0.9)
    said = r"4 of 10 parts are missing \(.*momentum"
    with pytest.warns(UserWarning, match="Skipping variable loading"), pytest.raises(AssertionError, match=said):
        assert_resumes(training.train, training.save_parts, training.load_parts)


def test_keras_weights_alone_lose_the_optimizer(training):
    def load_weights(folder):
        model = training.make()
        model.load_weights(folder / "model.weights.h5")
        return model

    said = r"parts at epoch 6(.|\n)*parts are missing"
    with pytest.warns(UserWarning, match="Skipping variable loading"), pytest.raises(AssertionError, match=said):
        assert_resumes(training.train, training.save_parts, load_weights)


def test_keras_files_lose_the_random_state_of_dropout(keras):
    """Keras saves the seed of a layer, not how many numbers it has drawn: after loading, they are drawn again."""
    training = Training(keras, keras.optimizers.Adam, dropout=0.3, learning_rate=0.02)
    said = r"parts at epoch 6(.|\n)*1 of 15 parts differ \(\S*seed_generator_state by 1.0e\+00\)\n(.*)does not part"
    with pytest.raises(AssertionError, match=said):
        assert_resumes(training.train, training.save, training.load)

    def save(model, folder):
        training.save(model, folder)
        np.save(folder / "dropout.npy", keras.ops.convert_to_numpy(model.layers[1].seed_generator.state.value))

    def load(folder):
        model = training.load(folder)
        model.layers[1].seed_generator.state.assign(np.load(folder / "dropout.npy"))
        return model

    assert_resumes(training.train, save, load)


def test_keras_recorders_are_taken(training):
    def train(model, epochs):
        model = model or training.make()
        recorder = KerasRecorder(per="batch")
        model.fit(X, Y, epochs=epochs, batch_size=20, shuffle=False, verbose=0, callbacks=[recorder])
        return model, recorder

    assert assert_resumes(train, training.save, training.load, epochs=4).losses == 8


def test_keras_order_of_the_data_is_that_of_the_process(keras, training):
    """``fit`` draws the order from a random state that no file holds."""
    if keras.backend.backend() == "tensorflow":
        pytest.skip("TensorFlow repeats the order in each fit")

    def train(model, epochs):
        model = model or training.make()
        return model, model.fit(X, Y, epochs=epochs, batch_size=8, shuffle=True, verbose=0)

    with pytest.raises(
        AssertionError, match=r"part. at epoch 6(.|\n)*parts that can be seen are the same\n(.|\n)*, too, at"
    ):
        assert_resumes(train, training.save, training.load)


def test_keras_averages_of_weights_end_with_a_fit(keras):
    """``fit`` ends with the averaged weights, so a second ``fit`` does not continue the first."""
    training = Training(keras, keras.optimizers.Adam, learning_rate=0.02, use_ema=True)
    with pytest.raises(AssertionError, match=r"continued without saving, the training (parts, too, at epoch 6|raises)"):
        assert_resumes(training.train, training.save, training.load)


# torch


class TorchTraining:
    def __init__(self, schedule=False):
        self.torch = pytest.importorskip("torch")
        self.schedule = schedule

    def make(self):
        torch = self.torch
        generator = torch.Generator().manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
        for weight in model.parameters():
            torch.nn.init.normal_(weight, generator=generator)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
        return {
            "model": model,
            "optimizer": optimizer,
            "scheduler": torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5),
            "order": torch.Generator().manual_seed(1),
        }

    def train(self, state, epochs):
        torch = self.torch
        state = state or self.make()
        x, y = torch.from_numpy(X), torch.from_numpy(Y)
        with record_training() as recorder:
            recorder._unit = "batch"
            for _ in range(epochs):
                for batch in torch.randperm(len(x), generator=state["order"]).split(10):
                    state["optimizer"].zero_grad()
                    loss = torch.mean((state["model"](x[batch]) - y[batch]) ** 2)
                    loss.backward()
                    state["optimizer"].step()
                    recorder.step(loss)
                if self.schedule:
                    state["scheduler"].step()
        return state, recorder.run

    def save(self, state, folder):
        kept = {name: part.state_dict() for name, part in state.items() if name != "order"}
        self.torch.save({**kept, "order": state["order"].get_state()}, folder / "checkpoint.pt")

    def load(self, folder, without=()):
        state, kept = self.make(), self.torch.load(folder / "checkpoint.pt", weights_only=True)
        for name, part in state.items():
            if name not in without:
                part.set_state(kept[name]) if name == "order" else part.load_state_dict(kept[name])
        return state


def test_torch_state_dicts_of_model_and_optimizer_resume():
    for training in (TorchTraining(), TorchTraining(schedule=True)):
        found = assert_resumes(training.train, training.save, training.load)
        assert (found.losses, found.largest) == (40, 0.0)


@pytest.mark.parametrize(
    ("without", "at", "lost"),
    [
        (["optimizer"], 2, r"12 of 40 parts are missing \(\['optimizer'\]\['state'\]\[0\]\['step'\], .*\['exp_avg'\],"),
        (["model"], 1, r"4 of \d+ parts differ \(\['model'\]\['0.weight'\] by"),
        (["order"], 1, r"1 of \d+ parts differ \(\['order'\].get_state\(\)"),
    ],
)
def test_torch_state_dicts_that_are_not_loaded_are_named(without, at, lost):
    training = TorchTraining()
    with pytest.raises(AssertionError, match=rf"parts at loss {at} of 4 in epoch 6(.|\n)*{lost}"):
        assert_resumes(training.train, training.save, functools.partial(training.load, without=without))


def test_torch_scheduler_that_is_not_loaded_is_named():
    training = TorchTraining(schedule=True)
    with pytest.raises(AssertionError, match=r"in epoch (6|7):(.|\n)*\['scheduler'\]\['last_epoch'\]"):
        assert_resumes(training.train, training.save, functools.partial(training.load, without=["scheduler"]))


# JAX: trees of arrays


class OptaxTraining:
    def __init__(self):
        self.jax, self.optax = pytest.importorskip("jax"), pytest.importorskip("optax")
        self.optimizer = self.optax.adam(0.02)
        jax, jnp = self.jax, self.jax.numpy

        def loss_of(params, x, y):
            return jnp.mean((jnp.tanh(x @ params["hidden"] + params["bias"]) @ params["output"] - y) ** 2)

        @jax.jit
        def step(params, optimizer_state, x, y):
            loss, slopes = jax.value_and_grad(loss_of)(params, x, y)
            updates, optimizer_state = self.optimizer.update(slopes, optimizer_state, params)
            return self.optax.apply_updates(params, updates), optimizer_state, loss

        self.step = step

    def make(self):
        jax = self.jax
        first, second, order = jax.random.split(jax.random.key(0), 3)
        params = {
            "hidden": jax.random.normal(first, (2, 3)),
            "bias": self.jax.numpy.zeros(3),
            "output": jax.random.normal(second, (3, 1)),
        }
        return {"params": params, "optimizer": self.optimizer.init(params), "key": jax.random.key_data(order)}

    def train(self, state, epochs):
        jax, jnp = self.jax, self.jax.numpy
        state = dict(state or self.make())
        losses = []
        for _ in range(epochs):
            key, draw = jax.random.split(jax.random.wrap_key_data(jnp.asarray(state["key"])))
            state["key"] = jax.random.key_data(key)
            batches = jnp.split(jax.random.permutation(draw, len(X)), 4)
            for batch in batches:
                state["params"], state["optimizer"], loss = self.step(
                    state["params"], state["optimizer"], X[batch], Y[batch]
                )
                losses.append(loss)
        return state, losses

    def save_npz(self, state, folder):
        np.savez(folder / "tree.npz", *map(np.asarray, self.jax.tree.leaves(state)))

    def load_npz(self, folder):
        found = np.load(folder / "tree.npz")
        return self.jax.tree.unflatten(self.jax.tree.structure(self.make()), [found[name] for name in found.files])

    def save_msgpack(self, state, folder):
        msgpack = pytest.importorskip("msgpack")
        leaves = [np.asarray(leaf) for leaf in self.jax.tree.leaves(state)]
        (folder / "tree.msgpack").write_bytes(
            msgpack.packb([(str(leaf.dtype), leaf.shape, leaf.tobytes()) for leaf in leaves])
        )

    def load_msgpack(self, folder):
        import msgpack

        rows = msgpack.unpackb((folder / "tree.msgpack").read_bytes())
        leaves = [np.frombuffer(data, dtype).reshape(shape) for dtype, shape, data in rows]
        return self.jax.tree.unflatten(self.jax.tree.structure(self.make()), leaves)

    def save_orbax(self, state, folder):
        orbax = pytest.importorskip("orbax.checkpoint")
        with orbax.StandardCheckpointer() as checkpointer:
            checkpointer.save(folder / "orbax", state)

    def load_orbax(self, folder):
        import orbax.checkpoint

        with orbax.checkpoint.StandardCheckpointer() as checkpointer:
            return checkpointer.restore(folder / "orbax", self.make())


@pytest.mark.parametrize("way", ["npz", "msgpack", "orbax"])
def test_optax_trees_resume(way):
    training = OptaxTraining()
    save, load = getattr(training, f"save_{way}"), getattr(training, f"load_{way}")
    found = assert_resumes(training.train, save, load)
    assert (found.losses, found.parts, found.largest) == (40, 11, 0.0)

    def load_params(folder):
        params = load(folder)["params"]
        return {**load(folder), "optimizer": training.optimizer.init(params)}

    said = r"parts at loss 2 of 4 in epoch 6(.|\n)*7 of 11 parts differ \(\['optimizer'\]\[0\].count by"
    with pytest.raises(AssertionError, match=said):
        assert_resumes(training.train, save, load_params)


def test_optax_trees_in_half_precision_part():
    training = OptaxTraining()

    def load_half(folder):
        half = training.jax.numpy.bfloat16
        return training.jax.tree.map(
            lambda leaf: leaf.astype(half).astype(leaf.dtype) if np.issubdtype(leaf.dtype, np.floating) else leaf,
            training.load_npz(folder),
        )

    with pytest.raises(AssertionError, match="parts at loss 1 of 4 in epoch 6"):
        assert_resumes(training.train, training.save_npz, load_half)
    assert_resumes(training.train, training.save_npz, load_half, rtol=0.1)


def test_optax_keys_of_jax_are_seen():
    from pytest_optlandscape.assertions.state_parts import differing_parts, parts_of

    jax = pytest.importorskip("jax")
    state = {"key": jax.random.key(0), "half": jax.numpy.ones(2, jax.numpy.bfloat16)}
    parts = parts_of(state)
    assert len(parts) == 2
    assert "1 of 2 parts differ (['key']" in differing_parts(parts, parts_of({**state, "key": jax.random.key(1)}), {})
