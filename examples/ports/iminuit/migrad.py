"""Minuit's minimisers with SciPy's signature."""

from __future__ import annotations

from iminuit import Minuit


def with_gradient(fun, x0, jac, bounds, maxfev):
    """Minimise by MIGRAD with the analytic gradient."""
    minuit = Minuit(fun, x0, grad=jac)
    minuit.limits = list(map(tuple, bounds))
    return minuit.migrad(ncall=maxfev).values


def without_gradient(fun, x0, bounds, maxfev):
    """Minimise by MIGRAD with its own finite differences."""
    minuit = Minuit(fun, x0)
    minuit.limits = list(map(tuple, bounds))
    return minuit.migrad(ncall=maxfev).values


def simplex(fun, x0, bounds, maxfev):
    """Minimise by Minuit's Nelder-Mead."""
    minuit = Minuit(fun, x0)
    minuit.limits = list(map(tuple, bounds))
    return minuit.simplex(ncall=maxfev).values
