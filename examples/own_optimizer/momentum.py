"""A small optimizer as an example: gradient descent with Nesterov's momentum and clipped steps.

It knows nothing of pytest-optlandscape. It has SciPy's signature, so the configuration can name it.
"""

from __future__ import annotations

import numpy as np

MOMENTUM = 0.95
STEP = 0.002
LONGEST_GRADIENT = 20.0
TOLERANCE = 1e-6


def minimize(fun, x0, jac, bounds, maxfev, *, step=STEP):
    """Minimise ``fun`` from ``x0`` inside ``bounds`` with one value and one gradient a step."""
    lower, upper = np.transpose(bounds)
    x = np.clip(x0, lower, upper)
    velocity = np.zeros_like(x)
    best, best_value = x, fun(x)
    for _ in range(maxfev - 1):
        ahead = np.clip(x + MOMENTUM * velocity, lower, upper)
        gradient = jac(ahead)
        length = np.linalg.norm(gradient)
        if length < TOLERANCE:
            break
        pull = gradient * min(1.0, LONGEST_GRADIENT / length)
        velocity = MOMENTUM * velocity - step * pull
        x = np.clip(x + velocity, lower, upper)
        value = fun(x)
        if value < best_value:
            best, best_value = x, value
    return best
