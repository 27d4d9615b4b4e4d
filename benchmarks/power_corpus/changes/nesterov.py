"""Changes of Nesterov's accelerated gradient method."""

from power_corpus.change import copying, defect, rounding

CHANGES = (
    defect("beta-numerator", "(theta - 1.0) / theta_new", "theta / theta_new", "momentum is not zero after a restart"),
    defect("beta-denominator", "(theta - 1.0) / theta_new", "(theta - 1.0) / theta", "old theta in the denominator"),
    defect("momentum-sign", "x_new + beta * (x_new - x)", "x_new - beta * (x_new - x)", "sign slip"),
    defect("theta-formula", "1.0 + 4.0 * theta**2", "1.0 + 2.0 * theta**2", "wrong constant"),
    defect("model-half", "+ 0.5 * lipschitz * np.dot(d, d)", "+ lipschitz * np.dot(d, d)", "factor one half lost"),
    defect("extrapolated-not-clipped", "y = np.clip(x_new + beta * (x_new - x), lower, upper)",
           "y = x_new + beta * (x_new - x)", "evaluates outside the bounds"),
    defect("restart-keeps-theta", "            theta = 1.0\n            y = x.copy()", "            y = x.copy()",
           "the restart forgets to reset the momentum"),
    defect("no-decrease-of-lipschitz", "lipschitz *= 0.9", "lipschitz *= 1.0", "steps never grow again"),
    defect("lipschitz-decay", "lipschitz *= 0.9", "lipschitz *= 0.8", "constant of the decay"),
    defect("backtracking-factor", "lipschitz *= 2.0", "lipschitz *= 3.0", "constant of the backtracking"),
    defect("stop-norm", "lipschitz * np.linalg.norm(d, ord=np.inf)", "np.linalg.norm(d, ord=np.inf)",
           "step instead of gradient in the stopping test"),
    defect("gradient-at-x", "f_y, g = fun(y), jac(y)", "f_y, g = fun(y), jac(x)", "gradient at the wrong point"),
    rounding("extrapolation", "np.clip(x_new + beta * (x_new - x), lower, upper)", "np.clip((1.0 + beta) * x_new - beta * x, lower, upper)", "distributed"),
    rounding("momentum", "(theta - 1.0) / theta_new", "theta / theta_new - 1.0 / theta_new", "divided first"),
    rounding("step-reciprocal", "y - g / lipschitz", "y - (1.0 / lipschitz) * g", "reciprocal once"),
    copying("unpack-bounds", "lower, upper = bounds[:, 0], bounds[:, 1]", "lower, upper = bounds.T.copy()", "copies"),
)  # fmt: skip
