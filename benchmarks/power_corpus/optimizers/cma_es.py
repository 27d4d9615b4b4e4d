"""CMA-ES with cumulative step-size adaptation, rank-one and rank-µ updates (Hansen 2016, figure 6)."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(fun, x0, bounds, maxfev, rng, sigma=0.2, popsize=None):
    """Minimise; coordinates are scaled by the box, samples clipped to it."""
    lower, upper = bounds.T
    width = upper - lower
    n = len(x0)
    lam = popsize or 4 + int(3.0 * np.log(n))
    mu = lam // 2
    weights = np.log(0.5 * (lam + 1.0)) - np.log(np.arange(1, mu + 1))
    weights /= weights.sum()
    mueff = 1.0 / np.sum(weights**2)
    cc = (4.0 + mueff / n) / (n + 4.0 + 2.0 * mueff / n)
    cs = (mueff + 2.0) / (n + mueff + 5.0)
    c1 = 2.0 / ((n + 1.3) ** 2 + mueff)
    cmu = min(1.0 - c1, 2.0 * (mueff - 2.0 + 1.0 / mueff) / ((n + 2.0) ** 2 + mueff))
    damps = 1.0 + 2.0 * max(0.0, np.sqrt((mueff - 1.0) / (n + 1.0)) - 1.0) + cs
    chi = np.sqrt(n) * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n**2))
    mean = (np.clip(x0, lower, upper) - lower) / width
    covariance = np.eye(n)
    ps, pc = np.zeros(n), np.zeros(n)
    best, f_best = lower + mean * width, fun(lower + mean * width)
    count = 1
    generation = 0
    while count + lam <= maxfev and sigma > 1e-13:
        generation += 1
        values, basis = np.linalg.eigh(covariance)
        scales = np.sqrt(np.maximum(values, 1e-300))
        z = rng.standard_normal((lam, n))
        y = (z * scales) @ basis.T
        points = lower + width * np.clip(mean + sigma * y, 0.0, 1.0)
        f = np.array([fun(point) for point in points])
        count += lam
        order = np.argsort(f, kind="stable")
        if f[order[0]] < f_best:
            best, f_best = points[order[0]], f[order[0]]
        chosen = ((points[order[:mu]] - lower) / width - mean) / sigma
        step = weights @ chosen
        mean = mean + sigma * step
        ps = (1.0 - cs) * ps + np.sqrt(cs * (2.0 - cs) * mueff) * (basis @ ((basis.T @ step) / scales))
        length = np.linalg.norm(ps)
        hsig = length / np.sqrt(1.0 - (1.0 - cs) ** (2 * generation)) < (1.4 + 2.0 / (n + 1.0)) * chi
        pc = (1.0 - cc) * pc + hsig * np.sqrt(cc * (2.0 - cc) * mueff) * step
        covariance = (1.0 - c1 - cmu) * covariance + c1 * np.outer(pc, pc) + cmu * (chosen.T * weights) @ chosen
        sigma *= np.exp((cs / damps) * (length / chi - 1.0))
    return OptimizeResult(x=best, fun=f_best, nfev=count)
