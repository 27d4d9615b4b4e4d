"""Sums of squares: builds the objective and its gradient from the residuals and their derivatives."""

from __future__ import annotations

import functools
import operator
from typing import Any

from pytest_optlandscape.landscapes.formula.evaluation import FormulaFunction
from pytest_optlandscape.landscapes.formula.namespaces import Value

__all__ = ["flat_columns", "gradient_of_squares", "sum_of_squares"]


def sum_of_squares(residuals: FormulaFunction) -> FormulaFunction:
    """Return the formula of the objective, given that of the residuals."""

    @functools.wraps(residuals)
    def objective(x: Value, xp: Any) -> Value:
        values = residuals(x, xp)
        return _scalar_product(values, values, xp)

    return objective


def gradient_of_squares(residuals: FormulaFunction, columns: FormulaFunction) -> FormulaFunction:
    """Return the formula of the gradient, 2 Jᵀr, given the columns of the residuals' Jacobian."""

    def gradient(x: Value, xp: Any) -> Value:
        values = residuals(x, xp)
        return tuple(2.0 * _scalar_product(values, column, xp) for column in columns(x, xp))

    return gradient


def flat_columns(residuals: FormulaFunction, columns: FormulaFunction) -> FormulaFunction:
    """Return a formula for the Jacobian's entries in one vector, column by column."""

    def entries(x: Value, xp: Any) -> Value:
        count = len(residuals(x, xp))
        return tuple(column[i] for column in columns(x, xp) for i in range(count))

    return entries


def _scalar_product(values: Value, column: Value, xp: Any) -> Value:
    """Return the scalar product; entries that the formula writes as 0.0 are skipped."""
    if not isinstance(column, tuple):
        return xp.sum(values * column)
    terms = [
        value * entry
        for value, entry in zip(values, column, strict=True)
        if not (type(entry) is float and entry == 0.0)  # computed zeros (NumPy's float64) stay: 0 · inf is NaN
    ]
    return functools.reduce(operator.add, terms)
