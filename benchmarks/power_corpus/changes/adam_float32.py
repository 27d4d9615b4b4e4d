"""Changes of Adam in single precision."""

from power_corpus.change import copying, defect, rounding

CHANGES = (
    defect("double-precision", "x = np.array(x0, dtype=np.float32)", "x = np.array(x0, dtype=np.float64)",
           "float64 creeps in"),
    defect("half-precision-gradient", "jac(x.astype(float)), dtype=np.float32", "jac(x.astype(float)), dtype=np.float16",
           "gradient loses half its digits"),
    defect("epsilon-default", "epsilon=1e-7", "epsilon=1e-3", "default ε"),
    defect("beta2-default", "beta2=0.99", "beta2=0.999", "default β2"),
    defect("power-after", "        b2_power *= b2\n        rate", "        rate", "β2's power never moves from one",),
    defect("no-root-in-correction", "rate * np.sqrt(one - b2_power)", "rate * (one - b2_power)", "root forgotten"),
    defect("cosine-period", "np.pi * t / maxfev", "np.pi * t / (2 * maxfev)", "decays to half only"),
    defect("no-decay", "(1.0 + np.cos(np.pi * t / maxfev))", "2.0", "constant rate"),
    defect("cosine-off-by-one", "np.pi * t / maxfev", "np.pi * (t + 1) / maxfev", "schedule one step early"),
    defect("epsilon-inside", "(np.sqrt(v) + eps)", "np.sqrt(v + eps)", "ε inside the square root"),
    defect("rate-default", "learning_rate=0.1", "learning_rate=0.11", "default rate"),
    rounding("square", "(one - b2) * g * g", "(one - b2) * (g * g)", "another order"),
    rounding("step-inside", "x - step * m / (np.sqrt(v) + eps)", "x - step * (m / (np.sqrt(v) + eps))", "another order"),
    copying("in-place", "        m = b1 * m + (one - b1) * g\n", "        m *= b1\n        m += (one - b1) * g\n", "in place"),
)  # fmt: skip
