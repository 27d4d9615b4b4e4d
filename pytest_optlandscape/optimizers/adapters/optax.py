"""Adapter for optax's gradient transformations, stepped by a jitted update.

The adapter evaluates the objective and its analytic gradient in double precision and passes them to ``update(gradient,
state, x, value=…, grad=…, value_fn=…)``. A transformation that evaluates by itself, such as the line search of
`optax.lbfgs`, does so through a callback, so that its evaluations are counted. The point is an array (dim,) or, if the
landscape's structure has several tensors, a dict of them. The update is compiled once for each optimizer and structure.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes.structure import Structure
from pytest_optlandscape.optimizers.compiled import kept_for
from pytest_optlandscape.optimizers.identity import name_of, short_name
from pytest_optlandscape.optimizers.libraries import check_arguments, import_library, is_of, unwrapped, version_of
from pytest_optlandscape.optimizers.protocol import Adapter, Interruption, MissingLibrary, Outcome
from pytest_optlandscape.optimizers.spec import Spec
from pytest_optlandscape.optimizers.stepping import (
    Cast,
    Casts,
    call_in_quotes,
    check_dtype,
    descend,
    descend_in_lockstep,
    is_finite,
    numpy_dtype,
    out_of_range,
    precision,
)
from pytest_optlandscape.runs import BudgetExhausted, Problem
from pytest_optlandscape.runs.differentiable import traceable
from pytest_optlandscape.runs.lockstep import MOST
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["from_object", "from_spec", "recognizes"]

PREFIX = "optax"

_TRANSFORMATIONS = ("GradientTransformation", "GradientTransformationExtraArgs")


@dataclass(frozen=True)
class OptaxOptimizer(Adapter):
    """A gradient transformation of optax."""

    transformation: Any = None
    dtype: str = "float64"
    make: Callable[[], Any] | None = None
    interruption: Interruption | None = None
    _idle: dict[Structure, _Compiled] = field(default_factory=dict, compare=False, repr=False)

    def minimize(self, problem: Problem) -> Outcome:
        jax = import_library("jax", self.spec, "jax")
        with precision(jax, self.dtype):
            structure = problem.structure
            compiled = self._idle.pop(structure, None) or _Compiled(self.transformation, structure, self.dtype)
            try:
                return compiled.minimize(problem, self._renewed)
            finally:
                self._idle[structure] = compiled

    def in_lockstep(self) -> tuple[Callable[[Sequence[Problem]], list[Outcome]], ...]:
        """Step several runs by one call of a compiled loop over them, with the results of single runs."""
        return () if self.interruption is not None else (self._minimize_in_lockstep,)

    def _minimize_in_lockstep(self, problems: Sequence[Problem]) -> list[Outcome]:
        jax = import_library("jax", self.spec, "jax")
        with precision(jax, self.dtype):
            structure = problems[0].structure
            compiled = self._idle.pop(structure, None) or _Compiled(self.transformation, structure, self.dtype)
            try:
                return compiled.minimize_in_lockstep(problems)
            finally:
                self._idle[structure] = compiled

    def _renewed(self, problem: Problem, state: Any, x: Any) -> tuple[_Compiled, Any] | None:
        """Interrupt the run if it is due: return another transformation and its restored state."""
        interruption = self.interruption
        if interruption is None or not interruption.is_due(problem):
            return None
        interruption.means = "its arrays, which are put into the state that init makes"
        other = _Compiled(self.make() if self.make else self.transformation, problem.structure, self.dtype)
        other.work_on(problem)
        state = other.restored(state, x)
        interruption.happened = True
        return other, state

    def obstacle(self, landscape: Landscape) -> str:
        return out_of_range(self.dtype, landscape)

    def interrupted(self, interruption: Interruption) -> Adapter:
        return dataclasses.replace(self, interruption=interruption)

    def versions(self) -> dict[str, str]:
        return {name: version_of(import_library(name, self.spec, "jax")) for name in ("jax", "optax")}


class _Compiled:
    """A transformation's compiled update for points of one structure; it serves one run at a time."""

    def __init__(self, transformation: Any, structure: Structure, dtype: str) -> None:
        import jax
        import optax

        self._dtype = numpy_dtype(dtype)
        self._structure = structure
        self._objective = _Objective(structure, dtype)
        value_fn = traceable(self._objective)
        transformation = optax.with_extra_args_support(transformation)
        self._init = jax.jit(transformation.init)

        def step(value: Any, gradient: Any, state: Any, x: Any) -> Any:
            changes, state = transformation.update(gradient, state, x, value=value, grad=gradient, value_fn=value_fn)
            return optax.apply_updates(x, changes), state

        def step_of_a_search(state: Any, x: Any) -> Any:
            value, gradient = optax.value_and_grad_from_state(value_fn)(x, state=state)
            return step(value, gradient, state, x)

        def steps(values: Any, gradients: Any, states: Any, x: Any) -> Any:
            return jax.lax.map(lambda one: step(*one), (values, gradients, states, x))

        self._inits = jax.jit(lambda x: jax.lax.map(transformation.init, x))
        self._steps = jax.jit(steps)
        self._step = jax.jit(step)
        self._step_of_a_search = jax.jit(step_of_a_search)
        self._searches = _remembers_values(optax, self._init(self._tree(np.zeros(structure.dim, self._dtype))))

    def work_on(self, problem: Problem | None) -> None:
        """Set the problem to evaluate from now on, or None."""
        self._objective.problem = problem
        self._objective.cast = Cast(str(self._dtype))

    def minimize(self, problem: Problem, renewed: _Renewed) -> Outcome:
        self.work_on(problem)
        try:
            return self._search(problem, renewed) if self._searches else self._descend(problem, renewed)
        finally:
            self.work_on(None)

    def restored(self, saved: Any, x: Any) -> Any:
        """Return the initial state of a run at ``x`` with the arrays of a saved state.

        Raises
        ------
        ValueError
            If the two states have different structures.
        """
        import jax

        fresh = self._init(x)
        structure: Any = jax.tree_util.tree_structure(fresh)
        of_saved = jax.tree_util.tree_structure(saved)
        if structure != of_saved:
            raise ValueError(f"the saved state has the structure {of_saved}, but init returns {structure}")
        return jax.tree_util.tree_unflatten(structure, map(_copied, jax.tree_util.tree_leaves(saved)))

    def _descend(self, problem: Problem, renewed: _Renewed) -> Outcome:
        x: Any = self._tree(problem.x0.astype(self._dtype))
        engine, state = self, self._init(x)

        def step(value: float, gradient: NDArray[np.float64]) -> NDArray[np.float64]:
            nonlocal x, state, engine
            x, state = engine._step(value, self._tree(self._objective.cast(gradient)), state, x)
            point = self._point(x)  # waits until the step is done
            if engine._objective.error is not None:
                engine._objective.complain()
            engine, state = renewed(problem, state, x) or (engine, state)
            return point

        return self._noted(descend(problem, self._point(x), step))

    def minimize_in_lockstep(self, problems: Sequence[Problem]) -> list[Outcome]:
        """Step several runs together, if `_descend` would step each.

        Raises
        ------
        TypeError
            If the transformation has a line search, which evaluates by itself.
        """
        if self._searches:
            raise TypeError("a transformation that evaluates by itself cannot step several runs together")
        count = len(problems)
        casts = Casts(str(self._dtype), count)
        # Compiled code serves a fixed number of runs, so dummy runs fill up the rest.
        padding = ((0, max(MOST - count, 0)), (0, 0))
        starts = np.array([problem.x0 for problem in problems])
        x: Any = self._trees(np.pad(starts.astype(self._dtype), padding, mode="edge"))
        states = self._inits(x)

        def step(values: list[float], gradients: NDArray[np.float64]) -> NDArray[np.float64]:
            nonlocal x, states
            x, states = self._steps(
                np.pad(values, padding[0]), self._trees(np.pad(casts(gradients), padding)), states, x
            )
            return self._points(x)[:count]

        return casts.noted(descend_in_lockstep(problems, self._points(x)[:count], step))

    def _trees(self, array: Any) -> Any:
        """Return points or gradients of several runs (runs, dim) in the form of `_tree`."""
        if self._structure.is_plain:
            return array
        slices = self._structure.slices.items()
        return {name: array[:, part].reshape(-1, *self._structure[name]) for name, part in slices}

    def _points(self, x: Any) -> NDArray[np.float64]:
        """Copy a result of `_trees` to points (runs, dim) in double precision."""
        if self._structure.is_plain:
            return np.array(x, dtype=np.float64)
        parts = [np.array(x[name], dtype=np.float64) for name in self._structure]
        return np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)

    def _tree(self, array: Any) -> Any:
        """Return a point or gradient (dim,) in the transformation's form: a dict of views, or the array."""
        if self._structure.is_plain:
            return array
        return {name: array[part].reshape(self._structure[name]) for name, part in self._structure.slices.items()}

    def _point(self, x: Any) -> NDArray[np.float64]:
        """Copy a point in the transformation's form to an array (dim,) in double precision."""
        return np.array(x, dtype=np.float64) if self._structure.is_plain else self._structure.join(x)

    def _noted(self, outcome: Outcome) -> Outcome:
        return dataclasses.replace(outcome, message=self._objective.cast.complaint)

    def _search(self, problem: Problem, renewed: _Renewed) -> Outcome:
        """Step until the budget is spent, the point is not finite, or the line search does not move it."""
        x: Any = self._tree(problem.x0.astype(self._dtype))
        engine, state = self, self._init(x)
        here = problem.x0
        while problem.remaining > 0:
            x, state = engine._step_of_a_search(state, x)
            before, here = here, self._point(x)
            engine._objective.complain()
            if not is_finite(here) or np.array_equal(here, before):
                break
            engine, state = renewed(problem, state, x) or (engine, state)
        return self._noted(Outcome(here, "budget" if problem.remaining <= 0 else None))


