"""Reading what an optimizer returned or raised: nothing that it hands over is trusted to be what it looks like.

Any attribute may be a property that raises, any array may refuse to become one of NumPy's, any text may be millions of
characters long. What cannot be read is told as such, and is never an error of ours.
"""

from __future__ import annotations

import linecache
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.runs.differentiable import as_array
from pytest_optlandscape.runs.problem import Problem
from pytest_optlandscape.runs.refused_calls import EndsProcess
from pytest_optlandscape.runs.watchdog import BudgetExhausted
from pytest_optlandscape.texts.printable import clean, printable, text_of, type_name, without_addresses

__all__ = ["Returned", "described", "returned_by", "traceback_of"]

FloatArray = NDArray[np.float64]

_LONGEST_MESSAGE = 1000
_MOST_FRAMES = 12
"""Of a traceback the last ones are kept."""

_RAISED_FOR_OTHERS = (EndsProcess.__module__, "_pytest.outcomes")
"""Modules whose functions raise because they were called: the place is that of the call."""


@dataclass(slots=True)
class Returned:
    """What an optimizer returned, as plain values.

    Attributes
    ----------
    x : ndarray, shape (dim,), or None
    complaint : str
        Why there is no point.
    fun : float or None
    success : bool or None
    message : str
    gave_up : bool
        Whether it says that it ended because the budget was spent.
    """

    x: FloatArray | None
    complaint: str
    fun: float | None = None
    success: bool | None = None
    message: str = ""
    gave_up: bool = False


def returned_by(returned: Any, problem: Problem) -> Returned:
    """Read what an optimizer returned on a problem.

    Parameters
    ----------
    returned : object
        A point, a mapping of its parts, or an object with ``.x``.
    problem : Problem

    Returns
    -------
    Returned
    """
    if type(returned) is np.ndarray:  # it says nothing else
        return Returned(*_as_point(returned, problem))
    try:
        x, complaint = _as_point(getattr(returned, "x", returned), problem)
    except BudgetExhausted:  # it evaluates the objective, or time is up
        raise
    except BaseException as error:  # `x` may be a property that raises
        x, complaint = None, f"the optimizer returned an object whose .x raises {type_name(error)}"
    reason = _attribute(returned, "stop_reason")
    success = _number(_attribute(returned, "success"))
    message = _attribute(returned, "message")
    return Returned(
        x,
        complaint,
        _number(_attribute(returned, "fun")),
        None if success is None or math.isnan(success) else success != 0.0,
        "" if message is None else text_of(message, _LONGEST_MESSAGE),
        isinstance(reason, str) and str.__eq__(reason, "budget"),
    )


def described(error: BaseException) -> str:
    r"""Name an exception, what it says, and the place in the optimizer that raised it, on one line.

    Examples
    --------
    >>> described(ArithmeticError("no descent\n in sight"))
    'ArithmeticError: no descent in sight'
    """
    frames = _frames(error)
    where = f" ({clean(frames[-1].tb_frame.f_code.co_filename, 400)}:{frames[-1].tb_lineno})" if frames else ""
    return f"{_named(error)}{where}"


def _named(error: BaseException) -> str:
    said = text_of(error, _LONGEST_MESSAGE)
    if isinstance(error, EndsProcess):
        return said
    return f"{type_name(error)}: {said}" if said else type_name(error)


def traceback_of(error: BaseException) -> str:
    """Write the last frames of an exception as Python does, without those of this package before the optimizer's.

    Returns
    -------
    str
        Several lines; "" where there is no frame of the optimizer's.
    """
    frames = _frames(error)
    ours = __name__.partition(".")[0]
    own = [text_of(frame.tb_frame.f_globals.get("__name__")).partition(".")[0] != ours for frame in frames]
    first = own.index(True) if True in own else len(frames)
    shown = frames[first:][-_MOST_FRAMES:]
    lines = ["Traceback (most recent call last):"]
    lines += [f"  [{len(frames) - first - len(shown)} frames left out]"] if len(shown) < len(frames) - first else []
    for frame in shown:
        code = frame.tb_frame.f_code
        file = clean(code.co_filename, 400)
        lines.append(f'  File "{file}", line {frame.tb_lineno}, in {clean(code.co_name, 100)}')
        source = clean(_source(code.co_filename, frame.tb_lineno), 200)
        lines += [f"    {source}"] if source else []
    return printable("\n".join([*lines, _named(error)])) if shown else ""


def _frames(error: BaseException) -> list[TracebackType]:
    trace = BaseException.__dict__["__traceback__"].__get__(error)  # a class of the optimizer's may hide it
    frames = []
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    while len(frames) > 1 and frames[-1].tb_frame.f_globals.get("__name__") in _RAISED_FOR_OTHERS:
        frames.pop()
    return frames


def _source(file: str, line: int) -> str:
    try:
        return linecache.getline(file, line)
    except Exception:
        return ""


def _attribute(thing: Any, name: str) -> Any:
    """Read an attribute of a result, which may be a property that raises."""
    try:
        return getattr(thing, name, None)
    except BudgetExhausted:  # it evaluates the objective, or time is up
        raise
    except BaseException:
        return None


def _as_point(x: Any, problem: Problem) -> tuple[FloatArray | None, str]:
    """Read what an optimizer returned as a point, or as a mapping of its parts, or say why it is none."""
    dim = problem.dim
    if type(x) is np.ndarray and x.dtype == np.float64 and x.shape == (dim,):  # nearly always
        return x.copy(), ""
    if x is None:
        return None, "the optimizer returned nothing; return the point, or an object with .x"
    try:
        if isinstance(x, Mapping):
            x = problem.space.encode(x) if problem.space else _joined(x, problem)
        array = as_array(x)
        if array.dtype.kind not in "fiubO":
            raise TypeError(f"{array.dtype} is no real number")
        point = np.array(array, dtype=np.float64)
    except BudgetExhausted:
        raise
    except BaseException:
        return None, f"the optimizer returned {_shown(x)}, which is no point"
    if point.shape == () and dim == 1:
        point = point.reshape(1)
    if point.shape != (dim,):
        return None, f"the optimizer returned an array of shape {point.shape}; a point has shape ({dim},)"
    return point, ""


def _joined(parts: Mapping[str, Any], problem: Problem) -> Any:
    return problem.structure.join({name: as_array(part) for name, part in parts.items()})


def _shown(x: Any) -> str:
    try:
        return clean(without_addresses(f"{x!r:.160}"), 120)
    except BudgetExhausted:
        raise
    except BaseException:
        return f"an object of type {type_name(x)}"


def _number(reported: Any) -> float | None:
    """Read what an optimizer says of itself, a number or an array or tensor of one; None if it is neither."""
    try:
        if isinstance(reported, float | int):  # needs no array
            return float(reported)
        return None if reported is None else float(as_array(reported).astype(np.float64).item())
    except BudgetExhausted:
        raise
    except BaseException:
        return None
