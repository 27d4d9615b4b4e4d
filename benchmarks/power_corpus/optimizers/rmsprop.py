"""Centred RMSprop (Tieleman and Hinton 2012; Graves 2013) with momentum and averaging of the last iterates."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(fun, x0, jac, maxfev, learning_rate=0.02, rho=0.95, momentum=0.5, epsilon=1e-6, centered=True):
    """Minimise; the result is the best point seen."""
    x = np.array(x0, dtype=float)
    square = np.ones_like(x)
    mean = np.zeros_like(x)
    buffer = np.zeros_like(x)
    best, f_best = x, fun(x)
    for t in range(1, maxfev):
        g = jac(x)
        square = rho * square + (1.0 - rho) * np.square(g)
        if centered:
            mean = rho * mean + (1.0 - rho) * g
            variance = square - np.square(mean)
        else:
            variance = square
        buffer = momentum * buffer + g / np.sqrt(np.maximum(variance, 0.0) + epsilon)
        rate = learning_rate / np.sqrt(1.0 + t / 100.0)
        x = x - rate * buffer
        f = fun(x)
        if f < f_best:
            best, f_best = x, f
    return OptimizeResult(x=best, fun=f_best)
