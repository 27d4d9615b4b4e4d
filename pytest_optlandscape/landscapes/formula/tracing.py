"""Compilation of a formula on arrays to straight-line Python on floats.

Plain Python arithmetic evaluates one point of low dimension fastest: an operation takes about 15 ns on two floats and
500 ns on two small NumPy arrays. The formula is run once on symbols, which record every operation. The record is
compiled. It holds the same operations in the same order, so results agree with array evaluation up to the last bits of
library functions.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["FLOAT_ERRORS", "LARGEST_UNROLLED", "compile_floats"]

LARGEST_UNROLLED = 32
"""Above this dimension NumPy is faster than unrolled floats (measured: they break even between 30 and 50)."""

FLOAT_ERRORS = (OverflowError, ValueError, ZeroDivisionError)
"""Errors of Python floats where IEEE arithmetic gives inf or nan."""

_FUNCTIONS: dict[str, Any] = {name: getattr(math, name) for name in ("sin", "cos", "tan", "exp", "log", "sqrt", "tanh")}
_FUNCTIONS |= {"arctan": math.atan, "abs": abs, "pow": math.pow, "nan": math.nan, "inf": math.inf}
_FUNCTIONS |= {"floor": lambda value: float(math.floor(value))}


class _Recorder:
    """The statements recorded so far; equal right-hand sides share one."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._names: dict[str, str] = {}

    def emit(self, expression: str) -> Symbol:
        name = self._names.get(expression)
        if name is None:
            name = self._names[expression] = f"t{len(self._names)}"
            self.lines.append(f"{name} = {expression}")
        return Symbol(name, self)


