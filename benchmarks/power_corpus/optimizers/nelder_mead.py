"""The simplex method of Nelder and Mead (1965) as Lagarias et al. (1998) state it, points clipped to the box."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(fun, x0, bounds, maxfev, xtol=1e-6, ftol=1e-8, size=0.1):
    """Minimise in a box, without derivatives."""
    lower, upper = bounds.T
    n = len(x0)
    simplex = np.empty((n + 1, n))
    simplex[0] = np.clip(x0, lower, upper)
    for i in range(n):
        simplex[i + 1] = simplex[0]
        edge = size * (upper[i] - lower[i])
        simplex[i + 1, i] += edge if simplex[0, i] + edge <= upper[i] else -edge
    values = np.array([fun(vertex) for vertex in simplex])
    nfev = n + 1
    while nfev < maxfev:
        order = np.argsort(values, kind="stable")
        simplex, values = simplex[order], values[order]
        if np.max(np.abs(simplex[1:] - simplex[0])) <= xtol and np.max(np.abs(values[1:] - values[0])) <= ftol:
            break
        centroid = simplex[:-1].mean(axis=0)
        worst = simplex[-1]
        reflected = np.clip(centroid + 1.0 * (centroid - worst), lower, upper)
        f_reflected = fun(reflected)
        nfev += 1
        if f_reflected < values[0]:
            expanded = np.clip(centroid + 2.0 * (centroid - worst), lower, upper)
            f_expanded = fun(expanded)
            nfev += 1
            if f_expanded < f_reflected:
                simplex[-1], values[-1] = expanded, f_expanded
            else:
                simplex[-1], values[-1] = reflected, f_reflected
        elif f_reflected < values[-2]:
            simplex[-1], values[-1] = reflected, f_reflected
        else:
            if f_reflected < values[-1]:
                contracted = centroid + 0.5 * (reflected - centroid)
                limit = f_reflected
            else:
                contracted = centroid - 0.5 * (centroid - worst)
                limit = values[-1]
            f_contracted = fun(contracted)
            nfev += 1
            if f_contracted <= limit:
                simplex[-1], values[-1] = contracted, f_contracted
            else:
                simplex[1:] = simplex[0] + 0.5 * (simplex[1:] - simplex[0])
                values[1:] = [fun(vertex) for vertex in simplex[1:]]
                nfev += n
    best = np.argmin(values)
    return OptimizeResult(x=simplex[best].copy(), fun=values[best], nfev=nfev)
