"""BFGS with a line search for the strong Wolfe conditions (Nocedal and Wright 2006, algorithms 3.5, 3.6 and 6.1)."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(fun, x0, jac, maxfev, gtol=1e-6, c1=1e-4, c2=0.9):
    """Minimise without bounds."""
    x = np.array(x0, dtype=float)
    n = len(x)
    f, g = fun(x), jac(x)
    count = 1
    inverse = np.eye(n)
    first = True
    while np.linalg.norm(g, np.inf) > gtol and count < maxfev:
        p = -inverse @ g
        slope = np.dot(g, p)
        if slope >= 0.0:
            inverse = np.eye(n)
            p, slope = -g, -np.dot(g, g)
        t = min(1.0, 1.0 / np.sum(np.abs(g))) if first else 1.0
        t, f_new, g_new, count = wolfe(fun, jac, x, f, p, slope, t, c1, c2, count, maxfev)
        if g_new is None:
            if first or np.array_equal(inverse, np.eye(n)):
                break
            inverse = np.eye(n)
            continue
        s = t * p
        y = g_new - g
        sy = np.dot(s, y)
        if sy > 1e-10 * np.linalg.norm(s) * np.linalg.norm(y):
            if first:
                inverse = inverse * (sy / np.dot(y, y))
            rho = 1.0 / sy
            left = np.eye(n) - rho * np.outer(s, y)
            inverse = left @ inverse @ left.T + rho * np.outer(s, s)
            first = False
        x, f, g = x + s, f_new, g_new
    return OptimizeResult(x=x, fun=f, nfev=count)


def wolfe(fun, jac, x, f0, p, slope, t, c1, c2, count, maxfev):
    """Find a step: bracket by doubling, then bisect with cubic interpolation."""
    low, f_low, slope_low = 0.0, f0, slope
    high = f_high = None
    for _ in range(30):
        if count >= maxfev:
            break
        f = fun(x + t * p)
        count += 1
        if not f <= f0 + c1 * t * slope or (high is not None and f >= f_low):
            high, f_high = t, f
        else:
            g = jac(x + t * p)
            d = np.dot(g, p)
            if abs(d) <= -c2 * slope:
                return t, f, g, count
            if d >= 0.0 if high is None else d * (high - low) >= 0.0:
                high, f_high = low, f_low
            low, f_low, slope_low = t, f, d
        if high is None:
            t = 2.0 * t
            continue
        width = high - low
        denominator = f_high - f_low - slope_low * width
        quadratic = -slope_low * width * width / (2.0 * denominator) if denominator > 0.0 else 0.5 * width
        share = min(max(quadratic / width, 0.1), 0.9)
        t = low + share * width
        if abs(width) * np.max(np.abs(p)) < 1e-14:
            break
    return t, f0, None, count
