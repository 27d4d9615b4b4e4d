"""Limited-memory BFGS with two loops (Nocedal 1980) on the free coordinates of a box, projected Armijo search."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(fun, x0, jac, bounds, maxfev, memory=6, gtol=1e-5, ftol=1e-11):
    """Minimise in a box."""
    lower, upper = bounds.T
    x = np.clip(np.array(x0, dtype=float), lower, upper)
    f, g = fun(x), jac(x)
    nfev = 1
    pairs = []
    while nfev < maxfev:
        if np.max(np.abs(np.clip(x - g, lower, upper) - x)) <= gtol:
            break
        bound = ((x <= lower) & (g > 0.0)) | ((x >= upper) & (g < 0.0))
        direction = -two_loop(np.where(bound, 0.0, g), pairs)
        direction[bound] = 0.0
        if np.dot(direction, g) >= -1e-14 * np.linalg.norm(direction) * np.linalg.norm(g):
            pairs.clear()
            direction = np.where(bound, 0.0, -g)
        t = 1.0 if pairs else min(1.0, 1.0 / np.linalg.norm(direction))
        accepted = False
        while nfev < maxfev and t > 1e-16:
            x_new = np.clip(x + t * direction, lower, upper)
            f_new = fun(x_new)
            nfev += 1
            if f_new <= f + 1e-4 * np.dot(g, x_new - x):
                accepted = True
                break
            t *= 0.5
        if not accepted:
            if not pairs:
                break
            pairs = []
            continue
        g_new = jac(x_new)
        s, y = x_new - x, g_new - g
        if np.dot(s, y) > 2.2e-16 * np.dot(y, y):
            pairs.append((s, y))
            if len(pairs) > memory:
                pairs.pop(0)
        decrease = (f - f_new) / max(abs(f), abs(f_new), 1.0)
        x, f, g = x_new, f_new, g_new
        if decrease <= ftol:
            break
    return OptimizeResult(x=x, fun=f, nfev=nfev)


def two_loop(g, pairs):
    """Multiply a gradient by the inverse Hessian that the pairs stand for."""
    q = np.array(g)
    coefficients = []
    for s, y in reversed(pairs):
        alpha = np.dot(s, q) / np.dot(s, y)
        q -= alpha * y
        coefficients.append(alpha)
    if pairs:
        s, y = pairs[-1]
        q *= np.dot(s, y) / np.dot(y, y)
    for (s, y), alpha in zip(pairs, reversed(coefficients), strict=True):
        beta = np.dot(y, q) / np.dot(s, y)
        q += (alpha - beta) * s
    return q
