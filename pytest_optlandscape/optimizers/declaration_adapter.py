"""Adapter for optimizers with other signatures, which ``optlandscape_adapters`` declares.

A declaration states which parameter is the objective, which the start, where the result is, and so on; see
`configuration.declarations`. An optimizer may be a function; a class or factory whose object has a method that
minimises (``call=run``); or one whose object is asked for points and told their values (``ask=`` and ``tell=``).
Undeclared parameters with a usual name (``x0``, ``jac``, ``bounds``, ``maxfev``, ...) get values as in any callable.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.configuration.declarations import Declaration, Handed, Method, Path, parse_declaration
from pytest_optlandscape.optimizers.adapters.ask_tell import drive, pickled, takes_points
from pytest_optlandscape.optimizers.declaration_scripts import written_call
from pytest_optlandscape.optimizers.libraries import small_seed, start_inside, unwrapped
from pytest_optlandscape.optimizers.protocol import Adapter, Call, Interruption, Outcome
from pytest_optlandscape.optimizers.rebuilding import copied, renewed
from pytest_optlandscape.optimizers.signatures import OF_BOUNDS, Signatures, Step, imported, parameter_value
from pytest_optlandscape.runs import Problem

__all__ = ["DeclaredOptimizer", "Reported", "adapt", "declared_optimizer"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Reported(Outcome):
    """The result of a declared optimizer, read as its declaration says.

    Attributes
    ----------
    nfev, njev, nhev : object
        The evaluations that it reports; None if it reports none.
    """

    nfev: Any = None
    njev: Any = None
    nhev: Any = None


@dataclass(frozen=True)
class DeclaredOptimizer(Adapter):
    """A callable, or a class with a method, called as declared."""

    function: Callable[..., Any] = print
    declaration: Declaration = field(default_factory=Declaration)
    steps: tuple[Step, ...] = ()
    limit: int | None = None
    interruption: Interruption | None = None

    def minimize(self, problem: Problem) -> Any:
        """Call the optimizer as declared."""
        if self.declaration.ask is not None:
            return self._asked(problem)
        values = _Values(self, problem)
        if self.declaration.call is None:
            returned = self._made(values)
            return self._result(returned, None, values)
        optimizer = self._made(values)
        positions, keywords = self._arguments(values, in_method=True)
        method = self.declaration.call
        for name, _, literal in method.arguments or ():
            keywords[name] = copied(literal)
        returned = getattr(optimizer, method.name)(*positions, **keywords)
        return self._result(returned, optimizer, values)

    def _made(self, values: _Values) -> Any:
        """Call the target, which makes the object or minimises, and set declared attributes of the object."""
        positions, keywords = self._arguments(values, in_method=False)
        function: Callable[..., Any] = _with_imports(renewed(self.function), self.declaration.imports)
        if isinstance(function, functools.partial):
            keywords = {**function.keywords, **keywords}
            positions = [*function.args, *positions]
            function = function.func
        made = function(*positions, **keywords)
        for step in self.used():
            place = step.handed.place
            if place.kind == "attribute":
                setattr(made, place.name, values.of(step.handed))
            elif place.kind == "method":
                getattr(made, place.name)(values.of(step.handed))
        return made

    def used(self) -> list[Step]:
        """List the values to pass; the profile excludes some."""
        return [step for step in self.steps if step.is_required or not self._withholds(step.handed.what)]

    def _withholds(self, what: str) -> bool:
        if what in OF_BOUNDS:
            return not self.takes_bounds
        if what in ("gradient", "hessian", "jacobian"):
            return not self.uses_gradient
        if what == "constraints":
            return not self.takes_constraints
        return what == "callback" and not self.takes_callback

    def _arguments(self, values: _Values, *, in_method: bool) -> tuple[list[Any], dict[str, Any]]:
        positions: dict[int, Any] = {}
        keywords: dict[str, Any] = {}
        fixed = getattr(self.function, "keywords", {})
        for step in self.used():
            handed, place = step.handed, step.handed.place
            if step.in_method is not in_method or place.kind not in ("position", "parameter", "entry"):
                continue
            if handed.what == "constraints" and not values.problem.constraints and not step.is_required:
                continue  # a method without arguments may reject even an empty tuple
            value = values.of(handed)
            if place.kind == "position":
                positions[int(place.name)] = value
            elif place.kind == "parameter":
                keywords[place.name] = value
            else:
                before = keywords.get(place.name)
                if before is None:
                    before = {} if in_method else dict(copy.deepcopy(fixed.get(place.name)) or {})
                keywords[place.name] = {**before, place.key: value}
        return [positions[k] for k in sorted(positions)], keywords

    def _result(self, returned: Any, optimizer: Any, values: _Values) -> Any:
        """Read the result as declared; return a result of the usual form unchanged."""
        told = self.declaration
        is_plain = not (told.result or told.value or told.evaluations or told.success or told.maximise)
        if told.result is None and (returned is None or _holds_more_than_numbers(returned)):
            what, where = ("nothing", "self.best_position") if returned is None else ("a tuple", "[0]")
            raise LookupError(f"{self.spec} returned {what}: declare where the point is, such as result={where}")
        if is_plain and (hasattr(returned, "x") or not isinstance(returned, Mapping)):
            return returned

        def read(path: Path | None) -> Any:
            return None if path is None else _follow(path, optimizer if path.of_optimizer else returned, self.spec)

        found = read(told.result) if told.result else _point_in(returned)
        value = read(told.value)
        if value is None and not told.result:
            value = getattr(returned, "fun", None)
        claim = read(told.success) if told.success else getattr(returned, "success", None)
        return Reported(
            values.point(found),
            fun=values.value(value),
            success=claim if claim is None else bool(claim),
            message=str(getattr(returned, "message", "")),
            nfev=read(told.evaluations) if told.evaluations else getattr(returned, "nfev", None),
            njev=getattr(returned, "njev", None),
            nhev=getattr(returned, "nhev", None),
        )

    def _asked(self, problem: Problem) -> Any:
        told, values = self.declaration, _Values(self, problem)
        assert told.ask is not None
        assert told.tell is not None
        conversation = _Conversation(self._made(values), told.ask, told.tell, told.together, values)
        outcome = drive(conversation, problem, self.interruption, _resumed, own_points=False)
        if told.result is None:
            return outcome
        found = self._result(None, conversation.optimizer, values)
        return dataclasses.replace(found, stop_reason=outcome.stop_reason)

    def interrupted(self, interruption: Interruption) -> Adapter | None:
        """Return an adapter that saves and loads the object between tell and ask; None for other optimizers."""
        return dataclasses.replace(self, interruption=interruption) if self.declaration.ask else None

    def with_budget(self, evaluations: int) -> Adapter | None:
        """Return an adapter that passes another limit of evaluations; None if none is passed."""
        told = [step.handed for step in self.steps if step.handed.what == "budget"]
        is_counted = bool(told) and not any(one.factors for one in told)
        if not is_counted or all(one.place.name == "maxiter" for one in told):
            return None
        return dataclasses.replace(self, limit=evaluations)

    def without_gradient(self) -> Adapter | None:
        """Return an adapter that passes no derivatives; None if they are required or unused."""
        steps = [step for step in self.steps if step.handed.what in ("gradient", "hessian")]
        may_be_left_out = steps and not any(step.is_required for step in steps)
        return dataclasses.replace(self, uses_gradient=False) if may_be_left_out else None

    def call(self, x0: str, bounds: str, seed: int = 0) -> Call | None:
        """Return the call of a function as text."""
        return written_call(self, x0, bounds, seed)

    def versions(self) -> dict[str, str]:
        """Return the version that the package states."""
        target = unwrapped(self.function)
        package = str(getattr(target, "__module__", "")).partition(".")[0]
        version = getattr(sys.modules.get(package), "__version__", None)
        return {package: version} if isinstance(version, str) else {}


class _Values:
    """The values to pass to an optimizer in one run, in its form."""

    def __init__(self, optimizer: DeclaredOptimizer, problem: Problem) -> None:
        self.problem = problem
        self._optimizer = optimizer
        self._sign = -1.0 if optimizer.declaration.maximise else 1.0
        digits = len(str(problem.dim - 1))
        self.names = [f"x{k:0{digits}d}" for k in range(problem.dim)]
        objective = optimizer.declaration.of("objective") + optimizer.declaration.of("residuals")
        self._form_of_points = objective[0].form if objective else "array"

    def of(self, handed: Handed) -> Any:
        """Return the value to pass."""
        value = getattr(self, f"_{handed.what}")(handed)
        if not handed.maker:
            return value
        make = imported(handed.maker)
        if isinstance(value, dict):
            return make(**value)
        return make(*value) if isinstance(value, tuple) else make(value)

    def point(self, found: Any) -> Any:
        """Read a point, given as an array or as a dict of our names."""
        if isinstance(found, Mapping) and set(self.names) <= set(found):
            return np.array([float(found[name]) for name in self.names])
        return found

    def value(self, value: Any) -> Any:
        """Convert a reported value to the sign of the objective."""
        return value if value is None or self._sign > 0.0 else -np.asarray(value, dtype=np.float64).item()

    def signed(self, value: Any) -> Any:
        """Convert a value or a gradient to the sign that the optimizer expects."""
        return value if self._sign > 0.0 else -value

    def named(self, point: FloatArray) -> dict[str, float]:
        """Return a point as a dict."""
        return dict(zip(self.names, point.tolist(), strict=True))

    def _objective(self, handed: Handed) -> Callable[..., Any]:
        fun, signed, gradient = self.problem.fun, self.signed, self.problem.gradient
        if handed.form == "array":
            return fun if self._sign > 0.0 else lambda x, *rest, **more: -fun(x)
        if handed.form == "batch":
            return lambda points, *rest, **more: np.array([signed(fun(x)) for x in np.atleast_2d(points)])
        if handed.form == "value-and-gradient":
            return lambda x, *rest, **more: (signed(fun(x)), signed(gradient(x)))
        return self._of_points(lambda x: signed(fun(x)), handed.form)

    def _residuals(self, handed: Handed) -> Callable[..., Any]:
        return self._of_points(self.problem.residuals, handed.form)

    def _of_points(self, function: Callable[[Any], Any], form: str) -> Callable[..., Any]:
        """Wrap a function so that it takes points in another form than an array."""
        names = self.names
        if form == "named":
            return lambda point, *rest, **more: function([float(point[name]) for name in names])
        if form == "keywords":
            return lambda **point: function([float(point[name]) for name in names])
        if form == "numbers":
            return lambda *point: function([float(one) for one in point])
        return function

    def _gradient(self, handed: Handed) -> Any:
        if not self.problem.landscape.has_gradient:
            return None
        gradient = self.problem.gradient
        form = "array" if self._form_of_points in ("batch", "value-and-gradient") else self._form_of_points
        if self._sign > 0.0:
            return self._of_points(gradient, form)
        return self._of_points(lambda x: -gradient(x), form)

    def _jacobian(self, handed: Handed) -> Any:
        return self._of_points(self.problem.jacobian, self._form_of_points)

    def _hessian(self, handed: Handed) -> Any:
        hessian = self.problem.hessian
        if not self.problem.landscape.has_gradient:
            return None
        return hessian if self._sign > 0.0 else lambda x: -hessian(x)

    def _start(self, handed: Handed) -> Any:
        problem = self.problem
        if handed.form == "limited":
            box = problem.bounds.tolist() if self._optimizer.takes_bounds else [(None, None)] * problem.dim
            start = start_inside(problem).tolist()
            return {
                name: {"value": value, **({} if low is None else {"min": low, "max": high})}
                for name, value, (low, high) in zip(self.names, start, box, strict=True)
            }
        start = problem.watched_x0() if handed.form == "array" else problem.x0
        if self._optimizer.declaration.ask and self._optimizer.takes_bounds:
            start = start_inside(problem)
        if handed.form == "named":
            return self.named(start)
        return start.tolist() if handed.form == "list" else start

    def _bounds(self, handed: Handed) -> Any:
        box = self.problem.bounds
        if handed.form == "pairs":
            return [tuple(pair) for pair in box.tolist()]
        if handed.form == "arrays":
            return box[:, 0].copy(), box[:, 1].copy()
        pairs = dict(zip(self.names, box.tolist(), strict=True))
        if handed.form == "named":
            return {name: tuple(pair) for name, pair in pairs.items()}
        if handed.form == "grid":
            return {name: np.linspace(low, high, handed.points) for name, (low, high) in pairs.items()}
        return box.copy()

    def _lower(self, handed: Handed) -> Any:
        return self.problem.bounds[:, 0].tolist() if handed.form == "list" else self.problem.bounds[:, 0].copy()

    def _upper(self, handed: Handed) -> Any:
        return self.problem.bounds[:, 1].tolist() if handed.form == "list" else self.problem.bounds[:, 1].copy()

    def _constraints(self, handed: Handed) -> Any:
        return self.problem.constraints

    def _budget(self, handed: Handed) -> int:
        evaluations = self.problem.budget if self._optimizer.limit is None else self._optimizer.limit
        for factor in handed.factors:
            evaluations //= self._factor(factor)
        return max(evaluations, 1)

    def _factor(self, factor: str) -> int:
        if factor.isdecimal():
            return int(factor)
        if factor in ("dim", "dimension"):
            return self.problem.dim
        return int(parameter_value(self._optimizer.function, factor))

    def _seed(self, handed: Handed) -> int:
        seed = small_seed(self.problem)
        return max(seed, 1) if handed.form == "positive" else seed

    def _rng(self, handed: Handed) -> np.random.Generator:
        return self.problem.rng

    def _dimension(self, handed: Handed) -> int:
        return self.problem.dim

    def _callback(self, handed: Handed) -> Any:
        return self.problem.callback


class _Conversation:
    """An optimizer with renamed ask and tell methods, in the form that `ask_tell.drive` needs."""

    def __init__(self, optimizer: Any, ask: Method, tell: Method, together: str, values: _Values) -> None:
        self.optimizer = optimizer
        self._ask = ask
        self._tell = tell
        self._values = values
        self._together = together
        self._answer: list[Any] = []
        if callable(getattr(optimizer, "recommend", None)):
            self.recommend = lambda: values.point(optimizer.recommend())

    def ask(self) -> Any:
        """Ask for a point, a batch, or several points that are told together."""
        count = 0
        if self._together:
            count = int(self._together) if self._together.isdecimal() else int(getattr(self.optimizer, self._together))
        asked = [self._asked_once() for _ in range(max(count, 1))]
        if any(one is None for one in asked):
            return None
        self._answer = asked
        points = [self._read(one) for one in asked]
        return np.array(points) if count else points[0]

    def _asked_once(self) -> Any:
        problem = self._values.problem
        offered: dict[str, Callable[[], Any]] = {
            "rng": lambda: problem.rng,
            "seed": lambda: small_seed(problem),
        }
        positions, keywords = _filled(self._ask, offered)
        return getattr(self.optimizer, self._ask.name)(*positions, **keywords)

    def _read(self, asked: Any) -> Any:
        """Convert the result of ask to a point (dim,) or a batch (n, dim)."""
        if isinstance(asked, Mapping):
            return self._values.point(asked)
        if isinstance(asked, Sequence) and len(asked) and isinstance(asked[0], Mapping):
            return np.array([self._values.point(one) for one in asked])
        return asked if isinstance(asked, np.ndarray) else np.asarray(asked, dtype=np.float64)

    def tell(self, points: Any, found: Any) -> None:
        """Call the tell method with the values in its own arguments."""
        signed, is_batch = self._values.signed, np.ndim(points) == 2
        asked: Any = self._answer if self._together else self._answer[0]
        f = [signed(value) for value in found] if is_batch else signed(found)

        def g() -> Any:
            gradients = [signed(self._values.problem.gradient(point)) for point in (points if is_batch else [points])]
            return gradients if is_batch else gradients[0]

        offered: dict[str, Callable[[], Any]] = {
            "x": lambda: asked,
            "f": lambda: f,
            "g": g,
            "fg": lambda: list(zip(f, g(), strict=True)) if is_batch else (f, g()),
            "pairs": lambda: list(zip(asked, f, strict=True)) if is_batch else (asked, f),
        }
        tell = getattr(self.optimizer, self._tell.name)
        positions, keywords = _filled(self._tell, offered, ("x", "f") if takes_points(tell) else ("f",))
        tell(*positions, **keywords)

    def stop(self) -> bool:
        """Return whether the optimizer reports that it has ended."""
        stop = getattr(self.optimizer, "stop", None)
        return callable(stop) and bool(stop())


def _resumed(conversation: _Conversation, interruption: Interruption) -> _Conversation:
    conversation.optimizer = pickled(conversation.optimizer, interruption)
    return conversation


def _filled(
    method: Method, offered: Mapping[str, Callable[[], Any]], usual: Sequence[str] = ()
) -> tuple[list[Any], dict[str, Any]]:
    """Return a method's declared arguments, or the usual ones if none are declared."""
    if method.arguments is None:
        return [offered[name]() for name in usual], {}
    positions: list[Any] = []
    keywords: dict[str, Any] = {}
    for keyword, what, literal in method.arguments:
        value = copied(literal) if what is None else offered[what]()
        if keyword:
            keywords[keyword] = value
        else:
            positions.append(value)
    return positions, keywords


