"""Roots to 50 digits, for minimisers that have no closed form and depend on the dimension.

Newton's method runs in the standard library's decimal arithmetic. Rounded results are correct to the last bit and the
same on every machine.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Sequence
from decimal import Decimal

__all__ = ["arctan", "band_root", "fifty_digits", "root"]

Equation = tuple[Decimal, dict[int, Decimal]]
"""The value of an equation's function, and its derivatives by coordinate."""

_DIGITS = 50
_DONE = Decimal(10) ** -45
_MOST_STEPS = 60


def fifty_digits() -> decimal.Context:
    """Return the decimal context of this module: ``with decimal.localcontext(fifty_digits()):``."""
    return decimal.Context(prec=_DIGITS, rounding=decimal.ROUND_HALF_EVEN, Emin=-99999, Emax=99999)


def root(function: Callable[[Decimal], tuple[Decimal, Decimal]], start: float) -> Decimal:
    """Return a root of a function that returns its value and derivative.

    Parameters
    ----------
    function : callable
    start : float
        A point from which Newton's method converges.

    Returns
    -------
    Decimal

    Raises
    ------
    ArithmeticError
        If Newton's method does not converge.

    Examples
    --------
    >>> float(root(lambda x: (x * x - 2, 2 * x), 1.0))
    1.4142135623730951
    """

    def equations(x: Sequence[Decimal]) -> list[Equation]:
        value, slope = function(x[0])
        return [(value, {0: slope})]

    return band_root(equations, [start])[0]


def band_root(equations: Callable[[Sequence[Decimal]], list[Equation]], start: Sequence[float]) -> list[Decimal]:
    """Return a root of a system in which each equation has a few neighbouring coordinates.

    Parameters
    ----------
    equations : callable
        Returns values and derivatives at a point. The matrix of derivatives must be diagonally dominant, because rows
        are not exchanged.
    start : sequence of float
        A point from which Newton's method converges.

    Returns
    -------
    list of Decimal

    Raises
    ------
    ArithmeticError
        If Newton's method does not converge.
    """
    with decimal.localcontext(fifty_digits()):
        x = [Decimal(value) for value in start]
        for _ in range(_MOST_STEPS):
            steps = _solved(equations(x))
            x = [value - step for value, step in zip(x, steps, strict=True)]
            if max(map(abs, steps)) < _DONE:
                return x
    raise ArithmeticError(f"Newton's method does not converge from {list(start)[:5]}")


def _solved(rows: list[Equation]) -> list[Decimal]:
    """Solve linear equations by elimination without pivoting."""
    upper: list[Equation] = []
    for k, (given, slopes) in enumerate(rows):
        value = given
        while (column := min(slopes)) < k:
            pivot_value, pivot_slopes = upper[column]
            factor = slopes.pop(column) / pivot_slopes[column]
            value -= factor * pivot_value
            for other, slope in pivot_slopes.items():
                if other > column:
                    slopes[other] = slopes.get(other, Decimal(0)) - factor * slope
        upper.append((value, slopes))
    x = [Decimal(0)] * len(upper)
    for k in range(len(upper) - 1, -1, -1):
        value, slopes = upper[k]
        known = sum((slope * x[other] for other, slope in slopes.items() if other > k), Decimal(0))
        x[k] = (value - known) / slopes[k]
    return x


def arctan(t: Decimal) -> Decimal:
    """Return the inverse tangent of a number between −1 and 1: halve the angle four times, then sum the series.

    Examples
    --------
    >>> float(4 * arctan(Decimal(1)))
    3.141592653589793
    """
    with decimal.localcontext(fifty_digits()):
        for _ in range(4):
            t = t / (1 + (1 + t * t).sqrt())
        square, term, total = -t * t, t, t
        for odd in range(3, 60, 2):  # t < 1/16: 1/16⁶⁰ is far below the last digit
            term *= square
            total += term / odd
        return 16 * total
