"""Changes of the cross-entropy method."""

from power_corpus.change import copying, defect, rounding, stream

CHANGES = (
    defect("elite-default", "elite=8", "elite=12", "default size of the elite"),
    defect("samples-default", "samples=30", "samples=33", "default number of samples: a tenth more"),
    defect("smoothing-default", "smoothing=0.7", "smoothing=0.5", "default smoothing"),
    defect("smoothing-swapped", "smoothing * chosen.mean(axis=0) + (1.0 - smoothing) * mean",
           "(1.0 - smoothing) * chosen.mean(axis=0) + smoothing * mean", "weights swapped"),
    defect("spread-default", "spread=0.3", "spread=0.1", "default spread"),
    defect("ddof", "ddof=1", "ddof=0", "biased deviation"),
    defect("variance", "chosen.std(axis=0, ddof=1)", "chosen.var(axis=0, ddof=1)", "variance instead of deviation"),
    defect("deviation-of-all", "chosen.std(axis=0, ddof=1)", "points.std(axis=0, ddof=1)", "of all samples"),
    defect("wrong-axis", "chosen.std(axis=0, ddof=1)", "chosen.std(ddof=1)", "over all coordinates"),
    defect("worst-chosen", "[:elite]", "[-elite:]", "the worst are the elite"),
    defect("elite-off-by-one", "[:elite]", "[1 : elite + 1]", "off by one"),
    defect("not-clipped", "        points = np.clip(points, lower, upper)\n", "", "bounds ignored"),
    defect("mean-returned", "x=best, fun=f_best", "x=mean, fun=f_best", "mean instead of best point"),
    defect("budget-halved", "(maxfev - 1) // samples", "maxfev // (2 * samples)", "half of the iterations"),
    rounding("mean", "smoothing * chosen.mean(axis=0) + (1.0 - smoothing) * mean", "mean + smoothing * (chosen.mean(axis=0) - mean)", "increment"),
    rounding("sum-backwards", "chosen.mean(axis=0) +", "chosen[::-1].mean(axis=0) +", "order of the sum"),
    copying("copied", "best, f_best = points[values.argmin()], values.min()", "best, f_best = points[values.argmin()].copy(), float(values.min())",
            "copies"),
    stream("standard", "rng.normal(mean, deviation, (samples, len(mean)))", "mean - deviation * rng.standard_normal((samples, len(mean)))", "mirrored"),
    stream("columns", "rng.normal(mean, deviation, (samples, len(mean)))", "(mean[:, None] + deviation[:, None] * rng.standard_normal((len(mean), samples))).T",
           "coordinate by coordinate"),
)  # fmt: skip
