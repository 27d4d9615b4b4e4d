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

_kept: OrderedDict[Hashable, dict[Any, Any]] = OrderedDict()


def kept_for(key: Hashable) -> dict[Any, Any]:
    """Return the dict in which things are kept for an optimizer: the same one for the same key.

    Parameters
    ----------
    key : hashable
        Of all that decides what is compiled. What cannot be hashed is not known again: it gets a new dict each time.

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
        found = _kept.pop(key, {})
    except TypeError:
        return {}
    _kept[key] = found
    while len(_kept) > _MOST:
        _kept.popitem(last=False)
    return found
