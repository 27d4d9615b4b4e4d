"""Adapter for torch's optimizers, and other packages' subclasses of `torch.optim.Optimizer`.

The point is one parameter of shape (dim,), or one for each tensor of the landscape's structure. An optimizer is stepped
by ``optimizer.step(closure)``. Each call of the closure evaluates the objective and its analytic gradient once, and
stores the gradient in ``parameter.grad``. torch's own optimizers, except L-BFGS, begin a step with the closure. For
them the adapter evaluates first and steps without a closure. No graph is recorded, so optimizers that need second
derivatives (AdaHessian, Sophia) cannot run.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib
import inspect
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes.structure import Structure
from pytest_optlandscape.optimizers.identity import name_of
from pytest_optlandscape.optimizers.libraries import (
    arguments_of,
    check_arguments,
    import_library,
    is_of,
    small_seed,
    unwrapped,
    version_of,
    written,
)
from pytest_optlandscape.optimizers.protocol import Adapter, Interruption, MissingLibrary, Outcome
from pytest_optlandscape.optimizers.rebuilding import differences, renewed
from pytest_optlandscape.optimizers.seeding import global_random_numbers
from pytest_optlandscape.optimizers.spec import Spec
from pytest_optlandscape.optimizers.stepping import (
    Cast,
    Casts,
    call_in_quotes,
    check_dtype,
    descend_in_lockstep,
    is_finite,
    out_of_range,
)
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["THIRD_PARTIES", "from_object", "from_spec", "recognizes"]

PREFIX = "torch"

THIRD_PARTIES = ("pytorch_optimizer", "torch_optimizer")
"""Packages of optimizers for torch; their names are prefixes of specs too."""

_NOT_FOR_A_DENSE_GRADIENT = ("Optimizer", "SparseAdam")
_OURS = ("device", "dtype", "scheduler")


@dataclass(frozen=True)
class TorchOptimizer(Adapter):
    """A factory of torch optimizers from parameters."""

    factory: Callable[[Any], Any] = list
    dtype: str = "float64"
    device: str | None = None
    package: str = "torch"
    interruption: Interruption | None = None
    _obstacles: dict[Structure, str] = field(default_factory=dict, compare=False, repr=False)

    def minimize(self, problem: Problem) -> Outcome:
        torch = _import(self.spec)
        point = self._point(torch, problem.structure, problem.x0)
        with _random_numbers(torch, problem, point.device):
            return _descend(torch, problem, self._training(torch, point), self._renewed, Cast(self.dtype))

    def in_lockstep(self) -> tuple[Callable[[Sequence[Problem]], list[Outcome]], ...]:
        """Step several runs as one parameter, or as a list of parameters with or without torch's list operations."""
        if self.interruption is not None:
            return ()
        return tuple(functools.partial(self._minimize_in_lockstep, way) for way in _LOCKSTEP_WAYS)

    def _minimize_in_lockstep(self, way: str, problems: Sequence[Problem]) -> list[Outcome]:
        torch = _import(self.spec)
        structure, starts = problems[0].structure, np.array([problem.x0 for problem in problems])
        for problem in problems:
            small_seed(problem)  # each run reads it
        points = _Points(torch, structure, starts, self.dtype, device=self.device, is_stacked=way == "stacked")
        with _random_numbers(torch, problems[0], points.device):
            optimizers, schedulers = _made(torch, self.spec, renewed(self.factory), points.parameters)
            _check_runs_share_steps(torch, optimizers, schedulers)
            if way == "foreach":
                _use_operations_on_lists(optimizers)
            casts = Casts(self.dtype, len(problems))

            def step(values: list[float], gradients: NDArray[np.float64]) -> NDArray[np.float64]:
                casts.look_at(gradients)
                points.set_gradients(gradients)
                for thing in (*optimizers, *schedulers):
                    thing.step()
                return points.read()

            return casts.noted(descend_in_lockstep(problems, points.read(), step))

    def obstacle(self, landscape: Landscape) -> str:
        """Return a reason if the optimizer refuses a landscape's tensors or its type is too small; "" if not."""
        return self._refusal(landscape.structure) or out_of_range(self.dtype, landscape)

    def _refusal(self, structure: Structure) -> str:
        """Return why an optimizer cannot be made for a structure, such as Muon for a vector; "" if it can."""
        if structure not in self._obstacles:
            torch = _import(self.spec)
            try:
                self._training(torch, self._point(torch, structure, np.zeros(structure.dim)))
                self._obstacles[structure] = ""
            except Exception as error:
                is_part = isinstance(error, _NoSuchPart)
                self._obstacles[structure] = "other tensors" if is_part else f"tensors it refuses ({error})"
        return self._obstacles[structure]

    def _point(self, torch: Any, structure: Structure, x: NDArray[np.float64]) -> _Point:
        return _Point(torch, structure, x, self.dtype, self.device)

    def _training(self, torch: Any, point: _Point) -> _Training:
        return _Training(point, *_made(torch, self.spec, renewed(self.factory), point.parameters))

    def _renewed(self, torch: Any, problem: Problem, training: _Training) -> _Training:
        """Interrupt the run if it is due: return another optimizer with this one's state loaded."""
        interruption = self.interruption
        if interruption is None or not interruption.is_due(problem):
            return training
        interruption.means = "state_dict() and load_state_dict()"
        file = io.BytesIO()
        try:
            torch.save([thing.state_dict() for thing in training.stateful], file)
        except Exception as error:
            interruption.refusal = f"its state_dict() cannot be saved: {type(error).__name__}: {error}"
            return training
        file.seek(0)
        point = self._point(torch, problem.structure, training.point.read())
        with _random_numbers(torch, problem, point.device):  # draws of the new optimizer must not change the run's
            other = self._training(torch, point)
            for thing, state in zip(other.stateful, torch.load(file, weights_only=False), strict=True):
                thing.load_state_dict(state)
        interruption.happened = True
        return other

    def interrupted(self, interruption: Interruption) -> Adapter:
        return dataclasses.replace(self, interruption=interruption)

    def versions(self) -> dict[str, str]:
        packages = sorted({"torch", self.package})
        return {name: version_of(importlib.import_module(name)) for name in packages}


