"""Evaluation of a formula: the only place that chooses the arithmetic by the input.

======================================  ===============================================
input                                   evaluated by
======================================  ===============================================
one float64 point of low dimension      compiled Python floats (`tracing`)
one longer point, or a batch            NumPy, components first; half precision is computed in single
complex points                          NumPy, so that complex steps differentiate
torch, JAX and TensorFlow tensors       their own library, differentiable there; half precision as above
======================================  ===============================================
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes.formula.namespaces import Namespace, Value, namespace_of, numpy_namespace
from pytest_optlandscape.landscapes.formula.tracing import LARGEST_UNROLLED, compile_floats
from pytest_optlandscape.landscapes.frozen import Frozen

__all__ = ["Formula", "FormulaFunction", "PlainFunction", "real_points"]

FormulaFunction = Callable[[Value, Any], Value]
_BLOCK = 2048
"""Points in one block; temporaries then stay in the processor's cache (4 × faster at 10 000 points)."""

FloatFunction = Callable[[list[float]], Any]


class Formula(Frozen):
    """A function of a point, written once.

    Parameters
    ----------
    function : callable
        ``function(x, xp)``: see `namespaces` for what ``x`` and ``xp`` are.
    dim : int
        Number of components of a point.
    name : str
        The landscape's name, for messages.
    unrolled : bool, default True
        Whether compiled Python floats evaluate one short point; False if NumPy is faster, for formulas of many
        operations.

    Examples
    --------
    >>> square = Formula(lambda x, xp: xp.sum(x * x), dim=2, name="square")
    >>> square.floats([3.0, 4.0])
    25.0
    >>> square(np.array([[3.0, 4.0], [0.0, 1.0]])).tolist()
    [25.0, 1.0]
    """

    def __init__(self, function: FormulaFunction, dim: int, name: str, unrolled: bool = True) -> None:
        self.function = function
        self.unrolled = unrolled and dim <= LARGEST_UNROLLED
        self._dim = dim
        self._name = name
        self._floats: FloatFunction | None = None
        self.freeze()

    @property
    def floats(self) -> FloatFunction:
        """The formula as a function of a list of ``dim`` floats; returns a float, or a list of several results.

        Long points may be passed as arrays, which is faster.
        """
        if self._floats is None:
            self._floats = (
                compile_floats(self.function, self._dim, self._from_list) if self.unrolled else self._from_list
            )
        return self._floats

    def __call__(self, x: Value) -> Value:
        """Evaluate at a point ``(dim,)`` or at each point of a batch ``(n, dim)``."""
        namespace = namespace_of(x)
        if namespace is not None:
            return self._on_tensor(x, namespace)
        points = _as_points(x)
        self.check_shape(points.shape)
        if points.ndim == 2:
            blocks = [
                self._on_array(np.ascontiguousarray(points[k : k + _BLOCK].T))
                for k in range(0, max(len(points), 1), _BLOCK)
            ]
            return np.concatenate(blocks, axis=-1).T if len(blocks) > 1 else blocks[0].T
        if points.dtype == np.float64 and self.unrolled:
            return self.floats(points.tolist())
        return self._on_array(points)

    def check_shape(self, shape: tuple[int, ...]) -> None:
        """Raise ValueError unless this is the shape of a point or of a batch of points."""
        if len(shape) not in (1, 2) or shape[-1] != self._dim:
            raise ValueError(
                f"{self._name} is a function of points of shape ({self._dim},) or of batches of shape "
                f"(n, {self._dim}); it was given shape {tuple(shape)}"
            )

    def _from_list(self, values: list[float] | NDArray[np.float64]) -> Any:
        point = _as_points(values)
        self.check_shape(point.shape)
        return self._on_array(point).tolist()

    def _on_array(self, components: NDArray[Any]) -> Any:
        with np.errstate(all="ignore"):
            result = self.function(components, numpy_namespace())
        if isinstance(result, tuple):
            return numpy_namespace().stack([np.asarray(r, dtype=components.dtype) for r in result])
        shape = components.shape[1:]
        return np.broadcast_to(result, shape) if np.ndim(result) < len(shape) else np.asarray(result)[()]

    def _on_tensor(self, x: Value, namespace: Namespace) -> Value:
        self.check_shape(tuple(x.shape))
        batch = len(x.shape) == 2
        x = namespace.at_least_single(x)
        result = self.function(_transpose(x) if batch else x, namespace)
        if isinstance(result, tuple):
            result = namespace.stack(result)
        return _transpose(result) if batch and len(result.shape) == 2 else result


def _as_points(x: object) -> NDArray[Any]:
    parts = x if isinstance(x, list | tuple) else (x,)
    if any(isinstance(part, np.ma.MaskedArray) for part in parts):
        raise ValueError("expected an array of numbers, got a masked array; pass an array without a mask")
    try:
        points = np.asarray(x)
        if points.dtype.kind in "biu":
            points = points.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected an array of numbers, got {x!r:.80}") from error
    if points.dtype.kind not in "fc":
        raise ValueError(f"expected an array of numbers, got {x!r:.80} of dtype {points.dtype}")
    return points.astype(np.float32) if points.dtype == np.float16 else points


def real_points(x: object) -> NDArray[np.float64]:
    """Convert to an array of doubles.

    Raises
    ------
    ValueError
        If ``x`` is masked or holds anything but real numbers.
    """
    points = _as_points(x)
    if points.dtype.kind == "c":
        raise ValueError(f"expected an array of real numbers, got {x!r:.80}")
    return points.astype(np.float64, copy=False)


def _transpose(x: Value) -> Value:
    if hasattr(x, "T"):
        return x.T
    import tensorflow

    return tensorflow.transpose(x)


def _unchanged(x: Any, xp: Any) -> Any:
    return x


class PlainFunction(Frozen):
    """A user's function of one point, with the interface of a `Formula`."""

    def __init__(self, function: Callable[[NDArray[np.float64]], Any], dim: int, name: str) -> None:
        self._function = function
        self._shape = Formula(_unchanged, dim, name)
        self.freeze()

    def check_shape(self, shape: tuple[int, ...]) -> None:
        """Raise ValueError unless this is the shape of a point or of a batch of points."""
        self._shape.check_shape(shape)

    def floats(self, values: list[float]) -> Any:
        """Evaluate at a list of floats; return a float or a list of floats."""
        point = np.array(values, dtype=np.float64)
        self.check_shape(point.shape)
        result = self._function(point)
        return float(result) if np.ndim(result) == 0 else np.asarray(result, dtype=np.float64).tolist()

    def __call__(self, x: Any) -> Any:
        """Evaluate at a point ``(dim,)``, or at each point of a batch ``(n, dim)`` in turn."""
        points = np.asarray(x, dtype=np.float64)
        self.check_shape(points.shape)
        if points.ndim == 1:
            return self.floats(points.tolist())
        return np.array([self.floats(point) for point in points.tolist()])
