"""Landscapes whose point is made of several tensors, as Keras, torch and optax see them."""

import numpy as np
import pytest

from pytest_optlandscape import landscapes, minimize
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.optimizers.protocol import Interruption

LAYER = landscapes.get("linear_layer_3_2")
FLAT = LAYER.structured(x=8)
SQUARE_ROOT = landscapes.get("matrix_square_root_2")
KERAS = "ignore:__array__:DeprecationWarning"
"""Keras reads its own variables so."""


def loop(landscape, steps, update):
    """Descend by hand: ``update(parts, gradients)`` gives the next parts, all dicts of arrays."""
    points, parts = [], landscape.structure.split(landscape.x0)
    for _ in range(steps):
        points.append(landscape.structure.join(parts))
        parts = update(parts, landscape.structure.split(landscape.gradient(points[-1])))
    return np.array(points)


def clipped(gradient, norm, largest):
    return gradient * min(1.0, largest / norm)


def each_by_its_norm(parts, gradients):
    return {
        name: part - 0.01 * clipped(gradients[name], np.linalg.norm(gradients[name]), 5.0)
        for name, part in parts.items()
    }


def all_by_their_norm(parts, gradients):
    norm = np.sqrt(sum(np.sum(gradient**2) for gradient in gradients.values()))
    return {name: part - 0.01 * clipped(gradients[name], norm, 5.0) for name, part in parts.items()}


@pytest.mark.filterwarnings(KERAS)
class TestKeras:
    @pytest.fixture(autouse=True)
    def library(self):
        self.keras = pytest.importorskip("keras")

    def test_clipping_by_variable_and_over_all(self):
        one_by_one = minimize("keras:SGD(learning_rate=0.01, clipnorm=5.0)", LAYER, budget=20).trace.x
        together = minimize("keras:SGD(learning_rate=0.01, global_clipnorm=5.0)", LAYER, budget=20).trace.x
        assert one_by_one == pytest.approx(loop(LAYER, 20, each_by_its_norm), abs=1e-5)
        assert together == pytest.approx(loop(LAYER, 20, all_by_their_norm), abs=1e-5)
        assert np.abs(one_by_one - together).max() > 0.01

    def test_elementwise_optimizers_do_not_care(self):
        for spec in ("keras:Adam(learning_rate=0.1)", "keras:RMSprop(learning_rate=0.01)", "keras:Lion"):
            one, other = (minimize(spec, landscape, budget=20) for landscape in (LAYER, FLAT))
            assert one.trace.x == pytest.approx(other.trace.x, abs=1e-6)

    @pytest.mark.parametrize("name", ["Muon", "Adafactor"])
    def test_matrices_have_a_path_of_their_own(self, name):
        """It is the path of Keras' optimizer on variables of these shapes."""
        spec = f"keras:{name}(learning_rate=0.05)"
        run = minimize(spec, LAYER, budget=15)
        keras, structure = self.keras, LAYER.structure
        optimizer = getattr(keras.optimizers, name)(learning_rate=0.05)
        start = structure.split(LAYER.x0)
        variables = {key: keras.Variable(part.astype(np.float32), name=key) for key, part in start.items()}
        optimizer.build(list(variables.values()))
        points = []
        for _ in range(15):
            points.append(structure.join({k: keras.ops.convert_to_numpy(v) for k, v in variables.items()}))
            parts = structure.split(LAYER.gradient(points[-1])).values()
            tensors = [keras.ops.convert_to_tensor(part.astype(np.float32)) for part in parts]
            optimizer.apply(tensors, list(variables.values()))
        assert run.trace.x == pytest.approx(np.array(points), abs=1e-4)
        assert np.abs(run.trace.x - minimize(spec, FLAT, budget=15).trace.x).max() > 0.01

    @pytest.mark.parametrize("form", ["spec", "instance"])
    def test_weight_decay_leaves_out_what_it_is_told_to(self, form):
        keras = self.keras
        if form == "spec":
            optimizer = "keras:SGD(learning_rate=0.01, weight_decay=0.5, exclude_from_weight_decay=['bias'])"
        else:
            optimizer = keras.optimizers.SGD(learning_rate=0.01, weight_decay=0.5)
            optimizer.exclude_from_weight_decay(var_names=["bias"])
        run = minimize(optimizer, LAYER, budget=15)

        def update(parts, gradients):
            kept = {"weight": 1.0 - 0.01 * 0.5, "bias": 1.0}
            return {name: kept[name] * part - 0.01 * gradients[name] for name, part in parts.items()}

        assert run.trace.x == pytest.approx(loop(LAYER, 15, update), abs=1e-5)
        assert "exclude_from_weight_decay=['bias']" in run.optimizer
        assert np.array_equal(minimize(get(run.optimizer), LAYER, budget=15).trace.x, run.trace.x)

    def test_loss_scaling_keeps_parts_apart(self):
        """The scale is a power of two, so it changes no digit."""
        inner = "SGD(learning_rate=0.01, clipnorm=5.0, weight_decay=0.5)"
        spec = f'keras:LossScaleOptimizer(inner_optimizer="{inner}", initial_scale=1024.0, '
        scaled = minimize(f"{spec}exclude_from_weight_decay=['bias'])", LAYER, budget=15)
        plain = minimize(f"keras:{inner[:-1]}, exclude_from_weight_decay=['bias'])", LAYER, budget=15)
        assert scaled.trace.x == pytest.approx(plain.trace.x, rel=1e-6)
        assert np.abs(scaled.trace.x - minimize(f"keras:{inner}", LAYER, budget=15).trace.x).max() > 1e-3

    def test_several_names_are_written_in_one_order(self):
        """Keras keeps names in a set, whose order differs from process to process."""
        for names in (["weight", "bias"], ["bias", "weight"]):
            optimizer = self.keras.optimizers.SGD(learning_rate=0.01, weight_decay=0.5)
            optimizer.exclude_from_weight_decay(var_names=names)
            assert "exclude_from_weight_decay=['bias', 'weight']" in get(optimizer).spec

    def test_names_to_leave_out_are_a_list(self):
        with pytest.raises(ValueError, match=r"must be a list of variables' names, such as \['bias'\]; got 'bias'"):
            get("keras:AdamW(exclude_from_weight_decay='bias')")


