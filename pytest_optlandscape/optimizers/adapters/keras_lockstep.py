"""How Keras' optimizers step several runs together on torch: the points of all runs in one ``apply``.

There are three ways. Most optimizers treat each number apart: then all runs can be the rows of one variable
(`StackedSteps`). Others take a norm of each variable, say. What they do to one variable can be done to the rows of a
larger one by `torch.func.vmap` (`VmappedSteps`). Or each run has a variable of its own in one list (`ListedSteps`):
some of Keras' optimizers for torch update it by operations on lists.
"""

from __future__ import annotations

import abc
import contextlib
import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes.structure import Structure
from pytest_optlandscape.optimizers.adapters.keras_steps import scales_loss
from pytest_optlandscape.optimizers.stepping import numpy_dtype

__all__ = ["ListedSteps", "LockSteps", "StackedSteps", "VmappedSteps"]

FloatArray = NDArray[np.float64]


class LockSteps(abc.ABC):
    """The points of several runs, and one optimizer that moves them all.

    Parameters
    ----------
    keras : module
        Running on torch.
    fresh : callable
        Makes an optimizer that is not built.
    structure : Structure
        Of each point: one variable for each part, under its name.
    dtype : str
        One of `stepping.DTYPES`.
    starts : ndarray, shape (runs, dim)

    Raises
    ------
    TypeError
        If the optimizer scales the loss: each run has a loss of its own.
    """

    def __init__(
        self, keras: Any, fresh: Callable[[], Any], structure: Structure, dtype: str, starts: FloatArray
    ) -> None:
        self._keras = keras
        self._torch = importlib.import_module("torch")
        self._fresh = fresh
        self._structure = structure
        self._dtype = dtype
        self._count = len(starts)
        self._prepare(self._parts(starts.astype(numpy_dtype(dtype))))

    @abc.abstractmethod
    def _prepare(self, starts: list[Any]) -> None:
        """Go to the starts, which are given part by part, each of shape (runs, *part)."""

    def _optimizer_of(self, variables: list[Any]) -> Any:
        """Make an optimizer of variables."""
        optimizer = self._fresh()
        if scales_loss(self._keras, optimizer):
            raise TypeError("an optimizer that scales the loss takes one run at a time")
        optimizer.build(variables)
        return optimizer

    def _variable(self, value: Any, name: str) -> Any:
        return self._keras.Variable(value, dtype=self._dtype, name=name)

    def _parts(self, array: Any) -> list[Any]:
        """Cut points or gradients, shape (runs, dim), into their parts, shape (runs, *part)."""
        cut = self._structure.slices.items()
        return [np.ascontiguousarray(array[:, part]).reshape(-1, *self._structure[name]) for name, part in cut]

    def step(self, gradients: Any) -> FloatArray:
        """Move all points by one step and give them.

        Parameters
        ----------
        gradients : ndarray, shape (runs, dim)
            Of the optimizer's own type.

        Returns
        -------
        ndarray, shape (runs, dim)
        """
        convert = self._keras.ops.convert_to_tensor
        with self._torch.no_grad():
            self._step([convert(part, dtype=self._dtype) for part in self._parts(gradients)])
        return self.read()

    @abc.abstractmethod
    def _step(self, parts: list[Any]) -> None:
        """Move all points by gradients, which are cut into tensors of shape (runs, *part)."""

    def read(self) -> FloatArray:
        """Return the points, shape (runs, dim), as an array that later steps leave alone."""
        with self._torch.no_grad():
            parts = self._read()
        arrays = [np.array(self._keras.ops.convert_to_numpy(part), dtype=np.float64) for part in parts]
        return np.concatenate([array.reshape(self._count, -1) for array in arrays], axis=1)

    @abc.abstractmethod
    def _read(self) -> list[Any]:
        """Return the points part by part, as tensors of shape (runs, *part)."""

    def finish(self, steps: Sequence[int]) -> FloatArray | None:
        """Return the points that training ends with, shape (runs, dim); None where they are the last ones.

        Parameters
        ----------
        steps : sequence of int
            How many each run has made.

        Raises
        ------
        RuntimeError
            If training ends with other points than the last ones, and did not end for all runs at once.
        """
        last = self.read()
        self._finalize()
        points = self.read()
        if points.tobytes() == last.tobytes():
            return None
        if len(set(steps)) > 1:
            raise RuntimeError("the average over a run's points is known at the end of the longest run only")
        return points

    @abc.abstractmethod
    def _finalize(self) -> None:
        """Go to the points that training ends with."""


class StackedSteps(LockSteps):
    """All runs are the rows of one variable for each part."""

    def _prepare(self, starts: list[Any]) -> None:
        self._variables = [self._variable(part, name) for name, part in zip(self._structure, starts, strict=True)]
        self._optimizer = self._optimizer_of(self._variables)

    def _step(self, parts: list[Any]) -> None:
        self._optimizer.apply(parts, self._variables)

    def _read(self) -> list[Any]:
        return [variable.value for variable in self._variables]

    def _finalize(self) -> None:
        self._optimizer.finalize_variable_values(self._variables)


