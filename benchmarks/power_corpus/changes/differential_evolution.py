"""Changes of differential evolution."""

from power_corpus.change import copying, defect, rounding, stream

CHANGES = (
    defect("popsize-default", "popsize=5", "popsize=7", "default population"),
    defect("crossover-default", "crossover=0.8", "crossover=0.5", "default crossover"),
    defect("mutation-default", "mutation=(0.4, 0.9)", "mutation=(0.5, 1.0)", "default mutation factors"),
    defect("no-perturb", "factor = rng.uniform(*mutation)", "factor = mutation[0]", "factor not drawn"),
    defect("crossover-reversed", "rng.random(n) < crossover", "rng.random(n) > crossover", "comparison turned round"),
    defect("no-forced-index", "            cross[rng.integers(n)] = True\n", "            rng.integers(n)\n", "a trial may be its parent"),
    defect("index-off-by-one", "rng.integers(n)] = True", "rng.integers(n - 1)] = True", "the last coordinate is never forced"),
    defect("parent-among-three", "np.delete(np.arange(size), i)", "np.delete(np.arange(size), 0)", "wrong member left out"),
    defect("difference-of-same", "population[b] - population[c]", "population[b] - population[a]", "wrong index"),
    defect("greedy-ties", "if f <= values[i]:", "if f < values[i]:", "ties lost: plateaus are not crossed"),
    defect("clipped-instead", "(lower + (upper - lower) * rng.random(n))[outside]",
           "np.clip(trial, lower, upper)[outside]", "clips where it drew again"),
    defect("outside-lower-only", "(trial < lower) | (trial > upper)", "(trial < lower)", "upper bounds forgotten"),
    defect("start-lost", "    population[0] = np.clip(x0, lower, upper)\n", "", "start not in the population"),
    defect("population-outside", "lower + (upper - lower) * rng.random((size, n))", "lower + (upper - lower) * 1.2 * rng.random((size, n))",
           "members outside the box"),
    defect("best-not-renewed", "                if f < values[best]:\n                    best = i\n", "", "best of the last generation", ),
    defect("first-returned", "    best = np.argmin(values)\n    return", "    best = i\n    return", "last instead of best member"),
    defect("tol-loosened", "tol=1e-8", "tol=1e-2", "default tolerance"),
    rounding("base", "population[a] + factor * (population[best] - population[a])",
             "(1.0 - factor) * population[a] + factor * population[best]", "convex combination"),
    rounding("mutant", "base + factor * (population[b] - population[c])", "base + factor * population[b] - factor * population[c]",
             "distributed"),
    copying("copy", "population[i], values[i] = trial, f", "population[i, :] = trial.copy()\n                values[i] = f", "copy"),
    stream("permutation", "rng.choice(np.delete(np.arange(size), i), 3, replace=False)",
           "rng.permutation(np.delete(np.arange(size), i))[:3]", "permutation instead of choice"),
    stream("uniform", "lower + (upper - lower) * rng.random((size, n))", "lower + (upper - lower) * (1.0 - rng.random((size, n)))", "mirrored"),
)  # fmt: skip
