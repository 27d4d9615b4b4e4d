"""Adapter for Keras' optimizers, on any backend.

Every run begins with the state of a new optimizer: a class or function is called again, and an instance is rebuilt from
its configuration, if that is complete. Each step evaluates the objective and its analytic gradient at the current
point, and passes the gradient to the optimizer as ``Model.fit`` does (see `keras_steps`). The point is a
`keras.Variable`, or one for each tensor of the landscape's structure. Its type is ``dtype=`` or, by default, that of
users' models: ``keras.config.floatx()``, which is float32 unless changed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib.util
import inspect
import json
import os
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes.structure import Structure
from pytest_optlandscape.optimizers.adapters.keras_lockstep import ListedSteps, LockSteps, StackedSteps, VmappedSteps
from pytest_optlandscape.optimizers.adapters.keras_steps import Steps, double_precision_where_needed, make_steps
from pytest_optlandscape.optimizers.compiled import kept_for
from pytest_optlandscape.optimizers.identity import name_of, short_name
from pytest_optlandscape.optimizers.libraries import arguments_of, unwrapped
from pytest_optlandscape.optimizers.protocol import Adapter, Interruption, MissingLibrary, Outcome
from pytest_optlandscape.optimizers.rebuilding import copied, differences
from pytest_optlandscape.optimizers.spec import Spec
from pytest_optlandscape.optimizers.stepping import (
    Cast,
    Casts,
    call_in_quotes,
    check_dtype,
    descend,
    descend_in_lockstep,
    out_of_range,
)
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["from_factory", "from_object", "from_spec", "recognizes", "with_setting"]

PREFIX = "keras"
_LOCKSTEP_WAYS = (StackedSteps, VmappedSteps, ListedSteps)
_BACKENDS = ("tensorflow", "torch", "jax")
_NOT_BY_NAME = ("Optimizer", "MultiOptimizer")
"""Classes that a spec cannot name: the base class, and one whose argument is a map of optimizers."""

_NO_SETTING = frozenset(
    {
        "name",
        "built",
        "_lock",
        "_tracker",
        "_variables",
        "_trainable_variables",
        "_trainable_variables_indices",
        "_exclude_from_weight_decay_cache",
        "_distribution_strategy",
        "_self_unconditional_checkpoint_dependencies",
        "_self_unconditional_dependency_names",
        "_self_unconditional_deferred_dependencies",
        "_self_update_uid",
    }
)
"""Keras' bookkeeping attributes; they may differ between optimizers with equal settings."""

_INSTEAD = (
    "Give the class, functools.partial of the class with its arguments, or a function without arguments that returns "
    "the optimizer"
)