class TestTorch:
    @pytest.fixture(autouse=True)
    def library(self):
        self.torch = pytest.importorskip("torch")

    @pytest.mark.parametrize("name", ["Adam", "SGD", "RMSprop", "Adamax"])
    def test_elementwise_optimizers_do_not_care(self, name):
        one, other = (minimize(f"torch:{name}(lr=0.01)", landscape, budget=20) for landscape in (LAYER, FLAT))
        assert np.array_equal(one.trace.x, other.trace.x)
        assert np.array_equal(one.x, other.x)

    def by_hand(self, make, landscape, steps):
        torch = self.torch
        parameters = {
            k: torch.nn.Parameter(torch.tensor(v)) for k, v in landscape.structure.split(landscape.x0).items()
        }
        optimizers, points = make(parameters), []
        for _ in range(steps):
            points.append(landscape.structure.join({k: v.detach().numpy() for k, v in parameters.items()}))
            for name, part in landscape.structure.split(landscape.gradient(points[-1])).items():
                parameters[name].grad = torch.tensor(part)
            for optimizer in optimizers:
                optimizer.step()
        return np.array(points)

    def test_groups_by_name(self):
        torch = self.torch

        def groups(params):
            decayed = {"params": [params["weight"]], "weight_decay": 0.3}
            return torch.optim.AdamW([decayed, {"params": [params["bias"]], "weight_decay": 0.0}], lr=0.05)

        run = minimize(groups, LAYER, budget=15)
        assert np.array_equal(run.trace.x, self.by_hand(lambda params: [groups(params)], LAYER, 15))
        everywhere = minimize("torch:AdamW(lr=0.05, weight_decay=0.3)", LAYER, budget=15).trace.x
        assert np.abs(run.trace.x - everywhere)[:, 6:].max() > 1e-3
        assert get(groups).obstacle(LAYER) == ""
        assert get(groups).obstacle(landscapes.get("beale")) == "other tensors"
        assert "the point has no part 'weight'; it has x" in minimize(groups, "beale").message

    def test_muon(self):
        if not hasattr(self.torch.optim, "Muon"):
            pytest.skip("torch has no Muon before 2.9")
        muon = self.torch.optim.Muon
        run = minimize("torch:Muon(lr=0.1)", SQUARE_ROOT, budget=15)
        expected = self.by_hand(lambda params: [muon(params.values(), lr=0.1)], SQUARE_ROOT, 15)
        assert np.array_equal(run.trace.x, expected)
        assert "2D parameters" in get("torch:Muon").obstacle(LAYER)
        assert get("torch:Muon").obstacle(SQUARE_ROOT) == ""

        def both(params):
            return muon([params["weight"]], lr=0.1), self.torch.optim.SGD([params["bias"]], lr=0.01)

        run = minimize(both, LAYER, budget=15)
        assert (run.nfev, run.njev) == (15, 15)
        assert np.array_equal(run.trace.x, self.by_hand(both, LAYER, 15))

    @pytest.mark.parametrize("spec", ["torch:Adafactor(lr=0.1)", "torch:LBFGS"])
    def test_others_run(self, spec):
        assert minimize(spec, LAYER, budget=100).gap < 2.5


