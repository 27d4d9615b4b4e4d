"""Differential evolution, rand-to-best/1/bin with perturb (Storn and Price 1997), the start among the population."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(fun, x0, bounds, maxfev, rng, popsize=5, crossover=0.8, mutation=(0.4, 0.9), tol=1e-8):
    """Minimise in a box, without derivatives."""
    lower, upper = bounds.T
    n = len(x0)
    size = max(8, popsize * n)
    population = lower + (upper - lower) * rng.random((size, n))
    population[0] = np.clip(x0, lower, upper)
    values = np.array([fun(member) for member in population])
    nfev = size
    while nfev + size <= maxfev:
        if np.std(values) <= tol * abs(np.mean(values)) + 1e-14:
            break
        factor = rng.uniform(*mutation)
        best = np.argmin(values)
        for i in range(size):
            a, b, c = rng.choice(np.delete(np.arange(size), i), 3, replace=False)
            base = population[a] + factor * (population[best] - population[a])
            mutant = base + factor * (population[b] - population[c])
            cross = rng.random(n) < crossover
            cross[rng.integers(n)] = True
            trial = np.where(cross, mutant, population[i])
            outside = (trial < lower) | (trial > upper)
            trial[outside] = (lower + (upper - lower) * rng.random(n))[outside]
            f = fun(trial)
            nfev += 1
            if f <= values[i]:
                population[i], values[i] = trial, f
                if f < values[best]:
                    best = i
    best = np.argmin(values)
    return OptimizeResult(x=population[best], fun=values[best], nfev=nfev)
