"""Steps of Keras' optimizers on each backend, as in ``Model.fit`` and as fast.

On JAX ``optimizer.stateless_apply`` is jitted; on TensorFlow ``optimizer.apply_gradients`` is a `tf.function`; on torch
``optimizer.apply`` runs without a gradient tape. Compiled code is kept for the next run, which starts with the state of
a new optimizer.

These steps do three more things that `fit` does. They take the gradient of ``optimizer.scale_loss(loss)``, not of the
loss, because ``apply`` divides by that scale. They let ``apply`` skip steps, accumulate gradients and average. When
training ends, they call ``optimizer.finalize_variable_values``.
"""

from __future__ import annotations

import abc
import contextlib
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes.structure import Structure
from pytest_optlandscape.optimizers.stepping import numpy_dtype, precision

__all__ = ["Steps", "double_precision_where_needed", "make_steps", "scales_loss"]

FloatArray = NDArray[np.float64]


def make_steps(keras: Any, fresh: Callable[[], Any], structure: Structure, dtype: str) -> Steps:
    """Return the steps of an optimizer on Keras' backend.

    Parameters
    ----------
    keras : module
    fresh : callable
        Returns a new unbuilt optimizer.
    structure : Structure
        Structure of the points: one variable for each part.
    dtype : str
        One of `stepping.DTYPES`.
    """
    kind = {"jax": _Jitted, "tensorflow": _Graph}.get(keras.backend.backend(), _Eager)
    return kind(keras, fresh, structure, dtype)


def double_precision_where_needed(keras: Any, dtype: str) -> contextlib.AbstractContextManager[Any]:
    """Return a context for double precision, which JAX would otherwise silently reduce to single."""
    if keras.backend.backend() == "jax" and dtype == "float64":
        import jax

        return precision(jax, dtype)
    return contextlib.nullcontext()


class Steps(abc.ABC):
    """A point and an optimizer that updates it.

    Parameters
    ----------
    keras : module
    fresh : callable
        Returns a new unbuilt optimizer.
    structure : Structure
    dtype : str
    """

    def __init__(self, keras: Any, fresh: Callable[[], Any], structure: Structure, dtype: str) -> None:
        self._keras = keras
        self._dtype = dtype
        self._type = numpy_dtype(dtype)
        self._fresh = fresh
        self._structure = structure
        self._variables, self._optimizer = self._built(np.zeros(structure.dim))
        self._scales_loss = scales_loss(keras, self._optimizer)

    def _built(self, x0: FloatArray) -> tuple[list[Any], Any]:
        """Return variables and a new optimizer of them; some, such as ScheduleFreeAdamW, depend on the start."""
        variables = [
            self._keras.Variable(part, dtype=self._dtype, name=name)
            for name, part in zip(self._structure, self._parts(x0.astype(self._type)), strict=True)
        ]
        optimizer = self._fresh()
        optimizer.build(variables)
        return variables, optimizer

    def _parts(self, array: Any) -> list[Any]:
        """Split a point or gradient (dim,) into parts, which are views of the same type."""
        return [array[part].reshape(self._structure[name]) for name, part in self._structure.slices.items()]

    def _joined(self, parts: list[Any]) -> FloatArray:
        """Join the parts of a point into a new array (dim,) in double precision."""
        return np.concatenate([np.asarray(part, dtype=np.float64).ravel() for part in parts])

    @abc.abstractmethod
    def start(self, x0: FloatArray) -> FloatArray:
        """Set point and state to those of a new optimizer at the start; return the start in the optimizer's type."""

    def step(self, value: float, gradient: Any) -> FloatArray:
        """Make one step; return the point.

        The gradient is an array of the optimizer's type, not shared. The scaled gradient is rounded to that type, as in
        `fit`: too large a scale makes it infinite.
        """
        if not self._scales_loss:
            return self._step(self._parts(gradient))
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = self._slope(value) * np.asarray(gradient, dtype=np.float64)
            return self._step(self._parts(scaled.astype(self._type)))

    @abc.abstractmethod
    def _step(self, parts: list[Any]) -> FloatArray:
        """Make one step, given the gradient of the scaled loss by parts; return the point."""

    @abc.abstractmethod
    def _slope(self, value: float) -> float:
        """Return the derivative of the scaled loss by the loss at a value."""

    def renewed(self) -> Steps:
        """Return steps of a new optimizer at the same point, with this one's saved variables loaded."""
        self._into_variables()
        store: dict[str, Any] = {}
        self._optimizer.save_own_variables(store)
        other = type(self)(self._keras, self._fresh, self._structure, self._dtype)
        other.start(self.read())
        other._optimizer.load_own_variables({name: np.array(value) for name, value in store.items()})
        other._from_variables()
        return other

    @abc.abstractmethod
    def _into_variables(self) -> None:
        """Copy point and state into the variables, if they are kept elsewhere."""

    @abc.abstractmethod
    def _from_variables(self) -> None:
        """Copy the state from the variables, if it is kept elsewhere."""

    def read(self) -> FloatArray:
        """Return a copy of the point, shape (dim,)."""
        return self._read_variables()

    def _read_variables(self) -> FloatArray:
        return self._joined([self._keras.ops.convert_to_numpy(variable) for variable in self._variables])

    def finish(self) -> FloatArray:
        """Return the final point of training, shape (dim,): the average with ``use_ema``, else the last point."""
        self._optimizer.finalize_variable_values(self._variables)
        return self._read_variables()


