"""The (1+1) evolution strategy with Rechenberg's one-fifth rule, in a box."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(fun, x0, bounds, maxfev, rng, sigma=0.1):
    """Minimise in a box, without derivatives."""
    lower, upper = bounds.T
    width = upper - lower
    parent = np.clip(np.array(x0, dtype=float), lower, upper)
    f_parent = fun(parent)
    grow = np.exp(0.8 / np.sqrt(len(parent) + 1.0))
    shrink = grow ** (-0.25)
    for _ in range(1, maxfev):
        z = rng.standard_normal(len(parent))
        child = np.clip(parent + sigma * width * z, lower, upper)
        f_child = fun(child)
        if f_child <= f_parent:
            parent, f_parent = child, f_child
            sigma = min(sigma * grow, 0.5)
        else:
            sigma *= shrink
        if sigma < 1e-14:
            break
    return OptimizeResult(x=parent, fun=f_parent)
