"""Changes of Adam."""

from power_corpus.change import copying, defect, rounding

CHANGES = (
    defect("beta1-default", "beta1=0.9", "beta1=0.95", "default β1"),
    defect("beta2-default", "beta2=0.999", "beta2=0.99", "default β2"),
    defect("epsilon-default", "epsilon=1e-8", "epsilon=1e-7", "default ε of another library"),
    defect("epsilon-inside", "(np.sqrt(v_hat) + epsilon)", "np.sqrt(v_hat + epsilon**2)", "ε inside the square root"),
    defect("no-bias-correction", "m_hat = m / (1.0 - beta1**t)", "m_hat = m", "first moment not corrected"),
    defect("no-second-correction", "v_hat = v / (1.0 - beta2**t)", "v_hat = v", "second moment not corrected"),
    defect("correction-off-by-one", "1.0 - beta2**t", "1.0 - beta2 ** (t + 1)", "corrected by the next step's factor"),
    defect("correction-swapped", "1.0 - beta1**t", "1.0 - beta2**t", "wrong β in the correction"),
    defect("decay-default", "weight_decay=0.0", "weight_decay=1e-3", "default of the decay"),
    defect("amsgrad-default", "amsgrad=False", "amsgrad=True", "switch on by default"),
    defect("absolute-value", "(1.0 - beta2) * g**2", "(1.0 - beta2) * np.abs(g)", "first power in the second moment"),
    defect("m-before-update", "m = beta1 * m + (1.0 - beta1) * g", "m = beta1 * m + beta1 * g", "wrong weight"),
    defect("rate-slip", "learning_rate * m_hat /", "learning_rate * m_hat / 1.05 /", "five per cent off"),
    rounding("square", "(1.0 - beta2) * g**2", "(1.0 - beta2) * g * g", "another order"),
    rounding("moving-average", "beta1 * m + (1.0 - beta1) * g", "m + (1.0 - beta1) * (g - m)", "increment"),
    rounding("rate-first", "learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)",
             "m_hat * (learning_rate / (np.sqrt(v_hat) + epsilon))", "another order"),
    rounding("powers-kept", "m_hat = m / (1.0 - beta1**t)", "m_hat = m * (1.0 / (1.0 - np.power(beta1, float(t))))",
             "reciprocal"),
    copying("renamed", "        g = jac(x)\n        m =", "        gradient = jac(x)\n        g = gradient.copy()\n        m =", "copy"),
)  # fmt: skip
