"""The functions that a formula may use, once for each kind of array.

A formula is written with arithmetic operators and a namespace ``xp``. The first axis of an array holds the components
of a point; for a batch, the second holds the points. A namespace offers

====================================================  =============================================
``sin cos tan exp log sqrt tanh arctan``               elementwise
``abs sign floor``                                     elementwise; for complex numbers, by the real part, so that
                                                       complex steps pass through
``maximum(a, b)``, ``minimum(a, b)``                    elementwise; either may be a number
``power(x, p)``                                        x to a constant, not necessarily whole, power, or its
                                                       components to a constant power each
``where(condition, a, b)``                             elementwise choice
``sum(v)``, ``prod(v)``, ``max(v)``, ``min(v)``         over the components
``others(v)``                                          for each component the product of all others
``index(x)``                                           1, 2, …, dim, in a shape that broadcasts with ``x``
``constant(values, x)``                                numbers (n,), in a shape that broadcasts with the
                                                       components of ``x``, of its type and on its device
``dot(matrix, v)``                                     a constant matrix (m, n) times the components
``take(v, order)``                                     the components numbered in ``order``, an array of int
``pad(v, before, after)``                              zeros added before and after the components
``stack(values)``                                      components joined into one array
``interleave(values)``                                 arrays joined, one component of each in turn
``safe_sqrt(v)``                                       the root of v ≥ 0, never 0, so that it can be a
                                                       divisor and has a derivative
====================================================  =============================================

This module imports only NumPy. A tensor's library is already imported.
"""

# ruff: noqa: D102 (methods are documented once, in Namespace)

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["Namespace", "NumpyNamespace", "Value", "namespace_of"]

_ELEMENTWISE = ("sin", "cos", "tan", "exp", "log", "sqrt", "tanh", "arctan", "abs", "sign", "floor")
_OTHER_NAMES = {"arctan": "atan"}
_TINY = 1e-37  # a normal number in single precision too

Value = Any
"""A number, an array or a tensor: a value inside a formula."""


class Namespace:
    """Functions that all array libraries share; each subclass adds those of its library.

    Parameters
    ----------
    library : module
        The array library, already imported.
    """

    def __init__(self, library: Any) -> None:
        for name in (*_ELEMENTWISE, "where"):
            home = library if hasattr(library, name) else library.math
            setattr(self, name, getattr(home, name if hasattr(home, name) else _OTHER_NAMES[name]))

    sin: Any
    cos: Any
    tan: Any
    exp: Any
    log: Any
    sqrt: Any
    tanh: Any
    arctan: Any
    abs: Any
    sign: Any
    floor: Any
    where: Any

    def maximum(self, a: Value, b: Value) -> Value:
        """Return the larger of two, elementwise."""
        return self.where((a >= b) | (a != a), a, b)  # noqa: PLR0124 (NaN stays NaN)

    def minimum(self, a: Value, b: Value) -> Value:
        """Return the smaller of two, elementwise."""
        return self.where((a <= b) | (a != a), a, b)  # noqa: PLR0124

    def at_least_single(self, x: Value) -> Value:
        """Convert half precision to single, because landscapes' values overflow in half precision."""
        return x

    def max(self, v: Value) -> Value:
        """Return the largest component."""
        raise NotImplementedError

    def min(self, v: Value) -> Value:
        """Return the smallest component."""
        return -self.max(-v)

    def constant(self, values: Any, x: Value) -> Value:
        """Convert constants to the type of ``x`` and a shape that broadcasts with its components."""
        raise NotImplementedError

    def dot(self, matrix: Any, v: Value) -> Value:
        """Multiply the components by a constant matrix."""
        raise NotImplementedError

    def power(self, x: Value, exponent: Value) -> Value:
        """Raise to a constant power, or each component to its own."""
        return x**exponent

    def sum(self, v: Value) -> Value:
        """Add up the components."""
        raise NotImplementedError

    def prod(self, v: Value) -> Value:
        """Multiply the components."""
        raise NotImplementedError

    def index(self, x: Value) -> Value:
        """Return 1, 2, …, dim in a shape that broadcasts with ``x``."""
        raise NotImplementedError

    def take(self, v: Value, order: Any) -> Value:
        """Return components by index."""
        return v[order]

    def pad(self, v: Value, before: int, after: int) -> Value:
        """Add zeros before and after the components."""
        raise NotImplementedError

    def stack(self, values: Any) -> Value:
        """Join components into one array."""
        raise NotImplementedError

    def interleave(self, values: Any) -> Value:
        """Join arrays, one component of each in turn."""
        raise NotImplementedError

    def safe_sqrt(self, v: Value) -> Value:
        """Return the root of v, or of 1e-37 if v is smaller."""
        return self.sqrt(self.where(v < _TINY, _TINY, v))

    def others(self, v: Value) -> Value:
        """Return, for each component, the product of all others; zeros are allowed."""
        size = len(v)
        before = [v[0] * 0.0 + 1.0]
        after = [before[0]]
        for k in range(size - 1):
            before.append(before[-1] * v[k])
            after.append(after[-1] * v[size - 1 - k])
        return self.stack([before[k] * after[size - 1 - k] for k in range(size)])


