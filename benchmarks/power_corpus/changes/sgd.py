"""Changes of gradient descent with momentum."""

from power_corpus.change import copying, defect, rounding

CHANGES = (
    defect("rate-default", "learning_rate=0.05", "learning_rate=0.04", "default learning rate"),
    defect("momentum-default", "momentum=0.9", "momentum=0.99", "default momentum"),
    defect("nesterov-default", "nesterov=False", "nesterov=True", "default of the switch"),
    defect("decay-off-by-one", "decay * t)", "decay * (t + 1))", "the first step is decayed already"),
    defect("decay-square-root", "1.0 + decay * t", "np.sqrt(1.0 + decay * t)", "another schedule"),
    defect("dampened", "momentum * velocity - rate * g\n        if", "momentum * velocity - (1.0 - momentum) * rate * g\n        if",
           "dampening that was not there"),
    defect("clip-by-value", "norm = np.sqrt(np.dot(g, g))", "norm = np.max(np.abs(g))", "another norm"),
    defect("clip-always", "if norm > clip_norm:", "if norm > 0.0:", "gradient always normalised"),
    defect("rate-in-velocity", "momentum * velocity - rate * g\n        if", "momentum * velocity - learning_rate * g\n        if",
           "the decay does not reach the velocity"),
    defect("x0-mutated", "x = np.array(x0, dtype=float)", "x = np.asarray(x0, dtype=float)", "the start is moved in place"),
    defect("one-step-less", "range(maxfev)", "range(maxfev - 1)", "off by one"),
    rounding("clip-factor", "g * (clip_norm / norm)", "g * clip_norm / norm", "order of operations"),
    rounding("norm", "np.sqrt(np.dot(g, g))", "np.hypot.reduce(g)", "norm without overflow"),
    rounding("rate-product", "rate = learning_rate / (1.0 + decay * t)", "rate = learning_rate * (1.0 / (1.0 + decay * t))",
             "reciprocal"),
    copying("in-place", "velocity = momentum * velocity - rate * g\n", "velocity *= momentum\n        velocity -= rate * g\n",
            "no temporary arrays"),
)  # fmt: skip
