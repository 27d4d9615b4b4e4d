"""Changes of nonlinear conjugate gradients."""

from power_corpus.change import copying, defect, rounding

CHANGES = (
    defect("fletcher-reeves", "np.dot(g_new, g_new - g) / np.dot(g, g)", "np.dot(g_new, g_new) / np.dot(g, g)", "the other β"),
    defect("beta-denominator", "np.dot(g_new, g_new - g) / np.dot(g, g)", "np.dot(g_new, g_new - g) / np.dot(g_new, g_new)",
           "new gradient in the denominator"),
    defect("beta-not-cut", "max(0.0, np.dot(g_new, g_new - g) / np.dot(g, g))", "np.dot(g_new, g_new - g) / np.dot(g, g)",
           "negative β allowed"),
    defect("restart-default", "5 * len(x)", "len(x)", "restarts five times as often"),
    defect("direction-sign", "-g_new + beta * p", "-g_new - beta * p", "sign slip"),
    defect("gtol-loosened", "gtol=1e-6", "gtol=1e-4", "default tolerance"),
    defect("step-not-scaled", "t * slope / np.dot(g_new, p_new) if", "t if", "next step not scaled by the slopes"),
    defect("secant-sign", "slope / (slope - d)", "slope / (slope + d)", "sign slip in the secant"),
    defect("curvature-test", "0.1 * abs(slope)", "0.5 * abs(slope)", "less exact line search"),
    defect("secants", "range(3)", "range(2)", "one secant less"),
    defect("backtracking-factor", "t *= 0.25", "t *= 0.5", "constant of the backtracking"),
    defect("worse-accepted", "        if f_new >= f_t:\n            break\n", "", "a worse secant step is accepted"),
    defect("stale-gradient", "x, f, g, p = x_new, f_new, g_new, p_new", "x, f, g, p = x_new, f_new, g_new, -g + beta * p",
           "old gradient in the direction"),
    rounding("beta", "np.dot(g_new, g_new - g) / np.dot(g, g)", "(np.dot(g_new, g_new) - np.dot(g_new, g)) / np.dot(g, g)",
             "difference of products"),
    rounding("norm", "t = 1.0 / (1.0 + np.linalg.norm(g))", "t = 1.0 / (1.0 + np.sqrt(np.sum(np.square(g))))", "the same norm"),
    rounding("slopes", "t * slope / np.dot(g_new, p_new) if", "t * (slope / np.dot(g_new, p_new)) if", "another order"),
    copying("trial-point", "        f_t = fun(x + t * p)\n", "        trial = p * t\n        trial += x\n        f_t = fun(trial)\n", "in place"),
)  # fmt: skip
