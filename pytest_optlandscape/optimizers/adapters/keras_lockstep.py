"""Steps of several runs together by Keras' optimizers on torch: one ``apply`` for all points.

There are three ways. Most optimizers treat each number separately, so all runs can be rows of one variable
(`StackedSteps`). Others combine the numbers of a variable, for example in a norm; `torch.func.vmap` applies their step
to each row (`VmappedSteps`). Or each run has its own variable in a list (`ListedSteps`), which some of Keras'
optimizers for torch update by operations on lists.
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
    """The points of several runs and one optimizer that updates them all.

    Parameters
    ----------
    keras : module
        Keras, with the backend torch.
    fresh : callable
        Returns a new unbuilt optimizer.
    structure : Structure
        Structure of each point: one variable for each part.
    dtype : str
        One of `stepping.DTYPES`.
    starts : ndarray, shape (runs, dim)

    Raises
    ------
    TypeError
        If the optimizer scales the loss, because each run has its own loss.
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
        """Set the points to the starts, given by parts of shape (runs, *part)."""

    def _optimizer_of(self, variables: list[Any]) -> Any:
        """Return an optimizer of variables."""
        optimizer = self._fresh()
        if scales_loss(self._keras, optimizer):
            raise TypeError("an optimizer that scales the loss cannot step several runs together")
        optimizer.build(variables)
        return optimizer

    def _variable(self, value: Any, name: str) -> Any:
        return self._keras.Variable(value, dtype=self._dtype, name=name)

    def _parts(self, array: Any) -> list[Any]:
        """Split points or gradients (runs, dim) into parts (runs, *part)."""
        cut = self._structure.slices.items()
        return [np.ascontiguousarray(array[:, part]).reshape(-1, *self._structure[name]) for name, part in cut]

    def step(self, gradients: Any) -> FloatArray:
        """Make one step of all runs; return the points.

        Parameters
        ----------
        gradients : ndarray, shape (runs, dim)
            In the optimizer's type.

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
        """Make one step, given gradients as tensors of shape (runs, *part)."""

    def read(self) -> FloatArray:
        """Return a copy of the points, shape (runs, dim)."""
        with self._torch.no_grad():
            parts = self._read()
        arrays = [np.array(self._keras.ops.convert_to_numpy(part), dtype=np.float64) for part in parts]
        return np.concatenate([array.reshape(self._count, -1) for array in arrays], axis=1)

    @abc.abstractmethod
    def _read(self) -> list[Any]:
        """Return the points by parts, as tensors of shape (runs, *part)."""

    def finish(self, steps: Sequence[int]) -> FloatArray | None:
        """Return the final points of training, shape (runs, dim); None if they are the last ones.

        Parameters
        ----------
        steps : sequence of int
            Number of steps of each run.

        Raises
        ------
        RuntimeError
            If the final points are not the last ones, and the runs did not all end together.
        """
        last = self.read()
        self._finalize()
        points = self.read()
        if points.tobytes() == last.tobytes():
            return None
        if len(set(steps)) > 1:
            raise RuntimeError("the average of a run's points is known only at the end of the longest run")
        return points

    @abc.abstractmethod
    def _finalize(self) -> None:
        """Set the points to the final points of training."""


class StackedSteps(LockSteps):
    """One variable for each part; its rows are the runs."""

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
    """One variable for each run and part."""

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
    """Flatten lists by part, with an entry for each run, into one list ordered by run."""
    return list(parts[0]) if len(parts) == 1 else [one for run in zip(*parts, strict=True) for one in run]


class VmappedSteps(LockSteps):
    """One optimizer state for each run; a step is vectorised over runs where rounding allows it.

    All runs share the step number and the learning rate.
    """

    def _prepare(self, starts: list[Any]) -> None:
        from torch.func import vmap

        self._optimizer, state = self._built([np.zeros_like(part[0]) for part in starts])
        elsewhere = self._built([np.ones_like(part[0]) for part in starts])[1]
        if not all(map(self._torch.equal, state, elsewhere)):
            raise TypeError("an optimizer whose state depends on the start cannot step several runs together")
        shared = (self._optimizer.iterations, self._optimizer.learning_rate)
        axes = [None if any(variable is one for one in shared) else 0 for variable in self._optimizer.variables]
        self._state = [
            value if axis is None else value.expand(self._count, *value.shape).clone()
            for value, axis in zip(state, axes, strict=True)
        ]
        self._x = [self._keras.ops.convert_to_tensor(part, dtype=self._dtype) for part in starts]
        ends: Any = (0, axes)  # in_dims may be a tree, despite torch's annotation
        self._apply = vmap(self._optimizer.stateless_apply, in_dims=(axes, 0, 0), out_dims=ends)
        self._row_by_row = _row_by_row(self._count)
        updates_lists = hasattr(self._optimizer, "_parallel_update_step")
        self._one_by_one = _one_by_one() if updates_lists else contextlib.nullcontext

    def _built(self, starts: list[Any]) -> tuple[Any, list[Any]]:
        """Return an optimizer of one run and a copy of its state."""
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
    """Return a context in which torch works row by row where rounding depends on the array's size.

    torch uses one program for the bulk of an array and another for the rest. Elementwise sums, differences, products,
    quotients and roots round equally in both, as IEEE 754 prescribes. Powers and exponentials may not, and sums of many
    numbers are taken in another order.
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
    """Return a context in which torch applies list operations entry by entry, so that vmap can vectorise them."""
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
