"""Make an optimizer with other values of hyperparameters."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from pytest_optlandscape.optimizers import Adapter, get, parse_spec
from pytest_optlandscape.optimizers.adapters import keras
from pytest_optlandscape.optimizers.libraries import unwrapped
from pytest_optlandscape.optimizers.spec import Spec
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["with_value", "with_values"]


def with_value(optimizer: Any, name: str, value: float) -> Adapter:
    """Make an optimizer with a hyperparameter set to a value.

    Parameters
    ----------
    optimizer : str, callable, class or object
        A spec string, a callable that takes the keyword, a class of optimizers, or an optimizer of Keras.
    name : str
    value : float

    Returns
    -------
    Adapter

    Raises
    ------
    ValueError
        If the optimizer has no such argument, or is an instance that cannot be rebuilt without losing a setting.
    TypeError
        If the optimizer is of a kind that cannot be made again with another value.

    Examples
    --------
    >>> with_value("scipy:L-BFGS-B(maxcor=5)", "ftol", 1e-6).spec
    'scipy:L-BFGS-B(maxcor=5, ftol=1e-06)'
    """
    return with_values(optimizer, {name: value})


def with_values(optimizer: Any, values: Mapping[str, Any]) -> Adapter:
    """Make an optimizer with several hyperparameters set to values; see `with_value`.

    Examples
    --------
    >>> with_values("scipy:L-BFGS-B", {"ftol": 1e-6, "maxcor": 5}).spec
    'scipy:L-BFGS-B(ftol=1e-06, maxcor=5)'
    """
    if not values:
        return get(optimizer)
    if isinstance(optimizer, str):
        spec = parse_spec(optimizer)
        return get(str(Spec(spec.library, spec.name, {**spec.arguments, **values})))
    if keras.recognizes(optimizer) and not isinstance(unwrapped(optimizer), type):
        for name, value in values.items():
            optimizer = keras.with_setting(optimizer, name, value)
        return get(optimizer)
    if isinstance(optimizer, type) or (callable(optimizer) and not isinstance(optimizer, Adapter)):
        for name in values:
            _check_takes(optimizer, name)
        return get(functools.partial(optimizer, **values))
    names = " and ".join(values)
    raise TypeError(
        f"{optimizer!r:.80} cannot be given another {names}: pass a spec string, a class, or a callable with a "
        f"parameter {names}"
    )


def _check_takes(optimizer: Callable[..., Any], name: str) -> None:
    try:
        parameters = inspect.signature(optimizer).parameters
    except (TypeError, ValueError):  # a compiled function may have no signature; a call will check the name
        return
    if name not in parameters and not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        called = getattr(optimizer, "__qualname__", type(optimizer).__qualname__)
        raise ValueError(unknown_name(f"parameter of {called}", name, parameters))
