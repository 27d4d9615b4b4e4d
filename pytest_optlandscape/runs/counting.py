"""Count evaluations: wrap a function to record its points and to stop at the budget.

Every evaluation pays for this code, so it is short: count, evaluate, record. `run` computes gaps, feasibility and
distances afterwards. A point is recorded as the bytes of its coordinates: these are small, are quickly joined, and cost
the garbage collector nothing.

An optimizer may evaluate in several threads. One call of a list's method records a point and its value, and no thread
can interrupt it. Evaluations beyond the budget are dropped and refused. So no lock is needed.
"""

from __future__ import annotations

import math
import threading
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes.formula.tracing import LARGEST_UNROLLED
from pytest_optlandscape.runs.differentiable import as_array, library_of, stacked
from pytest_optlandscape.runs.other_processes import refuse_to_travel
from pytest_optlandscape.runs.quiet_hooks import end_quietly
from pytest_optlandscape.runs.watchdog import BudgetExhausted
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["ConstraintCounts", "Limit", "as_floats", "as_list", "as_points", "counted", "disturbed"]

FloatArray = NDArray[np.float64]
_FLOAT64 = np.dtype(np.float64)
_NOT_KEPT = b""

CONSTRAINT_EVALUATIONS = 100
"""A constraint may be evaluated 100 (dim + 1) times per evaluation of the budget. Finite differences take dim + 1 for a
Jacobian. The limit stops an optimizer that loops on the constraints alone, at the same place on every machine."""


class Limit:
    """The budget, whether it was exceeded, and whether the run has ended for another reason.

    Attributes
    ----------
    lock : RLock
        Guards counts that take more than one step.
    """

    __reduce_ex__ = refuse_to_travel

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.was_reached = False
        self.spent = f"the budget of {number_of(budget, 'evaluation')} was spent"
        self.refusal: Callable[[], BaseException] | None = None
        self.lock = threading.RLock()
        self._to_close: list[Callable[[], None]] = []
        self._thread = threading.get_ident()

    def refuse(self, spent: str = "") -> None:
        """Raise the exception that ends the run. In a thread of the optimizer, end only that thread.

        Parameters
        ----------
        spent : str, optional
            A text for what is used up (default: the budget of evaluations).
        """
        if threading.get_ident() != self._thread:
            end_quietly(threading.current_thread())
        if self.refusal is not None:
            raise self.refusal()
        if spent and not self.was_reached:
            self.spent = spent
        self.was_reached = True
        raise BudgetExhausted(spent or f"the budget of {number_of(self.budget, 'evaluation')} is spent")

    def on_closing(self, close: Callable[[], None]) -> None:
        """Call a function when the run ends, or now if it has ended."""
        if self.refusal is not None:
            close()
        self._to_close.append(close)

    def close(self, refusal: Callable[[], BaseException]) -> None:
        """Refuse every later evaluation: raise the exception that ``refusal()`` returns."""
        self.refusal = refusal
        for close in self._to_close:
            close()


