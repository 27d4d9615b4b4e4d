"""Gradient descent with momentum, clipped gradients and a decaying rate, as in deep learning."""

import numpy as np


def minimize(fun, x0, jac, maxfev, learning_rate=0.05, momentum=0.9, decay=0.01, clip_norm=1.0, nesterov=False):
    """Minimise; gradients only, the last iterate is the result."""
    x = np.array(x0, dtype=float)
    velocity = np.zeros_like(x)
    for t in range(maxfev):
        g = jac(x)
        norm = np.sqrt(np.dot(g, g))
        if norm > clip_norm:
            g = g * (clip_norm / norm)
        rate = learning_rate / (1.0 + decay * t)
        velocity = momentum * velocity - rate * g
        if nesterov:
            x += momentum * velocity - rate * g
        else:
            x += velocity
    return x