class Parameters(list[Any]):
    """The parameters of an optimizer: a list that also has names as keys."""

    def __init__(self, by_name: Mapping[str, Any]) -> None:
        super().__init__(by_name.values())
        self._by_name = dict(by_name)

    def __getitem__(self, key: Any) -> Any:
        """Return a parameter by name or index."""
        if not isinstance(key, str):
            return super().__getitem__(key)
        if key not in self._by_name:
            raise _NoSuchPart(f"the point has no part {key!r}; it has {', '.join(self._by_name)}")
        return self._by_name[key]

    def items(self) -> Iterable[tuple[str, Any]]:
        """Return names and parameters, like ``model.named_parameters()``."""
        return self._by_name.items()


class _NoSuchPart(KeyError):  # noqa: N818 - an optimizer for certain parts is not an error
    """A function of params requests a part that a landscape does not have."""

    __str__ = Exception.__str__


class _Point:
    """A point as torch parameters, one for each part of its structure."""

    def __init__(self, torch: Any, structure: Structure, x0: NDArray[np.float64], dtype: str, device: Any) -> None:
        self._torch = torch
        self._structure = structure
        kind = getattr(torch, dtype)
        self.parameters = Parameters(
            {
                name: torch.nn.Parameter(torch.tensor(part, dtype=kind, device=device))
                for name, part in structure.split(x0).items()
            }
        )
        self._first = self.parameters[0]
        self.device = self._first.device
        self._as_it_is = kind is torch.float64 and self.device.type == "cpu"
        self._is_vector = len(structure) == 1 and self._first.ndim == 1

    def read(self) -> NDArray[np.float64]:
        """Return a copy of the point, shape (dim,)."""
        if self._is_vector:
            return _read(self._first)
        return self._structure.join({name: _read(parameter) for name, parameter in self.parameters.items()})

    def set_gradient(self, gradient: NDArray[np.float64]) -> None:
        """Store a copy of a gradient (dim,) in the parameters."""
        if self._is_vector:
            self._first.grad = self.as_tensor(gradient)
            return
        for (_, parameter), part in zip(self.parameters.items(), self._structure.split(gradient).values(), strict=True):
            parameter.grad = self.as_tensor(part)

    def as_tensor(self, array: NDArray[np.float64]) -> Any:
        """Copy an array to a tensor of the parameters' type and device."""
        tensor = self._torch.from_numpy(array.copy())
        return tensor if self._as_it_is else tensor.to(self._first)