@dataclass(frozen=True)
class KerasOptimizer(Adapter):
    """A factory of unbuilt Keras optimizers, with their float type."""

    make: Callable[[], Any] = list
    dtype: str = "float32"
    interruption: Interruption | None = None
    _idle: dict[Structure, Steps] = field(default_factory=dict, compare=False, repr=False)

    def minimize(self, problem: Problem) -> Outcome:
        keras = _import_keras(self.spec)
        with double_precision_where_needed(keras, self.dtype):
            # Remove compiled steps from the cache during the run: they serve one run at a time.
            structure = problem.structure
            steps = self._idle.pop(structure, None) or make_steps(keras, self.make, structure, self.dtype)
            cast = Cast(self.dtype)

            def step(value: float, gradient: NDArray[np.float64]) -> NDArray[np.float64]:
                nonlocal steps
                x = steps.step(value, cast(gradient))
                if self.interruption is not None and self.interruption.is_due(problem):
                    self.interruption.means = "save_own_variables() and load_own_variables()"
                    steps, self.interruption.happened = steps.renewed(), True
                return x

            try:
                outcome = descend(problem, steps.start(problem.x0), step)
                return dataclasses.replace(outcome, x=steps.finish(), message=cast.complaint)
            finally:
                self._idle[structure] = steps

    def in_lockstep(self) -> tuple[Callable[[Sequence[Problem]], list[Outcome]], ...]:
        """Step several runs together on torch, where Keras' overhead exceeds the step itself."""
        if self.interruption is not None or _import_keras(self.spec).backend.backend() != "torch":
            return ()
        return tuple(functools.partial(self._minimize_in_lockstep, kind) for kind in _LOCKSTEP_WAYS)

    def _minimize_in_lockstep(self, kind: type[LockSteps], problems: Sequence[Problem]) -> list[Outcome]:
        starts = np.array([problem.x0 for problem in problems])
        keras, structure = _import_keras(self.spec), problems[0].structure
        steps = kind(keras, self.make, structure, self.dtype, starts)
        casts = Casts(self.dtype, len(problems))
        outcomes = descend_in_lockstep(problems, steps.read(), lambda values, gradients: steps.step(casts(gradients)))
        return casts.noted(outcomes, steps.finish([problem.nfev for problem in problems]))

    def __getstate__(self) -> dict[str, Any]:
        """Pickle without compiled code."""
        return {**self.__dict__, "_idle": {}}

    def obstacle(self, landscape: Landscape) -> str:
        return out_of_range(self.dtype, landscape)

    def interrupted(self, interruption: Interruption) -> Adapter:
        return dataclasses.replace(self, interruption=interruption)

    def versions(self) -> dict[str, str]:
        keras = _import_keras(self.spec)
        backend = keras.backend.backend()
        return {"keras": keras.__version__, backend: sys.modules[backend].__version__}


@dataclass(frozen=True)
class _Called:
    """A class with factories of its arguments: each call returns an instance with new arguments."""

    kind: Any
    arguments: tuple[Callable[[], Any], ...]
    keywords: dict[str, Callable[[], Any]]
    undecayed: tuple[str, ...] = ()

    def __call__(self) -> Any:
        keywords = {key: make() for key, make in self.keywords.items()}
        return _excluding(self.kind(*(make() for make in self.arguments), **keywords), self.undecayed)


@dataclass(frozen=True)
class _Rebuilt:
    """An instance's class and configuration: each call returns a new instance."""

    kind: Any
    config: dict[str, Any]
    custom_objects: dict[str, Any]
    undecayed: tuple[str, ...] = ()

    def __call__(self) -> Any:
        keras = sys.modules["keras"]
        with keras.saving.custom_object_scope(self.custom_objects):
            return _excluding(self.kind.from_config(dict(copied(self.config))), self.undecayed)


def _called(kind: Any, arguments: Sequence[Any], keywords: dict[str, Any], undecayed: tuple[str, ...] = ()) -> _Called:
    makers = {key: _maker(value) for key, value in keywords.items()}
    return _Called(kind, tuple(map(_maker, arguments)), makers, undecayed)


def _excluding(optimizer: Any, undecayed: tuple[str, ...]) -> Any:
    """Exclude variables of these names from weight decay, also in wrapped optimizers."""
    if undecayed:
        optimizer.exclude_from_weight_decay(var_names=list(undecayed))
        for one in _wrapped(optimizer):
            _excluding(one, undecayed)
    return optimizer


def _undecayed(instance: Any) -> tuple[str, ...]:
    """Return the names that an instance excludes from weight decay, as Keras stores them: one regular expression."""
    pattern = getattr(instance, "_exclude_from_weight_decay_pattern", None)
    return () if pattern is None else (pattern.pattern,)


def _alternatives(undecayed: tuple[str, ...]) -> list[str]:
    """Return names in a fixed order; Keras joins them in a set's order, which varies between processes."""
    return sorted(name for pattern in undecayed for name in (pattern.split("|") if _is_plain(pattern) else [pattern]))


def _is_plain(pattern: str) -> bool:
    return not set(pattern) & set("()[]\\")


