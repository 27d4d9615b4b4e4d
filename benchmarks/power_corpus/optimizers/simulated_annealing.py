"""Simulated annealing (Kirkpatrick et al. 1983), one coordinate at a time, steps adapted (Corana et al. 1987)."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(fun, x0, bounds, maxfev, rng, hot=0.3, cold=1e-7, sweep=4):
    """Minimise in a box, without derivatives; the result is the best point seen."""
    lower, upper = bounds.T
    n = len(x0)
    x = np.clip(np.array(x0, dtype=float), lower, upper)
    f = fun(x)
    best, f_best = x.copy(), f
    scale = max(abs(f), 1.0)
    steps = 0.25 * (upper - lower)
    accepted = np.zeros(n)
    for k in range(1, maxfev):
        temperature = scale * hot * (cold / hot) ** (k / maxfev)
        i = k % n
        trial = x.copy()
        trial[i] += steps[i] * rng.uniform(-1.0, 1.0)
        if trial[i] < lower[i] or trial[i] > upper[i]:
            trial[i] = rng.uniform(lower[i], upper[i])
        f_trial = fun(trial)
        if f_trial <= f or rng.random() < np.exp((f - f_trial) / temperature):
            x, f = trial, f_trial
            accepted[i] += 1.0
            if f < f_best:
                best, f_best = x.copy(), f
        if k % (sweep * n) == 0:
            rates = accepted / sweep
            factors = np.where(rates > 0.6, 1.5, np.where(rates < 0.4, 1.0 / 1.5, 1.0))
            steps = np.minimum(steps * factors, upper - lower)
            accepted[:] = 0.0
    return OptimizeResult(x=best, fun=f_best)
