"""Counted evaluations of tensors that JAX, torch and TensorFlow can trace and differentiate.

A problem counts in Python, so a library's program calls back to evaluate it. Derivatives are the problem's own, and are
counted, too. Differentiating the objective evaluates the gradient. Differentiating the gradient evaluates the Hessian.
Differentiating residuals evaluates their Jacobian. Higher derivatives are not available.

`library_of` names the library of a point, and `evaluate` evaluates there. A point may also be a mapping of parts by
name, see `Structure`. JAX and torch then return derivatives by parts. No library is imported before one of its tensors
is passed in.
"""

from __future__ import annotations

import functools
import itertools
import logging
import sys
import weakref
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes.structure import Structure
from pytest_optlandscape.runs.watchdog import BudgetExhausted

__all__ = ["Evaluations", "as_array", "evaluate", "library_of", "stacked", "traceable"]

FloatArray = NDArray[np.float64]

_DERIVATIVES = {
    "fun": ("fun", "gradient", "hessian"),
    "gradient": ("gradient", "hessian"),
    "hessian": ("hessian",),
    "residuals": ("residuals", "jacobian"),
    "jacobian": ("jacobian",),
}
"""Each function of a problem, followed by its derivatives."""

_NO_TENSORS = frozenset({list, tuple, np.ndarray, float, int, np.float64})


class Evaluations(Protocol):
    """The counted functions of a `Problem`, each of a point of shape (dim,)."""

    @property
    def structure(self) -> Structure:
        """The parts of a point."""

    def fun(self, x: Any) -> Any:
        """Evaluate the objective."""

    def gradient(self, x: Any) -> Any:
        """Evaluate the gradient, shape (dim,)."""


def library_of(x: Any) -> str:
    """Return the name of the library that must evaluate a point; "" for NumPy.

    Parameters
    ----------
    x : array_like or tensor

    Returns
    -------
    str
        ``"jax"`` for a tracer of JAX, ``"torch"`` for a tensor that requires its gradient, ``"tensorflow"`` for any
        tensor of TensorFlow. NumPy reads all others, such as an array of JAX outside its transformations.

    Examples
    --------
    >>> library_of([1.0, 2.0]), library_of(np.zeros(2))
    ('', '')
    """
    if x.__class__ in _NO_TENSORS:
        return ""
    if "jax" in sys.modules and isinstance(x, sys.modules["jax"].core.Tracer):
        return "jax"
    if "torch" in sys.modules and isinstance(x, sys.modules["torch"].Tensor):
        return "torch" if x.requires_grad else ""
    if "tensorflow" in sys.modules and sys.modules["tensorflow"].is_tensor(x):
        return "tensorflow"
    return ""


def as_array(x: Any) -> NDArray[Any]:
    """Convert an array, tensor or list to a NumPy array. NumPy has no bfloat16, so that becomes double precision.

    Examples
    --------
    >>> as_array([1, 2]).tolist()
    [1, 2]
    """
    if x.__class__ is not list and hasattr(x, "detach"):
        x = x.detach().cpu()
        if str(x.dtype) == "torch.bfloat16":
            x = x.double()
    array: NDArray[Any] = np.asarray(x)
    return array.astype(np.float64) if array.dtype.name == "bfloat16" else array


def stacked(x: Any) -> Any:
    """Return a point that NumPy cannot read as one tensor; None if no library has to evaluate it.

    Such a point is a list of tensors, or a tensor inside a transformation of `torch.func`.

    Examples
    --------
    >>> stacked([1.0, 2.0]) is None
    True
    """
    if not isinstance(x, list | tuple):
        return x if "torch" in sys.modules and isinstance(x, sys.modules["torch"].Tensor) else None
    library = next(filter(None, map(library_of, x)), "")
    if library == "jax":
        return sys.modules["jax"].numpy.stack(list(map(sys.modules["jax"].numpy.asarray, x)))
    if library == "torch":
        torch = sys.modules["torch"]
        like = next(item for item in x if isinstance(item, torch.Tensor))
        return torch.stack([torch.as_tensor(item, dtype=like.dtype, device=like.device) for item in x])
    return sys.modules["tensorflow"].stack(x) if library else None