_Renewed = Callable[[Problem, Any, Any], "tuple[_Compiled, Any] | None"]


def _copied(leaf: Any) -> Any:
    """Copy an array through NumPy; a random key is copied as its data."""
    import jax

    if jax.numpy.issubdtype(getattr(leaf, "dtype", np.float64), jax.dtypes.prng_key):
        return jax.random.wrap_key_data(
            jax.numpy.array(np.array(jax.random.key_data(leaf))), impl=jax.random.key_impl(leaf)
        )
    return np.array(leaf)


def _remembers_values(optax: Any, state: Any) -> bool:
    """Return whether a state stores the last value and gradient of a line search, as optax's line searches do."""
    try:
        kept = [optax.tree_utils.tree_get(state, name) for name in ("value", "grad")]
    except KeyError:  # several have that name: `optax.value_and_grad_from_state` would be ambiguous
        return False
    return all(one is not None for one in kept)


class _Objective:
    """Evaluations of the current problem, for `traceable`.

    JAX replaces an exception of a callback by its own and may continue for a while. So the callback returns NaN
    instead, and `complain` raises the exception after the step.

    Attributes
    ----------
    problem : Problem or None
        The current problem.
    cast : Cast
        The cast of gradients; it records one that is too large.
    error : BaseException or None
        The exception of an evaluation since the last call of `complain`.
    """

    def __init__(self, structure: Structure, dtype: str) -> None:
        self.problem: Problem | None = None
        self.structure = structure
        self.dim = structure.dim
        self.cast = Cast(dtype)
        self.error: BaseException | None = None

    def complain(self) -> None:
        """Raise the exception of an evaluation since the last call, if any."""
        error, self.error = self.error, None
        if error is not None:
            raise error

    def fun(self, x: Any) -> Any:
        return self._guarded(lambda problem: problem.fun(x), ())

    def gradient(self, x: Any) -> Any:
        gradient: NDArray[np.float64] = self._guarded(lambda problem: problem.gradient(x), (self.dim,))
        self.cast.look_at(gradient)
        return gradient

    def hessian(self, x: Any) -> Any:
        return self._guarded(lambda problem: problem.hessian(x), (self.dim, self.dim))

    def _guarded(self, evaluate: Callable[[Problem], Any], shape: tuple[int, ...]) -> Any:
        if self.error is None and self.problem is not None:
            try:
                return evaluate(self.problem)
            except (Exception, BudgetExhausted) as error:
                self.error = error
        return np.full(shape, math.nan)


