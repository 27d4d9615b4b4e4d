"""Changes of the projected gradient method."""

from power_corpus.change import copying, defect, rounding

CHANGES = (
    defect("gtol-loosened", "gtol=1e-6", "gtol=1e-3", "default tolerance a thousand times as large"),
    defect("gtol-tightened", "gtol=1e-6", "gtol=1e-8", "default tolerance a hundredth"),
    defect("armijo-sign", "f + armijo *", "f - armijo *", "sign slip: allows an increase"),
    defect("shrink-default", "shrink=0.5", "shrink=0.3", "default of the backtracking factor"),
    defect("x-not-clipped", "candidate = np.clip(x - t * g, lower, upper)", "candidate = x - t * g", "bounds ignored"),
    defect("start-not-clipped-residual", "np.clip(x - g, lower, upper) - x", "-g", "stops by the plain gradient"),
    defect("stale-gradient", "x, f, g = candidate, f_new, g_new", "x, f, g = candidate, f_new, jac(x)", "old point"),
    defect("other-barzilai-borwein", "np.dot(move, move) / curvature", "curvature / np.dot(y, y)", "the short step"),
    defect("step-not-kept", "step = min(max(step, 1e-10), 1e10)", "step = min(step, 1.0)", "steps never above one"),
    defect("first-step", "1.0 / max(1.0, np.linalg.norm(g))", "1.0 / max(1.0, np.max(np.abs(g)))", "another norm"),
    defect("wrong-y", "y = g_new - g\n", "y = g - g_new\n", "sign slip: curvature is always negative"),
    defect("negative-curvature-step", "step = 2.0 * t", "step = t", "step no longer grows"),
    rounding("curvature", "curvature = np.dot(move, y)", "curvature = np.dot(move, g_new) - np.dot(move, g)", "difference of products"),
    rounding("step-reciprocal", "np.dot(move, move) / curvature", "np.dot(move, move) * (1.0 / curvature)", "reciprocal"),
    rounding("norm-by-hand", "np.linalg.norm(g)", "np.sqrt(np.sum(g**2))", "the same norm"),
    copying("maximum-minimum", "candidate = np.clip(x - t * g, lower, upper)",
            "candidate = np.minimum(np.maximum(x - t * g, lower), upper)", "clip in two steps"),
)  # fmt: skip
