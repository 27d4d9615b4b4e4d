"""Rebuilding of optimizers for each run, without loss of settings.

An adapter makes a new optimizer for each run. It calls the class with the given arguments, or rebuilds an instance from
its configuration. The first needs arguments that no earlier run has changed: `renewed`. The second needs a proof that
no setting was lost: `differences`.
"""

from __future__ import annotations

import copy
import functools
import re
import types
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["differences", "renewed"]


def renewed(factory: Any) -> Any:
    """Return a `functools.partial` with copies of its arguments, so that no run changes another's.

    Parameters
    ----------
    factory : object

    Returns
    -------
    object
        Any other object is returned unchanged, and an argument that cannot be copied is kept.

    Examples
    --------
    >>> make = functools.partial(dict, population=[1, 2])
    >>> renewed(make)()["population"].append(3)
    >>> make()
    {'population': [1, 2]}
    """
    if not isinstance(factory, functools.partial):
        return factory
    keywords = {key: copied(value) for key, value in factory.keywords.items()}
    return functools.partial(renewed(factory.func), *map(copied, factory.args), **keywords)


def copied(value: Any) -> Any:
    """Return a deep copy, or the value itself if it cannot be copied."""
    try:
        return copy.deepcopy(value)
    except Exception:
        return value


def differences(one: Any, other: Any, *, without: frozenset[str] = frozenset()) -> list[str]:
    """Return the names of attributes in which two objects of one class differ.

    Numbers, strings, arrays, functions, containers and plain objects are compared by value. Other objects, such as
    locks and open files, count as equal.

    Parameters
    ----------
    one, other : object
    without : frozenset of str
        Attributes to ignore.

    Returns
    -------
    list of str
        Sorted.

    Examples
    --------
    >>> one, other = types.SimpleNamespace(power=8.0, name="a"), types.SimpleNamespace(power=2.0, name="b")
    >>> differences(one, other, without=frozenset({"name"}))
    ['power']
    """
    comparison = _Comparison(without)
    first, second = comparison.attributes(one), comparison.attributes(other)
    return sorted(
        name
        for name in first.keys() | second.keys()
        if name not in first or name not in second or not comparison.agree(first[name], second[name])
    )


class _Comparison:
    """Comparison of objects by value; a pair that contains itself is compared once."""

    def __init__(self, without: frozenset[str]) -> None:
        self._without = without
        self._seen: dict[tuple[int, int], tuple[Any, Any]] = {}  # holds references, so that no id is reused

    def attributes(self, thing: Any) -> dict[str, Any]:
        return {key: value for key, value in getattr(thing, "__dict__", {}).items() if key not in self._without}

    def agree(self, one: Any, other: Any) -> bool:
        if one is other or (id(one), id(other)) in self._seen:
            return True
        if isinstance(one, _NUMBERS) and isinstance(other, _NUMBERS):
            return _hold_the_same(np.asarray(one), np.asarray(other))
        if type(one) is not type(other):
            return False
        if isinstance(one, _EQUAL_BY_VALUE):
            return bool(one == other)
        self._seen[id(one), id(other)] = one, other
        arrays = _as_array(one), _as_array(other)
        if arrays[0] is not None and arrays[1] is not None:
            return _hold_the_same(*arrays)
        return self._parts_agree(one, other)

    def _parts_agree(self, one: Any, other: Any) -> bool:
        if isinstance(one, Mapping):
            return one.keys() == other.keys() and all(self.agree(one[key], other[key]) for key in one)
        if isinstance(one, list | tuple):
            return len(one) == len(other) and all(map(self.agree, one, other))
        if isinstance(one, types.FunctionType):
            return one.__code__ == other.__code__ and self.agree(_remembered(one), _remembered(other))
        if isinstance(one, types.MethodType):
            return one.__func__ is other.__func__ and self.agree(one.__self__, other.__self__)
        return self.agree(self.attributes(one), self.attributes(other))


_NUMBERS = (float, int, complex, np.number)
_EQUAL_BY_VALUE = (str, bytes, set, frozenset, type, types.ModuleType, re.Pattern)


def _remembered(function: types.FunctionType) -> tuple[Any, ...]:
    return (
        function.__defaults__,
        function.__kwdefaults__,
        *(cell.cell_contents for cell in function.__closure__ or ()),
    )


def _as_array(thing: Any) -> Any:
    """Convert an object with dtype and shape to an array; return None for others or unreadable ones."""
    if not (hasattr(thing, "dtype") and hasattr(thing, "shape")):
        return None
    try:
        return np.asarray(thing.numpy() if hasattr(thing, "numpy") else thing)
    except Exception:
        return None


def _hold_the_same(one: Any, other: Any) -> bool:
    if one.shape != other.shape:
        return False
    nan = [np.not_equal(array, array) for array in (one, other)]
    return bool(np.all((one == other) | (nan[0] & nan[1])))
