"""Adam in single precision, with cosine decay of the rate."""

import numpy as np


def minimize(fun, x0, jac, maxfev, learning_rate=0.1, beta1=0.9, beta2=0.99, epsilon=1e-7):
    """Minimise; state and points are float32."""
    x = np.array(x0, dtype=np.float32)
    m, v = np.zeros_like(x), np.zeros_like(x)
    one = np.float32(1.0)
    b1, b2, eps = np.float32(beta1), np.float32(beta2), np.float32(epsilon)
    b1_power, b2_power = one, one
    for t in range(maxfev):
        g = np.asarray(jac(x.astype(float)), dtype=np.float32)
        b1_power *= b1
        b2_power *= b2
        rate = np.float32(0.5 * learning_rate * (1.0 + np.cos(np.pi * t / maxfev)))
        m = b1 * m + (one - b1) * g
        v = b2 * v + (one - b2) * g * g
        step = rate * np.sqrt(one - b2_power) / (one - b1_power)
        x = x - step * m / (np.sqrt(v) + eps)
    return x
