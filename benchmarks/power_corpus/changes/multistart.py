"""Changes of the random restarts."""

from power_corpus.change import copying, defect, rounding, stream

CHANGES = (
    defect("starts-default", "starts=20", "starts=2", "default number of descents"),
    defect("last-returned", "        if f < f_best:\n            best, f_best = x, f\n", "        best, f_best = x, f\n", "last instead of best descent"),
    defect("restart-same-point", "        x = rng.uniform(lower, upper)\n", "        x = np.clip(x0, lower, upper)\n", "restarts from the same start"),
    defect("restart-one-number", "x = rng.uniform(lower, upper)", "x = lower + (upper - lower) * rng.random()", "restarts on the diagonal"),
    defect("restart-near", "x = rng.uniform(lower, upper)", "x = np.clip(x + 0.05 * (upper - lower) * rng.uniform(-1.0, 1.0, len(x)), lower, upper)",
           "restarts near the last minimum"),
    defect("restart-outside", "x = rng.uniform(lower, upper)", "x = rng.uniform(lower, 1.5 * upper)", "restarts outside the box"),
    defect("gtol-tightened", "gtol=1e-5", "gtol=1e-8", "default tolerance: fewer descents"),
    defect("gtol-loosened", "gtol=1e-5", "gtol=1e-2", "default tolerance"),
    defect("hy-sign", "np.dot(y, hy) / sy) *", "-np.dot(y, hy) / sy) *", "sign slip in the update"),
    defect("one-outer", "(np.outer(hy, s) + np.outer(s, hy))", "(2.0 * np.outer(hy, s))", "not symmetric"),
    defect("no-scaling", "h = h * sy / np.dot(y, y)", "h = h * 1.0", "matrix not scaled"),
    defect("fresh-forgotten", "            fresh = False\n", "", "matrix scaled in every step"),
    defect("step-limit", "0.1 * np.max(upper - lower)", "0.03 * np.max(upper - lower)", "shorter steps"),
    defect("budget-forgotten", "maxfev - used, gtol", "maxfev // starts, gtol", "each descent gets an even share"),
    defect("seed-ignored", "x = rng.uniform", "x = np.random.default_rng(_).uniform", "seed ignored: always the same restarts"),
    rounding("matrix-times-vector", "hy = h @ y", "hy = (h * y).sum(axis=1)", "sums of products"),
    rounding("update", "- (np.outer(hy, s) + np.outer(s, hy)) / sy", "- np.outer(hy / sy, s) - np.outer(s, hy / sy)", "divided first"),
    copying("best-copied", "            best, f_best = x, f\n        if used", "            best = x.copy()\n            f_best = f\n        if used", "copy"),
    stream("random", "x = rng.uniform(lower, upper)", "x = upper - (upper - lower) * rng.random(len(x))", "mirrored"),
    stream("one-by-one", "x = rng.uniform(lower, upper)", "x = np.array([rng.uniform(a, b) for a, b in bounds[::-1]])[::-1]", "last coordinate first"),
)  # fmt: skip
