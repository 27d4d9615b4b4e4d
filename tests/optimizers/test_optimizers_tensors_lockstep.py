"""Runs of optimizers of tensor libraries that are stepped together are those that are made one by one, bit by bit."""

import functools
import os
import sys

import numpy as np
import pytest

from pytest_optlandscape import Problem, landscapes
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.optimizers.protocol import Interruption
from pytest_optlandscape.records import run_baseline
from pytest_optlandscape.runs import execute_all, execute_in_lockstep, execute_together
from pytest_optlandscape.strategies import cells

if "keras" not in sys.modules:
    os.environ.setdefault("KERAS_BACKEND", "torch")

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
BUDGET = 80
NETWORK = "rosenbrock[6]:structured(kernel=2x2,bias=2)"


def bits(run):
    numbers = (run.nfev, run.njev, run.stop_reason, run.message, run.warnings)
    return [part.tobytes() for part in (*run.evaluated, run.x)], numbers


def problems(name, budget=BUDGET, count=5):
    landscape = landscapes.get(name)
    return [Problem(landscape, cell.x0, budget=budget, seed=cell.seed) for cell in cells(landscape)[:count]]


def assert_same_runs(optimizer, name="rosenbrock[3]"):
    """Give whether the runs could be stepped together; they are the same in any case."""
    adapter = get(optimizer)
    alone = execute_all(adapter, problems(name))
    assert [*map(bits, execute_together(adapter, problems(name)))] == [*map(bits, alone)]
    return bool(execute_in_lockstep(adapter, problems(name)))


class TestKeras:
    @pytest.fixture(autouse=True)
    def keras(self):
        self.keras = pytest.importorskip("keras")
        if self.keras.backend.backend() != "torch":
            assert get("keras:Adam").in_lockstep() == ()
            pytest.skip("runs are stepped together on torch only")

    @pytest.mark.parametrize(
        "spec",
        [
            "keras:Adam(learning_rate=0.01)",
            "keras:Adam(learning_rate=0.01, dtype='float64', amsgrad=True)",
            "keras:AdamW(learning_rate=0.01)",
            "keras:SGD(learning_rate=0.0001, momentum=0.9, nesterov=True)",
            "keras:SGD(learning_rate=0.001, clipnorm=5.0)",
            "keras:SGD(learning_rate=0.001, global_clipnorm=5.0, weight_decay=0.01)",
            "keras:Adam(learning_rate=0.01, global_clipnorm=200.0)",
            "keras:Adam(learning_rate=0.01, use_ema=True, ema_overwrite_frequency=7)",
            "keras:Adam(learning_rate=0.01, gradient_accumulation_steps=3)",
            "keras:RMSprop(learning_rate='PolynomialDecay(initial_learning_rate=0.01, decay_steps=50)')",
            "keras:Lamb(learning_rate=0.01)",
            "keras:Lamb(learning_rate=0.01, use_ema=True, dtype='float64')",
            "keras:Muon(learning_rate=0.01)",
            "keras:Ftrl(learning_rate=0.01)",
            "keras:Adafactor(learning_rate=0.01)",
            "keras:ScheduleFreeAdamW(learning_rate=0.01)",
            "keras:Adam(learning_rate=0.01, dtype='bfloat16')",
        ],
    )
    def test_stepped_together(self, spec):
        assert assert_same_runs(spec)

    @pytest.mark.parametrize(
        "spec",
        [
            "keras:SGD(learning_rate=0.001, loss_scale_factor=8.0)",
            "keras:LossScaleOptimizer(inner_optimizer='SGD(learning_rate=0.001)')",
        ],
    )
    def test_made_one_by_one(self, spec):
        assert not assert_same_runs(spec)

    def test_points_of_several_tensors_and_names(self):
        assert assert_same_runs("keras:AdamW(learning_rate=0.01, exclude_from_weight_decay=['bias'])", NETWORK)
        assert assert_same_runs("keras:Lamb(learning_rate=0.01)", NETWORK)

    def test_gradients_too_large_for_the_type(self):
        assert assert_same_runs("keras:SGD(learning_rate=0.01, dtype='float16')", "beale")

    def test_an_optimizer_with_noise_for_each_variable(self):
        keras = self.keras

        class Noisy(keras.optimizers.SGD):
            def apply(self, grads, trainable_variables=None):
                if not hasattr(self, "drawn"):
                    self.drawn = np.random.default_rng(3)
                grads = [grad + float(self.drawn.normal()) for grad in grads]
                return super().apply(grads, trainable_variables)

        assert_same_runs(functools.partial(Noisy, learning_rate=0.001))

    def test_an_optimizer_that_couples_variables_late(self):
        keras = self.keras

        class Late(keras.optimizers.SGD):
            def apply(self, grads, trainable_variables=None):
                if int(self.iterations) > BUDGET - 9:
                    norm = sum(float((grad**2).sum()) for grad in grads) ** 0.5
                    grads = [grad / (1.0 + norm) for grad in grads]
                return super().apply(grads, trainable_variables)

        assert not assert_same_runs(functools.partial(Late, learning_rate=0.0001))

    def test_an_interrupted_run_is_alone(self):
        assert get("keras:Adam").interrupted(Interruption(after=3)).in_lockstep() == ()

    @pytest.mark.parametrize("spec", ["keras:Adam(learning_rate=0.01)", "keras:Lamb(learning_rate=0.01)"])
    def test_baselines_are_those_of_runs_one_by_one(self, spec):
        adapter, alone = get(spec), get(spec)
        object.__setattr__(alone, "in_lockstep", tuple)
        landscape = landscapes.get("rosenbrock[3]")
        assert run_baseline(adapter, landscape, 64).to_plain() == run_baseline(alone, landscape, 64).to_plain()


