"""Cache of code that JAX or TensorFlow compiled for an optimizer, for the next adapter of the same optimizer.

Each call of ``minimize("optax:adam(learning_rate=0.1)", …)`` makes a new adapter. Compilation takes a hundred times as
long as a short run.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

__all__ = ["kept_for"]

_MOST = 16
"""Number of optimizers in the cache; the least recently used is dropped."""

_MOST_THINGS = 64
"""Number of objects in one optimizer's dict, such as steps for points of one shape; the oldest is dropped."""

_kept: OrderedDict[Hashable, dict[Any, Any]] = OrderedDict()


class _Latest(dict[Any, Any]):
    """A dict that drops its oldest item when it holds too many."""

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        while len(self) > _MOST_THINGS:
            del self[next(iter(self))]


def kept_for(key: Hashable) -> dict[Any, Any]:
    """Return an optimizer's dict of cached objects, the same dict for the same key.

    Parameters
    ----------
    key : hashable
        Everything that determines the compiled code. A key that cannot be hashed gets a new dict each time.

    Returns
    -------
    dict
        It holds the 64 objects that were set last.

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
