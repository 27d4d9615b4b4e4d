"""Newton's method in a trust region, subproblem by truncated conjugate gradients (Steihaug 1983)."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(fun, x0, jac, hess, maxfev, gtol=1e-6, radius=1.0, max_radius=100.0, eta=0.1):
    """Minimise without bounds."""
    x = np.array(x0, dtype=float)
    f, g, h = fun(x), jac(x), hess(x)
    nfev = 1
    while nfev < maxfev and np.linalg.norm(g) > gtol and radius > 1e-14:
        p, on_boundary = steihaug(g, h, radius)
        predicted = -(np.dot(g, p) + 0.5 * np.dot(p, h @ p))
        f_new = fun(x + p)
        nfev += 1
        ratio = (f - f_new) / predicted if predicted > 0.0 else -1.0
        if not ratio >= 0.25:
            radius *= 0.25
        elif ratio > 0.75 and on_boundary:
            radius = min(2.0 * radius, max_radius)
        if ratio > eta:
            x = x + p
            f, g, h = f_new, jac(x), hess(x)
    return OptimizeResult(x=x, fun=f, nfev=nfev)


def steihaug(g, h, radius):
    """Minimise the model; stop at the boundary or at a small residual."""
    z = np.zeros_like(g)
    r, d = g.copy(), -g
    tolerance = min(0.5, np.sqrt(np.linalg.norm(g))) * np.linalg.norm(g)
    for _ in range(2 * len(g)):
        hd = h @ d
        curvature = np.dot(d, hd)
        if curvature <= 0.0:
            return z + to_boundary(z, d, radius) * d, True
        rr = np.dot(r, r)
        alpha = rr / curvature
        z_new = z + alpha * d
        if np.linalg.norm(z_new) >= radius:
            return z + to_boundary(z, d, radius) * d, True
        z = z_new
        r = r + alpha * hd
        if np.linalg.norm(r) < tolerance:
            break
        d = -r + (np.dot(r, r) / rr) * d
    return z, False


def to_boundary(z, d, radius):
    """Give the positive step to the boundary."""
    a, b, c = np.dot(d, d), np.dot(z, d), np.dot(z, z) - radius**2
    return (-b + np.sqrt(b**2 - a * c)) / a
