"""The parts of a training's state: weights, slots of the optimizer, counters, random states; as arrays by name.

Models and optimizers of Keras and torch, trees of arrays (JAX, optax, NumPy) and random generators are taken apart. Of
any other object no part is seen. No library is imported: an object of it exists only if it is imported already.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.records.path_divergence import distances

__all__ = ["Parts", "deviation_of_parts", "differing_parts", "parts_of", "shared_parts"]

Parts = dict[str, "Part"]
_SHOWN = 3


@dataclasses.dataclass(frozen=True)
class Part:
    """One array of a state.

    Attributes
    ----------
    name : str
        For messages.
    value : ndarray
        A copy.
    """

    name: str
    value: NDArray[Any]


def parts_of(state: Any) -> Parts:
    """Return copies of all arrays and numbers of a state, by their place in it.

    Parameters
    ----------
    state : object
        A model or an optimizer of Keras; whatever has a ``state_dict``, as of torch; a random generator; an array or a
        number; or a mapping, sequence, named tuple or dataclass of these.

    Returns
    -------
    dict of str to Part

    Examples
    --------
    >>> parts = parts_of({"weights": [np.ones(3), 2.0], "step": 7, "name": "mine"})
    >>> list(parts)
    ["['weights'][0]", "['weights'][1]", "['step']"]
    """
    return {place: Part(name or place, np.array(value)) for place, name, value in _leaves(state, "")}


def _leaves(value: Any, place: str) -> Iterator[tuple[str, str, Any]]:
    """Yield the place, the name and the value of each array."""
    if value is None or isinstance(value, str | bytes | type):
        return
    array = _as_array(value)
    if array is not None:
        yield place or "state", "", array
        return
    variables = _keras_variables(value)
    if variables is not None:
        for kind, several in variables.items():
            yield from ((f"{place}.{kind}[{k}]", one.path, _as_array(one.value)) for k, one in enumerate(several))
        return
    for key, inner in _children(value):
        yield from _leaves(inner, place + key)


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((f"[{key!r}]", inner) for key, inner in value.items())
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        yield from ((f".{name}", getattr(value, name)) for name in value._fields)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        yield from ((f"[{k}]", inner) for k, inner in enumerate(value))
    elif dataclasses.is_dataclass(value):
        yield from ((f".{field.name}", getattr(value, field.name)) for field in dataclasses.fields(value))
    elif isinstance(value, np.random.Generator):
        yield ".bit_generator.state", _plain(value.bit_generator.state)
    elif isinstance(value, np.random.RandomState):
        yield ".get_state()", _plain(value.get_state(legacy=False))
    elif callable(getattr(value, "getstate", None)):  # a generator of the standard library
        yield ".getstate()", [np.array(part, dtype=object) for part in value.getstate()]
    elif callable(getattr(value, "get_state", None)):  # a generator of torch
        yield ".get_state()", value.get_state()
    elif callable(getattr(value, "state_dict", None)):
        yield from _children(value.state_dict())


def _plain(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a random state with its large whole numbers as arrays of objects."""
    inner = {
        key: np.array(part, dtype=object) if isinstance(part, int) else part for key, part in state["state"].items()
    }
    return {**state, "state": inner}


def _keras_variables(value: Any) -> dict[str, list[Any]] | None:
    """Return the variables of a Keras object, the optimizer's apart; None for any other object."""
    if not any(kind.__module__.partition(".")[0] == "keras" for kind in type(value).__mro__):
        return None
    if not isinstance(getattr(value, "variables", None), list):
        return None
    optimizer = getattr(value, "optimizer", None)
    own = {} if optimizer is None else {"optimizer": list(optimizer.variables)}
    return {"variables": value.variables, **own}


def _as_array(value: Any) -> NDArray[Any] | None:
    """Return an array, a tensor or a number as an array of NumPy; None for anything else."""
    if isinstance(value, bool | int | float | complex | np.generic | np.ndarray):
        return (
            np.asarray(value, dtype=object) if isinstance(value, int) and abs(value) >= 1 << 63 else np.asarray(value)
        )
    if not hasattr(value, "shape") or not hasattr(value, "dtype"):
        return None
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        return np.asarray((value.float() if "bfloat16" in str(value.dtype) else value).numpy())
    jax = sys.modules.get("jax")
    if jax is not None and isinstance(value, jax.Array) and jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key):
        value = jax.random.key_data(value)
    found = np.asarray(value)
    return found if found.dtype.kind in "biufcO" else found.astype(np.float64)


def deviation_of_parts(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Return the largest difference of two arrays as a share of the largest number of the first; inf for other shapes.

    Examples
    --------
    >>> deviation_of_parts(np.array([4.0, np.nan]), np.array([5.0, np.nan]))
    0.25
    """
    if one.shape != other.shape:
        return np.inf
    if np.array_equal(one, other):
        return 0.0
    if object in (one.dtype, other.dtype):
        return np.inf
    if one.dtype.kind in "iu" and other.dtype.kind in "iu" and np.array_equal(one.astype(float), other.astype(float)):
        return 2.0**-53  # whole numbers above 2⁵³, as of random states
    a, b = (np.atleast_1d(part).astype(np.complex128).view(np.float64) for part in (one, other))
    apart = distances(a, b)
    sizes = np.abs(a[np.isfinite(a)]).max(initial=0.0) or np.abs(b[np.isfinite(b)]).max(initial=0.0)
    with np.errstate(all="ignore"):
        return float((np.where(apart == 0.0, 0.0, apart / sizes)).max())


def differing_parts(before: Parts, after: Parts, allowed: Mapping[str, float]) -> str:
    """Describe the parts that are missing or have other values; "" if there are none.

    Parameters
    ----------
    before, after : dict of str to Part
    allowed : mapping of str to float
        The deviation that is allowed to each part (default: 0); inf to leave it out.
    """
    missing = [part.name for place, part in before.items() if place not in after]
    moved = {
        part.name: deviation_of_parts(part.value, after[place].value)
        for place, part in before.items()
        if place in after and deviation_of_parts(part.value, after[place].value) > allowed.get(place, 0.0)
    }
    texts = []
    if missing:
        texts.append(f"{len(missing)} of {len(before)} parts are missing ({_some(missing)})")
    if moved:
        apart = [f"{name} by {moved[name]:.1e}" if moved[name] < np.inf else name for name in moved]
        texts.append(f"{len(moved)} of {len(before)} parts differ ({_some(apart)})")
    return "; ".join(texts)


def shared_parts(one: Any, other: Any) -> bool:
    """Return whether two states are one object, or share an array, a model, an optimizer or a random generator.

    Examples
    --------
    >>> weights = np.ones(3)
    >>> shared_parts((weights, 1), (weights, 1)), shared_parts((np.ones(3), 1), (weights, 1))
    (True, False)
    """
    if one is other and not isinstance(one, int | float | None):
        return True
    known = set(map(id, _objects(one)))
    return any(id(value) in known for value in _objects(other))


def _objects(value: Any) -> Iterator[Any]:
    """Yield the arrays, models, optimizers and random generators of a state."""
    if isinstance(value, Mapping | Sequence) or dataclasses.is_dataclass(value):
        for _, inner in _children(value):
            yield from _objects(inner)
    elif not isinstance(value, int | float | complex | np.generic) and next(_leaves(value, ""), None) is not None:
        yield value


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
