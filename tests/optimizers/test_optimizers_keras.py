import functools
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

from pytest_optlandscape import landscapes, minimize
from pytest_optlandscape.optimizers import get, parse_spec
from pytest_optlandscape.optimizers.adapters.keras_steps import double_precision_where_needed
from pytest_optlandscape.runs import Problem, execute
from pytest_optlandscape.strategies import cells

if "keras" not in sys.modules:
    os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")


pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
KINDS = ["Adam", "SGD", "RMSprop"]


def same(points, others, dtype="float32"):
    """Equal on torch; what is compiled rounds in another order than what is not."""
    if keras.backend.backend() == "torch":
        return np.array_equal(points, others)
    return np.allclose(points, others, rtol={"float32": 2e-6, "float64": 1e-14}[dtype], atol=1e-6)


def by_hand(make, landscape, steps, dtype="float32"):
    with double_precision_where_needed(keras, dtype):
        return _by_hand(make, landscape, steps, dtype)


def _by_hand(make, landscape, steps, dtype):
    optimizer = make()
    variable = keras.Variable(landscape.x0.astype(dtype), dtype=dtype)
    optimizer.build([variable])
    points = [landscape.x0.astype(dtype).astype(np.float64)]
    for _ in range(steps):
        gradient = landscape.gradient(points[-1]).astype(dtype)
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        points.append(np.array(keras.ops.convert_to_numpy(variable), dtype=np.float64))
    return np.array(points)


def python(program, **environment):
    inherited = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"}
    return subprocess.run(
        [sys.executable, "-c", program], env={**inherited, **environment}, capture_output=True, text=True, check=False
    )


def test_what_is_compiled_serves_the_next_adapter():
    """Each call of minimize with a spec makes an adapter."""
    spec = "keras:Adam(learning_rate=0.03125)"
    first = minimize(spec, "beale", budget=9)
    (steps,) = get(spec)._idle.values()
    assert np.array_equal(minimize(spec, "beale", budget=9).trace.x, first.trace.x)
    assert [*get(spec)._idle.values()] == [steps]
    assert not get("keras:Adam(learning_rate=0.03125, dtype='float64')")._idle