class NumpyNamespace(Namespace):
    """NumPy arrays of real or complex numbers."""

    def __init__(self) -> None:
        super().__init__(np)
        self.abs = self._abs
        self.sign = self._sign
        self.floor = self._floor

    def _abs(self, x: Value) -> Value:
        return np.where(np.real(x) < 0, -x, x) if np.iscomplexobj(x) else np.abs(x)

    def _sign(self, x: Value) -> Value:
        return np.sign(np.real(x))

    def _floor(self, x: Value) -> Value:
        return np.floor(np.real(x))

    def maximum(self, a: Value, b: Value) -> Value:
        return np.maximum(a, b)  # complex numbers are ordered by their real part first

    def minimum(self, a: Value, b: Value) -> Value:
        return np.minimum(a, b)

    def max(self, v: Value) -> Value:
        return np.maximum.reduce(v, axis=0)

    def min(self, v: Value) -> Value:
        return np.minimum.reduce(v, axis=0)

    def constant(self, values: Any, x: Value) -> Value:
        array = np.asarray(values, dtype=x.real.dtype)
        return array.reshape(array.shape + (1,) * (x.ndim - 1))

    def dot(self, matrix: Any, v: Value) -> Value:
        return np.asarray(matrix, dtype=v.real.dtype) @ v

    def sum(self, v: Value) -> Value:
        return np.add.reduce(v, axis=0)

    def prod(self, v: Value) -> Value:
        return np.multiply.reduce(v, axis=0)

    def index(self, x: Value) -> Value:
        counts = np.arange(1.0, x.shape[0] + 1.0, dtype=x.real.dtype)
        return counts.reshape((-1,) + (1,) * (x.ndim - 1))

    def pad(self, v: Value, before: int, after: int) -> Value:
        padded = np.zeros((before + len(v) + after, *v.shape[1:]), dtype=v.dtype)
        padded[before : before + len(v)] = v
        return padded

    def stack(self, values: Any) -> Value:
        return np.stack(np.broadcast_arrays(*values))

    def interleave(self, values: Any) -> Value:
        return np.stack(values, axis=1).reshape(len(values) * len(values[0]), *values[0].shape[1:])

    def safe_sqrt(self, v: Value) -> Value:
        return np.sqrt(np.maximum(v, _TINY))  # complex numbers are ordered by their real part first

    def others(self, v: Value) -> Value:
        before, after = np.ones_like(v), np.ones_like(v)
        np.multiply.accumulate(v[:-1], axis=0, out=before[1:])
        np.multiply.accumulate(v[:0:-1], axis=0, out=after[-2::-1])
        return before * after


class TorchNamespace(Namespace):
    """torch tensors, differentiable, on any device."""

    def __init__(self) -> None:
        self._torch = sys.modules["torch"]
        super().__init__(self._torch)

    def at_least_single(self, x: Value) -> Value:
        return x.float() if x.dtype in (self._torch.float16, self._torch.bfloat16) else x

    def max(self, v: Value) -> Value:
        return self._torch.amax(v, dim=0)

    def constant(self, values: Any, x: Value) -> Value:
        array = self._torch.tensor(np.asarray(values, dtype=np.float64), dtype=x.dtype, device=x.device)
        return array.reshape(tuple(array.shape) + (1,) * (x.ndim - 1))

    def dot(self, matrix: Any, v: Value) -> Value:
        return self._torch.as_tensor(np.asarray(matrix), dtype=v.dtype, device=v.device) @ v

    def sum(self, v: Value) -> Value:
        return self._torch.sum(v, dim=0)

    def prod(self, v: Value) -> Value:
        return self._torch.prod(v, dim=0)

    def index(self, x: Value) -> Value:
        counts = self._torch.arange(1, x.shape[0] + 1, dtype=x.dtype, device=x.device)
        return counts.reshape((-1,) + (1,) * (x.ndim - 1))

    def pad(self, v: Value, before: int, after: int) -> Value:
        def zeros(n: int) -> Value:
            return v.new_zeros((n, *v.shape[1:]))

        return self._torch.cat([zeros(before), v, zeros(after)])

    def stack(self, values: Any) -> Value:
        return self._torch.stack(self._torch.broadcast_tensors(*map(self._torch.as_tensor, values)))

    def interleave(self, values: Any) -> Value:
        paired = self._torch.stack(values, dim=1)
        return paired.reshape(len(values) * len(values[0]), *values[0].shape[1:])


