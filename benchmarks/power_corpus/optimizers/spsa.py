"""Simultaneous perturbation stochastic approximation (Spall 1998), coordinates scaled by the box, steps blocked."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(fun, x0, bounds, maxfev, rng, c=0.01, alpha=0.602, gamma=0.101, first_step=0.05):
    """Minimise in a box, without derivatives; the result is the last iterate that was evaluated."""
    lower, upper = bounds.T
    width = upper - lower
    n = len(x0)
    u = (np.clip(x0, lower, upper) - lower) / width
    f = fun(lower + width * u)
    iterations = (maxfev - 1) // 3
    rounding_sensitivity = 0.1 * iterations
    a = None
    for k in range(iterations):
        ck = c / (k + 1.0) ** gamma
        delta = rng.choice([-1.0, 1.0], n)
        plus, minus = np.clip(u + ck * delta, 0.0, 1.0), np.clip(u - ck * delta, 0.0, 1.0)
        difference = fun(lower + width * plus) - fun(lower + width * minus)
        g = difference / np.where(plus == minus, 1.0, plus - minus)
        if a is None:
            a = first_step * (rounding_sensitivity + 1.0) ** alpha / max(np.max(np.abs(g)), 1e-12)
        ak = a / (rounding_sensitivity + k + 1.0) ** alpha
        step = np.clip(-ak * g, -0.1, 0.1)
        u_new = np.clip(u + step, 0.0, 1.0)
        f_new = fun(lower + width * u_new)
        if f_new < f:
            u, f = u_new, f_new
            a *= 1.3
        else:
            a *= 0.8
    return OptimizeResult(x=lower + width * u, fun=f)
