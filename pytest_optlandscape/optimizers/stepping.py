"""Shared helpers for gradient optimizers: the loop of steps, types, double precision in JAX, schedules in specs."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers.protocol import Outcome
from pytest_optlandscape.optimizers.spec import parse_spec
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = [
    "DTYPES",
    "Cast",
    "Casts",
    "call_in_quotes",
    "check_dtype",
    "descend",
    "descend_in_lockstep",
    "is_finite",
    "numpy_dtype",
    "out_of_range",
    "precision",
]

FloatArray = NDArray[np.float64]

DTYPES = ("bfloat16", "float16", "float32", "float64")
"""The possible types of an optimizer's point."""


def descend(problem: Problem, x: FloatArray, step: Callable[[float, FloatArray], FloatArray]) -> Outcome:
    """Evaluate and step until the budget is spent or the point is no longer finite.

    Parameters
    ----------
    problem : Problem
    x : ndarray, shape (dim,)
        The start.
    step : callable
        Takes the value and the gradient (dim,) at the current point, and returns the next point (dim,) in a new array.

    Returns
    -------
    Outcome
        The last iterate, not yet evaluated, and ``"budget"`` if that is spent.

    Examples
    --------
    >>> problem, x = Problem("sphere", budget=2), np.array([1.0, 1.0])
    >>> def step(value, gradient):
    ...     global x
    ...     x = x - 0.01 * gradient
    ...     return x
    >>> descend(problem, x, step).x
    array([0.9604, 0.9604])
    """
    fun, gradient = problem.fun, problem.gradient
    while problem.remaining > 0:
        evaluated, x = x, step(fun(x), gradient(x))
        if not is_finite(evaluated):
            break
    return Outcome(x, "budget" if problem.remaining <= 0 else None)


def descend_in_lockstep(
    problems: Sequence[Problem], x: FloatArray, step: Callable[[list[float], FloatArray], FloatArray]
) -> list[Outcome]:
    """Evaluate and step on several problems together, each until `descend` would end.

    Parameters
    ----------
    problems : sequence of Problem
    x : ndarray, shape (problems, dim)
        The start.
    step : callable
        Takes the values and the gradients (problems, dim) at the current points, and returns the next points in a new
        array. Problems that have ended get value and gradient 0, and their next points are ignored.

    Returns
    -------
    list of Outcome
        As for `descend`.

    Examples
    --------
    >>> problems, x = [Problem("sphere", budget=2), Problem("sphere", budget=1)], np.ones((2, 2))
    >>> def step(values, gradients):
    ...     global x
    ...     x = x - 0.01 * gradients
    ...     return x
    >>> [outcome.x.tolist() for outcome in descend_in_lockstep(problems, x, step)]
    [[0.9604, 0.9604], [0.98, 0.98]]
    """
    count, dim = x.shape
    functions = [(problem.fun, problem.gradient) for problem in problems]
    outcomes = [Outcome(x[k].copy()) for k in range(count)]
    running = list(range(count))
    while running:
        values, gradients = [0.0] * count, np.zeros((count, dim))
        for k in running:
            fun, gradient = functions[k]
            point = x[k].copy()  # a new array, as in `descend`
            values[k] = fun(point)
            gradients[k] = gradient(point)
        evaluated, x = x, step(values, gradients)
        finite: list[bool] = np.all(np.isfinite(evaluated), axis=1).tolist()
        ended = [k for k in running if not finite[k] or problems[k].remaining <= 0]
        for k in ended:
            outcomes[k] = Outcome(x[k].copy(), "budget" if problems[k].remaining <= 0 else None)
        if ended:
            running = [k for k in running if k not in ended]
    return outcomes


def is_finite(x: FloatArray) -> bool:
    """Return whether all coordinates are finite; faster than NumPy for a few coordinates.

    Examples
    --------
    >>> is_finite(np.array([1.0, 2.0])), is_finite(np.array([1.0, np.nan]))
    (True, False)
    """
    return all(map(math.isfinite, x.tolist()))


def numpy_dtype(dtype: str) -> np.dtype[Any]:
    """Return the NumPy type of a name; bfloat16 comes from ml_dtypes, which JAX and Keras install.

    Examples
    --------
    >>> numpy_dtype("float16")
    dtype('float16')
    """
    if dtype == "bfloat16":
        importlib.import_module("ml_dtypes")  # registers the name
    return np.dtype(dtype)


_LARGEST = {"float16": 65504.0}
"""The largest finite number of each type that a landscape's numbers may exceed."""

_MOST_CORNERS = 8
"""Largest dimension for which all corners of a box are evaluated: 256 corners."""


class Cast:
    """Conversion of gradients to an optimizer's type; it records the first gradient that is too large.

    Parameters
    ----------
    dtype : str
        One of `DTYPES`.

    Attributes
    ----------
    complaint : str
        The first gradient that was too large, as text; "" if none was.

    Examples
    --------
    >>> cast = Cast("float16")
    >>> cast(np.array([1.0, 1e6])).tolist(), cast.complaint
    ([1.0, inf], 'a gradient of 1e+06 is infinite in float16, whose largest number is 65504')
    """

    def __init__(self, dtype: str) -> None:
        self._name = dtype
        self._dtype = numpy_dtype(dtype)
        self._largest = _LARGEST.get(dtype, math.inf)
        self.complaint = ""

    def __call__(self, gradient: FloatArray) -> Any:
        """Return a copy in the optimizer's type; record a gradient that is too large."""
        self.look_at(gradient)
        with np.errstate(over="ignore"):
            return gradient.astype(self._dtype)

    def look_at(self, gradient: FloatArray) -> None:
        """Record a gradient that is too large, without a cast."""
        if self._largest < math.inf and not self.complaint:
            largest = max(map(abs, gradient.tolist()))
            if self._largest < largest < math.inf:
                self.complaint = (
                    f"a gradient of {largest:.3g} is infinite in {self._name}, whose largest number is "
                    f"{self._largest:.0f}"
                )