_LOCKSTEP_WAYS = ("stacked", "foreach", "list")


class _Unnamed(Parameters):
    """The parameters of several runs, without names, which would be ambiguous."""

    def __getitem__(self, key: Any) -> Any:
        """Return a parameter by index."""
        if isinstance(key, str):
            raise TypeError("an optimizer of named parameters cannot step several runs together")
        return super().__getitem__(key)

    def items(self) -> Iterable[tuple[str, Any]]:
        """Raise TypeError, as for `__getitem__` with a name."""
        raise TypeError("an optimizer of named parameters cannot step several runs together")


class _Points:
    """The points of several runs as torch parameters: one for each part and run, or one for each part."""

    def __init__(
        self,
        torch: Any,
        structure: Structure,
        starts: NDArray[np.float64],
        dtype: str,
        *,
        device: Any,
        is_stacked: bool,
    ) -> None:
        self._torch = torch
        self._structure = structure
        self._is_stacked = is_stacked
        kind = getattr(torch, dtype)
        self._of_part = [
            [
                torch.nn.Parameter(torch.tensor(value, dtype=kind, device=device))
                for value in ([part] if is_stacked else part)
            ]
            for part in self._parts(starts)
        ]
        self._all = [one for run in zip(*self._of_part, strict=True) for one in run]
        self.parameters = _Unnamed({str(number): parameter for number, parameter in enumerate(self._all)})
        self.device = self._all[0].device

    def _parts(self, array: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """Split points or gradients (runs, dim) into copies of their parts (runs, *part)."""
        cut = self._structure.slices.items()
        return [array[:, part].reshape(-1, *self._structure[name]).copy() for name, part in cut]

    def read(self) -> NDArray[np.float64]:
        """Return a copy of the points, shape (runs, dim)."""
        stack, stacked = self._torch.stack, self._is_stacked
        parts = [_read(part[0] if stacked else stack([one.detach() for one in part])) for part in self._of_part]
        return np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)

    def set_gradients(self, gradients: NDArray[np.float64]) -> None:
        """Store a copy of gradients (runs, dim) in the parameters."""
        for part, parameters in zip(self._parts(gradients), self._of_part, strict=True):
            tensor = self._torch.from_numpy(part).to(parameters[0])
            for parameter, grad in zip(parameters, [tensor] if self._is_stacked else tensor.unbind(0), strict=True):
                parameter.grad = grad


class _Training(NamedTuple):
    """A point with its optimizers and schedulers."""

    point: _Point
    optimizers: list[Any]
    schedulers: list[Any]

    @property
    def stateful(self) -> list[Any]:
        """Return all objects with a ``state_dict``, except the parameters."""
        return [*self.optimizers, *self.schedulers]


class _Closure:
    """The closure: each call evaluates at the parameters' values once and stores the gradient."""

    def __init__(self, problem: Problem, point: _Point, cast: Cast) -> None:
        self._fun = problem.fun
        self._gradient = problem.gradient
        self._point = point
        self._cast = cast
        self.was_finite = True
        self.value = math.nan

    def __call__(self, *_: Any, **__: Any) -> Any:
        self.evaluate()
        return self._point.as_tensor(np.array(self.value, dtype=np.float64))

    def evaluate(self) -> None:
        """Evaluate and store the gradient, without a tensor of the value."""
        x = self._point.read()
        self.was_finite = is_finite(x)
        self.value = self._fun(x)
        gradient = self._gradient(x)
        self._cast.look_at(gradient)
        self._point.set_gradient(gradient)


