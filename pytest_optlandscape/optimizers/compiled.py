"""What JAX or TensorFlow has compiled for an optimizer, kept for the next adapter of the same one.

Each call of ``minimize("optax:adam(learning_rate=0.1)", …)`` makes an adapter of its own, and compiling takes a hundred
times as long as a short run.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

__all__ = ["kept_for"]

_MOST = 16
"""Optimizers for which something is kept: those that were asked for last."""

_MOST_THINGS = 64
"""Things that are kept for one optimizer, such as steps for points of one shape: those that were put back last."""

_kept: OrderedDict[Hashable, dict[Any, Any]] = OrderedDict()


class _Latest(dict[Any, Any]):
    """A dict that drops what was set first when it holds too much."""

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        while len(self) > _MOST_THINGS:
            del self[next(iter(self))]


def kept_for(key: Hashable) -> dict[Any, Any]:
    """Return the dict in which things are kept for an optimizer: the same one for the same key.

    Parameters
    ----------
    key : hashable
        All that decides what is compiled. A key that cannot be hashed gets a new dict each time.

    Returns
    -------
    dict
        It holds the 64 things that were set last.

    Examples
    --------
    >>> kept_for(("test:adam", "float32")) is kept_for(("test:adam", "float32"))
    True
    >>> kept_for(("test:adam", "float32")) is kept_for(("test:adam", "float64"))
    False
    >>> kept_for(("test:adam", [])) is kept_for(("test:adam", []))
    False
    """
    try:
        found = _kept.pop(key, None)
    except TypeError:
        return _Latest()
    found = _Latest() if found is None else found
    _kept[key] = found
    while len(_kept) > _MOST:
        _kept.popitem(last=False)
    return found
