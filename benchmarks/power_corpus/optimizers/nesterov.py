"""Nesterov's accelerated gradient method with backtracking (Beck and Teboulle 2009) and restarts (O'Donoghue 2015)."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(fun, x0, jac, bounds, maxfev, gtol=1e-6):
    """Minimise in a box."""
    lower, upper = bounds[:, 0], bounds[:, 1]
    x = np.clip(np.asarray(x0, dtype=float), lower, upper)
    y = x.copy()
    f_x = fun(x)
    nfev = 1
    theta = 1.0
    lipschitz = 1.0
    while nfev + 2 <= maxfev:
        f_y, g = fun(y), jac(y)
        nfev += 1
        while True:
            x_new = np.clip(y - g / lipschitz, lower, upper)
            d = x_new - y
            f_new = fun(x_new)
            nfev += 1
            model = f_y + np.dot(g, d) + 0.5 * lipschitz * np.dot(d, d)
            if f_new <= model + 1e-12 * abs(f_y) or nfev >= maxfev:
                break
            lipschitz *= 2.0
        if f_new > f_x:
            if theta == 1.0:
                break
            theta = 1.0
            y = x.copy()
            continue
        theta_new = 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * theta**2))
        beta = (theta - 1.0) / theta_new
        y = np.clip(x_new + beta * (x_new - x), lower, upper)
        small = lipschitz * np.linalg.norm(d, ord=np.inf) <= gtol
        x, f_x, theta = x_new, f_new, theta_new
        lipschitz *= 0.9
        if small:
            break
    return OptimizeResult(x=x, fun=f_x, nfev=nfev)