class TestOptax:
    @pytest.fixture(autouse=True)
    def library(self):
        self.optax = pytest.importorskip("optax")

    def by_hand(self, transformation, steps):
        import jax

        switch = jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64
        with switch(True):
            x = {name: jax.numpy.asarray(part) for name, part in LAYER.structure.split(LAYER.x0).items()}
            state, points = transformation.init(x), []
            for _ in range(steps):
                points.append(LAYER.structure.join(x))
                gradient = LAYER.structure.split(LAYER.gradient(points[-1]))
                changes, state = jax.jit(transformation.update)(gradient, state, x)
                x = self.optax.apply_updates(x, changes)
        return np.array(points)

    def test_masks_and_clipping(self):
        optax = self.optax
        spec = "optax:adamw(learning_rate=0.05, weight_decay=0.3, mask={'weight': True, 'bias': False})"
        mask = {"weight": True, "bias": False}
        by_hand = self.by_hand(optax.adamw(0.05, weight_decay=0.3, mask=mask), 15)
        assert minimize(spec, LAYER, budget=15).trace.x == pytest.approx(by_hand, rel=1e-9)
        one_by_one = optax.chain(optax.clip_by_block_rms(2.0), optax.sgd(0.01))
        together = optax.chain(optax.clip_by_global_norm(5.0), optax.sgd(0.01))
        assert minimize(together, LAYER, budget=15).trace.x == pytest.approx(
            loop(LAYER, 15, all_by_their_norm), rel=1e-9
        )
        assert minimize(one_by_one, LAYER, budget=15).trace.x == pytest.approx(self.by_hand(one_by_one, 15), rel=1e-9)

    @pytest.mark.parametrize(
        "call", ["contrib.muon(learning_rate=0.05)", "adafactor(learning_rate=0.1, min_dim_size_to_factor=1)"]
    )
    def test_matrices_have_a_path_of_their_own(self, call):
        transformation = eval(call, {"contrib": self.optax.contrib, "adafactor": self.optax.adafactor})
        run = minimize(f"optax:{call}", LAYER, budget=15)
        assert run.trace.x == pytest.approx(self.by_hand(transformation, 15), rel=1e-6)
        assert np.abs(run.trace.x - minimize(f"optax:{call}", FLAT, budget=15).trace.x).max() > 0.01

    def test_elementwise_ones_and_line_searches_do_not_care(self):
        spec = "optax:adam(learning_rate=0.1)"
        one, other = (minimize(spec, landscape, budget=20).trace.x for landscape in (LAYER, FLAT))
        assert one == pytest.approx(other, rel=1e-9)
        assert minimize("optax:lbfgs", LAYER).gap < 1e-12

    def test_double_precision_survives_jaxs_own_threads(self):
        """JAX calls from a thread of a pool, where its switch for double precision is off, when it has more to do."""
        adapter = get("optax:lbfgs")
        for _ in range(3):
            run = minimize(adapter, "rosenbrock[8]", budget=60)
            assert (run.stop_reason, run.nfev) == ("budget", 60)
            assert not np.array_equal(run.trace.x, run.trace.x.astype(np.float32))


@pytest.mark.filterwarnings(KERAS)
@pytest.mark.parametrize(
    "spec",
    [
        "keras:SGD(learning_rate=0.02, momentum=0.5)",
        "torch:SGD(lr=0.02, momentum=0.5)",
        "optax:sgd(learning_rate=0.02, momentum=0.5)",
    ],
)
class TestOnEachLibrary:
    """Half precision and saved state, which the adapters of all three have, on points of several tensors."""

    @pytest.fixture(autouse=True)
    def library(self, spec):
        pytest.importorskip(spec.partition(":")[0])

    def test_half_precision(self, spec):
        exact = minimize(spec, LAYER, budget=15)
        for dtype, accuracy in (("float16", 0.01), ("bfloat16", 0.1)):
            run = minimize(f"{spec[:-1]}, dtype={dtype!r})", LAYER, budget=15)
            assert run.stop_reason == "budget"
            assert run.trace.x == pytest.approx(exact.trace.x, abs=accuracy)
            assert np.abs(run.trace.x - exact.trace.x).max() > 1e-5

    def test_state_that_is_saved_and_loaded(self, spec):
        adapter, interruption = get(spec), Interruption(after=6)
        run = minimize(adapter.interrupted(interruption), LAYER, budget=15)
        assert interruption.happened
        assert np.array_equal(run.trace.x, minimize(adapter, LAYER, budget=15).trace.x)


class TestNativeTensors:
    """Loops of people's own, on the parts of a point."""

    def test_jax(self):
        jax = pytest.importorskip("jax")

        def descent(problem):
            x, gradient = problem.structure.split(problem.x0), jax.jit(jax.grad(problem))
            for _ in range(40):
                x = jax.tree.map(lambda part, slope: part - 0.02 * slope, x, gradient(x))
            return x

        run = minimize(descent, LAYER)
        assert (run.stop_reason, run.nfev, run.njev) == ("returned", 40, 40)
        assert run.gap < 0.1

    def test_torch(self):
        torch = pytest.importorskip("torch")

        def descent(problem):
            x = {k: torch.tensor(part, requires_grad=True) for k, part in problem.structure.split(problem.x0).items()}
            optimizer = torch.optim.SGD(x.values(), lr=0.02)
            for _ in range(40):
                optimizer.zero_grad()
                problem(x).backward()
                optimizer.step()
            return x

        run = minimize(descent, LAYER)
        assert (run.stop_reason, run.nfev, run.njev) == ("returned", 40, 40)
        by_library = minimize("torch:SGD(lr=0.02)", LAYER, budget=40)
        assert run.trace.x == pytest.approx(by_library.trace.x, rel=1e-14)
        assert run.x == pytest.approx(by_library.x, rel=1e-14)