@pytest.mark.parametrize("landscape", ["beale", "sphere[10]"])
@pytest.mark.parametrize("kind", KINDS)
def test_optimizers_descend(kind, landscape):
    run = minimize(f"keras:{kind}(learning_rate=0.01)", landscape, budget=300)
    assert run.stop_reason == "budget"
    assert run.fun < 0.5 * run.landscape(run.x0)
    assert run.distance < run.landscape.distance(run.x0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_steps_are_those_of_a_loop_written_by_hand(kind, dtype):
    spec = f"keras:{kind}(learning_rate=0.01, dtype='{dtype}')"
    run = minimize(spec, "beale", budget=30)
    points = by_hand(lambda: getattr(keras.optimizers, kind)(learning_rate=0.01), run.landscape, 30, dtype)
    assert same(run.trace.x, points[:-1], dtype)
    assert same(run.x, points[-1], dtype)
    in_single = np.array_equal(run.trace.x, run.trace.x.astype(np.float32))
    assert in_single == (dtype == "float32")


def test_single_precision_is_the_default():
    adapter = get("keras:Adam")
    assert adapter.setting == {"keras backend": keras.backend.backend(), "dtype": "float32"}
    assert get("keras:Adam(dtype='float64')").setting["dtype"] == "float64"
    with pytest.raises(ValueError, match="dtype must be one of bfloat16, float16, float32, float64; got 'int8'"):
        get("keras:Adam(dtype='int8')")


@pytest.mark.parametrize("optimizer", ["keras:Adam", keras.optimizers.Adam, keras.optimizers.Adam(0.1)])
def test_every_run_has_a_fresh_optimizer(optimizer):
    adapter = get(optimizer)
    first = minimize(adapter, "beale", budget=20)
    again = minimize(adapter, "beale", budget=20)
    assert np.array_equal(first.trace.x, again.trace.x)
    assert np.array_equal(first.x, first.replay().x)


def test_instances_are_rebuilt_and_left_alone():
    instance = keras.optimizers.SGD(learning_rate=0.003, momentum=0.8)
    config = instance.get_config()
    run = minimize(instance, "beale", budget=25)
    assert run.optimizer == "keras:SGD(learning_rate=0.003, momentum=0.8)"
    assert np.array_equal(run.trace.x, minimize(run.optimizer, "beale", budget=25).trace.x)
    assert instance.get_config() == config
    assert not instance.built
    assert int(instance.iterations) == 0


def test_warnings_of_keras_itself_do_not_end_the_run():
    adam = get(keras.optimizers.Adam(0.1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert execute(adam, Problem("beale", budget=3)).stop_reason == "budget"


def test_built_instances_start_afresh():
    instance = keras.optimizers.Adam(0.05)
    variable = keras.Variable(np.ones(3), dtype="float32")
    instance.build([variable])
    instance.apply([keras.ops.ones(3)], [variable])
    expected = minimize("keras:Adam(learning_rate=0.05)", "beale", budget=9)
    assert np.array_equal(minimize(instance, "beale", budget=9).x, expected.x)
    assert int(instance.iterations) == 1


def test_classes():
    run = minimize(keras.optimizers.Adam, "beale", budget=25)
    assert run.optimizer == "keras:Adam"
    assert np.array_equal(run.trace.x, minimize("keras:Adam", "beale", budget=25).trace.x)
    assert get(keras.optimizers.Adam()).spec == "keras:Adam"


class Doubled(keras.optimizers.SGD):
    def __init__(self, factor, **settings):
        super().__init__(**settings)
        self.factor = factor

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient * self.factor, variable, learning_rate)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def test_own_subclasses():
    run = minimize(Doubled(2.0, learning_rate=0.001), "beale", budget=20)
    assert run.optimizer.startswith(f"{__name__}:Doubled(")
    assert "factor=2.0" in run.optimizer
    assert np.array_equal(run.trace.x, minimize("keras:SGD(learning_rate=0.002)", "beale", budget=20).trace.x)
    with pytest.raises(ValueError, match=r"Keras refuses these arguments: .*'factor'"):
        get(Doubled)


def test_schedules_inside_an_optimizer():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=5, decay_rate=0.5)
    run = minimize(keras.optimizers.SGD(schedule, momentum=0.5), "sphere", budget=30)
    points = by_hand(lambda: keras.optimizers.SGD(schedule, momentum=0.5), run.landscape, 30)
    assert same(run.trace.x, points[:-1])
    assert run.optimizer == (
        "keras:SGD(learning_rate=ExponentialDecay(initial_learning_rate=0.1, decay_steps=5, decay_rate=0.5, "
        "staircase=False), momentum=0.5)"
    )


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("keras:Adm", "unknown Keras optimizer 'Adm'; did you mean 'Adam'"),
        ("keras:Optimizer", "unknown Keras optimizer 'Optimizer'"),
        ("keras:LossScaleOptimizer", "Keras refuses these arguments: .*inner_optimizer"),
        ("keras:LossScaleOptimizer(inner_optimizer='Adm')", "unknown optimizer 'Adm'; did you mean 'Adam'"),
        ("keras:MultiOptimizer", "unknown Keras optimizer 'MultiOptimizer'"),
        ("keras:schedules", "unknown Keras optimizer 'schedules'"),
        ("keras:Adam(learnin_rate=1)", "unknown argument of keras:Adam 'learnin_rate'; did you mean 'learning_rate'"),
        ("keras:SGD(beta_1=0.9)", "unknown argument of keras:SGD 'beta_1'"),
        ("keras:SGD(momentum=5.0)", r"'keras:SGD\(momentum=5.0\)': Keras refuses these arguments"),
    ],
)
def test_what_keras_does_not_have(spec, said):
    with pytest.raises(ValueError, match=said):
        get(spec)


@pytest.mark.parametrize("name", ["Adadelta", "Adagrad", "Adamax", "AdamW", "Ftrl", "Lion", "Lamb", "Nadam", "Muon"])
def test_every_class_runs(name):
    if not hasattr(keras.optimizers, name):
        pytest.skip(f"Keras {keras.__version__} has no {name}")
    run = minimize(f"keras:{name}", "beale", budget=5)
    assert (run.stop_reason, len(run.trace)) == ("budget", 5)


@pytest.mark.parametrize("budget", [1, 7, 100])
def test_budget_is_spent_exactly(budget):
    run = minimize("keras:Adam", "beale", budget=budget)
    assert (run.nfev, run.njev, run.stop_reason) == (budget, budget, "budget")
    assert not np.array_equal(run.x, run.trace.x[-1])


def test_divergence_ends_the_run():
    run = minimize("keras:SGD(learning_rate=1.0)", "beale", budget=500)
    assert run.stop_reason == "non-finite"
    assert run.nfev == run.njev < 500
    assert run.distance == np.inf


def test_landscape_without_gradient():
    bowl = landscapes.Landscape("bowl", lambda x: float(x @ x), bounds=[(-1, 1)], x0=[1], minimizers=[[0]], fmin=0)
    run = minimize("keras:Adam", bowl)
    assert run.stop_reason == "exception"
    assert "bowl has no gradient" in run.message


def test_cells_of_a_suite_run():
    for cell in cells(landscapes.get("beale"))[:4]:
        run = minimize("keras:Adam", cell.landscape, x0=cell.x0, budget=10)
        assert run.trace.x[0] == pytest.approx(cell.x0, rel=1e-7)


def test_versions_name_keras_and_its_backend():
    assert get("keras:Adam").versions()["keras"] == keras.__version__
    assert set(get("keras:Adam").versions()) == {"keras", keras.backend.backend()}