def scales_loss(keras: Any, optimizer: Any) -> bool:
    """Return whether ``scale_loss`` changes the loss."""
    is_own = type(optimizer).scale_loss is not keras.optimizers.Optimizer.scale_loss
    return is_own or optimizer.loss_scale_factor is not None


class _InVariables(Steps):
    """Steps that keep point and state in variables."""

    def _into_variables(self) -> None:
        pass

    def _from_variables(self) -> None:
        pass


class _Eager(_InVariables):
    def __init__(self, keras: Any, fresh: Callable[[], Any], structure: Structure, dtype: str) -> None:
        super().__init__(keras, fresh, structure, dtype)
        self._torch = importlib.import_module("torch") if keras.backend.backend() == "torch" else None

    def start(self, x0: FloatArray) -> FloatArray:
        self._variables, self._optimizer = self._built(x0)
        return self.read()

    def _step(self, parts: list[Any]) -> FloatArray:
        tensors = [self._keras.ops.convert_to_tensor(part, dtype=self._dtype) for part in parts]
        with self._torch.no_grad() if self._torch else contextlib.nullcontext():
            self._optimizer.apply(tensors, self._variables)
        return self.read()

    def _slope(self, value: float) -> float:
        if self._torch is None:  # this backend cannot differentiate
            return float(self._optimizer.scale_loss(self._keras.ops.ones((), self._dtype)))
        loss = self._torch.tensor(value, dtype=getattr(self._torch, self._dtype), requires_grad=True)
        return float(self._torch.autograd.grad(self._optimizer.scale_loss(loss), loss)[0])


class _Graph(_InVariables):
    def __init__(self, keras: Any, fresh: Callable[[], Any], structure: Structure, dtype: str) -> None:
        import tensorflow

        super().__init__(keras, fresh, structure, dtype)
        signature = [tensorflow.TensorSpec(shape, dtype) for shape in structure.values()]

        @tensorflow.function(input_signature=signature)  # type: ignore[untyped-decorator]
        def apply(*gradients: Any) -> None:
            self._optimizer.apply_gradients(zip(gradients, self._variables, strict=True))

        @tensorflow.function(input_signature=[tensorflow.TensorSpec((), dtype)])  # type: ignore[untyped-decorator]
        def slope(value: Any) -> Any:
            with tensorflow.GradientTape() as tape:
                tape.watch(value)
                scaled = self._optimizer.scale_loss(value)
            return tape.gradient(scaled, value)

        self._apply = apply
        self._slope_of = slope
        self._constant = tensorflow.constant

    def start(self, x0: FloatArray) -> FloatArray:
        starts, optimizer = self._built(x0)
        for variable, initial in zip(self._optimizer.variables, optimizer.variables, strict=True):
            variable.assign(initial)
        for variable, start in zip(self._variables, starts, strict=True):
            variable.assign(start)
        return self.read()

    def _step(self, parts: list[Any]) -> FloatArray:
        self._apply(*map(self._constant, parts))
        return self.read()

    def _slope(self, value: float) -> float:
        return float(self._slope_of(self._constant(value, self._dtype)))


class _Jitted(Steps):
    def __init__(self, keras: Any, fresh: Callable[[], Any], structure: Structure, dtype: str) -> None:
        import jax

        super().__init__(keras, fresh, structure, dtype)
        self._state: list[Any] = []
        self._x: list[Any] = [variable.value for variable in self._variables]

        def apply(state: list[Any], gradients: list[Any], x: list[Any]) -> Any:
            return self._optimizer.stateless_apply(state, gradients, x)

        self._apply = jax.jit(apply)
        self._slope_of = jax.jit(jax.grad(self._scaled))
        self._first_state = self._state_wherever_it_starts(structure.dim)

    def _scaled(self, value: Any, state: list[Any]) -> Any:
        """Return the loss scaled by an optimizer in a given state."""
        mapping = [*zip(self._optimizer.variables, state, strict=True)]
        with self._keras.StatelessScope(state_mapping=mapping):
            return self._optimizer.scale_loss(value)

    def _state_wherever_it_starts(self, dim: int) -> list[Any] | None:
        """Return the initial state that is the same for every start; None if it depends on the start."""
        here, there = (self._fresh_state(np.full(dim, value)) for value in (0.0, 1.0))
        return here if all(map(np.array_equal, here, there)) else None

    def _fresh_state(self, x0: FloatArray) -> list[Any]:
        _, optimizer = self._built(x0)
        return [variable.value for variable in optimizer.variables]

    def start(self, x0: FloatArray) -> FloatArray:
        self._state = self._first_state or self._fresh_state(x0)
        self._x = self._parts(x0.astype(self._type))
        return self.read()

    def _step(self, parts: list[Any]) -> FloatArray:
        self._x, self._state = self._apply(self._state, parts, self._x)
        return self.read()

    def _slope(self, value: float) -> float:
        return float(self._slope_of(self._type.type(value), self._state))

    def read(self) -> FloatArray:
        return self._joined(self._x)

    def _into_variables(self) -> None:
        for variable, value in zip(self._optimizer.variables, self._state, strict=True):
            variable.assign(value)
        for variable, value in zip(self._variables, self._x, strict=True):
            variable.assign(value)

    def _from_variables(self) -> None:
        self._state = [variable.value for variable in self._optimizer.variables]

    def finish(self) -> FloatArray:
        self._into_variables()
        return super().finish()
