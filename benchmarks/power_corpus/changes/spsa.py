"""Changes of simultaneous perturbation."""

from power_corpus.change import copying, defect, rounding, stream

CHANGES = (
    defect("alpha-default", "alpha=0.602", "alpha=1.0", "default exponent"),
    defect("c-default", "c=0.01", "c=0.1", "default perturbation"),
    defect("gamma-default", "gamma=0.101", "gamma=0.5", "default exponent of the perturbation"),
    defect("one-sided", "np.clip(u - ck * delta, 0.0, 1.0)", "u", "one-sided difference"),
    defect("difference-not-halved", "np.where(plus == minus, 1.0, plus - minus)", "(ck * delta)", "factor two lost"),
    defect("same-sign", "rng.choice([-1.0, 1.0], n)", "np.full(n, rng.choice([-1.0, 1.0]))", "one sign for all coordinates"),
    defect("normal-perturbation", "rng.choice([-1.0, 1.0], n)", "rng.standard_normal(n)", "forbidden distribution"),
    defect("step-sign", "np.clip(-ak * g, -0.1, 0.1)", "np.clip(ak * g, -0.1, 0.1)", "sign slip: uphill"),
    defect("step-not-cut", "np.clip(-ak * g, -0.1, 0.1)", "-ak * g", "no limit of the step"),
    defect("not-blocked", "if f_new < f:", "if np.isfinite(f_new):", "every step is accepted"),
    defect("gain-growth", "a *= 1.3", "a *= 1.1", "gain grows less"),
    defect("rounding_sensitivity-zero", "0.1 * iterations", "0.0 * iterations", "rounding_sensitivity constant lost"),
    defect("perturbed-outside", "plus, minus = np.clip(u + ck * delta, 0.0, 1.0), np.clip(u - ck * delta, 0.0, 1.0)",
           "plus, minus = u + ck * delta, u - ck * delta", "differences leave the box"),
    defect("gain-off-by-one", "(rounding_sensitivity + k + 1.0) ** alpha", "(rounding_sensitivity + k + 50.0) ** alpha", "gain starts late"),
    rounding("gain", "a / (rounding_sensitivity + k + 1.0) ** alpha", "a * (rounding_sensitivity + k + 1.0) ** -alpha", "negative power"),
    rounding("scaling", "ck = c / (k + 1.0) ** gamma", "ck = c * np.exp(-gamma * np.log(k + 1.0))", "exponential"),
    copying("assigned", "u, f = u_new, f_new", "u, f = u_new.copy(), float(f_new)", "copies"),
    copying("signs", "rng.choice([-1.0, 1.0], n)", "2.0 * rng.integers(2, size=n) - 1.0", "integers, as choice draws them"),
    stream("signs-random", "rng.choice([-1.0, 1.0], n)", "np.where(rng.random(n) < 0.5, 1.0, -1.0)", "uniform instead of a choice"),
)  # fmt: skip