class Symbol:
    """A float whose value is not known yet; operations on it are recorded."""

    __slots__ = ("name", "recorder")

    def __init__(self, name: str, recorder: _Recorder) -> None:
        self.name = name
        self.recorder = recorder

    def _binary(self, other: Any, form: str) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented
        return self.recorder.emit(form.format(self.name, _source(other)))

    def __add__(self, other: Any) -> Any:
        return self._binary(other, "{0} + {1}")

    def __radd__(self, other: Any) -> Any:
        return self._binary(other, "{1} + {0}")

    def __sub__(self, other: Any) -> Any:
        return self._binary(other, "{0} - {1}")

    def __rsub__(self, other: Any) -> Any:
        return self._binary(other, "{1} - {0}")

    def __mul__(self, other: Any) -> Any:
        return self._binary(other, "{0} * {1}")

    def __rmul__(self, other: Any) -> Any:
        return self._binary(other, "{1} * {0}")

    def __truediv__(self, other: Any) -> Any:
        return self._binary(other, "{0} / {1}")

    def __rtruediv__(self, other: Any) -> Any:
        return self._binary(other, "{1} / {0}")

    def __lt__(self, other: Any) -> Any:
        return self._binary(other, "{0} < {1}")

    def __le__(self, other: Any) -> Any:
        return self._binary(other, "{0} <= {1}")

    def __gt__(self, other: Any) -> Any:
        return self._binary(other, "{0} > {1}")

    def __ge__(self, other: Any) -> Any:
        return self._binary(other, "{0} >= {1}")

    def __bool__(self) -> bool:
        raise TypeError("a formula may not branch on the values of x; use xp.where")

    def __neg__(self) -> Symbol:
        return self.recorder.emit(f"-{self.name}")

    def __pow__(self, exponent: Any) -> Any:
        if exponent == int(exponent) and 1 <= exponent <= 16:
            half = self if exponent < 4 else self ** (exponent // 2)
            if exponent >= 4:
                square = half * half
                return square * self if exponent % 2 else square
            return functools.reduce(operator.mul, [self] * int(exponent))
        return self.recorder.emit(f"pow({self.name}, {_source(exponent)})")


class _Symbols(np.ndarray[Any, Any]):
    """An array of symbols. NumPy's comparison of objects would need truth values, which symbols lack."""

    def __lt__(self, other: Any) -> Any:
        return np.less(self, other, dtype=object)

    def __le__(self, other: Any) -> Any:
        return np.less_equal(self, other, dtype=object)

    def __gt__(self, other: Any) -> Any:
        return np.greater(self, other, dtype=object)

    def __ge__(self, other: Any) -> Any:
        return np.greater_equal(self, other, dtype=object)


def _array_of(symbols: Sequence[Any]) -> _Symbols:
    array = np.empty(len(symbols), dtype=object)
    array[:] = symbols
    return array.view(_Symbols)


def _source(value: Any) -> str:
    return value.name if isinstance(value, Symbol) else repr(float(value))


def _recorder_of(values: Sequence[Any]) -> _Recorder:
    return next(v.recorder for v in values if isinstance(v, Symbol))


class _SymbolicNamespace:
    """The functions of `namespaces`, on symbols and object arrays of them."""

    def __getattr__(self, name: str) -> Callable[[Any], Any]:
        if name not in _FUNCTIONS:
            raise AttributeError(f"formulas have no function xp.{name}")

        def one(value: Any) -> Any:
            if isinstance(value, Symbol):
                return value.recorder.emit(f"{name}({value.name})")
            return _FUNCTIONS[name](value)

        return lambda value: self._each(one, value)

    @staticmethod
    def _each(function: Callable[..., Any], *values: Any) -> Any:
        if any(isinstance(v, np.ndarray) for v in values):
            return np.frompyfunc(function, len(values), 1)(*values)
        return function(*values)

    def sign(self, value: Any) -> Any:
        def one(v: Any) -> Any:
            if isinstance(v, Symbol):
                n = v.name
                return v.recorder.emit(f"1.0 if {n} > 0.0 else -1.0 if {n} < 0.0 else {n}")
            return float(np.sign(v))

        return self._each(one, value)

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        def one(c: Any, yes: Any, no: Any) -> Any:
            if isinstance(c, Symbol):
                return c.recorder.emit(f"{_source(yes)} if {c.name} else {_source(no)}")
            return yes if c else no

        return self._each(one, condition, a, b)

    def maximum(self, a: Any, b: Any) -> Any:
        return self._each(functools.partial(_chosen, ">="), a, b)

    def minimum(self, a: Any, b: Any) -> Any:
        return self._each(functools.partial(_chosen, "<="), a, b)

    def max(self, v: Any) -> Any:
        return functools.reduce(self.maximum, v)

    def min(self, v: Any) -> Any:
        return functools.reduce(self.minimum, v)

    def constant(self, values: Any, x: Any) -> Any:
        return np.asarray(values, dtype=np.float64)

    def dot(self, matrix: Any, v: Any) -> Any:
        return self.stack([_weighted_sum(row, v) for row in np.asarray(matrix, dtype=np.float64).tolist()])

    def power(self, value: Any, exponent: Any) -> Any:
        return value**exponent

    def sum(self, v: Any) -> Any:
        return functools.reduce(operator.add, v) if len(v) else 0.0

    def prod(self, v: Any) -> Any:
        return functools.reduce(operator.mul, v)

    def index(self, x: Any) -> Any:
        return np.arange(1.0, len(x) + 1.0)

    def take(self, v: Any, order: Any) -> Any:
        return v[order]

    def pad(self, v: Any, before: int, after: int) -> Any:
        return self.stack([0.0] * before + list(v) + [0.0] * after)

    def interleave(self, values: Any) -> Any:
        return self.stack([v for group in zip(*values, strict=True) for v in group])

    def safe_sqrt(self, value: Any) -> Any:
        def one(v: Any) -> Any:
            return v.recorder.emit(f"sqrt(1e-37 if {v.name} < 1e-37 else {v.name})")

        return self._each(one, value)

    def stack(self, values: Any) -> Any:
        return _array_of(values)

    def others(self, v: Any) -> Any:
        size = len(v)
        before = [*_running_products(v)]
        after = [*_running_products(v[::-1])]
        products = []
        for k in range(size):
            pair = [p for p in (before[k], after[size - 1 - k]) if p is not None]
            products.append(functools.reduce(operator.mul, pair) if pair else 1.0)
        return self.stack(products)


def _chosen(order: str, a: Any, b: Any) -> Any:
    """Record the choice of the larger or smaller of two; NaN if one is NaN."""
    if not isinstance(a, Symbol) and not isinstance(b, Symbol):
        return a if (a >= b if order == ">=" else a <= b) or a != a else b  # noqa: PLR0124
    first, second = _source(a), _source(b)
    return _recorder_of([a, b]).emit(f"{first} if {first} {order} {second} or {first} != {first} else {second}")


def _weighted_sum(weights: list[float], v: Any) -> Any:
    terms = [value if weight == 1.0 else weight * value for weight, value in zip(weights, v, strict=True) if weight]
    return functools.reduce(operator.add, terms) if terms else 0.0


def _running_products(v: Any) -> list[Any]:
    products: list[Any] = [None]
    for value in v[:-1]:
        products.append(value if products[-1] is None else products[-1] * value)
    return products


def compile_floats(
    formula: Callable[[Any, Any], Any], dim: int, otherwise: Callable[[list[float]], Any]
) -> Callable[[list[float]], Any]:
    """Compile a formula into a function of ``dim`` Python floats.

    Parameters
    ----------
    formula : callable
        ``formula(x, xp)``, where the first axis of ``x`` holds the components. It returns a number or a sequence of
        numbers.
    dim : int
        Number of components.
    otherwise : callable
        Called with the same list if floats raise instead of returning inf or nan, or if the list has another length.

    Returns
    -------
    callable
        ``function(list of floats)``; returns a float, or a list if the formula returns a sequence.

    Examples
    --------
    >>> double = compile_floats(lambda x, xp: xp.sum(2.0 * x), 3, otherwise=print)
    >>> double([1.0, 2.0, 3.0])
    12.0
    """
    recorder = _Recorder()
    names = [f"x{k}" for k in range(dim)]
    result = formula(_array_of([Symbol(name, recorder) for name in names]), _SymbolicNamespace())
    if isinstance(result, np.ndarray | tuple | list):
        returned = "[" + ", ".join(map(_source, result)) + "]"
    else:
        returned = _source(result)
    body = "\n        ".join([f"{', '.join(names)}, = values", *recorder.lines, f"return {returned}"])
    source = (
        f"def compiled(values):\n    try:\n        {body}\n    except FLOAT_ERRORS:\n        return otherwise(values)\n"
    )
    scope: dict[str, Any] = {**_FUNCTIONS, "FLOAT_ERRORS": FLOAT_ERRORS, "otherwise": otherwise}
    exec(compile(source, f"<{getattr(formula, '__name__', 'formula')}[{dim}]>", "exec"), scope)
    compiled: Callable[[list[float]], Any] = scope["compiled"]
    return compiled
