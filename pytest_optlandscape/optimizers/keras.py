"""Keras' optimizers, on whichever backend Keras runs.

Every run begins with the state of a fresh optimizer. Each step evaluates the objective and its analytic gradient at
the current point and hands the gradient to ``optimizer.apply``, in the way that Keras itself trains with on its
backend (see `keras_steps`). The point is a `keras.Variable`, or one for each tensor of the landscape's structure under
its name, of Keras' own float type
(``keras.config.floatx()``, float32 unless it was changed) or of the one named by ``dtype=``, because that is what a
user's model has.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import inspect
import json
import os
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pytest_optlandscape._names import unknown_name
from pytest_optlandscape.landscapes.structure import Structure
from pytest_optlandscape.optimizers.keras_steps import Steps, double_precision_where_needed, make_steps
from pytest_optlandscape.optimizers.protocol import Adapter, MissingLibrary, Outcome
from pytest_optlandscape.optimizers.spec import Spec
from pytest_optlandscape.optimizers.stepping import call_in_quotes, check_dtype, descend
from pytest_optlandscape.runs import Problem

__all__ = ["from_object", "from_spec", "recognizes"]

PREFIX = "keras"
_BACKENDS = ("tensorflow", "torch", "jax")
_NOT_FOR_ONE_VARIABLE = ("Optimizer", "LossScaleOptimizer", "MultiOptimizer")


@dataclass(frozen=True)
class KerasOptimizer(Adapter):
    """An optimizer class of Keras with its configuration."""

    factory: Any = None
    config: dict[str, Any] = field(default_factory=dict)
    dtype: str = "float32"
    undecayed: tuple[str, ...] = ()
    _idle: dict[Structure, Steps] = field(default_factory=dict, compare=False, repr=False)

    def minimize(self, problem: Problem) -> Outcome:
        keras = _import_keras(self.spec)
        with double_precision_where_needed(keras, self.dtype):
            # Taken out while it works: what is compiled serves one run at a time.
            structure = problem.structure
            steps = self._idle.pop(structure, None) or make_steps(keras, self._fresh, structure, self.dtype)
            try:
                outcome = descend(problem, steps.start(problem.x0), steps.step)
                return dataclasses.replace(outcome, x=steps.finish())
            finally:
                self._idle[structure] = steps

    def _fresh(self) -> Any:
        optimizer = self.factory(**self.config)
        if self.undecayed:
            optimizer.exclude_from_weight_decay(var_names=list(self.undecayed))
        return optimizer

    def versions(self) -> dict[str, str]:
        keras = _import_keras(self.spec)
        backend = keras.backend.backend()
        return {"keras": keras.__version__, backend: sys.modules[backend].__version__}


def from_spec(spec: Spec) -> Adapter:
    """Make the adapter of an optimizer's class name.

    Besides the class's own arguments there are ``dtype`` and ``exclude_from_weight_decay``, a list of regular
    expressions for the names of variables, such as ``["bias"]``.

    Raises
    ------
    ValueError
        If Keras has no such optimizer, or the optimizer no such argument.
    MissingLibrary
        If Keras or its backend is not installed.
    """
    keras = _import_keras(str(spec))
    known = [
        name
        for name, thing in vars(keras.optimizers).items()
        if isinstance(thing, type)
        and issubclass(thing, keras.optimizers.Optimizer)
        and name not in _NOT_FOR_ONE_VARIABLE
    ]
    if spec.name not in known:
        raise ValueError(unknown_name("Keras optimizer", spec.name, known))
    kind = getattr(keras.optimizers, spec.name)
    arguments = {*inspect.signature(kind).parameters, "dtype", "exclude_from_weight_decay"} - {"kwargs"}
    for key in spec.arguments:
        if key not in arguments:
            raise ValueError(unknown_name(f"argument of keras:{spec.name}", key, arguments))
    config = {key: _scheduled(keras, str(spec), value) for key, value in spec.arguments.items()}
    dtype = config.pop("dtype", keras.config.floatx())
    undecayed = _names_of_variables(str(spec), config.pop("exclude_from_weight_decay", ()))
    return _adapter(keras, str(spec), kind, config, dtype, undecayed=undecayed)


def _names_of_variables(spec: str, names: Any) -> tuple[str, ...]:
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise ValueError(
            f"optimizer {spec!r}: exclude_from_weight_decay is a list of variables' names, such as ['bias']; "
            f"got {names!r}"
        )
    return tuple(names)


def _scheduled(keras: Any, spec: str, value: Any) -> Any:
    """Build a schedule that is written as a call in quotes, such as ``"CosineDecay(initial_learning_rate=0.1, …)"``."""
    if not (isinstance(value, str) and "(" in value):
        return value
    home = keras.optimizers.schedules
    known = {name for name, thing in vars(home).items() if isinstance(thing, type) and name != "LearningRateSchedule"}
    make = call_in_quotes(spec, value, home, "schedule", known)
    try:
        return make()
    except (TypeError, ValueError) as error:
        raise ValueError(f"optimizer {spec!r}: Keras refuses the arguments of {value!r}: {error}") from error


def recognizes(thing: object) -> bool:
    """Tell whether this is an optimizer of Keras, an instance or a class, without importing Keras."""
    kinds = thing.__mro__ if isinstance(thing, type) else type(thing).__mro__
    return any(kind.__name__ == "Optimizer" and kind.__module__.partition(".")[0] == "keras" for kind in kinds)


def from_object(thing: Any) -> Adapter:
    """Make the adapter of an optimizer's class or of an instance, which is rebuilt from its configuration."""
    keras = _import_keras("this optimizer")
    kind = thing if isinstance(thing, type) else type(thing)
    config = {} if isinstance(thing, type) else _config_of(thing)
    name = kind.__name__
    if config:
        defaults = _defaults(kind)
        changed = {key: v for key, v in config.items() if v != defaults.get(key)}
        name += _written(changed)
    factory = kind if isinstance(thing, type) else _from_config(kind)
    pattern = getattr(thing, "_exclude_from_weight_decay_pattern", None)  # which no configuration holds
    undecayed = () if pattern is None else (pattern.pattern,)
    if undecayed:
        name = name.removesuffix("()")
        name = f"{name[:-1]}, " if name.endswith(")") else f"{name}("
        name += f"exclude_from_weight_decay={list(undecayed)})"
    home = "keras" if kind.__module__.partition(".")[0] == "keras" else kind.__module__
    return _adapter(
        keras, f"{home}:{name.removesuffix('()')}", factory, config, keras.config.floatx(), undecayed=undecayed
    )