def _holds_more_than_numbers(returned: Any) -> bool:
    is_plain_tuple = isinstance(returned, tuple) and not hasattr(returned, "x")
    return is_plain_tuple and not all(np.ndim(one) == 0 for one in returned)


def _point_in(returned: Any) -> Any:
    if isinstance(returned, Mapping) and not hasattr(returned, "x"):
        return returned.get("x", returned)
    return getattr(returned, "x", returned)


def _follow(path: Path, root: Any, spec: str) -> Any:
    """Return the object at a path.

    Raises
    ------
    LookupError
        If the path ends early; the message says where.
    """
    found = root
    for k, (kind, key) in enumerate(path.steps):
        try:
            if kind == "call":
                found = found()
            elif kind == "name" and not (isinstance(found, Mapping) and key in found):
                found = getattr(found, key)
            else:
                found = found[key]
        except (AttributeError, LookupError, TypeError) as error:
            where = "the optimizer" if path.of_optimizer else "its result"
            reached = f"{type(found).__name__} {found!r:.80}"
            raise LookupError(
                f"{spec}: {where} has no {path.text}: step {k + 1} is missing in {reached} ({error})"
            ) from None
    return found


def _with_imports(function: Any, names: Sequence[str]) -> Any:
    if not names:
        return function
    keywords = {name: imported(function.keywords[name]) for name in names}
    return functools.partial(function, **keywords)


