import functools
import subprocess
import sys

import numpy as np
import pytest

from pytest_optlandscape import landscapes, minimize
from pytest_optlandscape.optimizers import MissingLibrary, get
from pytest_optlandscape.runs import differentiable

optax = pytest.importorskip("optax")
jax = pytest.importorskip("jax")

NAMES = ["adabelief", "adadelta", "adagrad", "adam", "adamax", "adamw", "amsgrad", "lamb", "lion", "nadam"]
NAMES += ["novograd", "optimistic_gradient_descent", "radam", "rmsprop", "rprop", "sgd", "sm3", "yogi"]


def double():
    return jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64


def by_hand(transformation, landscape, steps, dtype="float64"):
    with double()(dtype == "float64"):
        x = jax.numpy.asarray(landscape.x0, dtype)
        state = transformation.init(x)

        @jax.jit
        def step(gradient, state, x):
            changes, state = transformation.update(gradient, state, x)
            return optax.apply_updates(x, changes), state

        points = [np.array(x, dtype=np.float64)]
        for _ in range(steps):
            x, state = step(landscape.gradient(points[-1]).astype(dtype), state, x)
            points.append(np.array(x, dtype=np.float64))
    return np.array(points)


@pytest.mark.parametrize("name", [name for name in NAMES if hasattr(optax, name)])
def test_budget_is_spent_exactly(name):
    adapter = get(f"optax:{name}(learning_rate=0.001)")
    for budget in (1, 7, 100):
        run = minimize(adapter, "beale", budget=budget)
        assert (run.nfev, run.njev, run.stop_reason) == (budget, budget, "budget"), run.message
    assert np.array_equal(run.x, run.replay().x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["adam", "sgd", "lion"])
def test_steps_are_those_of_a_loop_written_by_hand(name, dtype):
    spec = f"optax:{name}(learning_rate=0.01, dtype={dtype!r})"
    run = minimize(spec, "beale", budget=30)
    points = by_hand(getattr(optax, name)(learning_rate=0.01), run.landscape, 30, dtype)
    assert run.trace.x == pytest.approx(points[:-1], rel=1e-6 if dtype == "float32" else 1e-14)
    assert np.array_equal(run.trace.x, run.trace.x.astype(np.float32)) == (dtype == "float32")
    assert get(spec).setting["dtype"] == dtype


def test_the_switch_for_double_precision_stays_the_users():
    before = jax.config.jax_enable_x64
    minimize("optax:adam(learning_rate=0.1)", "beale", budget=5)
    assert jax.config.jax_enable_x64 == before
    assert jax.numpy.asarray(np.ones(2)).dtype == (np.float64 if before else np.float32)


@pytest.fixture(scope="module")
def lbfgs():
    return get("optax:lbfgs")


def test_lbfgs_goes_where_it_goes_by_hand(lbfgs):
    """The objective as a JAX formula, no callback: every point of the trace is an evaluation of the line search."""
    run = minimize(lbfgs, "beale", budget=1000)
    assert run.stop_reason == "returned"
    assert run.nfev == run.njev == len(run.trace)
    assert run.result_gap < 1e-12
    beale = landscapes.get("beale")
    transformation = optax.lbfgs()
    with double()(True):
        x = jax.numpy.asarray(beale.x0)
        state = transformation.init(x)
        value_and_gradient = optax.value_and_grad_from_state(beale)

        @jax.jit
        def step(state, x):
            value, gradient = value_and_gradient(x, state=state)
            changes, state = transformation.update(gradient, state, x, value=value, grad=gradient, value_fn=beale)
            return optax.apply_updates(x, changes), state

        for _ in range(5):
            x, state = step(state, x)
            nearest = np.abs(run.trace.x - np.array(x)).max(axis=1).min()
            assert nearest < 1e-9


def test_a_jax_that_forgets_the_callbacks_of_a_batching_rule_gets_none(lbfgs, monkeypatch):
    """JAX 0.4.38 does: its runs ended with a KeyError. Here the newest JAX gets the function for such releases."""
    expected = minimize(lbfgs, "beale", budget=60)
    monkeypatch.setattr(differentiable, "_knows_effects_of_batching", lambda: False)
    differentiable._jax_function.cache_clear()
    try:
        run = minimize(get("optax:lbfgs"), "beale", budget=60)
    finally:
        differentiable._jax_function.cache_clear()
    assert run.stop_reason == expected.stop_reason, run.message
    assert run.trace.x.tolist() == expected.trace.x.tolist()


