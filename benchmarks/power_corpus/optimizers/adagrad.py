"""Adagrad (Duchi et al. 2011), projected into the box, with averaging of the final quarter of the iterates."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(fun, x0, jac, bounds, maxfev, learning_rate=0.4, initial=0.1, epsilon=1e-10):
    """Minimise in a box; gradients only."""
    lower, upper = bounds[:, 0], bounds[:, 1]
    x = np.clip(np.array(x0, dtype=float), lower, upper)
    accumulator = np.full(x.shape, initial)
    average = np.zeros_like(x)
    averaged = 0
    first = maxfev - maxfev // 4
    for t in range(maxfev):
        g = jac(x)
        accumulator += g**2
        x = np.clip(x - learning_rate * g / (np.sqrt(accumulator) + epsilon), lower, upper)
        if t >= first:
            averaged += 1
            average += (x - average) / averaged
    return OptimizeResult(x=average, success=True)
