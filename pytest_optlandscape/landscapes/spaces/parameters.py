"""The parameters of a search space. Each codes its values as numbers from 0 to 1, and reads every such number.

Whole numbers, categories and levels share the interval evenly: each value owns a part, and its code is the middle of
that part. So rounding inside a part changes nothing (Tušar, Brockhoff & Hansen 2019).
"""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping
from typing import Any

from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["Choice", "Float", "Int", "Ordinal", "Parameter", "is_same"]


_DIGITS = 15
"""Significant digits of a real value that is read from its code. A value with no more survives coding unchanged."""
_DIGITS_OF_LOGARITHMS = 13
"""The same on a logarithmic scale, where rounding costs two digits."""


class Parameter(abc.ABC):
    """A parameter of a search space.

    Attributes
    ----------
    when : dict
        The values of other parameters under which this one is active, by their names: a tuple of values for each.
        Empty if it is always active.
    count : float
        How many values there are; inf for real numbers without steps.
    """

    count: float

    def __init__(self, when: Mapping[str, Any] | None) -> None:
        self.when = {name: value if isinstance(value, tuple) else (value,) for name, value in (when or {}).items()}

    @abc.abstractmethod
    def decode(self, code: float) -> Any:
        """Return the value of a code from 0 to 1."""

    @abc.abstractmethod
    def encode(self, value: Any) -> float:
        """Return the code of a value, from 0 to 1.

        Raises
        ------
        ValueError
            If the parameter has no such value.
        """

    def canonical(self, code: float) -> float:
        """Return the code that stands for all codes of the same value."""
        return self.encode(self.decode(code))

    def codes(self) -> list[float]:
        """Return the canonical codes of all values, in their order; only where ``count`` is finite."""
        return [(k + 0.5) / int(self.count) for k in range(int(self.count))]

    def _condition(self) -> str:
        when = {name: wanted if len(wanted) > 1 else wanted[0] for name, wanted in self.when.items()}
        return f", when={when!r}" if when else ""


class _Values(Parameter):
    """A parameter with finitely many values, each with an equal part of the interval."""

    def __init__(self, values: tuple[Any, ...], when: Mapping[str, Any] | None) -> None:
        super().__init__(when)
        kind = type(self).__name__
        if not values:
            raise ValueError(f"{kind} needs at least one value")
        repeated = [value for k, value in enumerate(values) if any(is_same(value, one) for one in values[:k])]
        if repeated:
            raise ValueError(f"{kind}: {repeated[0]!r} is given twice")
        self.values = values
        self.count = len(values)

    def decode(self, code: float) -> Any:
        """Return the value of a code from 0 to 1."""
        return self.values[_part(code, len(self.values))]

    def encode(self, value: Any) -> float:
        """Return the code of a value, from 0 to 1."""
        for k, one in enumerate(self.values):
            if is_same(value, one):
                return (k + 0.5) / len(self.values)
        raise ValueError(unknown_name("value", repr(value), [repr(one) for one in self.values]))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.values))}{self._condition()})"


class Choice(_Values):
    """One of several options without an order.

    Parameters
    ----------
    *options : object
        Strings, numbers, True, False, None.
    when : mapping, optional
        The values of other parameters under which this one is active (default: always).

    Raises
    ------
    ValueError
        If there is no option, or one is given twice.

    Examples
    --------
    >>> choice = Choice("sgd", "rmsprop", "adam")
    >>> choice.decode(0.4), choice.encode("adam")
    ('rmsprop', 0.8333333333333334)
    """

    def __init__(self, *options: Any, when: Mapping[str, Any] | None = None) -> None:
        super().__init__(options, when)


class Ordinal(_Values):
    """One of several levels in an order, such as ``Ordinal("small", "medium", "large")``.

    Parameters
    ----------
    *levels : object
    when : mapping, optional
        The values of other parameters under which this one is active (default: always).

    Raises
    ------
    ValueError
        If there is no level, or one is given twice.
    """

    def __init__(self, *levels: Any, when: Mapping[str, Any] | None = None) -> None:
        super().__init__(levels, when)


