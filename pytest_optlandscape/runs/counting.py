"""Counting: a function that remembers its points and is refused beyond the budget.

The path of one evaluation is kept short, because it is added to every one of them: count, evaluate, remember. What can
be worked out afterwards (gaps, feasibility, distances) is, in `run`. A point is remembered as the bytes of its
coordinates, which are small, quickly joined, and no business of the garbage collector's.
"""

from __future__ import annotations

import math
import threading
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes.tracing import LARGEST_UNROLLED
from pytest_optlandscape.runs.differentiable import library_of, stacked
from pytest_optlandscape.runs.watchdog import BudgetExhausted

__all__ = ["Limit", "as_floats", "as_list", "as_points", "counted", "disturbed"]

FloatArray = NDArray[np.float64]
_FLOAT64 = np.dtype(np.float64)
_NOT_KEPT = b""


class Limit:
    """The budget, whether anybody asked for more, and whether the run is over for another reason."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.was_reached = False
        self.refusal: Callable[[], BaseException] | None = None
        self._to_close: list[Callable[[], None]] = []
        self._thread = threading.get_ident()

    def refuse(self) -> None:
        """Raise what ends the run; in a thread of the optimizer's it ends that thread alone."""
        if threading.get_ident() != self._thread:
            _end_quietly(threading.current_thread())
        if self.refusal is not None:
            raise self.refusal()
        self.was_reached = True
        raise BudgetExhausted(f"the budget of {self.budget} evaluations is spent")

    def on_closing(self, close: Callable[[], None]) -> None:
        """Have a function called when the run is over, or now if it is."""
        if self.refusal is not None:
            close()
        self._to_close.append(close)

    def close(self, refusal: Callable[[], BaseException]) -> None:
        """Refuse whatever is asked for from now on, by raising what ``refusal()`` gives."""
        self.refusal = refusal
        for close in self._to_close:
            close()


def _end_quietly(thread: threading.Thread) -> None:
    """Have a thread of the optimizer's end without the traceback that pytest makes an error of: this is no error."""
    thread._invoke_excepthook = lambda *details: None  # type: ignore[attr-defined]


def counted(
    function: Callable[[Any], Any],
    limit: Limit,
    dim: int,
    points: list[bytes],
    *,
    keep: Callable[[Any], None] | None = None,
    instead: Sequence[Any] = (),
    on_tensor: Callable[[Any], Any] | None = None,
) -> Callable[[ArrayLike], Any]:
    """Wrap a function of a list of floats: refused beyond the budget, its points remembered.

    The wrapper knows nothing of the problem: a cycle of references would keep every run's points in memory until the
    garbage collector comes by.

    Parameters
    ----------
    function : callable
    limit : Limit
    dim : int
        Coordinates of a point.
    points : list of bytes
        Where points go.
    keep : callable, optional
        Takes each result, NaN where the function raised.
    instead : sequence, optional
        While it has elements, points are counted, but not kept: nobody will ask for them.
    on_tensor : callable, optional
        Evaluates what a library of tensors has to evaluate itself; see `differentiable`.
    """
    budget = limit.budget
    remember = points.append
    ndarray, tobytes = np.ndarray, np.ndarray.tobytes
    # For short points lists of floats are quickest; long ones are evaluated by NumPy and stay arrays.
    unpack: Callable[[Any], Any] = np.asarray
    if dim <= LARGEST_UNROLLED:
        unpack = np.ndarray.tolist

    def close() -> None:
        nonlocal budget
        budget = -1

    limit.on_closing(close)

    def evaluate(x: Any) -> Any:
        if len(points) >= budget:
            limit.refuse()
        if x.__class__ is ndarray and x.dtype is _FLOAT64 and x.ndim == 1:
            values = unpack(x)
            point = _NOT_KEPT if instead else tobytes(x)
        else:
            if x.__class__ is not list and on_tensor is not None and library_of(x):
                return on_tensor(x)
            try:
                values = as_list(x)
            except Exception:
                tensors = x if isinstance(x, Mapping) else stacked(x)
                if on_tensor is None or tensors is None:
                    raise
                return on_tensor(tensors)
            point = array("d", values).tobytes()
        try:
            result = function(values)
        except Exception:
            # An evaluation that raises is one too: the budget holds for an optimizer that goes on regardless.
            if len(values) == dim:
                remember(point)
                if keep is not None:
                    keep(math.nan)
            raise
        remember(point)
        if keep is not None:
            keep(result)
        return result

    return evaluate


def disturbed(
    function: Callable[[Any], Any],
    points: list[bytes],
    observe: Callable[[Any, Any, int], Any],
    on_tensor: Callable[[Any], Any] | None = None,
) -> Callable[[Any], Any]:
    """Put noise on what a counted function gives: evaluation k always alike."""

    def observed(x: Any) -> Any:
        if x.__class__ is not np.ndarray and on_tensor is not None:
            tensors = x if library_of(x) or isinstance(x, Mapping) else stacked(x)
            if tensors is not None:
                return on_tensor(tensors)
        exact = function(x)
        return observe(as_floats(points[-1]), exact, len(points) - 1)

    return observed


def as_points(points: list[bytes], dim: int) -> FloatArray:
    """Give remembered points as an array of shape (n, dim)."""
    return np.frombuffer(bytearray().join(points)).reshape(-1, dim)


def as_floats(point: bytes) -> list[float]:
    """Give a remembered point as a list of floats."""
    return array("d", point).tolist()


def as_list(x: Any) -> list[float]:
    """Read a point as a list of floats, or raise ValueError."""
    if x.__class__ is not list and hasattr(x, "detach"):
        x = x.detach().cpu()
    array = np.asarray(x)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"a point is an array of real numbers, got {x!r:.80}")
    if array.ndim != 1:
        raise ValueError(f"a point has one axis, got shape {array.shape}")
    points: list[float] = array.astype(np.float64).tolist()
    return points