def _maker(value: Any) -> Callable[[], Any]:
    """Return a factory of an argument, such as a schedule or a wrapped optimizer."""
    if recognizes(value) and not isinstance(unwrapped(value), type):
        return _rebuilt(value)
    if type(value).__name__ == "OptimizerMap" and type(value).__module__.partition(".")[0] == "keras":
        return functools.partial(_mapped, type(value), _maker(value.default_optimizer), _makers(value))
    return functools.partial(copied, value)


def _makers(optimizers: Any) -> dict[str, Callable[[], Any]]:
    return {pattern: _maker(optimizer) for pattern, optimizer in optimizers._optimizer_map.items()}


def _mapped(kind: Any, default: Callable[[], Any], others: dict[str, Callable[[], Any]]) -> Any:
    return kind(default(), {pattern: make() for pattern, make in others.items()})


def from_spec(spec: Spec) -> Adapter:
    """Return the adapter for an optimizer's class name.

    A spec takes the class's arguments, ``dtype`` and ``exclude_from_weight_decay``, a list of regular expressions for
    the names of variables, such as ``["bias"]``.

    Raises
    ------
    ValueError
        If Keras has no such optimizer, or the optimizer has no such argument.
    MissingLibrary
        If Keras or its backend is not installed.
    """
    keras = _import_keras(str(spec))
    known = _optimizers(keras)
    if spec.name not in known:
        raise ValueError(unknown_name("Keras optimizer", spec.name, known))
    kind = known[spec.name]
    arguments = {*inspect.signature(kind).parameters, "dtype", "exclude_from_weight_decay"} - {"kwargs"}
    for key in spec.arguments:
        if key not in arguments:
            raise ValueError(unknown_name(f"argument of keras:{spec.name}", key, arguments))
    keywords = {key: _made_of_call(keras, str(spec), key, value) for key, value in spec.arguments.items()}
    dtype = keywords.pop("dtype", keras.config.floatx())
    undecayed = _names_of_variables(str(spec), keywords.pop("exclude_from_weight_decay", ()))
    adapter = _adapter(keras, str(spec), _called(kind, (), keywords, undecayed), dtype)
    return dataclasses.replace(adapter, _idle=kept_for((PREFIX, kind, str(spec), dtype)))


def _names_of_variables(spec: str, names: Any) -> tuple[str, ...]:
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise ValueError(
            f"optimizer {spec!r}: exclude_from_weight_decay must be a list of variables' names, such as ['bias']; "
            f"got {names!r}"
        )
    return tuple(names)


def _optimizers(keras: Any) -> dict[str, Any]:
    return {
        name: thing
        for name, thing in vars(keras.optimizers).items()
        if isinstance(thing, type) and issubclass(thing, keras.optimizers.Optimizer) and name not in _NOT_BY_NAME
    }


def _made_of_call(keras: Any, spec: str, key: str, value: Any) -> Any:
    """Build an argument that is written as a call in quotes: a schedule or a wrapped optimizer.

    Examples are ``"CosineDecay(initial_learning_rate=0.1, …)"`` and ``"SGD(learning_rate=0.1)"``.
    """
    wraps = key == "inner_optimizer"
    if not (isinstance(value, str) and ("(" in value or wraps)):
        return value
    schedules = keras.optimizers.schedules
    known = {name for name, thing in vars(schedules).items() if isinstance(thing, type)} - {"LearningRateSchedule"}
    home, kind = (keras.optimizers, "optimizer") if wraps else (schedules, "schedule")
    call = call_in_quotes(spec, value, home, kind, {*_optimizers(keras)} if wraps else known)
    keywords = {name: _made_of_call(keras, spec, name, inner) for name, inner in call.keywords.items()}
    try:
        return call.func(**keywords)
    except (TypeError, ValueError) as error:
        raise ValueError(f"optimizer {spec!r}: Keras refuses the arguments of {value!r}: {error}") from error


