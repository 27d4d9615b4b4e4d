"""Powell's direction set (1964) with golden-section line searches inside the box."""

import numpy as np
from scipy.optimize import OptimizeResult

GOLDEN = 0.5 * (np.sqrt(5.0) - 1.0)


def minimize(fun, x0, bounds, maxfev, ftol=1e-9, xtol=1e-4):
    """Minimise in a box, without derivatives."""
    lower, upper = bounds.T
    n = len(x0)
    x = np.clip(np.array(x0, dtype=float), lower, upper)
    f = fun(x)
    nfev = 1
    directions = np.eye(n)
    while nfev < maxfev:
        x_start, f_start = x, f
        largest, steepest = 0.0, 0
        for i, direction in enumerate(directions):
            before = f
            x, f, used = line_search(fun, x, f, direction, lower, upper, xtol, maxfev - nfev)
            nfev += used
            if before - f > largest:
                largest, steepest = before - f, i
        if 2.0 * (f_start - f) <= ftol * (abs(f_start) + abs(f)) + 1e-20:
            break
        move = x - x_start
        extrapolated = np.clip(x + move, lower, upper)
        f_extrapolated = fun(extrapolated)
        nfev += 1
        if f_extrapolated < f_start:
            test = 2.0 * (f_start - 2.0 * f + f_extrapolated) * (f_start - f - largest) ** 2
            if test < largest * (f_start - f_extrapolated) ** 2:
                x, f, used = line_search(fun, x, f, move, lower, upper, xtol, maxfev - nfev)
                nfev += used
                directions[steepest] = directions[-1]
                directions[-1] = move / np.linalg.norm(move)
    return OptimizeResult(x=x, fun=f, nfev=nfev)


def line_search(fun, x, f, direction, lower, upper, xtol, left):
    """Bracket within the box, then golden section; never worse than the start."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = np.stack([(lower - x) / direction, (upper - x) / direction])
    ends = np.where(direction == 0.0, [[-np.inf], [np.inf]], ends)
    a, b = ends.min(axis=0).max(), ends.max(axis=0).min()
    if not b - a > xtol or left < 4:
        return x, f, 0
    scale = min(1.0, 0.25 * (b - a))
    a, b = max(a, -scale), min(b, scale)
    c, d = b - GOLDEN * (b - a), a + GOLDEN * (b - a)
    f_c, f_d = fun(np.clip(x + c * direction, lower, upper)), fun(np.clip(x + d * direction, lower, upper))
    used = 2
    while b - a > xtol and used < left:
        if f_c < f_d:
            b, d, f_d = d, c, f_c
            c = b - GOLDEN * (b - a)
            f_c = fun(np.clip(x + c * direction, lower, upper))
        else:
            a, c, f_c = c, d, f_d
            d = a + GOLDEN * (b - a)
            f_d = fun(np.clip(x + d * direction, lower, upper))
        used += 1
    t, f_t = (c, f_c) if f_c < f_d else (d, f_d)
    if f_t < f:
        return np.clip(x + t * direction, lower, upper), f_t, used
    return x, f, used
