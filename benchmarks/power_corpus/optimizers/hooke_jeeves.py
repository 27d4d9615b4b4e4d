"""The pattern search of Hooke and Jeeves (1961), in a box."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(fun, x0, bounds, maxfev, initial=0.125, reduction=0.5, tolerance=1e-7):
    """Minimise in a box, without derivatives."""
    lower, upper = bounds.T
    width = upper - lower
    base = np.clip(np.array(x0, dtype=float), lower, upper)
    f_base = fun(base)
    count = 1
    step = initial
    while step > tolerance and count < maxfev:
        x, f, used = explore(fun, base, f_base, step * width, lower, upper, maxfev - count)
        count += used
        if not f < f_base:
            step *= reduction
            continue
        while f < f_base and count < maxfev:
            pattern = np.clip(2.0 * x - base, lower, upper)
            base, f_base = x, f
            f_pattern = fun(pattern)
            count += 1
            x, f, used = explore(fun, pattern, f_pattern, step * width, lower, upper, maxfev - count)
            count += used
    return OptimizeResult(x=base, fun=f_base, nfev=count)


def explore(fun, x, f, steps, lower, upper, left):
    """Try both directions of every coordinate; keep what is better."""
    x = x.copy()
    used = 0
    for i in range(len(x)):
        for direction in (1.0, -1.0):
            trial = x.copy()
            trial[i] = min(max(x[i] + direction * steps[i], lower[i]), upper[i])
            if trial[i] == x[i] or used >= left:
                continue
            f_trial = fun(trial)
            used += 1
            if f_trial < f:
                x, f = trial, f_trial
                break
    return x, f, used
