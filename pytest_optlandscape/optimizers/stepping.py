"""What optimizers that are stepped by hand have in common: the loop, double precision in JAX, schedules in a spec."""

from __future__ import annotations

import contextlib
import functools
import importlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape._names import unknown_name
from pytest_optlandscape.optimizers.protocol import Outcome
from pytest_optlandscape.optimizers.spec import parse_spec
from pytest_optlandscape.runs import Problem

__all__ = ["DTYPES", "call_in_quotes", "check_dtype", "descend", "is_finite", "precision"]

FloatArray = NDArray[np.float64]

DTYPES = ("float32", "float64")
"""The types that an optimizer's point may have."""


def descend(problem: Problem, x: FloatArray, step: Callable[[float, FloatArray], FloatArray]) -> Outcome:
    """Evaluate and step until the budget is spent or the point is no longer finite.

    Parameters
    ----------
    problem : Problem
    x : ndarray, shape (dim,)
        Where the optimizer begins.
    step : callable
        Takes the value and the gradient, shape (dim,), at the optimizer's point, and gives the next point, shape
        (dim,), as an array that later steps leave alone.

    Returns
    -------
    Outcome
        The last iterate, at which nothing has been evaluated yet, and ``"budget"`` where that is spent.

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


def is_finite(x: FloatArray) -> bool:
    """Tell whether all coordinates are finite; for few of them quicker than NumPy.

    Examples
    --------
    >>> is_finite(np.array([1.0, 2.0])), is_finite(np.array([1.0, np.nan]))
    (True, False)
    """
    return all(map(math.isfinite, x.tolist()))


def check_dtype(spec: str, dtype: Any) -> str:
    """Give the dtype, one of `DTYPES`, or raise ValueError."""
    if dtype not in DTYPES:
        raise ValueError(f"optimizer {spec!r}: dtype is one of {', '.join(DTYPES)}; got {dtype!r}")
    return str(dtype)


def precision(jax: Any, dtype: str) -> contextlib.AbstractContextManager[Any]:
    """Let JAX have double precision inside a ``with`` where `dtype` asks for it, and nowhere else.

    JAX's own switch ``jax_enable_x64`` holds for the whole process: it is the user's.
    """
    switch = getattr(jax, "enable_x64", None)
    if switch is None:  # before JAX 0.8
        switch = importlib.import_module("jax.experimental").enable_x64
    manager: contextlib.AbstractContextManager[Any] = switch(dtype == "float64")
    return manager


def call_in_quotes(spec: str, text: str, home: Any, kind: str, known: set[str]) -> functools.partial[Any]:
    """Read what an argument of a spec names as a call, such as a learning-rate schedule; it is not called yet.

    Parameters
    ----------
    spec : str
        The optimizer, for messages.
    text : str
        ``"name(key=literal, …)"``.
    home : module
        Where the name is found.
    kind : str
        What it is called, for messages.
    known : set of str
        The names that may be taken.

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