def _descend(
    torch: Any,
    problem: Problem,
    training: _Training,
    renewed: Callable[[Any, Problem, _Training], _Training],
    cast: Cast,
) -> Outcome:
    """Step until the budget is spent, the point is not finite, or L-BFGS's own tests stop it.

    Several optimizers, each with its own parameters, step in turn with the same gradient. The result of an optimizer
    with modes, such as a schedule-free one, is the point of its evaluation mode.
    """
    point, optimizers, schedulers = training
    closure = _Closure(problem, point, cast)
    optimizer = optimizers[0]
    ends_by_itself = isinstance(optimizer, torch.optim.LBFGS)
    evaluates_once = all(_evaluates_once(torch, one) for one in optimizers)
    if len(optimizers) > 1 and not evaluates_once:
        raise TypeError("several optimizers share one gradient, so none of them may need a closure")
    here = point.read()
    while (left := problem.remaining) > 0:
        if evaluates_once:
            closure.evaluate()
            for one in optimizers:
                one.step()
        else:
            optimizer.step(closure)
            if problem.remaining == left:
                name = type(optimizer).__name__
                raise TypeError(f"{name}.step(closure) did not call the closure: nothing was evaluated")
        for scheduler in schedulers:
            on_plateau = isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau)
            scheduler.step(*([closure.value] if on_plateau else []))
        if not closure.was_finite:
            break
        if ends_by_itself:
            before, here = here, point.read()
            if np.array_equal(before, here):
                break
        other = renewed(torch, problem, training)
        if other is not training:
            training = other
            point, optimizers, schedulers = training
            optimizer = optimizers[0]
            closure = _Closure(problem, point, cast)
    for one in filter(_has_modes, optimizers):
        one.eval()
    return Outcome(point.read(), "budget" if problem.remaining <= 0 else None, message=cast.complaint)


def _check_runs_share_steps(torch: Any, optimizers: list[Any], schedulers: list[Any]) -> None:
    """Raise TypeError if an optimizer evaluates by itself or a scheduler uses the value; both differ between runs."""
    if not all(_evaluates_once(torch, one) for one in optimizers):
        raise TypeError("an optimizer that evaluates by itself cannot step several runs together")
    if any(map(_has_modes, optimizers)):
        raise TypeError("the points of an optimizer's evaluation mode are read one by one")
    if any(isinstance(one, torch.optim.lr_scheduler.ReduceLROnPlateau) for one in schedulers):
        raise TypeError("a scheduler that uses the value cannot step several runs together")


def _use_operations_on_lists(optimizers: list[Any]) -> None:
    """Enable torch's list operations; raise TypeError if no optimizer leaves that choice to torch."""
    groups = [group for one in optimizers for group in one.param_groups]
    if not any("foreach" in group and group["foreach"] is None and not group.get("fused") for group in groups):
        raise TypeError("it has no list operations")
    for group in groups:
        group["foreach"] = True


def _has_modes(optimizer: Any) -> bool:
    """Return whether an optimizer steps in a training mode only, as schedule-free ones do."""
    return all(callable(getattr(optimizer, mode, None)) for mode in ("train", "eval"))


def _evaluates_once(torch: Any, optimizer: Any) -> bool:
    """Return whether one evaluation before the step suffices: torch's own optimizers call a closure first."""
    if "closure" not in inspect.signature(optimizer.step).parameters:
        return True
    is_torchs = f"{type(optimizer).__module__}.".startswith("torch.optim.")  # Muon's module is torch.optim itself
    return is_torchs and not isinstance(optimizer, torch.optim.LBFGS)


def _read(parameter: Any) -> NDArray[np.float64]:
    """Return a copy of the parameter's value (dim,), which later steps overwrite."""
    tensor = parameter.detach()
    tensor = tensor if tensor.is_cpu else tensor.cpu()
    if tensor.itemsize < 4:  # NumPy has no bfloat16
        tensor = tensor.float()
    x: NDArray[np.float64] = tensor.numpy().astype(np.float64)
    return x


@contextlib.contextmanager
def _random_numbers(torch: Any, problem: Problem, device: Any) -> Iterator[None]:
    """Seed torch's global generators for a run, then restore them."""
    # torch.manual_seed seeds all devices: for unused ones it stores the seed and a stack trace until they are used.
    seed = torch.default_generator.manual_seed if device.type == "cpu" else torch.manual_seed
    devices = [device] if device.type == "cuda" else []
    with global_random_numbers(small_seed(problem)), torch.random.fork_rng(devices=devices):
        seed(small_seed(problem))
        yield