def evaluate(problem: Evaluations, what: str, x: Any) -> Any:
    """Evaluate a problem at a tensor.

    Parameters
    ----------
    problem : Problem
    what : str
        ``"fun"``, ``"gradient"``, ``"hessian"``, ``"residuals"`` or ``"jacobian"``.
    x : tensor, shape (dim,), or mapping
        A tensor whose library `library_of` names, or the parts of a point, which may also be arrays.

    Returns
    -------
    tensor
        It has the type and device of ``x``, and its library can trace and differentiate it. The gradient at a mapping
        is a dict of parts.

    Raises
    ------
    ValueError
        If ``x`` has a wrong shape, or holds no real numbers.
    """
    if isinstance(x, Mapping):
        gathered = _joined(problem.structure, x)
        result = evaluate(problem, what, gathered) if library_of(gathered) else getattr(problem, what)(gathered)
        return _split(problem.structure, result) if what == "gradient" else result
    library = library_of(x)
    if library == "jax":
        return traceable(problem, what)(x)
    if library != "tensorflow":
        return _torch_function().apply(x, problem, _DERIVATIVES[what])
    return _on_tensorflow(problem, _DERIVATIVES[what], x)


def _joined(structure: Structure, parts: Mapping[str, Any]) -> Any:
    """Join parts into one point, in the library of the first part that needs a library."""
    structure.check({name: tuple(np.shape(part)) for name, part in parts.items()})
    library = next(filter(None, (library_of(part) for part in parts.values())), "")
    flat = [parts[name] for name in structure]
    if library == "jax":
        numpy = sys.modules["jax"].numpy
        return numpy.concatenate([numpy.ravel(part) for part in flat])
    if library == "torch":
        torch = sys.modules["torch"]
        return torch.cat([torch.as_tensor(part).reshape(-1) for part in flat])
    if library == "tensorflow":
        tensorflow = sys.modules["tensorflow"]
        return tensorflow.concat([tensorflow.reshape(part, [-1]) for part in flat], axis=0)
    return structure.join({name: as_array(part) for name, part in parts.items()})


def _split(structure: Structure, x: Any) -> dict[str, Any]:
    """Cut a vector of any library into parts."""
    reshape = sys.modules["tensorflow"].reshape if library_of(x) == "tensorflow" else None
    return {
        name: reshape(x[part], structure[name]) if reshape else x[part].reshape(structure[name])
        for name, part in structure.slices.items()
    }


def _values_at(problem: Any, names: tuple[str, ...], x: Any) -> list[FloatArray]:
    """Evaluate functions at a point, and count the evaluations."""
    point = np.array(x, dtype=np.float64)
    return [np.asarray(getattr(problem, name)(point), dtype=np.float64) for name in names]


def _checked_shape(problem: Any, shape: tuple[int, ...]) -> None:
    dim = getattr(problem, "dim", None)
    if len(shape) != 1 or dim not in (None, shape[0]):
        raise ValueError(f"a point has shape ({'dim' if dim is None else dim},), got a tensor of shape {shape}")


# JAX


_numbers = itertools.count()
_by_number: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
_number_of: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()


class Traceable:
    """A problem's function for JAX, as a pytree, so that all problems of one form share a compiled program.

    A traced program does not hold the problem. It holds its number, and the callback looks the problem up.
    """

    def __init__(self, number: Any, form: tuple[str, Structure, int, str]) -> None:
        self._number = number
        self._form = form

    def __call__(self, x: Any, *_: Any) -> Any:
        """Evaluate and count at a point of shape (dim,), or a dict of its parts. JAX can differentiate the value.

        Further arguments are ignored.
        """
        import jax

        what, structure, residuals, refusal = self._form
        x = jax.numpy.asarray(_joined(structure, x) if isinstance(x, Mapping) else x)
        if x.shape != (structure.dim,):
            raise ValueError(f"a point has shape ({structure.dim},), got a tensor of shape {x.shape}")
        if not jax.numpy.issubdtype(x.dtype, jax.numpy.floating):
            if jax.numpy.issubdtype(x.dtype, jax.numpy.complexfloating):
                raise ValueError(f"a point is an array of real numbers, got a tensor of {x.dtype}")
            x = x.astype(float)
        (value,) = _jax_function(_DERIVATIVES[what], 1, residuals, refusal)(x, self._number)
        return value