def recognizes(thing: object) -> bool:
    """Return whether an object is an optimizer of Keras, without importing Keras.

    Instances, classes and `functools.partial` of classes count.
    """
    thing = unwrapped(thing)
    kinds = thing.__mro__ if isinstance(thing, type) else type(thing).__mro__
    return any(kind.__name__ == "Optimizer" and kind.__module__.partition(".")[0] == "keras" for kind in kinds)


def from_object(thing: Any) -> Adapter:
    """Return the adapter for a class, a `functools.partial` of a class, or an instance.

    Raises
    ------
    ValueError
        If Keras refuses the arguments, or an instance cannot be rebuilt from its configuration without loss.
    """
    keras = _import_keras("this optimizer")
    dtype = keras.config.floatx()
    kind = unwrapped(thing)
    if not isinstance(kind, type):
        return _adapter(keras, _spec_of_instance(thing), _rebuilt(thing), dtype)
    arguments, keywords = (thing.args, dict(thing.keywords)) if thing is not kind else ((), {})
    if "dtype" not in arguments_of(kind):
        dtype = keywords.pop("dtype", dtype)
    excluded = {key: keywords.pop(key) for key in ("exclude_from_weight_decay",) if key in keywords}
    undecayed = _names_of_variables(kind.__name__, *excluded.values()) if excluded else ()
    try:
        named = inspect.signature(kind).bind_partial(*arguments, **keywords).arguments
    except TypeError as error:
        raise ValueError(f"{kind.__name__}: Keras refuses these arguments: {error}") from error
    further = [name for name, p in inspect.signature(kind).parameters.items() if p.kind is p.VAR_KEYWORD]
    for name in further:
        named.update(named.pop(name, {}))
    written = {**named, **excluded, **({} if dtype == keras.config.floatx() else {"dtype": dtype})}
    spec = f"{_home(kind)}:{kind.__name__}{_written(written)}".removesuffix("()")
    return _adapter(keras, spec, _called(kind, arguments, keywords, undecayed), dtype)


def from_factory(make: Callable[[], Any], spec: str) -> Adapter:
    """Return the adapter for a function without arguments that returns a new optimizer on each call."""
    keras = _import_keras(spec)
    return _adapter(keras, spec, make, keras.config.floatx())


def with_setting(instance: Any, name: str, value: Any) -> Any:
    """Return a copy of an instance with one argument changed.

    Raises
    ------
    ValueError
        If its configuration has no such argument, or the instance cannot be rebuilt without losing a setting.
    """
    config = _config_of(instance)
    if name not in config:
        raise ValueError(unknown_name(f"argument of {type(instance).__name__}", name, config))
    make = _rebuilt(instance)
    if isinstance(make, _Called):
        return dataclasses.replace(make, keywords={**make.keywords, name: _maker(value)})()
    return dataclasses.replace(make, config={**make.config, name: value})()


def _spec_of_instance(instance: Any) -> str:
    config = _config_of(instance)
    if isinstance(config.get("learning_rate"), dict):
        config["learning_rate"] = instance._learning_rate
    if hasattr(instance, "inner_optimizer"):
        config["inner_optimizer"] = instance.inner_optimizer
    if _is_multi(instance):
        config["optimizer_map"] = instance._optimizer_map
    names = differences(_Settings(config), _Settings(_defaults(type(instance))))
    changed = {key: value for key, value in config.items() if key in names}
    if undecayed := _undecayed(instance):
        changed["exclude_from_weight_decay"] = _alternatives(undecayed)
    return f"{_home(type(instance))}:{type(instance).__name__}{_written(changed)}".removesuffix("()")


def _home(kind: Any) -> str:
    return "keras" if kind.__module__.partition(".")[0] == "keras" else str(kind.__module__)


def _defaults(kind: Any) -> dict[str, Any]:
    try:
        return _config_of(kind())
    except Exception:  # the class needs arguments
        return {}


def _config_of(optimizer: Any) -> dict[str, Any]:
    with _reading_variables():
        config: dict[str, Any] = optimizer.get_config()
    return config


