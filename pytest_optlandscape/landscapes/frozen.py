"""Immutable arrays and objects: runs share landscapes, and no optimizer may change them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Frozen", "immutable", "set_attributes"]


def immutable(values: ArrayLike) -> NDArray[np.float64]:
    """Copy numbers into a permanently read-only array.

    Flags can make an array writeable again if it owns its memory. An array on top of `bytes` stays read-only.

    Examples
    --------
    >>> numbers = immutable([[0.0, 1.0]])
    >>> numbers.flags.writeable = True
    Traceback (most recent call last):
        ...
    ValueError: cannot set WRITEABLE flag to True of this array
    """
    array = np.array(values, dtype=np.float64)
    if array.size == 0:
        array.flags.writeable = False
        return array
    return np.frombuffer(array.tobytes(), dtype=np.float64).reshape(array.shape)


class Frozen:
    """An object whose public attributes cannot change after `freeze`."""

    _is_frozen = False

    def freeze(self) -> None:
        """Reject all further changes."""
        self._is_frozen = True

    def __setattr__(self, name: str, value: Any) -> None:
        if self._is_frozen and not name.startswith("_"):
            raise AttributeError(_refusal(self, name))
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        if self._is_frozen and not name.startswith("_"):
            raise AttributeError(_refusal(self, name))
        object.__delattr__(self, name)


def set_attributes(made: Any, **values: Any) -> None:
    """Set attributes of a frozen object during its construction."""
    made.__dict__.update(values)


def _refusal(thing: Frozen, name: str) -> str:
    title = getattr(thing, "id", type(thing).__name__)
    return f"{name} of {title} cannot be changed, because all runs share it"