def from_spec(spec: Spec) -> Adapter:
    """Return the adapter for a function that returns a transformation: ``optax:adam(learning_rate=0.01)``.

    A spec takes the function's arguments and ``dtype`` (``"float64"``, ``"float32"``, ``"float16"`` or ``"bfloat16"``).
    An argument may be a schedule, written as a call in quotes: ``learning_rate="cosine_decay_schedule(init_value=0.1,
    decay_steps=100)"``. Experimental functions are named like ``optax:contrib.prodigy``.

    Raises
    ------
    ValueError
        If optax has no such function, or the function has no such argument.
    MissingLibrary
        If optax or JAX is not installed, or optax is older than 0.2.2.
    """
    optax = _import_optax(str(spec))
    home, prefix = optax, ""
    if spec.name.startswith("contrib."):
        home, prefix = import_library("optax.contrib", str(spec), "jax"), "contrib."
    known = {prefix + name for name, thing in vars(home).items() if _makes_transformations(thing)}
    if spec.name not in known:
        raise ValueError(unknown_name("optax optimizer", spec.name, known))
    make = getattr(home, spec.name.removeprefix(prefix))
    check_arguments(spec, {*inspect.signature(make).parameters, "dtype"})
    arguments = dict(spec.arguments)
    dtype = check_dtype(str(spec), arguments.pop("dtype", "float64"))
    schedules = {name for name, thing in vars(optax.schedules).items() if inspect.isfunction(thing)}
    with precision(import_library("jax", str(spec), "jax"), dtype):
        try:
            for key, value in arguments.items():
                if isinstance(value, str) and "(" in value:
                    arguments[key] = call_in_quotes(str(spec), value, optax.schedules, "schedule", schedules)()
            kept = kept_for((PREFIX, make, str(spec)))
            make = functools.partial(make, **arguments)
            transformation = kept.setdefault("transformation", make())
        except TypeError as error:
            raise ValueError(f"optimizer {str(spec)!r}: optax refuses these arguments: {error}") from error
    return _adapter(str(spec), transformation, dtype, make)