@pytest.mark.parametrize("budget", [1, 2, 7, 13])
def test_lbfgs_is_stopped_inside_its_line_search(lbfgs, budget):
    run = minimize(lbfgs, "beale", budget=budget)
    assert (run.nfev, run.njev, run.stop_reason) == (budget, budget, "budget"), run.message
    assert run.fun == run.trace.fun.min()


def test_an_objective_that_raises_in_a_callback(lbfgs):
    calls = []

    def broken(x):
        calls.append(1)
        if len(calls) > 4:
            raise ZeroDivisionError("no more")
        return float(x @ x)

    bowl = landscapes.Landscape(
        "bowl",
        broken,
        gradient=lambda x: 2 * x,
        bounds=[(-1, 1)] * 2,
        x0=[1, 0.5],
        minimizers=[[0, 0]],
        fmin=0,
        validate=False,
    )
    calls.clear()
    run = minimize("optax:sgd(learning_rate=0.01)", bowl, budget=50)
    assert (run.stop_reason, run.nfev) == ("exception", 5)
    calls[:] = [1] * 4
    run = minimize(lbfgs, bowl, budget=50)
    assert run.stop_reason == "exception"
    assert run.message.startswith("ZeroDivisionError: no more")
    assert minimize(lbfgs, "beale", budget=1000).stop_reason == "returned"


def test_what_wants_the_value():
    plateau = optax.chain(optax.sgd(0.01), optax.contrib.reduce_on_plateau(patience=2))
    assert minimize(plateau, "sphere", budget=20).stop_reason == "budget"
    run = minimize("optax:polyak_sgd(max_learning_rate=1.0)", "sphere", budget=50)
    assert run.gap < 1e-6


def test_objects():
    transformation = optax.chain(optax.clip(1.0), optax.sgd(0.05, momentum=0.5))
    run = minimize(transformation, "beale", budget=20)
    assert run.optimizer.startswith("optax:chain(instance ")
    assert run.trace.x == pytest.approx(by_hand(transformation, run.landscape, 20)[:-1], rel=1e-12)
    partial = functools.partial(optax.adam, learning_rate=0.1)
    expected = minimize("optax:adam(learning_rate=0.1)", "beale", budget=20)
    assert get(partial).spec == expected.optimizer
    assert np.array_equal(minimize(partial, "beale", budget=20).x, expected.x)
    assert np.array_equal(minimize(optax.adam(0.1), "beale", budget=20).x, expected.x)
    assert get(optax.lbfgs).spec == "optax:lbfgs"
    with pytest.raises(ValueError, match=r"adam needs arguments: give a functools.partial"):
        get(optax.adam)


def test_schedules():
    schedule = optax.exponential_decay(init_value=0.01, transition_steps=3, decay_rate=0.5)
    spec = "optax:sgd(learning_rate='exponential_decay(init_value=0.01, transition_steps=3, decay_rate=0.5)')"
    run = minimize(spec, "beale", budget=15)
    assert run.trace.x == pytest.approx(by_hand(optax.sgd(schedule), run.landscape, 15)[:-1], rel=1e-12)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("optax:adm(learning_rate=1)", "unknown optax optimizer 'adm'; did you mean 'adam'"),
        ("optax:apply_updates", "unknown optax optimizer 'apply_updates'"),
        ("optax:adam(lr=1)", "unknown argument of optax:adam 'lr'"),
        ("optax:adam", "optax refuses these arguments: .*learning_rate"),
        (
            "optax:adam(learning_rate=1, dtype='int8')",
            "dtype must be one of bfloat16, float16, float32, float64; got 'int8'",
        ),
        ("optax:sgd(learning_rate='cosine(x=1)')", "unknown schedule 'cosine'"),
    ],
)
def test_what_optax_does_not_have(spec, said):
    with pytest.raises(ValueError, match=said):
        get(spec)


