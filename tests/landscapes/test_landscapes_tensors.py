import os

import numpy as np
import pytest
from landscape_cases import BOXES, facts, one_of_each_shape, random_points

from pytest_optlandscape import landscapes

DIMS = {"powell_singular": 8, "michalewicz_5": 5, "hilbert_quadratic": 5}
DIMS |= {"mgh_extended_rosenbrock": 4, "mgh_penalty_2": 4, "mgh_linear_rank_1_zeros": 5}


SMALLEST = np.finfo(float).tiny
"""What is below has fewer digits."""


class Torch:
    def __init__(self):
        self.torch = pytest.importorskip("torch")

    def tensor(self, x):
        return self.torch.tensor(x)

    def value_and_gradient(self, f, x):
        x = self.torch.tensor(x, requires_grad=True)
        value = f(x)
        value.sum().backward()
        return value.detach().numpy(), x.grad.numpy()


class Jax:
    def __init__(self):
        self.jax = pytest.importorskip("jax")
        self.jax.config.update("jax_enable_x64", True)

    def tensor(self, x):
        return self.jax.numpy.asarray(x)

    def value_and_gradient(self, f, x):
        x = self.tensor(x)
        return np.asarray(f(x)), np.asarray(self.jax.grad(lambda t: f(t).sum())(x))


class TensorFlow:
    def __init__(self):
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        self.tf = pytest.importorskip("tensorflow")

    def tensor(self, x):
        return self.tf.constant(x)

    def value_and_gradient(self, f, x):
        x = self.tensor(x)
        with self.tf.GradientTape() as tape:
            tape.watch(x)
            value = f(x)
        return value.numpy(), tape.gradient(value, x).numpy()


@pytest.fixture(scope="module", params=[Torch, Jax, TensorFlow], ids=["torch", "jax", "tensorflow"])
def library(request):
    return request.param()


@pytest.fixture(params=one_of_each_shape(BOXES))
def landscape(request):
    name = request.param
    return landscapes.get(name, DIMS.get(name, 3) if "scalable" in landscapes.get(name).tags else None)


BATCH = 4
"""All batches are of one size: JAX compiles every operation anew for another one, which takes most of the time here."""


def near_minimum(landscape, share=0.01):
    """Points where single precision still knows the phase of the waves."""
    lower, upper = landscape.bounds.T
    points = landscape.minimizers[0] + share * (random_points(landscape, BATCH) - (lower + upper) / 2)
    return np.clip(points, lower, upper)


def relative_error(value, expected):
    return np.max(np.abs(np.asarray(value, dtype=float) - expected)) / (np.max(np.abs(expected)) + 1e-30)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-11), (np.float32, 2e-3)])
def test_value_and_gradients(library, landscape, dtype, tolerance):
    batch = near_minimum(landscape).astype(dtype)
    for points in (batch, batch[0]) if dtype == np.float64 else (batch,):
        expected = landscape(points.astype(float)), landscape.gradient(points.astype(float))
        value, automatic = library.value_and_gradient(landscape, points)
        formula = np.asarray(landscape.gradient(library.tensor(points)))
        assert {value.dtype, automatic.dtype, formula.dtype} == {np.dtype(dtype)}
        assert (value.shape, automatic.shape, formula.shape) == (
            points.shape[:-1],
            points.shape,
            points.shape,
        )
        assert np.max(np.abs(value - expected[0])) <= tolerance * (np.max(np.abs(expected[0])) + 1e-3)
        if dtype == np.float32 and landscape.name in facts("TOO_FINE_FOR_SINGLE"):
            continue
        assert relative_error(automatic, expected[1]) <= tolerance
        assert relative_error(formula, expected[1]) <= tolerance


def test_gradients_all_over_the_box(library, landscape):
    for points in random_points(landscape, 5 * BATCH).reshape(5, BATCH, landscape.dim):
        value, automatic = library.value_and_gradient(landscape, points)
        scale = np.linalg.norm(landscape.gradient(points), axis=1, keepdims=True) + np.abs(landscape.fmin)
        np.testing.assert_allclose(value, landscape(points), rtol=1e-10, atol=1e-10)
        assert np.all(np.abs(automatic - landscape.gradient(points)) <= 1e-9 * scale + SMALLEST)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_minimizers_and_origin_give_numbers(library, landscape, dtype):
    origin = np.clip(np.zeros(landscape.dim), *landscape.bounds.T)
    points = np.resize([origin, *landscape.minimizers[: BATCH - 1]], (BATCH, landscape.dim)).astype(dtype)
    value, automatic = library.value_and_gradient(landscape, points)
    formula = np.asarray(landscape.gradient(library.tensor(points)))
    assert np.all(np.isfinite(value))
    assert np.all(np.isfinite(automatic))
    assert np.all(np.isfinite(formula))


def test_not_a_number_stays_so(library, landscape):
    points = np.tile(landscape.x0, (BATCH, 1))
    points[0, -1] = np.nan
    values = np.asarray(landscape(library.tensor(points)))
    assert np.isnan(values).tolist() == [True] + [False] * (BATCH - 1)


def test_wrong_shape_is_named(library):
    with pytest.raises(ValueError, match=r"\(3,\)"):
        landscapes.get("beale")(library.tensor(np.zeros(3)))


def test_long_points(library):
    for name in ("griewank[40]", "powell_singular[40]", "levy[40]", "dixon_price[40]"):
        landscape = landscapes.get(name)
        points = random_points(landscape, 2)
        value, automatic = library.value_and_gradient(landscape, points)
        np.testing.assert_allclose(value, landscape(points), rtol=1e-10)
        expected = landscape.gradient(points)
        assert relative_error(automatic, expected) <= 1e-10
        assert relative_error(landscape.gradient(library.tensor(points)), expected) <= 1e-10


def test_jax_traces_and_vectorizes():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    for name in ("beale", "powell_singular[8]", "griewank[3]", "hartmann_6", "lunacek_bi_rastrigin[3]", "cb2"):
        landscape = landscapes.get(name)
        points = random_points(landscape, 4)
        np.testing.assert_allclose(jax.jit(landscape)(points[0]), landscape(points[0]), rtol=1e-12)
        np.testing.assert_allclose(jax.vmap(landscape)(points), landscape(points), rtol=1e-12)
        hessian = jax.hessian(landscape)(points[0])
        np.testing.assert_allclose(hessian, landscape.hessian(points[0]), rtol=1e-7, atol=1e-9)


def test_tensorflow_graph_of_unknown_length():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    tf = pytest.importorskip("tensorflow")
    names = ("beale", "bukin_n6", "ackley", "dixon_price", "griewank", "levy", "powell_singular", "quintic")
    more = ("shekel_foxholes", "shekel_7", "hartmann_3", "lunacek_bi_rastrigin", "cb2", "wolfe_nonsmooth", "step_2")
    for name in names + more:
        landscape = landscapes.get(name)
        points = random_points(landscape, 3)
        signature = [tf.TensorSpec((None, landscape.dim), tf.float64)]
        value, gradient = tf.function(lambda x, f=landscape: (f(x), f.gradient(x)), input_signature=signature)(points)
        np.testing.assert_allclose(value, landscape(points), rtol=1e-9, atol=1e-12)
        assert relative_error(gradient, landscape.gradient(points)) <= 1e-9