def _import_optax(spec: str) -> Any:
    """Import optax; refuse releases before 0.2.2, whose states cannot be read by name."""
    optax = import_library("optax", spec, "jax")
    if not hasattr(optax.tree_utils, "tree_get"):
        raise MissingLibrary(
            f"{spec} needs optax 0.2.2 or later, and {version_of(optax)} is installed: pip install -U optax"
        )
    return optax


def _makes_transformations(thing: Any) -> bool:
    if not inspect.isfunction(unwrapped(thing)):  # nadam is a partial of adam
        return False
    made = inspect.signature(thing).return_annotation
    return str(getattr(made, "__name__", made)).rpartition(".")[2] in _TRANSFORMATIONS


def recognizes(thing: object) -> bool:
    """Return whether an object is a transformation of optax or a function of optax that returns one.

    A function may be inside a `functools.partial`. optax is not imported.
    """
    return is_of(thing, "optax", *_TRANSFORMATIONS) or (
        str(getattr(unwrapped(thing), "__module__", "")).partition(".")[0] == "optax"
        and _makes_transformations(unwrapped(thing))
    )


def from_object(thing: Any) -> Adapter:
    """Return the adapter for a transformation, or for a function of optax that returns one.

    A transformation does not record its arguments, so its spec has a hash of its numbers. A `functools.partial` of the
    function records them.

    Raises
    ------
    ValueError
        If the function requires arguments.
    """
    _import_optax("this optimizer")
    if is_of(thing, "optax", *_TRANSFORMATIONS):
        name = thing.init.__qualname__.partition(".<locals>")[0]
        instance = " ".join(filter(None, ("instance", short_name(tuple(thing)))))
        return _adapter(f"{thing.init.__module__.partition('.')[0]}:{name}({instance})", thing, "float64")
    try:
        transformation = thing()
    except TypeError as error:
        raise ValueError(f"{name_of(thing)} needs arguments: give a functools.partial of it ({error})") from error
    home, _, call = name_of(thing).partition(":")
    contrib = "contrib." if home.startswith("optax.contrib") else ""
    return _adapter(f"{PREFIX}:{contrib}{call}", transformation, "float64", thing)


def _adapter(spec: str, transformation: Any, dtype: str, make: Callable[[], Any] | None = None) -> Adapter:
    import jax

    platform = jax.default_backend()
    return OptaxOptimizer(
        spec,
        uses_gradient=True,
        takes_noise=True,
        ends_by_itself=False,
        setting={"dtype": dtype} | ({} if platform == "cpu" else {"device": platform}),
        transformation=transformation,
        dtype=dtype,
        make=make,
        _idle=kept_for((PREFIX, transformation.init, transformation.update, dtype)),
    )