def _made(
    torch: Any, spec: str, factory: Callable[[Parameters], Any], parameters: Parameters
) -> tuple[list[Any], list[Any]]:
    made = factory(parameters)
    things = list(made) if isinstance(made, tuple | list) else [made]
    optimizers = [thing for thing in things if isinstance(thing, torch.optim.Optimizer)]
    if not optimizers or not isinstance(things[0], torch.optim.Optimizer):
        raise TypeError(
            f"{spec} returned {made!r:.80}; a function of params must return an optimizer of torch, "
            "or a tuple of optimizers and their learning-rate schedulers"
        )
    known = {id(parameter) for parameter in parameters}
    for optimizer in optimizers:
        if not any(id(one) in known for group in optimizer.param_groups for one in group["params"]):
            raise TypeError(
                f"{spec} returned a {type(optimizer).__name__} of other parameters than it received; it must make a "
                "new one, of params, on each call"
            )
        if _has_modes(optimizer):
            optimizer.train()
    return optimizers, [thing for thing in things if not isinstance(thing, torch.optim.Optimizer)]


def from_spec(spec: Spec) -> Adapter:
    """Return the adapter for an optimizer's class name.

    A spec takes the optimizer's arguments, ``dtype`` (``"float64"``, ``"float32"``, ``"float16"`` or ``"bfloat16"``),
    ``device`` (default: torch's default device) and ``scheduler``, a call in quotes:
    ``scheduler="ExponentialLR(gamma=0.99)"``.

    Raises
    ------
    ValueError
        If there is no such optimizer, or it has no such argument, or it takes no vector.
    MissingLibrary
        If torch or the optimizer's package is not installed.
    """
    torch = _import(str(spec))
    home = torch.optim if spec.library == PREFIX else _import_third_party(spec)
    known = {name for name, thing in vars(home).items() if _is_kind(torch, thing)} - {*_NOT_FOR_A_DENSE_GRADIENT}
    if spec.name not in known:
        raise ValueError(unknown_name(f"{spec.library} optimizer", spec.name, known))
    kind = getattr(home, spec.name)
    known = arguments_of(kind) - {"params"}
    arguments = {key: value for key, value in spec.arguments.items() if key not in _OURS}
    swallowed = _swallowed(torch, functools.partial(kind, **arguments)) if _takes_anything(kind) else ()
    check_arguments(spec, (set(arguments) - {*swallowed} if _takes_anything(kind) else known) | known | {*_OURS})
    ours = {key: value for key, value in spec.arguments.items() if key in _OURS}
    make = _scheduled(torch, str(spec), functools.partial(kind, **arguments), ours.pop("scheduler", None))
    return _adapter(torch, str(spec), make, spec.library, **ours)


def _is_kind(torch: Any, thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, torch.optim.Optimizer)


def _takes_anything(kind: Any) -> bool:
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(kind).parameters.values())


class _Anything:
    """A placeholder argument: an optimizer that uses the argument either keeps it or fails."""

    def __init__(self, is_true: bool) -> None:
        self._is_true = is_true

    def __bool__(self) -> bool:
        return self._is_true


def _swallowed(torch: Any, thing: Any) -> list[str]:
    """Return the keywords that a class with ``**keywords`` accepts and does not use.

    Unused means: any value gives the same optimizer, or the keyword is not in the source.
    """
    kind = unwrapped(thing)
    if not isinstance(kind, type) or not _takes_anything(kind):
        return []
    hidden = [key for key in getattr(thing, "keywords", {}) if key not in arguments_of(kind)]
    return [key for key in hidden if not _stands_in_source(torch, kind, key) or _drops(torch, thing, key)]


def _stands_in_source(torch: Any, kind: Any, word: str) -> bool:
    """Return whether the source of a class or of its bases outside torch has a word; True without source."""
    bases = [base for base in kind.__mro__ if base not in torch.optim.Optimizer.__mro__]
    try:
        return any(re.search(rf"\b{re.escape(word)}\b", inspect.getsource(base)) for base in bases)
    except (OSError, TypeError):
        return True


def _drops(torch: Any, thing: functools.partial[Any], key: str) -> bool:
    parameter = torch.nn.Parameter(torch.zeros(2))
    others = {name: value for name, value in thing.keywords.items() if name != key}
    try:
        bare, again = (thing.func([parameter], *thing.args, **others) for _ in range(2))
        tried = [
            thing.func([parameter], *thing.args, **others, **{key: _Anything(is_true)}) for is_true in (True, False)
        ]
    except Exception:
        return False
    restless = frozenset(differences(bare, again))
    return not any(differences(bare, one, without=restless) for one in tried)


