"""Changes of RMSprop."""

from power_corpus.change import copying, defect, rounding

CHANGES = (
    defect("rho-default", "rho=0.95", "rho=0.9", "default ρ of another library"),
    defect("centered-default", "centered=True", "centered=False", "switch off by default"),
    defect("momentum-default", "momentum=0.5", "momentum=0.0", "no momentum by default"),
    defect("square-starts-at-zero", "square = np.ones_like(x)", "square = np.zeros_like(x)", "first steps are larger"),
    defect("mean-not-kept", "mean = rho * mean + (1.0 - rho) * g", "mean = (1.0 - rho) * g", "the average forgets"),
    defect("epsilon-outside", "np.sqrt(np.maximum(variance, 0.0) + epsilon)",
           "(np.sqrt(np.maximum(variance, 0.0)) + epsilon)", "ε outside the square root"),
    defect("last-returned", "x=best, fun=f_best", "x=x, fun=f", "last instead of best point"),
    defect("best-reversed-ties", "if f < f_best", "if f > f_best", "worst instead of best point"),
    defect("rate-decay", "1.0 + t / 100.0", "1.0 + t / 10.0", "faster decay"),
    defect("rate-slip", "learning_rate=0.02", "learning_rate=0.0175", "default rate an eighth lower"),
    defect("momentum-on-gradient", "momentum * buffer + g /", "momentum * buffer + (1.0 - momentum) * g /", "dampened"),
    defect("mean-squared-late", "variance = square - np.square(mean)", "variance = square - mean", "square forgotten"),
    rounding("square", "(1.0 - rho) * np.square(g)", "(1.0 - rho) * g * g", "another order"),
    rounding("rate-root", "learning_rate / np.sqrt(1.0 + t / 100.0)", "learning_rate * (1.0 + t / 100.0) ** -0.5", "power"),
    copying("best-copied", "            best, f_best = x, f\n", "            best = x.copy()\n            f_best = f\n", "copy"),
)  # fmt: skip
