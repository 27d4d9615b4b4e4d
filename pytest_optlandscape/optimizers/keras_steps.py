"""How Keras' optimizers step on each backend: as fast as Keras itself trains with them.

On JAX ``optimizer.stateless_apply`` is jitted; on TensorFlow ``optimizer.apply`` is a `tf.function`; on torch it runs
as it is, which is how Keras' trainer does it. What is compiled is kept for the next run, whose state starts as that of
a new optimizer.
"""

from __future__ import annotations

import abc
import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.optimizers.stepping import numpy_dtype, precision

__all__ = ["Steps", "double_precision_where_needed", "make_steps"]

FloatArray = NDArray[np.float64]


def make_steps(keras: Any, fresh: Callable[[], Any], dim: int, dtype: str) -> Steps:
    """Make the steps of an optimizer on the backend that Keras runs on.

    Parameters
    ----------
    keras : module
    fresh : callable
        Makes an optimizer that is not built.
    dim : int
        Of the points.
    dtype : str
        One of `stepping.DTYPES`.
    """
    kind = {"jax": _Jitted, "tensorflow": _Graph}.get(keras.backend.backend(), _Eager)
    return kind(keras, fresh, dim, dtype)


def double_precision_where_needed(keras: Any, dtype: str) -> contextlib.AbstractContextManager[Any]:
    """Let Keras have double precision inside a ``with``: JAX would silently make single precision of it."""
    if keras.backend.backend() == "jax" and dtype == "float64":
        import jax

        return precision(jax, dtype)
    return contextlib.nullcontext()


class Steps(abc.ABC):
    """A point and an optimizer that moves it.

    Parameters
    ----------
    keras : module
    fresh : callable
        Makes an optimizer that is not built.
    dim : int
    dtype : str
    """

    def __init__(self, keras: Any, fresh: Callable[[], Any], dim: int, dtype: str) -> None:
        self._keras = keras
        self._dtype = dtype
        self._type = numpy_dtype(dtype)
        self._fresh = fresh
        self._variable, self._optimizer = self._built(np.zeros(dim))

    def _built(self, x0: FloatArray) -> tuple[Any, Any]:
        """Make a variable and a new optimizer of it; some, such as ScheduleFreeAdamW, begin with its value."""
        variable = self._keras.Variable(x0.astype(self._type), dtype=self._dtype, name="x")
        optimizer = self._fresh()
        optimizer.build([variable])
        return variable, optimizer

    @abc.abstractmethod
    def start(self, x0: FloatArray) -> FloatArray:
        """Go to the start, shape (dim,), with the state of a new optimizer; give it in the optimizer's own type."""

    @abc.abstractmethod
    def step(self, value: float, gradient: Any) -> FloatArray:
        """Move the point by one step and give it; the gradient is an array of the optimizer's own type and its own."""

    def renewed(self) -> Steps:
        """Give steps at the same point, of a new optimizer that has loaded the variables that this one saved."""
        self._into_variables()
        store: dict[str, Any] = {}
        self._optimizer.save_own_variables(store)
        other = type(self)(self._keras, self._fresh, self.read().size, self._dtype)
        other.start(self.read())
        other._optimizer.load_own_variables({name: np.array(value) for name, value in store.items()})
        other._from_variables()
        return other

    @abc.abstractmethod
    def _into_variables(self) -> None:
        """Put the point and the state into the variables, where they are kept elsewhere."""

    @abc.abstractmethod
    def _from_variables(self) -> None:
        """Take the state from the variables, where it is kept elsewhere."""

    def read(self) -> FloatArray:
        """Give the point, shape (dim,), as an array that later steps leave alone."""
        return np.array(self._keras.ops.convert_to_numpy(self._variable), dtype=np.float64)

    def finish(self) -> FloatArray:
        """Give the last point, shape (dim,); with ``use_ema`` the average, which is what training ends with."""
        if getattr(self._optimizer, "use_ema", False):
            self._optimizer.finalize_variable_values([self._variable])
        return self.read()


class _InVariables(Steps):
    """Steps that keep all in variables."""

    def _into_variables(self) -> None:
        pass

    def _from_variables(self) -> None:
        pass


class _Eager(_InVariables):
    def start(self, x0: FloatArray) -> FloatArray:
        self._variable, self._optimizer = self._built(x0)
        return self.read()

    def step(self, value: float, gradient: Any) -> FloatArray:
        tensor = self._keras.ops.convert_to_tensor(gradient, dtype=self._dtype)
        self._optimizer.apply([tensor], [self._variable])
        return self.read()


class _Graph(_InVariables):
    def __init__(self, keras: Any, fresh: Callable[[], Any], dim: int, dtype: str) -> None:
        import tensorflow

        super().__init__(keras, fresh, dim, dtype)

        @tensorflow.function(input_signature=[tensorflow.TensorSpec((dim,), dtype)])  # type: ignore[untyped-decorator]
        def apply(gradient: Any) -> None:
            self._optimizer.apply([gradient], [self._variable])

        self._apply = apply
        self._constant = tensorflow.constant

    def start(self, x0: FloatArray) -> FloatArray:
        start, optimizer = self._built(x0)
        for variable, initial in zip(self._optimizer.variables, optimizer.variables, strict=True):
            variable.assign(initial)
        self._variable.assign(start)
        return self.read()

    def step(self, value: float, gradient: Any) -> FloatArray:
        self._apply(self._constant(gradient))
        return self.read()


class _Jitted(Steps):
    def __init__(self, keras: Any, fresh: Callable[[], Any], dim: int, dtype: str) -> None:
        import jax

        super().__init__(keras, fresh, dim, dtype)
        self._state: list[Any] = []
        self._x: list[Any] = [self._variable.value]

        def apply(state: list[Any], gradient: Any, x: list[Any]) -> Any:
            return self._optimizer.stateless_apply(state, [gradient], x)

        self._apply = jax.jit(apply)
        self._first_state = self._state_wherever_it_starts(dim)

    def _state_wherever_it_starts(self, dim: int) -> list[Any] | None:
        """Give the state that a new optimizer has at every start; None if it depends on the start."""
        here, there = (self._fresh_state(np.full(dim, value)) for value in (0.0, 1.0))
        return here if all(map(np.array_equal, here, there)) else None

    def _fresh_state(self, x0: FloatArray) -> list[Any]:
        _, optimizer = self._built(x0)
        return [variable.value for variable in optimizer.variables]

    def start(self, x0: FloatArray) -> FloatArray:
        self._state = self._first_state or self._fresh_state(x0)
        self._x = [x0.astype(self._type)]
        return self.read()

    def step(self, value: float, gradient: Any) -> FloatArray:
        self._x, self._state = self._apply(self._state, gradient, self._x)
        return self.read()

    def read(self) -> FloatArray:
        return np.array(self._x[0], dtype=np.float64)

    def _into_variables(self) -> None:
        for variable, value in zip(self._optimizer.variables, self._state, strict=True):
            variable.assign(value)
        self._variable.assign(self._x[0])

    def _from_variables(self) -> None:
        self._state = [variable.value for variable in self._optimizer.variables]

    def finish(self) -> FloatArray:
        if not getattr(self._optimizer, "use_ema", False):
            return self.read()
        self._into_variables()
        self._optimizer.finalize_variable_values([self._variable])
        return np.array(self._keras.ops.convert_to_numpy(self._variable), dtype=np.float64)
