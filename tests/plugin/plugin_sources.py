"""Sources of optimizers that tests write into their projects."""

DESCENT = '''
import numpy as np

REPEATS, EXTRA_FROM, EXTRA_EVERY, SCALE = 1, None, None, 1.0


def minimize(fun, x0, jac, bounds, maxfev):
    """Projected gradient descent with the steps of Barzilai and Borwein."""
    lower, upper = np.transpose(bounds)
    x = np.array(x0) * SCALE
    best, best_value, old = x, np.inf, None
    if EXTRA_FROM is not None and x0[0] > EXTRA_FROM:
        fun(x)
    for k in range(maxfev):
        for _ in range(REPEATS + (EXTRA_EVERY is not None and k % EXTRA_EVERY == EXTRA_EVERY - 1)):
            value = fun(x)
        if value < best_value:
            best, best_value = x, value
        gradient = jac(x)
        if np.linalg.norm(gradient) < 1e-6:
            break
        step = 0.01 / (1.0 + np.linalg.norm(gradient))
        if old is not None:
            s, y = x - old[0], gradient - old[1]
            if s @ y > 0:
                step = min(s @ s / (s @ y), 1.0)
        old = x, gradient
        x = np.clip(x - step * gradient, lower, upper)
    return best
'''
"""An optimizer with knobs: as it is, slower, slightly slower, different from some starts, rounding differently."""