def test_experimental_ones():
    run = minimize("optax:contrib.prodigy", "beale", budget=30)
    assert (run.nfev, run.stop_reason) == (30, "budget")
    assert get(optax.contrib.prodigy).spec == "optax:contrib.prodigy"


def test_divergence_ends_the_run():
    run = minimize("optax:sgd(learning_rate=1.0)", "beale", budget=500)
    assert run.stop_reason == "non-finite"
    assert run.nfev == run.njev < 500


def test_one_adapter_inside_itself():
    """What is compiled serves one run at a time; a run within a run gets its own."""
    adapter = get("optax:adam(learning_rate=0.1)")
    inner = []

    def nested(x):
        if not inner:
            inner.append(None)
            inner[0] = minimize(adapter, "beale", budget=9).x
        return float(x @ x)

    bowl = landscapes.Landscape(
        "bowl", nested, gradient=lambda x: 2 * x, bounds=[(-1, 1)] * 2, x0=[1, 0.5], minimizers=[[0, 0]], fmin=0
    )
    inner.clear()
    run = minimize(adapter, bowl, budget=20)
    assert np.array_equal(inner[0], minimize(adapter, "beale", budget=9).x)
    assert np.array_equal(run.x, minimize(adapter, bowl, budget=20).x)


@pytest.mark.parametrize("optimizer", ["optax:adam(learning_rate=0.125)", optax.adam(0.125)], ids=["spec", "object"])
def test_what_is_compiled_serves_the_next_adapter(optimizer):
    """Each call of minimize makes an adapter."""
    first = minimize(optimizer, "beale", budget=9)
    (compiled,) = get(optimizer)._idle.values()
    size = compiled._step._cache_size()
    assert np.array_equal(minimize(optimizer, "beale", budget=9).x, first.x)
    assert get(optimizer)._idle == {compiled._structure: compiled}
    assert compiled._step._cache_size() == size


def test_another_optimizer_is_compiled_by_itself():
    specs = ["optax:adam(learning_rate=0.125)", "optax:adam(learning_rate=0.125, dtype='float32')"]
    adapters = [get(spec) for spec in [*specs, optax.adam(0.125)]]
    assert len({id(adapter._idle) for adapter in adapters}) == 3


def test_versions_name_jax_and_optax():
    assert get("optax:sgd(learning_rate=0.1)").versions() == {"jax": jax.__version__, "optax": optax.__version__}


def test_two_processes_agree():
    program = "from pytest_optlandscape import minimize\n"
    program += "print(minimize('optax:adam(learning_rate=0.1)', 'beale', budget=20).trace.x.tobytes().hex())"
    here = minimize("optax:adam(learning_rate=0.1)", "beale", budget=20)
    elsewhere = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert elsewhere.stdout.strip() == here.trace.x.tobytes().hex()


def test_transformations_are_called_by_what_they_remember():
    def specs():
        schedule = optax.cosine_decay_schedule
        made = [optax.adam(0.1), optax.adam(0.01), optax.sgd(0.1), optax.adam(schedule(0.1, 100))]
        made += [optax.adam(schedule(0.1, 200)), optax.inject_hyperparams(optax.adam)(learning_rate=0.1)]
        return [get(one).spec for one in made]

    assert len(set(specs())) == 6
    assert specs() == specs()


def make_momentum(rate) -> optax.GradientTransformation:
    return optax.sgd(rate, momentum=0.9)


@pytest.mark.parametrize("thing", [f"{__name__}:make_momentum(rate=0.01)", functools.partial(make_momentum, rate=0.01)])
def test_functions_that_make_a_transformation(thing):
    run = minimize(thing, "booth", budget=9)
    assert np.array_equal(
        run.trace.x, minimize("optax:sgd(learning_rate=0.01, momentum=0.9)", "booth", budget=9).trace.x
    )


def test_an_early_release_is_refused_by_its_number(monkeypatch):
    monkeypatch.delattr(optax.tree_utils, "tree_get")
    monkeypatch.setattr(optax, "__version__", "0.2.1")
    message = r"optax:adam\(learning_rate=0.1\) needs optax 0.2.2 or later, and 0.2.1 is installed"
    with pytest.raises(MissingLibrary, match=message):
        get("optax:adam(learning_rate=0.1)")
