"""Random restarts of a BFGS descent with Armijo's rule; the result is the best of all descents."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(fun, x0, jac, bounds, maxfev, rng, gtol=1e-5, starts=20):
    """Minimise in a box: the first descent from the given start, others from random points."""
    lower, upper = bounds.T
    best, f_best = None, np.inf
    used = 0
    x = np.clip(np.array(x0, dtype=float), lower, upper)
    for _ in range(starts):
        x, f, count = descend(fun, jac, x, lower, upper, maxfev - used, gtol)
        used += count
        if f < f_best:
            best, f_best = x, f
        if used >= maxfev - 1:
            break
        x = rng.uniform(lower, upper)
    return OptimizeResult(x=best, fun=f_best, nfev=used)


def descend(fun, jac, x, lower, upper, budget, gtol):
    """Go down from one point, projected BFGS with restarts by steepest descent."""
    f, g = fun(x), jac(x)
    count = 1
    h = np.eye(len(x))
    fresh = True
    while count < budget and np.max(np.abs(np.clip(x - g, lower, upper) - x)) > gtol:
        p = -h @ g
        if np.dot(p, g) >= 0.0:
            p, h, fresh = -g, np.eye(len(x)), True
        t = min(1.0, 0.1 * np.max(upper - lower) / np.max(np.abs(p)))
        while True:
            x_new = np.clip(x + t * p, lower, upper)
            f_new = fun(x_new)
            count += 1
            if f_new <= f + 1e-4 * np.dot(g, x_new - x) or count >= budget or t < 1e-12:
                break
            t *= 0.5
        if not f_new < f:
            if fresh:
                break
            h, fresh = np.eye(len(x)), True
            continue
        g_new = jac(x_new)
        s, y = x_new - x, g_new - g
        sy = np.dot(s, y)
        if sy > 1e-12:
            if fresh:
                h = h * sy / np.dot(y, y)
            hy = h @ y
            h = h + (1.0 + np.dot(y, hy) / sy) * np.outer(s, s) / sy - (np.outer(hy, s) + np.outer(s, hy)) / sy
            fresh = False
        x, f, g = x_new, f_new, g_new
    return x, f, count
