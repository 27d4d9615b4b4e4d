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

from pytest_optlandscape.landscapes.structure import Structure
from pytest_optlandscape.optimizers.stepping import precision

__all__ = ["Steps", "double_precision_where_needed", "make_steps"]

FloatArray = NDArray[np.float64]


def make_steps(keras: Any, fresh: Callable[[], Any], structure: Structure, dtype: str) -> Steps:
    """Make the steps of an optimizer on the backend that Keras runs on.

    Parameters
    ----------
    keras : module
    fresh : callable
        Makes an optimizer that is not built.
    structure : Structure
        Of the points: one variable for each part.
    dtype : str
        ``"float32"`` or ``"float64"``.
    """
    kind = {"jax": _Jitted, "tensorflow": _Graph}.get(keras.backend.backend(), _Eager)
    return kind(keras, fresh, structure, dtype)


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
    structure : Structure
    dtype : str
    """

    def __init__(self, keras: Any, fresh: Callable[[], Any], structure: Structure, dtype: str) -> None:
        self._keras = keras
        self._dtype = dtype
        self._fresh = fresh
        self._structure = structure
        self._variables, self._optimizer = self._built(np.zeros(structure.dim))

    def _built(self, x0: FloatArray) -> tuple[list[Any], Any]:
        """Make variables and a new optimizer of them; some, such as ScheduleFreeAdamW, begin with their values."""
        variables = [
            self._keras.Variable(part.astype(self._dtype), dtype=self._dtype, name=name)
            for name, part in self._structure.split(x0).items()
        ]
        optimizer = self._fresh()
        optimizer.build(variables)
        return variables, optimizer

    def _parts(self, x: FloatArray) -> list[FloatArray]:
        """Cut a point or a gradient, shape (dim,), into its parts in the optimizer's own type."""
        return [part.astype(self._dtype, copy=False) for part in self._structure.split(x).values()]

    def _joined(self, parts: list[FloatArray]) -> FloatArray:
        """Put the parts of a point together, shape (dim,), in double precision and in a new array."""
        return np.concatenate([part.ravel() for part in parts]).astype(np.float64)

    @abc.abstractmethod
    def start(self, x0: FloatArray) -> FloatArray:
        """Go to the start, shape (dim,), with the state of a new optimizer; give it in the optimizer's own type."""

    @abc.abstractmethod
    def step(self, value: float, gradient: FloatArray) -> FloatArray:
        """Move the point by one step and give it."""

    def read(self) -> FloatArray:
        """Give the point, shape (dim,), as an array that later steps leave alone."""
        return self._joined([self._keras.ops.convert_to_numpy(variable) for variable in self._variables])

    def finish(self) -> FloatArray:
        """Give the last point, shape (dim,); with ``use_ema`` the average, which is what training ends with."""
        if getattr(self._optimizer, "use_ema", False):
            self._optimizer.finalize_variable_values(self._variables)
        return self.read()


class _Eager(Steps):
    def start(self, x0: FloatArray) -> FloatArray:
        self._variables, self._optimizer = self._built(x0)
        return self.read()

    def step(self, value: float, gradient: FloatArray) -> FloatArray:
        tensors = [self._keras.ops.convert_to_tensor(part) for part in self._parts(gradient)]
        self._optimizer.apply(tensors, self._variables)
        return self.read()


class _Graph(Steps):
    def __init__(self, keras: Any, fresh: Callable[[], Any], structure: Structure, dtype: str) -> None:
        import tensorflow

        super().__init__(keras, fresh, structure, dtype)
        signature = [tensorflow.TensorSpec(shape, dtype) for shape in structure.values()]

        @tensorflow.function(input_signature=signature)  # type: ignore[untyped-decorator]
        def apply(*gradients: Any) -> None:
            self._optimizer.apply(list(gradients), self._variables)

        self._apply = apply
        self._constant = tensorflow.constant

    def start(self, x0: FloatArray) -> FloatArray:
        starts, optimizer = self._built(x0)
        for variable, initial in zip(self._optimizer.variables, optimizer.variables, strict=True):
            variable.assign(initial)
        for variable, start in zip(self._variables, starts, strict=True):
            variable.assign(start)
        return self.read()

    def step(self, value: float, gradient: FloatArray) -> FloatArray:
        self._apply(*[self._constant(part, self._dtype) for part in self._parts(gradient)])
        return self.read()


class _Jitted(Steps):
    def __init__(self, keras: Any, fresh: Callable[[], Any], structure: Structure, dtype: str) -> None:
        import jax

        super().__init__(keras, fresh, structure, dtype)
        self._state: list[Any] = []
        self._x: list[Any] = [variable.value for variable in self._variables]

        def apply(state: list[Any], gradients: list[Any], x: list[Any]) -> Any:
            return self._optimizer.stateless_apply(state, gradients, x)

        self._apply = jax.jit(apply)
        self._first_state = self._state_wherever_it_starts(structure.dim)

    def _state_wherever_it_starts(self, dim: int) -> list[Any] | None:
        """Give the state that a new optimizer has at every start; None if it depends on the start."""
        here, there = (self._fresh_state(np.full(dim, value)) for value in (0.0, 1.0))
        return here if all(map(np.array_equal, here, there)) else None

    def _fresh_state(self, x0: FloatArray) -> list[Any]:
        _, optimizer = self._built(x0)
        return [variable.value for variable in optimizer.variables]

    def start(self, x0: FloatArray) -> FloatArray:
        self._state = self._first_state or self._fresh_state(x0)
        self._x = self._parts(x0)
        return self.read()

    def step(self, value: float, gradient: FloatArray) -> FloatArray:
        self._x, self._state = self._apply(self._state, self._parts(gradient), self._x)
        return self.read()

    def read(self) -> FloatArray:
        return self._joined([np.asarray(part) for part in self._x])

    def finish(self) -> FloatArray:
        if not getattr(self._optimizer, "use_ema", False):
            return self.read()
        for variable, value in zip(self._optimizer.variables, self._state, strict=True):
            variable.assign(value)
        for variable, value in zip(self._variables, self._x, strict=True):
            variable.assign(value)
        self._optimizer.finalize_variable_values(self._variables)
        return super().read()
