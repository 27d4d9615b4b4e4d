"""Things that every run shares, and that no optimizer can change: their arrays and attributes are frozen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Frozen", "immutable", "set_attributes"]


def immutable(values: ArrayLike) -> NDArray[np.float64]:
    """Copy numbers into an array that cannot be written to, nor be made to.

    An array that owns its memory can be made writeable again by its flags; one on top of `bytes` cannot.

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
    """An object whose public attributes cannot be changed any more after `freeze`."""

    _is_frozen = False

    def freeze(self) -> None:
        """Refuse all changes from now on."""
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
    """Set attributes of an object that is still being made, although it is frozen."""
    made.__dict__.update(values)


def _refusal(thing: Frozen, name: str) -> str:
    title = getattr(thing, "id", type(thing).__name__)
    return f"{name} of {title} cannot be changed: all runs share it"