def declared_optimizer(target: Any, declaration: Declaration, spec: str) -> DeclaredOptimizer:
    """Return the adapter for a declared callable or class.

    Parameters
    ----------
    target : callable
        A function, a class, or a `functools.partial` of one with fixed arguments.
    declaration : Declaration
    spec : str
        Its name in reports.

    Raises
    ------
    ValueError
        If the declaration names a parameter, method or module that does not exist, or omits a required one.
    """
    signatures = Signatures(target, declaration, spec)
    steps = signatures.steps()
    handed = {step.handed.what for step in steps}
    told = declaration.tell.arguments if declaration.tell else None
    is_told_gradients = any(what in ("g", "fg") for _, what, _ in told or ())
    gives_gradients = any(step.handed.form == "value-and-gradient" for step in steps)
    return DeclaredOptimizer(
        spec,
        uses_gradient=is_told_gradients or gives_gradients or bool(handed & {"gradient", "jacobian"}),
        takes_bounds=bool(handed & set(OF_BOUNDS)) or any(step.handed.form == "limited" for step in steps),
        takes_constraints="constraints" in handed,
        is_stochastic=bool(handed & {"seed", "rng"}) or _draws(declaration),
        is_global="start" not in handed,
        uses_residuals="residuals" in handed,
        takes_callback="callback" in handed,
        function=target,
        declaration=declaration,
        steps=steps,
    )