class ConstraintCounts:
    """The numbers of evaluations of each constraint's function, Jacobian and Hessian.

    Parameters
    ----------
    count : int
        The number of constraints.
    limit : Limit
    dim : int
        The number of coordinates of a point.

    Attributes
    ----------
    calls : list of dict
        For each constraint, the evaluations of its ``"fun"``, ``"jac"`` and ``"hess"``.
    """

    def __init__(self, count: int, limit: Limit, dim: int) -> None:
        self.calls = [{"fun": 0, "jac": 0, "hess": 0} for _ in range(count)]
        self._limit = limit
        self._dim = dim
        self._most = CONSTRAINT_EVALUATIONS * (dim + 1) * limit.budget
        self._lock = threading.Lock()

    def total(self, kind: str) -> int:
        """Sum the evaluations of one kind, ``"fun"``, ``"jac"`` or ``"hess"``, over all constraints."""
        return sum(calls[kind] for calls in self.calls)

    def counted(self, number: int, kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a function of a constraint to count its calls. Arguments and results are unchanged.

        In an array with two axes, each point counts.
        """
        calls, limit, dim, most, lock = self.calls[number], self._limit, self._dim, self._most, self._lock

        def evaluate(x: Any, *further: Any) -> Any:
            if limit.refusal is not None or calls[kind] >= most:
                limit.refuse(f"{most} evaluations of one constraint were made, as many as the budget allows")
            points = x.size // dim if getattr(x, "ndim", 1) == 2 else 1
            with lock:  # an optimizer may evaluate in its own threads
                calls[kind] += points
            return function(x, *further)

        return evaluate


def counted(
    function: Callable[[Any], Any],
    limit: Limit,
    dim: int,
    record: list[Any],
    *,
    value_of: Callable[[bytes, Any], float] | None = None,
    instead: Sequence[Any] | None = None,
    on_tensor: Callable[[Any], Any] | None = None,
) -> Callable[[ArrayLike], Any]:
    """Wrap a function of a list of floats, to record its points and to refuse evaluations beyond the budget.

    The wrapper holds no reference to the problem. A cycle would keep each run's points in memory until the garbage
    collector runs.

    Parameters
    ----------
    function : callable
    limit : Limit
    dim : int
        The number of coordinates of a point.
    record : list
        Receives each point as bytes, followed by its value unless ``instead`` is given. The value is NaN if the
        function raises.
    value_of : callable, optional
        Computes the value from the point and the result (default: the result).
    instead : sequence, optional
        For a derivative, which has no value: the record of the objective. While it has elements, points of the
        derivative are counted but not kept, because they are not needed.
    on_tensor : callable, optional
        Evaluates points that a tensor library must evaluate, see `differentiable`.
    """
    has_value = instead is None
    stride = 2 if has_value else 1
    full = most = limit.budget * stride
    remember = record.extend
    ndarray, tobytes = np.ndarray, np.ndarray.tobytes
    # Lists of floats are fastest for short points. NumPy evaluates long points, which stay arrays.
    unpack: Callable[[Any], Any] = np.asarray
    if dim <= LARGEST_UNROLLED:
        unpack = np.ndarray.tolist

    def close() -> None:
        nonlocal most
        most = -1

    limit.on_closing(close)

    def evaluate(x: Any) -> Any:
        if len(record) >= most:
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
            # An evaluation that raises counts, too: the optimizer may go on, and the budget must hold.
            if len(values) == dim:
                remember((point, math.nan)[:stride])
                del record[full:]
            raise
        remember((point, result if value_of is None else value_of(point, result)) if has_value else (point,))
        if len(record) > full:  # meanwhile another thread made the last evaluation of the budget
            del record[full:]
            limit.refuse()
        return result

    return evaluate


def disturbed(
    function: Callable[[Any], Any],
    limit: Limit,
    record: list[Any],
    observe: Callable[[Any, Any, int], Any],
    on_tensor: Callable[[Any], Any] | None = None,
    *,
    stride: int,
) -> Callable[[Any], Any]:
    """Add noise to a counted function. Evaluation k always gets the same noise.

    A lock keeps threads from swapping evaluation numbers. The stride is the length of an evaluation in the record.
    """
    lock = limit.lock

    def observed(x: Any, **fidelity: Any) -> Any:
        if x.__class__ is not np.ndarray and on_tensor is not None:
            tensors = x if library_of(x) or isinstance(x, Mapping) else stacked(x)
            if tensors is not None:
                return on_tensor(tensors)
        with lock:
            exact = function(x, **fidelity)
            return observe(as_floats(record[-stride]), exact, len(record) // stride - 1)

    return observed


def as_points(points: Sequence[bytes], dim: int) -> FloatArray:
    """Return recorded points as an array of shape (n, dim)."""
    return np.frombuffer(bytearray().join(points)).reshape(-1, dim)


def as_floats(point: bytes) -> list[float]:
    """Return a recorded point as a list of floats."""
    return array("d", point).tolist()


def as_list(x: Any) -> list[float]:
    """Convert a point to a list of floats, or raise ValueError."""
    if isinstance(x, np.ma.MaskedArray):
        raise ValueError("a point is an array of numbers, got a masked one: what stands behind its mask is no point")
    array = as_array(x)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"a point is an array of real numbers, got {x!r:.80}")
    if array.ndim != 1:
        raise ValueError(f"a point has one axis, got shape {array.shape}")
    points: list[float] = array.astype(np.float64).tolist()
    return points
