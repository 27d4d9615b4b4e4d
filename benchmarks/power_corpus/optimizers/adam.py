"""Adam (Kingma and Ba 2015) with decoupled weight decay (Loshchilov and Hutter 2019) and AMSGrad (Reddi 2018)."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(
    fun, x0, jac, maxfev, learning_rate=0.1, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.0, amsgrad=False
):
    """Minimise; the result is the last iterate."""
    x = np.array(x0, dtype=float)
    m = np.zeros_like(x)
    v = np.zeros_like(x)
    v_max = np.zeros_like(x)
    for t in range(1, maxfev + 1):
        g = jac(x)
        m = beta1 * m + (1.0 - beta1) * g
        v = beta2 * v + (1.0 - beta2) * g**2
        m_hat = m / (1.0 - beta1**t)
        v_hat = v / (1.0 - beta2**t)
        if amsgrad:
            v_max = np.maximum(v_max, v_hat)
            v_hat = v_max
        x = x - learning_rate * weight_decay * x
        x = x - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)
    return OptimizeResult(x=x, njev=maxfev)
