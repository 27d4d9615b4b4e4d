"""Cyclic coordinate search: a parabola through three points on each axis, steps that adapt (cf. Brent 1973)."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(fun, x0, bounds, maxfev, initial=0.1, tolerance=1e-7):
    """Minimise in a box, without derivatives."""
    lower, upper = bounds.T
    x = np.clip(np.array(x0, dtype=float), lower, upper)
    f = fun(x)
    nfev = 1
    steps = initial * (upper - lower)
    while nfev + 3 <= maxfev and np.any(steps > tolerance * (upper - lower)):
        for i in range(len(x)):
            if nfev + 3 > maxfev:
                break
            h = steps[i]
            left, right = max(x[i] - h, lower[i]), min(x[i] + h, upper[i])
            f_left, f_right = fun(with_coordinate(x, i, left)), fun(with_coordinate(x, i, right))
            nfev += 2
            best, f_best = (left, f_left) if f_left < f_right else (right, f_right)
            vertex = parabola(left, f_left, x[i], f, right, f_right)
            if vertex is not None and lower[i] <= vertex <= upper[i]:
                f_vertex = fun(with_coordinate(x, i, vertex))
                nfev += 1
                if f_vertex < f_best:
                    best, f_best = vertex, f_vertex
            if f_best < f:
                moved = abs(best - x[i])
                x[i], f = best, f_best
                steps[i] = max(2.0 * moved, 0.5 * h)
            else:
                steps[i] = 0.25 * h
    return OptimizeResult(x=x, fun=f, nfev=nfev)


def with_coordinate(x, i, value):
    """Copy a point with one coordinate replaced."""
    z = x.copy()
    z[i] = value
    return z


def parabola(a, f_a, b, f_b, c, f_c):
    """Give the lowest point of the parabola through three points, None if it has none."""
    p = (b - a) * (f_b - f_c)
    q = (b - c) * (f_b - f_a)
    if not p < q:
        return None
    return b - 0.5 * ((b - a) * p - (b - c) * q) / (p - q)
