"""Particle swarm with constriction (Clerc and Kennedy 2002), global topology, reflecting walls."""

import numpy as np
from scipy.optimize import OptimizeResult


def minimize(fun, x0, bounds, maxfev, rng, particles=12, inertia=0.7298, cognitive=1.49618, social=1.49618):
    """Minimise in a box, without derivatives."""
    lower, upper = bounds.T
    width = upper - lower
    n = len(x0)
    x = rng.uniform(lower, upper, (particles, n))
    x[0] = np.clip(x0, lower, upper)
    v = rng.uniform(-0.1, 0.1, (particles, n)) * width
    own, f_own = x.copy(), np.array([fun(particle) for particle in x])
    leader = int(np.argmin(f_own))
    for _ in range(maxfev // particles - 1):
        for i in range(particles):
            r1, r2 = rng.random(n), rng.random(n)
            v[i] = inertia * v[i] + cognitive * r1 * (own[i] - x[i]) + social * r2 * (own[leader] - x[i])
            v[i] = np.clip(v[i], -0.5 * width, 0.5 * width)
            x[i] = x[i] + v[i]
            outside = (x[i] < lower) | (x[i] > upper)
            v[i, outside] *= -0.5
            x[i] = np.clip(x[i], lower, upper)
            f = fun(x[i])
            if f < f_own[i]:
                own[i], f_own[i] = x[i], f
                if f < f_own[leader]:
                    leader = i
    return OptimizeResult(x=own[leader].copy(), fun=f_own[leader])
