"""Newton's method with a Levenberg–Marquardt shift of the Hessian's eigenvalues and Armijo's rule, in a box."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(fun, x0, jac, hess, bounds, maxfev, gtol=1e-7, floor=1e-3):
    """Minimise in a box: coordinates at a bound that the gradient pushes outward are held."""
    lower, upper = bounds.T
    x = np.clip(x0, lower, upper)
    f = fun(x)
    nfev = 1
    while nfev < maxfev:
        g = jac(x)
        free = ~(((x == lower) & (g > 0.0)) | ((x == upper) & (g < 0.0)))
        if not free.any() or np.abs(g[free]).max() < gtol:
            break
        matrix = hess(x)[np.ix_(free, free)]
        values, vectors = np.linalg.eigh(matrix)
        values = np.maximum(np.abs(values), floor)
        p = np.zeros(len(x))
        p[free] = -vectors @ ((vectors.T @ g[free]) / values)
        t = 1.0
        while nfev < maxfev:
            x_new = np.clip(x + t * p, lower, upper)
            f_new = fun(x_new)
            nfev += 1
            if f_new <= f + 1e-4 * np.dot(g, x_new - x) or t < 1e-12:
                break
            t *= 0.5
        if not f_new < f:
            break
        x, f = x_new, f_new
    return OptimizeResult(x=x, fun=f, nfev=nfev)
