"""Projected gradient descent with Armijo's rule along the projection arc and Barzilai and Borwein's first step."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(fun, x0, jac, bounds, maxfev, gtol=1e-6, armijo=1e-4, shrink=0.5):
    """Minimise in a box."""
    lower, upper = bounds.T
    x = np.clip(np.array(x0, dtype=float), lower, upper)
    f, g = fun(x), jac(x)
    nfev = 1
    step = 1.0 / max(1.0, np.linalg.norm(g))
    while nfev < maxfev:
        residual = np.clip(x - g, lower, upper) - x
        if np.max(np.abs(residual)) <= gtol:
            break
        t = step
        while nfev < maxfev:
            candidate = np.clip(x - t * g, lower, upper)
            move = candidate - x
            f_new = fun(candidate)
            nfev += 1
            if f_new <= f + armijo * np.dot(g, move) or t < 1e-20:
                break
            t = shrink * t
        if not f_new < f:
            break
        g_new = jac(candidate)
        y = g_new - g
        curvature = np.dot(move, y)
        if curvature > 0.0:
            step = np.dot(move, move) / curvature
        else:
            step = 2.0 * t
        step = min(max(step, 1e-10), 1e10)
        x, f, g = candidate, f_new, g_new
    return OptimizeResult(x=x, fun=f, nfev=nfev)
