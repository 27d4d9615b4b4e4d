"""The landscapes over search spaces on which the contract checks tuners, and draws from them at random."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes.spaces import Choice, Float, Int, Ordinal, Space

__all__ = ["ENDLESS", "FINITE", "failing", "random_values", "searched"]

FloatArray = NDArray[np.float64]
Configuration = Any

ENDLESS = ("contract_training", "contract_rates", "contract_tree")
"""The names of landscapes over spaces of infinitely many configurations."""

FINITE = "contract_solver"
"""The name of a landscape over a space of nine configurations."""

_DRAWS = 4000
_FAILED = {"contract_training": ("width", 16), FINITE: ("depth", 3)}
"""By the landscape's name, the parameter and its value with which a trial fails."""


def _training(c: Configuration) -> float:
    value: float = (
        (math.log10(c["lr"]) + 3.0) ** 2 + (math.log2(c["batch"]) - 5.0) ** 2 / 5.0 + abs(c["layers"] - 4) / 2.0
    )
    value += 5.0 * abs(c["dropout"] - 0.2) + {16: 1.0, 64: 0.0, 256: 0.5}[c["width"]]
    value += {"sgd": 0.0, "adam": 0.5, None: 2.0}[c["optimizer"]]
    return value + (4.0 * (c["momentum"] - 0.9) ** 2 if c["optimizer"] == "sgd" else 0.0)


def _rates(c: Configuration) -> float:
    return sum((math.log10(c[name]) - best) ** 2 for name, best in (("lr", -3.0), ("decay", -5.0), ("noise", -2.0)))


def _tree(c: Configuration) -> float:
    if c["kernel"] == "linear":
        return 1.0 + (math.log10(c["C"]) - 1.0) ** 2
    return (math.log10(c["C"]) - 2.0) ** 2 + (math.log10(c["gamma"]) + 1.5) ** 2


def _solver(c: Configuration) -> float:
    return float(abs(c["depth"] - 2)) + (1.0 if c["norm"] == "l1" else 0.0) + (0.0 if c.get("dual") else 0.5)


_TRAINED = {"lr": 1e-3, "batch": 32, "layers": 4, "dropout": 0.2, "width": 64, "optimizer": "sgd", "momentum": 0.9}
_MADE: dict[str, tuple[Callable[[Configuration], float], Space, Configuration, Configuration]] = {
    "contract_training": (
        _training,
        Space(
            lr=Float(1e-5, 1, log=True),
            batch=Int(1, 256, log=True),
            layers=Int(2, 8, step=2),
            dropout=Float(0, 0.5, step=0.1),
            width=Ordinal(16, 64, 256),
            optimizer=Choice("sgd", "adam", None),
            momentum=Float(0, 0.99, when={"optimizer": "sgd"}),
            nesterov=Choice(True, False, when={"optimizer": "sgd", "width": 256}),
        ),
        {**_TRAINED, "lr": 0.1, "batch": 1, "layers": 8},
        _TRAINED,
    ),
    "contract_rates": (
        _rates,
        Space(**{name: Float(1e-6, 1, log=True) for name in ("lr", "decay", "noise")}),
        {"lr": 0.1, "decay": 0.1, "noise": 0.1},
        {"lr": 1e-3, "decay": 1e-5, "noise": 1e-2},
    ),
    "contract_tree": (
        _tree,
        Space(
            kernel=Choice("linear", "rbf"),
            C=Float(1e-3, 1e5, log=True),
            gamma=Float(1e-6, 1e2, log=True, when={"kernel": "rbf"}),
        ),
        {"kernel": "linear", "C": 1.0},
        {"kernel": "rbf", "C": 100.0, "gamma": 10**-1.5},
    ),
    FINITE: (
        _solver,
        Space(norm=Choice("l1", "l2"), dual=Choice(True, False, when={"norm": "l2"}), depth=Int(1, 3)),
        {"norm": "l1", "depth": 1},
        {"norm": "l2", "dual": True, "depth": 2},
    ),
}
"""By the landscape's name: objective, space, start and minimiser."""


@functools.cache
def searched(name: str) -> Landscape:
    """Return a landscape over a search space by its name.

    Examples
    --------
    >>> searched(FINITE).space.size
    9
    """
    return _made(name, _MADE[name][0])


@functools.cache
def failing(name: str, how: str) -> Landscape:
    """Return a landscape on which some trials fail.

    Parameters
    ----------
    name : str
        ``"contract_training"`` or ``"contract_solver"``.
    how : str
        ``"nan"``: their value is NaN. ``"raises"``: the objective raises ArithmeticError.

    Examples
    --------
    >>> landscape = failing(FINITE, "nan")
    >>> landscape(landscape.space.encode({"norm": "l1", "depth": 3}))
    nan
    """
    loss = _MADE[name][0]
    parameter, value = _FAILED[name]

    def fails(c: Configuration) -> float:
        if c[parameter] != value:
            return loss(c)
        if how == "raises":
            raise ArithmeticError("this trial fails, to see whether the search goes on")
        return math.nan

    return _made(name, fails, f"[{how}]")


def _made(name: str, fun: Callable[[Configuration], float], suffix: str = "") -> Landscape:
    loss, space, x0, best = _MADE[name]
    return Landscape(
        name,
        fun,
        space=space,
        x0=x0,
        minimizers=[best],
        fmin=loss(best),
        id=name + suffix,
        validate=not suffix,
    )


@functools.cache
def random_values(name: str) -> FloatArray:
    """Return the sorted values of configurations that are drawn at random, evenly in the scales of the space."""
    landscape = searched(name)
    rng = np.random.default_rng(0)
    points = rng.random((_DRAWS, landscape.dim))
    return np.sort([landscape(point) for point in points])