@contextlib.contextmanager
def _reading_variables() -> Iterator[None]:
    with warnings.catch_warnings():
        # Keras reads its own variables in a way that NumPy deprecates. Users cannot change that.
        warnings.simplefilter("ignore", DeprecationWarning)
        # Configurations read here are not stored in files.
        warnings.filterwarnings("ignore", message="The object being serialized includes a `lambda`")
        yield


def _written(config: dict[str, Any]) -> str:
    """Return a configuration as arguments of a spec; inner schedules and optimizers become calls."""
    return "(" + ", ".join(f"{key}={_shortest(value)}" for key, value in config.items() if key != "name") + ")"


def _shortest(value: Any) -> str:
    """Return the shortest text of a number that Keras stores in float32: 0.05, not 0.05000000074505806."""
    if isinstance(value, type | types.FunctionType):
        return name_of(value)
    if recognizes(value):
        return _spec_of_instance(value).partition(":")[2]
    if hasattr(value, "_optimizer_map"):
        inside = [_shortest(value.default_optimizer)]
        inside += [f"{pattern!r}: {_shortest(one)}" for pattern, one in value._optimizer_map.items()]
        return f"{type(value).__name__}({', '.join(inside)})"
    if hasattr(value, "get_config"):
        return f"{type(value).__name__}{_written(_config_of(value))}{_mark(value)}"
    if isinstance(value, dict) and isinstance(value.get("config"), dict):
        return f"{value['class_name']}{_written(value['config'])}"
    return repr(float(str(np.float32(value))) if isinstance(value, float) else value)


def _mark(schedule: Any) -> str:
    """Return a mark that tells a schedule from others of its configuration; "" if that holds all its settings."""
    try:
        is_complete = not differences(schedule, type(schedule).from_config(_config_of(schedule)))
    except Exception:  # no configuration to read back
        is_complete = False
    return "" if is_complete else f" ({short_name(schedule) or 'instance'})"


def _rebuilt(instance: Any) -> _Called | _Rebuilt:
    """Return a factory of copies of an instance, after a check that no setting is lost.

    Raises
    ------
    ValueError
        If the configuration lacks a parameter of the constructor, cannot be read back, or gives another optimizer.
    """
    kind = type(instance)
    name = f"{_home(kind)}.{kind.__qualname__}"
    config = _config_of(instance)
    missing = sorted(_parameters(kind) - set(config))
    if missing:
        raise ValueError(
            f"{name}.get_config() lacks {', '.join(missing)}, which its constructor takes. Each run rebuilds "
            f"the instance from its configuration, with the default there. {_INSTEAD}; or return "
            f"{', '.join(missing)} from get_config() too"
        )
    complaint, cause = "", None
    for make in _ways(instance, config):
        try:
            lost = _lost(instance, make(), config)
        except Exception as error:
            why = f"must be rebuilt from its configuration for each run, but cannot ({type(error).__name__}: {error})"
            complaint, cause = f"{why}. {_INSTEAD}; or fix get_config()", error
            continue
        if not lost:
            return make
        why = f"is rebuilt from its configuration for each run, and the copy differs in {', '.join(lost)}"
        complaint, cause = f"{why}. {_INSTEAD}; or fix get_config()", None
    raise ValueError(f"this {name} {complaint}") from cause


def _ways(instance: Any, config: dict[str, Any]) -> Iterator[_Called | _Rebuilt]:
    """Yield ways to rebuild an instance: by copies of its parts, last by its whole configuration."""
    kind, undecayed = type(instance), _undecayed(instance)
    if kind is sys.modules["keras"].optimizers.LossScaleOptimizer:
        yield _called(kind, (), {**config, "inner_optimizer": instance.inner_optimizer}, undecayed)
    elif _is_multi(instance):
        yield _called(kind, (), {**config, "optimizer_map": instance._optimizer_map}, undecayed)
    classes = _classes_inside(instance)
    if isinstance(config.get("learning_rate"), dict):
        yield _Rebuilt(kind, {**config, "learning_rate": instance._learning_rate}, classes, undecayed)
    yield _Rebuilt(kind, config, classes, undecayed)


