"""Nonlinear conjugate gradients, Polak and Ribière's β not below zero, with a secant and backtracking search."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(fun, x0, jac, maxfev, gtol=1e-6, restart=None):
    """Minimise without bounds."""
    x = np.array(x0, dtype=float)
    restart = restart or 5 * len(x)
    f, g = fun(x), jac(x)
    nfev = 1
    p = -g
    t = 1.0 / (1.0 + np.linalg.norm(g))
    iteration = 0
    while nfev < maxfev and np.max(np.abs(g)) > gtol:
        slope = np.dot(g, p)
        if slope >= 0.0:
            p = -g
            slope = -np.dot(g, g)
        x_new, f_new, t, used = search(fun, jac, x, f, p, slope, t, maxfev - nfev)
        nfev += used
        if x_new is None:
            if np.array_equal(p, -g):
                break
            p = -g
            t = 1e-3 / (1.0 + np.linalg.norm(g))
            continue
        g_new = jac(x_new)
        iteration += 1
        beta = max(0.0, np.dot(g_new, g_new - g) / np.dot(g, g))
        if iteration % restart == 0:
            beta = 0.0
        p_new = -g_new + beta * p
        t = t * slope / np.dot(g_new, p_new) if np.dot(g_new, p_new) < 0.0 else t
        x, f, g, p = x_new, f_new, g_new, p_new
    return OptimizeResult(x=x, fun=f, nfev=nfev)


def search(fun, jac, x, f, p, slope, t, left):
    """Backtrack to a decrease, then improve the step once or twice by the secant of the slopes."""
    used = 0
    while True:
        if used >= left or t < 1e-18:
            return None, f, t, used
        f_t = fun(x + t * p)
        used += 1
        if f_t <= f + 1e-4 * t * slope:
            break
        t *= 0.25
    for _ in range(3):
        d = np.dot(jac(x + t * p), p)
        if abs(d) <= 0.1 * abs(slope) or used >= left:
            break
        ratio = slope / (slope - d) if slope < d else 4.0
        t_new = t * min(max(ratio, 0.1), 4.0)
        f_new = fun(x + t_new * p)
        used += 1
        if f_new >= f_t:
            break
        t, f_t = t_new, f_new
    return x + t * p, f_t, t, used
