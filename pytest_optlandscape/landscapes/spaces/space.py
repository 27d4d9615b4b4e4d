"""`Space`: the parameters of a search, and how a configuration of them is coded as a point of a box."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes.spaces.parameters import Parameter, is_same
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["Space"]

FloatArray = NDArray[np.float64]
_INACTIVE = 0.5
"""The code that stands for every code of a parameter that is not active."""


class Space:
    """A search space of named parameters.

    A configuration is a dict of values by name; the names of parameters that are not active are absent. It is coded as
    a point of the box [0, 1]ⁿ, one coordinate a parameter. Every point of the box is a configuration.

    Parameters
    ----------
    **parameters : Parameter
        By name, in the order of the coordinates.

    Attributes
    ----------
    parameters : dict of str to Parameter
    dim : int
        How many there are.
    bounds : ndarray, shape (dim, 2)
        Of the box.
    size : float
        How many configurations there are; inf where a parameter takes every real number.

    Raises
    ------
    TypeError
        If something is no parameter.
    ValueError
        If there is no parameter, a condition names an unknown parameter or a value that it does not have, or
        conditions go round in a circle.

    Examples
    --------
    >>> from pytest_optlandscape.landscapes.spaces import Choice, Float, Int, Space
    >>> space = Space(
    ...     lr=Float(1e-5, 1, log=True), batch=Int(1, 256, log=True), optimizer=Choice("sgd", "rmsprop", "adam"),
    ...     momentum=Float(0, 0.99, when={"optimizer": "sgd"}))
    >>> space.decode([1.0, 0.5, 0.9, 0.2])
    {'lr': 1.0, 'batch': 11, 'optimizer': 'adam'}
    >>> space.encode({"lr": 1e-3, "batch": 11, "optimizer": "sgd", "momentum": 0.495}).round(2).tolist()
    [0.4, 0.5, 0.17, 0.5]
    """

    def __init__(self, **parameters: Parameter) -> None:
        if not parameters:
            raise ValueError("a Space needs at least one parameter")
        for name, parameter in parameters.items():
            if not isinstance(parameter, Parameter):
                raise TypeError(f"Space: {name}={parameter!r:.80} is no parameter; give Float, Int, Choice or Ordinal")
        self.parameters = parameters
        self.dim = len(parameters)
        self.bounds: FloatArray = np.array([[0.0, 1.0]] * self.dim)
        self._order = self._parents_first()
        self._check_conditions()

    @property
    def size(self) -> float:
        """How many configurations there are; inf where a parameter takes every real number."""
        if any(math.isinf(parameter.count) for parameter in self.parameters.values()):
            return math.inf
        return sum(1 for _ in self.configurations())

    def decode(self, codes: ArrayLike) -> dict[str, Any]:
        """Read a point of the box.

        Parameters
        ----------
        codes : array_like, shape (dim,)
            Numbers outside [0, 1] are read as the nearest bound.

        Returns
        -------
        dict
            The configuration, in the order of the parameters.

        Raises
        ------
        ValueError
            If the shape is another one, or a number is NaN.
        """
        values = self._checked(codes)
        return self.assemble(lambda name, parameter: parameter.decode(values[name]))

    def assemble(self, value_of: Callable[[str, Parameter], Any]) -> dict[str, Any]:
        """Make a configuration: ask for the value of each active parameter, the parents of a condition first.

        Parameters
        ----------
        value_of : callable
            Takes a name and its parameter, returns a value.

        Returns
        -------
        dict
            The configuration, in the order of the parameters.

        Examples
        --------
        >>> from pytest_optlandscape.landscapes.spaces import Choice, Space
        >>> space = Space(dual=Choice(True, False, when={"norm": "l2"}), norm=Choice("l1", "l2"))
        >>> space.assemble(lambda name, parameter: parameter.values[-1])
        {'dual': False, 'norm': 'l2'}
        """
        found: dict[str, Any] = {}
        for name in self._order:
            if self._is_active(name, found):
                found[name] = value_of(name, self.parameters[name])
        return {name: found[name] for name in self.parameters if name in found}

    def encode(self, configuration: Mapping[str, Any]) -> FloatArray:
        """Write a configuration as a point of the box; parameters that are not active get the code 0.5.

        Parameters
        ----------
        configuration : mapping of str to object
            Values by name.

        Returns
        -------
        ndarray, shape (dim,)

        Raises
        ------
        ValueError
            If a name is unknown, missing, or that of a parameter that is not active; or a parameter has no such value.
        """
        for name in configuration:
            if name not in self.parameters:
                raise ValueError(unknown_name("parameter of the space", str(name), self.parameters))
        codes = {}
        for name in self._order:
            if not self._is_active(name, configuration):
                if name in configuration:
                    needed = " and ".join(_one_of(*item) for item in self.parameters[name].when.items())
                    raise ValueError(f"{name} is not active in {dict(configuration)!r}: it needs {needed}")
                codes[name] = _INACTIVE
            elif name not in configuration:
                raise ValueError(f"{name} is missing in {dict(configuration)!r}; it takes {self.parameters[name]!r}")
            else:
                try:
                    codes[name] = self.parameters[name].encode(configuration[name])
                except ValueError as error:
                    raise ValueError(f"{name}: {error}") from None
        return np.array([codes[name] for name in self.parameters])

    def canonical(self, codes: ArrayLike) -> FloatArray:
        """Return the point that stands for all points of the same configuration.

        Parameters
        ----------
        codes : array_like, shape (dim,) or (n, dim)

        Returns
        -------
        ndarray, of the shape of ``codes``
        """
        points = np.asarray(codes, dtype=np.float64)
        if points.ndim == 1:
            return self._canonical(points)
        return np.array([self._canonical(point) for point in points]).reshape(points.shape)

    def _canonical(self, point: FloatArray) -> FloatArray:
        active = self.decode(point)
        return np.array(
            [
                parameter.canonical(code) if name in active else _INACTIVE
                for code, (name, parameter) in zip(point.tolist(), self.parameters.items(), strict=True)
            ]
        )

    def configurations(self) -> Iterator[dict[str, Any]]:
        """List every configuration of a finite space, the last parameter varying fastest.

        Raises
        ------
        ValueError
            If a parameter takes every real number.

        Examples
        --------
        >>> from pytest_optlandscape.landscapes.spaces import Choice, Space
        >>> space = Space(norm=Choice("l1", "l2"), dual=Choice(True, False, when={"norm": "l2"}))
        >>> list(space.configurations())
        [{'norm': 'l1'}, {'norm': 'l2', 'dual': True}, {'norm': 'l2', 'dual': False}]
        """
        endless = [name for name, one in self.parameters.items() if math.isinf(one.count)]
        if endless:
            raise ValueError(f"{endless[0]} takes every real number; give it steps to list the configurations")
        seen: set[tuple[float, ...]] = set()
        for codes in itertools.product(*(one.codes() for one in self.parameters.values())):
            point = tuple(self._canonical(np.array(codes)).tolist())
            if point not in seen:
                seen.add(point)
                yield self.decode(point)

    def _is_active(self, name: str, values: Mapping[str, Any]) -> bool:
        """Return whether a parameter is active, given the values of its parents that are active."""
        return all(
            parent in values and any(is_same(values[parent], one) for one in wanted)
            for parent, wanted in self.parameters[name].when.items()
        )

    def _checked(self, codes: ArrayLike) -> dict[str, float]:
        point = np.asarray(codes, dtype=np.float64)
        if point.shape != (self.dim,) or np.isnan(point).any():
            raise ValueError(f"a point of the space has shape ({self.dim},) and no NaN, got {codes!r:.80}")
        return dict(zip(self.parameters, point.tolist(), strict=True))

    def _parents_first(self) -> list[str]:
        ordered: list[str] = []
        waiting = list(self.parameters)
        for name in waiting:
            for parent in self.parameters[name].when:
                if parent not in self.parameters:
                    raise ValueError(
                        f"the condition of {name}: {unknown_name('parameter of the space', parent, self.parameters)}"
                    )
        while waiting:
            ready = [name for name in waiting if set(self.parameters[name].when) <= set(ordered)]
            if not ready:
                raise ValueError(f"the conditions of {', '.join(waiting)} go round in a circle")
            ordered += ready
            waiting = [name for name in waiting if name not in ready]
        return ordered

    def _check_conditions(self) -> None:
        for name, parameter in self.parameters.items():
            for parent, wanted in parameter.when.items():
                for value in wanted:
                    try:
                        self.parameters[parent].encode(value)
                    except ValueError as error:
                        raise ValueError(f"the condition of {name} on {parent}: {error}") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Space) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return f"Space({', '.join(f'{name}={parameter!r}' for name, parameter in self.parameters.items())})"


def _one_of(name: str, wanted: tuple[Any, ...]) -> str:
    return f"{name} = {' or '.join(map(repr, wanted))}"
