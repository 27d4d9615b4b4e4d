import importlib.metadata

import numpy as np
import pytest
from contract_checks import breaches

from pytest_optlandscape import minimize
from pytest_optlandscape.contract.holding import hold_to
from pytest_optlandscape.optimizers import get

SOUND = [
    "torch:SGD(lr=0.01)",
    "torch:Adam(lr=0.01, dtype='float32')",
    "torch:SGD(lr=0.01, momentum=0.9, dtype='bfloat16')",
    "torch:Rprop(lr=0.01)",
    "torch:LBFGS",
    "optax:sgd(learning_rate=0.01, momentum=0.9)",
    "optax:adam(learning_rate=0.01, dtype='float32')",
    "optax:lion(learning_rate=0.01, dtype='bfloat16')",
    "keras:Adam",
]


@pytest.mark.parametrize("spec", SOUND)
def test_sound_optimizers_break_nothing(spec):
    pytest.importorskip(spec.partition(":")[0])
    assert breaches(spec) == {}


RESUMED = [
    "torch:Adam",
    "torch:NAdam",
    "torch:LBFGS",
    "torch:SGD(lr=0.01, momentum=0.9, dtype='bfloat16')",
    "torch:SGD(lr=0.01, scheduler='OneCycleLR(max_lr=0.1, total_steps=400)')",
    "optax:adam(learning_rate=0.01)",
    "keras:Adam",
    "keras:SGD(momentum=0.9, use_ema=True)",
]


def resumed(optimizer):
    (found,) = hold_to(get(optimizer), ["check_resumes_from_saved_state"])
    return found.outcome, found.message


@pytest.mark.parametrize("spec", RESUMED)
def test_runs_go_on_from_their_saved_state(spec):
    pytest.importorskip(spec.partition(":")[0])
    assert resumed(spec) == ("passed", "")


def momentum_of_torch(params, *, keeps):
    """Gradient descent with momentum, which it keeps in its state or in an attribute of its own."""
    torch = pytest.importorskip("torch")

    class Momentum(torch.optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {"lr": 0.01})
            self.velocity = {}

        @torch.no_grad()
        def step(self):
            (parameter,) = self.param_groups[0]["params"]
            kept = self.state[parameter] if keeps else self.velocity
            kept["velocity"] = 0.9 * kept.get("velocity", torch.zeros_like(parameter)) - 0.01 * parameter.grad
            parameter.add_(kept["velocity"])

    return Momentum(params)


def torch_keeps(params):
    return momentum_of_torch(params, keeps=True)


def torch_forgets(params):
    return momentum_of_torch(params, keeps=False)


def torch_cannot_load(params):
    optimizer = torch_keeps(params)
    optimizer.load_state_dict = lambda state: 1 / 0
    return optimizer


def test_torch_optimizers_that_lose_their_state_are_found_out():
    pytest.importorskip("torch")
    assert resumed(torch_keeps) == ("passed", "")
    outcome, message = resumed(torch_forgets)
    assert outcome == "failed"
    assert "after 1 evaluation a fresh optimizer loaded its state, and went elsewhere from evaluation 3 on" in message
    assert "save its state after 1 evaluation (state_dict() and load_state_dict())" in message
    outcome, message = resumed(torch_cannot_load)
    assert (outcome, "its state could not be saved and loaded: ZeroDivisionError" in message) == ("failed", True)


def momentum_of_keras(*, keeps):
    keras = pytest.importorskip("keras")

    class Momentum(keras.optimizers.Optimizer):
        def __init__(self, name="momentum"):
            super().__init__(0.01, name=name)

        def build(self, variables):
            super().build(variables)
            self.velocity = [self.add_variable_from_reference(variable, "velocity") for variable in variables]
            if not keeps:
                self._variables = self._variables[:2]  # the iterations and the learning rate

        def update_step(self, gradient, variable, learning_rate):
            (velocity,) = self.velocity
            self.assign(velocity, 0.9 * velocity - 0.01 * gradient)
            self.assign_add(variable, velocity)

    return Momentum


def test_keras_optimizers_that_lose_their_variables_are_found_out():
    keras = pytest.importorskip("keras")
    assert resumed(momentum_of_keras(keeps=True)) == ("passed", "")
    if keras.backend.backend() == "torch":  # elsewhere Keras itself needs all variables to be listed
        outcome, message = resumed(momentum_of_keras(keeps=False))
        assert (outcome, "save_own_variables() and load_own_variables()" in message) == ("failed", True)


def remembering(learning_rate, *, keeps):
    """Make a transformation of optax whose step grows with each update, counted in its state or outside."""
    import jax
    import optax
    from jax.experimental import io_callback

    number, count = jax.ShapeDtypeStruct((), "float32"), []

    def begin():
        count.clear()
        return np.float32(0.0)

    def another(_):
        count.append(None)
        return np.float32(len(count))

    def init(params):
        return io_callback(begin, number, ordered=True)

    def update(gradient, state, params=None):
        seen = state + 1.0 if keeps else io_callback(another, number, state, ordered=True)
        return -learning_rate * (1.0 + seen / 10.0) * gradient, state + 1.0

    return optax.GradientTransformation(init, update)


def test_optax_transformations_that_count_outside_their_state_are_found_out():
    pytest.importorskip("optax")
    assert resumed(remembering(0.001, keeps=True)) == ("passed", "")
    outcome, message = resumed(remembering(0.001, keeps=False))
    assert (outcome, "went elsewhere from evaluation 3 on" in message) == ("failed", True)


def schedule_free(params):
    return pytest.importorskip("pytorch_optimizer").ScheduleFreeWrapper(
        pytest.importorskip("torch").optim.SGD(params, lr=0.01)
    )


def test_wrappers_of_other_packages_go_on():
    """That of version 3.5.0 did not keep its state."""
    pytest.importorskip("pytorch_optimizer")
    if int(importlib.metadata.version("pytorch_optimizer").partition(".")[0]) < 4:
        pytest.skip("its ScheduleFreeWrapper did not keep its state before 4.1")
    assert resumed(schedule_free) == ("passed", "")


def test_the_result_of_a_schedule_free_optimizer_is_the_point_of_its_evaluation_mode():
    torch = pytest.importorskip("torch")
    run = minimize(schedule_free, "booth", budget=30)
    x = torch.nn.Parameter(torch.tensor(run.x0))
    optimizer = schedule_free([x])
    optimizer.train()
    path = []
    for _ in range(30):
        path.append(x.detach().numpy().copy())
        x.grad = torch.tensor(run.landscape.gradient(path[-1]))
        optimizer.step()
    assert run.trace.x == pytest.approx(np.array(path), rel=1e-12)
    trained = x.detach().numpy().copy()
    optimizer.eval()
    assert run.x == pytest.approx(x.detach().numpy(), rel=1e-12)
    assert np.linalg.norm(run.x - trained) > 1e-3
