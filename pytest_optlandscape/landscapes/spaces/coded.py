"""Landscapes over a search space: their configurations are coded as points of a box."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes.formula.evaluation import Formula, PlainFunction
from pytest_optlandscape.landscapes.minimizers import MinimizerGrid, MinimizerList, Minimizers
from pytest_optlandscape.landscapes.spaces.fidelity import Fidelity
from pytest_optlandscape.landscapes.spaces.space import Space

__all__ = ["CodedGrid", "CodedMinimizers", "OfCodes", "as_code", "coded", "tags_of"]

FloatArray = NDArray[np.float64]


def as_code(space: Space | None, point: Any) -> Any:
    """Return the code of a configuration; return any other point as it is."""
    return space.encode(point) if space is not None and isinstance(point, Mapping) else point


def tags_of(space: Space | None, fidelity: Fidelity | None = None) -> frozenset[str]:
    """Return the tags of a landscape that follow from its search space and its fidelity.

    Examples
    --------
    >>> from pytest_optlandscape.landscapes.spaces import Choice, Float, Space
    >>> sorted(tags_of(Space(lr=Float(0, 1), norm=Choice("l1", "l2"))))
    ['mixed-integer', 'search-space']
    """
    found = {"multi-fidelity"} if fidelity is not None else set()
    if space is None:
        return frozenset(found)
    parameters = space.parameters.values()
    endless = [math.isinf(parameter.count) for parameter in parameters]
    found.add("search-space")
    if not any(endless):
        found.add("discrete")
    elif not all(endless):
        found.add("mixed-integer")
    if any(parameter.when for parameter in parameters):
        found.add("conditional")
    return frozenset(found)


def coded(
    space: Space,
    *,
    fun: Any,
    bounds: Any,
    x0: Any,
    starts: Mapping[str, Any] | None,
    minimizers: Any,
    complete: bool,
) -> tuple[Any, FloatArray, Any, dict[str, Any], Any]:
    """Translate the arguments of a landscape over a search space to codes.

    Parameters
    ----------
    space : Space
    fun : callable
        The objective, a function of a configuration.
    bounds : None
        A space has bounds of its own.
    x0 : mapping or array_like
    starts : mapping of str to mapping or array_like
    minimizers : iterable of mapping or array_like, Minimizers or None
    complete : bool
        Whether all minimisers are listed.

    Returns
    -------
    tuple
        Objective, bounds, start, named starts and minimisers, as a landscape on a box takes them.

    Raises
    ------
    TypeError
        If bounds are given.
    ValueError
        If a configuration does not belong to the space.
    """
    if bounds is not None:
        raise TypeError("give either bounds or a space: a space has bounds of its own, [0, 1] for each parameter")
    if minimizers is not None and not isinstance(minimizers, Minimizers):
        minimizers = CodedMinimizers(space, minimizers, complete)
    return (
        fun if isinstance(fun, Formula | PlainFunction) else OfCodes(space, fun),
        space.bounds,
        as_code(space, x0),
        {name: as_code(space, start) for name, start in (starts or {}).items()},
        minimizers,
    )


class OfCodes:
    """An objective of configurations, as a function of codes.

    Parameters
    ----------
    space : Space
    fun : callable
        The objective; an `AtLevel` where it has a fidelity.
    """

    def __init__(self, space: Space, fun: Any) -> None:
        self._space = space
        self._fun = fun

    def at(self, codes: Any, level: float) -> Any:
        """Evaluate the objective at a level of its fidelity."""
        return self._fun.at(self._space.decode(codes), level)

    def __call__(self, codes: Any) -> Any:
        """Evaluate the objective."""
        return self._fun(self._space.decode(codes))


class CodedMinimizers(MinimizerList):
    """Configurations at which a landscape is lowest.

    The distance of a point is that of its canonical code: codes of the same configuration lie equally far away.

    Parameters
    ----------
    space : Space
    configurations : iterable of mapping or array_like
        Configurations or their codes.
    complete : bool, default True
        Whether these are all.
    """

    def __init__(self, space: Space, configurations: Iterable[Any], complete: bool = True) -> None:
        codes = [space.canonical(as_code(space, one)) for one in configurations]
        super().__init__(np.array(codes).reshape(len(codes), space.dim), complete)
        self._space = space

    def distance(self, x: FloatArray) -> float | FloatArray:
        """Measure from a point (dim,) or each of a batch (n, dim) to the nearest minimiser."""
        return super().distance(self._space.canonical(x))

    def stretched(self, factors: FloatArray, offset: FloatArray) -> Minimizers:
        """Raise ValueError: codes cannot be moved."""
        raise ValueError("a landscape over a search space cannot be shifted or scaled: its points are codes")

    def permuted(self, order: Sequence[int]) -> Minimizers:
        """Raise ValueError: codes cannot be moved."""
        raise ValueError("the parameters of a search space have names: they cannot be permuted")


class CodedGrid(MinimizerGrid):
    """A grid of configurations at which a landscape is lowest: each parameter has one of a few values.

    Parameters
    ----------
    space : Space
        All of its parameters have finitely many values and no condition.
    values : mapping of str to sequence
        The values by name.

    Examples
    --------
    >>> from pytest_optlandscape.landscapes.spaces import Int, Space
    >>> grid = CodedGrid(Space(a=Int(0, 1), b=Int(0, 1)), {"a": [1], "b": [0, 1]})
    >>> grid.count, grid.distance(np.array([0.9, 0.1]))
    (2, 0.0)
    """

    def __init__(self, space: Space, values: Mapping[str, Sequence[Any]]) -> None:
        super().__init__(
            [[parameter.encode(value) for value in values[name]] for name, parameter in space.parameters.items()]
        )
        self._space = space

    def distance(self, x: FloatArray) -> float | FloatArray:
        """Measure from a point (dim,) or each of a batch (n, dim) to the nearest minimiser."""
        return super().distance(self._space.canonical(x))