def _defaults(kind: Any) -> dict[str, Any]:
    try:
        return _config_of(kind())
    except TypeError:  # a class of the user's that needs arguments
        return {}


def _config_of(optimizer: Any) -> dict[str, Any]:
    with warnings.catch_warnings():
        # Keras reads its own variables in a way that NumPy deprecates: nothing a user could mend.
        warnings.simplefilter("ignore", DeprecationWarning)
        config: dict[str, Any] = optimizer.get_config()
    return config


def _written(config: dict[str, Any]) -> str:
    """Write a configuration as arguments, a schedule inside it as a call."""
    return "(" + ", ".join(f"{key}={_shortest(value)}" for key, value in config.items() if key != "name") + ")"


def _shortest(value: Any) -> str:
    """Show 0.05, which Keras keeps in float32, as 0.05."""
    if isinstance(value, dict) and "class_name" in value:
        return f"{value['class_name']}{_written(value['config'])}"
    return repr(float(str(np.float32(value))) if isinstance(value, float) else value)


def _from_config(kind: Any) -> Any:
    return lambda **config: kind.from_config(config)


def _adapter(
    keras: Any, spec: str, factory: Any, config: dict[str, Any], dtype: str, *, undecayed: tuple[str, ...] = ()
) -> Adapter:
    check_dtype(spec, dtype)
    try:
        factory(**config)
    except (TypeError, ValueError) as error:
        raise ValueError(f"optimizer {spec!r}: Keras refuses these arguments: {error}") from error
    return KerasOptimizer(
        spec,
        uses_gradient=True,
        takes_noise=True,
        ends_by_itself=False,
        setting={"keras backend": keras.backend.backend(), "dtype": dtype},
        factory=factory,
        config=config,
        dtype=dtype,
        undecayed=undecayed,
    )


def _import_keras(spec: str) -> Any:
    if "keras" not in sys.modules:
        if importlib.util.find_spec("keras") is None:
            raise MissingLibrary(
                f"{spec} needs Keras, which is not installed: pip install 'pytest-optlandscape[keras,torch]'"
            )
        _choose_backend()
    try:
        import keras
    except Exception as error:
        backend = os.environ.get("KERAS_BACKEND", "tensorflow")
        if isinstance(error, ModuleNotFoundError) and error.name == backend:
            raise MissingLibrary(
                f"{spec} needs Keras' backend {backend!r}, which is not installed; install it, or set "
                "KERAS_BACKEND to one that is: tensorflow, torch or jax"
            ) from error
        raise MissingLibrary(
            f"{spec} needs Keras, whose installation is broken: {type(error).__name__}: {error}"
        ) from error
    return keras


def _choose_backend() -> None:
    """Take a backend that is installed where the configured one is not, and the environment names none.

    Keras itself writes its default, tensorflow, into keras.json on first import, so that file is no sign of a choice.
    """
    if "KERAS_BACKEND" in os.environ:
        return
    path = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "keras.json"
    try:
        configured = json.loads(path.read_text(encoding="utf-8")).get("backend", _BACKENDS[0])
    except (OSError, ValueError, AttributeError):
        configured = _BACKENDS[0]
    installed = [name for name in _BACKENDS if importlib.util.find_spec(name) is not None]
    if configured not in installed and installed:
        os.environ["KERAS_BACKEND"] = installed[0]