class JaxNamespace(Namespace):
    """JAX arrays, traced or not."""

    def __init__(self) -> None:
        self._jnp = sys.modules["jax"].numpy
        super().__init__(self._jnp)

    def at_least_single(self, x: Value) -> Value:
        return x.astype(np.float32) if x.dtype in (self._jnp.float16, self._jnp.bfloat16) else x

    def max(self, v: Value) -> Value:
        return self._jnp.max(v, axis=0)

    def constant(self, values: Any, x: Value) -> Value:
        array = self._jnp.asarray(np.asarray(values, dtype=np.float64), dtype=x.dtype)
        return array.reshape(array.shape + (1,) * (x.ndim - 1))

    def dot(self, matrix: Any, v: Value) -> Value:
        return self._jnp.asarray(np.asarray(matrix), dtype=v.dtype) @ v

    def sum(self, v: Value) -> Value:
        return self._jnp.sum(v, axis=0)

    def prod(self, v: Value) -> Value:
        return self._jnp.prod(v, axis=0)

    def index(self, x: Value) -> Value:
        counts = self._jnp.arange(1, x.shape[0] + 1, dtype=x.dtype)
        return counts.reshape((-1,) + (1,) * (x.ndim - 1))

    def pad(self, v: Value, before: int, after: int) -> Value:
        return self._jnp.pad(v, [(before, after)] + [(0, 0)] * (v.ndim - 1))

    def stack(self, values: Any) -> Value:
        return self._jnp.stack(self._jnp.broadcast_arrays(*values))

    def interleave(self, values: Any) -> Value:
        paired = self._jnp.stack(values, axis=1)
        return paired.reshape(len(values) * len(values[0]), *values[0].shape[1:])


class TensorFlowNamespace(Namespace):
    """TensorFlow tensors, eager or in a graph."""

    def __init__(self) -> None:
        self._tf = sys.modules["tensorflow"]
        super().__init__(self._tf)
        self.where = self._where
        # TensorFlow's floor has no gradient; in the other libraries it is 0
        self.floor = self._tf.custom_gradient(lambda x: (self._tf.floor(x), self._tf.zeros_like))

    def at_least_single(self, x: Value) -> Value:
        return self._tf.cast(x, self._tf.float32) if x.dtype in (self._tf.float16, self._tf.bfloat16) else x

    def max(self, v: Value) -> Value:
        return self._tf.reduce_max(v, axis=0)

    def constant(self, values: Any, x: Value) -> Value:
        array = self._tf.constant(np.asarray(values, dtype=np.float64), dtype=x.dtype)
        return self._tf.reshape(array, tuple(array.shape) + (1,) * (len(x.shape) - 1))

    def dot(self, matrix: Any, v: Value) -> Value:
        array = self._tf.constant(np.asarray(matrix, dtype=np.float64), dtype=v.dtype)
        return self._tf.linalg.matvec(array, v) if len(v.shape) == 1 else self._tf.linalg.matmul(array, v)

    def _where(self, condition: Value, a: Value, b: Value) -> Value:
        dtype = getattr(a, "dtype", None) or getattr(b, "dtype", None)  # a graph converts numbers to float32
        choices = [self._tf.convert_to_tensor(value, dtype=dtype) for value in (a, b)]
        return self._tf.where(condition, *choices)

    def sum(self, v: Value) -> Value:
        return self._tf.reduce_sum(v, axis=0)

    def prod(self, v: Value) -> Value:
        return self._tf.reduce_prod(v, axis=0)

    def index(self, x: Value) -> Value:
        counts = self._tf.cast(self._tf.range(1, x.shape[0] + 1), x.dtype)
        return self._tf.reshape(counts, (-1,) + (1,) * (len(x.shape) - 1))

    def take(self, v: Value, order: Any) -> Value:
        return self._tf.gather(v, order)

    def pad(self, v: Value, before: int, after: int) -> Value:
        return self._tf.pad(v, [(before, after)] + [(0, 0)] * (len(v.shape) - 1))

    def stack(self, values: Any) -> Value:
        reference = next(v for v in values if not isinstance(v, float))
        return self._tf.stack([v + self._tf.zeros_like(reference) for v in values])

    def interleave(self, values: Any) -> Value:
        paired = self._tf.stack(values, axis=1)
        count = len(values) * paired.shape[0]
        return self._tf.reshape(paired, self._tf.concat([[count], self._tf.shape(paired)[2:]], axis=0))


_TENSOR_NAMESPACES: dict[str, Callable[[], Namespace]] = {
    "torch": TorchNamespace,
    "jax": JaxNamespace,
    "jaxlib": JaxNamespace,
    "tensorflow": TensorFlowNamespace,
}
_cache: dict[str, Any] = {"numpy": NumpyNamespace()}


def namespace_of(x: object) -> Any | None:
    """Return the namespace for a tensor, by the library of its type.

    Parameters
    ----------
    x : object
        Any object; tensors of torch, JAX and TensorFlow are recognised.

    Returns
    -------
    Namespace or None
        None for anything else, such as a NumPy array, a list or a number.

    Examples
    --------
    >>> namespace_of([1.0, 2.0]) is None
    True
    """
    library = type(x).__module__.partition(".")[0]
    if library not in _TENSOR_NAMESPACES:
        return None
    if library not in _cache:
        _cache[library] = _TENSOR_NAMESPACES[library]()
    return _cache[library]


def numpy_namespace() -> Any:
    """Return the namespace for NumPy arrays."""
    return _cache["numpy"]
