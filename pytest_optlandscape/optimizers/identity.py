"""Short names for objects that do not record how they were made, such as optax's transformations.

Such objects are closures over numbers. The name is a hash of the functions' names and closed-over values. It is the
same in every process for the same numbers, and differs for others.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import inspect
from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any

__all__ = ["name_of", "short_name"]

_DEPTH = 40
"""Largest nesting of closures; real optimizers are shallower."""

_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis))


def short_name(thing: Any) -> str | None:
    """Return eight hexadecimal digits that identify an object by its closed-over values.

    Parameters
    ----------
    thing : object
        Made of closures, numbers, arrays, tuples, lists, dicts and plain objects.

    Returns
    -------
    str or None
        None if it holds a value without a stable representation.

    Examples
    --------
    >>> def scaled(rate):
    ...     return lambda gradient: -rate * gradient
    >>> short_name(scaled(0.1)) == short_name(scaled(0.1)), short_name(scaled(0.1)) == short_name(scaled(0.01))
    (True, False)
    >>> short_name(object()) is None
    True
    """
    try:
        text = "\n".join(_told(thing, 0))
    except _Unnameable:
        return None
    return hashlib.sha256(text.encode()).hexdigest()[:8]


class _Unnameable(Exception):  # noqa: N818 - a signal, not an error
    """An object has no stable representation."""


def _told(thing: Any, depth: int) -> Iterator[str]:
    if depth > _DEPTH:
        raise _Unnameable
    yield type(thing).__qualname__
    for part in _parts(thing):
        if isinstance(part, _PLAIN):
            yield repr(part)
        else:
            yield from _told(part, depth + 1)


def _parts(thing: Any) -> Iterator[Any]:
    """Yield the parts of an object."""
    if isinstance(thing, _PLAIN):
        yield thing
    elif callable(thing) and not dataclasses.is_dataclass(thing):
        yield from _parts_of_callable(thing)
    elif isinstance(thing, tuple | list):
        yield from thing
    elif isinstance(thing, Mapping):
        yield from thing.items()
    elif isinstance(thing, set | frozenset):
        yield from sorted(thing, key=repr)
    elif hasattr(thing, "tobytes") and hasattr(thing, "dtype"):
        yield from (str(thing.dtype), str(thing.shape), thing.tobytes())
    elif dataclasses.is_dataclass(thing):
        yield from ((one.name, getattr(thing, one.name)) for one in dataclasses.fields(thing))
    else:
        yield from _attributes(thing)


def _parts_of_callable(thing: Any) -> Iterator[Any]:
    if isinstance(thing, type) or inspect.isbuiltin(thing):
        yield f"{thing.__module__}.{thing.__qualname__}"
    elif inspect.isfunction(thing):
        yield f"{thing.__module__}.{thing.__qualname__}"
        yield from _constants(thing.__code__) if "<lambda>" in thing.__qualname__ else ()
        yield from (thing.__defaults__ or (), thing.__kwdefaults__ or {})
        yield from (cell.cell_contents for cell in thing.__closure__ or ())
    elif inspect.ismethod(thing):
        yield from (thing.__func__, thing.__self__)
    elif isinstance(thing, functools.partial):
        yield from (thing.func, thing.args, thing.keywords)
    elif callable(getattr(thing, "__wrapped__", None)):  # a jitted function
        yield thing.__wrapped__
    else:
        yield from _attributes(thing)


def _attributes(thing: Any) -> Iterator[Any]:
    attributes = getattr(thing, "__dict__", {})
    if not attributes:
        raise _Unnameable
    yield from sorted(attributes.items())


def _constants(code: CodeType) -> Iterator[Any]:
    """Yield the numbers and names in a function's code."""
    yield from (constant for constant in code.co_consts if isinstance(constant, _PLAIN))
    yield code.co_names


def name_of(function: Any) -> str:
    """Return a callable's module and name as text."""
    if isinstance(function, functools.partial):
        arguments = [repr(value) for value in function.args]
        arguments += [f"{key}={value!r}" for key, value in function.keywords.items()]
        return f"{name_of(function.func)}({', '.join(arguments)})"
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return f"{getattr(function, '__module__', type(function).__module__)}:{name}"