class Casts:
    """Conversion of the gradients of several runs, as `Cast` for one run.

    Parameters
    ----------
    dtype : str
        One of `DTYPES`.
    count : int
        Number of runs.

    Examples
    --------
    >>> casts = Casts("float16", 2)
    >>> casts(np.array([[1.0, 1e6], [2.0, 3.0]])).tolist()
    [[1.0, inf], [2.0, 3.0]]
    >>> [bool(complaint) for complaint in casts.complaints]
    [True, False]
    """

    def __init__(self, dtype: str, count: int) -> None:
        self._dtype = numpy_dtype(dtype)
        self._each = [Cast(dtype) for _ in range(count)]
        self._may_be_too_large = dtype in _LARGEST

    @property
    def complaints(self) -> list[str]:
        """For each run, the first gradient that was too large, as text; "" if none was."""
        return [cast.complaint for cast in self._each]

    def __call__(self, gradients: FloatArray) -> Any:
        """Return a copy (runs, dim) in the optimizer's type; record gradients that are too large."""
        self.look_at(gradients)
        with np.errstate(over="ignore"):
            return gradients.astype(self._dtype)

    def look_at(self, gradients: FloatArray) -> None:
        """Record a gradient that is too large, without a cast."""
        if self._may_be_too_large:
            for cast, gradient in zip(self._each, gradients, strict=True):
                cast.look_at(gradient)

    def noted(self, outcomes: Sequence[Outcome], x: FloatArray | None = None) -> list[Outcome]:
        """Return outcomes with the complaints as messages and, if given, the points ``x`` (runs, dim)."""
        points = [outcome.x for outcome in outcomes] if x is None else list(x)
        return [
            dataclasses.replace(outcome, x=point, message=complaint)
            for outcome, point, complaint in zip(outcomes, points, self.complaints, strict=True)
        ]


def out_of_range(dtype: str, landscape: Landscape) -> str:
    """Return a reason if values or gradients at starts and corners are too large for a type, else "".

    Examples
    --------
    >>> from pytest_optlandscape import landscapes
    >>> out_of_range("float16", landscapes.get("beale"))
    'values or gradients up to 2.35e+05; the largest number of float16 is 65504'
    >>> out_of_range("bfloat16", landscapes.get("beale"))
    ''
    """
    if dtype not in _LARGEST:
        return ""
    largest = _largest_number(landscape)
    if largest <= _LARGEST[dtype]:
        return ""
    return f"values or gradients up to {largest:.3g}; the largest number of {dtype} is {_LARGEST[dtype]:.0f}"


@functools.lru_cache(maxsize=512)
def _largest_number(landscape: Landscape) -> float:
    """Return the largest finite value or gradient component at the starts and the corners of the box."""
    edges = landscape.bounds.tolist()
    corners = itertools.product(*edges) if len(edges) <= _MOST_CORNERS else zip(*edges, strict=True)
    points = [landscape.x0, *landscape.starts.values(), *map(np.array, corners)]
    numbers = [abs(float(landscape(point))) for point in points]
    if landscape.has_gradient:
        numbers += np.abs([landscape.gradient(point) for point in points]).ravel().tolist()
    return max((number for number in numbers if math.isfinite(number)), default=0.0)


def check_dtype(spec: str, dtype: Any) -> str:
    """Return a valid dtype, one of `DTYPES`, or raise ValueError."""
    if dtype not in DTYPES:
        raise ValueError(f"optimizer {spec!r}: dtype must be one of {', '.join(DTYPES)}; got {dtype!r}")
    return str(dtype)


def precision(jax: Any, dtype: str) -> contextlib.AbstractContextManager[Any]:
    """Return a context in which JAX has double precision, if ``dtype`` needs it.

    JAX's own switch ``jax_enable_x64`` holds for the whole process and belongs to the user.
    """
    switch = getattr(jax, "enable_x64", None)
    if switch is None:  # before JAX 0.8
        switch = importlib.import_module("jax.experimental").enable_x64
    manager: contextlib.AbstractContextManager[Any] = switch(dtype == "float64")
    return manager


def call_in_quotes(spec: str, text: str, home: Any, kind: str, known: set[str]) -> functools.partial[Any]:
    """Return the call that a spec's argument writes as text, such as a learning-rate schedule, without calling it.

    Parameters
    ----------
    spec : str
        The optimizer, for messages.
    text : str
        ``"name(key=literal, …)"``.
    home : module
        The module that has the name.
    kind : str
        What the name stands for, for messages.
    known : set of str
        The allowed names.

    Raises
    ------
    ValueError
        If the text has another form or the name is unknown.

    Examples
    --------
    >>> import datetime
    >>> call_in_quotes("my:sgd", "timedelta(days=2)", datetime, "span", {"timedelta"})()
    datetime.timedelta(days=2)
    """
    call = parse_spec(f"{kind}:{text}")
    if call.name not in known:
        raise ValueError(f"optimizer {spec!r}: {unknown_name(kind, call.name, known)}")
    return functools.partial(getattr(home, call.name), **call.arguments)
