"""Count evaluations of an objective with a fidelity: each costs the share of a full evaluation that its level has.

The optimizer gets the value at the level that it asks for. The record of the run gets the value at full fidelity, which
is computed here and costs the optimizer nothing.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from typing import Any

from pytest_optlandscape.landscapes.spaces.fidelity import Fidelity
from pytest_optlandscape.runs.counting import Limit, as_list

__all__ = ["Spending", "counted_at_levels"]

_ROUNDING = 1e-9
"""By how much rounding may let a sum of costs exceed the budget."""


class Spending:
    """The levels of a run's evaluations, and their cost so far in evaluations at full fidelity."""

    def __init__(self) -> None:
        self.levels: list[float] = []
        self.cost = 0.0


def counted_at_levels(
    at: Callable[[list[float], float], float],
    fidelity: Fidelity,
    limit: Limit,
    dim: int,
    record: list[Any],
    *,
    spending: Spending,
) -> Callable[..., float]:
    """Wrap an objective with a fidelity, to record its points and to refuse evaluations beyond the budget.

    Parameters
    ----------
    at : callable
        The objective, a function of a list of floats and of a level.
    fidelity : Fidelity
    limit : Limit
    dim : int
        The number of coordinates of a point.
    record : list
        Receives each point as bytes, followed by its value at full fidelity. The value is NaN if the objective raises.
    spending : Spending
        Receives the level of each evaluation.
    """
    full_values: dict[bytes, float] = {}

    def full_value(point: bytes, values: list[float]) -> float:
        if point not in full_values:
            try:
                full_values[point] = at(values, fidelity.high)
            except Exception:
                full_values[point] = math.nan
        return full_values[point]

    def refuse_beyond(price: float) -> None:
        if limit.refusal is not None or spending.cost + price > limit.budget + _ROUNDING:
            limit.refuse()

    def enter(point: bytes, value: float, level: float, price: float) -> None:
        with limit.lock:
            refuse_beyond(price)
            record.extend((point, value))
            spending.levels.append(level)
            spending.cost += price

    def evaluate(x: Any, **keywords: Any) -> float:
        level = fidelity.level_of(keywords)
        price = fidelity.cost(level)
        refuse_beyond(price)
        values = as_list(x)
        point = array("d", values).tobytes()
        try:
            value = at(values, level)
        except Exception:
            if len(values) == dim:  # an evaluation that raises counts, too
                enter(point, math.nan, level, price)
            raise
        if level == fidelity.high:
            full_values[point] = value
        enter(point, full_value(point, values), level, price)
        return value

    return evaluate