def _scheduled(torch: Any, spec: str, make: Callable[[Parameters], Any], scheduler: str | None) -> Any:
    if scheduler is None:
        return make
    home = torch.optim.lr_scheduler
    known = {
        name
        for name, thing in vars(home).items()
        if isinstance(thing, type) and issubclass(thing, home.LRScheduler) and thing is not home.LRScheduler
    }
    schedule = call_in_quotes(spec, scheduler, home, "scheduler", known)

    def make_both(params: Parameters) -> tuple[Any, Any]:
        optimizer = make(params)
        return optimizer, schedule(optimizer)

    return make_both


def recognizes(thing: object) -> bool:
    """Return whether an object is an optimizer of torch or a function of ``params``, without importing torch.

    Optimizers are subclasses of `torch.optim.Optimizer`, `functools.partial` of these, and instances.
    """
    return is_of(thing, "torch", "Optimizer") or _is_factory(thing)


def _is_factory(thing: Any) -> bool:
    """Return whether an object is a function that requires ``params`` and nothing else."""
    if isinstance(thing, type) or not callable(thing):
        return False
    try:
        parameters = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return False
    return [p.name for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD] == ["params"]


def from_object(thing: Any) -> Adapter:
    """Return the adapter for a class, a `functools.partial` of a class, or a function of ``params``.

    Raises
    ------
    TypeError
        If it is an instance, which is bound to its parameters.
    ValueError
        If it cannot be made for a vector, or ignores a keyword.
    """
    torch = _import("this optimizer")
    if isinstance(thing, torch.optim.Optimizer):
        name = type(thing).__name__
        raise TypeError(
            f"an instance of {name} is bound to its parameters: give the class, "
            f"functools.partial({name}, ...), or lambda params: {name}(params, ...)"
        )
    if not is_of(thing, "torch", "Optimizer"):
        return _adapter(torch, name_of(thing), thing, PREFIX)
    swallowed = _swallowed(torch, thing)
    if swallowed:
        kind = unwrapped(thing)
        raise ValueError(unknown_name(f"argument of {kind.__name__}", swallowed[0], arguments_of(kind) - {"params"}))
    spec = written(PREFIX, thing)
    home, _, name = spec.partition(":")
    package = home.partition(".")[0]
    if package in THIRD_PARTIES:
        spec = f"{package}:{name}"
    return _adapter(torch, spec, thing, package)


def _adapter(
    torch: Any, spec: str, factory: Any, package: str, *, dtype: str = "float64", device: str | None = None
) -> Adapter:
    check_dtype(spec, dtype)
    optimizers = _tried(torch, spec, factory, dtype, device)
    device_type = torch.zeros(1, device=device).device.type
    return TorchOptimizer(
        spec,
        uses_gradient=True,
        takes_noise=True,
        ends_by_itself=any(isinstance(optimizer, torch.optim.LBFGS) for optimizer in optimizers),
        setting={"dtype": dtype} | ({} if device_type == "cpu" else {"device": device_type}),
        factory=factory,
        dtype=dtype,
        device=device,
        package=package if package in THIRD_PARTIES else PREFIX,
    )


def _tried(torch: Any, spec: str, factory: Any, dtype: str, device: Any) -> list[Any]:
    """Make optimizers for trial; return [] for a function that requests parts by name, which are not known yet."""
    refused: Exception | None = None
    for shape in ((2,), (2, 2)):
        try:
            structure = Structure({"x": shape})
            point = _Point(torch, structure, np.zeros(structure.dim), dtype, device)
            return _made(torch, spec, renewed(factory), point.parameters)[0]
        except _NoSuchPart:
            return []
        except Exception as error:
            refused = refused or error
    raise ValueError(f"optimizer {spec!r} cannot be made for a vector: {refused}") from refused


def _import(spec: str) -> Any:
    return import_library("torch", spec, "torch")


def _import_third_party(spec: Spec) -> Any:
    try:
        return importlib.import_module(spec.library)
    except ModuleNotFoundError as error:
        if error.name != spec.library:
            raise
        raise MissingLibrary(
            f"{spec} needs {spec.library}, which is not installed: pip install {spec.library}"
        ) from None
    except Exception as error:
        raise MissingLibrary(
            f"{spec} needs {spec.library}, whose installation is broken: {type(error).__name__}: {error}"
        ) from error