def test_unknown_backend():
    program = "from pytest_optlandscape.optimizers import MissingLibrary, get\ntry:\n    get('keras:Adam')\n"
    program += "except MissingLibrary as error:\n    print(error)"
    assert "keras:Adam needs Keras" in python(program, KERAS_BACKEND="nonsense").stdout


def test_backend_that_is_not_installed():
    import importlib.util

    if importlib.util.find_spec("tensorflow"):
        pytest.skip("TensorFlow is installed")
    program = "from pytest_optlandscape.optimizers import MissingLibrary, get\ntry:\n    get('keras:Adam')\n"
    program += "except MissingLibrary as error:\n    print(error)"
    said = "keras:Adam needs Keras' backend 'tensorflow', which is not installed"
    assert said in python(program, KERAS_BACKEND="tensorflow").stdout


def test_without_a_choice_an_installed_backend_is_taken(tmp_path):
    program = "from pytest_optlandscape import minimize; print(minimize('keras:Adam', 'beale', budget=3).nfev)\n"
    program += "import keras; print(keras.backend.backend())"
    finished = python(program, KERAS_HOME=str(tmp_path))
    assert finished.stdout.split()[0] == "3", finished.stderr
    assert finished.stdout.split()[1] in ("tensorflow", "torch", "jax")


def test_two_processes_agree():
    program = "from pytest_optlandscape import minimize\n"
    program += "print(minimize('keras:Adam(learning_rate=0.1)', 'beale', budget=20).trace.x.tobytes().hex())"
    here = minimize("keras:Adam(learning_rate=0.1)", "beale", budget=20)
    elsewhere = python(program, KERAS_BACKEND=keras.backend.backend())
    assert elsewhere.stdout.strip() == here.trace.x.tobytes().hex()


def test_keras_is_imported_only_when_asked_for():
    program = "import sys; from pytest_optlandscape import minimize; minimize('scipy:Powell', 'beale', budget=9)\n"
    program += "minimize(lambda problem: problem.x0, 'beale'); print('keras' in sys.modules, 'torch' in sys.modules)"
    assert python(program).stdout.split() == ["False", "False"]


CONFIGURED = ["use_ema=True", "use_ema=True, ema_overwrite_frequency=3", "gradient_accumulation_steps=3"]
CONFIGURED += ["weight_decay=0.01", "clipnorm=0.5", "clipvalue=0.5", "global_clipnorm=0.5"]


@pytest.mark.parametrize("arguments", CONFIGURED)
def test_what_is_done_around_a_step(arguments):
    run = minimize(f"keras:Adam(learning_rate=0.1, {arguments})", "beale", budget=10)
    make = functools.partial(keras.optimizers.Adam, learning_rate=0.1, **parse_spec(f"k:A({arguments})").arguments)
    points = by_hand(make, run.landscape, 10)
    assert run.trace.x == pytest.approx(points[:-1], rel=1e-5)
    if "use_ema" not in arguments:
        assert run.x == pytest.approx(points[-1], rel=1e-5)


def test_the_average_is_what_is_returned():
    run = minimize("keras:SGD(learning_rate=0.001, use_ema=True, ema_momentum=0.5)", "beale", budget=3)
    plain = minimize("keras:SGD(learning_rate=0.001)", "beale", budget=4)
    assert np.array_equal(run.trace.x, plain.trace.x[:3])
    average = plain.trace.x[1]
    for point in plain.trace.x[2:]:
        average = 0.5 * average + 0.5 * point
    assert run.x == pytest.approx(average, rel=1e-5)


def test_state_that_begins_with_the_start():
    if not hasattr(keras.optimizers, "ScheduleFreeAdamW"):
        pytest.skip(f"Keras {keras.__version__} has no ScheduleFreeAdamW")
    adapter = get("keras:ScheduleFreeAdamW(learning_rate=0.01)")
    minimize(adapter, "booth", budget=5)
    run = minimize(adapter, "beale", budget=20)
    points = by_hand(lambda: keras.optimizers.ScheduleFreeAdamW(learning_rate=0.01), run.landscape, 20)
    assert run.trace.x == pytest.approx(points[:-1], rel=1e-5)


def test_schedules_in_a_spec():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=5, decay_rate=0.5)
    written = "ExponentialDecay(initial_learning_rate=0.1, decay_steps=5, decay_rate=0.5)"
    run = minimize(f"keras:SGD(learning_rate='{written}')", "sphere", budget=30)
    assert np.array_equal(run.trace.x, minimize(keras.optimizers.SGD(schedule), "sphere", budget=30).trace.x)
    with pytest.raises(ValueError, match="unknown schedule 'Decay'"):
        get("keras:SGD(learning_rate='Decay(x=1)')")
    with pytest.raises(ValueError, match="Keras refuses the arguments of 'CosineDecay"):
        get("keras:SGD(learning_rate='CosineDecay(x=1)')")
