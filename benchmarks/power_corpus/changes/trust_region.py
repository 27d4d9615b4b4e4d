"""Changes of the trust-region method."""

from power_corpus.change import copying, defect, rounding

CHANGES = (
    defect("radius-default", "radius=1.0", "radius=0.5", "default of the first radius"),
    defect("max-radius-default", "max_radius=100.0", "max_radius=1.0", "default of the largest radius"),
    defect("eta-default", "eta=0.1", "eta=0.3", "default of the acceptance"),
    defect("gtol-loosened", "gtol=1e-6", "gtol=1e-3", "default tolerance"),
    defect("model-half", "0.5 * np.dot(p, h @ p)", "np.dot(p, h @ p)", "factor one half lost in the model"),
    defect("stale-hessian", "f, g, h = f_new, jac(x), hess(x)", "f, g, h = f_new, jac(x), hess(x - p)", "Hessian of the old point"),
    defect("expansion", "min(2.0 * radius, max_radius)", "min(1.5 * radius, max_radius)", "expansion factor"),
    defect("shrink", "radius *= 0.25", "radius *= 0.5", "shrinking factor"),
    defect("expand-inside", "ratio > 0.75 and on_boundary", "ratio > 0.75", "expands although the step was inside"),
    defect("boundary-sign", "(-b + np.sqrt(b**2 - a * c)) / a", "(-b - np.sqrt(b**2 - a * c)) / a", "the negative root"),
    defect("residual-sign", "r = r + alpha * hd", "r = r - alpha * hd", "sign slip"),
    defect("conjugacy", "np.dot(r, r) / rr", "rr / np.dot(r, r)", "upside down"),
    defect("iterations-halved", "range(2 * len(g))", "range(max(1, len(g) // 2))", "too few inner iterations"),
    defect("forcing", "min(0.5, np.sqrt(np.linalg.norm(g)))", "0.5", "no superlinear convergence"),
    rounding("inner-step", "z_new = z + alpha * d", "z_new = z + rr * d / curvature", "another order"),
    rounding("root", "(-b + np.sqrt(b**2 - a * c)) / a", "-c / (b + np.sqrt(b * b - a * c))", "the stable form"),
    rounding("inner-direction", "d = -r + (np.dot(r, r) / rr) * d", "d = np.dot(r, r) * d / rr - r", "another order"),
    copying("copies", "r, d = g.copy(), -g", "r, d = np.array(g), np.negative(g)", "other spelling"),
)  # fmt: skip
