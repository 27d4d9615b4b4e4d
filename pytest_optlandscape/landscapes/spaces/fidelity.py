"""`Fidelity`: how well an objective is evaluated, such as the number of epochs of a training, and what that costs.

References
----------
L. Li, K. Jamieson, G. DeSalvo, A. Rostamizadeh and A. Talwalkar, Hyperband: a novel bandit-based approach to
hyperparameter optimization, 2018, J. Mach. Learn. Res. 18(185).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes.spaces.parameters import Float, Int
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["AtLevel", "Fidelity"]

FloatArray = NDArray[np.float64]


class Fidelity:
    """The fidelity of an objective: an argument that makes an evaluation cheaper and its value less exact.

    An evaluation at a level costs the level's share of ``high``. At ``high`` it costs one evaluation. Only there the
    value is that of the landscape.

    Parameters
    ----------
    name : str
        The name of the argument of the objective, such as ``"epochs"``.
    low, high : float
        The cheapest and the full level; ``0 < low < high``. If both are whole numbers, every level is a whole number.
    log : bool, default False
        Whether levels are chosen on a logarithmic scale.

    Raises
    ------
    TypeError
        If the name is not the name of an argument.
    ValueError
        If ``low`` is not positive, or not below ``high``.

    Examples
    --------
    >>> from pytest_optlandscape.landscapes.spaces import Fidelity
    >>> epochs = Fidelity("epochs", 1, 81, log=True)
    >>> epochs.cost(9) == 9 / 81, epochs.levels(eta=3)
    (True, [1, 3, 9, 27, 81])
    """

    def __init__(self, name: str, low: float, high: float, *, log: bool = False) -> None:
        if not isinstance(name, str) or not name.isidentifier():
            raise TypeError(f"Fidelity: the name is that of an argument of the objective, got {name!r:.80}")
        is_whole = all(isinstance(bound, int) and not isinstance(bound, bool) for bound in (low, high))
        if not low > 0:
            raise ValueError(f"Fidelity: low is positive, because a level costs its share of high; got low={low!r}")
        if not low < high:
            raise ValueError(f"Fidelity: low is below high, got {low!r} and {high!r}")
        self.name = name
        self.parameter = Int(int(low), int(high), log=log) if is_whole else Float(low, high, log=log)

    @property
    def low(self) -> float:
        """The cheapest level."""
        return self.parameter.low

    @property
    def high(self) -> float:
        """The full level."""
        return self.parameter.high

    @property
    def log(self) -> bool:
        """Whether levels are chosen on a logarithmic scale."""
        return self.parameter.log

    def cost(self, level: float) -> float:
        """Return the cost of an evaluation at a level, in evaluations at full fidelity."""
        return level / self.high

    def levels(self, eta: int = 3) -> list[float]:
        """List the levels of successive halving: ``high``, and ``high`` divided by powers of ``eta`` down to ``low``.

        Parameters
        ----------
        eta : int, default 3
            At least 2. Levels that are whole numbers are rounded.

        Returns
        -------
        list of float
            Ascending.
        """
        if eta < 2:
            raise ValueError(f"eta is at least 2, got {eta!r}")
        most = math.floor(math.log(self.high / self.low) / math.log(eta) + 1e-9)
        found = [self.high / eta**k for k in range(most, -1, -1)]
        return [round(level) for level in found] if isinstance(self.parameter, Int) else found

    def level_of(self, given: Mapping[str, Any]) -> float:
        """Return the level in the keywords of an evaluation; ``high`` if there are none.

        Raises
        ------
        TypeError
            If a keyword has another name.
        ValueError
            If the level is outside the range, or is not a whole number where levels are.
        """
        if not given:
            return self.high
        for name in given:
            if name != self.name:
                raise TypeError(unknown_name("fidelity", name, [self.name], "An evaluation takes no other keyword."))
        value = given[self.name]
        try:
            self.parameter.encode(value)
        except ValueError:
            raise ValueError(f"{self.name}={value!r}: it takes {self.parameter!r}") from None
        return int(value) if isinstance(self.parameter, Int) else float(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fidelity) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        log = ", log=True" if self.log else ""
        return f"Fidelity({self.name!r}, {self.low!r}, {self.high!r}{log})"


class AtLevel:
    """An objective with a fidelity, as a function of a point and a level.

    Parameters
    ----------
    fun : callable
        The objective; it takes the level as a keyword.
    fidelity : Fidelity
    """

    def __init__(self, fun: Callable[..., Any], fidelity: Fidelity) -> None:
        self._fun = fun
        self._fidelity = fidelity

    def at(self, x: Any, level: float) -> Any:
        """Evaluate the objective at a level."""
        return self._fun(x, **{self._fidelity.name: level})

    def __call__(self, x: Any) -> Any:
        """Evaluate the objective at full fidelity."""
        return self.at(x, self._fidelity.high)