class ListedSteps(LockSteps):
    """Each run has a variable for each part."""

    def _prepare(self, starts: list[Any]) -> None:
        self._of_part = [
            [self._variable(one, name) for one in part] for name, part in zip(self._structure, starts, strict=True)
        ]
        self._variables = _run_by_run(self._of_part)
        self._optimizer = self._optimizer_of(self._variables)

    def _step(self, parts: list[Any]) -> None:
        self._optimizer.apply(_run_by_run([part.unbind(0) for part in parts]), self._variables)

    def _read(self) -> list[Any]:
        return [self._torch.stack([variable.value for variable in part]) for part in self._of_part]

    def _finalize(self) -> None:
        self._optimizer.finalize_variable_values(self._variables)


def _run_by_run(parts: Sequence[Sequence[Any]]) -> list[Any]:
    """List what is given part by part, each with one entry a run, run by run."""
    return list(parts[0]) if len(parts) == 1 else [one for run in zip(*parts, strict=True) for one in run]


class VmappedSteps(LockSteps):
    """Each run has the state of an optimizer of its own; one step of all is vectorised, as far as that rounds alike.

    The number of the step and the learning rate are the same in all runs.
    """

    def _prepare(self, starts: list[Any]) -> None:
        from torch.func import vmap

        self._optimizer, state = self._built([np.zeros_like(part[0]) for part in starts])
        elsewhere = self._built([np.ones_like(part[0]) for part in starts])[1]
        if not all(map(self._torch.equal, state, elsewhere)):
            raise TypeError("a state that depends on the start is one run's")
        shared = (self._optimizer.iterations, self._optimizer.learning_rate)
        axes = [None if any(variable is one for one in shared) else 0 for variable in self._optimizer.variables]
        self._state = [
            value if axis is None else value.expand(self._count, *value.shape).clone()
            for value, axis in zip(state, axes, strict=True)
        ]
        self._x = [self._keras.ops.convert_to_tensor(part, dtype=self._dtype) for part in starts]
        ends: Any = (0, axes)  # a tree, as in_dims is, whatever torch's annotation says
        self._apply = vmap(self._optimizer.stateless_apply, in_dims=(axes, 0, 0), out_dims=ends)
        self._row_by_row = _row_by_row(self._count)
        updates_lists = hasattr(self._optimizer, "_parallel_update_step")
        self._one_by_one = _one_by_one() if updates_lists else contextlib.nullcontext

    def _built(self, starts: list[Any]) -> tuple[Any, list[Any]]:
        """Make an optimizer of one run, and a copy of its state."""
        optimizer = self._optimizer_of(list(map(self._variable, starts, self._structure)))
        return optimizer, [variable.value.detach().clone() for variable in optimizer.variables]

    def _step(self, parts: list[Any]) -> None:
        with self._row_by_row(), self._one_by_one():
            self._x, self._state = self._apply(self._state, parts, self._x)

    def _read(self) -> list[Any]:
        return self._x

    def _finalize(self) -> None:
        variables = self._optimizer._trainable_variables
        ends = []
        for run in range(self._count):
            for variable, value in zip(self._optimizer.variables, self._state, strict=True):
                variable.assign(value[run] if value.ndim > variable.value.ndim else value)
            for variable, value in zip(variables, self._x, strict=True):
                variable.assign(value[run])
            self._optimizer.finalize_variable_values(variables)
            ends.append([variable.value.detach().clone() for variable in variables])
        self._x = [self._torch.stack(part) for part in zip(*ends, strict=True)]


def _row_by_row(count: int) -> Callable[[], Any]:
    """Return a context in which torch does row by row what rounds otherwise for many numbers than for few.

    torch has one program for the bulk of an array and another one for what is left over at its end. A sum, difference,
    product, quotient or root rounds alike in both, as IEEE 754 prescribes. A power or an exponential need not, and a
    sum of many numbers is taken in another order.
    """
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    aten = torch.ops.aten
    names = (
        "pow",
        "exp",
        "expm1",
        "log",
        "log1p",
        "tanh",
        "sigmoid",
        "sin",
        "cos",
        "sum",
        "mean",
        "linalg_vector_norm",
    )
    packets = [getattr(aten, name) for name in names]
    rounding = frozenset(getattr(packet, name) for packet in packets for name in packet.overloads())

    class RowByRow(TorchDispatchMode):  # type: ignore[misc,no-untyped-call,unused-ignore]
        def __torch_dispatch__(
            self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
        ) -> Any:
            keywords = kwargs or {}
            if function not in rounding:
                return function(*args, **keywords)
            has_rows = [isinstance(one, torch.Tensor) and one.shape[:1] == (count,) for one in args]
            if not any(has_rows):
                return function(*args, **keywords)
            each = [one.split(1) if has else [one] * count for one, has in zip(args, has_rows, strict=True)]
            return torch.cat([function(*row, **keywords) for row in zip(*each, strict=True)])

    return RowByRow


def _one_by_one() -> Callable[[], Any]:
    """Return a context in which torch does an operation on lists entry by entry, which can be vectorised over runs."""
    import torch
    from torch.overrides import TorchFunctionMode

    prefix = "_foreach_"

    class OneByOne(TorchFunctionMode):  # type: ignore[misc,no-untyped-call,unused-ignore]
        def __torch_function__(
            self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
        ) -> Any:
            keywords = kwargs or {}
            name = getattr(function, "__name__", "")
            if not name.startswith(prefix):
                return function(*args, **keywords)
            single = getattr(torch.Tensor, name.removeprefix(prefix))
            each = [one if isinstance(one, list | tuple) else [one] * len(args[0]) for one in args]
            return [single(*entry, **keywords) for entry in zip(*each, strict=True)]

    return OneByOne