def _draws(declaration: Declaration) -> bool:
    arguments = declaration.ask.arguments if declaration.ask else None
    return any(what in ("rng", "seed") for _, what, _ in arguments or ())


def adapt(optimizer: Any, declaration: str, spec: str | None = None) -> Adapter:
    """Return the adapter for an optimizer with its own signature, for tests that pass it as an object.

    Parameters
    ----------
    optimizer : callable or class
        A function that minimises; a class or factory whose object has a method that minimises, or methods that ask and
        tell; or a `functools.partial` of one.
    declaration : str
        Written as after ``SPEC =`` in ``optlandscape_adapters``.
    spec : str, optional
        Its name in reports (default: its module and name).

    Returns
    -------
    Adapter

    Raises
    ------
    ValueError
        If the declaration cannot be read, or does not fit the optimizer's signature.

    Examples
    --------
    >>> from scipy.optimize import fmin_l_bfgs_b
    >>> from pytest_optlandscape import minimize, optimizers
    >>> lbfgsb = optimizers.adapt(fmin_l_bfgs_b, "objective=func gradient=fprime bounds=bounds:pairs result=[0]")
    >>> minimize(lbfgsb, "booth").x.round(3).tolist()
    [1.0, 3.0]
    """
    from pytest_optlandscape.optimizers.identity import name_of

    if not callable(optimizer):
        raise ValueError(f"{optimizer!r:.80} cannot be called: give a function, a class or a functools.partial of one")
    return declared_optimizer(optimizer, parse_declaration(declaration), spec or name_of(optimizer))