class TestTorch:
    @pytest.fixture(autouse=True)
    def torch(self):
        self.torch = pytest.importorskip("torch")

    @pytest.mark.parametrize(
        "spec",
        [
            "torch:Adam(lr=0.01)",
            "torch:SGD(lr=0.0001, momentum=0.9)",
            "torch:RAdam(lr=0.01)",
            "torch:Adam(lr=0.01, dtype='float32', scheduler='ExponentialLR(gamma=0.99)')",
            "torch:AdamW(lr=0.01, dtype='bfloat16')",
            "torch:Rprop(lr=0.01)",
        ],
    )
    def test_stepped_together(self, spec):
        assert assert_same_runs(spec)

    @pytest.mark.parametrize(
        "spec",
        [
            "torch:LBFGS(lr=0.1)",
            "torch:SGD(lr=0.0001, scheduler='ReduceLROnPlateau(patience=2)')",
        ],
    )
    def test_made_one_by_one(self, spec):
        assert not assert_same_runs(spec)

    def test_a_function_of_params(self):
        torch = self.torch
        assert assert_same_runs(lambda params: torch.optim.Adam(params, lr=0.01), NETWORK)

    def test_parameters_by_name_and_by_place(self):
        torch = self.torch
        first, *_ = landscapes.get(NETWORK).structure

        def named(params):
            return torch.optim.SGD([{"params": [params[first]], "lr": 0.01}], lr=0.001)

        def placed(params):
            groups = [{"params": [params[0]], "lr": 0.01}, {"params": params[1:]}]
            return torch.optim.SGD(groups, lr=0.001)

        assert not assert_same_runs(named, NETWORK)
        assert assert_same_runs(placed, NETWORK)  # a parameter is then the same part of all runs

    def test_a_norm_over_all_parameters(self):
        torch = self.torch

        class Clipped(torch.optim.SGD):
            def step(self, closure=None):
                torch.nn.utils.clip_grad_norm_([one for group in self.param_groups for one in group["params"]], 5.0)
                return super().step()

        assert not assert_same_runs(functools.partial(Clipped, lr=0.001))

    def test_random_numbers_for_each_parameter(self):
        torch = self.torch

        class Noisy(torch.optim.SGD):
            def step(self, closure=None):
                for group in self.param_groups:
                    for one in group["params"]:
                        one.grad.add_(torch.randn_like(one))
                return super().step()

        assert not assert_same_runs(functools.partial(Noisy, lr=0.001))


class TestOptax:
    @pytest.fixture(autouse=True)
    def optax(self):
        self.optax = pytest.importorskip("optax")

    @pytest.mark.parametrize(
        "spec",
        [
            "optax:adam(learning_rate=0.01)",
            "optax:lamb(learning_rate=0.01)",
            "optax:sgd(learning_rate=0.0001, momentum=0.9, dtype='float32')",
            "optax:adam(learning_rate='cosine_decay_schedule(init_value=0.1, decay_steps=100)')",
        ],
    )
    def test_stepped_together(self, spec):
        assert assert_same_runs(spec)

    @pytest.mark.parametrize("spec", ["optax:lbfgs(learning_rate=0.1)"])
    def test_made_one_by_one(self, spec):
        assert not assert_same_runs(spec)

    def test_points_of_several_tensors(self):
        assert assert_same_runs("optax:adam(learning_rate=0.01)", NETWORK)

    def test_whatever_is_stepped_the_runs_are_the_same(self):
        optax = self.optax
        assert_same_runs(optax.chain(optax.clip_by_global_norm(1.0), optax.adam(0.01)))

    def test_compiled_once_for_any_number_of_runs(self):
        adapter = get("optax:adam(learning_rate=0.01)")
        adapter._idle.clear()  # of what other tests left
        sizes = set()
        for count in (5, 6, 9):
            assert execute_in_lockstep(adapter, problems("beale", count=count))
            (compiled,) = adapter._idle.values()
            sizes.add(compiled._steps._cache_size())
        assert len(sizes) == 1
