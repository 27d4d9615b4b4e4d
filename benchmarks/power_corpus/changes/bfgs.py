"""Changes of BFGS."""

from power_corpus.change import copying, defect, rounding

CHANGES = (
    defect("gtol-loosened", "gtol=1e-6", "gtol=1e-4", "default tolerance a hundred times as large"),
    defect("gtol-two-norm", "np.linalg.norm(g, np.inf) > gtol", "np.linalg.norm(g) > gtol", "another norm"),
    defect("c2-default", "c2=0.9", "c2=0.1", "default of the curvature condition"),
    defect("c1-default", "c1=1e-4", "c1=1e-1", "default of the decrease condition"),
    defect("rho-sign", "+ rho * np.outer(s, s)", "- rho * np.outer(s, s)", "sign slip in the update"),
    defect("outer-swapped", "rho * np.outer(s, y)", "rho * np.outer(y, s)", "wrong order of the outer product"),
    defect("no-scaling", "inverse * (sy / np.dot(y, y))", "inverse", "initial matrix not scaled"),
    defect("scaling-upside-down", "inverse * (sy / np.dot(y, y))", "inverse * (np.dot(s, s) / sy)", "the other scaling"),
    defect("first-step", "min(1.0, 1.0 / np.sum(np.abs(g)))", "1.0", "first step not scaled"),
    defect("stale-gradient", "x, f, g = x + s, f_new, g_new", "x, f, g = x + s, f_new, g", "the gradient is not renewed"),
    defect("update-skipped", "sy > 1e-10 *", "sy > 1e-1 *", "skips updates of little curvature"),
    defect("interpolation-factor", "width * width / (2.0 * denominator)", "width * width / denominator", "factor one half lost"),
    defect("interpolation-off", "t = low + share * width", "t = low + 0.5 * width", "bisection only"),
    defect("curvature-sign", "abs(d) <= -c2 * slope", "abs(d) <= c2 * slope", "sign slip: never satisfied"),
    defect("weak-wolfe", "abs(d) <= -c2 * slope", "d >= c2 * slope", "weak instead of strong condition"),
    defect("expansion", "t = 2.0 * t", "t = 1.5 * t", "expansion factor"),
    rounding("matrix-product", "left @ inverse @ left.T", "left @ (inverse @ left.T)", "order of two products"),
    rounding("direction", "p = -inverse @ g", "p = -(inverse * g).sum(axis=1)", "matrix times vector by sums"),
    rounding("step-difference", "        s = t * p\n", "        s = (x + t * p) - x\n", "the step as it was taken"),
    copying("step-named", "        s = t * p\n", "        step = np.multiply(p, t)\n        s = step.copy()\n", "a copy"),
)  # fmt: skip
