"""How Keras' optimizers step several runs together on torch: the points of all runs in one ``apply``.

There are two ways. Most optimizers treat each number apart: then all runs can be the rows of one variable. Others, such
as those that take a norm of each variable, treat variables apart: then each run has a variable of its own, and Keras'
optimizers for torch update a list of variables by operations on lists.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes.structure import Structure
from pytest_optlandscape.optimizers.keras_steps import scales_loss
from pytest_optlandscape.optimizers.stepping import numpy_dtype

__all__ = ["LockSteps"]

FloatArray = NDArray[np.float64]


class LockSteps:
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
    is_stacked : bool
        Whether a part of all runs is one variable, of one more axis, for optimizers that treat numbers apart; else each
        run has variables of its own, for optimizers that treat variables apart.

    Raises
    ------
    TypeError
        If the optimizer scales the loss: each run has a loss of its own.
    """

    def __init__(
        self,
        keras: Any,
        fresh: Callable[[], Any],
        structure: Structure,
        dtype: str,
        starts: FloatArray,
        *,
        is_stacked: bool,
    ) -> None:
        self._keras = keras
        self._torch = importlib.import_module("torch")
        self._structure = structure
        self._dtype = dtype
        self._count = len(starts)
        self._is_stacked = is_stacked
        parts = self._parts(starts.astype(numpy_dtype(dtype)))
        self._of_part = [
            [keras.Variable(value, dtype=dtype, name=name) for value in ([part] if is_stacked else part)]
            for name, part in zip(structure, parts, strict=True)
        ]
        self._variables = self._by_run(self._of_part)
        self._optimizer = fresh()
        if scales_loss(keras, self._optimizer):
            raise TypeError("an optimizer that scales the loss takes one run at a time")
        self._optimizer.build(self._variables)

    def _by_run(self, of_part: Sequence[Sequence[Any]]) -> list[Any]:
        """List what is given part by part, each with one entry a run, run by run."""
        return list(of_part[0]) if len(of_part) == 1 else [one for run in zip(*of_part, strict=True) for one in run]

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
        parts = [convert(part, dtype=self._dtype) for part in self._parts(gradients)]
        tensors = parts if self._is_stacked else self._by_run([part.unbind(0) for part in parts])
        with self._torch.no_grad():
            self._optimizer.apply(tensors, self._variables)
        return self.read()

    def read(self) -> FloatArray:
        """Give the points, shape (runs, dim), as an array that later steps leave alone."""
        with self._torch.no_grad():
            parts = [
                variables[0].value
                if self._is_stacked
                else self._torch.stack([variable.value for variable in variables])
                for variables in self._of_part
            ]
        arrays = [np.array(self._keras.ops.convert_to_numpy(part), dtype=np.float64) for part in parts]
        return np.concatenate([array.reshape(self._count, -1) for array in arrays], axis=1)

    def finish(self, steps: Sequence[int]) -> FloatArray | None:
        """Give the points that training ends with, shape (runs, dim); None where they are the last ones.

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
        self._optimizer.finalize_variable_values(self._variables)
        points = self.read()
        if points.tobytes() == last.tobytes():
            return None
        if len(set(steps)) > 1:
            raise RuntimeError("the average over a run's points is known at the end of the longest run only")
        return points
