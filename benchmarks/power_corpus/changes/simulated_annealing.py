"""Changes of simulated annealing."""

from power_corpus.change import copying, defect, rounding, stream

CHANGES = (
    defect("hot-default", "hot=0.3", "hot=3.0", "default first temperature"),
    defect("cold-default", "cold=1e-7", "cold=1e-4", "default last temperature"),
    defect("metropolis-sign", "np.exp((f - f_trial) / temperature)", "np.exp((f_trial - f) / temperature)", "sign slip"),
    defect("greedy", " or rng.random() < np.exp((f - f_trial) / temperature)", "", "never accepts a worse point"),
    defect("boltzmann-squared", "(f - f_trial) / temperature)", "(f - f_trial) / temperature**2)", "wrong power"),
    defect("steps-not-adapted", "            steps = np.minimum(steps * factors, upper - lower)\n", "", "steps stay"),
    defect("rates-swapped", "rates > 0.6, 1.5, np.where(rates < 0.4, 1.0 / 1.5, 1.0)", "rates > 0.6, 1.0 / 1.5, np.where(rates < 0.4, 1.5, 1.0)",
           "steps adapted the wrong way"),
    defect("counter-not-reset", "            accepted[:] = 0.0\n", "", "counters run on"),
    defect("best-aliased", "            accepted[i] += 1.0\n            if f < f_best:\n                best, f_best = x.copy(), f\n",
           "            accepted[i] += 1.0\n            best, f_best = x, f\n", "last accepted instead of best point"),
    defect("last-returned", "x=best, fun=f_best", "x=x, fun=f", "last instead of best point"),
    defect("schedule-linear", "scale * hot * (cold / hot) ** (k / maxfev)", "scale * (hot + (cold - hot) * (k / maxfev))", "linear cooling"),
    defect("coordinate-zero", "i = k % n\n", "i = (k // n) % n\n", "stays on one coordinate for n steps"),
    defect("bound-clipped", "trial[i] = rng.uniform(lower[i], upper[i])", "trial[i] = min(max(trial[i], lower[i]), upper[i])", "clips where it drew"),
    defect("upper-forgotten", " or trial[i] > upper[i]:", ":", "upper bounds forgotten"),
    defect("one-sided", "rng.uniform(-1.0, 1.0)", "rng.uniform(0.0, 1.0)", "steps to one side only"),
    defect("rate-by-n", "accepted / sweep\n", "accepted / (sweep + 1)\n", "off by one in the rate"),
    rounding("uniform", "steps[i] * rng.uniform(-1.0, 1.0)", "rng.uniform(-steps[i], steps[i])", "scaled inside the generator"),
    rounding("factors", "steps * factors", "steps / (1.0 / factors)", "division by the reciprocal"),
    copying("copy", "        trial = x.copy()\n", "        trial = np.array(x)\n", "other spelling"),
    stream("mirrored", "steps[i] * rng.uniform(-1.0, 1.0)", "steps[i] * (1.0 - 2.0 * rng.random())", "mirrored"),
    stream("always-drawn", "f_trial <= f or rng.random() < np.exp((f - f_trial) / temperature)",
           "rng.random() < np.exp(min(0.0, (f - f_trial) / temperature))", "draws although it is not needed"),
)  # fmt: skip