def _is_multi(optimizer: Any) -> bool:
    kind = type(optimizer)
    return kind.__name__ == "MultiOptimizer" and kind.__module__.partition(".")[0] == "keras"


def _parameters(kind: Any) -> set[str]:
    """Return the parameters that a class's configuration must have, with those that it passes to its bases."""
    names = arguments_of(kind) - {"name"}
    keras = sys.modules["keras"]
    scaler = keras.optimizers.LossScaleOptimizer
    if issubclass(kind, scaler):  # it accepts the base class's arguments, then rejects them
        explicit = {name for base in kind.__mro__ if issubclass(base, scaler) for name in _explicit(base)}
        names &= explicit
    return names


def _explicit(kind: Any) -> set[str]:
    return set(inspect.signature(kind.__init__).parameters)


def _lost(instance: Any, twin: Any, config: dict[str, Any]) -> list[str]:
    """Return the names of settings in which an instance and its twin differ."""
    if type(twin) is not type(instance):
        return [f"its class, {type(twin).__name__}"]
    again = _config_of(twin)
    with _reading_variables():
        lost = set(differences(_Settings(config), _Settings(again), without=frozenset({"name"})))
        known = _NO_SETTING | (_state(instance, twin) if instance.built else frozenset())
        lost |= set(differences(instance, twin, without=known))
    return sorted(lost)


class _Settings:
    def __init__(self, settings: dict[str, Any]) -> None:
        self.__dict__.update(settings)


def _state(instance: Any, twin: Any) -> frozenset[str]:
    """Return the names of a used optimizer's state attributes: variables, and attributes that `build` made."""
    kept = {"_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern"}
    variables = {name for name, value in vars(instance).items() if hasattr(value, "assign")}
    state = frozenset((vars(instance).keys() - vars(twin).keys() - kept) | variables)
    return state.union(*map(_state, _wrapped(instance), _wrapped(twin)))


def _wrapped(optimizer: Any) -> list[Any]:
    """Return an optimizer's wrapped optimizers, as in LossScaleOptimizer and MultiOptimizer."""
    inner = getattr(optimizer, "inner_optimizer", None)
    return [*getattr(optimizer, "_inner_optimizers", []), *([] if inner is None else [inner])]


def _classes_inside(instance: Any) -> dict[str, Any]:
    """Return the classes of user-defined schedules and wrapped optimizers, which Keras may not find by name."""
    wrapped = _wrapped(instance)
    inside = [getattr(instance, "_learning_rate", None), *wrapped]
    found = {type(one).__name__: type(one) for one in inside if hasattr(one, "get_config")}
    for one in wrapped:
        found |= _classes_inside(one)
    return {name: kind for name, kind in found.items() if kind.__module__.partition(".")[0] != "keras"}


def _adapter(keras: Any, spec: str, make: Callable[[], Any], dtype: str) -> KerasOptimizer:
    check_dtype(spec, dtype)
    try:
        made, again = make(), make()
    except (TypeError, ValueError) as error:
        raise ValueError(f"optimizer {spec!r}: Keras refuses these arguments: {error}") from error
    if made is again or made.built:
        raise ValueError(
            f"{spec} returned an optimizer that was returned or used before; it must make a new one for each run"
        )
    return KerasOptimizer(
        spec,
        uses_gradient=True,
        takes_noise=True,
        ends_by_itself=False,
        setting={"keras backend": keras.backend.backend(), "dtype": dtype},
        make=make,
        dtype=dtype,
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
    """Choose an installed backend if the configured one is not installed and the environment names none.

    Keras writes its default, tensorflow, into keras.json on first import, so that file does not show a user's choice.
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