class Float(Parameter):
    """A real number between two bounds.

    Parameters
    ----------
    low, high : float
        The least and the greatest value.
    log : bool, default False
        Whether the code is linear in the logarithm of the value; both bounds are positive then.
    step : float, optional
        The distance of two values (default: every number is a value). Not together with ``log``.
    when : mapping, optional
        The values of other parameters under which this one is active (default: always).

    Raises
    ------
    ValueError
        If a bound is not finite, ``low`` is not below ``high``, a step is not positive or is given with ``log``.

    Notes
    -----
    Values that are read from a code have 15 significant digits, 13 with ``log``. So 0.1 stays 0.1 if it is coded and
    read again.

    Examples
    --------
    >>> rate = Float(1e-5, 1.0, log=True)
    >>> round(rate.decode(0.4), 12), rate.encode(1e-3)
    (0.001, 0.4)
    """

    def __init__(
        self,
        low: float,
        high: float,
        *,
        log: bool = False,
        step: float | None = None,
        when: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(when)
        self.low, self.high, self.log, self.step = float(low), float(high), log, step
        _check_range("Float", self.low, self.high, log)
        if step is not None and not (step > 0.0 and math.isfinite(step) and not log):
            raise ValueError(f"Float: a step is positive and goes without log, got step={step!r}, log={log!r}")
        self.count = math.floor((self.high - self.low) / step * (1.0 + 1e-12)) + 1 if step else math.inf

    def decode(self, code: float) -> float:
        """Return the value of a code from 0 to 1."""
        code = _clipped(code)
        if self.step:
            return self.low + self.step * _part(code, int(self.count))
        if self.log:
            start, width = self._logarithms()
            value = float(f"{math.exp(start + code * width):.{_DIGITS_OF_LOGARITHMS}g}")
        else:
            value = float(f"{self.low + code * (self.high - self.low):.{_DIGITS}g}")
        return min(max(value, self.low), self.high)

    def encode(self, value: Any) -> float:
        """Return the code of a value, from 0 to 1."""
        number = _number(value, self)
        if self.step:
            k = round((number - self.low) / self.step)
            if abs(self.low + self.step * k - number) > 1e-9 * max(1.0, abs(number)):
                raise ValueError(f"{value!r} is not on the steps of {self!r}")
            return (k + 0.5) / self.count
        if self.log:
            start, width = self._logarithms()
            return (math.log(number) - start) / width
        return (number - self.low) / (self.high - self.low)

    def canonical(self, code: float) -> float:
        """Return the code that stands for all codes of the same value."""
        return self.encode(self.decode(code)) if self.step else _clipped(code)

    def _logarithms(self) -> tuple[float, float]:
        """Return the logarithm of the least value, and how far that of the greatest value lies above it."""
        start = math.log(self.low)
        return start, math.log(self.high) - start

    def __repr__(self) -> str:
        log, step = ", log=True" if self.log else "", f", step={self.step!r}" if self.step else ""
        return f"Float({self.low!r}, {self.high!r}{log}{step}{self._condition()})"


class Int(Parameter):
    """A whole number between two bounds, both included.

    Parameters
    ----------
    low, high : int
        The least and the greatest value.
    log : bool, default False
        Whether the parts are even in the logarithm of the value; ``low`` is at least 1 then.
    step : int, default 1
        The distance of two values. Not together with ``log``.
    when : mapping, optional
        The values of other parameters under which this one is active (default: always).

    Raises
    ------
    ValueError
        If a bound is no whole number, ``low`` is above ``high``, a step is no whole number from 1 on or is given with
        ``log``.

    Examples
    --------
    >>> batch = Int(1, 256, log=True)
    >>> [batch.decode(code) for code in (0.0, 0.5, 1.0)]
    [1, 11, 256]
    >>> Int(0, 10, step=5).decode(0.9)
    10
    """

    def __init__(
        self, low: int, high: int, *, log: bool = False, step: int = 1, when: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(when)
        for name, bound in (("low", low), ("high", high), ("step", step)):
            if isinstance(bound, bool) or int(bound) != bound:
                raise ValueError(f"Int: {name} is a whole number, got {bound!r}")
        self.low, self.high, self.log, self.step = int(low), int(high), log, int(step)
        if self.low > self.high:
            raise ValueError(f"Int: low is at most high, got {low!r} and {high!r}")
        if log and (self.low < 1 or self.step != 1):
            raise ValueError(f"Int: with log, low is at least 1 and step is 1; got low={low!r}, step={step!r}")
        if self.step < 1:
            raise ValueError(f"Int: step is at least 1, got {step!r}")
        self.count = (self.high - self.low) // self.step + 1

    def decode(self, code: float) -> int:
        """Return the value of a code from 0 to 1."""
        if not self.log:
            return self.low + self.step * _part(code, int(self.count))
        start, width = self._logarithms()
        value = round(math.exp(start + _clipped(code) * width))
        return min(max(value, self.low), self.high)

    def encode(self, value: Any) -> float:
        """Return the code of a value, from 0 to 1."""
        number = _number(value, self)
        if number != int(number) or (int(number) - self.low) % self.step:
            raise ValueError(f"{value!r} is no value of {self!r}")
        if not self.log:
            return ((int(number) - self.low) // self.step + 0.5) / self.count
        start, width = self._logarithms()
        return (math.log(number) - start) / width

    def codes(self) -> list[float]:
        """Return the canonical codes of all values, in their order."""
        return [self.encode(value) for value in range(self.low, self.high + 1)] if self.log else super().codes()

    def _logarithms(self) -> tuple[float, float]:
        """Return where the first part begins and how wide all parts are: half a number is added at both ends."""
        start = math.log(self.low - 0.5)
        return start, math.log(self.high + 0.5) - start

    def __repr__(self) -> str:
        log, step = ", log=True" if self.log else "", f", step={self.step!r}" if self.step != 1 else ""
        return f"Int({self.low!r}, {self.high!r}{log}{step}{self._condition()})"


def _clipped(code: float) -> float:
    return min(max(float(code), 0.0), 1.0)


def _part(code: float, count: int) -> int:
    """Return the number of the part in which a code lies."""
    return min(int(_clipped(code) * count), count - 1)


def is_same(value: Any, other: Any) -> bool:
    """Compare values, True and 1 being different ones."""
    return bool(value == other) and isinstance(value, bool) == isinstance(other, bool)


def _number(value: Any, parameter: Float | Int) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(value, bool | str) or not parameter.low <= number <= parameter.high:
        raise ValueError(f"{value!r} is no number from {parameter.low!r} to {parameter.high!r}")
    return number


def _check_range(kind: str, low: float, high: float, log: bool) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"{kind}: low is below high and both are finite, got {low!r} and {high!r}")
    if log and low <= 0.0:
        raise ValueError(f"{kind}: with log, low is positive; got {low!r}")
