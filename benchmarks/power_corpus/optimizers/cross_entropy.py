"""The cross-entropy method with independent normals (Rubinstein and Kroese 2004), smoothed."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(fun, x0, bounds, maxfev, rng, samples=30, elite=8, smoothing=0.7, spread=0.3):
    """Minimise in a box, without derivatives."""
    lower, upper = bounds.T
    mean = np.clip(np.array(x0, dtype=float), lower, upper)
    deviation = spread * (upper - lower)
    best, f_best = mean.copy(), fun(mean)
    for _ in range((maxfev - 1) // samples):
        points = rng.normal(mean, deviation, (samples, len(mean)))
        points = np.clip(points, lower, upper)
        values = np.array([fun(point) for point in points])
        chosen = points[np.argsort(values, kind="stable")[:elite]]
        if values.min() < f_best:
            best, f_best = points[values.argmin()], values.min()
        mean = smoothing * chosen.mean(axis=0) + (1.0 - smoothing) * mean
        deviation = smoothing * chosen.std(axis=0, ddof=1) + (1.0 - smoothing) * deviation
        if deviation.max() < 1e-12:
            break
    return OptimizeResult(x=best, fun=f_best)
