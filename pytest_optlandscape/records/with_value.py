"""Make an optimizer with another value of a hyperparameter."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from pytest_optlandscape.optimizers import Adapter, get, parse_spec
from pytest_optlandscape.optimizers.adapters import keras
from pytest_optlandscape.optimizers.libraries import unwrapped
from pytest_optlandscape.optimizers.spec import Spec
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["with_value"]


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
    if isinstance(optimizer, str):
        spec = parse_spec(optimizer)
        return get(str(Spec(spec.library, spec.name, {**spec.arguments, name: value})))
    if isinstance(optimizer, type):
        _check_takes(optimizer, name)
        return get(functools.partial(optimizer, **{name: value}))
    if keras.recognizes(optimizer) and not isinstance(unwrapped(optimizer), type):
        return get(keras.with_setting(optimizer, name, value))
    if callable(optimizer) and not isinstance(optimizer, Adapter):
        _check_takes(optimizer, name)
        return get(functools.partial(optimizer, **{name: value}))
    raise TypeError(
        f"{optimizer!r:.80} cannot be given another {name}: pass a spec string, a class, or a callable with a "
        f"parameter {name}"
    )


def _check_takes(optimizer: Callable[..., Any], name: str) -> None:
    try:
        parameters = inspect.signature(optimizer).parameters
    except (TypeError, ValueError):  # a compiled function may have no signature; a call will check the name
        return
    if name not in parameters and not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        called = getattr(optimizer, "__qualname__", type(optimizer).__qualname__)
        raise ValueError(unknown_name(f"parameter of {called}", name, parameters))
