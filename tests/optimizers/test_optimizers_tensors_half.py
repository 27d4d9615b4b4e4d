import functools

import numpy as np
import pytest

from pytest_optlandscape import landscapes, minimize
from pytest_optlandscape.comparison.landscape_comparison import compare_landscape
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.optimizers.profile import obstacle
from pytest_optlandscape.records.measuring import run_baseline, run_landscape

HALVES = ["float16", "bfloat16"]


def torch_by_hand(dtype, x0, landscape, steps):
    torch = pytest.importorskip("torch")
    parameter = torch.nn.Parameter(torch.tensor(x0, dtype=getattr(torch, dtype)))
    optimizer = torch.optim.SGD([parameter], lr=0.002, momentum=0.9)
    points = []
    for _ in range(steps):
        points.append(parameter.detach().double().numpy().copy())
        parameter.grad = torch.tensor(landscape.gradient(points[-1])).to(parameter)
        optimizer.step()
    return points


def optax_by_hand(dtype, x0, landscape, steps):
    optax, numpy = pytest.importorskip("optax"), pytest.importorskip("jax.numpy")
    x = numpy.asarray(x0, dtype=dtype)
    optimizer = optax.sgd(0.002, momentum=0.9)
    state, points = optimizer.init(x), []
    for _ in range(steps):
        points.append(np.array(x, dtype=np.float64))
        updates, state = optimizer.update(numpy.asarray(landscape.gradient(points[-1]), dtype=dtype), state, x)
        x = optax.apply_updates(x, updates)
    return points


def keras_by_hand(dtype, x0, landscape, steps):
    keras = pytest.importorskip("keras")
    variable = keras.Variable(x0, dtype=dtype)
    optimizer, points = keras.optimizers.SGD(learning_rate=0.002, momentum=0.9), []
    optimizer.build([variable])
    for _ in range(steps):
        points.append(np.array(keras.ops.convert_to_numpy(variable.value), dtype=np.float64))
        optimizer.apply([keras.ops.convert_to_tensor(landscape.gradient(points[-1]), dtype=dtype)], [variable])
    return points


LIBRARIES = {
    "torch:SGD(lr=0.002, momentum=0.9, dtype={!r})": torch_by_hand,
    "optax:sgd(learning_rate=0.002, momentum=0.9, dtype={!r})": optax_by_hand,
    "keras:SGD(learning_rate=0.002, momentum=0.9, dtype={!r})": keras_by_hand,
}


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("spec", LIBRARIES)
@pytest.mark.filterwarnings("ignore:__array__ implementation")  # Keras reads torch's tensors so
def test_steps_are_those_of_a_loop_written_by_hand(spec, dtype):
    pytest.importorskip(spec.partition(":")[0])
    run = minimize(spec.format(dtype), "himmelblau", x0=[1.1, -2.3], budget=20)
    points = LIBRARIES[spec](dtype, run.x0, run.landscape, 20)
    unit = {"float16": 2.0**-10, "bfloat16": 2.0**-7}[dtype]
    np.testing.assert_allclose(run.trace.x, points, rtol=4 * unit)  # what is compiled may round later
    np.testing.assert_array_equal(run.trace.x[0], points[0])
    assert get(run.optimizer).setting["dtype"] == dtype


@pytest.mark.parametrize("dtype", HALVES)
def test_half_precision_has_an_envelope_that_fits(dtype):
    pytest.importorskip("torch")
    landscape = landscapes.get("himmelblau")
    usual = get(f"torch:Adam(lr=0.05, dtype={dtype!r})")
    before = run_baseline(usual, landscape, 60)
    compare = functools.partial(
        compare_landscape, before=before, landscapes=16, calibration=before.rounding_sensitivity
    )
    # One tensor at a time, or all at once: torch's two ways round differently.
    found = compare(run_landscape(get(f"torch:Adam(lr=0.05, foreach=True, dtype={dtype!r})"), landscape, 60))
    assert found.verdict == "same"
    assert compare(run_landscape(get(f"torch:Adam(lr=0.1, dtype={dtype!r})"), landscape, 60)).fingerprint == "changed"


@pytest.mark.parametrize("spec", LIBRARIES)
def test_overflows_are_told(spec):
    pytest.importorskip(spec.partition(":")[0])
    half, short = get(spec.format("float16")), get(spec.format("bfloat16"))
    beale = landscapes.get("beale")
    assert obstacle(half, beale) == "values or gradients up to 2.35e+05; the largest number of float16 is 65504"
    assert obstacle(half, landscapes.get("booth")) == obstacle(short, beale) == ""
    run = minimize(half, beale, x0=[4.0, 4.0], budget=20)
    assert run.stop_reason == "non-finite"
    assert run.message.endswith(": a gradient of 1.02e+05 is infinite in float16, whose largest number is 65504")
    assert "infinite" not in minimize(short, beale, x0=[4.0, 4.0], budget=20).message


@pytest.mark.parametrize("spec", LIBRARIES)
def test_other_types_are_refused(spec):
    pytest.importorskip(spec.partition(":")[0])
    with pytest.raises(ValueError, match="dtype must be one of bfloat16, float16, float32, float64; got 'int8'"):
        get(spec.format("int8"))
