"""Configurations for the adapters of tuners: what they ask for, and what they are told.

A tuner searches a space of named parameters. On a landscape over a box, the parameters are its coordinates.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pytest_optlandscape.landscapes.spaces import Choice, Float, Int, Ordinal, Parameter, Space
from pytest_optlandscape.landscapes.spaces.coded import as_code
from pytest_optlandscape.optimizers.libraries import start_inside
from pytest_optlandscape.optimizers.protocol import Outcome
from pytest_optlandscape.runs import Problem

__all__ = ["Configurations", "branches", "is_finite", "level_of", "levels", "whole_fidelity"]


class Configurations:
    """The configurations of a problem, evaluated one by one.

    Attributes
    ----------
    space : Space
        That of the problem. For a box: a real number for each coordinate that is not fixed by its bounds.
    start : dict
        The problem's start.

    Examples
    --------
    >>> configurations = Configurations(Problem("booth"))
    >>> configurations.start, configurations.value({"x0": 1.0, "x1": 3.0})
    ({'x0': 0.0, 'x1': 0.0}, 0.0)
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._point = start_inside(problem)
        self._is_box = problem.space is None
        self._best: Any = None
        self._lowest = math.inf
        self._raised: Exception | None = None
        self._full = math.inf if problem.fidelity is None else problem.fidelity.high
        if problem.space is not None:
            self.space = problem.space
            self.start = self.space.decode(self._point)
            return
        moving = {f"x{k}": (low, high) for k, (low, high) in enumerate(problem.bounds.tolist()) if low < high}
        self._coordinates = {name: int(name[1:]) for name in moving}
        self.space = Space(**{name: Float(low, high) for name, (low, high) in moving.items()})
        self.start = {name: float(self._point[k]) for name, k in self._coordinates.items()}

    def value(self, configuration: Mapping[str, Any], **fidelity: float) -> float:
        """Evaluate a configuration as the library returned it.

        Parameters
        ----------
        configuration : mapping
        **fidelity : float
            The level of the problem's fidelity by its name (default: full fidelity).

        Returns
        -------
        float
            NaN if the objective raises: the trial failed.
        """
        asked = self._point_of(configuration) if self._is_box else configuration
        try:
            value = float(self._problem.fun(asked, **fidelity))
        except Exception as error:
            if self._is_box or not _belongs(self.space, configuration):
                raise
            self._raised = error
            return math.nan
        if value < self._lowest and all(level == self._full for level in fidelity.values()):
            self._best, self._lowest = configuration, value
        return value

    def course(self, configuration: Mapping[str, Any]) -> Iterator[tuple[float | None, float]]:
        """Evaluate a configuration at growing fidelity, such as after more and more epochs.

        Yields
        ------
        tuple
            The level of the fidelity and the value. On a problem without a fidelity: None and the value.
        """
        fidelity = self._problem.fidelity
        if fidelity is None:
            yield None, self.value(configuration)
            return
        for level in fidelity.levels():
            yield level, self.value(configuration, **{fidelity.name: level})

    def outcome(self, best: Mapping[str, Any] | None = None, fun: float | None = None) -> Outcome:
        """Return the result of a run.

        Parameters
        ----------
        best : mapping, optional
            The best configuration that the library names (default: the best that was evaluated).
        fun : float, optional
            Its value, as the library says.

        Raises
        ------
        Exception
            That of the last trial, if no trial succeeded and one raised.
        """
        if self._best is None and self._raised is not None:
            raise self._raised
        found = self._best if best is None else best
        reason = None if self._problem.remaining > 0 else "budget"
        if found is None:
            return Outcome(None, reason)
        point = self._point_of(found) if self._is_box else as_code(self.space, found)
        return Outcome(point, reason, fun=fun)

    def _point_of(self, configuration: Mapping[str, Any]) -> Any:
        point = np.array(self._point)
        for name, k in self._coordinates.items():
            point[k] = configuration[name]
        return point


def _belongs(space: Space, configuration: Mapping[str, Any]) -> bool:
    try:
        space.encode(configuration)
    except ValueError:
        return False
    return True


def branches(space: Space) -> list[dict[str, Parameter]]:
    """List the parts of a space within which the same parameters are active.

    Returns
    -------
    list of dict
        The parameters of each part. Those on which conditions depend have one value in it.

    Raises
    ------
    ValueError
        If a condition depends on a parameter that takes every real number.

    Examples
    --------
    >>> space = Space(norm=Choice("l1", "l2"), dual=Choice(True, False, when={"norm": "l2"}))
    >>> branches(space)
    [{'norm': Choice('l1')}, {'norm': Choice('l2'), 'dual': Choice(True, False, when={'norm': 'l2'})}]
    """
    parents = {parent for parameter in space.parameters.values() for parent in parameter.when}
    for parent in parents:
        if math.isinf(space.parameters[parent].count):
            raise ValueError(f"{parent} takes every real number, and other parameters depend on it; give it steps")
    if not parents:
        return [dict(space.parameters)]
    of_parents = Space(**{name: space.parameters[name] for name in space.parameters if name in parents})
    found = []
    for values in of_parents.configurations():
        fixed: Mapping[str, Any] = values
        part: dict[str, Parameter] = {}

        def one(name: str, parameter: Parameter, fixed: Mapping[str, Any] = fixed, part: Any = part) -> Any:
            part[name] = Choice(fixed[name]) if name in fixed else parameter
            return fixed.get(name)

        space.assemble(one)
        found.append({name: part[name] for name in space.parameters if name in part})
    return found


def levels(parameter: Parameter) -> int:
    """Return how many values a parameter has whose values are searched by their numbers; 0 for other parameters.

    Those are levels and values with steps. A list of options would lose their order.

    Examples
    --------
    >>> levels(Float(0.0, 0.5, step=0.1)), levels(Ordinal("small", "large")), levels(Int(1, 8)), levels(Choice(1, 2))
    (6, 2, 0, 0)
    """
    is_stepped = isinstance(parameter, Float | Int) and parameter.step not in (None, 1)
    return int(parameter.count) if is_stepped or isinstance(parameter, Ordinal) else 0


def level_of(parameter: Parameter, number: int) -> Any:
    """Return a value by its number, from 0.

    Examples
    --------
    >>> level_of(Ordinal("small", "medium", "large"), 1), level_of(Int(0, 100, step=25), 3)
    ('medium', 75)
    """
    return parameter.decode((number + 0.5) / int(parameter.count))


def is_finite(space: Space | None) -> bool:
    """Return whether there is a search space, of finitely many configurations.

    Examples
    --------
    >>> is_finite(Space(layers=Int(1, 8))), is_finite(Space(rate=Float(0.0, 1.0))), is_finite(None)
    (True, False, False)
    """
    return space is not None and all(math.isfinite(one.count) for one in space.parameters.values())


def whole_fidelity(landscape: Any) -> tuple[str, int, int] | None:
    """Return name, least and full level of a landscape's fidelity, if it is a whole number such as epochs; else None.

    Schedulers of libraries count their resources in whole numbers.
    """
    fidelity = getattr(landscape, "fidelity", None)
    if fidelity is None or not (isinstance(fidelity.low, int) and isinstance(fidelity.high, int)):
        return None
    return fidelity.name, fidelity.low, fidelity.high