def traceable(problem: Any, what: str = "fun") -> Traceable:
    """Return a problem's function as a pytree that JAX can call, trace and differentiate; see `Problem.traceable`."""
    import jax

    _prepare_jax()
    if problem not in _number_of:
        number = _number_of[problem] = next(_numbers)
        _by_number[number] = problem
    refusal = ""
    landscape = getattr(problem, "landscape", None)
    if landscape is not None and what == "fun" and not landscape.has_gradient:
        refusal = f"{landscape.id} has no gradient, so JAX cannot differentiate it; give one as "
        refusal += "Landscape(..., gradient=...), or take an optimizer without"
    residuals = len(landscape.residuals(landscape.x0)) if landscape and what in ("residuals", "jacobian") else 0
    return Traceable(jax.numpy.int32(_number_of[problem]), (what, problem.structure, residuals, refusal))


@functools.cache
def _prepare_jax() -> None:
    import jax

    jax.tree_util.register_pytree_node(
        Traceable, lambda one: ((one._number,), one._form), lambda form, leaves: Traceable(leaves[0], form)
    )
    logging.getLogger("jax._src.callback").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Return whether a log record reports anything but a spent budget. Most runs end with a spent budget."""
    return not (record.exc_info and isinstance(record.exc_info[1], BudgetExhausted))


@functools.lru_cache(maxsize=64)
def _jax_function(names: tuple[str, ...], count: int, residuals: int, refusal: str) -> Callable[[Any, Any], Any]:
    """Make a function of JAX, of (x, the problem's number), that evaluates the first ``count`` names in one call.

    Its derivative evaluates one name more. A vectorised call evaluates point by point.
    """
    import jax
    from jax.experimental import io_callback

    first = names[:count]

    def call(x: Any, number: Any) -> list[Any]:
        problem = _by_number.get(int(number))
        if problem is None:
            raise RuntimeError("the problem of this function is gone: keep the Problem as long as it is evaluated")
        sent = np.asarray(x)
        if sent.ndim == 1:
            with np.errstate(over="ignore"):  # a value too large for half precision becomes infinite
                return [value.astype(sent.dtype) for value in _values_at(problem, first, sent)]
        values = _values_at(problem, first, np.ascontiguousarray(sent).view(np.float64)[:, 0])
        return [value.reshape(*value.shape, 1).view(np.uint32) for value in values]

    def evaluated(x: Any, number: Any) -> Any:
        dim = x.shape[0]
        shapes = {"fun": (), "gradient": (dim,), "hessian": (dim, dim)}
        shapes |= {"residuals": (residuals,), "jacobian": (residuals, dim)}
        shape_of: Any = jax.ShapeDtypeStruct
        if x.dtype != np.float64:
            results = [shape_of(shapes[name], x.dtype) for name in first]
            return io_callback(call, results, x, number, ordered=True)
        # JAX may call back from its own thread. Double precision is off there if a `with` switched it on, and numbers
        # would be cut to single precision. So their bits are passed, as pairs of whole numbers.
        results = [shape_of((*shapes[name], 2), np.uint32) for name in first]
        bits = io_callback(call, results, jax.lax.bitcast_convert_type(x, np.uint32), number, ordered=True)
        return [jax.lax.bitcast_convert_type(pairs, np.float64) for pairs in bits]

    once = jax.custom_batching.custom_vmap(evaluated)

    @once.def_vmap  # type: ignore[untyped-decorator,unused-ignore]
    def one_after_another(size: int, in_batched: list[bool], x: Any, number: Any) -> Any:
        each = [
            argument if batched else jax.numpy.broadcast_to(argument, (size, *argument.shape))
            for argument, batched in zip((x, number), in_batched, strict=True)
        ]
        return jax.lax.map(lambda arguments: function(*arguments), each), [True] * count

    @jax.custom_jvp  # type: ignore[untyped-decorator,unused-ignore]
    def function(x: Any, number: Any) -> Any:
        return once(x, number) if _knows_effects_of_batching() else evaluated(x, number)

    @function.defjvp  # type: ignore[untyped-decorator,unused-ignore]
    def derivative(at: tuple[Any, Any], tangents: tuple[Any, Any]) -> Any:
        if refusal:
            raise ValueError(refusal)
        if count == len(names):
            raise NotImplementedError(f"JAX cannot differentiate what a problem gives as its {names[-1]}")
        values = _jax_function(names, count + 1, residuals, refusal)(*at)
        return list(values[:-1]), [jax.numpy.matmul(slope, tangents[0]) for slope in values[1:]]

    differentiable: Callable[[Any, Any], Any] = function
    return differentiable


@functools.cache
def _knows_effects_of_batching() -> bool:
    """Return whether this JAX orders the callbacks of a function with a batching rule.

    Older releases drop the callbacks. They get the function without the rule, and refuse `jax.vmap` of a problem.
    """
    import jax
    from jax.experimental import io_callback

    @jax.custom_batching.custom_vmap  # type: ignore[untyped-decorator,unused-ignore]
    def probe(x: Any) -> Any:
        return io_callback(np.asarray, x, x, ordered=True)

    @probe.def_vmap  # type: ignore[untyped-decorator,unused-ignore]
    def rule(size: int, in_batched: list[bool], x: Any) -> Any:
        return x, True

    return bool(jax.make_jaxpr(probe)(jax.numpy.zeros(1)).effects)


# torch


@functools.cache
def _torch_function() -> Any:
    import torch

    class Counted(torch.autograd.Function):  # type: ignore[misc,unused-ignore]
        """The first of ``names`` at a point. The second is its derivative."""

        @staticmethod
        def forward(x: Any, problem: Any, names: tuple[str, ...]) -> Any:
            _checked_shape(problem, tuple(x.shape))
            (value,) = _values_at(problem, names[:1], x.detach().to("cpu", torch.float64).numpy())
            return torch.from_numpy(value.copy()).to(x) if x.is_floating_point() else torch.from_numpy(value.copy())

        @staticmethod
        def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
            x, ctx.problem, ctx.names = inputs
            ctx.save_for_backward(x)
            ctx.save_for_forward(x)

        @staticmethod
        def backward(ctx: Any, slope: Any) -> Any:
            (x,) = ctx.saved_tensors
            jacobian = derivative(x, ctx.problem, ctx.names)
            return (slope * jacobian if slope.ndim == 0 else slope @ jacobian), None, None

        @staticmethod
        def jvp(ctx: Any, tangent: Any, *_: Any) -> Any:
            (x,) = ctx.saved_tensors
            return derivative(x, ctx.problem, ctx.names) @ tangent

        @staticmethod
        def vmap(info: Any, in_dims: tuple[Any, ...], x: Any, problem: Any, names: tuple[str, ...]) -> Any:
            each = x.unbind(in_dims[0])
            return torch.stack([apply(one, problem, names) for one in each]), 0

    apply: Any = Counted.apply

    def derivative(x: Any, problem: Any, names: tuple[str, ...]) -> Any:
        if len(names) == 1:
            raise NotImplementedError(f"torch cannot differentiate what a problem gives as its {names[0]}")
        return apply(x, problem, names[1:])

    return Counted


# TensorFlow


def _on_tensorflow(problem: Any, names: tuple[str, ...], x: Any) -> Any:
    import tensorflow

    x = tensorflow.convert_to_tensor(x)
    _checked_shape(problem, tuple(x.shape))
    dtype = x.dtype if x.dtype.is_floating else tensorflow.float64
    raised: list[BaseException] = []

    def call(point: Any) -> Any:
        try:
            return _values_at(problem, names[:1], point)[0].astype(dtype.as_numpy_dtype)
        except BaseException as error:  # TensorFlow would replace it by its own error
            raised.append(error)
            raise

    @tensorflow.custom_gradient  # type: ignore[untyped-decorator,unused-ignore]
    def counted(x: Any) -> Any:
        try:
            value = tensorflow.numpy_function(call, [x], dtype)
        except Exception:
            if raised:
                raise raised[0] from None
            raise
        value.set_shape(_tensorflow_shape(problem, names[0]))

        def derivative(slope: Any) -> Any:
            if len(names) == 1:
                raise NotImplementedError(f"TensorFlow cannot differentiate what a problem gives as its {names[0]}")
            jacobian = _on_tensorflow(problem, names[1:], x)
            return slope * jacobian if slope.shape.rank == 0 else tensorflow.linalg.matvec(jacobian, slope, True)

        return value, derivative

    return counted(x)


def _tensorflow_shape(problem: Any, name: str) -> tuple[int | None, ...]:
    dim = problem.dim
    shapes = {"fun": (), "gradient": (dim,), "hessian": (dim, dim), "residuals": (None,), "jacobian": (None, dim)}
    return shapes[name]
