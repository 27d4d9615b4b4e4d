"""A quasi-Newton method on forward differences: BFGS on the Hessian itself, Cholesky's solution, bounds by clipping."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(fun, x0, bounds, maxfev, gtol=1e-4, relative_step=1.5e-8):
    """Minimise in a box, without derivatives."""
    lower, upper = bounds.T
    x = np.clip(np.array(x0, dtype=float), lower, upper)
    n = x.size
    f = fun(x)
    g = forward_differences(fun, x, f, upper, relative_step)
    nfev = 1 + n
    b = max(np.max(np.abs(g)), 1e-8) * np.eye(n)
    while nfev < maxfev and np.max(np.abs(np.clip(x - g, lower, upper) - x)) > gtol:
        held = ((x <= lower) & (g > 0)) | ((x >= upper) & (g < 0))
        free = np.flatnonzero(~held)
        d = np.zeros(n)
        d[free] = -np.linalg.solve(b[np.ix_(free, free)], g[free])
        t, f_new = 1.0, np.inf
        for _ in range(25):
            x_new = np.clip(x + t * d, lower, upper)
            f_new = fun(x_new)
            nfev += 1
            if f_new <= f + 1e-4 * np.dot(g, x_new - x):
                break
            t *= 0.4
        if not f_new < f:
            break
        g_new = forward_differences(fun, x_new, f_new, upper, relative_step)
        nfev += n
        s, y = x_new - x, g_new - g
        bs = b @ s
        sbs, sy = np.dot(s, bs), np.dot(s, y)
        if sy < 0.2 * sbs:
            theta = 0.8 * sbs / (sbs - sy)
            y = theta * y + (1.0 - theta) * bs
            sy = np.dot(s, y)
        b = b + np.outer(y, y) / sy - np.outer(bs, bs) / sbs
        x, f, g = x_new, f_new, g_new
    return OptimizeResult(x=x, fun=f, nfev=nfev)


def forward_differences(fun, x, f, upper, relative_step):
    """Approximate the gradient; the step turns round at an upper bound."""
    g = np.empty(x.size)
    for i in range(x.size):
        h = relative_step * max(1.0, abs(x[i]))
        if x[i] + h > upper[i]:
            h = -h
        z = x.copy()
        z[i] += h
        g[i] = (fun(z) - f) / (z[i] - x[i])
    return g
